"""The process in which the checks of one backend run: whatever the backend does to it, the run itself goes on.

The parent asks for one check at a time, so it knows at which one a child died. Messages to the parent are a word and
its details: ``refused sentence``, ``ready entry plan root``, ``result json``, ``alive used``, ``replayed keys``,
``cleaned leaks``.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from hypothesis.configuration import set_hypothesis_home_dir

from conformance.adapters.connection import Connection, open_backend
from conformance.cli.interruption import ignore
from conformance.engine.laws import checks
from conformance.engine.playing import diverging
from conformance.engine.runner import Runner
from conformance.engine.workspace import Workspaces
from conformance.planning import FOLDER, Asked, check_promises, database, entry, plan
from conformance.problems import Problem
from conformance.registry import from_connection
from conformance.storage import StorageError

if TYPE_CHECKING:
    from conformance.engine.backend import Backend

PULSE = 1.0
STOPPING = 8.0
"""Seconds that the cleaning may take in a run that was ended: less than the parent waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a child needs to know.

    ``known`` are the signatures of declared deviations, ``first`` is the child that prepares the backend, ``scratch``
    its temporary directory.
    """

    spec: str
    name: str
    asked: Asked
    folder: Path
    scratch: Path
    known: frozenset[str] = frozenset()
    first: bool = True
    allow_non_empty: bool = False


class Stopped(KeyboardInterrupt):
    """The parent ended the run; no ``Exception``, so that nothing on the way takes it for a failure."""


def serve(pipe: Pipe, job: Job) -> None:
    """Open the backend and run the checks that the parent asks for, until it asks for no more or is gone."""
    ignore()
    for number in (signal.SIGTERM, signal.SIGPROF):
        signal.signal(number, _stop)
    threading.Thread(target=_end_with_the_parent, args=(job.scratch,), daemon=True).start()
    try:
        try:
            _serve(pipe, job)
        finally:
            _deaf()  # nothing is left to be cut short, and nobody to hear it
    except Stopped:
        _deaf()
    except (BrokenPipeError, EOFError):  # the parent is gone
        pass
    if not _parent().is_alive():
        shutil.rmtree(job.scratch, ignore_errors=True)


def _serve(pipe: Pipe, job: Job) -> None:
    sys.unraisablehook = _unraisable
    tempfile.tempdir = str(job.scratch)
    set_hypothesis_home_dir(job.folder / FOLDER)
    faulthandler.enable()
    say = _Voice(pipe)
    opened: Connection | None = None
    runner: Runner | None = None
    try:
        if not job.first:
            pipe.recv()  # the first child makes the root in which the others work
        try:
            opened, runner = _open(job)
        except (Problem, StorageError) as error:
            say("refused", str(error) if isinstance(error, Problem) else error.message or str(error))
            return
        except Stopped:
            raise
        except BaseException as error:  # noqa: BLE001 - an opener may raise anything
            say("refused", f"{job.name} cannot be opened: {type(error).__name__}: {error}")
            return
        say("ready", entry(runner), plan(runner, job.asked), runner.workspaces.root)
        say.keep_alive(runner)
        _work(pipe, say, runner, opened if job.first else None)
    except (Stopped, BrokenPipeError, EOFError):
        # No further signal may cut the cleaning short: the parent kills a child that takes too long.
        _deaf()
        left = [] if runner is None else runner.clean(STOPPING)
        if opened is not None and job.first:
            _remove(opened)
        say("cleaned", left)
    except KeyboardInterrupt:  # the backend's own, while it was cleaned
        say("cleaned", ["(not cleaned: the backend raised KeyboardInterrupt)"])


def _open(job: Job) -> tuple[Connection, Runner]:
    connection = open_backend(job.spec)
    if job.first:
        connection.prepare()
        if not job.allow_non_empty and not connection.is_empty():
            raise Problem(
                f"{job.name} is not empty: name an empty directory or prefix, or pass --allow-non-empty "
                "(the run works in a directory of its own and removes only that)"
            )
    backend: Backend = from_connection(connection, job.name)
    asked = job.asked
    runner = Runner(backend, profile=asked.effort(), seed=asked.seed, database=database(job.folder), known=job.known)
    if job.first:
        try:
            check_promises(runner)
        except Problem:
            _remove(connection)
            raise
    return connection, runner


def _remove(opened: Connection) -> None:
    """Remove the root that was prepared; what keeps it from going is among the leaks already."""
    with suppress(StorageError):
        opened.remove_root()


def _work(pipe: Pipe, say: _Voice, runner: Runner, opened: Connection | None) -> None:
    while True:
        word, *details = pipe.recv()
        if word == "check":
            say("result", _checked(runner, details[0]))
        elif word == "clean":
            say("replayed", diverging(runner, details[1]))
            say("cleaned", [*runner.clean(), *(path for root in details[0] for path in _orphan(runner.backend, *root))])
            if opened is not None:
                _remove(opened)
            return


def _checked(runner: Runner, identifier: str) -> dict[str, Any]:
    check = checks()[identifier]
    try:
        return runner.run(check).to_json()
    except Stopped:
        raise
    except KeyboardInterrupt:  # signals come as Stopped: this one is of the backend's own
        return {
            "kind": "result",
            "backend": runner.backend.name,
            "check": check.id,
            "requirement": check.requirement,
            "state": "error",
            "reason": "the backend raised KeyboardInterrupt",
        }


def _orphan(backend: Backend, root: str, used: int) -> list[str]:
    """Clean what a child that died left behind."""
    spaces = Workspaces(backend)
    spaces.root, spaces.used = root, used
    return spaces.clean()


def _stop(_number: int, _frame: FrameType | None) -> None:
    # Raised in a finalizer or a callback of the garbage collector it would be swallowed: raise it until it is heard.
    signal.setitimer(signal.ITIMER_PROF, 0.1, 0.1)
    raise Stopped


def _deaf() -> None:
    """Let no signal of the parent, and none of those that repeat it, be heard any more."""
    signal.setitimer(signal.ITIMER_PROF, 0)
    for number in (signal.SIGTERM, signal.SIGPROF):
        signal.signal(number, signal.SIG_IGN)


def _parent() -> BaseProcess:
    parent = multiprocessing.parent_process()
    if parent is None:
        raise RuntimeError("a child that nobody started")
    return parent


def _end_with_the_parent(scratch: Path) -> None:
    """Stop the run when the parent has ended without a word, and the process where that takes too long."""
    _parent().join()
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
    time.sleep(STOPPING + 2)
    shutil.rmtree(scratch, ignore_errors=True)
    os._exit(1)


def _unraisable(lost: sys.UnraisableHookArgs) -> None:
    if not issubclass(lost.exc_type, Stopped):
        sys.__unraisablehook__(lost)


class _Voice:
    """What the child says; the pulse speaks from a thread of its own."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def __call__(self, *message: Any) -> None:
        with self._lock:
            self._pipe.send(message)
        sys.stdout.flush()

    def keep_alive(self, runner: Runner) -> None:
        """Tell the parent now and then that calls are answered; a backend that hangs gives no sign of life."""

        def beat() -> None:
            told = -1
            while True:
                threading.Event().wait(PULSE)
                made = runner.calls + runner.workspaces.cleaning_calls
                if made != told:
                    told = made
                    try:
                        self("alive", runner.workspaces.used)
                    except OSError:
                        return

        threading.Thread(target=beat, daemon=True).start()
