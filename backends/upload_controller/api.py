"""What clients talk to: the paths, bodies and codes; every error is JSON with a stable id."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import APIRouter, FastAPI, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, model_validator
from starlette.exceptions import HTTPException

from backends.upload_controller.controller import PARTS_MAXIMUM, UploadController
from backends.upload_controller.errors import Refusal
from backends.upload_controller.hooks import hooks_of
from backends.upload_controller.ids import Id
from backends.upload_controller.rows import Upload
from backends.upload_controller.service import running

_log = logging.getLogger(__name__)

PartNo: TypeAlias = Annotated[
    str, Path(pattern=r"^([1-9][0-9]{0,3}|10000)$", description=f"1 to {PARTS_MAXIMUM}, without leading zeros")
]
PartNoKey: TypeAlias = Annotated[str, Field(pattern=r"^([1-9][0-9]{0,3}|10000)$")]
ETag: TypeAlias = Annotated[str, Field(min_length=1, max_length=255)]


class UploadDetails(BaseModel):
    """An upload that takes parts."""

    upload_id: str
    part_size: int = Field(description="Bytes of every part but the last, which may be smaller.")


class PresignedPart(BaseModel):
    """Where a part goes."""

    url: str = Field(description="PUT the bytes of the part to it; keep the ETag of the answer.")


class UploadUpdate(BaseModel):
    """How an upload ends."""

    status: Literal["uploaded", "cancelled"]
    parts: dict[PartNoKey, ETag] | None = Field(
        default=None,
        description="The ETag of every part by its number, with or without quotes; only and always with `uploaded`.",
    )

    @model_validator(mode="after")
    def _parts_belong_to_uploaded(self) -> UploadUpdate:
        if (self.parts is None) == (self.status == "uploaded"):
            raise ValueError("`parts` goes with `uploaded` and with nothing else")
        return self


class ErrorBody(BaseModel):
    """Why a request was refused."""

    exception_id: str
    description: str
    data: dict[str, Any]


def create_app(controller: UploadController, *, hooks: bool = True) -> FastAPI:
    """Return the application.

    Args:
        controller: what does the work; a subclass does it differently.
        hooks: whether to serve ``/hooks``, which is for the operator and not for clients.

    """
    errors: dict[int | str, dict[str, Any]] = {code: {"model": ErrorBody} for code in (400, 404, 409, 422, 503)}
    app = FastAPI(
        title="Upload controller",
        version="1.0.0",
        description="Uploads files in parts through presigned URLs.",
        responses=errors,
        redirect_slashes=False,
        lifespan=_lifespan(controller),
    )
    app.include_router(_client_routes(controller))
    if hooks:
        app.include_router(hooks_of(controller))
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _no_such_request)
    app.add_exception_handler(Exception, _internal)
    return app


def _client_routes(controller: UploadController) -> APIRouter:
    routes = APIRouter(tags=["uploads"])

    @routes.get("/health", tags=["operation"])
    def health() -> Mapping[str, str]:
        return {"status": "OK"}

    @routes.post("/files/{file_id}/multipart_uploads")
    def create(file_id: Id) -> UploadDetails:
        """Begin an upload of a file that has no pending, uploaded or accepted one."""
        return _details(controller.create(file_id))

    @routes.get("/files/{file_id}/multipart_uploads")
    def find_pending(
        file_id: Id,
        status: Annotated[Literal["pending"], Query()],  # noqa: ARG001 - that it is given is all that counts
    ) -> UploadDetails | None:
        """Return the pending upload of a file, or null."""
        upload = controller.find_pending(file_id)
        return None if upload is None else _details(upload)

    @routes.post("/multipart_uploads/{upload_id}/part/{part_no}/presigned_post")
    def presign(upload_id: Id, part_no: PartNo) -> PresignedPart:
        """Return a URL for a part. A store takes parts by PUT only, whatever the path is called."""
        return PresignedPart(url=controller.presign(upload_id, int(part_no)))

    @routes.patch("/multipart_uploads/{upload_id}", status_code=204, include_in_schema=False)
    @routes.patch("/multipart_uploads/{upload_id}/", status_code=204)
    def update(upload_id: Id, update: UploadUpdate) -> None:
        """Complete or cancel an upload. Again with the same body is no change."""
        if update.parts is None:
            controller.cancel(upload_id)
        else:
            controller.complete(upload_id, {int(number): etag for number, etag in update.parts.items()})

    return routes


def _details(upload: Upload) -> UploadDetails:
    return UploadDetails(upload_id=upload.upload_id, part_size=upload.part_size)


def _lifespan(controller: UploadController) -> Any:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        with running(controller):
            yield

    return lifespan


def error(code: int, exception_id: str, description: str, data: Any, headers: Any = None) -> Response:
    """Return an error as it is told to clients; in ASCII, since a request may contain what UTF-8 cannot."""
    body = {"exception_id": exception_id, "description": description, "data": data}
    return Response(json.dumps(body), code, headers, "application/json")


def _refused(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    if refusal.code >= 500:
        _log.error("%s", refusal, exc_info=refusal)
    return error(refusal.code, refusal.id, refusal.description, refusal.data)


def _invalid(_: Request, invalid: Exception) -> Response:
    assert isinstance(invalid, RequestValidationError)
    errors = [{"loc": list(e["loc"]), "msg": e["msg"], "type": e["type"]} for e in invalid.errors()[:10]]
    return error(422, "validationError", "The request is not as documented.", {"errors": errors})


def _no_such_request(_: Request, refused: Exception) -> Response:
    assert isinstance(refused, HTTPException)
    ids = {404: "notFound", 405: "methodNotAllowed"}
    return error(refused.status_code, ids.get(refused.status_code, "badRequest"), refused.detail, {}, refused.headers)


def _internal(_: Request, __: Exception) -> Response:
    return error(500, "internalError", "The service failed; its log says how.", {})
