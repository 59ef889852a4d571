"""Portraits as they are, beside the simulated pictures: healthy faces that no renderer has touched.

    python -m ml_training.unmoved --portraits DIR [DIR ...] --out DIR

Each is photographed a few times (light, blur, noise, compression; never turned in space). An `index.csv` in a folder,
with the columns file and auto_label (neutral, smile_closed, smile_teeth), gives views; other portraits teach only that
their faces are healthy. People and splits are those of `ml_training.simulate`.
"""

import argparse
import csv
import json
from pathlib import Path

import numpy as np
from tqdm import tqdm

from inference.pipeline.align import Jitter, crop_face
from inference.pipeline.codes import VIEWS, Exercise
from inference.pipeline.landmarks import FaceMesh
from ml_training import portraits, sources
from ml_training.datasets import CONDITIONS, NEITHER, TRUE_POINTS, write_shard
from ml_training.simulate.generate import HELD_OUT_FILE, columns
from ml_training.simulate.photography import photograph
from ml_training.simulate.studio import JITTER, Row, skin_ita

LABELS = {
    "neutral": Exercise.REST,
    "smile_closed": Exercise.CLOSED_SMILE,
    "smile_teeth": Exercise.SMILE_WITH_TEETH,
}
UNITS = 63
"""Width of `Pictures.weights`, as simulated pictures have it."""


def labels(folder: Path) -> dict[str, int]:
    """File name -> index of its view, from the folder's index.csv; empty without one."""
    index = folder / "index.csv"
    if not index.is_file():
        return {}
    with index.open() as stream:
        rows = list(csv.DictReader(stream))
    return {r["file"]: VIEWS.index(LABELS[r["auto_label"]]) for r in rows if r["auto_label"] in LABELS}


def unknown() -> Row:
    """The fields that only the simulator knows."""
    return {
        "done_side": NEITHER,
        "weights": np.full(UNITS, np.nan, np.float32),
        "truth": np.full((TRUE_POINTS, 2), np.nan, np.float32),
        "truth_mm": np.full((TRUE_POINTS, 3), np.nan, np.float32),
        "iris": np.full((2, 3), np.nan, np.float32),
        "mm_per_px": np.float32(np.nan),
    }


def pictures(
    portrait: portraits.Portrait, view: int, count: int, size: int, mesh: FaceMesh, rng: np.random.Generator
) -> list[Row]:
    """Rows of one healthy portrait, photographed `count` times."""
    rows: list[Row] = []
    for _ in range(count):
        photo = photograph(portrait.image, rng, rng.uniform(0.2, 1.0))
        faces = mesh.find(photo)
        if not faces:
            continue
        conditions = dict.fromkeys(CONDITIONS, np.nan) | {
            "skin_ita_deg": skin_ita(portrait.image, portrait.points)
        }
        rows.append(
            unknown()
            | {
                "crops": crop_face(photo, faces[0], size, Jitter(*rng.uniform(-JITTER, JITTER, 3))),
                "points": faces[0],
                "photo_size": np.array([photo.shape[1], photo.shape[0]]),
                "view": view,
                "grade": 1,
                "side": NEITHER,
                "zones": np.ones((4, 2), np.float32),
                "droop": np.zeros(2, np.float32),
                "synkinesis": np.zeros(2, np.float32),
                "conditions": np.array([conditions[name] for name in CONDITIONS], np.float32),
                "person": portrait.person,
                "visit": f"{portrait.sha256[:16]}-u",
                "split": portrait.split,
                "source": "unmoved",
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--portraits", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--each", type=int, default=3, help="photos of each portrait that is trained on")
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--seed", type=int, default=20261121)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    mesh = FaceMesh(max_faces=1)
    files = [file for folder in args.portraits for file in sources.portrait_files(folder)]
    view_of = {folder / name: v for folder in args.portraits for name, v in labels(folder).items()}
    held_out = frozenset(json.loads(HELD_OUT_FILE.read_text())) if HELD_OUT_FILE.exists() else frozenset()
    rows: list[Row] = []
    for portrait in tqdm(portraits.read(files, mesh, held_out), unit="portrait"):
        if portrait.split == "held_out":
            continue
        rng = np.random.default_rng([args.seed, int(portrait.sha256[:12], 16)])
        count = args.each if portrait.split == "train" else 1
        rows += pictures(portrait, view_of.get(portrait.file, -1), count, args.size, mesh, rng)
    write_shard(args.out / "part-000.npz", columns(rows))
    told = {"seed": args.seed, "each": args.each, "source": "unmoved", "pictures": len(rows)}
    (args.out / "manifest.json").write_text(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
