"""What the simulator asks of a face: the exercise, and a palsy that takes the weak side's movement."""

from __future__ import annotations

import numpy as np
import pytest

from inference.pipeline.codes import EXERCISES, Exercise
from ml_training.simulate.expressions import MOVEMENT_KEPT, Palsy, voluntary, weights
from ml_training.simulate.photography import photograph

BOTH = (
    "browDown", "browOuterUp", "cheekPuff", "cheekSquint", "eyeBlink", "eyeSquint", "eyeWide", "mouthDimple",
    "mouthFrown", "mouthLowerDown", "mouthPress", "mouthSmile", "mouthStretch", "mouthUpperUp", "noseSneer",
)  # fmt: skip
MIDDLE = (
    "browInnerUp_L", "browInnerUp_R", "jawOpen", "mouthFunnel", "mouthPucker", "mouthRollLower",
    "mouthRollUpper", "mouthShrugLower", "mouthLeft", "mouthRight",
)  # fmt: skip
UNITS = [f"{name}_{side}" for name in BOTH for side in "LR"] + list(MIDDLE)


def moved(exercise: str, palsy: Palsy, seed: int) -> dict[str, float]:
    vector = weights(UNITS, exercise, palsy, np.random.default_rng(seed), "left", mannerisms=False)
    return dict(zip(UNITS, vector.tolist(), strict=True))


@pytest.mark.parametrize("exercise", EXERCISES)
def test_each_exercise_moves_only_what_the_face_has(exercise):
    rng = np.random.default_rng(0)
    for _ in range(30):
        for unit in voluntary(exercise, rng, "left"):
            assert unit in UNITS or f"{unit}_L" in UNITS


def test_a_total_palsy_leaves_the_weak_side_still():
    for seed in range(20):
        units = moved(Exercise.SMILE, Palsy(grade=6, side="left", upper=0, lower=0), seed)
        assert units["mouthSmile_L"] == pytest.approx(0)
        assert units["mouthSmile_R"] > 0.2


def test_left_is_the_persons_own_left():
    palsy = Palsy(grade=6, side="right", upper=0, lower=0)
    units = moved(Exercise.SHOW_TEETH, palsy, 1)
    assert units["mouthUpperUp_R"] == pytest.approx(0)
    assert units["mouthUpperUp_L"] > 0.3


def test_a_healthy_face_is_nearly_even():
    gaps = [
        abs(u["mouthUpperUp_L"] - u["mouthUpperUp_R"]) / max(u["mouthUpperUp_L"], u["mouthUpperUp_R"])
        for u in (moved(Exercise.SHOW_TEETH, Palsy(), seed) for seed in range(100))
    ]
    assert 0 < np.median(gaps) < 0.2


@pytest.mark.parametrize("grade", [2, 3, 4, 5, 6])
def test_a_sampled_palsy_keeps_what_its_grade_says(grade):
    rng = np.random.default_rng(grade)
    low, high = MOVEMENT_KEPT[grade]
    for _ in range(50):
        palsy = Palsy.sample(grade, "left", rng)
        assert low <= palsy.lower <= high
        assert low <= palsy.upper <= high


def test_a_sneer_leads_on_its_own_side():
    units = moved(Exercise.SNEER, Palsy(), 3)
    assert units["noseSneer_L"] > 2 * units["noseSneer_R"]


def test_a_camera_never_swaps_left_and_right():
    image = np.zeros((120, 100, 3), np.uint8)
    image[:, :50] = 200
    for seed in range(30):
        photo = photograph(image, np.random.default_rng(seed))
        third = photo.shape[1] // 3
        assert photo[:, :third].mean() > photo[:, -third:].mean() + 60


def test_the_same_seed_takes_the_same_photo():
    image = np.random.default_rng(0).integers(0, 255, (60, 60, 3), dtype=np.uint8)
    first, second = (photograph(image, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first, second)
