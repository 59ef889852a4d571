"""Fills the demo clinic through the same services that a clinician's pages use."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import json
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone

from clinic.accounts.models import Clinic, Membership, User
from clinic.examination import red_flags
from clinic.examination import services_second as seconds
from clinic.examination.services_red_flags import answer_red_flags
from clinic.patients import services as patients
from clinic.patients.models import Episode, Patient
from clinic.visits import consenting
from clinic.visits import services as visits
from clinic.visits.confirming import confirm_visit
from clinic.visits.models import Photo, Visit
from clinic.visits.services_series import skip_exercise
from inference.jobs.states import Status
from inference.models import Analysis
from inference.pipeline.codes import Exercise
from inference.pipeline.measure.frame import LIDS
from inference.selectors_corrections import can_be_corrected, correction_of
from inference.services_corrections import correct_landmarks

from . import home, people, questionnaires

PHOTOS = Path(__file__).parent / "photos"
WEEKS = 12
GENTLE = Exercise.GENTLE_EYE_CLOSURE.value


def require_demo() -> None:
    """Refuse to mix people who don't exist, with known passwords, into a clinic's own records."""
    if not settings.DEMO:
        raise ImproperlyConfigured(
            "The demo clinic is loaded under the demo settings only: its passwords are known to everyone. "
            "For a clinic of your own run: python manage.py setup_clinic"
        )


@dataclass(frozen=True, slots=True)
class Chapter:
    """One visit of one patient, as the manifest tells it."""

    patient: Patient
    episode: Episode
    clinician: User
    number: int
    row: dict[str, Any]
    protocol: str = people.EARLIER_PROTOCOL
    not_taken: tuple[tuple[str, str, str], ...] = ()


def staff() -> dict[str, User]:
    """The clinics and their users, made as far as they are missing."""
    require_demo()
    for pk, name in people.CLINICS.items():
        told = {"name": name, "time_zone": people.TIME_ZONE, "protocol": people.PROTOCOL}
        Clinic.objects.get_or_create(pk=pk, defaults=told)
    found: dict[str, User] = {}
    for login in people.ACCOUNTS:
        user = User.objects.filter(email=login.email).first()
        with transaction.atomic():
            if user is None:
                password = people.PASSWORD if login in people.LOGINS else None
                user = User.objects.create_user(login.email, password, full_name=login.name)
            begun = {"role": login.role, "accepted_at": timezone.now()}
            Membership.objects.get_or_create(user=user, clinic_id=login.clinic, defaults=begun)
        found[login.email] = user
    return found


def load(*, folder: Path = PHOTOS, report: Callable[[int], None] = lambda total: None) -> int:
    """Make patients, visits and photos as far as they are missing; how many photos were stored.

    Each photo is queued as it is stored, so the order here is that of the results: first what a newcomer
    opens first. `report` is told after each visit how many photos there will be.
    """
    users = staff()
    chapters = _chapters(_manifest(folder), users)
    total = sum(len(chapter.row["photos"]) for chapter in chapters)
    stored = 0
    for chapter in chapters:
        stored += _visit(chapter, folder)
        report(total)
    _what_patients_tell(users, folder)
    return stored


def _what_patients_tell(users: dict[str, User], folder: Path) -> None:
    """The sample texts, what patients answered at their visits, and what they practised at home, as far as they are
    missing."""
    clinic = Clinic.objects.get(pk=people.CLINIC_ID)
    texts = questionnaires.wordings(user=users["administrator@melati.example"], clinic=clinic)
    clinician = users["clinician@melati.example"]
    for number, row in enumerate(_manifest(folder)["patients"]):
        _patient_row, episode = _patient(row, number, people.CLINIC_ID, clinician)
        questionnaires.answer(key=row["key"], user=clinician, episode=episode, texts=texts)
        home.practise(key=row["key"], user=clinician, episode=episode)


def _manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return found


def _chapters(manifest: dict[str, Any], users: dict[str, User]) -> list[Chapter]:
    """Each patient's newest visit, then one patient's past after the other, newest first."""
    clinician = users["clinician@melati.example"]
    newest: list[Chapter] = []
    past: list[Chapter] = []
    for number, row in enumerate(manifest["patients"]):
        patient, episode = _patient(row, number, people.CLINIC_ID, clinician)
        told = [
            Chapter(patient, episode, clinician, *visit) for visit in reversed(list(enumerate(row["visits"])))
        ]
        told[0] = replace(told[0], not_taken=people.NOT_TAKEN.get(row["key"], ()), protocol=people.PROTOCOL)
        newest += told[:1]
        past += told[1:]
    # A patient of the neighbours, whom nobody of the first clinic may see.
    last = manifest["patients"][-1]
    maria = users["clinician@kenanga.example"]
    patient, episode = _patient({**last, "name": people.NEIGHBOUR}, 0, people.NEIGHBOUR_ID, maria)
    return [*newest, *past, Chapter(patient, episode, maria, len(last["visits"]) - 1, last["visits"][-1])]


def confirm_earlier(*, folder: Path = PHOTOS) -> int:
    """Let the clinician have graded all but each patient's last visit, once they are analysed; how many visits."""
    require_demo()
    clinician = User.objects.get(email="clinician@melati.example")
    done = 0
    for row in _manifest(folder)["patients"]:
        for told in row["visits"][:-1]:
            visit = _stored_visit(told, folder)
            if visit is None or visit.confirmations.exists() or not _is_judged(visit):
                continue
            confirm_visit(
                user=clinician,
                visit=visit,
                at=visit.at + dt.timedelta(minutes=30),  # as if it had been done on the day
                **graded(row, told),
            )
            done += 1
    return done


