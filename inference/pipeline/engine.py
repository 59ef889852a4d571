"""The steps of one analysis in their order. Imported by `Analyser` alone, since it loads native libraries."""

import time
from typing import Any, Final

import numpy as np

from inference.pipeline import locate
from inference.pipeline.align import crop_face
from inference.pipeline.asked import DOUBT, doubted
from inference.pipeline.classify import Classifier, Prediction, palsy_verdict, suggested_grade
from inference.pipeline.codes import (
    FROM_BELOW,
    GRADES,
    SIDES,
    UNTAUGHT,
    ZONES,
    Caution,
    Exercise,
    Side,
)
from inference.pipeline.decode import Source, decode
from inference.pipeline.errors import ImageTooLarge, ModelAltered, UnreadableImage
from inference.pipeline.findings import Findings
from inference.pipeline.landmarks import FaceMesh
from inference.pipeline.measure import measure, refinement
from inference.pipeline.quality import judge
from inference.pipeline.release import Release

DECIMALS: Final = 4
"""Probabilities and landmarks are rounded; nothing finer means anything."""


class _Clock:
    """Milliseconds of each step and of all of them."""

    def __init__(self) -> None:
        self.start = self._last = time.perf_counter()
        self.steps: dict[str, float] = {}

    def lap(self, step: str) -> None:
        now = time.perf_counter()
        self.steps[step] = round(1000 * (now - self._last), 1)
        self.steps["total"] = round(1000 * (now - self.start), 1)
        self._last = now


