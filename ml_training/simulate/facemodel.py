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
WHOLE_MOUTH = (
    "mouthPucker",
    "mouthFunnel",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
)
"""Units that the model gives for the whole mouth; each is cut into halves, since a palsy takes one of them."""
SEAM = 1.0
"""Half the width, in the model's units (cm), over which one half of such a unit passes into the other."""
CHEEK_SHARE, CHEEK_ROUNDS = np.array([1.35, 1.0, 0.85], np.float32), 12
"""The model's puffed cheek bulges forwards with a seam beside the nose; air bulges sideways too, and evenly: how much
of each direction is kept, and how often each vertex takes half of its neighbours' mean."""
EYES = (("M_ScleraLeft", "M_IrisLeft"), ("M_ScleraRight", "M_IrisRight"))


@dataclass(frozen=True)
class FaceModel:
    """Vertices in the model's units, x to the person's left, y up, z towards the camera.

    neutral (V, 3), identity (100, V, 3), expression (U, V, 3), triangles (T, 3), landmarks (68,) vertex of
    each Multi-PIE landmark, units: names of the U expressions ("_L" and "_R" are the person's own sides),
    textured, gums, teeth, socket: (V,) bool; eyes: (2, V) bool, the left and the right eyeball; irises: (V,) bool;
    poles: (2,) vertex in the middle of each cornea.
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
    eyes: np.ndarray
    irises: np.ndarray
    poles: np.ndarray

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
        """(U, 3V), contiguous, for fast sums."""
        return self.expression.reshape(len(self.expression), -1)

    def offsets(self, weights: np.ndarray) -> np.ndarray:
        """(V, 3): how the expression `weights` (U,) displace the vertices."""
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
    neutral = data["neutral"][kept]
    units, expression = _halved(
        tuple(map(str, data["expression_names"])), data["expression"][:, kept], neutral
    )
    _inflated(units, expression, place[drawn])
    eyes = np.stack([of(*pair)[kept] for pair in EYES])
    return FaceModel(
        neutral=neutral,
        identity=data["identity"][:, kept].astype(np.float32),
        expression=expression,
        units=units,
        triangles=place[drawn].astype(np.int32),
        landmarks=place[landmarks],
        textured=(of(*TEXTURED_MATERIALS) & ~socket)[kept],
        gums=of("M_GumsTongue")[kept],
        teeth=of("M_Teeth")[kept],
        socket=socket[kept],
        eyes=eyes,
        irises=of("M_IrisLeft", "M_IrisRight")[kept],
        poles=np.array([np.where(eye, neutral[:, 2], -np.inf).argmax() for eye in eyes]),
    )


def _inflated(units: tuple[str, ...], expression: np.ndarray, triangles: np.ndarray) -> None:
    """Smooth the puffed cheeks in `expression` (U, V, 3), in place."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    edges = np.concatenate([edges, edges[:, ::-1]])
    count = expression.shape[1]
    near = sparse.csr_matrix((np.ones(len(edges), np.float32), edges.T), shape=(count, count))
    near.data[:] = 1
    share = sparse.diags(1 / np.maximum(np.asarray(near.sum(1)).ravel(), 1)) @ near
    for name in ("cheekPuff_L", "cheekPuff_R"):
        move = expression[units.index(name)]
        most = np.linalg.norm(move, axis=1).max()
        for _ in range(CHEEK_ROUNDS):
            move = 0.5 * move + 0.5 * (share @ move)
        move *= most / max(float(np.linalg.norm(move, axis=1).max()), 1e-6)
        expression[units.index(name)] = move * CHEEK_SHARE


def _halved(
    names: tuple[str, ...], expression: np.ndarray, neutral: np.ndarray
) -> tuple[tuple[str, ...], np.ndarray]:
    """Units and (U, V, 3) with each of `WHOLE_MOUTH` as a left and a right half that add up to it."""
    x = np.clip((neutral[:, 0] / SEAM + 1) / 2, 0, 1)
    left = (x * x * (3 - 2 * x))[:, None].astype(np.float32)
    units: list[str] = []
    moves: list[np.ndarray] = []
    for name, move in zip(names, expression.astype(np.float32), strict=True):
        if name in WHOLE_MOUTH:
            units += [name + "_L", name + "_R"]
            moves += [move * left, move * (1 - left)]
        else:
            units.append(name)
            moves.append(move)
    return tuple(units), np.ascontiguousarray(moves, np.float32)
