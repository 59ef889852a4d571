"""What the page of a clinical scale shows: items beside the photos that show them, and what the answers come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from clinic.visits import exercises
from clinic.visits.selectors import PhotoCard

from .along import Along, along_of, sides_of
from .models import Assessment
from .scales import BY_CODE, GRADES, SCALES, Choice, DetectableChange, Item, Scale

FIELD: Final = "item-"
"""Before an item's code in the names of the page's fields."""
GRADED: Final = "house_brackmann"
LARGEST_KEY: Final = 9
MOVES_ALONG: Final = "_synkinesis"
"""How the codes of items end that grade what moves along with an exercise."""
STANDS_IN: Final = {"lower_teeth": "show_teeth"}
"""By view: another one that shows its items, where there is no photo of it."""
MEASURED_BY: Final = {"lower_teeth": "lower_lip_drop"}
"""By view: the measure that tells of its items, where it isn't that of a region."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to choose, with the key that chooses it."""

    value: int | str
    name: str
    key: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Measured:
    """What a release measured of one region in the photo beside an item, by the patient's own sides."""

    right: str
    left: str
    release: str


@dataclass(frozen=True, slots=True)
class Question:
    """An item as it is asked. measured: only once the clinician has answered it, so that it sways nobody."""

    item: Item
    answer: Any
    group: str
    measured: Measured | None

    @property
    def field(self) -> str:
        return FIELD + self.item.code

    @property
    def name(self) -> str:
        return _(self.item.name)

    @property
    def answers(self) -> list[Answer]:
        return [
            Answer(one.value, _(one.name), key, one.value == self.answer)
            for one, key in zip(self.item.choices, keys_of(self.item.choices), strict=True)
        ]

    @property
    def low_name(self) -> str:
        return _(self.item.line.low_name) if self.item.line else ""

    @property
    def best_name(self) -> str:
        return _(self.item.line.best_name) if self.item.line and self.item.line.best_name else ""

    @property
    def high_name(self) -> str:
        return _(self.item.line.high_name) if self.item.line else ""


@dataclass(slots=True)
class Block:
    """Items that one photo shows. view: name of that view, empty where no photo shows them."""

    view: str
    card: PhotoCard | None
    questions: list[Question] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ScaleFigure:
    """A sub-score or total in words."""

    name: str
    value: str
    range: str


def blocks_of(*, scale: Scale, answers: Mapping[str, Any], cards: Iterable[PhotoCard]) -> list[Block]:
    """The scale's items in their order, those of one view together with its photo."""
    cards = list(cards)
    of_view = _by_view(cards)
    along = along_of(cards) if any(item.code.endswith(MOVES_ALONG) for item in scale.items) else []
    found: list[Block] = []
    before, group = None, ""
    for item in scale.items:
        card = of_view.get(item.view)
        if not found or item.view != before:
            found.append(Block(_shown_by(item, card), card))
        answer = answers.get(item.code)
        head = _(item.group) if item.group and item.group != group and not item.view else ""
        measured = _measured(item, card, along) if answer is not None else None
        found[-1].questions.append(Question(item, answer, head, measured))
        before, group = item.view, item.group
    return found


def _shown_by(item: Item, card: PhotoCard | None) -> str:
    """The name of the view that shows an item: of the photo that stands in for it, where one does."""
    if not item.view:
        return ""
    stands_in = card is not None and card.photo.exercise == STANDS_IN.get(item.view)
    return str(exercises.by_code(STANDS_IN[item.view] if stands_in else item.view).name)


def keys_of(choices: Iterable[Choice]) -> list[str]:
    """The digit that chooses each answer: its own value where that is one, else its place."""
    found = list(choices)
    if all(isinstance(one.value, int) and 0 <= one.value <= LARGEST_KEY for one in found):
        return [str(one.value) for one in found]
    return [str(place) for place in range(1, len(found) + 1)]


