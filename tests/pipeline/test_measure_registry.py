"""The measures after Emotrics, and that none of its known faults came along."""

from __future__ import annotations

import math

import numpy as np
import pytest

from inference.pipeline.codes import FROM_BELOW, UNTAUGHT, VIEWS
from inference.pipeline.measure import (
    BY_NAME,
    MEASURES,
    FramedFace,
    frame,
    measure,
    since_rest,
    values,
    weak_share,
)
from inference.pipeline.measure.frame import curve_at

from .drawn import face, mirrored, moved

SIDED = [one.name for one in MEASURES if one.sided]
WHOLE = [one.name for one in MEASURES if not one.sided]
CROOKED = {
    "p291": (20, 66), "p61": (-29, 55), "p269": (15, 59), "p405": (12, 69), "p17": (-3, 69), "p0": (-3, 54),
    "p312": (9, 60), "p385": (25, -3), "p387": (35, -2), "p334": (30, -18), "p426": (22, 50), "p473": (31, 1),
}  # fmt: skip
"""A left palsy: corner, lips, lid, brow and fold lower, the mouth drawn to the right."""


def found(points: np.ndarray) -> dict[str, dict[str, float | None]]:
    return measure(points)["measures"]


def test_the_emotrics_ten_and_what_was_asked_for_besides_are_there():
    assert {
        "brow_height", "mrd1", "mrd2", "palpebral_fissure", "commissure_excursion", "smile_angle", "dental_show",
        "commissure_height", "upper_lip_height", "lower_lip_height",
    } < set(BY_NAME)  # fmt: skip
    assert {"nasolabial_distance", "nasolabial_length", "nasolabial_angle", "philtrum_deviation"} < set(
        BY_NAME
    )


@pytest.mark.parametrize("one", MEASURES, ids=lambda one: one.name)
def test_each_measure_says_what_it_is(one):
    assert one.unit in ("mm", "deg")
    assert one.definition.endswith(".") and one.source
    assert one.views and set(one.views) <= {*VIEWS, *UNTAUGHT} - FROM_BELOW
    assert (one.of_side is None) != (one.of_face is None)


def test_a_face_drawn_with_a_ruler_measures_what_was_drawn():
    expected = {
        # Lids through (15, 0), (25, 5), (35, 5), (45, 0) are a parabola of height 5.625.
        "brow_height": 22.0, "mrd1": 5.625, "mrd2": 5.625, "palpebral_fissure": 11.25,
        "commissure_excursion": 26.93, "smile_angle": 111.8, "dental_show": 4.86, "nasolabial_distance": 24.0,
        "nasolabial_length": 25.08, "nasolabial_angle": 28.61,
    }  # fmt: skip
    now = found(face())
    for name, value in expected.items():
        assert now[name]["left"] == now[name]["right"] == pytest.approx(value, abs=0.01), name
        assert now[name]["difference"] == 0
        assert now[name]["ratio"] == (1.0 if BY_NAME[name].unit == "mm" else None)
    assert {name: now[name]["value"] for name in WHOLE} == dict.fromkeys(WHOLE, 0)


def test_a_mirrored_face_changes_sides_and_signs_and_nothing_else():
    now, other = found(face(**CROOKED)), found(mirrored(face(**CROOKED)))
    for name in SIDED:
        assert other[name]["left"] == pytest.approx(now[name]["right"], abs=0.02), name
        assert other[name]["right"] == pytest.approx(now[name]["left"], abs=0.02)
        assert other[name]["difference"] == pytest.approx(-now[name]["difference"], abs=0.03)
        assert other[name]["ratio"] == pytest.approx(now[name]["ratio"], abs=0.003)
    for name in WHOLE:
        assert other[name]["value"] == pytest.approx(-now[name]["value"], abs=0.02)
        assert now[name]["value"] != 0


# Emotrics' faults, (a) to (g), as its users and its code tell them; each test fails for the faulty form.


def test_a_the_weak_side_is_asked_for_and_never_guessed():
    """Emotrics takes the side to which the lip's middle leans for the healthy one."""
    leaning_left, leaning_right = (
        found(face(p291=(20, 60), p17=(x, 70)))["nasolabial_length"] for x in (2, -2)
    )
    assert leaning_left == leaning_right
    sides = {"left": 10.0, "right": 20.0}
    assert weak_share(sides, "left") == 0.5
    assert weak_share(sides, "right") == 2.0
    for unsaid in ("", "both", None):
        with pytest.raises(ValueError, match="left or right"):
            weak_share(sides, unsaid)


@pytest.mark.parametrize("turn", [-35, -12, 12, 35, 90])
@pytest.mark.parametrize("name", [one.name for one in MEASURES])
def test_b_a_tilted_face_measures_as_an_upright_one(turn, name):
    """Emotrics takes x for y of the face's centre, so half a lip is no half in a tilted face."""
    upright, tilted = found(face(**CROOKED))[name], found(moved(face(**CROOKED), turn, 1.7))[name]
    for key, value in upright.items():
        assert tilted[key] == (value if value is None else pytest.approx(value, abs=0.02)), key


def test_c_directions_are_kept():
    """Emotrics takes absolute values: a lid that covers the pupil measures as one that is open."""
    drooped = found(face(p385=(25, 2), p387=(35, 2)))["mrd1"]
    assert drooped["left"] == -2.25
    assert drooped["right"] == pytest.approx(5.625, abs=0.01)
    assert drooped["difference"] == pytest.approx(-7.875, abs=0.01)
    assert drooped["ratio"] == 0.0
    lower, higher = (found(face(p291=(25, y)))["commissure_height"]["value"] for y in (64, 56))
    assert (lower, higher) == (4.0, -4.0)
    assert found(face(p301=(50, 6), p334=(30, 6), p296=(20, 6), p293=(40, 6)))["brow_height"]["left"] < 0
    left, right = (found(face(p0=(x, 54)))["philtrum_deviation"]["value"] for x in (3, -3))
    assert (left, right) == (3.0, -3.0)


