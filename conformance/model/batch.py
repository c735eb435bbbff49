"""The rules of operations on several objects at once, and of those that take an object from elsewhere."""

from __future__ import annotations

from typing import cast

from conformance.model.expectation import ANY, NONE, Expectation
from conformance.model.objects import Rule, delete, destination
from conformance.model.state import Entry, World
from conformance.storage.calls import Call


def delete_many(world: World, call: Call) -> Expectation | None:
    """Every object named goes, as if each were deleted by itself; an empty list may be refused."""
    paths = list(dict.fromkeys(cast("list[str]", call.args[0])))
    singles = [delete(world, Call("delete", (path,), {}, call.client)) for path in paths]
    known = [single for single in singles if single is not None]
    if len(known) < len(singles) or any(single.errors for single in known):
        # What is left after one of them was refused is open.
        return None
    named = cast("list[str]", call.args[0])
    situation = "empty" if not named else "twice" if len(paths) < len(named) else ""
    if not situation and all(single.situation in {"missing", "again"} for single in known):
        situation = "missing"

    def then() -> None:
        for single in known:
            single.then()

    return Expectation(
        call=call,
        path=next((single.path for single in known if single.situation not in {"missing", "again"}), ""),
        paths=tuple(paths),
        situation=situation,
        errors=NONE if named else ANY,
        then=then,
    )


def fetch(world: World, call: Call) -> Expectation | None:
    """The object becomes what the URL serves, which the model does not know; a failure changes nothing."""
    path = call.args[0]
    possible, refusals, situation = destination(world, path)
    if situation not in {"new", "again", "over existing"} or not possible:
        return None

    def then() -> None:
        world.replace_sessions(path)
        world.space.put(path, Entry(kind="unknown"))

    return Expectation(call=call, path=path, situation=situation, errors=ANY | refusals, then=then)


RULES: dict[str, Rule] = {"delete_many": delete_many, "fetch": fetch}
