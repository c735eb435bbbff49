"""A realistic document: four backends, failures, deviations, errors, blocked checks and hostile names."""

from __future__ import annotations

from dataclasses import replace

from conformance.declaration import Declarations, loads
from conformance.results import (
    BackendEntry,
    Document,
    Failure,
    Footer,
    Header,
    Planned,
    RequirementText,
    Result,
    TraceStep,
    cover,
)

HOSTILE = "a<script>alert(1)</script>\x00\u202egpj.exe\ud800&\"'`</textarea>-->"

SUBJECTS = {
    "delete": ["removes", "idempotent", "missing", "only_one", "keeps_children", "directory"],
    "write": ["stores", "any_reader", "short_reader", "failure_leaves_nothing", "failure_keeps_old", "size_maximum"],
    "overwrite": ["write_exists", "copy_exists", "move_exists", "write_onto_directory"],
    "multipart": [
        "create",
        "write",
        "complete",
        "complete_parts_verbatim",
        "complete_wrong_etag",
        "hidden_until_complete",
        "abort_idempotent",
    ],
    "object_mode": ["write_multipart", "write_multipart_first", "complete_multipart"],
    "append": ["create", "write", "commit"],
    "read": ["whole", "range", "missing"],
    "list": ["direct_children", "prefix", "complete"],
}
LEVELS = ["spec-must", "spec-should", "spec-docs", "derived"]
QUOTES = {
    "delete.idempotent": "`Delete` SHOULD NOT return `ObjectNotExist` error: deleting it again gives success.",
    "multipart.complete": "Parts are combined into an object at the path of the upload.",
}

SCRIPT = '''\
"""delete.idempotent does not hold on fs.

Run with:  python counterexample.py
"""

from io import BytesIO

from mybackend import open_store

store = open_store("/counterexample/")
store.write("a", BytesIO(b""), 0)
store.delete("a")
store.delete("a")  # observed: ObjectNotExist; expected: success
'''

CALLS = (
    {
        "op": "write",
        "args": ["it's '''a'''", {"source": {"content": {"literal": ""}, "kind": "plain", "at": 0}}, 0],
        "pairs": {},
        "client": 0,
    },
    {"op": "delete", "args": ["it's '''a'''"], "pairs": {}, "client": 0},
    {"op": "delete", "args": ["it's '''a'''"], "pairs": {}, "client": 1},
)


def failure(
    requirement: str = "delete.idempotent", *, signature: str = "", name: str = "a", **changes: object
) -> Failure:
    found = Failure(
        requirement=requirement,
        what=f"deleting {name!r} again",
        expected="success",
        observed=f"ObjectNotExist: delete: {name}: ObjectNotExist",
        signature=signature or f"{requirement}: delete raised ObjectNotExist",
        reproduced="3 of 3",
        arguments={"path": repr(name), "content": "Content(0, 0)", "times": "2"},
        steps=(
            TraceStep(
                n=0,
                client=0,
                op="write",
                arguments=f"{name!r}, Source(Content(0, 0)), 0",
                outcome="0",
                seconds=0.000412,
            ),
            TraceStep(n=1, client=0, op="delete", arguments=repr(name), outcome="None", seconds=0.0002),
            TraceStep(
                n=2,
                client=1,
                op="delete",
                arguments=repr(name),
                outcome=f"ObjectNotExist: delete: {name}: ObjectNotExist",
                expected="success",
                seconds=0.00031,
                diverges=True,
            ),
        ),
        calls=CALLS,
        script=SCRIPT,
        replay="conformance replay results.jsonl#fs/delete.again",
    )
    return replace(found, **changes)


def requirements() -> dict[str, RequirementText]:
    found = {}
    for s, (subject, names) in enumerate(SUBJECTS.items()):
        for n, name in enumerate(names):
            found[f"{subject}.{name}"] = RequirementText(
                subject=subject,
                level=LEVELS[(s + n) % 4],
                statement=f"{subject.title()} keeps its word on {name.replace('_', ' ')}, whatever was there before.",
                source="GSP-46, Proposal" if subject == "delete" else "GSP-134, Specification",
                quote=QUOTES.get(f"{subject}.{name}", ""),
            )
    return found


def planned(backend: str, requirement: str, **changes: object) -> Planned:
    entry = Planned(backend=backend, check=f"{requirement}_holds", requirement=requirement)
    return replace(entry, **changes)


def passed(entry: Planned, **changes: object) -> Result:
    result = Result(
        backend=entry.backend,
        check=entry.check,
        requirement=entry.requirement,
        state="pass",
        calls=24,
        examples=8,
        seconds=0.0312,
        operations={"write": 8, "read": 6, "stat": 6, "delete": 4},
    )
    return replace(result, **changes)


