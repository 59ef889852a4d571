"""Who is a person and what is wall."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np

from inference.pipeline.decode import decode
from ml_training.silhouette import FILE, Silhouette

PEOPLE = Path(__file__).resolve().parents[1] / "people"


def test_the_face_is_the_person_and_the_wall_beside_it_is_not():
    person = decode(PEOPLE / "t1.jpg")
    room = cv2.copyMakeBorder(person, 0, 0, 0, 600, cv2.BORDER_CONSTANT, value=(200, 200, 195))
    mask = Silhouette()(room)
    height, width = person.shape[:2]
    assert mask.shape == room.shape[:2] and mask.dtype == np.float32
    assert mask.min() >= 0 and mask.max() <= 1
    middle = np.s_[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3]
    assert mask[middle].mean() > 0.9
    assert mask[:, width + 200 :].mean() < 0.1


def test_the_network_is_the_one_that_its_checksum_names():
    listed = FILE.with_name("SHA256SUMS").read_text().split()
    assert listed == [hashlib.sha256(FILE.read_bytes()).hexdigest(), FILE.name]
