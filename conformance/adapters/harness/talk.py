"""One call to a harness, from the request to its end: bytes in both directions, and the value or the error of it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any, NoReturn

from conformance.adapters.harness.channel import Channel, HarnessBroken
from conformance.adapters.harness.lines import BODY_MAXIMUM, Message, excerpt
from conformance.adapters.harness.values import RESULTS, Misfit, error, from_json
from conformance.storage import Unexpected

MOST = BODY_MAXIMUM
"""Bytes asked of a reader at once, however many the harness wants."""


class Streams:
    """Where the bytes of a call come from and go to; what they raise is raised when the call has ended."""

    def __init__(
        self, reader: Any = None, writer: Any = None, callback: Callable[[bytes], object] | None = None
    ) -> None:
        self.callback = callback
        self.failure: BaseException | None = None
        self._reader = reader
        self._writer = writer

    def take(self, channel: Channel, message: Message) -> None:
        """Read for the harness, or write what it delivers.

        Raises:
            Misfit: it asks for no number of bytes, or delivers some where nobody wants them.

        """
        match message.kind:
            case "read" if type(message.value) is int and message.value >= 0:
                self._give(channel, message)
            case "data" if self._writer is not None:
                self._pass(self._writer.write, message.body)
            case "callback" if self.callback is not None:
                self._pass(self.callback, message.body)
            case _:
                raise Misfit("a message that the arguments of the call allow")

    def _give(self, channel: Channel, message: Message) -> None:
        try:
            piece = self._reader.read(min(message.value, MOST)) if self._reader is not None else None
        except Exception as failure:  # noqa: BLE001 - the reader is somebody else's
            channel.give_up(message.id, f"{type(failure).__name__}: {failure}")
        else:
            channel.give_up(message.id, "there is no reader") if piece is None else channel.give(message.id, piece)

    def _pass(self, to: Callable[[bytes], object], body: bytes) -> None:
        if self.failure is None:
            try:
                to(body)
            except Exception as failure:  # noqa: BLE001 - the writer is somebody else's
                self.failure = failure


def talk(
    channel: Channel,
    op: str,
    request: Mapping[str, Any],
    streams: Streams | None = None,
    *,
    results: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Make one call and return the values of its result by their names.

    Raises:
        StorageError: the harness answered so.
        ForeignError: the harness answered with an error outside the taxonomy.
        HarnessBroken: there was no answer that is one.

    """
    told: dict[str, Any] = {}
    streams = streams or Streams()
    for message in _messages(channel, op, request):
        if message.last:
            told = _end(channel, op, message, results)
        else:
            _value(channel, op, message, lambda _, message=message: streams.take(channel, message))
    if streams.failure is not None:
        raise streams.failure
    return told


def items(channel: Channel, op: str, request: Mapping[str, Any], kind: type[Any]) -> Generator[Any]:
    """Make one call that lists, and yield what it lists as values of type ``kind``.

    Raises:
        StorageError, ForeignError, HarnessBroken: as :func:`talk`.

    """
    for message in _messages(channel, op, request):
        if message.kind == "item":
            yield _value(channel, op, message, lambda value: from_json(value, kind))
        else:
            _end(channel, op, message, ())


def _messages(channel: Channel, op: str, request: Mapping[str, Any]) -> Generator[Message]:
    try:
        yield from channel.messages(op, request)
    except UnicodeEncodeError as failure:
        reason = str(failure)
    else:
        return
    raise Unexpected(reason)


def _end(channel: Channel, op: str, message: Message, results: tuple[str, ...]) -> dict[str, Any]:
    if message.kind == "error":
        raise _value(channel, op, message, error)
    if message.kind != "result":
        _break(channel, op, message, "another message")
    return _value(channel, op, message, lambda value: _results(value, results))


def _results(value: Any, names: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Misfit("an object")
    told: dict[str, Any] = {}
    for name in (*names, *(() if names and names != ("n",) else ("o",))):
        if name in value:
            told[name] = from_json(value[name], RESULTS[name])
        elif name in names:
            raise Misfit(f'a value "{name}"')
    return told


def _value(channel: Channel, op: str, message: Message, read: Callable[[Any], Any]) -> Any:
    try:
        return read(message.value)
    except Misfit as misfit:
        expected = str(misfit)
    return _break(channel, op, message, expected)


def _break(channel: Channel, op: str, message: Message, expected: str) -> NoReturn:
    said = excerpt({message.kind: message.value})
    channel.fail(f"answered {op} with {said}, where {expected} is expected")
    raise HarnessBroken(channel.broken)
