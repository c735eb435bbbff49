"""OpenStack Swift over its own API."""
