"""Can this photo be judged? Numbers about it, and a reason where the answer is no.

Each limit was set with `python -m ml_training.quality_limits`, which darkens, blurs, turns and covers faces
of people who don't exist; docs/photo-quality.md has the table of what each limit lets through and stops.
"""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np

from inference.pipeline import cover
from inference.pipeline.align import HALF_WIDTH, crop_face, in_crop
from inference.pipeline.codes import FROM_BELOW, Caution, RejectionReason
from inference.pipeline.measure import EYE_CORNERS, LIDS

SIZE: Final = 192
"""Side of the upright crop on which light and sharpness are read, px, so that no camera's size matters."""
UNIT: Final = SIZE / (2 * HALF_WIDTH)
"""The distance between the eyes in that crop, px."""
OUTLINE: Final = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176,
    149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
CHEEKBONES: Final = (234, 454)
FOREHEAD, NOSE_ROOT, NOSE_BASE = 10, 168, 2
LIPS: Final = (61, 291, 0, 17, 37, 267, 84, 314)


@dataclass(frozen=True, slots=True)
class Limits:
    """Below (or beyond) `stop` a photo is rejected, below (or beyond) `warn` it carries a warning."""

    stop: float
    warn: float


EYES_APART_PX: Final = Limits(stop=28, warn=50)
SHARPNESS: Final = Limits(stop=0.045, warn=0.050)
LIGHT: Final = Limits(stop=0.14, warn=0.22)
"""The face's lightest tenth, 0 to 1: dark skin in good light has highlights, a dark photo has none."""
GLARE: Final = Limits(stop=0.30, warn=0.12)
"""Share of the face that is pure white."""
COVERED: Final = 0.08
"""Contrast about an eye or the lips under which something plain hides them, if the other has twice as much (a
blur takes it from both); `cover` finds cloth with a pattern, and what is before one eye."""
YAW_DEG: Final = Limits(stop=25, warn=13)
PITCH_DEG: Final = Limits(stop=25, warn=16)
ROLL_DEG: Final = Limits(stop=30, warn=12)
UNEVEN: Final = 1.6
"""Brighter half of the face over the darker."""
EYES_CLOSED: Final = 0.075
"""Opening of the wider eye, in distances between the eyes."""
OTHER_FACE: Final = 0.35
"""A face this wide beside the largest counts as a second one; smaller ones are pictures on a wall."""


def judge(
    image: np.ndarray, faces: list[np.ndarray], distant: bool = False, view: str = ""
) -> tuple[RejectionReason | None, dict[str, Any]]:
    """The reason to reject a photo, or None, and its numbers with "warnings", a list of `codes.Caution`.

    image: RGB uint8 (h, w, 3). faces: (478, 3) px each, largest first, as `FaceMesh.find` gives them.
    distant: whether they were so small in the picture that only a second, closer look found them.
    view: what it was asked for, where that decides what is asked of it (`codes.FROM_BELOW`).
    """
    if view in FROM_BELOW:
        return _judge_from_below(image, faces)
    if not faces:
        return RejectionReason.NO_FACE, {"faces": 0, "warnings": []}
    points = faces[0]
    numbers: dict[str, Any] = {"faces": 1 + _others(faces), **pose(points), **picture(image, points)}
    reason = refusal(numbers)
    if distant and reason != RejectionReason.SEVERAL_FACES:
        reason = RejectionReason.FACE_TOO_SMALL
    numbers["warnings"] = [] if reason else [caution.value for caution in _cautions(image, points, numbers)]
    return reason, {key: round(v, 3) if isinstance(v, float) else v for key, v in numbers.items()}


def _judge_from_below(
    image: np.ndarray, faces: list[np.ndarray]
) -> tuple[RejectionReason | None, dict[str, Any]]:
    """Of a face seen from under the chin. Its bend is what was asked for, its eyes are foreshortened, and the mesh,
    which knows faces from the front, often finds none: that is no fault of the photo. Of what it finds, size, light and
    sharpness count."""
    if not faces:
        return None, {"faces": 0, "warnings": []}
    points = faces[0]
    numbers: dict[str, Any] = {"faces": 1 + _others(faces), **pose(points), **picture(image, points)}
    reason = next((found for failed, found in _of_any_view(numbers) if failed), None)
    checks = [] if reason else _of_the_picture(numbers)
    numbers["warnings"] = [caution.value for failed, caution in checks if failed]
    return reason, {key: round(v, 3) if isinstance(v, float) else v for key, v in numbers.items()}


