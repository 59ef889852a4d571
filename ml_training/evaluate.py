"""Figures of a release on people whom training never saw, each with an interval.

    python -m ml_training.evaluate --data DIR [--portraits DIR]

Without options it measures the active release. --portraits names a folder of real photographs of healthy
people, unmoved: the share of them that is called weak is the honest false alarm.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import norm
from sklearn.metrics import cohen_kappa_score, confusion_matrix, roc_auc_score
from tqdm import tqdm

from inference.pipeline.classify import Classifier, suggested_grade
from inference.pipeline.codes import EXERCISES
from inference.pipeline.engine import Engine
from inference.pipeline.release import Release, verify_release
from ml_training import datasets, sources
from ml_training.datasets import Pictures

RESAMPLES = 1000
WEAK_FROM = 3
"""Grade II keeps three quarters of the movement or more; figures "from III" leave it out."""


@dataclass(frozen=True)
class Said:
    """What serving says of N crops. exercise (N, 6), grades (N, 6), right (N,): calibrated probabilities."""

    exercise: np.ndarray
    grades: np.ndarray
    right: np.ndarray

    @property
    def palsy(self) -> np.ndarray:
        return 1 - self.grades[:, 0]


def raw_outputs(classifier: Classifier, pictures: Pictures) -> tuple[np.ndarray, np.ndarray]:
    """Serving's own logits (N, 6) and (N, 6), each picture and its mirror image averaged as in serving."""
    pairs = [classifier.logits(crop, crop) for crop in tqdm(pictures.crops, unit="crop", leave=False)]
    return np.stack([e for e, _ in pairs]), np.stack([p for _, p in pairs])


def said(classifier: Classifier, exercise: np.ndarray, palsy: np.ndarray) -> Said:
    """Calibrated probabilities of raw outputs."""
    verdicts = [classifier.verdict(e, p) for e, p in zip(exercise, palsy, strict=True)]
    return Said(
        np.array([v.exercises for v in verdicts]),
        np.array([v.grades for v in verdicts]),
        np.array([v.right for v in verdicts]),
    )


