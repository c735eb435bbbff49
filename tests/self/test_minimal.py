"""Small correct storages are never accused: a dictionary, and only what a service happens to have."""

from __future__ import annotations

import pytest

from conformance.engine.backend import Backend
from conformance.engine.laws import checks
from conformance.engine.runner import Runner
from conformance.storage import (
    Features,
    ListMode,
    ListModeInvalid,
    Object,
    ObjectMode,
    ObjectNotExist,
    Storage,
    StorageMeta,
    Unexpected,
)


class Reading(Storage):
    """Read, and what the others list with: nothing optional at all."""

    def __init__(self, work_dir: str, data: dict[str, bytes]) -> None:
        self.work_dir, self.data = work_dir, data

    def read(self, path, w):
        return w.write(self.found(path))

    def found(self, path):
        if self.work_dir + path not in self.data:
            raise ObjectNotExist(path)
        return self.data[self.work_dir + path]

    def object(self, path):
        return Object(path=path, id=self.work_dir + path, mode=ObjectMode.READ, content_length=len(self.found(path)))

    def below(self, prefix):
        keys = [key.removeprefix(self.work_dir) for key in sorted(self.data) if key.startswith(self.work_dir)]
        return [self.object(key) for key in keys if key.startswith(prefix)]

    def one_level(self, path):
        start = path.rstrip("/") + "/" if path else ""
        for name, more in sorted({o.path[len(start) :].partition("/")[:2] for o in self.below(start)}):
            at = start + name
            yield Object(path=at, id=self.work_dir + at, mode=ObjectMode.DIR) if more else self.object(at)


class WriteRead(Reading):
    """No stat, no list, no delete."""

    def write(self, path, r, size):
        data = b""
        while len(data) < size and r and (more := r.read(size - len(data))):
            data += more
        if size < 0 or len(data) != size:
            raise Unexpected(f"{len(data)} of {size} bytes")
        self.data[self.work_dir + path] = data
        return size


class NoStat(WriteRead):
    """List and delete; list takes no mode and shows one level."""

    def list(self, path):
        return self.one_level(path)

    def delete(self, path):
        self.data.pop(self.work_dir + path, None)


class OneLevel(NoStat):
    """All of the Storager, without any optional argument."""

    def stat(self, path):
        return self.object(path)


class AllLevels(OneLevel):
    """The listing shows everything that the prefix begins."""

    def list(self, path):
        return iter(self.below(path))


class Walking(OneLevel):
    """The listing walks a directory down to its bottom, and shows the directories on the way."""

    def list(self, path):
        for o in self.one_level(path):
            yield o
            if ObjectMode.DIR in o.mode:
                yield from self.list(o.path)


class PrefixOnly(OneLevel):
    """Prefix is the one mode there is."""

    declared = Features(list_modes=ListMode.PREFIX)

    def list(self, path, *, list_mode=None):
        if list_mode not in {None, ListMode.PREFIX}:
            raise ListModeInvalid(list_mode)
        return iter(self.below(path))


class PrefixBesideLevel(PrefixOnly):
    """The default shows one level, the one mode to be asked for is prefix."""

    def list(self, path, *, list_mode=None):
        return super().list(path, list_mode=list_mode) if list_mode is not None else self.one_level(path)


class DirOnly(OneLevel):
    """The declaration is left as it is: the one mode is dir."""

    def list(self, path, *, list_mode=ListMode.DIR):
        if list_mode != ListMode.DIR:
            raise ListModeInvalid(list_mode)
        return self.one_level(path)


class NoEtags(DirOnly):
    """Etags are declared not to be, and metadata tells the work_dir."""

    declared = Features(etag=False)

    def metadata(self):
        return StorageMeta(name="no-etags", work_dir=self.work_dir)


class LocalEtags(OneLevel):
    """Etags are told and not declared."""

    def object(self, path):
        o = super().object(path)
        return Object(path=path, id=o.id, mode=o.mode, content_length=o.content_length, etag=f"{self.found(path)!r}")


class ReadOnly(Reading):
    """Nothing is ever written: read, stat and list."""

    def stat(self, path):
        return self.object(path)

    def list(self, path):
        return self.one_level(path)


@pytest.mark.parametrize(
    "store",
    [
        WriteRead,
        NoStat,
        OneLevel,
        AllLevels,
        Walking,
        PrefixOnly,
        PrefixBesideLevel,
        DirOnly,
        NoEtags,
        LocalEtags,
        ReadOnly,
    ],
)
def test_a_small_correct_storage_is_not_accused(store):
    accused: list[str] = []
    passed = 0
    for seed in (1, 2):
        data: dict[str, bytes] = {}
        runner = Runner(Backend(name=store.__name__, open=lambda work_dir, d=data: store(work_dir, d)), seed=seed)
        for check in checks().values():
            result = runner.run(check) if runner.selects(check) else None
            if result is not None and result.state not in {"pass", "not-applicable"}:
                accused.append(f"{check.id}: {result.reason or result.failure}")
            passed += result is not None and result.state == "pass"
    assert accused == []
    assert passed > 0
