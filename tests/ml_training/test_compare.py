"""Networks side by side, on a handful of tiny pictures: one budget, no training twice, a table that says it all."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest

from ml_training import comparison, datasets
from tests.ml_training.made import fields

SIZE = 75


@pytest.fixture
def data(tmp_path) -> Path:  # type: ignore[no-untyped-def]
    folder = tmp_path / "set"
    folder.mkdir()
    for number, split in enumerate(("train", "test")):
        datasets.write_shard(folder / f"part-{number:03d}.npz", fields(12, split=split, size=80, seed=number))
    return folder


def options(data: Path, out: Path, **changes: object) -> argparse.Namespace:
    given = {
        "data": [data], "out": out, "pictures": 8, "test_pictures": 0, "epochs": 1, "size": SIZE, "batch": 4,
        "rate": 1e-3, "seed": 1, "weights": None, "networks": ["plain CNN"],
    }  # fmt: skip
    return argparse.Namespace(**(given | changes))


def test_a_comparison_is_made_once_and_never_mixed(data, tmp_path, monkeypatch):  # type: ignore[no-untyped-def]
    from ml_training import compare

    first = compare.run(options(data, tmp_path / "out"))
    [row] = first["networks"]
    assert (row["network"], row["start"], row["weights"]) == ("plain CNN", "random", None)
    assert row["view"]["low"] <= row["view"]["value"] <= row["view"]["high"]
    assert min(row[key] for key in ("parameters", "bytes", "milliseconds", "train_seconds")) > 0
    assert first["budget"]["pictures"] == 8
    monkeypatch.setattr(compare, "_one", lambda *_: pytest.fail("trained again"))
    assert compare.run(options(data, tmp_path / "out")) == first
    assert (tmp_path / "out" / "compare.md").read_text().count("plain CNN") == 1
    with pytest.raises(SystemExit, match="another budget"):
        compare.run(options(data, tmp_path / "out", epochs=2))


def test_pictures_are_drawn_by_the_seed_and_made_small(data):  # type: ignore[no-untyped-def]
    from ml_training import compare

    one, again, other = (compare.choose([data], "train", 6, 32, seed) for seed in (1, 1, 2))
    assert one.crops.shape == (6, 32, 32, 3)
    assert np.array_equal(one.crops, again.crops)
    assert not np.array_equal(one.crops, other.crops)
    assert set(one.person) <= {f"train-{n}" for n in range(12)}
    with pytest.raises(datasets.DataMissing):
        compare.choose([data], "val", 6, 32, 1)


def test_imagenet_weights_are_used_where_a_file_is_and_the_row_says_so(tmp_path, monkeypatch):  # type: ignore[no-untyped-def]
    from ml_training import compare

    monkeypatch.setattr(compare, "loadable", lambda *_: False)
    names = ["MobileNetV2", "Xception"]
    assert [job[1] for job in compare.plan(names, None, SIZE)] == ["random", "random"]
    file = tmp_path / "mobilenet_v2_1.0_224_imagenet_no_top.weights.h5"
    file.touch()
    (tmp_path / "mobilenet_v2_0.35_224_imagenet_no_top.weights.h5").touch()
    assert list(compare.plan(names, tmp_path, SIZE)) == [
        ("MobileNetV2", "ImageNet", file), ("MobileNetV2", "random", None), ("Xception", "random", None),
    ]  # fmt: skip


def test_keras_is_asked_for_the_weights_that_no_file_holds(monkeypatch, capsys):  # type: ignore[no-untyped-def]
    from ml_training import compare

    asked: list[dict[str, object]] = []

    def make(**given: object) -> None:
        asked.append(given)
        if given["alpha"] == 0.75:
            raise Exception("URL fetch failure on https://example.org: no route")  # as Keras raises it

    def known(alpha: float) -> compare.Backbone:
        return compare.Backbone(make, 1, (), (("alpha", alpha),))

    monkeypatch.setattr(
        compare, "NETWORKS", {"near": known(1.0), "far": known(0.75), "plain CNN": compare.Backbone(None, 1)}
    )
    jobs = list(compare.plan(["near", "far", "plain CNN"], None, SIZE))
    assert jobs == [
        ("near", "ImageNet", "imagenet"), ("near", "random", None), ("far", "random", None),
        ("plain CNN", "random", None),
    ]  # fmt: skip
    assert {given["weights"] for given in asked} == {"imagenet"}
    said = capsys.readouterr().out
    assert "far: Keras can't load ImageNet's weights (URL fetch failure" in said
    assert "near" not in said


def test_the_table_leaves_out_what_never_saw_imagenet():
    import json

    content = json.loads((Path(__file__).parents[2] / "ml_training" / "results" / "compare.json").read_text())
    pretrained = {row["network"] for row in content["networks"] if row["start"] == "ImageNet"}
    others = {row["network"] for row in content["networks"]} - pretrained - {"plain CNN"}
    assert pretrained
    told = comparison.table(content)
    rows = {line.split(" | ")[0].removeprefix("| ") for line in told.splitlines()[4:] if line.startswith("|")}
    assert rows == pretrained | {"plain CNN"}
    last = told.splitlines()[-1]
    assert all(name in last for name in others) == bool(others)


def test_an_unknown_view_teaches_nothing_about_views():
    import tensorflow as tf

    from ml_training import compare

    unknown = np.zeros((1, 13), np.float32)
    losses = [
        float(compare.loss(tf.constant(unknown), tf.constant([[spread, *[0.0] * 12]]))[0])
        for spread in (0.0, 9.0)
    ]
    assert losses[0] == losses[1]


def test_the_table_goes_between_its_markers():
    figure = {"value": 0.5, "low": 0.4, "high": 0.6}
    row = {
        "network": "plain CNN", "start": "random", "view": figure, "palsy": figure | {"value": None, "low": None},
        "parameters": 2_000_000, "bytes": 8_000_000, "milliseconds": 1.25, "train_seconds": 61.0,
    }  # fmt: skip
    budget = {
        "pictures": 8, "people": 2, "epochs": 1, "size": 75, "batch": 4, "rate": 0.001, "test_pictures": 3,
        "test_people": 1,
    }  # fmt: skip
    document = f"a\n{comparison.DOCS_START}\nold\n{comparison.DOCS_END}\nb\n"
    made = comparison.with_table(document, {"budget": budget, "networks": [row]})
    assert "| plain CNN | random | 0.500 | 0.40 to 0.60 | - | - | 2.00 M | 8.0 MB | 1.2 ms | 61 s |" in made
    assert "old" not in made
    assert comparison.with_table(made, {"budget": budget, "networks": [row]}) == made
