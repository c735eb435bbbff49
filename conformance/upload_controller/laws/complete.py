"""Completing an upload."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.upload_controller.checks import verifies

if TYPE_CHECKING:
    from conformance.upload_controller.world import World


@verifies("upload_complete.completes", "upload_presign.stores_a_part")
def test_an_upload_of_all_parts_completes(world: World) -> None:
    """After the only part was sent, completing makes the upload uploaded, and it is pending no more."""
    upload = world.upload(world.content(5))
    world.is_in(upload, "uploaded", "the state of a completed upload", "upload_complete.completes")
