"""The program of a failure, run by itself, against the service that has the defect and one without."""

from __future__ import annotations

import shlex
import subprocess
import sys
import uuid
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from backends.server import free_ports
from backends.upload_controller.config import Settings
from backends.upload_controller.launcher import start_here
from backends.upload_controller.store import Store
from conformance.upload_controller.checks import checks
from conformance.upload_controller.place import Given, placed
from conformance.upload_controller.running import run_check
from tests.upload_controller.planted import PLANTED
from tests.upload_controller.serving import serving

ROOT = Path(__file__).parents[2]


def ran(script, url, **environment):
    """Run a program; return its exit code, the lines that it prints, and its sentence."""
    done = subprocess.run(
        [sys.executable, script, url],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"PATH": "", **environment},
    )
    return done.returncode, done.stdout.splitlines(), done.stderr.strip()


def failing(place, planted):
    """Return the failure of the first law that trips over a defect."""
    laws = [law for law in checks().values() if planted.trips[0] in {law.requirement, *law.also}]
    results = (run_check(place, law, 0) for law in laws if law.missing(place.has) is None)
    return next(result.failure for result in results if result.state == "fail")


def last_answer(lines):
    return lines[lines.index("") - 1].partition(" -> ")[2]


@pytest.fixture(scope="module")
def right(s3):
    """Return a service without defects."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", s3.access_key)
        environment.setenv("AWS_SECRET_ACCESS_KEY", s3.secret_key)
        with serving(s3) as place:
            yield place.url


@pytest.mark.parametrize(
    ("name", "answered"),
    [
        ("ComparesETagsOnly", ("204", "400")),
        ("SecondWhileUploaded", ("200", "409")),
        ("cancel_answers_accepted", ("202", "204")),
        ("any_word_cancels", ("204", "422")),
        ("NoLimit", ("200", "400")),
        ("EventIsLost", ("200 []", "200 [{")),
        ("NothingIsNotFound", ("404", "200 null")),
        ("EightMebibytes", ("200", "200")),
        ("CaseDoesNotCount", ("200 {", "200 null")),
        ("RegistrationResets", ("200 {", "200 {")),
    ],
)
def test_what_answers_show_needs_nothing_but_python(s3, right, tmp_path, name, answered):
    script = tmp_path / "failure.py"
    with serving(s3, PLANTED[name]) as place:
        failure = failing(place, PLANTED[name])
        script.write_text(failure.script, "utf-8")
        code, lines, sentence = ran(script, place.url)
    assert (code, sentence) == (1, f"{failure.requirement} does not hold: {failure.what}")
    assert lines[-2:] == [f"expected: {failure.expected}", f"observed: {failure.observed}"]
    assert last_answer(lines).startswith(answered[0])
    code, lines, sentence = ran(script, right)
    assert (code, sentence) == (0, "")
    assert last_answer(lines).startswith(answered[1])


def test_where_nothing_answers_nobody_can_say(s3, tmp_path):
    script = tmp_path / "failure.py"
    with serving(s3, PLANTED["NoLimit"]) as place:
        script.write_text(failing(place, PLANTED["NoLimit"]).script, "utf-8")
    code, lines, sentence = ran(script, "http://127.0.0.1:9")
    assert (code, lines[-1], sentence) == (2, "Nobody can say: a request was not answered.", "")


@contextmanager
def behind_a_gate(s3, port, folder, pieces=None):
    """Serve with the store behind a port on which only the kit listens, as an operator starts a service."""
    own = replace(s3, bucket=f"inbox-{uuid.uuid4().hex[:12]}")
    Store(own).make_bucket()
    url = f"sqlite:///{folder}/{own.bucket}.sqlite"
    quiet, gated = Settings(tidy_interval=0), replace(own, endpoint=f"http://127.0.0.1:{port}")
    with patch("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", 1), start_here(url, gated, quiet, pieces=pieces) as service:
        yield Given(url=service.url, hooks="reference", store=f"s3://{own.bucket}?endpoint={own.endpoint}", gate=port)


def test_a_race_is_shown_by_the_kit_with_its_gate(s3, tmp_path):
    """Without the kit the program says that it needs it; with it, it finds the defect, and none where there is none."""
    planted, check = PLANTED["CancelsWhatIsBeingCompleted"], "upload_races.a_cancel_while_the_store_combines"
    script, (port,) = tmp_path / "failure.py", free_ports(1)
    kit = {"PYTHONPATH": str(ROOT), "AWS_DEFAULT_REGION": "us-east-1"}
    kit |= {"AWS_ACCESS_KEY_ID": s3.access_key, "AWS_SECRET_ACCESS_KEY": s3.secret_key}
    with behind_a_gate(s3, port, tmp_path, planted.pieces) as given:
        with placed(given) as place:
            failure = run_check(place, checks()[check], 0).failure
        script.write_text(failure.script, "utf-8")
        assert "The requests show the story. What decides" in failure.script.partition('"""\n\n')[0]
        words = shlex.split(failure.replay)
        assert words[:3] == ["conformance", "check", "upload-controller"]
        assert words[-8:] == ["--store", given.store, "--gate", str(port), "--only", check, "--seed", "0"]
        code, _, sentence = ran(script, given.url, **kit)
        assert (code, sentence) == (1, f"{failure.requirement} does not hold: {failure.what}")
    with behind_a_gate(s3, port, tmp_path) as given:
        text = script.read_text("utf-8").replace(words[words.index("--store") + 1], given.store)
        script.write_text(text, "utf-8")
        code, lines, sentence = ran(script, given.url, **kit)
        assert (code, lines[-1], sentence) == (0, "The defect does not show: the check passes.", "")
