"""WebDAV: what the adapter makes of answers, told by a server that says what it is told to."""

from __future__ import annotations

import io
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from conformance.adapters.connection import open_backend
from conformance.adapters.webdav.answers import names_of, resources
from conformance.adapters.webdav.client import Location
from conformance.adapters.webdav.storage import WebDav
from conformance.storage import (
    ConnectionStringInvalid,
    ListMode,
    ListModeInvalid,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    PermissionDenied,
    PreconditionFailed,
    Unexpected,
)

FILE = "<D:resourcetype/><D:getcontentlength>7</D:getcontentlength><D:getetag>{etag}</D:getetag>"
COLLECTION = "<D:resourcetype><D:collection/></D:resourcetype>"


def entry(href, properties, status="HTTP/1.1 200 OK"):
    return (
        f"<D:response><D:href>{href}</D:href><D:propstat><D:prop>{properties}</D:prop>"
        f"<D:status>{status}</D:status></D:propstat></D:response>"
    )


def document(*entries):
    return f'<?xml version="1.0"?><D:multistatus xmlns:D="DAV:">{"".join(entries)}</D:multistatus>'.encode()


def found(href, etag='"e"'):
    return 207, {}, document(entry(href, FILE.format(etag=etag)))


def collection(href, *members):
    return 207, {}, document(entry(href, COLLECTION), *members)


