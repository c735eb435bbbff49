"""What can be wrong with a result document, each named for the fact and telling the way out."""

from __future__ import annotations

from collections.abc import Sequence


class DocumentError(ValueError):
    """A result document cannot be used; the message is one sentence with the way out."""


class NotAResultFile(DocumentError):
    """The text is not a result document at all, or one of its lines is damaged."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name} is not a result document ({why}): give the file that --results wrote")


class UnknownFormat(DocumentError):
    """The document was written in a format that this version does not read."""

    def __init__(self, name: str, format: object, known: int) -> None:
        super().__init__(
            f"{name} has format {format!r} and this version reads format {known}: "
            "use the version of storage-conformance that wrote it, or run the checks again"
        )


class MissingFooter(DocumentError):
    """The run that wrote the document never came to its end."""

    def __init__(self, name: str, results: int, planned: int) -> None:
        super().__init__(
            f"{name} has no footer, its run died after {results} of {planned} planned checks: "
            "run the checks again, an unfinished run proves nothing"
        )


class PlanNotCovered(DocumentError):
    """Results and plan do not match: something planned was not reported, or something reported was not planned."""

    def __init__(self, name: str, lacking: Sequence[str], strange: Sequence[str]) -> None:
        self.lacking = tuple(lacking)
        self.strange = tuple(strange)
        facts = [
            *([f"{len(lacking)} planned checks have no result ({_some(lacking)})"] if lacking else []),
            *([f"{len(strange)} results were not planned ({_some(strange)})"] if strange else []),
        ]
        super().__init__(
            f"{name}: {' and '.join(facts)}: run the checks again, "
            "or give the whole file if it was cut or joined by hand"
        )


class DuplicateResult(DocumentError):
    """One check of one backend is reported twice."""

    def __init__(self, name: str, backend: str, check: str) -> None:
        super().__init__(
            f"{name} reports {check} of {backend} twice: "
            "keep one run per file and give several files to `conformance report` to join them"
        )


class BackendTwice(DocumentError):
    """Two documents to be joined speak of the same backend."""

    def __init__(self, backend: str) -> None:
        super().__init__(
            f"two of the documents are about {backend}: give one document per backend, or compare them with a diff"
        )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
