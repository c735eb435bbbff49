"""What is in the wheel, and what it does to projects that do not use it."""

from __future__ import annotations

import zipfile

import pytest


def test_everything_that_is_read_at_run_time_is_in_the_wheel(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())

    assert {"conformance/py.typed", "conformance/storage/operations.toml"} <= names
    assert any(name.startswith("conformance/requirements/") and name.endswith(".toml") for name in names)
    assert any(name.startswith("conformance/report/templates/") for name in names)
    assert any(name.endswith("schema.json") for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"conformance"}


@pytest.mark.parametrize("name", ["backends", "tests", "reports", "docs"])
def test_the_rest_of_the_repository_is_not_importable(project, name):
    found = project.run("python", "-c", f"import importlib.util as u; print(u.find_spec({name!r}))")

    assert found.stdout == "None\n"


def test_modules_named_in_the_metadata_are_there(project):
    names = project.run(
        "python",
        "-c",
        "from importlib.metadata import distribution\n"
        "for point in distribution('storage-conformance').entry_points: print(point.group, point.load().__name__)",
    ).stdout

    assert names.splitlines() == ["console_scripts main", "pytest11 conformance.plugin"]


def test_the_environment_is_consistent(project):
    project.run("python", "-m", "pip", "check")


def test_pytest_of_a_project_without_the_kit_is_left_alone(project):
    project.write(
        test_own="""
import sys

def test_nothing_heavy_is_imported(request):
    assert request.config.pluginmanager.hasplugin("conformance.plugin")
    heavy = {"hypothesis", "boto3", "moto", "jinja2", "click", "conformance.engine"}
    assert not heavy & set(sys.modules)
""",
    )
    said = project.pytest("-p", "no:hypothesispytest", "-W", "error")

    assert "1 passed" in said
    assert said.count("conformance") == 1  # in pytest's own list of plugins
    assert {path.name for path in project.folder.iterdir()} <= {"test_own.py", ".pytest_cache", "__pycache__"}
