"""fsspec's abstract tests for file systems on an S3 endpoint, through s3fs, as its authors inherit them."""

import os

import pytest
import s3fs
from fsspec.tests.abstract import (
    AbstractCopyTests,
    AbstractFixtures,
    AbstractGetTests,
    AbstractPipeTests,
    AbstractPutTests,
)
from fsspec.tests.abstract.open import AbstractOpenTests


class S3Fixtures(AbstractFixtures):
    """A bucket, and a file system that forgets what it saw."""

    @pytest.fixture(scope="class")
    def fs(self):
        s3fs.S3FileSystem.clear_instance_cache()
        made = s3fs.S3FileSystem(endpoint_url=os.environ["ENDPOINT"], use_listings_cache=False)
        made.call_s3("create_bucket", Bucket="peers")
        return made

    @pytest.fixture
    def fs_path(self):
        return "peers"

    @pytest.fixture
    def supports_empty_directories(self):
        return False


class TestCopy(S3Fixtures, AbstractCopyTests):
    pass


class TestGet(S3Fixtures, AbstractGetTests):
    pass


class TestPut(S3Fixtures, AbstractPutTests):
    pass


class TestPipe(S3Fixtures, AbstractPipeTests):
    pass


class TestOpen(S3Fixtures, AbstractOpenTests):
    pass
