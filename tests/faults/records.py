"""Photos for the drills, and the judgement on what became of them."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import random
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection
from django.db.models import Count
from PIL import Image

from clinic.patients.models import Consent
from clinic.store import files
from clinic.visits import services
from clinic.visits.models import Photo, Visit
from inference.jobs.states import FINAL, Status
from inference.models import Analysis
from tests import factories

from .poisons import COLOURS

PER_VISIT = 20
# Every step into a final state leaves a line, and so does every later change: the rows alone could not tell that a
# result was written twice.
WITNESS = """
CREATE TABLE IF NOT EXISTS drill_witness
  (analysis uuid, what text, attempt int, at timestamptz DEFAULT clock_timestamp());
CREATE OR REPLACE FUNCTION drill_saw() RETURNS trigger AS $$ BEGIN
  IF NEW.status IN ('succeeded', 'rejected', 'failed', 'cancelled') THEN
    INSERT INTO drill_witness (analysis, what, attempt) VALUES (NEW.id, NEW.status, NEW.attempt);
  END IF;
  RETURN NEW; END $$ LANGUAGE plpgsql;
DROP TRIGGER IF EXISTS drill_witness ON inference_analysis;
CREATE TRIGGER drill_witness AFTER UPDATE ON inference_analysis FOR EACH ROW EXECUTE FUNCTION drill_saw();
"""


@dataclass
class Outcome:
    """One line of the report."""

    drill: str
    faults: int = 0
    photos: int = 0
    lost: int = 0
    doubled: int = 0
    recovery: float = 0.0
    notes: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def demand(self, holds: Any, sentence: str) -> None:
        """What must be true besides; the sentence says what is wrong where it is not."""
        if not holds:
            self.wrong.append(sentence)

    def recovered(self, seconds: float) -> None:
        """The longest of several recoveries counts."""
        self.recovery = max(self.recovery, seconds)

    @property
    def passed(self) -> bool:
        return not (self.lost or self.doubled or self.wrong)


def witness() -> None:
    """Let the database itself write down each result."""
    with connection.cursor() as cursor:
        cursor.execute(WITNESS)


def jpeg(kind: str = "", *, side: int = 220, noise: bool = False) -> bytes:
    """A picture that no other one equals; poisoned if asked."""
    colour = COLOURS[kind] if kind else tuple(random.randint(90, 200) for _ in range(3))
    image = (
        Image.effect_noise((side, side), 90).convert("RGB")
        if noise
        else Image.new("RGB", (side, side), colour)
    )
    for x in range(16):
        image.putpixel((x, 0), tuple(random.randint(0, 255) for _ in range(3)))
    out = io.BytesIO()
    image.save(out, "PNG" if not noise else "JPEG", **({"quality": 95} if noise else {}))
    return out.getvalue()


class Ward:
    """A clinic with one clinician and as many patients as its photos need."""

    def __init__(self) -> None:
        self.clinic = factories.ClinicFactory(name="Clinic of the drills")
        self.user = factories.member(self.clinic)

    def visit(self) -> Visit:
        """A new patient's visit."""
        patient = factories.PatientFactory(clinic=self.clinic)
        Consent.objects.create(
            patient=patient, use="record", given_on=dt.date(2026, 1, 5), recorded_by=self.user
        )
        visit: Visit = factories.VisitFactory(
            episode=factories.EpisodeFactory(patient=patient), clinician=self.user
        )
        return visit

    def upload(self, count: int, *, poisons: Iterable[str] = ()) -> list[uuid.UUID]:
        """Store that many photos as the upload's view does, the poisoned ones in their midst."""
        kinds = [*poisons, *[""] * (count - len(list(poisons)))]
        random.shuffle(kinds)
        stored: list[uuid.UUID] = []
        for number, kind in enumerate(kinds):
            if number % PER_VISIT == 0:
                visit = self.visit()
            upload = SimpleUploadedFile("photo.png", jpeg(kind))
            photo = services.store_photo(user=self.user, visit=visit, upload=upload, exercise="smile")
            stored.append(photo.pk)
        return stored


def analyses(photos: list[uuid.UUID]) -> Any:
    """What the photos' analyses are."""
    return Analysis.objects.filter(photo_id__in=photos)


def done(photos: list[uuid.UUID]) -> int:
    """How many of them are in a final state; -1 while the database can't say."""
    try:
        return int(analyses(photos).filter(status__in=FINAL).count())
    except DatabaseError:
        connection.close()
        return -1


def settle(photos: list[uuid.UUID], seconds: float) -> float:
    """Wait until all are final; how long it took, or more than was allowed."""
    start = time.monotonic()
    while done(photos) < len(photos):
        if time.monotonic() - start > seconds:
            return time.monotonic() - start
        time.sleep(0.2)
    return time.monotonic() - start


def judge(outcome: Outcome, photos: list[uuid.UUID]) -> None:
    """Count what is lost and what is doubled among these photos."""
    connection.close()
    rows = Photo.objects.filter(pk__in=photos).select_related("visit__patient")
    found = {photo.pk: photo for photo in rows}
    final = dict(
        analyses(photos).filter(status__in=FINAL).values_list("photo_id").annotate(Count("pk")).order_by()
    )
    lost = {pk for pk in photos if pk not in found or pk not in final}
    lost |= {pk for pk, photo in found.items() if not _whole(photo)}
    twice = {pk for pk, number in final.items() if number > 1}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.photo_id FROM drill_witness w JOIN inference_analysis a ON a.id = w.analysis "
            "GROUP BY a.photo_id HAVING count(*) > 1"
        )
        twice |= {row[0] for row in cursor.fetchall()} & set(photos)
    outcome.photos += len(photos)
    outcome.lost += len(lost)
    outcome.doubled += len(twice)
    failed = analyses(photos).filter(status=Status.FAILED).count()
    if failed:
        outcome.notes.append(f"{failed} failed with a reason")


def _whole(photo: Photo) -> bool:
    try:
        content = files.read(photo)
        files.read(photo, thumbnail=True)
    except OSError:
        return False
    return hashlib.sha256(content).hexdigest() == photo.sha256
