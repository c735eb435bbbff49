"""Requests to the RPC API of an IPFS node, and its errors as ours.

A command is a POST to ``/api/v0/COMMAND`` with its arguments in the query. Whatever goes wrong is answered with 500 and
a sentence (by ``files/rm`` of kubo with 200 and a sentence), so that the sentence is all there is to tell errors apart
by; those of kubo and js-ipfs are known here.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast
from urllib.parse import urlencode

from conformance.adapters.exchange import NO_HEADERS, Server, sent
from conformance.adapters.streams import refuse
from conformance.storage import (
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    PermissionDenied,
    RequestThrottled,
    ServiceInternal,
    StorageError,
    Unexpected,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """The RPC API of one node, and the directory of its files below which we work."""

    server: Server
    prefix: tuple[str, ...] = ()
    """The names of that directory from the root; empty is the root itself."""


class Taken(Unexpected):
    """There is an entry of that name already."""


class BelowFile(ObjectNotExist):
    """A file is where a directory is needed on the way."""


class PastEnd(Unexpected):
    """The range asked for begins behind the end of the file."""


Options = Mapping[str, int | bool]
NONE: Options = MappingProxyType({})
_DONE, _FORBIDDEN, _THROTTLED, _FAILED, _UNAVAILABLE = 200, 403, 429, 500, 503


def call(node: Node, command: str, *arguments: str, options: Options = NONE, body: bytes | None = None) -> Any:
    """Send a command and return the document that it answers with, ``None`` where that is empty.

    Args:
        node: the node to ask.
        command: its name, such as ``files/stat``.
        *arguments: paths.
        options: options of the command.
        body: the file that the command takes.

    Raises:
        StorageError: the command failed, or the node cannot be reached.

    """
    with exchange(node, command, *arguments, options=options, body=body) as chunks:
        answer = b"".join(chunks)
    try:
        told: Any = json.loads(answer) if answer else None
    except ValueError:
        refuse(Unexpected(f"{command} is answered with what is no JSON: {answer[:100]!r}"))
    if isinstance(told, str):
        raise _meaning(told)
    return told


@contextmanager
def exchange(
    node: Node, command: str, *arguments: str, options: Options = NONE, body: bytes | None = None
) -> Generator[Iterator[bytes]]:
    """Send a command, once, and give the body of its answer in chunks that end only when it is complete.

    Raises:
        StorageError: as for :func:`call`.

    """
    words = [(name, str(value).lower()) for name, value in options.items()]
    query = urlencode([*(("arg", argument) for argument in arguments), *words])
    content, headers = (b"", NO_HEADERS) if body is None else _form(body)
    with sent(node.server, "POST", f"/api/v0/{command}?{query}", headers, content) as answer:
        if answer.status != _DONE:
            raise failure_for(answer.status, b"".join(answer.chunks))
        yield answer.chunks


def _form(body: bytes) -> tuple[bytes, Mapping[str, str]]:
    """Return the form that a file is sent in; js-ipfs insists on the type."""
    boundary = secrets.token_hex(16)
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="data"; filename="data"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    content = b"".join((head.encode(), body, f"\r\n--{boundary}--\r\n".encode()))
    return content, {"Content-Type": f"multipart/form-data; boundary={boundary}"}


def _directory(_: str) -> StorageError:
    return ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)


_SENTENCES: Mapping[str, Callable[[str], StorageError]] = {
    # cannot write to b: Not a directory; of kubo, where it makes or removes something below a file: file already
    # exists; expected *mfs.Directory, didn't get it
    r"not a directory|file already exists|expected \*mfs\.Directory": BelowFile,
    # /a was not a file or raw bytes; /a is a directory, use -r to remove directories
    r"not a file|is a directory": _directory,
    # file does not exist; /a does not exist
    r"does not exist|no link named": ObjectNotExist,
    # directory already has entry by that name
    r"already has entry": Taken,
    # Offset must be less than the file size; offset was past end of file
    r"offset must be less|past end of file": PastEnd,
}
"""What raises each sentence, the first that fits."""


def failure_for(status: int, body: bytes) -> StorageError:
    """Return the error of the taxonomy for an answer of that status; its sentence decides where it is 500."""
    sentence = _sentence(body)
    if status == _FAILED:
        return _meaning(sentence)
    if status == _FORBIDDEN:
        return PermissionDenied(sentence)
    if status in {_THROTTLED, _UNAVAILABLE}:
        return RequestThrottled(sentence)
    return (ServiceInternal if status > _FAILED else Unexpected)(f"{sentence} (HTTP {status})")


def _meaning(sentence: str) -> StorageError:
    kind = next((kind for words, kind in _SENTENCES.items() if re.search(words, sentence, re.IGNORECASE)), Unexpected)
    return kind(sentence)


def _sentence(body: bytes) -> str:
    try:
        told: Any = json.loads(body)
    except ValueError:
        told = None
    if isinstance(told, dict):
        return str(cast("dict[str, Any]", told).get("Message", ""))
    return " ".join(body.decode(errors="replace").split())[:200]
