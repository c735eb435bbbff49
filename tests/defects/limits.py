"""Defects of what is longer or larger than a service takes."""

from __future__ import annotations

from typing import Any

from conformance.storage import Reader, RestrictionDissatisfied

from .base import NATIVE, Defective, defect


class Cutting(Defective):
    """Names are cut at ``limit`` bytes, wherever a path is taken."""

    limit = 255

    def cut(self, path: str) -> str:
        """Return the path with each of its names cut."""
        return "/".join(name.encode()[: self.limit].decode(errors="ignore") for name in path.split("/"))

    def call(self, op: str, *arguments: Any, **pairs: Any) -> Any:
        first, *others = arguments or ("",)
        if isinstance(first, str):
            arguments = (self.cut(first), *others) if arguments else ()
        answer = super().call(op, *arguments, **pairs)
        return int(answer) if isinstance(answer, int) else answer


@defect(trips=("paths.too_long",))
class NamesCutAt255(Cutting):
    """A name of more than 255 bytes is cut, so that two that begin alike are one object."""


@defect(trips=("paths.too_long", "paths.long"))
class NamesCutAt250(Cutting):
    """A name is cut so that a suffix of five bytes still fits behind it."""

    limit = 250


@defect(trips=("paths.too_long",), on=NATIVE)
class LongNameIsRefusedLate(Cutting):
    """A name that is too long is refused when an object of its first bytes has been written."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        if self.cut(path) == path:
            return super().write(path, r, size, **pairs)
        self.put(self.cut(path), b"")
        raise RestrictionDissatisfied("the name is too long")

    def call(self, op: str, *arguments: Any, **pairs: Any) -> Any:
        return Defective.call(self, op, *arguments, **pairs)
