"""The network: a face beside its own mirror image, its pixels and the shape of its mesh; and beside the same face at
rest, where there is such a photo.

    eye        crop  (s, s, 3) --+-- trunk --> pixels --+--> f
               mirror image -----+-- trunk --> pixels'--+--> f'
               shape (1434,) ----+-- dense --> points --+
               its mirror -------+-- dense --> points'--+
               gauge (52,) ------+-- dense --> gauge ---+
               its mirror -------+-- dense --> gauge'---+

    judgement  m = (f + f') / 2   what both sides share       m - m(rest)   what moved, 0 without a reference
               d = (f - f') / 2   what tells left from right  d - d(rest)   what moved otherwise on the left

A mirrored photo (and reference) swaps f and f': m stays and d changes its sign. View and severity read m and |d|, so
they can't change; the weak side is u(m, d) - u(m, -d), which turns over; each zone's movement is v(m, d) on the left
and v(m, -d) on the right. So what a mirror must do to the answers holds by construction, before any training.

The reference joins what the photo itself shows and never replaces it: a face that is weak at rest is weak in both.
"""

from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from inference.pipeline.classify import HEADS, STEPS
from inference.pipeline.codes import LANDMARK_COUNT, ZONES
from inference.pipeline.gauge import MIRRORED, NAMES
from inference.pipeline.shape import MIRROR, SHAPE_SIZE
from ml_training.locator import BATCH_NORM_MOMENTUM, MirrorImage
from ml_training.sources import weights_file
from ml_training.variation import GREY

TRUNKS: Final = {"MobileNetV2": keras.applications.MobileNetV2, "MobileNet": keras.applications.MobileNet}
BLIND_SHARE: Final = 0.35
"""What the answer without the pixels counts in `steadied`. Of 0 to 0.5 it is where validation portraits are told about
as well as they can be, before simulated validation people lose much."""
PIXEL_WIDTH, POINT_WIDTH, GAUGE_WIDTH, HEAD_WIDTH = 160, 160, 48, 128
GAUGE_SIZE: Final = len(NAMES)


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
    eye_of(model).get_layer("frame").set_weights(
        [both.mean(0).ravel().astype(np.float32), (1 / spread).ravel().astype(np.float32)]
    )


@keras.saving.register_keras_serializable("risorius")
class WithoutPixels(keras.layers.Layer):
    """(N, 2, 2, W) of what was seen -> the same as if the pixels had been grey."""

    def build(self, shape: Any) -> None:
        self.blank = self.add_weight(shape=(PIXEL_WIDTH,), trainable=False, name="blank")

    def call(self, faces: Any) -> Any:
        blank = tf.zeros_like(faces[..., :PIXEL_WIDTH]) + self.blank
        return tf.concat([blank, faces[..., PIXEL_WIDTH:]], -1)


@keras.saving.register_keras_serializable("risorius")
class MirrorGauge(keras.layers.Layer):
    """(N, 52) coefficients of the gauge -> (N, 52) the same in a mirror."""

    def call(self, coefficients: Any) -> Any:
        return tf.gather(coefficients, tf.constant(MIRRORED, tf.int32), axis=1)


def build(
    size: int,
    trunk: str = "MobileNetV2",
    alpha: float = 0.35,
    weights: Path | None = None,
    dropout: float = 0.2,
    pixels: bool = True,
    shape: bool = True,
    gauge: bool = True,
) -> keras.Model:
    """{"crop": RGB 0 to 255 (N, size, size, 3), "shape": (N, 1434), "gauge": (N, 52)} -> logits (N, 27), see `HEADS`,
    of a photo without a reference.

    weights: ImageNet weights of the trunk without its top, or None for random ones. pixels, shape, gauge: what it may
    see. Pixels are scaled inside the network, so that training and serving cannot differ.
    """
    eye = seeing(size, trunk, alpha, weights, dropout, pixels, shape, gauge)
    return whole(size, eye, judgement(int(eye.output.shape[-1]), dropout))


def whole(size: int, eye: keras.Model, judge: keras.Model) -> keras.Model:
    """Eye and judgement as one network for photos without a reference."""
    given = inputs(size)
    seen = eye(given)
    faces = keras.ops.stack([seen, keras.ops.zeros_like(seen)], 1)
    known = keras.ops.zeros_like(seen[:, 0, :1])
    return keras.Model(given, judge({"faces": faces, "known": known}), name="risorius")


def inputs(size: int) -> dict[str, Any]:
    """What the network is given of one photo."""
    return {
        "crop": keras.Input((size, size, 3), name="crop"),
        "shape": keras.Input((SHAPE_SIZE,), name="shape"),
        "gauge": keras.Input((GAUGE_SIZE,), name="gauge"),
    }


def seeing(
    size: int,
    trunk: str = "MobileNetV2",
    alpha: float = 0.35,
    weights: Path | None = None,
    dropout: float = 0.2,
    pixels: bool = True,
    shape: bool = True,
    gauge: bool = True,
) -> keras.Model:
    """The part that looks at one photo: `inputs` -> (N, 2, W), straight and in the mirror."""
    given, straight, mirror = inputs(size), [], []
    if pixels:
        branch = _pixel_branch(size, trunk, alpha, weights, dropout)
        straight.append(branch(given["crop"]))
        mirror.append(branch(MirrorImage(name="mirror_image")(given["crop"])))
    if shape:
        frame, branch = Frame(name="frame"), _point_branch(dropout)
        straight.append(branch(frame(given["shape"])))
        mirror.append(branch(frame(MirrorPoints(name="mirror_points")(given["shape"]))))
    if gauge:
        branch = _gauge_branch(dropout)
        straight.append(branch(given["gauge"]))
        mirror.append(branch(MirrorGauge(name="mirror_gauge")(given["gauge"])))
    seen = keras.ops.stack([_joined(straight), _joined(mirror)], 1)
    return keras.Model(given, seen, name="eye")


