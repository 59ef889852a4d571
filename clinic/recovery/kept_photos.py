"""What a visit and its photos give to the file of a course, small enough to be kept: a file is written without results.

`VisitSummary.photos` keeps it as plain values. No name is among them: people change theirs. What a release says of its
own errors is read anew each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from clinic.common.sheets import PROGRAMS, cell
from clinic.visits.grading import VisitFinding

from .figures import Read, difference_of, measured_in
from .measures import MeasuredVisit, PhotoPoint, Result


class Found(NamedTuple):
    """What the newest release found in a photo; figures as in `measures.Result`.

    left, right: movement since rest, mm. lengths: {region: (left, right)}, mm. measures: of those that are read in the
    photo's exercise, a line each with the cells of a file for programs: name, left, right, left less right, value. They
    are most of a long file, which is written in a fraction of the time of putting as many numbers into words.
    """

    exercise: str
    weak_side: str
    palsy_probability: float | None
    verdict: str
    brow: float | None
    eye: float | None
    mouth: float | None
    share: float | None
    left: float | None
    right: float | None
    scale_from: str | None
    release: str
    lengths: Mapping[str, Sequence[float]]
    measures: str

    @property
    def plain(self) -> Sequence[Any]:
        """Those that are one value each, in that order."""
        return self[:-2]


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
                Found._make(found) if found else None,
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
    moved = (one.moved.left, one.moved.right) if one.moved is not None else (None, None)
    return [
        one.exercise, one.weak_side, one.palsy_probability, one.verdict, one.brow, one.eye, one.mouth, one.share,
        *moved, one.symmetry.get("scale_from"), one.release,
        {region: list(lengths) for region, lengths in one.lengths.items()},
        "\n".join(map(_cells, measured_in(photo, one))),
    ]  # fmt: skip


def _cells(read: Read) -> str:
    figures = read.left, read.right, difference_of(read.left, read.right), read.value
    return PROGRAMS.separator.join([read.name, *map(cell, figures)])
