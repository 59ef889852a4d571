"""Small networks, trained for a moment and exported: what serving runs is what was trained."""

from __future__ import annotations

import json

import numpy as np
import pytest

from inference.pipeline.align import crop_face
from inference.pipeline.classify import Classifier
from ml_training.datasets import Pictures

SIZE = 32


@pytest.fixture(scope="module")
def models():
    """Networks of the same shape as the real ones outside, and of few layers inside, so that tests stay quick."""
    import keras

    keras.utils.set_random_seed(1)

    def small(kind):
        inputs = keras.Input((SIZE, SIZE, 3))
        features = keras.layers.Rescaling(1 / 127.5, -1)(inputs)
        features = keras.layers.Conv2D(8, 3, strides=4, activation="relu")(features)
        features = keras.layers.GlobalAveragePooling2D()(features)
        return keras.Model(inputs, keras.layers.Dense(6)(features), name=kind)

    return {kind: small(kind) for kind in ("exercise", "palsy")}


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    rng = np.random.default_rng(0)
    count = 6
    return Pictures(
        rng.integers(0, 255, (count, SIZE, SIZE, 3), dtype=np.uint8), np.arange(count), 1 + np.arange(count),
        np.array([-1, 0, 1, 0, 1, 0]), np.array([f"p{n}" for n in range(count)]), np.full(count, "test"),
    )  # fmt: skip


def test_the_exported_files_say_what_keras_says(models, pictures, tmp_path):
    from ml_training.export import FILES, compare, convert, write_release

    for kind, model in models.items():
        (tmp_path / FILES[kind]).write_bytes(convert(model, 32))
    release = write_release(tmp_path, "small", input_sizes={"exercise": SIZE, "palsy": SIZE})
    result = compare(models, Classifier(release), pictures)
    assert result["palsy"]["largest_probability_difference"] < 1e-3
    assert result["exercise"]["largest_probability_difference"] < 1e-3
    assert json.loads((tmp_path / "release.json").read_text())["name"] == "small"


def test_a_step_of_training_mirrors_the_side_with_the_picture(monkeypatch):
    import tensorflow as tf

    from ml_training import train

    monkeypatch.setattr(train, "HIDDEN_SHARE", 0.0)
    tf.random.set_seed(1)
    crops = np.zeros((64, 16, 16, 3), np.uint8)
    crops[:, :, :8] = 200
    target = np.tile(np.array([1, 1, 0, 0, 0, 1, 1], np.float32), (64, 1))
    varied, wanted = (
        value.numpy() for value in train._vary("palsy")(tf.constant(crops), tf.constant(target))
    )
    lit_left = varied[:, :, :8].mean((1, 2, 3)) > varied[:, :, 8:].mean((1, 2, 3))
    assert 10 < lit_left.sum() < 54
    assert np.array_equal(wanted[:, 5] == 1, lit_left)
    assert (wanted[:, [0, 1, 6]] == 1).all()


def test_a_healthy_picture_has_no_side_to_learn():
    import tensorflow as tf

    from ml_training.models import palsy_loss

    target = np.array([[0, 0, 0, 0, 0, 0, 0]], np.float32)
    losses = [
        float(palsy_loss(tf.constant(target), tf.constant([[-9.0] * 5 + [side]]))[0]) for side in (-5.0, 5.0)
    ]
    assert losses[0] == losses[1]


def test_training_and_serving_crop_the_same_pixels(monkeypatch):
    """The simulator's crop of a photo is byte for byte the one that the engine hands to the models."""
    from inference.pipeline import Analyser, engine
    from inference.pipeline.align import Jitter
    from inference.pipeline.decode import decode
    from inference.pipeline.landmarks import FaceMesh
    from ml_training.simulate import generate
    from tests.pipeline.conftest import PEOPLE

    photo = decode(PEOPLE / "t1-left-palsy-smile.jpg")
    served: list[np.ndarray] = []
    monkeypatch.setattr(
        engine,
        "crop_face",
        lambda *a: served.append(crop_face(*a)) or served[-1],  # type: ignore[func-returns-value]
    )
    analyser = Analyser()
    analyser.analyse(photo)
    size = analyser.release.input_sizes["palsy"]

    class Still:
        """A renderer that draws nothing new, and a camera without a hand."""

        model = type("Model", (), {"units": ()})

        def draw(self, *_, **__):
            return photo

    monkeypatch.setattr(generate, "weights", lambda *_: np.zeros(0))
    monkeypatch.setattr(generate, "photograph", lambda image, _: image)
    monkeypatch.setattr(generate, "JITTER", 0.0)
    made = generate.picture(Still(), FaceMesh(max_faces=1), None, size, np.random.default_rng(0))
    assert made is not None
    assert np.array_equal(made[0], served[-1])
    assert Jitter() == (0.0, 0.0, 0.0)
