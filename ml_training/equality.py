"""Is an exported network still the one that was trained? Differences of probabilities, and decisions that changed."""

from dataclasses import dataclass
from typing import Any, Final

import keras
import numpy as np
from tqdm import tqdm

from ml_training.convert import Inputs, Lite
from ml_training.evaluate.answers import Predict, RawOutputs, calibrated, suggested_grades

DECISIONS: Final = ("view", "palsy", "side", "grade")
BATCH: Final = 64


def inputs_of(pictures: Any, row: int, shape: np.ndarray) -> Inputs:
    """One picture as the network takes it."""
    return {"crop": pictures.crops[row], "shape": shape}


def by_keras(model: keras.Model, pictures: Any, shapes: np.ndarray) -> np.ndarray:
    """(N, 27) logits by the Keras model, in batches. shapes: (N, 1434)."""
    found = []
    for at in range(0, len(shapes), BATCH):
        crops = pictures.crops[at : at + BATCH].astype(np.float32)
        found.append(model({"crop": crops, "shape": shapes[at : at + BATCH]}, training=False).numpy())
    return np.concatenate(found).astype(np.float64)


def by_lite(lite: Lite, pictures: Any, shapes: np.ndarray, quiet: bool = False) -> np.ndarray:
    """(N, 27) logits by a .tflite file, one picture at a time as in serving."""
    rows = tqdm(range(len(shapes)), unit="picture", leave=False, disable=quiet)
    return np.stack([lite.run(inputs_of(pictures, row, shapes[row])) for row in rows])


def predictor(lite: Lite, shapes_of: Any) -> Predict:
    """A .tflite file as the evaluation asks it. shapes_of: Pictures -> (N, 1434)."""
    return lambda pictures: RawOutputs.of(by_lite(lite, pictures, shapes_of(pictures)))


@dataclass(frozen=True)
class Said:
    """probabilities: (N, 27) of views, grades, side and zones; decisions: name -> (N,), what a clinician reads."""

    probabilities: np.ndarray
    decisions: dict[str, np.ndarray]

    @classmethod
    def of(cls, logits: np.ndarray, fitted: dict[str, Any]) -> "Said":
        """fitted: {"temperatures", "thresholds"} of the release to come."""
        raw = RawOutputs.of(logits)
        answers = calibrated(raw, fitted["temperatures"])
        palsy = answers.palsy >= fitted["thresholds"]["palsy"]
        side = np.where(answers.right >= 0.5, 1, 0)
        probabilities = [
            answers.view,
            answers.grades,
            answers.right[:, None],
            answers.zones.reshape(len(logits), -1),
        ]
        decisions = {
            "view": answers.view.argmax(1),
            "palsy": palsy,
            "side": np.where(palsy, side, -1),
            "grade": suggested_grades(answers.grades, fitted["thresholds"]["palsy"]),
        }
        return cls(np.concatenate(probabilities, 1), decisions)


def difference(wanted: Said, got: Said) -> dict[str, Any]:
    """How far a variant is from the Keras model: the largest difference of any probability, and for each decision the
    share and the number of pictures for which it changed."""
    changed = {name: wanted.decisions[name] != got.decisions[name] for name in DECISIONS}
    return {
        "pictures": len(wanted.probabilities),
        "largest_probability_difference": round(
            float(np.abs(wanted.probabilities - got.probabilities).max()), 6
        ),
        "changed": {
            name: {"pictures": int(flags.sum()), "share": round(float(flags.mean()), 5)}
            for name, flags in changed.items()
        },
    }


def worst(row: dict[str, Any]) -> tuple[str, float]:
    """The decision that changed most often, and its share."""
    name = max(DECISIONS, key=lambda decision: float(row["changed"][decision]["share"]))
    return name, float(row["changed"][name]["share"])


def table(rows: list[dict[str, Any]]) -> str:
    """The variants as Markdown."""
    lines = [
        "| File | Size | One core | Largest difference of a probability | Changed: view | palsy | side | grade |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        speed = "-" if row["milliseconds"] is None else f"{row['milliseconds']:.1f} ms"
        changed = [
            f"{row['changed'][name]['pictures']} ({100 * row['changed'][name]['share']:.2f} %)"
            for name in DECISIONS
        ]
        cells = [
            row["variant"], f"{row['bytes'] / 1e6:.2f} MB", speed,
            f"{row['largest_probability_difference']:.6f}", *changed,
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
