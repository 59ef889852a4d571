"""The locator is trained on true places, told apart from the mesh, and becomes a part of the network."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from inference.pipeline.places import JAW, PLACES
from ml_training.datasets import Pictures, load, write_shard

from .made import fields

SIZE = 32


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    from ml_training import train_locator

    data = tmp_path_factory.mktemp("data")
    shards = fields(8, size=SIZE), fields(4, size=SIZE, split="val", seed=1)
    unknown = {"truth": np.full((4, len(PLACES), 2), np.nan), "source": np.full(4, "unmoved")}
    for n, shard in enumerate((*shards, fields(4, size=SIZE, seed=2) | unknown)):
        write_shard(data / f"part-00{n}.npz", shard)
    config = train_locator.Config(
        [str(data)], str(data / "run"), frozen=None, size=SIZE, epochs=1, batch=4, warm_up=1
    )
    train_locator.train(config)
    return data / "run"


def test_a_run_leaves_the_locator_and_tells_how_far_it_and_the_mesh_are_from_the_truth(run):
    told = json.loads((run / "places.json").read_text())
    assert told["pictures"] == {"train": 8, "val": 4}  # those whose truth nobody knows teach nothing
    regions = {"brows", "nose", "eyes", "lips", "folds and cheeks"}
    for name in ("mesh", "locator"):
        assert set(told[name]) == regions
        for region in told[name].values():
            assert 0 < region["uneven"] <= region["distance"]
    assert {path.name for path in run.iterdir()} >= {"model.keras", "config.json", "log.csv"}
    assert not (run / "resume").exists()


def test_distances_are_told_in_millimetres_whatever_the_cut():
    from ml_training import locator

    truth = fields(5)["truth"].astype(np.float32)
    truth[:, [36, 39, 42, 45]] = np.array([[-80, 0], [-40, 0], [40, 0], [80, 0]], np.float32) + 300
    some = Pictures(**fields(5, size=SIZE) | {"truth": truth, "mm_per_px": np.full(5, 0.5)})
    exact = (truth[:, JAW:] - 20) / 400
    assert max(region["distance"] for region in locator.distances(exact, some).values()) < 0.01
    off = exact.copy()
    off[:, [68 - JAW, 70 - JAW]] += np.array([[0.01, 0], [0, 0.01]], np.float32)  # two of twelve, 4 px
    told = locator.distances(off, some)
    assert told["folds and cheeks"]["distance"] == pytest.approx(2 * 2 / 12, abs=0.06)
    assert told["folds and cheeks"]["uneven"] == pytest.approx(2 * 2 / 12, abs=0.06)
    assert told["brows"]["distance"] < 0.1


def test_a_network_learns_beside_a_locator_that_stays_as_it_is(run):
    import keras

    from ml_training import train

    data = str(run.parent)
    config = train.Config([data], str(run / "on"), size=SIZE, pixels=False, places=str(run / "model.keras"))
    model = train.prepared(config, load([Path(data)], ("train",)), steps=20)
    before = keras.models.load_model(run / "model.keras", compile=False).get_weights()
    inside = model.get_layer("places").get_layer("locator")
    assert all(np.array_equal(a, b) for a, b in zip(inside.get_weights(), before, strict=True))
    assert not inside.trainable_weights
    assert len(model.trainable_weights) > 10


def test_another_network_is_no_locator(run):
    from ml_training import models

    network = models.build(SIZE, pixels=False, places=True)
    with pytest.raises(ValueError, match="no locator"):
        models.take_places(network, network)


def test_a_release_gets_the_locator_and_its_card_tells_how_exact_it_is(run, tmp_path):
    import keras

    from inference.pipeline.locate import of_release
    from inference.pipeline.release import Release, sha256_of
    from ml_training import locator
    from ml_training.measurement import release

    (tmp_path / "release.json").write_text('{"files": {}, "input_sizes": {"network": 32}}')
    (tmp_path / "card.json").write_text('{"name": "r"}')
    some = Pictures(**fields(5, size=SIZE))
    release.add_locator(tmp_path, run, some)
    told = json.loads((tmp_path / "release.json").read_text())
    assert told["files"] == {"locator.tflite": sha256_of(tmp_path / "locator.tflite")}
    kept = Release("r", tmp_path, told["files"], (), told["input_sizes"], {}, {}, 2, {})
    wanted = locator.found(keras.models.load_model(run / "model.keras", compile=False), some.crops[:1])
    assert np.allclose(of_release(kept).find(some.crops[0]), wanted[0], atol=0.01)
    card = json.loads((tmp_path / "card.json").read_text())
    [row] = card["models"]
    assert (row["kind"], row["people"], row["bytes"]) == (
        "locator",
        8,
        (tmp_path / "locator.tflite").stat().st_size,
    )
    rows = card[release.EXACT]
    assert [row["region"] for row in rows] == list(locator.REGIONS)
    assert all(0 < row["this_release_uneven_part"] <= row["this_release"] for row in rows)
    assert of_release(Release("r", tmp_path, {}, (), told["input_sizes"], {}, {}, 2, {})) is None
