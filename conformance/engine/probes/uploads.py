"""Multipart uploads: which lists of parts complete one, and what is there before and after."""

from __future__ import annotations

from conformance.engine.probes.objects import described
from conformance.engine.probes.probing import Finding, NotKnown, Room, by_declaration, by_requirement, probe
from conformance.storage import ListMode, Object, Part

NEEDS = ("write", "read", "create_multipart", "write_multipart", "complete_multipart", "delete")


class _Upload:
    """One upload of which every part but the last is as long as the published minimum."""

    def __init__(self, room: Room, path: str = "u") -> None:
        self.room = room
        self.handle: Object = room.store.create_multipart(path)
        self.least = max(room.limits.multipart_size_minimum or 1, 64)
        self.data: dict[int, bytes] = {}

    def part(self, index: int, letter: bytes, size: int | None = None) -> Part:
        """Upload one part of a letter; ``size`` bytes, or the minimum."""
        self.data[index] = letter * (self.least if size is None else size)
        return self.room.store.write_multipart(self.handle, self.data[index], index)[1]

    def complete(self, parts: list[Part]) -> str:
        """Complete with parts and say how that was answered."""
        return self.room.attempt(lambda: self.room.store.complete_multipart(self.handle, parts)).word

    def content(self) -> bytes | None:
        """Return what is at the path now."""
        return self.room.get(self.handle.path)


def _control(room: Room) -> None:
    upload = _Upload(room, "control")
    parts = [upload.part(0, b"a"), upload.part(1, b"b")]
    room.proves(upload.complete(parts) == "success", "two parts in their order complete an upload")
    room.proves(upload.content() == upload.data[0] + upload.data[1], "a completed upload is read back")


def _accepts(room: Room, field: str, identifier: str, word: str, *, whole: bool) -> Finding:
    if word == "success" and not whole:
        return by_requirement("accepted, but the object is another one", identifier, holds=False)
    fits = getattr(room.features, field) == (word == "success")
    return by_declaration("yes" if word == "success" else f"no: {word}", field, fits=fits, features=room.features)


@probe(
    "uploads.order",
    "May parts be given in any order?",
    source="AOS-62 is silent",
    declares="part_order_free",
    needs=NEEDS,
)
def order(room: Room) -> Finding:
    """Complete with the second part first."""
    _control(room)
    upload = _Upload(room)
    parts = [upload.part(0, b"a"), upload.part(1, b"b")]
    word = upload.complete(parts[::-1])
    return _accepts(
        room,
        "part_order_free",
        "multipart.complete_unsorted",
        word,
        whole=upload.content() == upload.data[0] + upload.data[1],
    )


@probe("uploads.gaps", "May indexes have gaps?", source="AOS-62 is silent", declares="part_gaps", needs=NEEDS)
def gaps(room: Room) -> Finding:
    """Complete with the parts 0 and 2."""
    _control(room)
    upload = _Upload(room)
    word = upload.complete([upload.part(0, b"a"), upload.part(2, b"c")])
    return _accepts(
        room, "part_gaps", "multipart.complete_gaps", word, whole=upload.content() == upload.data[0] + upload.data[2]
    )


@probe(
    "uploads.wrong_etag",
    "Is a part with a wrong ETag refused?",
    source="AOS-62, Rationale",
    declares="part_etags",
    needs=NEEDS,
)
def wrong_etag(room: Room) -> Finding:
    """Complete with an ETag that no part has."""
    _control(room)
    upload = _Upload(room)
    part = upload.part(0, b"a")
    word = upload.complete([Part(part.index, part.size, "0" * max(len(part.etag.strip('"')), 1))])
    text = "no" if word == "success" else f"yes: {word}"
    fits = (word != "success") == room.features.part_etags
    return by_declaration(text, "part_etags", fits=fits, features=room.features)


@probe(
    "uploads.part_etag",
    "Of what kind is the ETag of a part?",
    source="AOS-62: opaque",
    declares="part_etags",
    needs=NEEDS,
)
def part_etag(room: Room) -> Finding:
    """Compare it with the MD5 of the part."""
    upload = _Upload(room)
    part = upload.part(0, b"a")
    room.proves(upload.complete([part]) == "success", "the part completes an upload")
    text = described(part.etag, upload.data[0])
    return by_declaration(
        text, "part_etags", fits=bool(part.etag) or not room.features.part_etags, features=room.features
    )


@probe(
    "uploads.object_etag",
    "Of what kind is the ETag of a completed upload?",
    source="AOS-62 is silent",
    needs=(*NEEDS, "stat"),
)
def object_etag(room: Room) -> Finding:
    """Compare it with the MD5 of the object."""
    upload = _Upload(room)
    parts = [upload.part(0, b"a"), upload.part(1, b"b")]
    room.proves(upload.complete(parts) == "success", "two parts complete an upload")
    return Finding(described(room.store.stat("u").etag, upload.data[0] + upload.data[1]))


