"""What cameras and rooms do to a picture: turn, light, colour, blur, noise, compression."""

import cv2
import numpy as np


def photograph(image: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """A varied copy of an RGB uint8 image (h, w, 3); the size may change, left and right never do.

    strength scales how far every variation may go; 0 leaves the picture all but as it is.
    """
    image = _turn(image, rng, strength)
    image = _light(image, rng, strength)
    image = _sharpness(image, rng, strength)
    noise = rng.uniform(0, 7) * strength * (rng.random() < 0.6)
    if noise:
        image = image + rng.normal(0, noise, image.shape).astype(np.float32)
    image = np.clip(image, 0, 255).astype(np.uint8)
    quality = int(rng.uniform(95 - 60 * strength, 96))
    _, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])


def _turn(image: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    """A small roll, and a perspective that stands for a slight turn of the head, at another size."""
    height, width = image.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    angle = np.radians(rng.uniform(-6, 6) * strength)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = corners.mean(0)
    moved = (corners - middle) @ turn.T + middle
    moved += rng.uniform(-0.03, 0.03, (4, 2)) * strength * [width, height]
    scale = 1 + strength * rng.uniform(-0.3, 0.25)
    matrix = cv2.getPerspectiveTransform(corners, (moved * scale).astype(np.float32))
    size = (round(width * scale), round(height * scale))
    return cv2.warpPerspective(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def _light(image: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    """Exposure, contrast, colour of the light, and a light from one side. Returns float32, 0 to 255."""
    height, width = image.shape[:2]
    value = image.astype(np.float32) / 255
    value = value ** np.float32(np.exp(rng.uniform(-0.35, 0.35) * strength))
    value = (value - 0.5) * np.float32(1 + rng.uniform(-0.2, 0.2) * strength) + 0.5
    value *= (1 + rng.uniform(-0.08, 0.08, 3) * strength).astype(np.float32)
    if rng.random() < 0.5 * strength:
        angle, depth = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.4) * strength
        x = np.linspace(-1, 1, width, dtype=np.float32)[None, :] * np.float32(np.cos(angle))
        y = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * np.float32(np.sin(angle))
        value *= (1 + np.float32(depth) * (x + y))[..., None]
    return value * 255


def _sharpness(image: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    """Out of focus, shaken, or sharpened as telephones do."""
    kind = rng.random()
    if kind < 0.35:
        return cv2.GaussianBlur(image, (0, 0), 0.3 + rng.uniform(0, 1.1) * strength)
    if kind < 0.42:
        length = 3 + 2 * int(rng.integers(0, 2))
        kernel = np.zeros((length, length), np.float32)
        kernel[length // 2] = 1 / length
        turn = cv2.getRotationMatrix2D((length / 2 - 0.5, length / 2 - 0.5), rng.uniform(0, 180), 1)
        return cv2.filter2D(image, -1, cv2.warpAffine(kernel, turn, (length, length)))
    if kind < 0.6:
        return image + rng.uniform(0.2, 1.0) * strength * (image - cv2.GaussianBlur(image, (0, 0), 1.2))
    return image
