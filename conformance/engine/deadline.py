"""A limit on how long one call may take, so that a backend that hangs is a result and not a stuck run."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

T = TypeVar("T")


class _Late(KeyboardInterrupt):
    """Not an ``Exception``: a backend that swallows those must still be interrupted."""


class CallHung(Exception):
    """A call gave no answer within the deadline."""


def within(seconds: float, run: Callable[[], T]) -> T:
    """Run and return, or raise :class:`CallHung` after ``seconds``.

    Interrupts Python code and system calls of the main thread by a timer signal; elsewhere there is no limit.

    Raises:
        CallHung: the deadline passed.

    """
    if threading.current_thread() is not threading.main_thread():
        return run()

    def late(_number: int, _frame: FrameType | None) -> None:
        raise _Late

    previous = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    began = time.monotonic()
    try:
        result = run()
    except _Late:
        raise CallHung(f"no answer within {seconds:g} second{'' if seconds == 1 else 's'}") from None
    else:
        # Whoever swallows the interruption, or stops the timer, answers too late all the same.
        if time.monotonic() - began > seconds:
            raise CallHung(f"no answer within {seconds:g} second{'' if seconds == 1 else 's'}")
        return result
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
