"""The check of the mode that every operation which takes an object begins with (AOS-61).

An object without the mode is refused with ObjectModeInvalid that tells the modes expected and actual (AOS-47), before
the reader is touched and without any effect; an object that carries the mode is accepted, whatever else it carries
(AOS-25). Usually the most telling masks are tried; at the profile `deep` all 128.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.engine.laws import verifies
from conformance.engine.mode_probes import (
    ALL,
    CombineBlock,
    CommitAppend,
    CompleteMultipart,
    CopyMultipart,
    ListBlock,
    ListMultipart,
    WriteAppend,
    WriteBlock,
    WriteMultipart,
    WritePage,
    beside,
    telling,
    without,
)
from conformance.storage import ObjectMode

if TYPE_CHECKING:
    from conformance.engine.recorder import Recorder


# write_append


@verifies("object_mode.write_append", "object_mode.write_append_first", needs=("commit_append", "read"))
def test_write_append_refuses_objects_of_other_modes(store: Recorder) -> None:
    """First of all an object without append is refused, whatever else it carries: nothing is read, nothing changed."""
    WriteAppend().refuses(store, telling(ObjectMode.APPEND))


@verifies("object_mode.write_append", "object_mode.write_append_first", needs=("commit_append", "read"), weight=0)
def test_write_append_refuses_every_mask_without_append(store: Recorder) -> None:
    """Refused is each of the 64 masks without append."""
    WriteAppend().refuses(store, without(ObjectMode.APPEND))


@verifies("object_mode.write_append_superset", needs=("commit_append", "read"))
def test_write_append_accepts_more_modes(store: Recorder) -> None:
    """Accepted is an object that carries append and all other modes."""
    WriteAppend().accepts(store, (ALL,))


@verifies("object_mode.write_append_superset", needs=("commit_append", "read"), weight=0)
def test_write_append_accepts_every_mask_with_append(store: Recorder) -> None:
    """Accepted is each of the 63 masks that hold append and something else."""
    WriteAppend().accepts(store, beside(ObjectMode.APPEND))


# commit_append


@verifies("object_mode.commit_append", "object_mode.commit_append_first", needs=("write_append", "read"))
def test_commit_append_refuses_objects_of_other_modes(store: Recorder) -> None:
    """First of all an object without append is refused, whatever else it carries: nothing is changed."""
    CommitAppend().refuses(store, telling(ObjectMode.APPEND))


@verifies("object_mode.commit_append", "object_mode.commit_append_first", needs=("write_append", "read"), weight=0)
def test_commit_append_refuses_every_mask_without_append(store: Recorder) -> None:
    """Refused is each of the 64 masks without append."""
    CommitAppend().refuses(store, without(ObjectMode.APPEND))


@verifies("object_mode.commit_append_superset", needs=("write_append", "read"))
def test_commit_append_accepts_more_modes(store: Recorder) -> None:
    """Accepted is an object that carries append and all other modes."""
    CommitAppend().accepts(store, (ALL,))


@verifies("object_mode.commit_append_superset", needs=("write_append", "read"), weight=0)
def test_commit_append_accepts_every_mask_with_append(store: Recorder) -> None:
    """Accepted is each of the 63 masks that hold append and something else."""
    CommitAppend().accepts(store, beside(ObjectMode.APPEND))


# write_multipart


@verifies("object_mode.write_multipart", "object_mode.write_multipart_first", needs=("list_multipart",))
def test_write_multipart_refuses_objects_of_other_modes(store: Recorder) -> None:
    """First of all an object without part is refused, whatever else it carries: nothing is read, nothing changed."""
    WriteMultipart().refuses(store, telling(ObjectMode.PART))


@verifies("object_mode.write_multipart", "object_mode.write_multipart_first", needs=("list_multipart",), weight=0)
def test_write_multipart_refuses_every_mask_without_part(store: Recorder) -> None:
    """Refused is each of the 64 masks without part."""
    WriteMultipart().refuses(store, without(ObjectMode.PART))


@verifies("object_mode.write_multipart_superset", needs=("list_multipart",))
def test_write_multipart_accepts_more_modes(store: Recorder) -> None:
    """Accepted is an object that carries part and all other modes."""
    WriteMultipart().accepts(store, (ALL,))


@verifies("object_mode.write_multipart_superset", needs=("list_multipart",), weight=0)
def test_write_multipart_accepts_every_mask_with_part(store: Recorder) -> None:
    """Accepted is each of the 63 masks that hold part and something else."""
    WriteMultipart().accepts(store, beside(ObjectMode.PART))


# copy_multipart


@verifies(
    "object_mode.copy_multipart",
    "object_mode.copy_multipart_first",
    needs=("write_multipart", "list_multipart", "read"),
)
def test_copy_multipart_refuses_objects_of_other_modes(store: Recorder) -> None:
    """First of all an object without part is refused, whatever else it carries: nothing is changed."""
    CopyMultipart().refuses(store, telling(ObjectMode.PART))


@verifies(
    "object_mode.copy_multipart",
    "object_mode.copy_multipart_first",
    needs=("write_multipart", "list_multipart", "read"),
    weight=0,
)
def test_copy_multipart_refuses_every_mask_without_part(store: Recorder) -> None:
    """Refused is each of the 64 masks without part."""
    CopyMultipart().refuses(store, without(ObjectMode.PART))


@verifies("object_mode.copy_multipart_superset", needs=("write_multipart", "list_multipart"))
def test_copy_multipart_accepts_more_modes(store: Recorder) -> None:
    """Accepted is an object that carries part and all other modes."""
    CopyMultipart().accepts(store, (ALL,))


# complete_multipart


@verifies(
    "object_mode.complete_multipart",
    "object_mode.complete_multipart_first",
    needs=("write_multipart", "list_multipart", "read"),
)
def test_complete_multipart_refuses_objects_of_other_modes(store: Recorder) -> None:
    """First of all an object without part is refused, whatever else it carries: nothing is changed."""
    CompleteMultipart().refuses(store, telling(ObjectMode.PART))


@verifies(
    "object_mode.complete_multipart",
    "object_mode.complete_multipart_first",
    needs=("write_multipart", "list_multipart", "read"),
    weight=0,
)
def test_complete_multipart_refuses_every_mask_without_part(store: Recorder) -> None:
    """Refused is each of the 64 masks without part."""
    CompleteMultipart().refuses(store, without(ObjectMode.PART))


@verifies("object_mode.complete_multipart_superset", needs=("write_multipart", "list_multipart", "read"))
def test_complete_multipart_accepts_more_modes(store: Recorder) -> None:
    """Accepted is an object that carries part and all other modes."""
    CompleteMultipart().accepts(store, (ALL,))


@verifies("object_mode.complete_multipart_superset", needs=("write_multipart", "list_multipart", "read"), weight=0)
def test_complete_multipart_accepts_every_mask_with_part(store: Recorder) -> None:
    """Accepted is each of the 63 masks that hold part and something else."""
    CompleteMultipart().accepts(store, beside(ObjectMode.PART))


# list_multipart


@verifies("object_mode.list_multipart", "object_mode.list_multipart_first", needs=("write_multipart",))
def test_list_multipart_refuses_objects_of_other_modes(store: Recorder) -> None:
    """First of all an object without part is refused, whatever else it carries: nothing is changed."""
    ListMultipart().refuses(store, telling(ObjectMode.PART))


@verifies("object_mode.list_multipart", "object_mode.list_multipart_first", needs=("write_multipart",), weight=0)
def test_list_multipart_refuses_every_mask_without_part(store: Recorder) -> None:
    """Refused is each of the 64 masks without part."""
    ListMultipart().refuses(store, without(ObjectMode.PART))


@verifies("object_mode.list_multipart_superset", needs=("write_multipart",))
def test_list_multipart_accepts_more_modes(store: Recorder) -> None:
    """Accepted is an object that carries part and all other modes."""
    ListMultipart().accepts(store, (ALL,))


@verifies("object_mode.list_multipart_superset", needs=("write_multipart",), weight=0)
def test_list_multipart_accepts_every_mask_with_part(store: Recorder) -> None:
    """Accepted is each of the 63 masks that hold part and something else."""
    ListMultipart().accepts(store, beside(ObjectMode.PART))


# write_block


@verifies("object_mode.write_block", "object_mode.write_block_first", needs=("list_block",))
def test_write_block_refuses_objects_of_other_modes(store: Recorder) -> None:
    """First of all an object without block is refused, whatever else it carries: nothing is read, nothing changed."""
    WriteBlock().refuses(store, telling(ObjectMode.BLOCK))


@verifies("object_mode.write_block", "object_mode.write_block_first", needs=("list_block",), weight=0)
def test_write_block_refuses_every_mask_without_block(store: Recorder) -> None:
    """Refused is each of the 64 masks without block."""
    WriteBlock().refuses(store, without(ObjectMode.BLOCK))


@verifies("object_mode.write_block_superset", needs=("list_block",))
def test_write_block_accepts_more_modes(store: Recorder) -> None:
    """Accepted is an object that carries block and all other modes."""
    WriteBlock().accepts(store, (ALL,))


@verifies("object_mode.write_block_superset", needs=("list_block",), weight=0)
def test_write_block_accepts_every_mask_with_block(store: Recorder) -> None:
    """Accepted is each of the 63 masks that hold block and something else."""
    WriteBlock().accepts(store, beside(ObjectMode.BLOCK))


# combine_block


@verifies("object_mode.combine_block", "object_mode.combine_block_first", needs=("write_block", "list_block", "read"))
def test_combine_block_refuses_objects_of_other_modes(store: Recorder) -> None:
    """First of all an object without block is refused, whatever else it carries: nothing is changed."""
    CombineBlock().refuses(store, telling(ObjectMode.BLOCK))


@verifies(
    "object_mode.combine_block",
    "object_mode.combine_block_first",
    needs=("write_block", "list_block", "read"),
    weight=0,
)
def test_combine_block_refuses_every_mask_without_block(store: Recorder) -> None:
    """Refused is each of the 64 masks without block."""
    CombineBlock().refuses(store, without(ObjectMode.BLOCK))


@verifies("object_mode.combine_block_superset", needs=("write_block", "list_block", "read"))
def test_combine_block_accepts_more_modes(store: Recorder) -> None:
    """Accepted is an object that carries block and all other modes."""
    CombineBlock().accepts(store, (ALL,))


@verifies("object_mode.combine_block_superset", needs=("write_block", "list_block", "read"), weight=0)
def test_combine_block_accepts_every_mask_with_block(store: Recorder) -> None:
    """Accepted is each of the 63 masks that hold block and something else."""
    CombineBlock().accepts(store, beside(ObjectMode.BLOCK))


# list_block


@verifies("object_mode.list_block", "object_mode.list_block_first", needs=("write_block",))
def test_list_block_refuses_objects_of_other_modes(store: Recorder) -> None:
    """First of all an object without block is refused, whatever else it carries: nothing is changed."""
    ListBlock().refuses(store, telling(ObjectMode.BLOCK))


@verifies("object_mode.list_block", "object_mode.list_block_first", needs=("write_block",), weight=0)
def test_list_block_refuses_every_mask_without_block(store: Recorder) -> None:
    """Refused is each of the 64 masks without block."""
    ListBlock().refuses(store, without(ObjectMode.BLOCK))


@verifies("object_mode.list_block_superset", needs=("write_block",))
def test_list_block_accepts_more_modes(store: Recorder) -> None:
    """Accepted is an object that carries block and all other modes."""
    ListBlock().accepts(store, (ALL,))


@verifies("object_mode.list_block_superset", needs=("write_block",), weight=0)
def test_list_block_accepts_every_mask_with_block(store: Recorder) -> None:
    """Accepted is each of the 63 masks that hold block and something else."""
    ListBlock().accepts(store, beside(ObjectMode.BLOCK))


# write_page


@verifies("object_mode.write_page", "object_mode.write_page_first", needs=("read",))
def test_write_page_refuses_objects_of_other_modes(store: Recorder) -> None:
    """First of all an object without page is refused, whatever else it carries: nothing is read, nothing changed."""
    WritePage().refuses(store, telling(ObjectMode.PAGE))


@verifies("object_mode.write_page", "object_mode.write_page_first", needs=("read",), weight=0)
def test_write_page_refuses_every_mask_without_page(store: Recorder) -> None:
    """Refused is each of the 64 masks without page."""
    WritePage().refuses(store, without(ObjectMode.PAGE))


@verifies("object_mode.write_page_superset", needs=("read",))
def test_write_page_accepts_more_modes(store: Recorder) -> None:
    """Accepted is an object that carries page and all other modes."""
    WritePage().accepts(store, (ALL,))


@verifies("object_mode.write_page_superset", needs=("read",), weight=0)
def test_write_page_accepts_every_mask_with_page(store: Recorder) -> None:
    """Accepted is each of the 63 masks that hold page and something else."""
    WritePage().accepts(store, beside(ObjectMode.PAGE))
