"""What the quality checks let through and stop, on people who don't exist.

    python -m ml_training.quality_limits --portraits DIR [--face DIR] [--numbers]

Each portrait is shown as it is, as a telephone would take it, and spoiled in every way that a check is for.
The table says how many of each were rejected, and why; --numbers prints the measured values instead, which is
how the limits in inference/pipeline/quality.py were found. --face adds heads that are turned.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from tqdm import tqdm

from inference.pipeline.decode import decode
from inference.pipeline.landmarks import FaceMesh
from inference.pipeline.quality import UNIT, judge, pose
from ml_training import sources
from ml_training.simulate import facemodel
from ml_training.simulate.fit import fit
from ml_training.simulate.photography import photograph
from ml_training.simulate.render import Renderer, place, subject

Variant = tuple[str, np.ndarray]
RIGHT_EYE, LEFT_EYE = (33, 133), (362, 263)


def _blurred(image: np.ndarray, apart: float, rng: np.random.Generator) -> Iterator[Variant]:
    """Blur is measured where the eyes lie as far apart as in the crop that `judge` reads."""
    for sigma in (1, 2, 3, 4):
        yield f"out of focus, {sigma} px", cv2.GaussianBlur(image, (0, 0), sigma * apart / UNIT)
    for length in (5, 9, 15):
        n = int(length * apart / UNIT) | 1
        kernel: Any = np.zeros((n, n), np.float32)
        kernel[n // 2] = 1
        turn = cv2.getRotationMatrix2D((n // 2, n // 2), rng.uniform(0, 180), 1)
        kernel = cv2.warpAffine(kernel, turn, (n, n))
        yield f"shaken, {length} px", cv2.filter2D(image, -1, kernel / kernel.sum())


def _lit(image: np.ndarray) -> Iterator[Variant]:
    for gain in (0.4, 0.25, 0.15, 0.08, 1.5, 2.0, 3.0):
        yield f"exposure x {gain}", np.clip(image * np.float32(gain), 0, 255).astype(np.uint8)


def _placed(image: np.ndarray, apart: float) -> Iterator[Variant]:
    for wanted in (60, 40, 24, 16):
        z = wanted / apart
        yield f"eyes {wanted} px apart", cv2.resize(image, None, fx=z, fy=z, interpolation=cv2.INTER_AREA)
    height, width = image.shape[:2]
    for angle in (10, 20, 35, 50):
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
        yield (
            f"tilted {angle} deg",
            cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REPLICATE),
        )
    small = cv2.resize(image, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA)
    yield (
        "two faces",
        np.hstack([image, cv2.copyMakeBorder(small, height - len(small), 0, 0, 0, cv2.BORDER_REPLICATE)]),
    )
    yield "no face", cv2.GaussianBlur(image[: height // 6], (0, 0), 3)


def covered(image: np.ndarray, points: np.ndarray, what: str) -> np.ndarray:
    """The portrait with dark glasses, a hand's colour over the eyes or one of them, or a mask."""
    image, at = image.copy(), points[:, :2]
    eyes = [at[list(corners)].mean(0) for corners in (RIGHT_EYE, LEFT_EYE)]
    apart = float(np.linalg.norm(eyes[1] - eyes[0]))
    skin = tuple(int(v) for v in image[int(at[50, 1]), int(at[50, 0])])
    if what == "dark glasses":
        for eye in eyes:
            axes = (int(0.46 * apart), int(0.34 * apart))
            cv2.ellipse(image, eye.astype(int).tolist(), axes, 0, 0, 360, (25, 25, 28), -1)
    elif what == "one eye":
        axes = (int(0.5 * apart), int(0.4 * apart))
        cv2.ellipse(image, eyes[0].astype(int).tolist(), axes, 0, 0, 360, skin, -1)
    elif what == "both eyes":
        low, high = at[127] - [0, 0.5 * apart], at[356] + [0, 0.3 * apart]
        cv2.rectangle(image, low.astype(int).tolist(), high.astype(int).tolist(), skin, -1)
    else:
        colour = {"blue mask": (120, 160, 200), "white mask": (235, 235, 235), "hand": skin}[what]
        outline = at[[5, 227, 132, 136, 152, 365, 361, 447]].astype(np.float32)
        cv2.fillConvexPoly(image, cv2.convexHull(outline).astype(int), colour)
    grain = np.random.default_rng(1).normal(0, 3, image.shape)
    return np.clip(cv2.GaussianBlur(image, (0, 0), 1.0) + grain, 0, 255).astype(np.uint8)


