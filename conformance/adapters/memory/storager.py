"""The memory storage's reading, writing and deleting of single objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.adapters.conditions import Conditions
from conformance.adapters.memory.client import RESTRICTIONS, MemoryClient
from conformance.adapters.memory.tree import Directory, Headers
from conformance.adapters.streams import CHUNK, Span, check_size, deliver, exactly, verified
from conformance.storage import (
    IoCallback,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    Reader,
    Told,
    Unexpected,
    Writer,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from conformance.adapters.paths import Key


class MemoryStorager(MemoryClient):
    """Storager without ``list``, and the derived ``delete_many``."""

    def delete(
        self,
        path: str,
        *,
        object_mode: ObjectMode | None = None,
        multipart_id: str | None = None,
        if_match: str | None = None,
    ) -> None:
        """Remove one object, an upload by its id, or a block object by its mode; a missing one is no error (GSP-46).

        Uploads, block objects and directories have no ETag that ``if_match`` could name, except ``"*"``.

        Raises:
            ObjectModeInvalid: the ``work_dir`` itself, or an object of another kind than the hint.
            PreconditionFailed: there is an object, and it has another ETag.
            Unexpected: the directory is not empty.

        """
        key = self._paths.key(path)
        conditions = Conditions(if_match=if_match)
        with self._lock:
            if multipart_id is not None:
                if self._has_upload(key, multipart_id):
                    conditions.check(self._describe_upload(path, multipart_id))
                    del self._service.uploads[multipart_id]
            elif object_mode == ObjectMode.BLOCK:
                if key.names in self._service.blocks:
                    conditions.check(self._describe_block(path))
                    del self._service.blocks[key.names]
            else:
                self._check_removable(key)
                node = self._find(key)
                if node is not None:
                    self._check_hint(node, object_mode)
                    conditions.check(self._describe(path, node))
                    self._tree.remove(key.names)

    def delete_many(self, paths: Iterable[str]) -> None:
        """Remove several objects, all or none; missing ones are no error.

        Raises:
            ObjectModeInvalid: the ``work_dir`` itself is among them.
            Unexpected: a directory among them is not empty, be it of others that are among them.

        """
        keys = [self._paths.key(path) for path in paths]
        with self._lock:
            for key in keys:
                self._check_removable(key)
                node = self._find(key)
                if isinstance(node, Directory) and node.children:
                    raise Unexpected("a directory is not empty")
            for key in keys:
                if self._find(key) is not None:
                    self._tree.remove(key.names)

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
    ) -> Told:
        """Copy a file, or the target of a link, to ``w``; a range past the end has as many bytes as there are.

        A ``suffix`` of 0 has no bytes, and one longer than the object has all of them. The number of bytes tells what
        :meth:`stat` tells of ``path``, which is also what the conditions are compared with.

        Raises:
            ObjectNotExist: nothing is there, whatever the conditions, or the link leads nowhere.
            ObjectModeInvalid: it is a directory.
            PreconditionFailed: a condition does not hold; nothing was delivered.
            RestrictionDissatisfied: ``suffix`` is given with ``offset`` or ``size``.
            Unexpected: a negative range, or a writer that fails.

        """
        span = Span.checked(offset, size, suffix)
        file, o = self._file(path)
        Conditions(
            if_match=if_match,
            if_none_match=if_none_match,
            if_modified_since=if_modified_since,
            if_unmodified_since=if_unmodified_since,
        ).check(o)
        begin, end = span.of(len(file.data))
        chunks = (file.data[at : min(at + CHUNK, end)] for at in range(begin, end, CHUNK))
        return Told(deliver(chunks, w, io_callback), o)

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
        """Describe an object, a link not followed; an upload by its id, a block object by its mode (GSP-93).

        The digests are computed from the content, whether or not they were given with it.

        Raises:
            ObjectNotExist: nothing is there, whatever the conditions.
            ObjectModeInvalid: it is of another kind than the hint.
            PreconditionFailed: a condition does not hold.

        """
        key = self._paths.key(path)
        with self._lock:
            if multipart_id is not None:
                self._upload(key, multipart_id)
                found = self._describe_upload(path, multipart_id)
            elif object_mode == ObjectMode.BLOCK and key.names in self._service.blocks:
                found = self._describe_block(path)
            else:
                node = self._find(key)
                if node is None:
                    raise ObjectNotExist
                found = self._describe(path, node)
        if object_mode is not None and object_mode not in found.mode:
            raise ObjectModeInvalid(expected=object_mode, actual=found.mode)
        Conditions(
            if_match=if_match,
            if_none_match=if_none_match,
            if_modified_since=if_modified_since,
            if_unmodified_since=if_unmodified_since,
        ).check(found)
        return found

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
        content_sha256: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> Told:
        """Replace what is under ``path`` by exactly ``size`` bytes of ``r``, or change nothing (GSP-134, GSP-751).

        The conditions are compared before anything is read, and once more when all has arrived. A link at ``path``
        counts as the object that :meth:`stat` describes. The size returned tells what :meth:`stat` would.

        Raises:
            ObjectModeInvalid: a directory is there, or a file is above.
            PreconditionFailed: a condition does not hold, ``if_match`` also where there is no object.
            RestrictionDissatisfied: the size is above the maximum, or ``r`` is ``None`` and ``size`` is not 0.
            Unexpected: the reader fails or ends early, the content has another digest than promised, a negative size.

        """
        conditions = Conditions(if_match=if_match, if_none_match=if_none_match)
        names = self._place(path, conditions)
        check_size(size, RESTRICTIONS.write_size_maximum)
        data = b"".join(verified(exactly(r, size, io_callback), content_md5, content_sha256))
        headers = Headers.given(
            content_type=content_type,
            content_disposition=content_disposition,
            cache_control=cache_control,
            content_encoding=content_encoding,
            content_language=content_language,
            user_metadata=user_metadata,
        )
        with self._lock:
            file = self._put(names, data, headers=headers, conditions=conditions)
            return Told(size, self._describe(path, file))

    def _check_removable(self, key: Key) -> None:
        if key.names == self._paths.work_names:
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
