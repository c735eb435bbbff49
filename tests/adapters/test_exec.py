"""Backends behind ``exec:``: what a harness says is what the storage does, and a harness that breaks off is told."""

from __future__ import annotations

import io
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conformance.adapters.connection import open_backend
from conformance.adapters.harness import channel, process, talk
from conformance.adapters.harness.channel import HarnessBroken
from conformance.adapters.harness.values import ForeignError
from conformance.engine.deadline import CallHung, within
from conformance.engine.laws import checks
from conformance.engine.profiles import PROFILES
from conformance.engine.runner import Runner
from conformance.registry import from_connection
from conformance.storage import (
    ConnectionStringInvalid,
    Content,
    ListMode,
    ListModeInvalid,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    OperationNotSupported,
    PairUnsupported,
    Part,
    Source,
    Told,
    Unexpected,
)

# A harness that keeps to the protocol wherever its argument, a piece of Python, does not say otherwise.
PROGRAM = """
import json, os, signal, sys, time

def say(line, body=b""):
    sys.stdout.buffer.write((line if isinstance(line, str) else json.dumps(line)).encode() + b"\\n" + body)
    sys.stdout.flush()

def hear():
    line = sys.stdin.buffer.readline()
    return json.loads(line) if line else sys.exit()

def warn(text):
    print(text, file=sys.stderr, flush=True)

def own(op):
    '''Answer an operation; None where the harness does it itself.'''

hello = {"protocol": 1, "name": "test", "version": "7", "operations": {"stat": [], "list": [], "delete": []}}
exec(sys.argv[1])
say(hello)
while True:
    request = hear()
    id, op = request["id"], request["op"]
    if own(op) is None:
        say({"id": id, "result": {"client": 1} if op == "open" else {}})
"""


@pytest.fixture
def harness(tmp_path):
    """Return a function that makes a connection to a harness, of which a piece of Python says what it does."""
    program = tmp_path / "harness.py"
    program.write_text(PROGRAM)
    made = []

    def connect(*lines, answers=""):
        own = "\n".join(["def own(op):", "  global id", *(f"  {line}" for line in answers.splitlines())])
        code = "\n".join([own if answers else "", *lines])
        connection = open_backend("exec:" + shlex.join([sys.executable, "-S", str(program), code]))
        made.append(connection)
        return connection

    yield connect
    for connection in made:
        connection.remove_root()


@pytest.fixture
def quick(monkeypatch):
    """Shorten what a harness may take for an answer and for its end; to start takes a slow machine long."""
    monkeypatch.setattr(channel, "SILENT_SECONDS", 1.5)
    monkeypatch.setattr(process, "ENDING_SECONDS", 0.5)


def opened(connection):
    connection.prepare()
    return connection.open("/run/1/")


# what is passed on


ECHO = "if op == 'stat': say({'id': id, 'result': {'o': OBJECT}}); return True"


def test_it_tells_its_name_and_declares_what_it_offers(harness):
    connection = harness(
        "hello['operations'] = {'write': ['content_type'], 'list': ['list_mode']}",
        "hello['features'] = {'directories': 'native', 'list_modes': ['dir', 'prefix'], 'name_maximum': None}",
    )
    features = opened(connection).features()
    assert connection.version() == "test 7"
    assert features.operations == {"write", "list", "create", "features"}
    assert features.pairs["write"] == {"content_type"}
    assert (features.directories, features.name_maximum) == ("native", None)
    assert features.list_modes == ListMode.DIR | ListMode.PREFIX


def test_an_object_comes_with_all_its_fields(harness):
    told = {
        "path": "a\nü",
        "id": "7",
        "mode": ["read", "append"],
        "content_length": 5,
        "last_modified": "2026-01-31T12:00:00.5Z",
        "user_metadata": {"k": "v"},
    }
    o = opened(harness(f"OBJECT = {told}", answers=ECHO)).stat("a\nü")
    assert o == Object(
        path="a\nü",
        id="7",
        mode=ObjectMode.READ | ObjectMode.APPEND,
        content_length=5,
        last_modified=datetime(2026, 1, 31, 12, 0, 0, 500000, UTC),
        user_metadata={"k": "v"},
    )


