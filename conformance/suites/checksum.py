"""Checksums and etags: digests are checked and true, an etag names one content (proposal 14, RFC 9110, 8.8.3)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

from conformance.engine.conditions import ETAGS, Condition, takes
from conformance.engine.evidence import everything, unchanged
from conformance.engine.expect import refused, same
from conformance.engine.laws import verifies
from conformance.engine.part_plans import parts_of, piece
from conformance.engine.recorder import Recorder
from conformance.storage import Content, Features, Object
from conformance.suites.answers import told

ONE, OTHER = Content(1000, 1), Content(1000, 2)
"""Two contents of one length."""


def sha256(content: Content) -> str:
    """Return the digest as a caller gives it: base64 of 32 bytes."""
    return base64.b64encode(hashlib.sha256(content.data).digest()).decode()


def digests(o: Object) -> Mapping[str, str | None]:
    """Return the digests told of an object."""
    return {"content_md5": o.content_md5, "content_sha256": o.content_sha256}


def true_of(content: Content, o: Object, what: str) -> None:
    """Demand that every digest told is that of the content."""
    __tracebackhide__ = True
    md5 = base64.b64encode(hashlib.md5(content.data, usedforsecurity=False).digest()).decode()
    true = {"content_md5": md5, "content_sha256": sha256(content)}
    same({name: value for name, value in digests(o).items() if value not in (None, true[name])}, {}, f"digests {what}")


MD5_ETAGS: Condition = {
    "when": lambda features: features.md5_etags,
    "unless": "the backend declares no etags that are made of MD5",
}


def md5_of(*contents: bytes) -> str:
    """Return the MD5 of the contents, one behind the other, in hexadecimal digits."""
    return hashlib.md5(b"".join(contents), usedforsecurity=False).hexdigest()


@verifies("checksum.sha256_verified", needs=("list",), **takes("write", "content_sha256"))
def test_a_write_with_another_digest_stores_nothing(store: Recorder) -> None:
    """A wrong content_sha256 keeps the old object and makes no new one; the right one is accepted for both."""
    store.write("old", OTHER)
    with unchanged(store, "old"):
        for path in ("old", "new"):
            with refused(what=f"write of {path!r} with the content_sha256 of another content"):
                store.write(path, ONE, content_sha256=sha256(OTHER))
    for path in ("old", "new"):
        store.write(path, ONE, content_sha256=sha256(ONE))
        same(store.read(path), ONE.data, f"content of {path!r} written with its digest")


@verifies("checksum.sha256_of_part", **takes("write_multipart", "content_sha256"))
def test_a_part_with_another_digest_is_kept_out(store: Recorder) -> None:
    """A wrong content_sha256 neither makes a part nor replaces one; the right one is accepted."""
    o = store.create_multipart("a")
    content, other = piece(store, 1), piece(store, 2)
    _, part = store.write_multipart(o, content, 0, content_sha256=sha256(content))
    for index in (0, 1):
        with refused(what=f"part {index} with the content_sha256 of another content"):
            store.write_multipart(o, other, index, content_sha256=sha256(content))
    same(parts_of(store, o), [part], "parts listed after the refusals")


@verifies("checksum.digests_follow", needs=("read",))
def test_digests_are_of_the_present_content(store: Recorder, features: Features) -> None:
    """Digests, where they are told, follow an overwrite of the same length, and are those of copies and uploads."""
    store.write("a", OTHER)
    true_of(OTHER, store.stat("a"), "of the first content")
    store.write("a", ONE)
    true_of(ONE, store.stat("a"), "after an overwrite")
    if "copy" in features.operations:
        store.copy("a", "copy")
        true_of(ONE, store.stat("copy"), "of a copy")
    if "move" in features.operations:
        store.write("moved", OTHER)
        store.move("a", "moved")
        true_of(ONE, store.stat("moved"), "of an object that was moved onto another")
    if "create_multipart" in features.operations:
        o = store.create_multipart("a")
        content = piece(store, 3)
        store.complete_multipart(o, [store.write_multipart(o, content, 0)[1]])
        true_of(content, store.stat("a"), "of an upload")


@verifies("checksum.etag_agrees", "checksum.etag_strong", needs=("list",), **ETAGS)
def test_every_answer_tells_the_same_etag(store: Recorder) -> None:
    """For text and for compressed bytes, the answers of write, read, stat and list tell one etag each, and no weak one.

    A weak one, with W/, would say that the object need not be delivered byte by byte.
    """
    store.write("a.html", OTHER)
    answers: dict[str, dict[str, str | None]] = {}
    for path, content in (("a.html", ONE), ("d/b.gz", Content.of(b"\x1f\x8b\x08\x00gzip-like"))):
        store.write(path, content)
        written = told(store)
        store.read(path)
        read = told(store)
        answers[path] = {
            "write": None if written is None else written.etag,
            "read": None if read is None else read.etag,
            "stat": store.stat(path).etag,
        }
    for o in everything(store):
        etags = {**answers[o.path], "list": o.etag}
        same(len({etag for etag in etags.values() if etag}) <= 1, True, f"whether all tell one etag: {etags}")
        weak = [name for name, etag in etags.items() if (etag or "").startswith("W/")]
        same(weak, [], f"answers that tell a weak etag of {o.path!r}", requirement="checksum.etag_strong")


@verifies("checksum.etag_never_returns", **ETAGS)
def test_an_etag_comes_back_with_no_other_content(store: Recorder, features: Features) -> None:
    """Deleted and written anew, and then uploaded, contents of one length have an etag of their own each."""
    contents = [ONE, OTHER, Content(1000, 3)]
    known: dict[str, int] = {}
    for number, content in enumerate(contents):
        if number == 1:
            store.delete("a")
        if number == 2 and "create_multipart" in features.operations:
            o = store.create_multipart("a")
            store.complete_multipart(o, [store.write_multipart(o, content, 0)[1]])
        else:
            store.write("a", content)
        etag = store.stat("a").etag
        if etag:
            same(known.get(etag), None, f"the earlier content that had the etag {etag}")
            known[etag] = number + 1


@verifies("checksum.etag_is_md5", **MD5_ETAGS)
def test_the_etag_of_one_piece_is_its_md5(store: Recorder, features: Features) -> None:
    """Of an object, of what overwrites it in the same length, and of its copy, it is the MD5 of the content."""
    store.write("a", OTHER)
    store.write("a", ONE)
    same(store.stat("a").etag, f'"{md5_of(ONE.data)}"', "etag of an object, beside the MD5 of its content")
    if "copy" in features.operations:
        store.copy("a", "copy")
        same(store.stat("copy").etag, f'"{md5_of(ONE.data)}"', "etag of a copy, beside the MD5 of its content")


@verifies("checksum.etag_of_parts", **MD5_ETAGS)
def test_the_etag_of_an_upload_is_that_of_its_parts(store: Recorder, features: Features) -> None:
    """It counts the parts, whatever indexes they have; an upload of one part is an upload too."""
    contents = (piece(store, 2, 5), Content(9, 3))
    o = store.create_multipart("a")
    indexes = (2, 4) if features.part_gaps else (0, 1)
    parts = [store.write_multipart(o, content, index)[1] for content, index in zip(contents, indexes, strict=True)]
    for part, content in zip(parts, contents, strict=True):
        same(part.etag, f'"{md5_of(content.data)}"', f"etag of part {part.index}, beside its MD5")
    _, again = store.write_multipart(o, contents[1], indexes[1])
    same(again, parts[1], "a part that is written again with the same bytes, beside the one before")
    store.complete_multipart(o, parts)
    together = md5_of(*(bytes.fromhex(md5_of(content.data)) for content in contents))
    same(store.stat("a").etag, f'"{together}-2"', "etag of an upload of two parts, beside the MD5 of their MD5s")
    single = store.create_multipart("b")
    store.complete_multipart(single, [store.write_multipart(single, contents[1], 0)[1]])
    alone = md5_of(bytes.fromhex(md5_of(contents[1].data)))
    same(store.stat("b").etag, f'"{alone}-1"', "etag of an upload of one part, beside the MD5 of its MD5")
