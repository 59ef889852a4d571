"""Train the network: `python -m ml_training.train CONFIG.json`.

A run that was cut off goes on from its last checkpoint. The config names the data, the weights, the budget and the
seed; it is copied beside the trained model with its history, learning curves and the confusion of the views on
validation people. `tensorboard --logdir RUN/tensorboard` shows the course.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from inference.pipeline.classify import columns
from inference.pipeline.codes import VIEWS
from inference.pipeline.shape import features
from ml_training import datasets, models, plots, targets
from ml_training.variation import GREY, boxes, varied

STRATEGIES = {
    "none": tf.distribute.get_strategy,
    "mirrored": tf.distribute.MirroredStrategy,
    "several_machines": tf.distribute.MultiWorkerMirroredStrategy,
}


@dataclass(frozen=True)
class Config:
    """One training run. Paths are relative to the working directory.

    data: data-set folders, simulated ones and the clinic's own alike. weights: ImageNet weights of the trunk.
    rate: peak learning rate, reached after a tenth of the steps and lowered along a cosine. limit: use at most so
    many training pictures (0: all). start: a trained model (.keras) to go on from; where its layers don't fit, only
    its trunk is taken. trunk_only: take no more than that, and learn the heads anew. frozen: the trunk's first layer
    that is trained; those before it keep their weights, and a step takes half the time from block_3_expand on.
    pixels, shape: what the network may see. precision: a Keras dtype policy, "mixed_float16" on a GPU say. distribute:
    "none", "mirrored" (all GPUs of a machine) or "several_machines" (by TF_CONFIG).
    checkpoint_steps: how often a checkpoint is written, in batches.
    """

    data: list[str]
    out: str
    weights: str | None = None
    trunk: str = "MobileNetV2"
    alpha: float = 0.35
    size: int = 160
    epochs: int = 6
    batch: int = 64
    rate: float = 6e-4
    decay: float = 1e-4
    dropout: float = 0.2
    limit: int = 0
    seed: int = 20261121
    start: str | None = None
    trunk_only: bool = False
    frozen: str | None = None
    pixels: bool = True
    shape: bool = True
    precision: str = "float32"
    distribute: str = "none"
    checkpoint_steps: int = 200


BLIND_SHARE = 0.12
"""How many pictures lose all their pixels, and how many others their mesh, so that neither is leant on alone."""
POINT_NOISE = 0.006
"""Noise on the frontal points, in interocular distances: about what the mesh itself jitters by."""


def _vary(average: np.ndarray) -> Any:
    """Vary each crop, jitter each mesh, blind some to one of the two."""

    def vary(given: dict[str, Any], target: Any) -> tuple[dict[str, Any], Any]:
        count, shape = tf.shape(given["crop"])[0], given["shape"]
        crops = varied(given["crop"], boxes(count))
        chance = tf.random.uniform([count])
        crops = tf.where((chance < BLIND_SHARE)[:, None, None, None], GREY, crops)
        shape = shape + tf.random.normal(tf.shape(shape), stddev=POINT_NOISE)
        shape = tf.where((chance > 1 - BLIND_SHARE)[:, None], average[None], shape)
        return {"crop": crops, "shape": shape}, target

    return vary


def shapes(pictures: datasets.Pictures) -> np.ndarray:
    """(N, 1434) float32: the frontal points of each picture."""
    return np.stack([features(points) for points in pictures.points])


def batches(pictures: datasets.Pictures, config: Config, training: bool) -> tf.data.Dataset:
    """Batches of {"crop": float32, 0 to 255, "shape"} and their targets."""
    wanted, shape = targets.of(pictures), shapes(pictures)
    sets = tf.data.Dataset.range(len(pictures))
    if training:
        sets = sets.shuffle(len(pictures), seed=config.seed)
    sets = sets.batch(config.batch, drop_remainder=training and len(pictures) > config.batch)

    def rows(indices: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return pictures.crops[indices], shape[indices], wanted[indices]

    def read(indices: Any) -> tuple[Any, Any]:
        crops, points, target = tf.numpy_function(rows, [indices], [tf.uint8, tf.float32, tf.float32])
        crops.set_shape((None, *pictures.crops.shape[1:]))
        points.set_shape((None, shape.shape[1]))
        target.set_shape((None, wanted.shape[1]))
        return {"crop": crops, "shape": points}, target

    def plain(given: dict[str, Any], target: Any) -> tuple[dict[str, Any], Any]:
        return {"crop": tf.cast(given["crop"], tf.float32), "shape": given["shape"]}, target

    average = shape.mean(0)
    return sets.map(read).map(_vary(average) if training else plain).prefetch(4)


class Resume(keras.callbacks.BackupAndRestore):
    """Goes on from the last checkpoint; a repeated epoch begins at its own place in the learning rate's schedule."""

    def __init__(self, folder: Path, every: int, steps_an_epoch: int) -> None:
        super().__init__(folder, save_freq=every)
        self.steps_an_epoch = steps_an_epoch

    def on_train_begin(self, logs: Any = None) -> None:
        super().on_train_begin(logs)
        self.model.optimizer.iterations.assign((self.model._initial_epoch or 0) * self.steps_an_epoch)


