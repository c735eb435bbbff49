"""The reference storage: in memory, with every interface, and right in everything that the specification says.

Its side of the open points: directories are native, parents are made, a link is an object that only ``read`` follows,
each append is readable at once, an upload or a block object stays apart from the object at its path until it is
completed, and a failed operation changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from threading import RLock
from types import MappingProxyType
from typing import TYPE_CHECKING

from conformance.adapters.listing import Entry, Listing, first
from conformance.adapters.memory_tree import NO_HEADERS, Directory, File, Headers, Link, Names, Node, Tree
from conformance.adapters.paths import Key, Paths
from conformance.adapters.streams import CHUNK, check_size, content_md5, deliver, download, exactly, verified
from conformance.storage import (
    Block,
    Features,
    IoCallback,
    ListMode,
    ListModeInvalid,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    Part,
    Reader,
    RestrictionDissatisfied,
    Restrictions,
    Storage,
    StorageMeta,
    Unexpected,
    Writer,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

RESTRICTIONS = Restrictions(
    write_size_maximum=64 * 1024 * 1024,
    fetch_size_maximum=64 * 1024 * 1024,
    append_number_maximum=10_000,
    append_size_maximum=1024 * 1024,
    append_total_size_maximum=64 * 1024 * 1024,
    multipart_number_maximum=10_000,
    multipart_size_maximum=1024 * 1024,
    multipart_size_minimum=16,
)


@dataclass(slots=True)
class Upload:
    """A multipart upload: known by its path *and* its id, invisible as an object until completed."""

    names: Names
    headers: Headers
    parts: dict[int, bytes] = field(default_factory=dict[int, bytes])


class MemoryService:
    """The data that every client opened from it shares; its :meth:`open` is the opener to register."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.tree = Tree()
        self.uploads: dict[str, Upload] = {}
        self.blocks: dict[Names, dict[str, bytes]] = {}
        self._uploads_begun = 0

    def open(self, work_dir: str) -> Memory:
        """Return a client of these data at ``work_dir``."""
        return Memory(self, work_dir)

    def next_upload_id(self) -> str:
        """Return an id that no upload ever had; ids grow in the order of their uploads."""
        self._uploads_begun += 1
        return f"upload-{self._uploads_begun:012}"