def test_d_lengths_of_nothing_divide_nothing():
    """Emotrics divides by the side's length, which for a closed eye or a low brow is zero."""
    shut = face(p385=(25, 0), p387=(35, 0), p380=(25, 0), p373=(35, 0), p301=(50, 0), p334=(30, 0), p296=(20, 0), p293=(40, 0))  # fmt: skip  # noqa: E501
    now = found(shut)
    for name in ("mrd1", "mrd2", "palpebral_fissure", "brow_height"):
        assert now[name]["left"] == 0.0
        assert now[name]["ratio"] == 0.0
        assert weak_share(now[name], "left") == 0.0
        assert weak_share(now[name], "right") is None
    both = found(
        face(**{f"p{n}": (x, 0) for n, x in ((385, 25), (387, 35), (160, -35), (158, -25))})  # type: ignore[arg-type]
    )
    assert both["mrd1"]["ratio"] is None
    closed_mouth = found(face(p308=(0, 70), p78=(0, 70), p291=(0, 70), p61=(0, 70)))
    assert closed_mouth["smile_angle"] == {"left": None, "right": None, "ratio": None, "difference": None}


def test_e_pupils_above_each_other_are_a_frame_too():
    """Emotrics divides by the pupils' distance in x."""
    lying = moved(face(**CROOKED), 90)
    assert lying[468, 0] == pytest.approx(lying[473, 0], abs=1e-3 + abs(CROOKED["p473"][1]))
    assert math.isfinite(found(lying)["smile_angle"]["left"])
    level = moved(face(), 90)
    assert level[468, 0] == pytest.approx(level[473, 0], abs=1e-3)
    assert found(level)["brow_height"]["left"] == pytest.approx(22.0, abs=0.01)


def test_f_shut_eyes_are_measured_in_the_scale_of_the_photo_at_rest():
    """Emotrics takes the invisible iris for the scale. More of it in test_measure_scale.py."""
    shut = face(p473=(30, 0))
    shut[[471, 476], 0] += 4  # what the mesh makes up under closed lids
    assert measure(shut)["measures"]["palpebral_fissure"]["left"] < 10
    assert measure(shut, mm_per_px=1.0)["measures"]["palpebral_fissure"]["left"] == 11.25


def test_g_what_a_clinician_looks_for_can_be_asked():
    """Emotrics knows neither the weak side nor synkinesis: here the caller says the side, and an eye that
    narrows in a smile is the difference from rest in a view in which the fissure is read."""
    rest = found(face())
    smiling = found(face(p385=(25, -3), p387=(35, -3), p380=(25, 4), p373=(35, 4), p61=(-30, 55)))
    change = since_rest(smiling, rest)
    assert change["palpebral_fissure"]["left"] == pytest.approx(-3.375, abs=0.02)
    assert change["palpebral_fissure"]["right"] == 0
    assert change["commissure_height"] == {"value": 5.0}
    assert change["commissure_excursion"]["right"] > 4
    assert {"closed_smile", "pucker"} <= set(BY_NAME["palpebral_fissure"].views)


def test_a_measure_that_rest_lacks_has_no_change():
    assert since_rest({"new": {"left": 1.0, "right": 2.0}}, {}) == {}
    assert since_rest({"a": {"value": 1.0}}, {"a": {"value": None}}) == {"a": {"value": None}}


def test_pupils_are_read_only_where_they_can_be_seen():
    for name in ("mrd1", "mrd2", "brow_height"):
        assert not {"gentle_eye_closure", "tight_eye_closure"} & set(BY_NAME[name].views)
    assert set(BY_NAME["palpebral_fissure"].views) == {*VIEWS, *UNTAUGHT} - FROM_BELOW


def test_a_value_of_the_whole_face_is_a_share_of_the_eyes_distance_too():
    near, far = (found(moved(face(**CROOKED), 0, size))["philtrum_deviation"] for size in (3.0, 0.7))
    assert near["share"] == pytest.approx(far["share"], abs=2e-4) == pytest.approx(-3 / 60, abs=2e-4)


def test_the_curve_passes_through_its_points_and_stays_level_beyond_them():
    line = [(0.0, 0.0), (10.0, 4.0), (20.0, 4.0), (30.0, 0.0)]
    assert [curve_at(line, x) for x, _ in line] == [y for _, y in line]
    assert curve_at(line, 15.0) == pytest.approx(4.5)
    assert (curve_at(line, -5.0), curve_at(line, 99.0)) == (0.0, 0.0)
    assert curve_at([(1.0, 2.0), (1.0, 4.0), (1.0, 6.0)], 1.0) == 2.0
    assert curve_at(line[::-1], 15.0) == pytest.approx(4.5)


def test_points_that_nobody_reads_may_be_unknown():
    points = face(**CROOKED)
    used = {index for name in vars(frame) if name.isupper() for index in indices(vars(frame)[name])}
    unknown = np.full_like(points, np.nan)
    unknown[sorted(used)] = points[sorted(used)]
    assert values(FramedFace.of(unknown), 1.0) == values(FramedFace.of(points), 1.0)


def indices(value: object) -> set[int]:
    """All mesh indices in one of the frame's tables."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return {index for one in value for index in indices(one)}
    return {value} if isinstance(value, int) else set()
