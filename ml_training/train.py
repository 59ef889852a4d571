"""Train one model: `python -m ml_training.train CONFIG.json`.

A run that was cut off goes on with its last whole epoch. The config names the data, the weights, the budget
and the seed; it is copied beside the trained model, with the history.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ml_training import datasets
from ml_training.models import build, compile_for


@dataclass(frozen=True)
class Config:
    """One training run. Paths are relative to the working directory.

    kind: "exercise" or "palsy"; rate: peak learning rate, reached after a tenth of the steps and lowered
    along a cosine; limit: use at most so many training pictures (0: all); start: a trained model (.keras) of
    the same kind to go on from, in place of ImageNet's weights.
    """

    kind: str
    data: list[str]
    out: str
    weights: str | None
    alpha: float
    size: int = 160
    epochs: int = 6
    batch: int = 64
    rate: float = 6e-4
    decay: float = 1e-4
    dropout: float = 0.2
    limit: int = 0
    seed: int = 20261101
    start: str | None = None


def targets(kind: str, pictures: datasets.Pictures) -> np.ndarray:
    """What the model of this kind has to learn of the pictures."""
    if kind == "exercise":
        return pictures.exercise.astype(np.int32)
    return datasets.palsy_targets(pictures.grade, pictures.side)


SHIFT, ZOOM, TINT = 0.05, 0.08, 0.08
"""How far a crop is moved and scaled, and its colours are changed, as shares."""
HIDDEN, HIDDEN_SHARE = 0.28, 0.4
"""Side of the square that hides a part of the picture, as a share of it, and how many pictures get one."""


def _vary(kind: str) -> Any:
    """Mirror half of a batch (with the side swapped); move, scale, tint, relight and partly hide each picture."""

    def vary(crops: Any, target: Any) -> tuple[Any, Any]:
        crops = tf.cast(crops, tf.float32)
        count, size = tf.shape(crops)[0], tf.shape(crops)[1]
        flip = tf.random.uniform([count]) < 0.5
        crops = tf.where(flip[:, None, None, None], tf.reverse(crops, [2]), crops)
        if kind == "palsy":
            steps, side, present = tf.split(target, [datasets.STEPS, 1, 1], axis=1)
            target = tf.concat([steps, tf.where(flip[:, None], present - side, side), present], 1)
        half = (1 + tf.random.uniform([count, 1], -ZOOM, ZOOM)) / 2
        middle = 0.5 + tf.random.uniform([count, 2], -SHIFT, SHIFT)
        boxes = tf.concat([middle - half, middle + half], 1)
        crops = tf.image.crop_and_resize(crops, boxes, tf.range(count), [size, size], extrapolation_value=128)
        gain = tf.random.uniform([count, 1, 1, 1], 0.85, 1.15)
        gain *= tf.random.uniform([count, 1, 1, 3], 1 - TINT, 1 + TINT)
        offset = tf.random.uniform([count, 1, 1, 1], -16, 16)
        crops = (crops - 128) * gain + 128 + offset
        return tf.clip_by_value(_partly_hidden(crops, count, size), 0, 255), target

    return vary


def _partly_hidden(crops: Any, count: Any, size: Any) -> Any:
    """Some pictures with a grey square somewhere, so that no single feature carries the answer."""
    at = tf.random.uniform([count, 2, 1]) * (1 - HIDDEN)
    line = tf.cast(tf.range(size), tf.float32)[None] / tf.cast(size, tf.float32)
    down, right = ((line >= at[:, i]) & (line < at[:, i] + HIDDEN) for i in (0, 1))
    chosen = tf.random.uniform([count, 1, 1]) < HIDDEN_SHARE
    hidden = down[:, :, None] & right[:, None, :] & chosen
    return tf.where(hidden[..., None], 128.0, crops)


def batches(pictures: datasets.Pictures, config: Config, training: bool) -> tf.data.Dataset:
    """Batches of float32 crops, 0 to 255, and their targets."""
    wanted = targets(config.kind, pictures)
    sets = tf.data.Dataset.range(len(pictures))
    if training:
        sets = sets.shuffle(len(pictures), seed=config.seed)
    sets = sets.batch(config.batch)

    def rows(indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return pictures.crops[indices], wanted[indices]

    def read(indices: Any) -> tuple[Any, Any]:
        crops, target = tf.numpy_function(rows, [indices], [tf.uint8, wanted.dtype])
        crops.set_shape((None, *pictures.crops.shape[1:]))
        target.set_shape((None, *wanted.shape[1:]))
        return crops, target

    def plain(crops: Any, target: Any) -> tuple[Any, Any]:
        return tf.cast(crops, tf.float32), target

    return sets.map(read).map(_vary(config.kind) if training else plain).prefetch(4)


def train(config: Config) -> keras.Model:
    """Train, and write model.keras, config.json and history.json to the run's folder."""
    keras.utils.set_random_seed(config.seed)
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    pictures = datasets.load([Path(p) for p in config.data], splits=("train", "val"))
    training, validation = pictures.of("train"), pictures.of("val")
    if config.limit and config.limit < len(training):
        chosen = np.random.default_rng(config.seed).permutation(len(training))[: config.limit]
        training = training.where(chosen)
    steps = -(-len(training) // config.batch) * config.epochs
    rate = keras.optimizers.schedules.CosineDecay(
        config.rate / 20, steps - steps // 10, alpha=0.01, warmup_target=config.rate, warmup_steps=steps // 10
    )
    weights = Path(config.weights) if config.weights else None
    model = build(config.kind, config.size, config.alpha, weights, config.dropout)
    if config.start:
        model.set_weights(keras.models.load_model(config.start, compile=False).get_weights())
    compile_for(config.kind, model, rate, config.decay)
    keep = [
        keras.callbacks.BackupAndRestore(out / "resume"),
        keras.callbacks.CSVLogger(out / "log.csv", append=True),
    ]
    held = batches(validation, config, training=False) if len(validation) else None
    history = model.fit(
        batches(training, config, training=True),
        validation_data=held,
        epochs=config.epochs,
        callbacks=keep,
        verbose=2,
    )
    model.save(out / "model.keras")
    counts = {"train": len(training), "val": len(validation)}
    people = {"train": len(set(training.person)), "val": len(set(validation.person))}
    (out / "config.json").write_text(json.dumps(asdict(config), indent=1))
    (out / "history.json").write_text(
        json.dumps(
            {
                "history": history.history,
                "pictures": counts,
                "people": people,
            },
            indent=1,
        )
    )
    return model


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path)
    parser.add_argument("--weights", help="ImageNet weights, where the config has another place for them")
    parser.add_argument("--out", help="the run's folder, likewise")
    args = parser.parse_args()
    given = {key: value for key in ("weights", "out") if (value := getattr(args, key))}
    train(Config(**json.loads(args.config.read_text()) | given))


if __name__ == "__main__":
    main()
