"""Defects that the kit does not catch at profile ``standard``, with reasons; one that is caught leaves the list."""

from __future__ import annotations

_ORDER = "the order of the entries on a page is promised by no requirement, and all of them are there"
_SIZE = "how many entries a page has does not show in a listing that goes through all of its pages"
_NOT_TOLD = "an answer may tell less than stat does; what it tells is right"
_MANY = "standard writes fewer objects to one work_dir"
_THOUSAND = "deep draws one number of objects a run: 1,000, 1,005 or 2,001"
_CREATE_ONLY = "if_none_match is tried on an object that was written and has content, without longer neighbours"
_ETAGS = "if_match is tried with the former etag, not with one that is almost the present one"

ESCAPES: dict[str, str] = {
    # what cannot be seen through the operations
    "paging.reversed": _ORDER,
    "paging.sorted_without_case": _ORDER,
    "paging.unstable_order": _ORDER,
    "paging.size_ignored": _SIZE,
    "paging.size_one_more": _SIZE,
    "paging.size_one_less": _SIZE,
    "paging.size_at_most_five": _SIZE,
    "paging.size_zero_promises_more": "the adapter refuses a page of no entries itself",
    "paging.key_count_zero": "the adapter does not look at the number of keys told beside the keys",
    "read.suffix_zero_is_all": "the adapter asks for no bytes without a range",
    "bulk_delete.too_few_told": "the adapter looks at the errors told, not at the keys, and all are deleted",
    "part_copy.missing_fails": "the adapter asks for the source first",
    "part_copy.missing_is_empty": "the adapter asks for the source first",
    "part_copy.missing_ends_upload": "the adapter asks for the source first",
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
    "paging.ends_after_100": _MANY,
    "state.evicts_after_100": _MANY,
    # what no law tries
    "conditional.match_of_first_half": _ETAGS,
    "conditional.match_without_parts": _ETAGS,
    "conditional.none_match_sees_prefix": _CREATE_ONLY,
    "conditional.none_match_misses_empty": _CREATE_ONLY,
    "conditional.none_match_misses_copied": _CREATE_ONLY,
    "conditional.none_match_misses_uploaded": _CREATE_ONLY,
    "conditional.unmodified_a_second_later": "if_unmodified_since is not tried with the second before the last write",
    "part_copy.of_the_destination": "no part is copied to an upload whose key has an object",
    "upload_lists.id_marker_ignored": "no page of uploads ends between two to one key",
    "bulk_delete.stripped": "no name that is deleted with others begins or ends with a blank",
    "bulk_delete.lower": "no two names that are deleted with others differ in case",
    "bulk_delete.only_ten": "fewer than ten are deleted together",
    "bulk_delete.takes_children": "nothing lies below a name that is deleted with others",
    "completion.empty_object_lost": "no upload is completed that has one part and that empty",
    "copying.replace_loses_disposition": "new metadata of a copy are tried without a disposition",
    "paging.start_after_case_blind": "start_after is tried among names of one case",
    "paging.start_after_decoded_twice": "start_after is tried with plain names",
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
