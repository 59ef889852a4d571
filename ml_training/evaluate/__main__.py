"""python -m ml_training.evaluate --data DIR [--real DIR] [--portraits DIR] [--release NAME] --out FOLDER

Figures of a release on people whom training never saw, those of real photographs first, with controls, groups, visits
and a baseline without a network.
--portraits names a folder of real photographs of healthy people: the honest false alarms.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

from inference.pipeline.engine import Engine
from inference.pipeline.release import ARTIFACTS_DIR, Release, active_folder, load_release
from ml_training import datasets, sources
from ml_training.evaluate import report
from ml_training.evaluate.report import Evaluation, of_photographs
from ml_training.evaluate.serving import predictor


def evaluated(
    release: Release,
    data: list[Path],
    portraits: Path | None,
    out: Path,
    fit: bool,
    limit: int,
    real: list[Path] | None = None,
) -> dict[str, Any]:
    """The content of evaluation.json."""
    started = time.perf_counter()
    evaluation = Evaluation(predictor(release), *report.load(data))
    if real:
        evaluation.real = datasets.load(real, ("val", "test"))
    if release.uses_reference:
        evaluation.beside = predictor(release, beside_rest=True)
    if fit:
        evaluation.fit()
    else:
        evaluation.take(release)
    evaluation.judged()
    evaluation.seconds["network"] = round(time.perf_counter() - started, 1)
    photos = None
    if portraits:
        photos = of_photographs(evaluation, Engine(release), portraits, limit, data=data)
        evaluation.seconds["photographs"] = round(time.perf_counter() - started, 1)
    told = evaluation.run(out, photos, data)
    return {
        "release": release.name,
        "data": report.data_hash(data),
        "goals": told["goals"],
    } | evaluation.measured


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m ml_training.evaluate", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument(
        "--portraits", type=Path, help="real photographs of healthy people (*.jpg, index.csv)"
    )
    parser.add_argument(
        "--real", type=Path, nargs="+", help="labelled portraits as they are (`unmoved`), of no training"
    )
    parser.add_argument("--release", help="its name in inference/artifacts; the active one if left out")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--fit", action="store_true", help="calibrate anew on validation people, to compare")
    parser.add_argument("--limit", type=int, default=0, help="use so many of the photographs (0: all)")
    args = parser.parse_args()
    release = load_release(ARTIFACTS_DIR / args.release if args.release else active_folder())
    content = evaluated(release, args.data, args.portraits, args.out, args.fit, args.limit, args.real)
    (args.out / "evaluation.json").write_text(json.dumps(content, indent=1) + "\n")
    for row in content["figures"]:
        low, high = row["low"], row["high"]
        interval = "" if low is None else f" ({low:.3f} to {high:.3f})"
        print(f"{row['name']}: {row['value']:.3f}{interval}")
    for row in content["controls"]:
        print(f"{row['name']}: {row['verdict']}")
    print(*content["goals"], sep="\n")


if __name__ == "__main__":
    sources.told(main)
