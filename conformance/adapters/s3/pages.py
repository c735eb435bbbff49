"""The pages of an S3 listing, one request at a time, and the keys in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from conformance.storage import Unexpected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def pages(
    call: Callable[..., Any], operation: str, tokens: Mapping[str, str], **parameters: Any
) -> Iterator[Mapping[str, Any]]:
    """Iterate over the pages of a listing, each asked for when it is needed.

    Args:
        call: sends an operation with its parameters and returns the answer.
        operation: name of the listing.
        tokens: names of the answer's fields that go into the next request, with their names there.
        parameters: what every request says.

    Raises:
        Unexpected: the service sends the same page again, or promises one that it does not name.

    """
    seen: set[tuple[Any, ...]] = set()
    position: dict[str, Any] = {}
    while True:
        page = call(operation, **{**parameters, **position})
        yield page
        if not page.get("IsTruncated"):
            return
        position = {
            request: decoded(page[answer], page) if request == "KeyMarker" else page[answer]
            for answer, request in tokens.items()
            if page.get(answer)
        }
        token = tuple(position.values())
        if not token:
            raise Unexpected(f"{operation}: the service says that there is more but not where")
        if token in seen:
            raise Unexpected(f"{operation}: the service goes in circles, page {token} came before")
        seen.add(token)


def decoded(key: str, page: Mapping[str, Any]) -> str:
    """Return a key of a page as it is, which the service may have sent percent-encoded."""
    return unquote_plus(key) if page.get("EncodingType") == "url" else key
