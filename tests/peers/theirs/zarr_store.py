"""zarr's own store tests (``zarr.testing``) on an S3 endpoint, through s3fs."""

import os
import uuid
from typing import Any

import fsspec
import pytest
import s3fs
from zarr.core.buffer import Buffer, cpu
from zarr.storage import FsspecStore
from zarr.testing.store import StoreTests

ENDPOINT = os.environ["ENDPOINT"]


class TestS3Store(StoreTests[FsspecStore, cpu.Buffer]):
    """The store tests, with a prefix of its own for every test."""

    store_cls = FsspecStore
    buffer_cls = cpu.Buffer

    @pytest.fixture
    def store_kwargs(self) -> dict[str, Any]:
        """Return a file system that forgets what it saw, so that the server is asked each time."""
        made = fsspec.filesystem(
            "s3", endpoint_url=ENDPOINT, asynchronous=True, skip_instance_cache=True, use_listings_cache=False
        )
        return {"fs": made, "path": f"peers/{uuid.uuid4().hex}"}

    async def set(self, store: FsspecStore, key: str, value: Buffer) -> None:
        """Store past the store."""
        await store.fs._pipe_file(f"{store.path}/{key}", value.to_bytes())

    async def get(self, store: FsspecStore, key: str) -> Buffer:
        """Load past the store."""
        found = await store.fs._cat_file(f"{store.path}/{key}")
        return self.buffer_cls.from_bytes(found)

    def test_store_repr(self, store: FsspecStore) -> None:
        assert "FsspecStore" in str(store)

    def test_store_supports_writes(self, store: FsspecStore) -> None:
        assert store.supports_writes

    def test_store_supports_listing(self, store: FsspecStore) -> None:
        assert store.supports_listing


@pytest.fixture(scope="session", autouse=True)
def bucket() -> None:
    """Make the bucket."""
    s3fs.S3FileSystem(endpoint_url=ENDPOINT).call_s3("create_bucket", Bucket="peers")