def failed(entry: Planned, found: Failure, **changes: object) -> Result:
    return replace(passed(entry, state="fail", calls=61, examples=3, failure=found), **changes)


FEATURES = {"operations": ["copy", "delete", "list", "read", "stat", "write"], "directories": "native", "etag": False}


def document() -> Document:
    texts = requirements()
    backends = (
        BackendEntry(name="memory", spec="memory:", version="0.1.0", features={**FEATURES, "directories": "none"}),
        BackendEntry(
            name="fs", spec="fs:/srv/data", version="ext4, Linux 6.12", features=FEATURES, limits={"size_maximum": None}
        ),
        BackendEntry(
            name="s3-moto",
            spec="s3://bucket/prefix?endpoint=http://127.0.0.1:9000",
            version="moto 5.2.5",
            features={**FEATURES, "operations": [*FEATURES["operations"], "write_multipart", "complete_multipart"]},
            limits={"multipart_size_minimum": 5242880},
            notes=("endpoint answers as <b>moto</b>",),
        ),
        BackendEntry(name="broken<&>", spec="pkg.module:open_store", version="", features=FEATURES),
    )
    plan: list[Planned] = []
    for backend in backends:
        for requirement, text in texts.items():
            if requirement == "list.complete":
                continue
            applies = text.subject != "append" and (
                backend.name == "s3-moto" or text.subject not in ("multipart", "object_mode")
            )
            why = (
                None
                if applies
                else "the backend does not implement "
                + ("create_append" if text.subject == "append" else "create_multipart")
            )
            plan.append(planned(backend.name, requirement, applies=applies, reason=why))
    by_key = {entry.key: entry for entry in plan}

    def entry(backend: str, requirement: str) -> Planned:
        return by_key[backend, f"{requirement}_holds"]

    results = {e.key: passed(e) for e in plan if e.applies}

    def put(result: Result) -> None:
        results[result.key] = result

    put(failed(entry("fs", "delete.idempotent"), failure(name="it's '''a'''")))
    put(failed(entry("fs", "write.short_reader"), failure("write.short_reader", name="b/c", reproduced="2 of 3")))
    put(failed(entry("s3-moto", "multipart.complete_wrong_etag"), failure("multipart.complete_wrong_etag")))
    put(failed(entry("s3-moto", "multipart.complete_parts_verbatim"), failure("multipart.complete")))
    put(failed(entry("s3-moto", "multipart.complete"), failure("multipart.complete")))
    put(failed(entry("s3-moto", "overwrite.copy_exists"), failure("overwrite.copy_exists", signature="another way")))
    put(failed(entry("broken<&>", "delete.only_one"), failure("delete.only_one", name=HOSTILE)))
    put(failed(entry("broken<&>", "write.any_reader"), failure("write.stores", name=HOSTILE * 4)))
    put(passed(entry("broken<&>", "read.range"), state="error", reason="TypeError: unexpected <None> in the opener"))
    del results[entry("broken<&>", "list.prefix").key]
    return Document(
        header=Header(
            kit="0.1.0",
            started="2026-03-01T10:00:00+00:00",
            command=(
                "conformance",
                "check",
                "memory:",
                "fs:/srv/data",
                "s3://bucket/prefix?endpoint=http://127.0.0.1:9000",
            ),
            python="3.11.9",
            platform="Linux-6.12-x86_64",
            profile="standard",
            seed=20260301,
            requirements=texts,
            backends=backends,
            plan=tuple(plan),
        ),
        results=cover(plan, results.values()),
        footer=Footer(
            finished="2026-03-01T10:00:41+00:00",
            seconds=41.25,
            calls=sum(result.calls for result in results.values()),
            leaks={"fs": ("/r1a2b/7/left<over>",)},
        ),
    )


DEVIATIONS = """\
# What we know about.

[[deviation]]
backend = "fs"
requirement = "delete.idempotent"
reason = "the driver passes the error of remove(2) on"   # by hand
issue = "https://example.org/issues/7"
signature = "delete.idempotent: delete raised ObjectNotExist"
first_seen = 2026-01-10

[[deviation]]
backend = "fs"
requirement = "read.whole"
reason = "used to be slow <b>and</b> wrong"
untracked = true

[[deviation]]
backend = "s3-moto"
requirement = "multipart.complete"
reason = "moto joins parts in the order given"
issue = "https://example.org/issues/9"
signature = "multipart.complete: delete raised ObjectNotExist"

[[deviation]]
backend = "s3-moto"
requirement = "overwrite.copy_exists"
reason = "copy onto itself is refused"
untracked = true
signature = "one way"
expires = 2027-01-01
"""


def declarations() -> Declarations:
    return loads(DEVIATIONS, known=requirements())
