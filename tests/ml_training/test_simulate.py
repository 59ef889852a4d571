"""What the simulator asks of a face: the view, and a palsy that takes the weak side's movement."""

from __future__ import annotations

import numpy as np
import pytest

from inference.pipeline.codes import VIEWS, ZONES, Exercise
from ml_training.simulate.expressions import attempt, expression, is_shown, voluntary, weights, zone_of
from ml_training.simulate.palsy import MOVEMENT_LEFT, Habits, Palsy
from ml_training.simulate.photography import Shot, expose, photograph
from ml_training.simulate.turn import Pose, Turn, depth_map

PAIRED = (
    "browDown", "browInnerUp", "browOuterUp", "cheekPuff", "cheekSquint", "eyeBlink", "eyeLookDown", "eyeLookUp",
    "eyeSquint",
    "eyeWide", "mouthDimple", "mouthFrown", "mouthFunnel", "mouthLowerDown", "mouthPress", "mouthPucker",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthSmile", "mouthStretch", "mouthUpperUp", "noseSneer",
)  # fmt: skip
MIDDLE = ("jawOpen", "jawLeft", "jawRight", "mouthClose", "mouthLeft", "mouthRight")
UNITS = [f"{name}_{side}" for name in PAIRED for side in "LR"] + list(MIDDLE)
EVEN = Habits(strength=np.ones((4, 2)), at_rest={}, lopsided=None)


def total(side: int) -> Palsy:
    palsy = Palsy(grade=6, side=("left", "right")[side])
    palsy.movement[:, side] = 0
    return palsy


def moved(
    view: str, palsy: Palsy, seed: int, habits: Habits = EVEN, side: int | None = 0
) -> dict[str, float]:
    vector = weights(UNITS, view, palsy, habits, np.random.default_rng(seed), side, mannerisms=False)
    return dict(zip(UNITS, vector.tolist(), strict=True))


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_moves_only_what_the_face_has(view):
    rng = np.random.default_rng(0)
    for _ in range(30):
        for unit in voluntary(view, rng, 0):
            assert unit in UNITS or f"{unit}_L" in UNITS


def test_either_smile_is_asked_for_by_its_own_name():
    with pytest.raises(ValueError, match="not a view"):
        voluntary(Exercise.SMILE, np.random.default_rng(0))


def test_a_total_palsy_leaves_the_weak_side_still():
    for seed in range(20):
        units = moved(Exercise.SMILE_WITH_TEETH, total(0), seed)
        assert units["mouthSmile_L"] == pytest.approx(0)
        assert units["mouthSmile_R"] > 0.2


def resting(**units: float) -> np.ndarray:
    return np.array([units.get(unit, 0.0) for unit in UNITS], np.float32)


def made(view: str, palsy: Palsy, rest: np.ndarray, seed: int = 0) -> dict[str, float]:
    whole = expression(UNITS, view, palsy, EVEN, np.random.default_rng(seed), 0, rest)
    return dict(zip(UNITS, whole.weights.tolist(), strict=True))


def test_a_face_at_rest_stays_the_portraits_own():
    rest = resting(mouthPucker_L=0.4, mouthPucker_R=0.4, mouthFrown_R=0.3, jawOpen=0.1)
    for seed in range(30):
        units = made(Exercise.REST, Palsy(), rest, seed)
        assert units["mouthPucker_L"] == pytest.approx(0.4, abs=0.13)
        assert units["mouthFrown_R"] == pytest.approx(0.3, abs=0.13)
        assert units["mouthSmile_L"] < 0.1


def test_full_lips_give_way_to_a_smile_where_they_move_and_stay_where_they_cannot():
    rest = resting(mouthPucker_L=0.6, mouthPucker_R=0.6)
    units = made(Exercise.SMILE_WITH_TEETH, total(0), rest, 1)
    assert units["mouthPucker_L"] == pytest.approx(0.6), "the weak side can't draw its lips"
    assert units["mouthPucker_R"] < 0.45


