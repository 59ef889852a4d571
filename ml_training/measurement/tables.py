"""Measures of many pictures as columns: of the mesh, of the mesh refined, and of the simulator's true points."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np

from inference.pipeline.codes import SIDES, VIEWS, Exercise
from inference.pipeline.measure import MEASURES, FramedFace, carried_scale, measure, values
from inference.pipeline.measure.frame import IRIS_EDGES, PUPILS
from inference.pipeline.measure.registry import CLOSURE_VIEWS
from inference.pipeline.places import PLACES
from ml_training.datasets import FIELDS, DataMissing, Pictures, check_disjoint, column
from ml_training.locator import found

LID_PAIRS = ((160, 144), (158, 153), (387, 373), (385, 380))
REGIONS = ("brow", "eye", "mouth")
Columns = dict[str, np.ndarray]
Refine = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Mesh (478, 3) and found places -> the mesh corrected."""


@dataclass(frozen=True)
class Located(Pictures):
    """Pictures without their crops, which no measure needs and which fill the memory, with what a network finds there.

    found: (N, 63, 2) as `inference.pipeline.locate.Locator` tells it, or (N, 0, 2) where none was asked.
    """

    found: np.ndarray

    @classmethod
    def of_pictures(cls, pictures: Pictures, found: np.ndarray | None = None) -> Self:
        """Of pictures and what was found in them."""
        none = np.zeros((len(pictures), 0, 2))
        known = {name: getattr(pictures, name) for name in FIELDS}
        return cls(**known, found=none if found is None else found)


def read(
    folder: Path, locator: Path | None = None, splits: tuple[str, ...] = ("train", "val", "test")
) -> Located:
    """A data set's pictures of these splits whose truth and view are known, with the places that the locator (.keras),
    if any, finds in their crops and mirror images. Raises DataMissing."""
    find = _finder(locator) if locator else None
    columns: dict[str, list[np.ndarray]] = {field.name: [] for field in fields(Located)}
    for path in sorted(folder.glob("part-*.npz")):
        with np.load(path) as shard:
            chosen = np.isin(shard["split"], splits)
            crops = shard["crops"][chosen]
            columns["found"].append(find(crops) if find else np.zeros((len(crops), 0, 2)))
            for name in FIELDS:
                whole = crops[:, :0, :0] if name == "crops" else column(shard, name)[chosen]
                columns[name].append(whole)
    if not sum(map(len, columns["view"])):
        raise DataMissing(f"No pictures in {folder}: run `python -m ml_training.simulate`.")
    pictures = Located(*(np.concatenate(parts) for parts in columns.values()))
    check_disjoint(pictures.person, pictures.split)
    known = np.isfinite(pictures.truth).all((1, 2)) & np.isfinite(pictures.iris).all((1, 2))
    return pictures.where(known & (pictures.view >= 0))


def _finder(locator: Path) -> Callable[[np.ndarray], np.ndarray]:
    import keras

    return partial(found, keras.models.load_model(locator, compile=False))


def true_points(pictures: Pictures) -> np.ndarray:
    """(N, 478, 2) px: the true places where they are known, NaN elsewhere."""
    points = np.full((len(pictures), 478, 2), np.nan)
    points[:, PLACES] = pictures.truth
    _meet(points)
    across = points[:, 263] - points[:, 33]
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    for n, side in enumerate(SIDES):
        centre, half = pictures.iris[:, n, :2], pictures.iris[:, n, 2:] / 2
        points[:, PUPILS[side]] = centre
        first, second = IRIS_EDGES[side]
        points[:, first], points[:, second] = centre - half * across, centre + half * across
    return points


def _meet(points: np.ndarray) -> None:
    """Where the model's closed lids cross, they meet halfway: one lies on the other."""
    down = points[:, 263] - points[:, 33]
    down = np.column_stack([-down[:, 1], down[:, 0]])
    for upper, lower in LID_PAIRS:
        crossed = ((points[:, lower] - points[:, upper]) * down).sum(1) < 0
        middle = (points[crossed, upper] + points[crossed, lower]) / 2
        points[crossed, upper] = points[crossed, lower] = middle


def of_truth(pictures: Pictures) -> Columns:
    """Every figure of the registry from the true points, in true millimetres."""
    points = true_points(pictures)
    rows = [
        _flat(values(FramedFace.of(p), float(s))) for p, s in zip(points, pictures.mm_per_px, strict=True)
    ]
    return _columns(rows)


def of_mesh(pictures: Located, refine: Refine | None = None) -> Columns:
    """Every figure as the product measures it: its own scale, or that of the visit's photo at rest."""
    seen = zip(pictures.points, pictures.found, strict=True)
    points = [mesh if refine is None else refine(mesh, found) for mesh, found in seen]
    closed = np.isin(np.array(VIEWS)[pictures.view], CLOSURE_VIEWS)
    found: list[dict[str, Any] | None] = [
        None if shut else measure(p) for p, shut in zip(points, closed, strict=True)
    ]
    rest = VIEWS.index(Exercise.REST.value)
    eyes_mm = {
        str(pictures.visit[n]): one["eyes_mm"]
        for n, one in enumerate(found)
        if one is not None and pictures.view[n] == rest
    }
    rows = []
    for n, one in enumerate(found):
        eyes = eyes_mm.get(str(pictures.visit[n]))
        whole = one or measure(points[n], carried_scale(points[n], eyes) if eyes else None)
        row = _flat(whole["measures"]) | {"mm_per_px": whole["mm_per_px"], "eyes_mm": whole["eyes_mm"]}
        row |= {f"{region}_ratio": whole[region]["ratio"] for region in REGIONS}
        row |= {f"eye_{side}": whole["eye"][side] for side in SIDES}
        rows.append(row | {"composite": whole["composite"]})
    return _columns(rows)


def _flat(found: dict[str, dict[str, float | None]]) -> dict[str, float | None]:
    return {f"{name}.{key}": value for name, one in found.items() for key, value in one.items()}


def _columns(rows: list[dict[str, Any]]) -> Columns:
    return {key: np.array([row[key] for row in rows], float) for key in rows[0]}


def read_in(name: str, view: np.ndarray) -> np.ndarray:
    """(N,) bool: whether the measure is read in these views (indices into `VIEWS`)."""
    wanted = {one.name: one.views for one in MEASURES}[name]
    return np.isin(np.array(VIEWS)[view], wanted)
