"""A copy of all that is held of a patient, for the patient: one ZIP to read, to print and to process.

    index.html, style.css   everything in words, in the clinic's language; opens without a network, runs no script
    record.json             everything as data: FORM and FORM_VERSION say how, docs/privacy.md describes it
    photos/                 the photos, named by day and exercise
    checksums.txt           SHA-256 of each photo, and which could not be read and why

It is written as it is sent, one photo in memory at a time: nothing of it ever lies on this server's disk.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import uuid
import zipfile
import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Prefetch
from django.template.loader import render_to_string
from django.utils import timezone, translation

from clinic.audit.holdings import HOLDINGS
from clinic.audit.selectors import reads_of_patient
from clinic.patients.models import Patient
from clinic.store import files
from clinic.visits import exercises
from clinic.visits.models import Photo, SkippedExercise
from clinic.visits.selectors import cards
from inference.releases import registry

from .changes import changes

if TYPE_CHECKING:
    from clinic.accounts.models import User

FORM: Final = "risorius-patient-copy"
FORM_VERSION: Final = 1
STYLE: Final = Path("css") / "dossier.css"


class _Pipe(io.RawIOBase):
    """What the ZIP writer writes to; what was written is taken out again at once."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        found = b"".join(self.parts)
        self.parts.clear()
        return found


def stream(*, patient: Patient) -> Iterator[bytes]:
    """The ZIP in pieces. The caller has asked the policy and logged the export of each photo."""
    clinic = patient.clinic
    now = timezone.now()
    pipe, sums = _Pipe(), []
    with translation.override(clinic.language), timezone.override(zoneinfo.ZoneInfo(clinic.time_zone)):
        photos = _named(patient)
        page = _page(patient, photos, now)
    record = json.dumps(_record(patient, photos, now), indent=1, ensure_ascii=False, default=_plain)
    with zipfile.ZipFile(pipe, "w") as archive:
        for name, text in (("index.html", page), ("style.css", _style()), ("record.json", record)):
            _put(archive, name, text.encode(), now, zipfile.ZIP_DEFLATED)
            yield pipe.take()
        for name, photo in photos.items():
            try:
                content = files.read(photo)
            except (OSError, files.DecryptionError) as error:
                reason = getattr(error, "code", "file_missing")
                sums.append(f"# {name} could not be read: {reason}")
                continue
            _put(archive, name, content, now, zipfile.ZIP_STORED)
            sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}")
            yield pipe.take()
        _put(archive, "checksums.txt", ("\n".join(sums) + "\n").encode(), now, zipfile.ZIP_DEFLATED)
    yield pipe.take()


def _put(archive: zipfile.ZipFile, name: str, content: bytes, now: dt.datetime, how: int) -> None:
    entry = zipfile.ZipInfo(name, now.timetuple()[:6])
    entry.compress_type, entry.external_attr = how, 0o600 << 16
    archive.writestr(entry, content)


def photos_of(patient: Patient) -> list[Photo]:
    """Every photo of the patient, those too that were taken out of a visit."""
    return list(
        Photo.objects.filter(visit__patient=patient)
        .select_related("visit__patient__clinic")
        .order_by("taken_at", "created_at")
    )


def _named(patient: Patient) -> dict[str, Photo]:
    """The photos by their names in the copy, which tell the day and the exercise and not whose they are."""
    named: dict[str, Photo] = {}
    for photo in photos_of(patient):
        day = timezone.localtime(photo.taken_at).date().isoformat()
        stem = "-".join(filter(None, (day, photo.exercise.replace("_", "-"), photo.side)))
        number = 1
        while (name := f"photos/{stem}-{number}.jpg") in named:
            number += 1
        named[name] = photo
    return named


def _record(patient: Patient, photos: dict[str, Photo], now: dt.datetime) -> dict[str, Any]:
    """Everything as data: a section for each table, its rows as they are."""
    people: set[int] = set()
    sections = {
        holding.section: [_row(row, holding.without, people) for row in holding.rows(patient.pk)]
        for holding in HOLDINGS
        if holding.section
    }
    return {
        "form": FORM,
        "version": FORM_VERSION,
        "made_at": now,
        "program": settings.VERSION,
        "clinic": {
            "id": patient.clinic_id,
            "name": patient.clinic.name,
            "time_zone": patient.clinic.time_zone,
        },
        "people": {str(user.pk): str(user) for user in _people(people)},
        "files": {str(photo.pk): name for name, photo in photos.items()},
        "releases": _releases(sections),
        "not_copied": {holding.model: holding.not_copied for holding in HOLDINGS if holding.not_copied},
        **sections,
    }


def _row(row: models.Model, without: tuple[str, ...], people: set[int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    user_model = get_user_model()
    for field in row._meta.concrete_fields:
        if field.name in without:
            continue
        value = getattr(row, field.attname)
        found[field.name] = value
        if field.is_relation and field.related_model is user_model and value is not None:
            people.add(value)
    return found


def _people(ids: set[int]) -> list[User]:
    return list(get_user_model().objects.filter(pk__in=ids).order_by("pk"))


def _releases(sections: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """What each model release that judged a photo is for, and what it is known to get wrong."""
    rows = [*sections["analyses"], *sections["background_analyses"]]
    return {name: limits_of(name) for name in sorted({row["release"] for row in rows})}


def limits_of(release: str) -> dict[str, Any]:
    """The release's own words on its use and its limits, from its model card."""
    info = registry.by_name(release)
    card = info.card if info is not None else {}
    return {key: card.get(key, "") for key in ("intended_use", "not_for", "known_failures", "not_evaluated")}


def _plain(value: object) -> str:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    return str(value)


def _style() -> str:
    return (Path(settings.BASE_DIR) / "static" / STYLE).read_text()


def _page(patient: Patient, photos: dict[str, Photo], now: dt.datetime) -> str:
    """Everything in words."""
    of_photos = cards(photos=photos.values())
    shown = [
        {"file": name, "card": card, "exercise": exercises.by_code(card.photo.exercise)}
        for name, card in zip(photos, of_photos, strict=True)
    ]
    used = {card.analysis.release for card in of_photos if card.analysis is not None}
    context = {
        "patient": patient,
        "clinic": patient.clinic,
        "now": now,
        "version": FORM_VERSION,
        "episodes": patient.episodes.prefetch_related("treatments"),
        "consents": patient.consents.select_related("recorded_by", "revoked_by"),
        "visits": patient.visits.select_related("clinician")
        .prefetch_related("assessments", Prefetch("skipped", SkippedExercise.objects.standing(), "left_out"))
        .order_by("at"),
        "photos": shown,
        "releases": {name: limits_of(name) for name in sorted(used)},
        "tasks": patient.tasks.select_related("episode", "owner", "treatment"),
        "corrections": patient.corrections.select_related("decided_by"),
        "restrictions": patient.restrictions.all(),
        "holds": patient.holds.all(),
        "erasures": patient.erasures.all(),
        "changes": changes(patient=patient),
        "reads": reads_of_patient(patient=patient),
        "language": translation.get_language(),
    }
    return render_to_string("rights/dossier.html", context)
