"""Confirmed photos of patients who consent to model training, as a folder that tells nothing of who they are.

A photo is confirmed by a clinician's word on it, or on its visit. What the visit's word says is the grade of all of its
photos: a grade belongs to a visit.

    FOLDER/manifest.json                 counts, when the consents were checked; written last
    FOLDER/people/<token>/labels.json    the person's split, what each of their photos shows, and points of the face
                                         that a clinician put right
    FOLDER/people/<token>/<token>.jpg    the face and its surroundings, pixels alone

Every name is random or made with a salt that is forgotten with the process: two exports can't be joined, and a
person's pictures can't be found in an export again. Who takes a consent back is told by the log in which exports their
pictures went; those are then made anew and the old ones destroyed.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import os
import secrets
import shutil
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from PIL import Image

from clinic.audit import services as audit
from clinic.audit.selectors import photos_exported
from clinic.common.dates import day_in, week_since
from clinic.patients.models import ConsentUse, Patient
from clinic.patients.uses import in_force
from clinic.store import files
from clinic.store.stores import photo_store
from inference.jobs.states import Status
from inference.models import Analysis, LandmarkCorrection

from .models import Confirmation, Photo, VisitConfirmation

if TYPE_CHECKING:
    from clinic.accounts.models import Clinic, User

FORM: Final = "risorius-clinic-photos"
FORM_VERSION: Final = 1
PAGE: Final = "training_set"
"""Name in the log; the export's own name follows after a colon."""
SPLITS: Final = {"train": 0.70, "val": 0.12, "test": 0.18}
"""Shares of people. A person's split comes from a hash of the record's identifier and never changes: whoever tested
one model must not have taught the next."""
LONGEST_WEEK: Final = 104
"""Weeks since onset are counted up to here; a longer course would single a person out."""
SURROUNDINGS: Final = 1.0
"""Half the picture's side, in heights (or widths) of the face: enough for the face to be found again, and for a crop
that is shifted a little in training; the room behind stays out."""
LONGEST_SIDE_PX: Final = 1280
JPEG_QUALITY: Final = 95

Report = Callable[[int, int], None]


@dataclass(slots=True)
class Exported:
    """What became of the clinic's patients; `left_out` counts photos by the reason why they stayed."""

    name: str
    started: str
    salt: bytes = field(repr=False)
    left_out: Counter[str] = field(default_factory=Counter)
    people: int = 0
    photos: int = 0

    @property
    def page(self) -> str:
        return f"{PAGE}:{self.name}"

    def token(self, kind: str, record: uuid.UUID) -> str:
        """A name for a record that means something within this export alone."""
        return hmac.new(self.salt, f"{kind}:{record}".encode(), hashlib.sha256).hexdigest()[:24]


def split_of(patient: uuid.UUID) -> str:
    """The patient's split, the same in every export."""
    place = int(hashlib.sha256(f"risorius:{patient}".encode()).hexdigest()[:12], 16) / 16**12
    bound = 0.0
    for name, share in SPLITS.items():
        bound += share
        if place < bound:
            return name
    return name


