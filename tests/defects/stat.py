"""Defects of stat: what is told of an object, and of what is none."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from conformance.storage import ListMode, Object, ObjectMode, ObjectNotExist, Reader, Unexpected

from .base import METADATA, NATIVE, Defective, defect


class Telling(Defective):
    """stat and list tell something wrong of every object that can be read."""

    def told(self, found: Object) -> Object:
        """Return what is said of ``found``."""
        raise NotImplementedError

    def stat(self, path: str, **pairs: Any) -> Object:
        found = super().stat(path, **pairs)
        return self.told(found) if ObjectMode.READ in found.mode else found

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        return (self.told(found) if ObjectMode.READ in found.mode else found for found in super().list(path, **pairs))


@defect(trips=("stat.length",))
class LengthOfEmptyMissing(Telling):
    """The length of an empty object is not told: 0 is taken for nothing."""

    def told(self, found: Object) -> Object:
        return replace(found, content_length=found.content_length or None)


@defect(trips=("stat.length", "stat.describes"))
class LengthInBlocks(Telling):
    """The length told is rounded up to 4096 bytes, the space taken on disk."""

    def told(self, found: Object) -> Object:
        return replace(
            found, content_length=None if found.content_length is None else -(-found.content_length // 4096) * 4096
        )


@defect(trips=("stat.etag_changes", "features.etag", "completeness.listing"))
class EtagConstant(Telling):
    """Every object has the same etag for ever."""

    def told(self, found: Object) -> Object:
        return replace(found, etag=found.etag and '"constant"')


@defect(trips=("stat.etag_changes",))
class EtagOfLength(Telling):
    """The etag is made of the length: another content of the same length has the same."""

    def told(self, found: Object) -> Object:
        return replace(found, etag=found.etag and f'"{found.content_length}"')


@defect(trips=("stat.etag_stable", "stat.repeatable", "list.agrees_with_stat"))
class EtagNewEveryTime(Telling):
    """Every look at an object tells another etag."""

    _count = itertools.count()

    def told(self, found: Object) -> Object:
        return replace(found, etag=found.etag and f'"{next(self._count)}"')


@defect(trips=("features.etag",), needs=("stat",))
class EtagNotTold(Telling):
    """No etag is told, although it is declared."""

    def told(self, found: Object) -> Object:
        return replace(found, etag=None)


@defect(trips=("features.etag", "list.agrees_with_stat"))
class EtagQuotedByListOnly(Defective):
    """list tells the etag in other quotes than stat."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        return (replace(o, etag=o.etag and f"W/{o.etag}") for o in super().list(path, **pairs))


@defect(trips=("stat.last_modified",))
class ModifiedAtEpoch(Telling):
    """last_modified is 1970 for every object."""

    def told(self, found: Object) -> Object:
        return replace(found, last_modified=found.last_modified and datetime(1970, 1, 1, tzinfo=UTC))


@defect(trips=("stat.last_modified",))
class ModifiedInLocalTime(Telling):
    """last_modified is two hours off: local time is told as UTC."""

    def told(self, found: Object) -> Object:
        return replace(found, last_modified=found.last_modified and found.last_modified + timedelta(hours=2))


@defect(trips=("stat.last_modified",))
class ModifiedGoesBack(Telling):
    """Every overwrite tells an earlier time than the last."""

    def told(self, found: Object) -> Object:
        if found.last_modified is None:
            return found
        first = self.memory("first").setdefault(found.path, found.last_modified)
        return replace(
            found,
            last_modified=first
            - (found.last_modified - first)
            - timedelta(milliseconds=1) * (found.last_modified != first),
        )


@defect(trips=("stat.content_md5",), on=("memory",))
class Md5InHexadecimal(Telling):
    """content_md5 is told in hexadecimal."""

    def told(self, found: Object) -> Object:
        return replace(found, content_md5=found.content_md5 and base64.b64decode(found.content_md5).hex())


