"""How good a release is on a clinic's own labelled photos: run through the pipeline, and counted by people.

The photos of one person are alike, so people are what varies: shares of people have Wilson's interval, shares of photos
and areas under a curve one from resampling people (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch.
8.3; Field and Welsh, J R Stat Soc B 2007;69:369-390). Plain arithmetic, without numpy.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from inference.finding import evidence
from inference.pipeline.codes import AnalysisState, Exercise, same_exercise
from inference.pipeline.errors import PipelineError
from inference.pipeline.visit import VisitFindings, combine
from inference.results import without_landmarks

from .agreement import wilson
from .labelled import MOST_BYTES, LabelledPhoto, LabelledSet, LabelsRefused, bytes_of

if TYPE_CHECKING:
    from inference.pipeline.findings import Findings

LEAST_PEOPLE: Final = 10
"""Under so many people an interval says nothing."""
LEAST_SHOWN: Final = 5
"""A subgroup of fewer people is told by its number alone: a card may be published."""
RESAMPLED: Final = 2000
SEED: Final = 20261130
LEVEL: Final = 0.95

Analyse = Callable[..., "Findings"]
Report = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class SeenPhoto:
    """What the release found in one photo. state: "succeeded", or why there is no result."""

    label: LabelledPhoto
    state: str
    exercise: str = ""
    palsy: float | None = None
    verdict: str = ""
    side: str = ""
    grade: int | None = None

    @property
    def judged(self) -> bool:
        """Whether there is a result."""
        return self.state == AnalysisState.SUCCEEDED.value


@dataclass(frozen=True, slots=True)
class SeenPerson:
    """All photos of a person, and what they say together as the product combines a visit."""

    photos: tuple[SeenPhoto, ...]
    together: VisitFindings

    @property
    def palsy(self) -> bool:
        return self.photos[0].label.palsy

    @property
    def side(self) -> str:
        """The side that a label names, the patient's own."""
        return next((photo.label.side for photo in self.photos if photo.label.side), "")

    @property
    def grade(self) -> int | None:
        """The one grade that the labels give; None without one, or with several."""
        given = {photo.label.grade for photo in self.photos} - {None}
        return given.pop() if len(given) == 1 else None


@dataclass(frozen=True, slots=True)
class Run:
    """photos_sha256: over the hashes of all photos, in the order of the rows."""

    people: tuple[SeenPerson, ...]
    photos_sha256: str


def run(
    *,
    labelled: LabelledSet,
    folder: Path,
    analyse: Analyse,
    parameters: Mapping[str, Any],
    uses_reference: bool,
    report: Report = lambda *_: None,
) -> Run:
    """Every photo through the release, one at a time; nothing of a photo is kept.

    analyse: bytes of a photo, and of the same person at rest or None, to findings. parameters: how the release combines
    a visit. Raises LabelsRefused under ten people, and where one picture is there twice.
    """
    people = labelled.people
    if len(people) < LEAST_PEOPLE:
        raise LabelsRefused(
            f"There are {len(people)} people in it; with fewer than {LEAST_PEOPLE} no interval says anything. "
            "Add people, not photos."
        )
    hashes: dict[str, LabelledPhoto] = {}
    seen: list[SeenPerson] = []
    done = 0
    for photos in people.values():
        found: list[tuple[SeenPhoto, Mapping[str, Any]]] = []
        rest = next((one for one in photos if one.view == Exercise.REST), None)
        at_rest = bytes_of(folder, _name(rest, folder), MOST_BYTES) if rest and uses_reference else None
        for photo in photos:
            content = bytes_of(folder, _name(photo, folder), MOST_BYTES)
            digest = hashlib.sha256(content).hexdigest()
            if digest in hashes:
                raise LabelsRefused(
                    f"row {photo.row}: the same picture as in row {hashes[digest].row}; name each picture once."
                )
            hashes[digest] = photo
            found.append(_seen(photo, content, None if photo is rest else at_rest, analyse))
            done += 1
            report(done, len(labelled.photos))
        seen.append(SeenPerson(tuple(photo for photo, _ in found), _together(found, parameters)))
    by_row = sorted(hashes, key=lambda digest: hashes[digest].row)
    return Run(tuple(seen), hashlib.sha256("\n".join(by_row).encode()).hexdigest())


