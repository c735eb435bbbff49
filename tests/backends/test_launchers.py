"""The servers of ``backends/``: they start, can be used, end with us, and say why when they do not."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from backends import BACKENDS, BUILT_BY_HAND, NotInstalled, ServerFailed
from backends.server import answers, free_ports, running, running_several, script, system_program
from conformance.adapters.connection import open_backend
from conformance.adapters.harness.channel import HarnessBroken
from conformance.storage import ObjectMode, ObjectNotExist, PermissionDenied, StorageError

SERVERS = [name for name in BACKENDS if name != "moto"]
ROOT = Path(__file__).parents[2]
HELPER = (sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1")


def started(name, stack):
    try:
        return stack.enter_context(BACKENDS[name]())
    except NotInstalled as error:
        pytest.skip(f"{name} is left to whoever built it" if name in BUILT_BY_HAND else str(error))


def serving(ports):
    return answers(f"http://127.0.0.1:{ports[0]}/", 200)


def helper(_, ports):
    return (*HELPER, str(ports[0]))


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def eventually(fact, seconds=30):
    deadline = time.monotonic() + seconds
    while not fact() and time.monotonic() < deadline:
        time.sleep(0.02)
    return fact()


@pytest.fixture
def use(monkeypatch):
    """Prepare the connection of a started backend with its credentials."""

    def prepared(backend):
        for name, value in backend.environment.items():
            monkeypatch.setenv(name, value)
        connection = open_backend(backend.connection)
        connection.prepare()
        return connection

    return prepared


@pytest.mark.parametrize("name", BACKENDS)
def test_every_backend_starts_serves_and_ends(name, use):
    with ExitStack() as stack:
        backend = started(name, stack)
        connection = use(backend)
        assert connection.is_empty()
        run = f"run-{uuid.uuid4().hex}"  # moto's data are those of all tests in this process
        store = connection.open(f"/{run}/1/")
        operations = store.features().operations
        if "write" in operations:
            assert store.write("a b", io.BytesIO(b"content"), 7) == 7
            w = io.BytesIO()
            assert store.read("a b", w, offset=3) == 4
            assert w.getvalue() == b"tent"
            assert [o.path for o in store.list("")] == ["a b"]
        if "create_multipart" in operations:
            handle = store.create_multipart("up")
            part = store.write_multipart(handle, io.BytesIO(b"part"), 4, 0)[1]
            store.complete_multipart(handle, [part])
            assert store.stat("up").content_length == 4
        assert name == "moto" or not connection.sees_root or not connection.is_empty()
        for path in ("a b", "up"):
            store.delete(path)
        with pytest.raises(ObjectNotExist):
            store.stat("a b")
        if "create_dir" in operations:  # then there may be directories above, which stay
            for path in (f"{run}/1", run):
                connection.open("/").delete(path, object_mode=ObjectMode.DIR)
        connection.remove_root()
        assert backend.version.split()[-1][0].isdigit()
    if name != "moto":
        with pytest.raises((StorageError, HarnessBroken)):
            store.stat("a b")


def test_a_server_is_reached_beside_moto_in_this_process(use):
    with ExitStack() as stack:
        inside, outside = use(started("moto", stack)), use(started("moto-server", stack))
        inside.open("/both/").write("inside", None, 0)
        outside.open("/both/").write("outside", None, 0)
        inside.open("/both/").write("inside2", None, 0)
        assert [o.path for o in inside.open("/both/").list("")] == ["inside", "inside2"]
        assert [o.path for o in outside.open("/both/").list("")] == ["outside"]
        with urllib.request.urlopen(outside.open("/both/").reach("outside").url, timeout=30) as answer:
            assert answer.status == 200


def test_a_missing_bucket_is_an_error_unless_it_may_be_created(use):
    with ExitStack() as stack:
        backend = started("moto-server", stack)
        connection = use(backend)
        other = backend.connection.replace("conformance", "other").replace("&create=true", "")
        with pytest.raises(StorageError, match=r"there is no bucket other at http://127.0.0.1:.* add create=true"):
            open_backend(other).prepare()
        again = open_backend(backend.connection)
        again.prepare()
        again.remove_root()  # not its bucket: the first connection made it
        connection.prepare()
        assert open_backend(f"{other}&create=true&region=eu-west-1").prepare() is None
        assert connection.version().startswith("Werkzeug")


def test_wrong_credentials_are_named(use, monkeypatch):
    with ExitStack() as stack:
        backend = started("rclone", stack)
        use(backend)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
        with pytest.raises(PermissionDenied, match="the credentials may not use the bucket conformance at http"):
            open_backend(backend.connection).prepare()


# the helper that they are started with


def test_a_server_ends_with_the_block_and_its_directory_goes():
    with running("helper", helper, ports=1, ready=serving) as (ports, log):
        assert answers(f"http://127.0.0.1:{ports[0]}/", 200)
        assert "GET / HTTP" in log.read_text()
    assert not answers(f"http://127.0.0.1:{ports[0]}/", 200)
    assert not log.parent.exists()


def test_a_server_ends_when_the_block_raises():
    with pytest.raises(KeyboardInterrupt), running("helper", helper, ports=1, ready=serving) as (ports, _):
        raise KeyboardInterrupt
    assert not answers(f"http://127.0.0.1:{ports[0]}/", 200)


def test_a_server_that_ignores_the_signal_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr("backends.processes.STOP_SECONDS", 0.2)
    pid = tmp_path / "pid"
    program = (
        "import os, signal, pathlib, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"pathlib.Path({str(pid)!r}).write_text(str(os.getpid())); time.sleep(60)"
    )
    ready = lambda _: pid.exists() and pid.read_text() != ""  # noqa: E731
    with running("stubborn", lambda *_: (sys.executable, "-c", program), ports=0, ready=ready):
        assert alive(pid.read_text())
    assert not alive(pid.read_text())


def test_a_server_that_cannot_start_shows_its_log_after_three_attempts():
    attempts = []

    def broken(_, ports):
        attempts.append(tuple(ports))
        return (sys.executable, "-c", "import sys; sys.exit('the disk is full')")

    with pytest.raises(ServerFailed) as caught, running("broken", broken, ports=2, ready=lambda _: False):
        pass
    assert f"broken: {Path(sys.executable).name} ended with 1; its log ends:" in str(caught.value)
    assert "the disk is full" in str(caught.value)
    assert len(set(attempts)) == 3


def test_a_taken_port_is_exchanged(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        choices = iter([[taken.getsockname()[1]], free_ports(1)])
        monkeypatch.setattr("backends.server.free_ports", lambda _: next(choices))
        with running("helper", helper, ports=1, ready=serving) as (ports, _):
            assert ports[0] != taken.getsockname()[1]


def test_a_server_does_not_see_our_credentials_and_proxies(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "ours")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    program = (sys.executable, "-c", "import os, time; print(sorted(os.environ), flush=True); time.sleep(60)")
    environment = {"GIVEN": "yes"}
    with running("env", lambda *_: program, ports=0, ready=lambda _: True, environment=environment) as (_, log):
        assert eventually(log.read_text)
        assert "'GIVEN'" in log.read_text()
        assert "AWS_" not in log.read_text()
        assert "http_proxy" not in log.read_text()


def waiting(name):
    return (sys.executable, "-c", f"import os, time; print({name!r}, os.getpid(), flush=True); time.sleep(60)")


def test_a_backend_may_be_several_processes_with_preparations():
    def start(server):
        assert server.run(sys.executable, "-c", "import os; print(os.getcwd())").strip() == str(server.directory)
        assert server.run(sys.executable, "-c", "import sys; sys.exit(3)", statuses=(3,)) == ""
        for name in ("one", "two"):
            server.spawn(*waiting(name))
            server.wait(lambda name=name: server.log.exists() and name in server.log.read_text())

    with running_several("pair", start, ports=2) as server:
        assert len(set(server.ports)) == 2
        pids = dict(line.split() for line in server.log.read_text().splitlines())
        assert list(pids) == ["one", "two"]
        assert all(alive(pid) for pid in pids.values())
    assert not any(alive(pid) for pid in pids.values())
    assert not server.directory.exists()


def test_processes_that_began_end_when_another_does_not_start(monkeypatch):
    monkeypatch.setattr("backends.server.ATTEMPTS", 1)
    logs = []

    def start(server):
        server.spawn(*waiting("first"))
        server.wait(lambda: server.log.read_text().endswith("\n"))
        logs.append(server.log.read_text())
        server.run(sys.executable, "-c", "import sys; sys.exit('no configuration')")

    said = r"pair: python\S* ended with 1: no configuration"
    with pytest.raises(ServerFailed, match=said), running_several("pair", start, ports=0):
        pass
    assert not alive(logs[0].split()[1])


def test_a_process_that_ended_may_be_started_again():
    def start(server):
        server.spawn(sys.executable, "-c", "import sys; sys.exit(5)")
        with pytest.raises(ServerFailed, match="ended with 5"):
            server.wait(lambda: False)
        server.spawn(*waiting("second"))
        server.wait(lambda: "second" in server.log.read_text())

    with running_several("again", start, ports=0) as server:
        assert alive(server.log.read_text().split()[1])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_a_server_dies_with_a_killed_parent():
    program = (
        "import sys, time; sys.path.insert(0, sys.argv[1])\n"
        "from backends.server import running\n"
        "child = 'import os, time; print(os.getpid(), flush=True); time.sleep(60)'\n"
        "command = lambda *_: (sys.executable, '-c', child)\n"
        "with running('child', command, ports=0, ready=lambda _: True) as (_, log):\n"
        "    while not log.read_text().endswith('\\n'): time.sleep(0.01)\n"
        "    print(log.read_text(), end='', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen((sys.executable, "-c", program, str(ROOT)), stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert alive(child)
        parent.kill()
        parent.wait()
    assert eventually(lambda: not alive(child))


def test_ports_are_different_and_free():
    ports = free_ports(20)
    assert len(set(ports)) == 20
    for port in ports[:3]:
        with socket.socket() as one:
            one.bind(("127.0.0.1", port))


def test_a_missing_package_is_named():
    with pytest.raises(NotInstalled, match="no-such-program is not installed: pip install some-package"):
        script("no-such-program", "some-package")
    with pytest.raises(NotInstalled, match="no-such-program is not installed: apt-get install some-package"):
        system_program("no-such-program", "some-package")


# python -m backends


@contextmanager
def run(*arguments):
    with subprocess.Popen(
        (sys.executable, "-m", "backends", *arguments),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("arguments", [(), ("--help",)])
def test_the_command_lists_what_there_is(arguments):
    with run(*arguments) as process:
        told, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    assert told.startswith("usage: python -m backends")
    assert [line.split()[0] for line in told.partition("\n\n")[2].splitlines()] == list(BACKENDS)


def test_the_command_knows_what_is_meant():
    with run("seaweed") as process:
        _, errors = process.communicate(timeout=300)
    assert process.returncode == 2
    assert "there is no backend seaweed (python -m backends lists them); did you mean seaweedfs?" in errors


@pytest.mark.skipif(find_spec("moto") is None, reason="moto is not installed")
def test_the_command_starts_one_and_ends_it():
    with run("moto-server") as process:
        assert process.stdout is not None
        assert "moto" in process.stdout.readline()
        process.stdout.readline()
        command = process.stdout.readline()
        assert "AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=testtest conformance check 'moto-server=s3://" in command
        assert command.rstrip().endswith("--declared backends/deviations/moto-server.toml")
        endpoint = command.partition("endpoint=")[2].partition("&")[0]
        assert answers(f"{endpoint}/moto-api/", 200)
        os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=300)
    assert process.returncode == 0
    assert not answers(f"{endpoint}/moto-api/", 200)