def given_of(*, scale: Scale, posted: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that a form sent: those of its items that it names, None for an emptied one.

    What is no answer of its item stays as it was sent, and is refused by the scale.
    """
    found: dict[str, Any] = {}
    for item in scale.items:
        text = posted.get(FIELD + item.code)
        if text is not None:
            found[item.code] = _read(item, str(text).strip())
    return found


def _read(item: Item, text: str) -> Any:
    if not text:
        return None
    if item.line is not None:
        return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else text[:20]
    return next((one.value for one in item.choices if str(one.value) == text), text[:20])


def _by_view(cards: Iterable[PhotoCard]) -> dict[str, PhotoCard]:
    """The newest photo of each view; of a smile that was not told apart, of both."""
    found: dict[str, PhotoCard] = {}
    for card in sorted(cards, key=lambda one: one.photo.taken_at):
        for code in exercises.kinds_of(card.photo.exercise):
            if code not in found or card.photo.exercise == code or found[code].photo.exercise != code:
                found[code] = card
    for view, other in STANDS_IN.items():
        if view not in found and other in found:
            found[view] = found[other]
    return found


def _measured(item: Item, card: PhotoCard | None, along: Iterable[Along]) -> Measured | None:
    if item.code.endswith(MOVES_ALONG):
        watched = [one for one in along if one.moved.exercise == item.view]
        sides = sides_of(watched)
        return Measured(sides["right"], sides["left"], watched[0].release) if sides else None
    if card is None or not card.succeeded or not item.region:
        return None
    measure = MEASURED_BY.get(card.photo.exercise, "")
    measures = card.figures.symmetry.get("measures") or {}
    found = measures.get(measure) if measure else card.figures.symmetry.get(item.region)
    unit = str(card.figures.symmetry.get("unit", ""))
    if isinstance(found, Mapping) and found.get("left") is not None and found.get("right") is not None:
        words = {side: f"{number_format(float(found[side]), 1)}\u00a0{unit}" for side in ("right", "left")}
    else:
        zone = card.figures.zones.get(item.region) if card.is_taught else None
        if not isinstance(zone, Mapping) or zone.get("left") is None or zone.get("right") is None:
            return None
        words = {side: f"{round(100 * float(zone[side]))}\u00a0%" for side in ("right", "left")}
    return Measured(words["right"], words["left"], card.analysis.release if card.analysis else "")


# --- what it comes to ---------------------------------------------------------------------------------------------


def said(figure: float | None) -> str:
    """A figure as it is written: whole, or with one decimal."""
    if figure is None:
        return "–"
    return number_format(round(figure, 1), 0 if float(figure).is_integer() else 1)


def total_of(assessment: Assessment) -> str:
    """The total in words, with the grade where the scale gives one; empty without one."""
    scale = assessment.definition
    if assessment.total is None:
        return ""
    if assessment.scale == GRADED:
        return GRADES[int(assessment.total) - 1]
    derived = scale.derive(assessment.total) if scale is not None and scale.derive is not None else {}
    if GRADED not in derived:
        return said(assessment.total)
    grade = GRADES[derived[GRADED] - 1]
    return _("%(total)s, grade %(grade)s") % {"total": said(assessment.total), "grade": grade}


def figures_of(assessment: Assessment) -> list[ScaleFigure]:
    """The sub-scores, in the scale's order."""
    scale = assessment.definition
    return [
        ScaleFigure(
            _(sub.name), said(assessment.sub_scores.get(sub.code)), f"{said(sub.low)}–{said(sub.high)}"
        )
        for sub in (scale.sub_scores if scale is not None else ())
    ]


def detectable(scale: Scale) -> list[tuple[str, str, str]]:
    """By figure, how large a change of one patient has to be, and who found that."""
    return [(_figure_name(scale, one), said(one.detectable), one.source) for one in scale.changes]


def _figure_name(scale: Scale, change: DetectableChange) -> str:
    if change.of == "total":
        return _(scale.total.name) if scale.total is not None else ""
    return next(_(sub.name) for sub in scale.sub_scores if sub.code == change.of)


@dataclass(frozen=True, slots=True)
class Filled:
    """A scale of a visit as the visit's page lists it."""

    name: str
    code: str
    total: str
    answered: int
    of: int
    is_finished: bool
    is_current: bool
    version: str


def filled_of(assessments: Iterable[Assessment]) -> list[Filled]:
    """The visit's assessments in words. Those of another version of their scale lead nowhere."""
    found = []
    for one in assessments:
        known = BY_CODE.get(one.scale)
        found.append(
            Filled(
                name=_(known.name) if known is not None else one.scale,
                code=one.scale,
                total=total_of(one) if one.is_finished else "",
                answered=len(one.answers),
                of=len(one.answers) + len(one.missing),
                is_finished=one.is_finished,
                is_current=one.definition is not None,
                version=one.scale_version,
            )
        )
    return found


def offered(*, cause: str, but: Iterable[str] = ()) -> list[Scale]:
    """The scales in the order in which they are offered; those that aren't made for the cause come last."""
    without = set(but)
    rest = [scale for scale in SCALES if scale.code not in without]
    return sorted(rest, key=lambda scale: cause in scale.not_for)