def test_what_was_asked_arrives_as_it_was_asked(harness):
    answers = (
        "if op == 'open': return\n"
        "del request['id']; warn(json.dumps(request))\n"
        "say({'id': id, 'error': {'foreign': json.dumps(request), 'message': ''}}); return True"
    )
    store = opened(harness("hello['operations'] = {'complete_multipart': [], 'stat': []}", answers=answers))
    handle = Object(path="a", mode=ObjectMode.PART, multipart_id="u1")
    with pytest.raises(ForeignError) as caught:
        store.complete_multipart(handle, [Part(0, 5, '"e"')], if_match=None)
    said = (
        '{"op": "complete_multipart", "client": 1, "args": {"o": {"path": "a", "mode": ["part"], "multipart_id": "u1"}'
    )
    assert str(caught.value).startswith(said)
    assert '"parts": [{"index": 0, "size": 5, "etag": "\\"e\\""}]}, "pairs": {}}' in str(caught.value)
    with pytest.raises(ForeignError, match=r'"pairs": \{"object_mode": \["dir"\], "if_modified_since": "2026-01-01T'):
        store.stat("a", object_mode=ObjectMode.DIR, if_modified_since=datetime(2026, 1, 1, tzinfo=UTC))


def test_errors_of_the_taxonomy_come_with_their_facts_and_their_place(harness):
    answers = (
        "table = {'stat': {'name': 'ObjectNotExist', 'message': 'gone'}, 'delete': {'name': 'ObjectModeInvalid',"
        " 'expected': ['dir'], 'actual': ['read', 'link']}, 'list': {'name': 'ListModeInvalid', 'actual': ['part']}}\n"
        "if op in table: say({'id': id, 'error': table[op]}); return True"
    )
    store = opened(harness(answers=answers))
    with pytest.raises(ObjectNotExist, match="stat: a: ObjectNotExist: gone"):
        store.stat("a")
    with pytest.raises(ObjectModeInvalid) as caught:
        store.delete("a")
    assert (caught.value.expected, caught.value.actual) == (ObjectMode.DIR, ObjectMode.READ | ObjectMode.LINK)
    with pytest.raises(ListModeInvalid) as listing:
        list(store.list("a", list_mode=ListMode.PART))
    assert listing.value.actual == ListMode.PART
    assert listing.value.op == "list"


def test_what_it_does_not_offer_is_not_asked(harness):
    store = opened(harness())
    with pytest.raises(OperationNotSupported):
        store.copy("a", "b")
    with pytest.raises(OperationNotSupported):
        store.read_only()
    assert store.create("a").mode == ObjectMode.READ


def test_optional_arguments_and_modes_are_its_own_business(harness):
    answers = "if op == 'write_append': say({'id': id, 'result': {'n': len(request['pairs'])}}); return True"
    store = opened(harness("hello['operations'] = {'write_append': []}", answers=answers))
    assert store.write_append(Object(path="a"), None, 0, content_md5="x") == 1


def test_a_path_that_is_no_text_is_not_sent(harness):
    with pytest.raises(Unexpected, match="surrogates not allowed"):
        opened(harness()).stat("a\ud800")


# bytes


