"""What a model or a clinician found in a photo, in the words that the two are compared by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inference.pipeline.codes import Caution, same_exercise

from .exercises import more_exact

if TYPE_CHECKING:
    from inference.models import Analysis

    from .models import Confirmation


@dataclass(frozen=True, slots=True)
class Finding:
    """`grade` is None where none was given; without palsy there is no side, and the grade is I or none.

    uncertain: a model's that it can't tell whether there is a palsy; then there is neither side nor grade.
    """

    exercise: str
    palsy: bool
    weak_side: str
    grade: int | None
    uncertain: bool = False

    @property
    def decided(self) -> bool:
        """Whether a clinician can confirm it as it is: it leaves neither the palsy nor its side open."""
        return not self.uncertain and self.palsy == bool(self.weak_side)


def verdict_of(findings: dict[str, Any] | None) -> str:
    """ "weak", "normal" or "uncertain"; empty for a release that names only the likelier of two."""
    return str((findings or {}).get("palsy_verdict") or "")


def cautions_of(findings: dict[str, Any] | None) -> list[str]:
    """The codes of what is to be known about a result (`codes.Caution`)."""
    return list(((findings or {}).get("quality") or {}).get("warnings") or [])


def of_analysis(analysis: Analysis, *, asked: str) -> Finding:
    """The model's finding in a photo of which `asked` is on record.

    A release without a verdict names a weak side exactly where its palsy probability passes its threshold. A model
    that is not sure which exercise it sees is not held against the record.
    """
    verdict = verdict_of(analysis.findings)
    unsure = Caution.EXERCISE_UNSURE.value in cautions_of(analysis.findings)
    exercise = asked if unsure else more_exact(asked, analysis.exercise)
    if verdict == "uncertain":
        return Finding(exercise, palsy=False, weak_side="", grade=None, uncertain=True)
    palsy = verdict == "weak" if verdict else bool(analysis.weak_side)
    return Finding(
        exercise=exercise,
        palsy=palsy,
        weak_side=analysis.weak_side if palsy else "",
        grade=analysis.grade if palsy else 1,
    )


def of_confirmation(confirmation: Confirmation) -> Finding:
    return Finding(
        exercise=confirmation.exercise,
        palsy=confirmation.palsy,
        weak_side=confirmation.weak_side,
        grade=confirmation.grade if confirmation.palsy else 1,
    )


def agree(one: Finding, other: Finding) -> bool:
    """Whether both say the same; a grade that one of them left open is not held against the other.

    With a finding that is uncertain nobody agrees: it says nothing.
    """
    if one.uncertain or other.uncertain:
        return False
    same_grade = one.grade == other.grade or None in (one.grade, other.grade)
    same = (one.palsy, one.weak_side) == (other.palsy, other.weak_side)
    return same and same_exercise(one.exercise, other.exercise) and same_grade
