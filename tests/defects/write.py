"""Defects of write: which bytes are stored, what readers may do, what is checked and told."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from conformance.storage import Object, ObjectNotExist, Reader, RestrictionDissatisfied, StorageError, Writer

from .base import METADATA, NATIVE, VIRTUAL, Defective, Tee, defect

STORES = ("write.stores",)
MD5_LENGTH = 24
"""Letters of an MD5 in base64."""


class Altering(Defective):
    """What is stored is altered once it has been written as asked."""

    def altered(self, data: bytes) -> bytes:
        """Return what stays of ``data``."""
        raise NotImplementedError

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        count = super().write(path, r, size, **pairs)
        self.spoil(path, self.altered)
        return count


# Which bytes are stored


@defect(trips=STORES)
class CutAt4096(Altering):
    """An object is cut at 4096 bytes, one page of memory."""

    def altered(self, data: bytes) -> bytes:
        return data[:4096]


@defect(trips=STORES)
class CutAt65536(Altering):
    """An object is cut at 65536 bytes, one buffer."""

    def altered(self, data: bytes) -> bytes:
        return data[:65536]


@defect(trips=STORES)
class CutAtOneMebibyte(Altering):
    """An object is cut at 1 MiB, one message."""

    def altered(self, data: bytes) -> bytes:
        return data[: 1 << 20]


@defect(trips=STORES)
class CutAtEightMebibytes(Altering):
    """An object is cut at 8 MiB, where clients begin to write in parts."""

    def altered(self, data: bytes) -> bytes:
        return data[: 8 << 20]


@defect(trips=(*STORES, "completeness.write"))
class LastByteOfFullBufferLost(Altering):
    """The last byte is lost when the object fills its buffers of 4096 bytes exactly."""

    def altered(self, data: bytes) -> bytes:
        return data[:-1] if data and len(data) % 4096 == 0 else data


@defect(trips=STORES)
class SecondBufferRepeatsFirst(Altering):
    """The second buffer of 4096 bytes holds the first again: the buffer is reused before it is sent."""

    def altered(self, data: bytes) -> bytes:
        return data[:4096] + data[: len(data[4096:8192])] + data[8192:]


@defect(trips=STORES)
class NewlinesTranslated(Altering):
    """CRLF becomes LF: the file is opened in text mode."""

    def altered(self, data: bytes) -> bytes:
        return data.replace(b"\r\n", b"\n")


@defect(trips=STORES)
class NewlinesExpanded(Altering):
    """A lone LF becomes CRLF."""

    def altered(self, data: bytes) -> bytes:
        return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


@defect(trips=STORES)
class FinalNewlineStripped(Altering):
    """A newline at the end of a text is stripped."""

    def altered(self, data: bytes) -> bytes:
        return data[:-1] if data.endswith(b"\n") else data


@defect(trips=STORES)
class TrailingZerosStripped(Altering):
    """Zero bytes at the end are stripped, as from a padded field."""

    def altered(self, data: bytes) -> bytes:
        return data.rstrip(b"\0")


@defect(trips=STORES)
class CutAtFirstZero(Altering):
    """An object ends at its first zero byte: it passes through a C string."""

    def altered(self, data: bytes) -> bytes:
        return data.partition(b"\0")[0]


@defect(trips=STORES)
class ByteOrderMarkStripped(Altering):
    """A byte order mark at the beginning is stripped."""

    def altered(self, data: bytes) -> bytes:
        return data.removeprefix(b"\xef\xbb\xbf")


@defect(trips=STORES)
class CutAtControlZ(Altering):
    """An object ends at its first byte 26, the end of file of DOS."""

    def altered(self, data: bytes) -> bytes:
        return data.partition(b"\x1a")[0]


@defect(trips=STORES)
class BytesThroughUtf8(Altering):
    """Bytes that are not UTF-8 become replacement characters."""

    def altered(self, data: bytes) -> bytes:
        return data.decode("utf-8", "replace").encode()


@defect(trips=STORES)
class BlanksTrimmed(Altering):
    """Blanks around the content are trimmed."""

    def altered(self, data: bytes) -> bytes:
        return data.strip(b" ")


@defect(trips=("features.write_empty_object", *STORES), like="beyondstorage/go-storage#678")
class EmptyWriteDropped(Defective):
    """Writing zero bytes succeeds and creates nothing."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        return 0 if size == 0 and not self.is_directory(path) else super().write(path, r, size, **pairs)


