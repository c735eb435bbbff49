"""The reference model: an executable specification that says for every call what a storage may answer."""

from conformance.model.expectation import Divergence, Expectation, Finding
from conformance.model.model import Model

__all__ = ["Divergence", "Expectation", "Finding", "Model"]
