"""The stages that read the photos' store: every photo's two files, and every file's photo."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import itertools
import uuid
from collections import Counter
from collections.abc import Iterator

from django.utils import timezone
from PIL import Image

from clinic.operations.models import IntegrityCheck
from clinic.patients.models import Erasure
from clinic.store import files, places
from clinic.store.keyring import FileAltered, KeyMissing
from clinic.store.places import ASIDE, INCOMING, StoredFile
from clinic.store.stores import StoreAway, photo_store
from clinic.visits.models import Photo
from clinic.visits.orphans import rows_of

from .batch import END, Batch, drawn, next_of

AT_ONCE = 100
LYING = 1000
"""Files of a folder that one step looks at."""
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
    except StoreAway:
        raise  # nothing can be said of any photo
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
    except StoreAway:
        raise
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
    """The next files of the store: each is named by one row. The cursor is a folder, or a file that was the last."""
    folders, loose = photo_store().tops()
    top, _slash, rest = cursor.partition("/")
    left = [folder for folder in folders if (folder > top or (rest and folder == top)) and folder != ASIDE]
    batch = Batch(left[0] if left else END)
    if not cursor:
        for place in loose:
            batch.add("orphan_file", place)
    if left and (left[0] == INCOMING or drawn(check, left[0])):
        _folder(batch, left[0], cursor if rest else "")
    return batch


def _folder(batch: Batch, folder: str, after: str) -> None:
    # First the files, then the rows: a file that came before its row was looked for is not taken for an orphan.
    some = list(itertools.islice(photo_store().lying(folder, after=after), LYING))
    if len(some) == LYING:
        batch.cursor = some[-1].place
    if folder == INCOMING:
        _judge(batch, some, "leftover_part", HALF)
        return
    batch.files += len(some)
    named = Counter(places.of(name)[0] for name in rows_of({lying.place for lying in some}))
    for lying in some:
        if named[places.of(lying.place)[0]] > 1 and places.is_right(lying.place):
            batch.add("file_of_two", lying.place)
    _judge(batch, [lying for lying in some if not named[places.of(lying.place)[0]]], "orphan_file", YOUNG)


def _judge(batch: Batch, some: list[StoredFile], code: str, grace: dt.timedelta) -> None:
    for lying in some:
        if timezone.now() - lying.written > grace:
            batch.add(code, lying.place)
