"""Google Cloud Storage, over google-cloud-storage and the JSON API: objects with generations in one bucket.

The translation is thin: what the service answers is passed on, be it right or wrong, and requests are sent once. Names
are flat: a directory is only what names have in common up to a ``/``. The generation of an object, which is new with
every write, is its ETag, as it is what preconditions of this API compare. Objects above 8 MiB are sent by the SDK in a
resumable upload; parts with ETags exist in the XML API only, so that there is no multiparter. What ``compose`` joins
are objects and no parts or blocks: no operation of the vocabulary is that request.

Translations: a missing object is deleted with success (GSP-46).
"""

from __future__ import annotations

import io
import re
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from conformance.adapters.gcs.client import (
    Location,
    RangeNotSatisfiable,
    attempt,
    client_for,
    failure_for,
)
from conformance.adapters.handles import left, refuse_all_but, refuse_changes, refuse_everything
from conformance.adapters.streams import check_size, deliver, exactly
from conformance.storage import (
    Features,
    HTTPRequest,
    IoCallback,
    ListMode,
    ListModeInvalid,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    PairUnsupported,
    PermissionDenied,
    PreconditionFailed,
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
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Self

NAME_MAXIMUM = 1024
"""Bytes of an object's name."""
WRITE_MAXIMUM = 5 * 1024**4
BATCH = 100
"""Requests in one batch."""
_GENERATION = re.compile(r'"(\d+)"')
_VERBS = {"read": "GET", "stat": "HEAD", "write": "PUT", "delete": "DELETE"}
_NOT_FOUND = 404


class GoogleCloudStorage(Storage):
    """One client of one ``work_dir`` in a bucket.

    Args:
        location: the bucket, its endpoint, and the options of the connection.
        work_dir: absolute path that begins and ends with ``/``; names begin with it, without the first ``/``.

    Raises:
        ConnectionStringInvalid: the SDK is not installed, or there are no credentials.

    """

    declared = Features(
        list_modes=ListMode.DIR | ListMode.PREFIX,
        directories="none",
        name_maximum=None,
        path_maximum=NAME_MAXIMUM,
        control_characters=False,
        etag=True,
        close_refuses=True,
    )

    def __init__(self, location: Location, work_dir: str = "/") -> None:
        self._location = location
        self._work_dir = work_dir
        self._root = (location.prefix + "/" if location.prefix else "") + work_dir.removeprefix("/")
        self._client = client_for(location)
        self._bucket = self._client.bucket(location.bucket)
        self._once: Mapping[str, Any] = {"retry": None, "timeout": location.timeout}
        self._without = (*location.without, *(() if _can_sign(self._client) else ("reach",)))
        self.may_change = True
        if self._without:
            refuse_all_but(self, left(self.implements, self._without))

    def close(self) -> None:
        """Refuse every operation from now on; the connections are others' too and stay."""
        refuse_everything(self)

    # local operations

    def features(self) -> Features:
        """Return the declaration; a path may be as long as prefix and ``work_dir`` leave of 1024 bytes.

        What the endpoint lacks is left out, and ``reach`` where the credentials cannot sign.
        """
        known = replace(super().features(), path_maximum=NAME_MAXIMUM - len(self._root.encode()))
        pairs = left(known.pairs, self._without)
        return replace(known, operations=known.operations.intersection(pairs), pairs=pairs)

    def metadata(self) -> StorageMeta:
        """Return bucket, ``work_dir`` and the limit that Google publishes (GSP-76, GSP-97)."""
        limits = Restrictions(write_size_maximum=WRITE_MAXIMUM)
        return StorageMeta(name=self._location.bucket, work_dir=self._work_dir, service="gcs", restrictions=limits)

    def read_only(self) -> Self:
        """Return a client of the same ``work_dir`` that may only read, and signs only requests that do."""
        reader = type(self)(self._location, self._work_dir)
        reader.may_change = False
        refuse_changes(reader)
        return reader

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
        """Store exactly ``size`` bytes of ``r`` under ``path`` and return ``size``; the SDK sends their CRC32C along.

        Raises:
            RestrictionDissatisfied: ``size`` is above 5 TiB, or ``r`` is missing.
            PairUnsupported: ``if_match`` is ``"*"``, or ``if_none_match`` is an ETag.
            PreconditionFailed: a condition does not hold.
            Unexpected: ``size`` is negative, or ``r`` ended early or raised; nothing was sent.

        """
        check_size(size, WRITE_MAXIMUM)
        conditions = _replacing(if_match, if_none_match)
        blob = self._blob(path)
        given = {
            "md5_hash": content_md5,
            "content_disposition": content_disposition,
            "cache_control": cache_control,
            "content_encoding": content_encoding,
            "content_language": content_language,
            "metadata": None if user_metadata is None else dict(user_metadata),
        }
        for name, value in given.items():
            if value is not None:
                setattr(blob, name, value)
        data = io.BytesIO(b"".join(exactly(r, size, io_callback)))
        attempt(blob.upload_from_file, data, size=size, content_type=content_type, **conditions, **self._once)
        return Told(size, self._object(path, blob))

    def read(
        self,
        path: str,
        w: Writer,
        *,
        offset: int | None = None,
        size: int | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Copy the object, or ``size`` bytes from ``offset``, to ``w`` and return the number of bytes.

        The bytes are those that were stored, whatever their encoding, and the SDK compares those of a whole object with
        the checksum that the service tells. A range behind the end is empty.

        Raises:
            ObjectNotExist: there is no object, also when ``size`` is 0.
            PairUnsupported: a condition is ``"*"``.
            PreconditionFailed: a condition does not hold.
            Unexpected: ``offset`` or ``size`` is negative, or the body ends early or is not the object.

        """
        check_size(offset or 0, None, "offset")
        check_size(size or 0, None)
        blob, conditions = self._blob(path), _looking(if_match, if_none_match)
        if size == 0:  # an empty range cannot be asked for in HTTP
            attempt(blob.reload, **conditions, **self._once)
            return 0
        begin = offset or None if size is None else offset or 0
        end = None if size is None else (offset or 0) + size - 1
        sink = _Sink(w, io_callback)
        try:
            attempt(blob.download_to_file, sink, start=begin, end=end, raw_download=True, **conditions, **self._once)
        except RangeNotSatisfiable:
            return 0
        return sink.count

    def stat(
        self,
        path: str,
        *,
        object_mode: ObjectMode | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> Object:
        """Describe the object.

        Raises:
            ObjectNotExist: there is none at ``path``.
            ObjectModeInvalid: an object is no directory, nor anything else but an object.
            PairUnsupported: a condition is ``"*"``.
            PreconditionFailed: a condition does not hold.

        """
        blob = self._blob(path)
        attempt(blob.reload, **_looking(if_match, if_none_match), **self._once)
        if object_mode not in {None, ObjectMode.READ}:
            raise ObjectModeInvalid(expected=object_mode or ObjectMode.READ, actual=ObjectMode.READ)
        return self._object(path, blob)

    def delete(self, path: str, *, object_mode: ObjectMode | None = None, if_match: str | None = None) -> None:
        """Delete the object; a missing one is no error (GSP-46).

        Raises:
            ObjectModeInvalid: the object is none of the kind hinted at.
            PairUnsupported: ``if_match`` is ``"*"``.
            PreconditionFailed: the object has another ETag.

        """
        conditions = _replacing(if_match, None)
        if object_mode is not None and ObjectMode.DIR in object_mode:
            return  # there are no directories
        with suppress(ObjectNotExist):
            if object_mode not in {None, ObjectMode.READ}:
                self.stat(path, object_mode=object_mode)
            attempt(self._blob(path).delete, **conditions, **self._once)

    def list(  # pyright: ignore[reportIncompatibleMethodOverride] - no continuation_token: Google's is of a page
        self,
        path: str,
        *,
        list_mode: ListMode | None = None,
        page_size: int | None = None,
    ) -> Iterator[Object]:
        """Iterate page by page over one level of the directory ``path``, or all objects of a prefix.

        The default is ``prefix``, as GSP-654 has it for object storages.

        Raises:
            ListModeInvalid: ``list_mode`` is not exactly one of ``dir`` and ``prefix``.
            Unexpected: while iterating, the service sends the same page again.

        """
        size = page_size or self._location.page_size
        match list_mode:
            case None | ListMode.PREFIX:
                return self._listed(self._root + path, None, size)
            case ListMode.DIR:
                return self._listed(self._root + (path.removesuffix("/") + "/" if path else ""), "/", size)
            case _:
                raise ListModeInvalid(list_mode)

    def _listed(self, prefix: str, delimiter: str | None, page_size: int) -> Iterator[Object]:
        listing = self._client.list_blobs(
            self._bucket, prefix=prefix, delimiter=delimiter, page_size=page_size, **self._once
        )
        pages, seen = listing.pages, set[str]()
        while page := attempt(_page, pages):
            blobs, directories = page
            for blob in blobs:
                yield self._object(blob.name.removeprefix(self._root), blob)
            for name in directories:
                directory = name.removeprefix(self._root).removesuffix("/")
                yield Object(path=directory, id=self._root + directory, mode=ObjectMode.DIR)
            token = listing.next_page_token
            if token and token in seen:
                raise Unexpected(f"the listing goes in circles, page {token} came before")
            seen.add(token or "")

    # batcher, copier, reacher

    def delete_many(self, paths: Iterable[str]) -> None:
        """Delete several objects, up to 100 in one request; missing ones are no error.

        Raises:
            StorageError: one of them could not be deleted; others may be gone.

        """
        blobs = iter([self._blob(path) for path in paths])
        while chosen := tuple(islice(blobs, BATCH)):
            for answer in attempt(self._deleted, chosen):
                if answer.status_code // 100 != 2 and answer.status_code != _NOT_FOUND:
                    raise failure_for(answer.status_code, " ".join(answer.text.split()))

    def _deleted(self, blobs: tuple[Any, ...]) -> Iterable[Any]:
        batch = self._client.batch(raise_exception=False)
        with batch:
            for blob in blobs:
                blob.delete(**self._once)
        return batch._responses  # noqa: SLF001 - what became of each request is told nowhere else

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
        """Copy inside the service (rewrite), in as many requests as the service wants.

        Raises:
            ObjectNotExist: there is no ``src``.
            PairUnsupported: a condition is ``"*"``, except ``if_none_match``, or that one is an ETag.
            PreconditionFailed: a condition does not hold.

        """
        source = {
            f"if_source_{k.removeprefix('if_')}": v for k, v in _looking(if_source_match, if_source_none_match).items()
        }
        conditions = {**_replacing(if_match, if_none_match), **source}
        blob, token = self._blob(dst), None
        while True:
            token, _, _ = attempt(blob.rewrite, self._blob(src), token=token, **conditions, **self._once)
            if token is None:
                return self._object(dst, blob)

    def reach(self, path: str, *, verb: str = "read", size: int | None = None, expire: float = 3600) -> HTTPRequest:
        """Sign one request without asking the service (V4), valid for ``expire`` seconds.

        Google signs no length: ``size`` is only told in the headers.

        Raises:
            PermissionDenied: this client may only read, and the verb would change something.
            RestrictionDissatisfied: ``verb`` is not ``read``, ``stat``, ``write`` or ``delete``.

        """
        if verb not in _VERBS:
            raise RestrictionDissatisfied(f"verb {verb!r} is not one of {', '.join(_VERBS)}")
        if not self.may_change and verb in {"write", "delete"}:
            raise PermissionDenied("this client may only read")
        blob, method = self._blob(path), _VERBS[verb]
        endpoint = {} if self._location.endpoint is None else {"api_access_endpoint": self._location.endpoint}
        url = attempt(
            blob.generate_signed_url, version="v4", expiration=timedelta(seconds=expire), method=method, **endpoint
        )
        return HTTPRequest(method, url, {} if size is None else {"Content-Length": str(size)})

    # names and objects

    def _blob(self, path: str) -> Any:
        name = self._root + path
        # HTTP clients resolve such a name, as if the bucket had been meant
        if name in {"", ".", ".."}:
            raise Unexpected(f"{name!r} is no name of an object")
        try:
            name.encode()
        except UnicodeEncodeError as error:
            text = str(error)
        else:
            return self._bucket.blob(name)
        raise Unexpected(text)

    def _object(self, path: str, blob: Any) -> Object:
        return Object(
            path=path,
            id=self._root + path,
            mode=ObjectMode.READ,
            content_length=blob.size,
            content_md5=blob.md5_hash,
            content_type=blob.content_type,
            content_disposition=blob.content_disposition,
            content_encoding=blob.content_encoding,
            content_language=blob.content_language,
            cache_control=blob.cache_control,
            etag=f'"{blob.generation}"',
            last_modified=blob.updated,
            user_metadata=dict(blob.metadata or {}),
            system_metadata={} if blob.crc32c is None else {"crc32c": blob.crc32c},
        )


class _Sink(io.RawIOBase):
    """The file that the SDK downloads to: a caller's writer."""

    def __init__(self, w: Writer, io_callback: IoCallback | None) -> None:
        self._w = w
        self._io_callback = io_callback
        self.count = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        taken = deliver([bytes(data)], self._w, self._io_callback)
        self.count += taken
        return taken


def _page(pages: Any) -> tuple[list[Any], list[str]] | None:
    """Return the blobs and the directories of the next page."""
    page = next(pages, None)
    return None if page is None else (list(page), sorted(page.prefixes))


def _generation(name: str, etag: str) -> int:
    """Return the generation that an ETag names.

    Raises:
        PairUnsupported: it stands for any object, which no precondition does.
        PreconditionFailed: it is none of Google's, so that no object has it.

    """
    if etag == "*":
        raise PairUnsupported([name])
    found = _GENERATION.fullmatch(etag)
    if found is None:
        raise PreconditionFailed(f"no generation has the ETag {etag}")
    return int(found[1])


def _replacing(if_match: str | None, if_none_match: str | None) -> dict[str, int]:
    """Return the preconditions on what is replaced: generation 0 is that there is nothing."""
    if if_none_match not in {None, "*"} or (if_match is not None and if_none_match is not None):
        raise PairUnsupported(["if_none_match"])
    if if_none_match is not None:
        return {"if_generation_match": 0}
    return {} if if_match is None else {"if_generation_match": _generation("if_match", if_match)}


def _looking(if_match: str | None, if_none_match: str | None) -> dict[str, int]:
    """Return the preconditions on what is read."""
    conditions: dict[str, int] = {}
    if if_match is not None:
        conditions["if_generation_match"] = _generation("if_match", if_match)
    if if_none_match is not None:
        with suppress(PreconditionFailed):  # what no object has does not match
            conditions["if_generation_not_match"] = _generation("if_none_match", if_none_match)
    return conditions


def _can_sign(client: Any) -> bool:
    return hasattr(client._credentials, "sign_bytes")  # noqa: SLF001 - the SDK tells it nowhere else