def _name(photo: LabelledPhoto, folder: Path) -> str:
    return photo.path.relative_to(folder).as_posix()


def _seen(
    photo: LabelledPhoto, content: bytes, rest: bytes | None, analyse: Analyse
) -> tuple[SeenPhoto, Mapping[str, Any]]:
    """What counts of a photo, and its whole findings, which are kept no longer than its person's turn."""
    try:
        found = analyse(content) if rest is None else analyse(content, rest)
    except PipelineError as error:
        return SeenPhoto(photo, error.code), {}
    if found.state != AnalysisState.SUCCEEDED.value:
        return SeenPhoto(photo, found.reason or found.state), {}
    seen = SeenPhoto(
        photo,
        found.state,
        found.exercise or "",
        found.palsy_probability,
        found.palsy_verdict or "",
        found.weak_side or "",
        found.grade,
    )
    return seen, without_landmarks(findings=found)


def _together(
    photos: Sequence[tuple[SeenPhoto, Mapping[str, Any]]], parameters: Mapping[str, Any]
) -> VisitFindings:
    usable = [
        evidence(found, exercise=photo.label.view or photo.exercise, with_zones=True)
        for photo, found in photos
        if photo.judged
    ]
    return combine(usable, parameters)


# --- figures ------------------------------------------------------------------------------------------------------


def figures(people: Sequence[SeenPerson]) -> dict[str, Any]:
    """All that the card says of these people, as plain data."""
    photos = [photo for person in people for photo in person.photos]
    return {
        "people": {
            "sensitivity": _share(_found(people, True)),
            "specificity": _share(_found(people, False)),
            "uncertain": _share(
                [one.together.palsy_verdict == "uncertain" for one in people if _judged(one)]
            ),
            "without_result": sum(not _judged(one) for one in people),
            "auc": _auc(people),
            "side": _share(
                [
                    one.together.side == one.side
                    for one in people
                    if one.side in ("left", "right") and one.together.side
                ]
            ),
            "grade_within_one": _share(_grades(people)),
        },
        "photos": {
            "sensitivity": _clustered(people, lambda one: _verdicts(one, True)),
            "specificity": _clustered(people, lambda one: _verdicts(one, False)),
            "view": _clustered(people, _views),
            "side": _clustered(people, _sides),
            "grade_within_one": _clustered(people, _photo_grades),
            "rejected": _clustered(people, lambda one: [not photo.judged for photo in one.photos]),
        },
        "views": _confusion(photos),
        "rejections": dict(sorted(Counter(one.state for one in photos if not one.judged).items())),
    }


def subgroups(people: Sequence[SeenPerson]) -> dict[str, dict[str, Any]]:
    """The figures of people of each subgroup, by column and value; of fewer than five people their number alone."""
    found: dict[str, dict[str, Any]] = {}
    columns = sorted({column for one in people for column in one.photos[0].label.groups})
    for column in columns:
        by_value: dict[str, list[SeenPerson]] = defaultdict(list)
        for one in people:
            if value := one.photos[0].label.groups.get(column):
                by_value[value].append(one)
        found[column] = {
            value: {"people": len(group), **({} if len(group) < LEAST_SHOWN else figures(group)["people"])}
            for value, group in sorted(by_value.items())
        }
    return found


def _judged(one: SeenPerson) -> bool:
    return one.together.palsy_verdict is not None


def _found(people: Iterable[SeenPerson], palsy: bool) -> list[bool]:
    """Of the people with that label and a verdict: whether it is the label's. An uncertain one is not."""
    right = "weak" if palsy else "normal"
    return [one.together.palsy_verdict == right for one in people if one.palsy == palsy and _judged(one)]


def _grades(people: Iterable[SeenPerson]) -> list[bool]:
    pairs = [(one.grade, one.together.grade) for one in people]
    return [abs(a - b) <= 1 for a, b in pairs if a is not None and b is not None]


def _verdicts(one: SeenPerson, palsy: bool) -> list[bool]:
    if one.palsy != palsy:
        return []
    return [photo.verdict == ("weak" if palsy else "normal") for photo in one.photos if photo.judged]


