"""Made-up people with visits, and a made-up network that knows as much of them as a test wants."""

from __future__ import annotations

import numpy as np

from inference.pipeline.codes import LANDMARK_COUNT, VIEWS
from inference.pipeline.shape import MIRROR
from ml_training.datasets import CONDITIONS, TRUE_POINTS, Pictures
from ml_training.evaluate.answers import RawOutputs
from ml_training.evaluate.changed import FACE_OVAL

SIZE = 32


def face(rng: np.random.Generator) -> np.ndarray:
    """(478, 3) points of an even face with its eyes at 80 and 120, 80 px, chin down, on a photo of 200 px."""
    points = rng.normal(0, 1, (LANDMARK_COUNT, 3))
    even = (points + points[list(MIRROR)] * [-1, 1, 1]) / 2 * [10, 10, 3] + [0, 30, 0]
    for right, left, x, y in ((33, 263, 30, 0), (133, 362, 10, 0), (61, 291, 15, 60)):
        even[right], even[left] = (-x, y, 0), (x, y, 0)
    around = 2 * np.pi * np.arange(len(FACE_OVAL)) / len(FACE_OVAL)
    even[list(FACE_OVAL)] = np.column_stack([40 * np.sin(around), 20 - 60 * np.cos(around), 0 * around])
    return (even + [99.5, 80, 0]).astype(np.float32)


def pictures(people: int = 24, visits: int = 2, split: str = "test", seed: int = 0) -> Pictures:
    """Every view of every visit once. Grades are drawn for the visit, half of them healthy; crops and conditions are
    noise that tells nothing."""
    rng = np.random.default_rng(seed)
    one = face(rng)
    rows: dict[str, list[object]] = {
        name: [] for name in ("view", "grade", "side", "person", "visit", "zones")
    }
    for who in range(people):
        for visit in range(visits):
            grade = 1 if (who + visit) % 2 else int(rng.integers(2, 7))
            side = -1 if grade == 1 else int(rng.integers(2))
            movement = np.ones((4, 2))
            if side >= 0:
                movement[:, side] = (6 - grade) / 5
            for view in range(len(VIEWS)):
                known = (view, grade, side, f"{split}-{who}", f"{split}-{who}-{visit}", movement)
                for name, value in zip(rows, known, strict=True):
                    rows[name].append(value)
    count = len(rows["view"])
    conditions = rng.random((count, len(CONDITIONS))).astype(np.float32)
    conditions[:, CONDITIONS.index("skin_ita_deg")] = rng.uniform(-40, 60, count)
    return Pictures(
        crops=rng.integers(0, 255, (count, SIZE, SIZE, 3), dtype=np.uint8),
        points=np.broadcast_to(one, (count, LANDMARK_COUNT, 3))
        + rng.normal(0, 0.5, (count, LANDMARK_COUNT, 3)),
        photo_size=np.full((count, 2), 200),
        view=np.array(rows["view"]),
        done_side=np.full(count, -1),
        grade=np.array(rows["grade"]),
        side=np.array(rows["side"]),
        zones=np.array(rows["zones"]),
        droop=np.zeros((count, 2)),
        synkinesis=np.zeros((count, 2)),
        weights=np.zeros((count, 57)),
        truth=np.zeros((count, TRUE_POINTS, 2)),
        truth_mm=np.zeros((count, TRUE_POINTS, 3)),
        iris=np.zeros((count, 2, 3)),
        mm_per_px=np.ones(count),
        conditions=conditions,
        person=np.array(rows["person"]),
        visit=np.array(rows["visit"]),
        split=np.full(count, split),
        source=np.full(count, "made up"),
        covered=np.zeros((count, 4, 2), bool),
    )


def knowing(known: Pictures, sureness: float = 6.0, noise: float = 0.0, seed: int = 0) -> RawOutputs:
    """Outputs of a network that sees the labels, as sure as `sureness` says, through `noise`."""
    rng = np.random.default_rng(seed)

    def blurred(values: np.ndarray) -> np.ndarray:
        return sureness * values + noise * rng.normal(size=values.shape)

    worse = known.grade[:, None] > np.arange(1, 6)
    side = np.where(known.side == 1, 1.0, np.where(known.side == 0, -1.0, 0.0))
    return RawOutputs(
        blurred(np.eye(len(VIEWS))[known.view]), blurred(2.0 * worse - 1), blurred(side), known.zones.copy()
    )
