"""Who may learn and who tests: nobody does both."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from inference.pipeline.codes import VIEWS
from ml_training import portraits
from ml_training.datasets import FIELDS, UNITS, DataMissing, check_disjoint, load, write_shard

from .made import fields

CONFIGS = Path(portraits.__file__).parent / "configs"


def test_shards_are_read_and_split(tmp_path):
    write_shard(tmp_path / "part-000.npz", fields(3, split="train"))
    write_shard(tmp_path / "part-001.npz", fields(2, split="test", seed=1))
    pictures = load([tmp_path])
    assert len(pictures) == 5
    assert len(pictures.of("train")) == 3
    assert len(load([tmp_path], splits=("val", "test"))) == 2
    assert pictures.crops.shape[1:] == (32, 32, 3)
    assert pictures.condition("yaw_deg").shape == (5,)


def test_a_shard_without_a_field_is_refused_and_leaves_nothing(tmp_path):
    incomplete = fields(2)
    del incomplete["truth"]
    with pytest.raises(ValueError, match="truth"):
        write_shard(tmp_path / "part-000.npz", incomplete)
    assert list(tmp_path.iterdir()) == []
    assert "truth" in FIELDS


def test_a_shard_from_before_dressings_has_nothing_covered(tmp_path):
    old = fields(3)
    del old["covered"]
    np.savez(tmp_path / "part-000.npz", **old)
    pictures = load([tmp_path])
    assert pictures.covered.shape == pictures.zones.shape
    assert not pictures.covered.any()
    assert pictures.weights.shape == (3, UNITS), "as wide as those of every other source"


def test_a_person_in_two_splits_stops_the_training(tmp_path):
    twice = fields(2) | {"person": np.array(["ann", "ann"]), "split": np.array(["train", "test"])}
    write_shard(tmp_path / "part-000.npz", twice)
    with pytest.raises(ValueError, match="more than one split"):
        load([tmp_path])


def test_two_folders_of_pictures_must_agree_about_the_people():
    with pytest.raises(ValueError, match="more than one split"):
        check_disjoint(np.array(["ann", "ben", "ann"]), np.array(["train", "val", "val"]))


def test_no_pictures_are_a_clear_end(tmp_path):
    with pytest.raises(DataMissing, match=r"ml_training\.simulate"):
        load([tmp_path])


def test_the_split_of_a_person_never_changes():
    names = [f"{n:064x}" for n in range(4000)]
    splits = [portraits.split_of(name) for name in names]
    assert splits == [portraits.split_of(name) for name in names]
    for name, share in portraits.SPLITS.items():
        assert splits.count(name) / len(names) == pytest.approx(share, abs=0.03)


def test_portraits_that_look_alike_are_one_person():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(6, 1600)).astype(np.float32)
    rows[3] = rows[1] + 0.1 * rng.normal(size=1600)
    rows[5] = rows[3] + 0.1 * rng.normal(size=1600)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    groups = portraits.same_person_groups(rows)
    assert groups[1] == groups[3] == groups[5]
    assert len({groups[0], groups[1], groups[2], groups[4]}) == 4


def test_pictures_that_bear_one_persons_name_are_one_person():
    rows = np.random.default_rng(0).normal(size=(5, 1600)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    groups = portraits.same_person_groups(rows, names=["", "f:1", "f:2", "f:1", ""])
    assert groups[1] == groups[3]
    assert len({groups[0], groups[1], groups[2], groups[4]}) == 4, "no name is nobody's"


def test_a_folder_says_what_its_portraits_show(tmp_path):
    (tmp_path / "index.csv").write_text("file,auto_label,person\na.jpg,neutral,1\nb.jpg,other,1\nc.jpg,,\n")
    (tmp_path / "labels.csv").write_text("file,label\na.jpg,closed_smile\nd.jpg,gentle_eye_closure\n")
    told = portraits.known(tmp_path)
    found = {file.name: row for file, row in told.items()}
    assert found["a.jpg"] == portraits.Known(VIEWS.index("closed_smile"), True, "1"), "labels.csv outranks"
    assert found["b.jpg"] == portraits.Known(-1, True, "1"), "looked at, and none of the views"
    assert found["c.jpg"] == portraits.Known(-1, False, "")
    assert found["d.jpg"].view == VIEWS.index("gentle_eye_closure")
    assert portraits.known(tmp_path / "nothing") == {}


def test_a_reduced_portrait_takes_its_points_along():
    image = np.zeros((400, 300, 3), np.uint8)
    image[199:202, 149:152] = 255
    points = np.full((478, 3), (150.0, 200.0, 40.0), np.float32)
    small = portraits.reduced(portraits.Portrait(CONFIGS, "", "", "train", image, points), 200)
    assert small.image.shape[:2] == (200, 150)
    assert small.points[0] == pytest.approx((75, 100, 20))
    assert small.image[100, 75].max() > 100
    assert portraits.reduced(small, 500) is small


def test_the_demos_people_are_made_of_portraits_kept_from_training():
    held_out = set(json.loads((CONFIGS / "held_out.json").read_text()))
    demo = json.loads((CONFIGS / "demo.json").read_text())
    for someone in [*demo["patients"], *demo["test_people"]]:
        assert len(set(someone["composed_from"])) >= 6
        assert set(someone["composed_from"]) <= held_out


def test_a_data_set_can_take_the_people_that_others_have_not_tried(tmp_path):
    import json

    from ml_training.simulate.generate import tried

    for name, states in {"a": ["used", "mouth_open", "train"], "b": ["held_out", "val", "turned"]}.items():
        (tmp_path / name).mkdir()
        rows = [{"sha256": f"{name}{n}", "state": state} for n, state in enumerate(states)]
        (tmp_path / name / "manifest.json").write_text(json.dumps({"portraits": rows}))
    assert tried([tmp_path / "a", tmp_path / "b"]) == {"a0", "a1", "b2"}
    assert tried([]) == set()
    with pytest.raises(SystemExit, match="has no manifest"):
        tried([tmp_path / "a", tmp_path / "unmade"])
