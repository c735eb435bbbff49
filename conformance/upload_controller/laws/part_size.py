"""The part size that a client is told: 16 MiB, unless the file needs larger parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.upload_controller.checks import verifies
from conformance.upload_controller.expect import demand, same
from conformance.upload_controller.world import told

if TYPE_CHECKING:
    from conformance.upload_controller.world import World

MIB, GIB, TIB = 1024**2, 1024**3, 1024**4
PARTS = 10_000


@verifies("upload_part_size.default", needs=("part_size",))
def test_small_files_get_the_default_part_size(world: World) -> None:
    """Files of a byte, of just a part and of more get the part size that the API promises."""
    for size in (1, 10_000_000, world.api.part_size or 0, 40 * MIB):
        same(world.begin(size).part_size, world.api.part_size, f"the part size of a file of {size} bytes")


@verifies("upload_part_size.enough")
def test_ten_thousand_parts_hold_every_file(world: World) -> None:
    """Around the sizes at which a part size is no longer enough the next one is told, up to the largest file."""
    for size in (16 * MIB * PARTS, 16 * MIB * PARTS + 1, 200_000_000_000, 32 * MIB * PARTS + 1, TIB, 5 * TIB):
        told_size = world.begin(size).part_size
        demand(told_size * PARTS >= size, f"10,000 parts of a file of {size} bytes", "enough", f"{told_size} each")
        demand(5 * MIB <= told_size <= 5 * GIB, "the part size", "5 MiB to 5 GiB", told_size)


@verifies("upload_part_size.large_files")
def test_files_beyond_32_bits_can_be_begun(world: World) -> None:
    """Sizes around 2^31, 2^32 and 2^40 are no mistake."""
    for size in (2**31 - 1, 2**31, 2**32, 2**40):
        world.is_in(world.begin(size), "pending", f"the upload of a file of {size} bytes")


@verifies("upload_part_size.impossible", "upload_create.leaves_nothing")
def test_a_file_that_no_store_can_hold_is_refused(world: World) -> None:
    """More than 5 TiB are refused, when the file is registered or when its upload is to begin."""
    for size in (5 * TIB + 1, 2**50):
        file_id = f"conformance-{world.random.getrandbits(64):x}"
        registered = world.hooks.ask("register", file_id=file_id, size=size)
        if not world.hooks.succeeded("register", registered):
            demand(400 <= registered.code < 500, "registering an impossible file", "success or 4xx", told(registered))
            continue
        with world.nothing_opened("a create of an impossible file", "upload_create.leaves_nothing"):
            world.refused(world.controller.create(file_id), "impossible", f"a create of a file of {size} bytes")
