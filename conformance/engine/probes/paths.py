r"""Names: which of them are one, which are cut, and what characters such as ``/``, ``\\`` and ``.`` mean."""

from __future__ import annotations

from collections.abc import Callable

from conformance.engine.probes.probing import Finding, Room, by_declaration, by_requirement, probe

SILENT = "GSP-749 is silent"
NAME_BOUND = 2048
"""Bytes up to which the longest name is looked for."""
PATH_BOUND = 8192
"""Bytes up to which the longest path is looked for."""


def _one_or_two(room: Room, first: str, second: str) -> bool | None:
    """Return whether two spellings are two objects; None when the second is refused."""
    room.put("left", b"left")
    room.put("right", b"right")
    room.proves(room.get("left") == b"left", "two names keep their own bytes")
    room.put(first, b"first")
    if not room.attempt(lambda: room.store.write(second, b"second")).ok:
        return None
    return room.get(first) == b"first"


@probe("paths.case", "Are `a` and `A` two names?", source=SILENT, declares="case_sensitive")
def case(room: Room) -> Finding:
    """Write both and read the first."""
    two = _one_or_two(room, "name", "NAME")
    text = {True: "two names", False: "one name", None: "the second is refused"}[two]
    return by_declaration(text, "case_sensitive", fits=two is room.features.case_sensitive, features=room.features)


@probe("paths.normalisation", "Are composed and decomposed letters two names?", source=SILENT, declares="unicode_exact")
def normalisation(room: Room) -> Finding:
    """Write an e with acute in both forms and read the first."""
    two = _one_or_two(room, "caf\u00e9", "cafe\u0301")
    text = {True: "two names", False: "one name", None: "the second is refused"}[two]
    return by_declaration(text, "unicode_exact", fits=two is room.features.unicode_exact, features=room.features)


@probe("paths.trailing_blank", "Are `a`, `a ` and `a.` three names?", source=SILENT)
def trailing_blank(room: Room) -> Finding:
    """Write each beside the plain one and read the plain one."""
    found: list[str] = []
    for ending, word in ((" ", "a blank at the end"), (".", "a dot at the end")):
        two = _one_or_two(room, f"n{ord(ending)}", f"n{ord(ending)}{ending}")
        found.append(f"{word} {'counts' if two else 'is cut off' if two is False else 'is refused'}")
    return by_requirement(", ".join(found), "paths.distinct", holds="cut off" not in ", ".join(found))


@probe("paths.backslash", "Is `\\` a separator?", source="GSP-749, Path", declares="backslash_separates")
def backslash(room: Room) -> Finding:
    """Write with a backslash and read with a slash."""
    room.put("other/name", b"slash")
    written = room.attempt(lambda: room.store.write("dir\\name", b"backslash"))
    if not written.ok:
        return Finding(f"refused: {written.word}")
    separates = room.get("dir/name") == b"backslash"
    text = "a separator" if separates else "an ordinary character"
    fits = separates == room.features.backslash_separates
    return by_declaration(text, "backslash_separates", fits=fits, features=room.features)


@probe("paths.absolute", "What is a path that begins with `/`?", source="GSP-749, Path", declares="absolute_paths")
def absolute(room: Room) -> Finding:
    """Read the same object by its path from the root."""
    room.put("a", b"here")
    found = room.attempt(lambda: room.get(f"{room.inside}a"))
    if not found.ok:
        text, is_absolute = f"refused: {found.word}", False
    else:
        is_absolute = found.value == b"here"
        text = "taken from the root" if is_absolute else "below the work_dir like any other"
    fits = is_absolute == room.features.absolute_paths
    return by_declaration(text, "absolute_paths", fits=fits, features=room.features)


@probe("paths.work_dir_slash", "Are work_dirs with and without a slash at the end one?", source=SILENT)
def work_dir_slash(room: Room) -> Finding:
    """Open the other spelling and look for the same object."""
    room.put("a", b"here")
    other = room.attempt(lambda: room.client(room.inside.rstrip("/")))
    if not other.ok:
        return Finding(f"the other spelling is refused: {other.word}")
    found = room.attempt(lambda: other.value.read("a"))
    return Finding("one place" if found.ok and found.value == b"here" else "two places")


def _resolved(room: Room, spelling: str) -> Finding:
    room.put("d/a", b"here")
    found = room.attempt(lambda: room.get(spelling))
    if not found.ok:
        return Finding(f"refused: {found.word}")
    return Finding("resolved: the same object" if found.value == b"here" else "part of the name: another object")


@probe("paths.double_slash", "What is `d//a`?", source="GSP-749 leaves it open")
def double_slash(room: Room) -> Finding:
    """Read `d/a` with two slashes."""
    return _resolved(room, "d//a")


@probe("paths.dot", "What is `d/./a`?", source="GSP-749 leaves it open")
def dot(room: Room) -> Finding:
    """Read `d/a` with a dot in between."""
    return _resolved(room, "d/./a")


@probe("paths.dots", "What is `x/../d/a`?", source="GSP-749 leaves it open")
def dots(room: Room) -> Finding:
    """Read `d/a` by way of another directory, which exists."""
    room.put("x/b", b"beside")
    return _resolved(room, "x/../d/a")


