"""The validation ledger: what clinicians of one clinic confirmed, against what a release had found.

The newest word on each photo and on each visit counts, a photo's whichever release it was said on. The bar below says
from when on the release's scores count as validated in that clinic.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.core.cache import cache
from django.db.models import Exists, OuterRef

from . import registry
from .agreement import BANDS, Agreement, Pair, Share, agreement, in_band
from .finding import (
    ANALYSIS_COLUMNS,
    CONFIRMATION_COLUMNS,
    SHADOW_COLUMNS,
    VISIT_COLUMNS,
    Finding,
    from_clinician,
    from_columns,
    from_visit_columns,
)
from .models import Analysis, BackgroundAnalysis, Purpose
from .states import Status

# The bar of Mirror for Bell's palsy (ialimustufa/mirror-for-bells-palsy, commit 119a86e, validation-status.json): for
# each scale at least 30 clinician labels of at least 10 cases, three House-Brackmann bands with at least 3 cases each,
# and an observed agreement of at least 80 % whose Wilson lower bound is at least 80 % too; for House-Brackmann a grade
# within one counts as agreement. It also asks for blinded labels and a second reader: words given on this clinic's
# pages are neither, which the page says.
MIN_LABELS: Final = 30
MIN_PATIENTS: Final = 10
MIN_PATIENTS_PER_BAND: Final = 3
MIN_AGREEMENT: Final = 0.80
MIN_LOWER_BOUND: Final = 0.80

SCORES: Final = ("exercise", "palsy", "side", "grade_within_one")
CACHED_SECONDS: Final = 600
"""For which a page believes what was found of a clinic last; the ledger's own page counts anew."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One score beside the bar; `lacks` are codes of what it falls short of, none if it passes."""

    score: str
    share: Share
    lacks: tuple[str, ...]

    @property
    def passes(self) -> bool:
        return not self.lacks


@dataclass(frozen=True, slots=True)
class Ledger:
    """A release in a clinic. unknown_exercise: photos of exercises that the release was never taught."""

    release: str
    overall: Agreement
    bands: tuple[tuple[tuple[int, int], Agreement], ...]
    standings: tuple[Standing, ...]
    unknown_exercise: int

    @property
    def validated(self) -> bool:
        """Whether every score passes the bar."""
        return all(standing.passes for standing in self.standings)

    @property
    def is_empty(self) -> bool:
        return not self.overall.photos


def ledger(*, clinic_id: uuid.UUID, release: str) -> Ledger:
    """The release's ledger in that clinic, counted now."""
    found = _ledger(clinic_id, release, interval=True)
    cache.set(_key("release", clinic_id, release), found.validated, CACHED_SECONDS)
    return found


def agreement_so_far(*, clinic_id: uuid.UUID) -> Agreement:
    """The ledger's agreement of the clinic's clinicians with the release in use, without kappa's interval."""
    return _ledger(clinic_id, registry.active().name, interval=False).overall


def is_validated(*, clinic_id: uuid.UUID, release: str) -> bool:
    """Whether the release's scores passed the bar in that clinic, as of some minutes ago."""
    key = _key("release", clinic_id, release)
    known = cache.get(key)
    if known is None:
        known = _ledger(clinic_id, release, interval=False).validated
        cache.set(key, known, CACHED_SECONDS)
    return bool(known)


def unvalidated_release(*, clinic_id: uuid.UUID) -> str:
    """A release whose results the clinic's pages show and that has not passed the bar there; empty if all have.

    The one in use comes first: its ledger is where the clinic's next words count.
    """
    key = _key("clinic", clinic_id, "")
    known = cache.get(key)
    if known is None:
        current = registry.active().name
        shown = sorted(_releases_shown(clinic_id), key=lambda name: name != current) or [current]
        known = next((name for name in shown if not is_validated(clinic_id=clinic_id, release=name)), "")
        cache.set(key, known, CACHED_SECONDS)
    return str(known)


def shadow_agreement(*, clinic_id: uuid.UUID, release: str, shadow: str) -> Agreement:
    """The release in use (as the reference) and its shadow, on the clinic's photos that both have judged."""
    used = {
        photo: (patient, said)
        for photo, patient, said in _results(
            Analysis.objects.filter(release=release, status=Status.SUCCEEDED, **_on_record(clinic_id))
        )
    }
    pairs = [
        Pair(used[photo][0], used[photo][1], said)
        for photo, _, said in _shadow_results(clinic_id, shadow)
        if photo in used
    ]
    return agreement(pairs)


def shadow_ledger(*, clinic_id: uuid.UUID, shadow: str) -> Agreement:
    """What the clinic's clinicians confirmed, against what the shadow found."""
    return agreement(_pairs(_words(clinic_id), _shadow_results(clinic_id, shadow)))


def shadow_counts(*, clinic_id: uuid.UUID, shadow: str) -> dict[str, int]:
    """How many of the clinic's photos the shadow judged, could not judge, and has before it."""
    states = list(
        BackgroundAnalysis.objects.filter(
            release=shadow, purpose=Purpose.SHADOW, **_on_record(clinic_id)
        ).values_list("status", flat=True)
    )
    return {
        "judged": states.count(Status.SUCCEEDED),
        "rejected": states.count(Status.REJECTED),
        "failed": states.count(Status.FAILED),
        "waiting": states.count(Status.QUEUED) + states.count(Status.RUNNING),
    }


Row = tuple[uuid.UUID, uuid.UUID, Finding]
"""A photo, its patient, and what was found in it."""


