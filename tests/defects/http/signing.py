"""Signed URLs as S3 has them (AWS Signature Version 4 in the query): whether one is genuine, and whether it is over.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from backends.server import CREDENTIALS

from .messages import Request

SECRET = CREDENTIALS["AWS_SECRET_ACCESS_KEY"]


def is_signed(request: Request) -> bool:
    """Tell whether anybody may send the request because its URL is signed."""
    return "X-Amz-Signature" in request.query


def unsigned(request: Request) -> Request:
    """Return the request without its signature, which nobody verifies then."""
    return request.but(query={name: told for name, told in request.query.items() if not name.startswith("X-Amz-")})


def is_genuine(request: Request) -> bool:
    """Tell whether the signature is that of this method, path, query and of the headers that it names."""
    return hmac.compare_digest(request.query["X-Amz-Signature"], _signature(request))


def is_over(request: Request) -> bool:
    """Tell whether the time of a signed request is over."""
    return age(request) > timedelta(seconds=int(request.query["X-Amz-Expires"]))


def age(request: Request) -> timedelta:
    """Return how long ago a request was signed."""
    signed = datetime.strptime(request.query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return datetime.now(UTC) - signed


def _signature(request: Request) -> str:
    covered = sorted((name, told) for name, told in request.query.items() if name != "X-Amz-Signature")
    names = request.query["X-Amz-SignedHeaders"]
    canonical = (
        request.method,
        request.but(query={}).target,
        "&".join(f"{quote(name, safe='')}={quote(told, safe='')}" for name, told in covered),
        *(f"{name}:{request.headers.get(name, '').strip()}" for name in names.split(";")),
        "",
        names,
        "UNSIGNED-PAYLOAD",
    )
    scope = request.query["X-Amz-Credential"].split("/")[1:]
    key = f"AWS4{SECRET}".encode()
    for word in scope:
        key = _mac(key, word)
    digest = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
    told = ("AWS4-HMAC-SHA256", request.query["X-Amz-Date"], "/".join(scope), digest)
    return _mac(key, "\n".join(told)).hex()


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
