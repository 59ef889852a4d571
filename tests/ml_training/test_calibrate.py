"""Temperatures, thresholds and the uncertain band."""

from __future__ import annotations

import numpy as np
import pytest

from ml_training import calibrate
from ml_training.evaluate.answers import calibrated
from ml_training.evaluate.intervals import calibration_error

from .people import knowing, pictures


def test_overconfident_outputs_are_cooled():
    known = pictures(people=40)
    raw = knowing(known, sureness=8.0, noise=8.0)
    fitted = calibrate.temperatures(raw, known)
    assert fitted["exercise"] > 2
    assert fitted["side"] > 2
    assert fitted["grade"] > 2
    cooled, plain = calibrated(raw, fitted), calibrated(raw, {})
    assert calibration_error(cooled.palsy, known.weak) < calibration_error(plain.palsy, known.weak)


def test_without_a_palsy_the_side_keeps_its_temperature():
    known = pictures()
    healthy = known.where(known.grade == 1)
    assert calibrate.temperatures(knowing(healthy), healthy)["side"] == 1.0


def test_the_band_leaves_out_few_on_either_end():
    rng = np.random.default_rng(0)
    palsy = np.clip(np.r_[rng.beta(2, 4, 2000), rng.beta(4, 2, 2000)], 0, 1)
    grade = np.r_[np.ones(2000, int), np.full(2000, 4)]
    low, high = calibrate.band(palsy, grade)
    assert low < high
    assert (palsy[grade == 4] < low).mean() <= 0.05
    assert (palsy[grade == 1] >= high).mean() <= 0.05
    assert (palsy[grade == 4] < low).mean() == pytest.approx(0.05, abs=0.005)


def test_where_nothing_overlaps_nothing_is_uncertain():
    palsy = np.r_[np.linspace(0, 0.2, 50), np.linspace(0.8, 1, 50)]
    low, high = calibrate.band(palsy, np.r_[np.ones(50, int), np.full(50, 3)])
    assert low == high == pytest.approx(0.5)


def test_the_one_threshold_errs_alike_on_both_sides():
    healthy = np.r_[np.linspace(0, 0.04, 97), 0.06, 0.07, 0.9]
    clear = np.r_[0.01, 0.05, 0.08, np.linspace(0.1, 1, 97)]
    low, high = calibrate.band(np.r_[healthy, clear], np.r_[np.ones(100, int), np.full(100, 4)])
    assert low == high
    assert (clear < low).mean() == pytest.approx(0.02)
    assert (healthy >= high).mean() == pytest.approx(0.02, abs=0.011)


def test_the_thresholds_of_a_release():
    known = pictures(people=40)
    fitted = calibrate.fit(knowing(known, sureness=3.0, noise=3.0), known)
    thresholds = fitted["thresholds"]
    assert thresholds["palsy_low"] <= thresholds["palsy_high"]
    answers = calibrated(knowing(known, sureness=3.0, noise=3.0), fitted["temperatures"])
    called = answers.palsy[known.grade == 1] >= thresholds["palsy_at_specificity"]
    assert called.mean() <= 0.05
    found = answers.palsy[known.grade >= 3] >= thresholds["palsy_at_sensitivity"]
    assert found.mean() >= 0.95
    assert 0.5 <= thresholds["side"] <= 0.9


def test_people_more_uneven_than_simulated_ones_raise_the_threshold_and_even_ones_leave_it():
    known = pictures(people=40)
    answers = calibrated(knowing(known, sureness=2.0, noise=3.0), {})
    # What the rule for people asks of simulated healthy faces alone.
    plain = calibrate.for_people(calibrate.thresholds(answers, known), (answers.where(known.grade == 1),))
    healthy, weak = (untouched(answers, known, known.grade == grade) for grade in (1, 4))
    raised = calibrate.thresholds(answers, known, weak)
    assert raised["palsy"] > plain["palsy"]
    assert raised["palsy_high"] > plain["palsy_high"]
    assert (weak[0].palsy >= raised["palsy_high"]).mean() <= calibrate.UNTOUCHED_CALLED
    even = calibrate.thresholds(answers, known, healthy)
    assert even["palsy_high"] == pytest.approx(plain["palsy_high"], abs=2e-4)


