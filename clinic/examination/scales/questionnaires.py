"""What patients answer: FaCE, Synkinesis Assessment Questionnaire and Facial Disability Index.

Their item texts are their authors' and publishers', and no licence was found under which they could be shipped. So
each item has a code, and a short name of this project's own that says what it is about; a patient is asked from the
clinic's own licensed sheet. Answers are entered as points, as the sheet gives them.

Smallest detectable and important changes: Bruins and others, Facial Plast Surg Aesthet Med 2022;24:75 (FaCE, SAQ;
important changes of all three), van Veen and others, Health Qual Life Outcomes 2020;18:256 (FDI, detectable).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from .shape import Better, Choice, DetectableChange, Item, Number, Rater, Scale, SubScore, Total, numbered
from .shape import gettext_noop as _

BRUINS = "Bruins and others 2022, Facial Plast Surg Aesthet Med 24:75"
VAN_VEEN = "van Veen and others 2020, Health Qual Life Outcomes 18:256"
OWN_SHEET = "The item texts may not be shipped; short names are this project's own, the clinic uses its licensed sheet."


def percent(lowest: int, highest: int) -> Callable[[Sequence[Number]], Number]:
    """How far answers stand between the worst and the best that they could be, 0 to 100."""
    return lambda points: sum(value - lowest for value in points) / (len(points) * (highest - lowest)) * 100


# FaCE -----------------------------------------------------------------------------------------------------------
# Kahn and others, Laryngoscope 2001;111:387, appendix B. 15 items of 1 (worst) to 5 (best) in six domains; a domain
# is (sum - n) / 4n x 100, the total the domains' mean weighted by their numbers of items.
FACE_ANSWERS = numbered(_("Worst"), _("Poor"), _("Middling"), _("Good"), _("Best"), start=1)
FACE_DOMAINS = (
    (
        "movement",
        _("Facial movement"),
        (
            ("smile", _("Moving that half in a smile")),
            ("brow", _("Raising that brow")),
            ("pucker", _("Moving that half in a pucker")),
        ),
    ),
    (
        "comfort",
        _("Facial comfort"),
        (
            ("tightness", _("Tightness")),
            ("tension", _("Tension, pain or spasm in moving")),
            ("tiredness", _("Tiredness of the face")),
        ),
    ),
    (
        "oral",
        _("Oral function"),
        (("chewing", _("Moving food in the mouth")), ("drooling", _("Keeping food and drink in"))),
    ),
    (
        "eye",
        _("Eye comfort"),
        (("dryness", _("Dry or irritated eye")), ("drops", _("Need of drops or ointment"))),
    ),
    ("lacrimal", _("Lacrimal control"), (("tears", _("Watering eye")),)),
    (
        "social",
        _("Social function"),
        (
            ("behaviour", _("Acting differently among people")),
            ("treatment", _("Being treated differently")),
            ("activities", _("Joining in with others")),
            ("restaurants", _("Eating out")),
        ),
    ),
)


def _face_total(subs: Mapping[str, Number]) -> Number:
    weights = {code: len(items) for code, _name, items in FACE_DOMAINS}
    return sum(subs[code] * weight for code, weight in weights.items()) / sum(weights.values())


FACE = Scale(
    code="face",
    version="2001",
    name=_("FaCE"),
    rater=Rater.PATIENT,
    items=tuple(
        Item(f"{code}_{item}", name, FACE_ANSWERS, group=group)
        for code, group, items in FACE_DOMAINS
        for item, name in items
    ),
    sub_scores=tuple(
        SubScore(code, group, 0, 100, tuple(f"{code}_{item}" for item, _n in items), percent(1, 5))
        for code, group, items in FACE_DOMAINS
    ),
    total=Total(_("Total"), 0, 100, _face_total),
    source="Kahn and others 2001, Laryngoscope 111:387, appendix B",
    wording=OWN_SHEET,
    changes=(DetectableChange("total", 17.6, BRUINS, group=2.9, important_better=0.7, important_worse=-8.5),),
)

# Synkinesis Assessment Questionnaire -------------------------------------------------------------------------------
# Mehta, WernickRobinson, Hadlock, Laryngoscope 2007;117:923. Nine items of 1 to 5, sum / 45 x 100: 20 to 100, higher is
# worse.
SAQ_ANSWERS = numbered(
    _("Seldom or never"), _("Occasionally"), _("Sometimes"), _("Mostly"), _("Always"), start=1
)
SAQ_ITEMS = (
    ("smile_eye", _("Smiling: the eye closes")),
    ("speech_eye", _("Speaking: the eye closes")),
    ("pucker_eye", _("Puckering: the eye closes")),
    ("smile_neck", _("Smiling: the neck tightens")),
    ("closure_face", _("Closing the eyes: the face tightens")),
    ("closure_mouth", _("Closing the eyes: the mouth moves")),
    ("closure_neck", _("Closing the eyes: the neck tightens")),
    ("eating_tears", _("Eating: the eye waters")),
    ("moving_chin", _("Moving the face: the chin dimples")),
)

SAQ = Scale(
    code="saq",
    version="2007",
    name=_("SAQ"),
    rater=Rater.PATIENT,
    items=tuple(Item(code, name, SAQ_ANSWERS) for code, name in SAQ_ITEMS),
    sub_scores=(
        SubScore(
            "synkinesis",
            _("Synkinesis"),
            20,
            100,
            tuple(one[0] for one in SAQ_ITEMS),
            lambda points: sum(points) / (5 * len(points)) * 100,
            Better.LOWER,
        ),
    ),
    total=Total(_("Total"), 20, 100, lambda subs: subs["synkinesis"], Better.LOWER),
    source="Mehta and others 2007, Laryngoscope 117:923",
    wording=OWN_SHEET,
    changes=(DetectableChange("total", 28.2, BRUINS, group=4.6, important_better=2.8, important_worse=0.6),),
)

# Facial Disability Index --------------------------------------------------------------------------------------------
# VanSwearingen and Brach, Phys Ther 1996;76:1288. Physical function: five items, 5 (no difficulty) to 2, or 1 (did not,
# because of health): (sum - n) / n x 25. Social function: five items of 1 to 6, 6 best: (sum - n) / n x 20. Both 0 to
# 100; there is no total. 0 (did not, for other reasons) says nothing of the face: it is kept and counts for nothing,
# and since a score is never made of fewer items here, the physical score then stays empty.
FDI_PHYSICAL = (
    Choice(5, _("No difficulty"), 5),
    Choice(4, _("A little difficulty"), 4),
    Choice(3, _("Some difficulty"), 3),
    Choice(2, _("Much difficulty"), 2),
    Choice(1, _("Did not, because of health"), 1),
    Choice(0, _("Did not, for other reasons"), None),
)
FDI_SOCIAL = numbered(_("Worst"), _("Bad"), _("Rather bad"), _("Rather good"), _("Good"), _("Best"), start=1)
PHYSICAL_ITEMS = (
    ("eating", _("Eating")),
    ("drinking", _("Drinking")),
    ("speaking", _("Speaking")),
    ("tearing", _("Eye: tears or dryness")),
    ("rinsing", _("Brushing and rinsing")),
)
SOCIAL_ITEMS = (
    ("calm", _("Calm")),
    ("isolation", _("Withdrawal from people")),
    ("irritability", _("Irritability")),
    ("sleep", _("Sleep")),
    ("outings", _("Going out and joining in")),
)
PHYSICAL, SOCIAL = _("Physical function"), _("Social function and well-being")

FDI = Scale(
    code="fdi",
    version="1996",
    name=_("FDI"),
    rater=Rater.PATIENT,
    items=(
        *(Item(code, name, FDI_PHYSICAL, group=PHYSICAL) for code, name in PHYSICAL_ITEMS),
        *(Item(code, name, FDI_SOCIAL, group=SOCIAL) for code, name in SOCIAL_ITEMS),
    ),
    sub_scores=(
        SubScore("physical", PHYSICAL, 0, 100, tuple(one[0] for one in PHYSICAL_ITEMS), percent(1, 5)),
        SubScore("social", SOCIAL, 0, 100, tuple(one[0] for one in SOCIAL_ITEMS), percent(1, 6)),
    ),
    total=None,
    source="VanSwearingen and Brach 1996, Phys Ther 76:1288",
    wording=OWN_SHEET,
    changes=(
        DetectableChange("physical", 17.6, VAN_VEEN, group=1.9, important_better=4.4, important_worse=8.2),
        DetectableChange("social", 17.7, VAN_VEEN, group=1.9, important_better=0.4, important_worse=-1.8),
    ),
)
