"""What a law is given: the service, its hooks, the store beside it, and words for what every law does with them."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import md5
from random import Random
from typing import Any, Literal

from conformance.adapters.upload_controller.api import Api
from conformance.adapters.upload_controller.client import (
    TIMEOUT,
    Answer,
    Controller,
    Exchange,
    Hooks,
    NoAnswer,
    NotTold,
)
from conformance.adapters.upload_controller.hooks import HooksFile
from conformance.upload_controller.expect import Broken, demand, same
from conformance.upload_controller.gate import Gate
from conformance.upload_controller.side import OpenUpload, SideStore

TOGETHER_SECONDS = 60.0
MIB16 = 16 * 1024 * 1024
LARGE = 1024**4
"""Bytes from which it is the size that a create may be refused for."""
ABOUT: Mapping[str, str] = {
    "create": "upload_create.begins",
    "find_pending": "upload_find.in_each_state",
    "state": "upload_states.spelling",
    "presign": "upload_presign.stores_a_part",
    "complete": "upload_complete.completes",
    "cancel": "upload_cancel.cancels",
}
"""What each operation is about: suspected where it fails in the course of another law."""
ENDS: Mapping[str, str] = {
    "pending": "upload_create.pending_at_once",
    "uploaded": "upload_complete.completes",
    "cancelled": "upload_cancel.cancels",
    "accepted": "upload_states.decisions",
    "rejected": "upload_states.decisions",
}
"""What makes an upload be in a state: suspected where it is in another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where everything is: made once for a run, shared by all laws.

    ``gate`` stands between the service and its store, where the operator has put it there; ``front`` stands between us
    and the service always.
    """

    url: str
    api: Api
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    hooks: HooksFile = field(default_factory=HooksFile)
    store: SideStore | None = None
    gate: Gate | None = None
    front: Gate
    has: frozenset[str]
    timeout: float = TIMEOUT
    """Seconds that a request may be silent."""
    page: int = 1000
    """Parts that the store tells at once, at most."""
    options: tuple[str, ...] = ()
    """The options of the command that lead to this place, besides the URL."""
    held: tuple[str, int] | None = None
    """The store, and the port of the gate before it, where the kit itself stands there."""


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload as its creation told it: ``part_size`` in bytes, ``size`` that of its file."""

    id: str
    file_id: str
    part_size: int
    size: int


@dataclass(frozen=True, slots=True)
class Noted:
    """A line of the trace: an exchange, or something that a law saw or did beside HTTP. ``group`` > 0: at once."""

    exchange: Exchange | None
    told: str = ""
    group: int = 0


