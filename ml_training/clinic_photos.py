"""A clinic's exported photographs as a data set that `train` takes beside the simulated ones.

    python manage.py export_training_set --clinic ID --by EMAIL --out EXPORT
    python -m ml_training.clinic_photos EXPORT --out ml_training/data/clinic

Each photo is found, judged and cropped by the code that serves; what the gate refuses is counted and left out. The
clinician's word gives view, weak side and grade; what no photograph tells (expression weights, true places, movement
left) is NaN. The folder holds people's faces: it stays where the export's own rules allow, and is made anew and the old
one destroyed when a consent is taken back.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from inference.pipeline.align import crop_face
from inference.pipeline.codes import SIDES, VIEWS, ZONES
from inference.pipeline.decode import decode
from inference.pipeline.landmarks import FaceMesh
from inference.pipeline.quality import judge
from ml_training import datasets, sources
from ml_training.datasets import BOTH, CONDITIONS, NEITHER, TRUE_POINTS, UNITS, UNKNOWN_VIEW

FORM, FORM_VERSION = "risorius-clinic-photos", 1
"""What the manifest of an export says of itself (clinic/visits/training_set.py)."""
SHARD = 256
SOURCE = "clinic"
NUMBERS = {"yaw_deg": "yaw_deg", "pitch_deg": "pitch_deg", "roll_deg": "roll_deg", "brightness": "brightness"}
"""Columns of `Pictures.conditions` that the quality gate measures, by its own names."""


class NotAnExport(SystemExit):
    """The folder was not written whole by `export_training_set`."""


def manifest_of(folder: Path) -> dict[str, Any]:
    """The export's manifest. Raises NotAnExport where it is missing or of another form."""
    file = folder / "manifest.json"
    content = json.loads(file.read_text()) if file.is_file() else {}
    if (content.get("form"), content.get("version")) != (FORM, FORM_VERSION):
        raise NotAnExport(
            f"{folder} holds no finished export: run `python manage.py export_training_set` first."
        )
    return dict(content)


def photos_of(folder: Path) -> Iterator[tuple[Path, str, dict[str, Any]]]:
    """Every photo of an export: its file, its person's token, and its labels with "split"."""
    for labels in sorted(folder.glob("people/*/labels.json")):
        person = json.loads(labels.read_text())
        for row in person["photos"]:
            yield labels.parent / row["file"], labels.parent.name, row | {"split": person["split"]}


def targets(row: dict[str, Any]) -> dict[str, Any] | None:
    """view, done_side, grade and side in the codes of `Pictures`, or None for a palsy that nobody graded, which
    would pass for a healthy face."""
    if row["palsy"] and row["grade"] is None:
        return None
    sides = {"": NEITHER, "both": BOTH} | {name: code for code, name in enumerate(SIDES)}
    return {
        "view": VIEWS.index(row["exercise"]) if row["exercise"] in VIEWS else UNKNOWN_VIEW,
        "done_side": sides[row["side"]],
        "grade": row["grade"] or 1,
        "side": sides[row["weak_side"]],
    }


def read(path: Path, mesh: FaceMesh, size: int) -> tuple[str, dict[str, Any]]:
    """Why the photo can't be used, or "", and what it gives: crop, points, photo_size and conditions."""
    image = decode(path)
    faces = mesh.find(image)
    reason, numbers = judge(image, faces)
    if reason:
        return reason.value, {}
    conditions = np.full(len(CONDITIONS), np.nan, np.float32)
    for column, number in NUMBERS.items():
        conditions[CONDITIONS.index(column)] = numbers[number]
    return "", {
        "crops": crop_face(image, faces[0], size),
        "points": faces[0].astype(np.float32),
        "photo_size": np.array([image.shape[1], image.shape[0]], np.int32),
        "conditions": conditions,
    }


def unknown(count: int) -> dict[str, np.ndarray]:
    """What no photograph tells, for so many pictures."""

    def nothing(*shape: int) -> np.ndarray:
        return np.full((count, *shape), np.nan, np.float32)

    return {
        "zones": nothing(len(ZONES), len(SIDES)),
        "droop": nothing(2),
        "synkinesis": nothing(2),
        "weights": nothing(UNITS),
        "truth": nothing(TRUE_POINTS, 2),
        "truth_mm": nothing(TRUE_POINTS, 3),
        "iris": nothing(2, 3),
        "mm_per_px": nothing(),
        "covered": np.zeros((count, len(ZONES), len(SIDES)), bool),
    }


def shard(rows: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    """The rows as the fields of a data set."""
    texts = ("person", "visit", "split", "source")
    codes = ("view", "done_side", "grade", "side")
    pixels = ("crops", "points", "photo_size", "conditions")
    return (
        {name: np.stack([row[name] for row in rows]) for name in pixels}
        | {name: np.array([row[name] for row in rows], np.int64) for name in codes}
        | {name: np.array([row[name] for row in rows], "U40") for name in texts}
        | unknown(len(rows))
    )


def make(export: Path, out: Path, size: int = 160, quiet: bool = False) -> dict[str, Any]:
    """Write the data set and return its manifest. Pictures are held in memory a shard at a time.

    Raises NotAnExport; SystemExit if `out` holds a data set already.
    """
    said = manifest_of(export)
    if out.exists() and any(out.iterdir()):
        raise SystemExit(f"{out} is not empty: name another folder or remove it.")
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    mesh, left_out, rows = FaceMesh(), Counter[str](), []
    people: dict[str, set[str]] = {name: set() for name in said["splits"]}
    pictures, number = 0, 0
    for path, person, row in tqdm(photos_of(export), total=said["photos"], unit="photo", disable=quiet):
        wanted = targets(row)
        reason, seen = read(path, mesh, size) if wanted else ("palsy without a grade", {})
        if wanted is None or reason:
            left_out[reason] += 1
            continue
        named = {
            "person": f"{SOURCE}-{person}",
            "visit": row["visit"],
            "split": row["split"],
            "source": SOURCE,
        }
        rows.append(seen | wanted | named)
        people[row["split"]].add(person)
        pictures += 1
        if len(rows) == SHARD:
            datasets.write_shard(out / f"part-{number:03d}.npz", shard(rows))
            rows, number = [], number + 1
    if rows:
        datasets.write_shard(out / f"part-{number:03d}.npz", shard(rows))
    del mesh
    manifest = {
        "source": SOURCE,
        "export": said["export"],
        "consent_checked": said["consent_checked"],
        "size": size,
        "pictures": pictures,
        "people": {split: len(names) for split, names in people.items()},
        "left_out": dict(sorted(left_out.items())),
    }
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    return manifest


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("export", type=Path, help="what `manage.py export_training_set` wrote")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--size", type=int, default=160, help="side of a crop, px; that of the simulated ones"
    )
    args = parser.parse_args()
    manifest = make(args.export, args.out, args.size)
    print(f"{manifest['pictures']} pictures of {sum(manifest['people'].values())} people in {args.out}")
    for reason, count in manifest["left_out"].items():
        print(f"  {count} left out: {reason}")


if __name__ == "__main__":
    sources.told(main)
