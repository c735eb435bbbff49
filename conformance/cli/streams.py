"""What a command speaks through: closed, or too small for its signs, it must not keep a run from its verdict."""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO


def usable() -> None:
    """See to it that all three standard streams are open, here and in children, and that stdout takes every sign.

    What its encoding has no sign for is written as an escape, as stderr does it already.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            mode = os.O_RDONLY if name == "stdin" else os.O_WRONLY
            opened = os.open(os.devnull, mode)
            os.dup2(opened, number)
            os.set_inheritable(number, True)
            stream = open(number, "r" if name == "stdin" else "w", encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
            if opened != number:
                os.close(opened)
    stdout: object = sys.stdout
    if isinstance(stdout, io.TextIOWrapper):
        stdout.reconfigure(errors="backslashreplace")


def nobody_reads(stream: TextIO) -> None:
    """Say all further things to nobody: whoever read ``stream`` has left, as after ``| head``, or it is full."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
