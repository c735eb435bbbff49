"""The plugin from outside: small projects of other people, run by pytest as they would run it."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET

import pytest

from conformance.results import read

pytest_plugins = ["pytester"]

STORE = """
import os
from conformance.adapters.memory.service import Memory, MemoryService

service = MemoryService()

class Forgetful(Memory):
    def delete(self, path, *, object_mode=None, multipart_id=None):
        if object_mode is None and multipart_id is None:
            self.stat(path)
        super().delete(path, object_mode=object_mode, multipart_id=multipart_id)

class Rare(Memory):
    def delete(self, path, *, object_mode=None, multipart_id=None):
        if path == "rare":
            self.stat(path)
        super().delete(path, object_mode=object_mode, multipart_id=multipart_id)

class Deadly(Memory):
    def complete_multipart(self, o, parts):
        os._exit(7)

class Hostile(Memory):
    def delete(self, path, *, object_mode=None, multipart_id=None):
        print("deleting")
        raise OSError(f"{path} is no name: \\ud800")

def open_hostile(work_dir):
    return Hostile(service, work_dir)

def open_store(work_dir):
    return service.open(work_dir)

def open_forgetful(work_dir):
    return Forgetful(service, work_dir)

def open_rare(work_dir):
    return Rare(service, work_dir)

def open_deadly(work_dir):
    return Deadly(service, work_dir)
"""
FIVE_LINES = """
import conformance
from mystore import open_store

test_conformance = conformance.suite(open_store)
"""
AGAIN = "delete.deleting_again_gives_the_same_result"


@pytest.fixture
def project(pytester, monkeypatch):
    """A project with the module ``mystore``; every run of it loads the plugin by name and no other."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("CI", raising=False)
    pytester.makepyfile(mystore=STORE)
    pytester.syspathinsert()
    return pytester


def run(project, *arguments):
    for name in [name for name in sys.modules if name in {"mystore", "conftest"} or name.startswith("test_")]:
        if not name.startswith("test_plugin"):
            sys.modules.pop(name, None)
    return project.runpytest_inprocess("-p", "conformance.plugin", "-W", "error", *arguments)


def test_five_lines_are_ordinary_tests(project):
    project.makepyfile(test_mine=FIVE_LINES)

    listed = run(project, "--collect-only", "-q", "-k", "multipart")
    names = [line for line in listed.outlines if "::" in line]
    assert names == sorted(names)
    assert names
    assert all(name.startswith("test_mine.py::test_conformance[store-") and "multipart" in name for name in names)

    one = run(project, f"test_mine.py::test_conformance[store-{AGAIN}]", "--junitxml=out.xml", "--strict-markers")
    one.assert_outcomes(passed=1)
    one.stdout.fnmatch_lines(["conformance *: store; profile standard, seed 0", "*store: conformant to *"])
    properties = {p.get("name"): p.get("value") for p in ET.parse(project.path / "out.xml").iter("property")}
    assert properties["conformance.requirement"] == "delete.idempotent"
    assert properties["conformance.state"] == "pass"


def test_a_failure_is_a_card_and_no_traceback_and_is_run_again_by_lf(project):
    project.makepyfile(
        test_mine="""
        import conformance
        from mystore import open_store, open_forgetful

        test_conformance = conformance.suite(good=open_store, forgetful=open_forgetful)
        """
    )
    failing = run(project, "--conformance-only", "delete.idempotent", "--conformance-report=page.html")
    assert failing.ret == pytest.ExitCode.TESTS_FAILED
    failing.stdout.fnmatch_lines(
        [
            "forgetful does not live up to delete.*",
            "*expected  success",
            "*observed  ObjectNotExist*",
            "The smallest sequence that shows it, failed again 3 of 3 times:",
            "See it again:  conformance replay forgetful/delete.*",
            "*forgetful: does not conform*",
        ]
    )
    failing.stdout.no_fnmatch_line("*Traceback*")
    failing.stdout.no_fnmatch_line("*runner.py*")
    assert "delete.idempotent" in (project.path / "page.html").read_text("utf-8")
    again = run(project, "--conformance-only", "delete.idempotent", "--lf")
    assert "passed" not in again.parseoutcomes()
    assert again.parseoutcomes()["failed"] == failing.parseoutcomes()["failed"]


