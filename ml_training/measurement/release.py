"""Put the measurement's files into a release: `python -m ml_training.measurement.release --release DIR --data DIR`.

Copies refinement.npz beside the network and writes three keys of release.json: "files" (its checksum), "refinement"
(its name, and by whom it was fitted and judged) and "repeatability" (figure -> smallest detectable change), of the
measures and of the network's own scores on validation and test people. With --locator also locator.tflite, and on the
card how far from the truth its landmarks lie.
"""

import argparse
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from inference.pipeline.lite import LiteModel
from inference.pipeline.locate import FILE as LOCATOR
from inference.pipeline.measure.refinement import FILE, load
from inference.pipeline.places import FACE
from inference.pipeline.release import load_release, sha256_of
from ml_training import convert, datasets, locator, sources
from ml_training.datasets import Pictures
from ml_training.evaluate.answers import Predict, calibrated
from ml_training.evaluate.serving import predictor
from ml_training.measurement.repeatability import as_release
from ml_training.measurement.scores import detectable

EXACT: Final = "mean_distance_of_landmarks_from_their_true_places_in_mm"
"""The card's key of the table that tells how exact the landmarks are; its page names it so."""
FARTHEST_OFF: Final = 0.01
"""Of the distance between the eyes, by which a place may differ in the file that ships."""


class LocatorDiffers(SystemExit):
    """The file that was to ship finds other places than the locator that was trained."""


def copied(release: Path, like: Path, note: str) -> None:
    """A new release of another one's network, for new measures. SystemExit where there is one of that name already."""
    if release.exists():
        raise SystemExit(f"There is a release {release.name} already: releases never change.")
    shutil.copytree(like, release)
    told, card = (json.loads((release / name).read_text()) for name in ("release.json", "card.json"))
    told["name"] = card["name"] = release.name
    card |= {"made_on": datetime.now(UTC).date().isoformat(), "note": note}
    _write(release, told)
    (release / "card.json").write_text(json.dumps(card, indent=1) + "\n")


def carried(release: Path, measures: Path) -> None:
    """Complete a release of a new network by another one's locator, correction, detectable changes and what its card
    says of them: both read the crop and the mesh, and nothing of the network."""
    told, other = (json.loads((folder / "release.json").read_text()) for folder in (release, measures))
    card, known = (json.loads((folder / "card.json").read_text()) for folder in (release, measures))
    for file in (FILE, LOCATOR):
        shutil.copyfile(measures / file, release / file)
        told["files"][file] = sha256_of(release / file)
    told["input_sizes"]["locator"] = other["input_sizes"]["locator"]
    told |= {key: other[key] for key in ("refinement", "repeatability")}
    _write(release, told)
    card["models"] += [row for row in known["models"] if row["kind"] == "locator"]
    card[EXACT] = known[EXACT]
    (release / "card.json").write_text(json.dumps(card, indent=1) + "\n")


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


def add_locator(release: Path, run: Path, test: Pictures) -> None:
    """Complete a release by the locator of a run, as .tflite of 16-bit weights, and its card by how it was made and how
    exact it is on these test pictures. Raises NotEqual where the file finds other places than what was trained."""
    import keras

    model = keras.models.load_model(run / "model.keras", compile=False)
    both = locator.on_both_sides(model)
    (release / LOCATOR).write_bytes(convert.to_tflite(both, "float16"))
    told = json.loads((release / "release.json").read_text())
    told["files"][LOCATOR] = sha256_of(release / LOCATOR)
    told["input_sizes"]["locator"] = model.input_shape[1]
    _write(release, told)
    shipped = LiteModel(release / LOCATOR)
    found = np.stack([next(iter(shipped.run(crop).values())) for crop in test.crops])
    off = float(np.abs(found - locator.found(model, test.crops)).max())
    if off > FARTHEST_OFF:
        raise LocatorDiffers(
            f"{LOCATOR} finds places up to {off:.4f} from where the trained locator has them."
        )
    mesh, own = (locator.distances(places, test) for places in (test.points[:, FACE, :2], found))
    card = json.loads((release / "card.json").read_text())
    config, made = (json.loads((run / name).read_text()) for name in ("config.json", "places.json"))
    row = {
        "kind": "locator",
        "file": LOCATOR,
        "bytes": (release / LOCATOR).stat().st_size,
        "network": "MobileNetV2 0.35 with heat maps at a quarter of the crop's size, on the face and its mirror image",
        "input_px": config["size"],
        "parameters": model.count_params(),
        "variant": "float16",
        "weight_bits": 16,
        "epochs": config["epochs"],
        "pictures": made["pictures"]["train"],
        "people": made["people"]["train"],
        "learning_rate": config["rate"],
        "batch": config["batch"],
        "seed": config["seed"],
    }
    card["models"] = [one for one in card.get("models", []) if one["kind"] != "locator"] + [row]
    card[EXACT] = [
        {
            "region": region,
            "face_mesh": mesh[region]["distance"],
            "this_release": own[region]["distance"],
            "face_mesh_uneven_part": mesh[region]["uneven"],
            "this_release_uneven_part": own[region]["uneven"],
        }
        for region in mesh
    ]
    (release / "card.json").write_text(json.dumps(card, indent=1) + "\n")


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
    parser.add_argument(
        "--locator", type=Path, help="run of the locator whose landmarks the correction reads"
    )
    parser.add_argument("--like", type=Path, help="make the release first, of this other one's network")
    parser.add_argument(
        "--measures-of",
        type=Path,
        help="carry over another release's locator, correction and detectable changes",
    )
    parser.add_argument("--note", default="", help="with --like: one sentence on how it was made")
    args = parser.parse_args()
    if args.like:
        copied(args.release, args.like, args.note)
    if args.measures_of:
        carried(args.release, args.measures_of)
    else:
        add(args.release, args.measured)
    if args.locator:
        add_locator(args.release, args.locator, datasets.load([args.data], ("test",)).with_truth())
    pictures = datasets.load([args.data], ("val", "test"))
    add_scores(args.release, predictor(load_release(args.release)), pictures)


if __name__ == "__main__":
    sources.told(main)
