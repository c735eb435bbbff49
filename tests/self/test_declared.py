"""The embedded backends do exactly what is declared of them."""

from __future__ import annotations

import pytest

from backends.checking import EMBEDDED, check


@pytest.mark.parametrize("name", EMBEDDED)
def test_a_backend_is_what_is_declared_of_it(name, tmp_path):
    page = str(tmp_path / "page.html")
    assert check([name], "--quiet", "--report", page) == 0