@contextmanager
def serving(script):
    """Run a server that answers as `script` says, by "METHOD path"; yield its location and what it was asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = f"{self.command} {self.path}"
            asked.append((request, dict(self.headers), body))
            answers = script.get(request, (404, {}, b""))
            status, headers, content = answers.pop(0) if isinstance(answers, list) else answers
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else content)

        def log_message(self, *_):
            pass

    for method in ("GET", "HEAD", "PUT", "DELETE", "PROPFIND", "MKCOL", "COPY", "MOVE"):
        setattr(Handler, f"do_{method}", Handler.answer)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        try:
            yield Location(host=f"127.0.0.1:{server.server_port}"), asked
        finally:
            server.shutdown()


def requests(asked):
    return [request for request, _, _ in asked]


# documents


def test_properties_that_were_not_found_are_not_told():
    missing = entry("/a", "<D:getetag>wrong</D:getetag>", "HTTP/1.1 404 Not Found")
    (told,) = resources(document(missing))
    assert told.properties["etag"] is None


def test_paths_are_decoded_from_whole_urls_and_from_paths():
    assert names_of("http://somewhere:80/a%2Fb/c%20%F0%9F%98%80/") == ("a/b", "c 😀")
    assert names_of("/") == ()
    with pytest.raises(Unexpected, match="not UTF-8"):
        names_of("/%ff")


def test_an_answer_that_is_no_xml_is_an_error_without_a_foreign_cause():
    with pytest.raises(Unexpected, match="no XML") as caught:
        list(resources(b"<html><br></html>"))
    assert caught.value.__context__ is None


def test_a_resource_is_described():
    times = "<D:getlastmodified>Sat, 21 Nov 2026 19:21:26 GMT</D:getlastmodified>"
    with serving({"PROPFIND /w/a": (207, {}, document(entry("/w/a", FILE.format(etag='"e"') + times)))}) as (at, _):
        o = WebDav(at, "/w/").stat("a")
    assert (o.mode, o.content_length, o.etag) == (ObjectMode.READ, 7, '"e"')
    assert o.last_modified == datetime(2026, 11, 21, 19, 21, 26, tzinfo=UTC)


def test_etags_without_quotes_are_told_as_they_are_unless_declared():
    with serving({"PROPFIND /a": found("/a", "e")}) as (at, _):
        assert WebDav(at).stat("a").etag == "e"
        assert WebDav(Location(host=at.host, bare_etags=True)).stat("a").etag == '"e"'


def test_a_listing_that_tells_of_other_places_is_refused():
    outside = collection("/d/", entry("/secret/x", FILE.format(etag="")))
    deeper = collection("/d/", entry("/d/e/x", FILE.format(etag="")))
    for answer in (outside, deeper, collection("/other/")):
        with serving({"PROPFIND /d": answer}) as (at, _), pytest.raises(Unexpected):
            list(WebDav(at).list("d"))


def test_whole_trees_are_listed_where_that_is_declared():
    tree = collection(
        "/w/", entry("/w/d/", COLLECTION), entry("/w/d/x", FILE.format(etag="")), entry("/w/e", FILE.format(etag=""))
    )
    with serving({"PROPFIND /w": tree}) as (at, asked):
        store = WebDav(Location(host=at.host, infinity=True), "/w/")
        assert [o.path for o in store.list("d", list_mode=ListMode.PREFIX)] == ["d/x"]
        assert asked[0][1]["Depth"] == "infinity"
        with pytest.raises(ListModeInvalid):
            WebDav(at, "/w/").list("d", list_mode=ListMode.PREFIX)


# translations


def test_parents_are_made_when_they_are_missing_and_only_then():
    script = {
        "PUT /w/d/a": [(409, {}, b""), (201, {}, b"")],
        "PROPFIND /": collection("/"),
        "MKCOL /w/": (201, {}, b""),
        "MKCOL /w/d/": (201, {}, b""),
    }
    with serving(script) as (at, asked):
        assert WebDav(at, "/w/").write("d/a", io.BytesIO(b"x"), 1) == 1
    assert [request for request in requests(asked) if not request.startswith("PROPFIND")] == [
        "PUT /w/d/a",
        "MKCOL /w/",
        "MKCOL /w/d/",
        "PUT /w/d/a",
    ]


def test_a_conflict_below_a_file_makes_nothing():
    with (
        serving({"PUT /f/x": (409, {}, b""), "PROPFIND /f": found("/f")}) as (at, asked),
        pytest.raises(ObjectModeInvalid),
    ):
        WebDav(at).write("f/x", None, 0)
    assert not any(request.startswith("MKCOL") for request in requests(asked))


def test_a_condition_that_cannot_hold_makes_no_parents():
    with serving({"PUT /w/a": (409, {}, b"")}) as (at, asked), pytest.raises(PreconditionFailed):
        WebDav(at).write("w/a", None, 0, if_match='"e"')
    assert not any(request.startswith("MKCOL") for request in requests(asked))


def test_a_collection_with_members_is_not_deleted():
    members = collection("/d/", entry("/d/x", FILE.format(etag="")))
    with serving({"PROPFIND /d": members}) as (at, asked), pytest.raises(Unexpected, match="1 members"):
        WebDav(at).delete("d")
    assert requests(asked) == ["PROPFIND /d"]


def test_an_empty_collection_and_what_is_missing_are_deleted():
    with serving({"PROPFIND /d": collection("/d/"), "DELETE /d/": (204, {}, b"")}) as (at, asked):
        WebDav(at).delete("d")
        WebDav(at).delete("missing")
    assert requests(asked) == ["PROPFIND /d", "DELETE /d/", "PROPFIND /missing", "DELETE /missing"]


def test_only_a_file_is_copied_over():
    refused_first = [(412, {}, b""), (204, {}, b"")]
    with serving({"COPY /a": refused_first, "PROPFIND /b": found("/b")}) as (at, asked):
        WebDav(at).copy("a", "b")
    copies = [headers for request, headers, _ in asked if request == "COPY /a"]
    assert [(sent["Overwrite"], sent["Depth"]) for sent in copies] == [("F", "0"), ("T", "0")]
    script = {"COPY /a": (412, {}, b""), "PROPFIND /b": collection("/b/")}
    with serving(script) as (at, asked), pytest.raises(ObjectModeInvalid):
        WebDav(at).copy("a", "b")
    assert requests(asked).count("COPY /a") == 1


def test_a_transfer_of_what_is_missing_is_that_whatever_the_server_calls_it():
    for status in (403, 423, 404):
        with serving({"MOVE /a": (status, {}, b"")}) as (at, _), pytest.raises(ObjectNotExist):
            WebDav(at).move("a", "b")
    with serving({"MOVE /a": (403, {}, b""), "PROPFIND /a": found("/a")}) as (at, _), pytest.raises(PermissionDenied):
        WebDav(at).move("a", "b")


def test_a_success_of_which_parts_failed_is_none():
    with serving({"MOVE /a": (207, {}, document())}) as (at, _), pytest.raises(Unexpected, match="207"):
        WebDav(at).move("a", "b")


def test_below_a_file_there_is_nothing_whatever_the_server_calls_it():
    script = {f"{method} /f/x/y": (400, {}, b"") for method in ("PROPFIND", "GET", "DELETE", "PUT")}
    script |= {"PROPFIND /f/x": (400, {}, b""), "PROPFIND /f": found("/f")}
    with serving(script) as (at, _):
        with pytest.raises(ObjectNotExist):
            WebDav(at).stat("f/x/y")
        with pytest.raises(ObjectNotExist):
            WebDav(at).read("f/x/y", io.BytesIO())
        with pytest.raises(ObjectModeInvalid):
            WebDav(at).write("f/x/y", None, 0)
        WebDav(at).delete("f/x/y")


# bodies


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((200, {}, b"0123456789"), "sends the whole resource"),
        ((206, {"Content-Range": "bytes 3-5/10"}, b"345"), "says that it sends"),
        ((206, {"Content-Range": "bytes 2-4/10", "Content-Length": "3"}, b"2"), "ended after 1 of 3 bytes|Incomplete"),
    ],
)
def test_a_range_is_that_range_or_an_error(answer, message):
    with serving({"GET /a": answer}) as (at, _), pytest.raises(Unexpected, match=message):
        WebDav(at).read("a", io.BytesIO(), offset=2, size=3)


def test_a_range_of_no_bytes_is_empty():
    with serving({"GET /a": (416, {}, b""), "HEAD /a": (200, {}, b""), "GET /empty": (200, {}, b"")}) as (at, asked):
        store = WebDav(at)
        assert store.read("a", io.BytesIO(), offset=9) == 0
        assert store.read("a", io.BytesIO(), size=0) == 0
        assert store.read("empty", io.BytesIO(), size=5) == 0
    assert requests(asked) == ["GET /a", "HEAD /a", "GET /empty"]


# connections


def test_nobody_at_the_address_is_told_in_one_sentence():
    with pytest.raises(ConnectionStringInvalid, match="cannot be reached, is the server running"):
        open_backend("webdav://127.0.0.1:9/x").prepare()


def test_a_server_without_webdav_and_a_missing_collection_are_told_apart():
    with serving({"PROPFIND /page/": (405, {}, b"")}) as (at, _):
        with pytest.raises(ConnectionStringInvalid, match="is it WebDAV"):
            open_backend(f"webdav://{at.host}/page").prepare()
        with pytest.raises(ConnectionStringInvalid, match="add create=true"):
            open_backend(f"webdav://{at.host}/missing").prepare()


def test_credentials_are_those_of_the_environment(monkeypatch):
    monkeypatch.setenv("WEBDAV_USER", "somebody")
    with pytest.raises(ConnectionStringInvalid, match="WEBDAV_PASSWORD is not"):
        open_backend("webdav://127.0.0.1:9/x").open("/w/")
    monkeypatch.setenv("WEBDAV_PASSWORD", "secret")
    denied = pytest.raises(PermissionDenied, match=r"WEBDAV_USER, WEBDAV_PASSWORD")
    with serving({"PROPFIND /x/": (401, {}, b"")}) as (at, asked), denied:
        open_backend(f"webdav://{at.host}/x").prepare()
    assert asked[0][1]["Authorization"] == "Basic c29tZWJvZHk6c2VjcmV0"


def test_only_the_collection_that_was_made_is_removed():
    script = {
        "PROPFIND /x/": [(404, {}, b""), collection("/x/"), collection("/x/", entry("/x/y", COLLECTION))],
        "MKCOL /x/": (201, {}, b""),
        "DELETE /x/": (204, {}, b""),
    }
    with serving(script) as (at, asked):
        connection = open_backend(f"webdav://{at.host}/x?create=true")
        connection.prepare()
        connection.remove_root()
        assert requests(asked)[-1] == "DELETE /x/"
        other = open_backend(f"webdav://{at.host}/x")
        other.prepare()
        other.remove_root()
    assert requests(asked).count("DELETE /x/") == 1
