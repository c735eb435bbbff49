"""The page about the service and the service say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backends.upload_controller import errors
from backends.upload_controller.__main__ import _parser
from backends.upload_controller.states import UploadStatus

PAGE = (Path(__file__).parents[2] / "docs" / "upload-controller-service.md").read_text()
OF_THE_FRAMEWORK = {("400", "badRequest"), ("404", "notFound"), ("405", "methodNotAllowed"), ("422", "validationError")}


def test_every_error_is_on_the_page():
    rows = re.findall(r"^\| (\d{3}) \| (`.*)", PAGE, re.MULTILINE)
    told = {(code, id) for code, row in rows for id in re.findall(r"`(\w+)`", row.split("|")[0])}
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.Refusal)]
    raised = {(str(kind.code), kind.id) for kind in kinds if hasattr(kind, "id")}
    assert told == raised | OF_THE_FRAMEWORK


def test_every_option_of_the_table_is_as_told():
    parser = _parser()
    rows = re.findall(r"^\| `(--[\w-]+)` \| (\S*) ?\|", PAGE, re.MULTILINE)
    assert len(rows) == 7
    for option, default in rows:
        assert default in {"", str(parser.get_default(option.removeprefix("--").replace("-", "_"))).removesuffix(".0")}
        assert option in parser.format_help()


def test_every_request_is_on_the_page(fresh):
    document = fresh[0].http.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        shown = path.replace("/{verdict}", "/accept")
        for method in methods:
            assert re.search(rf"`{method.upper()} {re.escape(shown)}[`?]", PAGE), (method, path)


@pytest.mark.parametrize("status", UploadStatus)
def test_every_state_is_on_the_page(status):
    assert f"`{status}`" in PAGE.partition("## States")[2].partition("## How it reads")[0]
