"""Reach, as HTTP has it: signed requests that are sent with a range, with a condition, or with another method.

The header fields that say so are nobody's signature (RFC 9110).
"""

from __future__ import annotations

from collections.abc import Callable

from conformance.engine.conditions import ETAGS, all_of, lists, takes
from conformance.engine.evidence import unchanged
from conformance.engine.expect import demand, refused, same
from conformance.engine.laws import verifies
from conformance.engine.part_plans import parts_of, piece, still_open
from conformance.engine.recorder import Recorder
from conformance.storage import CapabilityInsufficient, Content, ListMode, RestrictionDissatisfied
from conformance.storage.calls import describe
from conformance.suites.reach import PARTIAL, exchange, send

CONTENT = Content(300, 1)
BAD, MISSING, NOT_MODIFIED, FAILED, UNSATISFIABLE = 400, 404, 304, 412, 416
TOLD = ("Content-Length", "Content-Type", "ETag", "Last-Modified")
METHODS = ("GET", "HEAD", "PUT", "DELETE")
STEPS = takes("reach", "multipart_id", "index")


@verifies("reach.stat")
def test_a_signed_stat_tells_what_a_read_tells(store: Recorder) -> None:
    """The headers that describe the object are those of a read, of a filled object and one that was overwritten."""
    store.write("a", Content(1000, 2))
    store.write("a", CONTENT)
    _, _, read = exchange(store.reach("a"))
    status, body, stat = exchange(store.reach("a", verb="stat"))
    same((status // 100, body), (2, b""), "class of the status, and body")
    for name in TOLD:
        same(stat[name], read[name], f"{name} in the answer to a stat, beside a read's")
    same(stat["Content-Length"], str(CONTENT.size), "Content-Length in the answer to a stat")


@verifies("reach.missing")
def test_what_is_missing_is_not_found(store: Recorder) -> None:
    """Beside and below names that are there a read and a stat find nothing."""
    store.write("d/there", CONTENT)
    for verb in ("read", "stat"):
        for path in ("d/the", "d/there2", "missing"):
            status = send(store.reach(path, verb=verb))[0]
            same(status, MISSING, f"status of a signed {verb} of the missing {path!r}")


@verifies("reach.unknown_verb", **takes("reach", "verb"))
def test_an_unknown_verb_is_not_signed(store: Recorder) -> None:
    """Words that are no verb, and one that is spelt as HTTP spells it, are refused."""
    for verb in ("", "post", "READ"):
        with refused(RestrictionDissatisfied, CapabilityInsufficient, what=f"signing of the verb {verb!r}"):
            store.reach("a", verb=verb)


@verifies("reach.expires", **takes("reach", "expire"))
def test_a_signed_request_expires(store: Recorder, tick: Callable[[], None]) -> None:
    """Of two signed reads the one for a second is refused after it, and the one for an hour still answered.

    A signed write is over like a signed read.
    """
    store.write("a", CONTENT)
    brief, lasting = store.reach("a", expire=1), store.reach("a", expire=3600)
    over = store.reach("a", verb="write", size=5, expire=1)
    tick()
    demand(send(over, b"other")[0] >= BAD, "a signed write after its time", expected="a refusal", observed="success")
    status, body = send(brief)[:2]
    demand(
        status >= BAD and CONTENT.data not in body,
        "a signed read after its time",
        expected="a refusal",
        observed=f"status {status}, {describe(body)}",
    )
    same(send(lasting)[:2], (200, CONTENT.data), "what is answered to a signed read within its time")


@verifies("reach.range")
def test_a_signed_read_of_a_range(store: Recorder) -> None:
    """A range from the beginning, one inside, one to the end and a suffix have both ends and their place right."""
    store.write("a", CONTENT)
    request = store.reach("a")
    for asked, first, last in (("0-0", 0, 0), ("100-199", 100, 199), ("290-", 290, 299), ("-10", 290, 299)):
        status, body, headers = exchange(request, more={"Range": f"bytes={asked}"})
        if status == PARTIAL:
            wanted = (CONTENT.data[first : last + 1], f"bytes {first}-{last}/300", str(last + 1 - first))
            told = (body, headers["Content-Range"], headers["Content-Length"])
            same(told, wanted, f"body, place and length answered to the range {asked}")
        else:
            same((status, body), (200, CONTENT.data), f"what is answered to the range {asked}, which is not served")
            told = headers["Accept-Ranges"] or "none"
            demand(told != "bytes", f"Accept-Ranges, but not {asked}", expected="no bytes", observed=told)
    status, body, _ = exchange(request, more={"Range": "bytes=300-"})
    demand(
        status == UNSATISFIABLE or body == CONTENT.data,
        "what is answered to a range behind the end",
        expected="status 416, or the whole object",
        observed=f"status {status} and {len(body)} bytes",
    )


@verifies("reach.conditional", **ETAGS)
def test_a_signed_read_on_a_condition(store: Recorder) -> None:
    """Whoever knows the etag is told that it is the same, whoever wants another version that it is not there."""
    store.write("a", CONTENT)
    request = store.reach("a")
    etag = exchange(request)[2]["ETag"] or ""
    demand(etag, "ETag in the answer to a signed read", expected="an entity tag", observed=repr(etag))
    for name, value, wanted in (
        ("If-None-Match", etag, NOT_MODIFIED),
        ("If-Match", '"00000000000000000000000000000000"', FAILED),
    ):
        status, body, _ = exchange(request, more={name: value})
        same((status, CONTENT.data in body), (wanted, False), f"status, and whether bytes came, with {name}: {value}")
    for name, value in (("If-Match", etag), ("If-None-Match", '"00000000000000000000000000000000"')):
        status, body, _ = exchange(request, more={name: value})
        same((status, body), (200, CONTENT.data), f"status and body with {name}: {value}")


@verifies("reach.only_signed", needs=("read", "stat", "list"), weight=0)
def test_a_signature_is_for_one_method(store: Recorder) -> None:
    """A request signed for one verb and sent with the method of another is refused and has no effect."""
    store.write("a", CONTENT)
    requests = {
        verb: store.reach("a", verb=verb, **({"size": 5} if verb == "write" else {}))
        for verb in ("read", "stat", "write", "delete")
    }
    with unchanged(store, "a"):
        for verb, request in requests.items():
            # whoever may read may be told what there is to read
            own = {"GET", "HEAD"} if verb in {"read", "stat"} else {request.method}
            for method in [method for method in METHODS if method not in own]:
                status, body = send(request, b"other" if method == "PUT" else None, method=method)
                told = (status // 100, CONTENT.data in body)
                same(told, (4, False), f"class of the status, and whether bytes came, of {method} signed for {verb}")


@verifies("reach.upload_steps", needs=("read",), **all_of(STEPS, lists(ListMode.PART)))
def test_an_upload_by_signed_requests(store: Recorder) -> None:
    """A part sent by anybody is part of the upload and of its object; a listing by anybody tells of it."""
    first, content = piece(store, 1), piece(store, 2, 9)
    o = store.create_multipart("a")
    store.write_multipart(o, first, 0)
    request = store.reach("a", verb="write_multipart", multipart_id=o.multipart_id, index=1, size=content.size)
    same(send(request, content.data)[0] // 100, 2, "class of the status of a signed write_multipart")
    parts = parts_of(store, o)
    sizes = [(0, first.size), (1, content.size)]
    same([(part.index, part.size) for part in parts], sizes, "index and size of the parts listed")
    status, body = send(store.reach("a", verb="list_multipart", multipart_id=o.multipart_id))
    etag = parts[1].etag.strip('"').encode()
    same((status // 100, etag in body), (2, True), "class of the status of a signed list, and whether it has the part")
    store.complete_multipart(o, parts)
    same(store.read("a"), first.data + content.data, "content of the object")


@verifies("reach.upload_steps", needs=("delete",), **all_of(STEPS, lists(ListMode.PART)))
def test_an_upload_begun_and_given_up_by_signed_requests(store: Recorder) -> None:
    """Anybody may begin the upload that was signed, and give up the one that was signed, and no other."""
    kept = store.create_multipart("a")
    same(send(store.reach("a", verb="create_multipart"), b"")[0] // 100, 2, "class of the status of a signed beginning")
    begun = [o for o in store.list("a", list_mode=ListMode.PART) if o.multipart_id != kept.multipart_id]
    same([o.path for o in begun], ["a"], "uploads beside the one that was there")
    request = store.reach("a", verb="delete", multipart_id=begun[0].multipart_id)
    same(send(request)[0] // 100, 2, "class of the status of a signed delete of an upload")
    left = [o.multipart_id for o in store.list("a", list_mode=ListMode.PART)]
    same(left, [kept.multipart_id], "uploads that are left")
    still_open(store, kept, [], "that nobody gave up")
