"""Defects that the kit does not catch at profile ``standard``, with reasons; one that is caught leaves the list."""

from __future__ import annotations

_SIZE = "how many entries a page has does not show in a listing that goes through all of its pages"
_NOT_TOLD = "an answer may tell less than stat does; what it tells is right"
_THOUSAND = "deep draws one number of objects a run: 1,000, 1,005 or 2,001"
_ETAGS = "if_match is tried with the former etag, not with one that is almost the present one"

ESCAPES: dict[str, str] = {
    # what cannot be seen through the operations
    "paging.size_ignored": _SIZE,
    "paging.size_one_more": _SIZE,
    "paging.size_one_less": _SIZE,
    "paging.size_at_most_five": _SIZE,
    "paging.size_zero_promises_more": "the adapter refuses a page of no entries itself",
    "paging.key_count_zero": "the adapter does not look at the number of keys told beside the keys",
    "read.suffix_zero_is_all": "the adapter asks for no bytes without a range",
    "bulk_delete.too_few_told": "the adapter looks at the errors told, not at the keys, and all are deleted",
    "uploads.part_of_ended_forbidden": "a refusal for any reason is a refusal of a part that comes too late",
    "headers.get_time_missing": _NOT_TOLD,
    "headers.put_etag_missing": _NOT_TOLD,
    "headers.copy_etag_missing": _NOT_TOLD,
    "headers.complete_etag_missing": _NOT_TOLD,
    "listing.etag_missing": _NOT_TOLD,
    "listing.time_missing": _NOT_TOLD,
    "listing.markers_hidden": "a virtual directory without objects need not be listed by its parent",
    "metadata.type_lower": "a media type has no case (RFC 9110, 8.3.1)",
    # what only a run of more calls would show
    "write.last_byte_of_8192_lost": "no content has exactly eight kibibytes",
    "write.last_byte_of_5242880_lost": "no content has exactly five mebibytes",
    "paging.ends_after_1000": _THOUSAND,
    "state.evicts_after_1000": _THOUSAND,
    # what no law tries
    "conditional.match_without_parts": _ETAGS,
    "part_copy.of_the_destination": "no part is copied to an upload whose key has an object",
    "upload_lists.id_marker_ignored": "no page of uploads ends between two to one key",
    "completion.empty_object_lost": "no upload is completed that has one part and that empty",
    "copying.source_lower": "sources whose names differ in case are not copied",
    "delete.spares_deep": "no object below two directories is deleted",
    "errors.key_too_long_accepted": "the longest path is reckoned for the deepest work_dir and fits into the others",
    "errors.key_too_long_fails": "the longest path is reckoned for the deepest work_dir and fits into the others",
    "errors.key_too_long_missing": "the longest path is reckoned for the deepest work_dir and fits into the others",
    "keys.delete_lost": "no name has the character DEL",
    "keys.index_page": "no name is index.html",
    "keys.leading_slash_lost": "no path begins with a slash",
    "listing.prefix_anywhere": "no listed name holds a prefix elsewhere than at its beginning",
    "listing.prefix_stripped": "no prefix ends with a blank",
    "metadata.encoding_first_member": "a content encoding is tried with one member",
    "read.comes_from_first_version": "no range is read of an object whose older content was read whole",
    "presigned.write_keeps_old": "a signed write is tried where no object is",
    "presigned.write_to_decoded_key": "a signed write is tried at a plain path",
}
