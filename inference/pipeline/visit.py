"""What all photos of one visit say together. Standard library only, since the web process imports it.

Each photo's probabilities are turned into likelihood ratios (the prior that the network learnt is taken out), weighted
by how much its view tells, tempered because the photos of one face share their errors, summed, and given the prior
back. For n views of weights w the evidence counts

    sum(w * log ratio) / (1 + (n - 1) * correlation)

so that one view counts by its own weight and many views never as much as if they were independent (the effective
number of correlated observations; Kish, Survey Sampling, 1965). Several photos of one view are averaged first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import exp, log, sqrt
from typing import Any, Final, Literal

from inference.pipeline.codes import GRADES, VIEWS, ZONES, same_exercise

DEFAULTS: Final[dict[str, Any]] = {
    # Shares of grades I to VI on which a network without a stated prior was trained, about.
    "prior": [0.42, 0.12, 0.13, 0.13, 0.11, 0.09],
    "correlation": {"grade": 0.35, "side": 0.35},
    # Rest shows grades V and VI alone, a one-sided sneer looks like a palsy of the other side, and a puffed cheek or
    # an open mouth ask little of the muscles that the grades are about.
    "weights": {
        "rest": {"grade": 0.4, "side": 0.5},
        "sneer": {"grade": 0.4, "side": 0.4},
        "puff_cheek": {"grade": 0.6, "side": 0.7},
        "open_mouth": {"grade": 0.5, "side": 0.6},
        "pucker": {"grade": 0.7, "side": 0.7},
    },
    "weight": {"grade": 0.8, "side": 0.8},
    "palsy_low": 0.3,
    "palsy_high": 0.7,
    "side": 0.8,
    # Standard deviation of one photo's movement of a zone, by the views that show the zone.
    "zones": {
        "brow": {"brow_raise": 0.25},
        "eye": {"gentle_eye_closure": 0.25, "tight_eye_closure": 0.25},
        "midface": {"nose_wrinkle": 0.25, "smile_with_teeth": 0.3, "closed_smile": 0.3, "smile": 0.3},
        "mouth": {
            "smile_with_teeth": 0.25,
            "closed_smile": 0.25,
            "smile": 0.25,
            "show_teeth": 0.25,
            "pucker": 0.3,
        },
    },
    "zone_correlation": 0.5,
}
"""Used for whatever a release's `visit` leaves out: cautious values, not fitted ones."""
SMALLEST: Final = 5e-4
"""Probabilities are kept off 0 and 1: a stored value is rounded, and nothing is impossible."""
STRONGEST: Final = 4.0
"""Largest log ratio of one photo, about 55 to 1, so that no single photo outvotes all others."""
TAIL: Final = 0.025
NORMAL_QUANTILE: Final = 1.96


