"""Train well-known networks on the same pictures with the same budget, and lay them beside each other.

    python -m ml_training.compare --data DIR... --out FOLDER [--pictures N --epochs E --size S] [--weights DIR]

Each sees the crop alone, once, and says which of the twelve views it shows and whether it is a palsy: pictures, order,
split, optimiser, schedule and seed are the same for all. What differs beside the network is what it starts from:
ImageNet's weights, from a file in --weights or as Keras loads them from the internet, and from random ones too, so that
the table shows what the start alone is worth. Where neither can be had, it says so, and the table leaves that network
out. FOLDER gets one JSON a network and compare.json and compare.md over all; a run that was cut off goes on with the
networks that are missing. --publish renews the table of docs/training.md with what is there.
"""

import argparse
import gc
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from inference.pipeline.codes import VIEWS
from ml_training import sources
from ml_training.comparison import IMAGENET, PLAIN, RANDOM, table, with_table
from ml_training.convert import Lite, to_tflite
from ml_training.datasets import DataMissing
from ml_training.evaluate.intervals import Sample

WARM_UP_SHARE: Final = 0.1
DECAY, DROPOUT, CLIP = 1e-4, 0.2, 5.0
BATCH_NORM_MOMENTUM: Final = 0.95
"""The networks' own, 0.99 and 0.999, lag far behind in a training of a hundred steps."""
DOCS: Final = Path("docs/training.md")
RESULTS: Final = Path("ml_training/results/compare.json")
FROM_KERAS: Final = "imagenet"
LEAST_SIZE: Final = 75
"""px; the Inception networks take no less."""


@dataclass(frozen=True)
class Backbone:
    """A network of keras.applications. files: patterns of the names that its ImageNet weights go by; cost: million
    multiplications for a picture of 224 px as its paper has it, for the progress bar alone."""

    make: Any
    cost: float
    files: tuple[str, ...] = ()
    options: tuple[tuple[str, Any], ...] = ()
    scaled: bool = False
    """Whether it scales pixels of 0 to 255 itself."""


_apps = keras.applications
NETWORKS: Final[dict[str, Backbone]] = {
    PLAIN: Backbone(None, 150),
    "MobileNetV3 small": Backbone(
        _apps.MobileNetV3Small, 56, ("*mobilenet_v3_small*1.0*no_top*",), (), scaled=True
    ),
    "MobileNetV3 large": Backbone(
        _apps.MobileNetV3Large, 219, ("*mobilenet_v3_large*1.0*no_top*",), (), scaled=True
    ),
    "MobileNetV2": Backbone(_apps.MobileNetV2, 300, ("*mobilenet_v2*1.0*no_top*",)),
    "MobileNetV2, width 0.35": Backbone(
        _apps.MobileNetV2, 59, ("*mobilenet_v2*0.35*no_top*",), (("alpha", 0.35),)
    ),
    "MobileNet, width 0.75": Backbone(
        _apps.MobileNet, 325, ("mobilenet_v1_0.75*no_top*", "mobilenet_7_5*no_top*"), (("alpha", 0.75),)
    ),
    "InceptionV3": Backbone(_apps.InceptionV3, 3200, ("inception_v3*no*top*",)),
    "Xception": Backbone(_apps.Xception, 4700, ("xception*no*top*",)),
    "InceptionResNetV2": Backbone(_apps.InceptionResNetV2, 7400, ("inception_resnet_v2*no*top*",)),
}


@dataclass(frozen=True)
class Budget:
    """What every network gets. fingerprint: of the chosen pictures, so that two runs are never mixed."""

    data: list[str]
    pictures: int
    people: int
    test_pictures: int
    test_people: int
    epochs: int
    size: int
    batch: int
    rate: float
    seed: int
    fingerprint: str


@dataclass(frozen=True)
class Some:
    """Chosen pictures of one split: crops (N, s, s, 3) uint8, view (N,) index or -1, weak (N,) bool, person (N,)."""

    crops: np.ndarray
    view: np.ndarray
    weak: np.ndarray
    person: np.ndarray

    def targets(self) -> np.ndarray:
        """(N, 14) float32: the view, one column each (all 0 where unknown), palsy, and 1."""
        view = np.zeros((len(self.view), len(VIEWS)), np.float32)
        known = self.view >= 0
        view[known, self.view[known]] = 1
        return np.column_stack([view, self.weak]).astype(np.float32)


