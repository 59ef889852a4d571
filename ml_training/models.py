"""The network: a face beside its own mirror image, its pixels and the shape of its mesh, in one pass.

    crop  (s, s, 3) --+-- trunk --> pixels --+
    mirror image -----+-- trunk --> pixels'--+--> mean  m = (f + f') / 2   what both sides share
    shape (1434,) ----+-- dense --> points --+--> difference d = (f - f') / 2   what tells left from right
    its mirror -------+-- dense --> points'--+

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
from inference.pipeline.shape import MIRROR, SHAPE_SIZE
from ml_training.locator import BATCH_NORM_MOMENTUM, MirrorImage
from ml_training.sources import weights_file

TRUNKS: Final = {"MobileNetV2": keras.applications.MobileNetV2, "MobileNet": keras.applications.MobileNet}
PIXEL_WIDTH, POINT_WIDTH, HEAD_WIDTH = 160, 160, 128


@keras.saving.register_keras_serializable("risorius")
class MirrorPoints(keras.layers.Layer):
    """(N, 1434) frontal points -> (N, 1434) the same in a mirror."""

    def call(self, flat: Any) -> Any:
        points = tf.reshape(flat, (-1, LANDMARK_COUNT, 3))
        swapped = tf.gather(points, tf.constant(MIRROR, tf.int32), axis=1)
        return tf.reshape(swapped * tf.constant([-1.0, 1.0, 1.0], flat.dtype), (-1, SHAPE_SIZE))


@keras.saving.register_keras_serializable("risorius")
class Frame(keras.layers.Layer):
    """Points less the mean face, over their spread. Both are fixed before training (see `set_frame`)."""

    def build(self, shape: Any) -> None:
        self.mean = self.add_weight(shape=(shape[-1],), initializer="zeros", trainable=False, name="mean")
        self.scale = self.add_weight(shape=(shape[-1],), initializer="ones", trainable=False, name="scale")

    def call(self, flat: Any) -> Any:
        return tf.clip_by_value((flat - self.mean) * self.scale, -6.0, 6.0)


def set_frame(model: keras.Model, shapes: np.ndarray) -> None:
    """Fix mean and scale from training shapes (N, 1434), made symmetric so that a mirror changes nothing."""
    points = shapes.reshape(-1, LANDMARK_COUNT, 3)
    both = np.concatenate([points, points[:, list(MIRROR)] * [-1, 1, 1]])
    spread = both.std(0) + 0.01
    model.get_layer("frame").set_weights(
        [both.mean(0).ravel().astype(np.float32), (1 / spread).ravel().astype(np.float32)]
    )


def build(
    size: int,
    trunk: str = "MobileNetV2",
    alpha: float = 0.35,
    weights: Path | None = None,
    dropout: float = 0.2,
    pixels: bool = True,
    shape: bool = True,
) -> keras.Model:
    """{"crop": RGB 0 to 255 (N, size, size, 3), "shape": (N, 1434)} -> logits (N, 27), see `HEADS`.

    weights: ImageNet weights of the trunk without its top, or None for random ones. pixels, shape: what it may see.
    Pixels are scaled inside the network, so that training and serving cannot differ.
    """
    crop = keras.Input((size, size, 3), name="crop")
    flat = keras.Input((SHAPE_SIZE,), name="shape")
    straight, mirror = [], []
    if pixels:
        eye = _pixel_branch(size, trunk, alpha, weights, dropout)
        straight.append(eye(crop))
        mirror.append(eye(MirrorImage(name="mirror_image")(crop)))
    if shape:
        frame, ear = Frame(name="frame"), _point_branch(dropout)
        straight.append(ear(frame(flat)))
        mirror.append(ear(frame(MirrorPoints(name="mirror_points")(flat))))
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


def _point_branch(dropout: float) -> keras.Model:
    inputs = keras.Input((SHAPE_SIZE,))
    wide = keras.layers.Dense(256, "relu")(keras.layers.Dropout(dropout / 2)(inputs))
    narrow = keras.layers.Dense(POINT_WIDTH, "relu")(keras.layers.Dropout(dropout)(wide))
    return keras.Model(inputs, narrow, name="points")


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
