"""What a run leaves behind besides its document: page, JUnit, the summary of a CI step; and what it is judged by."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from conformance.declaration import DeclarationInvalid, Declarations, Judgement, load
from conformance.problems import Problem
from conformance.report import badge, junit, markdown, page
from conformance.report.words import program_name
from conformance.results import Document, DocumentError, read


def declarations(file: Path | None) -> Declarations | None:
    """Return what the deviations file says; None when there is none to read.

    Raises:
        Problem: the file is missing or wrong.

    """
    if file is None:
        return None
    try:
        return load(file)
    except DeclarationInvalid as error:
        raise Problem(str(error)) from None
    except FileNotFoundError:
        raise Problem(f"there is no deviations file {file}: `conformance accept --declared {file}` writes it") from None
    except OSError as error:
        raise Problem(f"{file} cannot be read: {error.strerror or error}") from None


def document(file: Path) -> Document:
    """Return the result document in a file.

    Raises:
        Problem: the file is missing or no result document.

    """
    try:
        return read(file)
    except DocumentError as error:
        raise Problem(str(error)) from None
    except FileNotFoundError:
        raise Problem(f"there is no result document {file}: `conformance check` writes one") from None
    except OSError as error:
        raise Problem(f"{file} cannot be read: {error.strerror or error}") from None


def check_writable(file: Path) -> None:
    """Look whether a file can be written, before a run is spent on it.

    Raises:
        Problem: it cannot.

    """
    if file.is_dir():
        raise Problem(f"{file} cannot be written: it is a directory")
    if not file.parent.is_dir():
        raise Problem(f"{file} cannot be written: there is no directory {file.parent}")
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise Problem(f"{file} cannot be written: permission denied")


def write_page(file: Path, document: Document, judgement: Judgement) -> None:
    """Write the HTML page.

    Raises:
        Problem: the file cannot be written.

    """
    _write(file, page(document, judgement))


def write_junit(file: Path, document: Document, judgement: Judgement) -> None:
    """Write JUnit XML.

    Raises:
        Problem: the file cannot be written.

    """
    _write(file, junit(document, judgement))


def write_badge(file: Path, judgement: Judgement) -> None:
    """Write the endpoint JSON of a badge.

    Raises:
        Problem: the file cannot be written.

    """
    _write(file, badge(judgement))


def write_programs(folder: Path, document: Document) -> None:
    """Write the program of every failure into a folder that holds nothing else, under the number of the failure.

    Raises:
        Problem: a file cannot be written.

    """
    shutil.rmtree(folder, ignore_errors=True)
    for number, (_, failure) in enumerate(document.failures, 1):
        if failure.script:
            folder.mkdir(exist_ok=True)
            # Python looks for the author's module beside the program, and it is where the check was run.
            found = f"import uuid\nsys.path.insert(0, {str(Path.cwd())!r})\n"
            program = failure.script.replace("import uuid\n", found, 1)
            _write(folder / program_name(number, failure.requirement), program)


def step_summary(document: Document, judgement: Judgement) -> None:
    """Add the run to the summary of the step, where a CI names the file for it.

    Raises:
        Problem: the file cannot be written.

    """
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        _write(Path(summary), markdown(document, judgement), mode="a")


def _write(file: Path, text: str, mode: str = "w") -> None:
    try:
        with file.open(mode, encoding="utf-8", newline="\n") as open_file:
            open_file.write(text)
    except OSError as error:
        raise Problem(f"{file} cannot be written: {error.strerror or error}") from None
