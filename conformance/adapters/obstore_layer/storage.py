"""A storage over a store of obstore.

Translations: deleting what is missing is FileNotFoundError of some stores and success for ``delete`` (GSP-46). No bytes
cannot be asked for, so a read of size 0 asks for the head. Conditions on creating are obstore's modes: ``"create"`` for
``if_none_match="*"``, an update of an ETag for ``if_match``. obstore's prefixes are whole segments of paths, so that
there is no listing in mode ``prefix``. Nor are there directories: deleting one does nothing.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from conformance.adapters.handles import left, refuse_all_but, refuse_everything
from conformance.adapters.layers.declaring import declaration, fitting
from conformance.adapters.libraries import library
from conformance.adapters.obstore_layer.errors import attempt
from conformance.adapters.streams import Span, check_size, deliver, exactly
from conformance.storage import (
    Features,
    HTTPRequest,
    ListMode,
    ListModeInvalid,
    Object,
    ObjectMode,
    ObjectNotExist,
    PairUnsupported,
    RestrictionDissatisfied,
    Storage,
    StorageMeta,
    Told,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from conformance.adapters.layers.address import Place
    from conformance.storage import IoCallback, Reader, Writer

_ATTRIBUTES: Mapping[str, str] = {
    "content_type": "Content-Type",
    "content_disposition": "Content-Disposition",
    "cache_control": "Cache-Control",
    "content_encoding": "Content-Encoding",
    "content_language": "Content-Language",
}
"""obstore's names of what is told of an object; any other attribute is user metadata."""
_STORAGE_CLASS = "Storage-Class"
_METHODS: Mapping[str, str] = {"read": "GET", "stat": "HEAD", "write": "PUT", "delete": "DELETE"}