WRITE = (
    "if op == 'write':\n"
    "  got, asked = b'', 0\n"
    "  while True:\n"
    "    say({'id': id, 'read': 4}); answer = hear(); asked += 1\n"
    "    if 'failed' in answer: fail(id, answer['failed']); return 1\n"
    "    got += sys.stdin.buffer.read(answer['length'])\n"
    "    if not answer['length']: break\n"
    "  if 'io_callback' in request['pairs']: say({'id': id, 'callback': len(got)}, got)\n"
    "  say({'id': id, 'result': {'n': asked, 'o': {'path': got.decode()}}}); return 1\n"
    "if op == 'read':\n"
    "  say({'id': id, 'data': 3}, b'ab\\n'); say({'id': id, 'data': 2}, b'cd')\n"
    "  say({'id': id, 'result': {'n': 5}}); return 1"
)
STREAMS = "fail = lambda id, text: say({'id': id, 'error': {'foreign': 'reader', 'message': text}});"
STREAMS += "hello['operations'] = {'write': ['io_callback'], 'read': []}"


@pytest.fixture
def streams(harness):
    return opened(harness(STREAMS, answers=WRITE))


def test_a_reader_is_read_as_the_harness_reads_it(streams):
    seen = []
    told = streams.write("a", io.BytesIO(b"hello world"), 11, io_callback=seen.append)
    assert isinstance(told, Told)
    assert (int(told), told.object.path) == (4, "hello world")
    assert b"".join(seen) == b"hello world"
    assert streams.write("a", Source(Content.of(b"abc"), "one").open(), 3) == 4


def test_a_reader_that_fails_or_is_none_is_told_to_the_harness(streams):
    with pytest.raises(ForeignError, match="reader: SourceFailed: the reader failed after 2 bytes"):
        streams.write("a", Source(Content.of(b"abc"), "raises", at=2).open(), 3)
    with pytest.raises(ForeignError, match="reader: there is no reader"):
        streams.write("a", None, 3)


def test_a_reader_that_nobody_reads_stays_untouched(harness):
    answers = "if op == 'write': say({'id': id, 'error': {'name': 'PairUnsupported', 'pairs': ['x']}}); return 1"
    store = opened(harness(STREAMS, answers=answers))
    reader = io.BytesIO(b"abc")
    with pytest.raises(PairUnsupported, match="unsupported: x"):
        store.write("a", reader, 3)
    assert reader.tell() == 0


def test_a_read_delivers_in_pieces_and_a_writer_may_fail(streams):
    w = io.BytesIO()
    assert streams.read("a", w) == 5
    assert w.getvalue() == b"ab\ncd"

    class Full:
        def write(self, data):
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        streams.read("a", Full())
    assert streams.read("a", io.BytesIO()) == 5


def test_no_more_is_read_at_once_than_fits(streams, monkeypatch):
    monkeypatch.setattr(talk, "MOST", 2)
    assert streams.write("a", io.BytesIO(b"hello"), 5) == 4


# several at once


SLOW = "if op == 'stat': time.sleep(0.1); say({'id': id, 'result': {'o': {'path': request['args']['path']}}}); return 1"
REVERSED = (
    "if op == 'stat':\n"
    "  waiting.append(request)\n"
    "  if len(waiting) == 3:\n"
    "    for one in reversed(waiting): say({'id': one['id'], 'result': {'o': {'path': one['args']['path']}}})\n"
    "  return 1"
)


@pytest.mark.parametrize(("lines", "answers"), [([], SLOW), (["waiting = []; hello['concurrent'] = True"], REVERSED)])
def test_calls_of_several_threads_get_their_own_answers(harness, lines, answers):
    store = opened(harness(*lines, answers=answers))
    found = {}
    threads = [threading.Thread(target=lambda n=n: found.update({n: store.stat(f"p{n}").path})) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: f"p{n}" for n in range(3)}


ITEMS = "if op == 'list':\n  for n in range(1000): say({'id': id, 'item': {'path': str(n)}})"


def test_a_listing_may_be_left_and_gone_on_with(harness):
    store = opened(harness(answers=ITEMS))
    left = iter(store.list(""))
    assert next(left).path == "0"
    store.delete("x")
    assert len(list(store.list(""))) == 1000
    assert [o.path for o in left][-1] == "999"
    next(iter(store.list("")))  # given up
    store.delete("x")


