"""What cameras and rooms do to a picture: turn, distance, light, colour, blur, noise, compression."""

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from ml_training.simulate.turn import Pose

FACE_WIDTH_CM = 15.0
"""Telephones are held 25 to 60 cm away, and others hold them a little farther off."""
PORTRAIT_CM = 120.0
"""From how far portraits are mostly taken. An assumption."""
FOREHEAD, BROWS, MOUTH, CHIN = 10, (105, 334), 17, 152
CUT_SHARE = 0.08
LAMPS = ((1.12, 0.98, 0.72), (0.94, 1.05, 0.92), (0.9, 0.98, 1.12))
"""How much red, green and blue the light indoors has."""


@dataclass
class Shot:
    """How one photo is taken; `conditions` tells it in the words of `datasets.CONDITIONS`."""

    pose: Pose
    seed: int
    strength: float = 1.0
    conditions: dict[str, float] = field(default_factory=dict)

    @classmethod
    def sample(cls, rng: np.random.Generator, width_px: float, strength: float = 1.0) -> "Shot":
        """A pose within what the quality gate accepts. width_px: of the face in the portrait; strength: 0 holds
        still, 1 varies all there is."""
        hard = rng.random() < 0.2
        yaw, pitch = np.clip(rng.normal(0, 9 if hard else 4.5, 2), -18, 18) * strength
        if rng.random() < 0.3:  # from the lap or from above, as telephones are held
            pitch = float(rng.choice([-1, 1]) * rng.uniform(5, 16)) * strength
        roll = float(np.clip(rng.normal(0, 9 if hard else 4), -20, 20)) * strength
        small = rng.random() < 0.2
        wanted = rng.uniform(90, 150) if small else rng.uniform(150, 330)
        scale = float(np.exp(np.log(wanted / width_px) * min(1.0, strength)))
        far = rng.triangular(25, 48, 60) if rng.random() < 0.7 else rng.uniform(60, 120)
        focal = far / FACE_WIDTH_CM if strength else PORTRAIT_CM / FACE_WIDTH_CM
        # The portrait has the perspective of its own camera: only what a nearer one adds to it is drawn.
        added = 1 / max(1 / focal - FACE_WIDTH_CM / PORTRAIT_CM, 1e-3)
        pose = Pose(float(yaw), float(pitch), roll, added, min(scale, 1.3))
        conditions = {"yaw_deg": pose.yaw, "pitch_deg": pose.pitch, "roll_deg": roll, "focal": float(focal)}
        return cls(pose, int(rng.integers(2**31)), strength, conditions | {"distance": pose.scale})


