"""How far each eye stays open when the patient closes them, and when that is more than the measure's error.

Incomplete closure endangers the cornea, and eye protection is strongly recommended where closure is impaired (AAO-HNS
guideline on Bell's palsy: Baugh et al., Otolaryngol Head Neck Surg 2013;149(3 Suppl):S1-27). Any gap on tight closure
counts. A gap is the height of the palpebral fissure midway between the corners of the eye, mm; a photo of closed eyes
takes its scale from a photo at rest, since shut lids hide the irises. Plain values in, plain values out: no database.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from inference.pipeline.codes import SIDES, Exercise
from inference.pipeline.measure.places import LIDS
from inference.pipeline.measure.scale import with_rest_scale

MEASURE: Final = "palpebral_fissure"
HEALTHY_MM: Final[dict[str, float]] = {
    Exercise.TIGHT_EYE_CLOSURE.value: 0.5,
    Exercise.GENTLE_EYE_CLOSURE.value: 1.9,
}
"""The most that the face mesh reads where a healthy person's eye is shut, mm: it draws closed lids a little apart, more
so where they only touch. Rounded up from 0.43 and 1.89 mm, the largest of 12 closures each of both eyes of the demo's
healthy person, by release 2026.11.5."""
REPEATABILITY_MM: Final = 1.93
"""Smallest detectable change of a gap, mm, for a release that doesn't state its own: that of 2026.11.5."""
BY_HAND_MM: Final = 0.5
"""A gap between lids whose points a clinician placed counts from here on: what a hand places, the mesh didn't draw
apart, and any gap on tight closure counts. Millimetres are no finer than this, however a point was found."""
DONE_SHARE: Final = 0.2
"""Where neither eye closes by this share of its opening at rest, nobody closed their eyes: see
`inference.pipeline.measure.closure.LEAST_CLOSURE`. It counts all the same where both sides are on record as weak."""


