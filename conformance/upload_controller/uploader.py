"""An uploader for any upload controller: a file in parts, several in flight, in constant memory.

It leaves nothing behind: what it began and could not finish it cancels, and it never reports a failure before it has
looked whether the upload went through after all.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import md5
from http import HTTPStatus
from pathlib import Path
from stat import S_ISREG
from threading import Event
from typing import Any, Literal, cast

from conformance.adapters.upload_controller.client import Answer, Controller, NoAnswer
from conformance.storage import Unexpected

BLOCK = 1 << 16
"""Bytes of a part that are in memory at a time; each may take as long as a request may be silent."""
PARTS_MAXIMUM = 10_000
PAUSE = 0.5
"""Seconds before a part is tried again, doubled each time."""
MD5_DIGITS = 32

OnPending = Literal["refuse", "resume", "restart"]


class UploadFailed(Exception):
    """The file was not uploaded; the message is one sentence. ``wrong_input``: another call would do better."""

    def __init__(self, told: str, *, wrong_input: bool = False) -> None:
        """Say why."""
        super().__init__(told)
        self.wrong_input = wrong_input


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a file is uploaded; sizes in bytes."""

    path: Path
    size: int
    upload_id: str
    part_size: int

    @property
    def numbers(self) -> range:
        """The numbers of the parts; a file of no bytes is one empty part."""
        return range(1, max(1, -(-self.size // self.part_size)) + 1)

    def span(self, number: int) -> tuple[int, int]:
        """Return where a part begins and how long it is."""
        begin = (number - 1) * self.part_size
        return begin, min(self.part_size, self.size - begin)


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploader:
    """Uploads files through one controller.

    ``parallel`` parts are in flight, each is tried ``attempts`` times with a fresh URL; ``on_pending`` says what to do
    about an upload of the file that is pending already; ``progress`` hears of every block sent (bytes, negative where
    a part has to be sent again).
    """

    controller: Controller
    parallel: int = 3
    attempts: int = 4
    on_pending: OnPending = "refuse"
    progress: Callable[[int], None] = lambda _: None
    begun: Callable[[Plan], None] = lambda _: None

    def upload(self, file_id: str, path: Path) -> Plan:
        """Upload the file at ``path`` as ``file_id`` and return how it was done.

        Raises:
            UploadFailed: it was not uploaded; what was begun is cancelled.
            KeyboardInterrupt: somebody stopped it; what was begun is cancelled.

        """
        before = _stat(path)
        plan = self._begin(file_id, path, before.st_size)
        with self._cancelled_on_failure(plan):
            self.begun(plan)
            if len(plan.numbers) > PARTS_MAXIMUM:
                raise UploadFailed(f"the part size of the service, {plan.part_size} bytes, is too small for {path}")
            parts = self._send_all(plan)
            after = _stat(path)
            if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
                raise UploadFailed(f"{path} was changed while it was uploaded: try again when nobody writes to it")
            self._complete(file_id, plan, parts)
        return plan

    # beginning

    def _begin(self, file_id: str, path: Path, size: int) -> Plan:
        answer = self._create(file_id)
        if isinstance(answer, NoAnswer) or not self.controller.succeeded("create", answer):
            answer = self._despite(file_id, answer)
        upload_id = self.controller.found("create", "upload_id", answer)
        part_size = self.controller.found("create", "part_size", answer)
        if not isinstance(upload_id, str) or not upload_id or type(part_size) is not int or part_size < 1:
            raise UploadFailed(f"the service began an upload without telling upload_id and part_size: {_told(answer)}")
        return Plan(path=path, size=size, upload_id=upload_id, part_size=part_size)

    def _create(self, file_id: str) -> Answer | NoAnswer:
        """Ask for an upload and return what came of it. Whoever stops it waits for the answer, and it is cancelled."""
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(self.controller.create, file_id)
            try:
                return asked.result()
            except NoAnswer as silent:
                return silent
            except KeyboardInterrupt:
                with suppress(Unexpected):
                    answer = asked.result()
                    if self.controller.succeeded("create", answer):
                        self.controller.cancel(str(self.controller.found("create", "upload_id", answer)))
                raise

    def _despite(self, file_id: str, refusal: Answer | NoAnswer) -> Answer:
        """Return an answer to go on with although a create was refused, or not answered: an upload may be pending."""
        pending = self._pending(file_id) if "find_pending" in self.controller.api.operations else None
        if pending is None:
            raise UploadFailed(self._why_not_begun(file_id, refusal), wrong_input=True)
        found = self.controller.found("find_pending", "upload_id", pending)
        if self.on_pending == "refuse":
            raise UploadFailed(
                f"an upload of {file_id} is pending already ({found}): --on-pending resume sends the file to it, "
                "--on-pending restart cancels it first",
                wrong_input=True,
            )
        if self.on_pending == "resume" and self.controller.found("find_pending", "part_size", pending) is not None:
            return pending
        cancelled = self.controller.cancel(found)
        if not self.controller.succeeded("cancel", cancelled):
            raise UploadFailed(f"the pending upload {found} cannot be cancelled: {_told(cancelled)}")
        again = self._create(file_id)
        if isinstance(again, NoAnswer) or not self.controller.succeeded("create", again):
            raise UploadFailed(self._why_not_begun(file_id, again), wrong_input=True)
        return again

    def _why_not_begun(self, file_id: str, refusal: Answer | NoAnswer) -> str:
        if isinstance(refusal, NoAnswer):
            return f"the upload controller at {self.controller.http.base} does not answer: {refusal.cause}"
        if refusal.code == HTTPStatus.NOT_FOUND and _says_no_more(refusal):
            request = self.controller.request("create", file_id=file_id)
            return f"404 Not Found is the answer to {request}: is --api-url right, and the file {file_id} registered?"
        known = "not registered" if refusal.code == HTTPStatus.NOT_FOUND else "refused"
        why = f"the file {file_id} is {known} by the service: {_told(refusal)}"
        if refusal.code != HTTPStatus.CONFLICT or not self._none_is_pending(file_id):
            return why
        return (
            f"{why.rstrip('.')}; none of its uploads is pending, so one is probably uploaded already and waits for its "
            "acceptance, or is accepted: --on-pending concerns pending uploads only"
        )

    def _none_is_pending(self, file_id: str) -> bool:
        """Return whether the service says that no upload of the file is pending."""
        with suppress(Unexpected, KeyError):
            return self.controller.pending(file_id) is None
        return False

    def _pending(self, file_id: str) -> Answer | None:
        try:
            if self.controller.pending(file_id) is None:
                return None
        except Unexpected:
            return None
        return self.controller.ask("find_pending", file_id=file_id)

    # parts

    def _send_all(self, plan: Plan) -> dict[int, str]:
        stop = Event()
        with ThreadPoolExecutor(self.parallel) as pool:
            running = {pool.submit(self._send, plan, number, stop): number for number in plan.numbers}
            try:
                done, _ = wait(running, return_when=FIRST_EXCEPTION)
                for future in done:
                    future.result()
                return {running[future]: future.result() for future in running}
            except BaseException:
                stop.set()
                pool.shutdown(cancel_futures=True)
                raise

    def _send(self, plan: Plan, number: int, stop: Event) -> str:
        """Send one part, with a fresh URL for every attempt, and return its ETag."""
        why = ""
        for attempt in range(self.attempts):
            if attempt and stop.wait(PAUSE * 2 ** (attempt - 1)):
                break
            try:
                return self._try(plan, number, stop)
            except (NoAnswer, _AgainError) as error:
                why = str(error.args[0])
        raise UploadFailed(f"part {number} could not be sent: {why or 'the upload was stopped'}")

    def _try(self, plan: Plan, number: int, stop: Event) -> str:
        presigned = self.controller.presign(plan.upload_id, number)
        url = self.controller.found("presign", "url", presigned)
        if not self.controller.succeeded("presign", presigned) or not isinstance(url, str):
            told = f"the service gave no URL: {_told(presigned)}"
            raise _AgainError(told) if presigned.code >= 500 else UploadFailed(f"part {number} was not sent: {told}")
        part = _Part(plan, number, self.progress, stop)
        stored = False
        try:
            answer = self.controller.put(url, iter(part), part.size, number)
            part.check(answer)
            stored = True
        finally:
            if not stored:
                self.progress(-part.sent)
        return answer.etag

    # the end

    def _complete(self, file_id: str, plan: Plan, parts: dict[int, str]) -> None:
        why = ""
        for attempt in range(self.attempts):
            time.sleep(PAUSE * 2 ** (attempt - 1) if attempt else 0)
            try:
                answer = self.controller.complete(plan.upload_id, parts)
                if self.controller.succeeded("complete", answer):
                    return
                why = _told(answer)
                if answer.code < 500 and not attempt:
                    raise UploadFailed(f"the service does not complete the upload: {why}")
            except NoAnswer as silent:
                why = str(silent.args[0])
            with suppress(Unexpected):  # it is looked again in the next round
                if self._is_uploaded(file_id, plan):
                    return
        raise UploadFailed(f"the service does not complete the upload: {why}")

    def _is_uploaded(self, file_id: str, plan: Plan) -> bool:
        """Return whether the upload is uploaded after all, as far as the API tells it."""
        if "state" in self.controller.api.operations:
            return self.controller.state(plan.upload_id) in {"uploaded", "accepted"}
        if "find_pending" not in self.controller.api.operations or self.controller.pending(file_id) is not None:
            return False
        # it has ended: a file that was received takes no other upload, one whose upload failed does
        again = self.controller.create(file_id)
        if self.controller.succeeded("create", again):
            self.controller.cancel(str(self.controller.found("create", "upload_id", again)))
            return False
        return self.controller.api.refuses("conflict", again.code)

    @contextmanager
    def _cancelled_on_failure(self, plan: Plan) -> Generator[None]:
        try:
            yield
        except BaseException as error:
            left = ""
            try:
                answer = self.controller.cancel(plan.upload_id)
                if not self.controller.succeeded("cancel", answer):
                    left = _told(answer)
            except NoAnswer as silent:
                left = str(silent.args[0])
            if isinstance(error, UploadFailed) and left:
                raise UploadFailed(f"{error}; upload {plan.upload_id} could not be cancelled: {left}") from None
            raise


class _AgainError(Exception):
    """A part has to be sent once more."""


class _Part:
    """The bytes of a part, read in blocks while they are sent."""

    def __init__(self, plan: Plan, number: int, progress: Callable[[int], None], stop: Event) -> None:
        self._path = plan.path
        self._begin, self.size = plan.span(number)
        self._progress = progress
        self._stop = stop
        self._digest = md5(usedforsecurity=False)
        self.sent = 0

    @property
    def digest(self) -> str:
        """The MD5 of what was read, in hexadecimal."""
        return self._digest.hexdigest()

    def check(self, answer: Answer) -> None:
        """Demand that the store has the bytes that were read."""
        etag = answer.etag.strip('"').lower()
        if answer.code != 200:
            raise _AgainError(f"the store answered {_told(answer)}")
        if not etag:
            raise _AgainError("the store told no ETag")
        if len(etag) == MD5_DIGITS and not _encrypted(answer) and etag != self.digest:
            raise _AgainError(f"the store has other bytes: its ETag is {etag} and not {self.digest}")

    def __iter__(self) -> Iterator[bytes]:
        try:
            with self._path.open("rb") as file:
                file.seek(self._begin)
                while self.sent < self.size:
                    if self._stop.is_set():
                        raise UploadFailed("the upload was stopped")
                    block = file.read(min(BLOCK, self.size - self.sent))
                    if not block:
                        raise UploadFailed(f"{self._path} became shorter while it was uploaded")
                    self._digest.update(block)
                    self.sent += len(block)
                    self._progress(len(block))
                    yield block
        except OSError as error:
            raise UploadFailed(f"{self._path} cannot be read: {error.strerror}") from None


def _encrypted(answer: Answer) -> bool:
    """Return whether the store encrypts so that an ETag is no MD5, however it looks."""
    with_kms = answer.headers.get("x-amz-server-side-encryption", "").startswith("aws:kms")
    return with_kms or "x-amz-server-side-encryption-customer-algorithm" in answer.headers


def _stat(path: Path) -> os.stat_result:
    try:
        status = path.stat()
        if not S_ISREG(status.st_mode):
            raise UploadFailed(f"{path} is not a file", wrong_input=True)
        with path.open("rb"):
            return status
    except OSError as error:
        raise UploadFailed(f"{path} cannot be read: {error.strerror}", wrong_input=True) from None


def _says_no_more(answer: Answer) -> bool:
    """Return whether an answer tells its code and nothing of a file: what routers answer to paths unknown to them."""
    body = answer.json
    phrase = HTTPStatus(answer.code).phrase
    return not isinstance(body, dict) or not body or phrase in cast("dict[str, Any]", body).values()


def _told(answer: Answer) -> str:
    """Return an answer in one line."""
    body = answer.json
    if isinstance(body, dict) and "description" in body:
        return f"{answer.code}, {body['description']}"
    return " ".join(f"{answer.code} {answer.body[:200].decode('utf-8', 'replace')}".split())
