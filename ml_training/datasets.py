"""The simulated pictures as arrays, and as batches for training."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

STEPS = 5
"""Severity targets: worse than grade I, II, III, IV, V."""


class DataMissing(SystemExit):
    """There are no shards where the config says."""


@dataclass(frozen=True)
class Pictures:
    """crops (N, s, s, 3) uint8; exercise (N,) index; grade (N,) 1 to 6; side (N,) 0 left, 1 right, -1 none;
    person (N,) and split (N,) text."""

    crops: np.ndarray
    exercise: np.ndarray
    grade: np.ndarray
    side: np.ndarray
    person: np.ndarray
    split: np.ndarray

    def of(self, split: str) -> "Pictures":
        """Only one split's pictures."""
        return self.where(self.split == split)

    def where(self, chosen: np.ndarray) -> "Pictures":
        """Only the chosen rows, by a mask (N,) or indices."""
        fields = (self.crops, self.exercise, self.grade, self.side, self.person, self.split)
        return Pictures(*(field[chosen] for field in fields))

    def __len__(self) -> int:
        return len(self.grade)


def load(folders: list[Path], splits: tuple[str, ...] = ("train", "val", "test")) -> Pictures:
    """All shards of the folders. Raises DataMissing; ValueError if a person is in two splits."""
    crops, labels, people = [], [], []
    for folder in folders:
        for path in sorted(folder.glob("crops-*.npz")):
            with np.load(path) as shard:
                who = shard["people"]
                if not len(who):
                    continue
                chosen = np.isin(who[:, 1], splits)
                crops.append(shard["crops"][chosen])
                labels.append(shard["labels"][chosen])
                people.append(who[chosen])
    if not crops:
        raise DataMissing(
            f"No pictures in {', '.join(map(str, folders))}: run `python -m ml_training.simulate`."
        )
    label, who = np.concatenate(labels).astype(np.int64), np.concatenate(people)
    check_disjoint(who[:, 0], who[:, 1])
    return Pictures(np.concatenate(crops), label[:, 0], label[:, 1], label[:, 2], who[:, 0], who[:, 1])


def check_disjoint(person: np.ndarray, split: np.ndarray) -> None:
    """Raise ValueError if anyone is in more than one split."""
    splits: dict[str, set[str]] = {}
    for who, where in zip(person.tolist(), split.tolist(), strict=True):
        splits.setdefault(who, set()).add(where)
    mixed = [who for who, where in splits.items() if len(where) > 1]
    if mixed:
        raise ValueError(f"{len(mixed)} people are in more than one split, {mixed[0]} among them.")


def palsy_targets(grade: np.ndarray, side: np.ndarray) -> np.ndarray:
    """(N, 7) float32: five severity steps, side (1 right), and 1 where a side exists."""
    steps = grade[:, None] > np.arange(1, STEPS + 1)
    return np.column_stack([steps, side == 1, side >= 0]).astype(np.float32)


def mirrored(crops: np.ndarray, side: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Crops seen in a mirror, (N, s, s, 3), and their weak sides, (N,)."""
    return crops[:, :, ::-1], np.where(side >= 0, 1 - side, side)
