"""Figures, intervals, groups and visits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, f1_score, roc_auc_score

from inference.pipeline.classify import suggested_grade
from ml_training.evaluate import groups, intervals, visits
from ml_training.evaluate.answers import calibrated, suggested_grades
from ml_training.evaluate.figures import Judged, figures, tables
from ml_training.evaluate.intervals import (
    Sample,
    accuracy,
    calibration_error,
    macro_f1,
    quadratic_kappa,
    wilson,
)

from .people import knowing, pictures

THRESHOLDS = {"palsy": 0.5, "palsy_low": 0.3, "palsy_high": 0.7, "exercise": 0.5, "side": 0.6}
PLAIN = {"exercise": 1.0, "grade": 1.0, "side": 1.0}


def judged(noise: float = 0.0, **changes: int) -> Judged:
    known = pictures(**changes)
    return Judged(known, calibrated(knowing(known, noise=noise), PLAIN), THRESHOLDS)


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    # 16 of 17 and 141 of 180, worked out by hand from Wilson's formula
    [(16, 17, 0.7302, 0.9895), (141, 180, 0.7176, 0.8374), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0)],
)
def test_wilsons_interval(hits, count, low, high):
    assert wilson(hits, count) == pytest.approx((low, high), abs=2e-3)


def test_the_bootstrap_draws_people_not_pictures():
    """One person with all the errors makes the interval wide, however many pictures there are."""
    hit = np.r_[np.zeros(100), np.ones(900)]
    wide = Sample(np.repeat(np.arange(10), 100)).share("k", "n", hit)
    narrow = Sample(np.arange(1000)).share("k", "n", hit)
    assert wide.high - wide.low > 3 * (narrow.high - narrow.low)
    assert wide.people == 10


def test_all_right_on_a_few_people_is_no_certainty():
    found = Sample(np.repeat(np.arange(6), 50)).share("k", "n", np.ones(300))
    assert found.value == found.high == 1
    assert found.low == pytest.approx(wilson(6, 6)[0])
    assert "Wilson" in found.interval


def test_figures_equal_those_of_another_library():
    rng = np.random.default_rng(3)
    shown, said = rng.integers(0, 6, 400), rng.integers(0, 6, 400)
    said = np.where(rng.random(400) < 0.6, shown, said)
    sample = Sample(np.arange(400) // 10)

    def of(formula):
        return sample.confusion("k", "n", shown, said, 6, formula).value

    assert of(accuracy) == pytest.approx((shown == said).mean())
    assert of(macro_f1) == pytest.approx(f1_score(shown, said, average="macro"))
    assert of(quadratic_kappa) == pytest.approx(cohen_kappa_score(shown, said, weights="quadratic"))
    score = np.round(rng.random(400) + 0.3 * (shown > 2), 1)  # with many ties
    found = sample.area("k", "n", score, shown > 2)
    assert found.value == pytest.approx(roc_auc_score(shown > 2, score))
    assert found.low < found.value < found.high


def test_an_areas_interval_is_that_of_drawing_people_one_by_one(monkeypatch):
    monkeypatch.setattr(intervals, "RESAMPLES", 150)
    rng = np.random.default_rng(0)
    person, target = np.repeat(np.arange(20), 8), rng.random(160) < 0.5
    score = target * 0.5 + rng.random(160)
    sample = Sample(person)
    areas = []
    for draw in sample.draws.astype(int):
        rows = np.concatenate([np.tile(np.flatnonzero(person == who), n) for who, n in enumerate(draw)])
        areas.append(roc_auc_score(target[rows], score[rows]))
    found = sample.area("k", "n", score, target)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(areas, [0.025, 0.975])), abs=1e-9)


def test_a_model_that_means_what_it_says_has_no_calibration_error():
    stated = np.repeat([0.25, 0.75], 1000)
    hit = np.r_[np.arange(1000) % 4 == 0, np.arange(1000) % 4 != 0].astype(float)
    assert calibration_error(stated, hit) == pytest.approx(0, abs=1e-9)
    assert calibration_error(stated, 1 - hit) == pytest.approx(0.5)


def test_grades_are_suggested_as_serving_suggests_them():
    rng = np.random.default_rng(0)
    grades = rng.dirichlet(np.full(6, 0.5), 200)
    wanted = [suggested_grade(row.tolist(), 0.4) for row in grades]
    assert suggested_grades(grades, 0.4).tolist() == wanted


def test_a_perfect_answer_scores_perfectly_and_is_not_sure_of_it():
    rows = {row["key"]: row for row in figures(judged())}
    for key in (
        "exercise_accuracy",
        "palsy_auc",
        "side_accuracy",
        "grade_exact",
        "grade_kappa",
        "specificity",
    ):
        assert rows[key]["value"] == 1.0, key
    assert rows["specificity"]["low"] < 0.95
    assert rows["zone_error"]["value"] == pytest.approx(0, abs=1e-6)
    assert rows["exercise_accuracy"]["people"] == 24
    assert all(row["low"] is None or row["low"] <= row["value"] <= row["high"] for row in rows.values())


def test_palsies_of_both_sides_are_told_apart():
    every = judged()
    weak = np.flatnonzero(every.pictures.grade > 1)
    side = every.pictures.side.copy()
    side[weak[:24]] = 2
    rows = {r["key"]: r for r in figures(replace(every, pictures=replace(every.pictures, side=side)))}
    assert rows["bilateral_sensitivity"]["pictures"] == 24
    assert rows["side_accuracy"]["pictures"] == len(weak) - 24


def test_the_tables_add_up():
    made = tables(judged(noise=4.0))
    assert np.sum(made["exercise_confusion"]) == 24 * 2 * 12
    assert [row["grade"] for row in made["by_grade"]] == [1, 2, 3, 4, 5, 6]
    assert len(made["by_exercise"]) == 12


def test_a_group_that_is_served_worse_is_named(monkeypatch):
    monkeypatch.setattr(intervals, "RESAMPLES", 100)
    good = judged()
    beard = good.pictures.condition("beard") > 0.8
    conditions = good.pictures.conditions.copy()
    conditions[:, 11] = beard
    right = np.where(beard, 1 - good.answers.right, good.answers.right)
    bad = replace(
        good,
        pictures=replace(good.pictures, conditions=conditions),
        answers=replace(good.answers, right=right),
    )
    rows = groups.by_group(bad)
    found = groups.gaps(rows, {"side_clear": 0.8})
    assert ("beard", "with", "side_clear") in [(g["family"], g["group"], g["figure"]) for g in found]
    assert {row["family"] for row in rows} >= {
        "skin tone",
        "head turn",
        "light",
        "glasses",
        "view",
        "grade band",
    }
    assert any(row["group"] == "age" for row in groups.NOT_EVALUATED)


def test_a_small_group_shows_its_size_alone():
    rows = groups.by_group(judged(people=3))
    few = [row for row in rows if row.get("note") == "too few"]
    assert few
    assert all(row["figures"] == {} for row in few)


def noisy_visits(split: str, seed: int):
    """Views of one visit share half of their error; rest tells nothing."""
    known = pictures(people=60, split=split, seed=seed)
    rng = np.random.default_rng(seed)
    shared = np.repeat(rng.normal(0, 1.5, (120, 1)), 12, 0)
    raw = knowing(known, sureness=2.0, noise=1.5, seed=seed)
    rest = known.view == 0
    steps = raw.step_logits + shared
    steps[rest] = rng.normal(0, 2, (rest.sum(), 1))
    return known, calibrated(replace(raw, step_logits=steps), PLAIN)


def test_visits_are_fitted_and_tell_more_than_photos():
    known, answers = noisy_visits("val", 1)
    parameters = visits.fit(answers, known)
    others = [parameters["weights"][v]["grade"] for v in parameters["weights"] if v != "rest"]
    assert parameters["weights"]["rest"]["grade"] < 0.5 * np.mean(others)
    assert 0 <= parameters["palsy_low"] <= parameters["palsy_high"] <= 1
    assert sum(parameters["prior"]) == pytest.approx(1, abs=1e-3)
    test, said = noisy_visits("test", 2)
    told = visits.Told.of(said, test, parameters)
    rows = {row["key"]: row for row in visits.figures(told)}
    photos = {row["key"]: row for row in figures(Judged(test, said, THRESHOLDS))}
    assert rows["visit_palsy_auc"]["value"] > photos["palsy_auc"]["value"] + 0.02
    assert rows["visit_coverage"]["value"] > 0.9
    assert rows["visit_within_one"]["visits"] == 120
    assert rows["visit_within_one"]["pictures"] == 120 * 12


def test_more_views_tell_more():
    known, answers = noisy_visits("val", 1)
    parameters = visits.fit(answers, known)
    rows = {row["views"]: row for row in visits.by_views(answers, known, parameters)}
    assert rows["all"]["palsy_auc_clear"]["value"] > rows["rest alone"]["palsy_auc_clear"]["value"]
    assert rows["all"]["interval_grades"] < rows["rest alone"]["interval_grades"]
    assert rows["rest alone"]["uncertain"] > rows["all"]["uncertain"] + 0.2, "one photo at rest is no verdict"


def test_the_fit_reckons_as_serving_combines():
    known, answers = noisy_visits("val", 1)
    parameters = visits.fit(answers, known)
    prior = np.array(parameters["prior"])
    table = visits.table_of(answers, known, prior)
    weights = np.array([row["grade"] for row in parameters["weights"].values()])
    evidence = visits._evidence(weights, parameters["correlation"]["grade"], table.grades, table.seen)
    logs = np.log(prior) + evidence
    healthy = np.exp(logs[:, 0]) / np.exp(logs).sum(1)
    told = visits.Told.of(answers, known, parameters)
    assert told.palsy == pytest.approx(1 - healthy, abs=2e-3)


def test_photographs_of_which_little_is_known_join_in():
    """A portrait shows no view, a clinic's photograph tells no movement of zones."""
    every = judged()
    view, zones = every.pictures.view.copy(), every.pictures.zones.astype(float)
    view[::12], zones[: len(every) // 2] = -1, np.nan
    part = replace(every, pictures=replace(every.pictures, view=view, zones=zones))
    rows = {row["key"]: row for row in figures(part)}
    assert rows["exercise_accuracy"]["pictures"] == len(every) * 11 // 12
    assert rows["exercise_accuracy"]["value"] == 1.0
    assert rows["zone_error"]["pictures"] == len(every) // 2
    assert np.sum(tables(part)["exercise_confusion"]) == len(every) * 11 // 12
    parameters = visits.fit(part.answers, part.pictures)
    told = visits.Told.of(part.answers, part.pictures, parameters)
    assert all("rest" in found.views_missing for found in told.findings)
    assert visits.zone_coverage(told)
