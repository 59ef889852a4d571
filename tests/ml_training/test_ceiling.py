"""What a photo can tell at most: the network that is given the true places of the landmarks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ml_training import comparison, datasets

from .made import fields

ROOT = Path(__file__).resolve().parents[2]


def test_it_is_measured_on_the_drawn_pictures_of_test_people(tmp_path):
    from ml_training import ceiling

    for number, split in enumerate(("train", "val", "test")):
        made = fields(24, split=split, seed=number)
        made["truth_mm"][0] = np.nan
        datasets.write_shard(tmp_path / f"part-{number:03d}.npz", made)
    content = ceiling.measured([tmp_path], epochs=1)
    assert content["pictures"] == 23 and content["people"] > 1
    told = {row["key"]: row for row in content["figures"]}
    assert {"view_macro_f1", "palsy_auc_clear", "side_accuracy_clear"} <= set(told)
    assert all(row["low"] <= row["value"] <= row["high"] for row in told.values())
    assert told["view_macro_f1"]["pictures"] == 23


def test_a_mirror_turns_its_side_over_and_nothing_else():
    from inference.pipeline.classify import columns
    from ml_training import ceiling
    from ml_training.form import SIZE

    model = ceiling.build()
    given = np.random.default_rng(0).normal(0, 1, (5, 2 * SIZE)).astype(np.float32)
    mirror = given * np.repeat([1, -1], SIZE).astype(np.float32)
    seen, back = model(given).numpy(), model(mirror).numpy()
    for head, sign in (("view", 1), ("steps", 1), ("side", -1), ("done_side", -1)):
        assert np.allclose(seen[:, columns(head)], sign * back[:, columns(head)], atol=1e-5)
    assert np.abs(seen[:, columns("side")]).max() > 1e-4


def test_the_page_repeats_what_was_measured():
    content = json.loads((ROOT / "ml_training" / "results" / "ceiling.json").read_text())
    assert comparison.ceiling_table(content) in (ROOT / "docs" / "model-figures.md").read_text()
