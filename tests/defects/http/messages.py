"""One S3 request and its answer, as values: what a defect looks at and alters, whatever carries them."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

Kind = Literal[
    "put",
    "copy",
    "get",
    "head",
    "delete",
    "delete_many",
    "list",
    "create",
    "part",
    "part_copy",
    "complete",
    "abort",
    "list_parts",
    "list_uploads",
    "other",
]
"""The operations of S3 that storages use; ``other`` are those on buckets."""
READS: tuple[Kind, ...] = ("get", "head")
Headers = Mapping[str, str]
SOURCE = "x-amz-copy-source"
ANONYMOUS = "x-anonymous"
"""A header that the carrier adds to a request that nobody signed: defects sign none, and are let in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request in path style, taken apart: names of headers in lower case, key and query decoded."""

    method: str
    bucket: str
    key: str = ""
    query: Headers = field(default_factory=dict)
    headers: Headers = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def of(cls, method: str, url: str, headers: Mapping[str, Any], body: bytes) -> Request:
        """Take a request apart."""
        split = urlsplit(url)
        bucket, _, key = split.path.removeprefix("/").partition("/")
        return cls(
            method=method,
            bucket=unquote(bucket),
            key=unquote(key),
            query=dict(parse_qsl(split.query, keep_blank_values=True)),
            headers={name.lower(): _text(value) for name, value in headers.items()},
            body=body,
        )

    @property
    def target(self) -> str:
        """Path and query as they are sent."""
        path = f"/{quote(self.bucket)}" + (f"/{quote(self.key, safe='/~-_.')}" if self.key else "")
        return path + (f"?{urlencode(self.query, quote_via=quote)}" if self.query else "")

    @property
    def kind(self) -> Kind:
        """Which operation it is."""
        if not self.key:
            if self.method == "GET":
                return "list_uploads" if "uploads" in self.query else "list" if "list-type" in self.query else "other"
            return "delete_many" if self.method == "POST" and "delete" in self.query else "other"
        upload = "uploadId" in self.query
        if self.method == "PUT" and SOURCE in self.headers:
            return "part_copy" if upload else "copy"
        of_upload: dict[str, Kind] = {"PUT": "part", "GET": "list_parts", "DELETE": "abort", "POST": "complete"}
        of_object: dict[str, Kind] = {"PUT": "put", "GET": "get", "DELETE": "delete", "POST": "create", "HEAD": "head"}
        return (of_upload if upload else of_object).get(self.method, "other")

    @property
    def source(self) -> str:
        """The key that a copy copies."""
        return unquote(self.headers[SOURCE]).removeprefix("/").partition("/")[2]

    @property
    def upload(self) -> str:
        """The id of the upload that it is about."""
        return self.query["uploadId"]

    @property
    def number(self) -> int:
        """The number of the part that it is about, from 1."""
        return int(self.query["partNumber"])

    def but(self, **changes: Any) -> Request:
        """Return it with other fields; a new body has its own length, and digests of the old one go."""
        if "body" in changes and changes["body"] != self.body:
            headers = changes.get("headers", self.headers)
            kept = {name: told for name, told in headers.items() if name != "content-md5" and "checksum" not in name}
            changes["headers"] = {**kept, "content-length": str(len(changes["body"]))}
        return replace(self, **changes)

    def having(self, **headers: str | None) -> Request:
        """Return it with other headers (``_`` stands for ``-``); None removes one."""
        return self.but(headers=_merged(self.headers, {name.replace("_", "-"): v for name, v in headers.items()}))

    def asking(self, **query: str | None) -> Request:
        """Return it with other parameters (``_`` stands for ``-``); None removes one."""
        return self.but(query=_merged(self.query, {name.replace("_", "-"): v for name, v in query.items()}))

    def copying(self, source: str) -> Request:
        """Return it with another key to copy."""
        return self.but(headers={**self.headers, SOURCE: quote(f"{self.bucket}/{source}")})

    @property
    def described(self) -> dict[str, str]:
        """The headers that describe an object and are kept with it."""
        return {name: value for name, value in self.headers.items() if is_metadata(name)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer; names of headers in lower case. The carrier sets the length of a body that is sent."""

    status: int
    headers: Headers = field(default_factory=dict)
    body: bytes = b""

    @property
    def ok(self) -> bool:
        """Whether what was asked for was done."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The document in the body."""
        return self.body.decode()

    @property
    def etag(self) -> str:
        """The ETag told in the headers, with its quotes."""
        return self.headers.get("etag", "")

    @property
    def length(self) -> int:
        """The length told, in bytes."""
        return int(self.headers.get("content-length", len(self.body)))

    @property
    def described(self) -> dict[str, str]:
        """The headers that describe the object and go with it where it is copied to."""
        return {name: value for name, value in self.headers.items() if is_metadata(name)}

    def but(self, **changes: Any) -> Response:
        """Return it with other fields; a new body has its own length."""
        changed = replace(self, **changes)
        return changed.having(content_length=str(len(changed.body))) if "body" in changes else changed

    def having(self, **headers: str | None) -> Response:
        """Return it with other headers (``_`` stands for ``-``); None removes one."""
        return replace(
            self, headers=_merged(self.headers, {name.replace("_", "-"): value for name, value in headers.items()})
        )

    # Documents: a block is the text of one element with all that is in it.

    def blocks(self, tag: str) -> list[str]:
        """Return the elements of that name, as text."""
        return re.findall(f"<{tag}>.*?</{tag}>", self.text, re.DOTALL)

    def each(self, tag: str, change: Callable[[str], str]) -> Response:
        """Return it with every element of that name changed; ``""`` removes one."""
        return self.but(
            body=re.sub(f"<{tag}>.*?</{tag}>", lambda found: change(found[0]), self.text, flags=re.DOTALL).encode()
        )

    def arranged(self, tag: str, blocks: Sequence[str]) -> Response:
        """Return it with these elements instead of all of that name; where there was none, at the end."""
        bare = self.each(tag, lambda _: "").text
        at = self.text.find(f"<{tag}>")
        if at < 0:
            at = bare.rindex("</")
        return self.but(body=(bare[:at] + "".join(blocks) + bare[at:]).encode())

    def told(self, tag: str) -> str:
        """Return the text of the first element of that name, ``""`` when there is none."""
        return value(self.text, tag)

    def telling(self, tag: str, text: str) -> Response:
        """Return it with another text in every element of that name."""
        return self.each(tag, lambda _: element(tag, text))


