"""Several photos of one visit, taken together."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from inference.pipeline.codes import VIEWS
from inference.pipeline.visit import DEFAULTS, combine, weight_of


def photo(
    exercise: str, grades: list[float], right: float = 0.5, **zones: tuple[float, float]
) -> dict[str, object]:
    return {
        "exercise": exercise,
        "palsy_probability": 1 - grades[0],
        "grade_probabilities": {str(n): p for n, p in enumerate(grades, start=1)},
        "weak_side_probabilities": {"left": 1 - right, "right": right},
        "zones": {zone: {"left": left, "right": right} for zone, (left, right) in zones.items()},
    }


WEAK = [0.05, 0.05, 0.15, 0.5, 0.2, 0.05]
HEALTHY = [0.8, 0.12, 0.05, 0.02, 0.005, 0.005]


def test_views_that_agree_make_sure():
    one = combine([photo("smile_with_teeth", WEAK, 0.85)], {})
    three = combine([photo(v, WEAK, 0.85) for v in ("smile_with_teeth", "brow_raise", "show_teeth")], {})
    assert three.palsy_verdict == "weak"
    assert three.side == "right"
    assert three.grade == 4
    assert three.palsy_probability > one.palsy_probability
    assert three.side_probability > one.side_probability
    assert three.grade_high - three.grade_low <= one.grade_high - one.grade_low


def test_correlated_views_count_less_than_independent_ones():
    photos = [photo(v, WEAK, 0.7) for v in VIEWS]
    independent = {"correlation": {"grade": 0.0, "side": 0.0}}
    assert combine(photos, {}).side_probability < combine(photos, independent).side_probability


def test_one_photo_at_rest_leaves_a_wide_interval():
    found = combine([photo("rest", [0.3, 0.2, 0.2, 0.2, 0.07, 0.03])], {})
    assert found.palsy_verdict == "uncertain"
    assert found.side is None
    assert found.grade_high - found.grade_low >= 4
    assert found.views_used == ["rest"]
    assert found.views_missing == [view for view in VIEWS if view != "rest"]


def test_a_healthy_visit_is_normal_and_names_no_side():
    found = combine([photo(view, HEALTHY, 0.9) for view in VIEWS], {})
    assert found.palsy_verdict == "normal"
    assert found.grade == 1
    assert found.side is None
    assert found.views_missing == []


def test_the_same_view_twice_is_no_second_view():
    once = combine([photo("show_teeth", WEAK, 0.8)], {})
    twice = combine([photo("show_teeth", WEAK, 0.8)] * 2, {})
    assert once == twice


def test_a_photo_that_knows_only_the_prior_changes_nothing():
    prior = DEFAULTS["prior"]
    found = combine([photo("brow_raise", prior, 0.5)], {})
    assert list(found.grade_probabilities.values()) == pytest.approx(prior, abs=1e-3)
    assert found.side_probability == pytest.approx(0.5)


def test_no_single_photo_outvotes_the_others():
    certain = photo("rest", [0, 0, 0, 0, 0, 1.0], 1.0)
    healthy = [photo(view, HEALTHY, 0.4) for view in VIEWS[1:]]
    assert combine([certain, *healthy], {}).palsy_verdict == "normal"


def test_sides_mirror():
    photos = [
        photo("show_teeth", WEAK, 0.8, mouth=(0.9, 0.3)),
        photo("brow_raise", WEAK, 0.6, brow=(1.0, 0.2)),
    ]
    mirrored = [
        photo("show_teeth", WEAK, 0.2, mouth=(0.3, 0.9)),
        photo("brow_raise", WEAK, 0.4, brow=(0.2, 1.0)),
    ]
    a, b = combine(photos, {"side": 0.5}), combine(mirrored, {"side": 0.5})
    assert (a.side, b.side) == ("right", "left")
    assert a.side_probability == pytest.approx(b.side_probability, abs=1e-4)
    assert a.grade_probabilities == b.grade_probabilities
    assert a.zones["brow"]["left"] == b.zones["brow"]["right"]


def test_a_zone_is_told_only_by_views_that_show_it():
    both = {"brow": (0.9, 0.2), "mouth": (0.8, 0.4), "eye": (0.5, 0.5), "midface": (0.5, 0.5)}
    found = combine([photo("brow_raise", WEAK, **both), photo("rest", WEAK, **both)], {})
    assert set(found.zones) == {"brow"}
    brow = found.zones["brow"]
    assert brow["views"] == ["brow_raise"]
    assert brow["left_low"] < brow["left"] <= brow["left_high"] <= 1
    assert 0 <= brow["right_low"] < brow["right"] < brow["right_high"]


def test_more_views_of_a_zone_narrow_its_interval():
    one = combine([photo("show_teeth", WEAK, mouth=(0.6, 0.4))], {}).zones["mouth"]
    two = combine([photo(v, WEAK, mouth=(0.6, 0.4)) for v in ("show_teeth", "smile_with_teeth")], {}).zones[
        "mouth"
    ]
    assert two["left_high"] - two["left_low"] < one["left_high"] - one["left_low"]


def test_a_smile_not_told_apart_stands_for_both():
    found = combine([photo("smile", WEAK, 0.7)], {})
    assert found.views_used == ["smile"]
    assert not {"closed_smile", "smile_with_teeth"} & set(found.views_missing)
    weights = {"closed_smile": {"grade": 0.4, "side": 0.2}, "smile_with_teeth": {"grade": 0.8, "side": 0.6}}
    assert weight_of("smile", "grade", {"weights": weights}) == pytest.approx(0.6)


def test_rejected_photos_are_passed_over_and_nothing_is_made_up():
    rejected = {"exercise": "rest", "grade_probabilities": {}, "palsy_probability": None}
    nothing = combine([rejected], {})
    assert nothing.palsy_probability is None
    assert nothing.grade is None
    assert nothing.zones == {}
    assert nothing.views_missing == list(VIEWS)
    assert combine([], {}) == nothing


def test_a_photo_of_an_older_release_without_zones_counts():
    plain = photo("smile", WEAK, 0.9)
    plain.pop("zones")
    assert combine([plain], {}).zones == {}


def test_it_can_be_stored():
    found = combine([photo("brow_raise", WEAK, brow=(0.9, 0.2))], {})
    assert json.loads(json.dumps(found.as_dict()))["grade"] == found.grade
    assert sum(found.grade_probabilities.values()) == pytest.approx(1, abs=1e-3)


def test_the_web_process_can_import_it():
    code = "import sys, inference.pipeline.visit; print([m for m in ('numpy', 'cv2') if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
