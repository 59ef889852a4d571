"""What people wear and what stands behind them: glasses, beards, hair over the forehead, other backgrounds.

All of it is drawn on the frontal portrait, before the head turns, and by chance: never by the label.
"""

from dataclasses import dataclass

import cv2
import numpy as np

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
    """What a person wears in one visit, and whether something else stands behind them."""

    glasses: int = 0
    beard: float = 0.0
    fringe: float = 0.0
    background: bool = False
    seed: int = 0

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "Look":
        """Glasses on one person in five, a beard on one in eight, a fringe on one in ten."""
        return cls(
            glasses=int(rng.integers(1, 4)) if rng.random() < 0.2 else 0,
            beard=float(rng.uniform(0.3, 0.9)) if rng.random() < 0.12 else 0.0,
            fringe=float(rng.uniform(0.1, 0.6)) if rng.random() < 0.1 else 0.0,
            background=bool(rng.random() < 0.35),
            seed=int(rng.integers(2**31)),
        )


def wear(image: np.ndarray, points: np.ndarray, look: Look, person: np.ndarray | None) -> np.ndarray:
    """The portrait with what `look` says. points: (478, 2), px, of the face as it now moves; person: (h, w) 0 to 1,
    where the person is."""
    rng = np.random.default_rng(look.seed)
    if look.background and person is not None:
        image = _before(image, person, rng)
    if look.beard:
        image = _bearded(image, points, look.beard, rng)
    if look.fringe:
        image = _fringed(image, points, look.fringe, rng)
    if look.glasses:
        image = _bespectacled(image, points, look.glasses, rng)
    return image


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
        small = rng.uniform(-1, 1, (int(rng.integers(4, 12)), int(rng.integers(4, 12)), 3)) * 90
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
        cv2.line(
            drawn,
            *(tuple(np.round(p).astype(int).tolist()) for p in (outer, temple)),
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
