"""What the model found in a whole visit, kept beside what it was made from.

All views together cost a few milliseconds a visit, and a course has hundreds. What was found is kept with a stamp of
everything that it follows from; it counts as long as the stamp is that of the records, and nobody has to tell it when
they change.
"""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inference.finding import Finding, Verdict
from inference.models import Analysis
from inference.releases import registry

from .models import Confirmation, Dismissal, Photo, Suggestion, Visit, VisitConfirmation

if TYPE_CHECKING:
    from .together import Together

FORM = 1
"""Raised where what is kept, or what it follows from, means something else than before."""
_PLAIN = ("exercise", "weak_side", "grade", "grade_low", "grade_high", "stated")


@dataclass(frozen=True, slots=True)
class ModelFinding:
    """What a release found in a visit; `together` where the photos were looked at for it."""

    found: Finding | None
    release: str = ""
    photos: int = 0
    missing: tuple[str, ...] = ()
    results: int = 0
    together: Together | None = None


def stamps_of(*, visit_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Of each visit: a hash of its photos and how they are filed, their analyses, and the words on them and on it."""
    ids = list(visit_ids)
    parts: dict[uuid.UUID, list[str]] = defaultdict(list)
    visit_of: dict[uuid.UUID, uuid.UUID] = {}
    for pk, side in Visit.objects.filter(pk__in=ids).values_list("pk", "episode__weak_side"):
        parts[pk].append(f"{FORM} {side}")
    photos = Photo.objects.filter(visit_id__in=ids).order_by("pk")
    for pk, visit, *filed, archived in photos.values_list(
        "pk", "visit_id", "exercise", "side", "archived_at"
    ):
        visit_of[pk] = visit
        parts[visit].append(f"{pk.hex} {filed} {archived is None}")
    analyses = Analysis.objects.filter(photo__visit_id__in=ids).order_by("pk")
    told = analyses.values_list("pk", "photo_id", "status", "attempt", "release")
    for pk, photo, status, attempt, release in told:
        # What failed, was tried again and failed has been something else in between.
        parts[visit_of[photo]].append(f"{pk.hex} {status} {attempt} {registry.paper_of(release)}")
    words = Confirmation.objects.filter(photo__visit_id__in=ids).order_by("pk")
    for pk, photo in words.values_list("pk", "photo_id"):
        parts[visit_of[photo]].append(pk.hex)
    kept = Dismissal.objects.filter(visit_id__in=ids, suggestion=Suggestion.EXERCISE).order_by("pk")
    for pk, visit in kept.values_list("pk", "visit_id"):
        parts[visit].append(pk.hex)
    said = VisitConfirmation.objects.filter(visit_id__in=ids).order_by("pk")
    for pk, visit in said.values_list("pk", "visit_id"):
        parts[visit].append(pk.hex)
    return {pk: hashlib.sha256("\n".join(lines).encode()).hexdigest() for pk, lines in parts.items()}


def still_true(
    *, visit_ids: Collection[uuid.UUID], stamps: Mapping[uuid.UUID, str] | None = None
) -> dict[uuid.UUID, ModelFinding]:
    """What was kept of those visits of which it was made from what stands there now. stamps: theirs, where they are at
    hand."""
    rows = Visit.objects.filter(pk__in=list(visit_ids), summary__stamp__gt="")
    kept = {
        pk: (stamp, found) for pk, stamp, found in rows.values_list("pk", "summary__stamp", "summary__found")
    }
    now = stamps if stamps is not None else stamps_of(visit_ids=kept) if kept else {}
    return {pk: from_plain(found) for pk, (stamp, found) in kept.items() if stamp == now.get(pk)}


def to_plain(known: ModelFinding) -> dict[str, Any]:
    """As values that JSON can hold."""
    found = known.found
    return {
        "found": None
        if found is None
        else {
            **{name: getattr(found, name) for name in _PLAIN},
            "verdict": found.verdict.value,
            "zones": dict(found.zones),
            "cautions": list(found.cautions),
        },
        "release": known.release,
        "photos": known.photos,
        "missing": list(known.missing),
        "results": known.results,
    }


def from_plain(kept: dict[str, Any]) -> ModelFinding:
    """What `to_plain` made of it."""
    stored = kept["found"]
    found = None
    if stored is not None:
        found = Finding(
            **{name: stored[name] for name in _PLAIN},
            verdict=Verdict(stored["verdict"]),
            zones=stored["zones"],
            cautions=tuple(stored["cautions"]),
        )
    return ModelFinding(found, kept["release"], kept["photos"], tuple(kept["missing"]), kept["results"])
