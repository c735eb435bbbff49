"""The smallest correct storage, for what the larger ones cannot show: flat names, loose arguments, backslashes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

from conformance.adapters.paths import Paths
from conformance.adapters.streams import check_size, deliver, exactly
from conformance.storage import (
    Features,
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

Entry = tuple[bytes, datetime]


class Flat(Storage):
    """Objects in one dictionary, without directories; optional arguments that it does not know are ignored."""

    declared = Features(
        list_modes=ListMode.DIR | ListMode.PREFIX,
        directories="none",
        backslash_separates=True,
        loose_pairs=True,
    )

    def __init__(self, data: dict[str, Entry], work_dir: str) -> None:
        self._data = data
        self._paths = Paths(work_dir, self.declared)

    def metadata(self) -> StorageMeta:
        return StorageMeta(name="flat", work_dir=self._paths.work_dir)

    def delete(self, path: str, *, object_mode: ObjectMode | None = None) -> None:
        if object_mode is None or ObjectMode.DIR not in object_mode:
            self._data.pop(self._key(path), None)

    def list(self, path: str, *, list_mode: ListMode | None = None) -> Iterator[Object]:
        if list_mode not in {None, ListMode.DIR, ListMode.PREFIX}:
            raise ListModeInvalid(list_mode or ListMode(0))
        path = path.replace("\\", "/")
        base = self._paths.work_dir
        if list_mode == ListMode.PREFIX:
            return iter([self._object(key) for key in sorted(self._data) if key.startswith(base + path)])
        base += path.removesuffix("/") + "/" if path else ""
        found: dict[str, Object] = {}
        for key in sorted(self._data):
            name, slash, _ = key.removeprefix(base).partition("/")
            if key.startswith(base):
                at = base + name
                found[name + slash] = (
                    Object(path=self._path(at), id=at, mode=ObjectMode.DIR) if slash else self._object(key)
                )
        return iter(found.values())

    def read(self, path: str, w: Writer, *, offset: int | None = None, size: int | None = None) -> int:
        start = offset or 0
        check_size(start, None, "offset")
        check_size(size or 0, None)
        data, _ = self._entry(path)
        return deliver([data[start:] if size is None else data[start : start + size]], w)

    def stat(self, path: str, *, object_mode: ObjectMode | None = None) -> Object:
        self._entry(path)
        if object_mode is not None and object_mode != ObjectMode.READ:
            raise ObjectModeInvalid(expected=object_mode, actual=ObjectMode.READ)
        return self._object(self._key(path), path)

    def write(self, path: str, r: Reader | None, size: int) -> int:
        if path.endswith("/") or not path:
            raise Unexpected(f"{path!r} names no object")
        key = self._key(path)
        check_size(size, None)
        self._data[key] = (b"".join(exactly(r, size)), datetime.now(UTC))
        return size

    def _key(self, path: str) -> str:
        names, directory = self._paths.key(path.replace("\\", "/"))
        return self._paths.id(names) + "/" * directory

    def _path(self, key: str) -> str:
        return key.removeprefix(self._paths.work_dir)

    def _entry(self, path: str) -> Entry:
        found = self._data.get(self._key(path))
        if found is None:
            raise ObjectNotExist
        return found

    def _object(self, key: str, path: str | None = None) -> Object:
        data, written = self._data[key]
        return Object(
            path=self._path(key) if path is None else path,
            id=key,
            mode=ObjectMode.READ,
            content_length=len(data),
            etag=f'"{hashlib.sha256(data).hexdigest()[:32]}"',
            last_modified=written,
        )


def opener():
    """Return the opener of a new storage of this kind."""
    data: dict[str, Entry] = {}
    return lambda work_dir: Flat(data, work_dir)
