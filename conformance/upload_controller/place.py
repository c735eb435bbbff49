"""From what an operator gives to the place in which laws run: the service, its hooks, its store, and what they can."""

from __future__ import annotations

import uuid
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from conformance.adapters.connection import address
from conformance.adapters.s3.client import Location
from conformance.adapters.s3.connect import OPTIONS
from conformance.adapters.upload_controller.api import api
from conformance.adapters.upload_controller.client import Hooks, Http, NoAnswer
from conformance.adapters.upload_controller.hooks import HooksFile, read_hooks
from conformance.storage import ConnectionStringInvalid
from conformance.upload_controller.gate import Gate
from conformance.upload_controller.side import SideStore
from conformance.upload_controller.world import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the operator gives: ``store`` is a connection string ``s3://bucket?endpoint=URL``, ``gate`` a port."""

    url: str
    api: str = "seed"
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    hooks: str | None = None
    store: str | None = None
    gate: int | None = None


@contextmanager
def placed(given: Given, gate: Gate | None = None) -> Generator[Place]:
    """Return the place for the time of a run; ``gate`` is one that stands before the store already.

    Raises:
        ConnectionStringInvalid: something given is wrong, or the gate's port is taken.
        StorageError: the service or its store cannot be reached.

    """
    with ExitStack() as stack:
        found = api(given.api)
        hooks = read_hooks(given.hooks) if given.hooks else HooksFile()
        reach(given.url)
        location = _location(given.store) if given.store else None
        store = SideStore(location) if location else None
        if given.gate is not None:
            if location is None or location.endpoint is None:
                raise ConnectionStringInvalid(
                    "a gate needs the store that it stands before: --store s3://…?endpoint=URL"
                )
            gate = _gate(location.endpoint, given.gate)
            stack.callback(gate.close)
        front = _gate(given.url, 0)
        stack.callback(front.close)
        has: set[str] = {*hooks.bindings}
        has |= {"find_pending"} if "find_pending" in found.operations else set[str]()
        has |= {"states_are_told"} if "state" in found.operations or "state" in hooks.bindings else set[str]()
        has |= {"parts_are_named"} if found.parts_are_named else set[str]()
        has |= {"part_size"} if found.part_size else set[str]()
        has |= {"error_fields"} if found.error_fields else set[str]()
        has |= {"gate"} if gate else set[str]()
        has |= {"store", *store.abilities()} if store else set[str]()
        yield Place(
            url=given.url.rstrip("/"),
            api=found,
            values=given.values,
            hooks=hooks,
            store=store,
            gate=gate,
            front=front,
            has=frozenset[str](has),
            options=_options(given),
            held=(location.endpoint, given.gate) if location and location.endpoint and given.gate is not None else None,
        )


def _options(given: Given) -> tuple[str, ...]:
    """Return what was given as options of the command, files by their whole path."""
    named = {"--profile": given.api, "--hooks": given.hooks, "--store": given.store, "--gate": given.gate}
    found = [("--value", f"{name}={value}") for name, value in given.values.items()]
    for option, value in named.items():
        if value is not None and (option, value) != ("--profile", "seed"):
            named_file = str(value).endswith(".toml")
            found.append((option, str(Path(str(value)).absolute()) if named_file else str(value)))
    return tuple(word for pair in found for word in pair)


def reach(url: str) -> None:
    """Make sure that something answers at a URL.

    Raises:
        ConnectionStringInvalid: it is no URL, or nothing answers there.

    """
    try:
        Http(url, timeout=10).ask("reach", "GET", "/")
    except NoAnswer:
        raise ConnectionStringInvalid(f"nothing answers at {url}: start the service first") from None


def try_hooks(place: Place) -> None:
    """Make sure, by registering a file, that the hooks are where the operator says: no law is about them.

    Raises:
        ConnectionStringInvalid: the hook that registers files does not do so.

    """
    if "register" not in place.hooks.bindings:
        return
    hooks = Hooks(place.hooks.base or place.url, place.hooks.bindings, timeout=place.timeout)
    values = {"file_id": f"conformance-{uuid.uuid4().hex}", "size": 1}
    at = hooks.request("register", **values)
    try:
        answer = hooks.ask("register", **values)
    except NoAnswer as silent:
        raise ConnectionStringInvalid(f"the hook register was not answered at {at}: {silent.cause}") from None
    if not hooks.succeeded("register", answer):
        raise ConnectionStringInvalid(
            f"the hook register was answered {answer.code} at {at}: is --url, or the hooks' base, right?"
        )


def _location(spec: str) -> Location:
    parts = address(spec, "s3://bucket?endpoint=URL", OPTIONS, what="bucket")
    known = {name: value for name, value in parts.options.items() if name in {"endpoint", "region", "addressing"}}
    return Location(bucket=parts.place, page_size=1000, **known)


def _gate(target: str, port: int) -> Gate:
    try:
        return Gate(target, port)
    except OSError as error:
        raise ConnectionStringInvalid(f"port {port} of 127.0.0.1 cannot be used: {error.strerror}") from None
