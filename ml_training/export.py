"""Make a release of two trained models.

    python -m ml_training.export --exercise RUN --palsy RUN --data DIR --name 2026.11.1 --activate

Converts both to .tflite, compares them with Keras on held-out pictures, calibrates on
validation people, measures on test people, and writes release.json, card.json and the figures.
"""

import argparse
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from inference.pipeline.classify import EXERCISE_FILE, PALSY_FILE, Classifier, sigmoid, softmax
from inference.pipeline.codes import EXERCISES
from inference.pipeline.release import (
    ACTIVE_FILE,
    ARTIFACTS_DIR,
    PREPROCESSING_VERSION,
    Release,
    load_release,
    sha256_of,
)
from ml_training import calibrate, card, datasets, evaluate, plots
from ml_training.datasets import Pictures

FILES = {"exercise": EXERCISE_FILE, "palsy": PALSY_FILE}
LARGEST_FILE = 12 * 2**20
MOST_OFF = 0.05
"""Farthest that a probability of the exported model may lie from Keras'."""
COMPARED = 64


def convert(model: keras.Model, bits: int) -> bytes:
    """The model as a .tflite for one picture at a time, its weights of 16 or 32 bits."""
    spec = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32)
    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, input_signature=[spec], verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if bits == 16:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        data: bytes = converter.convert()
    if len(data) > LARGEST_FILE:
        raise SystemExit(
            f"The model takes {len(data) / 2**20:.1f} MiB, more than {LARGEST_FILE / 2**20:.0f}."
        )
    return data


def compare(models: dict[str, keras.Model], classifier: Classifier, pictures: Pictures) -> dict[str, Any]:
    """Largest differences of logits and probabilities between Keras and the exported files."""
    result: dict[str, Any] = {"pictures": min(COMPARED, len(pictures))}
    rows = np.random.default_rng(0).permutation(len(pictures))[:COMPARED]
    for kind, model in models.items():
        crops = pictures.crops[rows]
        wanted = model.predict(crops.astype(np.float32), verbose=0)
        single = classifier.single(kind)
        got = np.stack([single.logits(crop) for crop in crops])
        squash = softmax if kind == "exercise" else sigmoid
        off = float(np.abs(squash(wanted) - squash(got)).max())
        result[kind] = {
            "largest_logit_difference": round(float(np.abs(wanted - got).max()), 5),
            "largest_probability_difference": round(off, 6),
        }
        if off > MOST_OFF:
            raise SystemExit(f"The exported {kind} model differs from Keras by {off:.3f} in a probability.")
    return result


def write_release(folder: Path, name: str, **changes: Any) -> Release:
    """release.json with the checksums of what lies in the folder, and an empty card if there is none."""
    files = {file: sha256_of(folder / file) for file in FILES.values()}
    content = {
        "name": name,
        "preprocessing": PREPROCESSING_VERSION,
        "exercises": list(EXERCISES),
        "input_sizes": {},
        "temperatures": {"exercise": 1.0, "grade": 1.0, "side": 1.0},
        "thresholds": {"palsy": 0.5, "exercise": 0.5},
        "files": files,
    } | changes
    (folder / "release.json").write_text(json.dumps(content, indent=1) + "\n")
    if not (folder / "card.json").exists():
        (folder / "card.json").write_text("{}")
    return load_release(folder)


