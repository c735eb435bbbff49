"""The command in an author's project: the verdict, a failure from its card to its declaration, the first command."""

from __future__ import annotations

import json

import boto3
import pytest
from moto.server import ThreadedMotoServer

ONLY = ("--only", "delete.idempotent", "--profile", "smoke")
CHECK = ("check", "mystore:open_store")


def test_the_store_of_the_readme_conforms(store, readme):
    assert readme["check"].startswith("conformance check mystore:open_store\n")

    said = store.conformance(*CHECK).stdout
    assert "✓ mystore:open_store: conformant to all " in said
    assert "<!doctype html>" in (store.folder / "conformance-report.html").read_text("utf-8").lower()


def test_the_other_connection_strings_of_the_readme(project, readme, monkeypatch, tmp_path):
    _, other = readme["check"].splitlines()
    for name, value in (("ACCESS_KEY_ID", "a"), ("SECRET_ACCESS_KEY", "b"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        boto3.client("s3", endpoint_url=endpoint).create_bucket(Bucket="bucket")
        (tmp_path / "empty").mkdir()
        words = other.replace("/some/empty/dir", str(tmp_path / "empty")).replace("http://127.0.0.1:9000", endpoint)
        arguments = [word.strip('"') for word in words.split()]
        assert arguments.pop(0) == "conformance"
        said = project.conformance(*arguments, *ONLY).stdout
    finally:
        server.stop()
    assert said.count(": conformant to ") == 2
    assert not list((tmp_path / "empty").iterdir())


def test_a_failure_from_its_card_to_its_declaration(store, readme):
    mended = readme["store"]
    line = "        self.service.pop(self.work_dir + path, None)\n"
    broken = mended.replace(line, "        self._data(path)\n" + line)
    assert broken != mended
    store.write(mystore=broken)

    said = store.conformance(*CHECK, *ONLY, expect=1).stdout
    card = [text.rstrip() for text in readme["failure"].splitlines() if text.strip() not in {"", "…"}]
    printed = [text.rstrip() for text in said.splitlines()]
    places = [printed.index(text) for text in card]
    assert places == sorted(places)
    assert "✕ mystore:open_store: does not conform: " in said

    script = stored_failure(store)["script"]
    _, command, program = next(text for text in printed if text.startswith("  run it ")).rsplit(maxsplit=2)
    assert command == "python"
    written = (store.folder / program).read_text("utf-8").splitlines()
    assert [text for text in written if not text.startswith("sys.path.insert(0, ")] == script.splitlines()
    store.write(counterexample=script)
    assert "delete.idempotent does not hold" in store.run("python", program, expect=1).stderr
    assert "STILL FAILS" in store.conformance("replay", "1", expect=1).stdout

    declared = ("--declared", "deviations.toml")
    accepted = store.conformance("accept", *declared, "--yes").stdout
    assert "deviations.toml: " in accepted
    assert " added" in accepted
    store.conformance(*CHECK, *ONLY, *declared)

    store.write(mystore=mended)
    store.run("python", "counterexample.py")
    assert "FIXED" in store.conformance("replay", "1").stdout
    stale = store.conformance(*CHECK, *ONLY, *declared, expect=3).stdout
    assert "delete" in stale


def test_explain_and_junit_as_in_the_readme(store, readme):
    assert "GSP-46" in store.conformance("explain", "delete.idempotent").stdout
    command, *arguments = readme["ci"].split()
    assert command == "conformance"
    store.conformance(*arguments, *ONLY)
    assert "<testsuite" in (store.folder / "conformance.xml").read_text("utf-8")


def test_the_first_command_of_the_readme(project, readme):
    assert readme["first-minute"] == (
        'python3 -m venv .venv && .venv/bin/pip install --quiet ".[moto]" && .venv/bin/conformance check\n'
    )
    said = project.conformance("check").stdout
    for verdict in ("memory: conformant to all ", "fs: conformant to all ", "moto: as declared: "):
        assert any(f" {verdict}" in line for line in said.splitlines()), said
    assert (project.folder / "conformance-report.html").stat().st_size > 10_000


def test_every_block_of_the_readme_is_accounted_for(readme):
    assert set(readme) == {
        "first-minute",
        "tox",
        "store",
        "check",
        "suite",
        "fixture",
        "pyproject",
        "entry-point",
        "failure",
        "ci",
        # run word for word by tests/upload_controller/test_readme.py
        "controller",
        "upload",
    }
    assert readme["tox"].endswith("&& .venv/bin/tox\n")


def stored_failure(project):
    lines = (project.folder / ".conformance" / "last.jsonl").read_text("utf-8").splitlines()
    failures = [entry["failure"] for entry in map(json.loads, lines) if entry.get("failure")]
    assert failures
    if failures[0]["requirement"] != "delete.idempotent":
        pytest.fail(str(failures[0]))
    return failures[0]
