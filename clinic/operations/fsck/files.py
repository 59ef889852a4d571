"""The stages that read the photos' store: every photo's two files, and every file's photo."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import uuid
from collections.abc import Iterator

from django.core.files.storage import Storage
from django.utils import timezone
from PIL import Image

from clinic.operations.models import IntegrityCheck
from clinic.patients.models import Erasure
from clinic.visits import files
from clinic.visits.keyring import FileAltered, KeyMissing
from clinic.visits.models import Photo, photo_storage

from .batch import END, Batch, drawn, next_of

AT_ONCE = 100
ASIDE = "orphans"
"""Where the sweep and repairs put what belongs to nobody; the sweep deletes it after a week."""
YOUNG = dt.timedelta(hours=1)
"""A file this new may belong to an upload whose row is about to be written."""
HALF = dt.timedelta(hours=24)


def photos(check: IntegrityCheck, cursor: str) -> Batch:
    """The next photos by identifier: both files present, and the bytes those that were stored."""
    batch, wanted = next_of(check, cursor, Photo.objects.all(), most=AT_ONCE)
    for photo in Photo.objects.filter(pk__in=wanted).select_related("visit__patient").order_by("pk"):
        batch.photos += 1
        for code in codes_of(photo):
            batch.add(code, photo.pk)
    return batch


def codes_of(photo: Photo) -> Iterator[str]:
    """What is wrong with a photo's files."""
    code = _image(photo) or ""
    if code and _still_named(photo):
        yield code
    code = _thumbnail(photo) or ""
    # Without its key the photo said so already, and the small picture has the same key.
    if code and code != "key_missing" and _still_named(photo):
        yield code


def _image(photo: Photo) -> str | None:
    try:
        content = files.read(photo)
    except FileNotFoundError:
        return "photo_missing"
    except KeyMissing:
        return "key_missing"
    except FileAltered:
        return "photo_altered"
    except OSError:
        return "photo_unreadable"
    return None if hashlib.sha256(content).hexdigest() == photo.sha256 else "photo_altered"


def _thumbnail(photo: Photo) -> str | None:
    """It has no checksum of its own, so it is decoded: made from the photo, it can be made again."""
    if not photo.thumbnail.name and erased(photo.visit.patient_id):
        return None  # destroyed with the other copies; the photo waits for the end of its retention
    try:
        content = files.read(photo, thumbnail=True)
    except FileNotFoundError:
        return "thumbnail_missing"
    except KeyMissing:
        return "key_missing"
    except (FileAltered, OSError):
        return "thumbnail_unreadable"
    try:
        with Image.open(io.BytesIO(content), formats=["JPEG"]) as image:
            image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return "thumbnail_unreadable"
    return None


def erased(patient_id: uuid.UUID) -> bool:
    """Whether this patient's copies were destroyed, which leaves gaps that are meant."""
    return Erasure.objects.filter(patient_id=patient_id).exists()


def _still_named(photo: Photo) -> bool:
    """Whether the row still names these files: a photo may be erased while it is looked at."""
    names = {"image": photo.image.name or "", "thumbnail": photo.thumbnail.name or ""}
    return Photo.objects.filter(pk=photo.pk, **names).exists()


def orphans(check: IntegrityCheck, cursor: str) -> Batch:
    """The next folder of the store: each of its files is named by one row."""
    storage = photo_storage()
    try:
        folders, loose = storage.listdir("")
    except FileNotFoundError:
        return Batch(END)
    left = sorted(folder for folder in folders if folder > cursor and folder != ASIDE)
    batch = Batch(left[0] if left else END)
    if not cursor:
        for name in loose:
            _judge(batch, storage, name, "orphan_file", YOUNG)
    if left and left[0] == files.INCOMING:
        for name in storage.listdir(files.INCOMING)[1]:
            _judge(batch, storage, f"{files.INCOMING}/{name}", "leftover_part", HALF)
    elif left and drawn(check, left[0]):
        _folder(batch, storage, left[0])
    return batch


def _folder(batch: Batch, storage: Storage, folder: str) -> None:
    # First the files, then the rows: a file that came before its row was looked for is not taken for an orphan.
    there = {f"{folder}/{name}" for name in storage.listdir(folder)[1]}
    batch.files += len(there)
    named: set[str] = set()
    for field in ("image", "thumbnail"):
        rows = Photo.objects.filter(**{f"{field}__startswith": f"{folder}/"}).order_by()
        for name in rows.values_list(field, flat=True).iterator(chunk_size=2000):
            if name in named:
                batch.add("file_of_two", name)
            named.add(name)
    for name in sorted(there - named):
        _judge(batch, storage, name, "orphan_file", YOUNG)


def _judge(batch: Batch, storage: Storage, name: str, code: str, grace: dt.timedelta) -> None:
    try:
        changed = storage.get_modified_time(name)
    except OSError:
        return  # gone meanwhile
    if timezone.now() - changed > grace:
        batch.add(code, name)
