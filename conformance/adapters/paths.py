"""The paths of one client, translated to the names of its service and back (GSP-749)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from conformance.adapters.streams import refuse
from conformance.storage import ConnectionStringInvalid, RestrictionDissatisfied, Unexpected

if TYPE_CHECKING:
    from conformance.storage import Features


class Key(NamedTuple):
    """Where a path leads: the names from the root of the service, and whether only a directory can be meant."""

    names: tuple[str, ...]
    directory: bool = False


class Paths:
    """Reads paths against a ``work_dir`` and writes names back in the caller's own style.

    Nothing is normalised, so that two spellings never merge silently: a path with an empty, ``.`` or ``..`` segment,
    or one that is not valid Unicode, is refused. A trailing slash says that a directory is meant.

    Args:
        work_dir: absolute, ``/``-separated; ``/w`` and ``/w/`` are the same.
        features: the limits (bytes of UTF-8) and whether a leading ``/`` means the root of the service.

    Raises:
        ConnectionStringInvalid: ``work_dir`` is not absolute or holds a segment that is refused (GSP-90).

    """

    def __init__(self, work_dir: str, features: Features) -> None:
        self._features = features
        inner = work_dir[1:].removesuffix("/")
        names = tuple(inner.split("/")) if inner else ()
        if not work_dir.startswith("/") or not {"", ".", ".."}.isdisjoint(names) or "\0" in work_dir:
            raise ConnectionStringInvalid(f"work_dir {work_dir!r} is not an absolute path")
        self.work_names = names
        self.work_dir = "/".join(("", *names, ""))

    def key(self, path: str) -> Key:
        """Return where ``path`` leads.

        Raises:
            RestrictionDissatisfied: a segment or the path is longer than declared.
            Unexpected: the path can name nothing here: a relative segment, an absolute path where those are not
                supported, or text that is not Unicode.

        """
        self._check_length(path, self._features.path_maximum)
        absolute = path.startswith("/")
        if absolute and not self._features.absolute_paths:
            raise Unexpected("absolute paths are refused")
        inner = path[absolute:]
        directory = not inner or inner.endswith("/")
        inner = inner.removesuffix("/")
        names = tuple(inner.split("/")) if inner else ()
        for name in names:
            self._check_length(name, self._features.name_maximum)
            if name in {"", ".", ".."}:
                raise Unexpected(f"a segment {name!r} is refused in {path!r}")
        if not names and path not in {"", "/"}:
            raise Unexpected(f"an empty segment is refused in {path!r}")
        return Key(names if absolute else self.work_names + names, directory)

    def path(self, names: tuple[str, ...], like: str = "") -> str:
        """Return the path of ``names``: absolute when ``like`` is or when they are not below ``work_dir``."""
        depth = len(self.work_names)
        if like.startswith("/") or names[:depth] != self.work_names:
            return self.id(names)
        return "/".join(names[depth:])

    def prefix(self, path: str) -> str:
        """Return ``path`` as the beginning of an identity; any text will do, as it names nothing (GSP-654)."""
        return path if path.startswith("/") and self._features.absolute_paths else self.work_dir + path

    @staticmethod
    def id(names: tuple[str, ...]) -> str:
        """Return the identity that every client agrees on: the absolute path."""
        return "/" + "/".join(names)

    @staticmethod
    def _check_length(text: str, maximum: int | None) -> None:
        try:
            length = len(text.encode())
        except UnicodeEncodeError:
            refuse(Unexpected(f"{text!r} is not valid Unicode"))
        if maximum is not None and length > maximum:
            raise RestrictionDissatisfied(f"{length} bytes of name, the maximum is {maximum}")
