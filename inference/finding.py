"""What was found in a face: one shape for a model's word on a photo, its word on a whole visit, and a clinician's.

Three clinical rules stand here and nowhere else:

- who is uncertain whether there is a weakness names neither a side nor a grade;
- a release that states no verdict means a weakness exactly where it names a side;
- without a weakness the House-Brackmann grade is I.

Nothing else reads the stored findings by the names of their keys. Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol

from inference.pipeline.asked import doubted
from inference.pipeline.codes import GRADES, SMILES, UNTAUGHT, Caution, Exercise, same_exercise

if TYPE_CHECKING:
    from inference.pipeline.visit import VisitFindings

LIKELY: Final = 0.8
"""The grades that are named as likely in one photo hold at least this share of the model's probability."""
DOUBTS: Final = frozenset(
    {
        Caution.EXERCISE_UNSURE.value,
        Caution.PALSY_UNSURE.value,
        Caution.SIDE_UNSURE.value,
        Caution.VIEW_UNTAUGHT.value,
    }
)
"""The cautions that say what the model leaves open; all others are about the picture."""

ANALYSIS_COLUMNS: Final = ("exercise", "findings__palsy_verdict", "weak_side", "grade")
"""What `from_columns` takes, of an `Analysis`."""
SHADOW_COLUMNS: Final = tuple(
    f"findings__{key}" for key in ("exercise", "palsy_verdict", "weak_side", "grade")
)
"""The same of a shadow's job, whose findings have no columns of their own."""
CONFIRMATION_COLUMNS: Final = ("exercise", "palsy", "weak_side", "grade")
"""What `from_clinician` takes, of a `Confirmation`."""
VISIT_COLUMNS: Final = ("palsy", "weak_side", "grade", "model_verdict", "model_side", "model_grade")
"""What `from_visit_columns` takes, of a `VisitConfirmation`."""
SYMMETRY_COLUMN: Final = "findings__symmetry"
"""The measures of an `Analysis` (see `inference.pipeline.measure.measure`)."""
VIEW_COLUMN: Final = "findings__view"
"""As which view that networks were not taught the photo was looked at; null for all others."""
PITCH_COLUMN: Final = "findings__quality__pitch_deg"
"""How far the head is bent, degrees, above 0 forward."""


class Verdict(StrEnum):
    """Whether there is a weakness."""

    WEAK = "weak"
    NORMAL = "normal"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Finding:
    """What somebody, or a model, found.

    exercise: what the photo shows; empty for a whole visit.
    weak_side: "left", "right" or "both", the patient's own; empty where none was named.
    grade: House-Brackmann's, 1 to 6; None where none was given. grade_low, grade_high: a model's interval, of a photo
        the likely grades (`LIKELY`), of a visit 95 %.
    zones: remaining movement by zone, {"left", "right"}, 0 to 1, of a visit with their intervals.
    cautions: codes of what is to be known about a model's finding (`codes.Caution`).
    stated: whether the verdict was stated as such; releases that name only the likelier of two state none.
    """

    exercise: str
    verdict: Verdict
    weak_side: str = ""
    grade: int | None = None
    grade_low: int | None = None
    grade_high: int | None = None
    zones: Mapping[str, Any] = field(default_factory=dict, hash=False, compare=False)
    cautions: tuple[str, ...] = ()
    stated: bool = True

    def __post_init__(self) -> None:
        """Holds the rules, however it was made."""
        if self.verdict != Verdict.WEAK:
            object.__setattr__(self, "weak_side", "")
            object.__setattr__(self, "grade", 1 if self.verdict == Verdict.NORMAL else None)

    @property
    def palsy(self) -> bool:
        return self.verdict == Verdict.WEAK

    @property
    def uncertain(self) -> bool:
        return self.verdict == Verdict.UNCERTAIN

    @property
    def decided(self) -> bool:
        """Whether a clinician can confirm it as it is: it leaves neither the weakness nor its side open."""
        return not self.uncertain and self.palsy == bool(self.weak_side)

    @property
    def doubts(self) -> tuple[str, ...]:
        """The codes of what the model leaves open."""
        return tuple(code for code in self.cautions if code in DOUBTS)

    @property
    def stated_verdict(self) -> str:
        """The verdict; empty from a release that states none."""
        return self.verdict.value if self.stated else ""

    def ungraded(self) -> Finding:
        """The same without a grade, where too little was seen for one; without a weakness it stays grade I."""
        if not self.palsy:
            return self
        return replace(self, grade=None, grade_low=None, grade_high=None)


