"""Sunnybrook Facial Grading System.

Ross, Fradet, Nedzelski: Development of a sensitive clinical facial grading system, Otolaryngol Head Neck Surg 1996;
114:380. Resting symmetry: three items, their sum (0 to 4) times 5. Voluntary movement: five expressions of 1 to 5,
their sum times 4. Synkinesis with each of them, 0 to 3, their sum. Composite: voluntary movement less resting
symmetry less synkinesis. It is reported as 0 (complete flaccid palsy) to 100; the arithmetic can reach -15, where the
face does not move and everything else is at its worst as well, and is never clamped.

No smallest detectable change has been published that was found. Healthy people score 65 to 100 (Picard and others,
Clin Otolaryngol 2024, 10.1111/coa.14217): 100 is not where every healthy face stands.
"""

from __future__ import annotations

from .shape import Better, Choice, Item, Rater, Scale, SubScore, Total, numbered
from .shape import gettext_noop as _

AT_REST = _("At rest, beside the healthy side")
MOVING = _("Moving, beside the healthy side")
ALONG = _("What moves along")
RESTING_WEIGHT, VOLUNTARY_WEIGHT = 5, 4

MOVEMENT = numbered(
    _("No movement"),
    _("Slight movement"),
    _("Some excursion"),
    _("Almost complete"),
    _("Complete"),
    start=1,
)
SYNKINESIS = numbered(_("None"), _("Mild"), _("Moderate: obvious, not disfiguring"), _("Severe: disfiguring"))

EXPRESSIONS = (
    ("forehead", _("Forehead wrinkle"), _("Synkinesis with forehead wrinkle"), "brow_raise", "brow"),
    (
        "closure",
        _("Gentle eye closure"),
        _("Synkinesis with gentle eye closure"),
        "gentle_eye_closure",
        "eye",
    ),
    ("smile", _("Open-mouth smile"), _("Synkinesis with open-mouth smile"), "smile_with_teeth", "mouth"),
    ("snarl", _("Snarl"), _("Synkinesis with snarl"), "nose_wrinkle", "midface"),
    ("pucker", _("Lip pucker"), _("Synkinesis with lip pucker"), "pucker", "mouth"),
)

RESTING = (
    Item(
        "rest_eye",
        _("Eye at rest"),
        (
            Choice("normal", _("Normal"), 0),
            Choice("narrow", _("Narrower"), 1),
            Choice("wide", _("Wider"), 1),
            Choice("surgery", _("Eyelid surgery"), 1),
        ),
        "rest",
        "eye",
        AT_REST,
    ),
    Item(
        "rest_cheek",
        _("Nasolabial fold at rest"),
        (
            Choice("normal", _("Normal"), 0),
            Choice("absent", _("Absent"), 2),
            Choice("less", _("Less pronounced"), 1),
            Choice("more", _("More pronounced"), 1),
        ),
        "rest",
        "",
        AT_REST,
    ),
    Item(
        "rest_mouth",
        _("Mouth at rest"),
        (
            Choice("normal", _("Normal"), 0),
            Choice("drooped", _("Corner drooped"), 1),
            Choice("pulled", _("Corner pulled up or out"), 1),
        ),
        "rest",
        "mouth",
        AT_REST,
    ),
)


def _items() -> tuple[Item, ...]:
    """Each expression and what moves along with it stand together, since one photo shows both."""
    found = list(RESTING)
    for code, name, along, view, region in EXPRESSIONS:
        found.append(Item(f"{code}_movement", name, MOVEMENT, view, region, MOVING))
        found.append(Item(f"{code}_synkinesis", along, SYNKINESIS, view, "", ALONG))
    return tuple(found)


SUNNYBROOK = Scale(
    code="sunnybrook",
    version="1996",
    name=_("Sunnybrook"),
    rater=Rater.CLINICIAN,
    items=_items(),
    sub_scores=(
        SubScore(
            "resting",
            _("Resting symmetry"),
            0,
            20,
            tuple(item.code for item in RESTING),
            lambda points: sum(points) * RESTING_WEIGHT,
            Better.LOWER,
        ),
        SubScore(
            "voluntary",
            _("Voluntary movement"),
            20,
            100,
            tuple(f"{one[0]}_movement" for one in EXPRESSIONS),
            lambda points: sum(points) * VOLUNTARY_WEIGHT,
        ),
        SubScore(
            "synkinesis",
            _("Synkinesis"),
            0,
            15,
            tuple(f"{one[0]}_synkinesis" for one in EXPRESSIONS),
            sum,
            Better.LOWER,
        ),
    ),
    total=Total(
        _("Composite"), -15, 100, lambda subs: subs["voluntary"] - subs["resting"] - subs["synkinesis"]
    ),
    source="Ross 1996, Otolaryngol Head Neck Surg 114:380",
    wording="Facts of the published scale in this project's own short words.",
)
