"""Defects of directories and links."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from conformance.storage import Object, ObjectMode, ObjectNotExist, Reader, Unexpected, Writer

from .base import NATIVE, Defective, defect


@defect(trips=("create_dir.creates",))
class CreateDirReturnsRead(Defective):
    """create_dir returns an object of mode read."""

    def create_dir(self, path: str) -> Object:
        return replace(super().create_dir(path), mode=ObjectMode.READ)


@defect(trips=("create_dir.creates",), like="beyondstorage/go-storage: services/ipfs, create_dir")
class CreateDirReturnsAbsolutePath(Defective):
    """create_dir returns the path from the root of the service."""

    def create_dir(self, path: str) -> Object:
        return replace(super().create_dir(path), path=f"{self.work_dir.rstrip('/')}/{path}")


@defect(
    trips=("create_dir.told", "stat.directory"),
    like="beyondstorage/go-storage: services/ftp, stat",
    needs=("create_dir",),
)
class EmptyDirectoryNotDescribed(Defective):
    """stat of a directory that is empty finds nothing."""

    def stat(self, path: str, **pairs: Any) -> Object:
        found = super().stat(path, **pairs)
        if ObjectMode.DIR in found.mode and path and not self.below(path):
            raise ObjectNotExist
        return found


@defect(trips=("create_dir.told", "list.empty_directory"), on=NATIVE, needs=("create_dir",))
class EmptyDirectoryNotListed(Defective):
    """Directories that are empty are not shown in the listing of their parent."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        return (o for o in super().list(path, **pairs) if ObjectMode.DIR not in o.mode or self.below(o.path))


@defect(trips=("create_dir.parents",))
class CreateDirNeedsParent(Defective):
    """create_dir below a directory that does not exist is refused."""

    def create_dir(self, path: str) -> Object:
        parent = path.rstrip("/").rpartition("/")[0]
        if parent and self.look(parent, object_mode=ObjectMode.DIR) is None and not self.below(parent):
            raise ObjectNotExist
        return super().create_dir(path)


@defect(trips=("create_dir.takes_objects",))
class CreatedDirectoryTakesNothing(Defective):
    """Writing below a directory that create_dir made is refused."""

    def create_dir(self, path: str) -> Object:
        self.memory("made")[path.rstrip("/")] = True
        return super().create_dir(path)

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        if path.rpartition("/")[0] in self.memory("made"):
            raise Unexpected("the directory is read-only")
        return super().write(path, r, size, **pairs)


@defect(trips=("delete.directory", "object_mode.delete_hint"), needs=("create_dir",))
class DirectoryCannotBeDeleted(Defective):
    """Deleting a directory succeeds and does nothing."""

    def delete(self, path: str, **pairs: Any) -> None:
        if pairs.get("object_mode") != ObjectMode.DIR:
            super().delete(path, **pairs)


@defect(trips=("delete.directory_unsupported",), on=("flat",))
class HintDeletesObject(Defective):
    """Where there are no directories, deleting with the hint dir deletes the object of that name."""

    def delete(self, path: str, **pairs: Any) -> None:
        super().delete(path)


@defect(trips=("create_link.creates",))
class CreateLinkReturnsRead(Defective):
    """create_link returns an object of mode read without a target."""

    def create_link(self, path: str, target: str) -> Object:
        return replace(super().create_link(path, target), mode=ObjectMode.READ, link_target=None)


@defect(trips=("create_link.told",), needs=("create_link",), like="beyondstorage/go-storage: services/s3, links")
class LinkDescribedAsTarget(Defective):
    """stat of a link describes what it leads to."""

    def stat(self, path: str, **pairs: Any) -> Object:
        found = super().stat(path, **pairs)
        return replace(found, mode=ObjectMode.READ, link_target=None) if ObjectMode.LINK in found.mode else found


@defect(trips=("create_link.told", "create_link.creates"), like="beyondstorage/go-storage: services/fs, links")
class LinkTellsFinalTarget(Defective):
    """stat of a link to a link tells where both lead; stat of any other tells another spelling of its target."""

    def stat(self, path: str, **pairs: Any) -> Object:
        found = super().stat(path, **pairs)
        return replace(found, link_target=(found.link_target or "") + "/.") if ObjectMode.LINK in found.mode else found


@defect(trips=("create_link.dangling",))
class LinkNeedsTarget(Defective):
    """create_link to a target that does not exist is refused."""

    def create_link(self, path: str, target: str) -> Object:
        if self.look(target) is None:
            raise ObjectNotExist
        return super().create_link(path, target)


@defect(trips=("create_link.read",), needs=("create_link",))
class LinkReadsAsItsTarget(Defective):
    """Reading a link delivers what its target held when the link was made."""

    def create_link(self, path: str, target: str) -> Object:
        self.memory("then")[path] = self.content(target)
        return super().create_link(path, target)

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        then = self.memory("then").get(path)
        if then is None or pairs:
            return super().read(path, w, **pairs)
        w.write(then)
        return len(then)


@defect(trips=("create_link.target_unharmed", "create_link.replaces"), on=NATIVE)
class LinkReplacedInTarget(Defective):
    """Replacing a link deletes what the old one led to."""

    def create_link(self, path: str, target: str) -> Object:
        old = self.memory("targets").get(path)
        o = super().create_link(path, target)
        self.memory("targets")[path] = target
        if old is not None and old != target:
            self.inner.delete(old)
        return o