@defect(trips=("stat.content_md5",), like="google/go-cloud#3722", on=("memory",))
class Md5OfFirstContent(Defective):
    """content_md5 stays that of the first content written to the path."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        count = super().write(path, r, size, **pairs)
        self.memory("md5").setdefault(path, self.inner.stat(path).content_md5)
        return count

    def stat(self, path: str, **pairs: Any) -> Object:
        found = super().stat(path, **pairs)
        return replace(found, content_md5=found.content_md5 and self.memory("md5").get(path, found.content_md5))


@defect(trips=("stat.missing", "delete.removes"), like="thanos-io/objstore#196")
class MissingIsDescribed(Defective):
    """stat of what is not there describes an empty object."""

    def stat(self, path: str, **pairs: Any) -> Object:
        try:
            return super().stat(path, **pairs)
        except ObjectNotExist:
            if pairs:
                raise
            return Object(path=path, id=path, mode=ObjectMode.READ, content_length=0)


@defect(trips=("stat.missing",), on=("memory", "moto"))
class PrefixIsDescribed(Defective):
    """stat of the beginning of a name describes the first object that begins with it."""

    def stat(self, path: str, **pairs: Any) -> Object:
        try:
            return super().stat(path, **pairs)
        except ObjectNotExist:
            for found in [] if pairs else self.inner.list(path, list_mode=ListMode.PREFIX):
                return replace(found, path=path)
            raise


@defect(trips=("stat.missing", "stat.describes"))
class MissingIsUnexpected(Defective):
    """stat of what is not there is Unexpected."""

    def stat(self, path: str, **pairs: Any) -> Object:
        try:
            return super().stat(path, **pairs)
        except ObjectNotExist:
            raise Unexpected("404") from None


@defect(trips=("stat.below_file", "stat.missing"), on=NATIVE, like="beyondstorage/go-storage: services/fs, ENOTDIR")
class StatBelowFileIsUnexpected(Defective):
    """stat of ``file/x`` is Unexpected, as the operating system's ENOTDIR is."""

    def stat(self, path: str, **pairs: Any) -> Object:
        if "/" in path and self.content(path.rpartition("/")[0]) is not None:
            raise Unexpected("not a directory")
        return super().stat(path, **pairs)


@defect(trips=("stat.path", "stat.describes"), like="apache/arrow-rs-object-store#664")
class StatPathAbsolute(Defective):
    """stat tells the path from the root of the service."""

    def stat(self, path: str, **pairs: Any) -> Object:
        return replace(super().stat(path, **pairs), path=f"{self.work_dir.rstrip('/')}/{path}")


@defect(trips=("stat.path", "stat.describes"), like="beyondstorage/go-storage#177")
class StatPathDoubled(Defective):
    """stat tells the path with its last name repeated."""

    def stat(self, path: str, **pairs: Any) -> Object:
        return replace(super().stat(path, **pairs), path=path + path.rpartition("/")[2])


@defect(trips=("stat.id",))
class IdNewEveryTime(Defective):
    """stat tells another id every time."""

    _count = itertools.count()

    def stat(self, path: str, **pairs: Any) -> Object:
        return replace(super().stat(path, **pairs), id=f"id-{next(self._count)}")


@defect(trips=("stat.id",))
class IdIsLastName(Defective):
    """The id is the last name of the path: objects in different directories share it."""

    def stat(self, path: str, **pairs: Any) -> Object:
        return replace(super().stat(path, **pairs), id=path.rpartition("/")[2])


@defect(trips=("stat.repeatable",), on=METADATA)
class SecondStatForgetsMetadata(Defective):
    """A second stat of an object comes from a cache that does not keep user metadata or content type."""

    def stat(self, path: str, **pairs: Any) -> Object:
        found = super().stat(path, **pairs)
        key = (path, found.last_modified, found.etag)
        again = key in self.memory("seen")
        self.memory("seen")[key] = True
        return replace(found, user_metadata={}, content_type=None) if again else found