def cut(height: int, points: np.ndarray, rng: np.random.Generator) -> tuple[int, int]:
    """First line and end of what is kept of a picture of so many lines: a few are cut through the chin or the forehead.
    points: (478, 2) px."""
    top, bottom = 0, height
    if rng.random() < CUT_SHARE:
        mouth, chin = points[MOUTH, 1], points[CHIN, 1]
        bottom = int(mouth + rng.uniform(0.6, 1.1) * (chin - mouth))
    elif rng.random() < CUT_SHARE:
        brows, forehead = points[list(BROWS), 1].min(), points[FOREHEAD, 1]
        top = int(brows + rng.uniform(0.15, 1.0) * (forehead - brows))
    top = min(max(0, top), height // 2)
    return top, max(min(height, bottom), top + height // 4)


def expose(image: np.ndarray, shot: Shot) -> np.ndarray:
    """Light, lens, sensor and compression on an RGB uint8 image (h, w, 3); fills in `shot.conditions`."""
    rng, strength, told = np.random.default_rng(shot.seed), shot.strength, shot.conditions
    image = _light(image, rng, strength, told)
    image = _sharpness(image, rng, strength, told)
    noise = rng.uniform(0, 9) * strength * (rng.random() < 0.6)
    if noise:
        grain = rng.normal(0, noise, image.shape).astype(np.float32)
        if rng.random() < 0.5:  # the noise of a dim telephone is blotched by its own smoothing
            grain = cv2.GaussianBlur(grain, (0, 0), 0.8) * 1.8
        image = image + grain
    image = np.clip(image, 0, 255).astype(np.uint8)
    quality = int(rng.uniform(95 - 65 * strength, 96))
    if rng.random() < 0.3 * strength:  # a messenger reduces a picture and compresses it once more
        image = _compressed(image, quality)
        small = cv2.resize(image, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA)
        image = cv2.resize(small, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        quality = int(rng.uniform(35, 75))
    told |= {"noise": noise, "jpeg_quality": quality}
    return _compressed(image, quality)


def _compressed(image: np.ndarray, quality: int) -> np.ndarray:
    _, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    read = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert read is not None
    return np.ascontiguousarray(read[..., ::-1])


def _light(
    image: np.ndarray, rng: np.random.Generator, strength: float, told: dict[str, float]
) -> np.ndarray:
    """Exposure, contrast, colour of the light, and a light from one side. Returns float32, 0 to 255."""
    height, width = image.shape[:2]
    dim = rng.random() < 0.15 * strength
    gamma = np.exp(rng.uniform(0.3, 0.75) if dim else rng.uniform(-0.4, 0.4) * strength)
    table = (np.arange(256, dtype=np.float32) / 255) ** np.float32(gamma)
    value = (table - 0.5) * np.float32(1 + rng.uniform(-0.25, 0.25) * strength) + 0.5
    tint = (1 + rng.uniform(-0.09, 0.09, 3) * strength).astype(np.float32)
    if rng.random() < 0.25 * strength:  # lamps: warm bulbs, greenish tubes, a screen
        lamp = np.array(LAMPS[int(rng.integers(len(LAMPS)))], np.float32)
        tint *= 1 + np.float32(rng.uniform(0.2, 0.8)) * (lamp - 1)
    picture = (value[:, None] * tint)[image, np.arange(3)]
    if rng.random() < 0.05 * strength:
        picture[:] = picture.mean(-1, keepdims=True)  # black and white
    side = 0.0
    if rng.random() < 0.5 * strength:
        angle, depth = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.45) * strength
        x = np.linspace(-1, 1, width, dtype=np.float32)[None, :] * np.float32(np.cos(angle))
        y = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * np.float32(np.sin(angle))
        picture *= (1 + np.float32(depth) * (x + y))[..., None]
        side = depth * np.cos(angle)
    told |= {"side_light": float(side), "brightness": float(np.exp(-np.log(2) * (gamma - 1)))}
    return np.asarray(picture * 255)


def _sharpness(
    image: np.ndarray, rng: np.random.Generator, strength: float, told: dict[str, float]
) -> np.ndarray:
    """Out of focus, shaken, or sharpened as telephones do."""
    kind, told["blur_px"] = rng.random(), 0.0
    if kind < 0.35:
        told["blur_px"] = 0.3 + rng.uniform(0, 1.1) * strength * image.shape[1] / 448
        return cv2.GaussianBlur(image, (0, 0), told["blur_px"])
    if kind < 0.42:
        length = 3 + 2 * int(rng.integers(0, 2))
        told["blur_px"] = length / 3.5
        kernel = np.zeros((length, length), np.float32)
        kernel[length // 2] = 1 / length
        turn = cv2.getRotationMatrix2D((length / 2 - 0.5, length / 2 - 0.5), rng.uniform(0, 180), 1)
        return cv2.filter2D(image, -1, cv2.warpAffine(kernel, turn, (length, length)))
    if kind < 0.6:
        return np.asarray(
            image + rng.uniform(0.2, 1.0) * strength * (image - cv2.GaussianBlur(image, (0, 0), 1.2))
        )
    return image


def photograph(image: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """A varied copy of a flat picture, without turning it in space; left and right never change places."""
    shot = Shot.sample(rng, image.shape[1] / 2, 0.0)
    shot.strength = strength
    height, width = image.shape[:2]
    matrix: Any = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-6, 6) * strength, 1.0)
    matrix[:, 2] += rng.uniform(-0.03, 0.03, 2) * strength * np.array([width, height])
    turned = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    return expose(turned, shot)
