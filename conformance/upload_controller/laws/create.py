"""Beginning an upload: what it tells, and when it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.upload_controller.checks import verifies

if TYPE_CHECKING:
    from conformance.upload_controller.world import World


@verifies("upload_create.pending_at_once", "upload_create.begins")
def test_a_new_upload_is_pending(world: World) -> None:
    """A new upload is pending, and the pending one of its file."""
    upload = world.begin(5)
    world.is_in(upload, "pending", "the state of a new upload")
