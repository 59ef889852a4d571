"""A tiny network in the shape of the real one, on its way to a release: every file says what was trained."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pytest

from ml_training import datasets
from tests.ml_training.made import fields

SIZE = 32
FITTED = {"temperatures": {"exercise": 1.0, "grade": 1.0, "side": 1.0}, "thresholds": {"palsy": 0.5}}


def trunk(input_shape, alpha, include_top, weights, pooling):  # type: ignore[no-untyped-def]
    """Few layers where the real network has a MobileNet, so that tests stay quick; one adds, as MobileNetV2's do."""
    import keras

    inputs = keras.Input(input_shape)
    features = keras.layers.Conv2D(8, 3, strides=4, activation="relu")(inputs)
    features = keras.layers.Add()([features, keras.layers.Conv2D(8, 1)(features)])
    return keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(features), name="mobilenet_tiny")


def made_run(folder: Path, **changes: object) -> Path:
    """The folder of a run that ended, its network with random weights."""
    import keras

    from ml_training import models

    config = {
        "trunk": "tiny",
        "alpha": 1,
        "size": SIZE,
        "epochs": 1,
        "rate": 1e-3,
        "seed": 1,
        "batch": 4,
        **changes,
    }
    keras.utils.set_random_seed(1)
    keras.config.set_dtype_policy(str(config.get("precision", "float32")))
    models.build(SIZE, "tiny").save(folder / "model.keras")
    keras.config.set_dtype_policy("float32")
    counts = {"train": 12, "val": 12}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "history.json").write_text(json.dumps({"history": {}, "pictures": counts, "people": counts}))
    (folder / "log.csv").write_text("epoch,loss,val_loss\n0,2.0,2.1\n1,1.5,1.9\n")
    return folder


@pytest.fixture(scope="module", autouse=True)
def tiny():  # type: ignore[no-untyped-def]
    """A trunk of that name."""
    from ml_training import models

    models.TRUNKS["tiny"] = trunk
    yield
    del models.TRUNKS["tiny"]


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:  # type: ignore[no-untyped-def]
    return made_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("set")
    for number, split in enumerate(("train", "val", "test")):
        datasets.write_shard(
            folder / f"part-{number:03d}.npz", fields(48, split=split, size=SIZE, seed=number)
        )
    (folder / "manifest.json").write_text("{}")
    return folder


@pytest.fixture(scope="module")
def rows(run, data, tmp_path_factory):  # type: ignore[no-untyped-def]
    """The table of all files of the network."""
    from ml_training import equality, export

    pictures = datasets.load([data]).of("test")
    model, seen = export.trained(run), export.meshes(pictures)
    made = export.files(model, tmp_path_factory.mktemp("files"), export.samples_of(pictures, 8))
    assert list(made) == ["keras", "h5", "float32", "float16", "int8"]
    asked = [export.asked(variant, path, pictures, seen) for variant, path in made.items()]
    return export.rows_of(asked, equality.by_keras(model, pictures, seen), FITTED)


def test_every_file_says_what_the_network_says(rows):  # type: ignore[no-untyped-def]
    by_variant = {row["variant"]: row for row in rows}
    for variant, most in (("keras", 1e-5), ("h5", 1e-5), ("float32", 1e-4), ("float16", 0.01), ("int8", 0.2)):
        assert by_variant[variant]["largest_probability_difference"] <= most, variant
        assert by_variant[variant]["pictures"] == 48
        assert by_variant[variant]["milliseconds"] > 0
    assert all(
        by_variant["float32"]["changed"][name]["pictures"] == 0 for name in ("view", "palsy", "side", "grade")
    )
    sizes = [by_variant[variant]["bytes"] for variant in ("int8", "float16", "float32")]
    assert sizes == sorted(sizes)


def test_the_table_names_size_speed_and_changes(rows):  # type: ignore[no-untyped-def]
    from ml_training import equality

    lines = equality.table(rows).splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["keras", "h5", "float32", "float16", "int8"]


def test_a_variant_that_decides_otherwise_is_refused(rows):  # type: ignore[no-untyped-def]
    from ml_training import export

    same = {"pictures": 0, "share": 0.0}
    heads = dict.fromkeys(("view", "palsy", "side"), same) | {"grade": {"pictures": 2, "share": 0.04}}
    changed = rows[-1] | {"changed": heads}
    with pytest.raises(export.NetworkDiffers, match=r"grade of 4\.00 %"):
        export.check([changed], "int8", 0.01)
    assert export.check([changed], "int8", 0.05) == changed
    with pytest.raises(export.NetworkDiffers, match="MiB"):
        export.check([changed | {"bytes": 13 * 2**20}], "int8", 0.05)


def test_decisions_are_those_that_a_clinician_reads():
    from inference.pipeline.classify import columns
    from ml_training.equality import Said, difference

    logits = np.zeros((4, 27))
    logits[:, columns("view")][:, 3] = 5
    logits[:, columns("steps")] = [
        [-4, -5, -6, -7, -8],
        [4, 2, -2, -3, -4],
        [4, 2, -2, -3, -4],
        [0.1, -3, -4, -5, -6],
    ]
    logits[:, columns("side")] = [[9], [9], [-9], [0.1]]
    said = Said.of(logits, FITTED)
    assert said.decisions["view"].tolist() == [3] * 4
    assert said.decisions["palsy"].tolist() == [False, True, True, True]
    assert said.decisions["side"].tolist() == [-1, 1, 0, 1]
    assert said.decisions["grade"].tolist() == [1, 3, 3, 2]
    other = logits.copy()
    other[3, columns("steps")] -= 0.2
    row = difference(said, Said.of(other, FITTED))
    assert {name: found["pictures"] for name, found in row["changed"].items()} == {
        "view": 0, "palsy": 1, "side": 1, "grade": 1,
    }  # fmt: skip


def test_a_release_is_written_whole(run, data, tmp_path):  # type: ignore[no-untyped-def]
    from inference.pipeline.release import load_release
    from inference.releases import admission
    from ml_training import export

    refinement = tmp_path / "r.npz"
    refinement.write_bytes(b"x")
    args = argparse.Namespace(
        run=run, data=[data], name="2026.11.9", variant="float32", most_changed=0.0, note="", portraits=None,
        untouched=data, real=[data], repeatability=None, refinement=refinement, out=tmp_path / "artifacts",
        activate=False, steady=False,
    )  # fmt: skip
    content = export.export(args)
    release = load_release(args.out / args.name)
    assert set(release.files) == {"network.tflite", "judgement.tflite", "refinement.npz"}
    assert len(release.exercises) == 12
    assert release.refinement == {"file": "refinement.npz"}
    assert content["equality_with_keras"]["variant"] == "float32"
    assert content["data"]["disjoint_by"] == "person"
    for look in admission.CHECKS:
        look(release)
    with pytest.raises(SystemExit, match="never change"):
        export.export(args)


def test_what_was_trained_in_mixed_precision_ships_in_whole(tmp_path):  # type: ignore[no-untyped-def]
    from ml_training import export

    model = export.trained(made_run(tmp_path, precision="mixed_bfloat16"))
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}


def test_a_run_that_is_not_trained_is_said(tmp_path):  # type: ignore[no-untyped-def]
    from ml_training import export

    with pytest.raises(SystemExit, match=r"ml_training\.train"):
        export.trained(tmp_path)
