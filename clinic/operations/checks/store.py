"""What must be right for photos in an S3 bucket, each with its remedy. Part of the doctor's list."""

from __future__ import annotations

import secrets
import ssl
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from clinic.store.places import INCOMING
from clinic.store.stores import Reason, StoreAway, photo_store

if TYPE_CHECKING:
    from clinic.store.bucket import PhotoBucket

REMEDIES: Final[dict[Reason, str]] = {
    "unreachable": "Is RISORIUS_S3_ENDPOINT right, and may this machine reach it (networks, firewall, proxy)? "
    "Uploads are refused meanwhile, and analyses wait.",
    "certificate": "Set RISORIUS_S3_CA to the file of the authority that signed the store's certificate.",
    "credentials": "Set RISORIUS_S3_ACCESS_KEY_FILE and RISORIUS_S3_SECRET_KEY_FILE to files that hold a key of the "
    "store, or give the machine a role.",
    "denied": "Allow this key, for this bucket alone: s3:ListBucket of the bucket; s3:GetObject, s3:PutObject and "
    "s3:DeleteObject of what is in it.",
    "no_bucket": "Make the bucket, closed to the public, or set RISORIUS_S3_BUCKET to the one that is there.",
    "other_region": "Set RISORIUS_S3_REGION to the region of the bucket.",
    "clock": "Set the clock (timedatectl set-ntp true): signatures are good for minutes.",
    "answer": "Look at the store's own log. If it knows no virtual hosts, set RISORIUS_S3_ADDRESSING to path.",
}
WAIT: Final = 5


def store() -> list[CheckMessage]:
    """Photos can be stored, read, listed and deleted, and by nobody else."""
    found = photo_store()
    if found.folder is not None:
        return []
    return list(_bucket(found))  # type: ignore[arg-type]  # of both stores, the one without a folder


def _bucket(bucket: PhotoBucket) -> Iterator[CheckMessage]:
    name, text = f"{INCOMING}/doctor-{secrets.token_hex(8)}.check", b"written by the doctor"
    doing = "listing"
    try:
        bucket.check()
        doing = "writing"
        bucket.put(name, text)
        doing = "reading"
        if bucket.fetch(name) != text:
            yield Error(
                "The store of photos gave back something else than what was put there.",
                hint="Look for a cache or a proxy between this machine and the store, and take it away.",
                id="risorius.E041",
            )
        doing = "deleting"
        bucket.discard(name)
    except StoreAway as problem:
        yield Error(
            f"{problem.sentence} (bucket {bucket.bucket_name}, while {doing})",
            hint=REMEDIES[problem.reason],
            id="risorius.E040",
        )
        return
    except OSError as problem:
        yield Error(
            f"The store of photos refused a file while {doing}: {problem.strerror}",
            hint="Make room there, or raise the limit of the bucket. Uploads are refused meanwhile.",
            id="risorius.E040",
        )
        return
    yield from _closed(bucket)
    yield from _rest(bucket)


def _closed(bucket: PhotoBucket) -> Iterator[CheckMessage]:
    """Whoever has no key is refused; what is deleted is gone."""
    if (settings.S3_ENDPOINT or "https:").startswith("http:"):
        yield Warning(
            "Photos go to the store unencrypted (http).",
            hint="Set RISORIUS_S3_ENDPOINT to https://, with RISORIUS_S3_CA where the certificate is your own; or seal "
            "the photos (RISORIUS_KEYS_DIR).",
            id="risorius.W040",
        )
    if _open_to_all(bucket):
        yield Error(
            "Anybody can list the bucket of photos without a key.",
            hint="Close it now: block public access, and remove access lists and policies that name everybody.",
            id="risorius.E042",
        )
    if bucket.keeps_versions():
        yield Warning(
            "The bucket keeps what is deleted as older versions, also photos of patients whose record was erased.",
            hint="Add a lifecycle rule that ends older versions after as many days as your backups are kept.",
            id="risorius.W041",
        )


def _open_to_all(bucket: PhotoBucket) -> bool:
    authority = bucket.verify if isinstance(bucket.verify, str) else None
    try:
        context = ssl.create_default_context(cafile=authority)
        with urllib.request.urlopen(bucket.address(), timeout=WAIT, context=context) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


def _rest(bucket: PhotoBucket) -> Iterator[CheckMessage]:
    if bucket.before is None or not Path(bucket.before.location).is_dir():
        return
    if any(len(top) == 2 and any(bucket.before.lying(top)) for top in bucket.before.tops()[0]):
        yield Warning(
            f"Photos still lie in this machine's folder: {bucket.before.location}. They are found there, but by the "
            "processes of this machine alone.",
            hint="Run: python manage.py move_photos --to s3",
            id="risorius.W042",
        )