def _turned(renderer: Renderer, image: np.ndarray, points: np.ndarray) -> Iterator[Variant]:
    """The face itself turned in space, before a plain wall."""
    fitted = fit(renderer.model, points)
    for axis, angles in ((1, (0, 10, 20, 30, 40)), (0, (-30, -20, 20, 30))):
        for angle in angles:
            name = "to the side" if axis else "down" if angle > 0 else "up"
            turn, _ = cv2.Rodrigues(np.eye(3)[axis] * np.radians(angle))
            middle = renderer.model.neutral.mean(0)
            rotation = turn @ fitted.rotation
            shift = fitted.translation + fitted.scale * (fitted.rotation - rotation) @ middle
            person = subject(renderer.model, image, points, fitted)
            turned = replace(person, fit=replace(fitted, rotation=rotation, translation=shift))
            now = place(turned.shape + renderer.model.offsets(fitted.expression), turned.fit)
            height, width = image.shape[:2]
            face = renderer._rasterise(turned, renderer._vertices(turned, now), (width, height))
            alpha = face[..., 3:] / 255
            wall = np.full_like(image, 190)
            yield (
                f"turned {name} {abs(angle)} deg",
                (face[..., :3] * alpha + wall * (1 - alpha)).astype(np.uint8),
            )


def variants(
    image: np.ndarray, points: np.ndarray, rng: np.random.Generator, renderer: Renderer | None
) -> Iterator[Variant]:
    """Every way in which a portrait is shown."""
    apart = pose(points)["eyes_apart_px"]
    yield "as it is", image
    yield "as a telephone takes it", photograph(image, rng)
    yield from _blurred(image, apart, rng)
    yield from _lit(image)
    yield from _placed(image, apart)
    for what in ("dark glasses", "one eye", "both eyes", "blue mask", "white mask", "hand"):
        yield f"covered: {what}", covered(image, points, what)
    if renderer:
        yield from _turned(renderer, image, points)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--portraits", type=Path, required=True)
    parser.add_argument("--face", type=Path)
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--numbers", action="store_true")
    args = parser.parse_args()
    files = sources.portrait_files(args.portraits)
    files = files[:: max(1, len(files) // args.people)]
    mesh, rng = FaceMesh(), np.random.default_rng(20261101)
    renderer = Renderer(facemodel.load(args.face)) if args.face else None
    seen: dict[str, list[tuple[str, dict[str, float]]]] = {}
    for file in tqdm(files, unit="person"):
        image = decode(file, 640)
        faces = mesh.find(image)
        if len(faces) != 1:
            continue
        for name, shown in variants(image, faces[0], rng, renderer):
            reason, numbers = judge(np.ascontiguousarray(shown), mesh.find(shown))
            seen.setdefault(name, []).append((reason or "passed", numbers))
    for name, rows in seen.items():
        counts = Counter(str(reason) for reason, _ in rows)
        print(f"| {name} | {len(rows)} | " + ", ".join(f"{c} {r}" for r, c in counts.most_common()) + " |")
        if args.numbers:
            for key in (k for k, v in rows[0][1].items() if isinstance(v, float)):
                values = [numbers[key] for _, numbers in rows if key in numbers]
                points: Any = np.percentile(values, [1, 10, 50, 90, 99]).round(3) if values else []
                print(f"    {key}: {' '.join(map(str, points))}")


if __name__ == "__main__":
    sources.told(main)
