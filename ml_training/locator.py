"""The locator: a network that finds 80 landmarks in the crop, learnt from faces whose true places are known.

    crop (s, s, 3) -> trunk -> what it sees at 1/32, 1/16, 1/8 and 1/4 of the crop's size
                   -> from the coarsest on, each is enlarged and joined with the next finer one
                   -> for each landmark a map (s / 4, s / 4) of where it may lie -> the middle of its mass

The middle of a map's mass is finer than its cells and can be learnt from places alone (Sun et al., Integral human pose
regression, ECCV 2018). A face mesh made for any face draws weak ones more alike than they are; here each error that
tells left from right counts twice (`loss`).
"""

from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from inference.pipeline.align import HALF_WIDTH
from inference.pipeline.places import EYE_CORNERS, FACE_MIRRORED, JAW, MIRRORED, PLACES
from ml_training.datasets import Pictures

COUNT: Final = len(PLACES)
REGIONS: Final = {
    "brows": range(JAW, 27), "nose": range(27, 36), "eyes": range(36, 48), "lips": range(48, 68),
    "folds and cheeks": range(68, COUNT),
}  # fmt: skip
"""Which of the places lie where."""
LAYERS: Final = ("block_3_expand_relu", "block_6_expand_relu", "block_13_expand_relu", "out_relu")
"""Of MobileNetV2, from fine to coarse: a quarter, an eighth, a sixteenth and a thirty-second of the crop."""
COARSEST: Final = 96
WIDTHS: Final = (96, 64, 64)
"""Channels of the coarsest map, and of each finer one."""
BATCH_NORM_MOMENTUM: Final = 0.97
"""Keras' MobileNetV2 has 0.999, whose averages lag far behind in a training of some hundred steps."""
JAW_WEIGHT: Final = 0.1
WEIGHTS: Final = np.where(np.arange(COUNT) < JAW, JAW_WEIGHT, 1.0).astype(np.float32)
"""Of the errors of each place."""
ODD_WEIGHT: Final = 2.0
"""How much more an error counts that makes a face more or less alike on its two sides."""
ANCHOR: Final = 0.25
"""Weight of the distance from where the places should lie in the crop, which is known to some 4 % of the distance
between the eyes: the crop is cut on the mesh, and shifted a little in the simulation. It lays each map on what it tells
of; how exact the places are is asked for without it."""
CROP_SIDE: Final = 2 * HALF_WIDTH
"""In distances between the eyes."""


@keras.saving.register_keras_serializable("risorius")
class MiddleOfMass(keras.layers.Layer):
    """Maps (N, m, m, K) -> (N, K, 2): right and down, as shares of the map."""

    def call(self, maps: Any) -> Any:
        cells, count = maps.shape[1] * maps.shape[2], maps.shape[3]
        flat = tf.transpose(tf.reshape(maps, (-1, cells, count)), (0, 2, 1))
        down, right = np.indices(maps.shape[1:3]).reshape(2, -1)
        grid = (np.stack([right, down], -1) + 0.5) / maps.shape[1]
        mass = tf.reshape(tf.nn.softmax(flat), (-1, cells))
        return tf.reshape(tf.matmul(mass, tf.constant(grid, maps.dtype)), (-1, count, 2))


@keras.saving.register_keras_serializable("risorius")
class MirrorImage(keras.layers.Layer):
    """(N, s, s, 3) -> left and right changed."""

    def call(self, crop: Any) -> Any:
        return tf.reverse(crop, [2])


@keras.saving.register_keras_serializable("risorius")
class Levelled(keras.layers.Layer):
    """(N, 80, 2) as the locator tells them -> (N, 63, 2): the places without the jaw's in the eyes' frame, right and
    down of the middle between the eyes in distances between them."""

    def call(self, places: Any) -> Any:
        right, left = (tf.reduce_mean(tf.gather(places, corners, axis=1), 1) for corners in EYE_CORNERS)
        across = left - right
        unit = across / tf.maximum(tf.reduce_sum(across * across, -1, keepdims=True), 1e-6)
        from_middle = places[:, JAW:] - ((left + right) / 2)[:, None]
        x, y = unit[:, None, :1], unit[:, None, 1:]
        rightwards, down = from_middle[..., :1], from_middle[..., 1:]
        return tf.concat([rightwards * x + down * y, down * x - rightwards * y], -1)


@keras.saving.register_keras_serializable("risorius")
class MirrorPlaces(keras.layers.Layer):
    """(N, 63, 2) in the eyes' frame -> the same in a mirror."""

    def call(self, places: Any) -> Any:
        swapped = tf.gather(places, tf.constant(FACE_MIRRORED, tf.int32), axis=1)
        return swapped * tf.constant([-1.0, 1.0], places.dtype)


def build(size: int, alpha: float = 0.35) -> keras.Model:
    """RGB 0 to 255 (N, size, size, 3) -> (N, 80, 2): right and down, as shares of the crop. Only a similarity transform
    of them is held to be exact (see `loss`); `Levelled` takes it away.

    size: a multiple of 32.
    """
    trunk = keras.applications.MobileNetV2(
        input_shape=(size, size, 3), alpha=alpha, include_top=False, weights=None, pooling="avg"
    )
    for layer in trunk.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = BATCH_NORM_MOMENTUM
    crop = keras.Input((size, size, 3), name="crop")
    scaled = keras.layers.Rescaling(1 / 127.5, -1)(crop)
    seen = keras.Model(trunk.input, [trunk.get_layer(name).output for name in LAYERS], name="trunk")(scaled)
    *finer, coarsest = seen
    maps = _block(coarsest, COARSEST)
    for level, width in zip(reversed(finer), WIDTHS, strict=True):
        maps = keras.layers.UpSampling2D(interpolation="bilinear")(maps)
        maps = _block(keras.layers.Concatenate()([maps, _block(level, width)]), width, 3)
    maps = keras.layers.Conv2D(COUNT, 1, dtype="float32")(_block(maps, WIDTHS[-1], 3))
    return keras.Model(crop, MiddleOfMass(dtype="float32", name="middles")(maps), name="locator")


