"""OpenStack Swift over its own API, version 1: objects, markers of directories, links, large objects.

The translation is thin: what the service answers is passed on, be it right or wrong, and nothing is repaired, retried
or remembered. A path is appended to prefix and ``work_dir`` as it is. A directory is an empty marker object whose name
ends in ``/``, beside which an object of the same path may exist.

Translations: deleting what is missing is 404 in Swift and success here (GSP-46). A ``content_md5`` is sent as the ETag
that Swift verifies, and the ETag of an object that was not made of segments is told as its MD5. A link is a symlink of
Swift, which reading follows; what stat tells of it takes a second request. A range behind the end is 416 in Swift and
empty here. Swift has large objects made of segments and nothing that is an open upload: what stands for one, and what
completing and aborting clean away, is said in :mod:`conformance.adapters.swift.uploads`.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import time
from typing import TYPE_CHECKING
from urllib.parse import unquote

from conformance.adapters.swift.client import account_of, target
from conformance.adapters.swift.headers import conditions, metadata_headers, modified, named
from conformance.adapters.swift.listing import SwiftListing
from conformance.adapters.swift.objects import SwiftObjects
from conformance.storage import (
    HTTPRequest,
    Object,
    ObjectMode,
    PermissionDenied,
    RestrictionDissatisfied,
    Unexpected,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY_HEADER = "X-Container-Meta-Temp-URL-Key"
_VERBS = {"read": "GET", "stat": "HEAD", "write": "PUT", "delete": "DELETE"}
_READING = {"read", "stat"}


class Swift(SwiftObjects, SwiftListing):
    """One client of one ``work_dir`` in a container; see :class:`~conformance.adapters.swift.base.SwiftBase`."""

    # copier, direr, linker, reacher

    def copy(
        self,
        src: str,
        dst: str,
        *,
        content_type: str | None = None,
        content_disposition: str | None = None,
        user_metadata: Mapping[str, str] | None = None,
        if_source_match: str | None = None,
    ) -> Object:
        """Copy inside the service (COPY) with all metadata, or with those given in place of them all; a link as one.

        If-Match of such a request is asked of the source; If-None-Match is asked of both, where an ETag is refused.

        Raises:
            ObjectNotExist: there is no ``src``.
            MetadataUnrecognized: a name or value of ``user_metadata`` cannot be a header.
            PreconditionFailed: ``src`` has another ETag.

        """
        headers = metadata_headers(
            content_type=content_type, content_disposition=content_disposition, user_metadata=user_metadata
        )
        if headers:
            headers["X-Fresh-Metadata"] = "true"
        self._place(dst)
        headers["Destination"] = named(self._location.container, self._root + dst)
        headers |= conditions(if_match=if_source_match)
        answer = self._ask("COPY", self._place(src), headers, query="symlink=get").headers
        return self._object(dst, ObjectMode.READ, etag=answer.get("Etag"), last_modified=modified(answer))

    def create_dir(self, path: str) -> Object:
        """Put the directory's marker, an empty object whose name ends in ``/``."""
        self._ask("PUT", self._marker(path), {"Content-Type": "application/directory"}, b"")
        return self._object(path, ObjectMode.DIR)

    def create_link(self, path: str, target: str) -> Object:
        """Put a symlink to an object of this container, which need not exist (GSP-86).

        Raises:
            Unexpected: it would lead to itself.

        """
        self._place(target)
        to = named(self._location.container, self._root + target)
        self._ask("PUT", self._place(path), {"X-Symlink-Target": to}, b"")
        return self._object(path, ObjectMode.LINK, link_target=target)

    def reach(self, path: str, *, verb: str = "read", size: int | None = None, expire: float = 3600) -> HTTPRequest:
        """Sign one request (TempURL) with the key of the container, valid for ``expire`` seconds, rounded up.

        Swift signs no length: ``size`` is only told in the headers.

        Raises:
            PermissionDenied: this client may only read, and the verb would change something.
            RestrictionDissatisfied: ``verb`` is not ``read``, ``stat``, ``write`` or ``delete``.
            Unexpected: the container has no key.

        """
        if verb not in _VERBS:
            raise RestrictionDissatisfied(f"verb {verb!r} is not one of {', '.join(_VERBS)}")
        if not self.may_change and verb not in _READING:
            raise PermissionDenied("this client may only read")
        account, container = account_of(self._location), self._location.container
        place, end = account.path + self._place(path), math.ceil(time.time() + expire)
        key = self._ask("HEAD", target(container)).headers.get(KEY_HEADER)
        if key is None:
            raise Unexpected(f"the container {container} has no {KEY_HEADER}")
        signed = f"{_VERBS[verb]}\n{end}\n{unquote(place)}"
        signature = hmac.new(key.encode(), signed.encode(), hashlib.sha256).hexdigest()
        url = f"{account.server.url}{place}?temp_url_sig={signature}&temp_url_expires={end}"
        sized = verb == "write" and size is not None
        return HTTPRequest(_VERBS[verb], url, {"Content-Length": str(size)} if sized else {})
