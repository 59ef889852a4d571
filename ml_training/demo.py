"""The demo clinic's photos: six people who don't exist, over twelve weeks, all twelve views a visit.

    python -m ml_training.demo --portraits DIR --face DIR --out clinic/demo/photos

Each person is composed of seven portraits that training, validation and testing never see
(configs/held_out.json), so what the models say about them is honest. `--tests DIR` writes the few photos
that the tests use instead.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image
from tqdm import tqdm

from inference.pipeline.codes import VIEWS, ZONES, Exercise, Side
from inference.pipeline.decode import decode
from inference.pipeline.landmarks import FaceMesh
from inference.pipeline.release import sha256_of
from ml_training import sources
from ml_training.compose import compose
from ml_training.silhouette import Silhouette
from ml_training.simulate import facemodel
from ml_training.simulate.expressions import weights
from ml_training.simulate.fit import fit
from ml_training.simulate.palsy import DROOP, MOVEMENT_LEFT, SIDES, Habits, Palsy
from ml_training.simulate.photography import photograph
from ml_training.simulate.render import Renderer, Subject, random_light, subject

CONFIG = Path(__file__).parent / "configs" / "demo.json"
SIZE_PX, FRAME = 640, (480, 600)
JPEG_QUALITY = 80
NOTE = (
    "Nobody in these pictures exists. Each person is composed of seven portraits of the SFHQ set (MIT), no "
    "portrait above a quarter; the movements are simulated with the ICT face model (MIT). The portraits were "
    "kept out of the models' training, validation and test data. Names are invented."
)


@dataclass
class PictureKit:
    """What taking a picture needs."""

    renderer: Renderer
    mesh: FaceMesh
    silhouette: Silhouette
    portraits: dict[str, Path]

    def person(self, hashes: list[str], seed: int) -> Subject:
        """Compose a person from portraits, by their SHA-256, and fit the face model. Raises SourceMissing."""
        missing = [h for h in hashes if h not in self.portraits]
        if missing:
            raise sources.SourceMissing(
                f"The portraits lack {len(missing)} of configs/demo.json: get all of SFHQ."
            )
        images = [decode(self.portraits[h]) for h in hashes]
        image = compose(images, self.mesh, self.silhouette, np.random.default_rng(seed), SIZE_PX)
        points = self.mesh.find(image)[0]
        model = self.renderer.model
        return subject(model, image, points, fit(model, points))

    def shoot(
        self,
        person: Subject,
        view: str,
        palsy: Palsy,
        habits: Habits,
        done_side: str | None,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """One photo of a view, RGB uint8 (600, 480, 3), held a little differently each time."""
        side = SIDES.index(done_side) if done_side else None
        vector = weights(self.renderer.model.units, view, palsy, habits, rng, side)
        moved = self.renderer.draw(person, vector, light=random_light(rng))
        grainy = moved + rng.normal(0, 2.0, moved.shape[:2])[..., None]
        photo = photograph(np.clip(grainy, 0, 255).astype(np.uint8), rng, strength=0.25)
        return _framed(photo, rng)


def _framed(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A portrait format cut from the square picture, its middle a little off."""
    width, height = FRAME
    scale = max(height / photo.shape[0], width / photo.shape[1]) * rng.uniform(1.0, 1.05)
    photo = cv2.resize(
        photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    )
    spare = np.array(photo.shape[:2]) - [height, width]
    y, x = (spare * [rng.uniform(0.4, 0.6), rng.uniform(0.46, 0.54)]).astype(int)
    return photo[y : y + height, x : x + width]


