"""People and records who don't exist, for the tests."""

from __future__ import annotations

import datetime as dt
import hashlib
import io

import factory
from django.core.files.base import ContentFile
from django.utils import timezone
from factory.django import DjangoModelFactory
from PIL import Image

from clinic.accounts.models import Clinic, Membership, Role, User
from clinic.examination import red_flags
from clinic.examination.models import BlindReading, RedFlagScreening, SecondReading
from clinic.patients.models import Cause, Consent, Correction, Episode, Patient, RedFlags, Treatment, WeakSide
from clinic.visits.models import Confirmation, Photo, Visit, VisitConfirmation
from inference.jobs.states import Status
from inference.models import Analysis, LandmarkCorrection

PASSWORD = "correct horse battery staple"


TIME_ZONE = "Asia/Jakarta"
"""Of every clinic that names no other."""


class ClinicFactory(DjangoModelFactory):
    class Meta:
        model = Clinic

    name = factory.Sequence(lambda n: f"Clinic {n}")
    time_zone = TIME_ZONE


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.org")
    full_name = factory.Sequence(lambda n: f"Person {n}")

    @classmethod
    def _create(cls, model_class, *args, **kwargs):  # type: ignore[no-untyped-def]
        return model_class.objects.create_user(password=kwargs.pop("password", PASSWORD), **kwargs)


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    clinic = factory.SubFactory(ClinicFactory)
    role = Role.CLINICIAN
    accepted_at = factory.LazyFunction(timezone.now)


def member(clinic: Clinic, role: str = Role.CLINICIAN, **fields: object) -> User:
    """A user with that role in the clinic."""
    return MembershipFactory(clinic=clinic, role=role, user=UserFactory(**fields)).user


class PatientFactory(DjangoModelFactory):
    class Meta:
        model = Patient

    clinic = factory.SubFactory(ClinicFactory)
    record_number = factory.Sequence(lambda n: f"R-{n:05d}")
    name = factory.Sequence(lambda n: f"Imaginary Patient {n}")
    birth_date = dt.date(1980, 5, 17)


class EpisodeFactory(DjangoModelFactory):
    class Meta:
        model = Episode

    patient = factory.SubFactory(PatientFactory)
    cause = Cause.BELLS_PALSY
    weak_side = WeakSide.LEFT
    onset_date = factory.LazyFunction(lambda: timezone.localdate() - dt.timedelta(weeks=8))
    red_flags = RedFlags.ANSWERED


class TreatmentFactory(DjangoModelFactory):
    class Meta:
        model = Treatment

    episode = factory.SubFactory(EpisodeFactory)
    kind = "steroids"
    date = factory.LazyFunction(lambda: timezone.localdate() - dt.timedelta(weeks=7))


class ConsentFactory(DjangoModelFactory):
    class Meta:
        model = Consent

    patient = factory.SubFactory(PatientFactory)
    use = "record"
    given_on = factory.LazyFunction(timezone.localdate)
    recorded_by = factory.SubFactory(UserFactory)


class CorrectionFactory(DjangoModelFactory):
    class Meta:
        model = Correction

    class Params:
        decided = factory.Trait(
            state="statement",
            answer="Two clinicians saw it.",
            statement="It was never more than a cold.",
            decided_at=factory.LazyFunction(timezone.now),
            decided_by=factory.SelfAttribute("recorded_by"),
        )

    patient = factory.SubFactory(PatientFactory)
    received_on = factory.LazyFunction(timezone.localdate)
    disputed = "The weak side is the other one."
    recorded_by = factory.SubFactory(UserFactory)


class VisitFactory(DjangoModelFactory):
    class Meta:
        model = Visit

    episode = factory.SubFactory(EpisodeFactory)
    patient = factory.SelfAttribute("episode.patient")
    clinician = factory.SubFactory(UserFactory)
    at = factory.LazyFunction(timezone.now)


