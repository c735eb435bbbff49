"""The rows of files and uploads. Every change of state is one compare-and-set UPDATE that tells whether it won."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from backends.upload_controller.errors import FileAlreadyRegistered, FileNotRegistered, UploadNotFound
from backends.upload_controller.rows import File, Upload
from backends.upload_controller.states import ACTIVE, UploadStatus
from backends.upload_controller.tables import files, multipart_uploads

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

    from backends.upload_controller.database import Database
    from backends.upload_controller.outbox import Outbox


class Uploads:
    """The rows."""

    def __init__(self, database: Database, outbox: Outbox) -> None:
        self._database = database
        self._outbox = outbox

    def register(self, file_id: str, size: int | None) -> File:
        """Insert a file; again with the same size is no change.

        Raises:
            FileAlreadyRegistered: with another size.

        """
        try:
            with self._database.write() as connection:
                connection.execute(insert(files).values(file_id=file_id, size=size))
        except IntegrityError:
            known = self.file(file_id)
            if known.size != size:
                raise FileAlreadyRegistered(file_id, known.size) from None
        return self.file(file_id)

    def file(self, file_id: str) -> File:
        """Return the file.

        Raises:
            FileNotRegistered: there is none.

        """
        with self._database.read() as connection:
            row = connection.execute(select(files).where(files.c.file_id == file_id)).mappings().first()
        if row is None:
            raise FileNotRegistered(file_id)
        return File(**row)

    def get(self, upload_id: str) -> Upload:
        """Return the upload.

        Raises:
            UploadNotFound: there is none.

        """
        found = self.find(upload_id)
        if found is None:
            raise UploadNotFound(upload_id)
        return found

    def find(self, upload_id: str) -> Upload | None:
        """Return the upload, if there is one."""
        return next(iter(self._where(multipart_uploads.c.upload_id == upload_id)), None)

    def of_file(self, file_id: str, *statuses: UploadStatus) -> Sequence[Upload]:
        """Return the uploads of a file that are in one of these states."""
        of_file, status = multipart_uploads.c.file_id, multipart_uploads.c.upload_status
        return self._where(and_(of_file == file_id, status.in_(statuses)))

    def active(self, file_id: str) -> Upload | None:
        """Return the upload that closes the file for another."""
        return next(iter(self.of_file(file_id, *ACTIVE)), None)

    def insert(self, upload: Upload) -> bool:
        """Insert a pending upload as the latest of its file; not if the file has an active one, and tell so."""
        values = {
            "upload_id": upload.upload_id,
            "file_id": upload.file_id,
            "upload_status": upload.status,
            "part_size": upload.part_size,
            "active_at": upload.active_at,
            "to_clear": False,
        }
        try:
            with self._database.write() as connection:
                connection.execute(insert(multipart_uploads).values(values))
                latest = {"upload_id": upload.upload_id}
                connection.execute(update(files).where(files.c.file_id == upload.file_id).values(latest))
        except IntegrityError:
            return False
        return True

    def record(self, upload_id: str, s3_upload_id: str) -> bool:
        """Keep what the store calls a pending upload, unless it has a name already."""
        return self._set(upload_id, _PENDING, multipart_uploads.c.s3_upload_id.is_(None), s3_upload_id=s3_upload_id)

    def touch(self, upload_id: str, now: float) -> bool:
        """Note that a client works on a pending upload."""
        return self._set(upload_id, _PENDING, active_at=now)

    def claim(self, upload_id: str, digest: str, now: float, stale: float) -> bool:
        """Begin to complete a pending upload, unless a completion younger than ``stale`` is under way."""
        return self._set(
            upload_id, _PENDING, _not_completing(stale), completing_since=now, parts_digest=digest, active_at=now
        )

    def release(self, upload_id: str, since: float) -> bool:
        """Take back the completion that began then."""
        return self._set(upload_id, multipart_uploads.c.completing_since == since, completing_since=None)

    def finish(self, upload: Upload) -> bool:
        """Make a pending upload uploaded and write its event, both or neither, if it was these parts' completion."""
        same = multipart_uploads.c.parts_digest == upload.parts_digest
        change = update(multipart_uploads).where(multipart_uploads.c.upload_id == upload.upload_id, _PENDING, same)
        size = self.file(upload.file_id).size
        with self._database.write() as connection:
            done = connection.execute(change.values(upload_status=UploadStatus.UPLOADED, completing_since=None))
            if done.rowcount == 1:
                self._outbox.record(connection, upload, size)
            return done.rowcount == 1

    def end(self, upload_id: str, status: UploadStatus, stale: float, idle: float | None = None) -> bool:
        """Move a pending upload to a final state, unless a completion younger than ``stale`` is under way.

        With ``idle``, only if no client has worked on it since then.
        """
        conditions = [_PENDING, _not_completing(stale)]
        if idle is not None:
            conditions.append(multipart_uploads.c.active_at < idle)
        return self._set(upload_id, *conditions, upload_status=status, completing_since=None, to_clear=True)

    def decide(self, upload_id: str, verdict: UploadStatus) -> bool:
        """Accept or reject an uploaded upload."""
        uploaded = multipart_uploads.c.upload_status == UploadStatus.UPLOADED
        return self._set(upload_id, uploaded, upload_status=verdict, to_clear=True)

    def mark_to_clear(self, upload_id: str) -> bool:
        """Note that the store may again hold something of an upload that has ended."""
        live = (UploadStatus.PENDING, UploadStatus.UPLOADED)
        return self._set(upload_id, multipart_uploads.c.upload_status.not_in(live), to_clear=True)

    def mark_cleared(self, upload_id: str) -> bool:
        """Note that the store holds nothing of the upload any more."""
        return self._set(upload_id, to_clear=False)

    def completing(self) -> Sequence[Upload]:
        """Return the pending uploads that a completion has been sent to the store for."""
        return self._where(and_(_PENDING, multipart_uploads.c.parts_digest.is_not(None)))

    def uncleared(self) -> Sequence[Upload]:
        """Return the uploads of which the store may hold something that has to go."""
        return self._where(multipart_uploads.c.to_clear)

    def idle(self, since: float) -> Sequence[Upload]:
        """Return the pending uploads that no client has worked on since then."""
        return self._where(and_(_PENDING, multipart_uploads.c.active_at < since))

    def close(self) -> None:
        """Give back the connections to the database; the next question makes new ones."""
        self._database.close()

    def _where(self, condition: ColumnElement[bool]) -> Sequence[Upload]:
        with self._database.read() as connection:
            return [_upload(row) for row in connection.execute(select(multipart_uploads).where(condition)).mappings()]

    def _set(self, upload_id: str, *conditions: ColumnElement[bool], **values: Any) -> bool:
        change = update(multipart_uploads).where(multipart_uploads.c.upload_id == upload_id, *conditions)
        with self._database.write() as connection:
            return connection.execute(change.values(values)).rowcount == 1


_PENDING = multipart_uploads.c.upload_status == UploadStatus.PENDING


def _not_completing(stale: float) -> ColumnElement[bool]:
    since = multipart_uploads.c.completing_since
    return or_(since.is_(None), since < stale)


def _upload(row: RowMapping) -> Upload:
    fields = dict(row)
    return Upload(status=fields.pop("upload_status"), **fields)
