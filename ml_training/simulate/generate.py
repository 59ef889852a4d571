"""Make the training pictures:

    python -m ml_training.simulate --portraits DIR [DIR ...] --face DIR --out DIR

Writes shards (`part-000.npz`, see `ml_training.datasets`) and `manifest.json`: generator version, seed, counts, and
each portrait's hash, person, split and what became of it. Portraits of any folder will do: of faces at rest, by
the label that index.csv or labels.csv gives them (`ml_training.portraits.known`) or, without one, by the gauge. A run
that was cut off goes on where it stopped; the same portraits and seed make the same bytes on the same machine.
"""

import argparse
import json
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from tqdm import tqdm

from inference.pipeline.codes import VIEWS, Exercise
from inference.pipeline.gauge import Gauge
from inference.pipeline.landmarks import FaceMesh
from inference.pipeline.release import PREPROCESSING_VERSION
from ml_training import portraits, sources
from ml_training.datasets import FIELDS, DataMissing, manifest, write_shard
from ml_training.silhouette import Silhouette
from ml_training.simulate import facemodel
from ml_training.simulate.fit import Fit, fit
from ml_training.simulate.gauge import sure_view
from ml_training.simulate.render import Renderer
from ml_training.simulate.studio import Row, Studio, sitter

GENERATOR_VERSION = 6
"""Raised whenever the same seed would give other pictures."""
HELD_OUT_FILE = Path(__file__).parents[1] / "configs" / "held_out.json"
PORTRAIT_SIDE_PX = 352
"""Enough for crops of 160 px, and a third faster than 448."""
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "LP_NUM_THREADS")
"""Small sums and pictures wait for threads longer than they take; workers share the cores instead."""
MAX_RESIDUAL, MAX_YAW_DEGREES = 0.05, 22.0
"""A portrait that fits badly or looks away has no plain texture."""
NOT_TRIED = {*portraits.SPLITS, "held_out"}
"""States of portraits that a run didn't come to."""
KINDS = {
    "covered": np.bool_,
    "photo_size": np.int32,
    "view": np.int8,
    "done_side": np.int8,
    "grade": np.int8,
    "side": np.int8,
}
TEXTS = {"person": "U16", "visit": "U24", "split": "U8", "source": "U12"}


@dataclass(frozen=True)
class Shard:
    """One shard: some portraits, all their pictures."""

    number: int
    portraits: list[portraits.Portrait]


@dataclass(frozen=True)
class GenerationPlan:
    """What every worker needs to know. visits: of each person; repeats: further photos of two views of each visit
    of people who are not trained on, to tell how far measures repeat."""

    face: Path
    out: Path
    visits: int
    repeats: int
    size: int
    seed: int


def unsuitable(fitted: Fit) -> str | None:
    """Why a fitted portrait can't be moved believably, or None."""
    if fitted.residual > MAX_RESIDUAL:
        return "bad_fit"
    if abs(fitted.yaw_degrees) > MAX_YAW_DEGREES:
        return "turned"
    return None


def at_rest(portrait: portraits.Portrait, told: portraits.Known, gauge: Gauge) -> bool:
    """Whether a portrait shows a face at rest, by its folder's label or, without one, by the gauge."""
    view = told.view if told.judged else sure_view(gauge, portrait.points)
    return view == VIEWS.index(Exercise.REST)


@cache
def _silhouette() -> Silhouette:
    return Silhouette()


def person_mask(image: np.ndarray) -> np.ndarray:
    """(h, w) float32, 0 to 1, where the person is."""
    return _silhouette()(image)


def columns(rows: list[Row]) -> dict[str, np.ndarray]:
    """Rows as the arrays of a shard."""
    table = {}
    for name in FIELDS:
        kind = KINDS.get(name) or TEXTS.get(name)
        table[name] = np.array([row[name] for row in rows], kind)
    return table


def tried(folders: list[Path]) -> frozenset[str]:
    """Hashes of the portraits of these data sets that were used, or found unfit. Raises DataMissing where one has no
    manifest yet, since its people would be taken twice."""
    found = set()
    for folder in folders:
        rows = manifest(folder).get("portraits")
        if rows is None:
            raise DataMissing(
                f"{folder} has no manifest: let `python -m ml_training.simulate` end there first."
            )
        found |= {row["sha256"] for row in rows if row["state"] not in NOT_TRIED}
    return frozenset(found)