class World:
    """One example of one law: files of its own, and a trace of everything that was asked."""

    def __init__(self, place: Place, seed: int) -> None:
        """Begin an empty trace; ``seed`` decides what the law chooses at random."""
        self.place = place
        self.api = place.api
        self.random = Random(seed)
        self.fresh = uuid.uuid4().hex[:12]
        """For file ids of a form of their own: a text that no file had in its id before."""
        self.trace: list[Noted] = []
        self.used = Counter[str]()
        """How often each operation was asked for, whatever the trace still holds."""
        self.forgiven = 0
        """Entries of the trace whose failures were caused on purpose."""
        self.repeatable = True
        """Whether requests alone can repeat the trace: nothing was held, awaited, or done behind the service's back."""
        self.looked = False
        """Whether the store was looked at since the last request."""
        self._lock = threading.Lock()
        self._groups: dict[int, int] = {}
        self._group = 0
        self.controller = self._client(place.url)
        at = place.hooks.base or place.url
        self.hooks = Hooks(at, place.hooks.bindings, timeout=place.timeout, watch=self._watch)

    def _client(self, url: str) -> Controller:
        return Controller(url, self.api, values=self.place.values, timeout=self.place.timeout, watch=self._watch)

    # what is there

    @property
    def store(self) -> SideStore:
        """The store; only for laws that need it."""
        assert self.place.store is not None
        self.looked = True
        return self.place.store

    @property
    def gate(self) -> Gate:
        """The gate in front of the store; only for laws that need it."""
        assert self.place.gate is not None
        self.repeatable = False
        return self.place.gate

    @property
    def front(self) -> Gate:
        """The gate before the service, which can lose its answers."""
        self.repeatable = False
        return self.place.front

    @property
    def through(self) -> Controller:
        """The service behind that gate."""
        return self._client(self.front.url)

    def abort(self, upload: OpenUpload) -> None:
        """Abort an upload in the store, behind the service's back."""
        self.repeatable = False
        self.store.abort(upload)

    def tick(self, seconds: float) -> None:
        """Let the clock of the service move on, where no hook can."""
        self.repeatable = False
        time.sleep(seconds)

    def restart(self) -> None:
        """Forget the trace: what comes now shows by itself what is wrong."""
        self.trace.clear()
        self.repeatable = True

    def note(self, told: str) -> None:
        """Write into the trace what was seen or done beside HTTP."""
        self._keep(None, told)

    # steps that have to succeed; where one fails, ``blame`` is told of it, or the requirement of the law, unless what
    # the step is about does not hold by itself

    def file(self, size: int, file_id: str | None = None) -> str:
        """Register a file of ``size`` bytes and return its id, a fresh one unless it is given."""
        file_id = file_id or f"conformance-{uuid.UUID(int=self.random.getrandbits(128)).hex}-{uuid.uuid4().hex[:8]}"
        answer = self.hooks.ask("register", file_id=file_id, size=size)
        demand(self.hooks.succeeded("register", answer), "the hook register", "success", told(answer))
        return file_id

    def begin(self, size: int) -> Upload:
        """Register a file and begin its upload."""
        return self.begin_again(self.file(size), size)

    def begin_again(self, file_id: str, size: int, blame: str | None = None) -> Upload:
        """Begin an upload of a registered file."""
        answer = self.controller.create(file_id)
        about = ABOUT["create"] if size < LARGE else "upload_part_size.enough"
        self.succeeds("create", answer, blame, about)
        upload_id = self.controller.found("create", "upload_id", answer)
        part_size = self.controller.found("create", "part_size", answer)
        named = isinstance(upload_id, str) and upload_id != ""
        demand(named, "the upload_id told by create", "a text", upload_id, blame, suspect=about)
        fits = type(part_size) is int and part_size > 0
        demand(fits, "the part_size told by create", "a number of bytes", part_size, blame, suspect=about)
        return Upload(upload_id, file_id, part_size, size)

    def url(self, upload: Upload, number: int = 1, blame: str | None = None) -> str:
        """Return a URL for a part."""
        answer = self.controller.presign(upload.id, number)
        self.succeeds("presign", answer, blame)
        url = self.controller.found("presign", "url", answer)
        demand(isinstance(url, str), "the url told by presign", "a text", url, blame, suspect=ABOUT["presign"])
        return url

    def send(self, upload: Upload, number: int, content: bytes, blame: str | None = None) -> str:
        """Send a part and return the ETag that the store gave it."""
        return self.put(self.url(upload, number, blame), number, content, blame)

    def put(self, url: str, number: int, content: bytes, blame: str | None = None) -> str:
        """Put the content of a part to its URL and return the ETag."""
        what, suspect = f"the PUT of part {number}", ABOUT["presign"]
        try:
            answer = self.controller.put(url, content, len(content), number)
        except NoAnswer as silent:  # of the store, or of nobody: the URL leads to no place
            raise Broken(what, "200", str(silent.args[0]), blame, suspect=suspect) from None
        demand(answer.code == 200, what, "200", told(answer), blame, suspect=suspect)
        demand(answer.etag != "", f"the ETag of part {number}", "one", "none", blame, suspect=suspect)
        return answer.etag

    def finish(self, upload: Upload, parts: Mapping[int, str], blame: str | None = None) -> None:
        """Complete an upload."""
        self.succeeds("complete", self.controller.complete(upload.id, parts), blame)

    def upload(self, content: bytes) -> Upload:
        """Upload a file in parts of the size that the service says, from registration to completion."""
        upload = self.begin(len(content))
        parts = self.send_all(upload, content)
        self.finish(upload, parts)
        return upload

    def send_all(self, upload: Upload, content: bytes) -> dict[int, str]:
        """Send all parts of a content in their order; one empty part if there is none."""
        pieces = [content[at : at + upload.part_size] for at in range(0, len(content), upload.part_size)] or [b""]
        return {number: self.send(upload, number, piece) for number, piece in enumerate(pieces, 1)}

    def content(self, size: int) -> bytes:
        """Return bytes in which no two places of a part's size are alike."""
        return self.random.randbytes(size)

    def two_parts(self) -> tuple[Upload, bytes]:
        """Begin an upload that takes two parts, the second of one byte; return it with the content of its file."""
        upload = self.begin(MIB16 + 1)
        if upload.size <= upload.part_size:
            self.succeeds("cancel", self.controller.cancel(upload.id))
            upload = self.begin(upload.part_size + 1)
        return upload, self.content(upload.size)

    def ended(self, how: str) -> Upload:
        """Return an upload that has ended: ``cancelled``, ``uploaded``, ``accepted`` or ``rejected``."""
        if how == "cancelled":
            upload = self.begin(3)
            self.succeeds("cancel", self.controller.cancel(upload.id))
            return upload
        upload = self.upload(self.content(3))
        if how in {"accepted", "rejected"}:
            self.decide(upload, "accept" if how == "accepted" else "reject")
        return upload

    def decide(self, upload: Upload, verdict: Literal["accept", "reject"]) -> None:
        """Use a hook that has to succeed."""
        answer = self.hooks.ask(verdict, upload_id=upload.id)
        fine = self.hooks.succeeded(verdict, answer)
        demand(fine, f"the hook {verdict}", "success", told(answer), suspect="upload_states.decisions")

    def endings(self) -> list[str]:
        """Return the ways in which an upload can be made to end here, with the hooks that there are."""
        decided = [("accept", "accepted"), ("reject", "rejected")]
        return ["cancelled", "uploaded", *(state for hook, state in decided if self.hooks.has(hook))]

    # what has to be so

    def succeeds(self, operation: Any, answer: Answer, blame: str | None = None, suspect: str | None = None) -> None:
        """Demand that an answer is a success of its operation; ``suspect``: what it is about, if not as always."""
        codes = " or ".join(map(str, self.api.operations[operation].ok))
        succeeded = self.controller.succeeded(operation, answer)
        demand(succeeded, f"the answer to {operation}", codes, told(answer), blame, suspect=suspect or ABOUT[operation])

    def refused(self, answer: Answer, kind: str, what: str, blame: str | None = None) -> None:
        """Demand that an answer is a refusal for the reason ``kind``, with the codes that the API documents for it."""
        expected = " or ".join(map(str, self.api.refusals.get(kind, ()))) or "a refusal, 4xx"
        demand(self.api.refuses(kind, answer.code), what, expected, told(answer), blame)

    def state(self, upload: Upload) -> str | None:
        """Return the state of an upload, by the API, the hook, or as far as finding the pending one tells."""
        suspect = ABOUT["state"]
        if "state" in self.api.operations:
            answer, binding = self.controller.ask("state", upload_id=upload.id), self.api.operations["state"]
        elif self.hooks.has("state"):
            answer, binding = self.hooks.ask("state", upload_id=upload.id), self.hooks.bindings["state"]
        else:
            return "pending" if self.pending(upload.file_id) == upload.id else None
        codes = " or ".join(map(str, binding.ok))
        demand(answer.code in binding.ok, "the state of an upload", codes, told(answer), suspect=suspect)
        word = binding.found("state", answer.json)
        state = self.api.state(word)
        demand(state is not None, "the state of an upload", "one of the six", word, suspect)
        return state

    def pending(self, file_id: str) -> str | None:
        """Return the id of the pending upload of a file, or None."""
        try:
            return self.controller.pending(file_id)
        except NotTold as refused:
            self.succeeds(refused.operation, refused.answer)
            raise

    def is_in(self, upload: Upload, expected: str, what: str = "the state", blame: str | None = None) -> None:
        """Demand the state of an upload, in every way in which the service tells it."""
        if "states_are_told" in self.place.has:
            same(self.state(upload), expected, what, blame, suspect=ENDS.get(expected))
        if "find_pending" in self.place.has:
            found, suspect = self.pending(upload.file_id), ABOUT["find_pending"]
            if expected == "pending":
                same(found, upload.id, f"{what}: the pending upload of its file", blame, suspect=suspect)
            else:
                fine = found != upload.id
                demand(fine, f"{what}: the pending upload of its file", "not this one", found, blame, suspect=suspect)

    def events(self, file_id: str) -> list[str]:
        """Return the uploads that the service said it received of a file, in their order."""
        answer = self.hooks.ask("events", file_id=file_id)
        demand(self.hooks.succeeded("events", answer), "the hook events", "success", told(answer))
        binding, entries = self.hooks.bindings["events"], answer.json
        demand(isinstance(entries, list), "the events of a file", "a list", told(answer))
        return [str(binding.found("upload_id", entry)) for entry in entries]

    def objects(self) -> Mapping[str, int]:
        """Return the objects of the store, or none where it cannot be seen."""
        return self.store.objects() if "store" in self.place.has else {}

    def opened(self) -> frozenset[OpenUpload]:
        """Return the uploads that are open in the store, or none where it cannot be seen."""
        return self.store.uploads() if "store" in self.place.has else frozenset[OpenUpload]()

    def object_of(self, before: Mapping[str, int]) -> str:
        """Return the key of the one object that is in the store and was not before."""
        new = sorted(set(self.store.objects()) - set(before))
        self.note(f"the store has {len(new)} new object(s): {', '.join(new)}")
        same(len(new), 1, "objects that are new in the store")
        return new[0]

    def opened_since(self, before: frozenset[OpenUpload]) -> frozenset[OpenUpload]:
        """Return the uploads that are open in the store and were not before."""
        new = self.store.uploads() - before
        self.note(f"the store has {len(new)} new open upload(s)")
        return new

    @contextmanager
    def nothing_opened(self, what: str, blame: str | None = None) -> Generator[None]:
        """Demand that the block opens no upload in the store, where the store can be seen."""
        if self.place.store is None:
            yield
            return
        before = self.store.uploads()
        yield
        same(len(self.opened_since(before)), 0, f"uploads opened in the store by {what}", blame)

    # at once

    def together(self, *calls: Callable[[], Answer]) -> list[Answer | None]:
        """Make calls at the same time, and return their answers in the order given; None where none came."""
        barrier = threading.Barrier(len(calls))
        answers: list[Answer | None] = [None] * len(calls)
        with self._lock:
            self._group += 1
            group = self._group

        def run(at: int) -> None:
            with self._lock:
                self._groups[threading.get_ident()] = group
            barrier.wait()
            try:
                answers[at] = calls[at]()
            except NoAnswer:
                answers[at] = None

        threads = [threading.Thread(target=run, args=(at,), daemon=True) for at in range(len(calls))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(TOGETHER_SECONDS)
        if any(thread.is_alive() for thread in threads):
            raise Broken("calls made at the same time", f"answers within {TOGETHER_SECONDS:.0f} s", "none")
        return answers

    def meanwhile(self, call: Callable[[], Answer]) -> Pending:
        """Make a call in the background."""
        with self._lock:
            self._group += 1
            return Pending(call, self._group, self._groups)

    # the trace

    def _watch(self, exchange: Exchange) -> None:
        with self._lock:
            self.used[exchange.operation] += 1
            self.looked = False
        self._keep(exchange, "")

    def _keep(self, exchange: Exchange | None, told: str) -> None:
        with self._lock:
            self.trace.append(Noted(exchange, told, self._groups.get(threading.get_ident(), 0)))


class Pending:
    """A call that is under way."""

    def __init__(self, call: Callable[[], Answer], group: int, groups: dict[int, int]) -> None:
        """Begin the call in a thread of its own."""
        self._answer: Answer | None = None

        def run() -> None:
            groups[threading.get_ident()] = group
            try:
                self._answer = call()
            except NoAnswer:
                self._answer = None

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def within(self, seconds: float) -> bool:
        """Wait for so long at most; return whether it is over."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def answer(self) -> Answer | None:
        """Wait for the answer; None where none came."""
        self._thread.join(TOGETHER_SECONDS)
        demand(not self._thread.is_alive(), "a call", f"an answer within {TOGETHER_SECONDS:.0f} s", "none")
        return self._answer


def told(answer: Answer | None) -> str:
    """Return an answer in one line."""
    if answer is None:
        return "no answer"
    text = answer.body[:200].decode("utf-8", "replace")
    return f"{answer.code} {text}".rstrip()


def md5_of(content: bytes) -> str:
    """Return the ETag that S3 gives a part with that content, without quotes."""
    return md5(content, usedforsecurity=False).hexdigest()
