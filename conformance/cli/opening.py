"""Opens one backend inside this process, for the verbs that look at it closely; every failure is one sentence."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager, suppress

from conformance.adapters.connection import Connection, open_backend
from conformance.engine.runner import Runner
from conformance.planning import Asked
from conformance.problems import Problem
from conformance.registry import from_connection
from conformance.storage import StorageError


@contextmanager
def opened(name: str, spec: str, asked: Asked) -> Generator[tuple[Connection, Runner]]:
    """Yield the connection and a runner; afterwards what was made is removed.

    Raises:
        Problem: the backend cannot be opened.

    """
    try:
        connection = open_backend(spec)
        connection.prepare()
    except StorageError as error:
        raise Problem(error.message or str(error)) from None
    try:
        try:
            runner = Runner(from_connection(connection, name), profile=asked.effort(), seed=asked.seed)
        except (Problem, KeyboardInterrupt):
            raise
        except StorageError as error:
            raise Problem(f"{name} cannot be opened: {error.message or error}") from None
        except BaseException as error:
            raise Problem(f"{name} cannot be opened: {type(error).__name__}: {error}") from error
        try:
            yield connection, runner
        finally:
            runner.clean()
    finally:
        # What keeps the root from going is what could not be removed before, which the verbs tell themselves.
        with suppress(StorageError):
            connection.remove_root()