def make_shard(job: Shard, plan: GenerationPlan) -> dict[str, str]:
    """Render one shard to disk; returns the state of each portrait: used, or why it wasn't."""
    path, states, rows = plan.out / f"part-{job.number:03d}.npz", {}, []
    note = path.with_suffix(".json")
    if note.exists():
        return dict(json.loads(note.read_text()))
    model, mesh = facemodel.load(plan.face), FaceMesh(max_faces=1)
    with Renderer(model) as renderer:
        studio = Studio(renderer, mesh, plan.size)
        for portrait in (portraits.reduced(each, PORTRAIT_SIDE_PX) for each in job.portraits):
            fitted = fit(model, portrait.points)
            states[portrait.sha256] = unsuitable(fitted) or "used"
            if states[portrait.sha256] != "used":
                continue
            person = sitter(renderer, portrait, fitted, person_mask(portrait.image))
            repeats = 0 if portrait.split == "train" else plan.repeats
            for n in range(plan.visits):
                seed = [plan.seed, int(portrait.sha256[:12], 16), n]
                rows += studio.visit(person, f"{portrait.sha256[:16]}-{n}", seed, repeats)
    if rows:
        write_shard(path, columns(rows))
    note.write_text(json.dumps(states))
    return states


def write_manifest(plan: GenerationPlan, found: list[portraits.Portrait], states: dict[str, str]) -> None:
    """manifest.json: how to make the very same pictures again."""
    rows = [
        {"sha256": p.sha256, "person": p.person, "split": p.split, "state": states.get(p.sha256, p.split)}
        for p in found
    ]
    told = {key: value for key, value in asdict(plan).items() if key not in ("face", "out")}
    content = {
        "generator": GENERATOR_VERSION,
        "preprocessing": PREPROCESSING_VERSION,
        **told,
        "portraits": rows,
    }
    (plan.out / "manifest.json").write_text(json.dumps(content, indent=1))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--portraits",
        type=Path,
        nargs="+",
        required=True,
        help="folders of frontal portraits (*.jpg), SFHQ say",
    )
    parser.add_argument("--face", type=Path, required=True, help="folder of the ICT face model")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--visits", type=int, default=4, help="of each person")
    parser.add_argument(
        "--repeats", type=int, default=2, help="further photos of two views, validation and test"
    )
    parser.add_argument("--portraits-per-shard", type=int, default=8)
    parser.add_argument(
        "--splits", nargs="+", default=["train", "val", "test"], help="whose portraits to use"
    )
    parser.add_argument(
        "--beside",
        type=Path,
        nargs="*",
        default=[],
        help="data sets whose people are left out, used or unfit",
    )
    parser.add_argument("--limit", type=int, default=0, help="only so many portraits, for a try")
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    plan = GenerationPlan(
        sources.face_folder(args.face), args.out, args.visits, args.repeats, args.size, args.seed
    )
    plan.out.mkdir(parents=True, exist_ok=True)
    held_out = frozenset(json.loads(HELD_OUT_FILE.read_text())) if HELD_OUT_FILE.exists() else frozenset()
    files = [file for folder in args.portraits for file in sources.portrait_files(folder)]
    told = {file: row for folder in args.portraits for file, row in portraits.known(folder).items()}
    found, gauge = portraits.read(files, FaceMesh(), held_out, told), Gauge()
    known = tried(args.beside)
    usable = [p for p in found if p.split in args.splits and p.sha256 not in known]
    states = {
        p.sha256: "not_at_rest" for p in usable if not at_rest(p, told.get(p.file, portraits.Known()), gauge)
    }
    usable = [p for p in usable if p.sha256 not in states]
    np.random.default_rng(plan.seed).shuffle(usable)
    usable = usable[: args.limit or None]
    step = args.portraits_per_shard
    jobs = [Shard(n, usable[i : i + step]) for n, i in enumerate(range(0, len(usable), step))]
    os.environ |= {name: os.environ.get(name, "1") for name in ONE_THREAD}
    with ProcessPoolExecutor(args.workers, mp_context=get_context("spawn")) as pool:
        for shard in tqdm(pool.map(partial(make_shard, plan=plan), jobs), total=len(jobs), unit="shard"):
            states.update(shard)
    write_manifest(plan, found, states)