def check_folder(folder: Path) -> Path:
    """The folder's true path. ValidationError if photos must not lie there, or if something lies there already."""
    folder = folder.expanduser().resolve()
    served: list[Any] = [settings.STATIC_ROOT, settings.MEDIA_ROOT, *settings.STATICFILES_DIRS]
    if any(folder.is_relative_to(Path(place).resolve()) for place in served if place):
        raise ValidationError(_("The folder lies where the web server hands out files to everybody."))
    store = photo_store().folder
    if store and folder.is_relative_to(store.resolve()):
        raise ValidationError(_("The folder lies inside the store of the patients' photos."))
    program = Path(settings.BASE_DIR).resolve()
    ours = (program / "ml_training" / "data", Path(settings.VAR_DIR).resolve())
    if folder.is_relative_to(program) and not any(
        folder.is_relative_to(place) and folder != place for place in ours
    ):
        raise ValidationError(
            _("The folder is part of the program, whose files are copied and published. Choose another.")
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValidationError(_("The folder is not empty. Name one that is empty or not there yet."))
    return folder


def willing(*, user: User, clinic: Clinic) -> QuerySet[Patient]:
    """The clinic's current patients whose consent to model training is in force at this moment, none restricted."""
    patients = Patient.objects.visible_to(user).current().filter(restricted_at__isnull=True)
    return patients.filter(in_force("pk", ConsentUse.MODEL_TRAINING), clinic=clinic).order_by("pk")


def export(*, user: User, clinic: Clinic, folder: Path, report: Report = lambda *_: None) -> dict[str, Any]:
    """Write the training set and return its manifest; the caller has asked the policy and `check_folder`.

    One patient at a time is held in memory, one photo decoded. report(done, all): patients so far. What was written
    is removed again if the export does not come to its end.
    """
    made = Exported(
        secrets.token_hex(8), timezone.now().isoformat(timespec="seconds"), secrets.token_bytes(32)
    )
    people = folder / "people"
    people.mkdir(parents=True, mode=0o700)
    folder.chmod(0o700)
    try:
        patients = willing(user=user, clinic=clinic)
        total = patients.count()
        for done, pk in enumerate(patients.values_list("pk", flat=True).iterator(), start=1):
            _export_patient(made, user=user, clinic=clinic, pk=pk, people=people)
            report(done, total)
        _take_back(made, user=user, clinic=clinic, people=people)
        manifest = _manifest(made, people)
    except BaseException:
        shutil.rmtree(people, ignore_errors=True)
        raise
    _write(folder / "manifest.json", json.dumps(manifest, indent=1).encode() + b"\n")
    return manifest


def _export_patient(made: Exported, *, user: User, clinic: Clinic, pk: uuid.UUID, people: Path) -> None:
    """Log the reading first, write the files then: no picture leaves without a line in the log."""
    with transaction.atomic():
        patient = willing(user=user, clinic=clinic).filter(pk=pk).first()
        photos = list(_confirmed(user, patient)) if patient else []
        chosen = [photo for photo in photos if _usable(made, photo)]
        audit.log_exports(user=user, clinic=clinic, patient_id=pk, photos=chosen, page=made.page)
    if not chosen:
        return
    folder = people / made.token("person", pk)
    folder.mkdir(mode=0o700)
    rows = [row for photo in chosen if (row := _export_photo(made, photo, clinic, folder))]
    rows.sort(key=lambda row: row["file"])
    _write(folder / "labels.json", json.dumps({"split": split_of(pk), "photos": rows}, indent=1).encode())
    if not rows:
        shutil.rmtree(folder)


def _confirmed(user: User, patient: Patient) -> Iterator[Photo]:
    """The patient's current photos that a clinician confirmed, each with all words on it and on its visit, newest
    first, and with its results."""
    words = Confirmation.objects.select_related("analysis").order_by("-created_at")
    on_visits = VisitConfirmation.objects.order_by("-created_at")
    results = Analysis.objects.filter(status=Status.SUCCEEDED).order_by("-created_at")
    results = results.prefetch_related(
        Prefetch("corrections", LandmarkCorrection.objects.order_by("-number"))
    )
    photos = Photo.objects.visible_to(user).current().filter(visit__patient=patient)
    photos = photos.filter(
        Exists(Confirmation.objects.filter(photo=OuterRef("pk")))
        | Exists(VisitConfirmation.objects.filter(visit=OuterRef("visit")))
    )
    found = photos.select_related("visit__episode").prefetch_related(
        Prefetch("confirmations", words),
        Prefetch("visit__confirmations", on_visits),
        Prefetch("analyses", results),
    )
    return (photo for photo in found if _label(photo) is not None)


@dataclass(frozen=True, slots=True)
class Label:
    """What clinicians said of a photo. weak_side is empty, and grade 1, without a palsy; grade None: not graded."""

    exercise: str
    palsy: bool
    weak_side: str
    grade: int | None
    analysis: Analysis | None
    """The result that tells the place of the face."""


def _label(photo: Photo) -> Label | None:
    """The newest word on the photo with the grade of its visit, or else the newest on the visit; None without one."""
    word = next(iter(photo.confirmations.all()), None)
    visit = next(iter(photo.visit.confirmations.all()), None)
    said = visit is not None and visit.palsy is not None
    if word is None:
        if visit is None or not said:
            return None
        analysis = next(iter(photo.analyses.all()), None)
        return Label(photo.exercise, bool(visit.palsy), visit.weak_side, visit.grade, analysis)
    # Words from before visits were graded as a whole carry a grade of their own.
    grade = word.grade if visit is None else visit.grade if visit.palsy else None
    return Label(word.exercise, word.palsy, word.weak_side, grade if word.palsy else 1, word.analysis)


def _usable(made: Exported, photo: Photo) -> bool:
    """Without the face's place the surroundings can't be cut away."""
    label = _label(photo)
    known = label is not None and label.analysis is not None and bool(label.analysis.landmarks)
    made.left_out["place of the face unknown"] += not known
    return known


def _export_photo(made: Exported, photo: Photo, clinic: Clinic, folder: Path) -> dict[str, Any] | None:
    """One picture and its labels, or None where the file is not there or is damaged; KeyMissing without its key."""
    label = _label(photo)
    assert label is not None and label.analysis is not None
    try:
        picture = picture_of(photo, label.analysis.landmarks or [])
    except (OSError, ValueError, SyntaxError, files.FileAltered):
        made.left_out["file missing or damaged"] += 1
        return None
    name = f"{secrets.token_hex(12)}.jpg"
    path = folder / name
    picture.save(path, "JPEG", quality=JPEG_QUALITY)
    path.chmod(0o600)
    os.utime(path, (0, 0))
    episode = photo.visit.episode
    week = week_since(episode.onset_date, day_in(photo.visit.at, clinic.time_zone))
    known = episode.onset.is_known
    points = _points(photo, label.analysis)
    return {
        **({"points": points} if points else {}),
        "file": name,
        "visit": made.token("visit", photo.visit_id),
        "exercise": label.exercise,
        "side": photo.side if label.exercise == photo.exercise else "",
        "palsy": label.palsy,
        "weak_side": label.weak_side,
        "grade": label.grade if label.palsy else 1,
        "week": min(max(week, 0), LONGEST_WEEK) if known else None,
    }


def _points(photo: Photo, analysis: Analysis) -> dict[str, list[float]]:
    """Where a clinician put points of the face, by their index in the mesh, as shares of the written picture; empty
    where nobody did. Of several results of a photo what was put right last."""
    newest = [rows[0] for one in photo.analyses.all() if (rows := list(one.corrections.all()))]
    moved = max(newest, key=lambda row: row.created_at).moved if newest else {}
    left, top, right, bottom = _box(analysis.landmarks or [], (photo.width, photo.height))
    return {
        str(index): [
            round((x * photo.width - left) / (right - left), 5),
            round((y * photo.height - top) / (bottom - top), 5),
        ]
        for index, (x, y) in moved.items()
    }


def _box(landmarks: list[list[float]], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The face with its surroundings in a photo of that size, px: left, top, right, bottom."""
    across, down = ([point[axis] * size[axis] for point in landmarks] for axis in (0, 1))
    half = SURROUNDINGS * max(max(across) - min(across), max(down) - min(down))
    x, y = (max(across) + min(across)) / 2, (max(down) + min(down)) / 2
    return (
        max(0, round(x - half)),
        max(0, round(y - half)),
        min(size[0], round(x + half)),
        min(size[1], round(y + half)),
    )


def picture_of(photo: Photo, landmarks: list[list[float]]) -> Image.Image:
    """The face with its surroundings, sRGB, longest side at most 1280 px, with nothing but pixels.

    landmarks: pairs of shares of the photo's width and height, as an analysis keeps them.
    """
    with Image.open(io.BytesIO(files.read(photo)), formats=["JPEG"]) as image:
        face = image.convert("RGB").crop(_box(landmarks, image.size))
    face.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX), Image.Resampling.LANCZOS)
    clean = Image.new("RGB", face.size)  # a crop still carries what the file said of itself
    clean.paste(face)
    return clean


def _take_back(made: Exported, *, user: User, clinic: Clinic, people: Path) -> None:
    """Remove whose consent ended, or who was archived, while the export ran."""
    exported = photos_exported(user=user, clinic=clinic, page=made.page)
    still = willing(user=user, clinic=clinic).order_by().values("pk")
    gone = exported.exclude(patient__in=still).values_list("patient_id", flat=True).distinct()
    for pk in gone.iterator():
        shutil.rmtree(people / made.token("person", pk), ignore_errors=True)
        made.left_out["consent taken back during the export"] += exported.filter(patient_id=pk).count()


def _manifest(made: Exported, people: Path) -> dict[str, Any]:
    """Counts of what lies in the folder now."""
    splits: dict[str, Counter[str]] = {name: Counter() for name in SPLITS}
    exercises: Counter[str] = Counter()
    grades: Counter[str] = Counter()
    put_right = 0
    for file in people.glob("*/labels.json"):
        person = json.loads(file.read_text())
        splits[person["split"]].update(people=1, photos=len(person["photos"]))
        exercises.update(row["exercise"] for row in person["photos"])
        grades.update(str(row["grade"] or "not graded") for row in person["photos"])
        put_right += sum("points" in row for row in person["photos"])
    return {
        "form": FORM,
        "version": FORM_VERSION,
        "export": made.name,
        "consent": ConsentUse.MODEL_TRAINING.value,
        "consent_checked": {"from": made.started, "to": timezone.now().isoformat(timespec="seconds")},
        "people": sum(split["people"] for split in splits.values()),
        "photos": sum(split["photos"] for split in splits.values()),
        "splits": {name: {"people": n["people"], "photos": n["photos"]} for name, n in splits.items()},
        "exercises": dict(sorted(exercises.items())),
        "grades": dict(sorted(grades.items())),
        "photos_with_points": put_right,
        "left_out": {reason: count for reason, count in sorted(made.left_out.items()) if count},
        "weeks_up_to": LONGEST_WEEK,
    }


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)
