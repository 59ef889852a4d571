"""Real pixels that are weak on one side: portraits drawn out of shape as palsies draw faces, beside healthy twins.

    python -m ml_training.weakened --portraits DIR [DIR ...] --like DIR [DIR ...] --out DIR

A network that saw palsies in drawn faces alone doesn't know how uneven real people are, and one that is told that real
people are healthy learns to tell who is real. So each labelled portrait comes weak and healthy alike often. How the
points of the face mesh lie otherwise in a palsy of each grade is learnt from simulated training pictures (`--like`):
the mean of the weak ones less the mean of the healthy ones, view by view. The portrait is moved by that, each zone by
a share of its own; its twin is moved as much on both sides, by less. Neither drawing gives a lid that stays open, a
fold that is gone, or teeth that are hidden: what is learnt here is how much crookedness is still health.

The pictures of one person form a visit with the same palsy. Zones' movement is not known, and is taught by none.
"""

import argparse
import json
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from scipy.interpolate import LinearNDInterpolator
from tqdm import tqdm

from inference.pipeline.codes import VIEWS, ZONES, Exercise
from inference.pipeline.landmarks import FaceMesh
from inference.pipeline.shape import frontal, head_pose, mirrored
from ml_training import portraits, sources
from ml_training.datasets import NEITHER, DataMissing, write_shard
from ml_training.simulate.generate import HELD_OUT_FILE, columns
from ml_training.simulate.photography import photograph
from ml_training.simulate.studio import Row
from ml_training.unmoved import row_of

SHOWN: Final = (Exercise.REST, Exercise.CLOSED_SMILE, Exercise.SMILE_WITH_TEETH, Exercise.OPEN_MOUTH)
"""Views of which there are real portraits to be moved."""
GRADES: Final = (3, 4, 5, 6)
SHARES: Final = {True: (0.0, 0.2, 0.4, 0.4), False: (0.25, 0.25, 0.25, 0.25)}
"""How often each of `GRADES` is drawn for a visit; True: of a face at rest alone, which shows no grade III."""
RIGHT: Final = 1
STRENGTH: Final = (0.9, 1.5)
"""By how much of the meshes' mean difference a portrait is moved: meshes draw weak faces more even than they are."""
ZONE_SPREAD: Final = 0.25
"""Standard deviation of each zone's own factor."""
HEALTHY_STRENGTH: Final = (-0.4, 0.6)
ZONE_HEIGHTS: Final = (-0.45, 0.0, 0.6, 1.15)
"""Where the four zones lie below the eyes, in distances between them."""
UNEVEN, BUMPS = 0.012, 5
"""Size, in distances between the eyes, and number of the random bumps that every portrait gets, weak or not."""
OUTLINE: Final = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150,
    136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
OUTLINE_SHARE: Final = 0.3
"""The mesh's points of the face's outline, and by how much of their difference they are moved: the mesh draws the chin
along with the mouth, and no palsy moves the bone."""
CELL: Final = 6
"""Px of the picture between two places for which it is worked out how far they are moved."""
IRISES: Final = 468
"""The mesh's points from here on are the irises', which stay where they are."""


def differences(folders: list[Path]) -> dict[tuple[int, int], np.ndarray]:
    """{(view, grade): (478, 3)}: how the frontal points of a face that is weak on its right lie otherwise than healthy
    ones of the same view, on average over the folders' training pictures. Raises DataMissing."""
    shapes: dict[tuple[int, int], list[np.ndarray]] = {}
    for path in (file for folder in folders for file in sorted(folder.glob("part-*.npz"))):
        with np.load(path) as shard:
            names = ("split", "view", "grade", "side", "points")
            split, view, grade, side, points = (shard[name] for name in names)
            one_sided = (side == RIGHT) | (side == 1 - RIGHT) | (grade == 1)
            for row in np.flatnonzero((split == "train") & (view >= 0) & one_sided):
                shape = frontal(points[row])
                shapes.setdefault((int(view[row]), int(grade[row])), []).append(
                    mirrored(shape) if side[row] == 1 - RIGHT else shape
                )
    if not shapes:
        raise DataMissing(
            f"No training pictures in {', '.join(map(str, folders))}: run `python -m ml_training.simulate`."
        )
    means = {key: np.mean(some, 0) for key, some in shapes.items()}
    healthy = {view: (mean + mirrored(mean)) / 2 for (view, grade), mean in means.items() if grade == 1}
    return {key: mean - healthy[key[0]] for key, mean in means.items() if key[1] > 1 and key[0] in healthy}


