"""The two networks: MobileNetV2 from ImageNet's weights, every layer tuned."""

from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from inference.pipeline.codes import EXERCISES
from ml_training.datasets import STEPS
from ml_training.sources import weights_file

OUTPUTS = {"exercise": len(EXERCISES), "palsy": STEPS + 1}
BATCH_NORM_MOMENTUM = 0.97
"""Keras' MobileNetV2 has 0.999, whose averages lag far behind in a training of some hundred steps."""
SIDE_WEIGHT = 0.6


def build(kind: str, size: int, alpha: float, weights: Path | None, dropout: float = 0.2) -> keras.Model:
    """RGB 0 to 255 (batch, size, size, 3) -> logits (batch, 6). kind: "exercise" or "palsy".

    weights: ImageNet weights without the top, or None for random ones. Pixels are scaled inside the model,
    so that training and serving cannot differ.
    """
    base = keras.applications.MobileNetV2(
        input_shape=(size, size, 3), alpha=alpha, include_top=False, weights=None, pooling="avg"
    )
    if weights:
        base.load_weights(weights_file(weights))
    for layer in base.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = BATCH_NORM_MOMENTUM
    inputs = keras.Input((size, size, 3))
    features = base(keras.layers.Rescaling(1 / 127.5, -1)(inputs))
    features = keras.layers.Dropout(dropout)(features)
    return keras.Model(inputs, keras.layers.Dense(OUTPUTS[kind])(features), name=kind)


def palsy_loss(target: Any, logits: Any) -> Any:
    """Cross-entropy of the five severity steps, and of the side where there is one."""
    cross = tf.nn.sigmoid_cross_entropy_with_logits
    steps = tf.reduce_mean(cross(target[:, :STEPS], logits[:, :STEPS]), -1)
    side = cross(target[:, STEPS], logits[:, STEPS]) * target[:, STEPS + 1]
    return steps + SIDE_WEIGHT * side


def palsy_accuracy(target: Any, logits: Any) -> Any:
    """Share of pictures rightly called weak or healthy at even odds."""
    return tf.cast((logits[:, 0] > 0) == (target[:, 0] > 0.5), tf.float32)


def side_accuracy(target: Any, logits: Any) -> Any:
    """Share of weak faces whose side is right (healthy ones count as right)."""
    right = (logits[:, STEPS] > 0) == (target[:, STEPS] > 0.5)
    return tf.cast(right | (target[:, STEPS + 1] < 0.5), tf.float32)


def compile_for(kind: str, model: keras.Model, rate: Any, decay: float) -> None:
    """Loss, metrics and AdamW for a kind of model. Not through XLA: it takes a minute to compile on a CPU and
    gains nothing there."""
    optimizer = keras.optimizers.AdamW(rate, weight_decay=decay, global_clipnorm=5.0)
    if kind == "exercise":
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=False)
    else:
        model.compile(optimizer, palsy_loss, metrics=[palsy_accuracy, side_accuracy], jit_compile=False)
