"""Directories that have to be there before anything is put into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.storage import ObjectNotExist

if TYPE_CHECKING:
    from collections.abc import Callable


def with_parents(
    put: Callable[[], object], make: Callable[[], object] | None, source_exists: Callable[[], bool]
) -> None:
    """Call what puts something somewhere, and once more with its directory where that is what was missing.

    The layer is asked first, so that what it does by itself is seen, and nothing is made for what it refuses.

    Args:
        put: puts it there.
        make: makes the directory, and those above it; None where nothing needs one.
        source_exists: tells whether it was not the source that was missing.

    Raises:
        ObjectNotExist: the source is missing, or the directory although it was made.

    """
    try:
        put()
    except ObjectNotExist:
        if make is None or not source_exists():
            raise
    else:
        return
    make()
    put()
