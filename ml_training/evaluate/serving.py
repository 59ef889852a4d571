"""The release as serving runs it, as a `Predict`; and photographs as pictures."""

from pathlib import Path

import numpy as np
from tqdm import tqdm

from inference.pipeline.align import crop_face
from inference.pipeline.classify import OUTPUTS, Classifier
from inference.pipeline.codes import ZONES
from inference.pipeline.decode import decode
from inference.pipeline.landmarks import FaceMesh
from inference.pipeline.release import Release
from ml_training.datasets import CONDITIONS, NEITHER, TRUE_POINTS, UNITS, Pictures, references
from ml_training.evaluate.answers import Predict, RawOutputs


def predictor(
    release: Release, threads: int = 1, progress: bool = True, beside_rest: bool = False
) -> Predict:
    """What serving says of crops and points, before calibration; slow, but it is what the clinic gets. beside_rest:
    judge each picture beside the photo at rest of its visit, where there is one."""
    classifier = Classifier(release, threads)

    def predict(pictures: Pictures) -> RawOutputs:
        pairs = zip(pictures.crops, pictures.points, strict=True)
        shown = tqdm(pairs, total=len(pictures), unit="crop", leave=False, disable=not progress)
        seen = [classifier.see(crop, points) for crop, points in shown]
        rest = references(pictures) if beside_rest else np.full(len(pictures), -1)
        logits = [
            classifier.logits(one, None if at < 0 else seen[at]) for one, at in zip(seen, rest, strict=True)
        ]
        return RawOutputs.of(np.array(logits).reshape(-1, OUTPUTS))

    return predict


def unknown(
    crops: np.ndarray, points: np.ndarray, sizes: np.ndarray, names: list[str], source: str
) -> Pictures:
    """Pictures of real people of whom nothing else is known. All are taken as healthy. crops: (N, s, s, 3), points:
    (N, 478, 3), sizes: (N, 2) width and height; names: one a person."""
    count = len(crops)

    def absent(*shape: int) -> np.ndarray:
        return np.full((count, *shape), np.nan, np.float32)

    text = np.array(names)
    return Pictures(
        crops=crops, points=points, photo_size=sizes, view=np.full(count, -1), done_side=np.full(count, NEITHER),
        grade=np.ones(count, int), side=np.full(count, NEITHER), zones=np.ones((count, len(ZONES), 2)),
        droop=np.zeros((count, 2)), synkinesis=np.zeros((count, 2)), weights=absent(UNITS),
        truth=absent(TRUE_POINTS, 2), truth_mm=absent(TRUE_POINTS, 3), iris=absent(2, 3), mm_per_px=absent(),
        conditions=absent(len(CONDITIONS)), person=text, visit=text, split=np.full(count, "test"),
        source=np.full(count, source), covered=np.zeros((count, len(ZONES), 2), bool),
    )  # fmt: skip


def pictures_of(
    files: list[Path], mesh: FaceMesh, size: int, source: str = "photographs"
) -> tuple[Pictures, list[Path]]:
    """Photographs cut as training cuts its pictures, and the files in which one face was found."""
    crops, points, sizes, used = [], [], [], []
    for file in files:
        image = decode(file)
        faces = mesh.find(image)
        if len(faces) == 1:
            crops.append(crop_face(image, faces[0], size))
            points.append(faces[0])
            sizes.append([image.shape[1], image.shape[0]])
            used.append(file)
    stack = np.stack(crops) if crops else np.zeros((0, size, size, 3), np.uint8)
    mesh_points = np.stack(points) if points else np.zeros((0, 478, 3), np.float32)
    names = [file.name for file in used]
    return unknown(stack, mesh_points, np.array(sizes).reshape(-1, 2), names, source), used
