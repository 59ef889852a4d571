"""The measures against simulated truth: `python -m ml_training.measurement.study --data DIR`.

Measures each picture as the product does, from the bare face mesh (before) and from the corrected landmarks (after),
and compares with the same measures of the simulator's true points. Writes study.json (every figure), study.md (tables)
and study.png to --out.
Figures are of test people, on whom nothing was fitted. The method was changed a few times after their figures had been
seen, so they flatter it a little; people never looked at would tell.

    bias, spread     mean and standard deviation of measured minus true, left and right together; mm or degrees
    toward_even      how much smaller the asymmetry is measured than it is, away from the weak side; its mean
    kept             slope of measured on true asymmetry: 1 keeps it, less pulls towards symmetry
    asymmetry_error  root mean square error of left minus right (or of a measure of the whole face)
"""

import argparse
import json
from pathlib import Path

import numpy as np

from inference.pipeline.codes import GRADES, VIEWS
from inference.pipeline.measure import MEASURES
from inference.pipeline.measure.refinement import load
from ml_training import sources
from ml_training.datasets import Pictures
from ml_training.measurement import tables
from ml_training.measurement.drawing import draw
from ml_training.measurement.tables import Columns, Located

Figures = dict[str, float | int | None]
ROMAN = dict(zip(GRADES, ("I", "II", "III", "IV", "V", "VI"), strict=True))
BANDS = {"I": (1, 1), "II": (2, 2), "III-IV": (3, 4), "V-VI": (5, 6)}
FEWEST = 20
"""Fewer pictures than this give no figure."""


def asymmetry(columns: Columns, name: str) -> np.ndarray:
    """(N,) left minus right, or the whole face's value."""
    key = f"{name}.difference"
    return columns[key] if key in columns else columns[f"{name}.value"]


def compare(name: str, measured: Columns, true: Columns, chosen: np.ndarray, weak: np.ndarray) -> Figures:
    """The figures of one measure over the `chosen` pictures.

    weak: (N,) +1 where the left side is weak, -1 the right, 0 neither or both.
    """
    off, real = asymmetry(measured, name), asymmetry(true, name)
    chosen = chosen & np.isfinite(off) & np.isfinite(real)
    if int(chosen.sum()) < FEWEST:
        return {"pictures": int(chosen.sum())}
    sides = ("left", "right") if f"{name}.left" in true else ("value",)
    error = np.concatenate([(measured[f"{name}.{s}"] - true[f"{name}.{s}"])[chosen] for s in sides])
    off, real, weak = off[chosen], real[chosen], weak[chosen]
    sided = weak != 0
    found: Figures = {
        "pictures": int(chosen.sum()),
        "bias": _round(error.mean()),
        "spread": _round(error.std()),
        "asymmetry": _round(np.sqrt((real**2).mean())),
        "asymmetry_error": _round(np.sqrt(((off - real) ** 2).mean())),
        "kept": _round((off * real).sum() / (real**2).sum()),
    }
    if int(sided.sum()) >= FEWEST:
        # Oriented by the sign that the true asymmetry has in most weak faces of these views.
        sign = np.sign(np.sum(real[sided] * weak[sided])) or 1.0
        found["toward_even"] = _round(np.mean((real - off)[sided] * weak[sided] * sign))
    return found


def _round(value: float) -> float:
    return round(float(value), 3)


def weak_sign(pictures: Pictures) -> np.ndarray:
    """(N,) +1 where the left side is weak, -1 the right, 0 neither or both."""
    return np.select([pictures.side == 0, pictures.side == 1], [1, -1], 0)


def study(
    pictures: Located, refine: tables.Refine | None
) -> dict[str, dict[str, dict[str, dict[str, Figures]]]]:
    """{measure: {"grade" | "view" | "all": {which: {"before" | "after": figures}}}}."""
    true, before = tables.of_truth(pictures), tables.of_mesh(pictures)
    forms = {"before": before} | ({"after": tables.of_mesh(pictures, refine)} if refine else {})
    weak = weak_sign(pictures)
    found: dict[str, dict[str, dict[str, dict[str, Figures]]]] = {}
    for one in MEASURES:
        read = tables.read_in(one.name, pictures.view)
        groups = {
            "all": {"all": read},
            "grade": {
                band: read & (pictures.grade >= low) & (pictures.grade <= high)
                for band, (low, high) in BANDS.items()
            },
            "view": {
                view: read & (pictures.view == VIEWS.index(view)) for view in one.views if view in VIEWS
            },
        }
        found[one.name] = {
            by: {
                which: {
                    form: compare(one.name, columns, true, chosen, weak) for form, columns in forms.items()
                }
                for which, chosen in group.items()
            }
            for by, group in groups.items()
        }
    return found


def as_markdown(found: dict[str, dict[str, dict[str, dict[str, Figures]]]]) -> str:
    """The tables of a page: over all, by grade, by view."""
    lines = [
        "| Measure | Unit | Pictures | Bias | Spread | Asymmetry kept, grades V-VI | Asymmetry error, healthy | "
        "Asymmetry error, grades III-VI |",
        "|---|---|---|---|---|---|---|---|",
    ]
    units = {one.name: "°" if one.unit == "deg" else "mm" for one in MEASURES}
    for name, groups in found.items():
        whole, grade = groups["all"]["all"], groups["grade"]
        cells = [
            _pair(whole, "bias"),
            _pair(whole, "spread"),
            _pair(grade["V-VI"], "kept"),
            _pair(grade["I"], "asymmetry_error"),
            f"{_pair(grade['III-IV'], 'asymmetry_error')}; {_pair(grade['V-VI'], 'asymmetry_error')}",
        ]
        lines.append(
            f"| `{name}` | {units[name]} | {whole['before']['pictures']} | " + " | ".join(cells) + " |"
        )
    for title, by in (("Grade", "grade"), ("View", "view")):
        lines += [
            "",
            f"| Measure | {title} | Pictures | Bias | Spread | Kept | Asymmetry error |",
            "|---" * 7 + "|",
        ]
        for name, groups in found.items():
            for which, forms in groups[by].items():
                if "bias" in forms["before"]:
                    cells = [_pair(forms, key) for key in ("bias", "spread", "kept", "asymmetry_error")]
                    said = which.replace("_", " ")
                    lines.append(
                        f"| `{name}` | {said} | {forms['before']['pictures']} | {' | '.join(cells)} |"
                    )
    return "\n".join(lines) + "\n"


def _pair(forms: dict[str, Figures], key: str) -> str:
    """ "before → after", or the one there is."""
    values = [forms[form].get(key) for form in ("before", "after") if form in forms]
    return " → ".join("-" if value is None else f"{value:.2f}" for value in values)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of simulated pictures")
    parser.add_argument(
        "--locator", type=Path, help="the release's locator of landmarks (.keras), if it has one"
    )
    parser.add_argument("--refinement", type=Path, help="refinement.npz, for figures before and after")
    parser.add_argument("--out", type=Path, default=Path("ml_training/runs/measurement"))
    args = parser.parse_args()
    pictures = tables.read(args.data, args.locator, ("test",))
    found = study(pictures, load(args.refinement).apply if args.refinement else None)
    args.out.mkdir(parents=True, exist_ok=True)
    told = {"pictures": len(pictures), "people": len(set(pictures.person.tolist())), "measures": found}
    (args.out / "study.json").write_text(json.dumps(told, indent=1) + "\n")
    (args.out / "study.md").write_text(as_markdown(found))
    draw(args.out / "study.png", found)
    print(as_markdown(found).split("\n\n")[0])


if __name__ == "__main__":
    sources.told(main)
