"""Make the training pictures: `python -m ml_training.simulate --portraits DIR --face DIR --out DIR`.

Writes shards of crops (`crops-000.npz`) and `manifest.json`: seed, counts, and each portrait's hash, person
and split. A run that was cut off goes on where it stopped.
"""

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from tqdm import tqdm

from inference.pipeline.align import Jitter, crop_face
from inference.pipeline.codes import EXERCISES, SIDES
from inference.pipeline.landmarks import FaceMesh
from inference.pipeline.release import PREPROCESSING_VERSION
from ml_training import portraits, sources
from ml_training.simulate import facemodel
from ml_training.simulate.expressions import Palsy, weights
from ml_training.simulate.fit import Fit, fit
from ml_training.simulate.photography import photograph
from ml_training.simulate.render import Renderer, Subject, random_light, subject

HELD_OUT_FILE = Path(__file__).parents[1] / "configs" / "held_out.json"
GRADE_SHARES = (0.44, 0.10, 0.115, 0.115, 0.115, 0.115)
"""How often each House-Brackmann grade, I to VI, is drawn."""
MAX_RESIDUAL, MAX_YAW_DEGREES, MAX_JAW_OPEN, MAX_SMILE = 0.05, 22.0, 0.15, 0.5
"""A portrait that fits badly, looks away, or whose own mouth is open or smiles broadly has no plain texture."""
JITTER = 0.04
"""Shift and scale of training crops, as a share of the interocular distance."""


@dataclass(frozen=True)
class Job:
    """One shard: some portraits, all their pictures."""

    number: int
    portraits: list[portraits.Portrait]


@dataclass(frozen=True)
class Plan:
    """What every worker needs to know."""

    face: Path
    out: Path
    per_portrait: int
    size: int
    seed: int


def unsuitable(model: facemodel.FaceModel, fitted: Fit) -> str | None:
    """Why a fitted portrait can't be moved believably, or None."""
    weight = dict(zip(model.units, fitted.expression, strict=True))
    if fitted.residual > MAX_RESIDUAL:
        return "bad_fit"
    if abs(fitted.yaw_degrees) > MAX_YAW_DEGREES:
        return "turned"
    if weight["jawOpen"] > MAX_JAW_OPEN:
        return "mouth_open"
    if max(weight["mouthSmile_L"], weight["mouthSmile_R"]) > MAX_SMILE:
        return "smiling"
    return None


def picture(
    renderer: Renderer, mesh: FaceMesh, person: Subject, size: int, rng: np.random.Generator
) -> tuple[np.ndarray, tuple[int, int, int]] | None:
    """One labelled crop (size, size, 3) and (exercise, grade, side or -1); None if no face is found in it."""
    exercise = int(rng.integers(len(EXERCISES)))
    grade = int(rng.choice(6, p=GRADE_SHARES)) + 1
    side = int(rng.integers(2)) if grade > 1 else -1
    palsy = Palsy.sample(grade, SIDES[side] if side >= 0 else None, rng)
    weight = weights(renderer.model.units, EXERCISES[exercise], palsy, rng)
    moved = renderer.draw(person, weight, light=random_light(rng))
    photo = photograph(moved, rng)
    faces = mesh.find(photo)
    if not faces:
        return None
    jitter = Jitter(*rng.uniform(-JITTER, JITTER, 3))
    return crop_face(photo, faces[0], size, jitter), (exercise, grade, side)


def make_shard(job: Job, plan: Plan) -> dict[str, str]:
    """Render one shard to disk; returns the state of each portrait: used, or why it wasn't."""
    path, states = plan.out / f"crops-{job.number:03d}.npz", {}
    note = path.with_suffix(".json")
    if path.exists() and note.exists():
        return json.loads(note.read_text())
    model, mesh = facemodel.load(plan.face), FaceMesh(max_faces=1)
    crops, labels, people = [], [], []
    with Renderer(model) as renderer:
        for portrait in job.portraits:
            fitted = fit(model, portrait.points)
            states[portrait.sha256] = unsuitable(model, fitted) or "used"
            if states[portrait.sha256] != "used":
                continue
            person = subject(model, portrait.image, portrait.points, fitted)
            for i in range(plan.per_portrait):
                rng = np.random.default_rng([plan.seed, int(portrait.sha256[:12], 16), i])
                if made := picture(renderer, mesh, person, plan.size, rng):
                    crops.append(made[0])
                    labels.append(made[1])
                    people.append((portrait.person, portrait.split))
    table = np.array(labels, np.int8).reshape(-1, 3)
    with path.open("wb") as stream:
        np.savez(stream, crops=np.array(crops, np.uint8), labels=table, people=np.array(people, "U16"))
    note.write_text(json.dumps(states))
    return states


def write_manifest(plan: Plan, used: list[portraits.Portrait], states: dict[str, str]) -> None:
    """manifest.json: how to make the very same pictures again."""
    rows = [
        {"sha256": p.sha256, "person": p.person, "split": p.split, "state": states.get(p.sha256, "held_out")}
        for p in used
    ]
    plan.out.joinpath("manifest.json").write_text(
        json.dumps(
            {
                "seed": plan.seed,
                "per_portrait": plan.per_portrait,
                "size_px": plan.size,
                "preprocessing": PREPROCESSING_VERSION,
                "grade_shares": GRADE_SHARES,
                "portraits": rows,
            },
            indent=1,
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--portraits", type=Path, required=True, help="folder of SFHQ portraits (*.jpg)")
    parser.add_argument("--face", type=Path, required=True, help="folder of the ICT face model")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--per-portrait", type=int, default=28)
    parser.add_argument("--portraits-per-shard", type=int, default=12)
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--seed", type=int, default=20261101)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    plan = Plan(sources.face_folder(args.face), args.out, args.per_portrait, args.size, args.seed)
    plan.out.mkdir(parents=True, exist_ok=True)
    held_out = frozenset(json.loads(HELD_OUT_FILE.read_text())) if HELD_OUT_FILE.exists() else frozenset()
    found = portraits.read(sources.portrait_files(args.portraits), FaceMesh(), held_out)
    usable = [p for p in found if p.split != "held_out"]
    np.random.default_rng(plan.seed).shuffle(usable)  # type: ignore[arg-type]
    step = args.portraits_per_shard
    jobs = [Job(n, usable[i : i + step]) for n, i in enumerate(range(0, len(usable), step))]
    states: dict[str, str] = {}
    with ProcessPoolExecutor(args.workers, mp_context=get_context("spawn")) as pool:
        for shard in tqdm(pool.map(partial(make_shard, plan=plan), jobs), total=len(jobs), unit="shard"):
            states.update(shard)
    write_manifest(plan, found, states)
