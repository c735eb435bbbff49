"""The plugin from an author's project: every way to name a backend, and the options of pytest that must just work."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

DELETE = ("--conformance-only", "delete")
SMALL = ("--conformance-profile", "smoke", *DELETE)
VERDICT = "store: conformant to "


@pytest.mark.parametrize("way", ["suite", "fixture"])
def test_ways_in_a_test_file(store, readme, way):
    store.write(test_store=readme[way])
    name = "store" if way == "suite" else store.folder.name  # a fixture has no name of its own

    said = store.pytest(*SMALL)
    assert f"\n{name}: conformant to " in said
    assert " failed" not in said


def test_pyproject_alone(store, readme):
    store.write(pyproject=readme["pyproject"])

    assert "mystore: conformant to " in store.pytest(*SMALL)
    assert "mystore: conformant to " in store.conformance("check", "mystore", "--only", "delete.idempotent").stdout


def test_an_entry_point_of_an_installed_project(store, readme):
    store.write(
        pyproject='[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        '[project]\nname = "mystore"\nversion = "1"\n[tool.setuptools]\npy-modules = ["mystore"]\n'
        + readme["entry-point"]
    )
    site = store.folder / "site"
    store.run("python", "-m", "pip", "install", "--quiet", "--no-deps", "--target", site, ".")

    assert "mystore: conformant to " in store.pytest(*SMALL, "--ignore=site", "--ignore=build", PYTHONPATH=str(site))


def test_selection_workers_and_junit(store, readme):
    store.write(test_store=readme["suite"])

    listed = store.pytest("--collect-only", "-q", "-k", "multipart").splitlines()
    names = [line for line in listed if "::" in line]
    assert names
    assert all(name.startswith("test_store.py::test_conformance[store-") and "multipart" in name for name in names)

    skipped = store.pytest("-k", "multipart", *SMALL[:2], expect=2)
    assert "store: no verdict, nothing ran" in skipped  # it has no multipart

    said = store.pytest("-n", "2", "--junitxml", "junit.xml", *SMALL)
    assert VERDICT in said
    cases = list(ET.parse(store.folder / "junit.xml").iter("testcase"))
    assert cases
    assert all("delete" in case.get("name", "") for case in cases)
    assert (store.folder / ".conformance" / "last.jsonl").exists()


def test_last_failed_runs_what_failed(store, readme):
    mended = readme["store"]
    store.write(test_store=readme["suite"], mystore=broken(mended))

    said = store.pytest(*SMALL, expect=1)
    assert "delete.idempotent" in said
    assert "store: does not conform" in said
    store.write(mystore=mended)
    again = store.pytest("--lf", *SMALL)
    assert " failed" not in again
    ran = [line for line in again.splitlines() if " passed" in line][-1]
    before = [line for line in said.splitlines() if " failed" in line][-1]
    assert ran.split(" passed")[0].split()[-1] == before.split(" failed")[0].split()[-1]


def test_checks_without_a_backend_are_a_usage_error_that_names_the_ways(project):
    project.write(test_store="import conformance\n\ntest_conformance = conformance.suite()\n")

    said = project.run("pytest", expect=pytest.ExitCode.USAGE_ERROR).stderr
    for way in ("conformance.suite(", "conformance_backend", "[tool.conformance", "entry point"):
        assert way in said, said


def broken(text):
    """Return the store with a delete that tells when nothing is there."""
    line = "        self.service.pop(self.work_dir + path, None)\n"
    assert text.count(line) == 1
    return text.replace(line, "        self._data(path)\n" + line)
