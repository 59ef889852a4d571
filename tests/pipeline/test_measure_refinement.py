"""The learned correction treats both sides alike, whatever it has learned."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from inference.pipeline.errors import ModelAltered
from inference.pipeline.measure import refinement as refining
from inference.pipeline.measure.refinement import (
    FILE,
    LIMIT,
    Refinement,
    framed,
    joined,
    load,
    parts,
    save,
    split,
)
from inference.pipeline.places import BETWEEN, FACE, FARTHEST, JAW, with_places

from .drawn import MIDDLE, TWINS, face, mirrored, moved

CROOKED = {"p291": (20, 66), "p61": (-29, 55), "p269": (15, 59), "p385": (25, -3), "p426": (22, 50)}
PAIRS = np.array([(left, right) for left, right in TWINS.items() if left not in (300, 375)])
MIDLINE = np.array(sorted(MIDDLE))


@pytest.fixture(params=[False, True], ids=["mesh", "places"])
def learned(request) -> Refinement:
    """Weights drawn at random: what holds for them holds for any."""
    rng = np.random.default_rng(4)
    knots = len(refining.LID_KNOTS) + refining.EXTRA * request.param
    rows = 2 * len(PAIRS) + len(MIDLINE)
    even, odd = 3 * len(PAIRS) + 2 * len(MIDLINE) + knots, 3 * len(PAIRS) + len(MIDLINE) + knots
    return Refinement(
        PAIRS,
        MIDLINE,
        PAIRS,
        MIDLINE,
        rng.normal(0, 0.004, rows).astype(np.float32),
        rng.normal(0, 0.0004, (rows, even)).astype(np.float32),
        rng.normal(0, 0.004, (rows, odd)).astype(np.float32),
        np.array(int(request.param)),
    )


def found_in(points: np.ndarray) -> np.ndarray:
    """What a network finds in a crop of that face: a larger mouth than the mesh has it."""
    places = framed(points)[0][FACE, :2].astype(float)
    lips = slice(48 - JAW, 68 - JAW)
    places[lips] += 0.05 * (places[lips] - places[lips].mean(0))
    return places


def applied(learned: Refinement, points: np.ndarray) -> np.ndarray:
    return learned.apply(points, found_in(points))


def test_a_mirrored_face_is_corrected_by_the_mirrored_correction(learned):
    points = face(**CROOKED)
    straight, other = applied(learned, points), applied(learned, mirrored(points))
    assert np.abs(straight - points).max() > 0.1
    assert np.allclose(other[:, :2], mirrored(straight)[:, :2], atol=1e-3)


def test_an_even_face_stays_even(learned):
    refined = applied(learned, face())
    assert np.allclose(refined[:, :2], mirrored(refined)[:, :2], atol=1e-3)
    assert not np.allclose(refined, face())


@pytest.mark.parametrize(("turn", "scale"), [(0, 3.0), (25, 1.0), (-40, 0.4)])
def test_neither_tilt_nor_size_of_the_photo_matters(learned, turn, scale):
    points = face(**CROOKED)
    refined = moved(applied(learned, points), turn, scale)
    assert np.allclose(applied(learned, moved(points, turn, scale))[:, :2], refined[:, :2], atol=0.01 * scale)


def test_points_that_nobody_corrects_stay_where_they_are(learned):
    points = face(**CROOKED)
    laid = [*FACE, *np.ravel(list(BETWEEN))]
    others = np.setdiff1d(np.arange(478), [*learned.targets, *(laid if learned.reads_places else ())])
    refined = applied(learned, points)
    assert np.array_equal(refined[others], points[others])
    assert np.array_equal(refined[:, 2], points[:, 2])


def test_no_point_is_thrown_about(learned):
    wild = replace(learned, odd_weights=learned.odd_weights * 1e4)
    points = face(**CROOKED)
    without = applied(replace(learned, odd_weights=0 * learned.odd_weights), points)
    shift = np.abs(applied(wild, points) - without)[:, :2].max()
    assert LIMIT * 60 * 0.9 < shift < LIMIT * 60 * 1.2


def test_parts_of_shifts_and_their_sum_are_each_others_way_back():
    shift = np.random.default_rng(1).normal(size=(5, 2 * 7 + 3, 2))
    assert np.allclose(joined(*split(shift, 7), 7), shift)


def test_a_point_between_goes_with_its_neighbours():
    points = face()
    places = points[FACE, :2] / 60.0
    places[26 - JAW] += [0, -4 / 60]  # mesh index 301, the left brow's outer end
    face_ = with_places(points, places)
    assert face_[301, 1] == pytest.approx(points[301, 1] - 4, abs=1e-4)
    assert face_[300, 1] == pytest.approx(points[300, 1] - 4, abs=1e-4)
    assert np.array_equal(face_[70], points[70])


def test_a_place_that_lost_the_face_stays_near_the_mesh():
    points = face()
    places = points[FACE, :2] / 60.0
    places[48 - JAW] += [5, -1.5]
    laid = with_places(points, places)
    assert np.hypot(*(laid[61] - points[61])[:2]) == pytest.approx(FARTHEST * 60, abs=1e-3)
    assert np.allclose(laid[291], points[291], atol=1e-4)


def test_only_the_odd_part_changes_sign_in_the_mirror():
    level, other = (framed(points)[0][None] for points in (face(**CROOKED), mirrored(face(**CROOKED))))
    even, odd = parts(level, PAIRS, MIDLINE)
    mirrored_even, mirrored_odd = parts(other, PAIRS, MIDLINE)
    assert np.allclose(even, mirrored_even, atol=1e-6)
    assert np.allclose(odd, -mirrored_odd, atol=1e-6)
    assert np.abs(odd).max() > 0.01


def test_it_is_kept_in_a_file_of_the_release(learned, tmp_path):
    save(tmp_path / FILE, learned)
    release = SimpleNamespace(refinement={"file": FILE}, path=lambda name: tmp_path / name)
    points = face(**CROOKED)
    kept = refining.of_release(release)  # type: ignore[arg-type]
    assert kept is not None
    assert np.array_equal(applied(kept, points), applied(learned, points))
    without = SimpleNamespace(refinement={}, path=release.path)
    assert refining.of_release(without) is None  # type: ignore[arg-type]


def test_a_damaged_file_is_no_correction(tmp_path):
    (tmp_path / FILE).write_bytes(b"nothing")
    with pytest.raises(ModelAltered):
        load(tmp_path / FILE)
