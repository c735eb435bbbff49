"""The command line: ``conformance check``, and the verbs around it. One module per verb."""

from __future__ import annotations


def main() -> None:
    """Run the command line; what it imports waits, so that the children of a run start quickly."""
    from conformance.cli.group import group

    group(prog_name="conformance")


__all__ = ["main"]
