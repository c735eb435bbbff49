"""OpenStack Swift: proxy, account, container and object server on loopback, one replica, nothing read from ``/etc``.

One start serves both protocols of the proxy: S3 (``s3api``) and Swift's own, with accounts in the configuration
(``tempauth``). The tokens of Swift's own protocol live in memcached, a package of the system.
"""

from __future__ import annotations

import getpass
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from backends.server import Started, answers, running_several, script, system_program

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from backends.processes import Processes

USER = "test:tester"
KEY = "testing"
_STORES = ("account", "container", "object")
# a write that has to match is answered with 501 NotImplemented; If-None-Match of a copy is asked of its source
WITHOUT = ("write.if_match", "copy.if_match", "copy.if_none_match", "complete_multipart.if_match")
_RING_WARNING = 1  # "one replica is fewer than recommended"

_CLUSTER = """
[swift-hash]
swift_hash_path_prefix = check
swift_hash_path_suffix = check
[storage-policy:0]
name = one
policy_type = replication
default = yes
"""
_DEFAULT = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {directory}
log_level = WARNING
"""
_STORE = """
devices = {directory}/devices
mount_check = false
disable_fallocate = true
[pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{name}
fallocate_reserve = 0
"""
# the slow reading of large objects of many segments protects a cluster from its clients
_FILTERS = {
    "catch_errors": "",
    "gatekeeper": "",
    "healthcheck": "",
    "memcache": "memcache_servers = 127.0.0.1:{memcached}",
    "listing_formats": "",
    "bulk": "",
    "tempurl": "",
    "s3api": "location = us-east-1",
    "tempauth": "user_{user_name} = {key} .admin",
    "copy": "",
    "slo": "rate_limit_after_segment = 100000",
    "dlo": "",
    "versioned_writes": "",
    "symlink": "",
}
_PROXY = """
[pipeline:main]
pipeline = {filters} proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
"""


@contextmanager
def start() -> Generator[Started]:
    """Start Swift and yield it as a store of its own protocol.

    Raises:
        NotInstalled: Swift or memcached is missing.
        ServerFailed: it did not start.

    """
    with _serving("swift") as server:
        endpoint = f"http://127.0.0.1:{server.ports[0]}"
        yield Started(
            name="swift",
            connection=f"swift://conformance?auth={endpoint}/auth/v1.0&create=true",
            version=f"Swift {version('swift')}",
            environment={"ST_USER": USER, "ST_KEY": KEY},
            log=server.log,
        )


@contextmanager
def start_s3() -> Generator[Started]:
    """Start Swift and yield it as an S3 server.

    Raises:
        NotInstalled: Swift or memcached is missing.
        ServerFailed: it did not start.

    """
    with _serving("swift-s3") as server:
        yield Started(
            name="swift-s3",
            connection=f"s3://conformance?endpoint=http://127.0.0.1:{server.ports[0]}&create=true"
            f"&parts_maximum=1000&metadata_value_maximum=256&without={','.join(WITHOUT)}",
            version=f"Swift {version('swift')}",
            environment={"AWS_ACCESS_KEY_ID": USER, "AWS_SECRET_ACCESS_KEY": KEY},
            log=server.log,
        )


@contextmanager
def _serving(name: str) -> Generator[Processes]:
    programs = {one: script(f"swift-{one}-server", "swift") for one in ("proxy", *_STORES)}
    rings = script("swift-ring-builder", "swift")
    memcached = system_program("memcached", "memcached")

    def start(server: Processes) -> None:
        proxy, cache, *stores = server.ports
        _configure_proxy(server.directory, proxy, cache)
        for one, port in zip(_STORES, stores, strict=True):
            _configure_store(server.directory, one, port)
            ring = server.directory / f"{one}.builder"
            server.run(rings, ring, "create", "4", "1", "0")  # 2**4 partitions, one replica, no hours between moves
            server.run(rings, ring, "add", f"r1z1-127.0.0.1:{port}/one", "1")
            server.run(rings, ring, "rebalance", statuses=(0, _RING_WARNING))
        server.spawn(memcached, "-u", getpass.getuser(), "-l", "127.0.0.1", "-p", str(cache), "-m", "16", "-t", "1")
        for one, program in programs.items():
            server.spawn(program, server.directory / f"{one}-server.conf", "--verbose")
        server.wait(lambda: answers(f"http://127.0.0.1:{proxy}/healthcheck", 200))
        server.wait(
            lambda: all(answers(f"http://127.0.0.1:{port}/recon/version", 200, 400, 404, 405) for port in stores)
        )

    with running_several(name, start, ports=2 + len(_STORES)) as server:
        yield server


def _configure_store(directory: Path, name: str, port: int) -> None:
    (directory / "devices" / "one").mkdir(parents=True, exist_ok=True)
    text = (_DEFAULT.rstrip() + _STORE).format(name=name, directory=directory, port=port, user=getpass.getuser())
    (directory / f"{name}-server.conf").write_text(text)


def _configure_proxy(directory: Path, port: int, memcached: int) -> None:
    (directory / "swift.conf").write_text(_CLUSTER)
    filters = "".join(f"[filter:{name}]\nuse = egg:swift#{name}\n{options}\n" for name, options in _FILTERS.items())
    text = (_DEFAULT + _PROXY.replace("{filters}", " ".join(_FILTERS)) + filters).format(
        directory=directory,
        port=port,
        user=getpass.getuser(),
        memcached=memcached,
        user_name=USER.replace(":", "_"),
        key=KEY,
    )
    (directory / "proxy-server.conf").write_text(text)
