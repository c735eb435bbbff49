"""What moto 5.2 lacks, done right in front of it, so that the server behind a defect is a correct one.

moto honours some conditions of some requests (none of copies, ``*`` only of writes), compares no Content-MD5 and no
SHA-256 with the bytes sent, completes uploads whose parts are listed out of order or twice, looks uploads up by their
id alone, fails over those that are over, lists all of them on one page, takes the number of the part behind which a
page begins for a position in the list, shortens a range of a source to copy a part of, and takes every signature of a
URL for a good one, for ever. Real S3 servers do none of that; in front of one, this
layer changes nothing.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime
from email.utils import parsedate_to_datetime

from .base import Send
from .messages import ANONYMOUS, READS, Request, Response, element, refusal, value
from .signing import is_genuine, is_over, is_signed

CONDITIONS = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")
OF_SOURCE = "x-amz-copy-source-"
SOURCE_RANGE = "x-amz-copy-source-range"


def correct(send: Send) -> Send:
    """Return ``send`` as a correct S3 server has it."""
    uploads: dict[str, tuple[str, str] | None] = {}

    def answered(request: Request) -> Response:
        objection = (
            _wrong_signature(request)
            or _broken_off(request)
            or _wrong_digest(request)
            or _wrong_upload(request, uploads)
            or _wrong_parts(request)
            or _wrong_range(request, send)
            or _condition_fails(request, send)
        )
        if objection is not None:
            return objection
        if request.kind == "list_parts":
            return _page_of_parts(request, send(request.asking(part_number_marker=None, max_parts="1000")))
        given = send(_unconditional(request))
        if request.kind == "create" and given.ok:
            uploads[given.told("UploadId")] = (request.bucket, request.key)
        if request.kind in ("complete", "abort") and given.ok:
            uploads[request.upload] = None
        return _page(request, given) if request.kind == "list_uploads" and given.ok else given

    return answered


def _wrong_signature(request: Request) -> Response | None:
    """Refuse a signed URL that was altered, one whose time is over, and who has not signed at all."""
    if ANONYMOUS in request.headers:
        return refusal(403, "AccessDenied")
    if not is_signed(request):
        return None
    return refusal(403, "SignatureDoesNotMatch") if not is_genuine(request) or is_over(request) else None


def _broken_off(request: Request) -> Response | None:
    """Refuse a body that has ended before all of it had come."""
    promised = int(request.headers.get("content-length") or 0)
    return refusal(400, "IncompleteBody") if len(request.body) < promised else None


def _wrong_digest(request: Request) -> Response | None:
    """Refuse a body that is not the one of which the digest is sent along."""
    if request.kind not in ("put", "part", "delete_many"):
        return None
    told = {
        "BadDigest": (request.headers.get("content-md5"), hashlib.md5),
        "XAmzContentChecksumMismatch": (request.headers.get("x-amz-checksum-sha256"), hashlib.sha256),
    }
    for code, (digest, algorithm) in told.items():
        if digest is not None and digest != base64.b64encode(algorithm(request.body).digest()).decode():
            return refusal(400, code)
    return None


def _wrong_upload(request: Request, uploads: dict[str, tuple[str, str] | None]) -> Response | None:
    """Refuse an id that nobody was given, that of an upload to another key, and of one that is over."""
    if "uploadId" not in request.query:
        return None
    return None if uploads.get(request.upload) == (request.bucket, request.key) else refusal(404, "NoSuchUpload")


def _wrong_parts(request: Request) -> Response | None:
    """Refuse to complete an upload with a part without ETag, or with parts that do not ascend, each once."""
    if request.kind != "complete":
        return None
    parts = Response(status=200, body=request.body).blocks("Part")
    if not all(value(part, "ETag") for part in parts):
        return refusal(400, "InvalidPart")
    numbers = [int(value(part, "PartNumber")) for part in parts]
    return None if numbers == sorted(set(numbers)) else refusal(400, "InvalidPartOrder")


def _wrong_range(request: Request, send: Send) -> Response | None:
    """Refuse to make a part of a range that does not lie within its source."""
    asked = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get(SOURCE_RANGE, ""))
    if request.kind != "part_copy" or asked is None:
        return None
    source = send(Request(method="HEAD", bucket=request.bucket, key=request.source))
    within = not source.ok or int(asked[1]) <= int(asked[2]) < source.length
    return None if within else refusal(400, "InvalidArgument")


def _condition_fails(request: Request, send: Send) -> Response | None:
    """Evaluate the conditions of a request in the order of RFC 9110, 13.2.2."""
    if request.kind not in (*READS, "put", "copy", "delete", "complete"):
        return None
    for key, headers in _conditions(request):
        if not headers:
            continue
        state = send(Request(method="HEAD", bucket=request.bucket, key=key))
        if not state.ok:
            if "if-match" in headers and request.kind not in READS:
                return refusal(404, "NoSuchKey")
            continue  # a source or an object that is not there is the server's to refuse
        if _must_exist_fails(headers, state):
            return _failed()
        if _must_differ_fails(headers, state):
            return Response(status=304, headers=state.headers) if request.kind in READS else _failed()
    return None


def _failed() -> Response:
    return refusal(412, "PreconditionFailed")


def _conditions(request: Request) -> list[tuple[str, dict[str, str]]]:
    """Return the conditions on the key of a request, and those on the key that it copies."""
    own = {name: request.headers[name] for name in CONDITIONS if name in request.headers}
    found = [(request.key, own)]
    if request.kind == "copy":
        of_source = {name: request.headers.get(OF_SOURCE + name) for name in CONDITIONS}
        found.append((request.source, {name: told for name, told in of_source.items() if told is not None}))
    return found


def _must_exist_fails(headers: dict[str, str], state: Response) -> bool:
    if "if-match" in headers:
        return not _among(state.etag, headers["if-match"])
    limit = headers.get("if-unmodified-since")
    return limit is not None and _modified(state) > parsedate_to_datetime(limit)


def _must_differ_fails(headers: dict[str, str], state: Response) -> bool:
    if "if-none-match" in headers:
        return _among(state.etag, headers["if-none-match"])
    limit = headers.get("if-modified-since")
    return limit is not None and _modified(state) <= parsedate_to_datetime(limit)


def _among(tag: str, told: str) -> bool:
    return told.strip() == "*" or tag.strip('"') in [each.strip().strip('"') for each in told.split(",")]


def _modified(state: Response) -> datetime:
    return parsedate_to_datetime(state.headers["last-modified"])


def _unconditional(request: Request) -> Request:
    """Return a request without the conditions that hold, so that the server does not judge them by other rules."""
    names = {*CONDITIONS, *(OF_SOURCE + name for name in CONDITIONS)}
    return request.but(headers={name: told for name, told in request.headers.items() if name not in names})


def _page(request: Request, given: Response) -> Response:
    """Return the page of a listing of uploads that was asked for, out of one that has all of them."""
    if given.told("IsTruncated") == "true" or not given.blocks("Upload"):
        return given
    behind = (request.query.get("key-marker", ""), request.query.get("upload-id-marker", "\U0010ffff"))
    ordered = sorted(given.blocks("Upload"), key=_place)
    left = [upload for upload in ordered if "key-marker" not in request.query or _place(upload) > behind]
    size = int(request.query.get("max-uploads", "1000"))
    page = given.arranged("Upload", left[:size])
    if len(left) <= size or not size:
        return page
    key, upload = _place(left[size - 1])
    more = element("IsTruncated", "true") + element("NextKeyMarker", key) + element("NextUploadIdMarker", upload)
    return page.each("IsTruncated", lambda _: more)


def _page_of_parts(request: Request, given: Response) -> Response:
    """Return the page of the parts that was asked for, of an answer that holds all of them."""
    if not given.ok:
        return given
    size, behind = int(request.query.get("max-parts", "1000")), int(request.query.get("part-number-marker", "0"))
    left = [part for part in given.blocks("Part") if int(value(part, "PartNumber")) > behind]
    page = given.arranged("Part", left[:size])
    last = value(left[:size][-1], "PartNumber") if left[:size] else str(behind)
    more = element("NextPartNumberMarker", last)
    truncated = element("IsTruncated", str(len(left) > size).lower())
    return page.each("NextPartNumberMarker", lambda _: more).each("IsTruncated", lambda _: truncated)


def _place(upload: str) -> tuple[str, str]:
    return value(upload, "Key"), value(upload, "UploadId")
