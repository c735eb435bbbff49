"""Defects of links."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from conformance.storage import Object, ObjectMode, ObjectNotExist, Writer

from .base import NATIVE, Defective, defect

UPSTREAM = "beyondstorage/go-storage: services/"
MEMORY = ("memory",)


@defect(trips=("create_link.listed",), on=NATIVE, needs=("create_link",))
class LinksAreNotListed(Defective):
    """Listings leave out links."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        return (o for o in super().list(path, **pairs) if ObjectMode.LINK not in o.mode)


@defect(trips=("create_link.listed",), on=NATIVE, needs=("create_link",))
class LinksListedAsTheirTargets(Defective):
    """A listing shows a link under the path of its target."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        for o in super().list(path, **pairs):
            target = (o.link_target or "").removeprefix(self.metadata().work_dir)
            yield replace(o, path=target) if ObjectMode.LINK in o.mode else o


@defect(trips=("create_link.absolute",), on=MEMORY)
class AbsoluteTargetBelowWorkDir(Defective):
    """An absolute target is taken as one below the work_dir."""

    def create_link(self, path: str, target: str) -> Object:
        return super().create_link(path, target.lstrip("/"))


@defect(trips=("create_link.absolute", "paths.absolute"), on=MEMORY)
class AbsoluteLinkBelowWorkDir(Defective):
    """The absolute path of a link is taken as one below the work_dir."""

    def create_link(self, path: str, target: str) -> Object:
        return replace(super().create_link(path.lstrip("/"), target), path=path)


@defect(trips=("create_link.chain",), on=NATIVE, like=UPSTREAM + "fs, createLink")
class NewLinkTellsFinalTarget(Defective):
    """create_link to a link tells where both lead; stat tells the next one."""

    def create_link(self, path: str, target: str) -> Object:
        o = super().create_link(path, target)
        found = self.look(target)
        return replace(o, link_target=found.link_target) if found is not None and found.link_target else o


@defect(trips=("create_link.chain",), on=NATIVE, needs=("create_link",))
class ChainOfLinksUnreadable(Defective):
    """Of a chain of links only the first is followed, and what it leads to is no object that can be read."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        first = self.look(path)
        target = None if first is None or first.link_target is None else first.link_target
        second = None if target is None else self.look(target.removeprefix(self.metadata().work_dir))
        if second is not None and second.link_target:
            raise ObjectNotExist("a link leads to a link")
        return super().read(path, w, **pairs)


@defect(trips=("create_link.read",), on=NATIVE, needs=("create_link",), like=UPSTREAM + "s3, createLink")
class LinksReadEmpty(Defective):
    """Reading a link delivers nothing: it is an empty object with a note of its target."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        found = self.look(path)
        return 0 if found is not None and found.link_target else super().read(path, w, **pairs)
