r"""Azure Blob Storage and its emulator Azurite, over azure-storage-blob: block, append and page blobs.

The translation is thin: what the service answers is passed on, be it right or wrong, and nothing is repaired, retried
or remembered. Names are flat: a directory is only what names have in common up to a ``/``. Blocks that are written but
not combined lie at the name of their blob, whoever wrote them; a block object begins with its first block, so
``create_block`` sends nothing. A page blob has a size of its own, which is raised when a write needs it. Azure takes a
``\`` in a name as ``/``.
"""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from conformance.adapters.azblob_answers import (
    block_id,
    block_name,
    conditions,
    described,
    encoded,
    entries,
    mode_of,
    only_once,
)
from conformance.adapters.azblob_client import (
    MIB,
    WRITE_MAXIMUM,
    ContainerLocation,
    RangeNotSatisfiable,
    WrongBlobType,
    account_of,
    attempt,
    client_for,
    failure_for,
    sdk,
)
from conformance.adapters.streams import check_size, deliver, exactly, refuse
from conformance.storage import (
    Block,
    Features,
    HTTPRequest,
    IoCallback,
    ListMode,
    ListModeInvalid,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    Reader,
    RestrictionDissatisfied,
    Restrictions,
    Storage,
    StorageMeta,
    Told,
    Unexpected,
    Writer,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping

NAME_MAXIMUM = 1024
APPENDS_MAXIMUM = 50_000
APPEND_MAXIMUM = 100 * MIB
BLOCK_MAXIMUM = 4000 * MIB
PAGES_MAXIMUM = 4 * MIB
PAGE = 512
BATCH = 256
COPY_MAXIMUM = 4 * 1024 * 1024 * MIB
_RESTRICTIONS = Restrictions(
    write_size_maximum=WRITE_MAXIMUM,
    append_number_maximum=APPENDS_MAXIMUM,
    append_size_maximum=APPEND_MAXIMUM,
    append_total_size_maximum=APPENDS_MAXIMUM * APPEND_MAXIMUM,
)
_VERBS = {
    "read": ("GET", "read"),
    "stat": ("HEAD", "read"),
    "write": ("PUT", "write"),
    "delete": ("DELETE", "delete"),
}
_NOWHERE = {".", ".."}


class AzBlob(Storage):
    """One client of one ``work_dir`` in a container.

    Args:
        location: the container, its endpoint, and the options of the connection.
        work_dir: absolute path that begins and ends with ``/``; names begin with it, without the first ``/``.

    Raises:
        ConnectionStringInvalid: the SDK is not installed, or there are no credentials.

    """

    declared = Features(
        list_modes=ListMode.DIR | ListMode.PREFIX | ListMode.BLOCK,
        directories="none",
        backslash_separates=True,
        name_maximum=None,
        metadata_exact=False,
        metadata_identifiers=True,
        path_maximum=NAME_MAXIMUM,
        etag=True,
    )

    def __init__(self, location: ContainerLocation, work_dir: str = "/") -> None:
        self._location = location
        self._work_dir = work_dir
        self._root = (location.prefix.rstrip("/") + "/" if location.prefix else "") + work_dir.removeprefix("/")
        self._container = client_for(location)

    # local operations

    def features(self) -> Features:
        """Return the declaration; a path may be as long as prefix and ``work_dir`` leave of 1024 characters."""
        return replace(super().features(), path_maximum=NAME_MAXIMUM - len(self._root))

    def metadata(self) -> StorageMeta:
        """Return container, ``work_dir`` and the limits that Azure publishes (GSP-76, GSP-97)."""
        return StorageMeta(
            name=self._location.container, work_dir=self._work_dir, service="azblob", restrictions=_RESTRICTIONS
        )

    # storager

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
        if_match: str | None = None,
        if_none_match: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Store exactly ``size`` bytes of ``r`` under ``path`` (one Put Blob) and return ``size``.

        Raises:
            RestrictionDissatisfied: ``size`` is above 5000 MiB, or ``r`` is missing.
            MetadataUnrecognized: a name of ``user_metadata`` is no identifier of C#.
            PreconditionFailed: a condition does not hold.
            Unexpected: ``size`` is negative, or ``r`` ended early or raised; nothing was sent.

        """
        check_size(size, WRITE_MAXIMUM)
        blob = self._blob(path)
        headers = conditions(if_match=if_match, if_none_match=if_none_match)
        if content_md5 is not None:
            headers["Content-MD5"] = content_md5
        answer = attempt(
            blob.upload_blob,
            b"".join(exactly(r, size, io_callback)),
            length=size,
            overwrite=True,
            metadata=user_metadata,
            content_settings=sdk().ContentSettings(
                content_type=content_type,
                content_disposition=content_disposition,
                cache_control=cache_control,
                content_encoding=content_encoding,
                content_language=content_language,
            ),
            headers=headers,
        )
        return Told(size, self._answered(path, ObjectMode.READ, answer, content_md5=encoded(answer.get("content_md5"))))

    def read(
        self,
        path: str,
        w: Writer,
        *,
        offset: int | None = None,
        size: int | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        if_modified_since: datetime | None = None,
        if_unmodified_since: datetime | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Copy the object, or ``size`` bytes from ``offset``, to ``w`` (Get Blob) and return the number of bytes.

        A range behind the end is empty. Above 32 MiB the SDK asks for piece after piece of the same version.

        Raises:
            ObjectNotExist: there is no object, also when ``size`` is 0.
            PreconditionFailed: a condition does not hold.
            Unexpected: ``offset`` or ``size`` is negative, the body ends early, or it is said to be another range.

        """
        check_size(offset or 0, None, "offset")
        check_size(size or 0, None)
        headers = conditions(
            if_match=if_match,
            if_none_match=if_none_match,
            if_modified_since=if_modified_since,
            if_unmodified_since=if_unmodified_since,
        )
        blob = self._blob(path)
        if size == 0:
            attempt(blob.get_blob_properties, headers=headers)  # an empty range cannot be asked for in HTTP
            return 0
        try:
            answer = attempt(
                blob.download_blob,
                offset=offset if size is None else offset or 0,
                length=size,
                headers=headers,
                decompress=False,
                raw_response_hook=only_once(),
            )
        except RangeNotSatisfiable:
            return 0
        chunks = answer.chunks()
        count = deliver(iter(lambda: attempt(next, chunks, b""), b""), w, io_callback)
        whole = int(answer.properties.content_range.rpartition("/")[2])
        told: dict[str, Any] = described(answer.properties) | {"content_length": whole, "append_offset": None}
        return Told(count, self._object(path, **told))

    def stat(
        self,
        path: str,
        *,
        object_mode: ObjectMode | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        if_modified_since: datetime | None = None,
        if_unmodified_since: datetime | None = None,
    ) -> Object:
        """Describe the object (Get Blob Properties), or with the mode ``block`` the block object (Get Block List).

        Raises:
            ObjectNotExist: there is none at ``path``.
            ObjectModeInvalid: the object there is of another kind than the hint.
            PreconditionFailed: a condition does not hold.

        """
        blob = self._blob(path)
        if object_mode == ObjectMode.BLOCK and self._blocks(path):
            return self._object(path, ObjectMode.BLOCK)
        headers = conditions(
            if_match=if_match,
            if_none_match=if_none_match,
            if_modified_since=if_modified_since,
            if_unmodified_since=if_unmodified_since,
        )
        found = self._object(path, **described(attempt(blob.get_blob_properties, headers=headers)))
        if object_mode is not None and object_mode not in found.mode:
            raise ObjectModeInvalid(expected=object_mode, actual=found.mode)
        return found

    def delete(self, path: str, *, object_mode: ObjectMode | None = None, if_match: str | None = None) -> None:
        """Delete the object, or with the mode ``block`` the block object; a missing one is no error (GSP-46).

        Azure has no request that discards blocks: where there is no object, an empty one is made of none of them and
        deleted; beside an object they stay until it is combined, or for a week.

        Raises:
            ObjectModeInvalid: the object there is of another kind than the hint.
            PreconditionFailed: the object has another ETag.
            Unexpected: blocks beside an object cannot be discarded.

        """
        blob = self._blob(path)
        if object_mode == ObjectMode.BLOCK:
            self._discard(path)
            return
        if object_mode is not None and ObjectMode.DIR in object_mode:
            return  # there are no directories
        with suppress(ObjectNotExist):
            if object_mode is not None and object_mode != ObjectMode.READ:
                self.stat(path, object_mode=object_mode)
            attempt(blob.delete_blob, headers=conditions(if_match=if_match))

    def list(  # pyright: ignore[reportIncompatibleMethodOverride] - no continuation_token: Azure's is of a page
        self,
        path: str,
        *,
        list_mode: ListMode | None = None,
        page_size: int | None = None,
    ) -> Iterator[Object]:
        """Iterate page by page over one level of the directory ``path``, or all objects or block objects of a prefix.

        The default is ``prefix``, as GSP-654 has it for object storages. Whether a blob has uncommitted blocks is told
        by its own list of blocks only, so that the mode ``block`` asks for that of every blob.

        Raises:
            ListModeInvalid: ``list_mode`` is not exactly one of ``dir``, ``prefix`` and ``block``.
            Unexpected: while iterating, the service sends the same page again.

        """
        mode = ListMode.PREFIX if list_mode is None else list_mode
        size = page_size or self._location.page_size
        if mode == ListMode.DIR:
            return self._list_dir(path, size)
        if mode == ListMode.PREFIX:
            return self._list_prefix(path, size)
        if mode == ListMode.BLOCK:
            return self._list_blocks(path, size)
        raise ListModeInvalid(mode)

    # copier, reacher, batcher

    def copy(
        self,
        src: str,
        dst: str,
        *,
        if_match: str | None = None,
        if_none_match: str | None = None,
        if_source_match: str | None = None,
        if_source_none_match: str | None = None,
    ) -> Object:
        """Copy inside the service (Copy Blob), of whatever kind the object is, and wait until it is done.

        Azure could replace the user metadata, but not with them all that the source has besides.

        Raises:
            ObjectNotExist: there is no ``src``.
            PreconditionFailed: a condition does not hold.
            Unexpected: the service gave the copy up, or did not end it in time.

        """
        blob = self._blob(dst)
        answer = attempt(
            blob.start_copy_from_url,
            self._blob(src).url,
            headers=conditions(
                if_match=if_match,
                if_none_match=if_none_match,
                if_source_match=if_source_match,
                if_source_none_match=if_source_none_match,
            ),
        )
        status, deadline = answer["copy_status"], time.monotonic() + self._location.timeout
        while status == "pending" and time.monotonic() < deadline:
            time.sleep(0.1)
            status = attempt(blob.get_blob_properties).copy.status
        if status != "success":
            raise Unexpected(f"the copy is {status}")
        return self._answered(dst, ObjectMode.READ, answer)

    def reach(self, path: str, *, verb: str = "read", size: int | None = None, expire: float = 3600) -> HTTPRequest:
        """Sign one request without asking the service (SAS), valid for ``expire`` seconds, rounded up to whole ones.

        Azure signs no length: ``size`` is only told in the headers.

        Raises:
            RestrictionDissatisfied: ``verb`` is not ``read``, ``stat``, ``write`` or ``delete``.

        """
        if verb not in _VERBS:
            raise RestrictionDissatisfied(f"verb {verb!r} is not one of {', '.join(_VERBS)}")
        method, permission = _VERBS[verb]
        blob, account = self._blob(path), account_of(self._location)
        end = datetime.now(UTC) + timedelta(seconds=expire)
        signature = attempt(
            sdk().generate_blob_sas,
            account.name,
            self._location.container,
            blob.blob_name,
            account_key=account.key,
            permission=sdk().BlobSasPermissions(**{permission: True}),
            expiry=end.replace(microsecond=0) + timedelta(seconds=end.microsecond > 0),
        )
        headers = {"x-ms-blob-type": "BlockBlob"} if verb == "write" else {}
        if verb == "write" and size is not None:
            headers["Content-Length"] = str(size)
        return HTTPRequest(method, f"{blob.url}?{signature}", headers)

    def delete_many(self, paths: Iterable[str]) -> None:
        """Delete several objects, up to 256 in one request (Blob Batch); missing ones are no error.

        Raises:
            StorageError: one of them could not be deleted; others may be gone.

        """
        names = iter([self._name(path) for path in paths])
        while batch := tuple(islice(names, BATCH)):
            for answer in attempt(self._delete_batch, batch):
                code = answer.headers.get("x-ms-error-code", "")
                if answer.status_code // 100 != 2 and code != "BlobNotFound":
                    raise failure_for(answer.status_code, code, str(answer.reason))

    # appender

    def create_append(
        self,
        path: str,
        *,
        content_type: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> Object:
        """Put an empty append blob in place of whatever is there; it can be read at once (AOS-44).

        Raises:
            PreconditionFailed: a condition does not hold.

        """
        answer = attempt(
            self._blob(path).create_append_blob,
            content_settings=sdk().ContentSettings(content_type=content_type),
            headers=conditions(if_match=if_match, if_none_match=if_none_match),
        )
        return self._answered(path, ObjectMode.READ | ObjectMode.APPEND, answer, append_offset=0)

    def write_append(
        self,
        o: Object,
        r: Reader | None,
        size: int,
        *,
        content_md5: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Add ``size`` bytes at the tail (Append Block).

        Raises:
            ObjectNotExist: there is no object.
            ObjectModeInvalid: it is no append blob.
            RestrictionDissatisfied: ``size`` is above 100 MiB, or ``r`` is missing.
            Unexpected: ``size`` is negative, or ``r`` ended early or raised; nothing was sent.

        """
        check_size(size, APPEND_MAXIMUM)
        data = b"".join(exactly(r, size, io_callback))
        if not data:
            self.stat(o.path, object_mode=ObjectMode.APPEND)  # Azure takes no empty block
            return 0
        headers = {} if content_md5 is None else {"Content-MD5": content_md5}
        with _for(ObjectMode.APPEND):
            attempt(self._blob(o.path).append_block, data, length=size, headers=headers)
        return size

    def commit_append(self, o: Object) -> None:
        """Do nothing: every append can be read at once (AOS-44)."""

    # blocker

    def create_block(self, path: str) -> Object:
        """Return the handle of a block object, which begins with its first block."""
        return self._object(path, ObjectMode.BLOCK)

    def write_block(self, o: Object, r: Reader | None, size: int, bid: str) -> int:
        """Write the block ``bid`` (Put Block), in place of an uncommitted one of that name.

        Raises:
            ObjectModeInvalid: there is an object of another kind.
            RestrictionDissatisfied: ``size`` is above 4000 MiB, ``bid`` is no block id, or ``r`` is missing.
            Unexpected: ``size`` is negative, or ``r`` ended early or raised; nothing was sent.

        """
        check_size(size, BLOCK_MAXIMUM)
        named, data = block_id(bid), b"".join(exactly(r, size))
        with _for(ObjectMode.BLOCK):
            attempt(self._blob(o.path).stage_block, named, data, length=size)
        return size

    def combine_block(
        self,
        o: Object,
        bids: Iterable[str],
        *,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> Object:
        """Make the object of the uncommitted blocks named, in that order; all others are discarded (Put Block List).

        Raises:
            ObjectModeInvalid: there is an object of another kind.
            PreconditionFailed: a condition does not hold.
            Unexpected: a block was never written.

        """
        chosen = [sdk().BlobBlock(block_id(bid), state=sdk().BlockState.UNCOMMITTED) for bid in bids]
        with _for(ObjectMode.BLOCK):
            answer = attempt(
                self._blob(o.path).commit_block_list,
                chosen,
                headers=conditions(if_match=if_match, if_none_match=if_none_match),
            )
        return self._answered(o.path, ObjectMode.READ, answer)

    def list_block(self, o: Object) -> Iterator[Block]:
        """Iterate over the uncommitted blocks (Get Block List); there are none where nothing was written yet.

        Raises:
            ObjectModeInvalid: there is an object of another kind.

        """
        try:
            return iter(self._blocks(o.path))
        except ObjectNotExist:
            return iter(())

    # pager

    def create_page(self, path: str, *, if_match: str | None = None, if_none_match: str | None = None) -> Object:
        """Put a page blob of no pages in place of whatever is there (AOS-25).

        Raises:
            PreconditionFailed: a condition does not hold.

        """
        headers = conditions(if_match=if_match, if_none_match=if_none_match)
        answer = attempt(self._blob(path).create_page_blob, 0, headers=headers)
        return self._answered(path, ObjectMode.READ | ObjectMode.PAGE, answer)

    def write_page(self, o: Object, r: Reader | None, size: int, offset: int) -> int:
        """Write whole pages at ``offset`` (Put Page), after making the blob as long as they need (Resize).

        Raises:
            ObjectNotExist: there is no object.
            ObjectModeInvalid: it is no page blob.
            PreconditionFailed: somebody else changed the blob while it was made longer.
            RestrictionDissatisfied: ``size`` or ``offset`` is no multiple of 512, ``size`` is above 4 MiB, or ``r`` is
                missing.
            Unexpected: ``size`` or ``offset`` is negative, or ``r`` ended early or raised; nothing was sent.

        """
        check_size(size, PAGES_MAXIMUM)
        check_size(offset, None, "offset")
        if size % PAGE or offset % PAGE:
            raise RestrictionDissatisfied(f"size {size} and offset {offset} have to be multiples of {PAGE}")
        blob, data = self._blob(o.path), b"".join(exactly(r, size))
        before = self.stat(o.path, object_mode=ObjectMode.PAGE)
        if not data:
            return 0
        if offset + size > (before.content_length or 0):
            attempt(blob.resize_blob, offset + size, headers=conditions(if_match=before.etag))
        with _for(ObjectMode.PAGE):
            attempt(blob.upload_page, data, offset=offset, length=size)
        return size

    # listings and blocks

    def _list_dir(self, path: str, page_size: int) -> Iterator[Object]:
        prefix = self._root + (path.removesuffix("/") + "/" if path else "")
        listing = self._container.walk_blobs(prefix, include=["metadata"], delimiter="/", results_per_page=page_size)
        for entry in entries(listing):
            if isinstance(entry, sdk().BlobPrefix):
                yield self._object(self._path(entry.name).removesuffix("/"), ObjectMode.DIR)
            else:
                yield self._object(self._path(entry.name), **described(entry))

    def _list_prefix(self, path: str, page_size: int) -> Iterator[Object]:
        listing = self._container.list_blobs(
            name_starts_with=self._root + path, include=["metadata"], results_per_page=page_size
        )
        for entry in entries(listing):
            yield self._object(self._path(entry.name), **described(entry))

    def _list_blocks(self, path: str, page_size: int) -> Iterator[Object]:
        listing = self._container.list_blobs(
            name_starts_with=self._root + path, include=["uncommittedblobs"], results_per_page=page_size
        )
        for entry in entries(listing):
            if mode_of(entry) == ObjectMode.READ and self._blocks(self._path(entry.name)):
                yield self._object(self._path(entry.name), ObjectMode.BLOCK)

    def _blocks(self, path: str) -> tuple[Block, ...]:
        with _for(ObjectMode.BLOCK):
            _, uncommitted = attempt(self._blob(path).get_block_list, "uncommitted")
        return tuple(Block(block_name(block.id), block.size) for block in uncommitted)

    def _discard(self, path: str) -> None:
        with suppress(ObjectNotExist):
            if self._blocks(path):
                blob = self._blob(path)
                made = attempt(blob.commit_block_list, [], headers=conditions(if_none_match="*"))
                attempt(blob.delete_blob, headers=conditions(if_match=made["etag"]))

    def _delete_batch(self, names: tuple[str, ...]) -> tuple[Any, ...]:
        return tuple(self._container.delete_blobs(*names, raise_on_any_failure=False))

    # names, objects

    def _name(self, path: str) -> str:
        # HTTP clients and servers resolve such segments, as if another blob or container had been named
        if not _NOWHERE.isdisjoint(path.split("/")):
            raise Unexpected(f"a segment of dots is refused in {path!r}")
        return self._root + path

    def _blob(self, path: str) -> Any:
        return attempt(self._container.get_blob_client, self._name(path))

    def _path(self, name: str) -> str:
        return name.removeprefix(self._root)

    def _object(self, path: str, mode: ObjectMode, **fields: Any) -> Object:
        return Object(path=path, id=self._root + path, mode=mode, **fields)

    def _answered(self, path: str, mode: ObjectMode, answer: Mapping[str, Any], **fields: Any) -> Object:
        """Return what the answer to a write tells."""
        return self._object(path, mode, etag=answer.get("etag"), last_modified=answer.get("last_modified"), **fields)


@contextmanager
def _for(mode: ObjectMode) -> Generator[None]:
    """Say of a blob that is of another type which kind of object was needed; that it can be read is all we know."""
    try:
        yield
    except WrongBlobType:
        refuse(ObjectModeInvalid(expected=mode, actual=ObjectMode.READ))
