"""What every interface of the memory storage stands on: the data all clients share, and how one client sees them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import TYPE_CHECKING

from conformance.adapters.conditions import UNCONDITIONAL, Conditions
from conformance.adapters.handles import refuse_changes, refuse_everything
from conformance.adapters.memory.tree import NO_HEADERS, Directory, File, Headers, Link, Names, Node, Tree
from conformance.adapters.paths import Key, Paths
from conformance.storage import (
    Features,
    ListMode,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    Restrictions,
    Storage,
    StorageMeta,
)

if TYPE_CHECKING:
    from typing import Self

RESTRICTIONS = Restrictions(
    write_size_maximum=64 * 1024 * 1024,
    copy_size_maximum=6 * 1024 * 1024,
    move_size_maximum=6 * 1024 * 1024,
    fetch_size_maximum=64 * 1024 * 1024,
    append_number_maximum=1000,
    append_size_maximum=1024 * 1024,
    append_total_size_maximum=4 * 1024 * 1024,
    multipart_number_maximum=10_000,
    multipart_size_maximum=1024 * 1024,
    multipart_size_minimum=16,
)


Pieces = dict[int, bytes]
"""What was uploaded to a segment, by index or by offset."""


@dataclass(slots=True)
class Upload:
    """A multipart upload: known by its path *and* its id, invisible as an object until completed."""

    names: Names
    headers: Headers
    parts: dict[int, bytes] = field(default_factory=dict[int, bytes])


class MemoryData:
    """The data of one service, which its clients share, and the lock that each operation holds while it looks."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.tree = Tree()
        self.uploads: dict[str, Upload] = {}
        self.blocks: dict[Names, dict[str, bytes]] = {}
        self.segments: dict[tuple[Names, str], Pieces] = {}
        self._uploads_begun = 0
        self._segments_begun = Counter[Names]()

    def next_upload_id(self) -> str:
        """Return an id that no upload ever had; ids grow in the order of their uploads."""
        self._uploads_begun += 1
        return f"upload-{self._uploads_begun:012}"

    def next_segment_id(self, names: Names) -> str:
        """Return an id that no segment of this path ever had; those of other paths have it too."""
        self._segments_begun[names] += 1
        return f"segment-{self._segments_begun[names]}"


