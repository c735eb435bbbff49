"""Planted defects of the reference upload controller: one small subclass each, and what real fault it imitates."""

from . import asking, completing, creating, ending, meanwhile, neighbours, presigning, racing
from .base import PLANTED, Planted

__all__ = [
    "PLANTED",
    "Planted",
    "asking",
    "completing",
    "creating",
    "ending",
    "meanwhile",
    "neighbours",
    "presigning",
    "racing",
]
