"""Defects of parts that are copied from objects."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from conformance.storage import Object, ObjectNotExist, Part, StorageError

from .base import METADATA, Defective, defect


class Ranging(Defective):
    """copy_multipart takes another range than the one asked for."""

    def ranged(self, pairs: dict[str, Any], length: int) -> dict[str, Any]:
        """Return offset and size of what is copied from a source of ``length`` bytes."""
        raise NotImplementedError

    def copy_multipart(self, o: Object, src: str, index: int, **pairs: Any) -> tuple[int, Part]:
        data = self.content(src)
        return super().copy_multipart(o, src, index, **(pairs if data is None else self.ranged(pairs, len(data))))

    def complete_multipart(self, o: Object, parts: Iterable[Part], **pairs: Any) -> Object | None:
        super().complete_multipart(o, parts, **pairs)
        return None


@defect(trips=("part_copy.content", "part_copy.beyond_source"), on=METADATA)
class PartCopyIgnoresRange(Ranging):
    """copy_multipart copies the whole source whatever range is asked for."""

    def ranged(self, pairs: dict[str, Any], length: int) -> dict[str, Any]:
        return {}


@defect(trips=("part_copy.content",), on=METADATA)
class PartCopyLeavesEndOut(Ranging):
    """copy_multipart leaves the last byte of a range out: its end is taken as excluded."""

    def ranged(self, pairs: dict[str, Any], length: int) -> dict[str, Any]:
        return {**pairs, "size": pairs["size"] - 1} if pairs.get("size") else pairs


@defect(trips=("part_copy.content",), on=METADATA)
class PartCopyIgnoresOffset(Ranging):
    """copy_multipart copies the first bytes of the source, as many as asked for."""

    def ranged(self, pairs: dict[str, Any], length: int) -> dict[str, Any]:
        return {**pairs, "offset": 0} if "offset" in pairs else pairs


@defect(trips=("part_copy.beyond_source",), on=("memory",))
class PartCopyCutsRange(Ranging):
    """copy_multipart of a range that ends behind the source makes a part of what there is."""

    def ranged(self, pairs: dict[str, Any], length: int) -> dict[str, Any]:
        if "size" in pairs and pairs.get("offset", 0) < length:
            return {**pairs, "size": min(pairs["size"], length - pairs.get("offset", 0))}
        return pairs


@defect(trips=("part_copy.beyond_source",), on=("memory",))
class PartCopyBehindSourceIsEmpty(Defective):
    """copy_multipart of a range behind the source makes an empty part."""

    def copy_multipart(self, o: Object, src: str, index: int, **pairs: Any) -> tuple[int, Part]:
        data = self.content(src)
        if data is not None and pairs.get("offset", 0) >= len(data) > 0:
            return self.inner.write_multipart(o, io.BytesIO(b""), 0, index)
        return super().copy_multipart(o, src, index, **pairs)


@defect(trips=("part_copy.content",), on=METADATA)
class PartCopyRemovesSource(Defective):
    """copy_multipart moves the source into the upload."""

    def copy_multipart(self, o: Object, src: str, index: int, **pairs: Any) -> tuple[int, Part]:
        made = super().copy_multipart(o, src, index, **pairs)
        if not pairs:
            self.inner.delete(src)
        return made


@defect(trips=("part_copy.content",), on=METADATA)
class PartCopyCountsIndexesFromOne(Defective):
    """copy_multipart puts the part one place further on."""

    def copy_multipart(self, o: Object, src: str, index: int, **pairs: Any) -> tuple[int, Part]:
        return super().copy_multipart(o, src, index + 1, **pairs)


@defect(trips=("part_copy.missing_source",), on=METADATA)
class PartCopyOfNothingIsEmpty(Defective):
    """copy_multipart of what is missing makes an empty part."""

    def copy_multipart(self, o: Object, src: str, index: int, **pairs: Any) -> tuple[int, Part]:
        try:
            return super().copy_multipart(o, src, index, **pairs)
        except ObjectNotExist:
            return self.inner.write_multipart(o, io.BytesIO(b""), 0, index)


@defect(trips=("part_copy.missing_source", "part_copy.beyond_source"), on=METADATA)
class RefusedPartCopyEndsUpload(Defective):
    """An upload is given up when a part cannot be copied."""

    def copy_multipart(self, o: Object, src: str, index: int, **pairs: Any) -> tuple[int, Part]:
        try:
            return super().copy_multipart(o, src, index, **pairs)
        except StorageError:
            self.inner.delete(o.path, multipart_id=o.multipart_id)
            raise


@defect(trips=("part_copy.missing_source",), on=METADATA)
class RefusedPartCopyEmptiesPart(Defective):
    """The part that a copy should have replaced is empty when the copy fails."""

    def copy_multipart(self, o: Object, src: str, index: int, **pairs: Any) -> tuple[int, Part]:
        try:
            return super().copy_multipart(o, src, index, **pairs)
        except StorageError:
            if any(part.index == index for part in self.inner.list_multipart(o)):
                self.inner.write_multipart(o, io.BytesIO(b""), 0, index)
            raise


@defect(trips=("part_copy.replaces",), on=METADATA)
class PartCopyKeepsFirst(Defective):
    """A part that is there already is not copied again."""

    def copy_multipart(self, o: Object, src: str, index: int, **pairs: Any) -> tuple[int, Part]:
        for part in self.inner.list_multipart(o):
            if part.index == index:
                return part.size, part
        return super().copy_multipart(o, src, index, **pairs)


@defect(trips=("part_copy.replaces", "multipart.reupload_replaces"), on=METADATA)
class CopiedPartIsNeverReplaced(Defective):
    """A copied part is put in the place of one that is written to its index afterwards."""

    def copy_multipart(self, o: Object, src: str, index: int, **pairs: Any) -> tuple[int, Part]:
        made = super().copy_multipart(o, src, index, **pairs)
        self.memory("copied")[o.multipart_id, index] = self.content(src), made
        return made

    def write_multipart(self, o: Object, *arguments: Any, **pairs: Any) -> tuple[int, Part]:
        made = super().write_multipart(o, *arguments, **pairs)
        kept = self.memory("copied").get((o.multipart_id, made[1].index))
        if kept is None:
            return made
        return self.inner.write_multipart(o, io.BytesIO(kept[0]), len(kept[0]), made[1].index)


@defect(trips=("part_copy.snapshot",), on=METADATA)
class PartCopyIsAReference(Defective):
    """A copied part is read from its source when the upload is completed."""

    def copy_multipart(self, o: Object, src: str, index: int, **pairs: Any) -> tuple[int, Part]:
        if not pairs:
            self.memory("sources")[o.multipart_id, index] = src
        return super().copy_multipart(o, src, index, **pairs)

    def complete_multipart(self, o: Object, parts: Iterable[Part], **pairs: Any) -> Object | None:
        now: list[Part] = []
        for part in parts:
            src = self.memory("sources").get((o.multipart_id, part.index))
            data = None if src is None else self.content(src)
            now.append(
                part if data is None else self.inner.write_multipart(o, io.BytesIO(data), len(data), part.index)[1]
            )
        super().complete_multipart(o, now, **pairs)
        return None


@defect(trips=("part_copy.listed",), on=METADATA)
class CopiedPartsAreNotListed(Defective):
    """Parts that were copied are not listed."""

    def copy_multipart(self, o: Object, src: str, index: int, **pairs: Any) -> tuple[int, Part]:
        self.memory("copied")[o.multipart_id, index] = True
        return super().copy_multipart(o, src, index, **pairs)

    def list_multipart(self, o: Object) -> Iterator[Part]:
        copied = self.memory("copied")
        return (part for part in super().list_multipart(o) if (o.multipart_id, part.index) not in copied)


@defect(trips=("part_copy.listed", "part_copy.content"), on=METADATA)
class CopiedPartTellsEtagOfSource(Defective):
    """The part returned has an etag made of its source, which no part listed has."""

    def copy_multipart(self, o: Object, src: str, index: int, **pairs: Any) -> tuple[int, Part]:
        size, part = super().copy_multipart(o, src, index, **pairs)
        return size, replace(part, etag=f'"{src}"')
