"""Yanagihara's 40-point system.

Yanagihara, in Fisch (editor): Facial Nerve Surgery 1977: ten items, added. The clinical form scores each 0 (total
palsy), 2 (partial) or 4 (normal), which is offered here (IEEE 7382213, table I); the form with five steps differs by
1 and 3 (table 4 of PMC6726970). 36 to 40 is taken as normal and 0 to 8 as complete palsy.
"""

from __future__ import annotations

from .shape import Choice, Item, Rater, Scale, SubScore, Total
from .shape import gettext_noop as _

ANSWERS = (
    Choice(0, _("Total palsy"), 0),
    Choice(2, _("Partial palsy"), 2),
    Choice(4, _("Normal"), 4),
)
ITEMS = (
    ("rest", _("At rest"), "rest", "mouth"),
    ("forehead", _("Wrinkle the forehead"), "brow_raise", "brow"),
    ("blink", _("Blink"), "", ""),
    ("light_closure", _("Close the eyes lightly"), "gentle_eye_closure", "eye"),
    ("tight_closure", _("Close the eyes tightly"), "tight_eye_closure", "eye"),
    ("one_sided_closure", _("Close the eye of the weak side alone"), "", ""),
    ("nose", _("Wrinkle the nose"), "nose_wrinkle", "midface"),
    ("cheeks", _("Blow out the cheeks"), "puff_cheek", "mouth"),
    ("whistle", _("Whistle"), "pucker", "mouth"),
    ("lower_lip", _("Grin, and pull the lower lip down"), "lower_teeth", "mouth"),
)

YANAGIHARA = Scale(
    code="yanagihara",
    version="1977-three-step",
    name=_("Yanagihara"),
    rater=Rater.CLINICIAN,
    items=tuple(Item(code, name, ANSWERS, view, region) for code, name, view, region in ITEMS),
    sub_scores=(SubScore("points", _("Points"), 0, 40, tuple(one[0] for one in ITEMS), sum),),
    total=Total(_("Total"), 0, 40, lambda subs: subs["points"]),
    source="Yanagihara 1977; three-step form as in IEEE 7382213, table I",
    wording="Facts of the published table in this project's own short words.",
)
