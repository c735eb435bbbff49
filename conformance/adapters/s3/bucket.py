"""The bucket of a connection before and after a run: is it there, is it empty, may it go again."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from conformance.adapters.s3.client import attempt, client_for, translated
from conformance.adapters.s3.storage import open_s3
from conformance.storage import ConnectionStringInvalid, ObjectNotExist, PermissionDenied, Storage, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.adapters.s3.client import Location


class Bucket:
    """The bucket of ``location``; with ``create``, a missing one is made, and that one only is removed again."""

    def __init__(self, location: Location, *, create: bool) -> None:
        self._location = location
        self._create = create
        self._created = False
        self._where = location.endpoint or "Amazon S3"

    def open(self, work_dir: str) -> Storage:
        """Return a client of ``work_dir`` (the opener)."""
        return open_s3(self._location, work_dir)

    def prepare(self) -> None:
        """Make sure that the bucket can be used.

        Raises:
            ConnectionStringInvalid: no boto3, no credentials, nobody at the endpoint, or no bucket.
            PermissionDenied: the credentials may not use the bucket.

        """
        try:
            self._ask("head_bucket")
        except ObjectNotExist:
            if not self._create:
                raise ConnectionStringInvalid(
                    f"there is no bucket {self._location.bucket} at {self._where}: make it, or add create=true",
                ) from None
            region = self._client.meta.region_name
            constraint = {} if region == "us-east-1" else {"LocationConstraint": region}
            self._ask("create_bucket", **({"CreateBucketConfiguration": constraint} if constraint else {}))
            self._created = True

    def is_empty(self) -> bool:
        """Tell whether neither an object nor an open upload lies under the prefix."""
        prefix = f"{self._location.prefix}/" if self._location.prefix else ""
        objects = self._ask("list_objects_v2", Prefix=prefix, MaxKeys=1)
        uploads: dict[str, Any] = {}
        with suppress(ObjectNotExist):  # how rclone says that there is none
            uploads = self._ask("list_multipart_uploads", Prefix=prefix, MaxUploads=1)
        return not objects.get("Contents") and not uploads.get("Uploads")

    def remove(self) -> None:
        """Delete the bucket if :meth:`prepare` made it; S3 refuses when something is left in it.

        Raises:
            StorageError: the bucket could not be deleted.

        """
        if self._created:
            self._ask("delete_bucket")
            self._created = False

    def version(self) -> str:
        """Return how the server calls itself in its answers, or ``""``."""
        answer = self._ask("head_bucket")
        return str(answer["ResponseMetadata"]["HTTPHeaders"].get("server", ""))

    @property
    def _client(self) -> Any:
        return client_for(self._location)

    def _ask(self, operation: str, **parameters: Any) -> Any:
        return attempt(self._explained, getattr(self._client, operation), Bucket=self._location.bucket, **parameters)

    def _explained(self, function: Callable[..., Any], **parameters: Any) -> Any:
        """Call boto3 and put what an operator has to change into words."""
        exceptions: Any = import_module("botocore.exceptions")
        try:
            return function(**parameters)
        except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError):
            failure: StorageError = no_credentials(self._where)
        except exceptions.SSLError as error:
            failure = ConnectionStringInvalid(f"{self._where} {_without_tls(error, self._where)}")
        except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
            failure = ConnectionStringInvalid(f"{self._where} cannot be reached, is the server running? ({error})")
        except exceptions.ClientError as error:
            failure = translated(error)
            if isinstance(failure, PermissionDenied):
                bucket = self._location.bucket
                failure = PermissionDenied(f"the credentials may not use the bucket {bucket} at {self._where}: {error}")
        raise failure


def _without_tls(error: Exception, where: str) -> str:
    """Return what an error of TLS tells of the server: most often that it does not speak it."""
    if "WRONG_VERSION_NUMBER" in str(error) or "UNKNOWN_PROTOCOL" in str(error):
        return f"does not speak TLS, did you mean {where.replace('https:', 'http:', 1)}?"
    return f"cannot be reached by TLS ({error})"


def no_credentials(where: str) -> ConnectionStringInvalid:
    """Return the error that says how credentials are given."""
    return ConnectionStringInvalid(
        f"no credentials for {where}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
    )
