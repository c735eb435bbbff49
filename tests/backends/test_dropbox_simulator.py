"""The Dropbox simulator: the official SDK and plain HTTP are answered as Dropbox documents."""

from __future__ import annotations

import hashlib
import http.server
import json
import socket
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from backends.dropbox_simulator import paths
from backends.dropbox_simulator.ranges import NotSatisfiable, span
from backends.dropbox_simulator.server import Simulator
from conformance.adapters.dropbox.client import Location, client_for

dropbox = pytest.importorskip("dropbox")

from dropbox import files  # noqa: E402 - only where the SDK is installed
from dropbox.exceptions import ApiError, AuthError, RateLimitError  # noqa: E402

TOKEN = "a-token"
ADD, OVERWRITE = files.WriteMode.add, files.WriteMode.overwrite
MIB = 1024 * 1024


@contextmanager
def serving(server):
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def simulator():
    with serving(Simulator(0, TOKEN)) as server:
        yield server


@pytest.fixture
def sdk(simulator, monkeypatch):
    monkeypatch.setenv("DROPBOX_ACCESS_TOKEN", TOKEN)
    return client_for(Location(endpoint=simulator.url))


def ask(simulator, path, body=b"", method="POST", token=TOKEN, **headers):
    """Send one request as anybody may; return status, headers and body."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        named["Authorization"] = f"Bearer {token}"
    named.setdefault("Content-Type", "application/json")
    url = path if path.startswith("http") else simulator.url + path
    request = urllib.request.Request(url, data=body if method == "POST" else None, headers=named, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def rpc(simulator, route, **argument):
    status, _, body = ask(simulator, f"/2/files/{route}", json.dumps(argument).encode())
    return status, json.loads(body) if body.startswith(b"{") else body.decode()


def refusal(call, *arguments, **parameters):
    """Return the tags of the error that a call of the SDK is refused with."""
    with pytest.raises(ApiError) as caught:
        call(*arguments, **parameters)
    words, at = [], caught.value.error
    while hasattr(at, "_tag"):
        words.append(at._tag)
        at = getattr(at._value, "reason", at._value)
    return "/".join(words)


def content(sdk, path):
    return sdk.files_download(path)[1].content


def listed(sdk, path="", **parameters):
    """Return the names of all entries, page after page."""
    page = sdk.files_list_folder(path, **parameters)
    names = [entry.path_display for entry in page.entries]
    while page.has_more:
        page = sdk.files_list_folder_continue(page.cursor)
        names += [entry.path_display for entry in page.entries]
    return names


# write modes


def test_an_upload_is_described(sdk):
    before = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    made = sdk.files_upload(b"content", "/Folder/File.txt", mute=True)
    assert (made.name, made.path_lower, made.path_display) == ("File.txt", "/folder/file.txt", "/Folder/File.txt")
    assert (made.size, made.server_modified >= before) == (7, True)
    assert made.content_hash == hashlib.sha256(hashlib.sha256(b"content").digest()).hexdigest()
    assert sdk.files_get_metadata("/FOLDER/file.TXT") == made == sdk.files_get_metadata(made.id)
    assert isinstance(sdk.files_get_metadata("/folder"), files.FolderMetadata)
    assert content(sdk, "/folder/FILE.txt") == content(sdk, f"rev:{made.rev}") == b"content"


def test_the_content_hash_is_of_blocks_of_four_mebibytes(sdk):
    data = b"x" * (4 * MIB + 1)
    halves = hashlib.sha256(data[: 4 * MIB]).digest() + hashlib.sha256(b"x").digest()
    assert sdk.files_upload(data, "/large").content_hash == hashlib.sha256(halves).hexdigest()
    wrong = refusal(sdk.files_upload, b"x", "/other", content_hash="0" * 64)
    assert (wrong, listed(sdk)) == ("content_hash_mismatch", ["/large"])


def test_add_never_replaces(sdk):
    first = sdk.files_upload(b"one", "/a.txt")
    assert refusal(sdk.files_upload, b"two", "/a.txt") == "path/conflict/file"
    assert sdk.files_upload(b"one", "/A.TXT") == first  # the same content is no conflict
    assert refusal(sdk.files_upload, b"one", "/a.txt", strict_conflict=True) == "path/conflict/file"
    assert sdk.files_upload(b"two", "/a.txt", autorename=True).path_display == "/a (1).txt"
    assert sdk.files_upload(b"three", "/a.txt", autorename=True).path_display == "/a (2).txt"
    assert content(sdk, "/a.txt") == b"one"


def test_overwrite_replaces_files_and_no_folders(sdk):
    first = sdk.files_upload(b"one", "/a", mode=OVERWRITE)
    second = sdk.files_upload(b"two", "/a", mode=OVERWRITE)
    assert (second.id, second.rev == first.rev) == (first.id, False)
    assert sdk.files_upload(b"two", "/a", mode=OVERWRITE).rev == second.rev  # nothing gets written
    sdk.files_create_folder_v2("/d")
    assert refusal(sdk.files_upload, b"x", "/d", mode=OVERWRITE) == "path/conflict/folder"
    assert refusal(sdk.files_upload, b"x", "/a/b", mode=OVERWRITE) == "path/conflict/file_ancestor"
    assert refusal(sdk.files_upload, b"x", "/a/b/c", mode=OVERWRITE) == "path/conflict/file_ancestor"
    assert sdk.files_upload(b"x", "/d", mode=OVERWRITE, autorename=True).path_display == "/d (1)"


def test_update_replaces_one_revision(sdk):
    first = sdk.files_upload(b"one", "/a.txt")
    second = sdk.files_upload(b"two", "/a.txt", mode=files.WriteMode.update(first.rev))
    stale = files.WriteMode.update(first.rev)
    assert refusal(sdk.files_upload, b"three", "/a.txt", mode=stale) == "path/conflict/file"
    renamed = sdk.files_upload(b"three", "/a.txt", mode=stale, autorename=True)
    assert renamed.path_display == "/a (conflicted copy).txt"
    assert sdk.files_get_metadata("/a.txt") == second
    sdk.files_delete_v2("/a.txt")
    strictly = refusal(sdk.files_upload, b"x", "/a.txt", mode=stale, strict_conflict=True)
    assert strictly == "path/conflict/file"
    assert sdk.files_upload(b"x", "/a.txt", mode=stale).path_display == "/a.txt"


def test_the_time_of_the_client_is_kept(sdk):
    modified = datetime(2001, 2, 3, 4, 5, 6)  # noqa: DTZ001 - the SDK takes and tells times without a zone
    assert sdk.files_upload(b"", "/a", client_modified=modified).client_modified == modified


# upload sessions


def cursor(session, offset):
    return files.UploadSessionCursor(session, offset)


def test_a_session_makes_a_file(sdk):
    sdk.files_upload(b"old", "/a")
    session = sdk.files_upload_session_start(b"one").session_id
    sdk.files_upload_session_append_v2(b"two", cursor(session, 3))
    sdk.files_upload_session_append_v2(b"", cursor(session, 6))
    assert content(sdk, "/a") == b"old"
    commit = files.CommitInfo("/a", OVERWRITE)
    made = sdk.files_upload_session_finish(b"three", cursor(session, 6), commit)
    assert (content(sdk, "/a"), made.size) == (b"onetwothree", 11)
    again = refusal(sdk.files_upload_session_finish, b"", cursor(session, 11), commit)
    assert again == "lookup_failed/not_found"
    assert refusal(sdk.files_upload_session_append_v2, b"", cursor(session, 11)) == "not_found"


def test_a_wrong_offset_is_told_the_right_one(sdk):
    session = sdk.files_upload_session_start(b"12345").session_id
    for offset in (0, 4, 6):
        with pytest.raises(ApiError) as caught:
            sdk.files_upload_session_append_v2(b"x", cursor(session, offset))
        assert caught.value.error.get_incorrect_offset().correct_offset == 5
    with pytest.raises(ApiError) as caught:
        sdk.files_upload_session_finish(b"", cursor(session, 4), files.CommitInfo("/a"))
    assert caught.value.error.get_lookup_failed().get_incorrect_offset().correct_offset == 5
    sdk.files_upload_session_append_v2(b"6", cursor(session, 5), close=True)
    assert refusal(sdk.files_upload_session_append_v2, b"7", cursor(session, 6)) == "closed"
    sdk.files_upload_session_finish(b"", cursor(session, 6), files.CommitInfo("/a"))
    assert content(sdk, "/a") == b"123456"


def test_a_conflict_at_the_end_leaves_the_session(sdk):
    sdk.files_upload(b"old", "/a")
    session = sdk.files_upload_session_start(b"new").session_id
    commit = files.CommitInfo("/a")
    assert refusal(sdk.files_upload_session_finish, b"er", cursor(session, 3), commit) == "path/conflict/file"
    sdk.files_upload_session_finish(b"", cursor(session, 5), files.CommitInfo("/b"))
    assert (content(sdk, "/a"), content(sdk, "/b")) == (b"old", b"newer")


def test_a_batch_finishes_closed_sessions_each_by_itself(sdk):
    closed = sdk.files_upload_session_start(b"one", close=True).session_id
    opened = sdk.files_upload_session_start(b"two").session_id
    entries = [
        files.UploadSessionFinishArg(cursor(id, 3), files.CommitInfo(path))
        for id, path in ((closed, "/1"), (opened, "/2"), ("nothing", "/3"))
    ]
    first, second, third = sdk.files_upload_session_finish_batch_v2(entries).entries
    assert first.get_success().path_display == "/1"
    assert second.get_failure().get_lookup_failed().is_not_closed()
    assert third.get_failure().get_lookup_failed().is_not_found()
    assert listed(sdk) == ["/1"]


def test_a_concurrent_session_takes_blocks_in_any_order(sdk):
    kind = files.UploadSessionType.concurrent
    assert refusal(sdk.files_upload_session_start, b"x", session_type=kind) == "concurrent_session_data_not_allowed"
    session = sdk.files_upload_session_start(b"", session_type=kind).session_id
    append, commit = sdk.files_upload_session_append_v2, files.CommitInfo("/a")
    assert refusal(append, b"x", cursor(session, 1)) == "concurrent_session_invalid_offset"
    assert refusal(append, b"x", cursor(session, 0)) == "concurrent_session_invalid_data_size"
    finish = sdk.files_upload_session_finish
    assert refusal(finish, b"", cursor(session, 0), commit) == "concurrent_session_not_closed"
    append(b"a" * (4 * MIB), cursor(session, 0))
    append(b"end", cursor(session, 4 * MIB), close=True)
    assert finish(b"", cursor(session, 4 * MIB + 3), commit).size == 4 * MIB + 3
    assert content(sdk, "/a")[-4:] == b"aend"


def test_a_session_ends_after_a_week(sdk, simulator):
    session = sdk.files_upload_session_start(b"x").session_id
    simulator.account.sessions._open[session].begun -= 7 * 24 * 3600 + 1
    assert refusal(sdk.files_upload_session_append_v2, b"", cursor(session, 1)) == "not_found"


# copy, move, delete, folders


def test_copies_are_files_of_their_own(sdk):
    source = sdk.files_upload(b"one", "/a")
    copied = sdk.files_copy_v2("/A", "/d/b").metadata
    assert (copied.path_display, copied.content_hash) == ("/d/b", source.content_hash)
    assert {copied.id, copied.rev}.isdisjoint({source.id, source.rev})
    assert refusal(sdk.files_copy_v2, "/a", "/d/b") == "to/conflict/file"
    assert refusal(sdk.files_copy_v2, "/a", "/d") == "to/conflict/folder"
    assert refusal(sdk.files_copy_v2, "/a", "/d/b/c") == "to/conflict/file_ancestor"
    assert refusal(sdk.files_copy_v2, "/missing", "/d/b") == "from_lookup/not_found"
    assert sdk.files_copy_v2("/a", "/d/b", autorename=True).metadata.path_display == "/d/b (1)"


def test_folders_are_copied_and_moved_with_all_that_lies_in_them(sdk):
    for path in ("/d/One", "/d/sub/two"):
        sdk.files_upload(path.encode(), path)
    sdk.files_copy_v2("/d", "/e")
    assert listed(sdk, "/e", recursive=True) == ["/e", "/e/One", "/e/sub", "/e/sub/two"]
    before = sdk.files_get_metadata("/e/One")
    assert sdk.files_move_v2("/e", "/f/g").metadata.path_display == "/f/g"
    assert (sdk.files_get_metadata("/f/g/one").id, content(sdk, "/f/g/sub/two")) == (before.id, b"/d/sub/two")
    assert refusal(sdk.files_get_metadata, "/e/One") == "path/not_found"
    assert refusal(sdk.files_move_v2, "/d", "/d/sub/d") == "cant_move_folder_into_itself"
    assert refusal(sdk.files_move_v2, "/d/One", "/D/one") == "to/conflict/file"


def test_deletion_is_recursive_and_looks_at_the_revision(sdk):
    made = sdk.files_upload(b"1", "/d/a")
    sdk.files_upload(b"2", "/d/b/c")
    assert refusal(sdk.files_delete_v2, "/d/a", parent_rev="0123456789") == "path_write/conflict/file"
    assert sdk.files_delete_v2("/d/A", parent_rev=made.rev).metadata == made
    assert refusal(sdk.files_delete_v2, "/d/a") == "path_lookup/not_found"
    sdk.files_delete_v2("/d")
    assert refusal(sdk.files_get_metadata, "/d/b/c") == "path/not_found"
    assert listed(sdk) == []


def test_folders_are_made_once(sdk):
    assert sdk.files_create_folder_v2("/a/b").metadata.path_display == "/a/b"
    assert refusal(sdk.files_create_folder_v2, "/A") == "path/conflict/folder"
    sdk.files_upload(b"", "/a/f")
    assert refusal(sdk.files_create_folder_v2, "/a/f") == "path/conflict/file"
    assert refusal(sdk.files_create_folder_v2, "/a/f/g") == "path/conflict/file_ancestor"
    assert sdk.files_create_folder_v2("/a", autorename=True).metadata.path_display == "/a (1)"
    assert refusal(sdk.files_download, "/a") == "path/not_file"


# paths


@pytest.mark.parametrize("path", ["/a/", "//", "/a//b", "/a/.", "/../a", "/a\\b", "/a ", "/" + "x" * 256, "/\0"])
def test_malformed_paths(sdk, path):
    assert refusal(sdk.files_upload, b"", path) == "path/malformed_path"
    assert refusal(sdk.files_get_metadata, path) == "path/malformed_path"
    assert refusal(sdk.files_delete_v2, path) == "path_lookup/malformed_path"
    assert refusal(sdk.files_list_folder, path) == "path/malformed_path"


def test_paths_outside_the_pattern_are_bad_input(simulator):
    status, text = rpc(simulator, "get_metadata", path="no-slash")
    assert (status, "did not match pattern" in text) == (400, True)
    assert text.startswith('Error in call to API function "files/get_metadata": ')
    assert rpc(simulator, "get_metadata", path="")[0] == 400  # the root has no metadata


@pytest.mark.parametrize("name", ["desktop.ini", "Thumbs.db", ".DS_Store", "icon\r", ".dropbox"])
def test_names_that_dropbox_keeps_for_itself(sdk, name):
    assert refusal(sdk.files_upload, b"", f"/d/{name}") == "path/disallowed_name"


@pytest.mark.parametrize("path", ["/" + "é" * 255, "/a\nb", "/q?x=1#&+%41", "/日本/😀", "/e\u0301", "/'\""])
def test_names_of_all_kinds(sdk, path):
    assert sdk.files_upload(path.encode(), path).path_display == path
    assert content(sdk, path) == path.encode()
    assert sdk.files_get_metadata(path).name == path.rpartition("/")[2]


def test_the_case_is_that_of_the_first_folder(sdk):
    sdk.files_upload(b"", "/Folder/a")
    assert sdk.files_upload(b"", "/FOLDER/B").path_display == "/Folder/B"


def test_autorename_keeps_the_extension():
    assert paths.numbered("/d.x/a.tar.gz", 2) == "/d.x/a.tar (2).gz"
    assert paths.numbered("/d/.hidden", 1) == "/d/.hidden (1)"
    assert paths.conflicted("/a.txt", 2) == "/a (conflicted copy) (2).txt"


# listings


def test_listings_come_in_pages(sdk):
    for number in range(5):
        sdk.files_upload(b"", f"/d/{number}")
    sdk.files_upload(b"", "/d/sub/x")
    page = sdk.files_list_folder("/D", limit=2)
    assert ([e.name for e in page.entries], page.has_more) == (["0", "1"], True)
    for size in (1, 2, 3, 6, 100):
        assert listed(sdk, "/d", limit=size) == [*(f"/d/{n}" for n in range(5)), "/d/sub"]
        assert len(listed(sdk, "/d", limit=size, recursive=True)) == 8
    assert listed(sdk, "", recursive=True)[:2] == ["/d", "/d/0"]
    assert refusal(sdk.files_list_folder, "/missing") == "path/not_found"
    assert refusal(sdk.files_list_folder, "/d/0") == "path/not_folder"


def test_a_cursor_tells_what_changed_since(sdk):
    sdk.files_upload(b"", "/d/a")
    sdk.files_upload(b"", "/d/b")
    page = sdk.files_list_folder("/d")
    latest = sdk.files_list_folder_get_latest_cursor("/d").cursor
    sdk.files_delete_v2("/d/a")
    sdk.files_upload(b"new", "/d/c")
    sdk.files_upload(b"elsewhere", "/e")
    for cursor_then in (page.cursor, latest):
        page = sdk.files_list_folder_continue(cursor_then)
        told = {entry.name: type(entry) for entry in page.entries}
        assert told == {"a": files.DeletedMetadata, "c": files.FileMetadata}
        assert not page.has_more
    assert sdk.files_list_folder_continue(page.cursor).entries == []


def test_a_cursor_may_become_useless(sdk, simulator):
    for name in "abc":
        sdk.files_upload(b"", f"/d/{name}")
    page = sdk.files_list_folder("/d", limit=1)
    assert refusal(sdk.files_list_folder_continue, "nonsense") == "reset"
    assert ask(simulator, "/simulator/reset_cursors", b"{}")[0] == 200
    assert refusal(sdk.files_list_folder_continue, page.cursor) == "reset"
    page = sdk.files_list_folder("/d", limit=1)
    sdk.files_delete_v2("/d")
    assert refusal(sdk.files_list_folder_continue, page.cursor) == "path/not_found"


# downloads and links


def test_downloads_in_ranges(simulator, sdk):
    made = sdk.files_upload(b"0123456789", "/a")
    argument = {"Dropbox-API-Arg": json.dumps({"path": "/a"}), "Content_Type": ""}
    for asked, expected in (("bytes=2-4", b"234"), ("bytes=7-", b"789"), ("bytes=-2", b"89"), ("bytes=8-99", b"89")):
        status, headers, body = ask(simulator, "/2/files/download", Range=asked, **argument)
        assert (status, body) == (206, expected)
        assert json.loads(headers["Dropbox-API-Result"])["rev"] == made.rev
    status, headers, _ = ask(simulator, "/2/files/download", Range="bytes=10-", **argument)
    assert (status, headers["Content-Range"]) == (416, "bytes */10")
    status, headers, body = ask(simulator, "/2/files/download", **argument)
    assert (status, body) == (200, b"0123456789")
    assert ask(simulator, "/2/files/download", If_None_Match=headers["ETag"], **argument)[0] == 304
    by_get = urllib.parse.urlencode({"arg": '{"path": "/a"}', "authorization": f"Bearer {TOKEN}"})
    assert ask(simulator, f"/2/files/download?{by_get}", method="GET", token="")[2] == b"0123456789"


@pytest.mark.parametrize(
    ("header", "expected"),
    [(None, None), ("bytes=0-0", (0, 1)), ("bytes=3-1", None), ("bytes=-", None), ("items=1-2", None)],
)
def test_spans(header, expected):
    assert span(header, 10) == expected


def test_spans_of_nothing():
    for header, length in (("bytes=0-", 0), ("bytes=-0", 10), ("bytes=10-11", 10)):
        with pytest.raises(NotSatisfiable):
            span(header, length)


def test_a_temporary_link_reads_and_does_nothing_else(simulator, sdk):
    sdk.files_upload(b"<p>", "/a.html")
    answer = sdk.files_get_temporary_link("/a.html")
    assert answer.metadata == sdk.files_get_metadata("/a.html")
    status, headers, body = ask(simulator, answer.link, method="GET", token="")
    assert (status, headers["Content-Type"], body) == (200, "text/html", b"<p>")
    assert ask(simulator, answer.link, method="GET", token="", Range="bytes=1-1")[2] == b"p"
    status, headers, body = ask(simulator, answer.link, method="HEAD", token="")
    assert (status, headers["Content-Length"], body) == (200, "3", b"")
    assert [ask(simulator, answer.link, method=m, token="")[0] for m in ("PUT", "DELETE")] == [405, 405]
    assert ask(simulator, answer.link[:-20] + "x/file", method="GET", token="")[0] == 404
    links = simulator.account.links
    links._read = {name: link._replace(ends=0.0) for name, link in links._read.items()}
    assert ask(simulator, answer.link, method="GET", token="")[0] == 410
    assert refusal(sdk.files_get_temporary_link, "/missing") == "path/not_found"


def test_an_upload_link_is_used_once(simulator, sdk):
    sdk.files_upload(b"old", "/a")
    link = sdk.files_get_temporary_upload_link(files.CommitInfo("/a", OVERWRITE), duration=60).link
    octets = {"token": "", "Content_Type": "application/octet-stream"}
    assert ask(simulator, link, b"x", token="")[0] == 400  # the wrong Content-Type
    status, _, body = ask(simulator, link, b"new", **octets)
    assert (status, json.loads(body)["content-hash"]) == (200, sdk.files_get_metadata("/a").content_hash)
    assert (ask(simulator, link, b"again", **octets)[0], content(sdk, "/a")) == (410, b"new")
    conflicting = sdk.files_get_temporary_upload_link(files.CommitInfo("/a", ADD)).link
    assert ask(simulator, conflicting, b"more", **octets)[0] == 409
    assert ask(simulator, link[:-5], b"x", **octets)[0] == 409


# save_url


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Length", "10" if self.path == "/cut" else "5")
        self.end_headers()
        self.wfile.write(b"fetch")

    def log_message(self, *_):
        pass


def awaited(sdk, answer):
    job, deadline = answer.get_async_job_id(), time.monotonic() + 60
    while (state := sdk.files_save_url_check_job_status(job)).is_in_progress() and time.monotonic() < deadline:
        time.sleep(0.01)
    return state


def test_a_url_is_saved_beside_what_is_there(sdk):
    with serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)) as source:
        url = f"http://127.0.0.1:{source.server_port}"
        assert awaited(sdk, sdk.files_save_url("/d/a", f"{url}/x")).get_complete().path_display == "/d/a"
        assert awaited(sdk, sdk.files_save_url("/d/a", f"{url}/x")).get_complete().path_display == "/d/a (1)"
        for page in ("missing", "cut"):
            state = awaited(sdk, sdk.files_save_url("/never", f"{url}/{page}"))
            assert state.get_failed().is_download_failed()
        state = awaited(sdk, sdk.files_save_url("/d/a/b", f"{url}/x"))
        assert state.get_failed().get_path().get_conflict().is_file_ancestor()
    assert (content(sdk, "/d/a"), listed(sdk, "/d")) == (b"fetch", ["/d/a", "/d/a (1)"])
    assert refusal(sdk.files_save_url, "/a", "ftp://x") == "invalid_url"
    assert refusal(sdk.files_save_url_check_job_status, "nonsense") == "invalid_async_job_id"


# what every route has in common


def test_tokens(simulator, monkeypatch):
    monkeypatch.setenv("DROPBOX_ACCESS_TOKEN", "another")
    with pytest.raises(AuthError) as caught:
        client_for(Location(endpoint=simulator.url)).files_list_folder("")
    assert caught.value.error.is_invalid_access_token()
    status, _, body = ask(simulator, "/2/files/list_folder", b'{"path": ""}', token="")
    assert (status, b'Must provide HTTP header "Authorization"' in body) == (400, True)


def test_the_account_answers(sdk):
    assert sdk.users_get_current_account().name.display_name == "The Simulator"


def test_throttling_as_asked_for(simulator, sdk):
    order = {"requests": 2, "retry_after": 7, "reason": "too_many_write_operations"}
    ask(simulator, "/simulator/throttle", json.dumps(order).encode())
    status, headers, body = ask(simulator, "/2/files/list_folder", b'{"path": ""}')
    assert (status, headers["Retry-After"]) == (429, "7")
    assert json.loads(body)["error"] == {"reason": {".tag": "too_many_write_operations"}, "retry_after": 7}
    with pytest.raises(RateLimitError) as caught:
        sdk.files_upload(b"x", "/a")
    assert (caught.value.backoff, caught.value.error.reason.is_too_many_write_operations()) == (7, True)
    assert listed(sdk) == []


def test_errors_are_unions_with_a_summary(simulator, sdk):
    sdk.files_upload(b"x", "/a")
    status, answer = rpc(simulator, "create_folder_v2", path="/a")
    assert (status, answer["error_summary"]) == (409, "path/conflict/file/..")
    assert answer["error"] == {".tag": "path", "path": {".tag": "conflict", "conflict": {".tag": "file"}}}
    argument = json.dumps({"path": "/a", "mode": "add"})
    octets = {"Dropbox-API-Arg": argument, "Content_Type": "application/octet-stream"}
    status, _, body = ask(simulator, "/2/files/upload", b"y", **octets)
    assert json.loads(body)["error_summary"] == "path/conflict/file/.."
    assert json.loads(body)["error"]["reason"] == {".tag": "conflict", "conflict": {".tag": "file"}}


@pytest.mark.parametrize(
    ("path", "body", "headers", "told"),
    [
        ("/2/files/nonsense", b"{}", {}, "Unknown API function"),
        ("/2/files/delete_v2", b"{}", {}, "missing required field 'path'"),
        ("/2/files/delete_v2", b"{", {}, "could not decode input as JSON"),
        ("/2/files/delete_v2", b"[]", {}, "expected object, got list"),
        ("/2/files/delete_v2", b'{"path": 1}', {}, "path: got int"),
        ("/2/files/delete_v2", b"{}", {"Content_Type": "text/html"}, "Bad HTTP"),
        ("/2/files/list_folder", b'{"path": "", "limit": 2001}', {}, "not within range"),
        (
            "/2/files/upload",
            b"x",
            {"Content_Type": "application/octet-stream"},
            'HTTP header "Dropbox-API-Arg"',
        ),
        (
            "/2/files/upload",
            b"x",
            {"Content_Type": "application/octet-stream", "Dropbox-API-Arg": '{"path": "/\x7f"}'},
            "have to be escaped",
        ),
        (
            "/2/files/upload",
            b"x",
            {"Content_Type": "application/octet-stream", "Dropbox-API-Arg": '{"path": "/a", "mode": "replace"}'},
            "invalid tag",
        ),
        (
            "/2/files/upload",
            b"x",
            {
                "Content_Type": "application/octet-stream",
                "Dropbox-API-Arg": '{"path": "/a", "mode": {".tag": "update", "update": "x"}}',
            },
            "did not match pattern",
        ),
    ],
)
def test_bad_input(simulator, path, body, headers, told):
    status, answered, text = ask(simulator, path, body, **headers)
    assert (status, answered.get_content_type()) == (400, "text/plain")
    assert told in text.decode()
    assert rpc(simulator, "list_folder", path="")[1]["entries"] == []


def test_too_large_a_body_is_refused_before_it_is_read(simulator):
    head = f"POST /2/files/upload HTTP/1.1\r\nHost: x\r\nContent-Length: {151 * MIB}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", simulator.server_port), timeout=60) as connection:
        connection.sendall(head.encode())
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 409")
    assert b"payload_too_large" in answer
