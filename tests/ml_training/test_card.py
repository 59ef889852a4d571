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
    for kind in ("exercise", "palsy"):
        assert card["equality_with_keras"][kind]["largest_probability_difference"] < 0.02


def test_the_models_are_good_enough_to_be_shown(card):
    """Floors, well below what was measured, under which something broke on the way."""
    value = {row["key"]: row["value"] for row in card["figures"]}
    assert value["exercise_accuracy"] > 0.9
    assert value["side_accuracy"] > 0.8
    assert value["grade_within_one"] > 0.78
    assert value["specificity"] > 0.8


def test_the_page_on_models_repeats_the_card(card):
    from ml_training.card import figures_table

    assert figures_table(card) in (ROOT / "docs" / "models.md").read_text()
