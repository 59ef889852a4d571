"""What a network says of pictures, and how to ask one."""

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from inference.pipeline.classify import columns, grade_probabilities, sigmoid, softmax
from inference.pipeline.codes import ZONES
from ml_training.datasets import Pictures


@dataclass(frozen=True)
class RawOutputs:
    """Outputs before any calibration. view_logits: (N, 12); step_logits: (N, 5) "worse than grade I" to "worse than
    V"; side_logit: (N,), positive for the right; zones: (N, 4, 2) movement left, NaN where a release has none."""

    view_logits: np.ndarray
    step_logits: np.ndarray
    side_logit: np.ndarray
    zones: np.ndarray

    @classmethod
    def of(cls, logits: np.ndarray) -> "RawOutputs":
        """The network's logits (N, 27) by what they mean."""
        zones = sigmoid(logits[:, columns("zones")]).reshape(-1, len(ZONES), 2)
        return cls(
            logits[:, columns("view")], logits[:, columns("steps")], logits[:, columns("side")][:, 0], zones
        )

    def __len__(self) -> int:
        return len(self.side_logit)

    def where(self, chosen: np.ndarray) -> "RawOutputs":
        """Only some rows."""
        return RawOutputs(*(getattr(self, f.name)[chosen] for f in fields(self)))


Predict = Callable[[Pictures], RawOutputs]
"""A network with everything that serving does around it; it reads the crops and points of the pictures alone."""


@dataclass(frozen=True)
class Answers:
    """Calibrated probabilities. view: (N, 12) in the order of `codes.VIEWS`; grades: (N, 6); right: (N,), that the
    weaker side is the patient's right, given a palsy; zones: (N, 4, 2)."""

    view: np.ndarray
    grades: np.ndarray
    right: np.ndarray
    zones: np.ndarray

    @property
    def palsy(self) -> np.ndarray:
        """(N,) probability of any weakness."""
        return np.asarray(np.clip(1 - self.grades[:, 0], 0, 1))

    def __len__(self) -> int:
        return len(self.right)

    def where(self, chosen: np.ndarray) -> "Answers":
        """Only some rows."""
        return Answers(*(getattr(self, f.name)[chosen] for f in fields(self)))


def calibrated(raw: RawOutputs, temperatures: dict[str, float]) -> Answers:
    """Probabilities as serving makes them. temperatures: divisors of the logits of "exercise", "grade", "side"."""
    return Answers(
        view=softmax(raw.view_logits / temperatures.get("exercise", 1.0)),
        grades=grade_probabilities(raw.step_logits / temperatures.get("grade", 1.0)),
        right=sigmoid(raw.side_logit / temperatures.get("side", 1.0)),
        zones=raw.zones,
    )


def suggested_grades(grades: np.ndarray, threshold: float) -> np.ndarray:
    """(N,) grade I where the palsy probability is below the threshold, else the median of the six (N, 6), II at
    least: `classify.suggested_grade` for many."""
    median = (np.cumsum(grades, 1) < 0.5).sum(1) + 1
    return np.asarray(np.where(1 - grades[:, 0] < threshold, 1, np.clip(median, 2, 6)))
