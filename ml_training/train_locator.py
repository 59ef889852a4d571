"""Train the locator of landmarks: `python -m ml_training.train_locator CONFIG.json`.

It learns from simulated pictures, which know where each landmark truly lies, and begins with the trunk of a trained
network. A run that was cut off goes on from its last checkpoint. It leaves model.keras, config.json, log.csv and
places.json: how far its places and the face mesh's lie from the truth, on validation people.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from inference.pipeline.align import in_crop
from inference.pipeline.places import FACE, MIRRORED
from ml_training import datasets, locator, models, sources
from ml_training.train import Resume, TrainingBar
from ml_training.variation import boxes, varied, within

ZOOM, GAIN, OFFSET = 0.1, 0.2, 20.0
"""Its crops are varied more than the network's: see `variation`."""


@dataclass(frozen=True)
class LocatorConfig:
    """One training run. Paths are relative to the working directory.

    data: folders of simulated pictures. start: a trained network whose trunk it begins with, or a trained locator to go
    on from. frozen: the trunk's first layer that is trained. rate: peak learning rate, reached after `warm_up` steps
    and lowered along a cosine. checkpoint_steps: how often a checkpoint is written, in batches.
    """

    data: list[str]
    out: str
    start: str | None = None
    frozen: str | None = "block_2_expand"
    size: int = 160
    epochs: int = 14
    batch: int = 64
    rate: float = 1.3e-3
    warm_up: int = 200
    decay: float = 1e-4
    seed: int = 20261121
    checkpoint_steps: int = 200


def batches(pictures: datasets.Pictures, config: LocatorConfig, training: bool) -> tf.data.Dataset:
    """Batches of crops, float32, 0 to 255, and their true places, (N, 80, 4) as `locator.loss` takes them; in training
    varied, and half of them mirrored."""
    size = pictures.crops.shape[1]
    shares = (in_crop(pictures.truth, pictures.points, size) + 0.5) / size
    truth = np.concatenate([pictures.truth, shares], -1).astype(np.float32)
    sets = tf.data.Dataset.range(len(pictures))
    if training:
        sets = sets.shuffle(len(pictures), seed=config.seed)
    sets = sets.batch(config.batch, drop_remainder=training and len(pictures) > config.batch)

    def rows(indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return pictures.crops[indices], truth[indices]

    def read(indices: Any) -> tuple[Any, Any]:
        crops, places = tf.numpy_function(rows, [indices], [tf.uint8, tf.float32])
        crops.set_shape((None, *pictures.crops.shape[1:]))
        places.set_shape((None, *truth.shape[1:]))
        return tf.cast(crops, tf.float32), places

    def vary(crops: Any, places: Any) -> tuple[Any, Any]:
        count = tf.shape(crops)[0]
        turned = (tf.random.uniform([count]) < 0.5)[:, None, None]
        mirrored = tf.gather(places, tf.constant(MIRRORED, tf.int32), axis=1) * [-1.0, 1.0, -1.0, 1.0]
        places = tf.where(turned, mirrored + [0.0, 0.0, 1.0, 0.0], places)
        crops = tf.where(turned[..., None], tf.reverse(crops, [2]), crops)
        kept = boxes(count, ZOOM)
        places = tf.concat([places[..., :2], within(kept, places[..., 2:])], -1)
        return varied(crops, kept, GAIN, OFFSET), places

    feed = sets.map(read)
    return (feed.map(vary) if training else feed).prefetch(4)


def prepared(config: LocatorConfig, steps: int) -> keras.Model:
    """The locator with its starting weights, ready to be fitted. ValueError where `start` or `frozen` don't fit."""
    model = locator.build(config.size)
    trunk = model.get_layer("trunk")
    if config.start:
        begin = keras.models.load_model(config.start, compile=False)
        if (other := models.trunk_of(begin)) is not None:
            trunk.set_weights(other.get_weights())
        else:
            model.set_weights(begin.get_weights())
    if config.frozen:
        models.freeze(trunk, config.frozen)
    rate = keras.optimizers.schedules.CosineDecay(
        config.rate / 20, steps - config.warm_up, alpha=0.01, warmup_target=config.rate,
        warmup_steps=config.warm_up,
    )  # fmt: skip
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=config.decay, global_clipnorm=5.0),
        locator.loss,
        metrics=[locator.error, locator.odd_error],
        jit_compile=False,
    )
    return model


def train(config: LocatorConfig) -> keras.Model:
    """Train, and write model.keras, config.json, log.csv and places.json to the run's folder."""
    keras.utils.set_random_seed(config.seed)
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    pictures = datasets.load([Path(p) for p in config.data], splits=("train", "val")).with_truth()
    training, validation = pictures.of("train"), pictures.of("val")
    feed = batches(training, config, training=True)
    steps = int(feed.cardinality()) * config.epochs
    model = prepared(config, steps)
    keep = [
        Resume(out / "resume", config.checkpoint_steps, steps // config.epochs),
        keras.callbacks.CSVLogger(out / "log.csv", append=True),
        TrainingBar(steps),
    ]
    held = batches(validation, config, training=False)
    model.fit(feed, validation_data=held, epochs=config.epochs, callbacks=keep, verbose=2)
    model.save(out / "model.keras")
    (out / "config.json").write_text(json.dumps(asdict(config), indent=1))
    told = {
        "people": {"train": len(set(training.person)), "val": len(set(validation.person))},
        "pictures": {"train": len(training), "val": len(validation)},
        "mesh": locator.distances(validation.points[:, FACE, :2], validation),
        "locator": locator.distances(locator.found(model, validation.crops), validation),
    }
    (out / "places.json").write_text(json.dumps(told, indent=1))
    return model


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path)
    parser.add_argument(
        "--start", help="the network whose trunk it begins with, where the config has another"
    )
    parser.add_argument("--out", help="the run's folder, likewise")
    args = parser.parse_args()
    given = {key: value for key in ("start", "out") if (value := getattr(args, key))}
    train(sources.config(args.config, LocatorConfig, given))


if __name__ == "__main__":
    sources.told(main)
