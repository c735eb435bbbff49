"""What a storage says of itself (GSP-76), and the limits that it publishes (GSP-97)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from conformance.engine.expect import absent, demand, holds, refused, same
from conformance.engine.laws import verifies
from conformance.engine.watched import Watched
from conformance.storage import Content, RestrictionDissatisfied

if TYPE_CHECKING:
    from conformance.engine.recorder import Recorder
    from conformance.storage import Features, Restrictions


def enforces_minimum(features: Features) -> bool:
    """Whether small parts are refused."""
    return features.part_minimum_enforced


def out_of_range(maximum: int | None) -> list[tuple[int, tuple[type[RestrictionDissatisfied], ...]]]:
    """Return sizes to be refused with the errors allowed: below zero any, above the maximum one only."""
    return [(-1, ()), *([] if maximum is None else [(maximum + 1, (RestrictionDissatisfied,))])]


@verifies("metadata.local")
def test_metadata_answers_at_once(store: Recorder) -> None:
    """It answers in an empty work_dir, and again, the same, and nothing comes to be."""
    first = store.storage.metadata()
    same(store.storage.metadata(), first, "metadata asked again")
    absent(store, "a")


@verifies("metadata.fields")
def test_metadata_tells_name_and_work_dir(store: Recorder, again: Recorder, inside: str) -> None:
    """It tells a name, and the work_dir that was opened as an absolute path, to every client the same."""
    meta = store.storage.metadata()
    demand(meta.name, "name", expected="a name", observed=repr(meta.name))
    demand(
        meta.work_dir.startswith("/") and meta.work_dir.rstrip("/").endswith(inside.rstrip("/")),
        "work_dir",
        expected=f"an absolute path that ends in {inside!r}",
        observed=repr(meta.work_dir),
    )
    same(again.storage.metadata(), meta, "metadata for another client")


@verifies("metadata.immutable")
def test_metadata_never_changes(store: Recorder) -> None:
    """Neither operations nor a caller who changes what was returned change what metadata tells."""
    meta = store.storage.metadata()
    before = asdict(meta)
    store.write("a", Content(300, 1))
    for owner, name, value in ((meta, "work_dir", "/elsewhere/"), (meta.restrictions, "write_size_maximum", 1)):
        with suppress(AttributeError, TypeError):
            setattr(owner, name, value)
    same(asdict(store.storage.metadata()), before, "metadata after a write and a change by the caller")
    holds(store, "a", Content(300, 1))


@verifies("metadata.restrictions_sane")
def test_limits_are_possible(limits: Restrictions) -> None:
    """Limits are whole numbers above zero or None, never zero for unlimited, and the minimum is below the maximum."""
    published: dict[str, Any] = {name: value for name, value in asdict(limits).items() if value is not None}
    wrong = {name: value for name, value in published.items() if not isinstance(value, int) or value < 1}
    same(wrong, {}, "limits that are no positive whole numbers")
    least, most = limits.multipart_size_minimum or 1, limits.multipart_size_maximum
    demand(most is None or least <= most, "sizes of a part", expected=f"a maximum above {least}", observed=str(most))
    one, total = limits.append_size_maximum or 1, limits.append_total_size_maximum
    demand(total is None or one <= total, "sizes of an append", expected=f"a total above {one}", observed=str(total))


@verifies("metadata.restrictions_published", when=enforces_minimum, unless="no minimum size of parts is enforced")
def test_an_enforced_minimum_is_published(limits: Restrictions) -> None:
    """Where small parts are refused, multipart_size_minimum tells from which size on they are not."""
    least = limits.multipart_size_minimum
    demand(least, "multipart_size_minimum", expected="a size in bytes", observed=repr(least))


@verifies("metadata.write_size_enforced")
def test_a_write_out_of_range_is_refused_unread(store: Recorder, limits: Restrictions) -> None:
    """A write of -1 bytes or above write_size_maximum is refused unread; an object stays and none appears."""
    store.write("old", Content(300, 1))
    for size, errors in out_of_range(limits.write_size_maximum):
        for path in ("old", "new"):
            source = Watched(Content(5, 2))
            with refused(*errors, what=f"write of {size} bytes"):
                store.write(path, source, size)
            source.untouched(f"the reader for {size} bytes")
    holds(store, "old", Content(300, 1))
    absent(store, "new")


@verifies("metadata.append_size_enforced", needs=("read",))
def test_an_append_out_of_range_is_refused_unread(store: Recorder, limits: Restrictions) -> None:
    """An append of -1 bytes or above append_size_maximum is refused unread; the object goes on as before."""
    o = store.create_append("a")
    store.write_append(o, b"before")
    for size, errors in out_of_range(limits.append_size_maximum):
        source = Watched(Content(5, 2))
        with refused(*errors, what=f"write_append of {size} bytes"):
            store.write_append(o, source, size)
        source.untouched(f"the reader for {size} bytes")
    store.write_append(o, b" and after")
    store.commit_append(o)
    holds(store, "a", b"before and after")
