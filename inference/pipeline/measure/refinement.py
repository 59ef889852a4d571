"""A small learned correction of the face mesh, which draws weak faces more alike than they are.

Landmark models pull palsied faces towards symmetry and keep closed eyes open (clinics measured both: Guarin et
al., Facial Plast Surg Aesthet Med 2020, on normalised landmark error of patients and controls). How uneven the
mesh is still tells how uneven the face is, so a linear map of the mesh, fitted on simulated faces whose true
points are known (`ml_training.measurement.refine`), gives the correction of the points that measures read.

Where the release has a locator (`inference.pipeline.locate`), the landmarks that it finds take the place of the mesh's,
and the map reads besides how far they lie from them.

It treats both sides alike by construction: the mesh is split into its even and its odd part under exchange of
left and right; the odd part of the correction is made of terms that are odd, the even part of terms that are
even. A mirrored face is therefore corrected by the mirrored correction, and an even mesh stays even.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Final

import numpy as np

from inference.pipeline import places
from inference.pipeline.errors import ModelAltered
from inference.pipeline.places import with_places
from inference.pipeline.release import Release

from .frame import LIDS, eye_centres

FILE: Final = "refinement.npz"
LIMIT: Final = 0.06
"""No point is moved further than this, in distances between the eyes (some 4 mm): beyond it the mesh is of a face
such as the fit has never seen, and the correction is a guess."""
EXTRA: Final = 2 * len(places.PAIRS) + len(places.MIDDLE)
"""Columns of each part that tell how far the locator's places lie from the mesh's."""
LID_KNOTS: Final = (0.07, 0.1, 0.13)
"""Openings of an eye, in distances between the eyes, under which its lids are corrected more and more: an open eye is
drawn as it is, a closed one is drawn open, so one straight line can't serve both."""


@dataclass(frozen=True, slots=True)
class Refinement:
    """The correction's parameters.

    pairs: (P, 2) mesh indices left and right, middle: (M,) indices on the midline; both are what is read.
    target_pairs: (K, 2), target_middle: (L,): the points that are corrected.
    places: 1 if the locator's places are read too, else 0.
    even_offset: (2K + L,), even_weights: (2K + L, E), odd_weights: (2K + L, O): from the parts of the mesh (`parts`)
    to those of the correction (`joined`), in distances between the eyes.
    """

    pairs: np.ndarray
    middle: np.ndarray
    target_pairs: np.ndarray
    target_middle: np.ndarray
    even_offset: np.ndarray
    even_weights: np.ndarray
    odd_weights: np.ndarray
    places: np.ndarray = field(default_factory=lambda: np.array(0))

    @property
    def reads_places(self) -> bool:
        """Whether `apply` wants what the locator finds."""
        return bool(self.places)

    def apply(self, points: np.ndarray, found: np.ndarray | None = None) -> np.ndarray:
        """A corrected copy of points (478, 3), px; points that no measure reads and nobody finds stay as they are.

        found: (63, 2) the locator's places, which a correction of the mesh alone leaves aside. ValueError where they
        are wanted and not given.
        """
        face = points
        if self.reads_places:
            if found is None or not len(found):
                raise ValueError("This correction reads the locator's landmarks: give them too.")
            face = with_places(points, found)
        level, (start, origin, turn, apart) = framed(points)[0], framed(face)
        even, odd = parts(level[None], self.pairs, self.middle, start[None] if self.reads_places else None)
        shift = joined(
            even @ self.even_weights.T + self.even_offset, odd @ self.odd_weights.T, len(self.target_pairs)
        )[0]
        far = np.abs(shift).max(axis=1, keepdims=True)
        shift = shift * np.minimum(1.0, LIMIT / np.maximum(far, LIMIT))
        targets = self.targets
        refined = face.astype(np.float32, copy=True)
        refined[targets, :2] = (start[targets, :2] + shift) * apart @ turn + origin
        return refined

    @property
    def targets(self) -> np.ndarray:
        """(2K + L,) mesh indices that are corrected: left ones, right ones, those on the midline."""
        return np.concatenate([self.target_pairs[:, 0], self.target_pairs[:, 1], self.target_middle])


