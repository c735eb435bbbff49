"""A backend in any language: a program that answers the line protocol of ``docs/harness-protocol.md``."""