def test_a_lid_that_hangs_at_rest_still_closes_and_no_further():
    rest = resting(eyeBlink_L=0.4, eyeBlink_R=0.0)
    units = made(Exercise.GENTLE_EYE_CLOSURE, Palsy(), rest)
    assert units["eyeBlink_L"] == pytest.approx(1.0, abs=0.15)
    assert units["eyeBlink_R"] == pytest.approx(1.0, abs=0.15)


def test_most_attempts_are_nearly_full_and_some_are_weak():
    rng = np.random.default_rng(0)
    efforts = np.array([attempt(rng) for _ in range(2000)])
    assert 0.8 < np.mean(efforts >= 0.8) < 0.9
    assert efforts.min() < 0.4
    assert efforts.max() > 1.1


@pytest.mark.parametrize("view", [view for view in VIEWS if view != Exercise.REST])
def test_what_cannot_be_told_from_rest_teaches_no_view(view):
    still = Palsy(grade=6, side="both")
    still.movement[:] = 0
    shown = {"healthy": 0, "one side": 0, "both sides": 0}
    for seed in range(40):
        rng = np.random.default_rng(seed)
        for name, palsy in (("healthy", Palsy()), ("one side", total(1)), ("both sides", still)):
            moved = expression(UNITS, view, palsy, EVEN, rng, 0, resting()).moved
            shown[name] += is_shown(UNITS, view, moved)
    assert shown["healthy"] >= 34
    assert shown["one side"] >= 34, "the strong side shows the view"
    assert shown["both sides"] == (40 if view == Exercise.OPEN_MOUTH else 0), "the jaw has another nerve"


def test_rest_is_always_shown():
    assert is_shown(UNITS, Exercise.REST, resting())


def test_left_is_the_persons_own_left():
    units = moved(Exercise.SHOW_TEETH, total(1), 1)
    assert units["mouthUpperUp_R"] == pytest.approx(0)
    assert units["mouthUpperUp_L"] > 0.3


def test_a_healthy_face_is_nearly_even():
    gaps = []
    for seed in range(100):
        units = moved(Exercise.SHOW_TEETH, Palsy(), seed, Habits.sample(np.random.default_rng(seed)))
        left, right = units["mouthUpperUp_L"], units["mouthUpperUp_R"]
        gaps.append(abs(left - right) / max(left, right))
    assert 0 < np.median(gaps) < 0.25


@pytest.mark.parametrize("grade", [2, 3, 4, 5, 6])
def test_most_zones_of_a_sampled_palsy_keep_what_the_grade_says(grade):
    rng = np.random.default_rng(grade)
    low, high = np.array(MOVEMENT_LEFT[grade]).T
    kept = np.array([Palsy.sample(grade, "left", rng).movement[:, 0] for _ in range(200)])
    inside = (kept >= low - 1e-9) & (kept <= high + 1e-9)
    assert inside.mean() > 0.85
    assert inside.all() == (grade == 6), "zones are free to differ, but for a total palsy"


def test_a_worse_grade_moves_less_in_every_zone():
    rng = np.random.default_rng(0)
    means = [
        np.mean([Palsy.sample(g, "right", rng).movement[:, 1] for _ in range(200)], axis=0)
        for g in range(1, 7)
    ]
    assert (np.diff(means, axis=0) < 0.02).all()


def test_a_palsy_of_both_sides_weakens_both():
    palsy = Palsy.sample(5, "both", np.random.default_rng(0))
    assert (palsy.movement[ZONES.index("mouth")] < 0.6).all()
    units = moved(Exercise.CLOSED_SMILE, palsy, 0)
    assert units["mouthLeft"] == units["mouthRight"] == 0, "no side draws the mouth to itself"


def test_an_eye_that_cannot_close_stays_open_and_turns_up():
    gaze = []
    for seed in range(20):
        units = moved(Exercise.GENTLE_EYE_CLOSURE, total(0), seed)
        assert units["eyeBlink_L"] < 0.3
        assert units["eyeBlink_R"] > 0.9
        assert units["eyeLookUp_R"] == 0
        gaze.append(units["eyeLookUp_L"])
    assert np.median(gaze) > 0.4


