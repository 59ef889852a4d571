"""What people wear and what stands behind them: glasses, beards, scarves, hair over the forehead or an eye, a dressing
on an eye, a feeding tube, other backgrounds.

All of it is drawn on the frontal portrait, before the head turns, and by chance: never by the label.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from inference.pipeline.codes import ZONES

RIGHT_EYE, LEFT_EYE = (33, 133), (362, 263)
TEMPLES = (127, 356)
BEARD_OUTLINE = (
    127, 234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454, 356,
    425, 327, 2, 98, 205,
)  # fmt: skip
LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
FOREHEAD = (54, 103, 67, 109, 10, 338, 297, 332, 284)


@dataclass(frozen=True)
class Look:
    """What a person wears in one visit, and whether something else stands behind them. tube, dressing, lock: the side
    (0 left, 1 right, -1 none) of a feeding tube, of a pad or tape on an eye, and of hair over brow and eye."""

    glasses: int = 0
    beard: float = 0.0
    fringe: float = 0.0
    scarf: float = 0.0
    tube: int = -1
    dressing: int = -1
    lock: int = -1
    background: bool = False
    seed: int = 0

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "Look":
        """Glasses on one person in five, a beard on one in twelve, a fringe on one in ten; a scarf about the chin, a
        tube, a dressing or a lock on a few."""
        lock, dressing, tube = (
            int(rng.integers(2)) if rng.random() < share else -1 for share in (0.04, 0.03, 0.02)
        )
        return cls(
            glasses=int(rng.integers(1, 4)) if rng.random() < 0.2 else 0,
            beard=float(rng.uniform(0.3, 0.9)) if rng.random() < 0.08 else 0.0,
            fringe=float(rng.uniform(0.1, 0.6)) if rng.random() < 0.1 else 0.0,
            scarf=float(rng.uniform(0.0, 0.6)) if rng.random() < 0.05 else 0.0,
            tube=tube,
            dressing=dressing,
            lock=-1 if dressing >= 0 else lock,
            background=bool(rng.random() < 0.35),
            seed=int(rng.integers(2**31)),
        )

    @property
    def covers(self) -> np.ndarray:
        """(4, 2) bool, as `datasets.Pictures.covered`."""
        hidden = np.zeros((len(ZONES), 2), bool)
        if self.dressing >= 0:
            hidden[ZONES.index("eye"), self.dressing] = True
        if self.lock >= 0:
            hidden[[ZONES.index("brow"), ZONES.index("eye")], self.lock] = True
        return hidden


def wear(image: np.ndarray, points: np.ndarray, look: Look, person: np.ndarray) -> np.ndarray:
    """The portrait with what `look` says. points: (478, 2), px, of the face as it now moves; person: (h, w) 0 to 1,
    where the person is."""
    rng = np.random.default_rng(look.seed)
    if look.background:
        image = _before(image, person, rng)
    if look.beard:
        image = _bearded(image, points, look.beard, rng)
    if look.fringe:
        image = _fringed(image, points, look.fringe, rng)
    if look.tube >= 0:
        image = _tubed(image, points, look.tube, rng)
    if look.dressing >= 0:
        image = _dressed(image, points, look.dressing, rng)
    if look.glasses:
        image = _bespectacled(image, points, look.glasses, rng)
    if look.lock >= 0:
        image = _under_a_lock(image, points, look.lock, rng)
    if look.scarf:
        image = _scarved(image, points, look.scarf, rng)
    return image


def _apart(points: np.ndarray) -> float:
    return float(np.linalg.norm(points[list(RIGHT_EYE)].mean(0) - points[list(LEFT_EYE)].mean(0)))


def _laid(image: np.ndarray, tone: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Something of this colour, (3,) or (h, w, 3), over the picture where alpha (h, w) says."""
    return np.clip(image * (1 - alpha[..., None]) + tone * alpha[..., None], 0, 255).astype(np.uint8)