def zone_factors(shape: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """(478, 1): of frontal points (478, 3), the factor of the zone (4,) that each lies in, passing over smoothly."""
    return np.interp(shape[:, 1], ZONE_HEIGHTS, factors)[:, None]


def bumps(shape: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(478, 3): small smooth shifts of some places, as no two faces are even in the same way."""
    moved = np.zeros_like(shape)
    for at in shape[rng.integers(len(shape), size=BUMPS)]:
        near = np.exp(-((shape[:, :2] - at[:2]) ** 2).sum(1) / (2 * rng.uniform(0.15, 0.4) ** 2))
        moved[:, :2] += near[:, None] * rng.normal(0, UNEVEN, 2)
    return moved


def moved(image: np.ndarray, points: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """The picture (h, w, 3) with what lies at each of the mesh's points (478, 3), px, laid `shift` (478, 3) farther, in
    the frontal axes and distances between the eyes; what lies between goes along, the picture's rim stays."""
    height, width = image.shape[:2]
    _, axes = head_pose(points)
    by = (shift @ axes)[:IRISES, :2]
    rim = np.array(
        [
            (x * (width - 1), y * (height - 1))
            for x in (0, 0.5, 1)
            for y in (0, 0.5, 1)
            if (x, y) != (0.5, 0.5)
        ]
    )
    to = np.concatenate([points[:IRISES, :2] + by, rim])
    back = LinearNDInterpolator(to, np.concatenate([-by, np.zeros_like(rim)]), fill_value=0.0)
    x, y = (
        (np.arange(side // CELL) + 0.5) * side / (side // CELL) - 0.5 for side in (width, height)
    )  # cells' centres, as cv2.resize takes them
    places = np.stack(np.meshgrid(x, y), -1)
    coarse = back(places).astype(np.float32)
    offset = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1).astype(np.float32)
    there: Any = grid + offset
    nothing: Any = None
    return cv2.remap(image, there, nothing, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def drawn(
    known: dict[tuple[int, int], np.ndarray],
    some: list[tuple[portraits.Portrait, int]],
    weak: bool,
    visit: str,
    size: int,
    mesh: FaceMesh,
    rng: np.random.Generator,
) -> list[Row]:
    """Rows of one visit of one person, whose portraits and their views are given: weak, or the healthy twin."""
    resting = all(VIEWS[view] == Exercise.REST for _, view in some)
    grade, side = int(rng.choice(GRADES, p=SHARES[resting])), int(rng.integers(2))
    strength = rng.uniform(*STRENGTH) if weak else rng.uniform(*HEALTHY_STRENGTH)
    factors = strength * np.clip(1 + rng.normal(0, ZONE_SPREAD, len(ZONES)), 0.4, 1.6)
    rows: list[Row] = []
    for portrait, view in some:
        shape = frontal(portrait.points)
        shift = known[view, grade] if side == RIGHT else mirrored(known[view, grade])
        if not weak:
            shift = (shift + mirrored(shift)) / 2
        shift = shift * zone_factors(shape, factors)
        shift[list(OUTLINE)] *= OUTLINE_SHARE
        shift = shift + bumps(shape, rng)
        photo = photograph(moved(portrait.image, portrait.points, shift), rng, rng.uniform(0.2, 1.0))
        faces = mesh.find(photo)
        if not faces:
            continue
        about = {
            "grade": grade if weak else 1,
            "side": side if weak else NEITHER,
            "zones": np.full((4, 2), np.nan, np.float32),
            "droop": np.full(2, np.nan, np.float32),
            "synkinesis": np.full(2, np.nan, np.float32),
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
                source="weakened",
                **about,
            )
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--portraits", type=Path, nargs="+", required=True)
    parser.add_argument(
        "--like", type=Path, nargs="+", required=True, help="simulated pictures to learn palsies from"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--each", type=int, default=2, help="visits of each person that is trained on, weak and healthy"
    )
    parser.add_argument(
        "--split", choices=portraits.SPLITS, help="of everybody; else a hash of the person decides"
    )
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--seed", type=int, default=20261130)
    args = parser.parse_args()
    files = [file for folder in args.portraits for file in sources.portrait_files(folder)]
    known = differences(args.like)
    told = {file: row for folder in args.portraits for file, row in portraits.known(folder).items()}
    held_out = frozenset(json.loads(HELD_OUT_FILE.read_text())) if HELD_OUT_FILE.exists() else frozenset()
    mesh, rows, used = FaceMesh(max_faces=1), [], []
    people: dict[str, list[tuple[portraits.Portrait, int]]] = {}
    for portrait in portraits.read(files, mesh, held_out, told):
        about = told.get(portrait.file, portraits.Known())
        if portrait.split == "held_out" or about.view < 0 or VIEWS[about.view] not in SHOWN:
            continue
        visit = portrait.person if about.person else portrait.sha256[:16]
        people.setdefault(visit, []).append((portrait, about.view))
        used.append(
            {"sha256": portrait.sha256, "person": portrait.person, "split": args.split or portrait.split}
        )
    for visit, some in tqdm(people.items(), unit="person"):
        rng = np.random.default_rng([args.seed, int(visit[:12], 16)])
        for number in range(2 * (args.each if (args.split or some[0][0].split) == "train" else 1)):
            made = drawn(known, some[:4], number % 2 == 0, f"{visit}-w{number}", args.size, mesh, rng)
            rows += [row | ({"split": args.split} if args.split else {}) for row in made]
    args.out.mkdir(parents=True, exist_ok=True)
    write_shard(args.out / "part-000.npz", columns(rows))
    manifest = {
        "seed": args.seed,
        "each": args.each,
        "source": "weakened",
        "pictures": len(rows),
        "portraits": used,
    }
    (args.out / "manifest.json").write_text(json.dumps(manifest, indent=1))


if __name__ == "__main__":
    sources.told(main)
