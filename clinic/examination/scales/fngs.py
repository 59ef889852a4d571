"""Facial Nerve Grading System 2.0, from which a House-Brackmann grade follows.

Vrabec and others, Otolaryngol Head Neck Surg 2009;140:445: brow, eye, nasolabial fold and oral region 1 to 6 each,
and secondary movement 0 to 3, added. Grade I 4, II 5 to 9, III 10 to 14, IV 15 to 19, V 20 to 23, VI 24. A face that
does not move at all has 24; the arithmetic can reach 27 where secondary movement is marked besides, which contradicts
itself, and is not clamped: it is grade VI as well.
"""

from __future__ import annotations

from .shape import Better, Item, Number, Rater, Scale, SubScore, Total, numbered
from .shape import gettext_noop as _

REGION = numbered(
    _("Normal"),
    _("Slight weakness: more than three quarters of normal"),
    _("Obvious weakness: more than half, symmetric at rest"),
    _("Less than half of normal, or asymmetric at rest"),
    _("A trace of movement"),
    _("No movement"),
    start=1,
)
SECONDARY = numbered(
    _("None"),
    _("Slight synkinesis or contracture"),
    _("Obvious synkinesis, or mild to moderate contracture"),
    _("Disfiguring synkinesis, or severe contracture"),
)
REGIONS = (
    ("brow", _("Brow"), "brow_raise", "brow"),
    ("eye", _("Eye"), "gentle_eye_closure", "eye"),
    ("fold", _("Nasolabial fold"), "nose_wrinkle", "midface"),
    ("oral", _("Mouth"), "smile_with_teeth", "mouth"),
)
GRADE_FROM = ((24, 6), (20, 5), (15, 4), (10, 3), (5, 2), (4, 1))
"""The least total of each grade."""


def grade_of(total: Number) -> dict[str, int]:
    """The House-Brackmann grade of a total."""
    return {"house_brackmann": next(grade for least, grade in GRADE_FROM if total >= least)}


FNGS = Scale(
    code="fngs",
    version="2.0",
    name=_("FNGS 2.0"),
    rater=Rater.CLINICIAN,
    items=(
        *(Item(code, name, REGION, view, region) for code, name, view, region in REGIONS),
        Item("secondary", _("Secondary movement"), SECONDARY, "tight_eye_closure", ""),
    ),
    sub_scores=(
        SubScore("regions", _("Regions"), 4, 24, tuple(one[0] for one in REGIONS), sum, Better.LOWER),
        SubScore("secondary", _("Secondary movement"), 0, 3, ("secondary",), sum, Better.LOWER),
    ),
    total=Total(_("Total"), 4, 27, lambda subs: sum(subs.values()), Better.LOWER),
    source="Vrabec and others 2009, Otolaryngol Head Neck Surg 140:445",
    wording="Facts of the published table in this project's own short words.",
    derive=grade_of,
    not_for=frozenset({"stroke"}),
)
