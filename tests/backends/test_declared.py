"""Every server does exactly what is declared of it; one that is not there is a failure."""

from __future__ import annotations

import pytest

from backends import BACKENDS
from backends.checking import EMBEDDED, check


@pytest.mark.parametrize("name", sorted(set(BACKENDS) - set(EMBEDDED)))
def test_a_backend_is_what_is_declared_of_it(name, tmp_path):
    page = str(tmp_path / "page.html")
    assert check([name], "--quiet", "--report", page) == 0
