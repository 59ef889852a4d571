"""Who may learn and who tests: nobody does both."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ml_training import datasets, portraits
from ml_training.datasets import DataMissing, check_disjoint, load, mirrored, palsy_targets

CONFIGS = Path(portraits.__file__).parent / "configs"


def write_shard(folder: Path, number: int, people: list[tuple[str, str]]) -> None:
    count = len(people)
    np.savez(
        folder / f"crops-{number:03d}.npz",
        crops=np.full((count, 8, 8, 3), number, np.uint8),
        labels=np.array([[n % 6, 1 + n % 6, -1 if n % 6 == 0 else n % 2] for n in range(count)], np.int8),
        people=np.array(people, "U16"),
    )


def test_shards_are_read_and_split(tmp_path):
    write_shard(tmp_path, 0, [("ann", "train"), ("ann", "train"), ("ben", "val")])
    write_shard(tmp_path, 1, [("cas", "test")])
    pictures = load([tmp_path])
    assert len(pictures) == 4
    assert len(pictures.of("train")) == 2
    assert set(pictures.of("test").person) == {"cas"}
    assert len(load([tmp_path], splits=("val",))) == 1


def test_a_person_in_two_splits_stops_the_training(tmp_path):
    write_shard(tmp_path, 0, [("ann", "train"), ("ann", "test")])
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


def test_the_demos_people_are_made_of_portraits_kept_from_training():
    held_out = set(json.loads((CONFIGS / "held_out.json").read_text()))
    demo = json.loads((CONFIGS / "demo.json").read_text())
    for someone in [*demo["patients"], *demo["test_people"]]:
        assert len(set(someone["composed_from"])) >= 6
        assert set(someone["composed_from"]) <= held_out


def test_targets_of_the_palsy_model():
    wanted = palsy_targets(np.array([1, 3, 6]), np.array([-1, 0, 1]))
    assert wanted.tolist() == [[0, 0, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0, 1], [1, 1, 1, 1, 1, 1, 1]]


def test_a_mirror_swaps_the_side_and_leaves_the_healthy_alone():
    crops = np.arange(2 * 2 * 4 * 3, dtype=np.uint8).reshape(2, 2, 4, 3)
    flipped, side = mirrored(crops, np.array([1, -1]))
    assert np.array_equal(flipped[:, :, ::-1], crops)
    assert side.tolist() == [0, -1]
    assert datasets.STEPS == 5