class Engine:
    """The face mesh and the network, loaded. Not safe to share between threads."""

    def __init__(self, release: Release, threads: int = 1) -> None:
        self.release = release
        self._classifier = Classifier(release, threads)
        self._refinement = refinement.of_release(release)
        self._locator = locate.of_release(release, threads)
        if self._refinement and self._refinement.reads_places and not self._locator:
            raise ModelAltered(f"Release {release.name} corrects landmarks that it has no locator to find.")
        self._mesh = FaceMesh()
        self._analyse_array(np.full((160, 160, 3), 128, np.uint8))  # the first run of a native graph is slow

    @property
    def uses_reference(self) -> bool:
        """Whether this release judges a face beside the same face at rest."""
        return self._classifier.uses_reference

    def analyse(self, source: Source, reference: Source | None = None, view: str = "") -> Findings:
        """See `Analyser.analyse`."""
        clock = _Clock()
        image = decode(source)
        clock.lap("decode")
        if view in UNTAUGHT:
            return self._looked_at(image, clock, view)
        return self._analyse_array(image, clock, reference)

    def _looked_at(self, image: np.ndarray, clock: _Clock, view: str) -> Findings:
        """A photo of a view that no network has seen: its quality and, from the front, its lengths."""
        seen = self._mesh.faces(image)
        faces = [face.points for face in seen]
        clock.lap("landmarks")
        reason, quality = judge(image, faces, distant=bool(seen) and seen[0].distant, view=view)
        clock.lap("quality")
        common: dict[str, Any] = {
            "quality": quality,
            "image_size": [image.shape[1], image.shape[0]],
            "milliseconds": clock.steps,
            "release": self.release.name,
            "view": view,
        }
        if reason:
            landmarks = _shares(faces[0], image) if faces else []
            return Findings(state="rejected", reason=reason.value, landmarks=landmarks, **common)
        quality["warnings"].append(Caution.VIEW_UNTAUGHT.value)
        if view in FROM_BELOW:
            return Findings(state="succeeded", palsy_verdict="uncertain", **common)
        crop = crop_face(image, faces[0], self._classifier.size)
        corrected = self._corrected(image, faces[0], crop)
        symmetry = measure(corrected)
        clock.lap("measure")
        landmarks = _shares(corrected, image)
        return Findings(
            state="succeeded", palsy_verdict="uncertain", symmetry=symmetry, landmarks=landmarks, **common
        )

    def _analyse_array(
        self, image: np.ndarray, clock: _Clock | None = None, reference: Source | None = None
    ) -> Findings:
        clock = clock or _Clock()
        seen = self._mesh.faces(image)
        faces = [face.points for face in seen]
        clock.lap("landmarks")
        reason, quality = judge(image, faces, distant=bool(seen) and seen[0].distant)
        clock.lap("quality")
        common: dict[str, Any] = {
            "quality": quality,
            "image_size": [image.shape[1], image.shape[0]],
            "milliseconds": clock.steps,
            "release": self.release.name,
        }
        if faces:
            common["landmarks"] = _shares(faces[0], image)
        if reason:
            return Findings(state="rejected", reason=reason.value, **common)
        points = faces[0]
        crop = crop_face(image, points, self._classifier.size)
        told, rest = self._classifier.see(crop, points), None
        if reference is not None and self.uses_reference:
            rest = self._at_rest(reference)
            common["reference"] = "unusable" if rest is None else "used"
        verdict = self._classifier.classify(told, rest)
        clock.lap("classify")
        corrected = self._corrected(image, points, crop)
        symmetry = measure(corrected)
        common["landmarks"] = _shares(corrected, image)
        clock.lap("measure")
        return Findings(state="succeeded", symmetry=symmetry, **self._said(verdict, quality), **common)

    def _at_rest(self, source: Source) -> np.ndarray | None:
        """What is seen of the face at rest; None where that photo can't be read or judged, or shows no face at rest:
        a photo is then judged without it."""
        try:
            image = decode(source)
        except (UnreadableImage, ImageTooLarge):
            return None
        faces = self._mesh.find(image)
        reason, _ = judge(image, faces)
        if reason:
            return None
        seen = self._classifier.see(crop_face(image, faces[0], self._classifier.size), faces[0])
        exercises = dict(zip(self.release.exercises, self._classifier.classify(seen).exercises, strict=True))
        return None if doubted(exercises, Exercise.REST, self.release.thresholds) else seen

    def _corrected(self, image: np.ndarray, points: np.ndarray, crop: np.ndarray) -> np.ndarray:
        """The mesh as the measures read it: with the locator's places, and what the release has learnt to correct."""
        if not self._refinement:
            return points
        if not self._locator:
            return self._refinement.apply(points)
        if self._locator.size != len(crop):
            crop = crop_face(image, points, self._locator.size)
        return self._refinement.apply(points, self._locator.find(crop))

    def _said(self, verdict: Prediction, quality: dict[str, Any]) -> dict[str, Any]:
        """What the models say, in the words of `Findings`; adds a warning where they are unsure."""
        exercises = dict(zip(self.release.exercises, _rounded(verdict.exercises), strict=True))
        exercise = self.release.exercises[int(np.argmax(verdict.exercises))]
        thresholds, cautions = self.release.thresholds, quality["warnings"]
        if max(verdict.exercises) < thresholds["exercise"]:
            cautions.append(Caution.EXERCISE_UNSURE.value)
        covered = Caution.EYE_COVERED.value in cautions  # it looks like a weakness of the other side
        palsy = "uncertain" if covered else palsy_verdict(verdict.palsy, thresholds, exercise)
        right, left = _rounded([verdict.right, 1 - verdict.right])
        side, grade = None, None
        if palsy == "uncertain":
            cautions.append(Caution.PALSY_UNSURE.value)
        else:
            grade = suggested_grade(verdict.grades, thresholds["palsy"]) if palsy == "weak" else 1
        if palsy == "weak" and max(right, left) < thresholds.get("side", 0.5):
            cautions.append(Caution.SIDE_UNSURE.value)
        elif palsy == "weak":
            side = (Side.RIGHT if verdict.right >= 0.5 else Side.LEFT).value
        zones = [dict(zip(SIDES, _rounded(pair), strict=True)) for pair in verdict.zones]
        return {
            "exercise": exercise,
            "doubt": thresholds.get("doubt", DOUBT),
            "exercise_probabilities": exercises,
            "palsy_probability": round(verdict.palsy, DECIMALS),
            "palsy_verdict": palsy,
            "weak_side": side,
            "weak_side_probabilities": {} if covered else {Side.LEFT.value: left, Side.RIGHT.value: right},
            "grade": grade,
            "grade_probabilities": dict(zip(map(str, GRADES), _rounded(verdict.grades), strict=True)),
            "zones": dict(zip(ZONES, zones, strict=True)),
        }


def _rounded(values: list[float]) -> list[float]:
    return [round(value, DECIMALS) for value in values]


def _shares(points: np.ndarray, image: np.ndarray) -> list[list[float]]:
    height, width = image.shape[:2]
    return [[round(float(x) / width, DECIMALS), round(float(y) / height, DECIMALS)] for x, y in points[:, :2]]
