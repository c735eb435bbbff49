"""``conformance.suite``: the whole suite as one test in an author's own file."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import CodeType
from typing import Any

from conformance.engine.backend import Backend, Opener
from conformance.problems import Problem
from conformance.registry import name_of


def suite(*openers: Opener | Backend | str, **named: Opener | Backend | str) -> Callable[..., None]:
    """Return a test that is every check of the suite, once per backend.

    ::

        import conformance
        from mystore import open_store

        test_conformance = conformance.suite(open_store)

    Parameters:
        openers: functions ``open(work_dir) -> Storage``, or connection strings; they are called by their name.
        named: the same under a name of one's own, ``suite(mystore=open_store)``.

    Without any it takes the session-scoped fixture ``conformance_backend`` where the project has one, and otherwise
    what ``@conformance.backend`` registered in this file or in a ``conftest.py`` above it.

    Raises:
        Problem: what was handed over is no opener, or two have one name.

    """
    handed: dict[str, Any] = {}
    pairs: list[tuple[str | None, Any]] = [
        *((opener if isinstance(opener, str) else None, opener) for opener in openers),
        *named.items(),
    ]
    for name, opener in pairs:
        if not callable(opener) and not isinstance(opener, (str, Backend)):
            raise Problem(f"conformance.suite({opener!r}): give functions open(work_dir) -> Storage")
        label = name or (
            opener.name if isinstance(opener, Backend) else name_of(opener) if callable(opener) else opener
        )
        if label in handed:
            raise Problem(f"two backends are called {label!r}: name them, conformance.suite(one=…, two=…)")
        handed[label] = opener

    def test_conformance(check: str, conformance_check: Callable[[str], None]) -> None:
        __tracebackhide__ = True
        conformance_check(check)

    # The test belongs to the file that asked for it: that is where pytest shall say it stands.
    frame = sys._getframe(1)  # noqa: SLF001  # type: ignore[reportPrivateUsage]
    code: CodeType = test_conformance.__code__
    test_conformance.__code__ = code.replace(co_filename=frame.f_code.co_filename, co_firstlineno=frame.f_lineno)
    test_conformance.__module__ = str(frame.f_globals.get("__name__", __name__))
    test_conformance.__conformance__ = handed  # type: ignore[attr-defined]
    return test_conformance
