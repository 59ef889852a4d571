"""The figures of a model card on pictures whose labels are known."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from inference.pipeline.codes import VIEWS
from ml_training.datasets import BOTH, Pictures
from ml_training.evaluate.answers import Answers, suggested_grades
from ml_training.evaluate.intervals import (
    Figure,
    Sample,
    accuracy,
    calibration_gap,
    calibration_table,
    macro_f1,
    quadratic_kappa,
    wilson,
)

CLEAR_FROM, OBVIOUS_FROM = 3, 4
"""Grade II keeps three quarters of the movement or more; figures "from III" leave it out. House and Brackmann's words
for grade IV are "obvious weakness"; of III, "obvious but not disfiguring difference"."""
SEVERE_FROM = 5
BANDS = {"I-II": (1, 2), "III-IV": (3, 4), "V-VI": (5, 6)}


@dataclass(frozen=True)
class Judged:
    """Pictures with a network's answers and its thresholds (of release.json, with "palsy_at_specificity" and
    "palsy_at_sensitivity" besides: the operating points chosen on validation people)."""

    pictures: Pictures
    answers: Answers
    thresholds: dict[str, float]

    def where(self, chosen: np.ndarray) -> "Judged":
        """Only some rows."""
        return Judged(self.pictures.where(chosen), self.answers.where(chosen), self.thresholds)

    def __len__(self) -> int:
        return len(self.answers)

    @cached_property
    def sample(self) -> Sample:
        return Sample(self.pictures.person)

    @cached_property
    def view(self) -> np.ndarray:
        """(N,) the view said."""
        return np.asarray(self.answers.view.argmax(1))

    @cached_property
    def grade(self) -> np.ndarray:
        """(N,) the grade said."""
        return suggested_grades(self.answers.grades, self.thresholds["palsy"])

    @property
    def off(self) -> np.ndarray:
        return np.abs(self.grade - self.pictures.grade)

    @property
    def side_right(self) -> np.ndarray:
        """(N,) whether the likelier side is the weak one; means nothing where none or both are."""
        return np.asarray((self.answers.right >= 0.5) == (self.pictures.side == 1))

    @property
    def one_sided(self) -> np.ndarray:
        """(N,) healthy, or weak on one side: bilateral cases are told apart from these."""
        return np.asarray(self.pictures.side != BOTH)

    @cached_property
    def with_view(self) -> "Judged":
        """Those whose view is known; a portrait or a clinic's photograph may show none of the twelve."""
        return self.where(self.pictures.view >= 0)

    @property
    def clear(self) -> np.ndarray:
        return np.asarray(self.pictures.grade >= CLEAR_FROM)

    @property
    def uncertain(self) -> np.ndarray:
        """(N,) in the band in which the product says so instead of choosing."""
        low, high = self.thresholds.get("palsy_low", 0.5), self.thresholds.get("palsy_high", 0.5)
        return np.asarray((self.answers.palsy >= low) & (self.answers.palsy < high))


def _share(judged: Judged, key: str, name: str, hit: np.ndarray, chosen: np.ndarray) -> Figure:
    return judged.sample.where(chosen).share(key, name, hit[chosen])


def _area(judged: Judged, key: str, name: str, chosen: np.ndarray) -> Figure:
    part = judged.where(chosen)
    return part.sample.area(key, name, part.answers.palsy, part.pictures.weak)


def view_figures(judged: Judged) -> Iterator[Figure]:
    """How well the twelve views are told apart."""
    count, judged = len(VIEWS), judged.with_view
    severe = judged.where(judged.pictures.grade >= SEVERE_FROM)
    shown, said = judged.pictures.view, judged.view
    yield judged.sample.confusion("exercise_accuracy", "Exercise recognised", shown, said, count, accuracy)
    yield judged.sample.confusion("view_macro_f1", "Exercise, macro F1", shown, said, count, macro_f1)
    yield severe.sample.confusion(
        "view_macro_f1_severe", "Exercise, macro F1, grades V and VI", severe.pictures.view, severe.view, count,
        macro_f1,
    )  # fmt: skip


