"""Pack ICT-FaceKit's meshes into the one file that the simulator reads.

    python -m ml_training.pack_face ICT-FaceKit/FaceXModel OUT

Get the folder from github.com/ICT-VGL/ICT-FaceKit (MIT). OUT gets ict_face.npz and vertex_indices.json.
"""

import argparse
import shutil
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from ml_training import sources
from ml_training.sources import SourceMissing

NEUTRAL = "generic_neutral_mesh.obj"
MISSING = "No {name} in {folder}: name the folder FaceXModel of github.com/ICT-VGL/ICT-FaceKit."


@dataclass(frozen=True)
class Mesh:
    """points (V, 3); faces (T, 3) triangles; material (T,) index into material_names."""

    points: np.ndarray
    faces: np.ndarray
    material: np.ndarray
    material_names: list[str]


def read_points(path: Path) -> np.ndarray:
    """The vertices of a Wavefront .obj file, (V, 3) float32."""
    with path.open() as lines:
        rows = [line.split()[1:4] for line in lines if line.startswith("v ")]
    return np.array(rows, np.float32)


def read_mesh(path: Path) -> Mesh:
    """A Wavefront .obj file with its faces, polygons cut into triangles, and the material of each."""
    faces, material, names, current = [], [], [], ""
    for line in path.read_text().splitlines():
        if line.startswith("usemtl "):
            current = line.split(maxsplit=1)[1].strip()
        elif line.startswith("f "):
            corners = [int(corner.split("/")[0]) - 1 for corner in line.split()[1:]]
            for second, third in pairwise(corners[1:]):
                faces.append((corners[0], second, third))
                names.append(current)
    known = sorted(set(names))
    material = [known.index(name) for name in names]
    return Mesh(read_points(path), np.array(faces, np.int32), np.array(material, np.uint8), known)


def pack(folder: Path, out: Path) -> None:
    """Write ict_face.npz and vertex_indices.json. Raises SourceMissing."""
    for name in (NEUTRAL, "vertex_indices.json"):
        if not (folder / name).is_file():
            raise SourceMissing(MISSING.format(name=name, folder=folder))
    mesh = read_mesh(folder / NEUTRAL)
    others = sorted(path for path in folder.glob("*.obj") if path.name != NEUTRAL)
    identity = [path for path in others if path.stem.startswith("identity")]
    expression = [path for path in others if path not in identity]

    def offsets(paths: list[Path]) -> np.ndarray:
        return np.array([read_points(path) - mesh.points for path in paths], np.float16)

    out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        out / "ict_face.npz",
        neutral=mesh.points,
        identity=offsets(identity),
        expression=offsets(expression),
        expression_names=np.array([path.stem for path in expression]),
        faces=mesh.faces,
        material=mesh.material,
        material_names=np.array(mesh.material_names),
    )
    shutil.copy(folder / "vertex_indices.json", out)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    pack(args.folder, args.out)


if __name__ == "__main__":
    sources.told(main)
