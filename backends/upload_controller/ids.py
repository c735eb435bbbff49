"""What the ids in paths may be."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from fastapi import Path

# U+FFFD stands for bytes that are no UTF-8: different ids would become the same
ID = "^[^\\x00-\\x1f\\x7f\N{REPLACEMENT CHARACTER}]{1,255}$"
Id: TypeAlias = Annotated[str, Path(pattern=ID)]
