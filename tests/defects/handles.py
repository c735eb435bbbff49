"""Defects of handles made without a request, of list modes beside the declared ones, and of the empty path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from conformance.storage import ListMode, ListModeInvalid, Object, ObjectMode, Reader

from .base import Defective, defect

FLAT = ListMode.DIR | ListMode.PREFIX


@defect(trips=("create.id",), like="beyondstorage/go-storage: services/fs, create with an absolute path")
class HandleHasAnotherId(Defective):
    """The id of a handle is its path doubled below the work_dir, which stat does not tell."""

    def create(self, path: str, **pairs: Any) -> Object:
        made = super().create(path, **pairs)
        return replace(made, id=f"{made.id}/{path}")


@defect(trips=("list.default",))
class DefaultListingEndsAtTheSecondLevel(Defective):
    """Without a mode, a listing goes one level down and no further."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        found = list(super().list(path, **pairs))
        if pairs.get("list_mode") is not None:
            return iter(found)
        inner = [o for d in found if ObjectMode.DIR in d.mode for o in super(type(self), self).list(d.path)]
        return iter([o for o in (*found, *inner) if o.path.count("/") < 2])


@defect(trips=("list.mode_combination", "list.mode_invalid"), on=("memory", "moto"))
class TwoModesListTwice(Defective):
    """Asked for two modes at once, both listings come one after the other, with what they share shown twice."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        try:
            return iter(list(super().list(path, **pairs)))
        except ListModeInvalid:
            if pairs.get("list_mode") != FLAT:
                raise
            one, other = (super(type(self), self).list(path, list_mode=m) for m in (ListMode.DIR, ListMode.PREFIX))
            return iter([*one, *other])


@defect(trips=("paths.empty",), like="beyondstorage/go-storage: services/memory, write over a directory")
class EmptyPathIsAnyObject(Defective):
    """What is written under the empty path replaces the first object of the work_dir."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        objects = (o.path for o in super().list("") if ObjectMode.DIR not in o.mode)
        return super().write(path or min(objects, default=""), r, size, **pairs)