@defect(trips=("features.write_empty_object", *STORES))
class EmptyWriteRefused(Defective):
    """Writing zero bytes is refused, although empty objects are declared."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        if size == 0:
            raise RestrictionDissatisfied("empty objects are not supported")
        return super().write(path, r, size, **pairs)


@defect(trips=STORES)
class Every37thWriteLost(Defective):
    """Every 37th write of a process succeeds and stores nothing."""

    written = 0

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        Every37thWriteLost.written += 1
        if Every37thWriteLost.written % 37 == 0 and r is not None and len(data := r.read(size)) == size:
            return len(data)
        return super().write(path, r, size, **pairs)


@defect(trips=STORES, like="beyondstorage/go-storage: services/ftp, write")
class WriteReturnsZero(Defective):
    """write stores everything and returns 0."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        super().write(path, r, size, **pairs)
        return 0


@defect(trips=STORES)
class WriteReturnsNone(Defective):
    """write stores everything and returns nothing."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        return super().write(path, r, size, **pairs) and None  # type: ignore[return-value]


# What readers may do


class _Padded:
    """A reader that goes on with zero bytes where the other ends."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def read(self, size: int = -1, /) -> bytes:
        return self._reader.read(size) or b"\0" * max(size, 0)


@defect(trips=("write.any_reader",), like="beyondstorage/go-storage: services/memory, write")
class WriteReadsOnce(Defective):
    """The reader is asked once, and what it returns is stored as everything: short reads truncate."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        tee = None if r is None else Tee(r)
        count = super().write(path, tee, size, **pairs)
        if tee is not None and tee.chunks:
            self.spoil(path, lambda _: tee.chunks[0])
        return count


@defect(trips=("write.any_reader",))
class WriteNeedsSeek(Defective):
    """The reader must be able to seek, or an AttributeError comes out."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        if r is not None:
            r.seek(0)  # type: ignore[attr-defined]
        return super().write(path, r, size, **pairs)


@defect(trips=("write.any_reader", "write.truncates"))
class WriteLosesFirstByteOfShortReads(Defective):
    """A read that comes back short loses its first byte, which is made up for by zeros at the end."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        count = super().write(path, r, size, **pairs)
        if r is not None and not hasattr(r, "seek"):
            self.spoil(path, lambda data: data[1:] + b"\0" if len(data) > 1 else data)
        return count


@defect(trips=("write.short_reader",), like="beyondstorage/go-storage: services/gcs, write")
class ShortReaderAccepted(Defective):
    """A reader that ends early is no error: what it gave is stored, and the size asked for is returned."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        tee = None if r is None else Tee(r)
        try:
            return super().write(path, tee, size, **pairs)
        except StorageError:
            if tee is None or not tee.ended:
                raise
            self.put(path, tee.data)
            return size


@defect(trips=("write.short_reader",), like="beyondstorage/go-storage: services/azfile, write")
class ShortReaderPadded(Defective):
    """A reader that ends early is no error: the rest is filled with zeros."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        return super().write(path, None if r is None else _Padded(r), size, **pairs)


@defect(trips=("write.truncates",))
class LongReaderStoredWhole(Defective):
    """A reader with more bytes than the size says is stored to its end."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        count = super().write(path, r, size, **pairs)
        rest = r.read() if r is not None and size else b""
        self.spoil(path, lambda data: data + rest)
        return count


@defect(trips=("write.truncates",))
class LongReaderRefused(Defective):
    """A reader with more bytes than the size says is an error, and nothing is stored."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        count = super().write(path, r, size, **pairs)
        if r is not None and size and r.read(1):
            self.inner.delete(path)
            raise RestrictionDissatisfied("the reader has more")
        return count


@defect(trips=("write.zero_size",))
class SizeZeroMeansAll(Defective):
    """Size 0 means the whole reader."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        count = super().write(path, r, size, **pairs)
        if r is not None and size == 0:
            rest = r.read()
            self.spoil(path, lambda _: rest)
        return count


