"""The tables of two studies in the documentation (see `compare` and `ceiling`), without any library of training."""

from typing import Any, Final

DOCS_START: Final = "<!-- comparison -->"
DOCS_END: Final = "<!-- comparison end -->"
CEILING_START: Final = "<!-- ceiling -->"
CEILING_END: Final = "<!-- ceiling end -->"
CEILING_TOLD: Final = (
    "view_macro_f1", "view_macro_f1_severe", "palsy_auc_clear", "sensitivity_clear_at_specificity",
    "specificity_at_specificity", "side_accuracy_clear", "grade_within_one", "grade_kappa",
)  # fmt: skip


PLAIN: Final = "plain CNN"
RANDOM, IMAGENET = "random", "ImageNet"


def table(content: dict[str, Any]) -> str:
    """compare.json as Markdown, the budget first. A known network that could not start from ImageNet's weights is left
    out and named below: from random weights a small budget tells nothing of it."""
    budget = content["budget"]
    pretrained = {row["network"] for row in content["networks"] if row["start"] == IMAGENET}
    shown = [row for row in content["networks"] if row["network"] in pretrained | {PLAIN}]
    left_out = sorted({row["network"] for row in content["networks"]} - pretrained - {PLAIN})
    lines = [
        f"Budget of each network: {budget['pictures']} pictures of {budget['people']} people, "
        f"{budget['epochs']} epochs, {budget['size']} px, batches of {budget['batch']}, peak rate "
        f"{budget['rate']:g}. Tested on {budget['test_pictures']} pictures of {budget['test_people']} other people.",
        "",
        "| Network | Starts from | View met | 95 % interval | Palsy, AUC | 95 % interval | Parameters | .tflite | One "
        "core | Training |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in shown:
        view, palsy = row["view"], row["palsy"]
        cells = [
            row["network"], row["start"], number(view["value"]), interval(view), number(palsy["value"]),
            interval(palsy), f"{row['parameters'] / 1e6:.2f} M", f"{row['bytes'] / 1e6:.1f} MB",
            f"{row['milliseconds']:.1f} ms", f"{row['train_seconds']:.0f} s",
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    if left_out:
        lines += [
            "",
            f"Left out, since Keras could not load ImageNet's weights of them: {', '.join(left_out)}.",
        ]
    return "\n".join(lines)


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def interval(figure: dict[str, Any]) -> str:
    low, high = figure["low"], figure["high"]
    return "-" if low is None else f"{low:.2f} to {high:.2f}"


def ceiling_table(content: dict[str, Any]) -> str:
    """ceiling.json as Markdown."""
    lines = [
        f"Given the true places of 63 landmarks, learnt from {content['pictures']:,} simulated photos of "
        f"{content['people']} people:",
        "",
        "| Figure | Value | 95 % interval |",
        "|---|---|---|",
    ]
    for row in content["figures"]:
        lines.append(f"| {row['name']} | {row['value']:.3f} | {row['low']:.3f} to {row['high']:.3f} |")
    return "\n".join(lines)


def between(document: str, start: str, end: str, text: str) -> str:
    """The document with what stands between two marks made anew."""
    before, rest = document.split(start)
    _, after = rest.split(end, 1)
    return f"{before}{start}\n{text}\n{end}{after}"


def with_table(document: str, content: dict[str, Any]) -> str:
    """The document with the comparison's table made anew."""
    return between(document, DOCS_START, DOCS_END, table(content))