def _of_any_view(numbers: dict[str, Any]) -> list[tuple[bool, RejectionReason]]:
    """What spoils a photo from wherever it was taken."""
    return [
        (numbers["faces"] > 1, RejectionReason.SEVERAL_FACES),
        (numbers["eyes_apart_px"] < EYES_APART_PX.stop, RejectionReason.FACE_TOO_SMALL),
        (numbers["light"] < LIGHT.stop, RejectionReason.TOO_DARK),
        (numbers["glare"] > GLARE.stop, RejectionReason.TOO_BRIGHT),
        (numbers["sharpness"] < SHARPNESS.stop, RejectionReason.BLURRED),
    ]


def _of_the_picture(numbers: dict[str, Any]) -> list[tuple[bool, Caution]]:
    """What could be better about a photo, from wherever it was taken."""
    return [
        (numbers["eyes_apart_px"] < EYES_APART_PX.warn, Caution.FACE_SMALL),
        (numbers["sharpness"] < SHARPNESS.warn, Caution.SOFT),
        (numbers["light"] < LIGHT.warn, Caution.DIM),
        (numbers["glare"] > GLARE.warn, Caution.BRIGHT),
    ]


def _others(faces: list[np.ndarray]) -> int:
    """How many further people the picture shows; a second mesh on the same face is none."""
    first, width = faces[0][:, :2].mean(0), float(np.ptp(faces[0][:, 0]))
    return sum(
        float(np.ptp(face[:, 0])) >= OTHER_FACE * width
        and float(np.linalg.norm(face[:, :2].mean(0) - first)) > 0.5 * width
        for face in faces[1:]
    )


def pose(points: np.ndarray) -> dict[str, float]:
    """Size, px, and turn of the head, degrees. yaw: positive towards the patient's left; pitch: positive down;
    roll: positive towards the patient's left shoulder, -45 to 45, in the picture turned counterclockwise by
    quarter_turns, 0 to 3, so that the head is up. Everything that reads a face reads it turned so."""
    right, left = (points[list(EYE_CORNERS[side])].mean(0).astype(np.float64) for side in ("right", "left"))
    across = left - right
    ears = (points[CHEEKBONES[1]] - points[CHEEKBONES[0]]).astype(np.float64)
    roll = float(np.degrees(np.arctan2(across[1], across[0])))
    quarters = round(roll / 90)
    upright = (points[NOSE_BASE] + points[NOSE_ROOT] - 2 * points[FOREHEAD]).astype(np.float64)
    return {
        "face_width_px": float(np.ptp(points[:, quarters % 2])),
        "eyes_apart_px": float(np.hypot(across[0], across[1])),
        "yaw_deg": float(np.degrees(np.arctan2(ears[2], np.hypot(ears[0], ears[1])))),
        "pitch_deg": float(np.degrees(np.arctan2(upright[2], np.hypot(upright[0], upright[1])))),
        "roll_deg": roll - 90 * quarters,
        "quarter_turns": quarters % 4,
    }


def picture(image: np.ndarray, points: np.ndarray) -> dict[str, float]:
    """Light, sharpness and covers of the face."""
    crop = crop_face(image, points, SIZE)
    place = in_crop(points, points, SIZE)
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    face = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillConvexPoly(
        face, np.round(cv2.convexHull(place[list(OUTLINE)].astype(np.float32))).astype(np.int32), (1,)
    )
    inside = face.astype(bool)
    light = grey[inside].astype(np.float32) / 255
    halves = [light[(np.nonzero(inside)[1] < SIZE / 2) == first].mean() for first in (True, False)]
    return {
        "brightness": float(light.mean()),
        "light": float(np.percentile(light, 90)),
        "glare": float((crop[inside].min(-1) >= 250).mean()),
        "unevenness": float(max(halves) / max(min(halves), 1e-3)),
        "sharpness": _sharpness(grey, cv2.erode(face, np.ones((9, 9))).astype(bool)),
        "eye_opening": _eye_opening(place),
        "eye_detail": min(_detail(grey, place, side) for side in ("right", "left")),
        "mouth_detail": _mouth_detail(crop, place),
        **cover.figures(crop, place),
    }


