"""What answers tell of an object: stat by its nature, others besides; all of it must agree with what was written.

What only the storage knows (ETags, times, its own ids) is learnt from the first answer that tells it and held against
all others, until the object changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from conformance.model.data import DIGESTS, digest
from conformance.model.expectation import Finding
from conformance.model.state import Entry, World
from conformance.storage import Object, ObjectMode, Told

SECONDS = 2.0
"""Seconds by which two answers may tell a time differently: HTTP headers leave fractions out, and where one answer
tells when a request began and the other when it was over, there may be a second between."""
STRANGE = ObjectMode.DIR | ObjectMode.PART | ObjectMode.LINK


def described(world: World, path: str, entry: Entry, found: Any) -> Finding | None:
    """Return what stat tells wrongly of a file or link, or None."""
    if not isinstance(found, Object):
        return Finding("mode", path, f"stat of {path!r}", "an object", repr(found)[:80])
    if entry.kind == "link":
        return _path(path, found) or _link(path, entry, found)
    if found.content_length is None:
        return Finding("length", path, f"content_length of {path!r}", str(entry.data.size), "None")
    for name, value in entry.told.items():
        if not getattr(found, name):
            return Finding(f"metadata {name}", path, f"{name} of {path!r}", repr(value), repr(getattr(found, name)))
    if not found.mode:
        return Finding("mode", path, f"mode of {path!r}", "read, and no dir, part or link", "none")
    return next(_differences(world, path, entry, found, "stat"), None)


def told(world: World, path: str, entry: Entry, value: Any, op: str) -> Finding | None:
    """Return what the answer to ``op`` tells wrongly of the object at ``path``; it need not tell anything."""
    found = of(value)
    finding = None if found is None else next(_differences(world, path, entry, found, op), None)
    if finding is None or finding.aspect.startswith(("answer ", "listed ")):
        return finding
    what = f"{finding.what}, as {op} tells it"
    return replace(finding, aspect=f"answer {op} {finding.aspect}", what=what)


def listed(world: World, entry: Entry, o: Object) -> Finding | None:
    """Return what a listing tells wrongly of a file; its mode is looked at elsewhere."""
    plain = replace(o, mode=ObjectMode(0))
    finding = next(_differences(world, o.path, entry, plain, "list"), None)
    return None if finding is None else replace(finding, what=f"{finding.what} in the listing")


def learn(entry: Entry, value: Any, op: str) -> None:
    """Remember what an answer tells of a file that nobody knew beforehand."""
    found = of(value)
    if found is not None and entry.kind == "file":
        for name in ("etag", "last_modified", *(["id"] if op == "stat" else [])):
            if getattr(found, name):
                entry.seen.setdefault(name, (getattr(found, name), op))


def of(value: Any) -> Object | None:
    """Return the object that an answer tells of, if any."""
    if isinstance(value, Told):
        return cast("Object | None", getattr(value, "object", None))
    return value if isinstance(value, Object) else None


def _path(path: str, found: Object) -> Finding | None:
    return None if found.path == path else Finding("path", path, f"path of {path!r}", repr(path), repr(found.path))


def _link(path: str, entry: Entry, found: Object) -> Finding | None:
    if ObjectMode.LINK not in found.mode:
        return Finding("link", path, f"mode of the link {path!r}", "link", str(found.mode) or "none")
    if found.link_target is not None and not found.link_target.endswith(entry.target):
        return Finding("link", path, f"target of the link {path!r}", entry.target, found.link_target)
    return None


def _differences(world: World, path: str, entry: Entry, found: Object, op: str) -> Iterator[Finding]:
    """Yield what an answer tells of a file that is not so; fields that it leaves out say nothing."""
    wrong = _path(path, found)
    if wrong is not None:
        yield wrong
    if found.mode and (ObjectMode.READ not in found.mode or found.mode & STRANGE):
        yield Finding("mode", path, f"mode of {path!r}", "read, and no dir, part or link", str(found.mode))
    if found.content_length is not None and found.content_length != entry.data.size:
        expected, observed = str(entry.data.size), str(found.content_length)
        yield Finding("length", path, f"content_length of {path!r}", expected, observed)
    yield from _metadata(path, entry, found)
    for name in DIGESTS:
        observed = getattr(found, name)
        if observed is not None and observed != digest(name, entry.data):
            yield Finding(name, path, f"{name} of {path!r}", digest(name, entry.data), repr(observed))
    yield from _etag(world, path, entry, found, op)
    yield from _time(path, entry, found, op)


def _metadata(path: str, entry: Entry, found: Object) -> Iterator[Finding]:
    for name, value in entry.told.items():
        observed = _plain(found, name)
        if observed and observed != value:
            yield Finding(f"metadata {name}", path, f"{name} of {path!r}", repr(value), repr(observed))
    for name, value in entry.former.items():
        observed = _plain(found, name)
        if name != "etag" and value and observed == value:
            yield Finding("former metadata", path, f"{name} of {path!r}", "not that of an older object", repr(observed))


def _plain(found: Object, name: str) -> Any:
    value = getattr(found, name)
    return dict(value) if name == "user_metadata" else value


def _etag(world: World, path: str, entry: Entry, found: Object, op: str) -> Iterator[Finding]:
    if world.features.etag is False or not found.etag:
        return
    before, by = entry.seen.get("etag", (found.etag, op))
    if found.etag != before:
        if by == "list" or op == "list":
            aspect, what = "listed etag", f"etag of {path!r} "
        elif op == "stat":
            aspect = "etag moved" if by == "stat" else f"answer {by} etag"
            what = f"etag of the unchanged {path!r}"
        else:
            aspect, what = "etag", f"etag of the unchanged {path!r}"
        yield Finding(aspect, path, what, before, found.etag)
    elif found.etag == entry.former.get("etag"):
        yield Finding("etag stayed", path, f"etag of the changed {path!r}", "another than before", found.etag)


def _time(path: str, entry: Entry, found: Object, op: str) -> Iterator[Finding]:
    if op == "stat":
        for name in ("last_modified", "id"):
            value, by = entry.seen.get(name, (None, ""))
            if by == "stat" and getattr(found, name) and getattr(found, name) != value:
                observed = str(getattr(found, name))
                yield Finding(f"repeated {name}", path, f"{name} of the unchanged {path!r}", str(value), observed)
    value, by = entry.seen.get("last_modified", (None, ""))
    if not isinstance(value, datetime) or found.last_modified is None or by == op:
        return
    if abs((found.last_modified - value).total_seconds()) >= SECONDS:
        aspect = "listed last_modified" if "list" in {by, op} else "last_modified"
        aspect = f"answer {by} last_modified" if op == "stat" and by != "list" else aspect
        yield Finding(aspect, path, f"last_modified of {path!r}", str(value), str(found.last_modified))
