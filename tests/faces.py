"""A face drawn with a ruler, in a photo, as an analysis keeps it: measures and points belong together."""

from __future__ import annotations

from typing import Any

from inference.pipeline.measure import measure
from tests import factories
from tests.pipeline.drawn import face

SIZE = (900, 1200)
PX_A_MM = 4.0


def drawn(exercise: str = "smile", **changes: tuple[float, float]) -> dict[str, Any]:
    """The columns of an analysis of that face; changes as `drawn.face` takes them, mm."""
    points = face(**changes).astype(float) * PX_A_MM
    points[:, :2] += (450.0, 420.0)
    shares = [[round(x / SIZE[0], 4), round(y / SIZE[1], 4)] for x, y in points[:, :2].tolist()]
    return {
        "data": {
            **factories.findings(exercise=exercise),
            "symmetry": measure(points),
            "image_size": list(SIZE),
        },
        "landmarks": shares,
    }


def analysis_of(photo: Any, **changes: Any) -> Any:
    """A result of that photo; changes of the face, or columns of the analysis."""
    moved = {name: changes.pop(name) for name in list(changes) if name[0] == "p" and name[1:].isdigit()}
    photo.width, photo.height = SIZE
    photo.save(update_fields=["width", "height"])
    return factories.AnalysisFactory(photo=photo, **{**drawn(photo.exercise, **moved), **changes})


def at(right: float, down: float) -> list[float]:
    """That place of the drawn face, mm from between the eyes, as shares of the photo."""
    return [
        round((450.0 + PX_A_MM * right) / SIZE[0], 5),
        round((420.0 + PX_A_MM * down) / SIZE[1], 5),
    ]


def lids(side: str, upper: float, lower: float) -> dict[int, list[float]]:
    """The lids' points of one eye so far down, mm: both 1 is a shut eye."""
    outwards = 1 if side == "left" else -1
    pairs = {"left": ((387, 373), (386, 374), (385, 380)), "right": ((160, 144), (159, 145), (158, 153))}[
        side
    ]
    found = {}
    for x, (above, below) in zip((35, 30, 25), pairs, strict=True):
        found[above], found[below] = at(outwards * x, upper), at(outwards * x, lower)
    return found
