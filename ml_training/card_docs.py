"""What the documentation repeats of the card of the release in use: a clinician's two pages, and all figures."""

from pathlib import Path
from typing import Any

from ml_training.card import ROMAN
from ml_training.comparison import between

CLINICIANS, FIGURES = "models.md", "model-figures.md"
BRIEF_START, END = "<!-- the release in use, in brief: start -->", "<!-- end -->"
FIGURES_START = "<!-- figures of the release in use: start -->"
NOT_DOCUMENTED = (
    "sensitivity_clear_at_sensitivity", "specificity_at_sensitivity", "baseline_auc", "bilateral_within_one",
    "side_accuracy_named", "visit_palsy_auc", "visit_missed_clear", "visit_grade_exact", "zone_error",
)  # fmt: skip
"""Figures that the documentation leaves to the release's page."""
PLOTS_IN_BRIEF = ("views.png", "photographs.png")
PLOTS = ("exercises.png", "grades.png", "reliability.png", "roc.png")
REAL_START = "<!-- real photographs of the release in use: start -->"
IN_BRIEF = (
    ("Real photographs: rest is seen as rest", "real_view_rest", None),
    ("Real photographs: a closed smile as such", "real_view_closed_smile", None),
    ("Real photographs: a smile with teeth as such", "real_view_smile_with_teeth", None),
    ("Real healthy photographs called weak", "real_weak", None),
    ("Real healthy photographs left uncertain", "real_uncertain", None),
    ("Weakness of grade III and up is called weak", "sensitivity_clear", "visit_sensitivity_clear"),
    ("Healthy is not called weak", "specificity", "visit_specificity"),
    ("The weaker side is told rightly, grade III and up", "side_accuracy_clear", "visit_side_clear"),
    ("The grade is met within one", "grade_within_one", "visit_within_one"),
    ("Agreement on the grade beyond chance (quadratic kappa)", "grade_kappa", "visit_kappa"),
    ("The exercise is recognised", "exercise_accuracy", None),
)
"""What is told, by which figure of one photo and which of a whole visit."""


def figures_table(content: dict[str, Any]) -> str:
    """The card's figures as Markdown, with its tables and plots. Plots are named by their place in the repository."""
    lines = [
        f"Release {content['name']}, {content['made_on']}. {content['note']}".rstrip(),
        "",
        "| Figure | Value | 95 % interval | Pictures | People |",
        "|---|---|---|---|---|",
    ]
    for row in content["figures"]:
        if row["key"] in NOT_DOCUMENTED:
            continue
        interval = f"{row['low']:.3f} to {row['high']:.3f}"
        size = f"{row['pictures']} ({row['visits']} visits)" if "visits" in row else row["pictures"]
        lines.append(f"| {row['name']} | {row['value']:.3f} | {interval} | {size} | {row['people']} |")
    lines += ["", "| Grade | Called weak | Side right | Grade within one |", "|---|---|---|---|"]
    for row in content["tables"]["by_grade"]:
        side = _cell(row["side"]) if "side" in row else "-"
        lines.append(
            f"| {ROMAN[row['grade'] - 1]} | {_cell(row['called_weak'])} | {side} | {_cell(row['within_one'])} |"
        )
    lines += ["", "| Exercise | Recognised | Healthy called normal | Weak called weak | Side right |"]
    lines.append("|---|---|---|---|---|")
    for row in content["tables"]["by_exercise"]:
        keys = ("recognised", "healthy_called_normal", "weak_called_weak", "side")
        cells = " | ".join(_cell(row[key]) for key in keys)
        lines.append(f"| {row['exercise'].replace('_', ' ')} | {cells} |")
    lines += _pictures(content, PLOTS)
    lines += _list("What was wanted and what was reached", content.get("goals"))
    return "\n".join(lines)


def _cell(rate: dict[str, Any]) -> str:
    return "-" if rate["value"] is None else f"{rate['value']:.2f}"


def _pictures(content: dict[str, Any], files: tuple[str, ...]) -> list[str]:
    """Plots, as links from docs/."""
    known = {plot["file"]: plot for plot in content.get("plots", [])}
    lines = []
    for plot in (known[file] for file in files if file in known):
        place = f"../inference/artifacts/{content['name']}/{plot['file']}"
        lines += ["", f"![{plot['title']}]({place})", "", f"*{plot['title']}.* {plot['text']}"]
    return lines


def _list(title: str, lines: list[str] | None) -> list[str]:
    return ["", f"{title}:", "", *(f"- {line}" for line in lines)] if lines else []


def brief_table(content: dict[str, Any]) -> str:
    """What a clinician asks first, of one photo and of a whole visit, as Markdown, with two plots."""
    known = {row["key"]: row for row in content["figures"]}
    lines = [
        f"Release {content['name']}, of {content['made_on']}; in brackets the 95 % interval.",
        "",
        "| | One photo | A whole visit |",
        "|---|---|---|",
    ]
    lines += [
        f"| {asked} | {_told(known, photo)} | {_told(known, visit)} |"
        for asked, photo, visit in IN_BRIEF
        if photo in known or visit in known
    ]
    return "\n".join(lines + _pictures(content, PLOTS_IN_BRIEF))


def _told(known: dict[str, dict[str, Any]], key: str | None) -> str:
    if key is None or key not in known:
        return "-"
    row = known[key]
    return f"{row['value']:.2f} ({row['low']:.2f} to {row['high']:.2f})"


SHOWN = ("closed_smile", "smile_with_teeth", "sneer", "puff_cheek", "show_teeth", "open_mouth")
"""The exercises of the first system for this task, the smile as either kind."""


def real_table(content: dict[str, Any]) -> str:
    """Counts of the views seen in real photographs, as Markdown: rest and the exercises of `SHOWN`."""
    found = content["details"].get("real") or {}
    names = found.get("exercises", [])
    if not found:
        return "This release was not measured on labelled photographs."
    columns = ["rest", *SHOWN]
    lines = [
        f"| Shown | Photographs | {' | '.join(one.replace('_', ' ') for one in columns)} | another view |",
        "|---|---|" + "---|" * (len(columns) + 1),
    ]
    for row in found.get("rows", []):
        if row["exercise"] not in columns:
            continue
        told = [row["said"][names.index(one)] for one in columns]
        cells = " | ".join(str(count) for count in [*told, sum(row["said"]) - sum(told)])
        lines.append(f"| {row['exercise'].replace('_', ' ')} | {row['photographs']} | {cells} |")
    return "\n".join(lines)


def renew(docs: Path, content: dict[str, Any]) -> None:
    """Write the tables and plots of both pages anew. docs: the folder in which they lie."""
    for name, start, told in (
        (CLINICIANS, BRIEF_START, brief_table(content)),
        (CLINICIANS, REAL_START, real_table(content)),
        (FIGURES, FIGURES_START, figures_table(content)),
    ):
        page = docs / name
        page.write_text(between(page.read_text(), start, END, told))
