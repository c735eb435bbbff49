"""Every server does exactly what is declared of it; one that is not there is a failure."""

from __future__ import annotations

import pytest

from backends import BACKENDS, BUILT_BY_HAND, NotInstalled
from backends.checking import EMBEDDED, check

SLOWEST = ("ceph-rgw", "swift-s3", "swift", "rclone", "juicefs", "rclone-sftp")
"""They come first, so that no worker is left with one of them at the end."""


@pytest.mark.parametrize("name", sorted(set(BACKENDS) - set(EMBEDDED), key=lambda name: (name not in SLOWEST, name)))
def test_a_backend_is_what_is_declared_of_it(name, tmp_path):
    page = str(tmp_path / "page.html")
    try:
        assert check([name], "--quiet", "--report", page) == 0
    except NotInstalled as error:
        pytest.skip(f"{name} is left to whoever built it" if name in BUILT_BY_HAND else str(error))