class Memory(Storage):
    """One client of a :class:`MemoryService`, safe to use from several threads."""

    declared = Features(
        list_modes=ListMode.DIR | ListMode.PREFIX | ListMode.PART | ListMode.BLOCK,
        directories="native",
        absolute_paths=True,
        part_minimum_enforced=True,
        etag=True,
    )

    def __init__(self, service: MemoryService, work_dir: str) -> None:
        self._service = service
        self._lock = service.lock
        self._tree = service.tree
        self._paths = Paths(work_dir, self.declared)

    def metadata(self) -> StorageMeta:
        """Return name, ``work_dir`` and the limits that are enforced (GSP-97)."""
        return StorageMeta(name="memory", service="memory", work_dir=self._paths.work_dir, restrictions=RESTRICTIONS)

    def create(self, path: str, *, object_mode: ObjectMode | None = None, multipart_id: str | None = None) -> Object:
        """Return a handle with the ``id`` that the object has or would have (GSP-93, GSP-749)."""
        handle = super().create(path, object_mode=object_mode, multipart_id=multipart_id)
        return replace(handle, id=self._id(path))

    # storager

    def delete(self, path: str, *, object_mode: ObjectMode | None = None, multipart_id: str | None = None) -> None:
        """Remove one object, an upload by its id, or a block object by its mode; a missing one is no error (GSP-46).

        Raises:
            ObjectModeInvalid: the ``work_dir`` itself, or an object of another kind than the hint.
            Unexpected: the directory is not empty.

        """
        key = self._paths.key(path)
        with self._lock:
            if multipart_id is not None:
                if self._has_upload(key, multipart_id):
                    del self._service.uploads[multipart_id]
            elif object_mode == ObjectMode.BLOCK:
                self._service.blocks.pop(key.names, None)
            else:
                if key.names == self._paths.work_names:
                    raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
                node = self._find(key)
                if node is not None:
                    self._check_hint(node, object_mode)
                    self._tree.remove(key.names)

    def list(
        self, path: str, *, list_mode: ListMode | None = None, continuation_token: str | None = None
    ) -> Iterator[Object]:
        """Iterate over children, or over the files and links, uploads or block objects of a prefix (GSP-654).

        Raises:
            ListModeInvalid: a combination of modes.
            ObjectModeInvalid: ``path`` is no directory, in mode ``dir``; a missing one is empty.

        """
        match list_mode:
            case None | ListMode.DIR:
                page = self._page_of_children(path)
            case ListMode.PREFIX:
                page = self._page_of_prefix(path)
            case ListMode.PART:
                page = self._page_of_uploads(path)
            case ListMode.BLOCK:
                page = self._page_of_blocks(path)
            case _:
                raise ListModeInvalid(list_mode)
        return Listing(page, continuation_token)

    def read(
        self,
        path: str,
        w: Writer,
        *,
        offset: int | None = None,
        size: int | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Copy a file, or the target of a link, to ``w``; a range past the end has as many bytes as there are.

        Raises:
            ObjectNotExist: nothing is there, or the link leads nowhere.
            ObjectModeInvalid: it is a directory.
            Unexpected: a negative range, or a writer that fails.

        """
        start = offset or 0
        check_size(start, None, "offset")
        check_size(size or 0, None)
        key = self._paths.key(path)
        with self._lock:
            node = self._find(key)
            file = self._tree.resolve(node.target) if isinstance(node, Link) else node
        if file is None:
            raise ObjectNotExist
        if isinstance(file, Directory):
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
        wanted = file.data[start:] if size is None else file.data[start : start + size]
        return deliver((wanted[at : at + CHUNK] for at in range(0, len(wanted), CHUNK)), w, io_callback)

    def stat(self, path: str, *, object_mode: ObjectMode | None = None, multipart_id: str | None = None) -> Object:
        """Describe an object, a link not followed; an upload by its id, a block object by its mode (GSP-93).

        Raises:
            ObjectNotExist: nothing is there.
            ObjectModeInvalid: it is of another kind than the hint.

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
        io_callback: IoCallback | None = None,
    ) -> int:
        """Replace what is under ``path`` by exactly ``size`` bytes of ``r``, or change nothing (GSP-134, GSP-751).

        Raises:
            ObjectModeInvalid: a directory is there, or a file is above.
            RestrictionDissatisfied: the size is above the maximum, or ``r`` is ``None`` and ``size`` is not 0.
            Unexpected: the reader fails or ends early, the content differs from ``content_md5``, a negative size.

        """
        names = self._place(path)
        check_size(size, RESTRICTIONS.write_size_maximum)
        data = b"".join(verified(exactly(r, size, io_callback), content_md5))
        self._put(names, data, headers=_headers(content_type, content_disposition, user_metadata))
        return size

    # appender

    def create_append(self, path: str, *, content_type: str | None = None) -> Object:
        """Put an empty append object under ``path``, readable from the beginning (AOS-44)."""
        mode = ObjectMode.READ | ObjectMode.APPEND
        return self._put_and_describe(path, mode, Headers(content_type=content_type))

    def write_append(
        self,
        o: Object,
        r: Reader | None,
        size: int,
        *,
        content_md5: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Add ``size`` bytes at the tail, whichever client appended last (AOS-44).

        Raises:
            ObjectNotExist: the object was deleted since.
            ObjectModeInvalid: it was replaced since by one that does not append.
            RestrictionDissatisfied: the size, the total size or the number of appends is above its maximum.

        """
        names = self._paths.key(o.path).names
        self._grown(names, ObjectMode.APPEND)
        check_size(size, RESTRICTIONS.append_size_maximum)
        data = b"".join(verified(exactly(r, size, io_callback), content_md5))
        with self._lock:
            file = self._grown(names, ObjectMode.APPEND)
            check_size(len(file.data) + size, RESTRICTIONS.append_total_size_maximum, "total size")
            check_size(file.appends + 1, RESTRICTIONS.append_number_maximum, "number of appends")
            self._put(names, file.data + data, file.mode, file.headers, file.appends + 1)
        return size

    def commit_append(self, o: Object) -> None:
        """Do nothing to an append object: every append is readable at once (AOS-44)."""
        self._grown(self._paths.key(o.path).names, ObjectMode.APPEND)

    # blocker

    def create_block(self, path: str) -> Object:
        """Begin a block object without any block; what is at ``path`` stays until it is combined (GSP-134)."""
        names = self._place(path)
        with self._lock:
            self._service.blocks[names] = {}
            return self._describe_block(path)

    def write_block(self, o: Object, r: Reader | None, size: int, bid: str) -> int:
        """Write the block ``bid``, in place of an earlier one of that name.

        Raises:
            ObjectNotExist: the block object was combined or deleted since.

        """
        self._blocks(o)
        check_size(size, RESTRICTIONS.write_size_maximum)
        data = b"".join(exactly(r, size))
        with self._lock:
            self._blocks(o)[bid] = data
        return size

    def combine_block(self, o: Object, bids: Iterable[str]) -> None:
        """Make the object of the blocks named, in that order and as often; the block object ends.

        Raises:
            ObjectNotExist: the block object was combined or deleted since.
            Unexpected: a block was never written; nothing was changed.

        """
        wanted = tuple(bids)
        with self._lock:
            blocks = self._blocks(o)
            unknown = [bid for bid in wanted if bid not in blocks]
            if unknown:
                raise Unexpected(f"no such blocks: {unknown}")
            size = sum(len(blocks[bid]) for bid in wanted)
            check_size(size, RESTRICTIONS.write_size_maximum)
            names = self._paths.key(o.path).names
            self._put(names, b"".join(blocks[bid] for bid in wanted))
            del self._service.blocks[names]

    def list_block(self, o: Object) -> Iterator[Block]:
        """Iterate over the blocks, in the order of their first writing."""
        with self._lock:
            return iter([Block(bid, len(data)) for bid, data in self._blocks(o).items()])

    # copier, direr, fetcher, linker, mover

    def copy(self, src: str, dst: str) -> None:
        """Copy one file with its metadata, or a link as a link.

        Raises:
            ObjectNotExist: there is no ``src``.
            ObjectModeInvalid: ``src`` is a directory, or ``dst`` cannot take a file.

        """
        with self._lock:
            _, node, target = self._transfer(src, dst)
            self._tree.put(target, self._renewed(node))

    def create_dir(self, path: str) -> Object:
        """Make a directory with all above it; an existing one keeps its children (AOS-49, GSP-134).

        Raises:
            ObjectModeInvalid: something else is there or above.

        """
        key = self._paths.key(path)
        with self._lock:
            return self._describe(path, self._tree.make_directory(key.names))

    def fetch(self, path: str, url: str) -> None:
        """Store the whole body that ``url`` serves with its content type, or change nothing."""
        names = self._place(path)
        with download(url, RESTRICTIONS.fetch_size_maximum) as body:
            data = b"".join(body.chunks)
        self._put(names, data, headers=Headers(content_type=body.content_type))

    def create_link(self, path: str, target: str) -> Object:
        """Make a link, in place of any file or link; the target need not exist (GSP-86)."""
        names = self._place(path)
        with self._lock:
            link = Link(self._paths.key(target).names, self._tree.now())
            self._tree.put(names, link)
            return self._describe(path, link)

    def move(self, src: str, dst: str) -> None:
        """Move one file or link with its metadata.

        Raises:
            ObjectNotExist: there is no ``src``.
            ObjectModeInvalid: ``src`` is a directory, or ``dst`` cannot take a file.

        """
        with self._lock:
            source, node, target = self._transfer(src, dst)
            self._tree.put(target, self._renewed(node))
            if source != target:
                self._tree.remove(source)

    # multiparter

    def create_multipart(
        self,
        path: str,
        *,
        content_type: str | None = None,
        content_disposition: str | None = None,
        user_metadata: Mapping[str, str] | None = None,
    ) -> Object:
        """Begin an upload of its own; what is at ``path`` stays until it is completed (AOS-25)."""
        names = self._place(path)
        headers = _headers(content_type, content_disposition, user_metadata)
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
        io_callback: IoCallback | None = None,
    ) -> tuple[int, Part]:
        """Upload one part, in place of an earlier one of that index (AOS-62).

        Raises:
            ObjectNotExist: the upload was completed or aborted, or belongs to another path.
            RestrictionDissatisfied: the index or the size is out of bounds.

        """
        self._upload_of(o)
        number_maximum = RESTRICTIONS.multipart_number_maximum
        if number_maximum is not None and not 0 <= index < number_maximum:
            raise RestrictionDissatisfied(f"part index {index} is not in [0, {number_maximum})")
        check_size(size, RESTRICTIONS.multipart_size_maximum)
        data = b"".join(verified(exactly(r, size, io_callback), content_md5))
        with self._lock:
            self._upload_of(o).parts[index] = data
        return size, _part(index, data)

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        """Make the object of exactly the parts given, by ascending index, in whatever order they come (AOS-62).

        Raises:
            ObjectNotExist: the upload was completed or aborted, or belongs to another path.
            RestrictionDissatisfied: a part that is not the last is below the minimum; the upload stays open.
            Unexpected: no parts, one twice, one never uploaded, or a wrong ETag; the upload stays open.

        """
        chosen = sorted(parts, key=lambda part: part.index)
        with self._lock:
            upload = self._upload_of(o)
            _check_parts(upload, chosen)
            data = b"".join(upload.parts[part.index] for part in chosen)
            self._put(upload.names, data, headers=upload.headers)
            del self._service.uploads[o.multipart_id or ""]

    def list_multipart(self, o: Object) -> Iterator[Part]:
        """Iterate over the parts by ascending index."""
        with self._lock:
            return iter([_part(index, data) for index, data in sorted(self._upload_of(o).parts.items())])

    # pager

    def create_page(self, path: str) -> Object:
        """Put an empty page object under ``path`` (AOS-25)."""
        return self._put_and_describe(path, ObjectMode.READ | ObjectMode.PAGE, NO_HEADERS)

    def write_page(self, o: Object, r: Reader | None, size: int, offset: int) -> int:
        """Write at ``offset``; the object grows as needed, and what was never written reads as zeros."""
        names = self._paths.key(o.path).names
        self._grown(names, ObjectMode.PAGE)
        check_size(size, RESTRICTIONS.write_size_maximum)
        check_size(offset, None, "offset")
        check_size(offset + size, RESTRICTIONS.write_size_maximum, "size with offset")
        data = b"".join(exactly(r, size))
        with self._lock:
            file = self._grown(names, ObjectMode.PAGE)
            if data:
                before = file.data[:offset].ljust(offset, b"\0")
                self._put(names, before + data + file.data[offset + size :], file.mode, file.headers)
        return size

    # the tree as this client sees it

    def _id(self, path: str) -> str:
        return self._paths.id(self._paths.key(path).names)

    def _find(self, key: Key) -> Node | None:
        node = self._tree.find(key.names)
        if node is None and key.names == self._paths.work_names:
            return Directory(self._tree.now())
        return node if isinstance(node, Directory) or not key.directory else None

    def _place(self, path: str) -> Names:
        """Return the names of ``path`` as a place for a file or link, before anything is read or changed."""
        key = self._paths.key(path)
        if key.directory:
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
        with self._lock:
            self._tree.check_place(key.names)
        return key.names

    def _put(
        self,
        names: Names,
        data: bytes,
        mode: ObjectMode = ObjectMode.READ,
        headers: Headers = NO_HEADERS,
        appends: int = 0,
    ) -> File:
        with self._lock:
            file = File(data, self._tree.now(), mode, headers, appends)
            self._tree.put(names, file)
            return file

    def _put_and_describe(self, path: str, mode: ObjectMode, headers: Headers) -> Object:
        with self._lock:
            return self._describe(path, self._put(self._place(path), b"", mode, headers))

    def _grown(self, names: Names, mode: ObjectMode) -> File:
        """Return the append or page object under ``names``, which may have changed since its handle was made."""
        with self._lock:
            node = self._tree.find(names)
            if node is None:
                raise ObjectNotExist
            if not isinstance(node, File) or mode not in node.mode:
                raise ObjectModeInvalid(expected=mode, actual=self._tree.mode(node))
            return node

    def _transfer(self, src: str, dst: str) -> tuple[Names, File | Link, Names]:
        source = self._paths.key(src)
        node = self._find(source)
        if node is None:
            raise ObjectNotExist
        if isinstance(node, Directory):
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
        return source.names, node, self._place(dst)

    def _renewed(self, node: File | Link) -> File | Link:
        now = self._tree.now()
        if isinstance(node, Link):
            return Link(node.target, now)
        return File(node.data, now, node.mode, node.headers, node.appends)

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

    def _upload_of(self, o: Object) -> Upload:
        return self._upload(self._paths.key(o.path), o.multipart_id or "")

    def _blocks(self, o: Object) -> dict[str, bytes]:
        with self._lock:
            blocks = self._service.blocks.get(self._paths.key(o.path).names)
            if blocks is None:
                raise ObjectNotExist("no block object at this path")
            return blocks

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
            content_type=file.headers.content_type,
            content_disposition=file.headers.content_disposition,
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

    # pages of listings

    def _page_of_children(self, path: str) -> Callable[[str], list[Entry]]:
        names = self._paths.key(path).names
        with self._lock:
            node = self._tree.find(names)
            if node is not None and not isinstance(node, Directory):
                raise ObjectModeInvalid(expected=ObjectMode.DIR, actual=self._tree.mode(node))

        def page(after: str) -> list[Entry]:
            with self._lock:
                directory = self._tree.find(names)
                children = directory.children if isinstance(directory, Directory) else {}
                return [
                    (name, self._describe(self._paths.path((*names, name), path), children[name]))
                    for name in first(children, after)
                ]

        return page

    def _page_of_prefix(self, path: str) -> Callable[[str], list[Entry]]:
        prefix = self._paths.prefix(path)
        directory = tuple(prefix.split("/")[1:-1])

        def page(after: str) -> list[Entry]:
            with self._lock:
                found = {self._paths.id(names): (names, node) for names, node in self._tree.walk(directory)}
                chosen = first((name for name in found if name.startswith(prefix)), after)
                return [
                    (name, self._describe(self._paths.path(names, path), node))
                    for name in chosen
                    for names, node in [found[name]]
                ]

        return page

    def _page_of_uploads(self, path: str) -> Callable[[str], list[Entry]]:
        prefix = self._paths.prefix(path)

        def page(after: str) -> list[Entry]:
            with self._lock:
                found = {
                    multipart_id: upload.names
                    for multipart_id, upload in self._service.uploads.items()
                    if self._paths.id(upload.names).startswith(prefix)
                }
                return [
                    (multipart_id, self._describe_upload(self._paths.path(found[multipart_id], path), multipart_id))
                    for multipart_id in first(found, after)
                ]

        return page

    def _page_of_blocks(self, path: str) -> Callable[[str], list[Entry]]:
        prefix = self._paths.prefix(path)

        def page(after: str) -> list[Entry]:
            with self._lock:
                found = {self._paths.id(names): names for names in self._service.blocks}
                return [
                    (name, self._describe_block(self._paths.path(found[name], path)))
                    for name in first((name for name in found if name.startswith(prefix)), after)
                ]

        return page


def _headers(
    content_type: str | None, content_disposition: str | None, user_metadata: Mapping[str, str] | None
) -> Headers:
    return Headers(
        content_type=content_type,
        content_disposition=content_disposition,
        user_metadata=MappingProxyType(dict(user_metadata or {})),
    )


def _part(index: int, data: bytes) -> Part:
    return Part(index, len(data), f'"{content_md5(data)}"')


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


_service = MemoryService()
open_memory = _service.open
"""The opener of the data that this process shares."""