# a harness that does not start


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["warn('no disk'); sys.exit(3)"], "the harness ended with exit code 3; stderr: no disk"),
        (["print('Welcome!', flush=True)"], r"a line to its stdout that is no JSON: 'Welcome!'"),
        (["hello = [1]"], r"a line that is no JSON object: '\[1\]'"),
        (["hello['protocol'] = 2"], 'its first line does not say "protocol": 1'),
        (["hello['naem'] = 1"], "'naem' in its first line is no field, did you mean name"),
        (["hello['operations']['wirte'] = []"], "'wirte' in its first line is no operation, did you mean write"),
        (["hello['operations']['stat'] = ['size']"], "'size' in its first line is no optional argument of stat"),
        (["hello['features'] = {'color': 1}"], "'color' in its first line is no feature"),
        (["hello['features'] = {'etag': 'yes'}"], "its first line lacks true or false as the feature etag"),
        (
            ["hello['features'] = {'directories': 'some'}"],
            "lacks one of native, virtual, none as the feature directories",
        ),
        (["hello['operations'] = []"], 'its first line lacks an object as "operations"'),
        (["del hello['name']"], "its first line lacks a text"),
    ],
)
def test_a_harness_that_does_not_begin_as_it_should_is_refused_in_one_sentence(harness, quick, lines, sentence):
    connection = harness(*lines)
    with pytest.raises(ConnectionStringInvalid, match=sentence) as caught:
        connection.prepare()
    assert "is no harness: " in str(caught.value)


def test_a_harness_that_says_nothing_is_refused_in_one_sentence(harness, quick, monkeypatch):
    monkeypatch.setattr(channel, "STARTING_SECONDS", 0.5)
    with pytest.raises(ConnectionStringInvalid, match=r"said no first line within 0\.5 seconds; nothing on stderr"):
        harness("time.sleep(60)").prepare()


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("exec:", r"'exec:' names no program: write exec:\./my-harness --flag"),
        ("exec:'a", "is no command line: No closing quotation"),
        ("exec:./no-such-program", r"\./no-such-program cannot be started: No such file or directory"),
        ("exec:/etc/passwd", "/etc/passwd cannot be started: Permission denied"),
    ],
)
def test_a_command_that_cannot_be_run_is_named(spec, sentence):
    with pytest.raises(ConnectionStringInvalid, match=sentence):
        open_backend(spec).prepare()