def put_points_right(*, folder: Path = PHOTOS) -> bool:
    """Let the clinician have put the lids of one shut eye together, which the model draws a little apart: those of the
    healthy side in the first patient's first gentle closure, once it is analysed. Whether it was done now."""
    require_demo()
    row = _manifest(folder)["patients"][0]
    files = [one["file"] for one in row["visits"][0]["photos"] if one["exercise"] == GENTLE]
    shown = Analysis.objects.filter(
        photo__visit__patient__clinic_id=people.CLINIC_ID,
        photo__original_sha256__in=[_sha256(folder / file) for file in files],
        photo__archived_at__isnull=True,
    )
    analysis = shown.select_related("photo").order_by("created_at").last()
    if analysis is None or not can_be_corrected(analysis=analysis) or correction_of(analysis=analysis):
        return False
    landmarks = analysis.landmarks or []
    healthy = "left" if row["weak_side"] == "right" else "right"
    correct_landmarks(
        user=User.objects.get(email="clinician@melati.example"),
        analysis=analysis,
        points={upper: landmarks[lower] for upper, lower in LIDS[healthy]},
        based_on=0,
    )
    return True


def read_again(*, folder: Path = PHOTOS) -> int:
    """Let the administrator, who treats patients too, have read each patient's first visit blind, but for the last
    patient's, which waits for a second reader; how many were read."""
    require_demo()
    by_email = {one.email: one for one in User.objects.filter(email__endswith="@melati.example")}
    first, other = by_email["clinician@melati.example"], by_email["administrator@melati.example"]
    rows = _manifest(folder)["patients"]
    done = 0
    for row, apart in zip(rows, people.APART, strict=False):
        visit = _stored_visit(row["visits"][0], folder)
        if visit is None or visit.grade is None or visit.second_readings.exists():
            continue
        second = seconds.ask_for_second_reading(user=first, visit=visit)
        if row is rows[-1]:
            break
        seconds.take_second_reading(user=other, second=second)
        seconds.keep_reading(user=other, second=second, grade=min(6, max(1, visit.grade + apart)))
        done += 1
    return done