class ObStore(Storage):
    """One client of one ``work_dir``.

    Args:
        store: a store of ``obstore.store``; every path begins with the ``work_dir``.
        place: the connection string that it is made from.
        work_dir: absolute path that begins and ends with ``/``.
        prefix: what stands before the ``work_dir``, with a slash at its end, or ``""``.

    """

    declared = Features(list_modes=ListMode.DIR, name_maximum=None, etag=True, close_refuses=True)

    def __init__(self, store: Any, place: Place, work_dir: str, *, prefix: str = "") -> None:
        self._obstore = library("obstore", "obstore")
        self._store = store
        self._place = place
        self._work_dir = work_dir
        self._root = prefix + work_dir.removeprefix("/")
        self._pairs = left(self.implements, place.without)
        refuse_all_but(self, self._pairs)

    def close(self) -> None:
        """Refuse every operation from now on; obstore's stores have no end."""
        refuse_everything(self)

    # local operations

    def features(self) -> Features:
        """Return what obstore has for all, and what is known of this kind of store."""
        return declaration(self.declared, self._pairs, self._place)

    def metadata(self) -> StorageMeta:
        """Return the kind of store and the ``work_dir``; obstore tells no limits."""
        return StorageMeta(name=self._place.kind, work_dir=self._work_dir, service=self._place.kind)

    # storager

    def write(
        self,
        path: str,
        r: Reader | None,
        size: int,
        *,
        content_type: str | None = None,
        content_disposition: str | None = None,
        user_metadata: Mapping[str, str] | None = None,
        cache_control: str | None = None,
        content_encoding: str | None = None,
        content_language: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> Told:
        """Store exactly ``size`` bytes of ``r`` under ``path`` (``put``); the size returned tells the ETag.

        Raises:
            PairUnsupported: ``if_none_match`` is an ETag, or both conditions are given: obstore has one mode.
            PreconditionFailed: a condition does not hold.

        """
        check_size(size, None)
        if if_none_match not in {None, "*"} or (if_none_match and if_match):
            raise PairUnsupported(["if_match", "if_none_match"] if if_match else ["if_none_match"])
        told = {
            "content_type": content_type,
            "content_disposition": content_disposition,
            "cache_control": cache_control,
            "content_encoding": content_encoding,
            "content_language": content_language,
        }
        attributes = {_ATTRIBUTES[name]: value for name, value in told.items() if value is not None}
        mode = {"e_tag": if_match} if if_match else "create" if if_none_match else None
        answer = self._call(
            "put",
            self._root + path,
            b"".join(exactly(r, size, io_callback)),
            attributes={**(user_metadata or {}), **attributes} or None,
            mode=mode,
        )
        return Told(size, self._object(path, ObjectMode.READ, etag=answer["e_tag"]))

    def read(
        self,
        path: str,
        w: Writer,
        *,
        offset: int | None = None,
        size: int | None = None,
        suffix: int | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        if_modified_since: datetime | None = None,
        if_unmodified_since: datetime | None = None,
        io_callback: IoCallback | None = None,
    ) -> Told:
        """Copy the object, ``size`` bytes from ``offset``, or the last ``suffix`` bytes, to ``w`` (``get``).

        Raises:
            ObjectNotExist: there is no object.
            PreconditionFailed: a condition does not hold.

        """
        span = Span.checked(offset, size, suffix)
        conditions = _conditions(if_match, if_none_match, if_modified_since, if_unmodified_since)
        if 0 in {size, suffix}:
            return Told(0, self._head(path, conditions))
        answer = self._call("get", self._root + path, options=conditions | _range(span))
        told = self._described(path, answer)
        return Told(deliver([bytes(attempt(answer.bytes))], w, io_callback), told)

    def stat(
        self,
        path: str,
        *,
        object_mode: ObjectMode | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        if_modified_since: datetime | None = None,
        if_unmodified_since: datetime | None = None,
    ) -> Object:
        """Describe the object (``get`` of the head, which unlike ``head`` tells the attributes too).

        Raises:
            ObjectNotExist: there is none.
            ObjectModeInvalid: ``object_mode`` is a kind that obstore does not have, and there is an object.
            PreconditionFailed: a condition does not hold.

        """
        conditions = _conditions(if_match, if_none_match, if_modified_since, if_unmodified_since)
        return fitting(self._head(path, conditions), object_mode)

    def delete(self, path: str, *, object_mode: ObjectMode | None = None) -> None:
        """Delete the object; what is missing is no error, and of directories there are none that could be deleted.

        Raises:
            ObjectModeInvalid: ``object_mode`` is another kind that obstore does not have, and there is an object.

        """
        if object_mode is not None and ObjectMode.DIR in object_mode:
            return
        with suppress(ObjectNotExist):
            if object_mode is not None:
                self.stat(path, object_mode=object_mode)
            self._call("delete", self._root + path)

    def delete_many(self, paths: Iterable[str]) -> None:
        """Delete several objects (``delete`` of a list)."""
        self._call("delete", [self._root + path for path in paths])

    def list(self, path: str, *, list_mode: ListMode | None = None) -> Iterator[Object]:
        """Iterate over one level of the directory ``path`` (``list_with_delimiter``).

        Raises:
            ListModeInvalid: any other mode.

        """
        if list_mode is not None and list_mode != ListMode.DIR:
            raise ListModeInvalid(list_mode)
        answer = self._call("list_with_delimiter", (self._root + path).removesuffix("/") or None)
        below = (self._object(self._path(name), ObjectMode.DIR) for name in answer["common_prefixes"])
        return iter([*below, *(self._listed(entry) for entry in answer["objects"])])

    # copier, mover, reacher

    def copy(self, src: str, dst: str, *, if_none_match: str | None = None) -> None:
        """Copy one object; ``if_none_match="*"`` is ``overwrite=False``."""
        self._transfer("copy", src, dst, if_none_match)

    def move(self, src: str, dst: str, *, if_none_match: str | None = None) -> None:
        """Rename one object; ``if_none_match="*"`` is ``overwrite=False``."""
        self._transfer("rename", src, dst, if_none_match)

    def reach(self, path: str, *, verb: str = "read", size: int | None = None, expire: float = 3600) -> HTTPRequest:
        """Sign a request (``sign``), which does not sign the size of a write.

        Raises:
            RestrictionDissatisfied: there is no such verb.

        """
        check_size(size or 0, None)
        method = _METHODS.get(verb)
        if method is None:
            raise RestrictionDissatisfied(f"{verb} is not signed")
        return HTTPRequest(method, self._call("sign", method, self._root + path, timedelta(seconds=expire)))

    # calls and descriptions

    def _call(self, name: str, *arguments: Any, **parameters: Any) -> Any:
        return attempt(getattr(self._obstore, name), self._store, *arguments, **parameters)

    def _head(self, path: str, conditions: Mapping[str, Any]) -> Object:
        return self._described(path, self._call("get", self._root + path, options={**conditions, "head": True}))

    def _transfer(self, name: str, src: str, dst: str, if_none_match: str | None) -> None:
        if if_none_match not in {None, "*"}:
            raise PairUnsupported(["if_none_match"])
        self._call(name, self._root + src, self._root + dst, overwrite=if_none_match is None)

    def _path(self, name: str) -> str:
        return name.removeprefix(self._root)

    def _object(self, path: str, mode: ObjectMode, **fields: Any) -> Object:
        return Object(path=path, id=self._work_dir + path, mode=mode, **fields)

    def _listed(self, entry: Mapping[str, Any], **attributes: Any) -> Object:
        return self._object(
            self._path(entry["path"]),
            ObjectMode.READ,
            content_length=entry["size"],
            etag=entry["e_tag"],
            last_modified=entry["last_modified"],
            **attributes,
        )

    def _described(self, path: str, answer: Any) -> Object:
        told: Mapping[str, str] = dict(answer.attributes)
        known = {*_ATTRIBUTES.values(), _STORAGE_CLASS}
        return self._object(
            path,
            ObjectMode.READ,
            content_length=answer.meta["size"],
            etag=answer.meta["e_tag"],
            last_modified=answer.meta["last_modified"],
            user_metadata={name: value for name, value in told.items() if name not in known},
            **{name: told.get(attribute) for name, attribute in _ATTRIBUTES.items()},
        )


def _range(span: Span) -> dict[str, Any]:
    if span.suffix is not None:
        return {"range": {"suffix": span.suffix}}
    if span.size is not None:
        return {"range": (span.offset, span.offset + span.size)}
    return {"range": {"offset": span.offset}} if span.offset else {}


def _conditions(
    if_match: str | None,
    if_none_match: str | None,
    if_modified_since: datetime | None,
    if_unmodified_since: datetime | None,
) -> dict[str, Any]:
    given = {
        "if_match": if_match,
        "if_none_match": if_none_match,
        "if_modified_since": if_modified_since and if_modified_since.astimezone(),
        "if_unmodified_since": if_unmodified_since and if_unmodified_since.astimezone(),
    }
    return {name: value for name, value in given.items() if value is not None}
