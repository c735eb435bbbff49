"""``conformance check`` and its companions as commands: what is printed, what is written, how they exit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from conformance.results import read

STORE = """
import os, signal, time
from conformance.adapters.memory.service import Memory, MemoryService

service = MemoryService()

class Forgetful(Memory):
    def delete(self, path, *, object_mode=None, multipart_id=None):
        if object_mode is None and multipart_id is None and not os.path.exists("repaired"):
            self.stat(path)
        super().delete(path, object_mode=object_mode, multipart_id=multipart_id)

class Deadly(Memory):
    def complete_multipart(self, o, parts):
        os._exit(7)

class Stuck(Memory):
    def complete_multipart(self, o, parts):
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
        time.sleep(600)

def open_forgetful(work_dir):
    return Forgetful(service, work_dir)

def open_deadly(work_dir):
    return Deadly(service, work_dir)

def open_stuck(work_dir):
    return Stuck(service, work_dir)

class Rare(Memory):
    def delete(self, path, *, object_mode=None, multipart_id=None):
        if path == "rare":
            self.stat(path)
        super().delete(path, object_mode=object_mode, multipart_id=multipart_id)

def open_rare(work_dir):
    return Rare(service, work_dir)

class Sometimes(Memory):
    calls = 0

    def delete(self, path, *, object_mode=None, multipart_id=None):
        Sometimes.calls += 1
        if Sometimes.calls % 4 == 0 and object_mode is None and multipart_id is None:
            self.stat(path)
        super().delete(path, object_mode=object_mode, multipart_id=multipart_id)

def open_sometimes(work_dir):
    return Sometimes(service, work_dir)

def open_one_place(work_dir):
    return Memory(service, "/one/")

def open_alone(work_dir):
    return Memory(MemoryService(), work_dir)

class Once(Memory):
    living = []

    def __init__(self, service, work_dir):
        if self.living:
            raise RuntimeError("already open in this process")
        self.living.append(self)
        super().__init__(service, work_dir)

    def close(self):
        self.living.clear()

def open_once(work_dir):
    return Once(service, work_dir)

def open_raises(work_dir):
    raise OSError("no route to host")

def open_nothing(work_dir):
    return None

number = 7
"""
LEAVING = """
import multiprocessing, os, signal
from multiprocessing.util import Finalize
from pathlib import Path
from conformance.cli.child import Job, serve
from conformance.planning import Asked

def ended():
    os.kill(os.getpid(), signal.SIGTERM)

def child(pipe):
    Finalize(None, ended, exitpriority=1)
    serve(pipe, Job(spec="nowhere:x", name="x", asked=Asked(profile="smoke"), folder=Path(), scratch=Path()))

if __name__ == "__main__":
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=child, args=(theirs,))
    process.start()
    print(ours.recv()[0])
    process.join()
    print(process.exitcode)
