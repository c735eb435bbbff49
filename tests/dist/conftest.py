"""The kit as its users get it: a wheel in a fresh virtual environment, and projects outside the repository."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"(?:<!-- tested: (?P<name>[\w-]+) -->\n)?^```\w+\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Project:
    """A folder of somebody else, with the commands of the virtual environment in which the wheel is installed."""

    folder: Path
    bin: Path

    def write(self, **files):
        """Write files, given by their stem: TOML where it is ``pyproject``, and Python otherwise."""
        for stem, text in files.items():
            suffix = "toml" if stem == "pyproject" else "py"
            (self.folder / f"{stem}.{suffix}").write_text(text, "utf-8")

    def run(self, command, *arguments, expect=0, **environment):
        """Run a command of the environment; no traceback may be seen, and it exits as expected."""
        done = subprocess.run(
            [self.bin / command, *arguments],
            cwd=self.folder,
            env=clean() | environment,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def conformance(self, *arguments, expect=0):
        return self.run("conformance", *arguments, expect=expect)

    def pytest(self, *arguments, expect=0, **environment):
        return self.run("pytest", *arguments, expect=expect, **environment).stdout


def clean():
    """Return this environment without what belongs to this very run."""
    ours = ("PYTEST", "CONFORMANCE", "GITHUB", "TOX", "COV", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours) and name != "CI"}


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """Build the wheel; with the build backend of this environment where it has one."""
    folder = tmp_path_factory.mktemp("wheel")
    here = ["--no-build-isolation"] if importlib.util.find_spec("hatchling") else []
    pip(sys.executable, "wheel", "--no-deps", *here, "--wheel-dir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory):
    """Install the wheel as its README says and return the folder of its commands."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    pip(folder / "bin" / "python", "install", f"{wheel}[moto,xdist]")
    return folder / "bin"


@pytest.fixture
def project(installed, tmp_path):
    return Project(tmp_path, installed)


@pytest.fixture(scope="session")
def readme():
    """Return the code blocks of the README by the names that its comments give them."""
    text = (ROOT / "README.md").read_text("utf-8")
    return {found["name"]: found["text"] for found in BLOCK.finditer(text)}


@pytest.fixture
def store(project, readme):
    """The project with the backend that the README shows, in ``mystore.py``."""
    project.write(mystore=readme["store"])
    return project


def pip(python, *arguments):
    done = subprocess.run(
        [python, "-m", "pip", "--disable-pip-version-check", *arguments],
        env=clean(),
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
