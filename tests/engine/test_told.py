"""What is shown of the answers of a failing program: also the attributes that it hangs on."""

from datetime import UTC, datetime

import pytest

from conformance.engine.result import attributes_of
from conformance.storage import Object, ObjectMode
from conformance.storage.calls import Outcome
from conformance.storage.objects import Told

ETAG = '"e1"'
DAY = datetime(2026, 3, 1, 10, tzinfo=UTC)
FILE = Object(
    path="a", mode=ObjectMode.READ, content_length=3, etag=ETAG, last_modified=DAY, content_disposition="inline"
)
DIRECTORY = Object(path="d", mode=ObjectMode.DIR)


@pytest.mark.parametrize(
    ("words", "outcome", "shown"),
    [
        ("stat.exact content of 'a'", Outcome(FILE), "object 'a' mode=read, content_length=3"),
        ("stat.etag_changes etag", Outcome(FILE), "object 'a' mode=read, content_length=3, etag='\"e1\"'"),
        ("stat.last_modified later", Outcome(FILE), f"object 'a' mode=read, content_length=3, last_modified={DAY}"),
        (
            "headers.write headers",
            Outcome(FILE),
            "object 'a' mode=read, content_length=3, content_disposition='inline'",
        ),
        ("read.etag etag", Outcome(Told(3, FILE), b"abc"), "3 reported, b'abc' delivered, etag='\"e1\"'"),
        ("write.etag etag", Outcome(Told(3, FILE)), "3, etag='\"e1\"'"),
        ("list.prefix etag of 'a'", Outcome([FILE, DIRECTORY]), "['a' (etag='\"e1\"'), 'd' (dir)]"),
        ("list.prefix content_length of 'a'", Outcome([FILE]), "['a' (content_length=3)]"),
        ("list.prefix names", Outcome([FILE, DIRECTORY]), "['a', 'd' (dir)]"),
    ],
)
def test_an_answer_is_told_with_what_the_failure_is_about(words, outcome, shown):
    assert outcome.brief(attributes_of(words)) == shown