def _block(seen: Any, width: int, across: int = 1) -> Any:
    if across == 1:
        seen = keras.layers.Conv2D(width, 1, use_bias=False)(seen)
    else:
        seen = keras.layers.SeparableConv2D(width, across, padding="same", use_bias=False)(seen)
    return keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(seen))


def parts(truth: Any, places: Any) -> tuple[Any, Any]:
    """Even and odd part of the errors, complex (N, K), in distances between the eyes along their line.

    truth: (N, K, 2) px of the photo. places: (N, K, 2) in any unit. K: 80, or 63 without the jaw. The places are laid
    on the truth by the best similarity transform first (Umeyama, IEEE Trans PAMI 1991), since nobody measures where a
    crop was cut.
    """
    skipped = COUNT - truth.shape[1]
    weights = WEIGHTS[skipped:]
    share = tf.constant((weights / weights.sum()).astype(np.complex64))
    true, seen = (tf.complex(p[..., 0], p[..., 1]) for p in (truth, places))
    true -= tf.reduce_sum(share * true, 1, keepdims=True)
    seen -= tf.reduce_sum(share * seen, 1, keepdims=True)
    spread = tf.reduce_sum(share * seen * tf.math.conj(seen), 1, keepdims=True)
    scale = tf.reduce_sum(share * true * tf.math.conj(seen), 1, keepdims=True) / (spread + 1e-8)
    right, left = (
        tf.reduce_mean(tf.gather(true, [n - skipped for n in corners], axis=1), 1) for corners in EYE_CORNERS
    )
    error = (scale * seen - true) / (left - right)[:, None]
    twins = tf.constant([twin - skipped for twin in MIRRORED[skipped:]], tf.int32)
    mirrored = -tf.math.conj(tf.gather(error, twins, axis=1))
    return (error + mirrored) / 2, (error - mirrored) / 2


def _mean(errors: Any) -> Any:
    return 100 * tf.reduce_sum(errors * (WEIGHTS / WEIGHTS.sum()), 1)


def _length(error: Any) -> Any:
    return tf.sqrt(tf.math.real(error) ** 2 + tf.math.imag(error) ** 2 + 1e-8)


def loss(truth: Any, places: Any) -> Any:
    """(N,), in per cent of the distance between the eyes: mean length of the even part of the errors and `ODD_WEIGHT`
    times that of the odd part, after the best similarity transform, and `ANCHOR` times that of the errors without it.

    truth: (N, 80, 4): px of the photo, and as shares of the crop.
    """
    even, odd = parts(truth[..., :2], places)
    away = tf.norm(places - truth[..., 2:] + 1e-6, axis=-1)
    return _mean(_length(even)) + ODD_WEIGHT * _mean(_length(odd)) + ANCHOR * CROP_SIDE * _mean(away)


def error(truth: Any, places: Any) -> Any:
    """(N,): mean distance of the places from the truth, in per cent of the distance between the eyes."""
    even, odd = parts(truth[..., :2], places)
    return _mean(_length(even + odd))


def odd_error(truth: Any, places: Any) -> Any:
    """(N,): the same of what tells left from right alone."""
    return _mean(_length(parts(truth[..., :2], places)[1]))


def distances(places: np.ndarray, pictures: Pictures) -> dict[str, dict[str, float]]:
    """{region: {"distance", "uneven"}}: how far the places (N, 63, 2), in any unit, lie from the true ones after the
    best similarity transform, and how far of what tells left from right alone: means, mm."""
    truth = pictures.truth[:, JAW:].astype(np.float32)
    even, odd = (part.numpy() for part in parts(truth, places.astype(np.float32)))
    right, left = (pictures.truth[:, corners].mean(1) for corners in EYE_CORNERS)
    mm = (np.linalg.norm(left - right, axis=1) * pictures.mm_per_px)[:, None]
    told = {"distance": mm * np.abs(even + odd), "uneven": mm * np.abs(odd)}
    return {
        region: {
            name: round(float(errors[:, [n - JAW for n in which]].mean()), 2) for name, errors in told.items()
        }
        for region, which in REGIONS.items()
    }


def on_both_sides(model: keras.Model) -> keras.Model:
    """Crops -> (N, 63, 2) in the eyes' frame: the mean of what a locator finds straight and in the mirror."""
    crop = keras.Input(model.input_shape[1:], name="crop")
    level = Levelled(name="levelled")
    turned = MirrorPlaces(name="mirror_places")(level(model(MirrorImage(name="mirror_image")(crop))))
    return keras.Model(crop, keras.layers.Average()([level(model(crop)), turned]), name="places")


def found(model: keras.Model, crops: np.ndarray) -> np.ndarray:
    """(N, 63, 2) `on_both_sides` of crops (N, s, s, 3)."""
    both = on_both_sides(model)
    some = (crops[at : at + 64].astype(np.float32) for at in range(0, len(crops), 64))
    return np.concatenate([np.zeros((0, len(FACE_MIRRORED), 2)), *(both(c, training=False) for c in some)])
