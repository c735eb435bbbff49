"""Append, block and page objects, and segments: what is seen before they are finished, and what they take after."""

from __future__ import annotations

from conformance.engine.probes.probing import Finding, Room, by_declaration, by_requirement, probe
from conformance.storage import ObjectMode

APPEND = ("write", "read", "stat", "create_append", "write_append", "commit_append")
BLOCK = ("write", "read", "create_block", "write_block", "combine_block")
SEGMENT = ("read", "init_segment", "write_segment", "complete_segment", "abort_segment")
PAGE = ("write", "read", "create_page", "write_page")


@probe(
    "append.before_commit", "Is an append object read before its commit?", source="AOS-44 leaves it open", needs=APPEND
)
def before_commit(room: Room) -> Finding:
    """Append, read, commit, and read again."""
    o = room.store.create_append("a")
    room.store.write_append(o, b"appended")
    early = room.attempt(lambda: room.store.read("a"))
    mode = room.attempt(lambda: room.store.stat("a").mode)
    room.store.commit_append(o)
    room.proves(room.get("a") == b"appended", "what was appended is read after the commit")
    text = f"yes, {len(early.value)} of 8 bytes" if early.ok else f"no: {early.word}"
    told = f"mode {mode.value}" if mode.ok else mode.word
    holds = not mode.ok or ObjectMode.READ not in mode.value or early.ok
    return by_requirement(f"{text} (stat: {told})", "object_mode.honest_listing", holds=holds)


@probe("append.after_commit", "May one append after the commit?", source="AOS-44 is silent", needs=APPEND)
def after_commit(room: Room) -> Finding:
    """Commit, append, and commit again."""
    o = room.store.create_append("a")
    room.store.write_append(o, b"one")
    room.store.commit_append(o)
    room.proves(room.get("a") == b"one", "what was appended is read after the commit")
    more = room.attempt(lambda: room.store.write_append(o, b"two"))
    if not more.ok:
        return Finding(f"no: {more.word}")
    seen = room.get("a")
    again = room.attempt(lambda: room.store.commit_append(o))
    kept = room.get("a") == b"onetwo"
    when = "at once" if seen == b"onetwo" else f"after another commit ({again.word})"
    return Finding(f"yes, seen {when}" if kept else f"it is accepted, but the object is {room.get('a')!r}")


@probe(
    "append.old_object",
    "What is at the path while an append object is open?",
    source="GSP-134 against AOS-44",
    needs=APPEND,
)
def append_over(room: Room) -> Finding:
    """Create one over an object, and read before and after the commit."""
    room.put("a", b"old")
    o = room.store.create_append("a")
    room.store.write_append(o, b"new")
    left = room.attempt(lambda: room.store.read("a"))
    known = {b"old": "the old object, until the commit", b"new": "what was appended so far", b"": "an empty object"}
    text = known.get(left.value, f"{left.value!r}") if left.ok else f"nothing: {left.word}"
    room.store.commit_append(o)
    return by_requirement(text, "completeness.commit_append", holds=room.get("a") == b"new")


@probe("append.offset", "Is the offset of an append object told?", source="AOS-44: append_offset", needs=APPEND)
def offset(room: Room) -> Finding:
    """Append five bytes and ask stat, before and after the commit."""
    o = room.store.create_append("a")
    room.store.write_append(o, b"12345")
    early = room.attempt(lambda: room.store.stat("a").append_offset)
    room.store.commit_append(o)
    room.proves(room.get("a") == b"12345", "what was appended is read after the commit")
    late = room.store.stat("a").append_offset
    shown = early.value if early.ok else early.word
    return Finding(f"by create_append {o.append_offset}, then {shown}, after the commit {late}")


