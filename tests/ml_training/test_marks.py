"""What is drawn on a moved face: lines of its own side, and things that cover the side they are said to."""

from __future__ import annotations

import numpy as np
import pytest

from inference.pipeline.codes import ZONES
from ml_training.simulate.accessories import Look, wear
from ml_training.simulate.marks import marked
from ml_training.simulate.photography import cut

from .people import face

MOVED = (
    "browInnerUp", "browOuterUp", "browDown", "noseSneer", "mouthUpperUp", "mouthSmile", "mouthStretch", "cheekSquint",
    "eyeSquint", "eyeBlink", "mouthPucker",
)  # fmt: skip
LINED = ("browInnerUp", "noseSneer", "mouthSmile", "eyeBlink", "eyeSquint")


def points() -> np.ndarray:
    """(478, 2) a face of 400 px, its middle at 200, the person's left on the right."""
    flat = face(np.random.default_rng(0))[:, :2].astype(np.float64)
    placed = (flat - [99.5, 80]) * 3 + [200, 150]
    for n, (x, y) in {10: (200, 40), 151: (200, 60), 9: (200, 120), 168: (200, 140), 4: (200, 220)}.items():
        placed[n] = (x, y)
    halves = {  # the person's right half; the left one mirrors it
        (70, 300): (110, 120), (63, 293): (125, 112), (105, 334): (140, 108), (66, 296): (160, 110),
        (107, 336): (180, 115), (54, 284): (110, 60), (103, 332): (130, 50), (67, 297): (150, 45),
        (109, 338): (175, 42),
        (129, 358): (175, 225), (203, 423): (165, 245), (206, 426): (150, 265), (216, 436): (140, 290),
        (193, 417): (185, 160), (217, 437): (180, 190), (160, 387): (125, 143), (158, 385): (150, 143),
        (144, 373): (125, 157), (153, 380): (150, 157),
    }  # fmt: skip
    for (right, left), (x, y) in halves.items():
        placed[right], placed[left] = (x, y), (400 - x, y)
    return placed


def units(side: int, name: str, amount: float = 1.0) -> dict[str, float]:
    moved = {f"{each}_{s}": 0.0 for each in MOVED for s in "LR"}
    return moved | {f"{name}_{'LR'[side]}": amount}


@pytest.mark.parametrize("name", LINED)
@pytest.mark.parametrize("side", [0, 1])
def test_a_line_deepens_on_the_side_that_moves(name, side):
    skin = np.full((400, 400, 3), 150, np.uint8)
    drawn = marked(skin, points(), units(side, name), 1.0, 0).astype(int)
    right, left = (np.abs(half - 150).sum() for half in (drawn[:, :185], drawn[:, 215:]))
    own, other = (left, right) if side == 0 else (right, left)
    assert own > 2000
    assert other < 0.05 * own


def test_a_face_at_rest_gets_no_lines():
    skin = np.full((400, 400, 3), 150, np.uint8)
    still = {f"{each}_{s}": 0.0 for each in MOVED for s in "LR"}
    assert np.array_equal(marked(skin, points(), still, 1.3, 0), skin)


def test_young_skin_folds_less_than_old():
    skin = np.full((400, 400, 3), 150, np.uint8)
    young, old = (
        np.abs(marked(skin, points(), units(0, "mouthSmile"), lines, 0).astype(int) - 150).sum()
        for lines in (0.2, 1.2)
    )
    assert old > 3 * young


@pytest.mark.parametrize("kind", ["dressing", "lock"])
@pytest.mark.parametrize("side", [0, 1])
def test_what_covers_an_eye_covers_the_side_that_is_told(kind, side):
    picture = np.random.default_rng(1).integers(90, 160, (400, 400, 3), dtype=np.uint8)
    look = Look(seed=3, **{kind: side})
    changed = np.abs(wear(picture, points(), look, np.ones((400, 400))).astype(int) - picture).sum(-1) > 6
    eyes = {0: points()[[362, 263]].mean(0), 1: points()[[33, 133]].mean(0)}
    at = {s: changed[int(y) - 6 : int(y) + 6, int(x) - 6 : int(x) + 6].mean() for s, (x, y) in eyes.items()}
    assert at[side] > 0.8
    assert at[1 - side] < 0.2
    assert look.covers[ZONES.index("eye"), side]
    assert not look.covers[:, 1 - side].any()


def test_nothing_is_covered_by_glasses_a_tube_or_a_scarf():
    assert not Look(glasses=2, tube=1, scarf=0.5, beard=0.5, fringe=0.4).covers.any()


def test_a_cut_keeps_the_mouth_and_the_eyes():
    some = points()
    some[152], some[17] = (200, 360), (200, 300)
    rng = np.random.default_rng(0)
    kept = [cut(400, some, rng) for _ in range(400)]
    assert 0.05 < np.mean([top > 0 or bottom < 400 for top, bottom in kept]) < 0.3
    for top, bottom in kept:
        assert top < 125, "the eyes stay"
        assert bottom > 300, "the lower lip stays"
