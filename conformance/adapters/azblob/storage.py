r"""Azure Blob Storage and its emulator Azurite, over azure-storage-blob: block, append and page blobs.

The translation is thin: what the service answers is passed on, be it right or wrong, and nothing is repaired, retried
or remembered. Names are flat: a directory is only what names have in common up to a ``/``. Blocks that are written but
not combined lie at the name of their blob, whoever wrote them; a block object begins with its first block, so
``create_block`` sends nothing. A page blob has a size of its own, which is raised when a write needs it. Azure takes a
``\`` in a name as ``/``.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from conformance.adapters.azblob.answers import conditions
from conformance.adapters.azblob.client import account_of, attempt, sdk
from conformance.adapters.azblob.growing import AzBlobGrowing
from conformance.adapters.azblob.listing import AzBlobListing
from conformance.adapters.azblob.objects import AzBlobObjects
from conformance.storage import (
    HTTPRequest,
    Object,
    ObjectMode,
    PermissionDenied,
    RestrictionDissatisfied,
    Unexpected,
)

_VERBS = {
    "read": ("GET", "read"),
    "stat": ("HEAD", "read"),
    "write": ("PUT", "write"),
    "delete": ("DELETE", "delete"),
}


class AzBlob(AzBlobObjects, AzBlobListing, AzBlobGrowing):
    """One client of one ``work_dir`` in a container; see :class:`~conformance.adapters.azblob.base.AzBlobBase`."""

    # copier, reacher

    def copy(
        self,
        src: str,
        dst: str,
        *,
        if_match: str | None = None,
        if_none_match: str | None = None,
        if_source_match: str | None = None,
        if_source_none_match: str | None = None,
    ) -> Object:
        """Copy inside the service (Copy Blob), of whatever kind the object is, and wait until it is done.

        Azure could replace the user metadata, but not with them all that the source has besides.

        Raises:
            ObjectNotExist: there is no ``src``.
            PreconditionFailed: a condition does not hold.
            Unexpected: the service gave the copy up, or did not end it in time.

        """
        blob = self._blob(dst)
        answer = attempt(
            blob.start_copy_from_url,
            self._blob(src).url,
            headers=conditions(
                if_match=if_match,
                if_none_match=if_none_match,
                if_source_match=if_source_match,
                if_source_none_match=if_source_none_match,
            ),
        )
        status, deadline = answer["copy_status"], time.monotonic() + self._location.timeout
        while status == "pending" and time.monotonic() < deadline:
            time.sleep(0.1)
            status = attempt(blob.get_blob_properties).copy.status
        if status != "success":
            raise Unexpected(f"the copy is {status}")
        return self._answered(dst, ObjectMode.READ, answer)

    def reach(self, path: str, *, verb: str = "read", size: int | None = None, expire: float = 3600) -> HTTPRequest:
        """Sign one request without asking the service (SAS), valid for ``expire`` seconds, rounded up to whole ones.

        Azure signs no length: ``size`` is only told in the headers.

        Raises:
            PermissionDenied: this client may only read, and the verb would change something.
            RestrictionDissatisfied: ``verb`` is not ``read``, ``stat``, ``write`` or ``delete``.

        """
        if verb not in _VERBS:
            raise RestrictionDissatisfied(f"verb {verb!r} is not one of {', '.join(_VERBS)}")
        method, permission = _VERBS[verb]
        if not self.may_change and permission != "read":
            raise PermissionDenied("this client may only read")
        blob, account = self._blob(path), account_of(self._location)
        end = datetime.now(UTC) + timedelta(seconds=expire)
        signature = attempt(
            sdk().generate_blob_sas,
            account.name,
            self._location.container,
            blob.blob_name,
            account_key=account.key,
            permission=sdk().BlobSasPermissions(**{permission: True}),
            expiry=end.replace(microsecond=0) + timedelta(seconds=end.microsecond > 0),
        )
        headers = {"x-ms-blob-type": "BlockBlob"} if verb == "write" else {}
        if verb == "write" and size is not None:
            headers["Content-Length"] = str(size)
        return HTTPRequest(method, f"{blob.url}?{signature}", headers)
