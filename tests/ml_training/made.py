"""Pictures of noise with every field of a data set, for tests that need its form and not its sense."""

from __future__ import annotations

import numpy as np

from inference.pipeline.codes import LANDMARK_COUNT, VIEWS
from ml_training.datasets import CONDITIONS, TRUE_POINTS


def fields(count: int, *, split: str = "train", size: int = 32, seed: int = 0) -> dict[str, np.ndarray]:
    """A shard's fields of so many people, one picture each; every third is healthy."""
    rng = np.random.default_rng(seed)
    number = np.arange(count)
    points = rng.normal(100, 20, (count, LANDMARK_COUNT, 3)).astype(np.float32)
    corners = {33: (60, 80), 133: (80, 80), 362: (120, 80), 263: (140, 80), 168: (100, 80), 2: (100, 130)}
    for index, place in corners.items():
        points[:, index] = (*place, 0)
    healthy = number % 3 == 0
    real = {
        "zones": (4, 2), "droop": (2,), "synkinesis": (2,), "weights": (57,), "truth": (TRUE_POINTS, 2),
        "truth_mm": (TRUE_POINTS, 3), "iris": (2, 3), "mm_per_px": (), "conditions": (len(CONDITIONS),),
    }  # fmt: skip
    return {
        "crops": rng.integers(0, 255, (count, size, size, 3), dtype=np.uint8),
        "points": points,
        "photo_size": np.full((count, 2), 200),
        "view": number % len(VIEWS),
        "done_side": np.full(count, -1),
        "grade": np.where(healthy, 1, 2 + number % 5),
        "side": np.where(healthy, -1, number % 2),
        **{name: rng.random((count, *shape)).astype(np.float32) for name, shape in real.items()},
        "person": np.array([f"{split}-{n}" for n in number]),
        "visit": np.array([f"{split}-{n}-1" for n in number]),
        "split": np.full(count, split),
        "source": np.full(count, "noise"),
        "covered": np.zeros((count, 4, 2), bool),
    }
