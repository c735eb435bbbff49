"""Where a pytest run keeps what the kit knows of it; imports nothing heavy, for it is part of every pytest run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conformance.pytesting.session import ConformanceSession

_session = pytest.StashKey["ConformanceSession"]()


def conformance_session(config: pytest.Config) -> ConformanceSession:
    """Return what the kit knows of this pytest session: made, with the rest of the hooks, when it is first needed."""
    if _session not in config.stash:
        from conformance.pytesting.session import ConformanceSession

        config.stash[_session] = ConformanceSession(config)
        config.pluginmanager.register(config.stash[_session], "conformance-session")
    return config.stash[_session]


def in_use(config: pytest.Config) -> bool:
    """Whether this run has anything to do with the kit so far."""
    return _session in config.stash
