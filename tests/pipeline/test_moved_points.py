"""Points that a person puts right, and that nothing else than what depends on them is measured otherwise."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from inference.pipeline.errors import MeasurementFailed
from inference.pipeline.measure import measure
from inference.pipeline.measure.frame import face_frame
from inference.pipeline.measure.moving import can_move, checked, mirrored, remeasured, with_moved
from inference.pipeline.measure.places import EYES, IRISES, LIDS, PARTS, PLACES
from inference.pipeline.shape import MIRROR

from .drawn import face
from .drawn import mirrored as mirrored_face
from .drawn import moved as photographed

SIZE = (900, 1200)


def in_a_photo(points: np.ndarray) -> np.ndarray:
    """The face in the middle of a picture, 4 px a mm, a little in depth."""
    placed = points.astype(float) * 4
    placed[:, :2] += (450.3, 420.7)
    placed[[362, 263], 2] = 30.0
    return placed


def stored(points: np.ndarray) -> tuple[dict[str, Any], list[list[float]]]:
    """What an analysis keeps of it: the measures, and the points to a ten-thousandth."""
    shares = [[round(x / SIZE[0], 4), round(y / SIZE[1], 4)] for x, y in points[:, :2].tolist()]
    return measure(points), shares


def at(points: np.ndarray, index: int, right: float = 0.0, down: float = 0.0) -> dict[int, list[float]]:
    """That point so many pixels away."""
    x, y = points[index, :2]
    return {index: [(x + right) / SIZE[0], (y + down) / SIZE[1]]}


def test_those_are_named_that_measures_read_and_no_others():
    crooked = face(
        p291=(20, 66), p17=(-3, 69), p473=(33, 1), p468=(-27, -1), p33=(-49, 0), p263=(49, 0)
    )  # nothing lies exactly beneath a point, which alone would count there
    points = in_a_photo(photographed(crooked, 7.0))
    plain = measure(points)
    read = set()
    for index in range(478):
        # A brow's end tells where it lies as soon as it is the nearest to the pupil.
        for way in (
            (2.5, 0.0),
            (-6.0, 9.0),
            (68.0, 9.0),
            (-68.0, 9.0),
            (80.0, 9.0),
            (-80.0, 9.0),
            (160.0, 9.0),
            (-160.0, 9.0),
        ):
            other = points.copy()
            other[index, :2] += way
            if measure(other) != plain:
                read.add(index)
    assert read == set(PLACES)


def test_each_has_a_name_of_its_own_and_its_partner_on_the_other_side():
    assert len({(one.name, one.side) for one in PLACES.values()}) == len(PLACES) == 65
    assert {one.part for one in PLACES.values()} == set(PARTS)
    for index, place in PLACES.items():
        assert place.partner == MIRROR[index]
        assert PLACES[place.partner].name == place.name
    drawn = face()
    for index, place in PLACES.items():
        if place.side and index not in IRISES:
            assert (drawn[index, 0] > 0) == (place.side == "left"), place
    assert all(len(lids) == 8 for lids in LIDS.values()) and LIDS["left"] < EYES


def test_plain_numbers_and_arrays_measure_alike():
    points = in_a_photo(photographed(face(p386=(29, -3)), -5.0))
    assert measure(points.tolist()) == measure(points)
    assert face_frame(points.tolist()) == face_frame(points)


def test_without_a_moved_point_all_is_the_models_to_the_last_digit():
    symmetry, shares = stored(in_a_photo(photographed(face(p61=(-29, 55)), 3.0)))
    assert remeasured(symmetry, shares, {}, SIZE) == symmetry
    assert measure([[x * SIZE[0], y * SIZE[1]] for x, y in shares]) != symmetry, "rounding shows"


def test_a_moved_lid_changes_the_eye_and_nothing_of_brow_mouth_and_scale():
    points = in_a_photo(face())
    symmetry, shares = stored(points)
    found = remeasured(symmetry, shares, at(points, 386, down=8.0) | at(points, 387, down=8.0), SIZE)
    assert found["eye"]["left"] == pytest.approx(symmetry["eye"]["left"] - 4 / 3, abs=0.05)
    assert found["eye"]["right"] == symmetry["eye"]["right"]
    assert found["measures"]["palpebral_fissure"]["left"] < symmetry["measures"]["palpebral_fissure"]["left"]
    same = ("brow", "mouth", "mm_per_px", "iris_px", "eyes_px", "eyes_mm", "scale_from", "commissure_drop")
    assert {key: found[key] for key in same} == {key: symmetry[key] for key in same}
    others = set(symmetry["measures"]) - {"palpebral_fissure", "mrd1"}
    assert {name: found["measures"][name] for name in others} == {
        name: symmetry["measures"][name] for name in others
    }
    assert found["composite"] != symmetry["composite"]


@pytest.mark.parametrize("index", sorted(PLACES))
def test_each_is_measured_as_the_pipeline_would_have(index):
    points = in_a_photo(photographed(face(p291=(20, 66), p17=(-3, 69)), 4.0))
    symmetry, shares = stored(points)
    moved = at(points, index, right=7.0, down=-9.0)
    truth = points.copy()
    truth[index, :2] += (7.0, -9.0)
    found, wanted = remeasured(symmetry, shares, moved, SIZE), measure(truth)
    _alike(found, wanted)


def _alike(found: Any, wanted: Any, path: str = "") -> None:
    if isinstance(wanted, dict):
        assert found.keys() == wanted.keys(), path
        for key in wanted:
            _alike(found[key], wanted[key], f"{path}.{key}")
    elif isinstance(wanted, float):
        assert found == pytest.approx(wanted, abs=0.2 if "angle" in path else 0.08), path
    else:
        assert found == wanted, path


def test_the_distance_of_the_eyes_keeps_its_depth():
    points = in_a_photo(face())
    symmetry, shares = stored(points)
    found = remeasured(symmetry, shares, at(points, 263, right=10.0), SIZE)
    truth = points.copy()
    truth[263, 0] += 10.0
    assert found["eyes_px"] == pytest.approx(measure(truth)["eyes_px"], abs=0.1)


def test_a_mirrored_photo_shows_each_point_at_its_partners_place():
    points = in_a_photo(face(p386=(30, -2)))
    moved = at(points, 386, down=6.0) | at(points, 291, right=5.0) | at(points, 0, down=2.0)
    symmetry, shares = stored(points)
    other = points.copy()
    other[:, 0] = SIZE[0] - 1e-9 - other[:, 0]
    other = other[list(MIRROR)]
    there, turned = stored(other)
    one = remeasured(symmetry, shares, moved, SIZE)
    two = remeasured(there, turned, mirrored(moved), SIZE)
    assert {index: pytest.approx(place, abs=1e-5) for index, place in moved.items()} == mirrored(
        mirrored(moved)
    )
    for region in ("brow", "eye", "mouth"):
        assert one[region]["left"] == pytest.approx(two[region]["right"], abs=0.05)
    assert mirrored_face(face())[386, 0] == 30


@pytest.mark.parametrize(
    "moved",
    [{5: [0.5, 0.5]}, {386: [1.2, 0.5]}, {386: [float("nan"), 0.5]}, {386: [0.5]}, {999: [0.1, 0.1]}],
)
def test_no_other_point_and_no_other_place_is_taken(moved):
    _, shares = stored(in_a_photo(face()))
    with pytest.raises(ValueError, match=r"[Pp]oint"):
        checked(moved, shares)


def test_a_point_that_is_put_back_is_the_models_again():
    _, shares = stored(in_a_photo(face()))
    assert checked({386: shares[386], 374: [0.5, 0.5]}, shares) == {374: [0.5, 0.5]}
    assert with_moved(shares, {374: [0.5, 0.5]})[374] == [0.5, 0.5]


def test_irises_without_width_give_no_scale():
    points = in_a_photo(face())
    symmetry, shares = stored(points)
    moved = dict.fromkeys((474, 476), shares[473]) | dict.fromkeys((469, 471), shares[468])
    with pytest.raises(MeasurementFailed):
        remeasured(symmetry, shares, moved, SIZE)


def test_what_was_not_measured_in_millimetres_can_not_be_moved():
    symmetry, shares = stored(in_a_photo(face()))
    assert can_move(symmetry, shares)
    assert not can_move({**symmetry, "unit": "px"}, shares)
    assert not can_move(symmetry, shares[:468]) and not can_move(symmetry, None) and not can_move({}, shares)


def test_no_native_library_and_no_array_is_needed():
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; import inference.pipeline.measure.moving;"
            "print([name for name in ('numpy', 'cv2', 'ai_edge_litert') if name in sys.modules])",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == "[]"
