"""Themes of programs: which actions come how often, and what they need."""

from __future__ import annotations

from typing import Literal

Theme = Literal["namespace", "uploads", "second client", "many keys", "growing"]

GROWING = ("append", "blocks", "pages", "segments")
"""Actions that make an object piece by piece in other ways than multipart uploads."""

CORE = frozenset({"write", "delete", "copy", "move", "begin", "part", "copied_part", "complete"})
"""Actions that no program does without."""

STEPS: dict[Theme, int] = {"namespace": 21, "uploads": 21, "second client": 26, "many keys": 14, "growing": 22}
"""About how many calls a program has before its sweep, and before its many keys are written."""

WEIGHTS: dict[Theme, dict[str, int]] = {
    "namespace": {
        "write": 6, "read": 2, "stat": 1, "list": 2, "delete": 3, "copy": 3, "move": 3, "make_directory": 2,
        "delete_directory": 1, "link": 1, "whole_upload": 1, "begin": 1, "part": 1, "complete": 1, "append": 1,
        "blocks": 1, "pages": 1, "segments": 1, "delete_together": 1, "only_where_none_is": 2, "only_this_version": 2,
        "look_conditionally": 1, "reader": 1,
    },
    "uploads": {
        "write": 2, "read": 1, "stat": 1, "list": 1, "delete": 1, "copy": 1, "move": 1, "begin": 3, "part": 6,
        "copied_part": 3, "complete": 3, "abort": 2, "list_parts": 2, "list_uploads": 2, "resume": 1, "whole_upload": 3,
        "late": 1, "segments": 2,
    },
    "second client": {
        "write": 6, "read": 3, "stat": 3, "list": 3, "delete": 4, "copy": 2, "move": 2, "make_directory": 1,
        "whole_upload": 1, "begin": 2, "part": 3, "complete": 2, "abort": 1, "list_parts": 1, "list_uploads": 1,
        "resume": 2, "append": 1, "blocks": 1, "segments": 1, "only_this_version": 2, "reader": 2,
    },
    "many keys": {"write": 4, "read": 2, "stat": 1, "list": 4, "delete": 2, "copy": 2, "move": 1, "delete_together": 2},
    "growing": {
        "append": 4, "blocks": 4, "pages": 4, "segments": 3, "write": 1, "read": 2, "stat": 1, "list": 1, "delete": 2,
        "copy": 1, "move": 1,
    },
}  # fmt: skip
"""How often each action comes, by theme; an action without its operations is left out."""

NEEDS: dict[str, tuple[str, ...]] = {
    "write": ("write",),
    "read": ("read",),
    "stat": ("stat",),
    "list": ("list",),
    "delete": ("delete",),
    "copy": ("copy",),
    "move": ("move",),
    "make_directory": ("create_dir",),
    "delete_directory": ("create_dir", "delete"),
    "link": ("create_link",),
    "whole_upload": ("create_multipart", "write_multipart", "complete_multipart"),
    "begin": ("create_multipart", "write_multipart"),
    "part": ("create_multipart", "write_multipart"),
    "complete": ("create_multipart", "write_multipart", "complete_multipart"),
    "late": ("create_multipart", "write_multipart", "complete_multipart"),
    "abort": ("create_multipart", "delete"),
    "list_parts": ("create_multipart", "list_multipart"),
    "list_uploads": ("create_multipart", "list"),
    "resume": ("create_multipart", "write_multipart"),
    "append": ("create_append", "write_append", "commit_append"),
    "blocks": ("create_block", "write_block", "combine_block"),
    "pages": ("create_page", "write_page"),
    "segments": ("init_segment", "write_segment", "complete_segment"),
    "copied_part": ("create_multipart", "write_multipart", "copy_multipart"),
    "delete_together": ("delete_many",),
    "only_where_none_is": ("write",),
    "only_this_version": ("write", "stat"),
    "look_conditionally": ("stat",),
    "reader": ("read_only", "write", "read"),
}
"""What each action needs."""
