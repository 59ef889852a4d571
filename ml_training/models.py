"""The network: a face beside its own mirror image, its pixels and its landmarks, in one pass.

    crop  (s, s, 3) --+-- trunk --> pixels --+
    mirror image -----+-- trunk --> pixels'--+--> mean  m = (f + f') / 2   what both sides share
    landmarks --------+-- dense --> points --+--> difference d = (f - f') / 2   what tells left from right
    their mirror -----+-- dense --> points'--+

The landmarks are the face mesh's (the second input) and those that the locator, a part of the network, finds in the
crop and its mirror image. They are read as their even part, which a mirror leaves as it is, and their odd part, which
it turns over, each over its own spread: healthy faces differ far more from each other than their sides do, and beside
that a palsy's millimetre would be lost.

A mirrored photo swaps f and f': m stays and d changes its sign. View and severity read (m, |d|), so they can't change;
the weak side is u(m, d) - u(m, -d), which turns over; each zone's movement is v(m, d) on the left and v(m, -d) on the
right. So what a mirror must do to the answers holds by construction, before any training.
"""

from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from inference.pipeline.classify import HEADS, STEPS
from inference.pipeline.codes import LANDMARK_COUNT, ZONES
from inference.pipeline.places import FACE_MIRRORED
from inference.pipeline.shape import MIRROR, SHAPE_SIZE
from ml_training import locator
from ml_training.locator import BATCH_NORM_MOMENTUM
from ml_training.sources import weights_file

TRUNKS: Final = {"MobileNetV2": keras.applications.MobileNetV2, "MobileNet": keras.applications.MobileNet}
PIXEL_WIDTH, POINT_WIDTHS, HEAD_WIDTH = 160, (512, 256, 128), 128
POINT_DROPOUT: Final = 0.3
FARTHEST: Final = 8.0
"""No number of the landmarks lies farther from the mean, in spreads."""


@keras.saving.register_keras_serializable("risorius")
class EvenAndOdd(keras.layers.Layer):
    """Points (N, P, C) -> (N, 2 P C): their even part less its mean and their odd part, each over its spread; turned:
    those of the points in a mirror. mirror: the point that each one becomes there; x is the first of C.

    Mean and spreads are fixed before training (`fit`).
    """

    def __init__(self, mirror: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mirror = tuple(mirror)

    def build(self, shape: Any) -> None:
        names, size = ("mean", "even", "odd"), shape[1:]
        self.kept = [
            self.add_weight(shape=size, initializer="ones" if n else "zeros", trainable=False, name=name)
            for n, name in enumerate(names)
        ]

    def parts(self, points: Any) -> tuple[Any, Any]:
        signs = np.ones(points.shape[2], np.float32)
        signs[0] = -1
        mirrored = tf.gather(points, tf.constant(self.mirror, tf.int32), axis=1) * signs
        return (points + mirrored) / 2, (points - mirrored) / 2

    def call(self, points: Any, turned: bool = False) -> Any:
        even, odd = self.parts(points)
        mean, even_scale, odd_scale = self.kept
        sign = -1.0 if turned else 1.0
        both = tf.concat([(even - mean) * even_scale, odd * odd_scale * sign], 1)
        return tf.reshape(tf.clip_by_value(both, -FARTHEST, FARTHEST), (-1, 2 * np.prod(points.shape[1:])))

    def fit(self, points: np.ndarray, least: float = 1e-3) -> None:
        """Mean and spreads of training faces (N, P, C); least: the smallest spread that counts, in their unit."""
        even, odd = (part.numpy() for part in self.parts(tf.constant(points, tf.float32)))
        spreads = 1 / (even.std(0) + least), 1 / (np.sqrt(np.square(odd).mean(0)) + least)
        self.set_weights([even.mean(0), *spreads])

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"mirror": self.mirror}


def fit_points(model: keras.Model, shapes: np.ndarray, crops: np.ndarray) -> None:
    """Fix the spreads of the landmarks from training faces: shapes (N, 1434), crops (N, s, s, 3)."""
    if (mesh := _layer(model, "mesh")) is not None:
        mesh.fit(shapes.reshape(-1, LANDMARK_COUNT, 3))
    if (places := _layer(model, "places")) is not None:
        some = (crops[at : at + 64].astype(np.float32) for at in range(0, len(crops), 64))
        model.get_layer("found").fit(np.concatenate([places(c, training=False).numpy() for c in some]))


