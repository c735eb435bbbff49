"""A pytest plugin: of what was collected, run the tests that are listed in the file ``$ONLY_THESE``."""

import os
from pathlib import Path


def pytest_collection_modifyitems(items):
    """Keep the tests by the names that pytest gives them in its JUnit report."""
    listed = set(Path(os.environ["ONLY_THESE"]).read_text("utf-8").split("\n"))
    items[:] = [item for item in items if reported(item.nodeid) in listed]


def reported(nodeid):
    """Return a node id as ``classname::name`` of the report."""
    path, _, rest = nodeid.partition("::")
    *classes, name = _split(rest)
    module = path.removesuffix(".py").replace("/", ".")
    return ".".join([module, *classes]) + "::" + name


def _split(rest):
    head, bracket, arguments = rest.partition("[")
    *classes, name = head.split("::")
    return [*classes, name + bracket + arguments]