def choose(folders: list[Path], split: str, limit: int, size: int, seed: int) -> Some:
    """At most `limit` pictures of a split (0: all), drawn by the seed, reduced to `size` px while they are read: a data
    set may be larger than the memory. Raises DataMissing."""
    parts = [path for folder in folders for path in sorted(folder.glob("part-*.npz"))]
    rows = []
    for number, path in enumerate(parts):
        with np.load(path) as part:
            rows += [(number, int(row)) for row in np.flatnonzero(part["split"] == split)]
    if not rows:
        raise DataMissing(
            f"No pictures of {split} people in {', '.join(map(str, folders))}: run `python -m ml_training.simulate`."
        )
    order = np.random.default_rng(seed).permutation(len(rows))[: limit or None]
    chosen = np.array(rows)[np.sort(order)]
    crops, view, weak, person = [], [], [], []
    for number in np.unique(chosen[:, 0]):
        at = chosen[chosen[:, 0] == number, 1]
        with np.load(parts[number]) as part:
            crops += [
                cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA) for crop in part["crops"][at]
            ]
            view.append(part["view"][at])
            weak.append(part["grade"][at] > 1)
            person.append(part["person"][at])
    return Some(np.stack(crops), np.concatenate(view), np.concatenate(weak), np.concatenate(person))


def budget_of(train: Some, test: Some, args: argparse.Namespace) -> Budget:
    digest = hashlib.sha256(train.crops.tobytes() + test.crops.tobytes())
    return Budget(
        data=[folder.name for folder in args.data],
        pictures=len(train.view),
        people=len(set(train.person.tolist())),
        test_pictures=len(test.view),
        test_people=len(set(test.person.tolist())),
        epochs=args.epochs,
        size=args.size,
        batch=args.batch,
        rate=args.rate,
        seed=args.seed,
        fingerprint=digest.hexdigest()[:16],
    )


def weights_of(network: Backbone, folder: Path | None) -> Path | None:
    """The file with ImageNet's weights in the folder, if there is one."""
    found = [path for pattern in network.files for path in sorted(folder.glob(pattern))] if folder else []
    return found[0] if found else None


def loadable(name: str, size: int) -> bool:
    """Whether Keras can load ImageNet's weights of the network, from its own store or the internet; says so where it
    can't."""
    network = NETWORKS[name]
    if network.make is None:
        return False
    try:
        network.make(
            input_shape=(size, size, 3), include_top=False, weights=FROM_KERAS, **dict(network.options)
        )
    except Exception as error:  # noqa: BLE001  # Keras raises plain ones for whatever its download meets
        reason = str(error).strip().splitlines()[-1]
        print(
            f"{name}: Keras can't load ImageNet's weights ({reason}); it starts from random ones alone, and the table "
            "leaves it out."
        )
        return False
    return True


def build(name: str, size: int, weights: Path | str | None = None) -> keras.Model:
    """RGB 0 to 255 (N, size, size, 3) -> logits (N, 13): the views and palsy. weights: a file, or FROM_KERAS."""
    network = NETWORKS[name]
    inputs = keras.Input((size, size, 3), name="crop")
    pixels = inputs if network.scaled else keras.layers.Rescaling(1 / 127.5, -1)(inputs)
    if network.make is None:
        features = _plain(pixels)
    else:
        base = network.make(
            input_shape=(size, size, 3),
            include_top=False,
            weights=FROM_KERAS if weights == FROM_KERAS else None,
            pooling="avg",
            **dict(network.options),
        )
        if isinstance(weights, Path):
            base.load_weights(weights)
        for layer in base.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.momentum = BATCH_NORM_MOMENTUM
        features = base(pixels)
    features = keras.layers.Dropout(DROPOUT)(features)
    return keras.Model(inputs, keras.layers.Dense(len(VIEWS) + 1)(features), name="compared")


