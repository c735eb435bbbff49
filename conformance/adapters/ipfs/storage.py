"""The mutable file system (MFS) of an IPFS node: directories and files that a node keeps under paths.

A file can be written at any offset, so that every one is a page object; its ETag is the hash of its content (CID).
Directories are native. Nothing is repaired or remembered: what the node says is passed on, be it right or wrong.

Translations: a write asks the node to create the file, its parents, and to truncate, which it does not do by itself
(GSP-134). Deleting what is missing is an error of the node and success here (GSP-46). The node removes a directory only
together with all that is in it: one that it says to be empty is so removed, any other is refused. A copy puts the
content of ``src`` (its hash) under ``dst``. The node copies or moves *into* a ``dst`` that is a directory, and copies
directories, so both are looked at before and refused. Where it says that ``dst`` has an entry already, that is removed
and the request repeated (GSP-134); moving a file to itself ends there. It moves only into a directory that is there,
which is made before. A range behind the end is an error of the node and empty here.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.adapters.handles import refuse_changes, refuse_everything
from conformance.adapters.ipfs.client import NONE, BelowFile, Node, Options, PastEnd, Taken, call, exchange
from conformance.adapters.paths import Key, Paths
from conformance.adapters.streams import check_size, deliver, exactly, refuse
from conformance.storage import (
    Features,
    IoCallback,
    ListMode,
    ListModeInvalid,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    Reader,
    Storage,
    StorageMeta,
    Unexpected,
    Writer,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping
    from typing import Self

_FILE = ObjectMode.READ | ObjectMode.PAGE
_MODES = {"file": _FILE, "directory": ObjectMode.DIR, 0: _FILE, 1: ObjectMode.DIR}
"""What can be done with an entry, by its type in ``files/stat`` and in ``files/ls``."""

_WHOLE: Options = {"create": True, "parents": True, "truncate": True}
_PARENTS: Options = {"parents": True}
_LONG: Options = {"long": True}
_RECURSIVE: Options = {"recursive": True}


class Ipfs(Storage):
    """One client of one ``work_dir`` in the files of a node.

    Args:
        node: the node, and the directory below which ``work_dir`` lies.
        work_dir: absolute path that begins and ends with ``/``.

    """

    declared = Features(list_modes=ListMode.DIR, directories="native", name_maximum=None, etag=True, close_refuses=True)

    def __init__(self, node: Node, work_dir: str = "/") -> None:
        self._node = node
        self._paths = Paths(work_dir, self.declared)

    def close(self) -> None:
        """Refuse every operation from now on; there is nothing to release."""
        refuse_everything(self)

    # local operations

    def metadata(self) -> StorageMeta:
        """Return the node and the ``work_dir``; MFS publishes no limits (GSP-76)."""
        return StorageMeta(name=self._node.server.url, service="ipfs", work_dir=self._paths.work_dir)

    def create(self, path: str, *, object_mode: ObjectMode | None = None, multipart_id: str | None = None) -> Object:
        """Return a handle without a request (GSP-93)."""
        handle = super().create(path, object_mode=object_mode, multipart_id=multipart_id)
        return replace(handle, id=self._paths.id(self._paths.key(path).names))

    def read_only(self) -> Self:
        """Return a client of the same ``work_dir`` that may only read."""
        reader = type(self)(self._node, self._paths.work_dir)
        refuse_changes(reader)
        return reader

    # storager

    def write(self, path: str, r: Reader | None, size: int, *, io_callback: IoCallback | None = None) -> int:
        """Store exactly ``size`` bytes of ``r`` under ``path`` (files/write) and return ``size``.

        Raises:
            ObjectModeInvalid: a directory is there, or a file is above.
            RestrictionDissatisfied: ``r`` is missing.
            Unexpected: ``size`` is negative, or ``r`` ended early or raised; nothing was sent.

        """
        check_size(size, None)
        self._replace(self._place(path), b"".join(exactly(r, size, io_callback)))
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
        """Copy the file, or ``size`` bytes from ``offset``, to ``w`` (files/read); a range behind the end is empty.

        Raises:
            ObjectNotExist: nothing is there, also when ``size`` is 0.
            ObjectModeInvalid: it is a directory.
            Unexpected: a negative range, a writer that fails, or an answer that breaks off.

        """
        check_size(offset or 0, None, "offset")
        check_size(size or 0, None)
        key = self._paths.key(path)
        if key.directory:
            self._file(key)
        span = {name: value for name, value in (("offset", offset), ("count", size)) if value is not None}
        with suppress(PastEnd), exchange(self._node, "files/read", self._mfs(key), options=span) as chunks:
            return deliver(chunks, w, io_callback)
        return 0

    def stat(self, path: str, *, object_mode: ObjectMode | None = None) -> Object:
        """Describe the file or directory (files/stat).

        Raises:
            ObjectNotExist: nothing is there.
            ObjectModeInvalid: it is of another kind than the hint.

        """
        key = self._paths.key(path)
        entry = self._entry(key)
        found = self._described(path, key.names, entry["Type"], entry)
        _check_hint(object_mode, found.mode)
        return found

    def list(self, path: str, *, list_mode: ListMode | None = None) -> Iterator[Object]:
        """Iterate over the children of a directory (files/ls); a missing one has none (GSP-654).

        Raises:
            ListModeInvalid: any other mode than ``dir``.
            ObjectModeInvalid: ``path`` is a file.

        """
        if list_mode not in {None, ListMode.DIR}:
            raise ListModeInvalid(list_mode or ListMode(0))
        key = self._paths.key(path)
        try:
            entries: list[dict[str, Any]] = call(self._node, "files/ls", self._mfs(key), options=_LONG)["Entries"] or []
            # of a file, the node lists the file itself
            if [(e["Name"], _MODES.get(e["Type"])) for e in entries] == [(name, _FILE) for name in key.names[-1:]]:
                self._directory(key)
        except ObjectNotExist:
            return iter(())
        above = path if not path or path.endswith("/") else path + "/"
        return iter(
            [self._described(above + e["Name"], (*key.names, e["Name"]), e["Type"], e) for e in entries],
        )

    def delete(self, path: str, *, object_mode: ObjectMode | None = None) -> None:
        """Remove one file or empty directory (files/rm); what is missing is no error (GSP-46).

        Raises:
            ObjectModeInvalid: the ``work_dir`` itself, or an object of another kind than the hint.
            Unexpected: the directory is not empty.

        """
        key = self._paths.key(path)
        if key.names == self._paths.work_names:
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
        with suppress(ObjectNotExist):
            entry = self._entry(key) if object_mode is not None or key.directory else None
            if entry is None:
                try:
                    call(self._node, "files/rm", self._mfs(key))
                except ObjectModeInvalid:
                    entry = self._entry(key)
            if entry is not None:
                self._remove(key, entry, object_mode)

    # copier, direr, mover, pager

    def copy(self, src: str, dst: str) -> None:
        """Copy one file (files/cp).

        Raises:
            ObjectNotExist: there is no ``src``.
            ObjectModeInvalid: ``src`` is a directory, or ``dst`` cannot take a file.

        """
        content = self._file(self._paths.key(src))["Hash"]
        target = self._mfs(self._free(dst))
        with _placing():
            self._replacing(target, lambda: call(self._node, "files/cp", f"/ipfs/{content}", target, options=_PARENTS))

    def move(self, src: str, dst: str) -> None:
        """Move one file (files/mv).

        Raises:
            ObjectNotExist: there is no ``src``.
            ObjectModeInvalid: ``src`` is a directory, or ``dst`` cannot take a file.

        """
        key = self._paths.key(src)
        self._file(key)
        place = self._free(dst)
        source, target = self._mfs(key), self._mfs(place)
        with _placing():
            call(self._node, "files/mkdir", target.rpartition("/")[0] or "/", options=_PARENTS)
            if source == target:
                with suppress(Taken):
                    call(self._node, "files/mv", source, target)
            else:
                self._replacing(target, lambda: call(self._node, "files/mv", source, target))

    def create_dir(self, path: str) -> Object:
        """Make a directory with all above it (files/mkdir); an existing one keeps its children (AOS-49, GSP-134).

        Raises:
            ObjectModeInvalid: a file is there or above.

        """
        key = self._paths.key(path)
        with _placing():
            call(self._node, "files/mkdir", self._mfs(key), options=_PARENTS)
        return Object(path=path, id=self._paths.id(key.names), mode=ObjectMode.DIR)

    def create_page(self, path: str) -> Object:
        """Put an empty file under ``path`` (AOS-25)."""
        key = self._place(path)
        self._replace(key, b"")
        return Object(path=path, id=self._paths.id(key.names), mode=_FILE, content_length=0)

    def write_page(self, o: Object, r: Reader | None, size: int, offset: int) -> int:
        """Write ``size`` bytes at ``offset``; the file grows as needed, what was never written reads as zeros.

        Raises:
            ObjectNotExist: there is no file any more.
            ObjectModeInvalid: a directory has taken its place.

        """
        check_size(size, None)
        check_size(offset, None, "offset")
        key = self._place(o.path)
        call(self._node, "files/write", self._mfs(key), options={"offset": offset}, body=b"".join(exactly(r, size)))
        return size

    # requests

    def _mfs(self, key: Key) -> str:
        return "/" + "/".join((*self._node.prefix, *key.names))

    def _entry(self, key: Key) -> dict[str, Any]:
        """Return what files/stat tells; the ``work_dir`` is there before its first object."""
        try:
            entry: dict[str, Any] = call(self._node, "files/stat", self._mfs(key))
        except ObjectNotExist:
            if key.names != self._paths.work_names:
                raise
            return {"Type": "directory", "Blocks": 0}
        if key.directory and entry["Type"] != "directory":
            raise ObjectNotExist(f"it is a {entry['Type']}")
        return entry

    def _file(self, key: Key) -> dict[str, Any]:
        entry = self._entry(key)
        if _MODES.get(entry["Type"]) == ObjectMode.DIR:
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
        return entry

    def _directory(self, key: Key) -> None:
        if _MODES.get(self._entry(key)["Type"]) != ObjectMode.DIR:
            raise ObjectModeInvalid(expected=ObjectMode.DIR, actual=_FILE)

    def _place(self, path: str) -> Key:
        key = self._paths.key(path)
        if key.directory:
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
        return key

    def _free(self, path: str) -> Key:
        """Return where a copy or move leads, which is no directory."""
        key = self._place(path)
        with suppress(ObjectNotExist):
            self._file(key)
        return key

    def _replace(self, key: Key, content: bytes) -> None:
        with _placing():
            call(self._node, "files/write", self._mfs(key), options=_WHOLE, body=content)

    def _remove(self, key: Key, entry: Mapping[str, Any], object_mode: ObjectMode | None) -> None:
        mode = _MODES.get(entry["Type"], ObjectMode(0))
        _check_hint(object_mode, mode)
        if mode == ObjectMode.DIR and entry["Blocks"]:
            raise Unexpected("the directory is not empty")
        call(self._node, "files/rm", self._mfs(key), options=_RECURSIVE if mode == ObjectMode.DIR else NONE)

    def _replacing(self, target: str, request: Callable[[], object]) -> None:
        try:
            request()
        except Taken:
            call(self._node, "files/rm", target)
            request()

    def _described(self, path: str, names: tuple[str, ...], kind: str | int, entry: dict[str, Any]) -> Object:
        mode = _MODES.get(kind, ObjectMode(0))
        file = mode == _FILE
        return Object(
            path=path,
            id=self._paths.id(names),
            mode=mode,
            content_length=entry["Size"] if file else None,
            etag=entry["Hash"] if file else None,
        )


@contextmanager
def _placing() -> Generator[None]:
    """Say of a file that is in the way that a directory is needed there."""
    try:
        yield
    except BelowFile:
        refuse(ObjectModeInvalid(expected=ObjectMode.DIR, actual=_FILE))


def _check_hint(object_mode: ObjectMode | None, actual: ObjectMode) -> None:
    if object_mode is not None and object_mode not in actual:
        raise ObjectModeInvalid(expected=object_mode, actual=actual)
