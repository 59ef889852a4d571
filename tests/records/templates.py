"""The records that are multiplied: the demo's patients after each of their visits, and one who came five hundred times.

The results are those of the release in use on the demo's photos, so a row is as wide as a real one; the files are not
there.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from django.db import models
from django.utils import timezone

from clinic.accounts.models import Clinic, User
from clinic.examination import services_scales
from clinic.examination.scales import BY_CODE
from clinic.patients.models import Consent, Episode, Patient, Treatment
from clinic.recovery.services import refresh_summary
from clinic.visits.confirming import confirm_visit
from clinic.visits.models import Confirmation, Photo, Visit, VisitConfirmation
from inference.jobs.states import Status
from inference.models import Analysis
from tests.demo import record

VIEWS = (*record.VIEWS, "show_teeth")
"""Seven photos a visit."""
VISITS_AT_MOST = 6

M = TypeVar("M", bound=models.Model)


@dataclasses.dataclass(frozen=True)
class Templates:
    """Patients to multiply. settled: nothing is left to do for them. waiting: their newest visit waits for a grade."""

    settled: tuple[Patient, ...]
    waiting: tuple[Patient, ...]


def demo(keys: Collection[str] = ()) -> list[Patient]:
    """These patients of the demo, or all, with all their views; the templates are copies of them."""
    return record.load(keys, views=_every_view())


def of_a_day(patients: Iterable[Patient]) -> Templates:
    """Copies of each of these patients as they stood after each of their visits."""
    settled, waiting = [], []
    for patient in patients:
        visits = list(patient.visits.order_by("at"))
        for seen in range(1, min(len(visits), VISITS_AT_MOST) + 1):
            kept = visits[:seen]
            settled.append(_settle(copy_of(patient, kept)))
        waiting.append(copy_of(patient, visits[-3:]))
    for patient in (*settled, *waiting):
        refresh_summary(patient_id=patient.pk)
    return Templates(tuple(settled), tuple(waiting))


def long_course(source: Patient, clinic: Clinic, clinician: User, visits: int) -> Patient:
    """A patient of that clinic with so many visits of all views, a week between them."""
    known = list(source.visits.order_by("at"))
    patient = copy_of(
        source,
        list(itertools.islice(itertools.cycle(known), visits)),
        views=_every_view(),
        weeks_apart=1,
        clinic=clinic,
        clinician=clinician,
    )
    refresh_summary(patient_id=patient.pk)
    return patient


def copy_of(
    source: Patient,
    visits: Sequence[Visit],
    *,
    views: Collection[str] = VIEWS,
    weeks_apart: int | None = None,
    clinic: Clinic | None = None,
    clinician: User | None = None,
) -> Patient:
    """Another patient with that one's episode and those of its visits, in that order.

    weeks_apart: the visits' distance, the last of them today; the source's own dates where it is not given.
    """
    patient = _as_new(source, record_number=uuid.uuid4().hex[:12], clinic=clinic or source.clinic)
    patient.save()
    old = source.episodes.get()
    episode = _as_new(old, patient=patient)
    if weeks_apart is not None:
        episode.onset_date = timezone.localdate() - dt.timedelta(weeks=weeks_apart * len(visits) + 1)
    episode.save()
    for model, link in ((Treatment, {"episode": episode}), (Consent, {"patient": patient})):
        rows = model.objects.filter(**{name: old if name == "episode" else source for name in link})
        model.objects.bulk_create([_as_new(row, **link) for row in rows])
    for number, visit in enumerate(visits):
        back = None
        if weeks_apart is not None:
            at = timezone.now() - dt.timedelta(weeks=weeks_apart * (len(visits) - 1 - number), hours=1)
            back = visit.at - at
        _copy_visit(visit, episode, views, back or dt.timedelta(), clinician)
    return patient


def _copy_visit(
    source: Visit,
    episode: Episode,
    views: Collection[str],
    back: dt.timedelta,
    clinician: User | None,
) -> None:
    by = clinician or source.clinician
    visit = _as_new(source, patient=episode.patient, episode=episode, at=source.at - back, clinician=by)
    Visit.objects.bulk_create([visit])
    photos = {
        photo.pk: _as_new(photo, visit=visit, taken_at=photo.taken_at - back, uploaded_by=by)
        for photo in source.photos.filter(exercise__in=views)
    }
    for photo in photos.values():
        name = uuid.uuid4().hex
        photo.image.name = photo.thumbnail.name = f"{name[:2]}/{name}.jpg"
        photo.original_sha256 = name * 2
    Photo.objects.bulk_create(photos.values())
    analyses = {
        row.pk: _as_new(
            row,
            photo=photos[row.photo_id],
            reference=photos.get(row.reference_id),
            started_at=row.started_at - back,
            finished_at=row.finished_at - back,
        )
        for row in Analysis.objects.filter(photo__in=photos)
    }
    Analysis.objects.bulk_create(analyses.values())
    words = [
        _as_new(
            word,
            visit=visit,
            by=by,
            created_at=word.created_at - back,
            analyses=[str(analyses[uuid.UUID(pk)].pk) for pk in word.analyses if uuid.UUID(pk) in analyses],
        )
        for word in VisitConfirmation.objects.filter(visit=source)
    ]
    VisitConfirmation.objects.bulk_create(words)
    if words:
        _confirm_a_photo(analyses.values(), by)


def _confirm_a_photo(analyses: Iterable[Analysis], by: User) -> None:
    """A word on one of the visit's photos, that the model is right."""
    found = next((one for one in analyses if one.status == Status.SUCCEEDED), None)
    if found is None:
        return
    palsy = bool(found.weak_side)
    Confirmation.objects.bulk_create(
        [
            Confirmation(
                photo=found.photo, analysis=found, by=by, exercise=found.photo.exercise, names_exercise=True,
                palsy=palsy, weak_side=found.weak_side if palsy else "", grade=None, agrees=True,
            )
        ]
    )  # fmt: skip


def _settle(patient: Patient) -> Patient:
    """Give the grade that the last visit lacks, and close what is open."""
    last = patient.visits.order_by("at").last()
    assert last is not None
    if not last.confirmations.exists():
        confirm_visit(user=last.clinician, visit=last, palsy=False, weak_side="", grade=1)
    scale = BY_CODE["fngs"]
    answers = {item.code: item.choices[0].value for item in scale.items}
    services_scales.answer(user=last.clinician, visit=last, scale=scale, answers=answers)
    return patient


def _every_view() -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            photo["exercise"]
            for patient in record.manifest()["patients"]
            for visit in patient["visits"]
            for photo in visit["photos"]
        )
    )


def _as_new(row: M, **fields: Any) -> M:
    """An unsaved copy of a row with another identifier and these fields."""
    values: Mapping[str, Any] = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.primary_key
    }
    made = type(row)(**values)
    made.pk = uuid.uuid4()
    for name, value in fields.items():
        setattr(made, name, value)
    return made
