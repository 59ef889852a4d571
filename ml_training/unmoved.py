"""Portraits as they are, beside the simulated pictures: healthy faces that no renderer has touched.

    python -m ml_training.unmoved --portraits DIR [DIR ...] --out DIR

Each is photographed a few times (light, blur, noise, compression; never turned in space). An `index.csv` or
`labels.csv` in a folder (`ml_training.portraits.known`) gives views and tells whose pictures are of one person: these
form one visit, in which the picture at rest is the others' reference. Other portraits get a view from the gauge where
it is sure (`--by-gauge`), or teach no view. People and splits are those of `ml_training.simulate`.
"""

import argparse
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from inference.pipeline.align import Jitter, crop_face
from inference.pipeline.codes import VIEWS
from inference.pipeline.gauge import Gauge
from inference.pipeline.landmarks import FaceMesh
from ml_training import portraits, sources
from ml_training.datasets import CONDITIONS, NEITHER, TRUE_POINTS, UNITS, write_shard
from ml_training.simulate.gauge import sure_view
from ml_training.simulate.generate import HELD_OUT_FILE, columns
from ml_training.simulate.photography import photograph
from ml_training.simulate.studio import JITTER, Row, skin_ita


def row_of(
    portrait: portraits.Portrait,
    photo: np.ndarray,
    points: np.ndarray,
    *,
    view: int,
    visit: str,
    size: int,
    rng: np.random.Generator,
    **taught: Any,
) -> Row:
    """A row of one photo of a portrait: photo (h, w, 3), points of its face mesh; NaN where only the simulator knows.

    taught: the fields that differ from one kind of portrait to the other (grade, side, zones, source and so on).
    """
    conditions = dict.fromkeys(CONDITIONS, np.nan) | {
        "skin_ita_deg": skin_ita(portrait.image, portrait.points)
    }
    return {
        "done_side": NEITHER,
        "weights": np.full(UNITS, np.nan, np.float32),
        "truth": np.full((TRUE_POINTS, 2), np.nan, np.float32),
        "truth_mm": np.full((TRUE_POINTS, 3), np.nan, np.float32),
        "iris": np.full((2, 3), np.nan, np.float32),
        "mm_per_px": np.float32(np.nan),
        "covered": np.zeros((4, 2), bool),
        "crops": crop_face(photo, points, size, Jitter(*rng.uniform(-JITTER, JITTER, 3))),
        "points": points,
        "photo_size": np.array([photo.shape[1], photo.shape[0]]),
        "view": view,
        "conditions": np.array([conditions[name] for name in CONDITIONS], np.float32),
        "person": portrait.person,
        "visit": visit,
        "split": portrait.split,
        **taught,
    }


def pictures(
    portrait: portraits.Portrait,
    view: int,
    visit: str,
    count: int,
    size: int,
    mesh: FaceMesh,
    rng: np.random.Generator,
) -> list[Row]:
    """Rows of one healthy portrait, photographed `count` times."""
    rows: list[Row] = []
    for _ in range(count):
        photo = photograph(portrait.image, rng, rng.uniform(0.2, 1.0))
        faces = mesh.find(photo)
        if not faces:
            continue
        healthy = {
            "grade": 1,
            "side": NEITHER,
            "zones": np.ones((4, 2), np.float32),
            "droop": np.zeros(2, np.float32),
            "synkinesis": np.zeros(2, np.float32),
        }
        rows.append(
            row_of(
                portrait,
                photo,
                faces[0],
                view=view,
                visit=visit,
                size=size,
                rng=rng,
                source="unmoved",
                **healthy,
            )
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--portraits", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--each", type=int, default=3, help="photos of each portrait that is trained on")
    parser.add_argument("--by-gauge", action="store_true", help="let the gauge name views where it is sure")
    parser.add_argument(
        "--split", choices=portraits.SPLITS, help="of everybody; else a hash of the person decides"
    )
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--seed", type=int, default=20261121)
    args = parser.parse_args()
    files = [file for folder in args.portraits for file in sources.portrait_files(folder)]
    args.out.mkdir(parents=True, exist_ok=True)
    mesh, gauge = FaceMesh(max_faces=1), Gauge()
    told = {file: row for folder in args.portraits for file, row in portraits.known(folder).items()}
    held_out = frozenset(json.loads(HELD_OUT_FILE.read_text())) if HELD_OUT_FILE.exists() else frozenset()
    rows: list[Row] = []
    used: list[dict[str, str]] = []
    labelled: Counter[str] = Counter()
    for portrait in tqdm(portraits.read(files, mesh, held_out, told), unit="portrait"):
        if portrait.split == "held_out":
            continue
        if args.split:
            portrait = replace(portrait, split=args.split)
        rng = np.random.default_rng([args.seed, int(portrait.sha256[:12], 16)])
        count = args.each if portrait.split == "train" else 1
        known = told.get(portrait.file, portraits.Known())
        view, by = known.view, "eye"
        if args.by_gauge and not known.judged:
            view, by = sure_view(gauge, portrait.points), "gauge"
        visit = f"{portrait.person if known.person else portrait.sha256[:16]}-u"
        rows += pictures(portrait, view, visit, count, args.size, mesh, rng)
        labelled[f"{VIEWS[view]} by {by}" if view >= 0 else "no view"] += 1
        used.append(
            {"sha256": portrait.sha256, "person": portrait.person, "split": portrait.split, "state": "used"}
        )
    write_shard(args.out / "part-000.npz", columns(rows))
    made = {"seed": args.seed, "each": args.each, "source": "unmoved", "pictures": len(rows)}
    made |= {"portraits_by_view": dict(sorted(labelled.items())), "portraits": used}
    (args.out / "manifest.json").write_text(json.dumps(made, indent=1))


if __name__ == "__main__":
    sources.told(main)