def judgement(width: int, dropout: float = 0.2) -> keras.Model:
    """The part that judges: {"faces": (N, 2, 2, width), photo and reference, each straight and in the mirror; "known":
    (N, 1), 1 where there is a reference, else 0 and the reference is not read} -> logits (N, 27)."""
    faces, known = keras.Input((2, 2, width), name="faces"), keras.Input((1,), name="known")
    rest = faces[:, 1, 0], faces[:, 1, 1]
    logits = answers(faces[:, 0, 0], faces[:, 0, 1], dropout, rest, known)
    return keras.Model({"faces": faces, "known": known}, logits, name="judgement")


def answers(
    f: Any, g: Any, dropout: float, reference: tuple[Any, Any] | None = None, known: Any = None
) -> Any:
    """Logits (N, 27) from what was seen straight, f, and in the mirror, g: (N, any) both. reference: the same of the
    face at rest, read where known (N, 1) is 1."""
    mean, difference = (f + g) * 0.5, (f - g) * 0.5
    even, one, other = [mean, keras.ops.abs(difference)], [mean, difference], [mean, -difference]
    if reference is not None:
        moved = known * (mean - (reference[0] + reference[1]) * 0.5)
        apart = known * (difference - (reference[0] - reference[1]) * 0.5)
        even += [moved, keras.ops.abs(apart), known]
        one += [moved, apart, known]
        other += [moved, -apart, known]
    evenly = keras.layers.Concatenate(name="even")(even)
    left_first = keras.layers.Concatenate(name="one")(one)
    right_first = keras.layers.Concatenate(name="other")(other)
    outputs = [_head("view", HEADS["view"], dropout)(evenly), _head("steps", STEPS, dropout)(evenly)]
    odd = {name: _head(name, 1, dropout) for name in ("side", "done_side")}
    zone = _head("zone", len(ZONES), dropout)
    left, right = zone(left_first), zone(right_first)
    zones = keras.layers.Reshape((2 * len(ZONES),), name="zones")(keras.ops.stack([left, right], -1))
    outputs += [
        odd["side"](left_first) - odd["side"](right_first),
        zones,
        odd["done_side"](left_first) - odd["done_side"](right_first),
    ]
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


def _gauge_branch(dropout: float) -> keras.Model:
    inputs = keras.Input((GAUGE_SIZE,))
    some = keras.layers.Dropout(dropout / 2)(inputs)
    return keras.Model(inputs, keras.layers.Dense(GAUGE_WIDTH, "relu")(some), name="gauges")


def _head(name: str, outputs: int, dropout: float) -> keras.Sequential:
    return keras.Sequential(
        [
            keras.layers.Dense(HEAD_WIDTH, "relu"),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(outputs, dtype="float32"),
        ],
        name=name,
    )


def beside_rest(model: keras.Model) -> keras.Model:
    """A network for training: `inputs` and "rest" (N,), where in the batch each photo's reference lies, or -1 -> logits
    (N, 27). It shares all its weights with the network given, which judges without a reference."""
    eye = eye_of(model)
    given = inputs(size_of(model))
    rest = keras.Input((), dtype="int32", name="rest")
    seen = eye(given)
    faces = keras.ops.stack([seen, keras.ops.take(seen, keras.ops.maximum(rest, 0), axis=0)], 1)
    known = keras.ops.cast(rest >= 0, "float32")[:, None]
    logits = judgement_of(model)({"faces": faces, "known": known})
    return keras.Model(given | {"rest": rest}, logits, name="beside_rest")


def steadied(model: keras.Model) -> keras.Model:
    """A trained network that says a mean of what it says with and without the pixels (logits), which costs no second
    look: grey pixels look the same in every photo. The mesh and its gauge carry over from drawn to real faces better
    than pixels do, and pixels tell more; training has blinded it to either often enough to judge without."""
    eye, judge = eye_of(model), judgement_of(model)
    size = size_of(model)
    grey = {"crop": np.full((1, size, size, 3), GREY, np.float32)}
    given = grey | {
        "shape": np.zeros((1, SHAPE_SIZE), np.float32),
        "gauge": np.zeros((1, GAUGE_SIZE), np.float32),
    }
    faces, known = judge.input["faces"], judge.input["known"]
    unseen = WithoutPixels(name="without_pixels")
    seeing, blind = (judge({"faces": some, "known": known}) for some in (faces, unseen(faces)))
    logits = seeing * (1 - BLIND_SHARE) + blind * BLIND_SHARE
    both = keras.Model({"faces": faces, "known": known}, logits, name="judgement")
    unseen.set_weights([eye(given).numpy()[0, 0, :PIXEL_WIDTH]])
    return whole(size, eye, both)


def size_of(model: keras.Model) -> int:
    """Side of the crop that a network takes, px."""
    return next(int(given.shape[1]) for given in model.inputs if given.name == "crop")


def eye_of(model: keras.Model) -> keras.Model:
    """The part of a trained network that looks at one photo."""
    return model.get_layer("eye")


def judgement_of(model: keras.Model) -> keras.Model:
    """The part of a trained network that judges what was seen."""
    return model.get_layer("judgement")


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