def _ledger(clinic_id: uuid.UUID, release: str, *, interval: bool) -> Ledger:
    results = _results(
        Analysis.objects.filter(release=release, status=Status.SUCCEEDED, **_on_record(clinic_id))
    )
    photos = _pairs(_words(clinic_id), results)
    pairs = [*photos, *_visits(clinic_id, release)]
    taught = _taught(release)
    named = [pair for pair in photos if pair.reference.exercise]
    known = [pair for pair in named if not taught or pair.reference.exercise in taught]
    overall = agreement(pairs, interval=interval)
    bands = tuple((band, agreement(in_band(pairs, band), interval=interval)) for band in BANDS)
    exercise = agreement(known, interval=False).exercise
    shares = {
        "exercise": exercise,
        "palsy": overall.palsy,
        "side": overall.side,
        "grade_within_one": overall.grade_within_one,
    }
    standings = tuple(
        Standing(score, shares[score], _lacks(shares[score], overall, bands)) for score in SCORES
    )
    return Ledger(release, overall, bands, standings, len(named) - len(known))


def _lacks(share: Share, overall: Agreement, bands: Iterable[tuple[Any, Agreement]]) -> tuple[str, ...]:
    lacks = []
    if share.count < MIN_LABELS:
        lacks.append("labels")
    if overall.patients < MIN_PATIENTS:
        lacks.append("patients")
    if any(part.patients < MIN_PATIENTS_PER_BAND for _, part in bands):
        lacks.append("bands")
    if share.count and (share.value or 0) < MIN_AGREEMENT:
        lacks.append("agreement")
    elif share.count and (share.low or 0) < MIN_LOWER_BOUND:
        lacks.append("bound")
    return tuple(lacks)


def _taught(release: str) -> set[str]:
    """The exercises that the release tells apart; either smile, where it was taught them as one."""
    from inference.pipeline.codes import SMILES

    info = registry.by_name(release)
    taught = set(info.exercises) if info else set()
    return taught | set(SMILES) if taught & set(SMILES) else taught


def _pairs(words: dict[uuid.UUID, tuple[uuid.UUID, Finding]], results: Iterable[Row]) -> list[Pair]:
    return [Pair(words[photo][0], words[photo][1], said) for photo, _, said in results if photo in words]


def _words(clinic_id: uuid.UUID) -> dict[uuid.UUID, tuple[uuid.UUID, Finding]]:
    """The newest word on each of the clinic's photos."""
    from clinic.visits.models import Confirmation

    rows = (
        Confirmation.objects.filter(**_on_record(clinic_id))
        .order_by("created_at")
        .values_list("photo_id", "photo__visit__patient_id", "names_exercise", *CONFIRMATION_COLUMNS)
    )
    return {
        photo: (patient, from_clinician(exercise if named else "", *said))
        for photo, patient, named, exercise, *said in rows
    }


def _visits(clinic_id: uuid.UUID, release: str) -> list[Pair]:
    """The newest word on each of the clinic's visits, where it was given beside what that release had found."""
    from clinic.visits.models import VisitConfirmation

    rows = (
        VisitConfirmation.objects.filter(**_on_record(clinic_id, "visit"))
        .order_by("created_at")
        .values_list("visit_id", "visit__patient_id", "release", *VISIT_COLUMNS)
    )
    newest = {visit: row for visit, *row in rows}
    return [
        Pair(patient, *from_visit_columns(*columns), whole_visit=True)
        for patient, beside, *columns in newest.values()
        if beside == release and columns[0] is not None and columns[3]
    ]


def _results(analyses: Any) -> list[Row]:
    rows = analyses.order_by("pk").values_list("photo_id", "photo__visit__patient_id", *ANALYSIS_COLUMNS)
    return [(photo, patient, from_columns(*found)) for photo, patient, *found in rows]


def _shadow_results(clinic_id: uuid.UUID, shadow: str) -> list[Row]:
    jobs = BackgroundAnalysis.objects.filter(
        release=shadow, purpose=Purpose.SHADOW, status=Status.SUCCEEDED, **_on_record(clinic_id)
    )
    rows = jobs.order_by("pk").values_list("photo_id", "photo__visit__patient_id", *SHADOW_COLUMNS)
    return [(photo, patient, from_columns(*found)) for photo, patient, *found in rows]


def _on_record(clinic_id: uuid.UUID, visit: str = "photo__visit") -> dict[str, Any]:
    """What is in the clinic's lists. visit: the query's way to the visit."""
    on_record = {
        f"{visit}__patient__clinic_id": clinic_id,
        f"{visit}__archived_at__isnull": True,
        f"{visit}__patient__archived_at__isnull": True,
        f"{visit}__patient__restricted_at__isnull": True,
    }
    return on_record if visit == "visit" else {**on_record, "photo__archived_at__isnull": True}


def _releases_shown(clinic_id: uuid.UUID) -> Sequence[str]:
    """The releases that made the newest result of at least one of the clinic's photos."""
    newer = Analysis.objects.filter(
        photo=OuterRef("photo"), status=Status.SUCCEEDED, created_at__gt=OuterRef("created_at")
    )
    shown = Analysis.objects.filter(~Exists(newer), status=Status.SUCCEEDED, **_on_record(clinic_id))
    return list(shown.order_by().values_list("release", flat=True).distinct())


def _key(kind: str, clinic_id: uuid.UUID, release: str) -> str:
    # Memcached-safe: a release's name may be anything.
    return f"ledger:{kind}:{clinic_id}:{uuid.uuid5(uuid.NAMESPACE_OID, release)}"