# a harness that breaks off


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("warn('out of memory'); os._exit(3)", "the harness ended with exit code 3; stderr: out of memory"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "the harness was ended by SIGKILL; nothing on stderr"),
        ("os.close(1); time.sleep(60)", "the harness closed its stdout"),
        ("warn('deadlock'); time.sleep(60)", r"gave no answer to stat within 1\.5 seconds; stderr: deadlock"),
        ("say('debug: stat')", "wrote a line to its stdout that is no JSON: 'debug: stat'"),
        ("say('[]')", r"wrote a line that is no JSON object: '\[\]'"),
        ("say('{\"id\"'); os._exit(0)", "is no JSON"),
        ("os.write(1, b'{\"id'); os._exit(0)", "ended in the middle of a line: '{\"id'"),
        ("say('x' * 2_000_000)", r"wrote a line of more than 1,048,576 bytes, which begins 'xxx"),
        ("say({'id': id, 'data': 10}, b'abcd'); os._exit(0)", "announced a body of 10 bytes and ended after 4"),
        ("say({'id': id, 'data': 4}, b'abcd')", "answered stat with {'data': 4}, where a message that the arguments"),
        ("say({'id': id, 'data': -1})", "announced a body of -1 bytes, where a number up to 16,777,216 is expected"),
        ("say({'id': id, 'data': 'x'})", "announced a body of 'x' bytes"),
        ("say({'id': id, 'item': {'path': 'a'}})", "answered stat with {'item'"),
        ("say({'id': id + 5, 'result': {}})", "answered a call that is not under way: {'id'"),
        ("say({'id': id, 'result': {}, 'error': {}})", "where an id and one of callback, data, error"),
        ("say({'id': id, 'resutl': {}})", "where an id and one of callback, data, error"),
        ("say({'id': id, 'result': {}})", 'where a value "o" is expected'),
        ("say({'id': id, 'result': 5})", "answered stat with {'result': 5}, where an object is expected"),
        ("say({'id': id, 'result': {'o': {'mode': []}}})", "where an object with all fields that Object needs"),
        ("say({'id': id, 'result': {'o': {'path': 'a', 'size': 5}}})", "where an object with fields of Object"),
        ("say({'id': id, 'result': {'o': {'path': 'a', 'content_length': '5'}}})", "where a whole number as content_l"),
        ("say({'id': id, 'result': {'o': {'path': 'a', 'mode': ['reed']}}})", "where a list of dir, read, link"),
        ("say({'id': id, 'result': {'o': {'path': 'a', 'last_modified': '2026-01-01'}}})", "where a time such as"),
        ("say({'id': id, 'error': {'name': 'FileNotFound'}})", "where an error of the taxonomy by its name"),
        ("say({'id': id, 'error': {}})", "where a text is expected"),
        ("say({'id': id, 'read': 'all'})", "answered stat with {'read': 'all'}"),
    ],
)
def test_a_harness_that_does_not_answer_as_it_should_is_told_and_started_again(harness, quick, answer, sentence):
    connection = harness("import os.path; MARK = sys.argv[0] + '.mark'", answers=f"if op == 'stat': {answer}; return 1")
    store = opened(connection)
    with pytest.raises(HarnessBroken, match=sentence):
        store.stat("a")
    with pytest.raises(HarnessBroken, match=sentence):
        store.delete("a")
    store.close()
    again = connection.open("/run/1/")
    again.delete("a")
    with pytest.raises(HarnessBroken, match=sentence):
        again.stat("a")


@pytest.mark.parametrize(
    ("op", "answer", "call"),
    [
        ("read", "say({'id': id, 'data': 100_000}, bytes(100_000))", lambda store: store.read("a", io.BytesIO())),
        ("list", "say({'id': id, 'item': {'path': 'a', 'mode': ['read']}})", lambda store: list(store.list(""))),
    ],
)
def test_an_endless_answer_is_cut_off_before_it_fills_the_memory(harness, monkeypatch, op, answer, call):
    monkeypatch.setattr(channel, "SLACK", 1_000_000)
    offers = "hello['operations']['read'] = []"
    store = opened(harness(offers, answers=f"while op == {op!r}: {answer}"))
    with pytest.raises(
        HarnessBroken, match=f"answered {op} with more than 1,000,000 bytes, where it was given 0 to store"
    ):
        call(store)


def test_what_was_given_to_store_may_be_answered(streams, monkeypatch):
    monkeypatch.setattr(channel, "SLACK", 0)
    seen = []
    streams.write("a", io.BytesIO(b"hello"), 5, io_callback=seen.append)
    w = io.BytesIO()
    assert streams.read("a", w) == 5


def test_an_answer_too_many_is_told_by_the_next_call(harness):
    answers = "if op == 'delete': say({'id': id, 'result': {}}); say({'id': id, 'result': {}}); return 1"
    store = opened(harness(answers=answers))
    store.delete("a")
    time.sleep(0.3)
    with pytest.raises(HarnessBroken, match="answered a call that is not under way"):
        store.delete("a")


def test_noise_on_stderr_disturbs_nobody_and_only_its_end_is_kept(harness):
    answers = "if op == 'delete':\n  for n in range(20000): warn(f'line {n} ' + 'x' * 50)\nif op == 'stat': os._exit(1)"
    store = opened(harness(answers=answers))
    store.delete("a")
    with pytest.raises(HarnessBroken, match=r"line 19999 x+$") as caught:
        store.stat("a")
    assert len(str(caught.value)) < 1200


