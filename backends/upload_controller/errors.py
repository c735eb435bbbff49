"""Why a request is refused: stable ids, with the facts that the client needs.

Each becomes ``{"exception_id", "description", "data"}`` with the code of its class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backends.upload_controller.states import UploadStatus


class Refusal(Exception):
    """A request that is answered with an error."""

    code: ClassVar[int]
    id: ClassVar[str]

    def __init__(self, description: str, **data: Any) -> None:
        super().__init__(description)
        self.description = description
        self.data: Mapping[str, Any] = data


class FileNotRegistered(Refusal):
    """There is no such file."""

    code = 404
    id = "fileNotRegistered"

    def __init__(self, file_id: str) -> None:
        super().__init__("No file is registered under this id.", file_id=file_id)


class FileAlreadyRegistered(Refusal):
    """The id belongs to a file of another size."""

    code = 409
    id = "fileAlreadyRegistered"

    def __init__(self, file_id: str, size: int | None) -> None:
        super().__init__("A file of another size is registered under this id.", file_id=file_id, size=size)


class FileTooLarge(Refusal):
    """No multipart upload holds a file of this size."""

    code = 400
    id = "fileTooLarge"

    def __init__(self, file_id: str, size: int, maximum: int) -> None:
        super().__init__("The store holds no object of this size.", file_id=file_id, size=size, maximum=maximum)


class ExistingActiveUpload(Refusal):
    """The file has an upload that is pending, uploaded or accepted."""

    code = 409
    id = "existingActiveUpload"

    def __init__(self, file_id: str, active_upload: Mapping[str, Any] | None) -> None:
        super().__init__("The file has an active upload.", file_id=file_id, active_upload=active_upload)


class UploadNotFound(Refusal):
    """There is no such upload."""

    code = 404
    id = "uploadNotFound"

    def __init__(self, upload_id: str) -> None:
        super().__init__("There is no upload with this id.", upload_id=upload_id)


class UploadNotPending(Refusal):
    """Only a pending upload takes parts and can be completed or cancelled."""

    code = 409
    id = "uploadNotPending"

    def __init__(self, upload_id: str, status: UploadStatus) -> None:
        super().__init__(f"The upload is {status}.", upload_id=upload_id, current_upload_status=status)


class UploadNotUploaded(Refusal):
    """Only an uploaded file can be accepted or rejected."""

    code = 409
    id = "uploadNotUploaded"

    def __init__(self, upload_id: str, status: UploadStatus) -> None:
        super().__init__(f"The upload is {status}.", upload_id=upload_id, current_upload_status=status)


class UploadBeingCompleted(Refusal):
    """Another request is completing the upload; its outcome is not known yet."""

    code = 409
    id = "uploadBeingCompleted"

    def __init__(self, upload_id: str) -> None:
        super().__init__("Another request is completing the upload: ask again later.", upload_id=upload_id)


class StorageUploadMissing(Refusal):
    """The store has dropped the upload: it can only be cancelled."""

    code = 409
    id = "storageUploadMissing"

    def __init__(self, upload_id: str) -> None:
        super().__init__("The store no longer has this upload: cancel it and begin another.", upload_id=upload_id)


class PartsMismatch(Refusal):
    """The parts that the client names are not those that the store has."""

    code = 400
    id = "partsMismatch"

    def __init__(self, upload_id: str, missing: list[int], unnamed: list[int], different: list[int]) -> None:
        super().__init__(
            "The parts named are not those in the store.",
            upload_id=upload_id,
            not_in_store=missing[:10],
            not_named=unnamed[:10],
            of_other_etag=different[:10],
        )


class SizeMismatch(Refusal):
    """The parts do not add up to the registered size."""

    code = 400
    id = "sizeMismatch"

    def __init__(self, upload_id: str, registered: int, received: int) -> None:
        super().__init__(
            "The parts do not add up to the registered size of the file.",
            upload_id=upload_id,
            registered_size=registered,
            received_size=received,
        )


class PartsRefused(Refusal):
    """The store makes no object of these parts, for example because one that is not the last is too small."""

    code = 400
    id = "partsRefused"

    def __init__(self, upload_id: str, reason: str) -> None:
        super().__init__("The store makes no object of these parts.", upload_id=upload_id, reason=reason)


class StorageUnavailable(Refusal):
    """The store refuses for a reason that is not the client's, or gives no answer and may do what was asked."""

    code = 503
    id = "storageUnavailable"


class DatabaseUnavailable(Refusal):
    """The database does not answer."""

    code = 503
    id = "databaseUnavailable"