def test_a_fixture_that_needs_local_fixtures_and_is_parametrized(project):
    project.makeconftest(
        """
        import pytest
        from mystore import service

        @pytest.fixture(scope="session")
        def server():
            yield service
            service.lock = None

        @pytest.fixture(scope="session", params=["first", "second"])
        def conformance_backend(server, request):
            return server.open
        """
    )
    project.makepyfile(test_mine="import conformance\ntest_conformance = conformance.suite()\n")
    found = run(project, "--conformance-only", AGAIN, "-v")
    found.assert_outcomes(passed=2)
    found.stdout.fnmatch_lines([f"*test_conformance?first-{AGAIN}? PASSED*", "*second: conformant*"])
    found.stdout.no_fnmatch_line("*could not be removed*")


def test_a_decorator_in_conftest_and_laws_of_ones_own(project):
    project.makeconftest(
        """
        import conformance
        from mystore import service

        @conformance.backend("mine")
        def open_it(work_dir):
            return service.open(work_dir)
        """
    )
    project.makepyfile(
        test_mine="""
        import conformance
        test_conformance = conformance.suite()

        def test_own_law(backend):
            assert backend.name == "mine"
            assert backend.open("/own/").metadata().work_dir == "/own/"
        """
    )
    run(project, "--conformance-only", AGAIN).assert_outcomes(passed=2)


def test_pyproject_is_collected_as_a_test_file(project):
    project.makepyprojecttoml(
        """
        [project]
        name = "mystore"
        [tool.conformance]
        backends = {mystore = "mystore:open_store"}
        profile = "smoke"
        [tool.pytest.ini_options]
        testpaths = ["tests"]
        """
    )
    (project.path / "tests").mkdir()
    (project.path / "tests" / "test_other.py").write_text("def test_other(): pass\n")
    everything = run(project, "-q", "--conformance-only", AGAIN)
    everything.assert_outcomes(passed=2)
    run(project, f"pyproject.toml::conformance[mystore-{AGAIN}]").assert_outcomes(passed=1)
    run(project, "tests").assert_outcomes(passed=1)


def test_entry_points_of_the_project_itself_and_of_others_when_named(project):
    info = project.path / "mystore_driver-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mystore-driver\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[conformance.backends]\ndriver = mystore:open_store\n")
    project.makepyprojecttoml('[project]\nname = "MyStore.Driver"\n')
    run(project, "--conformance-only", AGAIN).assert_outcomes(passed=1)
    project.makepyprojecttoml('[project]\nname = "another"\n')
    nobody = run(project, "--conformance-only", AGAIN)
    assert nobody.ret == pytest.ExitCode.USAGE_ERROR
    nobody.stderr.fnmatch_lines([f"ERROR: --conformance-only {AGAIN}: no backend is configured: name one in *"])
    run(project, "--conformance-only", AGAIN, "--conformance-backend", "driver").assert_outcomes(passed=1)


def test_a_declared_deviation_is_expected_and_a_stale_one_fails(project):
    project.makepyfile(test_mine="import conformance, mystore\ntest_it = conformance.suite(s=mystore.open_forgetful)\n")
    arguments = ("--conformance-only", AGAIN, "--conformance-results=run.jsonl")
    run(project, *arguments)
    ((_, failure),) = read(project.path / "run.jsonl").failures
    for name in ("mystore:open_forgetful", "s"):
        project.path.joinpath("deviations.toml").write_text(
            f'[[deviation]]\nbackend = "{name}"\nrequirement = "{failure.requirement}"\nreason = "known"\n'
            f"untracked = true\nsignature = {json.dumps(failure.signature)}\n"
        )
        declared = run(project, *arguments, "--conformance-declared=deviations.toml", "-rx")
        declared.assert_outcomes(xfailed=1)
        declared.stdout.fnmatch_lines(["XFAIL*declared: known*"])
        assert declared.ret == 0

    project.makepyfile(test_mine="import conformance, mystore\ntest_it = conformance.suite(s=mystore.open_store)\n")
    stale = run(project, *arguments, "--conformance-declared=deviations.toml")
    stale.assert_outcomes(passed=1)
    stale.stdout.fnmatch_lines([f"*{failure.requirement}: declared as a deviation, and it passes now"])
    assert stale.ret == pytest.ExitCode.TESTS_FAILED
    stale.stdout.fnmatch_lines(["FAILED */deviations.toml - what it declares is out of date*accept*--prune*"])

    project.makepyfile(test_mine="import conformance, mystore\ntest_it = conformance.suite(s=mystore.open_forgetful)\n")
    forgotten = run(project, *arguments)
    forgotten.stdout.fnmatch_lines(["deviations.toml lies here*not given: --conformance-declared deviations.toml"])

    call = {"op": "delete", "args": ["rare"], "pairs": {}, "client": 0}
    with project.path.joinpath("deviations.toml").open("a") as file:
        file.write(f"calls = '[{json.dumps(call)}]'\n")
    project.makepyfile(test_mine="import conformance, mystore\ntest_it = conformance.suite(s=mystore.open_rare)\n")
    shown = run(project, *arguments, "--conformance-declared=deviations.toml")
    shown.assert_outcomes(passed=1)
    assert shown.ret == 0