def _tubed(image: np.ndarray, points: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """From the nostril over the cheek to the ear, held by plaster on the nose or the cheek."""
    apart, shape = _apart(points), image.shape[:2]
    nostril, cheek, ear = (points[i] for i in ((327, 425, 361), (98, 205, 132))[side])
    middle = cheek + rng.uniform(-0.1, 0.1, 2) * apart
    line = cv2.GaussianBlur(
        np.stack([*np.linspace(nostril, middle, 8), *np.linspace(middle, ear, 8)]), (1, 7), 0
    )
    tube = np.zeros(shape, np.float32)
    path = np.round(line).astype(np.int32)
    cv2.polylines(tube, [path], False, 1.0, max(1, round(0.045 * apart)))
    image = _laid(
        image, np.array([1.0, 0.98, 0.9]) * rng.uniform(130, 225), cv2.GaussianBlur(tube, (0, 0), 0.7)
    )
    return _plastered(image, middle if rng.random() < 0.7 else points[4], 0.16 * apart, rng)


def _plastered(image: np.ndarray, centre: np.ndarray, half: float, rng: np.random.Generator) -> np.ndarray:
    box = cv2.boxPoints((tuple(map(float, centre)), (2 * half, 1.3 * half), float(rng.uniform(-40, 40))))
    tone = np.array([1.0, rng.uniform(0.85, 0.98), rng.uniform(0.7, 0.95)]) * rng.uniform(150, 235)
    return _laid(image, tone, rng.uniform(0.6, 0.95) * _soft(image.shape[:2], box, 0.8))


def _dressed(image: np.ndarray, points: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """A pad on one eye, or strips of tape that hold the lid."""
    apart, shape = _apart(points), image.shape[:2]
    eye = points[list((LEFT_EYE, RIGHT_EYE)[side])].mean(0)
    tone = np.array([1.0, rng.uniform(0.9, 0.99), rng.uniform(0.8, 0.97)]) * rng.uniform(165, 240)
    if rng.random() < 0.4:
        for turn in rng.uniform(-25, 25, 1 + int(rng.integers(2))):
            strip = cv2.boxPoints(
                (tuple(map(float, eye)), (rng.uniform(0.55, 0.8) * apart, 0.2 * apart), float(turn))
            )
            image = _laid(image, tone, rng.uniform(0.55, 0.85) * _soft(shape, strip, 0.8))
        return image
    around = np.linspace(0, 2 * np.pi, 24)
    size = rng.uniform([0.36, 0.26], [0.46, 0.36]) * apart
    pad = eye + np.column_stack([np.cos(around), np.sin(around)]) * size
    weave = tone + _noise(shape, rng, (1.0, 1.0))[..., None] * 5
    image = _laid(image, weave, _soft(shape, pad, 1.2))
    for turn in rng.uniform(-35, 35, 2):
        strip = cv2.boxPoints((tuple(map(float, eye)), (1.3 * apart, 0.14 * apart), float(turn)))
        image = _laid(image, tone * 0.97, 0.6 * _soft(shape, strip, 0.8))
    return image


def _under_a_lock(image: np.ndarray, points: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """Hair from the parting over one brow and eye."""
    apart, shape = _apart(points), image.shape[:2]
    outer, inner = (points[i] for i in ((LEFT_EYE[1], LEFT_EYE[0]), RIGHT_EYE)[side])
    parting, temple = points[10], points[TEMPLES[1 - side]]
    low = [0, rng.uniform(0.15, 0.6) * apart]
    outline = np.stack(
        [parting - [0, 0.4 * apart], inner * 0.6 + outer * 0.4 + low, outer + [0, 0.3 * apart] + low, temple]
    )
    hair = rng.uniform(10, 110) * np.array([1.0, rng.uniform(0.7, 0.95), rng.uniform(0.5, 0.85)])
    strands = hair + _noise(shape, rng, (0.8, 5.0))[..., None] * 16
    return _laid(image, strands, np.clip(_soft(shape, outline, 0.03 * apart) * 1.2, 0, 1))


def _scarved(image: np.ndarray, points: np.ndarray, height: float, rng: np.random.Generator) -> np.ndarray:
    """Cloth from below up to the chin or a part of the way to the mouth, 0 to 1."""
    shape, rim = image.shape[:2], points[[234, 132, 172, 150, 152, 379, 397, 361, 454]].copy()
    rim[2:7] += (points[17] - points[152]) * height
    outline = np.vstack([rim, [[shape[1], shape[0]], [0, shape[0]]]])
    folds = _noise(shape, rng, (9.0, 3.0))[..., None] * rng.uniform(6, 18)
    return _laid(image, rng.uniform(20, 225, 3) + folds, _soft(shape, outline, 1.5))


def _noise(shape: tuple[int, int], rng: np.random.Generator, grain: tuple[float, float]) -> np.ndarray:
    """Streaked noise, zero mean, about unit deviation: hair seen from afar."""
    noise = cv2.GaussianBlur(
        rng.normal(0, 1, shape).astype(np.float32), (0, 0), sigmaX=grain[0], sigmaY=grain[1]
    )
    return np.asarray(noise / (noise.std() + 1e-6))


def _before(image: np.ndarray, person: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Another background: a wall with a fall of light, or a blurred room."""
    height, width = image.shape[:2]
    tone = rng.uniform(30, 235, 3) * 0.5 + rng.uniform(30, 235) * 0.5
    if rng.random() < 0.5:
        small = rng.uniform(-1, 1, (1 + int(rng.integers(1, 3)), 2, 3)) * 35
    else:
        small = rng.uniform(-1, 1, (int(rng.integers(4, 12)), int(rng.integers(4, 12)), 3)) * 25
        small = small + rng.uniform(-1, 1, (*small.shape[:2], 1)) * 70
    wall = cv2.resize(small.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC) + tone
    alpha = np.clip((person - 0.25) / 0.5, 0, 1)[..., None]
    return np.clip(image * alpha + wall * (1 - alpha), 0, 255).astype(np.uint8)


def _soft(shape: tuple[int, int], outline: np.ndarray, blur: float) -> np.ndarray:
    mask = np.zeros(shape, np.float32)
    cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 1.0)
    return cv2.GaussianBlur(mask, (0, 0), blur)


def _bearded(image: np.ndarray, points: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    shape = image.shape[:2]
    apart = float(np.linalg.norm(points[list(RIGHT_EYE)].mean(0) - points[list(LEFT_EYE)].mean(0)))
    mask = _soft(shape, points[list(BEARD_OUTLINE)], 0.06 * apart)
    mask *= 1 - _soft(shape, points[list(LIPS)], 0.02 * apart)
    hair = rng.uniform(15, 90) * np.array([1.0, rng.uniform(0.75, 0.95), rng.uniform(0.55, 0.85)])
    texture = _noise(shape, rng, (0.7, 1.6))[..., None] * 7
    alpha = (np.clip(mask * (1 + 0.25 * _noise(shape, rng, (1.2, 1.2))), 0, 1) * strength)[..., None]
    return np.clip(image * (1 - alpha) + (hair + texture) * alpha, 0, 255).astype(np.uint8)


def _fringed(image: np.ndarray, points: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Hair from the hairline down over a part of the forehead, sometimes to the brows."""
    shape = image.shape[:2]
    top = points[list(FOREHEAD)].astype(np.float64)
    apart = float(np.linalg.norm(points[list(RIGHT_EYE)].mean(0) - points[list(LEFT_EYE)].mean(0)))
    wave = rng.uniform(0.3, 1.0, len(top)) * strength * apart
    low = top + np.column_stack([np.zeros(len(top)), wave])
    outline = np.vstack([top - [0, 0.5 * apart], low[::-1]])
    hair = rng.uniform(10, 110) * np.array([1.0, rng.uniform(0.7, 0.95), rng.uniform(0.5, 0.85)])
    texture = _noise(shape, rng, (0.7, 4.0))[..., None] * 16
    alpha = np.clip(_soft(shape, outline, 0.04 * apart) * 1.2, 0, 1)[..., None]
    return np.clip(image * (1 - alpha) + (hair + texture) * alpha, 0, 255).astype(np.uint8)


def _bespectacled(image: np.ndarray, points: np.ndarray, kind: int, rng: np.random.Generator) -> np.ndarray:
    """Rims, bridge, temples and a faint reflection."""
    drawn = image.copy()
    right, left = points[list(RIGHT_EYE)].mean(0), points[list(LEFT_EYE)].mean(0)
    apart = float(np.linalg.norm(left - right))
    colour = (rng.uniform(10, 120) * np.array([1.0, rng.uniform(0.6, 1), rng.uniform(0.5, 1)])).tolist()
    thick = max(1, round(apart * (0.015, 0.03, 0.05)[kind - 1]))
    half = np.array([rng.uniform(0.36, 0.44), rng.uniform(0.26, 0.36)]) * apart
    angle = float(np.degrees(np.arctan2(*(left - right)[::-1])))
    shine = np.zeros(image.shape[:2], np.float32)
    for eye, temple in ((right, points[TEMPLES[0]]), (left, points[TEMPLES[1]])):
        centre = eye + [0, 0.05 * apart]
        where = (tuple(np.round(centre).astype(int).tolist()), tuple(np.round(half).astype(int).tolist()))
        cv2.ellipse(drawn, where[0], where[1], angle, 0, 360, colour, thick, cv2.LINE_AA)
        outer = centre + (1 if eye is left else -1) * np.array([half[0], 0])
        ends = [tuple(np.round(p).astype(int).tolist()) for p in (outer, temple)]
        cv2.line(
            drawn,
            ends[0],
            ends[1],
            colour,
            thick,
            cv2.LINE_AA,
        )
        if rng.random() < 0.4:
            spot = centre + rng.uniform(-0.5, 0.5, 2) * half
            cv2.ellipse(
                shine, tuple(np.round(spot).astype(int).tolist()), tuple(np.round(half * 0.5).astype(int).tolist()),
                rng.uniform(0, 180), 0, 360, float(rng.uniform(0.1, 0.45)), -1,
            )  # fmt: skip
    bridge = [right + [half[0], 0], (right + left) / 2 - [0, 0.06 * apart], left - [half[0], 0]]
    cv2.polylines(drawn, [np.round(bridge).astype(np.int32)], False, colour, thick, cv2.LINE_AA)
    alpha = cv2.GaussianBlur(shine, (0, 0), 0.02 * apart)[..., None]
    return np.clip(drawn * (1 - alpha) + 245 * alpha, 0, 255).astype(np.uint8)
