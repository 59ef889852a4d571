"""The validation ledger: what clinicians of one clinic confirmed, against what a release had found.

The newest word on each photo and on each visit counts, a photo's whichever release it was said on. The bar below says
from when on the release's scores count as validated in that clinic. `clinic.validation.tallies` counts, this reads.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count

from inference.jobs.states import OPEN
from inference.models import BackgroundAnalysis, Purpose
from inference.pipeline.codes import SMILES
from inference.releases import registry

from .agreement import BANDS, SCOPES, Agreement, Share, agreement_of, exercises_of
from .tallies import TallyKind, sums

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
    """The release's ledger in that clinic, as it stands now."""
    return _ledger(sums(clinic_id=clinic_id), release)


def agreement_so_far(*, clinic_id: uuid.UUID) -> Agreement:
    """The ledger's agreement of the clinic's clinicians with the release in use."""
    return agreement_of(sums(clinic_id=clinic_id).get(TallyKind("", registry.active().name), {}))


def is_validated(*, counted: Mapping[TallyKind, Counter[str]], release: str) -> bool:
    """Whether the release's scores have passed the bar in a clinic with these sums."""
    return _ledger(counted, release).validated


def unvalidated_release(*, counted: Mapping[TallyKind, Counter[str]]) -> str:
    """A release whose results the pages of a clinic with these sums show and that has not passed the bar there; empty
    if all have.

    The one in use comes first: its ledger is where the clinic's next words count.
    """
    current = registry.active().name
    shown = [kind.release for kind, counts in counted.items() if counts["newest"] > 0] or [current]
    shown.sort(key=lambda name: (name != current, name))
    return next((name for name in shown if not _ledger(counted, name).validated), "")


def uses(*, clinic_id: uuid.UUID) -> dict[str, int]:
    """How many of a clinic's photos each release has judged, or found unfit to be judged."""
    counted = sums(clinic_id=clinic_id)
    found = {kind.release: counts["judged"] for kind, counts in counted.items() if counts["judged"] > 0}
    return dict(sorted(found.items(), reverse=True))


def shadow_agreement(*, clinic_id: uuid.UUID, release: str, shadow: str) -> Agreement:
    """The release in use (as the reference) and its shadow, on the clinic's photos that both have judged."""
    return agreement_of(sums(clinic_id=clinic_id).get(TallyKind(release, shadow, True), {}))


def shadow_ledger(*, clinic_id: uuid.UUID, shadow: str) -> Agreement:
    """What the clinic's clinicians confirmed, against what the shadow found."""
    return agreement_of(sums(clinic_id=clinic_id).get(TallyKind("", shadow, True), {}))


def shadow_counts(*, clinic_id: uuid.UUID, shadow: str) -> dict[str, int]:
    """How many of the clinic's photos the shadow judged, could not judge, and has before it."""
    kept = sums(clinic_id=clinic_id).get(TallyKind("", shadow, True), Counter())
    waiting = BackgroundAnalysis.objects.filter(
        release=shadow, purpose=Purpose.SHADOW, status__in=OPEN, **_on_record(clinic_id)
    )
    ended = {word: kept[f"unseen {word}"] for word in ("succeeded", "rejected", "failed")}
    return {
        "judged": ended["succeeded"],
        "rejected": ended["rejected"],
        "failed": ended["failed"],
        "waiting": waiting.aggregate(n=Count("pk"))["n"],
    }


def _ledger(counted: Mapping[TallyKind, Counter[str]], release: str) -> Ledger:
    counts = counted.get(TallyKind("", release), Counter())
    overall, *parts = (agreement_of(counts, scope) for scope in SCOPES)
    bands = tuple(zip(BANDS, parts, strict=True))
    taught, named = _taught(release), exercises_of(counts)
    known = [share for exercise, share in named.items() if not taught or exercise in taught]
    shares = {
        "exercise": Share(sum(one.hits for one in known), sum(one.count for one in known)),
        "palsy": overall.palsy,
        "side": overall.side,
        "grade_within_one": overall.grade_within_one,
    }
    standings = tuple(
        Standing(score, shares[score], _lacks(shares[score], overall, bands)) for score in SCORES
    )
    unknown = sum(one.count for one in named.values()) - shares["exercise"].count
    return Ledger(release, overall, bands, standings, unknown)


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
    info = registry.by_name(release)
    taught = set(info.exercises) if info else set()
    return taught | set(SMILES) if taught & set(SMILES) else taught


def _on_record(clinic_id: uuid.UUID) -> dict[str, Any]:
    """Photos that are in the clinic's lists."""
    return {
        "photo__visit__patient__clinic_id": clinic_id,
        "photo__archived_at__isnull": True,
        "photo__visit__archived_at__isnull": True,
        "photo__visit__patient__archived_at__isnull": True,
        "photo__visit__patient__restricted_at__isnull": True,
    }