class Analysed(Protocol):
    """What `from_analysis` reads of an analysis that succeeded."""

    exercise: str
    weak_side: str
    grade: int | None
    findings: Any


class Confirmed(Protocol):
    """What `from_confirmation` reads of a clinician's word on a photo."""

    exercise: str
    palsy: bool
    weak_side: str
    grade: int | None


def from_columns(
    exercise: str | None, verdict: str | None, weak_side: str | None, grade: int | None
) -> Finding:
    """A model's finding from the columns that store it."""
    named = Verdict(verdict) if verdict else Verdict.WEAK if weak_side else Verdict.NORMAL
    return Finding(exercise or "", named, weak_side or "", grade, stated=bool(verdict))


def from_analysis(analysis: Analysed, *, asked: str) -> Finding:
    """The model's finding in a photo of which `asked` is on record.

    What is on record is believed until the picture speaks clearly against it; a smile has the closer of two names.
    """
    figures = figures_of(analysis.findings)
    exercise = _shown(figures, asked=asked, seen=analysis.exercise)
    found = from_columns(exercise, figures.verdict, analysis.weak_side, analysis.grade)
    low, high = _interval(found, figures.grades)
    if not figures.knows(asked):
        return Finding(asked, Verdict.UNCERTAIN, cautions=figures.cautions)
    return replace(found, grade_low=low, grade_high=high, zones=figures.zones, cautions=figures.cautions)


def _shown(figures: Figures, *, asked: str, seen: str) -> str:
    """The exercise that a photo is taken to show. Releases before 2026.11.6 say no more than that they are unsure."""
    if figures.doubt is None:
        return asked if Caution.EXERCISE_UNSURE.value in figures.cautions else more_exact(asked, seen)
    if same_exercise(asked, seen):
        return more_exact(asked, seen)
    return seen if doubted(figures.exercises, asked, {"doubt": figures.doubt}) else asked


def from_confirmation(confirmation: Confirmed) -> Finding:
    """A clinician's finding in a photo."""
    return from_clinician(*(getattr(confirmation, name) for name in CONFIRMATION_COLUMNS))


def from_clinician(exercise: str, palsy: bool, weak_side: str, grade: int | None) -> Finding:
    """A clinician's finding, who always decides."""
    return Finding(exercise, Verdict.WEAK if palsy else Verdict.NORMAL, weak_side, grade)


def from_visit(found: VisitFindings) -> Finding | None:
    """A model's finding in all views of a visit together; None where no photo could be used."""
    if found.palsy_verdict is None:
        return None
    return Finding(
        exercise="",
        verdict=Verdict(found.palsy_verdict),
        weak_side=found.side or "",
        grade=found.grade,
        grade_low=found.grade_low,
        grade_high=found.grade_high,
        zones=found.zones,
    )


def from_visit_columns(
    palsy: bool, weak_side: str, grade: int | None, verdict: str, side: str, model_grade: int | None
) -> tuple[Finding, Finding]:
    """A clinician's word on a whole visit, and the model's that it was given beside."""
    return from_clinician("", palsy, weak_side, grade), from_columns("", verdict, side, model_grade)


def agree(one: Finding, other: Finding) -> bool:
    """Whether both say the same; a grade that one of them left open is not held against the other.

    With a finding that is uncertain nobody agrees: it says nothing.
    """
    if one.uncertain or other.uncertain:
        return False
    same_grade = one.grade == other.grade or None in (one.grade, other.grade)
    same = (one.palsy, one.weak_side) == (other.palsy, other.weak_side)
    return same and same_exercise(one.exercise, other.exercise) and same_grade


