"""An S3 server on this machine, and installations whose photos lie there."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from clinic.config.settings import photos
from clinic.store.folders import PhotoFolders
from clinic.store.stores import photo_store

from ..operations.conftest import quick, secret, target  # noqa: F401
from ..rights.conftest import keys_folder, sealed, take  # noqa: F401
from ..rights.test_sealing import judge  # noqa: F401

REGION = "ap-southeast-3"


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Its address."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@dataclass(frozen=True)
class Bucket:
    """A bucket, and a look into it that takes no way of the product's."""

    name: str
    address: str
    client: object

    def lying(self) -> dict[str, bytes]:
        """Each object by its key."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
        return {key: self.client.get_object(Bucket=self.name, Key=key)["Body"].read() for key in keys}

    def put(self, key: str, content: bytes = b"x") -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=content)

    def env(self) -> dict[str, str]:
        """The settings of a process whose photos lie here."""
        return {
            "RISORIUS_S3_BUCKET": self.name,
            "RISORIUS_S3_ENDPOINT": self.address,
            "RISORIUS_S3_REGION": REGION,
            "RISORIUS_S3_ACCESS_KEY": "one",
            "RISORIUS_S3_SECRET_KEY": "two",
        }


@pytest.fixture
def new_bucket(s3_server):
    """Makes buckets."""

    def make() -> Bucket:
        client = boto3.client(
            "s3",
            endpoint_url=s3_server,
            region_name=REGION,
            aws_access_key_id="one",
            aws_secret_access_key="two",
        )
        name = f"photos-{uuid.uuid4().hex}"
        client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        return Bucket(name, s3_server, client)

    return make


def use(settings, folder: Path, monkeypatch, **changed: str) -> None:
    """Let this process keep its photos as an installation with those settings does."""
    for name, value in changed.items():
        monkeypatch.setattr(photos, name, value)
        setattr(settings, name, value)
    settings.STORAGES = {**settings.STORAGES, "photos": photos.store(folder)}


@pytest.fixture
def switch(new_bucket, settings, photo_folder, monkeypatch):
    """Sets an installation with folders to a bucket, as its settings would after a restart."""

    def to_bucket():
        made = new_bucket()
        use(
            settings,
            photo_folder,
            monkeypatch,
            S3_BUCKET=made.name,
            S3_ENDPOINT=made.address,
            S3_REGION=REGION,
            S3_ACCESS_KEY="one",
            S3_SECRET_KEY="two",
        )
        return made

    return to_bucket


@pytest.fixture
def bucket(switch):
    """A bucket that the product is set to."""
    return switch()


@pytest.fixture
def folders(photo_folder) -> PhotoFolders:
    """The store of the suite."""
    return photo_store()
