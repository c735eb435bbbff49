"""Defects of what is told beside the answer itself: lengths, etags and digests that come along."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from conformance.storage import Object, ObjectMode, Part, Reader, StorageError, Told, Writer

from .base import METADATA, NATIVE, Defective, defect
from .generated import ignores


def retold(answer: Any, **changes: Any) -> Any:
    """Return an answer that tells something else of its object; one that tells nothing stays."""
    return Told(answer, replace(answer.object, **changes)) if isinstance(answer, Told) else answer


def md5(data: bytes) -> str:
    """Return the digest as it is told."""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


# What answers tell


@defect(trips=("answers.read",), like="apache/arrow-rs#5272")
class ReadTellsLengthOfRange(Defective):
    """A ranged read tells the length of the range as that of the object."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        count = super().read(path, w, **pairs)
        return retold(count, content_length=int(count))


@defect(trips=("answers.read", "checksum.etag_agrees"))
class ReadTellsFirstEtag(Defective):
    """A read tells the etag that the object had when it was first written."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        told = super().write(path, r, size, **pairs)
        found = self.look(path)
        self.memory("first").setdefault(path, found and found.etag)
        return told

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        return retold(super().read(path, w, **pairs), etag=self.memory("first").get(path))


@defect(trips=("answers.read",), on=METADATA)
class ReadTellsNoMetadataOfItsOwn(Defective):
    """A read tells the user metadata of the object that was read last."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        count = super().read(path, w, **pairs)
        last = self.memory("last")
        told = retold(count, user_metadata=last.get("metadata", {"of": "another"}))
        found = self.look(path)
        last["metadata"] = dict(found.user_metadata) if found else {}
        return told


@defect(trips=("answers.write", "checksum.etag_agrees"))
class WriteTellsFormerEtag(Defective):
    """The answer to an overwrite tells the etag of the object that it replaced."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        before = self.look(path)
        told = super().write(path, r, size, **pairs)
        return retold(told, etag=before.etag) if before and before.etag else told


@defect(trips=("answers.write",))
class WriteTellsLengthInBlocks(Defective):
    """The answer to a write tells the length rounded up to 512 bytes."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        return retold(super().write(path, r, size, **pairs), content_length=-(-size // 512) * 512)


@defect(trips=("answers.copy",))
class CopyTellsFormerDestination(Defective):
    """The answer to a copy tells of the object that was at the destination before."""

    def copy(self, src: str, dst: str, **pairs: Any) -> Object | None:
        before = self.look(dst)
        answer = super().copy(src, dst, **pairs)
        return answer if before is None else before


@defect(trips=("answers.copy",))
class CopyTellsAnEtagOfItsOwn(Defective):
    """The answer to a copy tells an etag that the copy never has."""

    def copy(self, src: str, dst: str, **pairs: Any) -> Object | None:
        answer = super().copy(src, dst, **pairs)
        return answer and replace(answer, etag='"copied"')


@defect(trips=("answers.complete_multipart",), on=METADATA)
class CompletionTellsLastPart(Defective):
    """The answer to complete_multipart tells length and etag of the last part."""

    def complete_multipart(self, o: Object, parts: Iterable[Part], **pairs: Any) -> Object | None:
        given = list(parts)
        answer = super().complete_multipart(o, given, **pairs)
        return answer and replace(answer, content_length=given[-1].size, etag=given[-1].etag)


@defect(trips=("answers.complete_multipart",), on=METADATA)
class CompletionTellsNothingThere(Defective):
    """The answer to complete_multipart tells a length of 0, counted before the parts were joined."""

    def complete_multipart(self, o: Object, parts: Iterable[Part], **pairs: Any) -> Object | None:
        answer = super().complete_multipart(o, parts, **pairs)
        return answer and replace(answer, content_length=0)


# Digests

ignores(__name__, "write", "content_sha256", trips=("checksum.sha256_verified",), on=NATIVE)
ignores(__name__, "write_multipart", "content_sha256", trips=("checksum.sha256_of_part",))


@defect(trips=("checksum.sha256_verified",), on=NATIVE)
class WrongDigestIsStoredAnyway(Defective):
    """A write that its digest refuses has been stored already."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        if r is None or "content_sha256" not in pairs:
            return super().write(path, r, size, **pairs)
        data = r.read()
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        if digest != pairs["content_sha256"]:
            self.put(path, data)
        return super().write(path, io.BytesIO(data), size, **pairs)


@defect(trips=("checksum.sha256_verified",), on=NATIVE)
class WrongDigestRemovesObject(Defective):
    """A write that its digest refuses removes what is there: the unfinished object was at its path."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        try:
            return super().write(path, r, size, **pairs)
        except StorageError:
            if "content_sha256" in pairs:
                self.inner.delete(path)
            raise


