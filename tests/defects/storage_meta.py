"""Defects of what a storage says of itself: metadata, restrictions, features."""

from __future__ import annotations

import itertools
from dataclasses import replace

from conformance.storage import Features, StorageMeta, Unexpected

from .base import Defective, defect


@defect(trips=("metadata.fields",))
class WorkDirToldRelative(Defective):
    """metadata tells the work_dir without its leading slash."""

    def metadata(self) -> StorageMeta:
        meta = super().metadata()
        return replace(meta, work_dir=meta.work_dir.strip("/"))


@defect(trips=("metadata.fields", "metadata.immutable"), like="beyondstorage/go-storage: services/memory, metadata")
class NameDiffersByClient(Defective):
    """Every client has a name of its own."""

    def metadata(self) -> StorageMeta:
        return replace(super().metadata(), name=f"storage-{id(self)}")


@defect(trips=("metadata.fields",))
class NameEmpty(Defective):
    """metadata tells an empty name."""

    def metadata(self) -> StorageMeta:
        return replace(super().metadata(), name="")


@defect(trips=("metadata.immutable",))
class MetadataChanges(Defective):
    """metadata tells another location every time."""

    _count = itertools.count()

    def metadata(self) -> StorageMeta:
        return replace(super().metadata(), location=f"region-{next(self._count)}")


@defect(trips=("metadata.local",))
class MetadataAsksService(Defective):
    """metadata raises while the work_dir holds nothing: it describes the directory first."""

    def metadata(self) -> StorageMeta:
        if self.shared.setdefault("asked", 0) and not self.below(""):
            raise Unexpected("no such directory")
        self.shared["asked"] += 1
        return super().metadata()


@defect(trips=("metadata.local",))
class MetadataLeavesMarker(Defective):
    """metadata leaves an object behind: it tries out whether the work_dir can be written."""

    def metadata(self) -> StorageMeta:
        self.put(".probe", b"")
        return super().metadata()


@defect(trips=("metadata.restrictions_sane",))
class MinimumAboveMaximum(Defective):
    """The least size of a part is published above the greatest."""

    def metadata(self) -> StorageMeta:
        meta = super().metadata()
        return replace(
            meta, restrictions=replace(meta.restrictions, multipart_size_minimum=2048, multipart_size_maximum=1024)
        )


@defect(trips=("metadata.restrictions_sane",))
class UnlimitedIsZero(Defective):
    """A limit that there is not is published as 0."""

    def metadata(self) -> StorageMeta:
        meta = super().metadata()
        return replace(meta, restrictions=replace(meta.restrictions, copy_size_maximum=0))


@defect(trips=("metadata.restrictions_published",), on=("memory",))
class EnforcedMinimumUnpublished(Defective):
    """The least size of a part is enforced and not published."""

    def metadata(self) -> StorageMeta:
        meta = super().metadata()
        return replace(meta, restrictions=replace(meta.restrictions, multipart_size_minimum=None))


@defect(trips=("features.constant",))
class FeaturesDependOnClient(Defective):
    """A second client declares a shorter maximum of names than the first."""

    def features(self) -> Features:
        first = self.shared.setdefault("first", id(self)) == id(self)
        return super().features() if first else replace(super().features(), name_maximum=100)


@defect(trips=("features.declared_operation",), on=("moto",))
class OperationDeclaredOnly(Defective):
    """Pages and links are declared and do not exist."""

    def features(self) -> Features:
        declared = super().features()
        return replace(declared, operations=declared.operations | {"create_page", "write_page", "create_link"})


@defect(trips=("features.undeclared_operation",))
class OperationNotDeclared(Defective):
    """copy works and is not declared."""

    def features(self) -> Features:
        declared = super().features()
        return replace(declared, operations=declared.operations - {"copy"})