def test_a_deadline_of_the_engine_ends_a_harness_that_hangs(harness):
    connection = harness(answers="if op == 'stat': time.sleep(60)")
    store = opened(connection)
    with pytest.raises(CallHung):
        within(0.3, lambda: store.stat("a"))
    with pytest.raises(HarnessBroken, match="was interrupted during stat"):
        store.delete("a")
    connection.open("/run/1/").delete("a")


def test_a_harness_that_hangs_while_others_wait_lets_all_of_them_go(harness, quick):
    store = opened(harness(answers="if op == 'stat': time.sleep(60)"))
    errors = []

    def ask():
        with pytest.raises(HarnessBroken) as caught:
            store.stat("a")
        errors.append(str(caught.value))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(errors) == 3


# nothing is left


def descriptors():
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z" and os.getppid() != pid
    except FileNotFoundError:
        return True


def eventually(fact):
    deadline = time.monotonic() + 30
    while not fact() and time.monotonic() < deadline:
        time.sleep(0.02)
    return fact()


CHILD = "import subprocess; CHILD = subprocess.Popen(['sleep', '60']); hello['version'] = f'{os.getpid()} {CHILD.pid}'"


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize(
    "stubborn", ["", "import signal; signal.signal(15, signal.SIG_IGN); hear = lambda: time.sleep(60)"]
)
def test_the_end_of_a_connection_ends_the_process_and_what_it_started(harness, quick, stubborn):
    before = descriptors()
    connection = harness(stubborn, CHILD)
    connection.prepare()
    _, parent, child = connection.version().split()
    assert not gone(child)
    connection.remove_root()
    assert not Path(f"/proc/{parent}").exists()
    assert eventually(lambda: gone(child))
    assert descriptors() == before
    connection.remove_root()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_harness_that_vanished_leaves_nothing_either(harness):
    before = descriptors()
    connection = harness(CHILD, answers="if op == 'stat': os._exit(0)")
    store = opened(connection)
    _, parent, child = connection.version().split()
    with pytest.raises(HarnessBroken):
        store.stat("a")
    connection.remove_root()
    assert not Path(f"/proc/{parent}").exists()
    assert eventually(lambda: gone(child))
    assert descriptors() == before


DAEMON = "import subprocess; DAEMON = subprocess.Popen(['sleep', '60'], start_new_session=True); "
DAEMON += "hello['version'] = str(DAEMON.pid)"


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_daemon_that_left_the_group_keeps_nobody_waiting(harness, quick):
    before = descriptors()
    connection = harness(DAEMON, answers="if op == 'stat': os._exit(4)")
    store = opened(connection)
    daemon = int(connection.version().split()[-1])
    try:
        with pytest.raises(HarnessBroken, match="the harness ended with exit code 4"):
            store.stat("a")
        connection.remove_root()
    finally:
        os.kill(daemon, signal.SIGKILL)
    assert eventually(lambda: descriptors() == before)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("stubborn", ["", "hear = lambda: time.sleep(60)"])
def test_a_killed_kit_leaves_no_harness(harness, stubborn):
    connection = harness("hello['version'] = str(os.getpid())", stubborn)
    program = (
        "import sys, time; from conformance.adapters.connection import open_backend\n"
        "c = open_backend(sys.argv[1]); c.prepare(); print(c.version().split()[-1], flush=True); time.sleep(60)"
    )
    with subprocess.Popen((sys.executable, "-c", program, connection.spec), stdout=subprocess.PIPE) as kit:
        pid = int(kit.stdout.readline())
        assert not gone(pid)
        kit.send_signal(signal.SIGKILL)
        kit.wait()
    assert eventually(lambda: gone(pid))


# a whole run


