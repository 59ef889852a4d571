"""The photos' files in an S3 bucket, and what is still in this machine's folders while they are moved there.

Nothing here is public: no object has an access list, none has an address, and browsers never speak to the store.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import heapq
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
    SSLError,
)
from django.core.files.base import ContentFile, File
from storages.backends.s3 import S3Storage

from . import places
from .folders import PhotoFolders
from .places import ASIDE, StoredFile
from .stores import Reason, StoreAway

CONNECT: Final = 3
READ: Final = 10
"""Seconds for a connection and for each piece of an answer. All tries together end before gunicorn's limit."""
TRIES: Final = 2
AT_ONCE: Final = 16
"""Connections that one process keeps."""
CONFIG: Final = Config(
    signature_version="s3v4",
    connect_timeout=CONNECT,
    read_timeout=READ,
    retries={"total_max_attempts": TRIES, "mode": "standard"},
    max_pool_connections=AT_ONCE,
    tcp_keepalive=True,
    # Every store knows the SHA-256 in the signature; newer checksums are unknown to many.
    s3={"payload_signing_enabled": True},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)
PROBE: Final = Config(
    connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1, "mode": "standard"}
)
FULL: Final = frozenset({"QuotaExceeded", "StorageQuotaExceeded", "XMinioStorageFull", "InsufficientStorage"})
SENTENCES: Final[dict[Reason, str]] = {
    "unreachable": "The store of photos does not answer.",
    "certificate": "The store of photos has a certificate that is not trusted here.",
    "credentials": "The store of photos does not know these credentials, or there are none.",
    "denied": "The store of photos forbids it to these credentials.",
    "no_bucket": "The store of photos has no such bucket.",
    "other_region": "The bucket is in another region.",
    "clock": "The clocks of this machine and of the store of photos differ.",
    "answer": "The store of photos answered with an error.",
}
REASONS: Final[dict[str, Reason]] = {
    "NoSuchBucket": "no_bucket",
    "InvalidBucketName": "no_bucket",
    "InvalidAccessKeyId": "credentials",
    "SignatureDoesNotMatch": "credentials",
    "InvalidToken": "credentials",
    "ExpiredToken": "credentials",
    "AccessDenied": "denied",
    "AllAccessDisabled": "denied",
    "403": "denied",
    "PermanentRedirect": "other_region",
    "AuthorizationHeaderMalformed": "other_region",
    "IllegalLocationConstraintException": "other_region",
    "RequestTimeTooSkewed": "clock",
}


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """A store's errors as those of a disk: FileNotFoundError, a full disk, StoreAway for all else."""
    try:
        yield
    except ClientError as error:
        answer = error.response
        code = str(answer.get("Error", {}).get("Code", ""))
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if code == "NoSuchKey" or (status == 404 and code in ("404", "NotFound", "")):
            raise FileNotFoundError(errno.ENOENT, "The store has no such file.") from error
        if code in FULL or status == 507:
            raise OSError(errno.ENOSPC, "The store of photos is full.") from error
        away(REASONS.get(code, "answer"), error)
    except SSLError as error:
        away("certificate", error)
    except (NoCredentialsError, PartialCredentialsError) as error:
        away("credentials", error)
    except BotoCoreError as error:
        away("unreachable", error)
    except RecursionError as error:  # it follows a bucket from region to region, however often it is sent on
        away("other_region", error)


def away(reason: Reason, error: Exception) -> None:
    raise StoreAway(reason, SENTENCES[reason]) from error


