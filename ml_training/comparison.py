"""The table of a comparison of networks (see `compare`), without any library of training."""

from typing import Any, Final

DOCS_START: Final = "<!-- comparison -->"
DOCS_END: Final = "<!-- comparison end -->"


def table(content: dict[str, Any]) -> str:
    """compare.json as Markdown, the budget first."""
    budget = content["budget"]
    lines = [
        f"Budget of each network: {budget['pictures']} pictures of {budget['people']} people, "
        f"{budget['epochs']} epochs, {budget['size']} px, batches of {budget['batch']}, peak rate "
        f"{budget['rate']:g}. Tested on {budget['test_pictures']} pictures of {budget['test_people']} other people.",
        "",
        "| Network | Starts from | View met | 95 % interval | Palsy, AUC | 95 % interval | Parameters | .tflite | One "
        "core | Training |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in content["networks"]:
        view, palsy = row["view"], row["palsy"]
        cells = [
            row["network"], row["start"], number(view["value"]), interval(view), number(palsy["value"]),
            interval(palsy), f"{row['parameters'] / 1e6:.2f} M", f"{row['bytes'] / 1e6:.1f} MB",
            f"{row['milliseconds']:.1f} ms", f"{row['train_seconds']:.0f} s",
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def interval(figure: dict[str, Any]) -> str:
    low, high = figure["low"], figure["high"]
    return "-" if low is None else f"{low:.2f} to {high:.2f}"


def with_table(document: str, content: dict[str, Any]) -> str:
    """The document with its table made anew."""
    before, rest = document.split(DOCS_START)
    _, after = rest.split(DOCS_END, 1)
    return f"{before}{DOCS_START}\n{table(content)}\n{DOCS_END}{after}"
