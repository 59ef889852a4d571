"""Figures of real photographs: by view, false alarms, and photographs filed under another view."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inference.pipeline.codes import VIEWS
from ml_training.evaluate import real
from ml_training.evaluate.answers import Answers
from ml_training.evaluate.figures import Judged
from ml_training.evaluate.real import Portraits

from .people import pictures

THRESHOLDS = {
    "palsy": 0.8,
    "palsy_low": 0.3,
    "palsy_high": 0.8,
    "palsy_high:sneer": 0.95,
    "doubt": 2.0,
    "side": 0.5,
}


def said(view: np.ndarray, palsy: np.ndarray, sure: float = 0.9) -> Answers:
    """Answers that are sure of these views and have these probabilities of a palsy."""
    views = np.full((len(view), 12), (1 - sure) / 11)
    views[np.arange(len(view)), view] = sure
    grades = np.column_stack([1 - palsy, *[palsy / 5] * 5])
    return Answers(views, grades, np.full(len(view), 0.5), np.ones((len(view), 4, 2)))


@pytest.fixture
def shown():
    """Healthy people: 40 at rest, 20 with a closed smile, 20 with teeth, 12 with an open mouth, 8 of unknown view."""
    view = np.repeat(
        [VIEWS.index(v) for v in ("rest", "closed_smile", "smile_with_teeth", "open_mouth")], [40, 20, 20, 12]
    )
    view = np.r_[view, np.full(8, -1)]
    some = pictures(people=200)
    some = some.where(np.arange(100))
    names = np.array([f"p{n}" for n in range(100)])
    return replace(some, view=view, grade=np.ones(100, int), side=np.full(100, -1), person=names)


def rows_of(figures):
    return {row["key"]: row["value"] for row in figures}


def test_each_view_has_its_share_and_the_mean_counts_each_view_alike(shown):
    seen = np.where(shown.view >= 0, shown.view, 0)
    seen[:10] = VIEWS.index("pucker")  # ten of forty at rest
    seen[40:50] = 0  # half of the closed smiles
    found = rows_of(real.view_rows(Portraits(shown, said(seen, np.zeros(100)), THRESHOLDS)))
    assert found["real_view_rest"] == 0.75
    assert found["real_view_closed_smile"] == 0.5
    assert found["real_views"] == pytest.approx((0.75 + 0.5 + 1 + 1) / 4)
    table = real.confusion(Portraits(shown, said(seen, np.zeros(100)), THRESHOLDS))["rows"]
    counts = {row["exercise"]: row for row in table}
    assert counts["rest"]["said"][VIEWS.index("pucker")] == 10
    assert counts["sneer"]["photographs"] == 0, "a view that no photograph shows is said to have none"


def test_weak_and_uncertain_are_those_that_the_product_would_say(shown):
    palsy = np.zeros(100)
    palsy[:5], palsy[5:25] = 0.9, 0.5
    view = np.zeros(100, int)
    view[0] = VIEWS.index("sneer")  # a sneer has a higher threshold: this one stays uncertain
    found = rows_of(real.healthy_rows(Portraits(shown, said(view, palsy), THRESHOLDS)))
    assert found == {"real_weak": 0.04, "real_uncertain": 0.21}


def test_palsies_are_laid_against_these_very_faces(shown):
    weak = pictures(people=30)
    weak = weak.where((weak.grade >= 3) & (weak.side < 2))
    answers = said(weak.view, np.full(len(weak), 0.9))
    found = rows_of(
        real.against_palsies(
            Portraits(shown, said(np.zeros(100, int), np.full(100, 0.2)), THRESHOLDS),
            Judged(weak, answers, THRESHOLDS),
        )
    )
    assert found["real_palsy_auc"] == found["real_palsy_auc_obvious"] == 1
    assert found["clear_uncertain"] + found["clear_weak"] == pytest.approx(1)


def test_a_photograph_under_another_view_is_found_and_one_that_is_filed_rightly_is_not(shown):
    view = np.where(shown.view >= 0, shown.view, 0)
    found = rows_of(real.asked_rows("real", "Real", shown, said(view, np.zeros(100)), 2.0))
    assert found == {"real_doubted": 0, "real_found": 1}
    blind = rows_of(real.asked_rows("real", "Real", shown, said(view, np.zeros(100), sure=1 / 12), 2.0))
    assert blind["real_found"] == 0
