"""Defects of fetch and of signed requests."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from conformance.storage import HTTPRequest, ObjectNotExist, RestrictionDissatisfied, StorageError

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
        with urlopen(url, timeout=60) as response:
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
        with urlopen(url, timeout=60) as response:
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


@defect(trips=("reach.unknown_verb",), on=("moto-server",))
class UnknownVerbIsSignedAsRead(Defective):
    """What is no verb is signed as a read."""

    def reach(self, path: str, **pairs: Any) -> HTTPRequest:
        try:
            return super().reach(path, **pairs)
        except RestrictionDissatisfied:
            return super().reach(path)


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


class Rewriting(Defective):
    """A signed request of one verb is altered before it is handed out."""

    verb = "read"

    def rewritten(self, request: HTTPRequest, path: str) -> HTTPRequest:
        """Return what is handed out instead."""
        raise NotImplementedError

    def reach(self, path: str, **pairs: Any) -> HTTPRequest:
        request = super().reach(path, **pairs)
        return self.rewritten(request, path) if pairs.get("verb", "read") == self.verb else request


@defect(trips=("reach.stat",), on=("moto-server",))
class SignedStatIsRead(Rewriting):
    """A signed stat is signed as a read, and answered with the whole object."""

    verb = "stat"

    def rewritten(self, request: HTTPRequest, path: str) -> HTTPRequest:
        return self.inner.reach(path)


@defect(trips=("reach.stat",), on=("moto-server",))
class SignedStatOfOtherType(Rewriting):
    """A signed stat is answered as if every object were a page."""

    verb = "stat"

    def rewritten(self, request: HTTPRequest, path: str) -> HTTPRequest:
        return request._replace(url=f"{request.url}&response-content-type=text%2Fhtml", method="GET")


@defect(trips=("reach.missing",), on=("moto-server",))
class SignedReadOfMissingListsDirectory(Rewriting):
    """A signed read of what is missing leads to a listing that succeeds: the path is taken for a prefix."""

    def rewritten(self, request: HTTPRequest, path: str) -> HTTPRequest:
        if self.look(path) is not None:
            return request
        bucket = "/".join(request.url.partition("?")[0].split("/")[:4])
        return request._replace(url=f"{bucket}?list-type=2")


@defect(trips=("reach.range",), on=("moto-server",))
class SignedReadOfPreview(Rewriting):
    """A signed read leads to a preview of the object, its first 100 bytes."""

    def rewritten(self, request: HTTPRequest, path: str) -> HTTPRequest:
        data = self.content(path)
        if not data:
            return request
        self.put(f"{path}.preview", data[:100])
        return self.inner.reach(f"{path}.preview")


@defect(trips=("reach.conditional", "reach.read"), on=("moto-server",))
class SignedReadOnlyIfModified(Rewriting):
    """A signed read carries the etag of the object as its condition: whoever sends it hears that nothing is new."""

    def rewritten(self, request: HTTPRequest, path: str) -> HTTPRequest:
        found = self.look(path)
        return request._replace(headers={**request.headers, "If-None-Match": (found and found.etag) or "none"})


@defect(trips=("reach.upload_steps",), on=("moto-server",), needs=("create_multipart",))
class SignedPartOfNextIndex(Rewriting):
    """A signed write_multipart is of the part after the one asked for: indexes are counted from one already."""

    def reach(self, path: str, **pairs: Any) -> HTTPRequest:
        if pairs.get("verb") == "write_multipart":
            pairs["index"] += 1
        return self.inner.reach(path, **pairs)


@defect(trips=("reach.upload_steps",), on=("moto-server",), needs=("create_multipart",))
class SignedAbortIsDelete(Rewriting):
    """A signed delete of an upload is one of the object at its path."""

    def reach(self, path: str, **pairs: Any) -> HTTPRequest:
        if pairs.get("verb") == "delete":
            pairs.pop("multipart_id", None)
        return self.inner.reach(path, **pairs)
