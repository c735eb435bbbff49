"""A storage over a file system of ``pyarrow.fs``.

Translations: a missing object is FileNotFoundError for ``delete_file`` and success for ``delete`` (GSP-46). pyarrow has
one method to remove a file and another for a directory, so ``delete`` without a hint asks which of them it is; the one
for a directory removes what lies in it too, which ``delete`` does not mean, so that it is called for empty directories
only. An append object is begun by writing an empty file; committing it only looks whether it is there. Streams are
opened without the compression that pyarrow else chooses by the ending of a name. On a disk pyarrow writes only where
the directory is there: when it says that it is not, the directory is made with pyarrow's ``create_dir``. A ``work_dir``
that nobody wrote to is no directory yet, and listed as empty.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from conformance.adapters.handles import left, refuse_all_but, refuse_everything
from conformance.adapters.layers import errors
from conformance.adapters.layers.declaring import declaration, fitting, mode_of_files
from conformance.adapters.layers.parents import with_parents
from conformance.adapters.libraries import library
from conformance.adapters.streams import Span, check_size, deliver, exactly
from conformance.storage import (
    Features,
    ListMode,
    ListModeInvalid,
    Object,
    ObjectMode,
    ObjectNotExist,
    Storage,
    StorageError,
    StorageMeta,
    Unexpected,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from conformance.adapters.layers.address import Place
    from conformance.storage import IoCallback, Reader, Writer

_METADATA: Mapping[str, str] = {
    "content_type": "Content-Type",
    "cache_control": "Cache-Control",
    "content_language": "Content-Language",
}
"""pyarrow's names of what an output stream takes."""
_TOLD: Mapping[str, str] = {**_METADATA, "etag": "ETag"}
"""pyarrow's names of what an input stream tells."""


