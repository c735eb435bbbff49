"""Probes: what a store does on every point that the specification leaves open, one small function each."""

from conformance.engine.probes.probing import Answer, Finding, Probe, Room, characterise, probes

__all__ = ["Answer", "Finding", "Probe", "Room", "characterise", "probes"]
