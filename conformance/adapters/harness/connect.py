"""Connection strings of harnesses: ``exec:`` and a command line, as a shell reads it but without a shell.

``exec:./my-harness --flag`` starts ``./my-harness`` in the current directory. One process serves all clients of a run;
a harness that breaks off is started again when the next client is opened, so that one failure does not end the run.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from itertools import pairwise

from conformance.adapters.connection import Connection
from conformance.adapters.harness.channel import Channel, HarnessBroken
from conformance.adapters.harness.hello import Hello, NotUnderstood, hello
from conformance.adapters.harness.storage import HarnessStorage, talk
from conformance.adapters.options import OPEN, is_secret, refuse_tokens, refuse_userinfo
from conformance.storage import ConnectionStringInvalid


class Harness:
    """The harness of one connection, started when it is needed."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._channel: Channel | None = None
        self._hello: Hello | None = None

    def prepare(self) -> None:
        """Start the harness.

        Raises:
            ConnectionStringInvalid: it cannot be started, or its first line is not that of the protocol.

        """
        self._started()

    def open(self, work_dir: str) -> HarnessStorage:
        """Return a client of ``work_dir``; a harness that has broken off is started again."""
        channel, told = self._started()
        client = talk(channel, "open", {"args": {"work_dir": work_dir}}, results=("client",))["client"]
        return HarnessStorage(channel, told, client)

    def version(self) -> str:
        """Return the name and the version that the harness tells."""
        _, told = self._started()
        return f"{told.name} {told.version}".strip()

    def end(self) -> None:
        """End the harness."""
        if self._channel is not None:
            self._channel.end()
            self._channel = None

    def _started(self) -> tuple[Channel, Hello]:
        if self._channel is None or self._hello is None or self._channel.broken:
            self.end()
            try:
                self._channel = Channel(self._command)
                self._hello = hello(self._channel.hello)
            except (HarnessBroken, NotUnderstood) as error:
                sentence = str(error)
            else:
                self._channel.concurrent = self._hello.concurrent
                return self._channel, self._hello
            self.end()
            raise ConnectionStringInvalid(f"{shlex.join(self._command)} is no harness: {sentence}")
        return self._channel, self._hello


def connect(spec: str) -> Connection:
    """Return the connection that an ``exec:`` string names.

    Raises:
        ConnectionStringInvalid: it holds no command, or a password, which is then not repeated.

    """
    refuse_userinfo(spec, user=True)
    try:
        command = shlex.split(spec.removeprefix("exec:"))
    except ValueError as error:
        raise ConnectionStringInvalid(f"what follows exec: is no command line: {error}") from None
    if not command:
        raise ConnectionStringInvalid(f"{spec!r} names no program: write exec:./my-harness --flag")
    _refuse_secrets(command)
    harness = Harness(command)
    return Connection(
        spec=spec,
        name=spec,
        describe=f"what the harness {command[0]} answers for",
        open=harness.open,
        prepare=harness.prepare,
        sees_root=False,
        remove_root=harness.end,
        version=harness.version,
    )


def _refuse_secrets(command: Sequence[str]) -> None:
    for word, following in pairwise((*command, "-")):
        refuse_tokens(word)
        name, *value = re.split("[=:]", word, maxsplit=1)
        given = value or (name.startswith("-") and not following.startswith("-"))
        if given and is_secret(name.lstrip("-").replace("-", "_")):
            raise ConnectionStringInvalid(
                f"{OPEN}: a harness finds {name} in its environment, which is that of the kit"
            )
