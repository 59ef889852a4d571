"""What the network has to say of each picture, and the loss that asks for it."""

from typing import Any, Final

import numpy as np
import tensorflow as tf

from inference.pipeline.classify import STEPS, columns
from inference.pipeline.codes import VIEWS, ZONES, Exercise
from ml_training.datasets import Pictures

WIDTHS: Final = {
    "view": len(VIEWS),
    "steps": STEPS,
    "steps_known": 1,
    "side": 1,
    "side_known": 1,
    "zones": 2 * len(ZONES),
    "zone_known": len(ZONES),
    "done_side": 1,
    "done_side_known": 1,
}
WIDTH: Final = sum(WIDTHS.values())
WEIGHTS: Final = {"view": 1.0, "steps": 1.6, "side": 0.9, "zones": 0.6, "done_side": 0.3}
SMOOTHING: Final = 0.02
"""Of the view's target: a brief attempt at a smile is not far from rest."""
SHOWN_IN: Final = {
    "brow": (Exercise.REST, Exercise.BROW_RAISE, Exercise.NOSE_WRINKLE, Exercise.TIGHT_EYE_CLOSURE),
    "eye": (Exercise.GENTLE_EYE_CLOSURE, Exercise.TIGHT_EYE_CLOSURE),
    "midface": (
        Exercise.SMILE_WITH_TEETH, Exercise.SHOW_TEETH, Exercise.NOSE_WRINKLE, Exercise.SNEER, Exercise.CLOSED_SMILE,
    ),
    "mouth": (
        Exercise.CLOSED_SMILE, Exercise.SMILE_WITH_TEETH, Exercise.SHOW_TEETH, Exercise.PUCKER, Exercise.PUFF_CHEEK,
    ),
}  # fmt: skip
"""In which views a zone's movement can be seen."""
ELSEWHERE: Final = 0.15
"""Weight of a zone's loss in the other views."""
UNTOUCHED: Final = "unmoved"
"""Source of portraits that no renderer has drawn. All of them are healthy, so a palsy's label on them would teach the
network to call healthy what isn't drawn: they teach views alone."""


def of(pictures: Pictures) -> np.ndarray:
    """(N, 34) float32, laid out as `WIDTHS`; what isn't known is 0 with 0 in its *_known column."""
    count = len(pictures)
    view = np.zeros((count, len(VIEWS)), np.float32)
    seen = pictures.view >= 0
    view[seen, pictures.view[seen]] = 1
    steps = pictures.grade[:, None] > np.arange(1, STEPS + 1)
    drawn = pictures.source != UNTOUCHED
    shown = np.stack([_shown(pictures.view, z) for z in ZONES], 1)
    covered = pictures.covered.any(2)
    known = np.isfinite(pictures.zones).all((1, 2))[:, None] * shown * ~covered
    sided = np.isin(pictures.side, (0, 1)) & ~(covered & (shown == 1)).any(1)
    parts = [
        view, steps, drawn, pictures.side == 1, sided,
        np.nan_to_num(pictures.zones).reshape(count, -1), known * drawn[:, None], pictures.done_side == 1,
        pictures.done_side >= 0,
    ]  # fmt: skip
    return np.concatenate([np.reshape(part, (count, -1)) for part in parts], 1).astype(np.float32)


def _shown(view: np.ndarray, zone: str) -> np.ndarray:
    return np.where(np.isin(view, [VIEWS.index(v) for v in SHOWN_IN[zone]]), 1.0, ELSEWHERE)


def part(target: Any, name: str) -> Any:
    """One part of a target (N, 34)."""
    names = list(WIDTHS)
    start = sum(WIDTHS[n] for n in names[: names.index(name)])
    return target[:, start : start + WIDTHS[name]]


def loss(target: Any, logits: Any) -> Any:
    """(N,): cross-entropies of view, severity steps, side and zones, each where the truth is known."""
    cross = tf.nn.sigmoid_cross_entropy_with_logits
    wanted = part(target, "view")
    known = tf.reduce_sum(wanted, -1, keepdims=True)
    smooth = wanted * (1 - SMOOTHING) + known * SMOOTHING / len(VIEWS)
    view = -tf.reduce_sum(smooth * tf.nn.log_softmax(logits[:, columns("view")]), -1)
    steps = tf.reduce_mean(cross(part(target, "steps"), logits[:, columns("steps")]), -1)
    steps *= part(target, "steps_known")[:, 0]
    side = cross(part(target, "side"), logits[:, columns("side")]) * part(target, "side_known")
    done = cross(part(target, "done_side"), logits[:, columns("done_side")]) * part(target, "done_side_known")
    zones = cross(part(target, "zones"), logits[:, columns("zones")])
    zones = tf.reduce_mean(zones * tf.repeat(part(target, "zone_known"), 2, axis=1), -1)
    w = WEIGHTS
    total = w["view"] * view + w["steps"] * steps + w["zones"] * zones
    return total + w["side"] * side[:, 0] + w["done_side"] * done[:, 0]


def view_accuracy(target: Any, logits: Any) -> Any:
    """Share of pictures of a known view that are called right (unknown ones count as right)."""
    wanted = part(target, "view")
    right = tf.argmax(wanted, -1) == tf.argmax(logits[:, columns("view")], -1)
    return tf.cast(right | (tf.reduce_sum(wanted, -1) == 0), tf.float32)


def palsy_accuracy(target: Any, logits: Any) -> Any:
    """Share of pictures rightly called weak or healthy at even odds."""
    return tf.cast((logits[:, columns("steps")][:, 0] > 0) == (part(target, "steps")[:, 0] > 0.5), tf.float32)


def side_accuracy(target: Any, logits: Any) -> Any:
    """Share of weak faces whose side is right (others count as right)."""
    right = (logits[:, columns("side")][:, 0] > 0) == (part(target, "side")[:, 0] > 0.5)
    return tf.cast(right | (part(target, "side_known")[:, 0] < 0.5), tf.float32)
