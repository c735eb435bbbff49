"""Errors: the status and the code with which requests are refused, or are not."""

from __future__ import annotations

from .base import Family, Hook, after, before
from .messages import Kind, Response, answer, copied, refusal

family = Family("errors", ("errors.taxonomy", "errors.not_exist_only_then"))


def _instead(status: int, given: Response, *kinds: Kind) -> Hook:
    """Return a hook that answers otherwise where the server refuses with ``status``."""
    return after(kinds, lambda _, __, told: given if told.status == status else told, fulfilled=False)


EMPTY = answer(200, etag='"d41d8cd98f00b204e9800998ecf8427e"')
READ = ("read.missing", "errors.not_exist_only_then")
STAT = ("stat.missing", "errors.not_exist_only_then")
TABLE: dict[str, tuple[str, Kind, int, Response, tuple[str, ...]]] = {
    "get_missing_fails": (
        "A read of what is not there makes the server fail.",
        "get",
        404,
        refusal(500, "InternalError"),
        READ,
    ),
    "get_missing_forbidden": (
        "A read of what is not there is forbidden.",
        "get",
        404,
        refusal(403, "AccessDenied"),
        READ,
    ),
    "get_missing_bucket": (
        "A read of what is not there misses the bucket.",
        "get",
        404,
        refusal(404, "NoSuchBucket"),
        READ,
    ),
    "get_missing_empty": ("A read of what is not there is an empty object.", "get", 404, EMPTY, READ),
    "get_missing_bad": (
        "A read of what is not there is a bad request.",
        "get",
        404,
        refusal(400, "InvalidRequest"),
        READ,
    ),
    "get_missing_throttled": (
        "A read of what is not there asks to slow down.",
        "get",
        404,
        refusal(503, "SlowDown"),
        READ,
    ),
    "get_missing_document": (
        "A read of what is not there is the document of the error.",
        "get",
        404,
        refusal(404, "NoSuchKey").but(status=200),
        READ,
    ),
    "head_missing_fails": ("HEAD of what is not there makes the server fail.", "head", 404, Response(status=500), STAT),
    "head_missing_forbidden": ("HEAD of what is not there is forbidden.", "head", 404, Response(status=403), STAT),
    "head_missing_empty": ("HEAD of what is not there tells of an empty object.", "head", 404, EMPTY, STAT),
    "head_missing_bad": ("HEAD of what is not there is a bad request.", "head", 404, Response(status=400), STAT),
    "head_missing_gone": ("HEAD of what is not there moved elsewhere.", "head", 404, Response(status=301), STAT),
    "range_behind_is_bad": (
        "A range that cannot be is a bad request.",
        "get",
        416,
        refusal(400, "InvalidArgument"),
        ("read.beyond_end", "read.size_beyond_end", "errors.client_fault"),
    ),
    "range_behind_fails": (
        "A range that cannot be makes the server fail.",
        "get",
        416,
        refusal(500, "InternalError"),
        ("read.beyond_end", "read.size_beyond_end", "errors.client_fault"),
    ),
    "copy_missing_forbidden": (
        "A copy of what is not there is forbidden.",
        "copy",
        404,
        refusal(403, "AccessDenied"),
        ("copy.missing_source",),
    ),
    "copy_missing_done": ("A copy of what is not there is done.", "copy", 404, copied('"x"'), ("copy.missing_source",)),
    "complete_unknown_fails": (
        "Completing an upload that is not open makes the server fail.",
        "complete",
        404,
        refusal(500, "InternalError"),
        (
            "multipart.complete_ends_upload",
            "multipart.abort_ends_upload",
            "multipart.complete_twice",
            "errors.client_fault",
        ),
    ),
    "complete_refused_fails": (
        "A completion that cannot be makes the server fail.",
        "complete",
        400,
        refusal(500, "InternalError"),
        ("multipart.complete_below_minimum", "multipart.complete_missing_part", "errors.client_fault"),
    ),
}
for name, (sentence, kind, status, given, trips) in TABLE.items():
    family.plant(name, sentence, _instead(status, given, kind), *trips)


def _too_long(given: Response) -> Hook:
    """Return a hook that answers a write to a key of more than S3's 1,024 bytes."""
    return before(("put",), lambda _, request: given if len(request.key.encode()) > 1024 else None)


LONG = ("errors.path_too_long",)
family.plant(
    "key_too_long_fails",
    "A key that is too long makes the server fail.",
    _too_long(refusal(500, "InternalError")),
    *LONG,
    "errors.client_fault",
)
family.plant("key_too_long_accepted", "A key that is too long is accepted and lost.", _too_long(EMPTY), *LONG)
family.plant(
    "key_too_long_missing", "A key that is too long is not found.", _too_long(refusal(404, "NoSuchKey")), *LONG
)


def _every(period: int, given: Response, *kinds: Kind) -> Hook:
    """Return a hook under which every so many requests are refused without need, and are not done."""

    def hook(server, request):
        if request.kind in kinds:
            server.memory["asked"] = server.memory.get("asked", 0) + 1
            if server.memory["asked"] % period == 0:
                return given
        return server(request)

    return hook


for kind, trip in (
    ("get", "read.whole"),
    ("put", "write.stores"),
    ("list", "list.complete"),
    ("head", "stat.describes"),
    ("delete", "delete.removes"),
):
    family.plant(
        f"{kind}_fails_at_times",
        f"Every seventh request of the kind {kind} makes the server fail.",
        _every(7, refusal(500, "InternalError"), kind),
        trip,
    )
family.plant(
    "lists_empty_at_times",
    "Every seventh listing is empty.",
    _every(7, answer(200, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"), "list"),
    "list.complete",
    "list.changes_nothing",
)