@defect(
    trips=("stat.directory", "object_mode.honest_dir", "create_dir.told"),
    needs=("create_dir",),
    like="beyondstorage/go-storage#803",
)
class DirectoryToldAsReadable(Defective):
    """stat of a directory tells mode read."""

    def stat(self, path: str, **pairs: Any) -> Object:
        found = super().stat(path, **pairs)
        return (
            replace(found, mode=found.mode ^ ObjectMode.DIR | ObjectMode.READ)
            if ObjectMode.DIR in found.mode
            else found
        )


@defect(
    trips=("stat.directory", "object_mode.honest_dir"),
    needs=("create_dir",),
    like="beyondstorage/go-storage: services/gcs, stat",
)
class DirectoryToldAsBoth(Defective):
    """stat of a directory tells modes dir and read."""

    def stat(self, path: str, **pairs: Any) -> Object:
        found = super().stat(path, **pairs)
        return replace(found, mode=found.mode | ObjectMode.READ) if ObjectMode.DIR in found.mode else found


@defect(trips=("object_mode.stat_hint_mismatch",), like="beyondstorage/go-storage: services/fs, stat")
class StatIgnoresHint(Defective):
    """stat ignores the hint object_mode: a file is described where a directory is asked for."""

    def stat(self, path: str, **pairs: Any) -> Object:
        return super().stat(path, **{name: value for name, value in pairs.items() if name != "object_mode"})


@defect(
    trips=("object_mode.stat_hint_mismatch", "object_mode.stat_hint"),
    like="beyondstorage/go-storage: services/ipfs, stat",
)
class StatHintBecomesMode(Defective):
    """The hint object_mode becomes the mode of what is found."""

    def stat(self, path: str, **pairs: Any) -> Object:
        hint = pairs.pop("object_mode", None)
        found = super().stat(path, **pairs)
        return found if hint is None else replace(found, mode=hint)


@defect(trips=("object_mode.stat_hint", "stat.describes"))
class StatRefusesReadHint(Defective):
    """stat with the hint read finds nothing: only the hint dir is known."""

    def stat(self, path: str, **pairs: Any) -> Object:
        if pairs.get("object_mode") == ObjectMode.READ:
            raise ObjectNotExist
        return super().stat(path, **pairs)


@defect(trips=("object_mode.honest_object", "stat.describes"))
class WrittenObjectToldAsIrregular(Defective):
    """stat tells no mode at all of a written object."""

    def stat(self, path: str, **pairs: Any) -> Object:
        found = super().stat(path, **pairs)
        return replace(found, mode=ObjectMode(0)) if ObjectMode.READ in found.mode else found


@defect(
    trips=("object_mode.only_what_exists",), on=("fs", "moto"), like="beyondstorage/go-storage: services/fs, page mode"
)
class ObjectsClaimPages(Telling):
    """Every object carries the mode page, although there is no write_page."""

    def told(self, found: Object) -> Object:
        return replace(found, mode=found.mode | ObjectMode.PAGE)


@defect(trips=("object_mode.honest_listing", "object_mode.honest_object", "list.agrees_with_stat"))
class ListedObjectsClaimLinks(Defective):
    """Every listed object carries the mode link."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        return (replace(o, mode=o.mode | ObjectMode.LINK) for o in super().list(path, **pairs))


@defect(trips=("stat.last_modified_follows",), on=METADATA)
class ModifiedInFirstSecond(Telling):
    """last_modified is for ever the second of the first write that anybody asked for."""

    def told(self, found: Object) -> Object:
        if found.last_modified is None:
            return found
        first = self.memory("first").setdefault(found.path, found.last_modified.replace(microsecond=0))
        return replace(found, last_modified=first)


@defect(trips=("stat.last_modified_follows", "stat.repeatable"), on=METADATA)
class ModifiedWhenAsked(Telling):
    """last_modified is the second in which the question came."""

    def told(self, found: Object) -> Object:
        return replace(found, last_modified=datetime.now(UTC).replace(microsecond=0))


@defect(trips=("write.user_metadata_of_any_object",), on=METADATA)
class TenUserMetadata(Telling):
    """Of user metadata only the first ten are told."""

    def told(self, found: Object) -> Object:
        return replace(found, user_metadata=dict(list(found.user_metadata.items())[:10]))