@defect(trips=("write.failing_reader",))
class ReaderFailureIsEnd(Defective):
    """A reader that raises is taken for one that ends: what it gave is stored, and success reported."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        tee = None if r is None else Tee(r)
        try:
            return super().write(path, tee, size, **pairs)
        except Exception:
            if tee is None or not tee.failed:
                raise
            self.put(path, tee.data)
            return size


@defect(trips=("write.failure_leaves_nothing",), like="PyFilesystem/s3fs#95")
class FailedWriteLeavesPartialObject(Defective):
    """A write to a new path that fails in its reader leaves what it had read."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        tee = None if r is None else Tee(r)
        try:
            return super().write(path, tee, size, **pairs)
        except Exception:
            if tee is not None and (tee.failed or tee.ended) and self.look(path) is None:
                self.put(path, tee.data)
            raise


@defect(trips=("write.failure_leaves_nothing",))
class FailedWriteLeavesTemporaryFile(Defective):
    """A write that fails in its reader leaves a temporary file beside its path."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        tee = None if r is None else Tee(r)
        try:
            return super().write(path, tee, size, **pairs)
        except Exception:
            if tee is not None and (tee.failed or tee.ended):
                self.put(path + ".part", tee.data)
            raise


@defect(trips=("write.failure_is_over",), like="fsspec/filesystem_spec#2108")
class WriteAfterFailureIsLost(Defective):
    """The first write after a refused one succeeds and stores nothing: the failed state is kept."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        if self.shared.pop("failed", False) and r is not None and len(r.read(size)) == size:
            return size
        try:
            return super().write(path, r, size, **pairs)
        except StorageError:
            self.shared["failed"] = True
            raise


@defect(trips=("write.failure_is_over",))
class WriteAfterFailureBeginsWithOldBytes(Defective):
    """The buffer of a failed write is not cleared: its bytes begin the next object."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        try:
            count = super().write(path, r, size, **pairs)
        except StorageError:
            self.shared["buffer"] = b"left over"
            raise
        buffer = self.shared.pop("buffer", b"")
        self.spoil(path, lambda data: (buffer + data)[: len(data)])
        return count


@defect(trips=("write.none_reader_empty",), like="beyondstorage/go-storage#756")
class NoneReaderRefused(Defective):
    """No reader is refused for size 0 as well."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        if r is None:
            raise RestrictionDissatisfied("a reader is required")
        return super().write(path, r, size, **pairs)


@defect(trips=("write.none_reader_refused",))
class NoneReaderStoresEmpty(Defective):
    """No reader stores an empty object, whatever the size."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        if r is None and size > 0:
            super().write(path, r, 0, **pairs)
            return size
        return super().write(path, r, size, **pairs)


@defect(trips=("write.none_reader_refused", "errors.taxonomy"), like="beyondstorage/go-storage: services/storj, write")
class NoneReaderCrashes(Defective):
    """No reader with a size above 0 lets an AttributeError out."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        if r is None and size > 0:
            raise AttributeError("'NoneType' object has no attribute 'read'")
        return super().write(path, r, size, **pairs)


@defect(
    trips=("errors.not_exist_only_then", "write.none_reader_refused"),
    like="beyondstorage/go-storage: services/hdfs, write",
)
class NoneReaderIsNotExist(Defective):
    """No reader with a size above 0 is ObjectNotExist."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        if r is None and size > 0:
            raise ObjectNotExist
        return super().write(path, r, size, **pairs)


# What is checked


@defect(
    trips=("write.negative_size", "metadata.write_size_enforced"), like="beyondstorage/go-storage: services/fs, fetch"
)
class NegativeSizeStoresNothing(Defective):
    """A negative size is taken for 0: an empty object is stored."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        return super().write(path, r, max(size, 0), **pairs)


