"""What a visit and its photos give to the file of a course, small enough to be kept: a file is written without results.

`VisitSummary.photos` keeps it as plain values. No name is among them: people change theirs. What a release says of its
own errors is read anew each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from clinic.common.sheets import PROGRAMS, cell
from clinic.visits.grading import VisitFinding
from inference.pipeline.codes import SIDES

from . import rules
from .figures import Read, difference_of, measured_in
from .measures import MeasuredVisit, PhotoPoint, Result

FOUND_COLUMNS: Final[tuple[str, ...]] = (
    "model_exercise",
    "model_grade",
    "model_grade_lowest",
    "model_grade_highest",
    "model_weak_side",
    "model_palsy_probability",
    "model_palsy_verdict",
    *(
        f"model_{region}_{what}"
        for region in rules.REGIONS
        for what in ("movement", "symmetry", "error", "exercise")
    ),
    "model_composite",
    "model_movement",
    "model_moved_left_mm",
    "model_moved_right_mm",
    *(f"model_{region}_{side}_mm" for region in rules.REGIONS for side in SIDES),
)
"""Of the file, in its order: those of a photo's own figures. The grades, and what a region's figure is made of, are its
visit's, and empty in a photo's line."""


class Found(NamedTuple):
    """What the newest release found in a photo, as it stands in a file for programs: a long file is written in a
    fraction of the time of putting as many numbers into words.

    cells: of `FOUND_COLUMNS`. names: the measures that are read in the photo's exercise; figures: of each, the cells
    left, right, left less right, and value. Both have a space between two measures. corrected: they follow from points
    that a clinician put right.
    """

    cells: str
    scale_from: str | None
    release: str
    names: str
    figures: str
    corrected: bool = False


class Word(NamedTuple):
    """A clinician's newest word on a photo. by: the person's key."""

    by: int
    palsy: bool
    weak_side: str


class KeptPhoto(NamedTuple):
    """One photo of a visit, analysed or not. by: the name of whose word it is."""

    photo_id: str
    exercise: str
    side: str
    error_code: str
    word: Word | None
    found: Found | None
    by: str = ""


@dataclass(frozen=True, slots=True)
class VisitPhotos:
    """Of one visit, from what is kept of it or would be: `plain`. people: names by key, of whoever had a word."""

    plain: Mapping[str, Any]
    people: Mapping[int, str]

    @property
    def clinician(self) -> Sequence[Any] | None:
        """The weak side that the clinician found at the visit, and whether there is a palsy."""
        return self.plain["clinician"]

    @property
    def model(self) -> Sequence[Any] | None:
        """The weak side and the verdict that the model found in all views together."""
        return self.plain["model"]

    @property
    def photos(self) -> Iterator[KeptPhoto]:
        """In the order in which they were taken."""
        for photo_id, exercise, side, error_code, word, found in self.plain["photos"]:
            yield KeptPhoto(
                photo_id,
                exercise,
                side,
                error_code,
                Word._make(word) if word else None,
                Found(*found) if found else None,
                self.people.get(word[0], "") if word else "",
            )


def photos_of(measured: MeasuredVisit, finding: VisitFinding) -> VisitPhotos:
    """What is kept of a visit whose photos' results are at hand."""
    clinician, model = finding.clinician, finding.model
    plain = {
        "clinician": [clinician.weak_side, clinician.palsy] if clinician is not None else None,
        "model": [model.weak_side, model.stated_verdict] if model is not None else None,
        "photos": [_photo(photo) for photo in measured.photos],
    }
    words = [photo.confirmed for photo in measured.photos if photo.confirmed is not None]
    return VisitPhotos(plain, {word.by_id: word.by for word in words})


def authors(plain: Mapping[str, Any]) -> set[int]:
    """Whose words on photos are among what is kept of a visit."""
    return {word[0] for *_, word, _found in plain["photos"] if word}


def _photo(photo: PhotoPoint) -> list[Any]:
    word, found = photo.confirmed, photo.result
    return [
        str(photo.photo_id),
        photo.exercise,
        photo.side,
        photo.error_code,
        [word.by_id, word.palsy, word.weak_side] if word is not None else None,
        _found(photo, found) if found is not None else None,
    ]


def _found(photo: PhotoPoint, one: Result) -> list[Any]:
    values: dict[str, str | float | None] = {
        "model_exercise": one.exercise,
        "model_weak_side": one.weak_side,
        "model_palsy_probability": one.palsy_probability,
        "model_palsy_verdict": one.verdict,
        "model_movement": one.share,
        "model_moved_left_mm": one.moved.left if one.moved is not None else None,
        "model_moved_right_mm": one.moved.right if one.moved is not None else None,
    }
    values |= {f"model_{region}_symmetry": one.ratio(region) for region in rules.REGIONS}
    for region, lengths in one.lengths.items():
        values |= {f"model_{region}_{side}_mm": mm for side, mm in zip(SIDES, lengths, strict=True)}
    measures = list(measured_in(photo, one))
    return [
        _cells(values.get(name) for name in FOUND_COLUMNS),
        one.symmetry.get("scale_from"),
        one.release,
        " ".join(read.name for read in measures),
        " ".join(map(_figures, measures)),
        *([True] if one.corrected else []),
    ]


def _figures(read: Read) -> str:
    return _cells((read.left, read.right, difference_of(read.left, read.right), read.value))


def _cells(values: Iterable[str | float | None]) -> str:
    return PROGRAMS.separator.join(map(cell, values))
