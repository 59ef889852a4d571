"""eFACE: the clinician's visual analogue scales, in the later form with fifteen items.

Banks and others, Plast Reconstr Surg 2015;136:223e (16 items), and the list of fifteen in later use. Static items
have two ends, 0 to 200 with 100 balanced, and count 100 less their distance from it; dynamic items and synkinesis are
0 to 100, where 100 is normal movement and no synkinesis. Each sub-score is the mean of its items. The composite is
the mean of all items in which the dynamic ones count twice: the weights with which the 2015 regression fitted the
experts' judgement best. The app's own rounding is not published; `version` names these weights.
"""

from __future__ import annotations

from collections.abc import Mapping

from .shape import Item, Line, Number, Rater, Scale, SubScore, Total, mean
from .shape import gettext_noop as _

STATIC_GROUP, DYNAMIC_GROUP, SYNKINESIS_GROUP = _("At rest"), _("Moving"), _("What moves along")


def _balanced(low: str, high: str) -> Line:
    return Line(0, 200, 100, low, high, _("Balanced"))


MOVES = Line(0, 100, 100, _("No movement"), _("As the healthy side"))
CLOSES = Line(0, 100, 100, _("Stays open"), _("Closes completely"))
ALONG = Line(0, 100, 100, _("Severe"), _("None"))

STATIC = (
    Item("rest_brow", _("Brow"), _balanced(_("Lower"), _("Higher")), "rest", "brow", STATIC_GROUP),
    Item("rest_fissure", _("Lid opening"), _balanced(_("Wider"), _("Narrower")), "rest", "eye", STATIC_GROUP),
    Item(
        "rest_fold",
        _("Depth of the nasolabial fold"),
        _balanced(_("Flatter"), _("Deeper")),
        "rest",
        "",
        STATIC_GROUP,
    ),
    Item(
        "rest_corner",
        _("Corner of the mouth"),
        _balanced(_("Drooped"), _("Pulled up")),
        "rest",
        "mouth",
        STATIC_GROUP,
    ),
)
DYNAMIC = (
    Item("brow", _("Brow elevation"), MOVES, "brow_raise", "brow", DYNAMIC_GROUP),
    Item("gentle_closure", _("Gentle eye closure"), CLOSES, "gentle_eye_closure", "eye", DYNAMIC_GROUP),
    Item("full_closure", _("Full eye closure"), CLOSES, "tight_eye_closure", "eye", DYNAMIC_GROUP),
    Item(
        "smile_corner", _("Corner of the mouth in a smile"), MOVES, "smile_with_teeth", "mouth", DYNAMIC_GROUP
    ),
    Item(
        "smile_fold_depth",
        _("Depth of the fold in a smile"),
        MOVES,
        "smile_with_teeth",
        "midface",
        DYNAMIC_GROUP,
    ),
    Item(
        "smile_fold_line",
        _("Direction of the fold in a smile"),
        MOVES,
        "smile_with_teeth",
        "midface",
        DYNAMIC_GROUP,
    ),
    Item("lower_lip", _("Lower lip in a long “eee”"), MOVES, "lower_teeth", "mouth", DYNAMIC_GROUP),
)
SYNKINESIS = (
    Item("eye_synkinesis", _("Eye"), ALONG, "smile_with_teeth", "", SYNKINESIS_GROUP),
    Item("midface_synkinesis", _("Midface"), ALONG, "tight_eye_closure", "", SYNKINESIS_GROUP),
    Item("chin_synkinesis", _("Chin"), ALONG, "pucker", "", SYNKINESIS_GROUP),
    Item("neck_synkinesis", _("Neck"), ALONG, "show_teeth", "", SYNKINESIS_GROUP),
)
WEIGHTS = {"static": len(STATIC), "dynamic": 2 * len(DYNAMIC), "synkinesis": len(SYNKINESIS)}
"""Of each sub-score in the composite: its items, the dynamic ones twice."""


def composite(subs: Mapping[str, Number]) -> Number:
    return sum(subs[code] * weight for code, weight in WEIGHTS.items()) / sum(WEIGHTS.values())


EFACE = Scale(
    code="eface",
    version="15-items-dynamic-twice",
    name=_("eFACE"),
    rater=Rater.CLINICIAN,
    items=(*STATIC, *DYNAMIC, *SYNKINESIS),
    sub_scores=(
        SubScore("static", _("Static"), 0, 100, tuple(item.code for item in STATIC), mean),
        SubScore("dynamic", _("Dynamic"), 0, 100, tuple(item.code for item in DYNAMIC), mean),
        SubScore("synkinesis", _("Synkinesis"), 0, 100, tuple(item.code for item in SYNKINESIS), mean),
    ),
    total=Total(_("Composite"), 0, 100, composite),
    source="Banks and others 2015, Plast Reconstr Surg 136:223e; JAMA Facial Plast Surg 2016;18:292 (15 items)",
    wording="The app's texts and drawings belong to its makers; the short names here are this project's own.",
)
