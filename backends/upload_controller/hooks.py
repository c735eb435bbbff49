"""What the rest of the house does: registers files, decides on uploads, hears of them, and lets time pass.

In a deployment these arrive as messages; over HTTP, anyone who operates or checks the service can send them. They are
not protected: serve them where clients do not reach, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from backends.upload_controller.controller import UploadController
from backends.upload_controller.ids import ID, Id
from backends.upload_controller.states import UploadStatus

_VERDICTS: Mapping[str, UploadStatus] = {"accept": UploadStatus.ACCEPTED, "reject": UploadStatus.REJECTED}


class Registration(BaseModel):
    """What is known of a file before it is uploaded."""

    size: int | None = Field(
        default=None, ge=0, lt=2**63, strict=True, description="Bytes; nothing if it is not known yet."
    )


class RegisteredFile(BaseModel):
    """A file that may be uploaded."""

    file_id: str
    size: int | None
    upload_id: str | None = Field(description="The latest attempt.")


class UploadState(BaseModel):
    """What has become of an upload."""

    upload_id: str
    file_id: str
    upload_status: UploadStatus
    part_size: int
    bucket: str
    object_key: str
    s3_upload_id: str | None


class ToldEvent(BaseModel):
    """That a file was received."""

    event_id: int
    type: str
    file_id: str
    upload_id: str
    bucket: str
    object_key: str
    size: int | None


class Ageing(BaseModel):
    """How much time has passed."""

    older_than: float | None = Field(
        default=None, ge=0, le=1e9, description="Seconds without a request; the configured lifetime if left out."
    )


class Aged(BaseModel):
    """What was abandoned."""

    failed: list[str]


def hooks_of(controller: UploadController) -> APIRouter:
    """Return the routes below ``/hooks``."""
    routes = APIRouter(prefix="/hooks", tags=["hooks"])

    @routes.put("/files/{file_id}")
    def register(file_id: Id, registration: Registration) -> RegisteredFile:
        """Register a file; again with the same size is no change."""
        return RegisteredFile.model_validate(controller.register(file_id, registration.size), from_attributes=True)

    @routes.get("/files/{file_id}")
    def file(file_id: Id) -> RegisteredFile:
        """Return a file and its latest attempt."""
        return RegisteredFile.model_validate(controller.uploads.file(file_id), from_attributes=True)

    @routes.get("/multipart_uploads/{upload_id}")
    def state(upload_id: Id) -> UploadState:
        """Return the state of an upload and where its object is."""
        upload = controller.uploads.get(upload_id)
        return UploadState(
            upload_id=upload.upload_id,
            file_id=upload.file_id,
            upload_status=upload.status,
            part_size=upload.part_size,
            bucket=controller.store.bucket,
            object_key=upload.upload_id,
            s3_upload_id=upload.s3_upload_id,
        )

    @routes.post("/multipart_uploads/{upload_id}/{verdict}", status_code=204)
    def decide(upload_id: Id, verdict: Literal["accept", "reject"]) -> None:
        """Accept or reject an uploaded file; its object is removed. Again is no change."""
        controller.decide(upload_id, _VERDICTS[verdict])

    @routes.get("/events")
    def events(file_id: Annotated[str | None, Query(pattern=ID)] = None) -> list[ToldEvent]:
        """Return the events so far, oldest first, or those of one file."""
        return [ToldEvent.model_validate(event.told()) for event in controller.events(file_id)]

    @routes.post("/age")
    def age(ageing: Ageing | None = None) -> Aged:
        """End the uploads that were idle for so long, and clear the store of everything that has ended."""
        return Aged(failed=list(controller.tidy(ageing and ageing.older_than)))

    return routes
