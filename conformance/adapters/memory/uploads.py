"""The memory storage's multipart uploads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.adapters import streams
from conformance.adapters.conditions import Conditions
from conformance.adapters.memory.client import RESTRICTIONS, MemoryClient, Upload
from conformance.adapters.memory.tree import Headers
from conformance.adapters.streams import check_size, exactly, verified
from conformance.storage import IoCallback, Object, Part, Reader, RestrictionDissatisfied, Unexpected

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class MemoryUploads(MemoryClient):
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
        """Begin an upload of its own; what is at ``path`` stays until it is completed (AOS-25)."""
        names = self._place(path)
        headers = Headers.given(
            content_type=content_type,
            content_disposition=content_disposition,
            cache_control=cache_control,
            content_encoding=content_encoding,
            content_language=content_language,
            user_metadata=user_metadata,
        )
        with self._lock:
            multipart_id = self._service.next_upload_id()
            self._service.uploads[multipart_id] = Upload(names, headers)
            return self._describe_upload(path, multipart_id)

    def write_multipart(
        self,
        o: Object,
        r: Reader | None,
        size: int,
        index: int,
        *,
        content_md5: str | None = None,
        content_sha256: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> tuple[int, Part]:
        """Upload one part, in place of an earlier one of that index (AOS-62).

        Raises:
            ObjectNotExist: the upload was completed or aborted, or belongs to another path.
            RestrictionDissatisfied: the index or the size is out of bounds.
            Unexpected: the reader fails or ends early, or the content has another digest than promised.

        """
        self._upload_of(o)
        _check_index(index)
        check_size(size, RESTRICTIONS.multipart_size_maximum)
        data = b"".join(verified(exactly(r, size, io_callback), content_md5, content_sha256))
        return self._keep_part(o, index, data)

    def copy_multipart(
        self, o: Object, src: str, index: int, *, offset: int | None = None, size: int | None = None
    ) -> tuple[int, Part]:
        """Make a part of the file ``src``, or of a range of it; a link is followed, as when it is read.

        Raises:
            ObjectNotExist: there is no such upload or no ``src``.
            ObjectModeInvalid: ``src`` is a directory.
            RestrictionDissatisfied: the index or the size is out of bounds.
            Unexpected: the range is negative, or does not lie within ``src``.

        """
        self._upload_of(o)
        _check_index(index)
        start = offset or 0
        check_size(start, None, "offset")
        check_size(size or 0, None)
        with self._lock:
            file, _ = self._file(src)
            length = len(file.data)
            end = length if size is None else start + size
            if end > length or (start and start >= length):
                raise Unexpected(f"bytes {start} to {end} are not within the {length} of the source")
            check_size(end - start, RESTRICTIONS.multipart_size_maximum)
            return self._keep_part(o, index, file.data[start:end])

    def complete_multipart(
        self,
        o: Object,
        parts: Iterable[Part],
        *,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> Object:
        """Make the object of exactly the parts given, by ascending index, in whatever order they come (AOS-62).

        Raises:
            ObjectNotExist: the upload was completed or aborted, or belongs to another path.
            PreconditionFailed: a condition does not hold of the object at the path; the upload stays open.
            RestrictionDissatisfied: a part that is not the last is below the minimum; the upload stays open.
            Unexpected: no parts, one twice, one never uploaded, or a wrong ETag; the upload stays open.

        """
        chosen = sorted(parts, key=lambda part: part.index)
        conditions = Conditions(if_match=if_match, if_none_match=if_none_match)
        with self._lock:
            upload = self._upload_of(o)
            _check_parts(upload, chosen)
            data = b"".join(upload.parts[part.index] for part in chosen)
            file = self._put(upload.names, data, headers=upload.headers, conditions=conditions)
            del self._service.uploads[o.multipart_id or ""]
            return self._describe(o.path, file)

    def list_multipart(self, o: Object) -> Iterator[Part]:
        """Iterate over the parts by ascending index."""
        with self._lock:
            return iter([_part(index, data) for index, data in sorted(self._upload_of(o).parts.items())])

    def _upload_of(self, o: Object) -> Upload:
        return self._upload(self._paths.key(o.path), o.multipart_id or "")

    def _keep_part(self, o: Object, index: int, data: bytes) -> tuple[int, Part]:
        with self._lock:
            self._upload_of(o).parts[index] = data
        return len(data), _part(index, data)


def _part(index: int, data: bytes) -> Part:
    return Part(index, len(data), f'"{streams.content_md5(data)}"')


def _check_index(index: int) -> None:
    number_maximum = RESTRICTIONS.multipart_number_maximum
    if number_maximum is not None and not 0 <= index < number_maximum:
        raise RestrictionDissatisfied(f"part index {index} is not in [0, {number_maximum})")


def _check_parts(upload: Upload, chosen: list[Part]) -> None:
    """Refuse parts that do not make an object (AOS-62); ``chosen`` ascends by index."""
    if not chosen:
        raise Unexpected("no parts are given")
    if len({part.index for part in chosen}) != len(chosen):
        raise Unexpected("a part index is given twice")
    minimum = RESTRICTIONS.multipart_size_minimum or 0
    for part in chosen:
        data = upload.parts.get(part.index)
        if data is None:
            raise Unexpected(f"no part {part.index} was uploaded")
        if part.etag != _part(part.index, data).etag:
            raise Unexpected(f"the etag {part.etag} is not that of part {part.index}")
        if part is not chosen[-1] and len(data) < minimum:
            raise RestrictionDissatisfied(f"part {part.index} is below {minimum} bytes and not the last")
