"""The page: one offline HTML file, the same bytes for the same input, readable without JavaScript."""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers.python import PythonLexer

from conformance.declaration import Judgement
from conformance.report.view import tally, view
from conformance.report.words import LEVELS, SHORT, SIGNS, on_one_line, visible
from conformance.results import Document, NotAResultFile, dumps, loads


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A further table at the end of the page, as data: the kill matrix of a published report is one.

    Columns are the keys of the first row. Truth values are shown as a mark with ``yes`` or ``no`` in words.
    """

    title: str
    intro: str = ""
    rows: Sequence[Mapping[str, object]] = field(default_factory=tuple[Mapping[str, object], ...])
    yes: str = "caught"
    no: str = "escaped"


def page(document: Document, judgement: Judgement, *, extras: Sequence[Section] = (), title: str = "") -> str:
    """Return the page about a document.

    ``extras`` are further tables, ``title`` replaces the heading. The page asks nothing of the network and holds the
    document itself, so it can be read by a program as well.
    """
    shown = view(document, judgement)
    return template("page.html.j2").render(
        view=shown,
        document=document,
        header=document.header,
        footer=document.footer,
        verdicts=judgement.verdicts,
        title=title or shown.title,
        extras=extras,
        kit=document.header.kit,
        source=_embedded(dumps(document)),
    )


def template(name: str) -> Template:
    """Return one of the templates of this package, with the words, signs and filters that all of them share."""
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("conformance.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    words: dict[str, Any] = {"SIGNS": SIGNS, "SHORT": SHORT, "LEVELS": LEVELS, "tally": tally}
    environment.globals.update(words)
    environment.filters.update(
        attribute=_attribute,
        breakable=_breakable,
        python=_python,
        slug=_slug,
        thousands=_thousands,
        duration=_duration,
    )
    return environment


def _shown(value: Any) -> Any:
    """Finish every expression of every template: what would not show is escaped and marked, whoever wrote it."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return Markup(visible(str(escape(value)), lambda code: f'<span class="unseen">{code}</span>'))  # noqa: S704


def _attribute(value: str) -> Markup:
    """Return a text for the inside of an attribute, where there can be no mark-up."""
    return escape(on_one_line(value))


@cache
def _highlighter() -> tuple[PythonLexer, HtmlFormatter[str]]:
    return PythonLexer(), HtmlFormatter(nowrap=True)


def _python(source: str) -> Markup:
    lexer, formatter = _highlighter()
    return Markup(highlight(visible(source), lexer, formatter).rstrip("\n"))  # noqa: S704 - the formatter escapes


def _slug(identifier: str) -> Markup:
    """Return an identifier as an anchor: nothing in it needs escaping, and two never become one."""
    kept = (c if c.isascii() and (c.isalnum() or c in ".-_") else f"~{ord(c):x}~" for c in identifier)
    return Markup("".join(kept))  # noqa: S704 - only letters, digits and four signs are left


def _breakable(identifier: str) -> Markup:
    """Return an identifier that may be broken into lines after its dots and underscores only."""
    return Markup(visible(str(escape(identifier))).replace(".", ".<wbr>").replace("_", "_<wbr>"))  # noqa: S704


def _thousands(value: int) -> str:
    return f"{value:,}"


def _duration(seconds: float) -> str:
    if seconds >= 60:
        return f"{int(seconds // 60)} min {seconds % 60:.0f} s"
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.1f} ms" if seconds >= 0.001 else f"{seconds * 1e6:.0f} µs"


def source(html: str) -> Document:
    """Return the document that a page was made from, out of the page itself.

    Raises:
        NotAResultFile: the text is not a page of this kind.

    """
    found = re.search(r'<script type="application/gzip;base64" id="document"[^>]*>([A-Za-z0-9+/=]+)</script>', html)
    if found is None:
        raise NotAResultFile("the page", "it holds no document")
    return loads(gzip.decompress(base64.b64decode(found[1])).decode("utf-8"), "the page")


def _embedded(text: str) -> Markup:
    # Packed, because as text it would be most of the page; without a time, so that the bytes stay the same.
    packed = gzip.compress(text.encode("utf-8"), mtime=0)
    return Markup(base64.b64encode(packed).decode("ascii"))  # noqa: S704 - letters, digits and three signs
