"""The pictures of a model card, as PNG files."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib

from ml_training.evaluate.figures import stated_and_found

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import roc_curve

if TYPE_CHECKING:
    from ml_training.baseline import Baseline
    from ml_training.evaluate.figures import Judged

DPI = 110
INK, ACCENT, MUTED, SECOND = "#334155", "#0f766e", "#94a3b8", "#b45309"
ROMAN = ("I", "II", "III", "IV", "V", "VI")
MARKERS = "os^D"
FEWEST_IN_BIN = 10
GROUP_FIGURES = {
    "view": "exercise recognised",
    "palsy_auc_clear": "palsy, area, III to VI",
    "specificity": "healthy called normal",
    "side_clear": "weak side, III to VI",
}


def _save(figure: plt.Figure, path: Path) -> None:
    figure.savefig(path, dpi=DPI, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)


def confusion(matrix: list[list[int]], labels: list[str], title: str, path: Path) -> None:
    """Rows: what was shown; columns: what the model said; each row as shares."""
    counts = np.array(matrix)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    side = max(4.6, 0.55 * len(labels) + 1)
    figure, axes = plt.subplots(figsize=(side + 0.6, side))
    axes.imshow(shares, cmap="GnBu", vmin=0, vmax=1)
    for i, j in np.ndindex(*counts.shape):
        if len(labels) <= 6 or shares[i, j] >= 0.005:
            axes.text(j, i, f"{shares[i, j]:.2f}", ha="center", va="center",
                      color="white" if shares[i, j] > 0.6 else INK, fontsize=9 if len(labels) <= 6 else 8)  # fmt: skip
    axes.set_xticks(range(len(labels)), labels, rotation=35, ha="right")
    axes.set_yticks(range(len(labels)), labels)
    axes.set_xlabel("said")
    axes.set_ylabel("shown")
    axes.set_title(title, fontsize=11)
    _save(figure, path)


def reliability(curves: dict[str, tuple[np.ndarray, np.ndarray]], path: Path, bins: int = 10) -> None:
    """Found against stated probability. curves: name -> (stated (N,), true 0 or 1 (N,))."""
    figure, axes = plt.subplots(figsize=(4.8, 4.6))
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle="--")
    for (name, (stated, true)), marker in zip(curves.items(), MARKERS, strict=False):
        index = np.clip((stated * bins).astype(int), 0, bins - 1)
        used = [b for b in range(bins) if (index == b).sum() >= FEWEST_IN_BIN]
        axes.plot(
            [stated[index == b].mean() for b in used],
            [true[index == b].mean() for b in used],
            marker=marker,
            label=name,
        )
    axes.set_xlabel("stated probability")
    axes.set_ylabel("found share")
    axes.set_title("Reliability on test people", fontsize=11)
    axes.legend(frameon=False)
    _save(figure, path)


def learning(logs: dict[str, Path], path: Path) -> None:
    """Loss by epoch of each model. logs: name -> log.csv."""
    figure, panels = plt.subplots(1, len(logs), figsize=(4.2 * len(logs), 3.4))
    for axes, (name, log) in zip(np.atleast_1d(panels), logs.items(), strict=True):
        rows = list(csv.DictReader(log.open()))
        for key, label in (("loss", "training"), ("val_loss", "validation")):
            if rows and key in rows[0]:
                axes.plot(
                    range(1, len(rows) + 1), [float(r[key]) for r in rows], marker="o", ms=3, label=label
                )
        axes.set_title(f"{name}: loss", fontsize=11)
        axes.set_xlabel("epoch")
        axes.legend(frameon=False)
    _save(figure, path)


def roc(curves: dict[str, tuple[np.ndarray, np.ndarray]], path: Path) -> None:
    """Sensitivity against false alarms. curves: name -> (score (N,), weak (N,) bool)."""
    figure, axes = plt.subplots(figsize=(4.8, 4.6))
    for (name, (score, weak)), colour in zip(curves.items(), (ACCENT, MUTED), strict=False):
        false_alarms, sensitivity, _ = roc_curve(weak, score)
        axes.plot(false_alarms, sensitivity, color=colour, label=name)
    axes.axhline(0.95, color=INK, linewidth=0.6, linestyle=":")
    axes.axvline(0.05, color=INK, linewidth=0.6, linestyle=":")
    axes.set_xlabel("healthy called weak")
    axes.set_ylabel("grades III to VI called weak")
    axes.set_title("Palsy against healthy, single photos", fontsize=11)
    axes.legend(frameon=False, loc="lower right")
    _save(figure, path)


def groups(rows: list[dict[str, Any]], overall: dict[str, Any], path: Path) -> None:
    """Figures with intervals in every group of people and of photos; the line is the figure of all."""
    shown = [r for r in rows if r["figures"] and r["family"] not in ("view", "grade band", "source")]
    if not shown:
        shown = [r for r in rows if r["figures"]]
    figure, panels = plt.subplots(
        1, len(GROUP_FIGURES), figsize=(3.1 * len(GROUP_FIGURES), 0.24 * len(shown) + 1.2), sharey=True
    )
    places = np.arange(len(shown))[::-1]
    for axes, (key, title) in zip(np.atleast_1d(panels), GROUP_FIGURES.items(), strict=True):
        for place, row in zip(places, shown, strict=True):
            found = row["figures"].get(key)
            if found and found["low"] is not None:
                axes.plot([found["low"], found["high"]], [place, place], color=ACCENT, linewidth=1.4)
                axes.plot(found["value"], place, "o", color=ACCENT, ms=4)
        if overall.get(key) is not None:
            axes.axvline(overall[key], color=MUTED, linewidth=1)
        axes.set_title(title, fontsize=9)
        axes.tick_params(labelsize=8)
    np.atleast_1d(panels)[0].set_yticks(places, [f"{row['family']}: {row['group']}" for row in shown])
    _save(figure, path)


def by_views(rows: list[dict[str, Any]], path: Path) -> None:
    """What another view of the same visit is worth."""
    names = [row["views"].replace(" drawn", "") for row in rows]
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.4))
    series = (("palsy_auc_clear", "palsy, area, III to VI", ACCENT), ("side_clear", "weak side, III to VI", SECOND),
              ("within_one", "grade within one", INK))  # fmt: skip
    for (key, label, colour), marker in zip(series, MARKERS, strict=False):
        known = [(n, row[key]) for n, row in enumerate(rows) if row[key]["value"] is not None]
        left.plot(
            [n for n, _ in known], [v["value"] for _, v in known], marker=marker, color=colour, label=label
        )
        left.fill_between([n for n, _ in known], [v["low"] or v["value"] for _, v in known],
                          [v["high"] or v["value"] for _, v in known], color=colour, alpha=0.12)  # fmt: skip
    left.set_title("How good", fontsize=11)
    left.legend(frameon=False, fontsize=8)
    right.plot([row["interval_grades"] for row in rows], marker="o", color=ACCENT)
    right.set_ylim(0, 6.2)
    right.set_title("Grades within the 95 % interval", fontsize=11)
    for axes in (left, right):
        axes.set_xticks(range(len(names)), names)
        axes.set_xlabel("views of the visit")
    _save(figure, path)


def photographs(rows: list[dict[str, Any]], path: Path) -> None:
    """False alarms among real healthy people, each photo as it is and spoiled."""
    rows = [row for row in rows if "called_weak" in row][::-1]
    figure, axes = plt.subplots(figsize=(5.6, 0.42 * len(rows) + 1.1))
    for place, row in enumerate(rows):
        found = row["called_weak"]
        axes.barh(
            place, found["value"], color=SECOND, height=0.55, label="called weak" if not place else None
        )
        axes.barh(place, row["uncertain"], left=found["value"], color="#e2e8f0", height=0.55,
                  label="called uncertain" if not place else None)  # fmt: skip
        axes.plot([found["low"], found["high"]], [place, place], color=INK, linewidth=1)
    axes.set_yticks(range(len(rows)), [f"{row['photographs']} ({row['judged']})" for row in rows])
    axes.set_xlabel("share of healthy people")
    axes.set_title("False alarms on real photographs", fontsize=11)
    axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    _save(figure, path)


WORDS: dict[str, tuple[str, str]] = {
    "exercises.png": (
        "Exercises: shown and said",
        "Each row is an exercise that was simulated, each column what the model said, as shares.",
    ),
    "grades.png": (
        "Grades: simulated and suggested",
        "Each row is a simulated House-Brackmann grade, each column the grade suggested, as shares.",
    ),
    "reliability.png": (
        "Reliability",
        "How often the model is right, against how sure it says it is. On the diagonal both agree.",
    ),
    "roc.png": (
        "Palsy against healthy",
        "What is found at the price of which false alarms, beside five plain differences between left and right.",
    ),
    "groups.png": (
        "Groups of people and of photos",
        "Each figure with its 95 % interval in every group; the grey line is the figure of all test pictures.",
    ),
    "views.png": (
        "One photo or a whole visit",
        "How good the findings are, and how wide the grade's interval is, from the photo at rest alone to all views.",
    ),
    "photographs.png": (
        "Real photographs of healthy people",
        "How many are called weak or uncertain, as they are and spoiled; the black line is the 95 % interval.",
    ),
    "learning.png": ("Learning curves", "Loss on training and on validation people after each epoch."),
}


def listed(folder: Path) -> list[dict[str, str]]:
    """The card's list of the pictures that lie in the folder."""
    return [
        {"file": file, "title": title, "text": text}
        for file, (title, text) in WORDS.items()
        if (folder / file).is_file()
    ]


