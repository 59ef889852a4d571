"""How training varies its crops, so that no picture is seen twice."""

from typing import Any, Final

import tensorflow as tf

SHIFT, ZOOM, STRETCH, TINT = 0.05, 0.08, 0.04, 0.08
"""How far a crop is moved, scaled, made long or wide, and its colours are changed, as shares."""
GAIN, OFFSET = 0.15, 16.0
"""How far its contrast, as a share, and its brightness are changed."""
HIDDEN, HIDDEN_SHARE = 0.28, 0.3
"""Side of the square that hides a part of the picture, as a share of it, and how many pictures get one."""
GREY: Final = 128.0


def boxes(count: Any, zoom: float = ZOOM) -> Any:
    """(count, 4): top, left, bottom and right of what is kept of each crop, as shares of it: moved, scaled, and made
    a little longer or wider, as one face is than another."""
    stretch = tf.random.uniform([count, 1], -STRETCH, STRETCH)
    half = (1 + tf.random.uniform([count, 1], -zoom, zoom) + tf.concat([stretch, -stretch], 1)) / 2
    middle = 0.5 + tf.random.uniform([count, 2], -SHIFT, SHIFT)
    return tf.concat([middle - half, middle + half], 1)


def within(kept: Any, places: Any) -> Any:
    """Where places (N, K, 2), right and down as shares of a crop, lie in what is kept of it, (N, 4) of `boxes`."""
    top_left, bottom_right = kept[:, None, 1::-1], kept[:, None, :1:-1]
    return (places - top_left) / (bottom_right - top_left)


def varied(crops: Any, kept: Any, gain: float = GAIN, offset: float = OFFSET) -> Any:
    """Cut to what is kept (N, 4), tint, relight and partly hide each of the crops (N, s, s, 3), 0 to 255."""
    crops = tf.cast(crops, tf.float32)
    count, size = tf.shape(crops)[0], tf.shape(crops)[1]
    crops = tf.image.crop_and_resize(crops, kept, tf.range(count), [size, size], extrapolation_value=GREY)
    contrast = tf.random.uniform([count, 1, 1, 1], 1 - gain, 1 + gain)
    contrast *= tf.random.uniform([count, 1, 1, 3], 1 - TINT, 1 + TINT)
    brightness = tf.random.uniform([count, 1, 1, 1], -offset, offset)
    lit = (crops - GREY) * contrast + GREY + brightness
    return tf.clip_by_value(_partly_hidden(lit, count, size), 0, 255)


def _partly_hidden(crops: Any, count: Any, size: Any) -> Any:
    """Some pictures with a grey square somewhere, so that no single feature carries the answer."""
    at = tf.random.uniform([count, 2, 1]) * (1 - HIDDEN)
    line = tf.cast(tf.range(size), tf.float32)[None] / tf.cast(size, tf.float32)
    down, right = ((line >= at[:, i]) & (line < at[:, i] + HIDDEN) for i in (0, 1))
    chosen = tf.random.uniform([count, 1, 1]) < HIDDEN_SHARE
    hidden = down[:, :, None] & right[:, None, :] & chosen
    return tf.where(hidden[..., None], GREY, crops)