class MemoryClient(Storage):
    """One client: its local operations, and the tree as it sees it. Each interface extends it in a file of its own."""

    declared = Features(
        list_modes=ListMode.DIR | ListMode.PREFIX | ListMode.PART | ListMode.BLOCK,
        directories="native",
        absolute_paths=True,
        part_minimum_enforced=True,
        etag=True,
        close_refuses=True,
    )

    def __init__(self, service: MemoryData, work_dir: str) -> None:
        self._service = service
        self._lock = service.lock
        self._tree = service.tree
        self._paths = Paths(work_dir, self.declared)

    def close(self) -> None:
        """Refuse every operation from now on; closing again changes nothing."""
        refuse_everything(self)

    # local operations

    def metadata(self) -> StorageMeta:
        """Return name, ``work_dir`` and the limits that are enforced (GSP-97)."""
        return StorageMeta(name="memory", service="memory", work_dir=self._paths.work_dir, restrictions=RESTRICTIONS)

    def create(self, path: str, *, object_mode: ObjectMode | None = None, multipart_id: str | None = None) -> Object:
        """Return a handle with the ``id`` that the object has or would have (GSP-93, GSP-749)."""
        handle = super().create(path, object_mode=object_mode, multipart_id=multipart_id)
        return replace(handle, id=self._id(path))

    def read_only(self) -> Self:
        """Return a client of the same ``work_dir`` that may only read."""
        reader = type(self)(self._service, self._paths.work_dir)
        refuse_changes(reader)
        return reader

    # the tree as this client sees it

    def _id(self, path: str) -> str:
        return self._paths.id(self._paths.key(path).names)

    def _find(self, key: Key) -> Node | None:
        node = self._tree.find(key.names)
        if node is None and key.names == self._paths.work_names:
            return Directory(self._tree.now())
        return node if isinstance(node, Directory) or not key.directory else None

    def _file(self, path: str) -> tuple[File, Object]:
        """Return the file at ``path``, or at the end of its links, and what is told of ``path``.

        Raises:
            ObjectNotExist: nothing is there, or the link leads nowhere.
            ObjectModeInvalid: it is a directory.

        """
        with self._lock:
            node = self._find(self._paths.key(path))
            file = self._tree.resolve(node.target) if isinstance(node, Link) else node
            if node is None or file is None:
                raise ObjectNotExist
            if isinstance(file, Directory):
                raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
            return file, self._describe(path, node)

    def _place(self, path: str, conditions: Conditions = UNCONDITIONAL) -> Names:
        """Return the names of ``path`` as a place for a file or link, before anything is read or changed.

        Raises:
            ObjectModeInvalid: a directory is there, or a file is above.
            PreconditionFailed: the conditions do not hold of what is there.

        """
        key = self._paths.key(path)
        if key.directory:
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
        with self._lock:
            self._tree.check_place(key.names)
            self._demand(key.names, conditions)
        return key.names

    def _demand(self, names: Names, conditions: Conditions) -> None:
        """Compare the conditions with what is under ``names``; a caller that goes on to change it holds the lock."""
        with self._lock:
            node = self._tree.find(names)
            conditions.check(None if node is None else self._describe(self._paths.id(names), node))

    def _put(
        self,
        names: Names,
        data: bytes,
        mode: ObjectMode = ObjectMode.READ,
        headers: Headers = NO_HEADERS,
        *,
        appends: int = 0,
        conditions: Conditions = UNCONDITIONAL,
    ) -> File:
        with self._lock:
            self._demand(names, conditions)
            file = File(data, self._tree.now(), mode, headers, appends)
            self._tree.put(names, file)
            return file

    def _put_and_describe(self, path: str, mode: ObjectMode, headers: Headers, conditions: Conditions) -> Object:
        with self._lock:
            return self._describe(path, self._put(self._place(path, conditions), b"", mode, headers))

    def _check_hint(self, node: Node, object_mode: ObjectMode | None) -> None:
        actual = self._tree.mode(node)
        if object_mode is not None and object_mode not in actual:
            raise ObjectModeInvalid(expected=object_mode, actual=actual)

    def _has_upload(self, key: Key, multipart_id: str) -> bool:
        upload = self._service.uploads.get(multipart_id)
        return upload is not None and upload.names == key.names and not key.directory

    def _upload(self, key: Key, multipart_id: str) -> Upload:
        with self._lock:
            if not self._has_upload(key, multipart_id):
                raise ObjectNotExist(f"no upload {multipart_id!r} of this path")
            return self._service.uploads[multipart_id]

    # descriptions

    def _describe(self, path: str, node: Node) -> Object:
        mode = self._tree.mode(node)
        if isinstance(node, Directory):
            return Object(path=path, id=self._id(path), mode=mode, last_modified=node.modified)
        file = node if isinstance(node, File) else self._tree.resolve(node.target)
        target = self._paths.path(node.target) if isinstance(node, Link) else None
        if not isinstance(file, File):
            return Object(path=path, id=self._id(path), mode=mode, last_modified=node.modified, link_target=target)
        return Object(
            path=path,
            id=self._id(path),
            mode=mode,
            content_length=len(file.data),
            content_md5=file.md5,
            content_sha256=file.sha256,
            content_type=file.headers.content_type,
            content_disposition=file.headers.content_disposition,
            content_encoding=file.headers.content_encoding,
            content_language=file.headers.content_language,
            cache_control=file.headers.cache_control,
            etag=f'"{file.md5}"',
            last_modified=node.modified,
            link_target=target,
            append_offset=len(file.data) if ObjectMode.APPEND in mode else None,
            user_metadata=file.headers.user_metadata,
        )

    def _describe_upload(self, path: str, multipart_id: str) -> Object:
        return Object(path=path, id=self._id(path), mode=ObjectMode.PART, multipart_id=multipart_id)

    def _describe_block(self, path: str) -> Object:
        return Object(path=path, id=self._id(path), mode=ObjectMode.BLOCK)
