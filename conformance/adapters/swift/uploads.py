"""Multipart uploads: parts are segments, and a static large object (SLO) is made of them.

Swift has no upload that is open: one is an empty object in the container of the segments, ``open/NAME/ID``, which holds
the metadata until the object is made. Its parts are ``parts/ID/NUMBER``. A manifest has no indexes, only an order: the
parts are put in that of their indexes, and one that is given twice is named once. Completing removes what stands for
the upload and the parts that were not named.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from conformance.adapters.streams import Span, check_size, exactly
from conformance.adapters.swift.base import PARTS_MAXIMUM, SIZE_MAXIMUM, SwiftBase
from conformance.adapters.swift.client import target
from conformance.adapters.swift.headers import absent, byte_range, digest, kept, metadata_headers, modified, named
from conformance.adapters.swift.pages import entries
from conformance.storage import (
    IoCallback,
    Object,
    ObjectMode,
    Part,
    Reader,
    RestrictionDissatisfied,
    Unexpected,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

OPEN = "open/"
PARTS = "parts/"


class SwiftUploads(SwiftBase):
    """Multiparter, and the derived ``copy_multipart``."""

    def create_multipart(
        self,
        path: str,
        *,
        content_type: str | None = None,
        content_disposition: str | None = None,
        user_metadata: Mapping[str, str] | None = None,
        cache_control: str | None = None,
        content_encoding: str | None = None,
        content_language: str | None = None,
    ) -> Object:
        """Begin an upload: put the object that stands for it, and return its handle."""
        headers = metadata_headers(
            content_type=content_type,
            content_disposition=content_disposition,
            content_encoding=content_encoding,
            content_language=content_language,
            cache_control=cache_control,
            user_metadata=user_metadata,
        )
        multipart_id = secrets.token_hex(8)
        self._uploads.add(multipart_id)
        self._ask("PUT", self._upload(path, multipart_id), headers, b"")
        return self._object(path, ObjectMode.PART, multipart_id=multipart_id)

    def write_multipart(
        self,
        o: Object,
        r: Reader | None,
        size: int,
        index: int,
        *,
        content_md5: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> tuple[int, Part]:
        """Upload one part under its zero-based ``index`` (PUT of a segment) and return ``size`` and the part (AOS-62).

        Raises:
            RestrictionDissatisfied: ``index`` or ``size`` is above the most, or ``r`` is missing.
            ObjectNotExist: the upload is not open.
            Unexpected: ``size`` is negative, ``r`` ended early or raised, or the content has another digest.

        """
        check_index(index)
        check_size(size, SIZE_MAXIMUM)
        headers, body = digest(content_md5), b"".join(exactly(r, size, io_callback))
        multipart_id = self._check_open(o.path, o.multipart_id)
        place = target(self._location.segments, part_name(multipart_id, index))
        answer = self._ask("PUT", place, headers, body).headers
        return size, Part(index, size, answer.get("Etag", ""))

    def copy_multipart(
        self, o: Object, src: str, index: int, *, offset: int | None = None, size: int | None = None
    ) -> tuple[int, Part]:
        """Make a part of the object ``src``, or of a range of it (COPY); the part is then asked for its size.

        Raises:
            RestrictionDissatisfied: ``index`` is not below the most parts.
            ObjectNotExist: the upload is not open, or there is no ``src``.
            Unexpected: the range is empty, negative, or begins behind the end of ``src``.

        """
        check_index(index)
        span = Span.checked(offset, size)
        if size == 0:
            raise Unexpected("an empty range cannot be asked for")
        multipart_id = self._check_open(o.path, o.multipart_id)
        name = part_name(multipart_id, index)
        headers = byte_range(span) | {"Destination": named(self._location.segments, name), "X-Fresh-Metadata": "true"}
        self._ask("COPY", self._place(src), headers)
        made = self._ask("HEAD", target(self._location.segments, name)).headers
        length = int(made["Content-Length"])
        return length, Part(index, length, made.get("Etag", ""))

    def complete_multipart(self, o: Object, parts: Iterable[Part], *, if_none_match: str | None = None) -> Object:
        """Make the object of the parts given, in the order of their indexes (PUT of a manifest, which Swift verifies).

        Raises:
            ObjectNotExist: the upload is not open.
            PairUnsupported: ``if_none_match`` is an ETag.
            PreconditionFailed: ``if_none_match`` is ``"*"``, and there is an object.
            Unexpected: a part, its size or its ETag is not the one uploaded.

        """
        multipart_id, container = o.multipart_id or "", self._location.segments
        upload = self._upload(o.path, multipart_id)
        told = self._ask("HEAD", upload).headers
        manifest = [
            {
                "path": f"/{container}/{part_name(multipart_id, part.index)}",
                "etag": part.etag,
                "size_bytes": part.size,
            }
            for part in sorted(set(parts))
        ]
        headers = kept(told) | absent(if_none_match)
        place, body = self._place(o.path), json.dumps(manifest).encode()
        answer = self._ask("PUT", place, headers, body, query="multipart-manifest=put").headers
        used = {entry["path"] for entry in manifest}
        names = [entry["name"] for entry in self._parts(multipart_id)]
        self._remove([upload, *(target(container, name) for name in names if f"/{container}/{name}" not in used)])
        return self._object(o.path, ObjectMode.READ, etag=answer.get("Etag"), last_modified=modified(answer))

    def list_multipart(self, o: Object) -> Iterator[Part]:
        """Iterate page by page over the parts uploaded so far.

        Raises:
            ObjectNotExist: while iterating, the upload is not open.

        """
        multipart_id = self._check_open(o.path, o.multipart_id)
        for entry in self._parts(multipart_id):
            yield Part(int(entry["name"].rpartition("/")[2]), entry["bytes"], entry["hash"])

    def _upload(self, path: str, multipart_id: str | None) -> str:
        return target(self._location.segments, f"{OPEN}{self._root}{path}/{multipart_id}")

    def _check_open(self, path: str, multipart_id: str | None) -> str:
        self._ask("HEAD", self._upload(path, multipart_id))
        return multipart_id or ""

    def _abort(self, path: str, multipart_id: str) -> None:
        """Remove an upload with its parts; one that is not open is none."""
        upload = self._upload(path, multipart_id)
        self._ask("HEAD", upload)
        places = [target(self._location.segments, entry["name"]) for entry in self._parts(multipart_id)]
        self._remove([upload, *places])

    def _parts(self, multipart_id: str) -> Iterator[dict[str, Any]]:
        return entries(self._location, self._location.segments, f"{PARTS}{multipart_id}/", self._location.page_size)


def part_name(multipart_id: str, index: int) -> str:
    """Return the name of a part among the segments; the order of names is that of numbers."""
    return f"{PARTS}{multipart_id}/{index:05}"


def check_index(index: int) -> None:
    """Refuse an index that no part can have.

    Raises:
        RestrictionDissatisfied: it is negative or not below 1000.

    """
    if not 0 <= index < PARTS_MAXIMUM:
        raise RestrictionDissatisfied(f"index {index} is outside 0..{PARTS_MAXIMUM - 1}")