def _sharpness(grey: np.ndarray, inside: np.ndarray) -> float:
    """Fine detail over coarse, in the direction that has least of it: out of focus lowers all, shaking one."""
    smooth = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.0)  # the sensor's noise is no detail

    def bend(right: int, down: int) -> float:
        """Spread of the second difference over a step, px."""
        ahead, behind = np.roll(smooth, (down, right), (0, 1)), np.roll(smooth, (-down, -right), (0, 1))
        return float((2 * smooth - ahead - behind)[inside].std())

    return min(bend(x, y) / (bend(6 * x, 6 * y) + 1e-3) for x, y in ((1, 0), (0, 1), (1, 1), (1, -1)))


def _eye_opening(place: np.ndarray) -> float:
    """Height of the wider open eye, in distances between the eyes."""
    gaps = [np.mean([place[low, 1] - place[up, 1] for up, low in pairs]) for pairs in LIDS.values()]
    return float(max(gaps)) / UNIT


def _detail(grey: np.ndarray, place: np.ndarray, side: str) -> float:
    """Contrast of one eye's surroundings, relative to its brightness."""
    x, y = place[list(EYE_CORNERS[side])].mean(0)
    half, tall = 0.26 * UNIT, 0.13 * UNIT
    box = grey[round(y - tall) : round(y + tall), round(x - half) : round(x + half)].astype(np.float32)
    return float(box.std() / (box.mean() + 8))


def _mouth_detail(crop: np.ndarray, place: np.ndarray) -> float:
    """Contrast of the lips' surroundings, relative to their brightness."""
    lips = place[list(LIPS)]
    (x0, y0), (x1, y1) = lips.min(0) - 0.08 * UNIT, lips.max(0) + 0.08 * UNIT
    x0, y0, x1, y1 = (int(np.clip(v, 0, SIZE - 1)) for v in (x0, y0, x1, y1))
    box = cv2.cvtColor(crop[y0 : y1 + 1, x0 : x1 + 1], cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(box.std() / (box.mean() + 8))


def refusal(numbers: dict[str, Any]) -> RejectionReason | None:
    """The first thing to put right, from the coarsest fault to the finest."""
    eyes, mouth = numbers["eye_detail"], numbers["mouth_detail"]
    checks = (
        (numbers["faces"] > 1, RejectionReason.SEVERAL_FACES),
        (numbers["eyes_apart_px"] < EYES_APART_PX.stop, RejectionReason.FACE_TOO_SMALL),
        (abs(numbers["roll_deg"]) > ROLL_DEG.stop, RejectionReason.TILTED),
        (abs(numbers["yaw_deg"]) > YAW_DEG.stop, RejectionReason.TURNED),
        (abs(numbers["pitch_deg"]) > PITCH_DEG.stop, RejectionReason.TURNED),
        (numbers["light"] < LIGHT.stop, RejectionReason.TOO_DARK),
        (numbers["glare"] > GLARE.stop, RejectionReason.TOO_BRIGHT),
        (eyes < min(COVERED, mouth / 2) and not cover.one_eye(numbers), RejectionReason.EYES_COVERED),
        (mouth < min(COVERED, eyes / 2) or cover.mouth(numbers), RejectionReason.MOUTH_COVERED),
        (numbers["sharpness"] < SHARPNESS.stop, RejectionReason.BLURRED),
    )
    return next((reason for failed, reason in checks if failed), None)


def _cautions(image: np.ndarray, points: np.ndarray, numbers: dict[str, Any]) -> list[Caution]:
    height, width = image.shape[:2]
    outline = points[list(OUTLINE), :2]
    outside = ((outline < 0) | (outline > [width, height])).any(-1).mean()
    checks = (
        *_of_the_picture(numbers),
        (
            max(abs(numbers["yaw_deg"]) - YAW_DEG.warn, abs(numbers["pitch_deg"]) - PITCH_DEG.warn) > 0,
            Caution.SLIGHTLY_TURNED,
        ),
        (abs(numbers["roll_deg"]) > ROLL_DEG.warn, Caution.SLIGHTLY_TILTED),
        (numbers["quarter_turns"] > 0, Caution.TURNED_UPRIGHT),
        (numbers["unevenness"] > UNEVEN, Caution.UNEVEN_LIGHT),
        (outside > 0.05, Caution.FACE_CUT_OFF),
        (numbers["eye_opening"] < EYES_CLOSED, Caution.EYES_CLOSED),
        (cover.one_eye(numbers), Caution.EYE_COVERED),
    )
    return [caution for failed, caution in checks if failed]
