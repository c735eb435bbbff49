"""Actions on multipart uploads."""

from __future__ import annotations

from functools import cached_property

from conformance.engine.programs.author import Writer
from conformance.model.state import Session
from conformance.storage import ListMode, ObjectMode, Source
from conformance.storage.calls import Handle, IdOf, PartOf

HEAVY = 64 * 1024
"""A minimum part size in bytes from which on parts that must keep it are rare."""


class Uploads(Writer):
    """Begins, fills, completes and aborts uploads, several at once, and uses them too late."""

    @property
    def _least(self) -> int:
        """How many bytes a part that is not the last must have."""
        return (self.limits.multipart_size_minimum if self.features.part_minimum_enforced else None) or 1

    @cached_property
    def _heavy_program(self) -> bool:
        """Whether this is one of the few programs that may upload two parts of a large minimum size."""
        return self.dice.once_in(6)

    @property
    def _heavy_left(self) -> bool:
        written = [call.args[2] for call in self.calls if call.op == "write_multipart"]
        return self._heavy_program and sum(size >= self._least for size in written) < 2

    def uploads(self) -> list[int]:
        """Return the open uploads."""
        return self.model.world.open_sessions("part")

    def begin(self) -> int | None:
        """Begin an upload."""
        return self.add("create_multipart", self.key(), **self.metadata("create_multipart"))

    def part(self) -> None:
        """Upload a part to one of the open uploads."""
        uploads = self.uploads()
        if not uploads:
            self.begin()
            uploads = self.uploads()
        if uploads:
            self.put_part(self.dice.choose(uploads), self.dice.below(4))

    def put_part(self, upload: int, index: int, *, last: bool = False) -> int | None:
        """Upload a part of some size under an index."""
        size = self.dice.choose((10, 1, 2, 100, 1000))
        if not last and self._least > 1:
            if self._least > HEAVY:
                if not self._heavy_left:
                    index = 0
                else:
                    size = self._least + self.dice.below(2)
            elif not self.dice.once_in(8):
                size = self._least + self.dice.choose((0, 1, 7))
        source, declared = self.source(size)
        if self.dice.once_in(24):
            self.refused_part(upload)
        return self.add("write_multipart", self.handle(upload), source, declared, index)

    def refused_part(self, upload: int) -> None:
        """Try what is refused before anything is sent: another mode of the handle, an index out of range."""
        content = self.content(10)
        wrong = Handle(upload, mode=int(ObjectMode.READ)) if self.dice.once_in(2) else Handle(upload)
        self.add("write_multipart", wrong, Source(content), 10, 0 if wrong.mode is not None else -1)

    def copied_part(self) -> None:
        """Make a part of an object, or of a range of one that was just written."""
        if not self.uploads():
            self.begin()
        uploads, source = self.uploads(), self.existing()
        pairs: dict[str, int] = {}
        if self.takes("copy_multipart", "offset", "size") and (self.dice.once_in(2) or not self.size_of(source)):
            # Of an older object it is not always certain how long it is, and a range must lie within its source.
            content = self.content(self.dice.choose((300, 10)))
            if self.add("write", source, Source(content), content.size) is None:
                return
            pairs["offset"] = self.dice.choose((0, content.size // 2, content.size - 1))
            pairs["size"] = self.dice.choose((1, content.size - pairs["offset"]))
        if not uploads or not self.size_of(source):
            return
        upload = self.dice.choose(uploads)
        index = self.dice.below(4) if self.features.part_gaps else len(self.model.world.sessions[upload].parts)
        self.add("copy_multipart", self.handle(upload), source, index, **pairs)

    def handle(self, upload: int) -> Handle:
        """Return a handle of an upload: the first one, or one that was made of its id."""
        again = [n for n, (session, _, _) in self.model.world.handles.items() if session == upload]
        return Handle(self.dice.choose(again) if len(again) > 1 else upload)

    def complete(self) -> None:
        """Complete one of the open uploads."""
        uploads = self.uploads()
        if uploads:
            self.finish(self.dice.choose(uploads))

    def finish(self, upload: int) -> None:
        """Complete an upload: mostly with all its parts, sometimes with some, or with ones that are not right."""
        session: Session = self.model.world.sessions[upload]
        parts = [PartOf(session.parts[index].step) for index in sorted(session.parts)]
        if not self.features.part_gaps:
            parts = [part for at, part in enumerate(parts) if at in session.parts]
        match self.dice.below(12):
            case 0 if len(parts) > 1:
                parts.pop(self.dice.below(len(parts)) if self.features.part_gaps else -1)
            case 1 if len(parts) > 1:
                parts = self.dice.shuffled(parts) if self.features.part_order_free else parts
            case 2 if parts:
                at = self.dice.below(len(parts))
                parts[at] = PartOf(parts[at].step, etag="0" * 32)
            case 3 if parts:
                parts.append(PartOf(parts[-1].step, index=max(session.parts) + 1))
            case 4 if len(parts) > 1:
                first, second = (self.model.world.uploaded[part.step].index for part in parts[:2])
                parts[:2] = [PartOf(parts[1].step, index=first), PartOf(parts[0].step, index=second)]
            case 5 | 6:
                stale = {p.index: n for n, p in self.model.world.uploaded.items() if p.session == upload}
                old = [n for n, p in self.model.world.uploaded.items() if p.session == upload and stale[p.index] != n]
                if old:
                    chosen = self.model.world.uploaded[old[0]]
                    parts = [PartOf(old[0]) if self._index(part) == chosen.index else part for part in parts]
            case 7 if self.dice.once_in(3):
                parts = []
            case _:
                pass
        self.add("complete_multipart", self.handle(upload), parts)

    def _index(self, part: PartOf) -> int:
        return self.model.world.uploaded[part.step].index

    def whole_upload(self) -> None:
        """Live a whole multipart life: parts in any order, sometimes one again, then complete or abort."""
        upload = self.begin()
        if upload is None:
            return
        small = self._least <= HEAVY or self._heavy_left
        count = self.dice.choose((3, 2, 1, 4)) if small else 1
        if self._least > HEAVY:
            count = min(count, 2)
        for index in self.dice.shuffled(range(count)):
            self.put_part(upload, index, last=index == count - 1)
        if self.dice.once_in(3):
            index = self.dice.below(count)
            self.put_part(upload, index, last=index == count - 1)
        if self.dice.once_in(6):
            self.abort()
        else:
            self.finish(upload)

    def late(self) -> None:
        """Use an upload that has come to its end."""
        ended = [n for n, session in self.model.world.sessions.items() if session.kind == "part" and session.ended]
        if not ended:
            return
        upload = self.dice.choose(ended)
        parts = [PartOf(n) for n, part in self.model.world.uploaded.items() if part.session == upload]
        match self.dice.below(3):
            case 0:
                self.put_part(upload, 0)
            case 1:
                self.add("complete_multipart", Handle(upload), parts)
            case _:
                self.add("delete", self.model.world.sessions[upload].path, multipart_id=IdOf(upload))

    def abort(self) -> None:
        """Abort an upload."""
        uploads = self.uploads()
        if uploads and "multipart_id" in self.features.pairs.get("delete", frozenset()):
            upload = self.dice.choose(uploads)
            self.add("delete", self.model.world.sessions[upload].path, multipart_id=IdOf(upload))

    def list_parts(self) -> None:
        """List the parts of an upload."""
        uploads = self.uploads()
        if uploads:
            self.add("list_multipart", self.handle(self.dice.choose(uploads)))

    def list_uploads(self) -> None:
        """List the open uploads."""
        self.add("list", "", list_mode=ListMode.PART)

    def resume(self) -> None:
        """Make a handle from path and id alone, as another process would."""
        uploads = self.uploads()
        if uploads:
            upload = self.dice.choose(uploads)
            self.add("create", self.model.world.sessions[upload].path, multipart_id=IdOf(upload))
