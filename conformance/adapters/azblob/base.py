"""What every part of the Azure adapter stands on: names, objects, the declaration."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.adapters.azblob.answers import block_name
from conformance.adapters.azblob.client import MIB, WRITE_MAXIMUM, ContainerLocation, WrongBlobType, attempt, client_for
from conformance.adapters.handles import refuse_changes, refuse_everything
from conformance.adapters.streams import refuse
from conformance.storage import (
    Block,
    Features,
    ListMode,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    Restrictions,
    Storage,
    StorageMeta,
    Unexpected,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from typing import Self

NAME_MAXIMUM = 1024
APPENDS_MAXIMUM = 50_000
APPEND_MAXIMUM = 100 * MIB
_RESTRICTIONS = Restrictions(
    write_size_maximum=WRITE_MAXIMUM,
    append_number_maximum=APPENDS_MAXIMUM,
    append_size_maximum=APPEND_MAXIMUM,
    append_total_size_maximum=APPENDS_MAXIMUM * APPEND_MAXIMUM,
)
_NOWHERE = {".", ".."}


class AzBlobBase(Storage):
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
        control_characters=False,
        metadata_exact=False,
        metadata_identifiers=True,
        path_maximum=NAME_MAXIMUM,
        etag=True,
        close_refuses=True,
    )

    def __init__(self, location: ContainerLocation, work_dir: str = "/") -> None:
        self._location = location
        self._work_dir = work_dir
        self._root = (location.prefix.rstrip("/") + "/" if location.prefix else "") + work_dir.removeprefix("/")
        self._container = client_for(location)
        self.may_change = True

    def close(self) -> None:
        """Refuse every operation from now on; the connections are others' too and stay."""
        refuse_everything(self)

    # local operations

    def features(self) -> Features:
        """Return the declaration; a path may be as long as prefix and ``work_dir`` leave of 1024 characters."""
        return replace(super().features(), path_maximum=NAME_MAXIMUM - len(self._root))

    def metadata(self) -> StorageMeta:
        """Return container, ``work_dir`` and the limits that Azure publishes (GSP-76, GSP-97)."""
        return StorageMeta(
            name=self._location.container, work_dir=self._work_dir, service="azblob", restrictions=_RESTRICTIONS
        )

    def read_only(self) -> Self:
        """Return a client of the same ``work_dir`` that may only read, and signs only requests that do."""
        reader = type(self)(self._location, self._work_dir)
        reader.may_change = False
        refuse_changes(reader)
        return reader

    # names, objects, blocks

    def _name(self, path: str) -> str:
        # HTTP clients and servers resolve such segments, as if another blob or container had been named
        if not _NOWHERE.isdisjoint(path.replace("\\", "/").split("/")):
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

    def _blocks(self, path: str) -> tuple[Block, ...]:
        with needs(ObjectMode.BLOCK):
            _, uncommitted = attempt(self._blob(path).get_block_list, "uncommitted")
        return tuple(Block(block_name(block.id), block.size) for block in uncommitted)


@contextmanager
def needs(mode: ObjectMode) -> Generator[None]:
    """Say of a blob that is of another type which kind of object was needed; that it can be read is all we know."""
    try:
        yield
    except WrongBlobType:
        refuse(ObjectModeInvalid(expected=mode, actual=ObjectMode.READ))
