"""Defects of fetch and of signed requests."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from conformance.storage import HTTPRequest, ObjectNotExist, StorageError

from .base import METADATA, Defective, defect


@defect(trips=("fetch.content", "completeness.fetch"))
class FetchCutAt512(Defective):
    """fetch stores the first 512 bytes."""

    def fetch(self, path: str, url: str) -> None:
        super().fetch(path, url)
        self.spoil(path, lambda data: data[:512])


@defect(trips=("fetch.content", "fetch.without_length"), like="beyondstorage/go-storage: services/fs, fetch")
class FetchStoresUrl(Defective):
    """fetch stores the URL instead of what it serves."""

    def fetch(self, path: str, url: str) -> None:
        super().fetch(path, url)
        self.spoil(path, lambda _: url.encode())


@defect(trips=("fetch.without_length",), like="beyondstorage/go-storage: services/fs, fetch")
class FetchNeedsLength(Defective):
    """fetch of a body whose length is not told before stores nothing."""

    def fetch(self, path: str, url: str) -> None:
        super().fetch(path, url)
        with urlopen(url, timeout=10) as response:
            if response.headers.get("Content-Length") is None:
                self.spoil(path, lambda _: b"")


@defect(trips=("fetch.content_type",), on=METADATA)
class FetchDropsContentType(Defective):
    """fetch does not keep the content type that was served."""

    def fetch(self, path: str, url: str) -> None:
        super().fetch(path, url)
        self.put(path, self.content(path) or b"")


@defect(trips=("fetch.redirect",))
class FetchStoresRedirect(Defective):
    """fetch does not follow redirects."""

    def fetch(self, path: str, url: str) -> None:
        with urlopen(url, timeout=10) as response:
            if urlsplit(response.geturl()).path != urlsplit(url).path:
                self.put(path, b"moved")
                return
        super().fetch(path, url)


@defect(trips=("fetch.failure_keeps_old",))
class FetchFailureStoresErrorPage(Defective):
    """fetch of a URL that serves an error stores an empty object and succeeds."""

    def fetch(self, path: str, url: str) -> None:
        try:
            super().fetch(path, url)
        except StorageError:
            if self.is_directory(path):
                raise
            self.put(path, b"")


@defect(trips=("reach.read",), on=("moto-server",))
class SignedReadOfOtherPath(Defective):
    """A signed read leads to an object that does not exist."""

    def reach(self, path: str, **pairs: Any) -> HTTPRequest:
        return super().reach(path + "x" if pairs.get("verb", "read") == "read" else path, **pairs)


@defect(trips=("reach.write",), on=("moto-server",))
class SignedWriteIsRead(Defective):
    """A signed write is signed as a read."""

    def reach(self, path: str, **pairs: Any) -> HTTPRequest:
        return super().reach(path) if pairs.get("verb") == "write" else super().reach(path, **pairs)


@defect(trips=("reach.delete",), on=("moto-server",))
class SignedDeleteIsRead(Defective):
    """A signed delete is signed as a read."""

    def reach(self, path: str, **pairs: Any) -> HTTPRequest:
        return super().reach(path) if pairs.get("verb") == "delete" else super().reach(path, **pairs)


@defect(trips=("reach.local",), on=("moto-server",))
class SigningNeedsObject(Defective):
    """Signing a request to what does not exist is ObjectNotExist."""

    def reach(self, path: str, **pairs: Any) -> HTTPRequest:
        if self.look(path) is None:
            raise ObjectNotExist
        return super().reach(path, **pairs)


@defect(trips=("reach.agrees_with_stat",), on=("moto-server",))
class SignedReadOfOtherType(Defective):
    """A signed read is answered as if every object were a page."""

    def reach(self, path: str, **pairs: Any) -> HTTPRequest:
        request = super().reach(path, **pairs)
        return request._replace(url=f"{request.url}&response-content-type=text%2Fhtml")
