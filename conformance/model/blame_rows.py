"""The tables of blame: which requirement a wrong outcome breaks. The first row that fits decides.

``*`` fits everything, ``a|b`` either; a change ends in ``!`` when it was refused.
"""

# ruff: noqa: E501 - a row of a table stays on one line

OWN = """
#op                aspect      situation                  requirement
*                  foreign     *                          errors.taxonomy
*                  fault       *                          errors.client_fault
*                  *           read_only                  readonly.refuses
*                  *           closed                     closed.refuses
close              *           *                          closed.again
read               *           suffix_beyond_the_start    suffix.longer
read               *           suffix_zero                suffix.zero
read               *           suffix_of_nothing          suffix.empty_object
read               *           suffix                     suffix.last_bytes
list               *           page_size_zero             listing_pages.page_size_zero
list               *           start_after                listing_pages.start_after
list               *           start_after_prefix         listing_pages.start_after_prefix
read               *           negative                   read.negative
*                  answer_read* *                         answers.read
*                  answer_write* *                        answers.write
*                  answer_copy*|answer_move* *            answers.copy
*                  answer_co*  *                          answers.complete_multipart
list               mode_told   *                          list.valid_objects
list               listed*     *                          list.agrees_with_stat
stat               listed*     *                          list.agrees_with_stat
stat               repeated_id *                          stat.id
stat               repeated*   *                          stat.repeatable
stat               content_md5 *                          stat.content_md5
write              *           negative_size              write.negative_size
write              *           wrong_content_md5          write.content_md5
write_multipart    *           wrong_content_md5          multipart.content_md5
write              *           onto_directory             overwrite.write_onto_directory
write              *           onto_link                  overwrite.write_onto_link
write              *           below_file                 write.below_object
write              *           short_reader               write.short_reader
write              *           failing_reader             write.failing_reader
write              *           none_reader                write.none_reader_refused
write              *           none_reader,_empty         write.none_reader_empty
write              *           zero_size                  write.zero_size
write              *           long_reader                write.truncates
write              *           unusual_reader             write.any_reader
write              error|code  over_existing              overwrite.write_exists
write              error|count *                          write.stores
read               count       range                      read.range
read               count       offset                     read.offset
read               count       size                       read.size
read               count       size_zero                  read.size
read               count       size_beyond_the_end        read.range
read               count       beyond_the_end             read.offset
read               count       *                          read.whole
read               *           size_zero                  read.size_zero
read               *           beyond_the_end             read.beyond_end
read               *           size_beyond_the_end        read.size_beyond_end
read               *           offset                     read.offset
read               *           size                       read.size
read               *           range                      read.range
read               *           of_a_directory             read.directory
read               *           through_a_link             create_link.read
read               code        missing                    read.missing
stat               mode        upload                     multipart.stat_upload
stat               *           ended                      multipart.stat_ended_upload
stat               *           hint                       object_mode.stat_hint_mismatch
stat               code        missing                    stat.missing
stat               path        *                          stat.path
stat               etag_moved  *                          stat.etag_stable
stat               etag_stayed *                          stat.etag_changes
delete             *           missing_directory          delete.directory
delete             *           missing                    delete.missing
delete             *           again                      delete.idempotent
delete             *           below_file                 delete.below_file
delete             *           link                       delete.link
delete             *           append_object              delete.append
delete             *           directory                  delete.directory
delete             *           directory_with_children    delete.keeps_children
delete             *           upload                     multipart.abort_idempotent
delete             *           upload_again               multipart.abort_idempotent
delete             *           completed_upload           multipart.abort_idempotent
delete             *           unknown_upload             multipart.abort_unknown
delete             *           *                          delete.removes
copy               *           itself                     copy.self
copy               *           missing_source             copy.missing_source
copy               *           onto_directory             overwrite.copy_onto_directory
copy               *           over_existing|onto_link    overwrite.copy_exists
copy               error       *                          copy.content
move               *           itself                     move.self
move               *           missing_source             move.missing_source
move               *           onto_directory             overwrite.move_onto_directory
move               *           over_existing|onto_link    overwrite.move_exists
move               error       *                          move.content
create_dir         *           onto_file                  overwrite.create_dir_onto_object
create_dir         error       over_existing              overwrite.create_dir_exists
create_dir         *           *                          create_dir.creates
create_link        *           onto_directory             overwrite.create_link_onto_directory
create_link        *           onto_object                overwrite.create_link_exists
create_link        error       dangling                   create_link.dangling
create_link        *           over_existing              create_link.replaces
create_link        *           *                          create_link.creates
create_multipart   unique      *                          multipart.create_unique
create_multipart   *           onto_directory             overwrite.create_multipart_onto_directory
create_multipart   error       over_existing              overwrite.create_multipart_exists
create_multipart   *           *                          multipart.create
write_multipart    *           wrong_mode                 object_mode.write_multipart
*_multipart        *           unknown_upload             multipart.identified_by_path_and_id
write_multipart    *           completed_upload           multipart.complete_ends_upload
write_multipart    *           aborted_upload             multipart.abort_ends_upload
write_multipart    *           out_of_range               multipart.index_out_of_range
write_multipart    *           short_reader               multipart.short_reader
write_multipart    *           failing_reader|none_reader multipart.failing_reader
write_multipart    *           long_reader                multipart.long_reader
write_multipart    *           unusual_reader             multipart.any_reader
write_multipart    *           again                      multipart.reupload_replaces
write_multipart    *           *                          multipart.write
list_multipart     *           wrong_mode                 object_mode.list_multipart
list_multipart     *           aborted_upload             multipart.abort_ends_upload
list_multipart     *           completed_upload           multipart.complete_ends_upload
list_multipart     etag        *                          multipart.complete_parts_verbatim
list_multipart     *           fresh                      multipart.list_fresh_empty
complete_multipart *           wrong_mode                 object_mode.complete_multipart
complete_multipart *           onto_directory             overwrite.complete_multipart_onto_directory
complete_multipart *           wrong_etag|stale_part      multipart.complete_wrong_etag
complete_multipart *           missing_part               multipart.complete_missing_part
complete_multipart *           no_parts                   multipart.complete_empty
complete_multipart *           completed_upload           multipart.complete_twice
complete_multipart *           aborted_upload             multipart.abort_ends_upload
complete_multipart *           below_minimum              multipart.complete_below_minimum
complete_multipart *           unsorted                   multipart.complete_unsorted
complete_multipart *           gaps                       multipart.complete_gaps
complete_multipart *           some_of_the_parts          multipart.complete_only_given
complete_multipart *           over_existing              overwrite.complete_multipart_exists
complete_multipart *           *                          multipart.complete
create             *           upload                     multipart.create_handle
create             *           *                          create.local
create_append      *           onto_directory             overwrite.create_append_onto_directory
create_append      error       over_existing              overwrite.create_append_exists
create_append      *           *                          append.create
write_append       *           wrong_mode                 object_mode.write_append
write_append       *           short_reader|long_reader   append.exact_size
write_append       *           *                          append.write
commit_append      *           wrong_mode                 object_mode.commit_append
commit_append      error       over_existing              overwrite.commit_append_exists
commit_append      *           *                          append.commit
create_block       *           onto_directory             overwrite.create_block_onto_directory
create_block       error       over_existing              overwrite.create_block_exists
create_block       *           *                          block.create
write_block        *           wrong_mode                 object_mode.write_block
write_block        *           again                      block.replaces
write_block        *           *                          block.write
combine_block      *           wrong_mode                 object_mode.combine_block
combine_block      *           unknown_block              block.unknown_id
combine_block      error       over_existing              overwrite.combine_block_exists
combine_block      *           some_of_the_blocks         block.only_named
combine_block      *           *                          block.combine
list_block         *           wrong_mode                 object_mode.list_block
create_page        *           onto_directory             overwrite.create_page_onto_directory
create_page        error       over_existing              overwrite.create_page_exists
create_page        *           *                          page.create
write_page         *           wrong_mode                 object_mode.write_page
write_page         *           overlap                    page.overlap
write_page         *           *                          page.write
write              *           wrong_content_sha256       checksum.sha256_verified
write_multipart    *           wrong_content_sha256       checksum.sha256_of_part
write_multipart    *           negative_size              multipart.size_out_of_range
complete_multipart *           part_twice                 multipart.complete_part_twice
copy_multipart     *           missing_source             part_copy.missing_source
copy_multipart     *           beyond_source              part_copy.beyond_source
copy_multipart     *           out_of_range               multipart.index_out_of_range
copy_multipart     *           again                      part_copy.replaces
copy_multipart     *           aborted_upload             multipart.abort_ends_upload
copy_multipart     *           completed_upload           multipart.complete_ends_upload
copy_multipart     *           *                          part_copy.content
copy|move          success     of_a_directory             copy.one_object
write_page         *           gap                        page.gap
delete_many        *           missing                    batch.missing
delete_many        *           empty                      batch.empty
delete_many        *           twice                      batch.twice
delete_many        *           *                          batch.removes
*_segment          *           onto_directory             segments.onto_directory
init_segment       *           *                          segments.handle
write_segment      *           no_place                   segments.kind
write_segment      *           out_of_range               segments.index_range
write_segment      *           size_zero                  segments.offset_size_zero
write_segment      *           overlap                    segments.offset_overlap
*_segment          *           unknown_segment            segments.unknown
*_segment          *           completed_segment          segments.complete_ends
abort_segment      *           *                          segments.abort_idempotent
*_segment          *           aborted_segment            segments.abort
write_segment      *           *reader*                   segments.exact_size
write_segment      *           again                      segments.index_replaces
write_segment      *           *                          segments.write
complete_segment   *           no_pieces                  segments.empty
complete_segment   *           gap                        segments.offset_gap
complete_segment   *           overlap                    segments.offset_overlap
complete_segment   *           *                          segments.write
list               twice       *                          list.complete
list               *           of_an_object               list.of_object
list               outside     *                          list.boundary
list               entry       *                          list.valid_objects
list               deeper      *                          list.direct_children
list               error|code  root                       list.root
list               error|code  missing                    list.missing
list               error|code  uploads                    multipart.uploads_listed
"""
"""Rows for an operation that went wrong by itself, and for observations that are wrong whatever happened before."""