def draw(
    folder: Path, content: dict[str, Any], judged: "Judged", baseline: "Baseline"
) -> list[dict[str, str]]:
    """Draw everything that an evaluation holds, and list it for the card."""
    tables, values = content["tables"], {row["key"]: row["value"] for row in content["figures"]}
    names = [name.replace("_", " ") for name in tables["exercises"]]
    part = judged.where(judged.one_sided & (judged.clear | ~judged.pictures.weak))
    weak = part.pictures.weak
    curves = {head: (stated, found) for head, (_, stated, found) in stated_and_found(judged).items()}
    overall = {key: values.get(name) for key, name in (
        ("view", "exercise_accuracy"), ("palsy_auc_clear", "palsy_auc_clear"), ("specificity", "specificity"),
        ("side_clear", "side_accuracy_clear"),
    )}  # fmt: skip
    made: dict[str, Callable[[Path], None]] = {
        "exercises.png": lambda to: confusion(
            tables["exercise_confusion"], names, "Exercises, test people", to
        ),
        "grades.png": lambda to: confusion(tables["grade_confusion"], list(ROMAN), "Grades, test people", to),
        "reliability.png": lambda to: reliability(curves, to),
        "groups.png": lambda to: groups(content["groups"], overall, to),
    }
    if weak.any() and not weak.all():
        scores = {"network": (part.answers.palsy, weak),
                  "five differences, no network": (baseline.score(part.pictures.points), weak)}  # fmt: skip
        made["roc.png"] = lambda to: roc(scores, to)
    if content["visits"]["by_views"]:
        made["views.png"] = lambda to: by_views(content["visits"]["by_views"], to)
    if content["photographs"].get("degraded"):
        made["photographs.png"] = lambda to: photographs(content["photographs"]["degraded"], to)
    for file, make in made.items():
        make(folder / file)
    return listed(folder)
