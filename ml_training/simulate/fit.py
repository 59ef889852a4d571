"""Placing the face model on a portrait: pose, identity and expression from its landmarks."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import lsq_linear

from inference.pipeline.places import MULTI_PIE
from ml_training.simulate.facemodel import FaceModel

MESH_OF_LANDMARK = np.array(MULTI_PIE)
"""The MediaPipe mesh index of each of the 68 Multi-PIE landmarks, in their order."""
CONTOUR_WEIGHT = 0.3
"""The first 17 landmarks lie on the face's outline, which slides over the skin as the head turns."""
IDENTITY_LIMIT = 2.5
"""Identity weights are standard deviations; the fit may not leave what people look like."""
IDENTITY_STIFFNESS, EXPRESSION_STIFFNESS = 0.12, 1.0


@dataclass(frozen=True)
class Fit:
    """A placed face: image point = scale * rotation @ vertex + translation, y and z pointing up and out.

    residual: root mean square distance of model and landmarks, as a share of the interocular distance.
    """

    scale: float
    rotation: np.ndarray
    translation: np.ndarray
    identity: np.ndarray
    expression: np.ndarray
    residual: float

    @property
    def yaw_degrees(self) -> float:
        """Turn of the head to its side; 0 looks into the camera."""
        return float(np.degrees(np.arctan2(self.rotation[0, 2], self.rotation[2, 2])))


def _procrustes(
    model: np.ndarray, target: np.ndarray, weight: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Similarity that lays `model` (N, 3) on `target` (N, 3) (Umeyama, IEEE TPAMI 13(4), 1991)."""
    share = (weight / weight.sum())[:, None]
    middle, goal = (share * model).sum(0), (share * target).sum(0)
    u, s, vt = np.linalg.svd((share * (target - goal)).T @ (model - middle))
    handed = np.array([1, 1, np.sign(np.linalg.det(u @ vt))])
    rotation = u @ np.diag(handed) @ vt
    scale = float((s * handed).sum() / (share * (model - middle) ** 2).sum())
    return scale, rotation, goal - scale * rotation @ middle


def fit(model: FaceModel, points: np.ndarray, rounds: int = 6) -> Fit:
    """Bounded least squares for pose (Procrustes), identity and expression weights, in turns.

    points: (478, 3), px, as `inference.pipeline.landmarks` gives them.
    """
    target = points[MESH_OF_LANDMARK].astype(np.float64) * [1, -1, -1]
    weight = np.ones(len(target))
    weight[:17] = CONTOUR_WEIGHT
    root = np.sqrt(weight)[:, None]
    vertices = model.landmarks
    neutral = model.neutral[vertices].astype(np.float64)
    basis = np.concatenate([model.identity[:, vertices], model.expression[:, vertices]]).astype(np.float64)
    people, units = len(model.identity), len(model.expression)
    low = np.r_[np.full(people, -IDENTITY_LIMIT), np.zeros(units)]
    high = np.r_[np.full(people, IDENTITY_LIMIT), np.ones(units)]
    weights = np.zeros(people + units)
    for _ in range(rounds):
        scale, rotation, shift = _procrustes(neutral + np.tensordot(weights, basis, 1), target, weight)
        design = (np.einsum("ij,kvj->kvi", scale * rotation[:2], basis) * root).reshape(len(basis), -1).T
        wanted = ((target - (scale * (neutral @ rotation.T) + shift))[:, :2] * root).ravel()
        stiffness = scale * np.r_[np.full(people, IDENTITY_STIFFNESS), np.full(units, EXPRESSION_STIFFNESS)]
        weights = lsq_linear(
            np.vstack([design, np.diag(stiffness)]),
            np.r_[wanted, np.zeros(len(stiffness))],
            bounds=(low, high),
        ).x
    placed = scale * ((neutral + np.tensordot(weights, basis, 1)) @ rotation.T) + shift
    error = np.sqrt(((placed - target)[17:, :2] ** 2).sum(1).mean())
    interocular = float(np.linalg.norm(target[36:42].mean(0)[:2] - target[42:48].mean(0)[:2]))
    return Fit(scale, rotation, shift, weights[:people], weights[people:], float(error / interocular))