@probe("paths.escape", "Does `..` lead out of the work_dir?", source="GSP-749 leaves it open")
def escape(room: Room) -> Finding:
    """Leave the work_dir and come back into it."""
    room.put("a", b"here")
    own = room.inside.rstrip("/").rpartition("/")[2]
    found = room.attempt(lambda: room.get(f"../{own}/a"))
    if not found.ok:
        return Finding(f"refused: {found.word}")
    out = found.value == b"here"
    return by_requirement("it leads out" if out else "it stays inside", "paths.no_escape", holds=not out)


@probe("paths.trailing_slash", "What does a write to `t/` make?", source="AOS-49, Compatibility")
def trailing_slash(room: Room) -> Finding:
    """Write it, then look for an object and a directory."""
    room.put("s", b"beside")
    written = room.attempt(lambda: room.store.write("t/", b"slash"))
    if not written.ok:
        return Finding(f"refused: {written.word}")
    if room.attempt(lambda: room.store.read("t")).value == b"slash":
        return by_requirement("the object `t`", "write.trailing_slash", holds=False)
    if room.attempt(lambda: room.store.read("t/")).value == b"slash":
        return Finding("an object whose name ends with `/`")
    return Finding("a directory" if room.has("stat") and room.directory("t") else "nothing that can be found")


@probe("paths.empty", "What is the empty path?", source=SILENT, needs=("write", "read", "delete"))
def empty(room: Room) -> Finding:
    """Write, read and delete it beside an object, which stays."""
    room.put("a", b"beside")
    tries = {
        "write": lambda: room.store.write("", b"empty"),
        "read": lambda: room.store.read(""),
        "delete": lambda: room.store.delete(""),
    }
    text = ", ".join(f"{word}: {room.attempt(call).word}" for word, call in tries.items())
    return by_requirement(text, "delete.root", holds=room.get("a") == b"beside")


@probe("paths.control_characters", "May names hold control characters?", source=SILENT, declares="control_characters")
def control_characters(room: Room) -> Finding:
    """Write names with a newline, a bell and a delete."""
    room.put("plain", b"plain")
    kept = {name: _shown(room, name) for name in ("new\nline", "bell\x07", "delete\x7f")}
    text = ", ".join(f"{name!r} {'is kept' if well else 'is not'}" for name, well in kept.items())
    fits = all(kept.values()) or not room.features.control_characters
    return by_declaration(text, "control_characters", fits=fits, features=room.features)


@probe("paths.below_object", "May an object lie below another one?", source="GSP-134", declares="directories")
def below_object(room: Room) -> Finding:
    """Write `f`, then `f/x`."""
    room.put("f", b"object")
    written = room.attempt(lambda: room.store.write("f/x", b"below"))
    both = written.ok and room.get("f") == b"object"
    native = room.features.directories == "native"
    text = "both exist" if both else "the first is lost" if written.ok else f"refused: {written.word}"
    return by_declaration(text, "directories", fits=both != native, features=room.features)


@probe("paths.longest_name", "How long may a name be?", source=SILENT, declares="name_maximum")
def longest_name(room: Room) -> Finding:
    """Find the longest one that is kept whole, by bisection."""
    most = _longest(room, lambda length: "n" * length, NAME_BOUND)
    declared = room.features.name_maximum or room.features.path_maximum or 0
    fits = most >= min(declared, room.features.path_maximum or declared, NAME_BOUND)
    text = _length(most, NAME_BOUND, room.features.name_maximum)
    return by_declaration(text, "name_maximum", fits=fits, features=room.features)


@probe("paths.longest_path", "How long may a path be?", source=SILENT, declares="path_maximum")
def longest_path(room: Room) -> Finding:
    """Find the longest one of short names that is kept whole, by bisection."""
    most = _longest(room, _path, PATH_BOUND)
    fits = most >= min(room.features.path_maximum or PATH_BOUND, PATH_BOUND)
    text = _length(most, PATH_BOUND, room.features.path_maximum)
    return by_declaration(text, "path_maximum", fits=fits, features=room.features)


def _kept(room: Room, name: str) -> bool:
    """Whether an object of that name is stored under it, whole and no shorter."""
    data = f"kept {len(name)}".encode()
    written = room.attempt(lambda: room.store.write(name, data))
    if not written.ok or room.attempt(lambda: room.store.read(name)).value != data:
        return False
    return room.attempt(lambda: room.store.read(name[:-1])).value != data


def _shown(room: Room, name: str) -> bool:
    """Whether an object of that name is stored under it, and listed; it is removed, for some spoil every listing."""
    kept = _kept(room, name)
    if kept and room.has("list"):
        listed = room.attempt(room.listed)
        kept = listed.ok and name in [o.path for o in listed.value]
    room.attempt(lambda: room.store.delete(name))
    return kept


def _path(length: int) -> str:
    """Return a path of so many bytes, in names of at most 49."""
    text = ("p" * 49 + "/") * (length // 50 + 1)
    return text[:length].removesuffix("/").ljust(length, "p")


def _longest(room: Room, name: Callable[[int], str], bound: int) -> int:
    """Return the greatest length up to ``bound`` for which a name is kept; lengths are bytes."""
    room.proves(_kept(room, name(2)), "a name of 2 bytes is kept")
    room.proves(not room.attempt(lambda: room.store.read("never-written")).ok, "what was not kept is not read")
    if _kept(room, name(bound)):
        return bound
    least, most = 2, bound
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (middle, most) if _kept(room, name(middle)) else (least, middle)
    return least


def _length(most: int, bound: int, declared: int | None) -> str:
    more = ", more than declared" if declared is not None and most > declared else ""
    return f"{'at least ' if most == bound else ''}{most:,} bytes{more}"
