"""Courses of faces whose true state is known, photographed with the errors that a release has measured of itself.

Every figure is its true value plus a normal error whose smallest detectable change is the release's own: its standard
deviation is `sdc / (1.96 √2)`. Rows are made in bulk; what is decided of them is the product's own.
"""

from __future__ import annotations

import datetime as dt
import functools
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from clinic.accounts.models import Clinic, User
from clinic.patients.models import Episode, Patient
from clinic.recovery import noise
from clinic.visits.models import Photo, Visit
from inference.jobs.states import Status
from inference.models import Analysis

from . import scenes

RELEASE = "2026.11.5"
EXERCISES = {"brow": "brow_raise", "eye": "gentle_eye_closure", "mouth": "smile_with_teeth"}
MEASURES = {"brow": "brow_height", "eye": "palpebral_fissure", "mouth": "commissure_excursion"}
REACH, OPEN = 10.0, 10.0
"""mm that the healthy side moves, and that its eye is open at rest."""


@dataclass(frozen=True)
class State:
    """What a face truly does: of each region the weak side's share of the movement, and how alike the distances are."""

    share: Mapping[str, float]
    ratio: Mapping[str, float]


def even(level: float) -> State:
    """A face whose regions all move by that share."""
    return State(
        dict.fromkeys(EXERCISES, level),
        {"brow": 0.85 + 0.12 * level, "eye": level, "mouth": 0.5 + 0.45 * level},
    )


@functools.cache
def deviation(name: str, region: str) -> float:
    """Standard deviation of one photo's figure."""
    kind = "movement" if name == "share" else "distance"
    error = noise.error_of(region=region, exercises=(EXERCISES[region],), release=RELEASE, kind=kind)  # type: ignore[arg-type]
    assert error is not None, "the release in use tells the error of every figure that is judged"
    return error / (1.96 * math.sqrt(2))


def photographed(state: State, rng: random.Random) -> dict[str, dict[str, Any]]:
    """The `symmetry` of a visit's four photos of that face, the left side weak."""

    def drawn(name: str, region: str) -> float:
        return getattr(state, name)[region] + rng.gauss(0, deviation(name, region))

    def sides(left: float, right: float) -> dict[str, float]:
        return {"left": left, "right": right}

    def photo(measure: str, left: float, right: float, region: str, ratio: float) -> dict[str, Any]:
        even = {one: {"left": 20.0, "right": 20.0, "ratio": 1.0} for one in EXERCISES}
        return {
            "unit": "mm", "mm_per_px": 0.4, "eyes_px": 155.0, "eyes_mm": 62.0, "scale_from": "iris",
            "measures": {measure: sides(left, right)},
            **even, region: {"left": ratio * 20, "right": 20.0, "ratio": ratio},
        }  # fmt: skip

    rest = {
        "unit": "mm", "mm_per_px": 0.4, "eyes_px": 155.0, "eyes_mm": 62.0, "scale_from": "iris",
        "measures": {"brow_height": sides(22, 22), "palpebral_fissure": sides(OPEN, OPEN),
                     "commissure_excursion": sides(27, 27)},
        "brow": sides(22, 22), "eye": sides(OPEN, OPEN), "mouth": sides(27, 27),
    }  # fmt: skip
    found = {"rest": rest}
    for region, way in (("brow", 1), ("mouth", 1)):
        before = rest["measures"][MEASURES[region]]["left"]
        moved = REACH * drawn("share", region)
        found[EXERCISES[region]] = photo(
            MEASURES[region], before + way * moved, before + way * REACH, region,
            min(1.0, max(0.0, drawn("ratio", region))),
        )  # fmt: skip
    closes = min(1.0, max(0.0, drawn("ratio", "eye")))
    found[EXERCISES["eye"]] = photo(
        "palpebral_fissure", OPEN - OPEN * drawn("share", "eye"), 0.0, "eye", 1.0
    ) | {"eye": sides(OPEN * (1 - closes), 0.0)}
    return found


def courses(clinic: Clinic, clinician: User, states: Sequence[Sequence[State]], seed: int) -> list[Episode]:
    """An episode for each list of states, one visit a week, made in bulk."""
    rng = random.Random(seed)
    patients = [
        Patient(clinic=clinic, record_number=f"S-{seed}-{n}", name=f"Simulated {n}")
        for n in range(len(states))
    ]
    Patient.objects.bulk_create(patients)
    episodes = [
        Episode(patient=one, cause="bells_palsy", weak_side="left", onset_date=scenes.ONSET)
        for one in patients
    ]
    Episode.objects.bulk_create(episodes)
    visits, photos, analyses = [], [], []
    for episode, course in zip(episodes, states, strict=True):
        for week, state in enumerate(course):
            visit = Visit(
                episode=episode, patient=episode.patient, clinician=clinician, at=scenes.on(1 + 7 * week)
            )
            visits.append(visit)
            for exercise, symmetry in photographed(state, rng).items():
                photo = _photo(visit, exercise, clinician, len(photos))
                photos.append(photo)
                analyses.append(_analysis(photo, symmetry))
    for model, rows in ((Visit, visits), (Photo, photos), (Analysis, analyses)):
        model.objects.bulk_create(rows, batch_size=2000)  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        # PostgreSQL may have looked at these tables while they were empty, and would read them whole for each patient.
        cursor.execute("ANALYZE")
    return episodes


def _photo(visit: Visit, exercise: str, clinician: User, number: int) -> Photo:
    return Photo(
        visit=visit, exercise=exercise, taken_at=visit.at, image=f"simulated/{number}.jpg", thumbnail="simulated/t.jpg",
        width=64, height=80, size=1000, sha256=f"{number:064x}", original_sha256=f"{number:064x}",
        uploaded_by=clinician,
    )  # fmt: skip


def _analysis(photo: Photo, symmetry: dict[str, Any]) -> Analysis:
    found = {"symmetry": symmetry, "quality": {"pitch_deg": 0.0, "warnings": []}, "palsy_verdict": "weak"}
    ratios = {f"{region}_ratio": symmetry[region].get("ratio") for region in EXERCISES}
    return Analysis(
        photo=photo, release=RELEASE, status=Status.SUCCEEDED, attempt=1, started_at=photo.taken_at,
        finished_at=photo.taken_at + dt.timedelta(seconds=1), findings=found, exercise=photo.exercise,
        exercise_probability=0.9, palsy_probability=0.9, weak_side="left", grade=3, **ratios,
    )  # fmt: skip
