"""Conditional reads: which version is wanted, and of which source a copy is made (RFC 9110, section 13)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from conformance.engine.conditions import ETAGS, all_of, takes
from conformance.engine.evidence import everything
from conformance.engine.expect import Violation, refused, same
from conformance.engine.laws import verifies
from conformance.engine.recorder import Recorder
from conformance.storage import PreconditionFailed
from conformance.suites.conditional import FOREIGN, FORMER, OLD, etag

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
Look = Callable[..., object]
"""Reads or describes the object under conditions."""


def _reading(store: Recorder) -> tuple[Look, object]:
    return partial(store.read, "a"), OLD.data


def _describing(store: Recorder) -> tuple[Look, object]:
    def described(**conditions: Any) -> int | None:
        return store.stat("a", **conditions).content_length

    return described, OLD.size


def two_versions(store: Recorder) -> tuple[str, str]:
    """Write an object twice and return the etags of both versions."""
    store.write("a", FORMER)
    former = etag(store, "a")
    store.write("a", OLD)
    return former, etag(store, "a")


def modified(store: Recorder) -> datetime:
    """Write an object and return the time of that, on the next whole second: HTTP tells no parts of one."""
    store.write("a", OLD)
    told = store.stat("a").last_modified
    if told is None:
        raise Violation("last_modified of 'a'", expected="a time: conditions on times are taken", observed="None")
    return told if told.microsecond == 0 else told.replace(microsecond=0) + timedelta(seconds=1)


def matches(store: Recorder, look: Look, answer: object) -> None:
    """Only the present version is answered for."""
    former, present = two_versions(store)
    same(look(if_match=present), answer, "the answer with an if_match of the present etag")
    with refused(PreconditionFailed, what="looking with an if_match of the former etag"):
        look(if_match=former)


def matches_not(store: Recorder, look: Look, answer: object) -> None:
    """Whoever knows the present version is refused, whoever knows another one is answered."""
    store.write("a", OLD)
    same(look(if_none_match=FOREIGN), answer, "the answer with an if_none_match of another etag")
    present = etag(store, "a")
    with refused(PreconditionFailed, what="looking with an if_none_match of the present etag"):
        look(if_none_match=present)


def since(store: Recorder, look: Look, answer: object) -> None:
    """An object is modified since a second before it was, and not since the very time that is told of it.

    Nor is it modified after that time for who asks the other way round, though clocks are finer than what is told.
    """
    then = modified(store)
    same(look(if_modified_since=then - SECOND), answer, "the answer with an if_modified_since of the second before")
    same(look(if_unmodified_since=then + DAY), answer, "the answer with an if_unmodified_since of the day after")
    same(look(if_unmodified_since=then), answer, "the answer with an if_unmodified_since of the time of modification")
    with refused(PreconditionFailed, what="looking with an if_modified_since of the time of modification"):
        look(if_modified_since=then)
    with refused(PreconditionFailed, what="looking with an if_unmodified_since of the second before"):
        look(if_unmodified_since=then - SECOND)


@verifies("conditional.read_match", **all_of(takes("read", "if_match"), ETAGS))
def test_read_of_one_version(store: Recorder) -> None:
    """With if_match read delivers the version that has the etag, and of another one no byte."""
    matches(store, *_reading(store))


@verifies("conditional.stat_match", **all_of(takes("stat", "if_match"), ETAGS))
def test_stat_of_one_version(store: Recorder) -> None:
    """With if_match stat describes the version that has the etag, and no other."""
    matches(store, *_describing(store))


@verifies("conditional.read_none_match", **all_of(takes("read", "if_none_match"), ETAGS))
def test_read_of_another_version(store: Recorder) -> None:
    """With if_none_match read delivers any version but the one that has the etag."""
    matches_not(store, *_reading(store))


@verifies("conditional.stat_none_match", **all_of(takes("stat", "if_none_match"), ETAGS))
def test_stat_of_another_version(store: Recorder) -> None:
    """With if_none_match stat describes any version but the one that has the etag."""
    matches_not(store, *_describing(store))


@verifies("conditional.read_since", **takes("read", "if_modified_since", "if_unmodified_since"))
def test_read_since(store: Recorder) -> None:
    """With a time read delivers what was modified after it, or was not, as asked."""
    since(store, *_reading(store))


@verifies("conditional.stat_since", **takes("stat", "if_modified_since", "if_unmodified_since"))
def test_stat_since(store: Recorder) -> None:
    """With a time stat describes what was modified after it, or was not, as asked."""
    since(store, *_describing(store))


@verifies(
    "conditional.precedence",
    **all_of(takes("read", "if_match", "if_none_match", "if_modified_since", "if_unmodified_since"), ETAGS),
)
def test_etags_come_before_times(store: Recorder) -> None:
    """Where an etag and a time are given, the etag decides, for and against."""
    then = modified(store)
    present = etag(store, "a")
    same(
        store.read("a", if_match=present, if_unmodified_since=then - DAY),
        OLD.data,
        "content with an if_match that holds and an if_unmodified_since that does not",
    )
    same(
        store.read("a", if_none_match=FOREIGN, if_modified_since=then),
        OLD.data,
        "content with an if_none_match that holds and an if_modified_since that does not",
    )
    with refused(PreconditionFailed, what="read with an if_match that does not hold and a time that does"):
        store.read("a", if_match=FOREIGN, if_unmodified_since=then + DAY)
    with refused(PreconditionFailed, what="read with an if_none_match that does not hold and a time that does"):
        store.read("a", if_none_match=present, if_modified_since=then - DAY)


@verifies(
    "conditional.read_match",
    "conditional.read_none_match",
    "conditional.read_since",
    **all_of(takes("read", "if_match", "offset", "size"), ETAGS),
)
def test_a_condition_on_a_range_is_one_on_the_object(store: Recorder) -> None:
    """A range of the version that was asked for is delivered, and of another one no byte (RFC 9110, 13.2.2 and 14)."""
    former, present = two_versions(store)
    there: dict[str, Any] = {"offset": 10, "size": 20}
    same(store.read("a", **there, if_match=present), OLD.data[10:30], "a range with an if_match of the present etag")
    with refused(PreconditionFailed, what="reading a range with an if_match of the former etag"):
        store.read("a", **there, if_match=former)
    taken = store.features.pairs["read"]
    if "if_none_match" in taken:
        what = "reading a range with an if_none_match of the present etag"
        with refused(PreconditionFailed, what=what, requirement="conditional.read_none_match"):
            store.read("a", **there, if_none_match=present)
    told = store.stat("a").last_modified if "if_unmodified_since" in taken else None
    if told is not None:
        what = "reading a range with an if_unmodified_since of the day before"
        with refused(PreconditionFailed, what=what, requirement="conditional.read_since"):
            store.read("a", **there, if_unmodified_since=told - DAY)


# The source of a copy


@verifies("conditional.copy_source_match", needs=("read", "list"), **all_of(takes("copy", "if_source_match"), ETAGS))
def test_copy_of_one_version(store: Recorder) -> None:
    """With if_source_match the version that has the etag is copied; for another one no copy comes to be."""
    former, present = two_versions(store)
    with refused(PreconditionFailed, what="copy with an if_source_match of the former etag"):
        store.copy("a", "copy", if_source_match=former)
    same([o.path for o in everything(store)], ["a"], "all objects after the refusal")
    store.copy("a", "copy", if_source_match=present)
    same(store.read("copy"), OLD.data, "content of the copy")


@verifies(
    "conditional.copy_source_none_match",
    needs=("read", "list"),
    **all_of(takes("copy", "if_source_none_match"), ETAGS),
)
def test_copy_of_another_version(store: Recorder) -> None:
    """With if_source_none_match any version is copied but the one that has the etag."""
    store.write("a", OLD)
    present = etag(store, "a")
    with refused(PreconditionFailed, what="copy with an if_source_none_match of the present etag"):
        store.copy("a", "copy", if_source_none_match=present)
    same([o.path for o in everything(store)], ["a"], "all objects after the refusal")
    store.copy("a", "copy", if_source_none_match=FOREIGN)
    same(store.read("copy"), OLD.data, "content of the copy")
