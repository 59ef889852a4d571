"""The network: a face beside its own mirror image, its pixels and the shape of its mesh, in one pass.

The crop is upright and centred, so where something lies in it tells what it is: the pixels are read from the trunk's
mean over the picture and, by narrow columns, from each place of two finer layers.

    crop  (s, s, 3) --+-- trunk --> pixels --+
    mirror image -----+-- trunk --> pixels'--+--> mean  m = (f + f') / 2   what both sides share
    shape (1434,) ----+-- dense --> points --+--> difference d = (f - f') / 2   what tells left from right
    its mirror -------+-- dense --> points'--+

A mirrored photo swaps f and f': m stays and d changes its sign. View and severity read (m, |d|), so they can't change;
the weak side is u(m, d) - u(m, -d), which turns over; each zone's movement is v(m, d) on the left and v(m, -d) on the
right. So what a mirror must do to the answers holds by construction, before any training.

While it learns, the pixels' part of m and d has a second task: to say where each landmark truly lies (`form`), even
and odd parts apart, so that it looks at movements of a millimetre and not at twelve words a picture.
"""

from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from inference.pipeline.classify import HEADS, STEPS
from inference.pipeline.codes import LANDMARK_COUNT, ZONES
from inference.pipeline.shape import MIRROR, SHAPE_SIZE
from ml_training.sources import weights_file

BATCH_NORM_MOMENTUM: Final = 0.97
"""Keras' MobileNetV2 has 0.999, whose averages lag far behind in a training of some hundred steps."""
TRUNKS: Final = {"MobileNetV2": keras.applications.MobileNetV2, "MobileNet": keras.applications.MobileNet}
PIXEL_WIDTH, POINT_WIDTH, HEAD_WIDTH = 160, 160, 128
PLACES: Final = {
    "MobileNetV2": {"block_6_expand_relu": 8, "block_13_expand_relu": 24},
    "MobileNet": {"conv_pw_5_relu": 8, "conv_pw_11_relu": 24},
}
"""The layers at an eighth and a sixteenth of the crop, and the width of the column that reads each of their places."""


@keras.saving.register_keras_serializable("risorius")
class MirrorPoints(keras.layers.Layer):
    """(N, 1434) frontal points -> (N, 1434) the same in a mirror."""

    def call(self, flat: Any) -> Any:
        points = tf.reshape(flat, (-1, LANDMARK_COUNT, 3))
        swapped = tf.gather(points, tf.constant(MIRROR, tf.int32), axis=1)
        return tf.reshape(swapped * tf.constant([-1.0, 1.0, 1.0], flat.dtype), (-1, SHAPE_SIZE))


@keras.saving.register_keras_serializable("risorius")
class MirrorImage(keras.layers.Layer):
    """(N, s, s, 3) -> left and right changed."""

    def call(self, crop: Any) -> Any:
        return tf.reverse(crop, [2])


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
    places: bool = False,
    form: int = 0,
) -> keras.Model:
    """{"crop": RGB 0 to 255 (N, size, size, 3), "shape": (N, 1434)} -> logits (N, 27), see `HEADS`.

    weights: ImageNet weights of the trunk without its top, or None for random ones. pixels, shape: what it may see.
    places: read the trunk's `PLACES` too. Pixels are scaled inside the network, so that training and serving cannot
    differ. form: with the task to learn by, 2 * `form` more outputs: the true form's even part and its odd part (see
    `form.Form`), read from the pixels alone; `plain` takes them off.
    """
    if form and not pixels:
        raise ValueError("The true form is read from the pixels: a network without them can't learn by it.")
    crop = keras.Input((size, size, 3), name="crop")
    flat = keras.Input((SHAPE_SIZE,), name="shape")
    straight, mirror = [], []
    if pixels:
        eye = _pixel_branch(size, trunk, alpha, weights, dropout, PLACES[trunk] if places else {})
        straight.append(eye(crop))
        mirror.append(eye(MirrorImage(name="mirror_image")(crop)))
    if shape:
        frame, ear = Frame(name="frame"), _point_branch(dropout)
        straight.append(ear(frame(flat)))
        mirror.append(ear(frame(MirrorPoints(name="mirror_points")(flat))))
    joined = answers(_joined(straight), _joined(mirror), dropout)
    if form:
        even = keras.layers.Dense(form, name="form_even")((straight[0] + mirror[0]) * 0.5)
        odd = keras.layers.Dense(form, use_bias=False, name="form_odd")((straight[0] - mirror[0]) * 0.5)
        joined = keras.layers.Concatenate(name="taught", dtype="float32")([joined, even, odd])
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


def _pixel_branch(
    size: int, trunk: str, alpha: float, weights: Path | None, dropout: float, places: dict[str, int]
) -> keras.Model:
    base = TRUNKS[trunk](
        input_shape=(size, size, 3), alpha=alpha, include_top=False, weights=None, pooling="avg"
    )
    if weights:
        base.load_weights(weights_file(weights))
    for layer in base.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = BATCH_NORM_MOMENTUM
    inputs = keras.Input((size, size, 3))
    scaled = keras.layers.Rescaling(1 / 127.5, -1)(inputs)
    if places:
        maps = [base.get_layer(name).output for name in places]
        mean, *maps = keras.Model(base.input, [base.output, *maps], name=base.name)(scaled)
        columns = [
            keras.layers.Flatten()(keras.layers.Conv2D(width, 1, activation="relu")(seen))
            for seen, width in zip(maps, places.values(), strict=True)
        ]
        seen = keras.layers.Concatenate()([mean, *columns])
    else:
        seen = base(scaled)
    seen = keras.layers.Dropout(dropout)(seen)
    return keras.Model(inputs, keras.layers.Dense(PIXEL_WIDTH, "relu")(seen), name="pixels")


def plain(model: keras.Model) -> keras.Model:
    """The network alone, without the task that it learns by; the weights are the same ones."""
    return keras.Model(model.input, model.get_layer("logits").output, name="risorius")


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
    own, other = _trunk(model), _trunk(trained)
    if own is None or other is None:
        raise ValueError("The network to start from has another shape and no trunk to take.")
    own.set_weights(other.get_weights())


def freeze(model: keras.Model, first: str) -> None:
    """Keep the trunk's layers before the layer named `first` as they are. Raises ValueError for an unknown name."""
    trunk = _trunk(model)
    names = [layer.name for layer in trunk.layers] if trunk else []
    if trunk is None or first not in names:
        raise ValueError(f"The trunk has no layer {first!r} to train from on.")
    for layer in trunk.layers[: names.index(first)]:
        layer.trainable = False


def _trunk(model: keras.Model) -> keras.Model | None:
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            if layer.name.lower().startswith("mobilenet"):
                return layer
            if (found := _trunk(layer)) is not None:
                return found
    return None
