"""Put the measurement's files into a release: `python -m ml_training.measurement.release --release DIR --data DIR`.

Copies refinement.npz beside the networks and writes three keys of release.json: "files" (its checksum), "refinement"
(its name, and by whom it was fitted and judged) and "repeatability" (figure -> smallest detectable change), of the
measures and of the network's own scores on validation and test people.
"""

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

from inference.pipeline.measure.refinement import FILE, load
from inference.pipeline.release import load_release, sha256_of
from ml_training import datasets
from ml_training.evaluate.answers import Predict, calibrated
from ml_training.evaluate.serving import predictor
from ml_training.measurement.repeatability import as_release
from ml_training.measurement.scores import detectable


def add(release: Path, measured: Path) -> None:
    """Complete release.json in `release` from what refine, study and repeatability left in `measured`."""
    load(measured / FILE)
    shutil.copyfile(measured / FILE, release / FILE)
    told = json.loads((release / "release.json").read_text())
    study = json.loads((measured / "study.json").read_text())
    told["files"][FILE] = sha256_of(release / FILE)
    told["refinement"] = {"file": FILE, "test_pictures": study["pictures"], "test_people": study["people"]}
    told["repeatability"] = as_release(json.loads((measured / "repeatability.json").read_text()))
    _write(release, told)


def add_scores(release: Path, predict: Predict, pictures: datasets.Pictures) -> None:
    """Complete release.json in `release` by its network's own scores on these pictures, some of them repeats."""
    told = json.loads((release / "release.json").read_text())
    answers = calibrated(predict(pictures), told["temperatures"])
    found = detectable(answers, pictures, told["visit"]["zones"])
    told["repeatability"] = told.get("repeatability", {}) | as_release(found)
    _write(release, told)


def _write(release: Path, told: dict[str, Any]) -> None:
    (release / "release.json").write_text(json.dumps(told, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--release", type=Path, required=True, help="folder of a release that nobody uses yet"
    )
    parser.add_argument(
        "--data", type=Path, required=True, help="simulated pictures with repeats, for the scores"
    )
    parser.add_argument("--measured", type=Path, default=Path("ml_training/runs/measurement"))
    args = parser.parse_args()
    add(args.release, args.measured)
    pictures = datasets.load([args.data], ("val", "test"))
    add_scores(args.release, predictor(load_release(args.release)), pictures)


if __name__ == "__main__":
    main()