@probe(
    "append.reopened",
    "Does stat give an object that one can append to?",
    source="AOS-25: a mode is an ability",
    needs=APPEND,
)
def reopened(room: Room) -> Finding:
    """Append to what stat tells of a committed object."""
    o = room.store.create_append("a")
    room.store.write_append(o, b"one")
    room.store.commit_append(o)
    room.proves(room.get("a") == b"one", "what was appended is read after the commit")
    found = room.store.stat("a")
    more = room.attempt(lambda: room.store.write_append(found, b"two"))
    carries = ObjectMode.APPEND in found.mode
    text = f"mode {found.mode}: {'it takes appends' if more.ok else more.word}"
    return by_requirement(text, "object_mode.honest_listing", holds=carries == more.ok)


@probe("block.named_twice", "May a block be named twice?", source="definition of combine_block is silent", needs=BLOCK)
def named_twice(room: Room) -> Finding:
    """Combine one block with itself."""
    o = room.store.create_block("b")
    room.store.write_block(o, b"once", "id")
    room.store.combine_block(o, ["id"])
    room.proves(room.get("b") == b"once", "a block that was combined is read")
    o = room.store.create_block("c")
    room.store.write_block(o, b"once", "id")
    done = room.attempt(lambda: room.store.combine_block(o, ["id", "id"]))
    if not done.ok:
        return Finding(f"no: {done.word}")
    return Finding("yes, it is in the object twice" if room.get("c") == b"onceonce" else f"it makes {room.get('c')!r}")


@probe("block.old_object", "What is at the path while a block object is open?", source="GSP-134 is silent", needs=BLOCK)
def block_over(room: Room) -> Finding:
    """Create one over an object and read."""
    room.put("b", b"old")
    o = room.store.create_block("b")
    room.store.write_block(o, b"new", "id")
    left = room.attempt(lambda: room.store.read("b"))
    text = f"nothing: {left.word}" if not left.ok else "the old object" if left.value == b"old" else f"{left.value!r}"
    return by_requirement(text, "block.hidden", holds=not left.ok or left.value == b"old")


@probe("page.gap", "What is between two pages?", source="AOS-25 is silent", needs=PAGE)
def gap(room: Room) -> Finding:
    """Write a page at the start and one far behind it."""
    o = room.store.create_page("p")
    room.store.write_page(o, b"1" * 512, 0)
    room.proves((room.get("p") or b"")[:512] == b"1" * 512, "a page is read back")
    far = room.attempt(lambda: room.store.write_page(o, b"2" * 512, 1536))
    if not far.ok:
        return Finding(f"refused: {far.word}")
    between = (room.get("p") or b"")[512:1536]
    return by_requirement(
        "zeros" if between == bytes(1024) else "other bytes", "page.gap", holds=between == bytes(1024)
    )


@probe("page.alignment", "Must pages be aligned?", source="AOS-25 is silent", needs=PAGE)
def alignment(room: Room) -> Finding:
    """Write three bytes at an odd offset."""
    o = room.store.create_page("p")
    room.store.write_page(o, b"1" * 512, 0)
    room.proves((room.get("p") or b"")[:512] == b"1" * 512, "a page is read back")
    odd = room.attempt(lambda: room.store.write_page(o, b"odd", 7))
    return Finding("no: any offset and size will do" if odd.ok else f"yes: {odd.word}")


@probe(
    "segments.kind",
    "Are segments made of pieces by index or by offset?",
    source="Proposal 18: the service decides",
    declares="segments",
    needs=SEGMENT,
)
def kind(room: Room) -> Finding:
    """Upload a piece in both ways and complete what was taken."""
    taken: list[str] = []
    for word in ("index", "offset"):
        seg = room.store.init_segment(word)
        done = room.attempt(lambda seg=seg, word=word: room.store.write_segment(seg, b"piece", **{word: 0}))
        if done.ok:
            room.store.complete_segment(seg)
            room.proves(room.get(word) == b"piece", f"a piece by {word} becomes an object")
            taken.append(word)
        else:
            room.store.abort_segment(seg)
    room.proves(taken, "pieces are taken in one of the two ways")
    fits = taken == [room.features.segments]
    return by_declaration(" and ".join(taken), "segments", fits=fits, features=room.features)
