"""URLs for parts: what they are good for, and what not."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

from conformance.upload_controller.checks import verifies
from conformance.upload_controller.expect import demand, same
from conformance.upload_controller.world import md5_of, told

if TYPE_CHECKING:
    from conformance.upload_controller.world import World

DAY = 24 * 3600
BAD_NUMBERS = ("0", "-1", "10001", "one", "1.5", "1e3", "99999999999999999999", " 1", "0x1")


@verifies("upload_presign.stores_a_part")
def test_a_url_stores_its_part(world: World) -> None:
    """A PUT without credentials stores the part, and its ETag is the MD5 of its bytes."""
    content = world.content(5)
    upload = world.begin(len(content))
    etag = world.send(upload, 1, content)
    same(etag.strip('"'), md5_of(content), "the ETag of a part")
    if "store" in world.place.has:
        held = [
            world.store.parts(found) for found in world.store.uploads() if etag in world.store.parts(found).values()
        ]
        same(held[:1], [{1: etag}], "the parts of the upload in the store")
    world.is_in(upload, "pending", "the upload after a part was sent")


@verifies("upload_presign.numbers")
def test_the_first_and_the_last_part_can_be_presigned(world: World) -> None:
    """1 and 10000 are part numbers, and their URLs store them."""
    upload = world.begin(5)
    for number in (1, 10_000, 1234):
        world.send(upload, number, world.content(3))


@verifies("upload_presign.numbers")
def test_what_is_no_part_number_is_refused(world: World) -> None:
    """0, negative numbers, 10001, fractions and text are refused, and the upload goes on."""
    upload = world.begin(3)
    for number in BAD_NUMBERS:
        world.refused(world.controller.presign(upload.id, number), "invalid", f"presigning part {number!r}")
    world.finish(upload, {1: world.send(upload, 1, world.content(3))})


@verifies("upload_presign.bound", needs=("signatures",))
def test_a_url_is_good_for_its_own_part_only(world: World) -> None:
    """With another part number, upload or key in it the store refuses a URL, and nothing is stored."""
    upload, other = world.begin(3), world.begin(3)
    url = world.url(upload, 1)
    forged = [url.replace("partNumber=1", "partNumber=2")]
    ours, theirs = (parse_qs(urlsplit(each).query).get("uploadId", [""])[0] for each in (url, world.url(other, 1)))
    if ours:
        forged.append(url.replace(quote(ours, safe=""), quote(theirs, safe="")).replace(ours, theirs))
    for wrong in forged:
        demand(wrong != url, "a URL to be changed", "part number and upload id in its query", url)
        answer = world.controller.put(wrong, b"abc", 3, 1)
        demand(answer.code >= 400, "a PUT to a URL that was changed", "a refusal by the store", told(answer))
    world.finish(upload, {1: world.send(upload, 1, world.content(3))})


@verifies("upload_presign.only_put", needs=("signatures",))
def test_a_url_is_good_for_put_only(world: World) -> None:
    """GET, DELETE and POST on the URL of a part are refused, and the part that was sent stays."""
    content = world.content(3)
    upload = world.begin(3)
    url = world.url(upload, 1)
    etag = world.put(url, 1, content)
    for method in ("GET", "DELETE", "POST"):
        answer = world.controller.http.send("put", method, url, b"" if method == "POST" else None)
        demand(answer.code >= 400, f"a {method} on the URL of a part", "a refusal by the store", told(answer))
    world.finish(upload, {1: etag})


@verifies("upload_presign.again")
def test_a_part_can_be_presigned_again_and_the_last_bytes_count(world: World) -> None:
    """Both URLs of a part are good; what was sent last, to either of them, is the part."""
    first, second = world.content(3), world.content(3)
    upload = world.begin(3)
    urls = [world.url(upload, 1), world.url(upload, 1)]
    before = world.objects()
    world.put(urls[1], 1, first)
    etag = world.put(urls[0], 1, second)
    same(etag.strip('"'), md5_of(second), "the ETag of a part that was sent again")
    world.finish(upload, {1: etag})
    if "store" in world.place.has:
        same(world.store.digest(world.object_of(before)), sha256(second).hexdigest(), "the SHA-256 of the object")


@verifies("upload_presign.any_order", "upload_complete.content", needs=("store",))
def test_parts_may_be_sent_in_any_order_and_at_once(world: World) -> None:
    """The last part sent first, and both at the same time, make the object in the order of their numbers."""
    before = world.store.objects()
    upload, content = world.two_parts()
    pieces = {1: content[: upload.part_size], 2: content[upload.part_size :]}
    urls = {number: world.url(upload, number) for number in (2, 1)}
    answers = world.together(
        lambda: world.controller.put(urls[2], pieces[2], len(pieces[2]), 2),
        lambda: world.controller.put(urls[1], pieces[1], len(pieces[1]), 1),
    )
    for answer in answers:
        demand(answer is not None and answer.code == 200, "a part that was sent beside another", "200", told(answer))
    world.finish(upload, {2: answers[0].etag if answers[0] else "", 1: answers[1].etag if answers[1] else ""})
    same(world.store.digest(world.object_of(before)), sha256(content).hexdigest(), "the SHA-256 of the object")


@verifies("upload_presign.unknown_upload", "upload_errors.stable", "upload_errors.answers")
def test_an_unknown_upload_has_no_urls(world: World) -> None:
    """Presigning a part of an upload that never was is refused, the same way each time."""
    codes = set[int]()
    for upload_id in (f"nobody-{world.random.getrandbits(64):x}", f"{world.random.getrandbits(64):x}"):
        answer = world.controller.presign(upload_id, 1)
        world.refused(answer, "unknown_upload", "presigning a part of an unknown upload")
        codes.add(answer.code)
    same(len(codes), 1, "codes of one and the same refusal", "upload_errors.stable")


@verifies("upload_presign.not_pending")
def test_an_upload_that_has_ended_has_no_urls(world: World) -> None:
    """Presigning a part of an upload that is not pending is refused, whatever it ended as."""
    for ending in world.endings():
        upload = world.ended(ending)
        world.refused(world.controller.presign(upload.id, 1), "not_pending", f"presigning a part of one {ending}")
        world.is_in(upload, ending, "the state after a refused presign")


@verifies("upload_presign.expires")
def test_a_url_expires_within_a_day(world: World) -> None:
    """What the URL itself says of its end is no more than a day away."""
    url = world.url(world.begin(3), 1)
    query = {name.lower(): values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    lifetime = query.get("x-amz-expires")
    if lifetime is not None:
        demand(lifetime.isdecimal(), "the lifetime of a URL", "a number of seconds", lifetime)
        demand(0 < int(lifetime) <= DAY, "the lifetime of a URL", "up to 86400 s", lifetime)
        return
    ends = query.get("expires", "")
    demand(re.fullmatch(r"\d+", ends) is not None, "the end of a URL", "X-Amz-Expires or Expires in its query", url)
    date = world.controller.http.ask("reach", "GET", "/").headers.get("date", "")
    demand(date != "", "the clock of the service", "a Date header", "none")
    demand(int(ends) - _seconds(date) <= DAY + 60, "the end of a URL", "within a day", ends)


def _seconds(date: str) -> float:
    return parsedate_to_datetime(date).timestamp()