class Progress(keras.callbacks.Callback):
    """One bar over all steps of the run, with the time left."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.bar = tqdm(total=steps, unit="batch", mininterval=10, dynamic_ncols=True)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.bar.update(max(0, epoch * int(self.params["steps"] or 0) - self.bar.n))

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.bar.update()
        if batch % 20 == 0:
            self.bar.set_postfix({k: f"{v:.3f}" for k, v in (logs or {}).items()}, refresh=False)

    def on_train_end(self, logs: Any = None) -> None:
        self.bar.close()


def prepared(config: Config, training: datasets.Pictures, steps: int) -> keras.Model:
    """The network, with its starting weights, ready to be fitted."""
    weights = Path(config.weights) if config.weights else None
    model = models.build(
        config.size, config.trunk, config.alpha, weights, config.dropout, config.pixels, config.shape
    )
    if config.shape:
        chosen = np.random.default_rng(config.seed).permutation(len(training))[:4000]
        models.set_frame(model, shapes(training.where(chosen)))
    if config.start:
        models.take_over(model, keras.models.load_model(config.start, compile=False), config.trunk_only)
    if config.frozen:
        models.freeze(models.trunk_of(model), config.frozen)
    rate = keras.optimizers.schedules.CosineDecay(
        config.rate / 20, steps - steps // 10, alpha=0.01, warmup_target=config.rate, warmup_steps=steps // 10
    )
    # Not through XLA: it takes a minute to compile on a CPU and gains nothing there.
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=config.decay, global_clipnorm=5.0),
        targets.loss,
        metrics=[targets.view_accuracy, targets.palsy_accuracy, targets.side_accuracy],
        jit_compile=False,
    )
    return model


def train(config: Config) -> keras.Model:
    """Train, and write model.keras, config.json, history.json and pictures to the run's folder."""
    keras.utils.set_random_seed(config.seed)
    keras.config.set_dtype_policy(config.precision)
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    pictures = datasets.load([Path(p) for p in config.data], splits=("train", "val"))
    training, validation = pictures.of("train"), pictures.of("val")
    if config.limit and config.limit < len(training):
        training = training.where(
            np.random.default_rng(config.seed).permutation(len(training))[: config.limit]
        )
    feed = batches(training, config, training=True)
    steps = int(feed.cardinality()) * config.epochs
    with STRATEGIES[config.distribute]().scope():
        model = prepared(config, training, steps)
    keep = [
        Resume(out / "resume", config.checkpoint_steps, steps // config.epochs),
        keras.callbacks.CSVLogger(out / "log.csv", append=True),
        keras.callbacks.TensorBoard(out / "tensorboard", write_graph=False),
        Progress(steps),
    ]
    held = batches(validation, config, training=False) if len(validation) else None
    history = model.fit(feed, validation_data=held, epochs=config.epochs, callbacks=keep, verbose=2)
    model.save(out / "model.keras")
    note = {
        "history": history.history,
        "pictures": {"train": len(training), "val": len(validation)},
        "people": {"train": len(set(training.person)), "val": len(set(validation.person))},
    }
    (out / "config.json").write_text(json.dumps(asdict(config), indent=1))
    (out / "history.json").write_text(json.dumps(note, indent=1))
    draw(out, model, validation, held)
    return model


def draw(out: Path, model: keras.Model, validation: datasets.Pictures, held: tf.data.Dataset | None) -> None:
    """Learning curves, and which views are taken for which on validation people."""
    plots.learning({"network": out / "log.csv"}, out / "learning.png")
    if held is None:
        return
    said = model.predict(held, verbose=0)[:, columns("view")].argmax(-1)
    table = np.zeros((len(VIEWS), len(VIEWS)), int)
    known = validation.view >= 0
    np.add.at(table, (validation.view[known], said[known]), 1)
    names = [view.replace("_", " ") for view in VIEWS]
    plots.confusion(table.tolist(), names, "Views, validation people", out / "views.png")


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