@pytest.mark.parametrize(
    ("options", "pyproject", "sentence"),
    [
        ((), "", "*asks for checks and no backend is configured*tool.conformance*entry point*conformance_backend*"),
        (("--conformance-only=delete.idempotet",), "", "*did you mean delete.idempotent*"),
        (("--conformance-profile=smok",), "", "*did you mean smoke?*"),
        (("--conformance-seed=x",), "", "--conformance-seed x: give a whole number*"),
        ((), '[tool.conformance]\nbackend = {a = "memory"}', "*has no key 'backend'; did you mean backends?*"),
        (("--conformance-declared=none.toml",), "", "*the deviations file * cannot be read*"),
    ],
)
def test_what_is_wrong_is_one_sentence(project, options, pyproject, sentence):
    project.makepyfile(test_mine="import conformance\ntest_conformance = conformance.suite()\n")
    if pyproject:
        project.makepyprojecttoml(pyproject)
    found = run(project, *options)
    assert found.ret == pytest.ExitCode.USAGE_ERROR
    found.stderr.fnmatch_lines(["ERROR: " + sentence])


@pytest.mark.parametrize("spec", ["nowhere:open_store", "mystore:open_nothing"])
def test_an_opener_that_is_not_there_is_told_once(project, spec):
    project.makepyfile(test_mine=f"import conformance\ntest_conformance = conformance.suite('{spec}')\n")
    found = run(project)
    assert found.ret == pytest.ExitCode.USAGE_ERROR
    found.stderr.fnmatch_lines([f"ERROR: {spec}: *{spec.partition(':')[0]}*"])
    assert len(found.errlines) == 1 or not any(found.errlines[1:])


def test_an_opener_that_fails_is_told_with_every_check(project):
    project.makepyfile(
        test_mine="""
        import conformance
        def open_broken(work_dir):
            raise OSError("no route to host")
        test_conformance = conformance.suite(open_broken)
        """
    )
    found = run(project, "--conformance-only", AGAIN)
    found.assert_outcomes(failed=1)
    found.stdout.fnmatch_lines(["*broken cannot be opened: OSError: no route to host*", "*broken: no verdict*"])


def test_a_report_that_cannot_be_written_fails_the_run_in_a_sentence(project):
    project.makepyfile(test_mine=FIVE_LINES)
    found = run(project, "--conformance-only", AGAIN, "--conformance-report=no/such/page.html")
    found.assert_outcomes(passed=1)
    found.stdout.fnmatch_lines(["*no/such/page.html cannot be written: No such file or directory"])
    assert found.ret == pytest.ExitCode.TESTS_FAILED


def test_without_any_use_of_the_kit_nothing_of_it_is_imported_or_printed(project):
    project.makepyfile(
        test_mine="""
        import sys
        def test_nothing():
            heavy = {"hypothesis", "jinja2", "boto3", "rich", "click", "conformance.storage", "conformance.engine"}
            assert not heavy & set(sys.modules)
        """
    )
    found = project.runpytest_subprocess("-p", "conformance.plugin", "-W", "error")
    found.assert_outcomes(passed=1)
    found.stdout.no_fnmatch_line("conformance *")
    found.stdout.no_fnmatch_line("*storage conformance*")


def test_configured_backends_that_the_paths_leave_out_are_told(project):
    project.makepyprojecttoml('[tool.conformance.backends]\nmine = "mystore:open_store"\n')
    project.makepyfile(test_other="def test_other():\n    pass\n")
    only = ("--conformance-only", AGAIN)

    found = run(project, "test_other.py")
    found.assert_outcomes(passed=1)
    sentence = "mine is not checked, the paths given leave pyproject.toml out: add it to them"
    found.stdout.fnmatch_lines([f"conformance *: {sentence}"])
    found.stdout.no_fnmatch_line("*storage conformance*")
    for asked in (only, ("--conformance-backend", "mine")):
        refused = run(project, "test_other.py", *asked)
        assert refused.ret == pytest.ExitCode.USAGE_ERROR
        refused.stderr.fnmatch_lines([f"ERROR: {' '.join(asked)}: {sentence}"])
    for paths in (("test_other.py", "pyproject.toml"), (".",), ()):
        run(project, *paths, *only).assert_outcomes(passed=2)