def export(
    runs: dict[str, Path], data: list[Path], folder: Path, note: str, portraits: Path | None, bits: int = 32
) -> None:
    """Write the whole release folder."""
    folder.mkdir(parents=True, exist_ok=True)
    models = {kind: keras.models.load_model(run / "model.keras", compile=False) for kind, run in runs.items()}
    for kind, model in models.items():
        (folder / FILES[kind]).write_bytes(convert(model, bits))
    sizes = {kind: int(model.input_shape[1]) for kind, model in models.items()}
    raw = Classifier(write_release(folder, folder.name, input_sizes=sizes), threads=2)

    held = datasets.load(data, splits=("val", "test"))
    validation, test = held.of("val"), held.of("test")
    equality = compare(models, raw, test)
    exercise, palsy = evaluate.raw_outputs(raw, validation)
    temperatures = calibrate.temperatures(exercise, palsy, validation)
    calibrated = Classifier(
        write_release(folder, folder.name, input_sizes=sizes, temperatures=temperatures), threads=2
    )
    answer = evaluate.said(calibrated, exercise, palsy)
    thresholds = {
        "palsy": calibrate.palsy_threshold(answer.palsy, validation.grade),
        "exercise": calibrate.exercise_threshold(answer.exercise, validation.exercise),
    }
    answer = evaluate.said(calibrated, *evaluate.raw_outputs(calibrated, test))
    tables = evaluate.tables(answer, test, thresholds["palsy"])
    content = {
        "name": folder.name,
        "made_on": datetime.now(UTC).date().isoformat(),
        "note": note,
        **card.WORDS,
        "models": [
            card.model_row(kind, models[kind], runs[kind], folder / FILES[kind], bits) for kind in models
        ],
        "data": card.data_rows(runs, held, data),
        "calibration": {"fitted_on": "validation people", "temperatures": temperatures},
        "thresholds": thresholds,
        "equality_with_keras": equality,
        "figures": evaluate.figures(answer, test, thresholds["palsy"]),
        "tables": tables,
        "plots": draw(folder, runs, answer, test, tables),
    }
    card_file = folder / "card.json"
    card_file.write_text(json.dumps(content, indent=1) + "\n")
    write_release(folder, folder.name, input_sizes=sizes, temperatures=temperatures, thresholds=thresholds)
    if portraits:
        content["figures"].append(evaluate.real_faces(portraits, load_release(folder)))
        card_file.write_text(json.dumps(content, indent=1) + "\n")


def draw(
    folder: Path, runs: dict[str, Path], answer: evaluate.Said, test: Pictures, tables: dict[str, Any]
) -> list[dict[str, str]]:
    """Draw the figures and list them for the card."""
    names = [name.replace("_", " ") for name in EXERCISES]
    plots.confusion(tables["exercise_confusion"], names, "Exercises, test people", folder / "exercises.png")
    plots.confusion(
        tables["grade_confusion"], ["I", "II", "III", "IV", "V", "VI"], "Grades, test people",
        folder / "grades.png",
    )  # fmt: skip
    curves = {
        "exercise": (answer.exercise.max(-1), answer.exercise.argmax(-1) == test.exercise),
        "palsy": (answer.palsy, test.grade > 1),
    }
    plots.reliability(curves, folder / "reliability.png")
    plots.learning({kind: run / "log.csv" for kind, run in runs.items()}, folder / "learning.png")
    return card.PLOTS


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--exercise", type=Path, required=True, help="run folder of the exercise model")
    parser.add_argument("--palsy", type=Path, required=True, help="run folder of the palsy model")
    parser.add_argument(
        "--data", type=Path, nargs="+", required=True, help="pictures to calibrate and test on"
    )
    parser.add_argument("--name", required=True)
    parser.add_argument("--note", default="", help="one sentence on how this release was made")
    parser.add_argument("--portraits", type=Path, help="real photographs of healthy people, for false alarms")
    parser.add_argument("--out", type=Path, default=ARTIFACTS_DIR)
    parser.add_argument("--bits", type=int, choices=(16, 32), default=32, help="of each weight")
    parser.add_argument("--docs", type=Path, help="the document whose table of figures is made anew")
    parser.add_argument("--activate", action="store_true")
    args = parser.parse_args()
    runs = {"exercise": args.exercise, "palsy": args.palsy}
    export(runs, args.data, args.out / args.name, args.note, args.portraits, args.bits)
    if args.docs:
        content = json.loads((args.out / args.name / "card.json").read_text())
        args.docs.write_text(card.with_figures(args.docs.read_text(), content))
    if args.activate:
        (args.out / ACTIVE_FILE).write_text(args.name + "\n")


if __name__ == "__main__":
    main()
