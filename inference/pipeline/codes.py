"""Names that the whole product shares: exercises, sides, grades, reasons and warnings.

Standard library only, since the web process imports this module.
"""

from enum import StrEnum
from typing import Final


class Exercise(StrEnum):
    """What the patient was asked to do.

    The first twelve are the views that a model tells apart, in the order of its outputs. `SMILE` is either smile:
    what was asked before the two were told apart. The last two are `UNTAUGHT`.
    """

    REST = "rest"
    BROW_RAISE = "brow_raise"
    GENTLE_EYE_CLOSURE = "gentle_eye_closure"
    TIGHT_EYE_CLOSURE = "tight_eye_closure"
    CLOSED_SMILE = "closed_smile"
    SMILE_WITH_TEETH = "smile_with_teeth"
    SHOW_TEETH = "show_teeth"
    PUCKER = "pucker"
    NOSE_WRINKLE = "nose_wrinkle"
    SNEER = "sneer"
    PUFF_CHEEK = "puff_cheek"
    OPEN_MOUTH = "open_mouth"
    SMILE = "smile"
    LOWER_TEETH = "lower_teeth"
    NASAL_BASE = "nasal_base"


class Side(StrEnum):
    """A side of the face, always the patient's own."""

    LEFT = "left"
    RIGHT = "right"


class AnalysisState(StrEnum):
    """How an analysis ended. `FAILED` is written by the batch command; `Analyser` raises instead."""

    SUCCEEDED = "succeeded"
    REJECTED = "rejected"
    FAILED = "failed"


class RejectionReason(StrEnum):
    """Why a photo was rejected: a clinical answer that asks for another photo."""

    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    FACE_TOO_SMALL = "face_too_small"
    BLURRED = "blurred"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    TURNED = "turned"
    TILTED = "tilted"
    EYES_COVERED = "eyes_covered"
    MOUTH_COVERED = "mouth_covered"


class Caution(StrEnum):
    """What a clinician should know about a photo that was analysed all the same."""

    FACE_SMALL = "face_small"
    SOFT = "soft"
    DIM = "dim"
    BRIGHT = "bright"
    SLIGHTLY_TURNED = "slightly_turned"
    SLIGHTLY_TILTED = "slightly_tilted"
    TURNED_UPRIGHT = "turned_upright"
    UNEVEN_LIGHT = "uneven_light"
    FACE_CUT_OFF = "face_cut_off"
    EYES_CLOSED = "eyes_closed"
    EYE_COVERED = "eye_covered"
    EXERCISE_UNSURE = "exercise_unsure"
    PALSY_UNSURE = "palsy_unsure"
    SIDE_UNSURE = "side_unsure"
    VIEW_UNTAUGHT = "view_untaught"


EXERCISES: Final[tuple[str, ...]] = tuple(e.value for e in Exercise)
SMILES: Final = frozenset(
    {Exercise.CLOSED_SMILE.value, Exercise.SMILE_WITH_TEETH.value, Exercise.SMILE.value}
)
UNTAUGHT: Final = frozenset({Exercise.LOWER_TEETH.value, Exercise.NASAL_BASE.value})
"""Views of which no network has seen any: a person files them, and no network says anything of them."""
FROM_BELOW: Final = frozenset({Exercise.NASAL_BASE.value})
"""Views taken from under the chin: what is asked of a face that looks straight at the camera is not asked of them, and
nothing is measured in them."""
VIEWS: Final[tuple[str, ...]] = tuple(e for e in EXERCISES if e != Exercise.SMILE and e not in UNTAUGHT)
ZONES: Final[tuple[str, ...]] = ("brow", "eye", "midface", "mouth")
"""Parts of the face whose movement is graded apart, from the forehead down."""
SIDES: Final[tuple[str, ...]] = (Side.LEFT.value, Side.RIGHT.value)
GRADES: Final[tuple[int, ...]] = (1, 2, 3, 4, 5, 6)
"""House-Brackmann grades, I (normal) to VI (total paralysis)."""

LANDMARK_COUNT: Final = 478
"""Points of the MediaPipe face mesh with irises."""

IRIS_DIAMETER_MM: Final = 11.77
"""Mean visible iris diameter that turns pixels into millimetres. It is a population mean, the one that
Emotrics and the MEEI FACE-gram use (Guarin et al., Facial Plast Surg Aesthet Med 2018); other groups use
12.2 mm. A single person's iris differs from it, so ratios of left and right are the safer figures."""


def untaught(view: str) -> str:
    """The view, if it is one that networks were not taught; else empty."""
    return view if view in UNTAUGHT else ""


def same_exercise(asked: str, found: str) -> bool:
    """Whether a photo of `found` answers what was `asked`; "smile" asks for either smile."""
    return asked == found or (Exercise.SMILE.value in (asked, found) and {asked, found} <= SMILES)
