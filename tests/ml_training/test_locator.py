"""The locator is trained on true places, told apart from the mesh, and becomes a part of the network."""

from __future__ import annotations

import json

import numpy as np
import pytest

from inference.pipeline.places import FACE, FACE_MIRRORED, JAW, MIRRORED, PLACES
from ml_training.datasets import TRUE_POINTS, Pictures, write_shard

from .made import fields

SIZE = 32


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    import tensorflow as tf

    from ml_training import train_locator

    data = tmp_path_factory.mktemp("data")
    shards = fields(8, size=SIZE), fields(4, size=SIZE, split="val", seed=1)
    unknown = {"truth": np.full((4, len(PLACES), 2), np.nan), "source": np.full(4, "unmoved")}
    for n, shard in enumerate((*shards, fields(4, size=SIZE, seed=2) | unknown)):
        write_shard(data / f"part-00{n}.npz", shard)
    config = train_locator.LocatorConfig(
        [str(data)], str(data / "run"), frozen=None, size=SIZE, epochs=1, batch=4, warm_up=1
    )
    tf.config.run_functions_eagerly(True)  # to compile three steps takes ten times as long as to take them
    try:
        train_locator.train(config)
    finally:
        tf.config.run_functions_eagerly(False)
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


def test_a_mirrored_photo_mirrors_the_places_that_are_found():
    from ml_training import locator

    crops = Pictures(**fields(3, size=SIZE)).crops
    model = locator.build(SIZE)
    seen, back = (locator.found(model, c) for c in (crops, crops[:, :, ::-1]))
    assert seen.shape == (3, len(FACE), 2)
    assert np.ptp(seen[0], axis=0).min() > 0
    assert np.allclose(back, seen[:, FACE_MIRRORED] * [-1, 1], atol=1e-3 * np.abs(seen).max())


def test_each_place_has_its_twin_on_the_other_side():
    pairs = {(36, 45), (48, 54), (31, 35), (17, 26), (60, 64), (8, 8), (68, 69), (78, 79)}
    assert all(MIRRORED[a] == b and MIRRORED[b] == a for a, b in pairs)
    assert sorted(MIRRORED) == list(range(TRUE_POINTS))


def test_the_frame_in_which_a_locator_tells_its_places_does_not_matter():
    from ml_training.locator import COUNT, Levelled, MirrorPlaces

    places = np.random.default_rng(2).uniform(0.2, 0.8, (4, COUNT, 2)).astype(np.float32)

    def turned(angle):
        return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], np.float32)

    level = Levelled()
    assert np.allclose(level(places), level(1.3 * places @ turned(1.2) + np.float32(0.1)), atol=1e-4)

    mirrored = (places * [-1, 1])[:, MIRRORED] @ turned(-0.4)  # each time in another frame
    assert np.allclose(MirrorPlaces()(level(mirrored.astype(np.float32))), level(places), atol=1e-4)
    assert np.allclose(MirrorPlaces()(MirrorPlaces()(level(places))), level(places))


def test_an_error_that_tells_left_from_right_costs_the_locator_more():
    import tensorflow as tf

    from ml_training import locator

    truth = fields(1)["truth"].astype(np.float32)
    truth[:, 36], truth[:, 39], truth[:, 42], truth[:, 45] = [-40, 0], [-20, 0], [20, 0], [40, 0]
    shares = (truth - truth.min()) / np.ptp(truth)
    exact = tf.constant(np.concatenate([truth, shares], -1))
    moved = 0.4 * shares @ np.array([[0.8, 0.6], [-0.6, 0.8]], np.float32)
    assert float(locator.error(exact, tf.constant(moved))[0]) < 0.05
    both, one = shares.copy(), shares.copy()
    both[:, [48, 54], 1] += 0.02
    one[:, 48, 1] += 0.02
    one[:, 54, 1] -= 0.02
    costs = [float(locator.loss(exact, tf.constant(s.astype(np.float32)))[0]) for s in (shares, both, one)]
    assert costs[0] < costs[1] < costs[2]
    assert float(locator.odd_error(exact, tf.constant(both))[0]) < 0.2 * float(
        locator.odd_error(exact, tf.constant(one))[0]
    )


def test_varied_and_mirrored_crops_keep_their_places_where_they_lie(monkeypatch):
    from inference.pipeline.align import in_crop
    from ml_training import train_locator, variation

    monkeypatch.setattr(variation, "HIDDEN_SHARE", 0.0)  # a square over half of a mark would move its middle
    size, corner, count = 96, 48, 24
    given = fields(count, size=size)
    given["truth"] = np.random.default_rng(4).uniform([70, 90], [130, 140], (count, TRUE_POINTS, 2))
    given["crops"] = np.full((count, size, size, 3), 60, np.uint8)
    places = in_crop(given["truth"], given["points"], size)[:, corner]
    for crop, (x, y) in zip(given["crops"], np.round(places).astype(int), strict=True):
        crop[y - 2 : y + 3, x - 2 : x + 3] = 250
    config = train_locator.LocatorConfig([], "", size=size, batch=count)
    [(crops, truth)] = train_locator.batches(Pictures(**given), config, training=True)
    found, mirrored = 0, 0
    for crop, true in zip(crops.numpy().mean(-1), truth.numpy()[..., 2:] * size - 0.5, strict=True):
        lit = np.argwhere(crop > (crop.max() + np.median(crop)) / 2).mean(0)[::-1]
        off = np.abs(true[[corner, MIRRORED[corner]]] - lit).max(1)
        if crop.max() > np.median(crop) + 60 and np.isfinite(off).all():  # else it lies outside
            found, mirrored = found + 1, mirrored + int(off.argmin())
            assert off.min() < 1.5
    assert found > count / 3
    assert 0 < mirrored < found


def test_places_that_lie_elsewhere_in_the_crop_cost_the_locator_something():
    import tensorflow as tf

    from ml_training import locator

    rng = np.random.default_rng(6)
    shares = rng.uniform(0.2, 0.8, (1, TRUE_POINTS, 2)).astype(np.float32)
    truth = tf.constant(np.concatenate([400 * shares, shares], -1))
    quarter_turn = shares[..., ::-1] * np.float32([-1, 1]) + np.float32([1, 0])
    there, moved, turned = (float(locator.loss(truth, p)[0]) for p in (shares, shares + 0.05, quarter_turn))
    assert there < moved < turned
    assert float(locator.error(truth, quarter_turn)[0]) < 0.05


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
