"""Which portraits may be used, which show the same person, and who goes into which split."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from inference.pipeline.align import crop_face
from inference.pipeline.decode import decode
from inference.pipeline.landmarks import FaceMesh
from inference.pipeline.release import sha256_of

SPLITS = {"train": 0.70, "val": 0.12, "test": 0.18}
"""Shares of people, not of pictures."""
PORTRAIT_SIDE_PX = 448
SAME_PERSON_CORRELATION = 0.90
"""From this correlation of aligned 40 px grey faces on, two portraits count as one person."""


@dataclass(frozen=True)
class Portrait:
    """A usable portrait. person: the hash shared by all pictures of one person; points: (478, 3) px."""

    file: Path
    sha256: str
    person: str
    split: str
    image: np.ndarray
    points: np.ndarray


def split_of(person: str, salt: str = "risorius") -> str:
    """The split of a person, from a hash: the same in every run, whatever else is in the folder."""
    value = int(hashlib.sha256(f"{salt}:{person}".encode()).hexdigest()[:12], 16) / 16**12
    bound = 0.0
    for name, share in SPLITS.items():
        bound += share
        if value < bound:
            return name
    return name


def signature(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(1600,) zero mean and unit length: the aligned grey face, to find a person's other pictures."""
    grey = cv2.cvtColor(crop_face(image, points, 96), cv2.COLOR_RGB2GRAY)[16:, 12:-12]
    small = cv2.resize(grey, (40, 40), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    small -= small.mean()
    return small / (np.linalg.norm(small) + 1e-6)


def same_person_groups(signatures: np.ndarray, threshold: float = SAME_PERSON_CORRELATION) -> list[int]:
    """A group number for each row of `signatures` (N, 1600); chains of likeness join one group."""
    parent = list(range(len(signatures)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    alike = signatures @ signatures.T > threshold
    for i, j in zip(*np.nonzero(np.triu(alike, 1)), strict=True):
        parent[root(int(j))] = root(int(i))
    return [root(i) for i in range(len(signatures))]


def read(files: list[Path], mesh: FaceMesh, held_out: frozenset[str] = frozenset()) -> list[Portrait]:
    """Read, measure, group and split portraits; those with no single face are left out.

    held_out: SHA-256 of portraits kept from every split (the demo's people); so is anyone who looks like
    one of them.
    """
    found = []
    for file in files:
        image = decode(file, PORTRAIT_SIDE_PX)
        faces = mesh.find(image)
        if len(faces) == 1:
            found.append((file, sha256_of(file), image, faces[0]))
    groups = same_person_groups(np.stack([signature(image, points) for *_, image, points in found]))
    members: dict[int, list[str]] = {}
    for group, (_, digest, *_) in zip(groups, found, strict=True):
        members.setdefault(group, []).append(digest)
    result = []
    for group, (file, digest, image, points) in zip(groups, found, strict=True):
        person = min(members[group])
        split = "held_out" if held_out.intersection(members[group]) else split_of(person)
        result.append(Portrait(file, digest, person[:16], split, image, points))
    return result