@defect(trips=("write.negative_size", "metadata.write_size_enforced"))
class NegativeSizeMeansAll(Defective):
    """A negative size stores the whole reader."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        if size < 0 and r is not None:
            data = r.read()
            return super().write(path, io.BytesIO(data), len(data), **pairs)
        return super().write(path, r, size, **pairs)


@defect(trips=("write.size_maximum", "metadata.write_size_enforced"), on=METADATA)
class SizeMaximumNotEnforced(Defective):
    """A size above the published maximum is accepted; what the reader has is stored."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        maximum = self.metadata().restrictions.write_size_maximum
        if maximum is not None and size > maximum:
            self.put(path, b"")
            return size
        return super().write(path, r, size, **pairs)


@defect(trips=("write.size_maximum", "metadata.write_size_enforced"), on=METADATA)
class SizeMaximumEnforcedAfterReading(Defective):
    """A size above the published maximum is refused after the reader was read."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        maximum = self.metadata().restrictions.write_size_maximum
        if maximum is not None and size > maximum and r is not None:
            r.read(1 << 16)
        return super().write(path, r, size, **pairs)


@defect(trips=("write.content_md5",), on=NATIVE, like="beyondstorage/go-storage: services/memory, content_md5")
class ContentMd5Ignored(Defective):
    """A wrong content_md5 is accepted."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        return super().write(path, r, size, **_without_md5(pairs))


@defect(trips=("write.content_md5",), on=NATIVE)
class ContentMd5OfAnotherLengthIgnored(Defective):
    """A content_md5 that has not the length of an MD5 is taken for none."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        short = len(pairs.get("content_md5") or "") != MD5_LENGTH
        return super().write(path, r, size, **(_without_md5(pairs) if short else pairs))


@defect(trips=("write.content_md5", "write.failure_leaves_nothing", "write.failure_keeps_old"), on=NATIVE)
class ContentMd5CheckedAfterStoring(Defective):
    """A wrong content_md5 is an error, after the object has been stored."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        tee = None if r is None else Tee(r)
        try:
            return super().write(path, tee, size, **pairs)
        except StorageError:
            if "content_md5" in pairs and tee is not None and len(tee.data) == size:
                self.put(path, tee.data)
            raise


# What is told


@defect(trips=("write.callback",))
class WriteCallbackMissing(Defective):
    """io_callback is accepted and never called."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        return super().write(path, r, size, **{n: v for n, v in pairs.items() if n != "io_callback"})


@defect(trips=("write.callback",))
class WriteCallbackDoubled(Defective):
    """io_callback sees every chunk twice, as after a retry."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        if seen := pairs.get("io_callback"):
            pairs["io_callback"] = lambda chunk: (seen(chunk), seen(chunk))
        return super().write(path, r, size, **pairs)


@defect(trips=("write.callback",))
class WriteCallbackUnordered(Defective):
    """io_callback sees the halves of every chunk in the wrong order."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        if seen := pairs.get("io_callback"):
            pairs["io_callback"] = lambda chunk: (seen(chunk[len(chunk) // 2 :]), seen(chunk[: len(chunk) // 2]))
        return super().write(path, r, size, **pairs)


@defect(trips=("write.content_type",), like="beyondstorage/go-storage: services/s3, write", on=METADATA)
class ContentTypeDropped(Defective):
    """content_type is accepted and not stored."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        return super().write(path, r, size, **{n: v for n, v in pairs.items() if n != "content_type"})


@defect(trips=("write.content_type",), on=METADATA)
class ContentTypeParametersDropped(Defective):
    """What follows a semicolon in content_type is dropped."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        if pairs.get("content_type"):
            pairs["content_type"] = pairs["content_type"].partition(";")[0]
        return super().write(path, r, size, **pairs)


@defect(trips=("write.content_disposition",), like="beyondstorage/go-storage#868", on=METADATA)
class ContentDispositionDropped(Defective):
    """content_disposition is accepted and not stored."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        return super().write(path, r, size, **{n: v for n, v in pairs.items() if n != "content_disposition"})


