"""What a run leaves behind besides its document: page, JUnit, the summary of a CI step; and what it is judged by."""

from __future__ import annotations

import os
from pathlib import Path

from conformance.declaration import DeclarationInvalid, Declarations, load
from conformance.problems import Problem

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


def write_report(file: Path, document: Document, declared: Declarations | None) -> None:
    """Write the page."""


def write_junit(file: Path, document: Document, declared: Declarations | None) -> None:
    """Write JUnit XML."""


def step_summary(document: Document, declared: Declarations | None) -> None:
    """Append."""