def framed(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Points in the eyes' frame, in distances between the eyes, and the way back.

    points: (478, 3), px. Returns (478, 3) float32 right, down and away; origin (2,) px; turn (2, 2); distance, px.
    """
    right, left = eye_centres(points)
    across = left[:2] - right[:2]
    apart = float(np.hypot(across[0], across[1]))
    x, y = across / apart
    turn = np.array([[x, y], [-y, x]])
    origin = (left + right) / 2
    level = ((points - origin) / apart).astype(np.float32)
    level[:, :2] = level[:, :2] @ turn.T.astype(np.float32)
    return level, origin[:2], turn, apart


def parts(
    level: np.ndarray, pairs: np.ndarray, middle: np.ndarray, start: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """What stays and what changes sign when left and right are exchanged: (N, 3P + 2M + T), (N, 3P + M + T).

    level: (N, 478, 3) of `framed`. The last T columns of both are the mean and half the difference of how far each eye
    is closed below each of `LID_KNOTS`. start: the same with the locator's places; how far they lie from the mesh's
    are `EXTRA` columns more.
    """
    left, right, mid = level[:, pairs[:, 0]], level[:, pairs[:, 1]], level[:, middle]
    plus, minus = (left + right) / 2, (left - right) / 2
    shut_left, shut_right = (_shut(level, LIDS[side]) for side in ("left", "right"))
    even = [minus[..., 0], plus[..., 1], plus[..., 2], mid[..., 1], mid[..., 2], (shut_left + shut_right) / 2]
    odd = [plus[..., 0], minus[..., 1], minus[..., 2], mid[..., 0], (shut_left - shut_right) / 2]
    if start is not None:
        order = np.concatenate([places.PAIRS[:, 0], places.PAIRS[:, 1], places.MIDDLE])
        apart = split((start - level)[:, order, :2], len(places.PAIRS))
        even.append(apart[0])
        odd.append(apart[1])
    return np.concatenate(even, 1), np.concatenate(odd, 1)


def _shut(level: np.ndarray, lids: tuple[tuple[int, int], ...]) -> np.ndarray:
    """(N, T) by how much the eye's opening falls short of each of `LID_KNOTS`."""
    upper, lower = np.array(lids).T
    opening = (level[:, lower, 1] - level[:, upper, 1]).mean(1, keepdims=True)
    return np.maximum(np.float32(0), np.array(LID_KNOTS, np.float32) - opening)


def joined(even: np.ndarray, odd: np.ndarray, pairs: int) -> np.ndarray:
    """Shifts (N, 2K + L, 2) of the left, the right and the middle points from their parts, (N, 2K + L) each.

    even: half the widening of each pair, its common shift down, the middle's shift down; odd: each pair's common
    shift to the side, half its difference down, the middle's shift to the side.
    """
    k = pairs
    left = np.stack([odd[:, :k] + even[:, :k], even[:, k : 2 * k] + odd[:, k : 2 * k]], -1)
    right = np.stack([odd[:, :k] - even[:, :k], even[:, k : 2 * k] - odd[:, k : 2 * k]], -1)
    middle = np.stack([odd[:, 2 * k :], even[:, 2 * k :]], -1)
    return np.concatenate([left, right, middle], 1)


def split(shift: np.ndarray, pairs: int) -> tuple[np.ndarray, np.ndarray]:
    """The parts of shifts (N, 2K + L, 2): the way back of `joined`."""
    k = pairs
    left, right, middle = shift[:, :k], shift[:, k : 2 * k], shift[:, 2 * k :]
    plus, minus = (left + right) / 2, (left - right) / 2
    even = np.concatenate([minus[..., 0], plus[..., 1], middle[..., 1]], 1)
    odd = np.concatenate([plus[..., 0], minus[..., 1], middle[..., 0]], 1)
    return even, odd


def save(path: Path, refinement: Refinement) -> None:
    """Write it as npz, float32."""
    with path.open("wb") as stream:
        np.savez_compressed(stream, **{f.name: getattr(refinement, f.name) for f in fields(refinement)})


def load(path: Path) -> Refinement:
    """Read what `save` wrote. Raises ModelAltered."""
    try:
        with np.load(path, allow_pickle=False) as data:
            values = {
                f.name: data[f.name]
                for f in fields(Refinement)
                if f.default_factory is MISSING or f.name in data
            }
    except (OSError, KeyError, ValueError) as error:
        raise ModelAltered(f"{path.name} holds no correction of landmarks: {error}.") from error
    return Refinement(**values)


def of_release(release: Release) -> Refinement | None:
    """The release's own correction, its checksum having been verified with the rest; None where it has none."""
    file = release.refinement.get("file")
    return load(release.path(str(file))) if file else None
