"""The local file system: the facts that no conformance suite can prove, as they need the host behind the storage."""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
import textwrap
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.adapters.fs.storage import FileSystem, open_fs
from conformance.adapters.fs.tree import ABANDONED, TEMPORARY, translated
from conformance.storage import (
    ConnectionStringInvalid,
    ListMode,
    ListModeInvalid,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    PairUnsupported,
    PermissionDenied,
    RestrictionDissatisfied,
    Storage,
    StorageError,
    Unexpected,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyfakefs.fake_filesystem import FakeFilesystem


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    return root


@pytest.fixture
def store(root: Path) -> Storage:
    return open_fs(root)("/w/")


def content(store: Storage, path: str) -> bytes:
    sink = io.BytesIO()
    assert store.read(path, sink) == len(sink.getvalue())
    return sink.getvalue()


def put(store: Storage, path: str, data: bytes) -> None:
    assert store.write(path, io.BytesIO(data), len(data)) == len(data)


def names(store: Storage, path: str = "", mode: ListMode | None = None) -> list[str]:
    return [o.path for o in store.list(path, list_mode=mode)]


def on_disk(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*")}


def listed(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


class Failing:
    """A reader that does something after so many bytes instead of returning more."""

    def __init__(self, good: int, then: type[BaseException] = OSError) -> None:
        self._left, self._then = good, then

    def read(self, size: int = -1, /) -> bytes:
        if not self._left:
            raise self._then("cable")
        data = b"n" * min(size, self._left)
        self._left -= len(data)
        return data


# what fails leaves the old object and no trace


@pytest.mark.parametrize("then", [OSError, FileNotFoundError, ValueError])
@pytest.mark.parametrize("good", [0, 1, 200_000])
def test_a_failing_reader_leaves_the_old_object_and_no_file(
    store: Storage, root: Path, good: int, then: type[BaseException]
) -> None:
    put(store, "a", b"old")
    before = on_disk(root)
    for path in ("a", "deep/new/b"):
        with pytest.raises(Unexpected):
            store.write(path, Failing(good, then), good + 1)
    with pytest.raises(Unexpected):
        store.write_append(store.stat("a"), Failing(good, then), good + 1)
    with pytest.raises(Unexpected):
        store.write_page(store.stat("a"), Failing(good, then), good + 1, 0)
    with pytest.raises(Unexpected):
        store.write("a", io.BytesIO(b"new"), 3, content_md5="AAAA")
    assert content(store, "a") == b"old"
    assert on_disk(root) == before


def test_an_interrupted_write_leaves_no_file(store: Storage, root: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        store.write("deep/a", Failing(5, KeyboardInterrupt), 6)
    assert on_disk(root) == set()


def child(code: str, root: Path) -> subprocess.CompletedProcess[str]:
    source = textwrap.dedent(code)
    return subprocess.run(  # noqa: PLW1510 - the way it ends is what is tested
        [sys.executable, "-c", source, str(root)], capture_output=True, text=True, timeout=300
    )


@pytest.mark.parametrize("after", [0, 1, 100_000])
def test_a_killed_write_leaves_the_old_object_and_nothing_that_is_listed(
    store: Storage, root: Path, after: int
) -> None:
    put(store, "a", b"old")
    ended = child(
        f"""
        import os, signal, sys
        from conformance.adapters.fs.storage import open_fs

        class Deadly:
            left = {after}
            def read(self, size):
                if not self.left:
                    os.kill(os.getpid(), signal.SIGKILL)
                data = b"n" * min(size, self.left)
                self.left -= len(data)
                return data

        store = open_fs(sys.argv[1])("/w/")
        store.write("a", Deadly(), {after} + 1)
        """,
        root,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    above = open_fs(root)("/")
    assert content(store, "a") == b"old"
    assert names(above) == ["w"]
    assert names(above, "", ListMode.PREFIX) == ["w/a"]
    (left,) = [name for name in listed(root) if name.startswith(TEMPORARY)]
    with pytest.raises(Unexpected):
        above.delete(left)
    with pytest.raises(Unexpected):
        put(above, left, b"pose")

    open_fs(root)
    assert left in listed(root), "it could still be written to"
    os.utime(root / left, (0, root.stat().st_mtime - ABANDONED - 60))
    open_fs(root)
    assert listed(root) == ["w"]


def test_a_file_size_limit_keeps_the_old_object_also_for_an_append(root: Path) -> None:
    ended = child(
        """
        import io, os, resource, sys
        from conformance.adapters.fs.storage import open_fs
        from conformance.storage import RestrictionDissatisfied

        store = open_fs(sys.argv[1])("/w/")
        store.write("a", io.BytesIO(b"o" * 90_000), 90_000)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        def refused(call):
            try:
                call()
            except RestrictionDissatisfied:
                return
            sys.exit("not refused")
        refused(lambda: store.write("a", io.BytesIO(b"n" * 200_000), 200_000))
        refused(lambda: store.write_append(store.stat("a"), io.BytesIO(b"n" * 20_000), 20_000))
        refused(lambda: store.write_page(store.stat("a"), io.BytesIO(b"n" * 20_000), 20_000, 90_000))
        sink = io.BytesIO()
        assert store.read("a", sink) == 90_000 and sink.getvalue() == b"o" * 90_000
        assert os.listdir(sys.argv[1]) == ["w"]
        """,
        root,
    )
    assert ended.returncode == 0, ended.stderr


def test_a_full_disk_keeps_the_old_object_and_leaves_no_file(fs: FakeFilesystem) -> None:
    fs.create_dir("/root")
    fs.set_disk_usage(300_000)
    store = open_fs("/root")("/w/")
    put(store, "a", b"o" * 100_000)
    link = store.create_link("l", "a")
    for call in (
        lambda: put(store, "a", b"n" * 250_000),
        lambda: put(store, "deep/b", b"n" * 250_000),
        lambda: store.write_append(store.stat("a"), io.BytesIO(b"n" * 150_000), 150_000),
        lambda: [store.copy("a", f"c{number}") for number in range(3)],
    ):
        with pytest.raises(Unexpected):
            call()
    assert content(store, "a") == content(store, link.path) == b"o" * 100_000
    assert names(store) == ["a", "c0", "l"]
    assert listed(Path("/root")) == ["w"]


def test_the_whole_storage_on_a_fake_file_system(fs: FakeFilesystem) -> None:
    fs.create_dir("/root")
    walk_through(open_fs("/root")("/w/x/"))
    assert listed(Path("/root")) == ["w"]


def test_the_whole_storage_on_the_host(root: Path) -> None:
    descriptors = len(listed(Path("/proc/self/fd")))
    walk_through(open_fs(root)("/w/x/"))
    assert listed(root) == ["w"]
    assert len(listed(Path("/proc/self/fd"))) == descriptors


def walk_through(store: Storage) -> None:
    assert names(store) == []
    assert store.stat("").mode == ObjectMode.DIR
    store.write("a", None, 0)
    put(store, "d/e/f", b"1" * 100_000)
    store.copy("d/e/f", "a")
    store.copy("a", "a")
    store.move("a", "a")
    store.move("a", "b/c")
    assert content(store, "b/c") == b"1" * 100_000
    store.create_link("b/l", "b/c")
    store.move("b/l", "l")
    store.copy("l", "d/l")
    assert (store.stat("d/l").link_target, content(store, "d/l")) == ("b/c", b"1" * 100_000)
    store.create_link("l", "circle")
    store.create_link("circle", "l")
    for lost in (lambda: content(store, "l"), lambda: store.stat("b/c/x"), lambda: store.stat("l/x")):
        with pytest.raises(ObjectNotExist):
            lost()
    for above in ("b/c/x", "l/x", "b/c/x/y"):
        store.delete(above)
        with pytest.raises(ObjectModeInvalid):
            put(store, above, b"2")
        with pytest.raises(ObjectModeInvalid):
            store.create_dir(above)
    for refused in (
        lambda: put(store, "d", b"2"),
        lambda: put(store, "new/", b"2"),
        lambda: store.move("d", "x"),
        lambda: store.copy("d", "x"),
        lambda: store.move("b/c", "d"),
        lambda: store.create_dir("b/c"),
        lambda: store.create_link("d", "b/c"),
        lambda: content(store, "d"),
        lambda: content(store, ""),
        lambda: store.delete(""),
        lambda: store.stat("d", object_mode=ObjectMode.READ),
    ):
        with pytest.raises(ObjectModeInvalid):
            refused()
    with pytest.raises(Unexpected):
        store.delete("d", object_mode=ObjectMode.DIR)
    assert names(store) == ["b", "circle", "d", "l"]
    assert names(store, "d/") == names(store, "d") == ["d/e", "d/l"]
    assert names(store, "d", ListMode.PREFIX) == names(store, "d/", ListMode.PREFIX) == ["d/e/f", "d/l"]

    append = store.create_append("a")
    for data in (b"12", b"", b"3"):
        store.write_append(append, io.BytesIO(data), len(data))
    store.commit_append(append)
    assert (content(store, "a"), store.stat("a").append_offset) == (b"123", 3)
    page = store.create_page("p")
    store.write_page(page, io.BytesIO(b"cd"), 2, 4)
    store.write_page(page, io.BytesIO(b"ab"), 2, 0)
    assert content(store, "p") == b"ab\0\0cd"
    sink = io.BytesIO()
    assert [
        store.read("p", sink, offset=1, size=2),
        store.read("p", sink, offset=6),
        store.read("p", sink, size=0),
    ] == [
        2,
        0,
        0,
    ]
    assert sink.getvalue() == b"b\0"
    for path in names(store, "", ListMode.PREFIX):
        store.delete(path)
        store.delete(path)
    for directory in ("d/e", "d", "b"):
        store.delete(directory, object_mode=ObjectMode.DIR)
    assert names(store) == []


# keys stay where they belong


def test_no_key_leads_out_of_the_work_dir(store: Storage, root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "secret"
    outside.mkdir()
    (outside / "x").write_text("secret")
    put(store, "a", b"1")
    (root / "w" / "dir").symlink_to(outside)
    (root / "w" / "file").symlink_to("../../secret/x")
    before = on_disk(tmp_path)
    for path in ("../x", "a/../../x", "/etc/passwd", "..", ".", "./a", "a//b", "nul\0", "\ud800"):
        for call in (
            store.stat,
            store.delete,
            store.create_dir,
            lambda p: content(store, p),
            lambda p: put(store, p, b"2"),
            lambda p: store.copy("a", p),
            lambda p: store.move("a", p),
            lambda p: store.create_link("l", p),
            lambda p: store.create_link(p, "a"),
        ):
            with pytest.raises(Unexpected):
                call(path)
    with pytest.raises(ObjectModeInvalid):
        put(store, "dir/x", b"2")
    with pytest.raises(ObjectModeInvalid):
        store.create_dir("dir/y")
    with pytest.raises(ObjectNotExist):
        content(store, "dir/x")
    with pytest.raises(PermissionDenied):
        content(store, "file")
    with pytest.raises(ObjectModeInvalid):
        names(store, "dir")
    store.delete("dir/x")
    assert store.stat("file").mode == ObjectMode.LINK
    assert [names(store, prefix, ListMode.PREFIX) for prefix in ("../", "/", "a//", "./")] == [[], [], [], []]
    assert on_disk(tmp_path) == before
    put(store, "file", b"3")
    store.delete("dir")
    assert (outside / "x").read_text() == "secret"
    assert on_disk(root / "w") == {"a", "file"}


def test_a_foreign_relative_link_is_read_where_it_points_and_keeps_its_target_when_moved(
    store: Storage, root: Path
) -> None:
    put(store, "d/t", b"1")
    (root / "w" / "d" / "l").symlink_to("t")
    assert store.stat("d/l").link_target == "d/t"
    store.move("d/l", "l")
    assert (store.stat("l").link_target, content(store, "l")) == ("d/t", b"1")


def test_what_is_no_file_is_neither_read_nor_blocks(store: Storage, root: Path) -> None:
    store.create_dir("")
    os.mkfifo(root / "w" / "pipe")
    assert store.stat("pipe").mode == ObjectMode(0)
    for call in (lambda: content(store, "pipe"), lambda: store.copy("pipe", "x")):
        with pytest.raises(ObjectModeInvalid):
            call()


def test_names_that_no_path_can_tell_are_not_listed(store: Storage, root: Path) -> None:
    store.create_dir("")
    (root / "w" / os.fsdecode(b"\xff")).touch()
    assert names(store) == names(store, "", ListMode.PREFIX) == []


# what it tells


def test_every_write_has_a_new_etag_and_a_later_time(store: Storage) -> None:
    append = store.create_append("a")
    seen = [store.stat("a")]
    for number in range(50):
        if number % 2:
            put(store, "a", b"%02d" % number)
        else:
            store.write_page(append, io.BytesIO(b"%02d" % number), 2, 0)
        seen.append(store.stat("a"))
    assert len({o.etag for o in seen}) == len(seen)
    assert [o.last_modified for o in seen] == sorted(o.last_modified for o in seen if o.last_modified)
    assert store.stat("a") == next(store.list(""))


def test_appends_of_several_threads_stay_whole(store: Storage) -> None:
    append = store.create_append("a")
    size = 100_000
    threads = [
        threading.Thread(target=lambda n=n: store.write_append(append, io.BytesIO(b"%d" % n * size), size))
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    data = content(store, "a")
    assert sorted(data[at : at + size] for at in range(0, 4 * size, size)) == [b"%d" % n * size for n in range(4)]


def test_a_directory_removed_under_our_hands_is_made_again(store: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, "b", b"2")
    replace, disturbed = os.replace, list[str]()

    def disturb(source: str, target: str) -> None:
        parent = Path(target).parent
        if len(disturbed) < 3 and not list(parent.iterdir()):
            disturbed.append(target)
            parent.rmdir()
        replace(source, target)

    monkeypatch.setattr(os, "replace", disturb)
    put(store, "d/a", b"1")
    store.move("b", "e/f/b")
    assert (content(store, "d/a"), content(store, "e/f/b"), len(disturbed)) == (b"1", b"2", 3)


def test_a_listing_resumes_from_its_token(store: Storage) -> None:
    for number in range(30):
        put(store, f"d/{number:02}", b"")
    for mode in (ListMode.DIR, ListMode.PREFIX):
        listing = store.list("d/", list_mode=mode)
        seen = [next(listing).path for _ in range(11)]
        token = listing.continuation_token  # type: ignore[attr-defined]
        rest = [o.path for o in store.list("d/", list_mode=mode, continuation_token=token)]
        assert seen + rest == [f"d/{number:02}" for number in range(30)]
    for mode in (ListMode.PART, ListMode.DIR | ListMode.PREFIX):
        with pytest.raises(ListModeInvalid):
            store.list("", list_mode=mode)


def test_long_names_and_huge_numbers_are_refused(store: Storage) -> None:
    put(store, "é" * 127, b"1")
    page = store.create_page("p")
    for call in (
        lambda: put(store, "é" * 128, b"1"),
        lambda: put(store, "a/" * 512 + "b", b"1"),
        lambda: store.write_page(page, io.BytesIO(b"1"), 1, 1 << 70),
    ):
        with pytest.raises(RestrictionDissatisfied):
            call()
    assert store.read("p", io.BytesIO(), offset=1 << 70) == 0
    with pytest.raises(PairUnsupported):
        store.write("a", None, 0, content_type="x/y")


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOENT, ObjectNotExist),
        (errno.ENOTDIR, ObjectNotExist),
        (errno.EISDIR, ObjectModeInvalid),
        (errno.EACCES, PermissionDenied),
        (errno.EROFS, PermissionDenied),
        (errno.ENAMETOOLONG, RestrictionDissatisfied),
        (errno.ENOSPC, Unexpected),
        (errno.ENOTEMPTY, Unexpected),
    ],
)
def test_errors_of_the_host_have_their_place_in_the_taxonomy(number: int, kind: type[StorageError]) -> None:
    assert type(translated(OSError(number, os.strerror(number)))) is kind


def test_a_denied_directory_is_permission_denied(store: Storage, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, "a", b"1")

    def denied(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    for name in ("unlink", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, denied)
            with pytest.raises(PermissionDenied):
                store.delete("a") if name == "unlink" else put(store, "a", b"2")
    assert content(store, "a") == b"1"
    assert listed(root) == ["w"]


def test_no_error_of_the_host_can_be_reached(store: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "replace", denied)
    for call in (
        lambda: put(store, "a", b"1"),
        lambda: store.write("a", Failing(1), 2),
        lambda: store.stat("\ud800"),
        lambda: store.fetch("a", "http://127.0.0.1:1/"),
    ):
        with pytest.raises(StorageError) as caught:
            call()
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None


def test_a_root_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConnectionStringInvalid):
        open_fs(tmp_path / "missing")
    with pytest.raises(Unexpected):
        put(FileSystem(tmp_path / "missing", "/"), "a", b"1")
    assert not (tmp_path / "missing").exists()


def test_a_work_dir_may_lie_behind_a_link_of_the_operator(root: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (root / "w").symlink_to(tmp_path / "elsewhere")
    put(open_fs(root)("/w/"), "a", b"1")
    assert content(open_fs(root)("/w/"), "a") == b"1"
    assert (tmp_path / "elsewhere" / "a").read_bytes() == b"1"


# fetch


@pytest.fixture
def url() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.close_connection = True
            self.send_response(500 if "broken" in self.path else 200)
            if "cut" in self.path:
                self.send_header("Content-Length", "10")
            else:
                self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"12345" if "cut" in self.path else b"2\r\n12\r\n3\r\n345\r\n0\r\n\r\n")

        def log_message(self, format: str, *args: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_fetch_stores_a_chunked_body_whole_or_changes_nothing(store: Storage, root: Path, url: str) -> None:
    store.fetch("a", url)
    assert content(store, "a") == b"12345"
    for failing in (url + "broken", url + "cut", "file:///etc/passwd", "http://127.0.0.1:1/"):
        with pytest.raises(Unexpected):
            store.fetch("a", failing)
    assert content(store, "a") == b"12345"
    assert listed(root) == ["w"]