def _views(one: SeenPerson) -> list[bool]:
    told = [photo for photo in one.photos if photo.judged and photo.label.view]
    return [same_exercise(photo.label.view, photo.exercise) for photo in told]


def _sides(one: SeenPerson) -> list[bool]:
    told = [photo for photo in one.photos if photo.side and photo.label.side in ("left", "right")]
    return [photo.side == photo.label.side for photo in told]


def _photo_grades(one: SeenPerson) -> list[bool]:
    told = [photo for photo in one.photos if photo.grade is not None and photo.label.grade is not None]
    return [abs((photo.grade or 0) - (photo.label.grade or 0)) <= 1 for photo in told]


def _confusion(photos: Iterable[SeenPhoto]) -> dict[str, dict[str, int]]:
    """By the view that the label names: how often the release saw which."""
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for photo in photos:
        if photo.judged and photo.label.view:
            table[photo.label.view][photo.exercise] += 1
    return {view: dict(sorted(seen.items())) for view, seen in sorted(table.items())}


def _share(hits: Sequence[bool]) -> dict[str, Any]:
    """Of people, each counted once: Wilson's interval."""
    low, high = wilson(sum(hits), len(hits))
    return _figure(sum(hits) / len(hits) if hits else None, low, high, len(hits), "wilson")


def _clustered(people: Sequence[SeenPerson], hits_of: Callable[[SeenPerson], list[bool]]) -> dict[str, Any]:
    """A share of photos, with an interval from resampling the people whose they are."""
    counts = [(sum(hits), len(hits)) for one in people if (hits := hits_of(one))]
    total = sum(count for _, count in counts)
    value = sum(hits for hits, _ in counts) / total if total else None

    def again(pick: Sequence[tuple[int, int]]) -> float:
        return sum(hits for hits, _ in pick) / sum(count for _, count in pick)

    low, high = _resampled(counts, again)
    return _figure(value, low, high, total, "bootstrap of people") | {"people": len(counts)}


def _auc(people: Sequence[SeenPerson]) -> dict[str, Any]:
    """Area under the ROC curve of the probability of a palsy, each person once (Hanley and McNeil, Radiology 1982;143:
    29-36), with an interval from resampling healthy people and patients apart."""
    scored = [(one.palsy, float(one.together.palsy_probability or 0.0)) for one in people if _judged(one)]
    weak = [score for palsy, score in scored if palsy]
    well = [score for palsy, score in scored if not palsy]
    if not weak or not well:
        return _figure(None, 0.0, 1.0, len(scored), "bootstrap of people")
    dice = random.Random(SEED)
    again = sorted(
        _area(dice.choices(weak, k=len(weak)), dice.choices(well, k=len(well))) for _ in range(RESAMPLED)
    )
    return _figure(_area(weak, well), *_ends(again), len(scored), "bootstrap of people")


def _area(weak: Sequence[float], well: Sequence[float]) -> float:
    """The share of pairs in which the patient has the higher score; half a pair where both have the same. By ranks."""
    ranked = sorted([(score, 1) for score in weak] + [(score, 0) for score in well])
    ranks, place = 0.0, 0
    while place < len(ranked):
        end = place
        while end < len(ranked) and ranked[end][0] == ranked[place][0]:
            end += 1
        ranks += sum(weak for _, weak in ranked[place:end]) * (place + 1 + end) / 2
        place = end
    return (ranks - len(weak) * (len(weak) + 1) / 2) / (len(weak) * len(well))


def _resampled(clusters: Sequence[Any], figure: Callable[[Sequence[Any]], float]) -> tuple[float, float]:
    if len(clusters) < 2:
        return 0.0, 1.0
    dice = random.Random(SEED)
    return _ends(sorted(figure(dice.choices(clusters, k=len(clusters))) for _ in range(RESAMPLED)))


def _ends(sampled: Sequence[float]) -> tuple[float, float]:
    edge = (1 - LEVEL) / 2
    return sampled[int(edge * len(sampled))], sampled[min(len(sampled) - 1, int((1 - edge) * len(sampled)))]


def _figure(value: float | None, low: float, high: float, count: int, interval: str) -> dict[str, Any]:
    if value is None:
        return {"value": None, "low": None, "high": None, "count": count, "interval": interval}
    return {
        "value": round(value, 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "count": count,
        "interval": interval,
    }
