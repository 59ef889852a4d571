"""What skin does that the face model's smooth mesh can't: lines of the forehead, nose, eyes and lips, the nasolabial
fold, and the lashes of a closing lid. Each deepens with the movement of its own side: a still half of a face stays
smooth.
"""

from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np

BROW_TOPS: Final = ((300, 293, 334, 296, 336), (70, 63, 105, 66, 107))
HAIRLINE: Final = ((284, 332, 297, 338, 10), (54, 103, 67, 109, 10))
FOLDS: Final = ((358, 423, 426, 436), (129, 203, 206, 216))
NOSE_ROOTS: Final = ((168, 197, 417, 437), (168, 197, 193, 217))
OUTER_CORNERS: Final = ((263, 362), (33, 133))
UPPER_LIDS: Final = ((263, 387, 385, 362), (33, 160, 158, 133))
LOWER_LIDS: Final = ((263, 373, 380, 362), (33, 144, 153, 133))
LIP_EDGES: Final = (
    ((13, 0), (312, 267), (310, 270), (14, 17), (317, 314)),
    ((13, 0), (82, 37), (80, 40), (14, 17), (87, 84)),
)
"""Mesh indices, left and right of the person; of lids from the outer to the inner corner, of lips from the inner edge
to the outer."""
WIDTH: Final = 0.014
"""Of a line, in distances between the eyes."""
Lines = list[tuple[np.ndarray, float]]
"""Polylines (K, 2), px, and how deep each is, 0 to 1."""


def _between(points: np.ndarray, a: int, b: int, share: float) -> np.ndarray:
    return np.asarray(points[a] * (1 - share) + points[b] * share)


def _forehead(points: np.ndarray, units: Mapping[str, float], side: int, rng: np.random.Generator) -> Lines:
    suffix = "LR"[side]
    inner, outer = (max(0.0, units[f"{name}_{suffix}"]) for name in ("browInnerUp", "browOuterUp"))
    low, high = points[list(BROW_TOPS[side])], points[list(HAIRLINE[side])]
    lines = []
    for share in np.linspace(0.28, 0.72, 3) + rng.uniform(-0.04, 0.04, 3):
        line = low * (1 - share) + high * share
        line[-1, 0] = 0.3 * low[-1, 0] + 0.7 * points[10, 0]
        lines.append((line[1:], 0.75 * (0.4 * outer + 0.6 * inner) * rng.uniform(0.5, 1.1)))
    return lines


def _folds(points: np.ndarray, units: Mapping[str, float], side: int, rng: np.random.Generator) -> Lines:
    suffix = "LR"[side]
    strength = {
        "mouthSmile": 0.55,
        "noseSneer": 0.4,
        "cheekSquint": 0.3,
        "mouthUpperUp": 0.3,
        "mouthStretch": 0.2,
    }
    depth = sum(share * max(0.0, units[f"{name}_{suffix}"]) for name, share in strength.items())
    return [(points[list(FOLDS[side])], min(1.0, depth) * rng.uniform(0.5, 1.0))]


def _eyes(
    points: np.ndarray, units: Mapping[str, float], side: int, rng: np.random.Generator, apart: float
) -> Lines:
    """Crow's feet, and the lines beside the root of the nose."""
    suffix = "LR"[side]
    lines: Lines = []
    tight = (
        0.7 * max(0.0, units[f"eyeSquint_{suffix}"]) + 0.4 * max(0.0, units[f"cheekSquint_{suffix}"]) - 0.3
    )
    corner, inner = (points[i] for i in OUTER_CORNERS[side])
    away = (corner - inner) / max(float(np.linalg.norm(corner - inner)), 1e-6)
    for degrees in (-28, 2, 30):
        turn = np.radians(degrees + rng.uniform(-6, 6)) * (1 if side == 0 else -1)
        to = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ away
        start = corner + 0.09 * apart * to
        lines.append((np.stack([start, start + rng.uniform(0.08, 0.16) * apart * to]), 0.7 * tight))
    wrinkled = max(0.0, units[f"noseSneer_{suffix}"]) - 0.15
    root, bridge, high, low = NOSE_ROOTS[side]
    for share in (0.1, 0.4, 0.7):
        start = _between(points, root, bridge, share) * 0.8 + points[high] * 0.2
        end = _between(points, high, low, share * 0.8) + [0, -0.03 * apart]
        lines.append((np.stack([start, end]), 0.75 * wrinkled * rng.uniform(0.6, 1.1)))
    frown = max(0.0, units[f"browDown_{suffix}"]) - 0.25
    brow = points[BROW_TOPS[side][-1]] * 0.75 + points[9] * 0.25
    lines.append((np.stack([brow, brow + [0, 0.2 * apart]]), 0.8 * frown * rng.uniform(0.5, 1.1)))
    return lines


