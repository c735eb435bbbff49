import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from conformance.declaration import Declarations, judge
from conformance.report import Section, page, source
from conformance.report.view import view
from conformance.results import NotAResultFile, dumps, loads
from tests.results.sample import HOSTILE, declarations, document

VOID = {"meta", "link", "input", "wbr", "br", "img", "hr"}


class Page(HTMLParser):
    """What a browser would find: tags in balance, ids, links, text."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.tags, self.words = [], [], [], [], []
        self.sources = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.tags.append(tag)
        self.ids += [named["id"]] if "id" in named else []
        self.links += [named["href"]] if tag == "a" else []
        self.sources += [named[key] for key in ("src", "srcset", "data", "action") if key in named and tag != "input"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", "".join(self.words))


@pytest.fixture(scope="module")
def html():
    return page(document(), judge(document(), declarations()))


@pytest.fixture(scope="module")
def parsed(html):
    return Page(html)


def test_the_page_is_well_formed_and_every_anchor_leads_somewhere(parsed):
    assert parsed.open == []
    assert len(parsed.ids) == len(set(parsed.ids))
    assert {link[1:] for link in parsed.links if link.startswith("#")} <= set(parsed.ids)


def test_the_page_asks_nothing_of_the_network(html, parsed):
    assert parsed.sources == []
    assert {link for link in parsed.links if not link.startswith("#")} == {"https://example.org/issues/9"} | {
        "https://example.org/issues/7"
    }
    assert "@import" not in html
    assert "url(" not in html
    assert 'rel="icon" href="data:,"' in html


def test_the_same_document_gives_the_same_bytes(html):
    again = loads(dumps(document()))
    assert page(again, judge(again, declarations())) == html


def test_verdicts_are_words_and_never_percentages(parsed):
    assert "Conformant to all 21 requirements that apply and were planned." in parsed.text
    assert "No verdict, 2 requirements ended in an error" in parsed.text
    assert "%" not in parsed.text


def test_what_makes_a_pass_weak_stands_with_the_verdict(parsed):
    text = parsed.text
    assert text.index("2 checks of broken<&> came to no result") < text.index("Conformant to all")
    for note in (
        "13 requirements not applicable",
        "declared and never called: copy, list",
        "left behind after the run",
    ):
        assert note in text


def test_all_seven_states_have_sign_word_and_meaning(parsed):
    for word in ("✓pass", "✕fail", "≠deviation", "↻stale", "\N{EN DASH}n/a", "○not run", "!error"):
        assert word in parsed.text
    assert "does not hold, and nobody declared it" in parsed.text


def test_rows_on_which_backends_disagree_come_first():
    shown = view(document(), judge(document(), declarations()))
    delete = next(group for group in shown.groups if group.subject == "delete")
    assert [row.id for row in delete.rows][:2] == ["delete.idempotent", "delete.only_one"]
    assert delete.rows[-1].states == ("pass",)


def test_one_card_per_root_cause_undeclared_first():
    shown = view(document(), judge(document(), declarations()))
    cards = [(card.backend, card.requirement, card.state, len(card.others)) for card in shown.cards]
    assert cards == [
        ("fs", "write.short_reader", "fail", 0),
        ("s3-moto", "overwrite.copy_exists", "fail", 0),
        ("s3-moto", "multipart.complete_wrong_etag", "fail", 0),
        ("broken<&>", "write.stores", "fail", 0),
        ("broken<&>", "delete.only_one", "fail", 0),
        ("fs", "delete.idempotent", "deviation", 0),
        ("s3-moto", "multipart.complete", "deviation", 1),
    ]


def test_a_card_has_everything_to_see_the_failure_again(parsed):
    text = parsed.text
    for part in (
        "Smallest counterexample, a complete Python file",
        'store.delete("a") # observed: ObjectNotExist; expected: success',
        "conformance replay results.jsonl#fs/delete.again",
        "2 of 3 runs of the smallest example",
        "▸ diverges here",
        "write.short_reader: delete raised ObjectNotExist",
        "## write.short_reader does not hold on fs",
        "Found after61 calls, 3 examples",
    ):
        assert part in text, part


def test_a_requirement_is_shown_with_source_quote_and_checks(parsed):
    text = parsed.text
    assert "`Delete` SHOULD NOT return `ObjectNotExist` error" in text
    assert "GSP-46, Proposal" in text
    assert "1 of 35 requirements is not planned in this run: list.complete" in text
    assert "blocked by write.stores write.stores" in text


def test_evidence_names_what_was_never_called(parsed):
    assert "704 examples" in parsed.text
    assert "never called" in parsed.text
    assert "the worker that ran this check died before it reported" in parsed.text


def test_hostile_names_are_shown_and_do_nothing(html, parsed):
    assert "alert(1)" in parsed.text
    assert parsed.tags.count("script") == 2
    assert "<script>alert" not in html
    assert not re.search("[\x00\u202e\ud800]", html)
    assert '<span class="unseen">\\u202e</span>' in html
    assert '<span class="unseen">\\x00</span>' in html
    assert '<span class="unseen">\\ud800</span>' in html
    html.encode("utf-8")


def test_the_page_holds_the_document_it_was_made_from(html):
    assert source(html) == document()
    with pytest.raises(NotAResultFile, match="it holds no document"):
        source("<html>")


def test_further_tables_come_as_data():
    rows = [
        {"defect": "<i>keeps tail</i>", "caught": True, "calls": 1234},
        {"defect": "two", "caught": False, "calls": None},
    ]
    extras = [Section(title="Planted defects", intro="All <of> them", rows=rows), Section(title="None")]
    text = Page(page(document(), judge(document()), extras=extras, title="Ours & theirs")).text
    assert "Ours & theirs" in text
    assert "All <of> them defectcaughtcalls <i>keeps tail</i> ✓caught 1,234 two ✕escaped" in text
    assert "No rows." in text


@pytest.mark.parametrize("backends", [0, 1])
def test_small_runs_have_a_page_too(backends):
    whole = document()
    kept = whole.header.backends[:backends]
    names = {backend.name for backend in kept}
    small = replace(
        whole,
        header=replace(
            whole.header, backends=kept, plan=tuple(entry for entry in whole.header.plan if entry.backend in names)
        ),
        results=tuple(result for result in whole.results if result.backend in names),
    )
    text = Page(page(small, judge(small, Declarations()))).text
    assert ("Behaves as declared" if backends else "No backend was run") in text
    assert "No check failed." in text


def test_interrupted_smoke_and_empty_runs_are_told_first():
    whole = document()
    none = replace(
        whole,
        header=replace(whole.header, profile="smoke"),
        results=tuple(replace(r, state="not-run", failure=None, reason="stopped") for r in whole.results),
        footer=replace(whole.footer, interrupted=True),
    )
    text = Page(page(none, judge(none, declarations()))).text
    first = text[text.index("Read this first") : text.index("Verdicts", text.index("Read this first"))]
    for sentence in ("The run was interrupted", "Nothing ran: there is no result", "Nothing ran on fs", "smoke"):
        assert sentence in first


def test_a_page_of_ten_backends_and_two_hundred_requirements_stays_small():
    whole = document()
    memory = whole.header.backends[0]
    many = 200
    ids = [f"delete.number_{number:03}" for number in range(many)]
    text = whole.header.requirements["delete.idempotent"]
    entry, result = whole.header.plan[0], whole.results[0]
    names = [f"backend-{number}" for number in range(10)]
    big = replace(
        whole,
        header=replace(
            whole.header,
            backends=tuple(replace(memory, name=name) for name in names),
            requirements=dict.fromkeys(ids, text),
            plan=tuple(replace(entry, backend=name, check=i, requirement=i) for name in names for i in ids),
        ),
        results=tuple(replace(result, backend=name, check=i, requirement=i) for name in names for i in ids),
    )
    html = page(big, judge(big))
    assert len(html.encode()) < 1_000_000
    assert len(json.loads(dumps(big).splitlines()[0])["plan"]) == 2000


def test_the_hostile_sample_is_hostile():
    assert {"\x00", "\u202e", "\ud800", "<", "&"} <= set(HOSTILE)


def test_a_page_says_each_thing_about_a_requirement_once():
    html = page(document(), judge(document(), declarations()))
    said = "Delete keeps its word on only one, whatever was there before."
    assert html.count(said) <= 3  # its own entry, a card, the text for an issue
    assert said.lower() not in html


def test_a_backend_that_declares_nothing_does_not_conform():
    small = replace(document(), header=replace(document().header, backends=document().header.backends[1:2]))
    alone = replace(
        small,
        header=replace(small.header, plan=tuple(e for e in small.header.plan if e.backend == "fs")),
        results=small.of("fs"),
    )
    assert view(alone, judge(alone, Declarations())).title == "Does not conform"
    assert view(alone, judge(alone, declarations())).title == "Does not behave as declared"
