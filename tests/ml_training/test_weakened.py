"""Portraits that are drawn weak on one side, and their healthy twins: real pixels with a known side."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inference.pipeline.codes import VIEWS
from inference.pipeline.shape import frontal, head_pose, mirrored
from ml_training import datasets, targets, weakened
from ml_training.portraits import Portrait

from .made import fields
from .people import face

REST, SMILE = (VIEWS.index(view) for view in ("rest", "smile_with_teeth"))
CORNER = 61
"""The right corner of the mouth in the mesh."""


@pytest.fixture
def points() -> np.ndarray:
    return face(np.random.default_rng(0)).astype(np.float64)


def dots(points: np.ndarray) -> np.ndarray:
    """A grey picture with a white dot at the right corner of the mouth."""
    image = np.full((220, 200, 3), 90, np.uint8)
    cv2.circle(image, tuple(int(v) for v in np.round(points[CORNER, :2])), 3, (255, 255, 255), -1)
    return image


def brightest(image: np.ndarray) -> np.ndarray:
    rows, columns = np.nonzero(image[..., 0] > 180)
    return np.array([columns.mean(), rows.mean()])


def test_the_head_s_axes_lead_back_to_the_photo(points):
    middle, axes = head_pose(points)
    assert frontal(points) @ axes + middle == pytest.approx(points, abs=1e-6)


def test_the_picture_goes_where_its_points_are_moved_and_the_rim_stays(points):
    shift = np.zeros((478, 3))
    near = np.linalg.norm(points[:, :2] - points[CORNER, :2], axis=1) < 20
    shift[near, 1] = 0.2  # a fifth of the distance between the eyes, downwards
    image = dots(points)
    image[:3] = 200
    out = weakened.moved(image, points, shift)
    unit = np.linalg.norm(head_pose(points)[1][0])
    assert brightest(out[10:]) - brightest(image[10:]) == pytest.approx([0, 0.2 * unit], abs=2)
    assert out[0] == pytest.approx(image[0], abs=2)
    assert weakened.moved(image, points, np.zeros((478, 3))) == pytest.approx(image, abs=1)


def test_what_a_palsy_moves_is_learnt_of_training_people_as_if_the_right_were_weak(tmp_path, points):
    made = fields(60)
    made["view"][:], made["split"][50:] = SMILE, "test"
    for row in range(60):
        shape = points.copy()
        if made["side"][row] == 1:
            shape[CORNER, 1] += 8
        elif made["side"][row] == 0:
            shape[291, 1] += 8
        made["points"][row] = shape
    made["points"][50:] += 1000 * np.random.default_rng(0).random((10, 478, 3))
    datasets.write_shard(tmp_path / "part-000.npz", made)
    found = weakened.differences([tmp_path])
    assert {view for view, _ in found} == {SMILE}
    unit = np.linalg.norm(head_pose(points)[1][0])
    for shift in found.values():
        assert shift[CORNER, 1] == pytest.approx(8 / unit, abs=0.02)
        assert shift[291, 1] == pytest.approx(0, abs=0.02)
    with pytest.raises(SystemExit, match="No training pictures"):
        weakened.differences([tmp_path / "none"])


@pytest.fixture
def twins(points, monkeypatch):
    """(how the points were moved, what is told) of many weak portraits and of as many healthy ones."""
    shift = np.zeros((478, 3))
    shift[CORNER, 1] = 0.3
    known = {(view, grade): shift for view in (REST, SMILE) for grade in weakened.GRADES}
    portrait = Portrait(None, "0" * 64, "one", "train", np.zeros((220, 200, 3), np.uint8), points)  # type: ignore[arg-type]
    seen: list[np.ndarray] = []
    monkeypatch.setattr(weakened, "moved", lambda image, _, by: seen.append(by) or image)
    monkeypatch.setattr(weakened, "photograph", lambda image, *_: image)
    monkeypatch.setattr(weakened, "bumps", lambda shape, _: np.zeros_like(shape))

    class Mesh:
        def find(self, _: np.ndarray) -> list[np.ndarray]:
            return [points.astype(np.float32)]

    def drawn(weak: bool, views: list[int]) -> tuple[list[np.ndarray], list[dict[str, object]]]:
        seen.clear()
        rows = []
        for seed in range(20):
            some = [(portrait, view) for view in views]
            rows += weakened.drawn(known, some, weak, f"one-{seed}", 32, Mesh(), np.random.default_rng(seed))
        return list(seen), rows

    return drawn


def test_a_weak_one_is_moved_on_its_weak_side_and_says_so(twins):
    shifts, rows = twins(True, [SMILE])
    for shift, row in zip(shifts, rows, strict=True):
        weak, other = (CORNER, 291) if row["side"] == 1 else (291, CORNER)
        assert shift[weak, 1] > 0.1
        assert shift[other, 1] == 0
        assert row["grade"] in weakened.GRADES
    assert {row["side"] for row in rows} == {0, 1}


def test_a_healthy_twin_is_moved_alike_on_both_sides(twins):
    shifts, rows = twins(False, [SMILE])
    assert all(shift == pytest.approx(mirrored(shift)) for shift in shifts)
    assert any(np.abs(shift).max() > 0.02 for shift in shifts), "else moving itself would tell who is weak"
    assert {(row["grade"], row["side"]) for row in rows} == {(1, -1)}


def test_one_person_s_pictures_share_a_palsy_and_a_face_at_rest_alone_shows_no_grade_iii(twins):
    _, rows = twins(True, [REST, SMILE])
    for rest, smile in zip(rows[::2], rows[1::2], strict=True):
        assert all(rest[key] == smile[key] for key in ("visit", "grade", "side"))
    _, rows = twins(True, [REST])
    assert 3 not in {row["grade"] for row in rows}


def test_they_teach_view_severity_and_side_and_no_zone(twins):
    _, rows = twins(True, [SMILE])
    pictures = datasets.Pictures(**{name: np.array([row[name] for row in rows]) for name in datasets.FIELDS})
    wanted = targets.of(pictures)
    assert (targets.part(wanted, "steps_known") == 1).all()
    assert (targets.part(wanted, "side_known") == 1).all()
    assert (targets.part(wanted, "zone_known") == 0).all()
    assert np.isfinite(wanted).all()
    assert (targets.part(wanted, "view")[:, SMILE] == 1).all()
