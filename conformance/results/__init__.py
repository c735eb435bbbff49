"""The result document: what a run wrote down, and everything that can be made of it without running anything."""

from conformance.results.cover import cover
from conformance.results.diff import Change, Diff, diff
from conformance.results.document import (
    FORMAT,
    BackendEntry,
    Declared,
    Document,
    Failure,
    Footer,
    Header,
    Planned,
    RequirementText,
    Result,
    Run,
    State,
    TraceStep,
)
from conformance.results.errors import (
    BackendTwice,
    DocumentError,
    DuplicateResult,
    MissingFooter,
    NotAResultFile,
    PlanNotCovered,
    UnknownFormat,
)
from conformance.results.merge import merge
from conformance.results.reader import loads, read
from conformance.results.writer import Writer, dumps, schema

__all__ = [
    "FORMAT",
    "BackendEntry",
    "BackendTwice",
    "Change",
    "Declared",
    "Diff",
    "Document",
    "DocumentError",
    "DuplicateResult",
    "Failure",
    "Footer",
    "Header",
    "MissingFooter",
    "NotAResultFile",
    "PlanNotCovered",
    "Planned",
    "RequirementText",
    "Result",
    "Run",
    "State",
    "TraceStep",
    "UnknownFormat",
    "Writer",
    "cover",
    "diff",
    "dumps",
    "loads",
    "merge",
    "read",
    "schema",
]