def more_exact(asked: str, found: str) -> str:
    """The closer name of what a photo shows: which smile it is, where only one of the two says so."""
    return asked if found == Exercise.SMILE and {asked, found} <= SMILES else found


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers that stand behind a model's finding in one photo, as the pipeline stored them (`Findings`)."""

    verdict: str = ""
    palsy: float | None = None
    exercises: Mapping[str, float] = field(default_factory=dict)
    doubt: float | None = None
    reference: str = ""
    sides: Mapping[str, float] = field(default_factory=dict)
    grades: Mapping[str, float] = field(default_factory=dict)
    zones: Mapping[str, Any] = field(default_factory=dict)
    symmetry: Mapping[str, Any] = field(default_factory=dict)
    quality: Mapping[str, Any] = field(default_factory=dict)
    cautions: tuple[str, ...] = ()
    milliseconds: Mapping[str, float] = field(default_factory=dict)
    view: str = ""

    def knows(self, asked: str) -> bool:
        """Whether a network has anything to say of a photo that is on record as that view."""
        return asked not in UNTAUGHT and self.view not in UNTAUGHT


def figures_of(stored: Mapping[str, Any] | None) -> Figures:
    """The figures of an analysis' stored `findings`; empty ones where there are none."""
    found = stored or {}
    quality = found.get("quality") or {}
    return Figures(
        verdict=str(found.get("palsy_verdict") or ""),
        palsy=found.get("palsy_probability"),
        exercises=found.get("exercise_probabilities") or {},
        doubt=found.get("doubt"),
        reference=str(found.get("reference") or ""),
        sides=found.get("weak_side_probabilities") or {},
        grades=found.get("grade_probabilities") or {},
        zones=found.get("zones") or {},
        symmetry=found.get("symmetry") or {},
        quality=quality,
        cautions=tuple(quality.get("warnings") or ()),
        milliseconds=found.get("milliseconds") or {},
        view=str(found.get("view") or ""),
    )


def ratio_of(symmetry: Mapping[str, Any], region: str) -> float | None:
    """How alike both sides of a region are, of the measures of a photo."""
    ratio: float | None = (symmetry.get(region) or {}).get("ratio")
    return ratio


def evidence(stored: Mapping[str, Any] | None, *, exercise: str, with_zones: bool) -> dict[str, Any]:
    """What a photo of `exercise` gives to `pipeline.visit.combine`."""
    found = dict(stored or {})
    if exercise in UNTAUGHT:
        return {"exercise": exercise}  # what a network made of a view that it never saw
    if Caution.EYE_COVERED.value in ((found.get("quality") or {}).get("warnings") or ()):
        return {"exercise": exercise}  # a cover looks like a weakness of the other side
    return {**found, "exercise": exercise, "zones": found.get("zones") if with_zones else {}}


def likely_grades(probabilities: Mapping[str, float] | None) -> tuple[int, int] | None:
    """The narrowest run of grades around the likeliest that holds the probability LIKELY; None without figures."""
    if not probabilities:
        return None
    share = {grade: float(probabilities.get(str(grade), 0.0)) for grade in GRADES}
    low = high = max(share, key=lambda grade: share[grade])
    held = share[low]
    while held < LIKELY * sum(share.values()) - 1e-9:
        below, above = share.get(low - 1, -1.0), share.get(high + 1, -1.0)
        if above > below:
            high += 1
            held += above
        else:
            low -= 1
            held += below
    return low, high


def _interval(found: Finding, probabilities: Mapping[str, float]) -> tuple[int | None, int | None]:
    """The likely grades of a weakness. The grade need not be the single likeliest one: it is chosen by what lies above
    and below it."""
    likely = likely_grades(probabilities)
    if not found.palsy or found.grade is None or likely is None:
        return None, None
    return min(likely[0], found.grade), max(likely[1], found.grade)