@dataclass(frozen=True, slots=True)
class ClosedEyesPhoto:
    """A photo with a result, as far as the closure of the eyes is read from it.

    exercise: as a clinician confirmed it, else as it was asked for. found: what the model sees; empty where it is not
    sure. verdict: the model's; symmetry: its lengths, or those that a clinician's points give. confirmed: a clinician
    has had a word on the photo. by_hand: the eyes whose lids' points a clinician placed.
    """

    photo_id: uuid.UUID
    visit_id: uuid.UUID
    at: dt.datetime
    taken_at: dt.datetime
    stored_at: dt.datetime
    exercise: str
    analysis_id: uuid.UUID
    release: str
    found: str = ""
    verdict: str = ""
    confirmed: bool = False
    symmetry: Mapping[str, Any] = field(default_factory=dict)
    by_hand: tuple[str, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether it is a photo of the closure that was asked for, and neither uncertain nor another exercise.

        A face that hardly moves looks at rest: that is no other exercise, but the weakness that was asked about.
        """
        if self.confirmed:
            return True
        as_asked = self.found in ("", self.exercise, Exercise.REST.value) or self.found in HEALTHY_MM
        return as_asked and self.verdict != "uncertain"


_LENGTHS: Final = ("unit", "scale_from", "mm_per_px", "eyes_px", "eyes_mm", "eye")
"""What is read of a photo's lengths beside the measure itself."""
_READ: Final = 5
"""Values that are kept of every photo's result; a sixth names the eyes whose points a clinician placed."""


def to_plain(one: ClosedEyesPhoto) -> list[Any]:
    """As values that JSON can hold, without the visit's own: what is kept beside a visit."""
    lengths = {name: one.symmetry[name] for name in _LENGTHS if name in one.symmetry}
    known = (one.symmetry.get("measures") or {}).get(MEASURE)
    return [
        str(one.photo_id), one.taken_at.isoformat(), one.stored_at.isoformat(), one.exercise, str(one.analysis_id),
        one.release, one.found, one.verdict, one.confirmed, lengths | ({"measures": {MEASURE: known}} if known else {}),
        *([list(one.by_hand)] if one.by_hand else []),
    ]  # fmt: skip


def from_plain(kept: Sequence[Any], *, visit_id: uuid.UUID, at: dt.datetime) -> ClosedEyesPhoto:
    """What `to_plain` made of it. at: when the visit was."""
    photo, taken_at, stored_at, exercise, analysis, *rest = kept
    taken, stored = dt.datetime.fromisoformat(taken_at), dt.datetime.fromisoformat(stored_at)
    *read, by_hand = rest if len(rest) > _READ else [*rest, ()]
    return ClosedEyesPhoto(
        uuid.UUID(photo),
        *(visit_id, at, taken, stored, exercise, uuid.UUID(analysis), *read),
        by_hand=tuple(by_hand),
    )


def sides_by_hand(moved: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The eyes whose lids a correction's points belong to."""
    return tuple(side for side in SIDES if any(int(index) in LIDS[side] for index in moved or ()))


@dataclass(frozen=True, slots=True)
class LidGaps:
    """Both eyes of one photo of closed eyes: the gap that each leaves, mm, and the gap that is more than error. limit:
    of an eye whose points are the model's."""

    seen: ClosedEyesPhoto
    left: float
    right: float
    limit: float
    done: bool

    def limit_of(self, side: str) -> float:
        """The gap of that eye that is more than error, mm."""
        return min(self.limit, BY_HAND_MM) if side in self.seen.by_hand else self.limit

    def gap(self, side: str) -> float:
        """The gap of that eye, mm."""
        return self.left if side == "left" else self.right

    @property
    def open_sides(self) -> tuple[str, ...]:
        """The eyes that stay open by more than the error."""
        return tuple(side for side in SIDES if self.done and self.gap(side) > self.limit_of(side))


def error_of(repeatability: Mapping[str, Any]) -> float:
    """By how much one reading of a gap may be wrong (95 %), mm: its smallest detectable change, which holds the error
    of two readings, over the square root of two (Weir, J Strength Cond Res 2005;19(1):231-240)."""
    known = repeatability.get(MEASURE)
    usable = isinstance(known, int | float) and not isinstance(known, bool) and known > 0
    change: Any = known if usable else REPEATABILITY_MM
    return float(change) / math.sqrt(2)


def closures(
    seen: Iterable[ClosedEyesPhoto], *, errors: Mapping[str, float], both_weak: bool = False
) -> list[LidGaps]:
    """The closures of an episode's visits, oldest visit first: of each visit and exercise the last photo taken.

    errors: `error_of` each release. both_weak: both sides are on record as weak.
    """
    photos = sorted(seen, key=lambda one: (one.at, one.stored_at))
    last = {(one.visit_id, one.exercise): one for one in photos if one.exercise in HEALTHY_MM}
    rests = [one for one in photos if one.exercise == Exercise.REST]
    found = []
    for one in last.values():
        if not one.counts:
            continue
        rest = _rest_for(one, rests)
        gaps = _gaps(with_rest_scale(one.symmetry, rest.symmetry if rest else None))
        if gaps is None:
            continue
        limit = _healthy(one) + errors.get(one.release, error_of({}))
        done = both_weak or _done(gaps, _gaps(rest.symmetry) if rest else None, limit)
        found.append(LidGaps(one, *gaps, round(limit, 2), done))
    return found


def figures_of(found: Sequence[LidGaps]) -> dict[str, Any]:
    """What a task rests on, as plain data: empty where every eye closes.

    {"openings": one for each eye, exercise and visit that stays open, oldest first; "last": the newest visit's
    closures of the eyes that ever stayed open}; each {"visit", "at": the visit's time, "photo", "analysis", "release",
    "exercise", "side", "mm", "limit_mm"}.
    """
    openings = [_row(one, side) for one in found for side in one.open_sides]
    if not openings:
        return {}
    newest = found[-1].seen.visit_id
    sides = {row["side"] for row in openings}
    last = [
        _row(one, side) for one in found if one.seen.visit_id == newest for side in SIDES if side in sides
    ]
    return {"openings": openings, "last": last}


def of_newest_visit(figures: dict[str, Any] | None) -> dict[str, Any] | None:
    """Of the same, what a line of the task's history keeps: the gaps of the newest visit, and the hash of all. A task
    rests on more with each visit, and each of its results is on record itself."""
    if not figures or not figures["last"]:
        return figures
    newest = figures["last"][0]["visit"]
    whole = json.dumps(figures, sort_keys=True).encode()
    return {
        "openings": [row for row in figures["openings"] if row["visit"] == newest],
        "last": figures["last"],
        "sha256": hashlib.sha256(whole).hexdigest(),
    }


def _row(one: LidGaps, side: str) -> dict[str, Any]:
    return {
        "visit": str(one.seen.visit_id),
        "at": one.seen.at.astimezone(dt.UTC).isoformat(),
        "photo": str(one.seen.photo_id),
        "analysis": str(one.seen.analysis_id),
        "release": one.seen.release,
        "exercise": one.seen.exercise,
        "side": side,
        "mm": one.gap(side),
        "limit_mm": one.limit_of(side),
    }


def _healthy(one: ClosedEyesPhoto) -> float:
    """What a healthy eye would read in that photo; where asked and seen closure differ, the more lenient of both."""
    kinds = {one.exercise} if one.confirmed else {one.exercise, one.found}
    return max(HEALTHY_MM[kind] for kind in kinds if kind in HEALTHY_MM)


def _rest_for(one: ClosedEyesPhoto, rests: Sequence[ClosedEyesPhoto]) -> ClosedEyesPhoto | None:
    """The photo at rest that gives the scale: of the same visit, else the newest, which shows the same eyes."""
    same = [rest for rest in rests if rest.release == one.release]
    return next(
        (rest for rest in reversed(same) if rest.visit_id == one.visit_id), same[-1] if same else None
    )


def _gaps(symmetry: Mapping[str, Any]) -> tuple[float, float] | None:
    """Left and right, mm, None where they were not measured."""
    if symmetry.get("unit") != "mm":
        return None
    pair = (symmetry.get("measures") or {}).get(MEASURE) or symmetry.get("eye") or {}
    left, right = pair.get("left"), pair.get("right")
    return None if left is None or right is None else (float(left), float(right))


def _done(gaps: tuple[float, float], rest: tuple[float, float] | None, limit: float) -> bool:
    """Whether at least one eye was closed, or closed in part: else the exercise was not done."""
    if min(gaps) <= limit:
        return True
    return rest is not None and any(
        before > 0 and 1 - now / before >= DONE_SHARE for now, before in zip(gaps, rest, strict=True)
    )
