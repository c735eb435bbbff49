"""Reading, writing and deleting the objects of a container."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TypeGuard

from conformance.adapters.streams import Span, check_size, deliver, exactly
from conformance.adapters.swift.base import SIZE_MAXIMUM
from conformance.adapters.swift.client import LeadsNowhere, RangeNotSatisfiable, Reply, request
from conformance.adapters.swift.headers import (
    absent,
    byte_range,
    conditions,
    described,
    digest,
    metadata_headers,
    modified,
)
from conformance.adapters.swift.uploads import SwiftUploads
from conformance.storage import (
    IoCallback,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    PairUnsupported,
    Reader,
    Told,
    Unexpected,
    Writer,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from conformance.adapters.exchange import Answer


class SwiftObjects(SwiftUploads):
    """Storager without ``list``, and the derived ``delete_many``."""

    def write(
        self,
        path: str,
        r: Reader | None,
        size: int,
        *,
        content_type: str | None = None,
        content_md5: str | None = None,
        content_disposition: str | None = None,
        user_metadata: Mapping[str, str] | None = None,
        cache_control: str | None = None,
        content_encoding: str | None = None,
        content_language: str | None = None,
        if_none_match: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> Told:
        """Store exactly ``size`` bytes of ``r`` under ``path`` (PUT); the size returned tells the ETag.

        Raises:
            MetadataUnrecognized: a name or value of ``user_metadata`` cannot be a header.
            PairUnsupported: ``if_none_match`` is an ETag: Swift compares none when it writes.
            PreconditionFailed: ``if_none_match`` is ``"*"``, and there is an object.
            RestrictionDissatisfied: ``size`` is above 5 GiB, or ``r`` is missing.
            Unexpected: ``size`` is negative, ``r`` ended early or raised, or the content has another digest.

        """
        check_size(size, SIZE_MAXIMUM)
        place = self._place(path)
        headers = metadata_headers(
            content_type=content_type,
            content_disposition=content_disposition,
            content_encoding=content_encoding,
            content_language=content_language,
            cache_control=cache_control,
            user_metadata=user_metadata,
        )
        headers |= absent(if_none_match) | digest(content_md5)
        answer = self._ask("PUT", place, headers, b"".join(exactly(r, size, io_callback))).headers
        return Told(size, self._object(path, ObjectMode.READ, etag=answer.get("Etag"), last_modified=modified(answer)))

    def read(
        self,
        path: str,
        w: Writer,
        *,
        offset: int | None = None,
        size: int | None = None,
        suffix: int | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        if_modified_since: datetime | None = None,
        if_unmodified_since: datetime | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Copy the object, ``size`` bytes from ``offset``, or the last ``suffix`` bytes, to ``w`` (GET).

        A link is followed. The number of bytes tells what the headers tell of the object.

        Raises:
            ObjectNotExist: there is no object, also when no bytes are asked for, or the link leads nowhere.
            PreconditionFailed: a condition does not hold.
            RestrictionDissatisfied: ``suffix`` is given with ``offset`` or ``size``.
            Unexpected: an argument is negative, the body ends early, or it is said to be another range.

        """
        span = Span.checked(offset, size, suffix)
        headers = conditions(
            if_match=if_match,
            if_none_match=if_none_match,
            if_modified_since=if_modified_since,
            if_unmodified_since=if_unmodified_since,
        )
        place = self._place(path)
        if 0 in {size, suffix}:  # an empty range cannot be asked for in HTTP
            return Told(0, self._whole(path, self._ask("HEAD", place, headers)))
        headers |= byte_range(span)
        try:
            with request(self._location, "GET", place, headers) as answer:
                length = _length(answer, span)
                told = self._object(path, ObjectMode.READ, content_length=length, **described(answer.headers))
                return Told(deliver(answer.chunks, w, io_callback), told)
        except RangeNotSatisfiable:
            return 0

    def stat(
        self,
        path: str,
        *,
        object_mode: ObjectMode | None = None,
        multipart_id: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        if_modified_since: datetime | None = None,
        if_unmodified_since: datetime | None = None,
    ) -> Object:
        """Describe the object, the link, the directory's marker, or the open upload ``multipart_id`` (HEAD).

        Raises:
            ObjectNotExist: there is none of that kind at ``path``.
            ObjectModeInvalid: what is there is of another kind than the hint.
            PairUnsupported: a condition is given for an upload.
            PreconditionFailed: a condition does not hold, of a link for what it leads to.

        """
        headers = conditions(
            if_match=if_match,
            if_none_match=if_none_match,
            if_modified_since=if_modified_since,
            if_unmodified_since=if_unmodified_since,
        )
        if multipart_id is not None:
            if headers:
                raise PairUnsupported(["if_match", "if_none_match", "if_modified_since", "if_unmodified_since"])
            self._check_open(path, multipart_id)
            return self._object(path, ObjectMode.PART, multipart_id=multipart_id)
        if is_dir(object_mode):
            answer = self._ask("HEAD", self._marker(path), headers)
            return self._object(path, ObjectMode.DIR, last_modified=modified(answer.headers))
        found = self._found(path, headers)
        if object_mode is not None and object_mode not in found.mode:
            raise ObjectModeInvalid(expected=object_mode, actual=found.mode)
        return found

    def delete(self, path: str, *, object_mode: ObjectMode | None = None, multipart_id: str | None = None) -> None:
        """Delete the object, the link or the directory's marker (DELETE), or abort the upload ``multipart_id``.

        What does not exist is no error (GSP-46). Objects below a directory stay, and so do the segments of which a
        large object was made: they are removed at the end of the connection.

        Raises:
            ObjectModeInvalid: what is there is of another kind than the hint.

        """
        with suppress(ObjectNotExist):
            if multipart_id is not None:
                self._abort(path, multipart_id)
            elif is_dir(object_mode):
                self._ask("DELETE", self._marker(path))
            else:
                if object_mode is not None and object_mode != ObjectMode.READ:
                    self.stat(path, object_mode=object_mode)
                self._ask("DELETE", self._place(path))

    def delete_many(self, paths: Iterable[str]) -> None:
        """Delete several objects, 1000 in a request (bulk-delete); missing ones are no error.

        Raises:
            StorageError: the first failure that the service reports; other objects may be gone.

        """
        self._remove([self._place(path) for path in paths])

    # what the parts of the adapter share

    def _whole(self, path: str, reply: Reply) -> Object:
        length = int(reply.headers.get("Content-Length", 0))
        return self._object(path, ObjectMode.READ, content_length=length, **described(reply.headers))

    def _found(self, path: str, headers: Mapping[str, str]) -> Object:
        """Describe an object or a link: Swift follows a link, says that it did, and describes where it leads."""
        place = self._place(path)
        try:
            reply = self._ask("HEAD", place, headers)
        except LeadsNowhere:
            return self._link(path, place)
        if "Content-Location" not in reply.headers:
            return self._whole(path, reply)
        link, at = self._link(path, place), self._whole(path, reply)
        return self._object(
            path,
            link.mode | at.mode,
            link_target=link.link_target,
            content_length=at.content_length,
            etag=at.etag,
            last_modified=at.last_modified,
        )

    def _link(self, path: str, place: str) -> Object:
        headers = self._ask("HEAD", place, query="symlink=get").headers
        to = headers.get("X-Symlink-Target")
        if to is None:
            raise ObjectNotExist("it was replaced at the same time")
        return self._object(path, ObjectMode.LINK, link_target=self._linked(to), last_modified=modified(headers))


def is_dir(object_mode: ObjectMode | None) -> TypeGuard[ObjectMode]:
    """Tell whether a hint means a directory."""
    return object_mode is not None and ObjectMode.DIR in object_mode


def _length(answer: Answer, span: Span) -> int | None:
    """Return the length of the whole object, of which the answer may be a range (RFC 9110, 14.4).

    Raises:
        Unexpected: the service says that its body begins elsewhere than asked for.

    """
    told, length = answer.headers.get("Content-Range"), answer.headers.get("Content-Length")
    if told is None:
        return int(length) if length is not None else None
    total = int(told.rpartition("/")[2])
    first, _ = span.of(total)
    if not told.startswith(f"bytes {first}-"):
        raise Unexpected(f"bytes from {first} were asked for, the service says that it sends {told!r}")
    return total
