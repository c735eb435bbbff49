"""What defects of multipart uploads are made of: the bytes of parts, kept, and objects that are made of them."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

from conformance.storage import Object, Part, Reader

from .base import Defective, Tee

COMPLETE = ("multipart.complete",)
UPLOAD = ("create_multipart", "write_multipart", "complete_multipart")


class Keeping(Defective):
    """Keeps the bytes of every part under ``parts`` by upload and index, in the order of their arrival."""

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        tee = None if r is None else Tee(r)
        result = super().write_multipart(o, tee, size, index, **pairs)
        kept = self.parts_of(o)
        kept.pop(index, None)
        kept[index] = b"" if tee is None else tee.data
        return result

    def parts_of(self, o: Object) -> dict[int, bytes]:
        """Return the parts of an upload by index, in the order of their arrival."""
        return self.memory("parts").setdefault(o.multipart_id, {})

    def again(self, o: Object, data: bytes, index: int) -> Part:
        """Upload a part once more, with other bytes."""
        return self.inner.write_multipart(o, io.BytesIO(data), len(data), index)[1]


class Assembling(Keeping):
    """Makes the object of its parts in another way."""

    def assembled(self, o: Object, parts: list[Part]) -> bytes:
        """Return the content of the object."""
        raise NotImplementedError

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        given = list(parts)
        super().complete_multipart(o, given)
        self.spoil(o.path, lambda _: self.assembled(o, given))


def data_of(kept: dict[int, bytes], indexes: Iterable[int]) -> bytes:
    """Return the parts with these indexes, one behind the other."""
    return b"".join(kept.get(index, b"") for index in indexes)