PRIOR = """
#observer   aspect  change             situation relation requirement
*_multipart error   delete             upload*   *        multipart.abort_leaves_uploads
*_multipart error   complete_multipart *         *        multipart.complete_leaves_uploads
*_multipart error   delete             *         *        multipart.delete_leaves_upload
copy|move   success delete             *         self     delete.removes
copy|move   success move               *         source   move.content
stat        etag_stayed complete_multipart *     self     multipart.complete_etag
"""
"""Rows for an operation that failed because a change before it took or left what it should not have."""

CHANGES = """
#observer      aspect                       change              situation          relation requirement
list_segments  segments_extra               abort_segment       *                  *        segments.abort
list_segments  segments_missing             abort_segment|complete_segment * *              segments.apart
list_segments  *                            complete_segment    *                  *        segments.complete_ends
list_segments  *                            *                   *                  *        segments.listed
list:*|read|stat *                          abort_segment       *                  *        segments.abort
list:*         extra                        *_segment*          *                  *        segments.hidden
read|stat      success                      *_segment*          *                  *        segments.hidden
read|stat      *                            complete_segment    *                  self     segments.write
read|stat      *                            *_segment*          *                  *        segments.keeps_object
list:*|read|stat *                          delete_many         empty              *        batch.empty
list:*|read|stat *                          delete_many         twice              *        batch.twice
list:*|read|stat *                          delete_many         *                  *        batch.removes
list_multipart *                            copy_multipart      again              *        part_copy.replaces
list_multipart *                            copy_multipart      *                  *        part_copy.listed
read|stat      *                            copy_multipart      *                  *        part_copy.content
read|stat      *                            write!              wrong_content_md5  *        write.content_md5
read|stat      *                            write!              wrong_content_sha256 *      checksum.sha256_verified
read|stat      *                            complete_multipart  empty_part         self     multipart.empty_part
read|stat      *                            complete_multipart* part_twice         self     multipart.complete_part_twice
read|stat      *                            write_page          gap                *        page.gap
read|stat      *                            copy|move           of_a_directory     *        copy.one_object
list:*         uploads_missing              delete              upload*            *        multipart.abort_leaves_uploads
list:*         uploads_missing              complete_multipart! no_parts           *        multipart.complete_empty
list:*         uploads_missing              complete_multipart! *                  *        multipart.complete_failed_keeps_upload
list:*         uploads_missing              complete_multipart  *                  *        multipart.complete_leaves_uploads
list:*         uploads_missing              delete              *                  *        multipart.delete_leaves_upload
list:*         uploads_extra                delete              upload*            *        multipart.abort_unlists
list:*         uploads_*                    *                   *                  *        multipart.uploads_listed
list_multipart parts                        write_multipart!    *                  *        multipart.failed_write_keeps_part
list_multipart parts                        write_multipart     again              *        multipart.reupload_replaces
list_multipart parts                        complete_multipart! *                  *        multipart.complete_failed_keeps_upload
list_multipart parts                        write_multipart     beside_another     *        multipart.uploads_apart
list_multipart parts                        create_multipart    *                  *        multipart.uploads_apart
list_multipart parts                        delete              upload*            *        multipart.abort_leaves_uploads
list_multipart *                            *                   *                  *        multipart.list
stat           mode                         *                   *                  self     object_mode.honest_object
list:*|read|stat *                          *!                  read_only          *        readonly.refuses
list:*|read|stat *                          *                   closed             *        closed.refuses
list:paged*    *                            *                   *                  *        listing_pages.page_size
stat           former_metadata*             copy                replacing_metadata self     headers.copy_replaces
stat           former_metadata_ca*|former_metadata_content_encoding|former_metadata_content_language * * * headers.cleared
stat           metadata_ca*|metadata_content_encoding|metadata_content_language write * self headers.write
stat           metadata_ca*|metadata_content_encoding|metadata_content_language copy * self headers.copy
stat           metadata_ca*|metadata_content_encoding|metadata_content_language move * self headers.move
stat           metadata_ca*|metadata_content_encoding|metadata_content_language complete_multipart * self headers.complete_multipart
stat           metadata*                    write               over_existing      self     completeness.metadata
stat           metadata_content_type        write               *                  self     write.content_type
stat           metadata_content_disposition write               *                  self     write.content_disposition
stat           metadata_user_metadata       write               *                  self     write.user_metadata
stat           metadata*                    copy                *                  self     copy.metadata
stat           metadata*                    move                *                  self     move.metadata
stat           metadata*                    complete_multipart  *                  self     multipart.complete_metadata
stat           metadata*                    delete              *                  other    delete.only_one
stat           metadata*                    *                   *                  *        paths.distinct
stat           former_metadata*             write               again              self     delete.forgets
stat           former_metadata*             *                   *                  *        completeness.metadata
stat           *                            create_dir          *                  self     create_dir.told
stat           link                         *                   *                  *        create_link.told
stat           directory                    *                   *                  *        stat.directory
stat           length                       write               new|again          self     stat.length
list:*         missing_directory            write!              onto_directory     *        overwrite.write_onto_directory
list:*         missing_directory            copy!               onto_directory     *        overwrite.copy_onto_directory
list:*         missing_directory            move!               onto_directory     *        overwrite.move_onto_directory
list:*         missing_directory            create_dir          *                  self     create_dir.told
list:*         missing_directory            delete              *                  other    delete.only_one
list:*         missing_directory            *                   *                  *        list.implicit_directories
list:*         renamed                      *                   *                  *        overwrite.no_rename
list:*         extra                        write!              *                  *        write.failure_leaves_nothing
list:*         extra                        delete              *                  self     delete.removes
list:*         missing                      delete              *directory*        inside   delete.keeps_children
list:*         missing                      delete              *                  other    delete.only_one
list:*         extra                        move                *                  source   move.content
list:*         extra                        move|copy           *                  other    overwrite.no_rename
list:*         extra                        write               *                  other    overwrite.no_rename
list:*         missing                      move                *                  other    move.any_path
list:*         missing                      copy                *                  *        copy.any_path
list:*         missing                      move                *                  self     move.first_class
list:*         extra                        *multipart          *                  *        multipart.hidden_until_complete
list:*         missing                      create_link         *                  self     create_link.creates
list:*         missing                      create_dir          *                  *        create_dir.keeps_children
list:*         missing                      complete_multipart  *                  self     multipart.complete_readable
list:*         missing                      write               over_existing      self     completeness.listing
list:*         missing                      write               *                  other    paths.distinct
list:*         length                       *                   *                  *        list.agrees_with_stat
list:prefix    *                            *                   *                  *        list.prefix
list:*         *                            *                   *                  *        list.current
read|stat      *                            write!              onto_directory     *        overwrite.write_onto_directory
read|stat      success                      write!              *                  *        write.failure_leaves_nothing
read|stat      *                            write!              *                  *        write.failure_keeps_old
read|stat      *                            copy!               onto_directory     *        overwrite.copy_onto_directory
read|stat      *                            copy!               missing_source     *        copy.missing_source
read|stat      *                            move!               onto_directory     *        overwrite.move_onto_directory
read|stat      *                            move!               missing_source     *        move.missing_source
read|stat      *                            copy|copy!          itself             *        copy.self
read|stat      *                            move|move!          itself             *        move.self
read|stat      success                      delete              *                  self     delete.removes
read|stat      success                      move                *                  source   move.content
read|stat      *                            delete              upload*            *        multipart.abort_leaves_object
read|stat      *                            delete              completed_upload   *        multipart.abort_leaves_object
read|stat      *                            delete*             *directory*        inside   delete.keeps_children
read|stat      *                            delete*             *                  *        delete.only_one
read|stat      *                            write               onto_link          *        overwrite.write_onto_link
read|stat      *                            write               none_reader,_empty self     write.none_reader_empty
read|stat      *                            write               zero_size          self     write.zero_size
read|stat      *                            write               long_reader        self     write.truncates
read|stat      *                            write               unusual_reader     self     write.any_reader
read|stat      *                            write               over_existing      self     completeness.write
read|stat      *                            write               again              self     delete.forgets
read|stat      *                            write               *                  self     write.stores
read|stat      *                            write               *                  *        paths.distinct
read|stat      *                            copy                *                  source   copy.content
read|stat      *                            copy                over_existing      self     completeness.copy
read|stat      *                            copy                *                  self     copy.content
read|stat      *                            copy                *                  *        copy.any_path
read|stat      *                            move                over_existing      self     completeness.move
read|stat      *                            move                *                  self     move.content
read|stat      *                            move                *                  *        move.any_path
read|stat      *                            create_dir          *                  inside   create_dir.keeps_children
read|stat      *                            create_dir*         onto_file          self     overwrite.create_dir_onto_object
read|stat      *                            create_link!        onto_object        self     overwrite.create_link_onto_object
read|stat      *                            create_link         *                  self     create_link.creates
read|stat      *                            create_link         *                  *        create_link.target_unharmed
read|stat      success                      *_multipart         *                  *        multipart.hidden_until_complete
read|stat      *                            create_multipart    *                  *        multipart.keeps_object_until_complete
read|stat      *                            write_multipart     *                  *        multipart.keeps_object_until_complete
read|stat      *                            complete_multipart! *                  *        multipart.complete_failed_keeps_object
read|stat      *                            complete_multipart  some_of_the_parts  self     multipart.complete_only_given
read|stat      *                            complete_multipart  unsorted           self     multipart.complete_unsorted
read|stat      *                            complete_multipart  gaps               self     multipart.complete_gaps
read|stat      *                            complete_multipart  no_parts           self     multipart.complete_empty
read|stat      *                            complete_multipart  completed_upload   self     multipart.complete_twice
read|stat      *                            complete_multipart  over_existing      self     completeness.complete_multipart
read|stat      *                            complete_multipart  *                  self     multipart.complete
read|stat      *                            commit_append       over_existing      self     completeness.commit_append
read|stat      *                            commit_append       *                  self     append.commit
read|stat      *                            write_append        over_existing      self     completeness.create_append
read|stat      *                            write_append        long_reader        self     append.exact_size
read|stat      *                            write_append        *                  self     append.write
read|stat      *                            *_append            *                  *        append.apart
read|stat      *                            combine_block       over_existing      self     completeness.combine_block
read|stat      *                            combine_block       some_of_the_blocks self     block.only_named
read|stat      *                            combine_block       *                  self     block.combine
read|stat      *                            *_block             *                  self     block.hidden
read|stat      *                            write_page          overlap            *        page.overlap
read|stat      *                            *_page              *                  self     page.write
read|stat      *                            *_page|*_block      *                  *        paths.distinct
list_block     *                            write_block         again              *        block.replaces
list_block     *                            write_block         *                  *        block.write
list_block     *                            *                   *                  *        block.list
read           success                      *                   *                  *        read.missing
stat           success                      *                   *                  *        stat.missing
read           *                            *                   *                  *        read.whole
stat           *                            *                   *                  *        stat.describes
"""
"""Rows for an observation that is wrong after a change."""

ALONE = """
#observer   aspect            requirement
list:prefix missing           list.prefix
list:root   error             list.root
list:*      missing           list.complete
list:*      renamed           list.paths_round_trip
list:*      length            list.agrees_with_stat
stat        length            stat.length
stat        mode              object_mode.honest_object
"""
"""Rows for an observation that is wrong although reading shows that the object itself is right."""