def jpeg(width: int = 64, height: int = 80, colour: tuple[int, int, int] = (180, 140, 120)) -> bytes:
    """A plain JPEG of that size."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "JPEG")
    return out.getvalue()


class PhotoFactory(DjangoModelFactory):
    class Meta:
        model = Photo

    visit = factory.SubFactory(VisitFactory)
    exercise = "smile"
    taken_at = factory.SelfAttribute("visit.at")
    image = factory.LazyFunction(lambda: ContentFile(jpeg(), "x.jpg"))
    thumbnail = factory.LazyFunction(lambda: ContentFile(jpeg(32, 40), "x.jpg"))
    width = 64
    height = 80
    size = factory.LazyFunction(lambda: len(jpeg()))
    sha256 = factory.LazyFunction(lambda: hashlib.sha256(jpeg()).hexdigest())
    original_sha256 = factory.Sequence(lambda n: hashlib.sha256(str(n).encode()).hexdigest())
    uploaded_by = factory.SelfAttribute("visit.clinician")


def landmarks(width: int = 64, height: int = 80) -> list[list[float]]:
    """478 points on a grid, with the four eye corners level and a third of the width apart."""
    points = [[round(0.3 + 0.4 * (i % 22) / 22, 4), round(0.3 + 0.4 * (i // 22) / 22, 4)] for i in range(478)]
    points[33], points[133], points[362], points[263] = [0.3, 0.4], [0.42, 0.4], [0.58, 0.4], [0.7, 0.4]
    return points


def findings(
    *,
    exercise: str = "smile",
    palsy: float = 0.9,
    weak_side: str | None = "left",
    grade: int = 3,
    brow: float = 0.9,
    eye: float = 0.85,
    mouth: float = 0.6,
) -> dict[str, object]:
    """Findings as the pipeline writes them."""

    def pair(ratio: float, strong: float) -> dict[str, float]:
        left, right = (strong * ratio, strong) if weak_side != "right" else (strong, strong * ratio)
        return {"left": left, "right": right, "ratio": ratio}

    others = [
        code
        for code in ("rest", "smile", "sneer", "puff_cheek", "show_teeth", "open_mouth")
        if code != exercise
    ]
    return {
        "state": "succeeded",
        "reason": None,
        "quality": {
            "face_width_px": 220.0,
            "sharpness": 120.0,
            "brightness": 0.5,
            "yaw_deg": 1.0,
            "pitch_deg": 2.0,
            "roll_deg": 0.5,
            "warnings": [],
        },
        "exercise": exercise,
        "exercise_probabilities": {exercise: 0.9, **dict.fromkeys(others, 0.02)},
        "palsy_probability": palsy,
        "weak_side": weak_side,
        "weak_side_probabilities": {"left": 0.8, "right": 0.2},
        "grade": grade,
        "grade_probabilities": {str(g): (0.6 if g == grade else 0.08) for g in range(1, 7)},
        "symmetry": {
            "unit": "mm",
            "mm_per_px": 0.4,
            "iris_px": 29.0,
            "brow": pair(brow, 25.0),
            "eye": pair(eye, 10.0),
            "mouth": pair(mouth, 32.0),
            "composite": round((brow + eye + mouth) / 3, 3),
        },
        "image_size": [64, 80],
        "milliseconds": {"decode": 5, "landmarks": 4, "quality": 1, "classify": 6, "measure": 1, "total": 17},
        "release": "test-release",
    }


class AnalysisFactory(DjangoModelFactory):
    """A finished analysis; `AnalysisFactory(queued=True)` and `(rejected="blurred")` make the others."""

    class Meta:
        model = Analysis

    class Params:
        queued = factory.Trait(
            status=Status.QUEUED,
            findings=None,
            landmarks=None,
            palsy_probability=None,
            grade=None,
            finished_at=None,
            exercise="",
            weak_side="",
            exercise_probability=None,
            brow_ratio=None,
            eye_ratio=None,
            mouth_ratio=None,
            attempt=0,
            started_at=None,
        )
        data = factory.LazyFunction(findings)

    photo = factory.SubFactory(PhotoFactory)
    release = "test-release"
    status = Status.SUCCEEDED
    attempt = 1
    started_at = factory.LazyFunction(timezone.now)
    finished_at = factory.LazyFunction(timezone.now)
    findings = factory.LazyAttribute(lambda o: o.data)
    landmarks = factory.LazyFunction(landmarks)
    exercise = factory.LazyAttribute(lambda o: o.data["exercise"])
    exercise_probability = 0.9
    palsy_probability = factory.LazyAttribute(lambda o: o.data["palsy_probability"])
    weak_side = factory.LazyAttribute(lambda o: o.data["weak_side"] or "")
    grade = factory.LazyAttribute(lambda o: o.data["grade"])
    brow_ratio = factory.LazyAttribute(lambda o: o.data["symmetry"]["brow"]["ratio"])
    eye_ratio = factory.LazyAttribute(lambda o: o.data["symmetry"]["eye"]["ratio"])
    mouth_ratio = factory.LazyAttribute(lambda o: o.data["symmetry"]["mouth"]["ratio"])


def rejected(photo: Photo, code: str = "blurred") -> Analysis:
    """An analysis that asks for the photo to be retaken."""
    return AnalysisFactory(
        photo=photo,
        queued=True,
        status=Status.REJECTED,
        attempt=1,
        error_code=code,
        finished_at=timezone.now(),
    )


def failed(photo: Photo, code: str = "internal") -> Analysis:
    return AnalysisFactory(
        photo=photo, queued=True, status=Status.FAILED, attempt=3, error_code=code, finished_at=timezone.now()
    )


class ConfirmationFactory(DjangoModelFactory):
    class Meta:
        model = Confirmation

    analysis = factory.SubFactory(AnalysisFactory)
    photo = factory.SelfAttribute("analysis.photo")
    by = factory.SubFactory(UserFactory)
    exercise = "smile"
    names_exercise = True
    palsy = True
    weak_side = "left"
    grade = 3
    agrees = True


class LandmarkCorrectionFactory(DjangoModelFactory):
    """A point of the left upper lid put a little lower, without the measures being taken anew."""

    class Meta:
        model = LandmarkCorrection

    analysis = factory.SubFactory(AnalysisFactory)
    number = 1
    by = factory.SubFactory(UserFactory)
    points = factory.LazyFunction(lambda: {"386": [0.6, 0.41]})
    symmetry = factory.LazyAttribute(lambda o: o.analysis.findings["symmetry"])


class RedFlagScreeningFactory(DjangoModelFactory):
    class Meta:
        model = RedFlagScreening

    episode = factory.SubFactory(EpisodeFactory)
    by = factory.SubFactory(UserFactory)
    cause = factory.SelfAttribute("episode.cause")
    questions_version = red_flags.VERSION
    answers = factory.LazyAttribute(
        lambda one: dict.fromkeys((asked.code for asked in red_flags.questions(cause=one.cause)), "no")
    )


class SecondReadingFactory(DjangoModelFactory):
    class Meta:
        model = SecondReading

    visit = factory.SubFactory(VisitFactory)
    asked_by = factory.SelfAttribute("visit.clinician")


class BlindReadingFactory(DjangoModelFactory):
    class Meta:
        model = BlindReading

    second = factory.SubFactory(SecondReadingFactory, closed_at=factory.LazyFunction(timezone.now))
    by = factory.SubFactory(UserFactory)
    grade = 3
    first_grade = 3


class VisitConfirmationFactory(DjangoModelFactory):
    """A clinician's word on a visit; the visit's own grade is set with it, as the service does."""

    class Meta:
        model = VisitConfirmation

    visit = factory.SubFactory(VisitFactory)
    by = factory.SelfAttribute("visit.clinician")
    palsy = True
    weak_side = "left"
    grade = 3

    @classmethod
    def _create(cls, model_class, *args, **kwargs):  # type: ignore[no-untyped-def]
        row = super()._create(model_class, *args, **kwargs)
        Visit.objects.filter(pk=row.visit_id).update(grade=row.grade)
        row.visit.grade = row.grade
        return row


def count_releases() -> None:
    """Count in the rows that a test made by hand; the services do so by themselves."""
    from clinic.validation import tallies

    tallies.recount(patient_ids=list(Patient.objects.values_list("pk", flat=True)))
