"""Train the network: `python -m ml_training.train CONFIG.json`.

A run that was cut off goes on from its last checkpoint. The config names the data, the weights, the budget and the
seed; it is copied beside the trained model with its history, learning curves and the confusion of the views on
validation people. `tensorboard --logdir RUN/tensorboard` shows the course.
"""

import argparse
import importlib.util
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from inference.pipeline.classify import columns
from inference.pipeline.codes import VIEWS, Exercise
from inference.pipeline.gauge import Gauge
from inference.pipeline.shape import features
from ml_training import datasets, models, plots, sources, targets
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
    pixels, shape, gauge: what the network may see. untouched: share of each epoch's pictures that are labelled
    portraits as they are, drawn with `drawn_evenly`, whatever their number; 0: each once. blind: share of the pictures
    that lose all their pixels, and share of others that lose mesh and gauge, so that neither is leant on alone.
    precision: a Keras dtype policy, "mixed_float16" on a GPU say. distribute: "none",
    "mirrored" (all GPUs of a machine) or "several_machines" (by TF_CONFIG).
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
    gauge: bool = True
    untouched: float = 0.0
    blind: float = 0.12
    precision: str = "float32"
    distribute: str = "none"
    checkpoint_steps: int = 200


POINT_NOISE = 0.006
"""Noise on the frontal points, in interocular distances: about what the mesh itself jitters by."""
HANDFUL, STILL_SHARE, REFERENCE_SHARE = 5, 0.3, 0.5
"""Pictures that share a reference in a batch; how often the reference is seen beside itself; how often it is told."""
GAUGE_NOISE = 0.03
"""Noise on the gauge's coefficients: about what they jitter by from one photo of a face to the next."""


def _vary(averages: tuple[np.ndarray, np.ndarray], blind: float) -> Any:
    """Vary each crop, jitter each mesh and its gauge, blind some to the pixels and others to the mesh."""

    def vary(given: dict[str, Any], target: Any) -> tuple[dict[str, Any], Any]:
        count = tf.shape(given["crop"])[0]
        crops = varied(given["crop"], boxes(count))
        chance = tf.random.uniform([count])
        made = given | {"crop": tf.where((chance < blind)[:, None, None, None], GREY, crops)}
        for name, average, noise in zip(
            ("shape", "gauge"), averages, (POINT_NOISE, GAUGE_NOISE), strict=True
        ):
            jittered = given[name] + tf.random.normal(tf.shape(given[name]), stddev=noise)
            made[name] = tf.where((chance > 1 - blind)[:, None], average[None], jittered)
        return made, target

    return vary


def shapes(pictures: datasets.Pictures) -> np.ndarray:
    """(N, 1434) float32: the frontal points of each picture."""
    return np.stack([features(points) for points in pictures.points])


def gauges(pictures: datasets.Pictures) -> np.ndarray:
    """(N, 52) float32: what the gauge says of each picture's mesh, and of its mirror image, as the product reads it."""
    gauge = Gauge()
    return np.stack([gauge.even(points) for points in pictures.points]).astype(np.float32)


def meshes(pictures: datasets.Pictures) -> np.ndarray:
    """(N, 1486) float32: what the network is told of each picture's mesh, its shape and the gauge."""
    return np.concatenate([shapes(pictures), gauges(pictures)], 1)


