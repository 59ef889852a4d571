"""How uneven faces are: told by region, and of healthy faces alone."""

from __future__ import annotations

import numpy as np
import pytest

from inference.pipeline.codes import VIEWS
from inference.pipeline.shape import MIRROR
from ml_training import evenness
from ml_training.datasets import Pictures

from .made import fields


def even(count: int, **kwargs) -> dict[str, np.ndarray]:
    """Faces that are their own mirror image, 60 px between the eyes."""
    made = fields(count, **kwargs)
    points = made["points"].copy()
    flipped = points[:, list(MIRROR)] * [-1, 1, 1] + [200, 0, 0]
    return made | {"points": ((points + flipped) / 2).astype(np.float32), "view": np.full(count, 5)}


def test_only_the_part_that_hangs_is_uneven():
    points = even(3)["points"]
    assert max(part.max() for part in evenness.unevenness(points).values()) < 1e-3
    points[0, 61, 1] += (
        6  # a tenth of the distance between the eyes; one of twenty points of the lips, and its twin
    )
    found = evenness.unevenness(points)
    assert found["lips"][0] == pytest.approx(2 * 5 / 20, rel=0.01)
    assert found["lips"][1:].max() < 1e-3
    assert max(part.max() for region, part in found.items() if region != "lips") < 1e-3


def test_views_are_compared_where_both_show_them_and_palsies_are_left_out():
    simulated, untouched = even(6), even(4, seed=3)
    untouched["view"] = np.array([5, 5, 0, -1])
    untouched["grade"] = np.ones(4, int)
    simulated["points"][simulated["grade"] > 1, 61, 1] += 30
    rows = evenness.table(Pictures(**simulated), Pictures(**untouched)).splitlines()[2:]
    assert len(rows) == len(evenness.REGIONS)
    assert all(row.startswith(f"| {VIEWS[5].replace('_', ' ')} (2 and 2) |") for row in rows)
    assert all(cell.strip() == "0.0" for row in rows for cell in row.split("|")[3:-1])
