"""Origins: however an object came to be, it is an object like any other (GSP-134, GSP-46, GSP-749)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.engine.evidence import answered, everything, shows_lengths
from conformance.engine.expect import refused, same
from conformance.engine.laws import verifies
from conformance.engine.part_plans import piece, upload
from conformance.storage import Content, ObjectNotExist, PreconditionFailed

if TYPE_CHECKING:
    from conformance.engine.recorder import Recorder

MIB = 1024 * 1024
RANGED = frozenset({"shorter", "upload-over", "copy-of-upload", "move-over"})
UPLOADS = frozenset({"create_multipart", "write_multipart", "complete_multipart"})


@verifies("completeness.origins", "read.range", "conditional.write_none_match", needs=("read", "stat", "list"))
def test_every_object_is_read_told_and_listed_alike(store: Recorder) -> None:
    """Written, overwritten, copied, moved or uploaded, an object has its bytes, its length, its etag and one entry.

    Deleted it goes for good, and the others, copies and sources of it too, stay whole.
    """
    objects = _made(store)
    shows_lengths(everything(store), {path: len(data) for path, data in objects.items()}, "the listing")
    etags: dict[str, bytes] = {}
    for path, data in objects.items():
        same(store.read(path), data, f"content of {path!r}")
        o = store.stat(path) if path in RANGED else answered(store) or store.stat(path)
        same(o.content_length, len(data), f"length of {path!r}")
        if store.features.etag is not False and o.etag:
            same(etags.setdefault(o.etag, data) == data, True, f"whether the etag of {path!r} is of its content alone")
        if path in RANGED and {"offset", "size"} <= store.features.pairs.get("read", frozenset()):
            at = max(0, len(data) - 750)
            same(store.read(path, offset=at, size=100), data[at : at + 100], f"100 bytes from {at} of {path!r}")
    _read_in_ranges(store, "large", objects["large"])
    _not_made_again(store, objects)
    if "delete" in store.features.operations:
        _deleted_alone(store, objects)


def _read_in_ranges(store: Recorder, path: str, data: bytes) -> None:
    """Ranges that begin where a block does, cross its end, or are longer than any buffer are slices too."""
    for pairs in ({"offset": 4096, "size": 4096}, {"offset": 65_530, "size": 70_000}, {"offset": 4 * MIB}):
        if pairs.keys() <= store.features.pairs["read"]:
            begin = pairs["offset"]
            wanted = data[begin : begin + pairs.get("size", len(data))]
            same(store.read(path, **pairs), wanted, f"{path!r} read with {pairs}", requirement="read.range")


def _not_made_again(store: Recorder, objects: dict[str, bytes]) -> None:
    """Whatever an object is and however it came to be, it is one where only a new one may be made."""
    if "if_none_match" not in store.features.pairs["write"]:
        return
    for path in [path for path in ("empty", "copy", "upload") if path in objects]:
        with refused(PreconditionFailed, what=f"write to {path!r}", requirement="conditional.write_none_match"):
            store.write(path, b"made again", if_none_match="*")
    store.write("uploa", b"the beginning of a name", if_none_match="*")
    objects["uploa"] = b"the beginning of a name"


def _deleted_alone(store: Recorder, objects: dict[str, bytes]) -> None:
    going, staying = sorted(objects)[::2], sorted(objects)[1::2]
    for path in going:
        store.delete(path)
    same([o.path for o in everything(store)], staying, "the objects left")
    with refused(ObjectNotExist, what=f"read of the deleted {going[0]!r}"):
        store.read(going[0])
    for path in staying:
        same(store.read(path), objects[path], f"content of {path!r}")


def _made(store: Recorder) -> dict[str, bytes]:
    """Make objects in all ways that there are; return their contents by path."""
    made: dict[str, bytes] = {}
    operations = store.features.operations

    def write(path: str, content: Content) -> None:
        store.write(path, content)
        made[path] = content.data

    write("large", Content(5 * MIB + 1, 1))
    if store.features.write_empty_object:
        write("empty", Content(0))
    write("shorter", Content(70_000, 4))
    write("shorter", Content(800, 5))
    write("again", Content(950, 6))
    if "delete" in operations:
        store.delete("again")
    write("again", Content(850, 7))
    if operations >= UPLOADS:
        write("upload-over", Content(70_000, 8))
        for number, path in enumerate(("upload", "upload-over")):
            o = store.create_multipart(path)
            contents = {0: piece(store, 10 + number, 70_000), 1: Content(700, 20 + number)}
            store.complete_multipart(o, upload(store, o, contents))
            made[path] = contents[0].data + contents[1].data
    if "copy" in operations:
        write("copy-over", Content(70_000, 30))
        sources = {
            "copy": "large",
            "copy-over": "shorter",
            **({"copy-of-upload": "upload"} if "upload" in made else {}),
        }
        for path, source in sources.items():
            store.copy(source, path)
            made[path] = made[source]
    if "move" in operations:
        write("source", Content(875, 40))
        write("move-over", Content(70_000, 41))
        store.move("source", "move-over")
        made["move-over"] = made.pop("source")
    return made
