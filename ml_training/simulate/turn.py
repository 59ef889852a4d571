"""Turning a flat portrait in space: a depth map from the face model, a rotation, a camera."""

from dataclasses import dataclass

import cv2
import numpy as np

GRID = 72
"""Depth and displacement are kept on a grid of this many cells a side."""
ROUNDS = 5
"""Steps of the fixed-point search for where each pixel comes from."""


@dataclass(frozen=True)
class Pose:
    """Turn of the head (degrees): yaw to its left, pitch up, roll towards its left shoulder. focal: distance of the
    camera in face widths; scale: size of the new picture."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    focal: float = 6.0
    scale: float = 1.0


def depth_map(vertices: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """(GRID, GRID) float32 depth of the scene, px, towards the camera; beside the face it sinks smoothly to the
    face's outline. vertices: (V, 3) px, y up; shape: (height, width) of the picture."""
    height, width = shape
    column = np.clip((vertices[:, 0] * GRID / width).astype(int), 0, GRID - 1)
    row = np.clip((-vertices[:, 1] * GRID / height).astype(int), 0, GRID - 1)
    depth = np.full((GRID, GRID), -np.inf, np.float32)
    np.maximum.at(depth, (row, column), vertices[:, 2])
    known = np.isfinite(depth)
    back = float(np.quantile(vertices[:, 2], 0.05))
    value, weight = np.where(known, depth, 0).astype(np.float32), known.astype(np.float32)
    filled = np.where(known, depth, np.nan)
    for sigma in (1.0, 2.0, 4.0, 8.0):
        mass = cv2.GaussianBlur(weight, (0, 0), sigma)
        guess = cv2.GaussianBlur(value, (0, 0), sigma) / np.maximum(mass, 1e-6)
        trust = np.clip(mass * 4, 0, 1)
        filled = np.where(np.isnan(filled) & (mass > 0.02), guess * trust + back * (1 - trust), filled)
    filled = np.where(np.isnan(filled), back, filled)
    return cv2.GaussianBlur(filled.astype(np.float32), (0, 0), 1.0)


class Turn:
    """One pose applied to a picture and to points in it."""

    def __init__(
        self, pose: Pose, depth: np.ndarray, shape: tuple[int, int], centre: np.ndarray, width: float
    ) -> None:
        """depth: of `depth_map`; shape: (height, width), px; centre: (2,) middle of the face, px; width: of the
        face, px."""
        self.pose, self.shape, self.width = pose, shape, width
        self.centre = np.array([*centre, float(np.quantile(depth, 0.5))])
        yaw, pitch, roll = np.radians([pose.yaw, pose.pitch, pose.roll])
        a = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
        b = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
        c = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
        self.rotation = c @ b @ a
        self.depth = depth
        height, wide = shape
        x, y = np.meshgrid((np.arange(GRID) + 0.5) * wide / GRID, (np.arange(GRID) + 0.5) * height / GRID)
        moved = self._project(np.column_stack([x.ravel(), y.ravel(), depth.ravel()]))
        self._shift = (
            (moved - np.column_stack([x.ravel(), y.ravel()])).reshape(GRID, GRID, 2).astype(np.float32)
        )

    def _project(self, points: np.ndarray) -> np.ndarray:
        """(N, 2) px of points (N, 3): x, y down, depth."""
        away = (points - self.centre) * [1, -1, 1]
        turned = away @ self.rotation.T
        camera = self.pose.focal * self.width
        seen = turned[:, :2] * (camera / (camera - turned[:, 2]))[:, None]
        return np.asarray(seen * [1, -1] + self.centre[:2])

    def _at(self, places: np.ndarray) -> np.ndarray:
        """Displacement (..., 2) at places (..., 2), px."""
        height, width = self.shape
        grid = (places / [width / GRID, height / GRID] - 0.5).astype(np.float32)
        flat = cv2.remap(
            self._shift, grid[..., 0], grid[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return flat

    def points(self, places: np.ndarray) -> np.ndarray:
        """Where points (N, 2) of the old picture lie in the new one, px."""
        return np.asarray((places + self._at(places.reshape(1, -1, 2))[0]) * self.pose.scale)

    def picture(self, image: np.ndarray) -> np.ndarray:
        """The picture in the new pose, of the old size times `pose.scale`."""
        height, width = self.shape
        size = (max(1, round(width * self.pose.scale)), max(1, round(height * self.pose.scale)))
        x, y = np.meshgrid((np.arange(GRID) + 0.5) * width / GRID, (np.arange(GRID) + 0.5) * height / GRID)
        goal = np.stack([x, y], -1).astype(np.float32)
        source = goal.copy()
        for _ in range(ROUNDS):
            source = goal - self._at(source)
        back = cv2.resize(source - goal, size, interpolation=cv2.INTER_LINEAR)
        x, y = np.meshgrid(
            (np.arange(size[0], dtype=np.float32) + 0.5) * (width / size[0]) - 0.5,
            (np.arange(size[1], dtype=np.float32) + 0.5) * (height / size[1]) - 0.5,
        )
        if self.pose.scale < 0.8:
            image = cv2.GaussianBlur(image, (0, 0), 0.4 / self.pose.scale)
        return cv2.remap(
            image, x + back[..., 0], y + back[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
