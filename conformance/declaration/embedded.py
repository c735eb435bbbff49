"""What the backends inside the kit are known to do otherwise: deviations that come with the wheel.

moto answers ``conformance check`` without a server, and it is an emulator: its true differences from the specification
are declared like anybody's, each with a reason and the program that shows it.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from conformance.declaration.deviations import Declarations, loads

FILE = "embedded.toml"


@cache
def embedded() -> Declarations:
    """Return the deviations of the embedded backends."""
    return loads(files("conformance.declaration").joinpath(FILE).read_text("utf-8"), name=FILE)


def with_embedded(declared: Declarations | None) -> Declarations:
    """Return declarations together with those of the embedded backends of which they say nothing themselves."""
    own = declared or Declarations()
    named = {deviation.backend for deviation in own.deviations}
    known = tuple(deviation for deviation in embedded().deviations if deviation.backend not in named)
    carried = own.carried | {deviation.backend for deviation in known}
    return Declarations(deviations=own.deviations + known, text=own.text, name=own.name, carried=carried)