def _plain(pixels: Any) -> Any:
    """Five blocks of convolution, batch normalisation and halving, as a first course teaches it."""
    for width in (32, 64, 96, 128, 192):
        pixels = keras.layers.Conv2D(width, 3, padding="same", use_bias=False)(pixels)
        pixels = keras.layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(pixels)
        pixels = keras.layers.MaxPooling2D()(keras.layers.ReLU()(pixels))
    return keras.layers.GlobalAveragePooling2D()(pixels)


def loss(target: Any, logits: Any) -> Any:
    """(N,): cross-entropy of the view, where it is known, and of palsy."""
    view = -tf.reduce_sum(target[:, :-1] * tf.nn.log_softmax(logits[:, :-1]), -1)
    return view + tf.nn.sigmoid_cross_entropy_with_logits(target[:, -1], logits[:, -1])


def _vary(crops: Any, target: Any) -> tuple[Any, Any]:
    """Mirror half of a batch, and light and tint each picture anew; neither changes what is asked here."""
    crops = tf.cast(crops, tf.float32)
    count = tf.shape(crops)[0]
    flip = tf.random.uniform([count]) < 0.5
    crops = tf.where(flip[:, None, None, None], tf.reverse(crops, [2]), crops)
    gain = tf.random.uniform([count, 1, 1, 1], 0.85, 1.15) * tf.random.uniform([count, 1, 1, 3], 0.93, 1.07)
    return tf.clip_by_value((crops - 128) * gain + 128, 0, 255), target


class _Told(keras.callbacks.Callback):
    """Moves the bar of the whole comparison on by what a step of this network costs."""

    def __init__(self, bar: tqdm, cost: float) -> None:
        super().__init__()
        self.bar, self.cost = bar, cost

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.bar.update(self.cost)


def fit(model: keras.Model, train: Some, budget: Budget, bar: tqdm, cost: float) -> dict[str, Any]:
    """Train by the budget. Returns the losses by epoch and what it took, in seconds of the processor and of the wall's
    clock: on a shared computer only the first can be compared."""
    feed = (
        tf.data.Dataset.from_tensor_slices((train.crops, train.targets()))
        .shuffle(len(train.view), seed=budget.seed)
        .batch(budget.batch, drop_remainder=True)
        .map(_vary)
        .prefetch(1)
    )
    steps = len(train.view) // budget.batch * budget.epochs
    warm_up = max(1, int(steps * WARM_UP_SHARE))
    rate = keras.optimizers.schedules.CosineDecay(
        budget.rate / 20, max(1, steps - warm_up), alpha=0.01, warmup_target=budget.rate, warmup_steps=warm_up
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=DECAY, global_clipnorm=CLIP)
    model.compile(optimizer, loss, jit_compile=False)
    processor, clock = time.process_time(), time.monotonic()
    history = model.fit(feed, epochs=budget.epochs, callbacks=[_Told(bar, cost)], verbose=0)
    return {
        "losses": [round(value, 4) for value in history.history["loss"]],
        "train_seconds": round(time.process_time() - processor, 1),
        "wall_seconds": round(time.monotonic() - clock, 1),
    }


def measure(model: keras.Model, test: Some) -> dict[str, Any]:
    """Share of views met and area under the curve of palsy on test people, each with its interval over people; size and
    speed of the network as serving would run it."""
    batches = range(0, len(test.view), 64)
    logits = np.concatenate([model(test.crops[at : at + 64].astype(np.float32)).numpy() for at in batches])
    known = test.view >= 0
    sample = Sample(test.person)
    content = to_tflite(model, "float32")
    lite = Lite(content)
    return {
        "view": sample.where(known)
        .share("view", "View met", logits[known, :-1].argmax(1) == test.view[known])
        .row(),
        "palsy": sample.area("palsy", "Palsy, area under the curve", logits[:, -1], test.weak).row(),
        "parameters": int(model.count_params()),
        "bytes": len(content),
        "milliseconds": lite.milliseconds({"crop": test.crops[0]}),
    }


