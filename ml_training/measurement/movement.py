"""How well movement since rest repeats: `python -m ml_training.measurement.movement --portraits DIR --face DIR`.

Each validation and test person sits for one simulated visit; every view, the face at rest too, is photographed a few
times
under other light, turn, distance, noise and blur, and analysed as the product does it. The k-th photos of all views
are the k-th visit of a face that hasn't changed. Told are, of visits:

- what a head bent forward by one degree takes from a length (`PER_DEGREE`, `OPENING_PER_DEGREE` of
  `inference.pipeline.measure.movement`), fitted on validation people;
- the smallest detectable change of each share and each side's movement (`repeatability`), of both splits;
- what healthy people reach: the medians of each of them; and by how much one side of theirs moves along more than the
  other in exercises that aren't about it (`inference.pipeline.measure.synkinesis`).

`--rows FILE` keeps the photographs' measures, or reads them where they were made already; `--release DIR` writes the
smallest detectable changes into its release.json. Two views of one visit share a photo at rest, as they do in a clinic.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import numpy as np

from inference.pipeline.analyser import Analyser
from inference.pipeline.codes import SIDES, VIEWS, Exercise
from inference.pipeline.landmarks import FaceMesh
from inference.pipeline.measure.movement import WAYS, MeasuredFace, moved, share
from inference.pipeline.measure.synkinesis import moved_along
from ml_training import portraits, sources
from ml_training.measurement.repeatability import HELD_OUT, repeatability
from ml_training.simulate import facemodel
from ml_training.simulate.accessories import Look, wear
from ml_training.simulate.expressions import weights
from ml_training.simulate.fit import fit
from ml_training.simulate.generate import HELD_OUT_FILE, person_mask, unsuitable
from ml_training.simulate.palsy import Habits, Palsy
from ml_training.simulate.photography import Shot, expose
from ml_training.simulate.render import Renderer, random_light
from ml_training.simulate.studio import Sitter, sitter
from ml_training.simulate.turn import Turn, depth_map

TIMES: Final = 3
SAT_FOR: Final = (*VIEWS, Exercise.LOWER_TEETH.value)
GRADE_SHARES: Final = (0.30, 0.14, 0.14, 0.14, 0.14, 0.14)
REST: Final = Exercise.REST.value
ZONE_VIEWS: Final[Mapping[str, tuple[str, ...]]] = {
    "brow": ("brow_raise",),
    "eye": ("gentle_eye_closure", "tight_eye_closure"),
    "mouth": ("smile_with_teeth", "closed_smile", "show_teeth"),
}
"""The exercises that the recovery charts add up, in their order (`clinic.recovery.rules.REGION_EXERCISES`)."""
BENT: Final = {
    "brow_height": (REST, "brow_raise"),
    "palpebral_fissure": (REST,),
    "corner_drop": (REST, "brow_raise"),
    "lower_lip_drop": (REST, "brow_raise"),
}
FEWEST_HEALTHY: Final = 20
Row = dict[str, Any]
Visit = dict[str, Row]
"""View -> its row."""


def rows(
    faces: Path, folders: Sequence[Path], analyser: Analyser, limit: int, views: Sequence[str] = SAT_FOR
) -> Iterator[Row]:
    """A row a photograph: person, split, grade, weak side, synkinesis (0 to 1) of each side, view, number of the visit,
    symmetry, pitch."""
    held = frozenset(json.loads(HELD_OUT_FILE.read_text())) if HELD_OUT_FILE.exists() else frozenset()
    files = [file for folder in folders for file in sources.portrait_files(folder)]
    people = [one for one in portraits.read(files, FaceMesh(), held) if one.split in HELD_OUT]
    np.random.default_rng(7).shuffle(people)
    model = facemodel.load(sources.face_folder(faces))
    with Renderer(model) as renderer:
        for portrait in people[: limit or None]:
            fitted = fit(model, portrait.points)
            if not unsuitable(fitted):
                person = sitter(renderer, portrait, fitted, person_mask(portrait.image))
                yield from _visits(renderer, person, analyser, views)


def _visits(renderer: Renderer, person: Sitter, analyser: Analyser, views: Sequence[str]) -> Iterator[Row]:
    portrait, subject = person.portrait, person.subject
    rng = np.random.default_rng([99, int(portrait.sha256[:12], 16)])
    grade = int(rng.choice(6, p=GRADE_SHARES)) + 1
    side = None if grade == 1 else str(rng.choice(SIDES))
    palsy, habits, look = Palsy.sample(grade, side, rng), Habits.sample(rng), Look.sample(rng)
    told = {"person": portrait.sha256[:16], "split": portrait.split, "grade": grade, "side": side}
    told["synkinesis"] = dict(zip(SIDES, palsy.synkinesis.tolist(), strict=True))
    for view in views:
        done = int(rng.integers(2)) if view == Exercise.SNEER else None
        vector = weights(renderer.model.units, view, palsy, habits, rng, done)
        drawn = renderer.draw(subject, vector, light=random_light(rng))
        now = renderer.moved(subject, vector)
        dressed = wear(drawn, subject.carried(now, range(478)), look, person.person_mask)
        depth, nose = depth_map(now, drawn.shape[:2]), subject.points[4, :2].astype(float)
        for visit in range(TIMES):
            shot = Shot.sample(rng, subject.face_width)
            turn = Turn(shot.pose, depth, drawn.shape[:2], nose, subject.face_width)
            found = analyser.analyse(expose(turn.picture(dressed), shot))
            if found.state == "succeeded":
                yield told | {
                    "view": view,
                    "visit": visit,
                    "symmetry": found.symmetry,
                    "pitch": found.quality["pitch_deg"],
                }


def visits_of(found: Sequence[Row]) -> dict[str, list[Visit]]:
    """Person -> visits that have a photo at rest."""
    by: dict[str, dict[int, Visit]] = defaultdict(lambda: defaultdict(dict))
    for row in found:
        by[row["person"]][row["visit"]][row["view"]] = row
    return {person: [one for one in visits.values() if REST in one] for person, visits in by.items()}


def bent(found: Sequence[Row], measure: str, splits: Sequence[str] = ("val",)) -> tuple[float, float]:
    """What one degree of a head bent forward takes from a measure, and its standard error: of the distance between the
    eyes, or of the opening of the lids. By least squares within each person and view."""
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in found:
        if row["split"] in splits and row["view"] in BENT[measure]:
            groups[row["person"], row["view"]].append(row)
    xs, ys, freedom = [], [], 0
    for group in groups.values():
        pitch = np.array([row["pitch"] for row in group])
        if any(measure not in row["symmetry"]["measures"] for row in group):
            continue  # photographed before that was measured
        for side in SIDES:
            value = np.array([row["symmetry"]["measures"][measure][side] for row in group])
            eyes = np.array([row["symmetry"]["eyes_mm"] for row in group])
            part = value / (value.mean() if measure == "palpebral_fissure" else eyes)
            xs.append(pitch - pitch.mean())
            ys.append(part - part.mean())
            freedom += len(group) - 1
    x, y = np.concatenate(xs), np.concatenate(ys)
    slope = float(x @ y / (x @ x))
    error = float(np.sqrt(((y - slope * x) ** 2).sum() / freedom / (x @ x)))
    return round(-slope, 5), round(error, 5)


def figures(visits: Mapping[str, Sequence[Visit]]) -> dict[str, tuple[list[float], list[str]]]:
    """Name -> each visit's figure, and the person whose it is (a side of a person, for millimetres).

    movement.ZONE.VIEW+VIEW: the share of the movements added up; moved.VIEW: one side's, mm; along.PART.VIEW: what
    moves along on one side, along.PART.VIEW_difference: the left less the right.
    """
    found: dict[str, tuple[list[float], list[str]]] = defaultdict(lambda: ([], []))

    def add(name: str, value: float | None, whose: str) -> None:
        if value is not None:
            found[name][0].append(value)
            found[name][1].append(whose)

    for person, every in visits.items():
        for visit in every:
            side = visit[REST]["side"] or ""
            rest = MeasuredFace(visit[REST]["symmetry"], visit[REST]["pitch"])
            known = {
                view: way
                for view, row in visit.items()
                if view in WAYS and (way := moved(view, MeasuredFace(row["symmetry"], row["pitch"]), rest))
            }
            for view, row in visit.items():
                for one in moved_along(view, MeasuredFace(row["symmetry"], row["pitch"]), rest):
                    name = f"along.{one.part}.{view}"
                    add(name, one.left, f"{person} left")
                    add(name, one.right, f"{person} right")
                    add(f"{name}_difference", one.more_on("left"), person)
            for view, way in known.items():
                add(f"moved.{view}", way.left, f"{person} left")
                add(f"moved.{view}", way.right, f"{person} right")
                add(f"share.{view}", share([way], side), person)
            for zone, views in ZONE_VIEWS.items():
                there = [view for view in views if view in known]
                for count in range(1, len(there) + 1):
                    for some in combinations(there, count):
                        add(
                            f"movement.{zone}.{'+'.join(some)}",
                            share([known[one] for one in some], side),
                            person,
                        )
    return found


def detectable(visits: Mapping[str, Sequence[Visit]]) -> dict[str, dict[str, float | int]]:
    """The smallest detectable change of each figure between two visits, as `repeatability` tells it."""
    found: dict[str, dict[str, float | int]] = {}
    for name, (values, whose) in sorted(figures(visits).items()):
        found |= repeatability({name: np.array(values)}, np.array(whose))
    return found


def healthy(visits: Mapping[str, Sequence[Visit]]) -> dict[str, dict[str, float | int]]:
    """What healthy people reach: of each person's median share, the value that nine in ten stay above, and the
    median."""
    well = {person: every for person, every in visits.items() if every and every[0][REST]["grade"] == 1}
    reached = {}
    for name, (values, whose) in sorted(figures(well).items()):
        by: dict[str, list[float]] = defaultdict(list)
        for value, person in zip(values, whose, strict=True):
            by[person].append(value)
        medians = [float(np.median(every)) for every in by.values()]
        reached[name] = {
            "tenth": round(float(np.quantile(medians, 0.1)), 2),
            "median": round(float(np.median(medians)), 2),
            "people": len(medians),
        }
    return reached


def healthy_along(visits: Mapping[str, Sequence[Visit]]) -> dict[str, dict[str, float | int]]:
    """How far the sides of healthy people differ in what moves along: nineteen of twenty visits stay within."""
    well = {person: every for person, every in visits.items() if every and every[0][REST]["grade"] == 1}
    return {
        name: {
            "nineteen_of_twenty": round(float(np.quantile(np.abs(values), 0.95)), 2),
            "mean": round(float(np.mean(values)), 2),
            "visits": len(values),
            "people": len(set(whose)),
        }
        for name, (values, whose) in sorted(figures(well).items())
        if name.startswith("along.") and name.endswith("_difference") and len(values) >= FEWEST_HEALTHY
    }


def add_to(release: Path, found: Mapping[str, Mapping[str, float | int]]) -> None:
    """Put the smallest detectable changes into release.json beside those that are there."""
    path = release / "release.json"
    told = json.loads(path.read_text())
    told["repeatability"] |= {name: float(one["sdc95"]) for name, one in found.items()}
    path.write_text(json.dumps(told, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--portraits", type=Path, nargs="*", default=[], help="folders of frontal portraits")
    parser.add_argument("--face", type=Path, help="folder of the ICT face model")
    parser.add_argument("--rows", type=Path, default=Path("ml_training/runs/measurement/movement.jsonl"))
    parser.add_argument("--out", type=Path, default=Path("ml_training/measurement/movement.json"))
    parser.add_argument("--artifacts", type=Path, default=Path("inference/artifacts"))
    parser.add_argument("--release", type=Path, help="whose release.json is to tell the smallest changes")
    parser.add_argument("--limit", type=int, default=0, help="only so many portraits, for a try")
    parser.add_argument("--views", nargs="*", default=SAT_FOR, help="the views that are photographed")
    parser.add_argument("--only", nargs="*", default=[""], help="how the figures begin that are written down")
    args = parser.parse_args()
    if not args.rows.exists():
        args.rows.parent.mkdir(parents=True, exist_ok=True)
        analyser = Analyser(args.artifacts, name=args.release.name if args.release else None)
        with args.rows.open("w") as stream:
            for row in rows(args.face, args.portraits, analyser, args.limit, args.views):
                stream.write(json.dumps(row) + "\n")
    found = [json.loads(line) for line in args.rows.read_text().splitlines()]
    visits = visits_of(found)
    told = {
        "people": len(visits),
        "photographs": len(found),
        "bent_per_degree": {measure: bent(found, measure) for measure in BENT},
        "smallest_detectable_change": (
            changes := {
                name: one for name, one in detectable(visits).items() if name.startswith(tuple(args.only))
            }
        ),
        "healthy": healthy(visits),
        "healthy_along": healthy_along(visits),
    }
    args.out.write_text(json.dumps(told, indent=1) + "\n")
    if args.release:
        add_to(args.release, changes)
    print(json.dumps(told["bent_per_degree"]))
    for name, one in changes.items():
        print(f"{name:60s} {one['sdc95']:6.2f}  ({one['groups']} faces, {one['pictures']} visits)")


if __name__ == "__main__":
    sources.told(main)