@probe(
    "uploads.below_minimum",
    "Is a part below the minimum refused?",
    source="GSP-97 publishes it, nobody says who enforces it",
    declares="part_minimum_enforced",
    needs=NEEDS,
)
def below_minimum(room: Room) -> Finding:
    """Complete with a first part of one byte."""
    _control(room)
    upload = _Upload(room)
    word = upload.complete([upload.part(0, b"a", 1), upload.part(1, b"b", 1)])
    refused = word != "success"
    text = f"yes: {word}" if refused else "no"
    fits = refused == room.features.part_minimum_enforced
    return by_declaration(text, "part_minimum_enforced", fits=fits, features=room.features)


@probe("uploads.no_parts", "What does completing with no parts do?", source="AOS-62 is silent", needs=NEEDS)
def no_parts(room: Room) -> Finding:
    """Upload a part and complete without it."""
    _control(room)
    upload = _Upload(room)
    upload.part(0, b"a")
    word = upload.complete([])
    left = upload.content()
    made = "nothing" if left is None else "an empty object" if not left else f"an object of {len(left)} bytes"
    return by_requirement(f"{word}; there is {made}", "multipart.complete_empty", holds=not left)


@probe("uploads.empty_part", "May a part be empty?", source="AOS-62 is silent", needs=NEEDS)
def empty_part(room: Room) -> Finding:
    """Upload one of zero bytes and complete with it."""
    _control(room)
    upload = _Upload(room)
    written = room.attempt(lambda: upload.part(0, b"", 0))
    if not written.ok:
        return Finding(f"refused at write_multipart: {written.word}")
    word = upload.complete([written.value])
    return Finding("yes" if word == "success" else f"refused at complete_multipart: {word}")


@probe("uploads.part_twice", "What does a part that is given twice do?", source="AOS-62 is silent", needs=NEEDS)
def part_twice(room: Room) -> Finding:
    """Complete with one part, named twice."""
    _control(room)
    upload = _Upload(room)
    part = upload.part(0, b"a")
    word = upload.complete([part, part])
    left = upload.content()
    if word != "success":
        return by_requirement(f"refused: {word}", "multipart.complete_part_twice", holds=left is None)
    twice = left is not None and len(left) > len(upload.data[0])
    return by_requirement(
        "it is in the object twice" if twice else "it counts once", "multipart.complete_part_twice", holds=not twice
    )


@probe("uploads.complete_twice", "What does completing again answer?", source="GSP-134: not idempotent", needs=NEEDS)
def complete_twice(room: Room) -> Finding:
    """Complete, and complete again."""
    upload = _Upload(room)
    part = upload.part(0, b"a")
    room.proves(upload.complete([part]) == "success", "the part completes an upload")
    word = upload.complete([part])
    whole = upload.content() == upload.data[0]
    text = f"{word}; the object {'stays whole' if whole else 'is damaged'}"
    return by_requirement(text, "multipart.complete_twice", holds=whole)


@probe(
    "uploads.old_object", "What is at the path while an upload to it is open?", source="AOS-25 is silent", needs=NEEDS
)
def old_object(room: Room) -> Finding:
    """Write an object, begin an upload to its path, and read."""
    room.put("u", b"old")
    upload = _Upload(room)
    upload.part(0, b"a")
    left = upload.content()
    text = "the old object" if left == b"old" else "nothing" if left is None else "something else"
    return by_requirement(text, "multipart.keeps_object_until_complete", holds=left == b"old")


@probe(
    "uploads.abort_unknown",
    "What does aborting an upload that never was answer?",
    source="GSP-46 against older comments",
    needs=(*NEEDS, "delete.multipart_id"),
)
def abort_unknown(room: Room) -> Finding:
    """Abort one that was aborted before, and one that never was."""
    upload = _Upload(room)
    room.store.delete("u", multipart_id=upload.handle.multipart_id)
    room.proves(not room.attempt(lambda: upload.part(0, b"a")).ok, "an aborted upload takes no parts")
    again = room.attempt(lambda: room.store.delete("u", multipart_id=upload.handle.multipart_id))
    never = room.attempt(lambda: room.store.delete("u", multipart_id=f"x{upload.handle.multipart_id}"))
    text = f"{again.word} after an abort, {never.word} for an id that never was"
    return by_requirement(text, "multipart.abort_unknown", holds=again.ok and never.ok)


@probe(
    "uploads.listing",
    "Which uploads does a listing in part mode show?",
    source="GSP-654: those of the path, or of the prefix",
    needs=(*NEEDS, "list.list_mode"),
)
def listing(room: Room) -> Finding:
    """Begin uploads to a path, below it, and to a name that begins like it."""
    if ListMode.PART not in room.features.list_modes:
        raise NotKnown("the mode part is not declared")
    begun = {path: _Upload(room, path) for path in ("u", "u/below", "ux")}
    every = [o.path for o in room.store.list("", list_mode=ListMode.PART)]
    room.proves(sorted(every) == sorted(begun), "every upload is listed at the top")
    shown = sorted(o.path for o in room.store.list("u", list_mode=ListMode.PART))
    known: dict[tuple[str, ...], str] = {
        ("u",): "those of the path only",
        ("u", "u/below"): "those of the path and below",
        ("u", "u/below", "ux"): "those of the prefix",
    }
    return Finding(known.get(tuple(shown), f"{shown}"))
