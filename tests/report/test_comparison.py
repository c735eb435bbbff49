"""The page that compares backends: every trouble is on it, leads to its evidence, and nothing hostile gets through."""

import re
from dataclasses import replace

import pytest

from conformance.declaration import judge
from conformance.report import Run, comparison, page
from conformance.report.comparison import compared
from tests.report.test_page import Page
from tests.results.sample import declarations, document


def alone(name, href):
    """Return the run of one backend of the sample, as if it had been checked by itself."""
    whole = document()
    header = replace(whole.header, backends=tuple(each for each in whole.header.backends if each.name == name))
    plan = tuple(entry for entry in header.plan if entry.backend == name)
    one = replace(whole, header=replace(header, plan=plan), results=tuple(whole.of(name)))
    return Run(document=one, judgement=judge(one, declarations()), href=href)


@pytest.fixture(scope="module")
def runs():
    return [alone(each.name, f"{n}/index.html") for n, each in enumerate(document().header.backends)]


def test_every_trouble_is_shown_and_leads_to_an_anchor_of_the_page_of_its_backend(runs):
    shown = compared(runs)
    pages = {run.href: Page(page(run.document, run.judgement)) for run in runs}
    links = [spot.href for line in shown.divided for spot in line.troubles]
    assert links
    for link in links:
        href, _, anchor = link.partition("#")
        assert anchor in pages[href].ids
    troubled = {
        (verdict.backend, identifier)
        for run in runs
        for verdict in run.judgement.verdicts
        for identifier, cell in verdict.cells.items()
        if cell.standing not in {"pass", "not-applicable", "unplanned"}
    }
    assert troubled == {(spot.backend, line.id) for line in shown.divided for spot in line.troubles}


def test_what_divides_the_backends_most_evenly_comes_first(runs):
    orders = [min(line.broken, line.holding) for line in compared(runs).divided]
    assert orders == sorted(orders, reverse=True)


def test_a_requirement_is_divided_or_agreed_and_never_lost(runs):
    shown = compared(runs)
    agreed = {line.id for lines in shown.agreed.values() for line in lines}
    divided = {line.id for line in shown.divided}
    assert not agreed & divided
    assert agreed | divided >= set(document().header.requirements)


def test_the_page_is_in_balance_and_asks_nothing_of_the_network(runs):
    html = comparison(runs)
    found = Page(html)
    assert found.open == []
    assert len(found.ids) == len(set(found.ids))
    assert found.sources == []
    assert not re.search(r"<script>alert", html)
    assert html == comparison(runs)


def test_a_line_of_the_matrix_has_a_field_for_every_backend(runs):
    html = comparison(runs)
    for row in re.findall(r"<tr data-row=.*?</tr>", html, re.DOTALL):
        assert row.count("<td") == len(runs)


def test_where_nothing_differs_the_page_says_so():
    told = comparison([])
    assert "There is nothing to show" in told
    assert "<table>" not in told


def test_one_backend_is_spoken_of_as_one(runs):
    assert "1 backend compared" in comparison(runs[:1])
    assert "1 backends" not in comparison(runs[:1])
