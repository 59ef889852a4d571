"""The release as serving runs it, as a `Predict`; and photographs as pictures."""

from pathlib import Path

import numpy as np
from tqdm import tqdm

from inference.pipeline.align import crop_face
from inference.pipeline.classify import Classifier
from inference.pipeline.codes import VIEWS, ZONES, same_exercise
from inference.pipeline.decode import decode
from inference.pipeline.landmarks import FaceMesh
from inference.pipeline.release import Release
from inference.pipeline.shape import features
from ml_training.datasets import CONDITIONS, NEITHER, TRUE_POINTS, Pictures
from ml_training.evaluate.answers import Predict, RawOutputs

NETWORK = "network.tflite"
NEVER = -30.0
"""Logit of a view that a release doesn't know."""


def predictor(release: Release, threads: int = 1, progress: bool = True) -> Predict:
    """What serving says of crops and points, before calibration; slow, but it is what the clinic gets.

    A release of one network is asked through its own file; the control "same pixels" holds that against `analyse`.
    """
    if "network" in release.input_sizes:
        from ml_training import (
            convert,
            equality,
        )  # these bring TensorFlow, which releases of two networks don't need

        return equality.predictor(convert.Lite(release.path(NETWORK).read_bytes()), shapes)
    classifier = Classifier(release, threads)

    def predict(pictures: Pictures) -> RawOutputs:
        views, steps, sides = [], [], []
        for crop in tqdm(pictures.crops, unit="crop", leave=False, disable=not progress):
            view, palsy = classifier.logits(crop, crop)
            views.append(all_views(view, release.exercises))
            steps.append(palsy[:-1])
            sides.append(palsy[-1])
        shape = (len(pictures), len(ZONES), 2)
        return RawOutputs(np.array(views), np.array(steps), np.array(sides), np.full(shape, np.nan))

    return predict


def shapes(pictures: Pictures) -> np.ndarray:
    """(N, 1434) what the network reads of the mesh."""
    return np.stack([features(points) for points in pictures.points])


def all_views(logits: np.ndarray, exercises: tuple[str, ...]) -> np.ndarray:
    """(12,) logits of `VIEWS` from those of a release's own classes; either smile gets what "smile" got, less log 2."""
    known = dict(zip(exercises, logits.tolist(), strict=True))
    found = []
    for view in VIEWS:
        same = [name for name in known if same_exercise(view, name)]
        shared = np.log(2) if same and same[0] != view else 0.0
        found.append(known[same[0]] - shared if same else NEVER)
    return np.array(found)


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
        droop=np.zeros((count, 2)), synkinesis=np.zeros((count, 2)), weights=absent(57),
        truth=absent(TRUE_POINTS, 2), truth_mm=absent(TRUE_POINTS, 3), iris=absent(2, 3), mm_per_px=absent(),
        conditions=absent(len(CONDITIONS)), person=text, visit=text, split=np.full(count, "test"),
        source=np.full(count, source),
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
