"""Which portraits may be used, which show the same person, and who goes into which split."""

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from inference.pipeline.align import crop_face
from inference.pipeline.codes import VIEWS
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


def reduced(portrait: Portrait, side_px: int) -> Portrait:
    """The portrait with at most so many px on its longer side."""
    height, width = portrait.image.shape[:2]
    scale = side_px / max(height, width)
    if scale >= 1:
        return portrait
    size = (round(width * scale), round(height * scale))
    image = cv2.resize(portrait.image, size, interpolation=cv2.INTER_AREA)
    share = np.array([size[0] / width, size[1] / height, scale], np.float32)
    return replace(portrait, image=image, points=portrait.points * share)


def split_of(person: str, salt: str = "risorius") -> str:
    """The split of a person, from a hash: the same in every run, whatever else is in the folder."""
    value = int(hashlib.sha256(f"{salt}:{person}".encode()).hexdigest()[:12], 16) / 16**12
    bound = 0.0
    for name, share in SPLITS.items():
        bound += share
        if value < bound:
            return name
    return name


@dataclass(frozen=True)
class Known:
    """What a folder says of one of its portraits. view: index into `codes.VIEWS`, -1 where it names none; judged:
    whether it has a label at all ("other" is one); person: the same in all pictures of one person, "" where it doesn't
    say."""

    view: int = -1
    judged: bool = False
    person: str = ""


OLDER_WORDS = {"neutral": "rest", "smile_closed": "closed_smile", "smile_teeth": "smile_with_teeth"}
LISTS = (("index.csv", "auto_label"), ("index.csv", "label"), ("labels.csv", "label"))
"""Where labels stand; a later one outranks the earlier."""


def known(folder: Path) -> dict[Path, Known]:
    """What index.csv and labels.csv beside the portraits of a folder say: columns file, label (a view's code; or
    auto_label in the older words neutral, smile_closed, smile_teeth) and, of someone with several pictures, person."""
    found: dict[Path, Known] = {}
    for name, column in LISTS:
        if not (folder / name).is_file():
            continue
        with (folder / name).open(newline="", encoding="utf-8") as stream:
            for row in csv.DictReader(stream):
                before = found.get(folder / row["file"], Known())
                word = row.get(column) or ""
                word = OLDER_WORDS.get(word, word)
                found[folder / row["file"]] = Known(
                    VIEWS.index(word) if word in VIEWS else before.view,
                    before.judged or bool(word),
                    row.get("person") or before.person,
                )
    return found


def signature(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(1600,) zero mean and unit length: the aligned grey face, to find a person's other pictures."""
    grey = cv2.cvtColor(crop_face(image, points, 96), cv2.COLOR_RGB2GRAY)[16:, 12:-12]
    small = cv2.resize(grey, (40, 40), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    small -= small.mean()
    return small / (np.linalg.norm(small) + 1e-6)


def same_person_groups(
    signatures: np.ndarray, threshold: float = SAME_PERSON_CORRELATION, names: list[str] | None = None
) -> list[int]:
    """A group number for each row of `signatures` (N, 1600); chains of likeness, or of the same name (N, "" for none),
    join one group."""
    parent = list(range(len(signatures)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    alike = signatures @ signatures.T > threshold
    for i, j in zip(*np.nonzero(np.triu(alike, 1)), strict=True):
        parent[root(int(j))] = root(int(i))
    first: dict[str, int] = {}
    for i, name in enumerate(names or []):
        if name:
            parent[root(i)] = root(first.setdefault(name, i))
    return [root(i) for i in range(len(signatures))]


def read(
    files: list[Path],
    mesh: FaceMesh,
    held_out: frozenset[str] = frozenset(),
    told: Mapping[Path, Known] | None = None,
) -> list[Portrait]:
    """Read, measure, group and split portraits; those with no single face are left out.

    told: what `known` says of some of the files.
    held_out: SHA-256 of portraits kept from every split (the demo's people); so is anyone who looks like
    one of them.
    """
    found = []
    for file in files:
        image = decode(file, PORTRAIT_SIDE_PX)
        faces = mesh.find(image)
        if len(faces) == 1:
            found.append((file, sha256_of(file), image, faces[0]))
    who = [(told or {}).get(file, Known()).person for file, *_ in found]
    names = [f"{file.parent}:{name}" if name else "" for (file, *_), name in zip(found, who, strict=True)]
    groups = same_person_groups(
        np.stack([signature(image, points) for *_, image, points in found]), names=names
    )
    members: dict[int, list[str]] = {}
    for group, (_, digest, *_) in zip(groups, found, strict=True):
        members.setdefault(group, []).append(digest)
    result = []
    for group, (file, digest, image, points) in zip(groups, found, strict=True):
        person = min(members[group])
        split = "held_out" if held_out.intersection(members[group]) else split_of(person)
        result.append(Portrait(file, digest, person[:16], split, image, points))
    return result