def graded(row: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """What the clinician says of a visit, as `confirm_visit` takes it. row: the patient's; told: the visit's."""
    palsy = told["clinician_grade"] > 1 and bool(row["weak_side"])
    return {
        "palsy": palsy,
        "weak_side": row["weak_side"] if palsy else "",
        "grade": told["clinician_grade"] if palsy else 1,
    }


def _stored_visit(told: dict[str, Any], folder: Path) -> Visit | None:
    """The visit of which these photos were stored."""
    hashes = [_sha256(folder / photo["file"]) for photo in told["photos"]]
    photos = Photo.objects.current().filter(
        original_sha256__in=hashes, visit__patient__clinic_id=people.CLINIC_ID
    )
    photo = photos.select_related("visit").first()
    return photo.visit if photo is not None else None


def _is_judged(visit: Visit) -> bool:
    """Whether its photos are analysed, and at least one could be judged."""
    states = set(Analysis.objects.filter(photo__visit=visit).values_list("status", flat=True))
    return Status.SUCCEEDED in states and not states & {Status.QUEUED, Status.RUNNING}


def open_analyses() -> tuple[int, int]:
    """How many of the demo's photos are analysed, and of how many."""
    analyses = Analysis.objects.filter(photo__visit__patient__clinic_id__in=people.CLINICS)
    return analyses.exclude(status__in=[Status.QUEUED, Status.RUNNING]).count(), analyses.count()


@transaction.atomic
def _patient(row: dict[str, Any], number: int, clinic_id: Any, user: User) -> tuple[Patient, Episode]:
    clinic = Clinic.objects.get(pk=clinic_id)
    record_number = f"{clinic.name.split()[-1][0]}-{101 + number:04d}"
    known = Patient.objects.filter(clinic=clinic, record_number=record_number).first()
    if known:
        return known, known.episodes.order_by("created_at")[0]
    onset = _today() - dt.timedelta(weeks=WEEKS, days=people.LAST_SEEN.get(row["key"], 0))
    patient = patients.create_patient(
        user=user,
        clinic=clinic,
        record_number=record_number,
        name=row["name"],
        sex=row["sex"],
        birth_date=dt.date(row["birth_year"], 1 + number * 2 % 12, 5 + number * 3),
        languages="English, Bahasa Indonesia",
    )
    episode = patients.open_episode(
        user=user, patient=patient, cause=row["cause"], weak_side=row["weak_side"] or "", onset_date=onset
    )
    answer_red_flags(
        user=user,
        episode=episode,
        answers=dict.fromkeys(
            (one.code for one in red_flags.questions(cause=episode.cause)), red_flags.RedFlagAnswer.NO
        ),
    )
    for use in ("record", *people.CONSENTS.get(row["key"], ())):
        consenting.give_consent(user=user, patient=patient, use=use, given_on=onset)
    if row["weak_side"]:
        told = (*people.TREATMENTS.get(row["cause"], ()), *people.MORE_TREATMENTS.get(row["key"], ()))
        for day, kind, note, details in told:
            date = onset + dt.timedelta(days=day)
            patients.add_treatment(user=user, episode=episode, kind=kind, date=date, note=note, **details)
    return patient, episode


def _visit(chapter: Chapter, folder: Path) -> int:
    """Make the visit and store what photos of it are missing; how many there were."""
    row, at = chapter.row, _at(chapter.episode.onset_date, chapter.row["week"], chapter.number)
    files = {_sha256(folder / photo["file"]): (minute, photo) for minute, photo in enumerate(row["photos"])}
    there = set(
        Photo.objects.filter(visit__patient=chapter.patient).values_list("original_sha256", flat=True)
    )
    if files.keys() <= there:
        return 0
    visit = _visit_record(chapter, at)
    missing = [file for digest, file in files.items() if digest not in there]
    for minute, photo in missing:
        _photo(photo, visit, chapter.clinician, folder, at + dt.timedelta(minutes=minute))
    return len(missing)


def _visit_record(chapter: Chapter, at: dt.datetime) -> Visit:
    near = dt.timedelta(days=1)
    known = Visit.objects.filter(patient=chapter.patient, at__range=(at - near, at + near)).first()
    if known:
        return known
    grade = chapter.row["clinician_grade"]
    visit = visits.create_visit(
        user=chapter.clinician,
        patient=chapter.patient,
        episode=chapter.episode,
        at=at,
        impression=people.IMPRESSIONS[grade],
        protocol=chapter.protocol,
    )
    for exercise, reason, note in chapter.not_taken:
        skip_exercise(user=chapter.clinician, visit=visit, exercise=exercise, reason=reason, note=note)
    return visit


def _photo(row: dict[str, Any], visit: Visit, user: User, folder: Path, taken_at: dt.datetime) -> Photo:
    upload = SimpleUploadedFile("photo.jpg", (folder / row["file"]).read_bytes(), "image/jpeg")
    return visits.store_photo(
        user=user,
        visit=visit,
        upload=upload,
        exercise=row["exercise"],
        side=row.get("side") or "",
        taken_at=taken_at,
    )


@functools.cache
def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _at(onset: dt.date, week: int, number: int) -> dt.datetime:
    """A morning of that week, and not in the future."""
    zone = zoneinfo.ZoneInfo(people.TIME_ZONE)
    morning = dt.datetime.combine(onset + dt.timedelta(weeks=week), dt.time(9, 10 * (number % 5)), zone)
    return min(morning, timezone.now() - dt.timedelta(minutes=20))


def _today() -> dt.date:
    return timezone.now().astimezone(zoneinfo.ZoneInfo(people.TIME_ZONE)).date()
