"""Real photographs of healthy people, through the whole pipeline: the false alarms that a clinic would see.

No simulated figure can vouch for itself. The folder's people are unmoved and taken as healthy; an `index.csv` or
`labels.csv` beside them (`ml_training.portraits.known`) says which view each shows.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from PIL import Image
from tqdm import tqdm

from inference.pipeline.codes import VIEWS, same_exercise
from inference.pipeline.decode import decode
from inference.pipeline.findings import Findings
from inference.pipeline.release import sha256_of
from ml_training import datasets, portraits, sources
from ml_training.baseline import Baseline
from ml_training.evaluate.answers import Predict, calibrated
from ml_training.evaluate.controls import Control
from ml_training.evaluate.figures import CLEAR_FROM, OBVIOUS_FROM
from ml_training.evaluate.intervals import BY_WILSON, Sample, wilson
from ml_training.evaluate.serving import pictures_of

EACH_DEGRADED = 100
"""People of whom each spoiled version is made."""
MIRRORED = 60
ALIKE = 16
MESH_TOLERANCE = 0.1
"""Median change of the palsy probability that a mirror may cause through the whole pipeline: the face mesh itself is
not even, so that the points of a mirrored photo are not the mirror of its points."""
SIDES_FLIP = 0.9
ROUNDED = 2e-3
"""Findings are rounded to four decimals; the rest is float32."""


class Analyses(Protocol):
    """An `Engine` or `Analyser`."""

    def analyse(self, source: Any) -> Findings: ...


@dataclass(frozen=True)
class Photograph:
    """One photograph and what the pipeline found. wanted: the view that its label says, or ""."""

    file: Path
    found: Findings
    wanted: str

    @property
    def points(self) -> np.ndarray:
        """(478, 2) px."""
        return np.array(self.found.landmarks) * self.found.image_size


def _jpeg(image: np.ndarray, quality: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def cropped(image: np.ndarray) -> np.ndarray:
    """The outer eighth of the photo cut off all round."""
    height, width = image.shape[:2]
    return np.ascontiguousarray(image[height // 8 : -(height // 8), width // 8 : -(width // 8)])


def small(image: np.ndarray) -> np.ndarray:
    """Reduced so that its longer side has 260 px."""
    scale = 260 / max(image.shape[:2])
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image


def turned(image: np.ndarray) -> np.ndarray:
    """Tilted by 12° and seen a little from the side, by a projective change of the flat picture."""
    height, width = image.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = corners + np.array([[0, 0], [-0.12, 0.06], [-0.12, -0.06], [0, 0]], np.float32) * [width, height]
    tilt = cv2.getRotationMatrix2D((width / 2, height / 2), 12, 1)
    whole = np.vstack([tilt, [0, 0, 1]]) @ cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    return cv2.warpPerspective(image, whole, (width, height), borderMode=cv2.BORDER_REFLECT)


def dim(image: np.ndarray) -> np.ndarray:
    """Underexposed to 0.45, with the noise of a telephone."""
    noise = np.random.default_rng(0).normal(0, 5, image.shape)
    return np.clip(image * 0.45 + noise, 0, 255).astype(np.uint8)


def one_sided_light(image: np.ndarray) -> np.ndarray:
    """Lit from the left: 1.25 falling to 0.6."""
    fall = np.linspace(1.25, 0.6, image.shape[1])[None, :, None]
    return np.clip(image * fall, 0, 255).astype(np.uint8)


SPOILED: dict[str, Callable[[np.ndarray], Any]] = {
    "cropped": cropped,
    "small": small,
    "turned": turned,
    "dim": dim,
    "light from one side": one_sided_light,
    "compressed": lambda image: _jpeg(image, 18),
}


def learnt_from(data: Sequence[Path]) -> frozenset[str]:
    """SHA-256 of every portrait whose person these data sets' manifests put into training or validation."""
    rows = [row for folder in data for row in datasets.manifest(folder).get("portraits", [])]
    return frozenset(row["sha256"] for row in rows if row["split"] in ("train", "val"))


