"""The network: what a mirror must do holds by construction, and what is not known teaches nothing."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.pipeline.classify import STEPS, columns
from inference.pipeline.places import MIRRORED
from inference.pipeline.shape import MIRROR, SHAPE_SIZE, frontal, mirrored
from ml_training.datasets import Pictures, write_shard

from .made import fields

SIZE = 32


def pictures(count: int, **options) -> Pictures:
    return Pictures(**fields(count, size=SIZE, **options))


@pytest.fixture(scope="module")
def network():
    import keras

    from ml_training import models, train

    keras.utils.set_random_seed(3)
    model = models.build(SIZE)
    models.set_frame(model, train.shapes(pictures(6)))
    for layer in ("side", "zone", "view", "steps", "done_side"):
        kernel, _bias = models.judgement_of(model).get_layer(layer).layers[-1].weights
        kernel.assign(np.random.default_rng(1).normal(0, 0.5, kernel.shape))
    return model


def test_the_mirror_of_the_mesh_is_its_own_inverse():
    order = np.array(MIRROR)
    assert (order[order] == np.arange(len(order))).all()
    assert order[33] == 263
    assert order[61] == 291
    assert order[152] == 152


def test_a_turned_head_has_the_same_frontal_points():
    points = fields(1)["points"][0].astype(np.float64)
    angle = np.radians(14)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    moved = 1.7 * points @ turn.T + [40, -12, 5]
    assert np.allclose(frontal(moved), frontal(points), atol=1e-6)


def given(some: Pictures) -> dict[str, np.ndarray]:
    """What the network is given of these pictures."""
    from ml_training import train

    return {
        "crop": some.crops.astype(np.float32),
        "shape": train.shapes(some),
        "gauge": np.random.default_rng(len(some)).random((len(some), 52)).astype(np.float32),
    }


def in_a_mirror(seen: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    from inference.pipeline.gauge import MIRRORED

    count = len(seen["crop"])
    shape = mirrored(seen["shape"].reshape(count, -1, 3)).reshape(count, SHAPE_SIZE).astype(np.float32)
    return {"crop": seen["crop"][:, :, ::-1], "shape": shape, "gauge": seen["gauge"][:, list(MIRRORED)]}


def turned_over(straight: np.ndarray, back: np.ndarray) -> None:
    for head in ("view", "steps"):
        assert np.allclose(straight[:, columns(head)], back[:, columns(head)], atol=1e-4)
    for head in ("side", "done_side"):
        assert np.allclose(straight[:, columns(head)], -back[:, columns(head)], atol=1e-4)
        assert np.abs(straight[:, columns(head)]).max() > 1e-3
    zones = columns("zones")
    count = len(straight)
    other = back[:, zones].reshape(count, 4, 2)[..., ::-1]
    assert np.allclose(straight[:, zones].reshape(count, 4, 2), other, atol=1e-4)


def test_the_mirror_of_the_gauge_is_its_own_inverse_and_swaps_the_sides():
    from inference.pipeline.gauge import MIRRORED, NAMES

    order = np.array(MIRRORED)
    assert (order[order] == np.arange(len(NAMES))).all()
    assert order[NAMES.index("mouthSmileLeft")] == NAMES.index("mouthSmileRight")
    assert order[NAMES.index("jawOpen")] == NAMES.index("jawOpen")


def test_a_mirrored_photo_turns_the_side_over_and_nothing_else(network):
    seen = given(pictures(4))
    turned_over(network(seen).numpy(), network(in_a_mirror(seen)).numpy())


def beside(network, seen: dict[str, np.ndarray], rest: list[int]) -> np.ndarray:
    from ml_training import models

    return models.beside_rest(network)(seen | {"rest": np.array(rest, np.int32)}).numpy()


def test_so_it_does_beside_the_mirrored_face_at_rest(network):
    seen, rest = given(pictures(4)), [-1, 0, 0, 2]
    turned_over(beside(network, seen, rest), beside(network, in_a_mirror(seen), rest))


def test_without_a_reference_both_networks_say_the_same_and_with_one_another(network):
    seen = given(pictures(4))
    alone = network(seen).numpy()
    assert np.allclose(beside(network, seen, [-1] * 4), alone, atol=1e-4)
    told = beside(network, seen, [-1, 0, 0, -1])
    assert np.allclose(told[[0, 3]], alone[[0, 3]], atol=1e-4)
    assert np.abs(told[[1, 2]] - alone[[1, 2]]).max() > 1e-3


def visits_of(views: list[list[int]], **options: object) -> Pictures:
    """A visit for each list of views."""
    flat = np.array([view for visit in views for view in visit])
    names = np.array([f"v{n}" for n, visit in enumerate(views) for _ in visit])
    made = fields(len(flat), size=SIZE) | {"view": flat, "visit": names, "person": names} | options
    return Pictures(**made)


def test_a_reference_is_the_rest_of_the_same_visit_and_no_photo_at_rest_has_one():
    from ml_training.datasets import references

    some = visits_of([[0, 3, 7], [4, 5], [6, 0, 0]])
    assert references(some).tolist() == [-1, 0, 0, -1, -1, 7, -1, -1]


def test_batches_hold_each_picture_with_the_rest_of_its_visit():
    from ml_training import train

    some = visits_of([[0, *range(1, 12)], [4, 5], [0, 6]] * 3)
    rng, told, alone = np.random.default_rng(0), 0, 0
    drawn = train.drawn_batches(some, 0.0, 12, rng)
    seen: list[int] = []
    for _ in range(400):
        rows, rest = next(drawn)
        seen += rows.tolist()
        for row, at in zip(rows, rest, strict=True):
            told += at >= 0
            alone += at < 0 < some.view[row]
            assert at < 0 or (some.view[rows[at]] == 0 and some.visit[rows[at]] == some.visit[row])
    assert set(seen) == set(range(len(some)))
    assert 0.4 < told / (told + alone) < 0.6, "half of the references are left out"


def test_portraits_as_they_are_are_the_share_of_an_epoch_that_was_asked_for():
    from ml_training import train

    source = np.array(["simulated"] * 60 + ["unmoved"] * 40)
    view = np.r_[np.arange(60) % 12, [0] * 30, [4] * 5, [-1] * 5]
    some = Pictures(**fields(100, size=SIZE) | {"source": source, "view": view, "visit": np.full(100, "")})
    rows = np.concatenate(train.handfuls(some, 0.4, np.random.default_rng(0)))
    untouched = some.source[rows] == "unmoved"
    assert untouched.mean() == pytest.approx(0.4)
    assert set(rows[~untouched]) == set(range(60))
    assert (some.view[rows[untouched]] >= 0).all()
    drawn = some.view[train.drawn_evenly(some.view[60:], 4000, np.random.default_rng(0)) + 60]
    assert (drawn == 4).mean() == pytest.approx(5**0.5 / (5**0.5 + 30**0.5), abs=0.03)


def test_what_is_covered_teaches_no_movement_and_no_side():
    from ml_training import targets

    bare = fields(2, size=SIZE) | {
        "view": np.array([1, 1]),
        "side": np.array([0, 0]),
        "grade": np.array([4, 4]),
    }
    covered = np.zeros((2, 4, 2), bool)
    covered[1, 0, 0] = True
    told = targets.of(Pictures(**bare | {"covered": covered}))
    zones, side = (np.asarray(targets.part(told, name)) for name in ("zone_known", "side_known"))
    assert zones[0, 0] == 1 and zones[1, 0] == 0
    assert side[:, 0].tolist() == [1, 0]


def test_the_true_form_is_told_as_a_mirror_would_show_it():
    from ml_training.form import SIZE as FORM
    from ml_training.form import Form

    some = pictures(6)
    other = some.truth_mm[:, MIRRORED] * np.array([-1, 1, 1], np.float32)
    task = Form.fitted(some)
    told, turned = task.of(some), task.of(replace(some, truth_mm=other))
    assert np.allclose(told[:, :FORM], turned[:, :FORM], atol=1e-4)
    assert np.allclose(told[:, FORM:], -turned[:, FORM:], atol=1e-4)
    assert np.abs(told[:, FORM:]).max() > 0.1
    with pytest.raises(ValueError, match="No picture knows"):
        Form.fitted(replace(some, truth_mm=np.full_like(some.truth_mm, np.nan)))


def test_what_is_not_known_teaches_nothing():
    import tensorflow as tf

    from ml_training import targets

    nothing = fields(1, size=SIZE) | {
        "view": np.array([-1]), "side": np.array([-1]), "zones": np.full((1, 4, 2), np.nan), "grade": np.array([1]),
    }  # fmt: skip
    wanted = tf.constant(targets.of(Pictures(**nothing)))
    plain = np.zeros((1, 27), np.float32)
    base = float(targets.loss(wanted, tf.constant(plain))[0])
    for head in ("view", "side", "zones", "done_side"):
        other = plain.copy()
        other[:, columns(head)] = np.linspace(-4, 5, other[:, columns(head)].shape[1])
        assert float(targets.loss(wanted, tf.constant(other))[0]) == pytest.approx(base, abs=1e-5), head
    worse = plain.copy()
    worse[:, columns("steps")] = 5
    assert float(targets.loss(wanted, tf.constant(worse))[0]) > base + 1


def test_an_untouched_portrait_teaches_nothing_of_palsies():
    import tensorflow as tf

    from ml_training import targets

    healthy = fields(3, size=SIZE) | {
        "source": np.full(3, "unmoved"),
        "grade": np.ones(3, int),
        "side": np.full(3, -1),
    }
    wanted = tf.constant(targets.of(Pictures(**healthy)))
    quiet, loud = np.zeros((3, 27), np.float32), np.zeros((3, 27), np.float32)
    loud[:, columns("steps")] = 6
    loud[:, columns("zones")] = -6
    assert np.allclose(targets.loss(wanted, tf.constant(quiet)), targets.loss(wanted, tf.constant(loud)))


def test_the_right_answer_costs_least():
    import tensorflow as tf

    from ml_training import targets

    some = pictures(12)
    wanted = targets.of(some)
    good = np.zeros((12, 27), np.float32)
    good[np.arange(12), some.view] = 8
    good[:, columns("steps")] = np.where(some.grade[:, None] > np.arange(1, STEPS + 1), 6, -6)
    good[:, columns("side")] = np.where(some.side == 1, 6, -6)[:, None]
    right, wrong = (targets.loss(tf.constant(wanted), tf.constant(sign * good)).numpy() for sign in (1, -1))
    assert (right < wrong).all()


@pytest.fixture
def small_run(tmp_path):
    from ml_training import train

    write_shard(tmp_path / "part-000.npz", fields(8, size=SIZE))
    write_shard(tmp_path / "part-001.npz", fields(4, size=SIZE, split="val", seed=1))
    # On the points alone: what a run leaves and how it goes on is the same, without a minute of building the trunk.
    return train.Config(
        [str(tmp_path)], str(tmp_path / "run"), size=SIZE, epochs=3, batch=4, checkpoint_steps=1, pixels=False
    )


def test_a_cut_off_run_goes_on_to_the_end_of_its_schedule_and_leaves_its_pictures(small_run, monkeypatch):
    from ml_training import train

    made, compiled = [], train.compiled
    monkeypatch.setattr(train, "compiled", lambda *given: made.append(compiled(*given)) or made[-1])

    class Killed(Exception):
        pass

    def kill(progress, batch, logs=None):
        if progress.model.optimizer.iterations == 4:
            raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(train.TrainingBar, "on_train_batch_end", kill)
        train.train(small_run)
    run = Path(small_run.out)
    assert (run / "resume").is_dir()
    assert not (run / "model.keras").exists()
    train.train(small_run)
    assert made[-1].optimizer.iterations == 6
    assert [row.partition(",")[0] for row in (run / "log.csv").read_text().split()[1:]] == ["0", "1", "2"]
    assert json.loads((run / "history.json").read_text())["people"] == {"train": 8, "val": 4}
    names = {path.name for path in run.iterdir()}
    assert names >= {"model.keras", "config.json", "log.csv", "learning.png", "views.png"}
    if importlib.util.find_spec("tensorboard"):
        assert list((run / "tensorboard").rglob("events*"))
    assert "resume" not in names


def test_the_trunk_alone_is_taken_over_and_its_early_layers_stay(network):
    from ml_training import models

    other = models.build(SIZE)
    models.take_over(other, network, trunk_only=True)
    own, taken = models.trunk_of(other), models.trunk_of(network)
    assert all(np.array_equal(a, b) for a, b in zip(own.get_weights(), taken.get_weights(), strict=True))
    heads = [models.judgement_of(m).get_layer("view").layers[-1].get_weights()[0] for m in (other, network)]
    assert np.abs(heads[0] - heads[1]).mean() > 0.1
    models.freeze(own, "block_3_expand")
    still = [layer.name for layer in own.layers if not layer.trainable]
    assert still[-1] == "block_2_add"
    assert "bn_Conv1" in still
    assert own.get_layer("block_3_expand").trainable
    with pytest.raises(ValueError, match="no layer 'block_99'"):
        models.freeze(own, "block_99")
