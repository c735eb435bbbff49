"""The peers: where their tests come from and how they are pointed at an endpoint."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from .peer import THEIRS, Peer, PeerMissing, Plan

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "testtest", "AWS_DEFAULT_REGION": "us-east-1"}

OBJECTS = "object or multipart or bucket_list or copy or atomic or ranged"
OTHER_SERVICES = (
    "acl or policy or lifecycle or encrypt or sse or version or tag or lock or cors or logging or website or anon or "
    "retention or legal or post_object or grant or block_public or ownership or kms or torrent or storage_class or "
    "restore or transition or append or access_bucket"
)
"""What a plain object store does not have: access control, versions, tags, encryption and the like."""

USER = """[{name}]
display_name = {name}
user_id = {id}
email = {id}@example.com
api_name = default
access_key = {id}{id}{id}
secret_key = {id}{id}{id}
tenant = {id}
"""


def peers(python: str, opendal: Path | None, s3_tests: Path | None, s3_tests_python: str) -> list[Peer]:
    """Return the peers that can be run with the interpreters and checkouts at hand."""
    found: list[Peer] = []
    if s3_tests is not None:
        there(s3_tests / "s3tests/functional/test_s3.py")
        plan = functools.partial(_ceph, s3_tests)
        found.append(Peer(name="ceph/s3-tests", python=s3_tests_python, plan=plan, inside=True))
    found.append(Peer(name="zarr store tests", python=python, plan=_module("zarr_store")))
    found.append(Peer(name="fsspec abstract tests", python=python, plan=_module("fsspec_abstract")))
    if opendal is not None:
        there(opendal / "bindings/python/tests/conftest.py")
        found.append(Peer(name="OpenDAL Python tests", python=python, plan=functools.partial(_opendal, opendal)))
    return found


def there(file: Path) -> None:
    """Make sure that a checkout is what it is said to be.

    Raises:
        PeerMissing: a file of it is missing.

    """
    if not file.exists():
        raise PeerMissing(f"there is no {file}: give the path of a checkout")


def _ceph(checkout: Path, endpoint: str, scratch: Path) -> Plan:
    where = urlsplit(endpoint)
    users = {"s3 main": "main", "s3 alt": "alt", "s3 tenant": "tenant", "iam": "iam"}
    users |= {"iam root": "root", "iam alt root": "altroot"}
    config = scratch / "s3tests.conf"
    config.write_text(
        f"[DEFAULT]\nhost = {where.hostname}\nport = {where.port}\nis_secure = False\nssl_verify = False\n"
        "[fixtures]\nbucket prefix = peers-{random}-\niam name prefix = peers-\niam path prefix = /peers/\n"
        + "".join(USER.format(name=name, id=user) for name, user in users.items()),
        "utf-8",
    )
    chosen = ("s3tests/functional/test_s3.py", "-k", f"({OBJECTS}) and not ({OTHER_SERVICES})")
    return Plan(directory=checkout, arguments=chosen, environment={"S3TEST_CONF": str(config)})


def _module(name: str) -> Callable[[str, Path], Plan]:
    def plan(_: str, scratch: Path) -> Plan:
        shutil.copy(THEIRS / f"{name}.py", scratch / f"test_{name}.py")
        arguments = (f"test_{name}.py", "-o", "asyncio_mode=auto")
        return Plan(directory=scratch, arguments=arguments, environment=CREDENTIALS)

    return plan


def _opendal(checkout: Path, endpoint: str, scratch: Path) -> Plan:
    shutil.copytree(checkout / "bindings/python/tests", scratch / "tests")
    settings = {"endpoint": endpoint, "bucket": "peers", "region": "us-east-1"}
    settings |= {"access_key_id": "test", "secret_access_key": "testtest"}
    return Plan(
        directory=scratch,
        arguments=("tests", "-o", "asyncio_mode=auto"),
        environment={"OPENDAL_TEST": "s3", **{f"OPENDAL_S3_{name.upper()}": told for name, told in settings.items()}},
    )