def palsy_of(grade: int, side: str | None, cause: str, rng: np.random.Generator) -> Palsy:
    """A palsy from the middle of its grade's range; a stroke spares the forehead and eye."""
    if grade == 1 or side is None:
        return Palsy()
    ranges = np.array(MOVEMENT_LEFT[grade])
    kept = ranges[:, 0] + (ranges[:, 1] - ranges[:, 0]) * rng.uniform(0.3, 0.7)
    if cause == "stroke":
        upper = [ZONES.index("brow"), ZONES.index("eye")]
        kept[upper] = np.maximum(kept[upper], 0.9)
    palsy, weak = Palsy(grade=grade, side=side, pull=0.28), SIDES.index(side)
    palsy.movement[:, weak] = kept
    palsy.droop[weak] = np.interp(rng.uniform(0.3, 0.7), (0, 1), DROOP[grade]) * (
        0.7 if cause == "stroke" else 1
    )
    return palsy


def take_visit(
    studio: PictureKit,
    patient: dict[str, Any],
    visit: dict[str, Any],
    number: int,
    person: Subject,
    out: Path,
) -> dict[str, Any]:
    """All photos of one visit, written to `out`; returns the visit's row of the manifest."""
    rng = np.random.default_rng([int(patient["key"][1:]), number])
    palsy = palsy_of(visit["grade"], patient["weak_side"], patient["cause"], rng)
    habits = Habits.sample(np.random.default_rng(int(patient["key"][1:])))
    sneer_side = patient["weak_side"] or Side.LEFT.value
    photos = []
    for exercise in VIEWS:
        side = sneer_side if exercise == Exercise.SNEER else None
        name = f"{patient['key']}-v{number}-{exercise.replace('_', '-')}.jpg"
        save(studio.shoot(person, exercise, palsy, habits, side, rng), out / name)
        photos.append({"file": name, "exercise": exercise, "side": side, "true_grade": visit["grade"]})
    return {"week": visit["week"], "clinician_grade": visit["clinician_grade"], "photos": photos}


def save(image: np.ndarray, path: Path) -> None:
    """Write a JPEG without metadata."""
    Image.fromarray(image).save(path, quality=JPEG_QUALITY, optimize=True)


def make_demo(studio: PictureKit, out: Path, config: dict[str, Any]) -> None:
    """All photos of the demo clinic, and manifest.json."""
    rows = []
    for patient in tqdm(config["patients"], unit="patient"):
        person = studio.person(patient["composed_from"], patient["seed"])
        visits = [
            take_visit(studio, patient, visit, n, person, out) for n, visit in enumerate(patient["visits"], 1)
        ]
        rows.append(
            {k: v for k, v in patient.items() if k not in ("visits", "composed_from", "seed")}
            | {"visits": visits}
        )
    manifest = {"note": NOTE, "weak_side": "the patient's own side", "patients": rows}
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


def make_test_people(studio: PictureKit, out: Path, config: dict[str, Any]) -> None:
    """Two plain portraits, and one photo of each exercise with a palsy of the left side."""
    for n, someone in enumerate(config["test_people"]):
        person = studio.person(someone["composed_from"], someone["seed"])
        save(person.image, out / f"{someone['key']}.jpg")
        if n:
            continue
        rng = np.random.default_rng(7)
        habits = Habits.sample(rng)
        for exercise in VIEWS:
            palsy = palsy_of(5, Side.LEFT.value, "bells_palsy", rng)
            photo = studio.shoot(person, exercise, palsy, habits, Side.RIGHT.value, rng)
            save(photo, out / f"{someone['key']}-left-palsy-{exercise.replace('_', '-')}.jpg")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--portraits", type=Path, required=True, help="folder of SFHQ portraits (*.jpg)")
    parser.add_argument("--face", type=Path, required=True, help="folder of the ICT face model")
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--out", type=Path, help="folder for the demo clinic's photos")
    group.add_argument("--tests", type=Path, help="folder for the tests' few photos")
    args = parser.parse_args()
    config = json.loads(CONFIG.read_text())
    files = {sha256_of(file): file for file in sources.portrait_files(args.portraits)}
    out = args.out or args.tests
    out.mkdir(parents=True, exist_ok=True)
    with Renderer(facemodel.load(args.face)) as renderer:
        studio = PictureKit(renderer, FaceMesh(1), Silhouette(), files)
        (make_demo if args.out else make_test_people)(studio, out, config)


if __name__ == "__main__":
    sources.told(main)
