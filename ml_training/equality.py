"""Is an exported network still the one that was trained? Differences of probabilities, and decisions that changed."""

from dataclasses import dataclass
from typing import Any, Final

import keras
import numpy as np
from tqdm import tqdm

from inference.pipeline.classify import OUTPUTS
from inference.pipeline.shape import SHAPE_SIZE
from ml_training.convert import Inputs, Lite
from ml_training.datasets import references
from ml_training.evaluate.answers import Predict, RawOutputs, calibrated, suggested_grades

DECISIONS: Final = ("view", "palsy", "side", "grade")
BATCH: Final = 64


def inputs_of(pictures: Any, row: int, mesh: np.ndarray) -> Inputs:
    """One picture as the network takes it. mesh: (1486,), its row of `train.meshes`."""
    return {"crop": pictures.crops[row], "shape": mesh[:SHAPE_SIZE], "gauge": mesh[SHAPE_SIZE:]}


def by_keras(model: keras.Model, pictures: Any, meshes: np.ndarray) -> np.ndarray:
    """(N, 27) logits by the Keras model, in batches, without references. meshes: (N, 1486)."""
    found = []
    for at in range(0, len(meshes), BATCH):
        mesh = meshes[at : at + BATCH]
        crops = pictures.crops[at : at + BATCH].astype(np.float32)
        given = {"crop": crops, "shape": mesh[:, :SHAPE_SIZE], "gauge": mesh[:, SHAPE_SIZE:]}
        found.append(model(given, training=False).numpy())
    return np.concatenate(found).astype(np.float64)


class NetworkPair:
    """The two files of a network, eye and judgement, as serving runs them. Not safe to share between threads."""

    def __init__(self, eye: bytes, judgement: bytes) -> None:
        self.eye, self.judgement = Lite(eye), Lite(judgement)

    def see(self, inputs: Inputs) -> np.ndarray:
        """(2, W) of one picture."""
        return self.eye.run(inputs)

    def judge(self, seen: np.ndarray, rest: np.ndarray | None = None) -> np.ndarray:
        """(27,) logits of what was seen, beside the same face at rest or alone."""
        known = np.array([0.0 if rest is None else 1.0])
        faces = np.stack([seen, np.zeros_like(seen) if rest is None else rest])
        return self.judgement.run({"faces": faces, "known": known})

    def milliseconds(self, inputs: Inputs) -> float:
        """Median time of one picture on one core."""
        faces = np.stack([self.see(inputs)] * 2)
        later = self.judgement.milliseconds({"faces": faces, "known": np.ones(1)})
        return round(self.eye.milliseconds(inputs) + later, 3)


def seen_by(pair: NetworkPair, pictures: Any, meshes: np.ndarray, quiet: bool = False) -> np.ndarray:
    """(N, 2, W), one picture at a time as in serving."""
    rows = tqdm(range(len(meshes)), unit="picture", leave=False, disable=quiet)
    return np.stack([pair.see(inputs_of(pictures, row, meshes[row])) for row in rows])


def by_pair(pair: NetworkPair, pictures: Any, meshes: np.ndarray, quiet: bool = False) -> np.ndarray:
    """(N, 27) logits by the two files, one picture at a time as in serving, without references."""
    return np.stack([pair.judge(seen) for seen in seen_by(pair, pictures, meshes, quiet)])


def predictor(pair: NetworkPair, meshes_of: Any, beside_rest: bool = False) -> Predict:
    """The two files as the evaluation asks them. meshes_of: Pictures -> (N, 1486). beside_rest: judge each picture
    beside the photo at rest of its visit, where there is one."""

    def predict(pictures: Any) -> RawOutputs:
        seen = seen_by(pair, pictures, meshes_of(pictures))
        rest = references(pictures) if beside_rest else np.full(len(pictures), -1)
        said = [pair.judge(one, None if at < 0 else seen[at]) for one, at in zip(seen, rest, strict=True)]
        return RawOutputs.of(np.array(said).reshape(-1, OUTPUTS))

    return predict


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