class AlteringMetadata(Defective):
    """User metadata are altered when they are written."""

    def altered(self, metadata: dict[str, str]) -> dict[str, str]:
        """Return what is stored of ``metadata``."""
        raise NotImplementedError

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        if pairs.get("user_metadata"):
            pairs["user_metadata"] = self.altered(dict(pairs["user_metadata"]))
        return super().write(path, r, size, **pairs)


@defect(trips=("write.user_metadata",), on=METADATA)
class UserMetadataDropped(AlteringMetadata):
    """User metadata are accepted and not stored."""

    def altered(self, metadata: dict[str, str]) -> dict[str, str]:
        return {}


@defect(trips=("write.user_metadata",), on=("memory",))
class UserMetadataNamesLowered(AlteringMetadata):
    """The names of user metadata are put in lower case, as header names are."""

    def altered(self, metadata: dict[str, str]) -> dict[str, str]:
        return {name.lower(): value for name, value in metadata.items()}


@defect(trips=("write.user_metadata",), on=("memory",))
class UserMetadataValuesTrimmed(AlteringMetadata):
    """Blanks around the values of user metadata are trimmed, as those of headers are."""

    def altered(self, metadata: dict[str, str]) -> dict[str, str]:
        return {name: value.strip() for name, value in metadata.items()}


@defect(trips=("write.user_metadata",), on=METADATA)
class OnlyFirstUserMetadataStored(AlteringMetadata):
    """Of several user metadata only the first is stored."""

    def altered(self, metadata: dict[str, str]) -> dict[str, str]:
        return dict(list(metadata.items())[:1])


@defect(trips=("write.user_metadata",), like="beyondstorage/go-storage: services/s3, link header", on=METADATA)
class UserMetadataPrefixed(Defective):
    """The names of user metadata come back with the header's prefix."""

    def stat(self, path: str, **pairs: Any) -> Object:
        found = super().stat(path, **pairs)
        return replace(
            found, user_metadata={f"x-amz-meta-{name}": value for name, value in found.user_metadata.items()}
        )


@defect(trips=("write.trailing_slash",), on=VIRTUAL)
class TrailingSlashStripped(Defective):
    """Writing to ``a/`` writes the object ``a``."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        return super().write(path.rstrip("/") or path, r, size, **pairs)


@defect(trips=("write.stores", "paths.distinct", "read.whole"))
class ReadsWhatWasWrittenLast(Defective):
    """Reading an object right after another write of the same length delivers that one's bytes."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        count = super().write(path, r, size, **pairs)
        self.shared["last"] = self.content(path)
        return count

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        data, last = self.content(path), self.shared.pop("last", None)
        if data and last is not None and len(last) == len(data) and not pairs:
            w.write(last)
            return len(last)
        return super().read(path, w, **pairs)


@defect(trips=("write.stores",))
class WriteThroughSmallBufferDropsEnd(Altering):
    """An object longer than 8192 bytes loses what does not fill its last 512 bytes."""

    def altered(self, data: bytes) -> bytes:
        return data[: len(data) // 512 * 512] if len(data) > 8192 else data


@defect(trips=("write.stores", "object_mode.honest_object"))
class WrittenHiddenUntilListed(Defective):
    """A written object cannot be read or described before its directory was listed."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        count = super().write(path, r, size, **pairs)
        self.memory("unlisted")[path] = True
        return count

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        self.memory("unlisted").clear()
        return super().list(path, **pairs)

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        if path in self.memory("unlisted"):
            raise ObjectNotExist
        return super().read(path, w, **pairs)


def _without_md5(pairs: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in pairs.items() if name != "content_md5"}


# Where nothing can be


@defect(trips=("write.below_object",), on=NATIVE, like="js-ipfs: files/write with parents two levels below a file")
class DeepBelowAnObjectVanishes(Defective):
    """A write two levels below an object is said to have succeeded, and what was written is nowhere."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        above = path.rsplit("/", 2)[0]
        if path.count("/") > 1 and self.look(above) is not None and self.look(path.rpartition("/")[0]) is None:
            return size
        return super().write(path, r, size, **pairs)
