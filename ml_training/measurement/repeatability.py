"""How far two photographs of one unmoved face differ: `python -m ml_training.measurement.repeatability --data DIR`.

Pictures that share visit, view and expression are the same face under other light, turn, distance, noise and blur.
Their spread gives each figure's smallest detectable change between two photographs:

    SDC95 = 1.96 * sqrt(2) * SD_within    (Bland and Altman, BMJ 1996;313:744; de Vet et al., J Clin Epidemiol 2006)

What a face does differently each time it is asked to smile comes on top: simulated repeats don't have it.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from inference.pipeline.codes import SIDES, VIEWS, Exercise
from inference.pipeline.measure import MEASURES
from inference.pipeline.measure.refinement import load
from inference.pipeline.measure.registry import CLOSURE_VIEWS
from ml_training import sources
from ml_training.datasets import Pictures
from ml_training.measurement import tables
from ml_training.measurement.tables import Columns

FEWEST_GROUPS = 8
HELD_OUT = ("val", "test")
"""Splits whose people taught neither network nor correction."""
LEAST_CLOSURE = 0.2
"""As in the charts: where neither eye closes by this share, there is nothing to compare."""
REST, BROW_RAISE = Exercise.REST, Exercise.BROW_RAISE
SMILES = (Exercise.CLOSED_SMILE, Exercise.SMILE_WITH_TEETH)
CHART_FIGURES = {
    "brow_ratio.rest": (REST,), "brow_ratio.brow_raise": (BROW_RAISE,), "eye_ratio.rest": (REST,),
    "mouth_ratio.closed_smile": SMILES[:1], "mouth_ratio.smile_with_teeth": SMILES[1:], "mouth_ratio.smile": SMILES,
    "mouth_ratio.show_teeth": (Exercise.SHOW_TEETH,),
}  # fmt: skip
"""What the recovery charts draw: region, then the exercise in which it was read; "smile" is either smile."""


def repeatability(values: Mapping[str, np.ndarray], groups: np.ndarray) -> dict[str, dict[str, float | int]]:
    """Smallest detectable change of each figure, measure or score, from repeated photographs.

    values: name -> (N,) numbers, NaN where a picture has none. groups: (N,) equal for repeats of one face and pose;
    pictures without a repeat don't count. Result: name -> {"sdc95", "sd_within", in the figure's own unit, "groups",
    "pictures"}; figures with fewer than FEWEST_GROUPS repeated poses are left out.
    """
    numbers = np.unique(np.asarray(groups), return_inverse=True)[1]
    found: dict[str, dict[str, float | int]] = {}
    for name, column in values.items():
        column = np.asarray(column, float)
        known = np.isfinite(column)
        size = np.bincount(numbers[known])
        total = np.bincount(numbers[known], column[known])
        repeated = known & (size[np.minimum(numbers, len(size) - 1)] > 1) if len(size) else known
        count = int((size > 1).sum())
        if count < FEWEST_GROUPS:
            continue
        mean = total[numbers[repeated]] / size[numbers[repeated]]
        freedom = int(repeated.sum()) - count
        within = float(np.sqrt(((column[repeated] - mean) ** 2).sum() / freedom))
        found[name] = {
            "sdc95": round(1.96 * np.sqrt(2) * within, 4),
            "sd_within": round(within, 4),
            "groups": count,
            "pictures": int(repeated.sum()),
        }
    return found


def as_release(found: Mapping[str, Mapping[str, float | int]]) -> dict[str, float]:
    """What release.json keeps under "repeatability": name -> smallest detectable change."""
    return {name: float(one["sdc95"]) for name, one in found.items()}


def repeats(pictures: Pictures) -> np.ndarray:
    """(N,) the pose that each picture shows: the same where visit, view and expression are."""
    keys: dict[tuple[str, int, bytes], int] = {}
    return np.array(
        [
            keys.setdefault((str(visit), int(view), weights.tobytes()), len(keys))
            for visit, view, weights in zip(pictures.visit, pictures.view, pictures.weights, strict=True)
        ]
    )


def closure_ratio(columns: Columns, pictures: Pictures, seed: int = 20261121) -> np.ndarray:
    """(N,) how alike both eyes close, as the recovery charts reckon it: the smaller over the larger share by which an
    eye's opening falls short of the one at rest.

    A visit's repeats share its one photo at rest; the openings found there get the noise that repeated photos at rest
    have, anew for each picture, or half of the error would be missing.
    """
    rest = pictures.view == VIEWS.index(REST)
    pose, rng = repeats(pictures), np.random.default_rng(seed)
    shares = []
    for side in SIDES:
        opening = columns[f"eye_{side}"]
        noise = repeatability({"eye": np.where(rest, np.log(np.maximum(opening, 0.5)), np.nan)}, pose)
        spread = float(noise["eye"]["sd_within"]) if noise else 0.0
        at_rest = dict(zip(pictures.visit[rest].tolist(), opening[rest].tolist(), strict=True))
        before = np.array([at_rest.get(visit, np.nan) for visit in pictures.visit.tolist()])
        shares.append(np.clip(1 - opening / (before * np.exp(rng.normal(0, spread, len(before)))), 0, 1))
    small, large = np.minimum(*shares), np.maximum(*shares)
    return np.where(large >= LEAST_CLOSURE, small / np.maximum(large, LEAST_CLOSURE), np.nan)


def figures(columns: Columns, pictures: Pictures) -> dict[str, np.ndarray]:
    """What charts and pages draw, each only in the views in which it is read.

    REGION_ratio.EXERCISE: the charts' figures; each measure's name (one side's value, of the left; the right has a
    column of its own, `NAME_right`), `NAME_difference` and `NAME_ratio`.
    """
    view = np.array(VIEWS)[pictures.view]
    found = {
        name: np.where(np.isin(view, views), columns[name.split(".")[0]], np.nan)
        for name, views in CHART_FIGURES.items()
    }
    closing = closure_ratio(columns, pictures)
    found |= {f"eye_ratio.{name}": np.where(view == name, closing, np.nan) for name in CLOSURE_VIEWS}
    for one in MEASURES:
        read = tables.read_in(one.name, pictures.view)
        for key, name in (("value", ""), ("left", ""), ("right", "_right"), ("difference", "_difference"),
                          ("ratio", "_ratio")):  # fmt: skip
            if f"{one.name}.{key}" in columns:
                found[one.name + name] = np.where(read, columns[f"{one.name}.{key}"], np.nan)
    return found


def both_sides(found: dict[str, dict[str, float | int]]) -> dict[str, dict[str, float | int]]:
    """One figure for a measure's two sides: the mean of their variances."""
    for name in [one.name for one in MEASURES if f"{one.name}_right" in found]:
        right, left = found.pop(f"{name}_right"), found[name]
        within = float(np.sqrt((left["sd_within"] ** 2 + right["sd_within"] ** 2) / 2))
        found[name] = left | {"sd_within": round(within, 4), "sdc95": round(1.96 * np.sqrt(2) * within, 4)}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of simulated pictures with repeats")
    parser.add_argument(
        "--locator", type=Path, help="the release's locator of landmarks (.keras), if it has one"
    )
    parser.add_argument("--refinement", type=Path, help="refinement.npz, where the release has one")
    parser.add_argument("--out", type=Path, default=Path("ml_training/runs/measurement/repeatability.json"))
    args = parser.parse_args()
    pictures = tables.read(args.data, args.locator, HELD_OUT)
    pose = repeats(pictures)
    size = np.bincount(pose)
    # Photos at rest, whose scale the closed eyes need, stay with their visit's repeats.
    wanted = np.isin(pictures.visit, pictures.visit[size[pose] > 1])
    pictures, pose = pictures.where(wanted), pose[wanted]
    refine = load(args.refinement).apply if args.refinement else None
    found = both_sides(repeatability(figures(tables.of_mesh(pictures, refine), pictures), pose))
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(found, indent=1) + "\n")
    for name, one in found.items():
        print(f"{name:34s} {one['sdc95']:8.3f}  ({one['groups']} poses, {one['pictures']} pictures)")


if __name__ == "__main__":
    sources.told(main)
