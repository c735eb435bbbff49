"""Digests: those that come with a body and are to be verified, and the ETags that are told."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

from .base import Family, Hook, Server, after, before
from .messages import READS, Request, Response, refusal, stored

family = Family("checksums", ("checksum.sha256_verified",))
MD5, SHA256 = "content-md5", "x-amz-checksum-sha256"

for header, of_object, of_part in (
    (MD5, "write.content_md5", "multipart.content_md5"),
    (SHA256, "checksum.sha256_verified", "checksum.sha256_of_part"),
):
    short = "md5" if header == MD5 else "sha256"
    words = "Content-MD5" if header == MD5 else "SHA-256"
    family.plant(
        f"{short}_of_object_ignored",
        f"The {words} of an object is not compared with its bytes.",
        before(("put",), lambda _, request, h=header: request.having(**{h: None})),
        of_object,
    )
    family.plant(
        f"{short}_of_part_ignored",
        f"The {words} of a part is not compared with its bytes.",
        before(("part",), lambda _, request, h=header: request.having(**{h: None})),
        of_part,
    )
    family.plant(
        f"{short}_refused_always",
        f"Any {words} is taken for a wrong one.",
        before(
            ("put", "part"), lambda _, request, h=header: refusal(400, "BadDigest") if h in request.headers else None
        ),
        of_object,
        of_part,
    )


def _stored_though_wrong(server: Server, request: Request, given: Response) -> Response:
    if b"Digest" in given.body or b"ChecksumMismatch" in given.body:
        server(request.having(**{MD5: None, SHA256: None}))
    return given


family.plant(
    "wrong_object_stored",
    "A body with a wrong digest is refused and stored.",
    after(("put",), _stored_though_wrong, fulfilled=False),
    "write.content_md5",
    "checksum.sha256_verified",
)
family.plant(
    "wrong_part_stored",
    "A part with a wrong digest is refused and kept.",
    after(("part",), _stored_though_wrong, fulfilled=False),
    "multipart.content_md5",
    "checksum.sha256_of_part",
)
family.plant(
    "wrong_object_told_as_stored",
    "A body with a wrong digest is dropped and told as stored.",
    after(
        ("put",),
        lambda _, q, given: stored(q.body) if b"Digest" in given.body or b"Mismatch" in given.body else given,
        fulfilled=False,
    ),
    "write.content_md5",
    "checksum.sha256_verified",
)


@family.refused("put", trips=("write.content_md5", "checksum.sha256_verified"))
def wrong_object_deletes_old(server: Server, request: Request, given: Response) -> Response:
    """A body with a wrong digest is refused, and the old object is gone already."""
    if b"Digest" in given.body or b"Mismatch" in given.body:
        server.delete(request)
    return given


# ETags that are told of objects


@family.defect("checksum.etag_never_returns", "stat.etag_changes", "answers.write")
def etag_counts_versions(server: Server, request: Request) -> Response:
    """An ETag is the number of the version of its key, which begins anew after a deletion."""
    versions = server.memory
    given = server(request)
    if request.kind in ("put", "copy", "complete") and given.ok:
        versions[request.key] = versions.get(request.key, 0) + 1
    if request.kind == "delete":
        versions.pop(request.key, None)
    told = f'"{versions.get(request.key, 0)}"'
    return given.having(etag=told) if request.kind in (*READS, "put") and given.ok else given


@family.defect("stat.etag_changes", "checksum.etag_never_returns", "answers.write")
def etag_of_both_ends(server: Server, request: Request) -> Response:
    """An ETag is computed from the length and the first and last bytes."""
    given = server(request)
    if request.kind not in READS or not given.ok:
        return given
    body = server.get(request).body
    digest = hashlib.md5(body[:8] + body[-8:] + str(len(body)).encode()).hexdigest()
    return given.having(etag=f'"{digest}"')


@family.after(*READS, trips=("stat.etag_changes", "checksum.etag_never_returns", "answers.write"))
def etag_of_written_time(server: Server, request: Request, given: Response) -> Response:
    """An ETag is made of the second in which the object was written."""
    return given.having(etag=f'"{hashlib.md5(given.headers["last-modified"].encode()).hexdigest()}"')


@family.after(*READS, trips=("stat.etag_changes", "checksum.etag_never_returns", "answers.write"))
def etag_in_32_bits(server: Server, request: Request, given: Response) -> Response:
    """An ETag has two bytes only."""
    return given.having(etag=f'"{given.etag.strip(chr(34))[:2]}"')


@family.after("get", "put", trips=("checksum.etag_agrees", "answers.write"))
def etag_upper_but_in_head(server: Server, request: Request, given: Response) -> Response:
    """Writes and reads tell an ETag in capitals, HEAD does not."""
    return given.having(etag=given.etag.upper())


@family.after("head", trips=("checksum.etag_strong", "answers.write"))
def etag_weak_in_head(server: Server, request: Request, given: Response) -> Response:
    """HEAD tells a weak ETag, as after a compressing proxy."""
    return given.having(etag="W/" + given.etag)


# ETags that are not made as Amazon makes them, and are the same everywhere

_AN_ETAG = re.compile(r"[0-9a-f]{32}(?:-[0-9]+)?")


def _named(name: Callable[[str], str]) -> Hook:
    def hook(server: Server, request: Request) -> Response:
        true: dict[str, str] = server.memory

        def told(found: re.Match[str]) -> str:
            other = name(found[0])
            true[other] = found[0]
            return other

        conditions = {h: v for h, v in request.headers.items() if h.endswith("match")}
        restored = {h: _AN_ETAG.sub(lambda m: true.get(m[0], m[0]), v) for h, v in conditions.items()}
        given = server(request.having(**restored))
        if request.kind in ("part", "part_copy", "list_parts"):
            return given
        if given.etag:
            given = given.having(etag=_AN_ETAG.sub(told, given.etag))
        return (
            given.each("ETag", lambda e: _AN_ETAG.sub(told, e))
            if request.kind in ("list", "complete", "copy")
            else given
        )

    return hook


def _other(etag: str) -> str:
    return hashlib.md5(etag.encode()).hexdigest()


NAMES: dict[str, tuple[str, Callable[[str], str], str]] = {
    "etag_is_no_md5": (
        "The ETag of an object is a digest, but not the MD5.",
        lambda e: e if "-" in e else _other(e),
        "checksum.etag_is_md5",
    ),
    "etag_of_upload_is_no_list": (
        "The ETag of an upload is one like that of any object, without the number of its parts.",
        lambda e: _other(e) if "-" in e else e,
        "checksum.etag_of_parts",
    ),
    "etag_of_upload_counts_wrongly": (
        "The ETag of an upload counts one part more than there are.",
        lambda e: f"{e.partition('-')[0]}-{int(e.partition('-')[2]) + 1}" if "-" in e else e,
        "checksum.etag_of_parts",
    ),
    "etag_of_upload_of_one_part": (
        "The ETag of an upload of one part has no number.",
        lambda e: e.removesuffix("-1"),
        "checksum.etag_of_parts",
    ),
}
for named, (sentence, name, trip) in NAMES.items():
    family.plant(named, sentence, _named(name), trip)
