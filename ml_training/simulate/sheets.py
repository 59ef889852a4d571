"""A hundred pictures of each view on one sheet, for the eye:

    python -m ml_training.simulate.sheets --data DIR [--grade 1]

writes DIR/sheets/VIEW.png, and unknown.png for pictures that teach no view. Each picture bears its grade and weak side.
"""

import argparse
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from inference.pipeline.codes import VIEWS
from ml_training import datasets, sources
from ml_training.datasets import BOTH, UNKNOWN_VIEW, Pictures

ACROSS, DOWN, SIDE_PX = 10, 10, 160
GRADE_NAMES: Final = ("I", "II", "III", "IV", "V", "VI")


def sheet(pictures: Pictures, rng: np.random.Generator) -> np.ndarray:
    """RGB uint8 of up to a hundred of them, as many people as there are."""
    order = rng.permutation(len(pictures))
    _, first = np.unique(pictures.person[order], return_index=True)
    chosen = np.concatenate([order[np.sort(first)], np.delete(order, first)])[: ACROSS * DOWN]
    page = np.full((DOWN * SIDE_PX, ACROSS * SIDE_PX, 3), 255, np.uint8)
    for place, n in enumerate(chosen):
        picture = cv2.resize(pictures.crops[n], (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
        side = {0: " left", 1: " right", BOTH: " both"}.get(int(pictures.side[n]), "")
        text = GRADE_NAMES[int(pictures.grade[n]) - 1] + side
        for colour, thick in (((0, 0, 0), 3), ((255, 255, 255), 1)):
            cv2.putText(
                picture, text, (4, SIDE_PX - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, thick, cv2.LINE_AA
            )
        y, x = place // ACROSS * SIDE_PX, place % ACROSS * SIDE_PX
        page[y : y + SIDE_PX, x : x + SIDE_PX] = picture
    return page


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--grade", type=int, choices=range(1, 7), help="only this House-Brackmann grade")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    pictures = datasets.load([args.data])
    if args.grade:
        pictures = pictures.where(pictures.grade == args.grade)
    out, rng = args.data / "sheets", np.random.default_rng(args.seed)
    out.mkdir(exist_ok=True)
    suffix = f"-grade-{args.grade}" if args.grade else ""
    for number in (UNKNOWN_VIEW, *range(len(VIEWS))):
        shown = pictures.where(pictures.view == number)
        if len(shown):
            name = "unknown" if number == UNKNOWN_VIEW else VIEWS[number]
            cv2.imwrite(str(out / f"{name}{suffix}.png"), sheet(shown, rng)[..., ::-1])


if __name__ == "__main__":
    sources.told(main)