@dataclass(frozen=True, slots=True)
class VisitFindings:
    """The findings of a visit; all sides are the patient's own. Preliminary like those of a photo.

    palsy_probability: of any facial weakness, 1 - P(House-Brackmann grade I); None where no photo could be used.
    palsy_verdict: "weak", "normal", or "uncertain" where the probability lies between the two thresholds.
    side, side_probability: the weak side, None where the verdict is "normal" or the side is not sure enough; the
        probability of the likelier side, given a weakness of one side, is told all the same.
    weak_side_probabilities: "left" and "right", given a weakness of one side.
    grade, grade_low, grade_high: suggested grade 1 to 6 with the ends of its 95 % interval.
    grade_probabilities: "1" to "6".
    zones: for each zone that a view of this visit shows, the movement left, 0 (none) to 1 (full), with the ends of
        its 95 % interval: {"left", "left_low", "left_high", "right", "right_low", "right_high", "views"}.
    views_used, views_missing: in the order of `codes.VIEWS`; a smile of either kind, where the two were not told
        apart, stands for both.
    """

    side: Literal["left", "right"] | None = None
    side_probability: float | None = None
    weak_side_probabilities: dict[str, float] = field(default_factory=dict)
    palsy_probability: float | None = None
    palsy_verdict: Literal["weak", "normal", "uncertain"] | None = None
    grade: int | None = None
    grade_low: int | None = None
    grade_high: int | None = None
    grade_probabilities: dict[str, float] = field(default_factory=dict)
    zones: dict[str, dict[str, Any]] = field(default_factory=dict)
    views_used: list[str] = field(default_factory=list)
    views_missing: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The findings as plain values that JSON can hold."""
        return asdict(self)


def combine(photos: Sequence[Mapping[str, Any]], parameters: Mapping[str, Any]) -> VisitFindings:
    """What the photos of one visit say together.

    photos: each {"exercise": the asked or confirmed view, "palsy_probability", "grade_probabilities" {"1".."6"},
        "weak_side_probabilities" {"left", "right"}, "zones" {zone: {"left", "right"}}}, as `Findings` names them; one
        without grade probabilities (a rejected photo) is passed over.
    parameters: a release's `visit`; what it lacks comes from `DEFAULTS`.
    """
    known = {**DEFAULTS, **parameters}
    usable = [photo for photo in photos if photo.get("grade_probabilities")]
    used = {str(photo.get("exercise") or "") for photo in usable} - {""}
    missing = [view for view in VIEWS if not any(same_exercise(view, name) for name in used)]
    listed = [name for name in (*VIEWS, "smile") if name in used]
    if not usable:
        return VisitFindings(views_missing=missing)
    grades = _grades(usable, known)
    palsy = min(1.0, max(0.0, 1 - grades[0]))
    verdict = _verdict(palsy, known)
    right = _right(usable, known)
    side_probability = max(right, 1 - right)
    named = verdict != "normal" and side_probability >= known["side"]
    grade, low, high = _median_and_interval(grades, verdict)
    return VisitFindings(
        side=("right" if right >= 0.5 else "left") if named else None,
        side_probability=round(side_probability, 4),
        weak_side_probabilities={"left": round(1 - right, 4), "right": round(right, 4)},
        palsy_probability=round(palsy, 4),
        palsy_verdict=verdict,
        grade=grade,
        grade_low=low,
        grade_high=high,
        grade_probabilities={str(g): round(p, 4) for g, p in zip(GRADES, grades, strict=True)},
        zones=_zones(usable, known),
        views_used=listed,
        views_missing=missing,
    )


def _grades(photos: Sequence[Mapping[str, Any]], known: Mapping[str, Any]) -> list[float]:
    """Probabilities of grades I to VI from all photos."""
    prior = [max(float(p), SMALLEST) for p in known["prior"]]
    rows = []
    for photo in photos:
        given = photo["grade_probabilities"]
        stated = [max(float(given.get(str(g), 0.0)), SMALLEST) for g in GRADES]
        ratios = [log(p) - log(q) for p, q in zip(stated, prior, strict=True)]
        mean = sum(ratios) / len(ratios)
        rows.append([_held(ratio - mean) for ratio in ratios])
    evidence = _evidence([str(p.get("exercise") or "") for p in photos], rows, known, "grade")
    logs = [log(p) + e for p, e in zip(prior, evidence, strict=True)]
    top = max(logs)
    masses = [exp(value - top) for value in logs]
    total = sum(masses)
    return [mass / total for mass in masses]


def _right(photos: Sequence[Mapping[str, Any]], known: Mapping[str, Any]) -> float:
    """Probability that the weaker side is the right one, given a weakness; both sides are equally likely before."""
    told = [p for p in photos if p.get("weak_side_probabilities")]
    rows = []
    for photo in told:
        right = float(photo["weak_side_probabilities"].get("right", 0.5))
        right = min(1 - SMALLEST, max(SMALLEST, right))
        rows.append([_held(log(right) - log(1 - right))])
    if not rows:
        return 0.5
    [odds] = _evidence([str(p.get("exercise") or "") for p in told], rows, known, "side")
    return 1 / (1 + exp(-odds))


def _evidence(
    views: Sequence[str], rows: Sequence[Sequence[float]], known: Mapping[str, Any], head: str
) -> list[float]:
    """The sum of tempered log ratios, each view once. rows: one list of log ratios a photo."""
    by_view: dict[str, list[Sequence[float]]] = {}
    for view, row in zip(views, rows, strict=True):
        by_view.setdefault(view, []).append(row)
    columns = range(len(rows[0]))
    total = [0.0 for _ in columns]
    for view, several in by_view.items():
        weight = weight_of(view, head, known)
        for column in columns:
            total[column] += weight * sum(row[column] for row in several) / len(several)
    shared = 1 + (len(by_view) - 1) * float(known["correlation"][head])
    return [value / shared for value in total]


def weight_of(view: str, head: str, known: Mapping[str, Any]) -> float:
    """How much a view counts for "grade" or "side". Either smile counts as the mean of both kinds."""
    weights = known["weights"]
    if view in weights:
        return float(weights[view][head])
    if view == "smile" and {"closed_smile", "smile_with_teeth"} <= set(weights):
        return sum(float(weights[name][head]) for name in ("closed_smile", "smile_with_teeth")) / 2
    return float(known["weight"][head])


def _held(ratio: float) -> float:
    return min(STRONGEST, max(-STRONGEST, ratio))


def _verdict(palsy: float, known: Mapping[str, Any]) -> Literal["weak", "normal", "uncertain"]:
    if palsy >= known["palsy_high"]:
        return "weak"
    return "normal" if palsy < known["palsy_low"] else "uncertain"


def _median_and_interval(grades: Sequence[float], verdict: str) -> tuple[int, int, int]:
    """Median of the distribution, grade I where the verdict is "normal" and II at least where it is "weak"; and the
    grades between which 95 % lie."""
    grade = 1 if verdict == "normal" else max(_quantile(grades, 0.5), 2 if verdict == "weak" else 1)
    return grade, min(grade, _quantile(grades, TAIL)), max(grade, _quantile(grades, 1 - TAIL))


def _quantile(grades: Sequence[float], share: float) -> int:
    total = 0.0
    for grade, probability in zip(GRADES, grades, strict=True):
        total += probability
        if total >= share:
            return grade
    return GRADES[-1]


def _zones(photos: Sequence[Mapping[str, Any]], known: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Movement left by zone, from the views that show it alone, each weighted by its precision."""
    found: dict[str, dict[str, Any]] = {}
    for zone in ZONES:
        spreads = known["zones"].get(zone, {})
        shown = [
            (str(photo["exercise"]), photo["zones"][zone])
            for photo in photos
            if photo.get("exercise") in spreads and zone in (photo.get("zones") or {})
        ]
        if not shown:
            continue
        precision = [1 / float(spreads[view]) ** 2 for view, _ in shown]
        total = sum(precision)
        count = total**2 / sum(p * p for p in precision)
        variance = (1 + (count - 1) * float(known["zone_correlation"])) / total
        row: dict[str, Any] = {}
        for side in ("left", "right"):
            means = zip(precision, shown, strict=True)
            middle = sum(p * float(values[side]) for p, (_, values) in means) / total
            half = NORMAL_QUANTILE * sqrt(variance)
            row[side] = round(middle, 4)
            row[f"{side}_low"] = round(max(0.0, middle - half), 4)
            row[f"{side}_high"] = round(min(1.0, middle + half), 4)
        row["views"] = [view for view in (*VIEWS, "smile") if view in {name for name, _ in shown}]
        found[zone] = row
    return found
