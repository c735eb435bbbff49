"""``conformance profile``: what it tells, that it never guesses, and that it sees what is not as declared."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

import conformance.engine.probes as package
from conformance.adapters.memory.service import Memory, MemoryService
from conformance.cli.profile_verb import table
from conformance.engine.backend import Backend
from conformance.engine.probes import Answer, characterise, probes
from conformance.engine.workspace import Workspaces
from conformance.requirements import requirements
from conformance.storage import ObjectNotExist, Storage
from tests.defects import DEFECTS
from tests.defects.base import wrap


def profile(open_store) -> dict[str, Answer]:
    """Characterise a store; afterwards nothing may be left of it."""
    spaces = Workspaces(Backend(name="store", open=open_store))
    store = spaces.open("/")
    rows = list(characterise(spaces, store.features(), store.metadata().restrictions, patience=15))
    assert [row.id for row in rows] == [probe.id for probe in probes()]
    return {row.id: row for row in rows}


def conformance(*arguments, expect=0, **more):
    done = subprocess.run(
        [sys.executable, "-m", "conformance.cli", "profile", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        **more,
    )
    assert done.returncode == expect, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize(("name", "code"), [("memory", 0), ("fs", 0), ("moto", 1)])
def test_the_embedded_backends_are_known_on_every_point_that_applies(name, code, tmp_path):
    told = json.loads(conformance(name, "--format", "json", expect=code, cwd=tmp_path).stdout)
    assert told["backend"] == name
    rows = told["points"]
    assert len(rows) == len(probes())
    assert [row for row in rows if row["state"] == "not-known"] == []
    assert all(row["control"] for row in rows if row["state"] == "known")
    against = {row["id"] for row in rows if row["contradicts"]}
    assert against == ({"objects.md5_checked", "uploads.order", "uploads.part_twice"} if name == "moto" else set())


def test_every_point_applies_to_the_reference():
    assert {row.state for row in profile(MemoryService().open).values()} == {"known"}


def test_a_directory_is_left_as_it_was_found(tmp_path):
    said = conformance(f"fs:{tmp_path}", "--format", "markdown").stdout
    assert said.startswith(f"# Profile of fs:{tmp_path}\n")
    assert "| Is `\\` a separator? | an ordinary character | backslash_separates = false | GSP-749, Path |" in said
    assert list(tmp_path.iterdir()) == []


def test_the_table_is_for_people(tmp_path):
    said = conformance("memory", cwd=tmp_path).stdout
    assert "what the store does" in said
    assert f"{len(probes())} points known, 0 not known, 0 not applicable" in said


def test_what_does_not_apply_is_one_line_of_the_table(tmp_path):
    short = conformance("fs", cwd=tmp_path).stdout
    assert "not applicable: it has no" not in short
    assert " not applicable (--all shows them)" in short
    assert "not applicable: it has no" in conformance("fs", "--all", cwd=tmp_path).stdout


def test_a_store_that_takes_longer_names_than_declared_is_told_of_it():
    data: dict[str, bytes] = {}

    class Long(Storage):
        def __init__(self, work_dir):
            self.work_dir = work_dir

        def features(self):
            return replace(super().features(), name_maximum=255)

        def write(self, path, r, size):
            data[self.work_dir + path] = r.read(size) if r else b""
            return size

        def read(self, path, w):
            if self.work_dir + path not in data:
                raise ObjectNotExist
            return w.write(data[self.work_dir + path])

    row = profile(Long)["paths.longest_name"]
    assert (row.answer, row.contradicts) == ("at least 2,048 bytes, more than declared", "")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nowhere",), "no backend is called 'nowhere'"),
        (("fs:/no/such/dir",), "there is no directory /no/such/dir"),
        (("fs:.",), "--allow-non-empty"),
        (("memory", "--format", "yaml"), "yaml"),
        ((), "BACKEND"),
    ],
)
def test_what_is_wrong_is_one_sentence(arguments, sentence, tmp_path):
    (tmp_path / "something").write_text("here")
    done = conformance(*arguments, expect=2, cwd=tmp_path)
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


WRONG = {
    "case_sensitive": (False, "paths.case"),
    "unicode_exact": (False, "paths.normalisation"),
    "backslash_separates": (True, "paths.backslash"),
    "absolute_paths": (False, "paths.absolute"),
    "name_maximum": (300, "paths.longest_name"),
    "path_maximum": (2000, "paths.longest_path"),
    "metadata_value_maximum": (100, "metadata.longest"),
    "directories": ("virtual", "directories.delete_without_hint"),
    "write_empty_object": (False, "objects.empty"),
    "etag": (False, "objects.etag"),
    "segments": ("offset", "segments.kind"),
    "part_etags": (False, "uploads.wrong_etag"),
    "part_order_free": (False, "uploads.order"),
    "part_gaps": (False, "uploads.gaps"),
    "part_minimum_enforced": (False, "uploads.below_minimum"),
}


@pytest.mark.parametrize("field", WRONG)
def test_a_wrong_declaration_is_told_in_its_row(field):
    value, point = WRONG[field]
    service = MemoryService()

    class Wrong(Memory):
        def features(self):
            return replace(super().features(), **{field: value})

    row = profile(lambda work_dir: Wrong(service, work_dir))[point]
    assert row.contradicts.startswith(f"it declares {field} = "), row


def test_what_a_requirement_forbids_is_told_with_its_id():
    class Bad(Memory):
        def delete(self, path, *, object_mode=None, multipart_id=None):
            for o in list(self.list(path)) if path and object_mode else ():
                super().delete(o.path)
            super().delete(path, object_mode=object_mode, multipart_id=multipart_id)

        def copy(self, src, dst):
            if src == dst:
                self.write(src, None, 0)
            else:
                super().copy(src, dst)

        def read(self, path, w, *, offset=None, size=None):
            return super().read(path, w, offset=offset, size=size or None)

    service = MemoryService()
    rows = profile(lambda work_dir: Bad(service, work_dir))
    told = {row.id: row.contradicts for row in rows.values() if row.contradicts}
    assert told["directories.delete_non_empty"] == "delete.keeps_children asks otherwise"
    assert told["objects.copy_self"] == "copy.self asks otherwise"
    assert told["reading.size_zero"] == "read.size_zero asks otherwise"


def test_a_store_in_which_nothing_can_be_seen_is_not_known():
    class Blind(Memory):
        def read(self, path, w, *, offset=None, size=None):
            return 0

    service = MemoryService()
    rows = profile(lambda work_dir: Blind(service, work_dir))
    for row in rows.values():
        if "read.offset" in next(probe for probe in probes() if probe.id == row.id).needs or row.id.startswith(
            "paths."
        ):
            assert row.state == "not-known", row
            assert row.answer.startswith("not known: ")
            assert row.contradicts == ""


def test_a_store_that_only_reads_and_writes_is_told_of_what_it_has():
    data: dict[str, bytes] = {}

    class Flat(Storage):
        def __init__(self, work_dir):
            self.work_dir = work_dir

        def write(self, path, r, size):
            data[self.work_dir + path] = r.read(size) if r else b""
            return size

        def read(self, path, w):
            if self.work_dir + path not in data:
                raise ObjectNotExist
            return w.write(data[self.work_dir + path])

    rows = profile(Flat)
    assert {row.state for row in rows.values()} == {"known", "not-applicable"}
    assert rows["paths.case"].answer == "two names"
    assert rows["objects.etag"].answer == "not applicable: it has no stat"


def test_a_store_that_does_not_answer_is_left_alone_after_three_calls():
    class Hanging(Memory):
        def stat(self, path, *, object_mode=None):
            Event().wait(60)

    service = MemoryService()
    spaces = Workspaces(Backend(name="store", open=lambda work_dir: Hanging(service, work_dir)))
    features = Memory(service, "/").features()
    rows = list(characterise(spaces, features, Memory(service, "/").metadata().restrictions, patience=0.2))
    assert rows[0].state == "known"
    assert rows[-1].answer == "not known: 3 calls before gave no answer"


ON_MEMORY = [planted for planted in DEFECTS.values() if "memory" in planted.on]


@pytest.mark.parametrize("planted", ON_MEMORY[::12], ids=lambda planted: planted.name)
def test_a_defective_store_is_characterised_without_a_guess(planted):
    for row in profile(wrap(MemoryService().open, planted)).values():
        assert row.state != "known" or row.control


def test_the_requirements_that_probes_name_exist():
    named: set[str] = set()
    for file in Path(package.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"by_requirement", "_ranged", "_accepts"}:
                words = [each.value for each in node.args if isinstance(each, ast.Constant)]
                named |= {word for word in words if isinstance(word, str) and re.fullmatch(r"[a-z_]+\.[a-z_]+", word)}
    assert len(named) > 20
    assert named - set(requirements()) == set()


def test_the_table_tells_on_a_line_of_its_own_what_is_not_as_declared(capsys):
    service = MemoryService()

    class Wrong(Memory):
        def features(self):
            return replace(super().features(), etag=False)

    rows = [row for row in profile(lambda work_dir: Wrong(service, work_dir)).values() if row.contradicts]
    assert len(rows) == 1
    table("store", "", rows, whole=False)
    printed = capsys.readouterr().out
    assert "\\n" not in printed
    assert re.search("│ +│ but it declares etag = false +│", printed), printed
    assert "1 point known" in printed
    assert "1 answer is not what the backend declares" in printed
