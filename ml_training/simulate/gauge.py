"""Do simulated expressions move as much as real ones?

    python -m ml_training.simulate.gauge --data DIR [DIR ...] --real DIR [DIR ...]

A gauge that real faces taught (`inference.pipeline.gauge`) reads the meshes of simulated pictures (`--data`) and of
untouched portraits whose views are known (`--real`, of `ml_training.unmoved`), training people's alone. Prints the
means of each view's coefficients, healthy and by House-Brackmann grade, writes them to gauge.json in the first folder
of `--data`, and ends with 1 where healthy simulated pictures part from real ones by more than `TOLERANCE`. The gauge is
blind to puffed cheeks and sneers: there is nothing but the eye for them (`ml_training.simulate.sheets`).
"""

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from tqdm import tqdm

from inference.pipeline.codes import GRADES, VIEWS, Exercise
from inference.pipeline.gauge import NAMES, Gauge
from ml_training import datasets, sources
from ml_training.datasets import Pictures

TOLERANCE: Final = 0.15
"""How far the mean of a coefficient, 0 to 1, may lie from the real one."""
PEOPLE: Final = 15
"""Fewer real portraits than this say nothing of a view; `ELSEWHERE` speaks then."""
READ: Final[dict[str, tuple[str, ...]]] = {
    Exercise.REST: ("mouthSmile", "mouthPucker", "mouthUpperUp", "jawOpen", "browInnerUp", "eyeBlink"),
    Exercise.BROW_RAISE: ("browInnerUp", "browOuterUp"),
    Exercise.GENTLE_EYE_CLOSURE: ("eyeBlink", "mouthSmile"),
    Exercise.TIGHT_EYE_CLOSURE: ("eyeBlink",),
    Exercise.CLOSED_SMILE: ("mouthSmile", "mouthUpperUp", "jawOpen"),
    Exercise.SMILE_WITH_TEETH: ("mouthSmile", "mouthUpperUp", "jawOpen"),
    Exercise.SHOW_TEETH: ("mouthSmile", "mouthUpperUp"),
    Exercise.PUCKER: ("mouthPucker", "mouthSmile"),
    Exercise.NOSE_WRINKLE: ("mouthSmile", "mouthUpperUp"),
    Exercise.OPEN_MOUTH: ("jawOpen", "mouthSmile"),
}
"""Coefficients by view, means of both sides."""
ELSEWHERE: Final[dict[str, dict[str, float]]] = {
    Exercise.BROW_RAISE: {"browInnerUp": 0.61, "browOuterUp": 0.76},
    Exercise.GENTLE_EYE_CLOSURE: {"eyeBlink": 0.71},
    Exercise.TIGHT_EYE_CLOSURE: {"eyeBlink": 0.71},
    Exercise.SHOW_TEETH: {"mouthSmile": 0.19, "mouthUpperUp": 0.06},
    Exercise.PUCKER: {"mouthPucker": 0.87},
    Exercise.NOSE_WRINKLE: {"mouthSmile": 0.22, "mouthUpperUp": 0.07},
    Exercise.OPEN_MOUTH: {"jawOpen": 0.48, "mouthSmile": 0.13},
}
"""Means of 6 to 27 photographs of real people who followed the instruction, measured once; the photographs can't be
kept. Grades are too few in them to tell."""


def coefficients(gauge: Gauge, points: np.ndarray, quiet: bool = True) -> np.ndarray:
    """(N, 52) of meshes (N, 478, 3), px."""
    shown = tqdm(points, unit="face", leave=False, disable=quiet)
    return np.array([gauge.blendshapes(one) for one in shown], np.float32).reshape(-1, len(NAMES))


def named(found: np.ndarray, name: str) -> np.ndarray:
    """(N,) one of the coefficients (N, 52), the mean of both sides where it has sides."""
    chosen = [n for n, each in enumerate(NAMES) if each in (name, name + "Left", name + "Right")]
    return np.asarray(found[:, chosen].mean(1))


def lips_apart(points: np.ndarray) -> float:
    """Gap between the inner lips of a mesh (478, 3), in distances between the eyes."""
    eyes = points[[33, 133], :2].mean(0) - points[[362, 263], :2].mean(0)
    return float(np.linalg.norm(points[13, :2] - points[14, :2]) / np.linalg.norm(eyes))


