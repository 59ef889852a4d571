"""How training varies its crops, so that no picture is seen twice."""

from typing import Any, Final

import tensorflow as tf

SHIFT, ZOOM, STRETCH, TINT = 0.05, 0.08, 0.04, 0.08
"""How far a crop is moved, scaled, made long or wide, and its colours are changed, as shares."""
GAIN, OFFSET = 0.15, 16.0
"""How far its contrast, as a share, and its brightness are changed."""
SATURATION, GREY_SHARE = (0.5, 1.3), 0.12
"""How strong the colours become, as a share of what they are, and how many pictures lose them: sets of portraits that
are grey, or tinted by their flash, must not be told by it."""
WEDGE_SHARE, WEDGE = 0.12, 0.35
"""How many pictures are cut off along a slanting line at one edge, and how deep at most, as a share of the crop."""
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
    """Cut to what is kept (N, 4), tint, relight and partly hide each of the crops (N, s, s, 3), 0 to 255; some lose
    their colours, or a corner."""
    crops = tf.cast(crops, tf.float32)
    count, size = tf.shape(crops)[0], tf.shape(crops)[1]
    crops = tf.image.crop_and_resize(crops, kept, tf.range(count), [size, size], extrapolation_value=GREY)
    crops = _cut_off(_coloured(crops, count), count, size)
    contrast = tf.random.uniform([count, 1, 1, 1], 1 - gain, 1 + gain)
    contrast *= tf.random.uniform([count, 1, 1, 3], 1 - TINT, 1 + TINT)
    brightness = tf.random.uniform([count, 1, 1, 1], -offset, offset)
    lit = (crops - GREY) * contrast + GREY + brightness
    return tf.clip_by_value(_partly_hidden(lit, count, size), 0, 255)


def _coloured(crops: Any, count: Any) -> Any:
    """Each picture with stronger or fainter colours, some with none."""
    grey = tf.image.rgb_to_grayscale(crops)
    share = tf.random.uniform([count, 1, 1, 1], *SATURATION)
    share = tf.where(tf.random.uniform([count, 1, 1, 1]) < GREY_SHARE, 0.0, share)
    return tf.clip_by_value(grey + (crops - grey) * share, 0, 255)


def _cut_off(crops: Any, count: Any, size: Any) -> Any:
    """Some pictures of one colour, mostly black, beyond a line that slants across an edge, as a turned scan is."""
    line = tf.cast(tf.range(size), tf.float32) / tf.cast(size, tf.float32) - 0.5
    turn = tf.random.uniform([count, 1, 1], 0, 6.2832)
    across = tf.cos(turn) * line[None, None, :] + tf.sin(turn) * line[None, :, None]
    beyond = across > 0.68 - tf.random.uniform([count, 1, 1], 0, WEDGE)
    chosen = tf.random.uniform([count, 1, 1]) < WEDGE_SHARE
    colour = tf.random.uniform([count, 1, 1, 1], 0, 255)
    colour = tf.where(tf.random.uniform([count, 1, 1, 1]) < 0.6, 0.0, colour)
    return tf.where((beyond & chosen)[..., None], colour, crops)


def _partly_hidden(crops: Any, count: Any, size: Any) -> Any:
    """Some pictures with a grey square somewhere, so that no single feature carries the answer."""
    at = tf.random.uniform([count, 2, 1]) * (1 - HIDDEN)
    line = tf.cast(tf.range(size), tf.float32)[None] / tf.cast(size, tf.float32)
    down, right = ((line >= at[:, i]) & (line < at[:, i] + HIDDEN) for i in (0, 1))
    chosen = tf.random.uniform([count, 1, 1]) < HIDDEN_SHARE
    hidden = down[:, :, None] & right[:, None, :] & chosen
    return tf.where(hidden[..., None], GREY, crops)
