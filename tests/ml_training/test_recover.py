"""A release's network as a Keras model again, and its measures in a release of another network."""

from __future__ import annotations

import json

import numpy as np
import pytest

from inference.pipeline.classify import NETWORK_FILE, Classifier
from inference.pipeline.release import ARTIFACTS_DIR, load_release, sha256_of
from tests.ml_training.made import fields

RELEASE = "2026.11.5"
SIZE = 160


@pytest.fixture(scope="module")
def pictures():
    from ml_training.datasets import Pictures

    return Pictures(**fields(6, size=SIZE))


@pytest.fixture(scope="module")
def network(pictures):
    from ml_training.recover import recovered

    return recovered(ARTIFACTS_DIR / RELEASE / NETWORK_FILE, SIZE, pictures.crops)


def test_the_network_answers_as_the_file_does(network, pictures):
    from ml_training import equality, train

    classifier = Classifier(load_release(ARTIFACTS_DIR / RELEASE))
    assert not classifier.uses_reference
    wanted = [
        classifier.see(crop, points) for crop, points in zip(pictures.crops, pictures.points, strict=True)
    ]
    found = equality.by_keras(network, pictures, train.meshes(pictures))
    assert np.allclose(found, wanted, atol=2e-3)


def test_its_normalisation_has_the_statistics_of_pictures_so_that_it_can_be_trained_on(network, pictures):
    from ml_training import models

    trunk = models.trunk_of(network)
    given = pictures.crops / 127.5 - 1.0
    plain, learning = (trunk(given, training=training).numpy() for training in (False, True))
    assert np.abs(plain - learning).mean() < 0.02 * np.abs(plain).mean()


def test_measures_are_carried_over_whole(tmp_path):
    from ml_training.measurement.release import EXACT, carried

    measures, folder = ARTIFACTS_DIR / RELEASE, tmp_path / "2027.1"
    folder.mkdir()
    (folder / "release.json").write_text(
        json.dumps({"files": {"network.tflite": "x"}, "input_sizes": {"network": 160}})
    )
    (folder / "card.json").write_text(json.dumps({"models": [{"kind": "network"}]}))
    carried(folder, measures)
    told, card = (json.loads((folder / name).read_text()) for name in ("release.json", "card.json"))
    known = json.loads((measures / "release.json").read_text())
    for file in ("locator.tflite", "refinement.npz"):
        assert told["files"][file] == sha256_of(folder / file) == known["files"][file]
    assert told["repeatability"] == known["repeatability"]
    assert told["input_sizes"] == {"network": 160, "locator": known["input_sizes"]["locator"]}
    assert [row["kind"] for row in card["models"]] == ["network", "locator"]
    assert card[EXACT]