def sure_view(gauge: Gauge, points: np.ndarray) -> int:
    """Index of the view that a real portrait shows, -1 where it isn't sure. Of 1,812 portraits labelled by eye 1,278
    get a view, 0.99 of each of the three rightly."""
    found = gauge.blendshapes(points)[None]
    of = {name: float(named(found, name)[0]) for name in (
        "mouthSmile", "mouthUpperUp", "mouthPress", "mouthStretch", "jawOpen", "eyeBlink", "browInnerUp",
    )}  # fmt: skip
    gap = lips_apart(points)
    if of["mouthSmile"] > 0.6 and gap > 0.1 and of["jawOpen"] < 0.3:
        return VIEWS.index(Exercise.SMILE_WITH_TEETH)
    if of["mouthSmile"] > 0.4 and gap < 0.015 and of["mouthUpperUp"] < 0.03 and of["jawOpen"] < 0.02:
        return VIEWS.index(Exercise.CLOSED_SMILE)
    still = {
        "mouthSmile": 0.08,
        "mouthUpperUp": 0.03,
        "mouthPress": 0.25,
        "mouthStretch": 0.15,
        "jawOpen": 0.03,
    }
    still |= {"eyeBlink": 0.3, "browInnerUp": 0.3}
    if gap < 0.02 and all(of[name] < most for name, most in still.items()):
        return VIEWS.index(Exercise.REST)
    return -1


@dataclass(frozen=True)
class GaugeRow:
    """One coefficient of one view: means of real faces (`real_count` of them, 0 where they are `ELSEWHERE`) and of
    simulated ones, healthy and by grade. parted: whether the healthy are further from the real than `TOLERANCE`."""

    view: str
    coefficient: str
    real: float | None
    real_count: int
    healthy: float
    healthy_count: int
    grades: dict[int, float]

    @property
    def parted(self) -> bool:
        return self.real is not None and abs(self.healthy - self.real) > TOLERANCE


def lines(simulated: Pictures, real: Pictures, gauge: Gauge) -> list[GaugeRow]:
    """Every view of `READ` that simulated pictures show."""
    found = []
    for view, names in READ.items():
        drawn, seen = (some.where(some.view == VIEWS.index(view)) for some in (simulated, real))
        if not (drawn.grade == 1).any():
            continue
        _, first = np.unique(seen.visit, return_index=True)
        of_drawn, of_seen = coefficients(gauge, drawn.points), coefficients(gauge, seen.points[first])
        for name in names:
            value, enough = named(of_drawn, name), len(first) >= PEOPLE
            wanted = float(named(of_seen, name).mean()) if enough else ELSEWHERE.get(view, {}).get(name)
            grades = {
                g: float(value[drawn.grade == g].mean()) for g in GRADES[1:] if (drawn.grade == g).any()
            }
            healthy = drawn.grade == 1
            found.append(
                GaugeRow(
                    view,
                    name,
                    wanted,
                    len(first) if enough else 0,
                    float(value[healthy].mean()),
                    int(healthy.sum()),
                    grades,
                )
            )
    return found


def table(found: list[GaugeRow]) -> str:
    """Markdown."""
    rows = [
        f"| View | Coefficient | Real | Simulated, healthy | {' | '.join(f'grade {g}' for g in GRADES[1:])} | |"
    ]
    rows.append(f"|---|---|---|---|{'---|' * len(GRADES)}")
    for line in found:
        real = "" if line.real is None else f"{line.real:.2f} ({line.real_count or 'elsewhere'})"
        grades = " | ".join(f"{line.grades[g]:.2f}" if g in line.grades else "" for g in GRADES[1:])
        name = line.view.replace("_", " ")
        rows.append(
            f"| {name} | {line.coefficient} | {real} | {line.healthy:.2f} ({line.healthy_count}) | {grades} | "
            f"{'parted' if line.parted else ''} |"
        )
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="simulated pictures")
    parser.add_argument(
        "--real", type=Path, nargs="+", required=True, help="data sets of `ml_training.unmoved`"
    )
    args = parser.parse_args()
    simulated, real = (datasets.load(folders, ("train",)) for folders in (args.data, args.real))
    found = lines(simulated, real, Gauge())
    print(table(found))
    told = [asdict(line) | {"parted": line.parted} for line in found]
    (args.data[0] / "gauge.json").write_text(json.dumps({"tolerance": TOLERANCE, "lines": told}, indent=1))
    sys.exit(any(line.parted for line in found))


if __name__ == "__main__":
    sources.told(main)
