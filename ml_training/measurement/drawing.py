"""The measures' errors before and after the refinement, as a picture."""

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

BEFORE, AFTER = "#8a8f98", "#0b6e75"
PANELS = (
    ("V-VI", "kept", "Share of the asymmetry that is measured,\ngrades V-VI (1: all of it)"),
    ("III-IV", "asymmetry_error", "Error of the asymmetry,\ngrades III-IV (mm or °)"),
    ("V-VI", "asymmetry_error", "Error of the asymmetry,\ngrades V-VI (mm or °)"),
    ("I", "asymmetry_error", "Error of the asymmetry,\nhealthy faces (mm or °)"),
)


def draw(path: Path, found: dict[str, Any]) -> None:
    """One panel a figure, one row a measure, a mark before and one after."""
    names = list(found)
    figure, panels = plt.subplots(1, len(PANELS), figsize=(15, 0.38 * len(names) + 1.6), sharey=True)
    for panel, (band, key, title) in zip(panels, PANELS, strict=True):
        for row, name in enumerate(names):
            forms = found[name]["grade"][band]
            before, after = (forms.get(form, {}).get(key) for form in ("before", "after"))
            if before is not None and after is not None:
                panel.plot([before, after], [row, row], color=BEFORE, linewidth=1.5, zorder=1)
            for value, colour, mark in ((before, BEFORE, "o"), (after, AFTER, "D")):
                if value is not None:
                    panel.scatter(value, row, color=colour, marker=mark, s=42, zorder=2)
        if key == "kept":
            panel.axvline(1, color="#333333", linewidth=0.8, linestyle=":")
        panel.set_title(title, fontsize=10, loc="left")
        panel.set_xlim(left=0)
        panel.grid(axis="x", color="#dddddd")
        panel.spines[["top", "right", "left"]].set_visible(False)
    panels[0].set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
    panels[0].invert_yaxis()
    figure.legend(
        handles=[
            plt.Line2D([], [], color=colour, marker=mark, linestyle="", label=label)
            for colour, mark, label in ((BEFORE, "o", "face mesh"), (AFTER, "D", "refined"))
        ],
        loc="lower left",
        ncols=2,
        frameon=False,
    )
    figure.tight_layout(rect=(0, 0.05, 1, 1))
    figure.savefig(path, dpi=110)
    plt.close(figure)