def _lips(points: np.ndarray, units: Mapping[str, float], side: int, rng: np.random.Generator) -> Lines:
    suffix = "LR"[side]
    drawn = max(0.0, units[f"mouthPucker_{suffix}"]) - 0.7
    beyond = 1.25
    return [
        (
            np.stack([_between(points, a, b, 0.25), _between(points, a, b, beyond)]),
            0.35 * drawn * rng.uniform(0.3, 1),
        )
        for a, b in LIP_EDGES[side]
    ]


def _lashes(points: np.ndarray, closing: float, side: int, apart: float, rng: np.random.Generator) -> Lines:
    """The edge of a lid that has come down, and lashes from it. closing: by how much it moved."""
    upper, lower = (points[list(lid)] for lid in (UPPER_LIDS[side], LOWER_LIDS[side]))
    gap = float(np.linalg.norm(upper[1:3] - lower[1:3], axis=1).mean()) / apart
    depth = min(1.0, max(0.0, closing) * 1.6) * (1.0 if gap < 0.06 else 0.6)
    at = np.linspace(0, 3, 13)
    edge = np.stack(
        [np.interp(at, range(4), (0.1 * upper + 0.9 * lower if gap < 0.06 else upper)[:, i]) for i in (0, 1)],
        1,
    )
    edge = cv2.GaussianBlur(edge.astype(np.float32), (1, 5), 0, borderType=cv2.BORDER_REPLICATE)
    lines: Lines = [(edge, depth), (edge, depth)]
    outwards = (points[UPPER_LIDS[side][0]] - points[UPPER_LIDS[side][-1]]) * 0.12
    for n in range(1, 11):
        root = edge[n]
        tip = root + outwards * (1 - n / 7) + [0, rng.uniform(0.03, 0.055) * apart]
        lines.append((np.stack([root, tip]), 0.55 * depth))
    return lines


def _layer(shape: tuple[int, int], lines: Lines, width: float) -> np.ndarray:
    """(h, w) 0 to 1."""
    drawn = np.zeros(shape, np.uint8)
    for line, depth in sorted(lines, key=lambda each: each[1]):
        if depth > 0.03:
            path = np.round(line * 8).astype(np.int32)
            cv2.polylines(
                drawn, [path], False, int(255 * min(1.0, depth)), max(1, round(width)), cv2.LINE_AA, 3
            )
    return drawn.astype(np.float32) / 255


def marked(
    image: np.ndarray, points: np.ndarray, moved: Mapping[str, float], depth: float, seed: int
) -> np.ndarray:
    """The drawn portrait, RGB uint8 (h, w, 3), with its lines.

    points: (478, 2) px, where the mesh's points now lie; moved: by how much each unit differs from rest; depth: of this
    person's lines, 0 to 1.3 (old skin folds deeper).
    """
    rng, shape = np.random.default_rng(seed), image.shape[:2]
    apart = float(np.linalg.norm(points[[33, 133]].mean(0) - points[[362, 263]].mean(0)))
    skin, lashes = [], []
    for side in (0, 1):
        for lines in (
            _forehead(points, moved, side, rng), _folds(points, moved, side, rng),
            _eyes(points, moved, side, rng, apart), _lips(points, moved, side, rng),
        ):  # fmt: skip
            skin += [(line, depth * deep) for line, deep in lines]
        closing = moved["eyeBlink_" + "LR"[side]]
        if closing > 0.15:
            lashes += _lashes(points, closing, side, apart, rng)
    soft = max(0.5, WIDTH * apart)
    valley = cv2.GaussianBlur(_layer(shape, skin, 1.2 * WIDTH * apart), (0, 0), soft * 0.9)
    ridge = cv2.GaussianBlur(valley, (0, 0), soft * 1.6)
    relief = np.exp(-0.75 * valley + 0.5 * ridge)
    if lashes:
        relief *= 1 - 0.9 * cv2.GaussianBlur(
            _layer(shape, lashes, 1.5 * WIDTH * apart), (0, 0), max(0.4, soft * 0.3)
        )
    return np.clip(image * relief[..., None], 0, 255).astype(np.uint8)
