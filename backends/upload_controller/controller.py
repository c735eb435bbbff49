"""What the service does. The database decides every race, by a constraint or a compare-and-set; the store follows.

No decision is kept in memory and no transaction is open while the store is asked, so that any number of processes can
share a database, and each can die at any point: what it leaves is a row that says what was under way.

- A row without ``s3_upload_id``: the store was asked to begin, or is about to be. The object key is the row's own id,
  so that what was begun is found again.
- ``completing_since``, ``parts_digest``: these parts were sent to the store. Whether it made the object can be seen.
- ``to_clear``: the upload has ended, and the store may hold parts or an object of it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
import uuid
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager

from backends.upload_controller.config import Settings
from backends.upload_controller.errors import (
    ExistingActiveUpload,
    FileTooLarge,
    PartsMismatch,
    PartsRefused,
    Refusal,
    SizeMismatch,
    StorageUnavailable,
    StorageUploadMissing,
    UploadBeingCompleted,
    UploadNotPending,
    UploadNotUploaded,
)
from backends.upload_controller.outbox import Event, Outbox
from backends.upload_controller.rows import File, Upload
from backends.upload_controller.states import UploadStatus
from backends.upload_controller.store import PartsBad, Store, StoredPart, UploadVanished, bare
from backends.upload_controller.uploads import Uploads

OBJECT_MAXIMUM = 5 * 1024**4
PARTS_MAXIMUM = 10_000
_log = logging.getLogger(__name__)


class UploadController:
    """The service without its HTTP."""

    def __init__(
        self,
        uploads: Uploads,
        store: Store,
        outbox: Outbox,
        settings: Settings,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.uploads = uploads
        self.store = store
        self.outbox = outbox
        self.settings = settings
        self.clock = clock

    # what clients ask

    def create(self, file_id: str) -> Upload:
        """Begin an upload of a file.

        Raises:
            FileNotRegistered: there is no such file.
            FileTooLarge: no object is so large.
            ExistingActiveUpload: an upload of the file is pending, uploaded or accepted.
            StorageUnavailable: the store does not begin it; the attempt has failed.

        """
        upload = self._reserve(self.uploads.file(file_id))
        try:
            s3_upload_id = self.store.create(upload.upload_id)
        except StorageUnavailable:
            self._fail(upload)
            raise
        return self._recorded(upload, s3_upload_id)

    def find_pending(self, file_id: str) -> Upload | None:
        """Return the pending upload of a file, if there is one.

        Raises:
            FileNotRegistered: there is no such file.

        """
        self.uploads.file(file_id)
        return next(iter(self.uploads.of_file(file_id, UploadStatus.PENDING)), None)

    def presign(self, upload_id: str, part_no: int) -> str:
        """Return a URL to which the part can be PUT.

        Raises:
            UploadNotFound: there is no such upload.
            UploadNotPending: it takes no parts any more.
            StorageUploadMissing: the store has dropped it.
            StorageUnavailable: the store does not answer.

        """
        s3_upload_id = self._opened(self._pending(upload_id))
        if not self.store.has(upload_id, s3_upload_id):
            self._pending(upload_id)
            raise StorageUploadMissing(upload_id)
        if not self.uploads.touch(upload_id, self.clock()):
            self._pending(upload_id)
        return self.store.presign(upload_id, s3_upload_id, part_no, self.settings.url_lifetime)

    def complete(self, upload_id: str, parts: Mapping[int, str]) -> None:
        """Make the object of the uploaded parts, given as their ETags by number. Again with the same is no change.

        Raises:
            UploadNotFound: there is no such upload.
            UploadNotPending: it has ended, or was completed with other parts.
            UploadBeingCompleted: another request is at it.
            PartsMismatch: the store has other parts.
            SizeMismatch: they do not add up to the file's size.
            PartsRefused: the store makes no object of them.
            StorageUploadMissing: the store has dropped the upload.
            StorageUnavailable: the store does not answer.

        """
        digest = digest_of(parts)
        upload = self._settled(self.uploads.get(upload_id))
        if self._is_repeat(upload, digest):
            return
        self._require_pending(upload)
        self._require_no_completion(upload)
        refusal: Refusal = UploadBeingCompleted(upload_id)
        try:
            s3_upload_id = self._opened(upload)
            self._check_parts(upload, self.store.parts(upload_id, s3_upload_id), parts)
            claimed = self._claim(upload, digest)
            if claimed is not None:
                self._complete_in_store(claimed, s3_upload_id, parts)
                self._finish(claimed)
        except UploadVanished:
            self._settled(self.uploads.get(upload_id))
            refusal = StorageUploadMissing(upload_id)
        self._require_completed(upload_id, digest, refusal)

    def cancel(self, upload_id: str) -> None:
        """Give up an upload and remove its parts. Again is no change.

        Raises:
            UploadNotFound: there is no such upload.
            UploadNotPending: it has ended in another way.
            UploadBeingCompleted: another request is completing it.
            StorageUnavailable: it is cancelled, but the store does not remove its parts; repeat it, or leave that to
                the service.

        """
        upload = self._settled(self.uploads.get(upload_id))
        if upload.status is UploadStatus.PENDING:
            self.uploads.end(upload_id, UploadStatus.CANCELLED, self._stale())
            upload = self.uploads.get(upload_id)
        if upload.status is UploadStatus.PENDING:
            raise UploadBeingCompleted(upload_id)
        if upload.status is not UploadStatus.CANCELLED:
            raise UploadNotPending(upload_id, upload.status)
        self._clear(upload)

    # what others of the house ask

    def register(self, file_id: str, size: int | None) -> File:
        """Make a file known that may be uploaded; ``size`` in bytes, nothing if it is not known yet.

        Raises:
            FileAlreadyRegistered: with another size.

        """
        return self.uploads.register(file_id, size)

    def decide(self, upload_id: str, verdict: UploadStatus) -> None:
        """Accept or reject an uploaded file, and remove its object. Again is no change.

        Raises:
            UploadNotFound: there is no such upload.
            UploadNotUploaded: there is nothing to decide, or it was decided otherwise.
            StorageUnavailable: it is decided, but the store does not remove the object.

        """
        upload = self._settled(self.uploads.get(upload_id))
        if upload.status is UploadStatus.UPLOADED:
            self.uploads.decide(upload_id, verdict)
            upload = self.uploads.get(upload_id)
        if upload.status is not verdict:
            raise UploadNotUploaded(upload_id, upload.status)
        self._clear(upload)

    def events(self, file_id: str | None = None) -> Sequence[Event]:
        """Return the events so far, or those of a file."""
        return self.outbox.read(file_id)

    def tidy(self, idle: float | None = None) -> Sequence[str]:
        """Finish what was interrupted, end what is abandoned, clear the store of what has ended.

        Args:
            idle: seconds after which an upload that no client works on is abandoned; the configured ones, unless given.

        Returns:
            the ids of the uploads that it ended.

        """
        self.recover()
        since = self.clock() - (self.settings.upload_lifetime if idle is None else idle)
        ended = [upload for upload in self.uploads.idle(since) if self._abandon(upload, since)]
        self._sweep()
        return [upload.upload_id for upload in ended]

    def recover(self) -> None:
        """Finish what an earlier process was interrupted in. Safe beside others that are at it."""
        for upload in self.uploads.completing():
            with _tolerated(upload):
                self._settled(upload)
        for upload in self.uploads.uncleared():
            with _tolerated(upload):
                self._clear(upload)

    # how a size becomes parts

    def part_size(self, file: File) -> int:
        """Return the part size for a file: the usual one, doubled until a file of known size has few enough parts.

        Raises:
            FileTooLarge: no object is so large.

        """
        size = file.size or 0
        if size > OBJECT_MAXIMUM:
            raise FileTooLarge(file.file_id, size, OBJECT_MAXIMUM)
        part_size = self.settings.part_size
        while part_size * PARTS_MAXIMUM < size:
            part_size *= 2
        return part_size

    # creation

    def _reserve(self, file: File) -> Upload:
        """Insert the pending row before the store is asked: the constraint lets one of many through."""
        upload = Upload(
            upload_id=str(uuid.uuid4()),
            file_id=file.file_id,
            status=UploadStatus.PENDING,
            s3_upload_id=None,
            part_size=self.part_size(file),
            active_at=self.clock(),
        )
        if not self.uploads.insert(upload):
            active = self.uploads.active(file.file_id)
            raise ExistingActiveUpload(file.file_id, active and describe(active))
        return upload

    def _recorded(self, upload: Upload, s3_upload_id: str) -> Upload:
        """Keep the store's name of the upload, or remove it there if a rival was first or the upload has ended."""
        self.uploads.record(upload.upload_id, s3_upload_id)
        current = self.uploads.get(upload.upload_id)
        if current.s3_upload_id != s3_upload_id:
            self.store.abort(upload.upload_id, s3_upload_id)
        self._require_pending(current)
        return current

    def _opened(self, upload: Upload) -> str:
        """Return what the store calls the upload; a creation that was interrupted is finished here."""
        if upload.s3_upload_id is not None:
            return upload.s3_upload_id
        begun = self.store.uploads_of(upload.upload_id)
        recorded = self._recorded(upload, begun[0] if begun else self.store.create(upload.upload_id))
        return self._opened(recorded)

    # completion

    def _check_parts(self, upload: Upload, stored: Mapping[int, StoredPart], named: Mapping[int, str]) -> None:
        """Compare the parts named with those in the store, and their sum with the file's size."""
        missing = sorted(named.keys() - stored.keys())
        unnamed = sorted(stored.keys() - named.keys())
        different = sorted(n for n in named.keys() & stored.keys() if bare(named[n]) != stored[n].etag)
        if missing or unnamed or different:
            raise PartsMismatch(upload.upload_id, missing, unnamed, different)
        self._check_size(upload, sum(part.size for part in stored.values()))
        if not stored:
            raise PartsRefused(upload.upload_id, "an upload has at least one part, an empty one for an empty file")

    def _check_size(self, upload: Upload, received: int) -> None:
        registered = self.uploads.file(upload.file_id).size
        if registered is not None and received != registered:
            raise SizeMismatch(upload.upload_id, registered, received)

    def _claim(self, upload: Upload, digest: str) -> Upload | None:
        """Write down that a completion is under way; return nothing if a rival was first."""
        if not self.uploads.claim(upload.upload_id, digest, self.clock(), self._stale()):
            return None
        return self.uploads.get(upload.upload_id)

    def _complete_in_store(self, upload: Upload, s3_upload_id: str, parts: Mapping[int, str]) -> None:
        etags = {number: bare(etag) for number, etag in parts.items()}
        try:
            self.store.complete(upload.upload_id, s3_upload_id, etags)
        except PartsBad as error:
            self._release(upload)
            raise PartsRefused(upload.upload_id, str(error)) from error
        except UploadVanished:
            self._release(upload)
            raise
        except StorageUnavailable:
            self._release(upload)
            if self._settled(upload).status is UploadStatus.PENDING:
                raise

    def _release(self, upload: Upload) -> None:
        self.uploads.release(upload.upload_id, upload.completing_since or 0)

    def _finish(self, upload: Upload) -> None:
        """Make it uploaded, with its event; if it was given up meanwhile, remove what the store made too late."""
        if self.uploads.finish(upload):
            return
        if self.uploads.mark_to_clear(upload.upload_id):
            self._clear(self.uploads.get(upload.upload_id))

    def _settled(self, upload: Upload) -> Upload:
        """Return the upload as it really is: a completion that reached the store but not the database is finished."""
        sent = upload.status is UploadStatus.PENDING and upload.parts_digest is not None
        if not sent or not self.store.has_object(upload.upload_id):
            return upload
        self._finish(upload)
        return self.uploads.get(upload.upload_id)

    def _is_repeat(self, upload: Upload, digest: str) -> bool:
        return upload.status is UploadStatus.UPLOADED and upload.parts_digest == digest

    def _require_completed(self, upload_id: str, digest: str, refusal: Refusal) -> None:
        upload = self.uploads.get(upload_id)
        if self._is_repeat(upload, digest):
            return
        self._require_pending(upload)
        self._require_no_completion(upload)
        raise refusal

    def _require_no_completion(self, upload: Upload) -> None:
        if upload.completing_since is not None and upload.completing_since >= self._stale():
            raise UploadBeingCompleted(upload.upload_id)

    # the end

    def _pending(self, upload_id: str) -> Upload:
        upload = self._settled(self.uploads.get(upload_id))
        self._require_pending(upload)
        return upload

    def _require_pending(self, upload: Upload) -> None:
        if upload.status is not UploadStatus.PENDING:
            raise UploadNotPending(upload.upload_id, upload.status)

    def _fail(self, upload: Upload) -> None:
        self.uploads.end(upload.upload_id, UploadStatus.FAILED, self._stale())
        with _tolerated(upload):
            self._clear(self.uploads.get(upload.upload_id))

    def _abandon(self, upload: Upload, idle: float) -> bool:
        if not self.uploads.end(upload.upload_id, UploadStatus.FAILED, self._stale(), idle):
            return False
        with _tolerated(upload):
            self._clear(self.uploads.get(upload.upload_id))
        return True

    def _clear(self, upload: Upload) -> None:
        """Remove what the store holds of an upload that has ended."""
        if not upload.to_clear:
            return
        names = self.store.uploads_of(upload.upload_id) if upload.s3_upload_id is None else [upload.s3_upload_id]
        for s3_upload_id in names:
            self.store.abort(upload.upload_id, s3_upload_id)
        self.store.delete_object(upload.upload_id)
        if not self._may_come_yet(upload):
            self.uploads.mark_cleared(upload.upload_id)

    def _may_come_yet(self, upload: Upload) -> bool:
        """Tell whether the store may yet make an object that it did not answer for: it is cleared again later."""
        return upload.parts_digest is not None and upload.active_at >= self._stale()

    def _sweep(self) -> None:
        """Remove what the store began for uploads that have ended; what is not ours, or has a live row, stays.

        The row is older than anything in the store, so an upload that was just created is never taken for a leftover.
        """
        for key, s3_upload_id in self.store.uploads():
            upload = self.uploads.find(key)
            if upload is not None and not self._is_live(upload, s3_upload_id):
                with _tolerated(upload):
                    self.store.abort(key, s3_upload_id)

    def _is_live(self, upload: Upload, s3_upload_id: str) -> bool:
        return upload.status is UploadStatus.PENDING and upload.s3_upload_id in (None, s3_upload_id)

    def _stale(self) -> float:
        """Return the time before which a completion began that nobody can still be at."""
        return self.clock() - self.settings.completion_lease


def digest_of(parts: Mapping[int, str]) -> str:
    """Return what tells one mapping of parts from another; quotes and order do not matter."""
    named = [[number, bare(parts[number])] for number in sorted(parts)]
    return hashlib.sha256(json.dumps(named).encode()).hexdigest()


def describe(upload: Upload) -> Mapping[str, str | int]:
    """Return what a client may know of an upload."""
    return {"upload_id": upload.upload_id, "upload_status": upload.status, "part_size": upload.part_size}


@contextmanager
def _tolerated(upload: Upload) -> Generator[None]:
    """Log a store that does not answer and go on: the row says what is left to do."""
    try:
        yield
    except StorageUnavailable as error:
        _log.warning("upload %s: %s", upload.upload_id, error)
