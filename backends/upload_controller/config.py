"""What an operator decides."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024
PART_MAXIMUM = 5 * 1024 * MIB
URL_LIFETIME_MAXIMUM = 7 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Settings:
    """Where the parts and objects are."""

    endpoint: str
    bucket: str = "inbox"
    access_key: str
    secret_key: str
    region: str = "us-east-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the service behaves; bytes and seconds.

    Raises:
        ValueError: a value is beyond what a store takes.

    """

    part_size: int = 16 * MIB
    """The part size handed out unless the file needs a larger one."""
    url_lifetime: int = 3600
    """For how long a presigned URL can be used."""
    upload_lifetime: float = 7 * 24 * 3600
    """A pending upload that was idle for longer is abandoned."""
    completion_lease: float = 90
    """For how long a completion keeps others off; longer than any call of the store, or two may be under way."""
    tidy_interval: float = 300
    """Pause between two rounds of tidying up in the background; 0 for none."""

    def __post_init__(self) -> None:
        if not 1 <= self.part_size <= PART_MAXIMUM:
            raise ValueError(f"the part size is 1 to {PART_MAXIMUM} bytes, not {self.part_size}")
        if not 1 <= self.url_lifetime <= URL_LIFETIME_MAXIMUM:
            raise ValueError(f"the lifetime of a URL is 1 to {URL_LIFETIME_MAXIMUM} seconds, not {self.url_lifetime}")
        if min(self.upload_lifetime, self.completion_lease, self.tidy_interval) < 0:
            raise ValueError("a duration is not negative")