def test_a_grade_iii_eye_closes_with_effort():
    palsy = Palsy(grade=3, side="right")
    palsy.movement[:, 1] = (0.4, 0.8, 0.6, 0.6)
    assert moved(Exercise.TIGHT_EYE_CLOSURE, palsy, 0)["eyeBlink_R"] > 0.95


def test_synkinesis_narrows_the_eye_in_a_smile_and_moves_the_mouth_in_a_closure():
    plain, mixed = Palsy(grade=3, side="left"), Palsy(grade=3, side="left")
    for palsy in (plain, mixed):
        palsy.movement[:, 0] = 0.6
    mixed.synkinesis[0] = 0.7
    for view, unit in ((Exercise.PUCKER, "eyeSquint_L"), (Exercise.GENTLE_EYE_CLOSURE, "mouthSmile_L")):
        assert moved(view, mixed, 2)[unit] > moved(view, plain, 2)[unit] + 0.15
    assert moved(Exercise.PUCKER, mixed, 2)["eyeSquint_R"] == moved(Exercise.PUCKER, plain, 2)["eyeSquint_R"]


def test_a_sneer_leads_on_its_own_side():
    units = moved(Exercise.SNEER, Palsy(), 3)
    assert units["noseSneer_L"] > 2 * units["noseSneer_R"]


def test_every_facial_unit_has_a_zone_and_the_jaw_has_none():
    assert zone_of("mouthSmile_L") == ZONES.index("mouth")
    assert zone_of("noseSneer_R") == ZONES.index("midface")
    assert zone_of("jawOpen") is None
    assert zone_of("eyeLookUp_L") is None


def test_a_camera_never_swaps_left_and_right():
    image = np.zeros((120, 100, 3), np.uint8)
    image[:, :50] = 200
    for seed in range(30):
        photo = photograph(image, np.random.default_rng(seed))
        third = photo.shape[1] // 3
        assert photo[:, :third].mean() > photo[:, -third:].mean() + 50


def ball() -> tuple[np.ndarray, np.ndarray]:
    """Vertices of half a ball facing the camera, px, y up, and a picture with a dot on it."""
    y, x = np.mgrid[-60:61:2, -60:61:2]
    z = np.sqrt(np.clip(60.0**2 - x**2 - y**2, 0, None))
    vertices = np.column_stack([x.ravel() + 100.0, -(y.ravel() + 100.0), z.ravel()])
    image = np.full((200, 200, 3), 30, np.uint8)
    image[95:106, 95:106] = 250
    return vertices, image


@pytest.mark.parametrize(("yaw", "pitch"), [(12, 0), (-12, 0), (0, 12), (0, -12), (8, -8)])
def test_a_turned_head_takes_its_points_along(yaw, pitch):
    vertices, image = ball()
    depth = depth_map(vertices, (200, 200))
    turn = Turn(Pose(yaw=yaw, pitch=pitch), depth, (200, 200), np.array([100.0, 100.0]), 120.0)
    seen = turn.picture(image)[..., 0] > 140
    found = np.array([np.nonzero(seen)[1].mean(), np.nonzero(seen)[0].mean()])
    [wanted] = turn.points(np.array([[100.0, 100.0]]))
    assert np.abs(found - wanted).max() < 1.5
    assert np.hypot(*(wanted - 100)) > 4, "the nose is nearer than the ears and moves"
    if yaw:
        assert (wanted[0] - 100) * yaw > 0, "to the head's left is to the picture's right"


def test_a_picture_is_made_again_bit_by_bit():
    image = np.random.default_rng(0).integers(0, 255, (160, 120, 3), dtype=np.uint8)
    shots = [Shot.sample(np.random.default_rng(5), 100) for _ in range(2)]
    assert np.array_equal(expose(image, shots[0]), expose(image, shots[1]))
    assert shots[0].conditions == shots[1].conditions
    assert shots[0].pose == shots[1].pose