def check(connection, tmp_path, *arguments):
    command = (sys.executable, "-m", "conformance.cli", "check", connection.spec, "--profile", "smoke", *arguments)
    return subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True, timeout=300)


def test_a_run_without_a_handshake_could_not_do_its_job(harness, tmp_path):
    ran = check(harness("warn('no disk'); sys.exit(3)"), tmp_path)
    assert ran.returncode == 2
    assert "is no harness: the harness ended with exit code 3; stderr: no disk" in ran.stderr
    assert "Traceback" not in ran.stderr + ran.stdout


KEPT = "opened, kept = [], {}; hello['operations'] = dict.fromkeys(['write', 'read', 'stat', 'delete'], [])"
MEMORY = """
if op == "open":
  opened.append(request["args"]["work_dir"])
  say({"id": id, "result": {"client": len(opened) - 1}}); return 1
key = opened[request["client"]] + request["args"].get("path", "")
if op == "write":
  data = b""
  while len(data) < request["args"]["size"]:
    say({"id": id, "read": 10 ** 6})
    data += sys.stdin.buffer.read(hear()["length"])
  kept[key] = data
  say({"id": id, "result": {"n": len(data)}}); return 1
if op == "read" and key in kept:
  say({"id": id, "data": len(kept[key])}, kept[key]); say({"id": id, "result": {"n": len(kept[key])}}); return 1
if op == "read":
  say({"id": id, "error": {"name": "ObjectNotExist"}}); return 1
if op == "delete":
  kept.pop(key, None)
if op == "stat":
  warn("bug 7"); os._exit(3)
"""


def test_a_harness_that_vanishes_in_a_check_fails_that_check_and_no_other(harness, tmp_path):
    ran = check(harness(KEPT, answers=MEMORY), tmp_path, "--only", "stat.missing", "--only", "write.stores")
    assert ran.returncode == 1, ran.stderr
    assert "HarnessBroken: the harness ended with exit code 3; stderr: bug 7" in ran.stdout
    assert "write.stores" not in ran.stdout
    assert "Traceback" not in ran.stderr + ran.stdout
    program, *_ = sorted((tmp_path / ".conformance" / "failures").glob("*.py"))
    again = subprocess.run((sys.executable, program), check=False, capture_output=True, text=True, timeout=300)
    assert again.returncode == 1
    assert "stat.missing does not hold: the last call came to the same as before." in again.stderr


HANGS = """
if op == "stat":
  signal.signal(signal.SIGTERM, signal.SIG_IGN); open("hung", "a").write("x"); time.sleep(600)
"""


def test_a_harness_that_hangs_each_time_is_not_asked_again_and_again(harness, quick, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    connection = harness(KEPT, answers=MEMORY.partition('if op == "stat"')[0] + HANGS)
    connection.prepare()
    runner = Runner(from_connection(connection, "test"), profile=replace(PROFILES["smoke"], deadline=2.0))
    results = [runner.run(check) for check in checks().values() if check.smoke and "stat" in check.needs]
    assert (tmp_path / "hung").read_text() == "xxx"
    assert [result.state for result in results].count("fail") == 3
    assert "3 calls gave no answer; the run was ended" in {result.reason for result in results}


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_ended_leaves_no_harness_that_hangs(harness, tmp_path, sent):
    answers = MEMORY.partition('if op == "stat"')[0] + HANGS.replace('"x"', "f'{os.getpid()} '")
    connection = harness(KEPT, answers=answers)
    command = (sys.executable, "-m", "conformance.cli", "check", connection.spec, "--only", "stat")
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert eventually((tmp_path / "hung").exists)
        running.send_signal(sent)
        out, err = running.communicate(timeout=300)
    assert running.returncode == (130 if sent == signal.SIGTERM else -sent)
    assert "Traceback" not in out + err
    assert eventually(lambda: all(gone(pid) for pid in (tmp_path / "hung").read_text().split()))
