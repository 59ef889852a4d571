"""House-Brackmann grade, suggested from four regional answers and what moves along.

House and Brackmann, Otolaryngol Head Neck Surg 1985;93:146, and the wording of the American Academy of Otolaryngology
for the two overriding rules. The scale itself is one global judgement, and its grade is the clinician's: what is
reckoned here is a suggestion with its reasons kept.

Each regional answer fits one grade of the published table. The suggestion is the upper median of the four, so that
one region alone does not drive it as the worst of all would, within what the table says of a grade as a whole:
- grade I only where everything is normal, and VI only where nothing moves at all;
- an eye that closes is grade III at most, one that does not is IV at least;
- overriding: secondary movement that is obvious but not disfiguring is grade III at least, one that disfigures or
  interferes with function IV at least, whatever the movement.
A worse answer never gives a better grade.
"""

from __future__ import annotations

from collections.abc import Sequence

from .shape import Better, Choice, Item, Number, Rater, Scale, SubScore, Total
from .shape import gettext_noop as _

GRADES = ("I", "II", "III", "IV", "V", "VI")
CLOSES_AT_MOST, OPEN_AT_LEAST = 3, 4
NOTHING_MOVES = 6

AT_REST = Item(
    "rest",
    _("Face at rest"),
    (
        Choice("normal", _("Symmetric, normal tone"), 1),
        Choice("asymmetric", _("Asymmetric: droop, or a weak or absent fold"), 5),
        Choice("no_tone", _("No tone"), 6),
    ),
    "rest",
    "mouth",
)
FOREHEAD = Item(
    "forehead",
    _("Forehead"),
    (
        Choice("normal", _("Normal"), 1),
        Choice("good", _("Moderate to good movement"), 2),
        Choice("slight", _("Slight to moderate movement"), 3),
        Choice("none", _("No movement"), 4),
    ),
    "brow_raise",
    "brow",
)
EYE = Item(
    "eye",
    _("Eye closure"),
    (
        Choice("normal", _("Normal"), 1),
        Choice("little_effort", _("Complete with little effort"), 2),
        Choice("effort", _("Complete with effort"), 3),
        Choice("incomplete", _("Incomplete"), 4),
        Choice("trace", _("Slight lid movement alone"), 5),
        Choice("none", _("No movement"), 6),
    ),
    "gentle_eye_closure",
    "eye",
)
MOUTH = Item(
    "mouth",
    _("Mouth with greatest effort"),
    (
        Choice("normal", _("Normal"), 1),
        Choice("slight", _("Slight asymmetry"), 2),
        Choice("weak", _("Slightly weak"), 3),
        Choice("asymmetric", _("Clearly asymmetric"), 4),
        Choice("trace", _("Slight movement of the corner alone"), 5),
        Choice("none", _("No movement"), 6),
    ),
    "smile_with_teeth",
    "mouth",
)
SECONDARY = Item(
    "secondary",
    _("Synkinesis, contracture or spasm"),
    (
        Choice("none", _("None"), 1),
        Choice("slight", _("Slight"), 2),
        Choice("obvious", _("Obvious, not disfiguring"), 3),
        Choice("disfiguring", _("Disfiguring, or it interferes with function"), 4),
    ),
    "tight_eye_closure",
    "",
)


def movement_grade(points: Sequence[Number]) -> Number:
    """The grade that movement suggests. points: the grade that each answer fits, of rest, forehead, eye and mouth."""
    _rest, forehead, eye, mouth = points
    if forehead == 4 and eye == mouth == NOTHING_MOVES:
        return NOTHING_MOVES
    if max(points) == 1:
        return 1
    grade = sorted(points)[2]
    grade = min(grade, CLOSES_AT_MOST) if eye <= CLOSES_AT_MOST else max(grade, OPEN_AT_LEAST)
    return min(max(grade, 2), NOTHING_MOVES - 1)


HOUSE_BRACKMANN = Scale(
    code="house_brackmann",
    version="1985-regional-1",
    name=_("House-Brackmann"),
    rater=Rater.CLINICIAN,
    items=(AT_REST, FOREHEAD, EYE, MOUTH, SECONDARY),
    sub_scores=(
        SubScore(
            "movement",
            _("By movement"),
            1,
            6,
            ("rest", "forehead", "eye", "mouth"),
            movement_grade,
            Better.LOWER,
        ),
        SubScore("secondary", _("By secondary movement, at least"), 1, 4, ("secondary",), max, Better.LOWER),
    ),
    total=Total(_("Suggested grade"), 1, 6, lambda subs: max(subs.values()), Better.LOWER),
    source="House and Brackmann 1985, Otolaryngol Head Neck Surg 93:146; overriding rules of the AAO-HNS",
    wording="Facts of the published table in this project's own short words.",
    not_for=frozenset({"stroke"}),
)
