"""The program of a failure, run by itself: what it shows of the service that has the defect, and of one without."""

from __future__ import annotations

import subprocess
import sys

import pytest

from conformance.upload_controller.checks import checks
from conformance.upload_controller.running import run_check
from tests.upload_controller.planted import PLANTED
from tests.upload_controller.serving import serving


def shown(script, url):
    """Run a program and return the lines that it prints: a request and its answer each, and the end."""
    done = subprocess.run(
        [sys.executable, script, url], capture_output=True, text=True, timeout=120, check=False, env={"PATH": ""}
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def last_answer(lines):
    return lines[lines.index("") - 1].partition(" -> ")[2]


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [
        ("ComparesETagsOnly", "204", "400"),
        ("SecondWhileUploaded", "200", "409"),
        ("cancel_answers_accepted", "202", "204"),
        ("any_word_cancels", "204", "422"),
        ("NoLimit", "200", "400"),
        ("EventIsLost", "200 []", "200 [{"),
    ],
)
def test_the_program_shows_the_defect_and_its_absence(s3, tmp_path, name, wrong, right):
    planted = PLANTED[name]
    laws = [law for law in checks().values() if planted.trips[0] in {law.requirement, *law.also}]
    script = tmp_path / "failure.py"
    with serving(s3, planted) as place:
        results = (run_check(place, law, 0) for law in laws if law.missing(place.has) is None)
        failure = next(result.failure for result in results if result.state == "fail")
        script.write_text(failure.script, "utf-8")
        defective = shown(script, place.url)
    with serving(s3) as place:
        clean = shown(script, place.url)
    assert defective[-2:] == [f"expected: {failure.expected}", f"observed: {failure.observed}"]
    assert last_answer(defective).startswith(wrong)
    assert last_answer(clean).startswith(right)