def palsy_figures(judged: Judged) -> Iterator[Figure]:
    """Palsy against healthy; bilateral cases left out."""
    part = judged.where(judged.one_sided)
    weak, clear, palsy = part.pictures.weak, part.clear, part.answers.palsy
    called = palsy >= part.thresholds["palsy"]
    yield _area(part, "palsy_auc", "Palsy, area under the curve, grades II to VI", part.one_sided)
    yield _area(part, "palsy_auc_clear", "Palsy, area under the curve, grades III to VI", clear | ~weak)
    yield _share(part, "specificity", "Healthy called normal", ~called, ~weak)
    yield _share(part, "sensitivity", "Weak called weak, grades II to VI", called, weak)
    yield _share(part, "sensitivity_clear", "Weak called weak, grades III to VI", called, clear)
    for key, told in (
        ("palsy_at_specificity", "specificity 0.95"),
        ("palsy_at_sensitivity", "sensitivity 0.95"),
    ):
        if key in part.thresholds:
            above, end = palsy >= part.thresholds[key], key.removeprefix("palsy_")
            yield _share(
                part, f"sensitivity_clear_{end}",
                f"Weak called weak, grades III to VI, threshold for {told} on validation people", above, clear,
            )  # fmt: skip
            yield _share(
                part, f"specificity_{end}",
                f"Healthy called normal, threshold for {told} on validation people", ~above, ~weak,
            )  # fmt: skip
    every = np.ones(len(part), bool)
    decided = ~part.uncertain & (clear | ~weak)
    yield _share(part, "uncertain_share", "Called uncertain", part.uncertain, every)
    yield _share(
        part, "decided_accuracy", "Weak or normal told rightly, of those not uncertain, without grade II",
        (palsy >= part.thresholds.get("palsy_high", 0.5)) == weak, decided,
    )  # fmt: skip


def side_figures(judged: Judged) -> Iterator[Figure]:
    """The weak side where there is one."""
    part = judged.where(judged.one_sided)
    right, weak = part.side_right, part.pictures.weak
    called = weak & (part.answers.palsy >= part.thresholds["palsy"])
    yield _share(part, "side_accuracy", "Weak side, grades II to VI", right, weak)
    yield _share(part, "side_accuracy_clear", "Weak side, grades III to VI", right, part.clear)
    yield _share(part, "side_accuracy_called", "Weak side, where weak was called weak", right, called)
    sure = np.maximum(part.answers.right, 1 - part.answers.right) >= part.thresholds.get("side", 0.5)
    yield _share(
        part, "side_accuracy_named", "Weak side, where it was sure enough to be named", right, called & sure
    )


def grade_figures(judged: Judged) -> Iterator[Figure]:
    """The suggested grade."""
    part = judged.where(judged.one_sided)
    every = np.ones(len(part), bool)
    yield _share(part, "grade_exact", "Grade met", part.off == 0, every)
    yield _share(part, "grade_within_one", "Grade within one", part.off <= 1, every)
    yield part.sample.confusion(
        "grade_kappa", "Grade, quadratic kappa", part.pictures.grade - 1, part.grade - 1, 6, quadratic_kappa
    )