def wilson(hits: int, count: int, level: float = 0.95) -> tuple[float, float]:
    """Interval of a share (Wilson, J Am Stat Assoc 1927)."""
    if not count:
        return 0.0, 1.0
    z = float(norm.ppf((1 + level) / 2))
    share, spread = hits / count, z * z / count
    middle = (share + spread / 2) / (1 + spread)
    half = z * np.sqrt(share * (1 - share) / count + spread / (4 * count)) / (1 + spread)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def bootstrap(
    measure: Callable[[np.ndarray], float], person: np.ndarray, seed: int = 20261101, level: float = 0.95
) -> tuple[float, float]:
    """Interval of `measure(rows)` when whole people are drawn again: one person's pictures go together."""
    rng = np.random.default_rng(seed)
    rows = [np.nonzero(person == who)[0] for who in np.unique(person)]
    values = []
    for _ in range(RESAMPLES):
        drawn = np.concatenate([rows[i] for i in rng.integers(len(rows), size=len(rows))])
        values.append(measure(drawn))
    low, high = np.nanquantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def figure(
    key: str, name: str, measure: Callable[[np.ndarray], float], chosen: np.ndarray, person: np.ndarray
) -> dict[str, Any]:
    """One row of the card: value and interval of `measure` on the chosen rows (mask)."""
    rows = np.nonzero(chosen)[0]
    low, high = bootstrap(lambda drawn: measure(rows[drawn]), person[rows])
    return {
        "key": key,
        "name": name,
        "value": round(measure(rows), 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "interval": "95 %, bootstrap over people",
        "pictures": len(rows),
        "people": len(set(person[rows].tolist())),
    }


def calibration_error(probability: np.ndarray, hit: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error: mean gap between stated and found probability, by equal-width bins."""
    index = np.clip((probability * bins).astype(int), 0, bins - 1)
    gaps = [
        (index == b).mean() * abs(probability[index == b].mean() - hit[index == b].mean())
        for b in range(bins)
        if (index == b).any()
    ]
    return float(np.sum(gaps))


def figures(answer: Said, pictures: Pictures, threshold: float) -> list[dict[str, Any]]:
    """The card's figures on these pictures."""
    exercise_right = answer.exercise.argmax(-1) == pictures.exercise
    weak, called = pictures.grade > 1, answer.palsy >= threshold
    side_right = (answer.right >= 0.5) == (pictures.side == 1)
    grade = np.array([suggested_grade(g.tolist(), threshold) for g in answer.grades])
    off = np.abs(grade - pictures.grade)
    every, clear = np.ones(len(pictures), bool), pictures.grade >= WEAK_FROM
    person = pictures.person

    def share(hit: np.ndarray) -> Callable[[np.ndarray], float]:
        return lambda rows: float(hit[rows].mean())

    def area(target: np.ndarray) -> Callable[[np.ndarray], float]:
        def of(rows: np.ndarray) -> float:
            return (
                float(roc_auc_score(target[rows], answer.palsy[rows]))
                if 0 < target[rows].mean() < 1
                else np.nan
            )

        return of

    def kappa(rows: np.ndarray) -> float:
        return float(cohen_kappa_score(pictures.grade[rows], grade[rows], weights="quadratic"))

    healthy_or_clear = clear | ~weak
    return [
        figure("exercise_accuracy", "Exercise recognised", share(exercise_right), every, person),
        figure("palsy_auc", "Palsy, area under the curve, grades II to VI", area(weak), every, person),
        figure("palsy_auc_clear", "Palsy, area under the curve, grades III to VI", area(weak),
               healthy_or_clear, person),
        figure("specificity", "Healthy called normal", share(~called), ~weak, person),
        figure("sensitivity", "Weak called weak, grades II to VI", share(called), weak, person),
        figure("sensitivity_clear", "Weak called weak, grades III to VI", share(called), clear, person),
        figure("side_accuracy", "Weak side, grades II to VI", share(side_right), weak, person),
        figure("side_accuracy_clear", "Weak side, grades III to VI", share(side_right), clear, person),
        figure("side_accuracy_called", "Weak side, where weak was called weak", share(side_right),
               weak & called, person),
        figure("grade_exact", "Grade met", share(off == 0), every, person),
        figure("grade_within_one", "Grade within one", share(off <= 1), every, person),
        figure("grade_kappa", "Grade, quadratic kappa", kappa, every, person),
    ]  # fmt: skip


def tables(answer: Said, pictures: Pictures, threshold: float) -> dict[str, Any]:
    """Confusion of exercises and of grades, and rates by grade and by exercise with Wilson's intervals."""
    called = answer.palsy >= threshold
    grade = np.array([suggested_grade(g.tolist(), threshold) for g in answer.grades])
    side_right = (answer.right >= 0.5) == (pictures.side == 1)

    def rate(hit: np.ndarray) -> dict[str, Any]:
        low, high = wilson(int(hit.sum()), len(hit))
        return {
            "value": round(float(hit.mean()), 4),
            "low": round(low, 4),
            "high": round(high, 4),
            "pictures": len(hit),
        }

    by_grade, by_exercise = [], []
    for g in range(1, 7):
        of = pictures.grade == g
        row = {
            "grade": g,
            "called_weak": rate(called[of]),
            "within_one": rate(np.abs(grade - pictures.grade)[of] <= 1),
        }
        by_grade.append(row | ({"side": rate(side_right[of])} if g > 1 else {}))
    for i, name in enumerate(EXERCISES):
        of, weak = pictures.exercise == i, (pictures.exercise == i) & (pictures.grade > 1)
        by_exercise.append(
            {
                "exercise": name,
                "recognised": rate(answer.exercise.argmax(-1)[of] == i),
                "healthy_called_normal": rate(~called[of & (pictures.grade == 1)]),
                "weak_called_weak": rate(called[weak]),
                "side": rate(side_right[weak]),
            }
        )
    return {
        "interval": "95 %, Wilson, pictures taken as independent",
        "by_grade": by_grade,
        "by_exercise": by_exercise,
        "exercise_confusion": confusion_matrix(
            pictures.exercise, answer.exercise.argmax(-1), labels=range(6)
        ).tolist(),
        "grade_confusion": confusion_matrix(pictures.grade, grade, labels=range(1, 7)).tolist(),
        "calibration_error": {
            "exercise": round(
                calibration_error(answer.exercise.max(-1), answer.exercise.argmax(-1) == pictures.exercise),
                4,
            ),
            "palsy": round(calibration_error(answer.palsy, (pictures.grade > 1).astype(float)), 4),
        },
    }


def real_faces(folder: Path, release: Release, limit: int = 0) -> dict[str, Any]:
    """How often real photographs of healthy people, unmoved, are called weak; and how they are refused."""
    files = sources.portrait_files(folder)
    files = files[:: max(1, len(files) // limit)] if limit else files
    engine = Engine(release, threads=2)
    found = [engine.analyse(file) for file in tqdm(files, unit="photo", leave=False)]
    judged = [f for f in found if f.state == "succeeded"]
    called = [f for f in judged if f.weak_side]
    low, high = wilson(len(judged) - len(called), len(judged))
    reasons = [f.reason for f in found if f.reason]
    return {
        "key": "specificity_real",
        "name": "Real healthy photographs called normal",
        "value": round(1 - len(called) / max(1, len(judged)), 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "interval": "95 %, Wilson",
        "pictures": len(judged),
        "people": len(judged),
        "rejected": {reason: reasons.count(reason) for reason in sorted(set(reasons))},
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--portraits", type=Path, help="real photographs of healthy people")
    args = parser.parse_args()
    release = verify_release()
    classifier = Classifier(release, threads=2)
    pictures = datasets.load(args.data, splits=("test",))
    answer = said(classifier, *raw_outputs(classifier, pictures))
    result = {
        "release": release.name,
        "figures": figures(answer, pictures, release.thresholds["palsy"]),
        "tables": tables(answer, pictures, release.thresholds["palsy"]),
    }
    if args.portraits:
        result["figures"].append(real_faces(args.portraits, release))
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
