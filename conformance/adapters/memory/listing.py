"""The memory storage's listings: one level, a prefix, uploads, block objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from conformance.adapters.listing import Entry, Listing, first, page_of
from conformance.adapters.memory.client import MemoryClient
from conformance.adapters.memory.tree import Directory, Names
from conformance.storage import ListMode, ListModeInvalid, Object, ObjectMode, ObjectModeInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator

Found = dict[str, tuple[Names, Callable[[str], Object]]]
"""By the name that orders the listing: where the object is, and how it is described under a path."""


class MemoryListing(MemoryClient):
    """``list`` in its four modes."""

    def list(
        self,
        path: str,
        *,
        list_mode: ListMode | None = None,
        continuation_token: str | None = None,
        start_after: str | None = None,
        page_size: int | None = None,
    ) -> Iterator[Object]:
        """Iterate over children, or over the files and links, uploads or block objects of a prefix (GSP-654).

        Every mode takes ``start_after``, any text, and ``page_size``, of which more than 1000 are as 1000. The order
        is that of whole paths, and of ids where uploads are listed.

        Raises:
            ListModeInvalid: a combination of modes.
            ObjectModeInvalid: ``path`` is no directory, in mode ``dir``; a missing one is empty.
            RestrictionDissatisfied: ``page_size`` is below 1.

        """
        count = page_of(page_size)
        match list_mode:
            case None | ListMode.DIR:
                find = self._children(path)
            case ListMode.PREFIX:
                find = self._prefix(path)
            case ListMode.PART:
                find = self._uploads(path)
            case ListMode.BLOCK:
                find = self._block_objects(path)
            case _:
                raise ListModeInvalid(list_mode)
        begin = "" if start_after is None else self._paths.prefix(start_after)

        def page(after: str) -> list[Entry]:
            with self._lock:
                found = {name: entry for name, entry in find().items() if self._paths.id(entry[0]) > begin}
                chosen = [(name, *found[name]) for name in first(found, after, count)]
                return [(name, describe(self._paths.path(names, path))) for name, names, describe in chosen]

        return Listing(page, continuation_token)

    def _children(self, path: str) -> Callable[[], Found]:
        above = self._paths.key(path).names
        with self._lock:
            node = self._tree.find(above)
            if node is not None and not isinstance(node, Directory):
                raise ObjectModeInvalid(expected=ObjectMode.DIR, actual=self._tree.mode(node))

        def find() -> Found:
            directory = self._tree.find(above)
            children = directory.children if isinstance(directory, Directory) else {}
            return {
                name: ((*above, name), lambda path, node=node: self._describe(path, node))
                for name, node in children.items()
            }

        return find

    def _prefix(self, path: str) -> Callable[[], Found]:
        prefix = self._paths.prefix(path)
        directory = tuple(prefix.split("/")[1:-1])

        def find() -> Found:
            return {
                name: (names, lambda path, node=node: self._describe(path, node))
                for names, node in self._tree.walk(directory)
                if (name := self._paths.id(names)).startswith(prefix)
            }

        return find

    def _uploads(self, path: str) -> Callable[[], Found]:
        prefix = self._paths.prefix(path)

        def find() -> Found:
            return {
                multipart_id: (upload.names, lambda path, of=multipart_id: self._describe_upload(path, of))
                for multipart_id, upload in self._service.uploads.items()
                if self._paths.id(upload.names).startswith(prefix)
            }

        return find

    def _block_objects(self, path: str) -> Callable[[], Found]:
        prefix = self._paths.prefix(path)

        def find() -> Found:
            return {
                name: (names, self._describe_block)
                for names in self._service.blocks
                if (name := self._paths.id(names)).startswith(prefix)
            }

        return find