"""
AGAIN = "delete.deleting_again_gives_the_same_result"
COMPLETED = "multipart_complete.a_completed_upload_is_an_object"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    (tmp_path / "mystore.py").write_text(STORE)
    return tmp_path


def conformance(*arguments, expect=0, **more):
    """Run the command; whatever happens, no traceback may be seen."""
    done = subprocess.run(
        [sys.executable, "-m", "conformance.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        **more,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    assert done.returncode == expect, done.stdout + done.stderr
    return done


def test_a_conformant_backend(folder):
    done = conformance("check", "memory", "--profile", "smoke", "--junit", "out.xml", "--results", "run.jsonl")
    assert "memory: conformant to all" in done.stdout
    assert "profile smoke · seed 0" in done.stderr
    document = read("run.jsonl")
    assert not document.footer.interrupted
    assert {result.state for result in document.results} <= {"pass", "not-applicable"}
    assert sum(result.calls for result in document.results) > 0
    for name in ("conformance-report.html", "out.xml", ".conformance/last.jsonl", ".conformance/.gitignore"):
        assert (folder / name).stat().st_size > 0
    assert not (folder / ".hypothesis").exists()


def test_from_a_failure_to_its_repair(folder):
    spec = "mystore:open_forgetful"
    summary = folder / "summary.md"
    env = {**os.environ, "GITHUB_STEP_SUMMARY": str(summary)}
    failed = conformance("check", spec, "--only", "delete.idempotent", expect=1, env=env)
    assert "delete.idempotent" in failed.stdout
    assert f"{spec}: 2 checks failed on 1 requirement; " in failed.stderr
    assert "conformance replay" in failed.stdout
    assert "delete.idempotent" in summary.read_text("utf-8")

    still = conformance("replay", "1", expect=1)
    assert "STILL FAILS (3 of 3): delete.idempotent\n" in still.stdout
    assert "\n> 1  delete(" in still.stdout
    unasked = conformance("accept", "--declared", "deviations.toml", expect=2, stdin=subprocess.DEVNULL)
    assert "nobody to ask: pass --yes" in unasked.stderr

    nothing = conformance("accept", "--declared", "deviations.toml", "--prune", "--yes").stdout
    assert "nothing in deviations.toml is out of date" in nothing
    assert not (folder / "deviations.toml").exists()
    accepted = conformance("accept", "--declared", "deviations.toml", "--yes")
    assert "+[[deviation]]" in accepted.stdout
    declared = conformance("check", spec, "--only", "delete.idempotent", "--declared", "deviations.toml", "-q")
    assert "as declared: 0 of 1 requirement holds, 1 deviation is declared (delete.idempotent)" in declared.stdout

    (folder / "repaired").touch()
    assert "FIXED" in conformance("replay", f"{spec}/{AGAIN}").stdout
    stale = conformance("check", spec, "--only", "delete.idempotent", "--declared", "deviations.toml", "-q", expect=3)
    assert "out of date" in stale.stdout
    pruned = conformance("accept", "--declared", "deviations.toml", "--prune", "--yes")
    assert "-[[deviation]]" in pruned.stdout
    assert "deviations.toml: 1 entry removed" in pruned.stdout
    (folder / "deviations.toml").write_text(
        f'[[deviation]]\nbackend = "{spec}"\nrequirement = "stat.missing"\nreason = "known"\nuntracked = true\n'
    )
    kept = conformance("accept", "--declared", "deviations.toml", "--prune", "--yes").stdout
    assert f"! stat.missing of {spec} stays: the run did not ask for it" in kept
    assert "stat.missing" in (folder / "deviations.toml").read_text()
    conformance("check", spec, "--only", "delete.idempotent", "--declared", "deviations.toml", "-q")
    assert "conformant" in conformance("report", "--quiet").stdout


def test_a_declared_program_keeps_its_deviation_current_though_the_search_missed_it(folder):
    call = {"op": "delete", "args": ["rare"], "pairs": {}, "client": 0}
    (folder / "deviations.toml").write_text(
        '[[deviation]]\nbackend = "mystore:open_rare"\nrequirement = "delete.missing"\nreason = "known"\n'
        f"untracked = true\nsignature = 'rare'\ncalls = '[{json.dumps(call)}]'\n"
    )
    arguments = ("check", "mystore:open_rare", "--only", "delete.missing", "--declared", "deviations.toml", "-q")
    assert "1 deviation is declared (delete.missing)" in conformance(*arguments).stdout
    left = conformance("accept", "--declared", "deviations.toml", "--prune", "--yes").stdout
    assert "nothing in deviations.toml is out of date" in left


def test_pruning_leaves_what_the_checks_left_out_might_see(folder):
    declares(folder, "memory", "delete.missing", "delete.removes")
    arguments = ("check", "memory", "--declared", "deviations.toml", "-q", "--only")
    assert "as declared" in conformance(*arguments, "delete.a_deleted_object_is_gone").stdout
    kept = conformance("accept", "--declared", "deviations.toml", "--prune", "--yes").stdout
    assert "! delete.missing of memory stays: the run did not ask for it, so nothing is known of it" in kept
    assert "! delete.removes of memory stays: the run left out checks of it, which might see it" in kept
    conformance(*arguments, "delete.removes", expect=3)
    with (folder / "deviations.toml").open("a") as file:
        file.write('[[deviation]]\nbackend = "another"\nrequirement = "stat.missing"\nreason = "why"\n')
        file.write("untracked = true\n")
    pruned = conformance("accept", "--declared", "deviations.toml", "--prune", "--yes").stdout
    assert "! stat.missing of another stays: it was not part of the run" in pruned
    assert "deviations.toml: 1 entry removed, 2 entries kept: the run does not tell whether they are over" in pruned
    assert "delete.missing" in (folder / "deviations.toml").read_text()


def declares(folder, backend, *requirements, more=""):
    lines = ["[[deviation]]", f'backend = "{backend}"', 'reason = "why"', "untracked = true", SOMETIMES, more]
    entries = [[*lines, f'requirement = "{requirement}"', ""] for requirement in requirements]
    (folder / "deviations.toml").write_text("\n".join(line for entry in entries for line in entry))


SOMETIMES = 'signature = "delete.idempotent: delete ObjectNotExist"'
RARE = """calls = '[{"op":"delete","args":["rare"],"pairs":{},"client":0}]'"""


@pytest.mark.parametrize(
    ("spec", "only", "declared", "told"),
    [
        ("memory", "delete.idempotent", None, ("conformant", 0)),
        ("mystore:open_rare", "delete.missing", RARE, ("as declared", 0)),
        ("memory", "delete.idempotent", "", ("out of date", 3)),
        ("mystore:open_sometimes", "delete.idempotent", "flaky = true", ("as declared", 0)),
        ("mystore:open_sometimes", "delete.idempotent", None, ("does not conform", 1)),
        ("moto", "multipart.complete_unsorted", None, ("1 could not be verified", 0)),
        ("mystore:open_deadly", COMPLETED, None, ("no verdict", 2)),
    ],
    ids=["conformant", "as-declared", "stale", "flaky", "flaky-undeclared", "unverified", "error"],
)
def test_a_document_carries_its_verdict(folder, spec, only, declared, told):
    words, code = told
    declares(folder, spec, *([] if declared is None else [only]), more=declared)
    arguments = ("--declared", "deviations.toml", "--only", only, "--results", "run.jsonl", "--report", "checked.html")
    checked = conformance("check", spec, *arguments, "-q", expect=code).stdout
    assert words in checked
    (folder / "deviations.toml").unlink()
    assert conformance("report", "run.jsonl", "-q", "--report", "reported.html", expect=code).stdout == checked
    assert (folder / "reported.html").read_text() == (folder / "checked.html").read_text()


def test_a_backend_that_ends_the_process_is_attributed_and_the_rest_goes_on(folder):
    conformance("check", "mystore:open_deadly", "--only", COMPLETED, "--only", AGAIN, "-n", "2", expect=2)
    states = {result.check: result for result in read(".conformance/last.jsonl").results}
    assert states[AGAIN].state == "pass"
    assert states[COMPLETED].state == "error"
    assert states[COMPLETED].reason == f"the backend ended the process (exit code 7) during {COMPLETED}"


def test_a_backend_that_hangs_is_ended(folder):
    conformance("check", "mystore:open_stuck", "--only", COMPLETED, "--deadline", "0.5", expect=2)
    (result,) = read(".conformance/last.jsonl").results
    assert result.state == "error"
    assert "no sign of life for 2 seconds" in (result.reason or "")


@pytest.mark.parametrize("sent", [(signal.SIGINT,), (signal.SIGTERM, signal.SIGINT), (signal.SIGHUP, signal.SIGHUP)])
def test_an_interruption_still_writes_a_whole_document(folder, sent):
    # As a shell without job control starts a process in the background, whatever started these tests.
    ignoring = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    ignoring += "signal.signal(signal.SIGHUP, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
    deaf = [sys.executable, "-c", ignoring]
    command = [*deaf, sys.executable, "-m", "conformance.cli", "check", "memory", "--profile", "deep"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    file = folder / ".conformance" / "last.jsonl"
    while running.poll() is None and (not file.exists() or file.read_text().count("\n") < 3):
        time.sleep(0.1)
    for number in sent:
        running.send_signal(number)
        time.sleep(0.05)
    out, err = running.communicate(timeout=300)
    assert "Traceback" not in out + err
    assert running.returncode == 130
    assert "interrupted" in out
    document = read(file)
    assert document.footer.interrupted
    assert "not-run" in {result.state for result in document.results}


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_nobody_goes_on_checking_when_the_run_was_killed(folder):
    scratch = folder / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-m", "conformance.cli", "check", "memory", "--profile", "deep"]
    env = {**os.environ, "TMPDIR": str(scratch)}
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
    file = folder / ".conformance" / "last.jsonl"
    while running.poll() is None and (not file.exists() or file.read_text().count("\n") < 3):
        time.sleep(0.1)
    running.kill()
    out, err = running.communicate(timeout=30)  # the children hold the other ends
    assert "Traceback" not in out + err
    assert list(scratch.iterdir()) == []


def test_a_child_that_is_ended_while_it_leaves_says_nothing(folder):
    (folder / "leaving.py").write_text(LEAVING)
    done = subprocess.run([sys.executable, "leaving.py"], capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout.split() == ["refused", "0"]
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("shell", "code"),
    [
        ("exec {} <&- >&- 2>&-", 1),
        ("LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 exec {}", 1),
        ("set -o pipefail; {} | true", 1),
        ("set -o pipefail; {} 2>&1 >/dev/null | true", 1),
        ("exec {} >/dev/full", 2),
    ],
    ids=["closed", "ascii", "unread", "unread-stderr", "full"],
)
def test_a_verdict_depends_on_no_stream(folder, shell, code):
    command = f"{sys.executable} -m conformance.cli check mystore:open_forgetful --only {AGAIN}"
    done = subprocess.run(["bash", "-c", shell.format(command)], capture_output=True, check=False, timeout=300)
    told = (done.stdout + done.stderr).decode()
    assert "Traceback" not in told
    assert "fault of the kit" not in told
    assert done.returncode == code, told
    assert len(read(".conformance/last.jsonl").failures) == 1
    assert ("the verdict cannot be printed: No space left" in told) == (code == 2)


@pytest.mark.parametrize(
    ("opener", "sentence"),
    [
        ("open_one_place", "what is written in one work_dir is found in another one (paths.below_work_dir)"),
        ("open_alone", "a second client of the same work_dir does not find (paths.every_client)"),
    ],
)
def test_an_opener_that_breaks_its_promise_is_told_so_and_nothing_else(folder, opener, sentence):
    refused = conformance("check", f"mystore:{opener}", "--profile", "smoke", expect=2)
    assert f"mystore:{opener} cannot be checked: " in refused.stderr
    assert sentence in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    seen = conformance("doctor", f"mystore:{opener}", expect=2).stdout
    assert [line for line in seen.splitlines() if line.startswith("✗") and sentence in line]


def test_what_left_its_work_dir_is_not_called_fixed(folder):
    conformance("check", "mystore:open_forgetful", "--only", AGAIN, expect=1)
    (folder / "repaired").touch()
    assert "FIXED" in conformance("replay", "1").stdout
    (folder / "mystore.py").write_text(STORE.replace("Forgetful(service, work_dir)", "Forgetful(service, '/one/')"))
    done = conformance("replay", "1", expect=2)
    assert "FIXED" not in done.stdout
    assert "found in another one" in done.stderr


def test_the_doctor_tells_what_a_second_client_fails_with(folder):
    seen = conformance("doctor", "mystore:open_once", expect=2).stdout
    assert "✗ a second client works while the first is open: RuntimeError: already open in this process" in seen
    assert "share what can be opened only once" in seen
    assert "could not be seen" not in seen


def test_the_doctor_ticks_what_it_saw_only(folder):
    seen = conformance("doctor", "mystore:open_forgetful").stdout
    assert "· whether its root is empty cannot be seen" in seen
    assert "its root is empty\n" not in seen
    seen = conformance("doctor", "memory").stdout
    assert "✓ two clients of one work_dir see the same data" in seen
    assert "✓ two work_dirs are apart" in seen


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("check", "memry"), "did you mean memory?"),
        (("chek",), "did you mean check?"),
        (("mystore:open_forgetful",), "try conformance check mystore:open_forgetful"),
        (("check", "memory", "memory"), "named twice"),
        (("check", "mystore"), "did you mean mystore:open_forgetful or mystore:open_deadly or mystore:open_stuck?"),
        (("doctor", "mystore.py"), "did you mean mystore:open_forgetful or "),
        (("check", "memory", "--profil", "smoke"), "--profil"),
        (("check", "memory", "--profile", "smok"), "did you mean smoke?"),
        (("check", "memory", "--seed", "-1"), "whole number"),
        (("check", "memory", "--only", "delete.idempotet"), "did you mean delete.idempotent"),
        (("check", "memory", "--declared", "none.toml"), "there is no deviations file none.toml"),
        (("check", "memory", "--results", "no/such/run.jsonl"), "cannot be written"),
        (("check", "memory", "--report", "no/such/page.html"), "there is no directory no/such"),
        (("check", "memory", "--junit", "."), "it is a directory"),
        (("check", "nowhere:open_it"), "there is no module nowhere"),
        (("check", "mystore:open_forgetfull"), "did you mean open_forgetful"),
        (("check", "mystore:number"), "is no function"),
        (("check", "mystore:open_raises"), "OSError: no route to host"),
        (("check", "mystore:open_nothing"), "does not extend Storage"),
        (("check", "fs:/no/such/dir"), "there is no directory /no/such/dir"),
        (("check", "fs:."), "--allow-non-empty"),
        (("check", "s3://bucket?endpint=http://x"), "did you mean endpoint"),
        (("report", "mystore.py"), "is not a result document"),
        (("report", "none.jsonl"), "there is no result document none.jsonl"),
        (("replay", "1"), "`conformance check` writes one"),
        (("accept",), "--declared deviations.toml"),
        (("explain", "delete.idempotet"), "did you mean delete.idempotent"),
        (("list", "chekcs"), "did you mean checks"),
        (("doctor", "mystore:open_raises"), "no route to host"),
    ],
    ids=" ".join,
)
def test_what_is_wrong_is_one_sentence_with_the_way_out(folder, arguments, sentence):
    done = conformance(*arguments, expect=2)
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_what_can_be_read_without_running_anything(folder):
    for columns in ("80", "200"):
        told = conformance("--help", env={**os.environ, "COLUMNS": columns}).stdout
        assert "Begin here" in told
        commands = told.partition("Commands:")[2].strip().splitlines()
        assert len(commands) == 10
        assert all(line.endswith(".") and not line.endswith("...") for line in commands)
    assert "package.module:open_store" in conformance("check", "--help").stdout
    assert AGAIN in conformance("explain", "delete.idempotent").stdout
    assert "delete.idempotent" in conformance("list").stdout
    assert '"needs"' in conformance("list", "checks", "--format", "json").stdout
    assert "checks apply, by profile: " in conformance("doctor", "memory").stdout
    refused = conformance("doctor", "fs:.", expect=2).stdout
    assert "✗ its root is not empty: check needs --allow-non-empty" in refused
    assert "✓ its root is not empty: as allowed" in conformance("doctor", "fs:.", "--allow-non-empty").stdout


def test_without_arguments_what_is_inside_this_process_runs_as_far_as_it_is_installed(folder):
    (folder / "sitecustomize.py").write_text("import sys\nsys.modules['moto'] = None\n")
    env = {**os.environ, "PYTHONPATH": str(folder)}
    done = conformance("check", "--only", AGAIN, "--profile", "smoke", env=env)
    assert "moto is left out, moto is not installed: pip install 'storage-conformance[moto]'" in done.stderr
    assert [backend.name for backend in read(".conformance/last.jsonl").header.backends] == ["memory", "fs"]


def test_without_arguments_the_backends_of_the_project_are_checked(folder):
    (folder / "pyproject.toml").write_text('[tool.conformance.backends]\nmine = "memory"\n')
    assert "left out" not in conformance("check", "--only", AGAIN).stderr
    assert [backend.name for backend in read(".conformance/last.jsonl").header.backends] == ["mine"]


def test_names_of_the_project_are_backends(folder):
    (folder / "pyproject.toml").write_text('[tool.conformance]\nbackends = {mine = "memory"}\nprofile = "smoke"\n')
    done = conformance("check", "mine", "--only", AGAIN)
    assert "mine: conformant" in done.stdout
    (folder / "pyproject.toml").write_text("[tool.conformance]\nseeds = 1\n")
    assert "did you mean seed" in conformance("check", "mine", expect=2).stderr
    (folder / "pyproject.toml").write_text('[tool.conformance]\ndeclared = "deviations.toml"\n')
    assert "has no key 'declared'; did you mean deviations?" in conformance("check", "mine", expect=2).stderr


def test_a_deviations_file_that_lies_there_and_was_not_given_is_told(folder):
    declares(folder, "memory", "stat.missing")
    told = "! deviations.toml lies here and was not given: --declared deviations.toml"
    arguments = ("check", "mystore:open_forgetful", "--only", "delete.idempotent")
    assert told in conformance(*arguments, expect=1).stdout
    assert told not in conformance(*arguments, "--declared", "deviations.toml", expect=1).stdout
    assert told not in conformance(*arguments, "-q", expect=1).stdout
    assert told not in conformance("check", "memory", "--only", AGAIN).stdout
