"""Defects of fetched bodies."""

from __future__ import annotations

import gzip
from typing import Any
from urllib.request import urlopen

from conformance.storage import RestrictionDissatisfied, StorageError, Unexpected, Writer

from .base import Defective, defect

UPSTREAM = "beyondstorage/go-storage: services/"
MEMORY = ("memory",)


@defect(trips=("fetch.any_path", "fetch.content"), on=MEMORY, like=UPSTREAM + "qingstor, fetch")
class FetchIgnoresWorkDir(Defective):
    """What is fetched lies at the root, whatever the work_dir; this client remembers where."""

    def fetch(self, path: str, url: str) -> None:
        aside = "/fetched" + self.metadata().work_dir + path
        super().fetch(aside, url)
        self.__dict__.setdefault("aside", {})[path] = aside

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        return super().read(self.__dict__.get("aside", {}).get(path, path), w, **pairs)


@defect(trips=("fetch.any_path",), needs=("fetch",))
class FetchCutsPathAtQuestionMark(Defective):
    """The path of what is fetched ends at its first question mark or ``#``."""

    def fetch(self, path: str, url: str) -> None:
        super().fetch(path.partition("?")[0].partition("#")[0].partition(";")[0], url)


@defect(trips=("fetch.slow", "fetch.without_length"), needs=("fetch",))
class FetchTakesFirstPiece(Defective):
    """fetch asks once for the body and stores what has come by then."""

    def fetch(self, path: str, url: str) -> None:
        super().fetch(path, url)
        with urlopen(url) as body:
            first = body.read1(1 << 20)
        self.spoil(path, lambda _: first)


@defect(trips=("fetch.empty",), needs=("fetch",))
class EmptyBodyKeepsOldObject(Defective):
    """fetch of an empty body succeeds and leaves what is there."""

    def fetch(self, path: str, url: str) -> None:
        old = self.content(path)
        super().fetch(path, url)
        if old and not self.content(path):
            self.put(path, old)


@defect(trips=("fetch.empty",), needs=("fetch",))
class EmptyBodyMakesNothing(Defective):
    """fetch of an empty body succeeds and makes no object."""

    def fetch(self, path: str, url: str) -> None:
        super().fetch(path, url)
        if self.content(path) == b"":
            self.inner.delete(path)


@defect(trips=("fetch.bad_url",), needs=("fetch",))
class UnreachableUrlStoresNothing(Defective):
    """fetch from where nobody listens succeeds and makes an empty object where there was none."""

    def fetch(self, path: str, url: str) -> None:
        try:
            super().fetch(path, url)
        except StorageError as error:
            if "refused" not in str(error):
                raise
            if self.look(path) is None:
                self.put(path, b"")


@defect(trips=("fetch.bad_url", "fetch.failure_keeps_old"), needs=("fetch",))
class FetchDeletesFirst(Defective):
    """fetch deletes what is there before it asks for the URL."""

    def fetch(self, path: str, url: str) -> None:
        if not self.is_directory(path):
            self.inner.delete(path)
        super().fetch(path, url)


@defect(trips=("fetch.encoded",), needs=("fetch",))
class DecodedBodyCutToLengthTold(Defective):
    """A compressed body is decompressed and cut to the length that was told of it as sent."""

    def fetch(self, path: str, url: str) -> None:
        super().fetch(path, url)
        data = self.content(path) or b""
        if data.startswith(b"\x1f\x8b\x08") and url.find("encoding=gzip") > 0:
            self.spoil(path, lambda sent: gzip.decompress(sent)[: len(sent)])


@defect(trips=("fetch.redirect_circle",), needs=("fetch",))
class RedirectsInACircleStoreNothing(Defective):
    """fetch gives up redirects that do not end, succeeds and makes an empty object."""

    def fetch(self, path: str, url: str) -> None:
        try:
            super().fetch(path, url)
        except StorageError as error:
            if "redirect" not in str(error):
                raise
            self.put(path, b"")


@defect(trips=("fetch.size_maximum",), on=MEMORY)
class FetchMaximumIsUnexpected(Defective):
    """A body above the published maximum is refused as a failure of the connection."""

    def fetch(self, path: str, url: str) -> None:
        try:
            super().fetch(path, url)
        except RestrictionDissatisfied as error:
            raise Unexpected(str(error)) from None


@defect(trips=("fetch.size_maximum",), on=MEMORY)
class FetchMaximumStoresBeginning(Defective):
    """Of a body above the published maximum what has come is stored before it is refused."""

    def fetch(self, path: str, url: str) -> None:
        try:
            super().fetch(path, url)
        except RestrictionDissatisfied:
            self.put(path, b"the beginning")
            raise