def untouched(answers, known, chosen):
    """Those pictures as portraits that no renderer has drawn."""
    some = known.where(chosen)
    return answers.where(chosen), calibrate.Untouched(some, knowing(some))


def test_few_healthy_people_are_left_uncertain_whoever_they_are():
    rng = np.random.default_rng(0)
    found = {"palsy": 0.9, "palsy_low": 0.1, "palsy_high": 0.9}
    kinds = tuple(said(rng.beta(2, sharp, 4000), rng) for sharp in (3, 5))
    made = calibrate.for_people(found, kinds)
    for kind in kinds:
        uncertain = (kind.palsy >= made["palsy_low"]) & (kind.palsy < made["palsy_high"])
        assert uncertain.mean() <= calibrate.UNCERTAIN_MOST + 0.051
        assert (kind.palsy >= made["palsy_high"]).mean() <= 0.05
    assert made["palsy_low"] <= made["palsy_high"]


def said(palsy, rng, view=None):
    """Answers with these probabilities of a palsy."""
    from ml_training.evaluate.answers import Answers

    grades = np.column_stack([1 - palsy, *[palsy / 5] * 5])
    views = rng.random((len(palsy), 12)) if view is None else np.eye(12)[np.full(len(palsy), view)]
    return Answers(views, grades, np.full(len(palsy), 0.5), np.ones((len(palsy), 4, 2)))


def test_a_view_in_which_healthy_people_look_uneven_has_a_threshold_of_its_own():
    from inference.pipeline.classify import palsy_verdict
    from inference.pipeline.codes import VIEWS

    rng = np.random.default_rng(0)
    found = {"palsy": 0.5, "palsy_low": 0.1, "palsy_high": 0.5}
    even = said(rng.uniform(0, 0.4, 3000), rng, VIEWS.index("rest"))
    uneven = said(rng.uniform(0.3, 0.95, 100), rng, VIEWS.index("sneer"))
    both = type(even)(*(np.concatenate([getattr(one, name) for one in (even, uneven)])
                        for name in ("view", "grades", "right", "zones")))  # fmt: skip
    made = calibrate.for_people(found, (both,))
    assert made["palsy_high:sneer"] > made["palsy_high"]
    verdicts = [palsy_verdict(float(p), made, "sneer") for p in uneven.palsy]
    assert verdicts.count("weak") / len(verdicts) <= 0.05
    assert palsy_verdict(0.92, made, "rest") == "weak"


def test_few_photographs_that_are_filed_rightly_are_doubted():
    from inference.pipeline.asked import doubt
    from inference.pipeline.codes import VIEWS

    known = pictures(people=60)
    answers = calibrated(knowing(known, sureness=2.0, noise=2.0), {})
    limit = calibrate.doubt_limit([(answers, known)])
    told = [
        doubt(dict(zip(VIEWS, row, strict=True)), VIEWS[view])
        for row, view in zip(answers.view.tolist(), known.view.tolist(), strict=True)
    ]
    assert (np.array(told) > limit).mean() <= 0.03


def test_a_view_that_is_never_wrong_is_never_unsure():
    assert calibrate.sure_enough(np.full(50, 0.6), np.ones(50, bool), 0.97, 0.35) == 0.35
    assert (
        calibrate.sure_enough(np.r_[0.4, np.full(50, 0.9)], np.r_[False, np.ones(50, bool)], 0.99, 0.35) > 0.4
    )


def test_isotonic_regression_is_chosen_only_where_it_pays():
    known = pictures(people=60)
    fine = calibrate.fit(knowing(known, sureness=2.0, noise=2.0), known)["isotonic"]
    assert fine["chosen"] == "temperature"
    assert "knots" not in fine
    answers = calibrated(knowing(known, sureness=2.0, noise=1.0), {})
    crooked = answers.grades.copy()
    crooked[:, 0] = 0.45 + 0.1 * crooked[:, 0]  # no temperature can stretch this around one half
    found = calibrate.isotonic_or_temperature(
        type(answers)(answers.view, crooked, answers.right, answers.zones), known
    )
    assert found["chosen"] == "isotonic"
    assert len(found["knots"]) >= 2