def drawn_evenly(view: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """(count,) rows drawn with repeats, each view as often as the root of its number: a rare one is not drowned, nor
    learnt by heart. view: (N,); rows of unknown view are never drawn."""
    known = np.flatnonzero(view >= 0)
    numbers = np.bincount(view[known])
    weight = 1 / np.sqrt(numbers[view[known]])
    return rng.choice(known, count, p=weight / weight.sum())


def handfuls(pictures: datasets.Pictures, share: float, rng: np.random.Generator) -> list[np.ndarray]:
    """Rows of one epoch in small groups, in a new order. A group is a few pictures of one visit; where the visit has a
    photo at rest, that comes first, as the reference of the others, and sometimes twice, so that a face that did not
    move is seen beside itself.

    Every picture comes at least once; but with `share` > 0 portraits as they are are drawn anew (`drawn_evenly`), so
    many that they are that share of all.
    """
    untouched = pictures.source == targets.UNTOUCHED
    chosen = np.arange(len(pictures))
    if share and untouched.any():
        others, those = np.flatnonzero(~untouched), np.flatnonzero(untouched)
        count = round(len(others) * share / (1 - share)) if len(others) else len(those)
        chosen = np.r_[others, those[drawn_evenly(pictures.view[those], count, rng)]]
    resting = datasets.rests(pictures)
    chosen = chosen[np.argsort(pictures.visit[chosen], kind="stable")]
    starts = np.flatnonzero(np.r_[True, pictures.visit[chosen][1:] != pictures.visit[chosen][:-1]])
    found = []
    for rows in np.split(chosen, starts[1:]):
        rest = resting.get(str(pictures.visit[rows[0]]))
        if rest is None or (untouched[rows[0]] and set(rows.tolist()) <= set(rest.tolist())):
            found += np.split(rng.permutation(rows), range(HANDFUL, len(rows), HANDFUL))
            continue
        moving = rng.permutation(rows[~np.isin(rows, rest)])
        for part in np.split(moving, range(HANDFUL, len(moving), HANDFUL)):
            first = rng.choice(rest, 1)
            again = rng.choice(rest, int(rng.random() < STILL_SHARE))
            found.append(np.r_[first, again, part])
    return [found[n] for n in rng.permutation(len(found))]


def references_within(pictures: datasets.Pictures, rows: np.ndarray) -> np.ndarray:
    """Of a handful, where in it the reference of each picture lies, or -1."""
    first = pictures.view[rows[0]] == VIEWS.index(Exercise.REST) and pictures.visit[rows[0]] != ""
    found = np.zeros(len(rows), int) if first else np.full(len(rows), -1)
    found[0] = -1
    return found


def drawn_batches(
    pictures: datasets.Pictures, share: float, batch: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(rows, where in the batch the reference of each lies, else -1), without end, of `batch` pictures or a few more;
    half of the references are left out, so that one network serves photos with and without."""
    while True:
        rows: list[np.ndarray] = []
        rest: list[np.ndarray] = []
        held = 0
        for part in handfuls(pictures, share, rng):
            at = references_within(pictures, part)
            at = np.where((at >= 0) & (rng.random(len(part)) < REFERENCE_SHARE), at + held, -1)
            rows.append(part)
            rest.append(at)
            held += len(part)
            if held >= batch:
                yield np.concatenate(rows), np.concatenate(rest)
                rows, rest, held = [], [], 0


def batches(pictures: datasets.Pictures, config: Config, training: bool) -> tf.data.Dataset:
    """Batches of {"crop": float32, 0 to 255, "shape", "gauge", "rest": (N,) see `drawn_batches`} and their targets;
    in training without end."""
    wanted, shape, gauge = targets.of(pictures), shapes(pictures), gauges(pictures)

    def drawn() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        if training:
            yield from drawn_batches(
                pictures, config.untouched, config.batch, np.random.default_rng(config.seed)
            )
        for at in range(0, len(pictures), config.batch):
            rows = np.arange(at, min(at + config.batch, len(pictures)))
            yield rows, np.full(len(rows), -1)

    index = tf.TensorSpec((None,), tf.int64)
    sets = tf.data.Dataset.from_generator(drawn, output_signature=(index, index))

    def rows(indices: np.ndarray) -> tuple[np.ndarray, ...]:
        return pictures.crops[indices], shape[indices], gauge[indices], wanted[indices]

    def read(indices: Any, rest: Any) -> tuple[Any, Any]:
        kinds = [tf.uint8, tf.float32, tf.float32, tf.float32]
        crops, points, coefficients, target = tf.numpy_function(rows, [indices], kinds)
        crops.set_shape((None, *pictures.crops.shape[1:]))
        for given, like in ((points, shape), (coefficients, gauge), (target, wanted)):
            given.set_shape((None, like.shape[1]))
        made = {"crop": crops, "shape": points, "gauge": coefficients, "rest": tf.cast(rest, tf.int32)}
        return made, target

    def plain(given: dict[str, Any], target: Any) -> tuple[dict[str, Any], Any]:
        return given | {"crop": tf.cast(given["crop"], tf.float32)}, target

    averages = shape.mean(0), gauge.mean(0)
    sets = sets.map(read).map(_vary(averages, config.blind) if training else plain)
    if not training:
        sets = sets.apply(tf.data.experimental.assert_cardinality(-(-len(pictures) // config.batch)))
    return sets.prefetch(4)


class Resume(keras.callbacks.BackupAndRestore):
    """Goes on from the last checkpoint; a repeated epoch begins at its own place in the learning rate's schedule."""

    def __init__(self, folder: Path, every: int, steps_an_epoch: int) -> None:
        super().__init__(folder, save_freq=every)
        self.steps_an_epoch = steps_an_epoch

    def on_train_begin(self, logs: Any = None) -> None:
        super().on_train_begin(logs)
        self.model.optimizer.iterations.assign((self.model._initial_epoch or 0) * self.steps_an_epoch)


class TrainingBar(keras.callbacks.Callback):
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
    """The network with its starting weights."""
    weights = Path(config.weights) if config.weights else None
    model = models.build(
        config.size,
        config.trunk,
        config.alpha,
        weights,
        config.dropout,
        config.pixels,
        config.shape,
        config.gauge,
    )
    if config.shape:
        chosen = np.random.default_rng(config.seed).permutation(len(training))[:4000]
        models.set_frame(model, shapes(training.where(chosen)))
    if config.start:
        models.take_over(model, keras.models.load_model(config.start, compile=False), config.trunk_only)
    if config.frozen:
        models.freeze(models.trunk_of(model), config.frozen)
    return model


def steps_of_epoch(training: datasets.Pictures, config: Config) -> int:
    """Batches in which every picture has come once."""
    steps, held = 0, 0
    for part in handfuls(training, config.untouched, np.random.default_rng(config.seed)):
        held += len(part)
        if held >= config.batch:
            steps, held = steps + 1, 0
    return max(1, steps)


def compiled(model: keras.Model, config: Config, steps: int) -> keras.Model:
    """The network with loss, optimiser and figures, ready to be fitted."""
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


def _tensorboard(folder: Path) -> list[keras.callbacks.Callback]:
    """The log for TensorBoard, where that is installed: TensorFlow no longer brings it along."""
    if importlib.util.find_spec("tensorboard") is None:
        return []
    return [keras.callbacks.TensorBoard(folder, write_graph=False)]


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
    each = steps_of_epoch(training, config)
    steps = each * config.epochs
    with STRATEGIES[config.distribute]().scope():
        model = prepared(config, training, steps)
        learning = compiled(models.beside_rest(model), config, steps)
    keep = [
        Resume(out / "resume", config.checkpoint_steps, each),
        keras.callbacks.CSVLogger(out / "log.csv", append=True),
        *_tensorboard(out / "tensorboard"),
        TrainingBar(steps),
    ]
    held = batches(validation, config, training=False) if len(validation) else None
    history = learning.fit(
        feed, steps_per_epoch=each, validation_data=held, epochs=config.epochs, callbacks=keep, verbose=2
    )
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
    alone = held.map(lambda given, _: {name: given[name] for name in given if name != "rest"})
    said = model.predict(alone, verbose=0)[:, columns("view")].argmax(-1)
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
    train(sources.config(args.config, Config, given))


if __name__ == "__main__":
    sources.told(main)
