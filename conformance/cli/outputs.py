"""What a run leaves behind besides its document: page, JUnit, the summary of a CI step; and what it is judged by."""

from __future__ import annotations

import os
from pathlib import Path

from conformance.declaration import DeclarationInvalid, Declarations, Judgement, load
from conformance.problems import Problem
from conformance.report import junit, markdown, page
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
