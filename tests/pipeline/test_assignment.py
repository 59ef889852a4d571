"""Photos of one visit filed together, and a photo weighed against what it is filed under."""

from __future__ import annotations

import random
from itertools import permutations
from math import log

import pytest

from inference.pipeline.asked import doubt, doubted, weighed
from inference.pipeline.assignment import assigned, filed
from inference.pipeline.codes import VIEWS

THRESHOLDS = {"doubt": 3.0}


def seen(**told: float) -> dict[str, float]:
    """Probabilities of every view; what is left is shared by the others."""
    others = [view for view in VIEWS if view not in told]
    return told | dict.fromkeys(others, (1 - sum(told.values())) / len(others))


@pytest.mark.parametrize("seed", range(12))
def test_no_other_assignment_costs_less(seed):
    draw = random.Random(seed)
    costs = [[draw.choice([draw.uniform(-9, 9), 0.0, 3.0]) for _ in range(6)] for _ in range(1 + seed % 5)]
    found = assigned(costs)
    assert len(set(found)) == len(found)
    total = sum(row[column] for row, column in zip(costs, found, strict=True))
    every = permutations(range(6), len(costs))
    best = min(sum(row[c] for row, c in zip(costs, columns, strict=True)) for columns in every)
    assert total == pytest.approx(best, abs=1e-6)


def test_more_rows_than_columns_are_refused():
    with pytest.raises(ValueError, match="fewer columns"):
        assigned([[1.0], [2.0]])


def test_two_photos_that_look_alike_are_told_apart_by_what_is_missing():
    visit = [
        seen(rest=0.9),
        seen(closed_smile=0.55, smile_with_teeth=0.4),
        seen(closed_smile=0.95),
        seen(pucker=0.9),
    ]
    told = filed(visit, THRESHOLDS)
    assert [photo.view for photo in told] == ["rest", "smile_with_teeth", "closed_smile", "pucker"]
    assert all(photo.sure for photo in told)


def test_the_first_of_two_still_faces_is_rest():
    """A face that hardly moves looks at rest: the visit's first photo is, the other is whatever it looks like next."""
    told = filed([seen(rest=0.6, pucker=0.3), seen(rest=0.7, pucker=0.25)], THRESHOLDS)
    assert [photo.view for photo in told] == ["rest", "pucker"]


def test_the_order_decides_only_what_the_pictures_leave_open():
    late_rest = filed([seen(pucker=0.97), seen(brow_raise=0.97), seen(rest=0.97)], THRESHOLDS)
    assert [photo.view for photo in late_rest] == ["pucker", "brow_raise", "rest"]
    open_ones = filed(
        [seen(brow_raise=0.4, open_mouth=0.4), seen(brow_raise=0.4, open_mouth=0.4)], THRESHOLDS
    )
    assert [photo.view for photo in open_ones] == ["brow_raise", "open_mouth"]


def test_a_retake_is_filed_as_one_and_never_forced_elsewhere():
    told = filed([seen(rest=0.95), seen(pucker=0.98), seen(pucker=0.98)], THRESHOLDS)
    assert [photo.view for photo in told] == ["rest", "pucker", "pucker"]
    again = filed([seen(pucker=0.5, puff_cheek=0.4)], THRESHOLDS, taken=["pucker"])
    assert again[0].view == "puff_cheek"


def test_a_photo_that_could_not_be_judged_gets_no_view():
    told = filed([seen(rest=0.9), {}, seen(pucker=0.9)], THRESHOLDS)
    assert [photo.view for photo in told] == ["rest", None, "pucker"]
    assert filed([{}], THRESHOLDS)[0].view is None
    assert filed([], THRESHOLDS) == []


def test_more_photos_than_views_all_find_a_place():
    told = filed([seen(rest=0.9)] * (2 * len(VIEWS) + 3), THRESHOLDS)
    assert len(told) == 2 * len(VIEWS) + 3
    assert all(photo.view for photo in told)


def test_the_record_is_believed_until_the_picture_speaks_clearly_against_it():
    assert not doubted(seen(pucker=0.6, rest=0.3), "rest", THRESHOLDS)
    assert doubted(seen(pucker=0.95, rest=0.001), "rest", THRESHOLDS)
    assert not doubted({}, "rest", THRESHOLDS)
    assert doubt(seen(pucker=0.6, rest=0.3), "rest") == pytest.approx(log(2))
    stricter = {"doubt": 0.5}
    assert doubted(seen(pucker=0.6, rest=0.3), "rest", stricter)


def test_a_smile_asks_for_either_smile():
    for kind in ("closed_smile", "smile_with_teeth"):
        assert not doubted(seen(**{kind: 0.97}), "smile", THRESHOLDS)
    assert doubted(seen(pucker=0.97), "smile", THRESHOLDS)


def test_weighing_the_record_in_changes_the_likeliest_view_exactly_where_it_is_doubted():
    for told in (seen(pucker=0.6, rest=0.3), seen(pucker=0.95, rest=0.001), seen(pucker=0.9, rest=0.04)):
        after = weighed(told, "rest", THRESHOLDS)
        assert sum(after.values()) == pytest.approx(1)
        assert (max(after, key=lambda view: after[view]) != "rest") == doubted(told, "rest", THRESHOLDS)