def analysed(
    engine: Analyses, folder: Path, limit: int = 0, barred: frozenset[str] = frozenset()
) -> list[Photograph]:
    """Every photograph of a folder, or `limit` spread over it, through the whole pipeline; none of those `barred`, by
    SHA-256, since a face that taught the network can't vouch for it."""
    files = [file for file in sources.portrait_files(folder) if not barred or sha256_of(file) not in barred]
    files = files[:: max(1, len(files) // limit)][:limit] if limit else files
    told = portraits.known(folder)
    wanted = {file: VIEWS[row.view] for file, row in told.items() if row.view >= 0}
    return [
        Photograph(file, engine.analyse(file), wanted.get(file, ""))
        for file in tqdm(files, unit="photo", leave=False)
    ]


def alarms(name: str, found: list[Findings]) -> dict[str, Any]:
    """False alarms among healthy people: weak, uncertain, rejected; Wilson's interval, one photo a person."""
    judged = [f for f in found if f.state == "succeeded"]
    weak = sum(f.palsy_verdict == "weak" if f.palsy_verdict else f.weak_side is not None for f in judged)
    low, high = wilson(weak, len(judged))
    reasons = [f.reason for f in found if f.reason]
    row: dict[str, Any] = {"photographs": name, "count": len(found), "judged": len(judged)}
    if judged:
        row["called_weak"] = {
            "value": round(weak / len(judged), 4),
            "low": round(low, 4),
            "high": round(high, 4),
        }
        row["uncertain"] = round(float(np.mean([f.palsy_verdict == "uncertain" for f in judged])), 4)
        row["mean_grade"] = round(float(np.mean([f.grade or 1 for f in judged])), 2)
    return row | {"rejected": {reason: reasons.count(reason) for reason in sorted(set(reasons))}}


def degraded(engine: Analyses, files: list[Path], limit: int = EACH_DEGRADED) -> list[dict[str, Any]]:
    """The same people, each photo as it is and spoiled in every way."""
    files = files[:: max(1, len(files) // limit)][:limit]
    images = {file: decode(file) for file in files}
    rows = [alarms("as they are", [engine.analyse(image) for image in images.values()])]
    for name, spoil in tqdm(SPOILED.items(), unit="way", leave=False):
        rows.append(alarms(name, [engine.analyse(spoil(image)) for image in images.values()]))
    return rows


def view_agreement(photographs: list[Photograph]) -> dict[str, Any]:
    """How often the exercise found is the one the index says, by view and as the mean over the views."""
    rows: list[dict[str, Any]] = []
    for view in VIEWS:
        those = [p for p in photographs if p.wanted == view and p.found.state == "succeeded"]
        if not those:
            continue
        hits = sum(same_exercise(view, p.found.exercise or "") for p in those)
        said: dict[str, int] = {}
        for p in those:
            said[p.found.exercise or ""] = said.get(p.found.exercise or "", 0) + 1
        low, high = wilson(hits, len(those))
        rows.append({"exercise": view, "photographs": len(those), "value": round(hits / len(those), 4),
                     "low": round(low, 4), "high": round(high, 4), "said": said})  # fmt: skip
    balanced = round(float(np.mean([row["value"] for row in rows])), 4) if rows else None
    return {"by_exercise": rows, "balanced": balanced, "labels": "of the folder, not a clinician's"}


def against_simulated(
    photographs: list[Photograph],
    palsy: np.ndarray,
    points: np.ndarray,
    person: np.ndarray,
    grade: np.ndarray,
    baseline: Baseline,
) -> list[dict[str, Any]]:
    """Areas of simulated palsies of grade III and up (test people) against these real healthy faces, for the network
    and for no network at all; and of those from grade IV, the first whose weakness the scale calls obvious.

    palsy, grade: (N,), points: (N, 478, 2 or 3), person: (N,) of the simulated.
    """
    judged = [p for p in photographs if p.found.palsy_probability is not None]
    if not judged or not len(palsy):
        return []
    real = np.array([p.found.palsy_probability for p in judged])
    real_points = np.stack([p.points for p in judged])
    names = [f"real {p.file.name}" for p in judged]
    uneven, even = baseline.score(points), baseline.score(real_points)
    rows = []
    for least, suffix, grades in ((CLEAR_FROM, "", "III to VI"), (OBVIOUS_FROM, "_obvious", "IV to VI")):
        those = grade >= least
        sample = Sample(np.r_[np.array(names, dtype=object), person[those].astype(object)].astype(str))
        target = np.r_[np.zeros(len(real), bool), np.ones(int(those.sum()), bool)]
        network = f"Simulated palsy, grades {grades}, against real healthy photographs, area"
        scores: Any = np.round(np.r_[real, palsy[those]], 4)
        rows.append(sample.area(f"real_auc{suffix}", network, scores, target).row())
        without = f"The same by five differences, without a network, grades {grades}"
        differences = np.r_[even, uneven[those]]
        rows.append(sample.area(f"real_auc_baseline{suffix}", without, differences, target).row())
    return rows


def mirror_check(engine: Analyses, files: list[Path], limit: int = MIRRORED) -> Control:
    """Whole photographs mirrored: the mesh runs again on the mirror image."""
    files = files[:: max(1, len(files) // limit)][:limit]
    moved, flips, views = [], [], []
    for first, second in _both(engine, files):
        moved.append(abs((first.palsy_probability or 0) - (second.palsy_probability or 0)))
        views.append(first.exercise == second.exercise)
        one, two = first.weak_side_probabilities["right"], second.weak_side_probabilities["right"]
        if abs(one - 0.5) > 0.2:
            flips.append((one > 0.5) != (two > 0.5))
    expected = (
        f"side turns over in {SIDES_FLIP} where it was surer than 0.7, palsy probability moves by {MESH_TOLERANCE} "
        "in the median at most"
    )
    if not moved:
        return Control("mirrored_photo", "Mirrored photograph, whole pipeline", expected, None)
    held = float(np.median(moved)) <= MESH_TOLERANCE and (not flips or float(np.mean(flips)) >= SIDES_FLIP)
    figures = {
        "photographs": len(moved),
        "palsy probability, median change": round(float(np.median(moved)), 4),
        "palsy probability, 95th percentile": round(float(np.quantile(moved, 0.95)), 4),
        "side turned over": round(float(np.mean(flips)), 4) if flips else "none was sure enough",
        "sides sure enough": len(flips),
        "same exercise": round(float(np.mean(views)), 4),
    }
    return Control("mirrored_photo", "Mirrored photograph, whole pipeline", expected, held, figures)


def _both(engine: Analyses, files: list[Path]) -> Iterator[tuple[Findings, Findings]]:
    for file in tqdm(files, unit="photo", leave=False):
        image = decode(file)
        first = engine.analyse(image)
        second = engine.analyse(np.ascontiguousarray(image[:, ::-1]))
        if first.state == second.state == "succeeded":
            yield first, second


def same_pixels(
    engine: Analyses,
    predict: Predict,
    temperatures: dict[str, float],
    mesh: Any,
    size: int,
    files: list[Path],
) -> Control:
    """Serving's pixels equal training's: the same file through `analyse` and through the training's own cutting."""
    pictures, used = pictures_of(files[:: max(1, len(files) // ALIKE)][:ALIKE], mesh, size)
    expected, name = f"every probability within {ROUNDED}", "Serving sees the pixels that training saw"
    off = []
    answers = calibrated(predict(pictures), temperatures) if len(pictures) else None
    for n, file in enumerate(used):
        found = engine.analyse(file)
        if found.state == "succeeded" and answers is not None:
            grades = [found.grade_probabilities[str(g)] for g in range(1, 7)]
            off.append(float(np.abs(answers.grades[n] - grades).max()))
            off.append(abs(float(answers.right[n]) - found.weak_side_probabilities["right"]))
    if not off:
        return Control("same_pixels", name, expected, None, note="no photograph could be judged")
    return Control(
        "same_pixels", name, expected, max(off) <= ROUNDED,
        {"photographs": len(off) // 2, "largest difference": round(max(off), 6)},
    )  # fmt: skip


def headline(photographs: list[Photograph]) -> dict[str, Any]:
    """The card's row of real photographs called normal (weak and uncertain apart)."""
    row = alarms("", [p.found for p in photographs])
    if "called_weak" not in row:
        return {}
    weak = row["called_weak"]
    return {
        "key": "specificity_real",
        "name": "Real healthy photographs not called weak",
        "value": round(1 - weak["value"], 4),
        "low": round(1 - weak["high"], 4),
        "high": round(1 - weak["low"], 4),
        "interval": BY_WILSON,
        "pictures": row["judged"],
        "people": row["judged"],
        "rejected": row["rejected"],
    }
