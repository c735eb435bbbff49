"""An end that a person or a system asks for: heard once, whatever the shell that started the run thinks of it."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Self

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


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