def test_workers_refuse_checks_without_a_backend_too(project):
    project.makepyfile(test_other="def test_other():\n    pass\n")
    parallel = ("-p", "conformance.plugin", "-p", "xdist.plugin", "-n", "1")
    refused = project.runpytest_subprocess(*parallel, "--conformance-only", AGAIN)
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    refused.stderr.fnmatch_lines([f"ERROR: --conformance-only {AGAIN}: no backend is configured: *"])

    project.makepyfile(test_broken="import nothing_of_that_name\n")
    broken = project.runpytest_subprocess(*parallel, "--conformance-only", AGAIN)
    broken.stdout.fnmatch_lines(["*No module named 'nothing_of_that_name'*"])
    assert "no backend is configured" not in str(broken.stderr)


def test_strict_and_both_ways_of_loading(project, monkeypatch):
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    project.makeini("[pytest]\nstrict = true\n")
    project.makepyfile(test_mine=FIVE_LINES)
    found = project.runpytest_subprocess("-p", "conformance.plugin", "-W", "error", "--conformance-only", AGAIN)
    found.assert_outcomes(passed=1)


def test_workers_ship_their_results_and_a_dead_one_is_attributed(project):
    project.makepyfile(test_mine="import conformance, mystore\ntest_it = conformance.suite(mystore.open_deadly)\n")
    culprit = "multipart_complete.a_completed_upload_is_an_object"
    found = project.runpytest_subprocess(
        *("-p", "conformance.plugin", "-p", "xdist.plugin", "-n", "2", "--max-worker-restart=2"),
        *("--conformance-only", AGAIN, "--conformance-only", culprit, "--conformance-results=run.jsonl"),
    )
    found.assert_outcomes(passed=1, failed=1)
    document = read(project.path / "run.jsonl")
    states = {result.check: result for result in document.results}
    assert states[AGAIN].state == "pass"
    assert states[AGAIN].calls > 0
    assert states[culprit].state == "error"
    assert "crashed" in (states[culprit].reason or "")
    assert document.header.backends[0].features["operations"]


def test_workers_ship_what_no_encoding_takes(project):
    project.makepyfile(test_mine="import conformance, mystore\ntest_it = conformance.suite(mystore.open_hostile)\n")
    found = project.runpytest_subprocess(
        *("-p", "conformance.plugin", "-p", "xdist.plugin", "-n", "2", "--junitxml=out.xml"),
        *("--conformance-only", AGAIN, "--conformance-results=run.jsonl", "--conformance-report=page.html"),
    )
    found.assert_outcomes(failed=1)
    found.stdout.no_fnmatch_line("*INTERNALERROR*")
    found.stdout.fnmatch_lines(["*is no name: ?ud800 (mystore.py:* in delete)*"])
    ((_, failure),) = read(project.path / "run.jsonl").failures
    assert "\ud800" in failure.observed
    ET.parse(project.path / "out.xml")


def test_where_nothing_ran_the_exit_is_that_of_no_verdict(project):
    project.makepyfile(
        test_mine="""
        import conformance
        from conformance.storage import Storage, StorageMeta

        class Bare(Storage):
            def metadata(self):
                return StorageMeta(name="bare", work_dir="/")

        test_conformance = conformance.suite(bare=lambda work_dir: Bare())
        """
    )
    for narrowed in (("-k", "copy"), ("--conformance-only", "copy")):
        found = run(project, *narrowed)
        assert set(found.parseoutcomes()) <= {"skipped", "deselected"}
        found.stdout.fnmatch_lines(["bare: no verdict, nothing ran"])
        assert int(found.ret) == 2


def test_a_fixture_that_cannot_be_used_is_told_without_tracebacks(project):
    project.makepyfile(test_mine="import conformance\ntest_conformance = conformance.suite()\n")
    fixture = "import pytest\n@pytest.fixture{}\ndef conformance_backend():\n    raise OSError('no route to host')\n"
    project.makeconftest(fixture.format(""))
    narrow = run(project)
    assert narrow.ret == pytest.ExitCode.USAGE_ERROR
    narrow.stderr.fnmatch_lines(["ERROR: the fixture conformance_backend must have scope='session'*"])

    project.makeconftest(fixture.format("(scope='session')"))
    found = run(project, "--conformance-only", AGAIN)
    found.assert_outcomes(errors=1)
    found.stdout.fnmatch_lines(["*OSError: no route to host (conftest.py:4 in conformance_backend)*"])
    found.stdout.no_fnmatch_line("*def conformance_backend*")
