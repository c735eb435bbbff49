"""Writes a result document line by line, so that whatever happens later, what was found is on the disk."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from conformance.results.document import Document, Footer, Header, Result


class Writer:
    """Appends a run to a file: the header at once, each result as it comes, the footer at the end.

    Every line is flushed, so a crash loses at most the line that was being written, and a reader sees from the missing
    footer that the run did not end. Used as a context manager it closes the file and adds no footer by itself.
    """

    def __init__(self, path: str | Path, header: Header) -> None:
        """Start the document, replacing what was in the file.

        Raises:
            OSError: the file cannot be written.

        """
        self.path = Path(path)
        self.header = header
        self._file: TextIO = self.path.open("w", encoding="utf-8", newline="\n")
        self._line(header.to_json())

    def add(self, result: Result) -> None:
        """Write one result."""
        self._line(result.to_json())

    def finish(self, footer: Footer) -> None:
        """Write the footer and close the file."""
        self._line(footer.to_json())
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _line(self, record: dict[str, Any]) -> None:
        self._file.write(_text(record))
        self._file.flush()


def dumps(document: Document) -> str:
    """Return a document as the text that :class:`Writer` writes; the same document gives the same text."""
    records = [document.header, *document.results, document.footer]
    return "".join(_text(record.to_json()) for record in records)


@cache
def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) that every line of a document satisfies."""
    return json.loads(files("conformance.results").joinpath("schema.json").read_text("utf-8"))


def _text(record: dict[str, Any]) -> str:
    # ASCII only: a lone surrogate in a hostile name survives as its escape and comes back as it was.
    return json.dumps(record, ensure_ascii=True, allow_nan=False, separators=(",", ":")) + "\n"
