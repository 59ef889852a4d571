"""The figures of a model card, as PNG files."""

import csv
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

DPI = 110
INK, ACCENT = "#334155", "#0f766e"


def _save(figure: plt.Figure, path: Path) -> None:
    figure.savefig(path, dpi=DPI, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)


def confusion(matrix: list[list[int]], labels: list[str], title: str, path: Path) -> None:
    """Rows: what was shown; columns: what the model said; each row as shares."""
    counts = np.array(matrix)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    figure, axes = plt.subplots(figsize=(5.2, 4.6))
    axes.imshow(shares, cmap="GnBu", vmin=0, vmax=1)
    for i, j in np.ndindex(*counts.shape):
        axes.text(j, i, f"{shares[i, j]:.2f}", ha="center", va="center",
                  color="white" if shares[i, j] > 0.6 else INK, fontsize=9)  # fmt: skip
    axes.set_xticks(range(len(labels)), labels, rotation=35, ha="right")
    axes.set_yticks(range(len(labels)), labels)
    axes.set_xlabel("said")
    axes.set_ylabel("shown")
    axes.set_title(title, fontsize=11)
    _save(figure, path)


def reliability(curves: dict[str, tuple[np.ndarray, np.ndarray]], path: Path, bins: int = 10) -> None:
    """Found against stated probability. curves: name -> (stated (N,), true 0 or 1 (N,))."""
    figure, axes = plt.subplots(figsize=(4.8, 4.6))
    axes.plot([0, 1], [0, 1], color="#94a3b8", linewidth=1, linestyle="--")
    for (name, (stated, true)), marker in zip(curves.items(), "os^", strict=False):
        index = np.clip((stated * bins).astype(int), 0, bins - 1)
        used = [b for b in range(bins) if (index == b).sum() >= 10]
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
