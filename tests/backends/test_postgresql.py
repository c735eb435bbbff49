"""PostgreSQL as the tests start it: empty, on loopback, gone with the block and with a killed parent."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from backends import NotInstalled, postgresql

psycopg = pytest.importorskip("psycopg")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def _installed():
    try:
        assert postgresql.version().startswith("postgres (PostgreSQL)")
    except NotInstalled as error:
        pytest.skip(str(error))


def refuses(url):
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return True
    return False


def test_it_serves_and_ends_at_once_with_a_client_connected(monkeypatch):
    monkeypatch.setattr("backends.processes.STOP_SECONDS", 60)  # after which it would be killed
    with postgresql.start() as url:
        client = psycopg.connect(url)
        assert client.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
        begun = time.monotonic()
    assert time.monotonic() - begun < 30
    assert refuses(url)
    client.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_it_dies_with_a_killed_parent():
    program = (
        "import sys, time; sys.path.insert(0, sys.argv[1])\n"
        "from backends import postgresql\n"
        "with postgresql.start() as url:\n"
        "    print(url, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen((sys.executable, "-c", program, str(ROOT)), stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        assert not refuses(url)
        parent.kill()
        parent.wait()
    deadline = time.monotonic() + 30
    while not refuses(url) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert refuses(url)


def test_a_cluster_that_cannot_be_made_says_why(tmp_path):
    data = tmp_path / "data"
    initdb = ("/bin/sh", "-c", "echo 'is not empty' >&2; exit 1")
    with pytest.raises(postgresql.ServerFailed, match="is not empty"):
        postgresql._make_cluster(initdb, data)
