"""How much could one photo tell at most? A network that is given the true places of the landmarks instead of a picture.

    python -m ml_training.ceiling --data DIR [DIR ...] [--publish]

It has the heads, the targets, the calibration and the test people of the product's network. What it misses is not in
the face's form: a grade III that moves almost as well, an attempt that hardly began. What it finds and the product's
network does not is lost between the face and the network, and can be won. It takes two minutes.
--publish renews the table of docs/model-figures.md and its data, which lie in ml_training/results/ceiling.json.
"""

import argparse
import json
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np

from ml_training import calibrate, comparison, datasets, models, sources, targets
from ml_training.datasets import Pictures
from ml_training.evaluate import figures
from ml_training.evaluate.answers import RawOutputs, calibrated
from ml_training.form import SIZE, Form

ROOT: Final = Path(__file__).parents[1]
RESULTS, DOCS = ROOT / "ml_training" / "results" / "ceiling.json", ROOT / "docs" / "model-figures.md"
WIDTHS: Final = (512, 256, 128)
DROPOUT: Final = 0.2
BATCH, RATE, DECAY, SEED = 256, 2e-3, 1e-3, 20261121


def build() -> keras.Model:
    """The form's even and odd part (N, 2 * SIZE) -> logits (N, 27)."""
    form = keras.Input((2 * SIZE,), name="form")
    turn = np.repeat([1.0, -1.0], SIZE).astype(np.float32)
    inputs = seen = keras.Input((2 * SIZE,))
    for width in WIDTHS:
        seen = keras.layers.BatchNormalization()(keras.layers.Dense(width)(seen))
        seen = keras.layers.Dropout(DROPOUT)(keras.activations.swish(seen))
    branch = keras.Model(inputs, seen, name="branch")
    return keras.Model(form, models.answers(branch(form), branch(form * turn), DROPOUT), name="ceiling")


def trained(train: Pictures, task: Form, epochs: int) -> keras.Model:
    """The network after so many passes over the training people."""
    keras.utils.set_random_seed(SEED)
    model, steps = build(), epochs * -(-len(train) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps, alpha=0.01)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=DECAY), targets.loss, jit_compile=False)
    model.fit(task.of(train), targets.of(train), batch_size=BATCH, epochs=epochs, verbose=0)
    return model


def measured(data: list[Path], epochs: int = 25) -> dict[str, Any]:
    """The figures on test people, as ceiling.json holds them."""
    train, val, test = (datasets.load(data, (split,)).with_truth() for split in ("train", "val", "test"))
    task = Form.fitted(train)
    model = trained(train, task, epochs)

    def said(pictures: Pictures) -> RawOutputs:
        return RawOutputs.of(model.predict(task.of(pictures), batch_size=1024, verbose=0))

    fitted = calibrate.fit(said(val), val)
    judged = figures.Judged(test, calibrated(said(test), fitted["temperatures"]), fitted["thresholds"])
    rows = {row["key"]: row for row in figures.figures(judged)}
    return {
        "pictures": len(train),
        "people": len(set(train.person)),
        "epochs": epochs,
        "figures": [rows[key] for key in comparison.CEILING_TOLD if key in rows],
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument(
        "--publish", action="store_true", help=f"renew the table of {DOCS} and its data, {RESULTS}"
    )
    args = parser.parse_args()
    content = measured(args.data)
    table = comparison.ceiling_table(content)
    print(table)
    if args.publish:
        RESULTS.write_text(json.dumps(content, indent=1) + "\n")
        marks = comparison.CEILING_START, comparison.CEILING_END
        DOCS.write_text(comparison.between(DOCS.read_text(), *marks, table))


if __name__ == "__main__":
    sources.told(main)