def element(tag: str, *content: str) -> str:
    """Return an element of the blocks in it, or with a text that has no ``<``."""
    return f"<{tag}>{''.join(content if len(content) != 1 or '<' in content[0] else [html.escape(content[0])])}</{tag}>"


def value(block: str, tag: str) -> str:
    """Return the text of the first element of that name in a block, ``""`` when there is none."""
    found = re.search(f"<{tag}>(.*?)</{tag}>", block, re.DOTALL)
    return html.unescape(found[1]) if found else ""


def setting(block: str, tag: str, text: str) -> str:
    """Return a block with another text in its elements of that name."""
    return re.sub(f"<{tag}>.*?</{tag}>", lambda _: element(tag, text), block, flags=re.DOTALL)


def key_in(block: str) -> str:
    """Return the key that a block of a listing names, which is percent-encoded as boto3 asks for."""
    return unquote(value(block, "Key") or value(block, "Prefix"))


def answer(status: int = 200, *content: str, **headers: str) -> Response:
    """Return an answer with a document, or without a body."""
    body = "".join(content).encode()
    kind = {"content-type": "application/xml"} if body else {}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status=status, headers={"content-length": str(len(body)), **kind, **named}, body=body)


def refusal(status: int, code: str) -> Response:
    """Return the answer with which S3 refuses."""
    return answer(status, element("Error", element("Code", code), element("Message", "refused")))


def stored(body: bytes) -> Response:
    """Return the answer to a write of ``body`` that went well."""
    return answer(200, etag=etag(body))


def copied(tag: str) -> Response:
    """Return the answer to a copy that went well, and just now."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return answer(200, element("CopyObjectResult", element("ETag", tag), element("LastModified", now)))


def completed(tag: str) -> Response:
    """Return the answer to a completed upload."""
    return answer(200, element("CompleteMultipartUploadResult", element("ETag", tag)))


def etag(body: bytes) -> str:
    """Return the ETag that S3 gives to an object of these bytes."""
    return f'"{hashlib.md5(body).hexdigest()}"'


def is_metadata(name: str) -> bool:
    """Whether the header of that name describes an object and is kept with it."""
    standard = {"content-type", "content-disposition", "content-encoding", "content-language", "cache-control"}
    return name in standard or name.startswith("x-amz-meta-")


def _merged(known: Headers, changes: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in {**known, **changes}.items() if value is not None}


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
