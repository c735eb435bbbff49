"""An end that a person or a system asks for: heard once, whatever the shell that started the run thinks of it."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from types import FrameType
from typing import Self

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
OF_A_TERMINAL = (signal.SIGINT, signal.SIGHUP)
"""What a terminal sends to the parent and to its children alike."""


class Interruption:
    """Hears SIGINT, SIGTERM and SIGHUP while it is entered, in the main thread.

    The first one is what counts: it raises ``KeyboardInterrupt`` while ``raises``, otherwise it is only noted in
    ``heard``, for work that must not be cut in the middle. All further ones are swallowed, so that a second Ctrl-C
    does not end the tidying that the first one began.

    A process that a shell starts in the background has SIGINT ignored by no wish of its own, so that is heard too;
    SIGHUP is ignored where somebody asked for it (``nohup``), and stays so.
    """

    def __init__(self) -> None:
        self.heard = False
        self.raises = True
        self._before: dict[signal.Signals, signal._HANDLER] = {}  # type: ignore[reportPrivateUsage]

    def __enter__(self) -> Self:
        for number in ENDING:
            before = signal.getsignal(number)
            if number == signal.SIGHUP and before == signal.SIG_IGN:
                continue
            self._before[number] = before
            signal.signal(number, self._hear)
        return self

    def __exit__(self, *error: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        first, self.heard = not self.heard, True
        if first and self.raises:
            raise KeyboardInterrupt


@contextmanager
def unheard() -> Generator[None]:
    """Start a child in here, and what a terminal sends waits for it until it calls :func:`ignore`."""
    resource_tracker.ensure_running()  # started later, it would let the signals through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, OF_A_TERMINAL)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def ignore() -> None:
    """Ignore what a terminal sends: it is the parent that ends the run."""
    for number in OF_A_TERMINAL:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, OF_A_TERMINAL)
