"""The pages of the requirements are what the registry says today."""

from __future__ import annotations

from conformance.requirements import requirements
from docs.make import COMMAND, pages, stale
from tests.defects import DEFECTS


def test_the_pages_are_up_to_date():
    assert stale(pages()) == [], f"run `{COMMAND}`"


def test_every_requirement_is_on_a_page_with_its_checks_and_defects():
    written = pages()
    for found in requirements().values():
        section = written[f"{found.subject}.md"].partition(f"## `{found.id}`\n")[2].partition("\n## ")[0]
        assert found.level in section
        assert "\n- Check `" in section, found.id
    every = "\n".join(written.values())
    tripping = {planted.name for planted in DEFECTS.values() if set(planted.trips) & set(requirements())}
    assert {name for name in tripping if f"- Planted defect `{name}`: " not in every} == set()
    assert "**Known to do otherwise:** moto: " in every
