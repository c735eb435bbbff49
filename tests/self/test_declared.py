"""The project's own backends do exactly what is declared of them; a server that is not there is a failure."""

from __future__ import annotations

import pytest

from backends import BACKENDS
from backends.checking import EMBEDDED, check


@pytest.mark.parametrize("name", sorted({*EMBEDDED, *BACKENDS}))
def test_a_backend_is_what_is_declared_of_it(name, tmp_path):
    page = str(tmp_path / "page.html")
    assert check([name], "--quiet", "--report", page) == 0