class PhotoBucket(S3Storage):
    """django-storages' S3 with places of two levels, bounded waiting, and errors that the photos' code knows.

    before: this machine's folder, where files lie that `manage.py move_photos --to s3` has not moved yet.
    """

    def __init__(self, *, before: str | Path = "", **options: Any) -> None:
        super().__init__(
            location="",
            default_acl=None,
            custom_domain=None,
            file_overwrite=True,
            gzip=False,
            **options,
        )
        if style := self.addressing_style:
            self.client_config = CONFIG.merge(Config(s3={**CONFIG.s3, "addressing_style": style}))
        else:
            self.client_config = CONFIG
        self.before = (
            PhotoFolders(
                location=before, base_url=None, file_permissions_mode=0o600, directory_permissions_mode=0o700
            )
            if before
            else None
        )
        self._lock = threading.Lock()
        self._clients: dict[tuple[int, bool], Any] = {}

    @property
    def folder(self) -> None:
        return None

    @property
    def client(self) -> Any:
        """One for the whole process, whose threads may share it; a fork makes its own."""
        return self._client(quick=False)

    def _client(self, *, quick: bool) -> Any:
        key = (os.getpid(), quick)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._create_session().client(
                    "s3",
                    region_name=self.region_name,
                    endpoint_url=self.endpoint_url,
                    config=self.client_config.merge(PROBE) if quick else self.client_config,
                    verify=self.verify,
                )
            return self._clients[key]

    def _normalize_name(self, name: str) -> str:
        return places.of(name)[0]

    # What Django's fields ask of a storage.

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        return ContentFile(self.fetch(name), name=name)

    def _save(self, name: str, content: File[bytes]) -> str:
        content.seek(0)
        self.put(name, content.read())
        return name

    def delete(self, name: str) -> None:
        self.discard(name)

    def exists(self, name: str) -> bool:
        with _told(), contextlib.suppress(FileNotFoundError):
            self.fetch(name, first=1)
            return True
        return False

    def url(self, name: str, *_arguments: Any, **_options: Any) -> str:
        raise ValueError("This file is not accessible via a URL.")

    # What the photos' code asks of a store.

    def fetch(self, name: str, first: int = -1) -> bytes:
        """The folder is asked first: what is moved is deleted there after it was put here."""
        if self.before is not None:
            with contextlib.suppress(FileNotFoundError):
                return self.before.fetch(name, first)
        return self.get(places.of(name)[0], first)

    def get(self, place: str, first: int = -1) -> bytes:
        """What the bucket alone has at that place."""
        more = {"Range": f"bytes=0-{first - 1}"} if first > 0 else {}
        with _told():
            found = self.client.get_object(Bucket=self.bucket_name, Key=place, **more)
            content: bytes = found["Body"].read()
        return content

    def put(self, name: str, content: bytes) -> None:
        self.send(places.of(name)[0], content)
        if self.before is not None:
            self.before.discard(name)

    def send(self, place: str, content: bytes, **conditions: str) -> None:
        """Store a whole object, or nothing: the store compares what came in with the SHA-256 that is signed."""
        with _told():
            self.client.put_object(
                Bucket=self.bucket_name,
                Key=place,
                Body=content,
                ContentType="application/octet-stream",
                **self.object_parameters,
                **conditions,
            )

    def send_new(self, place: str, content: bytes) -> bool:
        """Store it where nothing lies yet; False where something does."""
        try:
            if self.get(place, first=1) is not None:
                return False
        except FileNotFoundError:
            pass
        try:
            self.send(place, content, IfNoneMatch="*")
        except StoreAway as refused:
            answer = getattr(refused.__cause__, "response", {})
            status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
            if status in (409, 412):
                return False  # put there by somebody else meanwhile
            if status != 501:
                raise
            self.send(place, content)  # a store that does not know the condition
        return True

    def discard(self, name: str) -> None:
        if self.before is not None:
            self.before.discard(name)
        self._delete(places.of(name)[0])

    def _delete(self, place: str) -> None:
        with _told(), contextlib.suppress(FileNotFoundError):
            self.client.delete_object(Bucket=self.bucket_name, Key=place)

    def for_proxy(self, name: str) -> str:
        return ""

    def tops(self) -> tuple[list[str], list[str]]:
        folders: set[str] = set()
        loose: set[str] = set()
        with _told():
            for page in self._pages(Delimiter="/"):
                folders.update(entry["Prefix"].rstrip("/") for entry in page.get("CommonPrefixes", ()))
                loose.update(entry["Key"] for entry in page.get("Contents", ()))
        for mine, theirs in zip((folders, loose), self.before.tops() if self.before else (), strict=False):
            mine.update(theirs)
        return sorted(folders), sorted(loose)

    def _pages(self, **wanted: Any) -> Iterator[dict[str, Any]]:
        """Pages of a thousand: no list is held as a whole."""
        with _told():
            yield from self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket_name, **wanted
            )

    def lying(self, top: str, *, after: str = "", since: dt.datetime | None = None) -> Iterator[StoredFile]:
        found = self._lying(f"{top}/", after, since)
        if self.before is None:
            yield from found
        else:
            rest = self.before.lying(top, after=after, since=since)
            yield from heapq.merge(found, rest, key=lambda lying: lying.place)

    def _lying(self, prefix: str, after: str = "", since: dt.datetime | None = None) -> Iterator[StoredFile]:
        more = {"StartAfter": after} if after else {}
        for page in self._pages(Prefix=prefix, **more):
            for entry in page.get("Contents", ()):
                if since is None or entry["LastModified"] > since:
                    yield StoredFile(entry["Key"], entry["LastModified"])

    def set_aside(self, place: str) -> bool:
        """An object is copied and deleted: the copy's time is the beginning of its week."""
        gone = self.before is not None and self.before.set_aside(place)
        try:
            with _told():
                self.client.copy_object(
                    Bucket=self.bucket_name,
                    Key=f"{ASIDE}/{place.rpartition('/')[2]}",
                    CopySource={"Bucket": self.bucket_name, "Key": place},
                    **self.object_parameters,
                )
        except FileNotFoundError:
            return gone
        self._delete(place)
        return True

    def purge(self, top: str, before: dt.datetime) -> int:
        old = [lying.place for lying in self._lying(f"{top}/") if lying.written < before]
        for place in old:
            self._delete(place)
        return len(old) + (self.before.purge(top, before) if self.before else 0)

    def is_empty(self) -> bool:
        with _told():
            found = self.client.list_objects_v2(Bucket=self.bucket_name, MaxKeys=1)
        return not found.get("Contents") and (self.before is None or self.before.is_empty())

    def clear(self) -> None:
        with contextlib.suppress(OSError):
            for lying in self._lying(""):
                self._delete(lying.place)

    def check(self) -> None:
        with _told():
            self._client(quick=True).list_objects_v2(Bucket=self.bucket_name, MaxKeys=1)

    # What the doctor asks.

    def address(self) -> str:
        """Where the bucket's list would be for whoever has no key."""
        with _told():
            signed: str = self.client.generate_presigned_url("list_objects_v2", {"Bucket": self.bucket_name})
        return signed.partition("?")[0] + "?list-type=2&max-keys=1"

    def keeps_versions(self) -> bool:
        """Whether what is deleted stays as an older version; False where the key may not ask."""
        try:
            with _told():
                found = self.client.get_bucket_versioning(Bucket=self.bucket_name)
        except OSError:
            return False
        return found.get("Status") == "Enabled"