def build(
    size: int,
    trunk: str = "MobileNetV2",
    alpha: float = 0.35,
    weights: Path | None = None,
    dropout: float = 0.2,
    pixels: bool = True,
    shape: bool = True,
    places: bool = False,
) -> keras.Model:
    """{"crop": RGB 0 to 255 (N, size, size, 3), "shape": (N, 1434)} -> logits (N, 27), see `HEADS`.

    weights: ImageNet weights of the trunk without its top, or None for random ones. pixels, shape: what it may see.
    places: find landmarks in the crop too, by a `locator` whose weights `take_places` brings and which stays as it is.
    Pixels are scaled inside the network, so that training and serving cannot differ.
    """
    crop = keras.Input((size, size, 3), name="crop")
    flat = keras.Input((SHAPE_SIZE,), name="shape")
    straight, mirror = [], []
    if pixels:
        eye = _pixel_branch(size, trunk, alpha, weights, dropout)
        straight.append(eye(crop))
        mirror.append(eye(locator.MirrorImage(name="mirror_image")(crop)))
    points: list[tuple[EvenAndOdd, Any]] = []
    if shape:
        mesh = keras.layers.Reshape((LANDMARK_COUNT, 3))(flat)
        points.append((EvenAndOdd(MIRROR, name="mesh"), mesh))
    if places:
        finder = locator.build(size)
        finder.trainable = False
        points.append((EvenAndOdd(FACE_MIRRORED, name="found"), locator.on_both_sides(finder)(crop)))
    if points:
        size_of = sum(2 * int(np.prod(given.shape[1:])) for _, given in points)
        ear = _point_branch(size_of)
        straight.append(ear(_joined([parts(given) for parts, given in points])))
        mirror.append(ear(_joined([parts(given, turned=True) for parts, given in points])))
    joined = answers(_joined(straight), _joined(mirror), dropout)
    return keras.Model({"crop": crop, "shape": flat}, joined, name="risorius")


def answers(f: Any, g: Any, dropout: float) -> Any:
    """Logits (N, 27) from what was seen straight, f, and in the mirror, g: (N, any) both."""
    mean, difference = (f + g) * 0.5, (f - g) * 0.5
    even = keras.layers.Concatenate(name="even")([mean, keras.ops.abs(difference)])
    one = keras.layers.Concatenate(name="one")([mean, difference])
    other = keras.layers.Concatenate(name="other")([mean, -difference])
    outputs = [_head("view", HEADS["view"], dropout)(even), _head("steps", STEPS, dropout)(even)]
    odd = {name: _head(name, 1, dropout) for name in ("side", "done_side")}
    zone = _head("zone", len(ZONES), dropout)
    left, right = zone(one), zone(other)
    zones = keras.layers.Reshape((2 * len(ZONES),), name="zones")(keras.ops.stack([left, right], -1))
    outputs += [odd["side"](one) - odd["side"](other), zones, odd["done_side"](one) - odd["done_side"](other)]
    return keras.layers.Concatenate(name="logits", dtype="float32")(outputs)


def _joined(parts: list[Any]) -> Any:
    return parts[0] if len(parts) == 1 else keras.layers.Concatenate()(parts)


def _pixel_branch(size: int, trunk: str, alpha: float, weights: Path | None, dropout: float) -> keras.Model:
    base = TRUNKS[trunk](
        input_shape=(size, size, 3), alpha=alpha, include_top=False, weights=None, pooling="avg"
    )
    if weights:
        base.load_weights(weights_file(weights))
    for layer in base.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = BATCH_NORM_MOMENTUM
    inputs = keras.Input((size, size, 3))
    seen = keras.layers.Dropout(dropout)(base(keras.layers.Rescaling(1 / 127.5, -1)(inputs)))
    return keras.Model(inputs, keras.layers.Dense(PIXEL_WIDTH, "relu")(seen), name="pixels")


def _point_branch(numbers: int) -> keras.Model:
    inputs = seen = keras.Input((numbers,))
    for width in POINT_WIDTHS:
        seen = keras.layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(keras.layers.Dense(width)(seen))
        seen = keras.layers.Dropout(POINT_DROPOUT)(keras.layers.Activation("swish")(seen))
    return keras.Model(inputs, seen, name="points")


def _head(name: str, outputs: int, dropout: float) -> keras.Sequential:
    return keras.Sequential(
        [
            keras.layers.Dense(HEAD_WIDTH, "relu"),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(outputs, dtype="float32"),
        ],
        name=name,
    )


def take_over(model: keras.Model, trained: keras.Model, trunk_only: bool = False) -> None:
    """Start from a trained network: all of it where the layers fit, else its trunk alone. Raises ValueError."""
    if not trunk_only and [w.shape for w in model.weights] == [w.shape for w in trained.weights]:
        model.set_weights(trained.get_weights())
        return
    own, other = trunk_of(model), trunk_of(trained)
    if own is None or other is None:
        raise ValueError("The network to start from has another shape and no trunk to take.")
    own.set_weights(other.get_weights())


def take_places(model: keras.Model, trained: keras.Model) -> None:
    """Find the landmarks as a trained locator does. Raises ValueError where it is of another size."""
    places = _layer(model, "places")
    finder = places and _layer(places, "locator")
    if finder is None or [w.shape for w in finder.weights] != [w.shape for w in trained.weights]:
        raise ValueError("That is no locator of this network's size.")
    finder.set_weights(trained.get_weights())


def _layer(model: keras.Model, name: str) -> Any:
    return next((layer for layer in model.layers if layer.name == name), None)


def freeze(trunk: keras.Model | None, first: str) -> None:
    """Keep a trunk's layers before the layer named `first` as they are. Raises ValueError for an unknown name."""
    names = [layer.name for layer in trunk.layers] if trunk else []
    if trunk is None or first not in names:
        raise ValueError(f"The trunk has no layer {first!r} to train from on.")
    for layer in trunk.layers[: names.index(first)]:
        layer.trainable = False


def trunk_of(model: keras.Model) -> keras.Model | None:
    """The MobileNet that sees the pixels, wherever in the network it lies."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            if layer.name.lower().startswith("mobilenet"):
                return layer
            if (found := trunk_of(layer)) is not None:
                return found
    return None
