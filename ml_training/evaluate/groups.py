"""The same figures in parts of the test people: whom the network serves worse."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from inference.pipeline.codes import SIDES, VIEWS
from ml_training.datasets import Pictures
from ml_training.evaluate.figures import BANDS, Judged
from ml_training.evaluate.intervals import Figure, accuracy

BY_NATURE = ("view", "grade band", "weak side")
FEWEST_PICTURES, FEWEST_PEOPLE = 40, 5
"""A group with fewer is listed with its size alone: its figures would say nothing."""
SKIN_TONES = (
    ("very light (ITA over 55°)", 55, np.inf),
    ("light (41 to 55°)", 41, 55),
    ("intermediate (28 to 41°)", 28, 41),
    ("tan (10 to 28°)", 10, 28),
    ("brown (-30 to 10°)", -30, 10),
    ("dark (-30° and under)", -np.inf, -30),
)
"""Classes of the individual typology angle (Chardon, Cretois and Hourseau, Int J Cosmet Sci 1991), which run roughly
along Fitzpatrick's types I to VI (Del Bino and Bernerd, Br J Dermatol 2013). A portrait's light
shifts the angle."""
NOT_EVALUATED = (
    {"group": "age", "why": "the simulated people carry no age"},
    {"group": "sex", "why": "the simulated people carry no sex"},
    {"group": "children", "why": "no child is among the portraits on purpose, and none is labelled"},
    {"group": "patients", "why": "no photograph of a real palsy was available"},
    {"group": "scars, swelling, contracture, earlier operations", "why": "the simulation has none"},
)


def groups(pictures: Pictures) -> Iterator[tuple[str, str, np.ndarray]]:
    """(family, name, mask) of every group; a picture that lacks the property is in none of its family."""

    def ranges(family: str, values: np.ndarray, bounds: list[tuple[str, float, float]]) -> Iterator[Any]:
        for name, low, high in bounds:
            yield family, name, (values >= low) & (values < high)

    for number, view in enumerate(VIEWS):
        yield "view", view, pictures.view == number
    for band, (low, high) in BANDS.items():
        yield "grade band", band, (pictures.grade >= low) & (pictures.grade <= high)
    for code, side in enumerate(SIDES):
        yield "weak side", side, pictures.side == code
    yield from ranges("skin tone", pictures.condition("skin_ita_deg"), list(SKIN_TONES))
    brightness, falloff = pictures.condition("brightness"), np.abs(pictures.condition("side_light"))
    yield from ranges(
        "light", brightness, [("dim", 0, 0.75), ("plain", 0.75, 1.35), ("bright", 1.35, np.inf)]
    )
    yield from ranges(
        "light from a side", falloff, [("none", 0, 0.05), ("some", 0.05, 0.2), ("much", 0.2, 9)]
    )
    turn = np.abs(pictures.condition("yaw_deg"))
    yield from ranges("head turn", turn, [("under 5°", 0, 5), ("5 to 10°", 5, 10), ("over 10°", 10, 90)])
    nod = np.abs(pictures.condition("pitch_deg"))
    yield from ranges("nod", nod, [("under 5°", 0, 5), ("5 to 10°", 5, 10), ("over 10°", 10, 90)])
    blur = pictures.condition("blur_px")
    yield from ranges("sharpness", blur, [("sharp", 0, 0.01), ("soft", 0.01, 99)])
    quality = pictures.condition("jpeg_quality")
    yield from ranges("compression", quality, [("strong", 0, 55), ("usual", 55, 85), ("little", 85, 101)])
    for name in ("glasses", "beard", "covered"):
        worn = pictures.condition(name) > 0.05
        label = "hair before the face" if name == "covered" else name
        yield label, "without", ~worn & np.isfinite(pictures.condition(name))
        yield label, "with", worn
    for source in np.unique(pictures.source):
        yield "source", str(source), pictures.source == source


def measured(judged: Judged) -> dict[str, Figure]:
    """The six figures told of each group."""
    part = judged.where(judged.one_sided)
    weak, clear = part.pictures.weak, part.clear
    called, seen = part.answers.palsy >= part.thresholds["palsy"], judged.with_view
    against, sample = clear | ~weak, part.sample
    return {
        "view": seen.sample.confusion(
            "view", "Exercise", seen.pictures.view, seen.view, len(VIEWS), accuracy
        ),
        "palsy_auc_clear": sample.where(against).area(
            "palsy_auc_clear", "Palsy, area, III to VI", part.answers.palsy[against], weak[against]
        ),
        "specificity": sample.where(~weak).share("specificity", "Healthy called normal", ~called[~weak]),
        "sensitivity_clear": sample.where(clear).share(
            "sensitivity_clear", "Weak called weak", called[clear]
        ),
        "side_clear": sample.where(clear).share("side_clear", "Side", part.side_right[clear]),
        "within_one": sample.share("within_one", "Grade within one", part.off <= 1),
    }


def by_group(judged: Judged) -> list[dict[str, Any]]:
    """A row for each group: family, name, sizes, and figures {key: value, low, high} where they are many enough."""
    rows = []
    for family, name, mask in groups(judged.pictures):
        people = len(np.unique(judged.pictures.person[mask]))
        row: dict[str, Any] = {"family": family, "group": name, "pictures": int(mask.sum()), "people": people}
        if row["pictures"] < FEWEST_PICTURES or people < FEWEST_PEOPLE:
            rows.append(row | {"figures": {}, "note": "too few"})
            continue
        found = {key: figure.row() for key, figure in measured(judged.where(mask)).items()}
        kept = {
            key: {name: figure[name] for name in ("value", "low", "high", "pictures")}
            for key, figure in found.items()
            if figure["value"] is not None
        }
        rows.append(row | {"figures": kept})
    return rows


def gaps(rows: list[dict[str, Any]], overall: dict[str, float]) -> list[dict[str, Any]]:
    """Groups whose whole interval lies under the overall figure: where the network is reliably worse. Views, grade
    bands and weak sides differ from all pictures by nature and are left out."""
    found = []
    for row in rows:
        if row["family"] in BY_NATURE:
            continue
        for key, figure in row["figures"].items():
            if key in overall and figure["high"] is not None and figure["high"] < overall[key]:
                told = {"value": figure["value"], "overall": round(overall[key], 4)}
                found.append({"family": row["family"], "group": row["group"], "figure": key} | told)
    return sorted(found, key=lambda gap: gap["value"] - gap["overall"])
