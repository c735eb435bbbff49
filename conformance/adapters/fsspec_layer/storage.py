"""A storage over a file system of fsspec.

Translations: a missing object is FileNotFoundError for ``rm_file`` and success for ``delete`` (GSP-46). fsspec has one
method to remove a file and another for a directory, so ``delete`` without a hint asks ``info`` which of them it is. No
bytes cannot be asked for, so a read of size 0 asks ``info`` whether there is an object. Where a file system says that
the directory is missing into which something is put, it is made with ``makedirs``. A ``work_dir`` that nobody wrote to
is no directory yet, and listed as empty. An append object is begun by writing an empty file; committing it only looks
whether it is there. ``if_none_match="*"`` is fsspec's ``mode="create"``, whose FileExistsError is PreconditionFailed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from conformance.adapters.handles import left, refuse_all_but, refuse_everything
from conformance.adapters.layers import errors
from conformance.adapters.layers.declaring import declaration, fitting, mode_of_files
from conformance.adapters.layers.parents import with_parents
from conformance.adapters.streams import Span, check_size, deliver, exactly
from conformance.storage import (
    Features,
    ListMode,
    ListModeInvalid,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    PairUnsupported,
    PreconditionFailed,
    Storage,
    StorageError,
    StorageMeta,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from conformance.adapters.layers.address import Place
    from conformance.storage import IoCallback, Reader, Writer

_TIMES = ("mtime", "modified", "last_modified", "LastModified")
"""Where the ``info`` of one file system or another tells when an object was last changed."""
_ETAGS = ("ETag", "etag")


class FSSpec(Storage):
    """One client of one ``work_dir``.

    Args:
        filesystem: an ``fsspec.AbstractFileSystem`` whose root is the ``work_dir``.
        place: the connection string that it is made from.
        work_dir: absolute path that begins and ends with ``/``.

    """

    declared = Features(list_modes=ListMode.DIR, directories="native", close_refuses=True)

    def __init__(self, filesystem: Any, place: Place, work_dir: str) -> None:
        self._fs = filesystem
        self._place = place
        self._work_dir = work_dir
        self._pairs = left(self.implements, place.without)
        self._file = mode_of_files(self._pairs)
        refuse_all_but(self, self._pairs)

    def close(self) -> None:
        """Refuse every operation from now on; fsspec's file systems have no end."""
        refuse_everything(self)

    # local operations

    def features(self) -> Features:
        """Return what fsspec has for all, and what is known of this file system."""
        return declaration(self.declared, self._pairs, self._place)

    def metadata(self) -> StorageMeta:
        """Return protocol and ``work_dir``; fsspec tells no limits."""
        return StorageMeta(name=self._place.kind, work_dir=self._work_dir, service=self._place.kind)

    # storager

    def write(
        self,
        path: str,
        r: Reader | None,
        size: int,
        *,
        if_none_match: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Store exactly ``size`` bytes of ``r`` under ``path`` (``pipe_file``).

        Raises:
            PairUnsupported: ``if_none_match`` is an ETag: fsspec creates exclusively, but compares nothing.
            PreconditionFailed: there is an object, and ``if_none_match`` is ``"*"``.

        """
        check_size(size, None)
        if if_none_match not in {None, "*"}:
            raise PairUnsupported(["if_none_match"])
        data = b"".join(exactly(r, size, io_callback))
        if if_none_match is None:
            self._into(path, self._fs.pipe_file, path, data)
        else:
            self._into(path, _created, self._fs, path, data)
        return size

    def read(
        self,
        path: str,
        w: Writer,
        *,
        offset: int | None = None,
        size: int | None = None,
        suffix: int | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Copy the object, ``size`` bytes from ``offset``, or the last ``suffix`` bytes, to ``w`` (``cat_file``).

        Raises:
            ObjectNotExist: there is no object.
            ObjectModeInvalid: it is a directory.

        """
        span = Span.checked(offset, size, suffix)
        if 0 in {size, suffix}:
            fitting(self.stat(path), ObjectMode.READ)
            return 0
        start = -suffix if suffix is not None else offset
        end = None if size is None else span.offset + size
        return deliver(
            [bytes(self._call(self._fs.cat_file, path, start=start, end=end, translated=errors.sought))], w, io_callback
        )

    def stat(self, path: str, *, object_mode: ObjectMode | None = None) -> Object:
        """Describe the object or directory (``info``).

        Raises:
            ObjectNotExist: there is none.
            ObjectModeInvalid: it is of another kind than the hint.

        """
        return fitting(self._described(path, self._call(self._fs.info, path, translated=errors.sought)), object_mode)

    def delete(self, path: str, *, object_mode: ObjectMode | None = None) -> None:
        """Remove a file (``rm_file``) or an empty directory (``rmdir``); what is missing is no error.

        Raises:
            ObjectModeInvalid: it is of another kind than the hint.

        """
        try:
            found = self.stat(path, object_mode=object_mode)
            self._call(self._fs.rmdir if ObjectMode.DIR in found.mode else self._fs.rm_file, path)
        except ObjectNotExist:
            pass

    def list(self, path: str, *, list_mode: ListMode | None = None) -> Iterator[Object]:
        """Iterate over one level of the directory ``path`` (``ls``).

        Raises:
            ListModeInvalid: any other mode; fsspec walks directories and knows no prefixes.
            ObjectModeInvalid: ``path`` is no directory, for which ``ls`` lists the object itself.
            ObjectNotExist: there is no such directory.

        """
        if list_mode is not None and list_mode != ListMode.DIR:
            raise ListModeInvalid(list_mode)
        try:
            entries: list[Any] = list(self._call(self._fs.ls, path, detail=True))
        except ObjectNotExist:
            if path or self._work_dir == "/":
                raise
            return iter(())
        itself = path.strip("/")
        if itself and [entry["name"].strip("/") for entry in entries] == [itself] and entries[0]["type"] == "file":
            raise ObjectModeInvalid(expected=ObjectMode.DIR, actual=ObjectMode.READ)
        return (self._described(entry["name"].removeprefix("/"), entry) for entry in entries)

    # appender, copier, direr, mover

    def create_append(self, path: str) -> Object:
        """Begin an append object: write an empty one."""
        self._into(path, self._fs.pipe_file, path, b"")
        return self._object(path, self._file, append_offset=0)

    def write_append(self, o: Object, r: Reader | None, size: int, *, io_callback: IoCallback | None = None) -> int:
        """Add ``size`` bytes: open the object with mode ``"ab"`` and write."""
        check_size(size, None)
        data = b"".join(exactly(r, size, io_callback))
        self._call(_append, self._fs, o.path, data)
        return size

    def commit_append(self, o: Object) -> None:
        """Do nothing: the object can be read all the time; only look whether it is still there."""
        fitting(self.stat(o.path), ObjectMode.APPEND)

    def copy(self, src: str, dst: str) -> None:
        """Copy one object (``cp_file``)."""
        self._into(dst, self._fs.cp_file, src, dst, source=src)

    def create_dir(self, path: str) -> Object:
        """Create a directory and those above it (``makedirs`` with ``exist_ok``)."""
        self._call(self._fs.makedirs, path, exist_ok=True, translated=errors.made)
        return self._object(path, ObjectMode.DIR)

    def move(self, src: str, dst: str) -> None:
        """Move one object (``mv``)."""
        self._into(dst, self._fs.mv, src, dst, source=src)

    # calls and descriptions

    def _into(self, path: str, function: Callable[..., Any], *arguments: Any, source: str | None = None) -> None:
        with_parents(
            lambda: self._call(function, *arguments),
            lambda: self._call(self._fs.makedirs, path.rpartition("/")[0], exist_ok=True),
            lambda: source is None or self._is_there(source),
        )

    def _is_there(self, path: str) -> bool:
        return self._call(self._fs.exists, path)

    def _call(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        translated: Callable[[Exception], StorageError] = errors.translated,
        **parameters: Any,
    ) -> Any:
        try:
            return function(*arguments, **parameters)
        except PreconditionFailed:
            raise
        except Exception as error:  # noqa: BLE001 - file systems raise whatever their libraries do
            failure = translated(error)
        raise failure

    def _object(self, path: str, mode: ObjectMode, **fields: Any) -> Object:
        return Object(path=path, id=self._work_dir + path, mode=mode, **fields)

    def _described(self, path: str, info: Mapping[str, Any]) -> Object:
        modified = _time(next((info[name] for name in _TIMES if name in info), None))
        if info["type"] == "directory":
            return self._object(path.removesuffix("/"), ObjectMode.DIR, last_modified=modified)
        return self._object(
            path,
            self._file if info["type"] == "file" else ObjectMode(0),
            content_length=info.get("size"),
            content_type=info.get("ContentType"),
            etag=next((info[name] for name in _ETAGS if name in info), None),
            last_modified=modified,
            append_offset=info.get("size") if ObjectMode.APPEND in self._file else None,
        )


def _created(fs: Any, path: str, data: bytes) -> None:
    try:
        fs.pipe_file(path, data, mode="create")
    except FileExistsError as error:
        failure = PreconditionFailed(str(error))
    else:
        return
    raise failure


def _append(fs: Any, path: str, data: bytes) -> None:
    with fs.open(path, "ab") as file:
        file.write(data)


def _time(told: Any) -> datetime | None:
    """Return a time that is told as seconds or as a datetime; the text of protocols is left alone."""
    if isinstance(told, int | float):
        return datetime.fromtimestamp(told, UTC)
    return told.astimezone(UTC) if isinstance(told, datetime) else None