class PyArrow(Storage):
    """One client of one ``work_dir``.

    Args:
        filesystem: a ``pyarrow.fs.FileSystem`` whose root is the ``work_dir``.
        place: the connection string that it is made from.
        work_dir: absolute path that begins and ends with ``/``.
        make: makes a directory that is named from the ``work_dir``, where what is written needs it.

    """

    declared = Features(list_modes=ListMode.DIR, directories="native", close_refuses=True)

    def __init__(
        self, filesystem: Any, place: Place, work_dir: str, make: Callable[[str], object] | None = None
    ) -> None:
        self._pyarrow = library("pyarrow.fs", "pyarrow")
        self._fs = filesystem
        self._place = place
        self._work_dir = work_dir
        self._make = make
        self._pairs = left(self.implements, place.without)
        self._file = mode_of_files(self._pairs)
        refuse_all_but(self, self._pairs)

    def close(self) -> None:
        """Refuse every operation from now on; pyarrow's file systems have no end."""
        refuse_everything(self)

    # local operations

    def features(self) -> Features:
        """Return what pyarrow has for all, and what is known of this file system."""
        return declaration(self.declared, self._pairs, self._place)

    def metadata(self) -> StorageMeta:
        """Return the file system and the ``work_dir``; pyarrow tells no limits."""
        return StorageMeta(name=self._place.kind, work_dir=self._work_dir, service=self._place.kind)

    # storager

    def write(
        self,
        path: str,
        r: Reader | None,
        size: int,
        *,
        content_type: str | None = None,
        cache_control: str | None = None,
        content_language: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Store exactly ``size`` bytes of ``r`` under ``path`` (``open_output_stream``)."""
        check_size(size, None)
        told = {"content_type": content_type, "cache_control": cache_control, "content_language": content_language}
        metadata = {_METADATA[name]: value for name, value in told.items() if value is not None}
        data = b"".join(exactly(r, size, io_callback))
        self._into(path, _put, self._fs.open_output_stream, path, data, metadata=metadata or None)
        return size

    def read(
        self,
        path: str,
        w: Writer,
        *,
        offset: int | None = None,
        size: int | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Copy the object, or ``size`` bytes from ``offset``, to ``w`` (``open_input_file``).

        Raises:
            ObjectNotExist: there is no object.
            ObjectModeInvalid: it is a directory.

        """
        span = Span.checked(offset, size)
        return deliver([self._call(_get, self._fs, path, span, translated=errors.sought)], w, io_callback)

    def stat(self, path: str, *, object_mode: ObjectMode | None = None) -> Object:
        """Describe the object or directory (``get_file_info``, and the metadata of an input stream).

        Raises:
            ObjectNotExist: there is none.
            ObjectModeInvalid: it is of another kind than the hint.

        """
        info = self._info(path)
        told: Mapping[str, bytes] = {}
        if info.type == self._pyarrow.FileType.File and "content_type" in self._pairs.get("write", ()):
            told = self._call(_metadata, self._fs, path)
        return fitting(self._described(path, info, told), object_mode)

    def delete(self, path: str, *, object_mode: ObjectMode | None = None) -> None:
        """Remove a file (``delete_file``) or an empty directory (``delete_dir``); what is missing is no error.

        Raises:
            ObjectModeInvalid: it is of another kind than the hint.
            Unexpected: the directory is not empty.

        """
        with suppress(ObjectNotExist):
            if ObjectMode.DIR not in fitting(self._described(path, self._info(path), {}), object_mode).mode:
                self._call(self._fs.delete_file, path)
            elif self._call(self._fs.get_file_info, self._pyarrow.FileSelector(path)):
                raise Unexpected("the directory is not empty, and pyarrow would delete what lies in it")
            else:
                self._call(self._fs.delete_dir, path)

    def list(self, path: str, *, list_mode: ListMode | None = None) -> Iterator[Object]:
        """Iterate over one level of the directory ``path`` (``get_file_info`` of a ``FileSelector``).

        Raises:
            ListModeInvalid: any other mode; pyarrow walks directories and knows no prefixes.
            ObjectModeInvalid: ``path`` is no directory.
            ObjectNotExist: there is no such directory.

        """
        if list_mode is not None and list_mode != ListMode.DIR:
            raise ListModeInvalid(list_mode)
        unwritten = not path and self._work_dir != "/"
        selector = self._call(self._pyarrow.FileSelector, path, allow_not_found=unwritten)
        return (self._described(info.path, info, {}) for info in self._call(self._fs.get_file_info, selector))

    # appender, copier, direr, mover

    def create_append(self, path: str) -> Object:
        """Begin an append object: write an empty one."""
        self._into(path, _put, self._fs.open_output_stream, path, b"")
        return self._object(path, self._file, append_offset=0)

    def write_append(self, o: Object, r: Reader | None, size: int, *, io_callback: IoCallback | None = None) -> int:
        """Add ``size`` bytes (``open_append_stream``)."""
        check_size(size, None)
        self._call(_put, self._fs.open_append_stream, o.path, b"".join(exactly(r, size, io_callback)))
        return size

    def commit_append(self, o: Object) -> None:
        """Do nothing: the object can be read all the time; only look whether it is still there."""
        fitting(self.stat(o.path), ObjectMode.APPEND)

    def copy(self, src: str, dst: str) -> None:
        """Copy one object (``copy_file``)."""
        self._into(dst, self._fs.copy_file, src, dst, source=src)

    def create_dir(self, path: str) -> Object:
        """Create a directory and those above it."""
        self._call(self._fs.create_dir, path, translated=errors.made)
        return self._object(path, ObjectMode.DIR)

    def move(self, src: str, dst: str) -> None:
        """Move one object."""
        self._into(dst, self._fs.move, src, dst, source=src)

    # calls and descriptions

    def _into(
        self, path: str, function: Callable[..., Any], *arguments: Any, source: str | None = None, **parameters: Any
    ) -> None:
        make = self._make
        with_parents(
            lambda: self._call(function, *arguments, **parameters),
            None if make is None else lambda: self._call(make, path.rpartition("/")[0]),
            lambda: source is None or self._is_there(source),
        )

    def _info(self, path: str) -> Any:
        info = self._call(self._fs.get_file_info, path, translated=errors.sought)
        if info.type == self._pyarrow.FileType.NotFound:
            raise ObjectNotExist
        return info

    def _is_there(self, path: str) -> bool:
        return self._call(self._fs.get_file_info, path).type != self._pyarrow.FileType.NotFound

    def _call(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        translated: Callable[[Exception], StorageError] = errors.translated,
        **parameters: Any,
    ) -> Any:
        try:
            return function(*arguments, **parameters)
        except Exception as error:  # noqa: BLE001 - pyarrow's errors are Python's, and some of its own
            failure = translated(error)
        raise failure

    def _object(self, path: str, mode: ObjectMode, **fields: Any) -> Object:
        return Object(path=path, id=self._work_dir + path, mode=mode, **fields)

    def _described(self, path: str, info: Any, told: Mapping[str, bytes]) -> Object:
        types = self._pyarrow.FileType
        if info.type == types.Directory:
            return self._object(path.removesuffix("/"), ObjectMode.DIR, last_modified=info.mtime)
        return self._object(
            path,
            self._file if info.type == types.File else ObjectMode(0),
            content_length=info.size,
            last_modified=info.mtime,
            append_offset=info.size if ObjectMode.APPEND in self._file else None,
            **{name: told[key].decode() for name, key in _TOLD.items() if key in told},
        )


def _put(opener: Callable[..., Any], path: str, data: bytes, **parameters: Any) -> None:
    with opener(path, compression=None, **parameters) as stream:
        stream.write(data)


def _get(fs: Any, path: str, span: Span) -> bytes:
    with fs.open_input_file(path) as file:
        if span.offset:
            file.seek(span.offset)
        return file.read() if span.size is None else file.read(span.size)


def _metadata(fs: Any, path: str) -> Mapping[str, bytes]:
    with fs.open_input_stream(path, compression=None) as stream:
        return stream.metadata() or {}
