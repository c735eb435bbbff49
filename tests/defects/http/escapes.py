"""Defects that the kit does not catch at profile ``standard``, with reasons; one that is caught leaves the list."""

from __future__ import annotations

_SIZE = "how many entries a page has does not show in a listing that goes through all of its pages"
_NOT_TOLD = "an answer may tell less than stat does; what it tells is right"
_THOUSAND = "standard writes fewer than a thousand objects to one work_dir"

ESCAPES: dict[str, str] = {
    # what cannot be seen through the operations
    "paging.size_ignored": _SIZE,
    "paging.size_one_more": _SIZE,
    "paging.size_one_less": _SIZE,
    "paging.size_at_most_five": _SIZE,
    "paging.size_zero_promises_more": "the adapter refuses a page of no entries itself",
    "paging.key_count_zero": "the adapter does not look at the number of keys told beside the keys",
    "read.suffix_zero_is_all": "the adapter asks for no bytes without a range",
    "uploads.part_of_ended_forbidden": "a refusal for any reason is a refusal of a part that comes too late",
    "headers.get_time_missing": _NOT_TOLD,
    "headers.put_etag_missing": _NOT_TOLD,
    "headers.copy_etag_missing": _NOT_TOLD,
    "headers.complete_etag_missing": _NOT_TOLD,
    "listing.etag_missing": _NOT_TOLD,
    "listing.time_missing": _NOT_TOLD,
    "listing.markers_hidden": "a virtual directory without objects need not be listed by its parent",
    "keys.leading_slash_lost": "a key begins with the work_dir, and that with no slash",
    # what only a run of more calls would show
    "paging.ends_after_1000": _THOUSAND,
    "state.evicts_after_1000": _THOUSAND,
}
