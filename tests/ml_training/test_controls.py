"""Controls: a cheat is caught, an honest network passes."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from inference.pipeline.align import crop_face, in_crop
from ml_training.evaluate import changed, controls, leaks, report
from ml_training.evaluate.answers import RawOutputs, calibrated
from ml_training.evaluate.controls import CalibratedNetwork
from ml_training.evaluate.figures import Judged
from ml_training.evaluate.intervals import Figure

from .people import knowing, pictures

THRESHOLDS = {"palsy": 0.5}


def network(predict) -> CalibratedNetwork:
    return CalibratedNetwork(predict, {}, THRESHOLDS)


def blind(known) -> RawOutputs:
    """Knows nothing, and says so."""
    return RawOutputs(
        np.zeros((len(known), 12)),
        np.zeros((len(known), 5)),
        np.zeros(len(known)),
        np.ones((len(known), 4, 2)),
    )


def test_chance_is_told_by_the_interval():
    near = Figure("k", "n", 0.53, 0.47, 0.6, 10, 10)
    assert controls.at_chance(near, 0.5)
    assert not controls.at_chance(Figure("k", "n", 0.7, 0.6, 0.8, 10, 10), 0.5)
    assert controls.at_chance(Figure("k", "n", None, None, None, 0, 0), 0.5) is None


def test_a_masked_face_tells_nothing_to_an_honest_network_and_all_to_a_cheat():
    known = pictures()
    assert controls.face_masked(network(blind), known).held
    cheat = controls.face_masked(network(lambda asked: knowing(asked)), known)
    assert cheat.held is False
    assert cheat.row()["verdict"] == "NOT as expected"


def test_the_mask_hides_every_face_and_all_points():
    known = pictures(people=4)
    mask = changed.common_mask(known)
    assert 0.1 < mask.mean() < 1
    blank = changed.faceless(known, mask, known.points[0])
    assert (blank.crops[:, mask] == 128).all()
    assert (blank.points == known.points[0]).all()
    assert not (known.crops[:, mask] == 128).all(), "the pictures themselves stay as they were"


def test_shuffled_labels_are_chance_even_for_a_perfect_network():
    known = pictures()
    judged = Judged(known, calibrated(knowing(known), {}), THRESHOLDS)
    assert controls.labels_shuffled(judged).held


def test_a_mirrored_picture_is_a_picture_of_the_mirrored_face():
    """Cut from a mirrored photo or cut and then mirrored: the same crop, points and labels."""
    rng = np.random.default_rng(0)
    known = pictures(people=2)
    photo = rng.integers(0, 255, (200, 200, 3), dtype=np.uint8)
    one = replace(known.where(np.arange(1)), crops=crop_face(photo, known.points[0], 64)[None])
    other = changed.mirrored(one)
    again = crop_face(np.ascontiguousarray(photo[:, ::-1]), other.points[0], 64)
    assert np.abs(again.astype(int) - other.crops[0]).mean() < 2
    twice = changed.mirrored(changed.mirrored(known))
    assert np.array_equal(twice.crops, known.crops)
    assert twice.points == pytest.approx(known.points)
    assert np.array_equal(twice.side, known.side)
    assert set(changed.mirrored(known).side[known.side == 0].tolist()) == {1}


def test_a_network_that_leans_to_one_side_is_caught():
    known = pictures(people=4)

    def leaning(asked):
        return replace(blind(asked), side_logit=np.full(len(asked), 0.3))

    answers = calibrated(leaning(known), {})
    assert controls.mirror(network(leaning), known, answers).held is False
    assert controls.mirror(network(knowing), known, calibrated(knowing(known), {})).held


def test_a_network_that_reads_the_background_is_caught():
    known = pictures()
    corner = known.crops[:, :2, :2].mean((1, 2, 3))

    def peeping(asked):
        seen = asked.crops[:, :2, :2].mean((1, 2, 3))
        return replace(knowing(asked), step_logits=np.repeat((seen - corner.mean())[:, None], 5, 1))

    answers = calibrated(peeping(known), {})
    assert controls.background_swapped(network(peeping), known, answers).held is False
    honest = calibrated(knowing(known), {})
    assert controls.background_swapped(network(knowing), known, honest).held


def test_another_background_leaves_the_middle_of_the_face():
    known = pictures(people=1)
    size = known.crops.shape[1]
    other = changed.other_background(known)
    inside = changed.face_mask(in_crop(known.points[:1], known.points[:1], size)[0], size, grown=0.6) > 0
    assert np.abs(other.crops[0][inside].astype(int) - known.crops[0][inside]).max() <= 8
    assert np.abs(other.crops[0][:2].astype(int) - known.crops[0][:2]).mean() > 20


def test_probes_find_nothing_where_nothing_is():
    train, test = pictures(people=24, visits=3, split="train", seed=5), pictures(people=20, visits=3, seed=6)
    for control in controls.probe_controls(train, test):
        assert control.held, (control.key, control.figures)


def test_a_background_that_tells_the_label_is_found():
    def marked(split: str, seed: int):
        known = pictures(people=30, split=split, seed=seed)
        crops = known.crops.copy()
        crops[known.weak, :4] = 20
        return replace(known, crops=crops)

    found = controls.background_probe(marked("train", 1), marked("test", 2))
    assert found.held is False
    assert found.figures["palsy_auc_clear"]["value"] > 0.9


def test_conditions_that_tell_the_label_are_found():
    def marked(split: str, seed: int):
        known = pictures(people=30, split=split, seed=seed)
        conditions = known.conditions.copy()
        conditions[:, 8] += 3 * known.weak
        return replace(known, conditions=conditions)

    assert controls.conditions_probe(marked("train", 1), marked("test", 2)).held is False


def test_the_same_person_in_two_splits_is_found():
    train, test = pictures(people=8, split="train", seed=1), pictures(people=6, seed=2)
    assert leaks.near_duplicates(train, test).held
    crops = test.crops.copy()
    ours = leaks.portraits_of(train)
    at = np.flatnonzero((test.grade == 1) & (test.view == 0))[0]
    noise = np.random.default_rng(0).integers(-6, 6, ours.crops[0].shape)
    crops[at] = np.clip(ours.crops[0].astype(int) + noise, 0, 255)
    found = leaks.near_duplicates(train, replace(test, crops=crops))
    assert found.held is False
    assert found.figures["pairs at or above"] >= 1


def test_the_leak_hunt_is_written_in_sentences():
    train, test = pictures(people=16, visits=3, split="train", seed=5), pictures(people=12, visits=3, seed=6)
    found = [*controls.probe_controls(train, test), leaks.labels_by_person(test)]
    rows = leaks.report(found)
    assert len(rows) == 5
    assert all(row["showed"] and row["expected"] and row["verdict"] for row in rows)


def test_a_whole_evaluation(tmp_path):
    """Everything at once on made-up people, down to the pictures of the card."""
    train, val, test = (pictures(people=16, split=s, seed=n) for n, s in enumerate(("train", "val", "test")))
    made = report.Evaluation(lambda asked: knowing(asked, 3.0, 2.0, seed=len(asked)), train, val, test)
    made.fit()
    content = made.run(tmp_path)
    keys = {row["key"] for row in content["figures"]}
    assert {"view_macro_f1", "palsy_auc_clear", "visit_palsy_auc_clear", "baseline_auc_clear"} <= keys
    assert len(content["details"]["controls"]) >= 9
    assert len(content["leak_hunt"]) == len(made.measured["leak_hunt"]) >= 8
    assert all(
        isinstance(line, str) for key in ("goals", "known_failures", "leak_hunt") for line in content[key]
    )
    assert json.loads(json.dumps(content)) == content
    assert {row["group"] for row in content["figures"]} == {"", "a whole visit", "without a network"}
    for plot in content["plots"]:
        assert (tmp_path / plot["file"]).stat().st_size > 5000
    files = {plot["file"] for plot in content["plots"]}
    assert {"exercises.png", "grades.png", "reliability.png", "roc.png", "groups.png", "views.png"} <= files
