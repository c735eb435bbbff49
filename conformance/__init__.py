"""Behaviour conformance for storage backends."""
