"""In CI a test that is skipped because something is not installed is a failure: the run would be green without it."""

from __future__ import annotations

import os

import pytest

LACKING = ("no chromium", "need playwright", "need axe", "is not installed", "could not import")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if os.environ.get("CI") and report.skipped and isinstance(report.longrepr, tuple):
        reason = str(report.longrepr[2])
        if any(word in reason.lower() for word in LACKING):
            report.outcome = "failed"
            report.longrepr = f"skipped in CI, which makes it a failure: {reason}"


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector):
    outcome = yield
    report = outcome.get_result()
    if os.environ.get("CI") and report.outcome == "skipped" and isinstance(report.longrepr, tuple):
        report.outcome = "failed"
        report.longrepr = f"a whole file was skipped in CI, which makes it a failure: {report.longrepr[2]}"
