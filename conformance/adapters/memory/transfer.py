"""The memory storage's copies, moves, directories, links and downloads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.adapters.conditions import Conditions
from conformance.adapters.memory.client import RESTRICTIONS, MemoryClient
from conformance.adapters.memory.tree import Directory, File, Headers, Link, Names
from conformance.adapters.streams import check_size, download
from conformance.storage import Object, ObjectMode, ObjectModeInvalid, ObjectNotExist

if TYPE_CHECKING:
    from collections.abc import Mapping


class MemoryTransfer(MemoryClient):
    """Copier, direr, fetcher, linker and mover."""

    def copy(
        self,
        src: str,
        dst: str,
        *,
        content_type: str | None = None,
        content_disposition: str | None = None,
        user_metadata: Mapping[str, str] | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        if_source_match: str | None = None,
        if_source_none_match: str | None = None,
    ) -> Object:
        """Copy one file with its metadata, or with those given in place of them all, or a link as a link.

        Raises:
            ObjectNotExist: there is no ``src``, whatever the conditions.
            RestrictionDissatisfied: ``src`` is above the maximum.
            ObjectModeInvalid: ``src`` is a directory, ``dst`` cannot take a file, or metadata are given for a link.
            PreconditionFailed: a condition does not hold, ``if_match`` also where there is no ``dst``.

        """
        conditions = Conditions(if_match=if_match, if_none_match=if_none_match)
        given = (content_type, content_disposition, user_metadata) != (None, None, None)
        with self._lock:
            source, node, target = self._transfer(src, dst, RESTRICTIONS.copy_size_maximum)
            self._demand(source, Conditions(if_match=if_source_match, if_none_match=if_source_none_match))
            self._demand(target, conditions)
            if given:
                if isinstance(node, Link):
                    raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.LINK)
                headers = Headers.given(
                    content_type=content_type, content_disposition=content_disposition, user_metadata=user_metadata
                )
                node = replace(node, headers=headers)
            return self._put_again(node, target, dst)

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

    def move(self, src: str, dst: str, *, if_match: str | None = None, if_none_match: str | None = None) -> Object:
        """Move one file or link with its metadata.

        Raises:
            ObjectNotExist: there is no ``src``, whatever the conditions.
            RestrictionDissatisfied: ``src`` is above the maximum.
            ObjectModeInvalid: ``src`` is a directory, or ``dst`` cannot take a file.
            PreconditionFailed: a condition does not hold, ``if_match`` also where there is no ``dst``.

        """
        with self._lock:
            source, node, target = self._transfer(src, dst, RESTRICTIONS.move_size_maximum)
            self._demand(target, Conditions(if_match=if_match, if_none_match=if_none_match))
            moved = self._put_again(node, target, dst)
            if source != target:
                self._tree.remove(source)
            return moved

    def _transfer(self, src: str, dst: str, maximum: int | None) -> tuple[Names, File | Link, Names]:
        source = self._paths.key(src)
        node = self._find(source)
        if node is None:
            raise ObjectNotExist
        if isinstance(node, Directory):
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
        if isinstance(node, File):
            check_size(len(node.data), maximum)
        return source.names, node, self._place(dst)

    def _put_again(self, node: File | Link, target: Names, path: str) -> Object:
        """Put ``node`` under ``target`` as an object of now."""
        again = replace(node, modified=self._tree.now())
        self._tree.put(target, again)
        return self._describe(path, again)