@defect(trips=("checksum.sha256_of_part",), on=("memory",))
class PartWithWrongDigestIsKept(Defective):
    """A part that its digest refuses is kept in the upload."""

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        if r is None or "content_sha256" not in pairs:
            return super().write_multipart(o, r, size, index, **pairs)
        data = r.read()
        if base64.b64encode(hashlib.sha256(data).digest()).decode() != pairs["content_sha256"]:
            self.inner.write_multipart(o, io.BytesIO(data), size, index)
        return super().write_multipart(o, io.BytesIO(data), size, index, **pairs)


class Digesting(Defective):
    """stat tells a digest that is kept beside the object, under its path."""

    def stat(self, path: str, **pairs: Any) -> Object:
        found = super().stat(path, **pairs)
        kept = self.memory("digests").get(path)
        return replace(found, content_md5=kept) if kept and ObjectMode.READ in found.mode else found

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        told = int(super().write(path, r, size, **pairs))
        self.note(path)
        return told

    def note(self, path: str) -> None:
        """Keep the digest of what was written."""
        self.memory("digests")[path] = md5(self.content(path) or b"")


@defect(trips=("checksum.digests_follow", "stat.content_md5"))
class DigestOfFirstContent(Digesting):
    """The digest told is that of the first content, whatever was written since."""

    def note(self, path: str) -> None:
        self.memory("digests").setdefault(path, md5(self.content(path) or b""))


@defect(trips=("checksum.digests_follow",), like="google/go-cloud#3722", on=METADATA)
class DigestOfUploadIsOfFormerObject(Digesting):
    """The digest told after an upload is that of the object that it replaced."""

    def complete_multipart(self, o: Object, parts: Iterable[Part], **pairs: Any) -> Object | None:
        super().complete_multipart(o, parts, **pairs)
        return None


@defect(trips=("checksum.digests_follow",), on=("memory",))
class DigestStaysAtDestination(Digesting):
    """The digest of an object stays at its path when another is moved there."""

    def complete_multipart(self, o: Object, parts: Iterable[Part], **pairs: Any) -> Object | None:
        answer = super().complete_multipart(o, parts, **pairs)
        self.note(o.path)
        return answer

    def move(self, src: str, dst: str, **pairs: Any) -> Object | None:
        super().move(src, dst, **pairs)
        return None


# Etags


@defect(trips=("checksum.etag_agrees", "answers.read"))
class ReadTellsEtagWithoutQuotes(Defective):
    """A read tells the etag without the quotes that stat tells it with."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        count = super().read(path, w, **pairs)
        return retold(count, etag=(count.object.etag or "").strip('"')) if isinstance(count, Told) else count


@defect(trips=("checksum.etag_strong",))
class WeakEtagOfCompressed(Defective):
    """The etag of a compressed object is told as a weak one, as if it were compressed on the way."""

    def stat(self, path: str, **pairs: Any) -> Object:
        return self.told(super().stat(path, **pairs))

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        return (self.told(o) for o in super().list(path, **pairs))

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        return int(super().read(path, w, **pairs))

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        return int(super().write(path, r, size, **pairs))

    def told(self, found: Object) -> Object:
        """Return what is said of an object."""
        return replace(found, etag=f"W/{found.etag}") if found.etag and found.path.endswith(".gz") else found


class Counting(Defective):
    """The etag is a number that is counted up with each write to a path."""

    def stat(self, path: str, **pairs: Any) -> Object:
        return self.told(super().stat(path, **pairs))

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        return (self.told(o) for o in super().list(path, **pairs))

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        return int(super().read(path, w, **pairs))

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        told = int(super().write(path, r, size, **pairs))
        numbers = self.memory("numbers")
        numbers[path] = numbers.get(path, 0) + 1
        return told

    def told(self, found: Object) -> Object:
        """Return what is said of an object."""
        number = self.memory("numbers").get(found.path)
        return replace(found, etag=f'"{number}"') if found.etag and number else found


@defect(trips=("checksum.etag_never_returns",))
class EtagsBeginAgainAfterDelete(Counting):
    """Versions are counted by path, and from one again when the object was deleted."""

    def delete(self, path: str, **pairs: Any) -> None:
        super().delete(path, **pairs)
        self.memory("numbers").pop(path, None)


@defect(trips=("checksum.etag_never_returns", "stat.etag_changes"), on=METADATA)
class EtagKeptByUploads(Counting):
    """An upload that replaces an object leaves its etag, which only write counts up."""

    def complete_multipart(self, o: Object, parts: Iterable[Part], **pairs: Any) -> Object | None:
        super().complete_multipart(o, parts, **pairs)
        return None
