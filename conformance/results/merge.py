"""Joins the documents of several backends, made by several jobs, into one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from conformance.results.document import Document, Footer, Header, RequirementText, Run
from conformance.results.errors import BackendTwice

PROFILES = ("smoke", "standard", "deep")


def merge(documents: Sequence[Document]) -> Document:
    """Return one document about all backends of the given ones, in the order given.

    The header keeps where each part came from as ``runs`` and names the smallest of the profiles; seconds and calls
    are added up; a run that was interrupted makes the whole interrupted.

    Raises:
        BackendTwice: two documents are about the same backend.
        ValueError: no document was given.

    """
    if not documents:
        raise ValueError("there is no document to join: give at least one")
    if len(documents) == 1:
        return documents[0]
    seen: set[str] = set()
    for document in documents:
        for backend in document.header.backends:
            if backend.name in seen:
                raise BackendTwice(backend.name)
            seen.add(backend.name)
    headers = [document.header for document in documents]
    texts: dict[str, RequirementText] = {}
    for header in headers:
        texts = {**header.requirements, **texts}
    return Document(
        header=replace(
            headers[0],
            started=min(header.started for header in headers),
            profile=min((header.profile for header in headers), key=_size),
            requirements=texts,
            backends=tuple(backend for header in headers for backend in header.backends),
            plan=tuple(entry for header in headers for entry in header.plan),
            partial={name: found for header in headers for name, found in header.partial.items()},
            runs=tuple(run for document in documents for run in _runs(document)),
        ),
        results=tuple(result for document in documents for result in document.results),
        footer=Footer(
            finished=max(document.footer.finished for document in documents),
            seconds=sum(document.footer.seconds for document in documents),
            calls=sum(document.footer.calls for document in documents),
            leaks={name: paths for document in documents for name, paths in document.footer.leaks.items()},
            declared=tuple(dict.fromkeys(entry for document in documents for entry in document.footer.declared)),
            interrupted=any(document.footer.interrupted for document in documents),
        ),
    )


def _size(profile: str) -> int:
    return PROFILES.index(profile) if profile in PROFILES else -1


def _runs(document: Document) -> tuple[Run, ...]:
    header: Header = document.header
    return header.runs or (
        Run(
            backends=tuple(backend.name for backend in header.backends),
            kit=header.kit,
            started=header.started,
            command=header.command,
            python=header.python,
            platform=header.platform,
            profile=header.profile,
            seed=header.seed,
            seconds=document.footer.seconds,
        ),
    )
