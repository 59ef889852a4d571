"""The card of the release in use, and the page that repeats it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inference.pipeline.release import active_folder, verify_release

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def card():
    return json.loads((active_folder() / "card.json").read_text())


def test_the_card_is_that_of_its_release(card):
    release = verify_release()
    assert card["name"] == release.name
    assert card["thresholds"] == release.thresholds
    assert card["calibration"]["temperatures"] == release.temperatures
    for model in card["models"]:
        assert release.path(model["file"]).stat().st_size == model["bytes"]


def test_every_figure_has_an_interval_and_says_on_how_many(card):
    for row in card["figures"]:
        assert row["low"] <= row["value"] <= row["high"], row["key"]
        assert row["pictures"] >= row["people"] > 0


def test_every_plot_is_there(card):
    for plot in card["plots"]:
        assert (active_folder() / plot["file"]).is_file()


def test_the_exported_models_equal_what_was_trained(card):
    shipped = card["equality_with_keras"]
    assert shipped["largest_probability_difference"] < 0.05
    assert all(row["share"] <= 0.01 for row in shipped["changed"].values())
    assert {"keras", "h5", "float32", "float16", "int8"} == {row["variant"] for row in shipped["variants"]}


def test_the_models_are_good_enough_to_be_shown(card):
    """Floors, well below what was measured, under which something broke on the way."""
    value = {row["key"]: row["value"] for row in card["figures"]}
    assert value["exercise_accuracy"] > 0.82
    assert value["side_accuracy"] > 0.83
    assert value["grade_within_one"] > 0.8
    assert value["specificity"] > 0.9
    assert value["palsy_auc_clear"] > value["baseline_auc_clear"] + 0.05, "no better than five differences"


def test_every_control_says_what_it_showed(card):
    verdicts = {row["key"]: row["held"] for row in card["details"]["controls"]}
    assert {"face_masked", "labels_shuffled", "mirrored", "background_swapped", "near_duplicates"} <= set(
        verdicts
    )
    assert verdicts["face_masked"] and verdicts["labels_shuffled"] and verdicts["background_swapped"]
    assert verdicts["near_duplicates"]
    failed = [row["name"] for row in card["details"]["controls"] if row["held"] is False]
    told = " ".join(card["known_failures"])
    assert all(name in told for name in failed), "a control that failed is told among the failures"
    assert len(card["leak_hunt"]) >= 10


def test_both_pages_repeat_the_card(card, tmp_path):
    from ml_training import card_docs

    pages = card_docs.CLINICIANS, card_docs.FIGURES
    for page in pages:
        (tmp_path / page).write_text((ROOT / "docs" / page).read_text())
    card_docs.renew(tmp_path, card)
    for page in pages:
        assert (tmp_path / page).read_text() == (ROOT / "docs" / page).read_text()


def test_a_clinician_reads_two_pages_with_pictures():
    """About 550 words fill a page beside tables and pictures."""
    text = (ROOT / "docs" / "models.md").read_text()
    words = [line for line in text.splitlines() if not line.startswith("|")]
    assert sum(len(line.split()) for line in words) < 1100
    assert text.count("![") >= 2
