"""WsgiDAV, a WebDAV server in Python: a directory of the local disk behind RFC 4918."""

from __future__ import annotations

import json
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from backends.server import Started, answers, running, script
from backends.webdav import USER

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path


@contextmanager
def start() -> Generator[Started]:
    """Start WsgiDAV behind cheroot on an empty directory and yield it.

    Raises:
        NotInstalled: WsgiDAV is missing.
        ServerFailed: it did not start.

    """
    program = script("wsgidav", "wsgidav cheroot")

    def command(directory: Path, ports: Sequence[int]) -> Sequence[str]:
        served, settings = directory / "served", directory / "wsgidav.json"
        served.mkdir()
        user, password = USER.values()
        settings.write_text(
            json.dumps(
                {
                    "host": "127.0.0.1",
                    "port": ports[0],
                    "provider_mapping": {"/": str(served)},
                    "simple_dc": {"user_mapping": {"*": {user: {"password": password}}}},
                    "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
                    # GET of a collection is refused, and not answered with a page for people
                    "dir_browser": {"enable": False},
                    "logging": {"enable": True},
                }
            )
        )
        return (program, "--config", str(settings))

    with running("wsgidav", command, ports=1, ready=lambda ports: answers(f"http://127.0.0.1:{ports[0]}/", 401)) as (
        ports,
        log,
    ):
        yield Started(
            name="wsgidav",
            connection=f"webdav://127.0.0.1:{ports[0]}/conformance?create=true&infinity=true&bare_etags=true",
            version=f"WsgiDAV {version('wsgidav')}",
            environment=USER,
            log=log,
        )