def stated_and_found(judged: Judged) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For each head: rows used (mask), stated probability and outcome on them, for reliability."""
    seen, one, weak = judged.pictures.view >= 0, judged.one_sided, judged.pictures.weak
    right = judged.answers.right
    said = judged.answers.grades[np.arange(len(judged)), judged.grade - 1]
    sides = one & weak
    return {
        "view": (seen, judged.answers.view.max(1)[seen], (judged.view == judged.pictures.view)[seen]),
        "palsy": (one, judged.answers.palsy[one], weak[one]),
        "side": (sides, np.maximum(right, 1 - right)[sides], judged.side_right[sides]),
        "grade": (one, said[one], (judged.off == 0)[one]),
    }


def calibration_figures(judged: Judged) -> Iterator[Figure]:
    """Expected calibration error of each head."""
    for head, (rows, stated, found) in stated_and_found(judged).items():
        table = calibration_table(stated, found.astype(float))
        name = f"Expected calibration error, {head}"
        yield judged.sample.where(rows).additive(f"calibration_error_{head}", name, table, calibration_gap)


def zone_figures(judged: Judged) -> Iterator[Figure]:
    """Mean absolute error of the movement left, where the release tells it."""
    error = np.abs(judged.answers.zones - judged.pictures.zones).mean((1, 2))
    known = np.isfinite(error)
    table = np.column_stack([error[known], np.ones(known.sum())])
    yield judged.sample.where(known).additive(
        "zone_error", "Movement left in a zone, mean error", table, lambda total: total[:, 0] / total[:, 1]
    )


def bilateral_figures(judged: Judged) -> Iterator[Figure]:
    """Palsies of both sides, which look even, apart from all the rest."""
    part = judged.where(judged.pictures.side == BOTH)
    every = np.ones(len(part), bool)
    called = part.answers.palsy >= part.thresholds["palsy"]
    yield _share(part, "bilateral_sensitivity", "Palsy of both sides called weak", called, every)
    yield _share(part, "bilateral_within_one", "Palsy of both sides, grade within one", part.off <= 1, every)


def figures(judged: Judged) -> list[dict[str, Any]]:
    """The card's rows for single photos; those with nothing to measure on are left out."""
    made = (
        view_figures, palsy_figures, side_figures, grade_figures, calibration_figures, zone_figures,
        bilateral_figures,
    )  # fmt: skip
    return [figure.row() for make in made for figure in make(judged) if figure.value is not None]


def grouped(group: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows under a heading of the card."""
    return [row | {"group": group} for row in rows]


def rate(hit: np.ndarray) -> dict[str, Any]:
    """A share with Wilson's interval, pictures taken as independent: for tables, where people are few a cell."""
    low, high = wilson(int(np.sum(hit)), len(hit))
    value = round(float(np.mean(hit)), 4) if len(hit) else None
    return {"value": value, "low": round(low, 4), "high": round(high, 4), "pictures": len(hit)}


def tables(judged: Judged) -> dict[str, Any]:
    """Confusion of views and of grades, and rates by grade and by view."""
    part = judged.where(judged.one_sided)
    grade, weak = part.pictures.grade, part.pictures.weak
    called = part.answers.palsy >= part.thresholds["palsy"]
    by_grade, by_view = [], []
    for g in range(1, 7):
        of = grade == g
        row = {"grade": g, "called_weak": rate(called[of]), "within_one": rate(part.off[of] <= 1),
               "uncertain": rate(part.uncertain[of])}  # fmt: skip
        by_grade.append(row | ({"side": rate(part.side_right[of])} if g > 1 else {}))
    for number, name in enumerate(VIEWS):
        of = part.pictures.view == number
        by_view.append(
            {
                "exercise": name,
                "recognised": rate(judged.view[judged.pictures.view == number] == number),
                "healthy_called_normal": rate(~called[of & ~weak]),
                "weak_called_weak": rate(called[of & weak]),
                "clear_called_weak": rate(called[of & part.clear]),
                "side": rate(part.side_right[of & weak]),
            }
        )
    return {
        "interval": "95 %, Wilson, pictures taken as independent",
        "by_grade": by_grade,
        "by_exercise": by_view,
        "exercises": list(VIEWS),
        "exercise_confusion": counts(judged.with_view.pictures.view, judged.with_view.view, len(VIEWS)),
        "grade_confusion": counts(grade - 1, part.grade - 1, 6),
    }


def counts(shown: np.ndarray, said: np.ndarray, classes: int) -> list[list[int]]:
    """Confusion matrix: rows shown, columns said."""
    flat = np.bincount(np.asarray(shown, int) * classes + np.asarray(said, int), minlength=classes**2)
    return flat.reshape(classes, classes).tolist()
