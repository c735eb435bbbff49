"""A conversation with one harness process: calls out, messages in, and what is said when it breaks off.

A thread reads everything that the harness writes, so that neither side ever waits for the other to make room, and
hands each message to the call that it belongs to.
"""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.util import Finalize
from typing import Any, TypeVar

from conformance.adapters.harness.lines import Message, Rubbish, encoded, excerpt, next_line, next_message
from conformance.adapters.harness.process import ENDING_SECONDS, Process

STARTING_SECONDS = 30.0
"""How long a harness may take to say its first line."""
SILENT_SECONDS = 12.0
"""How long a harness may be silent during a call: less than the engine waits, which knows nothing of stderr."""
WATCHING_SECONDS = 0.2
"""How often it is looked whether a silent harness is still there."""

SLACK = 64 * 1024 * 1024
"""Bytes that an answer may have beyond twice of what the harness was given to store: more can be in no object."""
ITEM = 256
"""Bytes that one item of a listing counts."""

_T = TypeVar("_T")


@dataclass(slots=True, eq=False)
class _Call:
    """A call that is under way: what it is, what the harness says of it, and how many bytes that were."""

    op: str
    inbox: queue.SimpleQueue[Message | None] = field(default_factory=queue.SimpleQueue[Message | None])
    said: int = 0


class HarnessBroken(Exception):
    """The harness vanished, hung or did not keep to the protocol: nothing that the storage behind it answered."""


class HarnessSilent(HarnessBroken, TimeoutError):
    """The harness gave no answer in time."""


class Channel:
    """A started harness that has said its first line.

    Raises:
        ConnectionStringInvalid: it cannot be started.
        HarnessBroken: it did not say a first line that is a JSON object in time.

    """

    def __init__(self, command: Sequence[str]) -> None:
        self.broken = ""
        self._process = Process(command)
        self._ids = itertools.count(1)
        self._open: dict[int, _Call] = {}
        self._given = 0
        self._book = threading.Lock()
        self._writing = threading.Lock()
        self._turn = threading.Semaphore(1)
        self.concurrent = False
        self._first: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, name="a harness", daemon=True)
        self._listener.start()
        # also at the end of a worker process, where atexit is not heard
        self._finalizer = Finalize(self, self._process.end, exitpriority=1)
        try:
            self.hello = self._take(self._first, STARTING_SECONDS, "said no first line")
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """End the process; calls from now on raise HarnessBroken."""
        self._finalizer.cancel()
        how = self._process.end()
        self._fail(f"{how}, as it was told to")
        self._listener.join(ENDING_SECONDS)

    def fail(self, what: str) -> None:
        """Kill the process, because it ``what``, and let every call that is under way raise HarnessBroken."""
        self._process.end(kill=True)
        self._fail(what)

    def _fail(self, what: str) -> None:
        stderr = self._process.stderr()
        with self._book:
            if not self.broken:
                self.broken = f"the harness {what}; " + (f"stderr: {stderr}" if stderr else "nothing on stderr")
            waiting = [*(call.inbox for call in self._open.values()), self._first]
            self._open.clear()
        for inbox in waiting:
            inbox.put(None)
            self._turn.release()

    def messages(self, op: str, request: Mapping[str, Any]) -> Iterator[Message]:
        """Make a call and yield what the harness says of it, up to and with the last message.

        Raises:
            HarnessBroken: see there.
            UnicodeEncodeError: a text of the request is none.

        """
        number, call = next(self._ids), _Call(op)
        line = encoded({"id": number, "op": op, "client": 0, "args": {}, "pairs": {}, **request})
        if not self.concurrent and not self._turn.acquire(timeout=SILENT_SECONDS):
            self.fail(f"did not come to the end of another call within {SILENT_SECONDS:g} seconds")
        with self._book:
            if self.broken:
                raise HarnessBroken(self.broken)
            self._open[number] = call
        try:
            self._write(line)
            while True:
                message = self._take(call.inbox, SILENT_SECONDS, f"gave no answer to {op}")
                yield message
                if message.last:
                    return
        except KeyboardInterrupt:  # the deadline of the whole call, or the end of the run
            self.fail(f"was interrupted during {op}")
            raise

    def give(self, call: int, body: bytes) -> None:
        """Answer a ``read`` of a call with bytes; none are the end."""
        with self._book:
            self._given += len(body)
        self._write(encoded({"id": call, "length": len(body)}, body))

    def give_up(self, call: int, reason: str) -> None:
        """Answer a ``read`` of a call with the failure of the reader."""
        self._write(encoded({"id": call, "failed": reason}))

    def _write(self, data: bytes) -> None:
        with self._writing, suppress(OSError, ValueError):  # that it has ended is told where its answer is waited for
            self._process.stdin.write(data)
            self._process.stdin.flush()

    def _take(self, inbox: queue.SimpleQueue[_T | None], seconds: float, failure: str) -> _T:
        deadline = time.monotonic() + seconds
        found = None
        while True:
            try:
                found = inbox.get(timeout=WATCHING_SECONDS)
            except queue.Empty:
                if self._process.ended(0):
                    # what it has started may hold its stdout open: there is nobody to wait for all the same
                    how = self._process.end(kill=True)
                    self._listener.join(ENDING_SECONDS)
                    self._fail(how)
                elif time.monotonic() > deadline:
                    self.fail(f"{failure} within {seconds:g} seconds")
                    raise HarnessSilent(self.broken) from None
            else:
                break
        if found is None:
            raise HarnessBroken(self.broken)
        return found

    def _listen(self) -> None:
        with self._process.stdout as stream:
            try:
                hello = next_line(stream)
                if hello is not None:
                    self._first.put(hello)
                    while (message := next_message(stream)) is not None:
                        self._deliver(message)
                by_itself = self._process.ended(1.0)
                self._fail(self._process.end() if by_itself else "closed its stdout")
                self._process.end(kill=True)
            except Rubbish as error:
                self.fail(str(error))

    def _deliver(self, message: Message) -> None:
        with self._book:
            call = self._open.get(message.id)
            if call is None:
                raise Rubbish(f"answered a call that is not under way: {excerpt({'id': message.id})}")
            call.said += ITEM if message.kind == "item" else len(message.body)
            most = 2 * self._given + SLACK
            if call.said > most:
                given = f"where it was given {self._given:,} to store"
                raise Rubbish(f"answered {call.op} with more than {most:,} bytes, {given}")
            if message.last:
                del self._open[message.id]
        if message.last and not self.concurrent:
            self._turn.release()
        call.inbox.put(message)
