"""Does the network know a drawn face from an untouched one? A control that needs the face model.

    python -m ml_training.redrawn --portraits DIR [DIR ...] --face DIR --data DIR [--release NAME] [--publish]

Portraits of test people are drawn anew with their own expression, and once with a weakness. Drawing alone should change
nothing; what it changes is how far the network goes by the renderer's traces, and how far its quiet on untouched
photographs is to be trusted. Prints one line of JSON; --publish puts it into the leak hunt of the release's card.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from inference.pipeline.align import crop_face
from inference.pipeline.classify import Classifier
from inference.pipeline.decode import decode
from inference.pipeline.landmarks import FaceMesh
from inference.pipeline.release import ARTIFACTS_DIR, active_folder, load_release, sha256_of
from ml_training import datasets, sources
from ml_training.portraits import PORTRAIT_SIDE_PX
from ml_training.simulate import facemodel
from ml_training.simulate.fit import fit
from ml_training.simulate.generate import MAX_RESIDUAL
from ml_training.simulate.render import Renderer, subject

WEAKNESS = {"mouthFrown_L": 0.5, "mouthRight": 0.3, "browDown_L": 0.4, "mouthSmile_R": 0.4}
HARMLESS = 0.2
"""What drawing may change the log-odds by. Set when 0.57 (release 2026.11.2) and 0.11 (2026.11.3) were known."""


def of_test(data: list[Path], files: list[Path]) -> list[Path]:
    """The portraits whose person these data sets keep for the test."""
    rows = [row for folder in data for row in datasets.manifest(folder).get("portraits", [])]
    test = {row["sha256"] for row in rows if row["split"] == "test"}
    return [file for file in files if sha256_of(file) in test]


def log_odds(classifier: Classifier, mesh: FaceMesh, image: np.ndarray) -> float | None:
    """Of any palsy; None where the mesh finds no face."""
    faces = mesh.find(image)
    if not faces:
        return None
    palsy = classifier.classify(classifier.see(crop_face(image, faces[0], classifier.size), faces[0])).palsy
    palsy = min(max(palsy, 1e-6), 1 - 1e-6)
    return float(np.log(palsy / (1 - palsy)))


def rows(files: list[Path], face: Path, classifier: Classifier) -> np.ndarray:
    """(N, 3) log-odds of a palsy: the portrait untouched, drawn anew, and drawn with a weakness."""
    model, mesh, found = facemodel.load(face), FaceMesh(max_faces=1), []
    with Renderer(model) as renderer:
        for file in tqdm(files, unit="portrait"):
            image = decode(file, PORTRAIT_SIDE_PX)
            faces = mesh.find(image)
            fitted = fit(model, faces[0]) if len(faces) == 1 else None
            if fitted is None or fitted.residual > MAX_RESIDUAL:
                continue
            person = subject(model, image, faces[0], fitted)
            own = fitted.expression.astype(np.float32)
            weak = own.copy()
            for unit, amount in WEAKNESS.items():
                weak[model.units.index(unit)] += amount
            shown = (image, renderer.draw(person, own), renderer.draw(person, weak))
            said = [log_odds(classifier, mesh, each) for each in shown]
            if None not in said:
                found.append(said)
    return np.array(found, float).reshape(-1, 3)


def sentence(found: dict[str, Any]) -> str:
    """What a card says of it."""
    expected = abs(found["drawing_adds"]) <= HARMLESS
    return (
        f"Portraits of {found['portraits']} test people drawn anew with their own expression (`ml_training.redrawn`). "
        f"Expected: nothing changes, the log-odds of a palsy by {HARMLESS} at most. Showed: they change by "
        f"{found['drawing_adds']:+.2f} in the median, a weakness drawn into the same faces adds "
        f"{found['weakness_adds']:.1f}. {'as expected' if expected else 'NOT AS EXPECTED'}."
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--portraits", type=Path, nargs="+", required=True)
    parser.add_argument("--face", type=Path, required=True, help="folder of the ICT face model")
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="data sets that were trained on")
    parser.add_argument("--release", help="its name in inference/artifacts; the active one if left out")
    parser.add_argument("--publish", action="store_true", help="say it in the release's card")
    args = parser.parse_args()
    release = load_release(ARTIFACTS_DIR / args.release if args.release else active_folder())
    files = [file for folder in args.portraits for file in sources.portrait_files(folder)]
    said = rows(of_test(args.data, files), sources.face_folder(args.face), Classifier(release))
    found = {
        "release": release.name,
        "portraits": len(said),
        "log_odds_untouched": round(float(np.median(said[:, 0])), 3),
        "drawing_adds": round(float(np.median(said[:, 1] - said[:, 0])), 3),
        "weakness_adds": round(float(np.median(said[:, 2] - said[:, 1])), 3),
    }
    print(json.dumps(found))
    if args.publish:
        file = release.folder / "card.json"
        card = json.loads(file.read_text())
        others = [line for line in card["leak_hunt"] if "ml_training.redrawn" not in line]
        card["leak_hunt"] = [*others, sentence(found)]
        file.write_text(json.dumps(card, indent=1) + "\n")


if __name__ == "__main__":
    sources.told(main)
