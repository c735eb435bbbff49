"""The input catalogue asks a backend for no name that it declares not to have."""

from __future__ import annotations

import pytest

from conformance.engine.catalogue import GROUPS as ALL
from conformance.engine.catalogue import ODD, PACKS, allowed, described, every_key, group, groups, handful, telling_keys
from conformance.storage import Features

WINDOWS = Features(case_sensitive=False, control_characters=False, forbidden_characters='"*:<>?|\\')


def asked(features):
    yield from every_key(features)
    yield from telling_keys(features)
    yield from handful(features)
    for name in ALL:
        yield from group(name, features)
    for keys in groups(features):
        yield from keys


@pytest.mark.parametrize("character", WINDOWS.forbidden_characters)
def test_no_name_holds_a_forbidden_character(character):
    assert any(character in key for key in asked(Features()))
    assert not any(character in key for key in asked(WINDOWS))


def test_two_names_at_least_are_left_of_every_group():
    assert all(len(group(name, WINDOWS)) >= 2 for name in ALL)
    assert len(every_key(WINDOWS)) > 80
    assert len(PACKS) > 1


def test_nothing_is_left_out_where_nothing_is_forbidden():
    assert allowed(ODD, Features()) == ODD
    assert "q?x=1" not in allowed(ODD, WINDOWS)
    assert "q?x=1" in handful(Features())


def test_user_metadata_are_as_the_backend_takes_them():
    given = {"two-words": "x" * 300, "of.three": "y"}
    assert described(given, Features()) == given
    short = Features(metadata_identifiers=True, metadata_value_maximum=256)
    assert described(given, short) == {"two_words": "x" * 256, "of_three": "y"}