def plan(names: list[str], weights: Path | None, size: int) -> Iterator[tuple[str, str, Path | str | None]]:
    """(network, start, weights) of every training: from random weights each, and from ImageNet's where there are."""
    for name in names:
        if file := weights_of(NETWORKS[name], weights):
            yield name, IMAGENET, file
        elif loadable(name, size):
            yield name, IMAGENET, FROM_KERAS
        yield name, RANDOM, None


def slug(name: str, start: str) -> str:
    return "-".join(f"{name} {start}".lower().replace(",", "").replace(".", "").split())


def finished(out: Path, budget: Budget) -> dict[str, dict[str, Any]]:
    """The rows of FOLDER by their slugs. SystemExit if they come from another budget or other pictures."""
    rows = {}
    for file in sorted(out.glob("network-*.json")):
        content = json.loads(file.read_text())
        if content["budget"] != asdict(budget):
            raise SystemExit(f"{file} comes from another budget or other pictures: name another --out.")
        rows[file.stem.removeprefix("network-")] = content["row"]
    return rows


def run(args: argparse.Namespace) -> dict[str, Any]:
    """The whole comparison; what is finished already is not done again."""
    if args.size < LEAST_SIZE:
        raise SystemExit(f"The Inception networks take no pictures under {LEAST_SIZE} px.")
    train = choose(args.data, "train", args.pictures, args.size, args.seed)
    test = choose(args.data, "test", args.test_pictures, args.size, args.seed)
    budget = budget_of(train, test, args)
    args.out.mkdir(parents=True, exist_ok=True)
    rows = finished(args.out, budget)
    todo = [
        job
        for job in plan(args.networks or list(NETWORKS), args.weights, args.size)
        if slug(*job[:2]) not in rows
    ]
    steps = budget.pictures // budget.batch * budget.epochs
    total = sum(NETWORKS[name].cost * steps for name, _, _ in todo)
    form = "{desc} {percentage:3.0f} %|{bar}| {elapsed} gone, {remaining} left"
    with tqdm(total=total, bar_format=form, mininterval=5, dynamic_ncols=True) as bar:
        for name, start, weights in todo:
            bar.set_description(f"{name} ({start})")
            rows[slug(name, start)] = row = _one(name, start, weights, train, test, budget, bar)
            file = args.out / f"network-{slug(name, start)}.json"
            file.write_text(json.dumps({"budget": asdict(budget), "row": row}, indent=1) + "\n")
            write(args.out, budget, rows)
    return write(args.out, budget, rows)


def _one(
    name: str, start: str, weights: Path | str | None, train: Some, test: Some, budget: Budget, bar: tqdm
) -> dict[str, Any]:
    keras.backend.clear_session()
    gc.collect()
    keras.utils.set_random_seed(budget.seed)
    model = build(name, budget.size, weights)
    row = {"network": name, "start": start, "weights": weights.name if isinstance(weights, Path) else weights}
    return row | fit(model, train, budget, bar, NETWORKS[name].cost) | measure(model, test)


def write(out: Path, budget: Budget, rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """compare.json and compare.md of what is finished, best views first."""
    ordered = sorted(rows.values(), key=lambda row: -(row["view"]["value"] or 0))
    content = {"budget": asdict(budget), "networks": ordered}
    (out / "compare.json").write_text(json.dumps(content, indent=1) + "\n")
    (out / "compare.md").write_text(table(content) + "\n")
    return content


def publish(content: dict[str, Any]) -> None:
    """Put the table into the documentation, and its data beside this program."""
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(content, indent=1) + "\n")
    DOCS.write_text(with_table(DOCS.read_text(), content))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=2000, help="of training people (0: all)")
    parser.add_argument("--test-pictures", type=int, default=1000, help="of test people (0: all)")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--size", type=int, default=96, help="px")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=1e-3, help="peak learning rate")
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--weights", type=Path, help="folder with ImageNet weights as Keras downloads them")
    parser.add_argument(
        "--networks", nargs="+", choices=list(NETWORKS), metavar="NAME", help="some of them only"
    )
    parser.add_argument(
        "--publish", action="store_true", help=f"renew the table of {DOCS} and its data, {RESULTS}"
    )
    args = parser.parse_args()
    content = run(args)
    print(table(content))
    if args.publish:
        publish(content)


if __name__ == "__main__":
    sources.told(main)
