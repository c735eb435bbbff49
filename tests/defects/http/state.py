"""Servers that lose, mix or delay what they hold: with many objects, with time, between nodes."""

from __future__ import annotations

from .base import Family, Hook, Server
from .messages import Request, Response, key_in, refusal

family = Family("state", ("programs.many_keys", "programs.namespace"))


def _home(request: Request) -> str:
    return "/".join(request.key.split("/")[:2]) + "/"


def _evicting(limit: int, *, everywhere: bool = False) -> Hook:
    """Return a hook under which the oldest of more objects than ``limit`` goes."""

    def hook(server: Server, request: Request) -> Response:
        given = server(request)
        if request.kind == "put" and given.ok:
            keys: dict[str, None] = server.memory.setdefault("" if everywhere else _home(request), {})
            keys.pop(request.key, None)
            keys[request.key] = None
            if len(keys) > limit:
                oldest = next(iter(keys))
                del keys[oldest]
                server.delete(request, oldest)
        return given

    return hook


def _full(limit: int) -> Hook:
    """Return a hook under which a directory takes no more objects than ``limit``."""

    def hook(server: Server, request: Request) -> Response:
        keys: set[str] = server.memory.setdefault(_home(request), set())
        if request.kind == "put" and request.key not in keys and len(keys) >= limit:
            return refusal(507, "InsufficientStorage")
        if request.kind == "put":
            keys.add(request.key)
        if request.kind == "delete":
            keys.discard(request.key)
        return server(request)

    return hook


for limit in (5, 10, 20, 30, 50, 100):
    family.plant(
        f"evicts_after_{limit}",
        f"Of more than {limit} objects in a directory the oldest goes.",
        _evicting(limit),
        "programs.many_keys",
        "list.complete",
        "paths.distinct",
    )
family.plant(
    "evicts_after_1000",
    "Of more than 1,000 objects in a bucket the oldest goes.",
    _evicting(1000, everywhere=True),
    "list.complete",
    profile="deep",
)
for limit in (10, 32, 64):
    family.plant(
        f"full_with_{limit}",
        f"A directory takes {limit} objects.",
        _full(limit),
        "programs.many_keys",
        "list.complete",
        "paths.distinct",
    )


@family.defect("completeness.every_client", "paths.every_client", "overwrite.write_exists")
def two_nodes(server: Server, request: Request) -> Response:
    """Of two nodes one is a write behind: every second read of a key goes to it."""
    if request.kind in ("put", "delete"):
        server.memory[request.key] = [server.get(request), 0]
    if request.kind == "get" and "range" not in request.headers and request.key in server.memory:
        behind = server.memory[request.key]
        behind[1] += 1
        if behind[1] % 2 == 0:
            return behind[0]
    return server(request)


@family.defect("programs.namespace", "delete.removes")
def deletion_is_slow(server: Server, request: Request) -> Response:
    """What was deleted is found for the next three requests."""
    gone: dict[str, list[object]] = server.memory
    if request.kind == "delete":
        old = server.get(request)
        if old.ok:
            gone[request.key] = [old, 3]
    if request.kind in ("put", "copy", "complete"):
        gone.pop(request.key, None)
    given = server(request)
    if request.kind in ("get", "head") and given.status == 404 and request.key in gone:
        old_answer, left = gone[request.key]
        gone[request.key][1] = int(str(left)) - 1
        return old_answer if int(str(left)) > 0 and isinstance(old_answer, Response) else given
    return given


@family.defect("overwrite.write_exists", "programs.namespace", like="fsspec/s3fs#424")
def size_cached_by_listing(server: Server, request: Request) -> Response:
    """Reads of a key that was listed end at the size that the listing told."""
    given = server(request)
    if request.kind == "list":
        for entry in given.blocks("Contents"):
            server.memory[key_in(entry)] = int(entry.partition("<Size>")[2].partition("<")[0])
    if request.kind == "get" and given.status == 200 and request.key in server.memory:
        return given.but(body=given.body[: server.memory[request.key]])
    return given


@family.defect("programs.namespace", "list.current")
def listing_cached_by_prefix(server: Server, request: Request) -> Response:
    """A listing is answered from a cache until something below that very prefix and its directory is written."""
    if request.kind in ("put", "copy", "complete"):
        server.memory.clear()
    if request.kind != "list":
        return server(request)
    asked = tuple(sorted(request.query.items()))
    if asked not in server.memory:
        server.memory[asked] = server(request)
    return server.memory[asked]


@family.defect("overwrite.write_exists", "programs.namespace", "answers.write")
def written_behind(server: Server, request: Request) -> Response:
    """A write is done with the next write to any key: the last one waits in a buffer."""
    if request.kind != "put":
        return server(request)
    waiting = server.memory.pop("waiting", None)
    if waiting is not None:
        server(waiting)
    if server.head(request).ok:
        server.memory["waiting"] = request
        return Response(status=200, headers={"content-length": "0", "etag": '"x"'})
    return server(request)


@family.defect("programs.namespace", "write.stores", "answers.write", like="fsspec/filesystem_spec#2108")
def one_failure_poisons(server: Server, request: Request) -> Response:
    """After a request that failed, the next write is answered and dropped."""
    if request.kind == "put" and server.memory.pop("failed", False):
        return Response(status=200, headers={"content-length": "0", "etag": '"x"'})
    given = server(request)
    if given.status >= 400:
        server.memory["failed"] = True
    return given
