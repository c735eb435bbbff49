"""``conformance check upload-controller``: what it says of a service, of what was given wrongly, and how it ends."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time

import pytest

from conformance.cli.group import group
from conformance.results import read
from tests.upload_controller.planted import PLANTED
from tests.upload_controller.serving import serving


@pytest.fixture(scope="module")
def place(s3):
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", s3.access_key)
        environment.setenv("AWS_SECRET_ACCESS_KEY", s3.secret_key)
        with serving(s3) as place:
            yield place


@pytest.fixture
def check(capsys, tmp_path, monkeypatch):
    """Run the command in a folder of its own; return its exit status and what it said."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            group.main(["check", "upload-controller", *(str(word) for word in arguments)], prog_name="conformance")
        return ended.value.code, *capsys.readouterr()

    return run


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "say where the service is"),
        (("--url", "nowhere"), "'nowhere' is no URL of a service"),
        (("--url", "http://127.0.0.1:9"), "nothing answers at http://127.0.0.1:9: start the service first"),
        (("--url", "URL"), "nothing applies: there is no hook that registers files; give --hooks"),
        (("--url", "URL", "--profile", "sead"), "did you mean seed"),
        (("--url", "URL", "--profile", "none.toml"), "none.toml cannot be read: "),
        (("--url", "URL", "--hooks", "none.toml"), "the hooks none.toml cannot be read: "),
        (("--url", "URL", "--value", "x"), "write name=value"),
        (("--url", "URL", "--only", "upload_creat"), "is called 'upload_creat'; did you mean upload_create"),
        (("--url", "URL", "--hooks", "reference", "--store", "bucket"), "bucket"),
        (("--url", "URL", "--hooks", "reference", "--store", "s3://none?endpoint=http://127.0.0.1:9"), "127.0.0.1:9"),
        (("--url", "URL/wrong", "--hooks", "reference"), "the hook register was answered 404 at PUT http://127.0.0.1:"),
        (("--url", "URL/wrong", "--hooks", "reference"), ": is --url, or the hooks' base, right?"),
        (("--url", "URL", "--hooks", "reference", "--gate", "9099"), "a gate needs the store that it stands before"),
        (("--url", "URL", "--hooks", "reference", "-n", "2"), "the races of an upload controller"),
    ],
)
def test_a_mistake_is_answered_with_one_sentence(place, check, arguments, words):
    code, out, err = check(*(re.sub("^URL", place.url, word) for word in arguments))
    assert code == 2, err
    assert out == ""
    *begun, said = err.splitlines()
    assert len(begun) <= 1, err  # that the run began may be said, where only the run finds the mistake
    assert words in said


def test_hooks_that_nobody_answers_for(place, check, tmp_path):
    hooks = tmp_path / "hooks.toml"
    hooks.write_text('base = "http://127.0.0.1:9"\n[register]\nrequest = "PUT /files/{file_id}"\n')
    code, _, err = check("--url", place.url, "--hooks", hooks)
    assert code == 2
    assert "the hook register was not answered at PUT http://127.0.0.1:9/files/conformance-" in err
    assert err.endswith(": Connection refused\n")


def test_a_store_without_credentials(place, check, monkeypatch, s3):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
    monkeypatch.setenv("AWS_CONFIG_FILE", "none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    code, _, err = check("--url", place.url, "--store", f"s3://{s3.bucket}?endpoint={s3.endpoint}")
    told = f"no credentials for {s3.endpoint}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE\n"
    assert (code, err) == (2, told)


def test_a_port_of_the_gate_that_is_taken(place, check, s3):
    taken = place.url.rpartition(":")[2]
    store = f"s3://{s3.bucket}?endpoint={s3.endpoint}"
    code, _, err = check("--url", place.url, "--hooks", "reference", "--store", store, "--gate", taken)
    assert (code, err) == (2, f"port {taken} of 127.0.0.1 cannot be used: Address already in use\n")


def test_a_service_that_is_right(place, check, tmp_path):
    code, out, _ = check("--url", place.url, "--hooks", "reference", "--only", "upload_create", "--seed", "3")
    assert code == 0, out
    assert "✓ upload-controller: conformant to all " in out
    document = read(tmp_path / ".conformance" / "last.jsonl")
    assert {result.requirement.partition(".")[0] for result in document.results} == {"upload_create"}
    assert "the store behind the service was not given (--store)" in {result.reason for result in document.results}
    assert "upload_create" in (tmp_path / "conformance-report.html").read_text("utf-8")


def test_a_service_that_is_wrong_from_its_card_to_its_declaration(s3, check, tmp_path):
    only = "upload_create.not_while_uploaded"
    with serving(s3, PLANTED["SecondWhileUploaded"]) as place:
        given = ("--url", place.url, "--hooks", "reference", "--only", only, "--results", "run.jsonl")
        code, out, _ = check(*given)
        assert code == 1
        assert "upload_create.not_while_uploaded" in out
        (program,) = (tmp_path / ".conformance" / "failures").glob("*not_while_uploaded*.py")
        shown = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=60, check=False)
        assert shown.returncode == 1
        assert "expected: a refusal, 4xx\nobserved: 200" in shown.stdout
        accept = ["accept", "run.jsonl", "--declared", "known.toml", "--reason", "it is the service's way", "--yes"]
        with pytest.raises(SystemExit) as ended:
            group.main(accept, prog_name="conformance")
        assert ended.value.code == 0
        code, out, _ = check(*given, "--declared", "known.toml", "--junit", "junit.xml")
        assert (code, "as declared" in out) == (0, True), out
        assert "upload_create" in (tmp_path / "junit.xml").read_text("utf-8")


def test_an_interrupted_run_tells_what_was_run(place, tmp_path):
    command = [sys.executable, "-m", "conformance.cli", "check", "upload-controller", "--url", place.url]
    process = subprocess.Popen(
        [*command, "--hooks", "reference", "--results", "run.jsonl"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    seen = ""
    deadline = time.monotonic() + 60
    while "..." not in seen and time.monotonic() < deadline:
        seen += process.stderr.read(1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in seen + err
    lines = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text("utf-8").splitlines()]
    reasons = [line.get("reason") for line in lines]
    assert "the run was interrupted" in reasons
