"""The uploader: every size, every accident on the way, and nothing left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from contextlib import ExitStack
from dataclasses import replace
from hashlib import sha256
from unittest.mock import patch

import pytest

from backends.upload_controller.config import Settings
from backends.upload_controller.launcher import start_here
from conformance.adapters.upload_controller.api import api
from conformance.adapters.upload_controller.client import Answer, Controller, Hooks
from conformance.adapters.upload_controller.hooks import read_hooks
from conformance.cli.group import group
from conformance.upload_controller import uploader
from conformance.upload_controller.gate import Gate, s3_is
from conformance.upload_controller.place import Given, placed
from conformance.upload_controller.uploader import Uploader, UploadFailed

PART = 1000
SIZES = (0, 1, PART - 1, PART, PART + 1, 3 * PART)
SENTENCE = re.compile(r"[^\n]+\n")
MIB = 1024 * 1024


class Ground:
    """A service with small parts, a gate before it and one before its store, and files to upload."""

    def __init__(self, place, folder):
        self.place, self.folder = place, folder
        self.hooks = Hooks(place.url, read_hooks("reference").bindings)

    def register(self, size):
        file_id = f"file-{uuid.uuid4().hex}"
        assert self.hooks.ask("register", file_id=file_id, size=size).code == 200
        return file_id

    def file(self, size):
        path = self.folder / f"{uuid.uuid4().hex}.bin"
        path.write_bytes(os.urandom(size))
        return path, self.register(size)

    def controller(self, url=None):
        return Controller(url or self.place.url, api("seed"))

    def uploader(self, url=None, **more):
        return Uploader(controller=self.controller(url), **more)

    def state(self, upload_id):
        return self.hooks.ask("state", upload_id=upload_id).json["upload_status"]

    def latest(self, file_id):
        """Return the latest upload of a file and its state."""
        upload_id = self.hooks.ask("file", file_id=file_id).json["upload_id"]
        return upload_id, self.state(upload_id)

    def left(self):
        """Return the number of uploads that the store holds open."""
        return len(self.place.store.uploads())

    def holds(self, path, upload_id):
        assert self.state(upload_id) == "uploaded"
        assert self.place.store.digest(upload_id) == sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def ground(s3, tmp_path_factory):
    folder = tmp_path_factory.mktemp("uploader")
    own = replace(s3, bucket=f"inbox-{uuid.uuid4().hex[:12]}")
    with ExitStack() as stack, pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", own.access_key)
        environment.setenv("AWS_SECRET_ACCESS_KEY", own.secret_key)
        environment.setattr(uploader, "PAUSE", 0.01)
        stack.enter_context(patch("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", 1))
        gate = Gate(own.endpoint)
        stack.callback(gate.close)
        service = stack.enter_context(
            start_here(
                f"sqlite:///{folder}/uploads.sqlite",
                replace(own, endpoint=gate.url),
                Settings(part_size=PART, tidy_interval=0),
            )
        )
        given = Given(url=service.url, hooks="reference", store=f"s3://{own.bucket}?endpoint={own.endpoint}")
        yield Ground(stack.enter_context(placed(given, gate)), folder)


def command(capsys, ground, *arguments, url=None):
    """Run the command in this process; return its exit status and what it said."""
    words = ["upload", "--quiet", "--api-url", url or ground.place.url, *(str(word) for word in arguments)]
    with pytest.raises(SystemExit) as ended:
        group.main(words, prog_name="conformance")
    said = capsys.readouterr()
    return ended.value.code, said.out, said.err


# what arrives


@pytest.mark.parametrize("size", SIZES)
def test_every_size_arrives_in_parts_of_the_size_told(ground, size):
    path, file_id = ground.file(size)
    told = []
    plan = ground.uploader(progress=told.append).upload(file_id, path)
    ground.holds(path, plan.upload_id)
    assert (len(plan.numbers), sum(told)) == (max(1, -(-size // PART)), size)
    assert ground.left() == 0


def test_parts_are_in_flight_together_and_no_more_than_asked(ground):
    path, file_id = ground.file(9 * PART)
    gate, part = ground.place.gate, s3_is("UploadPart")
    with gate.trap(part, "hold") as first, gate.trap(part, "hold") as second:
        thread = threading.Thread(target=ground.uploader(parallel=2).upload, args=(file_id, path))
        thread.start()
        assert first.arrived.wait(20)
        assert second.arrived.wait(20)
        passed = gate.passed
        time.sleep(0.3)
        assert gate.passed == passed
    thread.join(60)
    ground.holds(path, ground.latest(file_id)[0])


def test_the_command_says_what_it_did(ground, capsys):
    path, file_id = ground.file(2 * PART + 1)
    code, out, err = command(capsys, ground, "--file-id", file_id, "--file-path", path)
    assert (code, out, err) == (0, f"{file_id}: 2,001 bytes in 3 parts uploaded\n", "")


# accidents that are mended


@pytest.mark.parametrize("how", ["fail", "drop"])
def test_a_part_that_fails_is_sent_again_with_a_fresh_url(ground, how):
    path, file_id = ground.file(3 * PART)
    seen, told = [], []
    controller = Controller(ground.place.url, api("seed"), watch=seen.append)
    with ground.place.gate.trap(s3_is("UploadPart"), how) as trap:
        plan = Uploader(controller=controller, progress=told.append).upload(file_id, path)
        assert trap.done.is_set()
    ground.holds(path, plan.upload_id)
    presigned = [exchange for exchange in seen if exchange.operation == "presign"]
    sent = [exchange for exchange in seen if exchange.operation == "put"]
    assert (len(presigned), len(sent), sum(told)) == (4, 4, 3 * PART)


def test_a_part_of_which_the_store_has_other_bytes_is_sent_again(ground):
    path, file_id = ground.file(2 * PART)
    controller, spoiled = ground.controller(), []
    put = controller.put

    def spoiling(url, body, size, number=0):
        if spoiled:
            return put(url, body, size, number)
        spoiled.append(number)
        return put(url, b"x" * len(b"".join(body)), size, number)

    controller.put = spoiling
    plan = Uploader(controller=controller).upload(file_id, path)
    assert spoiled
    ground.holds(path, plan.upload_id)


@pytest.mark.parametrize("operation", ["PATCH", "POST presigned_post"])
def test_an_answer_that_is_lost_is_no_failure(ground, operation):
    path, file_id = ground.file(2 * PART)
    method, _, end = operation.partition(" ")
    front = ground.place.front
    with front.trap(lambda request: request.method == method and request.path.endswith(end), "drop") as trap:
        plan = ground.uploader(front.url).upload(file_id, path)
        assert trap.done.is_set()
    ground.holds(path, plan.upload_id)


def test_a_completion_that_nobody_answers_for_is_looked_for(ground):
    """Every answer to it is lost: what the service knows of the upload decides."""
    path, file_id = ground.file(PART)
    controller = ground.controller(ground.place.front.url)
    complete = controller.complete

    def losing(*arguments):
        with ground.place.front.trap(lambda request: request.method == "PATCH", "drop"):
            return complete(*arguments)

    controller.complete = losing
    plan = Uploader(controller=controller, attempts=1).upload(file_id, path)
    ground.holds(path, plan.upload_id)


def test_an_upload_that_ended_otherwise_is_not_taken_for_received(ground):
    """The completion is answered with 500, and the upload is cancelled: it is not pending any more, and not here."""
    path, file_id = ground.file(PART)
    controller = ground.controller(ground.place.front.url)
    complete, cancel = controller.complete, controller.cancel

    def failing(upload_id, parts):
        cancel(upload_id)
        with ground.place.front.trap(lambda request: request.method == "PATCH", "fail"):
            return complete(upload_id, parts)

    controller.complete = failing
    with pytest.raises(UploadFailed, match="does not complete the upload"):
        Uploader(controller=controller, attempts=2).upload(file_id, path)
    assert ground.latest(file_id)[1] == "cancelled"
    assert ground.left() == 0


# an upload that is pending already


def begun(ground, size):
    path, file_id = ground.file(size)
    created = ground.controller().create(file_id)
    return path, file_id, created.json["upload_id"]


def test_a_pending_upload_is_refused(ground, capsys):
    path, file_id, pending = begun(ground, PART)
    code, _, err = command(capsys, ground, "--file-id", file_id, "--file-path", path)
    assert code == 2
    assert SENTENCE.fullmatch(err)
    assert pending in err
    assert "--on-pending resume" in err
    assert ground.latest(file_id) == (pending, "pending")
    ground.controller().cancel(pending)


def test_a_pending_upload_is_resumed(ground):
    path, file_id, pending = begun(ground, 2 * PART)
    url = ground.controller().presign(pending, 1).json["url"]
    assert ground.controller().put(url, b"other bytes", 11).code == 200
    plan = ground.uploader(on_pending="resume").upload(file_id, path)
    assert plan.upload_id == pending
    ground.holds(path, pending)


def test_a_pending_upload_is_begun_anew(ground):
    path, file_id, pending = begun(ground, 2 * PART)
    plan = ground.uploader(on_pending="restart").upload(file_id, path)
    assert plan.upload_id != pending
    assert ground.state(pending) == "cancelled"
    ground.holds(path, plan.upload_id)


def test_an_upload_whose_creation_was_not_answered_is_pending(ground):
    path, file_id = ground.file(PART)
    front, creation = ground.place.front, lambda request: request.path.endswith("/multipart_uploads")
    with front.trap(creation, "drop"), pytest.raises(UploadFailed, match="pending already") as failed:
        ground.uploader(front.url).upload(file_id, path)
    assert failed.value.wrong_input
    plan = ground.uploader(on_pending="resume").upload(file_id, path)
    ground.holds(path, plan.upload_id)


@pytest.mark.parametrize("on_pending", ["refuse", "resume", "restart"])
def test_a_file_that_was_uploaded_is_refused(ground, capsys, on_pending):
    path, file_id = ground.file(PART)
    uploaded = ground.uploader().upload(file_id, path).upload_id
    code, _, err = command(capsys, ground, "--file-id", file_id, "--file-path", path, "--on-pending", on_pending)
    assert code == 2
    assert SENTENCE.fullmatch(err)
    assert "409" in err
    assert "waits for its acceptance, or is accepted: --on-pending concerns pending uploads only" in err
    ground.holds(path, uploaded)


# failures that stay


def fails(capsys, ground, code, words, *arguments, url=None):
    """Demand one sentence, an exit status, and that nothing stays behind."""
    before = ground.left()
    ended, out, err = command(capsys, ground, *arguments, url=url)
    assert (ended, out) == (code, ""), err
    assert SENTENCE.fullmatch(err), err
    assert re.search(words, err), err
    assert ground.left() == before


def test_a_file_that_is_not_there(ground, capsys, tmp_path):
    file_id = ground.register(1)
    for path, words in ((tmp_path / "none", "none cannot be read: No such file"), (tmp_path, "is not a file")):
        fails(capsys, ground, 2, words, "--file-id", file_id, "--file-path", path)
    assert ground.hooks.ask("file", file_id=file_id).json["upload_id"] is None


def test_a_file_id_that_nobody_knows(ground, capsys):
    path, _ = ground.file(1)
    words = "the file nobody is not registered by the service: 404"
    fails(capsys, ground, 2, words, "--file-id", "nobody", "--file-path", path)


def test_an_api_that_is_elsewhere(ground, capsys):
    path, file_id = ground.file(1)
    words = f"answer to POST {ground.place.url}/wrong/files/{file_id}/multipart_uploads: is --api-url right"
    fails(capsys, ground, 2, words, "--file-id", file_id, "--file-path", path, url=f"{ground.place.url}/wrong")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", True),
        (b"<h1>404</h1>", True),
        (b'{"detail": "Not Found"}', True),
        (b'{"detail": "no such file"}', False),
        (b'{"description": "No file is registered under this id.", "data": {}}', False),
    ],
)
def test_a_router_that_knows_no_path_is_told_from_a_file_that_is_not_registered(ground, body, said):
    controller = ground.controller()
    path, file_id = ground.file(1)
    controller.create = lambda _: Answer(code=404, body=body)
    with pytest.raises(UploadFailed) as failed:
        Uploader(controller=controller).upload(file_id, path)
    assert ("is --api-url right" in str(failed.value)) == said
    assert (f"{file_id} is not registered" in str(failed.value)) != said


def test_an_empty_file_id_is_no_id(ground, capsys):
    path, _ = ground.file(1)
    code, _, err = command(capsys, ground, "--file-id", "", "--file-path", path)
    assert (code, "'--file-id': it is empty" in err) == (2, True), err


def test_a_service_that_does_not_answer(ground, capsys):
    path, file_id = ground.file(1)
    words = "the upload controller at http://127.0.0.1:9 does not answer: Connection refused"
    fails(capsys, ground, 2, words, "--file-id", file_id, "--file-path", path, url="http://127.0.0.1:9")
    words = "the upload controller at http://none.invalid does not answer: .*(not known|resol)"
    fails(capsys, ground, 2, words, "--file-id", file_id, "--file-path", path, url="http://none.invalid")
    fails(capsys, ground, 2, "is no URL", "--file-id", file_id, "--file-path", path, url="nowhere")


def test_a_profile_that_there_is_not(ground, capsys):
    path, file_id = ground.file(1)
    fails(capsys, ground, 2, "seed", "--profile", "sead", "--file-id", file_id, "--file-path", path)
    fails(capsys, ground, 2, "name=value", "--value", "x", "--file-id", file_id, "--file-path", path)


def test_a_store_that_refuses_for_good(ground, capsys):
    path, file_id = ground.file(3 * PART)
    with ExitStack() as traps:
        for _ in range(30):
            traps.enter_context(ground.place.gate.trap(s3_is("UploadPart"), "fail", 403))
        words = "not uploaded: part . could not be sent: the store answered 403"
        fails(capsys, ground, 1, words, "--file-id", file_id, "--file-path", path, "--attempts", 2)
    assert ground.latest(file_id)[1] == "cancelled"


def test_a_completion_that_the_service_refuses(ground, capsys):
    path, _ = ground.file(PART)
    file_id = ground.register(PART + 1)
    words = "not uploaded: the service does not complete the upload: 400, The parts do not add up"
    fails(capsys, ground, 1, words, "--file-id", file_id, "--file-path", path)
    assert ground.latest(file_id)[1] == "cancelled"


def test_what_cannot_be_cancelled_is_said(ground):
    path, _ = ground.file(PART)
    file_id = ground.register(PART + 1)
    controller = ground.controller()
    cancel = controller.cancel
    controller.cancel = lambda upload_id: ground.controller().cancel("unknown")
    with pytest.raises(UploadFailed, match=r"add up.*; upload .* could not be cancelled: 404"):
        Uploader(controller=controller).upload(file_id, path)
    cancel(ground.latest(file_id)[0])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda path: path.write_bytes(b"x" * 3 * PART), "was changed while it was uploaded"),
        (lambda path: os.truncate(path, PART // 2), "became shorter while it was uploaded"),
        (lambda path: path.write_bytes(path.read_bytes() + b"more"), "was changed while it was uploaded"),
        (lambda path: path.unlink(), "cannot be read"),
    ],
    ids=["changed", "shortened", "longer", "removed"],
)
def test_a_file_that_changes_meanwhile(ground, change, words):
    path, file_id = ground.file(3 * PART)
    with ground.place.gate.trap(s3_is("UploadPart"), "hold") as trap:

        def changing():
            trap.arrived.wait(20)
            time.sleep(0.02)  # the time of a file may be coarse
            change(path)
            trap.release()

        thread = threading.Thread(target=changing)
        thread.start()
        with pytest.raises(UploadFailed, match=words):
            ground.uploader(parallel=1).upload(file_id, path)
        thread.join()
    assert ground.latest(file_id)[1] == "cancelled"
    assert ground.left() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("where", ["CreateMultipartUpload", "UploadPart"])
def test_an_interruption_leaves_no_orphan(ground, number, where):
    path, file_id = ground.file(9 * PART)
    words = ["--api-url", ground.place.url, "--file-id", file_id, "--file-path", str(path), "--quiet"]
    with ground.place.gate.trap(s3_is(where), "hold") as trap:
        process = subprocess.Popen(
            [sys.executable, "-m", "conformance.cli", "upload", *words], stderr=subprocess.PIPE, text=True
        )
        assert trap.arrived.wait(60)
        process.send_signal(number)
        time.sleep(0.3)
        process.send_signal(number)
        trap.release()
        said = process.communicate(timeout=60)[1]
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert ground.latest(file_id)[1] == "cancelled"
    assert ground.left() == 0


# memory


# of this program alone: what getrusage tells includes what its parent held when it was forked
MEASURED = """
import re, sys
from conformance.cli import main
try:
    main()
finally:
    print(re.search(r"VmHWM:\\s+([0-9]+) kB", open("/proc/self/status").read())[1], file=sys.stderr)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")
def test_memory_does_not_grow_with_the_file(s3, tmp_path):
    path, size = tmp_path / "large", 200 * MIB
    with path.open("wb") as file:
        file.truncate(size)
    own = replace(s3, bucket=f"inbox-{uuid.uuid4().hex[:12]}")
    with start_here(f"sqlite:///{tmp_path}/uploads.sqlite", own, Settings(tidy_interval=0)) as service:
        hooks = Hooks(service.url, read_hooks("reference").bindings)
        assert hooks.ask("register", file_id="large", size=size).code == 200
        words = ["upload", "--api-url", service.url, "--file-id", "large", "--file-path", str(path)]
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, *words], capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout == "large: 209,715,200 bytes in 13 parts uploaded\n"
        assert int(done.stderr.split()[-1]) * 1024 < 150 * MIB
        (event,) = hooks.ask("events", file_id="large").json
        assert event["size"] == size
