"""Put the measurement's files into a release: `python -m ml_training.measurement.release --release DIR`.

Copies refinement.npz beside the networks and writes three keys of release.json: "files" (its checksum), "refinement"
(its name, and by whom it was fitted and judged) and "repeatability" (figure -> smallest detectable change).
"""

import argparse
import json
import shutil
from pathlib import Path

from inference.pipeline.measure.refinement import FILE, load
from inference.pipeline.release import sha256_of
from ml_training.measurement.repeatability import as_release


def add(release: Path, measured: Path) -> None:
    """Complete release.json in `release` from what refine, study and repeatability left in `measured`."""
    load(measured / FILE)
    shutil.copyfile(measured / FILE, release / FILE)
    told = json.loads((release / "release.json").read_text())
    study = json.loads((measured / "study.json").read_text())
    told["files"][FILE] = sha256_of(release / FILE)
    told["refinement"] = {"file": FILE, "test_pictures": study["pictures"], "test_people": study["people"]}
    told["repeatability"] = as_release(json.loads((measured / "repeatability.json").read_text()))
    (release / "release.json").write_text(json.dumps(told, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--release", type=Path, required=True, help="folder of a release that nobody uses yet"
    )
    parser.add_argument("--measured", type=Path, default=Path("ml_training/runs/measurement"))
    args = parser.parse_args()
    add(args.release, args.measured)


if __name__ == "__main__":
    main()
