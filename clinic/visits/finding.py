"""What a model or a clinician found in a photo, in the four words that the two are compared by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inference.models import Analysis

    from .models import Confirmation


@dataclass(frozen=True, slots=True)
class Finding:
    """`grade` is None where none was given; without palsy there is no side, and the grade is I or none."""

    exercise: str
    palsy: bool
    weak_side: str
    grade: int | None


def of_analysis(analysis: Analysis) -> Finding:
    """The model's finding. It names a weak side exactly where its palsy probability passes its threshold."""
    palsy = bool(analysis.weak_side)
    return Finding(
        exercise=analysis.exercise,
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
    """Whether both say the same; a grade that one of them left open is not held against the other."""
    same_grade = one.grade == other.grade or None in (one.grade, other.grade)
    return (one.exercise, one.palsy, one.weak_side) == (
        other.exercise,
        other.palsy,
        other.weak_side,
    ) and same_grade
