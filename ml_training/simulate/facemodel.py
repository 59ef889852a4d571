"""The ICT face model, cut down to the vertices that a frontal photo can show."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy import sparse

from ml_training.sources import face_folder

HIDDEN_MATERIALS = {"M_EyeBlend", "M_EyeLashes", "M_EyeOcclusion", "M_LacrimalFluid", "M_BackHead"}
TEXTURED_MATERIALS = ("M_Face", "M_ScleraLeft", "M_ScleraRight", "M_IrisLeft", "M_IrisRight")
NARROW_FACE_END = 6706
"""Vertices below this one are the face without ears and neck (ICT-FaceKit's "narrow face area")."""
INTERIOR_START = 11248
"""Vertices from this one on lie inside the face: mouth socket, eyes, gums, teeth."""
MOUTH_SOCKET = range(11248, 13294)


@dataclass(frozen=True)
class FaceModel:
    """Vertices in the model's units, x to the person's left, y up, z towards the camera.

    neutral (V, 3), identity (100, V, 3), expression (57, V, 3), triangles (T, 3), landmarks (68,) vertex of
    each Multi-PIE landmark, units: names of the expressions ("_L" and "_R" are the person's own sides),
    textured, gums, teeth, socket: (V,) bool.
    """

    neutral: np.ndarray
    identity: np.ndarray
    expression: np.ndarray
    units: tuple[str, ...]
    triangles: np.ndarray
    landmarks: np.ndarray
    textured: np.ndarray
    gums: np.ndarray
    teeth: np.ndarray
    socket: np.ndarray

    @cached_property
    def incidence(self) -> sparse.csr_matrix:
        """(V, T): which triangles meet at a vertex, to sum their normals."""
        count = len(self.triangles)
        rows, columns = self.triangles.T.ravel(), np.tile(np.arange(count), 3)
        return sparse.csr_matrix(
            (np.ones(3 * count, np.float32), (rows, columns)), shape=(len(self.neutral), count)
        )

    @cached_property
    def flat_expression(self) -> np.ndarray:
        """(57, 3V), contiguous, for fast sums."""
        return self.expression.reshape(len(self.expression), -1)

    def offsets(self, weights: np.ndarray) -> np.ndarray:
        """(V, 3): how the expression `weights` (57,) displace the vertices."""
        used = np.flatnonzero(weights)
        return (weights[used].astype(np.float32) @ self.flat_expression[used]).reshape(-1, 3)

    def normals(self, points: np.ndarray) -> np.ndarray:
        """(V, 3) unit normals of vertices `points` (V, 3)."""
        a, b, c = (points[self.triangles[:, i]] for i in range(3))
        normals = np.asarray(self.incidence @ np.cross(b - a, c - a))
        return normals / (np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9)


def load(folder: Path) -> FaceModel:
    """Read ict_face.npz and vertex_indices.json from a folder. Raises SourceMissing."""
    data = np.load(face_folder(folder) / "ict_face.npz")
    landmarks = np.array(json.loads((folder / "vertex_indices.json").read_text())["idx_to_landmark_verts"])
    names, material, faces = list(data["material_names"]), data["material"], data["faces"]
    shown = np.array([names[m] not in HIDDEN_MATERIALS for m in material])
    drawn = faces[shown]
    drawn = drawn[(drawn < NARROW_FACE_END).all(1) | (drawn >= INTERIOR_START).all(1)]
    kept = np.union1d(drawn, landmarks)
    place = np.full(len(data["neutral"]), -1)
    place[kept] = np.arange(len(kept))

    def of(*materials: str) -> np.ndarray:
        flags = np.zeros(len(data["neutral"]), bool)
        for name in materials:
            flags[np.unique(faces[material == names.index(name)])] = True
        return flags

    socket = np.isin(np.arange(len(place)), np.asarray(MOUTH_SOCKET))
    return FaceModel(
        neutral=data["neutral"][kept],
        identity=data["identity"][:, kept].astype(np.float32),
        expression=np.ascontiguousarray(data["expression"][:, kept], np.float32),
        units=tuple(map(str, data["expression_names"])),
        triangles=place[drawn].astype(np.int32),
        landmarks=place[landmarks],
        textured=(of(*TEXTURED_MATERIALS) & ~socket)[kept],
        gums=of("M_GumsTongue")[kept],
        teeth=of("M_Teeth")[kept],
        socket=socket[kept],
    )
