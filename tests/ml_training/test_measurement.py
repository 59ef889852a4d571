"""What is said of the measures' errors is right: truth, study, correction, repeatability."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from inference.pipeline.codes import VIEWS
from inference.pipeline.measure.refinement import FILE, LID_KNOTS, save
from inference.pipeline.places import FACE, JAW, PLACES
from inference.pipeline.release import sha256_of
from ml_training.datasets import CONDITIONS, FIELDS, DataMissing, Pictures, write_shard
from ml_training.evaluate.answers import RawOutputs
from ml_training.measurement import refine, release, tables
from ml_training.measurement.repeatability import as_release, both_sides, repeatability, repeats
from ml_training.measurement.study import as_markdown, compare, study, weak_sign
from ml_training.measurement.tables import Located
from tests.ml_training.made import fields
from tests.pipeline.drawn import TWINS, face

PULL = 0.6
"""Share of an asymmetry that the mesh of these pictures keeps."""


def pictures(count: int = 240, seed: int = 0, located: bool = False) -> Located:
    """Drawn faces whose one side hangs; the mesh draws them more alike than they are. located: a network finds the
    landmarks, with some noise and no such pull."""
    rng = np.random.default_rng(seed)
    rows: dict[str, list[object]] = {name: [] for name in FIELDS}
    for n in range(count):
        grade, side = (1, -1) if n % 3 == 0 else (5, n % 2)
        drop = rng.normal(0, 0.5) if grade == 1 else (1 if side == 0 else -1) * rng.uniform(4, 9)
        true, seen = (face(p291=(25, 60 + share * drop), p61=(-25, 60 - share * drop)) for share in (1, PULL))
        seen[:, 2] = np.linspace(0, 1, 478)
        rows["points"].append(seen * 2 + [300, 200, 0] + rng.normal(0, 0.05, (478, 3)))
        rows["truth"].append(true[PLACES, :2] * 2 + [300, 200])
        rows["iris"].append([[360, 200, 23.54], [240, 200, 23.54]])
        rows["grade"].append(grade)
        rows["side"].append(side)
        rows["view"].append(VIEWS.index("rest"))
        rows["weights"].append(np.full(57, n // 2))
        rows["visit"].append(f"v{n // 2}")
        rows["person"].append(f"p{n // 6}")
        rows["split"].append(("train", "train", "val", "test")[(n // 6) % 4])
    defaults: dict[str, object] = {
        "crops": np.zeros((count, 2, 2, 3), np.uint8), "photo_size": np.full((count, 2), 600),
        "done_side": np.full(count, -1), "zones": np.ones((count, 4, 2)), "droop": np.zeros((count, 2)),
        "synkinesis": np.zeros((count, 2)), "truth_mm": np.zeros((count, 80, 3)), "mm_per_px": np.full(count, 0.5),
        "conditions": np.zeros((count, len(CONDITIONS))), "source": np.full(count, "simulated"),
        "covered": np.zeros((count, 4, 2), bool),
    }  # fmt: skip
    drawn = Pictures(*(defaults.get(name, np.array(rows[name])) for name in FIELDS))
    found = (drawn.truth[:, JAW:] + rng.normal(0, 0.3, (count, len(FACE), 2)) - [300, 200]) / 120
    return Located.of_pictures(drawn, found if located else None)


def test_pictures_are_read_without_their_crops(tmp_path):
    drawn = pictures(12)
    write_shard(tmp_path / "part-000.npz", {name: getattr(drawn, name) for name in FIELDS})
    found = tables.read(tmp_path)
    assert len(found) == 12
    assert found.crops.size == 0
    assert np.array_equal(found.points, drawn.points)
    with pytest.raises(DataMissing):
        tables.read(tmp_path / "nowhere")


def test_truth_is_measured_in_true_millimetres():
    drawn = pictures(6)
    found = tables.of_truth(drawn)
    assert found["brow_height.left"] == pytest.approx(np.full(6, 22.0), abs=0.02)
    drop = (drawn.truth[:, 54, 1] - drawn.truth[:, 48, 1]) / 2
    assert found["commissure_height.value"] == pytest.approx(drop, abs=0.02)


def test_closed_lids_that_cross_lie_on_each_other():
    drawn = pictures(1)
    truth = drawn.truth.copy()
    truth[0, 43] = truth[0, 47] + [0, 6]  # the left upper lid below the lower one
    truth[0, 44] = truth[0, 46] + [0, 6]
    points = tables.true_points(replace(drawn, truth=truth))
    assert points[0, 385] == pytest.approx(points[0, 380])
    assert tables.of_truth(replace(drawn, truth=truth))["palpebral_fissure.left"][0] == 0
    assert tables.of_truth(replace(drawn, truth=truth))["palpebral_fissure.right"][0] > 10


def test_the_study_sees_the_pull_towards_symmetry():
    drawn = pictures()
    found = study(drawn, None)["commissure_height"]["grade"]
    assert found["V-VI"]["before"]["kept"] == pytest.approx(PULL, abs=0.02)
    assert found["V-VI"]["before"]["toward_even"] > 3
    assert found["I"]["before"]["asymmetry_error"] < 0.6
    assert "after" not in found["V-VI"]
    assert "| `commissure_height` | mm |" in as_markdown(study(drawn, None))


def test_bias_and_spread_are_of_measured_minus_true():
    true = {"mrd1.left": np.full(40, 4.0), "mrd1.right": np.full(40, 4.0), "mrd1.difference": np.zeros(40)}
    seen = {"mrd1.left": np.full(40, 5.0), "mrd1.right": np.full(40, 4.0), "mrd1.difference": np.ones(40)}
    true["mrd1.difference"] += 0.5
    found = compare("mrd1", seen, true, np.ones(40, bool), np.zeros(40))
    assert (found["bias"], found["spread"], found["asymmetry_error"]) == (0.5, 0.5, 0.5)
    assert "toward_even" not in found
    assert compare("mrd1", seen, true, np.zeros(40, bool), np.zeros(40)) == {"pictures": 0}


def test_the_weak_side_has_a_sign():
    drawn = pictures(6)
    assert weak_sign(drawn).tolist() == [0, -1, 1, 0, 1, -1]


def test_what_is_learned_takes_the_pull_back_and_spares_the_healthy():
    drawn = pictures(480)
    refinement, chosen = refine.learn(drawn)
    assert chosen["shares"]["commissure_excursion"][0] > 0  # type: ignore[index]
    found = study(drawn.of("test"), refinement.apply)["commissure_height"]["grade"]
    before, after = found["V-VI"]["before"], found["V-VI"]["after"]
    assert after["asymmetry_error"] < 0.7 * before["asymmetry_error"]
    assert found["I"]["after"]["asymmetry_error"] <= found["I"]["before"]["asymmetry_error"] * 1.05
    assert refinement.even_weights.dtype == np.float32
    assert refinement.odd_weights.shape[1] == 3 * len(refinement.pairs) + len(refinement.middle) + len(
        LID_KNOTS
    )


def test_what_a_network_finds_takes_the_place_of_the_mesh():
    drawn = pictures(480, located=True)
    refinement, _ = refine.learn(drawn)
    assert refinement.reads_places
    found = study(drawn.of("test"), refinement.apply)["commissure_height"]["grade"]
    before, after = found["V-VI"]["before"], found["V-VI"]["after"]
    assert after["asymmetry_error"] < 0.3 * before["asymmetry_error"]
    assert after["kept"] == pytest.approx(1, abs=0.05)
    with pytest.raises(ValueError, match="give them too"):
        refinement.apply(drawn.points[0])


def test_a_release_of_another_ones_network_has_its_own_name(tmp_path):
    old = tmp_path / "2026.1.1"
    old.mkdir()
    (old / "network.tflite").write_bytes(b"n")
    for file in ("release.json", "card.json"):
        (old / file).write_text('{"name": "2026.1.1", "note": "first", "figures": [1]}')
    release.copied(tmp_path / "2026.1.2", old, "new measures")
    told, card = (json.loads((tmp_path / "2026.1.2" / f).read_text()) for f in ("release.json", "card.json"))
    assert (told["name"], card["name"], card["note"]) == ("2026.1.2", "2026.1.2", "new measures")
    assert card["figures"] == [1]
    assert (tmp_path / "2026.1.2" / "network.tflite").read_bytes() == b"n"
    assert json.loads((old / "card.json").read_text())["note"] == "first"
    with pytest.raises(SystemExit, match="never change"):
        release.copied(tmp_path / "2026.1.2", old, "")


def test_a_release_gets_the_correction_its_checksum_and_the_detectable_changes(tmp_path):
    refinement, _ = refine.learn(pictures(96))
    measured, folder = tmp_path / "measured", tmp_path / "release"
    measured.mkdir()
    folder.mkdir()
    save(measured / FILE, refinement)
    (measured / "study.json").write_text('{"pictures": 9, "people": 3, "measures": {}}')
    (measured / "repeatability.json").write_text('{"mouth_ratio.smile": {"sdc95": 0.15, "groups": 9}}')
    (folder / "release.json").write_text('{"name": "r", "files": {"network.tflite": "00"}}')
    release.add(folder, measured)
    told = json.loads((folder / "release.json").read_text())
    assert told["files"] == {"network.tflite": "00", FILE: sha256_of(folder / FILE)}
    assert told["refinement"] == {"file": FILE, "test_pictures": 9, "test_people": 3}
    assert told["repeatability"] == {"mouth_ratio.smile": 0.15}


def test_a_release_gets_the_detectable_changes_of_its_own_scores(tmp_path):
    drawn = Pictures(**fields(400, split="test"))
    drawn = replace(
        drawn,
        view=np.full(400, VIEWS.index("pucker")),
        visit=np.repeat([f"v{n}" for n in range(200)], 2),
        weights=np.repeat(drawn.weights[::2], 2, 0),
    )
    rng = np.random.default_rng(0)
    moved = np.clip(np.repeat(rng.uniform(0.3, 0.7, 200), 2) + rng.normal(0, 0.05, 400), 0, 1)
    steps = np.repeat(np.linspace(-6, 6, 200), 2)[:, None] - np.arange(5) * 3
    zones = np.broadcast_to(moved[:, None, None], (400, 4, 2))
    said = RawOutputs(np.zeros((400, 12)), steps, np.zeros(400), zones)
    told = {"name": "r", "temperatures": {}, "repeatability": {"mrd1": 1.2}}
    told["visit"] = {"zones": {"mouth": {"pucker": 0.1}, "brow": {"rest": 0.1}}}
    (tmp_path / "release.json").write_text(json.dumps(told))
    release.add_scores(tmp_path, lambda asked: said, drawn)
    found = json.loads((tmp_path / "release.json").read_text())["repeatability"]
    assert found["mrd1"] == 1.2 and "score.movement.brow" not in found, "no picture shows the brow"
    assert found["score.movement.mouth"] == pytest.approx(1.96 * np.sqrt(2) * 0.05, rel=0.15)
    assert found["score.grade"] == found["score.palsy_probability"] == 0


def test_the_meshs_points_pair_up():
    level = np.stack([face() / 60 for _ in range(3)])
    level[:, :, 2] = 0
    level[:, 478 - 100 :, 1] += np.arange(100) * 0  # points that are not drawn lie on one another
    twin = refine.twins(level)
    assert all(twin[left] == right for left, right in TWINS.items() if left not in (300, 301))


def test_repeats_are_the_same_visit_view_and_expression():
    drawn = pictures(8)
    assert repeats(drawn).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


def test_the_smallest_detectable_change_is_that_of_known_noise():
    rng = np.random.default_rng(3)
    face_value, group = np.repeat(rng.normal(20, 5, 2000), 3), np.repeat(np.arange(2000), 3)
    found = repeatability({"a": face_value + rng.normal(0, 2, 6000)}, group)["a"]
    assert found["sd_within"] == pytest.approx(2, rel=0.03)
    assert found["sdc95"] == pytest.approx(1.96 * np.sqrt(2) * 2, rel=0.03)
    assert (found["groups"], found["pictures"]) == (2000, 6000)
    assert as_release({"a": found}) == {"a": found["sdc95"]}


def test_what_was_not_repeated_says_nothing():
    values = np.arange(40.0)
    assert repeatability({"a": values}, np.arange(40)) == {}
    assert repeatability({"a": np.full(40, np.nan)}, np.repeat(np.arange(20), 2)) == {}
    some = np.where(np.arange(40) < 20, values, np.nan)
    assert repeatability({"a": some}, np.repeat(np.arange(20), 2))["a"]["groups"] == 10
    text = np.repeat([f"visit-{n}" for n in range(20)], 2)
    assert repeatability({"a": values}, text)["a"]["sd_within"] == pytest.approx(np.sqrt(0.5), abs=1e-4)


def test_both_sides_of_a_measure_have_one_figure():
    one = {"sdc95": 0.0, "groups": 9, "pictures": 18}
    found = both_sides({"mrd1": one | {"sd_within": 3.0}, "mrd1_right": one | {"sd_within": 4.0}})
    assert list(found) == ["mrd1"]
    assert found["mrd1"]["sd_within"] == pytest.approx(np.sqrt(12.5), abs=1e-4)
