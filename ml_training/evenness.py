"""Are simulated healthy faces as uneven as people are?

    python -m ml_training.evenness --data DIR [DIR ...] --untouched DIR

A network that learnt from faces more even than people's takes a healthy person's crooked smile for a palsy. For each
view that untouched portraits show, of training people alone: how far each part of the face mesh lies from its mirror
image, as quantiles over pictures in per cent of the distance between the eyes. It takes a minute.
"""

import argparse
from pathlib import Path
from typing import Final

import numpy as np

from inference.pipeline.codes import VIEWS
from inference.pipeline.places import FACE, JAW
from inference.pipeline.shape import frontal, mirrored
from ml_training import datasets, sources
from ml_training.datasets import Pictures
from ml_training.locator import REGIONS

QUANTILES: Final = (0.5, 0.9, 0.95)


def unevenness(points: np.ndarray) -> dict[str, np.ndarray]:
    """{region of `locator.REGIONS`: (N,)}: mean distance of its points from the middle between them and their mirror
    image, in per cent of the distance between the eyes, of meshes (N, 478, 3), px."""
    shapes = np.stack([frontal(some) for some in points])
    away = np.linalg.norm((shapes - mirrored(shapes))[:, FACE, :2] / 2, axis=-1)
    return {region: 100 * away[:, [n - JAW for n in which]].mean(1) for region, which in REGIONS.items()}


def table(simulated: Pictures, untouched: Pictures) -> str:
    """Markdown: each view and region, both at each of `QUANTILES`, of the healthy among these pictures."""
    heads = [f"{name}, {100 * q:.0f} %" for q in QUANTILES for name in ("simulated", "untouched")]
    lines = [f"| View | Region | {' | '.join(heads)} |", f"|---|---|{'---|' * len(heads)}"]
    for code in sorted(set(untouched.view[untouched.view >= 0].tolist())):
        both = [some.where((some.view == code) & ~some.weak) for some in (simulated, untouched)]
        if not all(map(len, both)):
            continue
        parts = [unevenness(some.points) for some in both]
        view = f"{VIEWS[code].replace('_', ' ')} ({len(both[0])} and {len(both[1])})"
        for region in REGIONS:
            cells = [f"{np.quantile(part[region], q):.1f}" for q in QUANTILES for part in parts]
            lines.append(f"| {view} | {region} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="simulated pictures")
    parser.add_argument(
        "--untouched", type=Path, required=True, help="portraits as they are: `ml_training.unmoved`"
    )
    args = parser.parse_args()
    simulated, untouched = (datasets.load(folders, ("train",)) for folders in (args.data, [args.untouched]))
    print(table(simulated, untouched))


if __name__ == "__main__":
    sources.told(main)
