"""A data set: a folder of shards and a manifest, read as arrays.

    data/v3/manifest.json     generator version, seed, the portraits' hashes, persons, splits and states
    data/v3/part-000.npz      one array for each field of `Pictures`
    data/v3/part-000.json     what became of each portrait of the shard

Simulated pictures, unmoved portraits and the clinic's confirmed photographs share this form; a field that a source
can't know holds NaN or -1.
"""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np

from inference.pipeline.codes import VIEWS, Exercise
from inference.pipeline.places import PLACES

NEITHER, BOTH = -1, 2
"""Codes of `Pictures.side` beside 0 (left) and 1 (right)."""
UNKNOWN_VIEW = -1
CONDITIONS = (
    "yaw_deg", "pitch_deg", "roll_deg", "focal", "side_light", "brightness", "blur_px", "noise", "jpeg_quality",
    "distance", "glasses", "beard", "covered", "skin_ita_deg",
)  # fmt: skip
"""Columns of `Pictures.conditions`: how the picture was taken. side_light: fall of light from one side to the other,
as a share; focal: in face widths (infinite: no perspective); skin_ita_deg: individual typology angle of the cheeks in
the untouched portrait (Chardon, Cretois and Hourseau, Int J Cosmet Sci 1991)."""
TRUE_POINTS = len(PLACES)
UNITS = 63
"""Width of `Pictures.weights`: units of the face model, those of the whole mouth cut into halves."""


class DataMissing(SystemExit):
    """There are no shards where the config says."""


@dataclass(frozen=True)
class Pictures:
    """N pictures and all that is known of them. Sides are the person's own: index 0 left, 1 right.

    crops: (N, s, s, 3) uint8, as `inference.pipeline.align.crop_face` cuts them.
    points: (N, 478, 3) float32, px of the photo: what the face mesh found, on which the crop was cut.
    photo_size: (N, 2) int, width and height, px.
    view: (N,) index into `codes.VIEWS`; -1 where it is unknown, or where what moved can't be told from rest.
    done_side: (N,) the side of a one-sided sneer, else -1.
    grade: (N,) House-Brackmann 1 to 6. side: (N,) weak side, -1 none, 2 both.
    zones: (N, 4, 2) movement left, 0 to 1, in `codes.ZONES` x (left, right).
    droop, synkinesis: (N, 2) 0 to 1.
    weights: (N, `UNITS`) the face model's expression weights.
    truth: (N, 80, 2) px: true places of the landmarks, in the order of `inference.pipeline.places.PLACES`.
    truth_mm: (N, 80, 3) the same vertices in the head's own frame, mm: x to the person's left, y up, z forwards.
    iris: (N, 2, 3) true centre x, y and diameter of each iris, px; mm_per_px: (N,).
    conditions: (N, len(CONDITIONS)).
    person, visit, split, source: (N,) text. The pictures of one visit share person, palsy and habits; the one of rest
    among them is the reference of the others.
    covered: (N, 4, 2) bool, as `zones`: a dressing or hair hides that zone of that side, so a picture teaches neither
    its movement nor, in the views that show the side there, the side.
    """

    crops: np.ndarray
    points: np.ndarray
    photo_size: np.ndarray
    view: np.ndarray
    done_side: np.ndarray
    grade: np.ndarray
    side: np.ndarray
    zones: np.ndarray
    droop: np.ndarray
    synkinesis: np.ndarray
    weights: np.ndarray
    truth: np.ndarray
    truth_mm: np.ndarray
    iris: np.ndarray
    mm_per_px: np.ndarray
    conditions: np.ndarray
    person: np.ndarray
    visit: np.ndarray
    split: np.ndarray
    source: np.ndarray
    covered: np.ndarray

    def of(self, *splits: str) -> Self:
        """Only these splits' pictures."""
        return self.where(np.isin(self.split, splits))

    def where(self, chosen: np.ndarray) -> Self:
        """Only the chosen rows, by a mask (N,) or indices."""
        return type(self)(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def without_people_of(self, others: "Pictures | None") -> Self:
        """Only those of people who are not among the others."""
        return self if others is None else self.where(~np.isin(self.person, others.person))

    def with_truth(self) -> Self:
        """Only those whose true places are known: not the untouched portraits, nor a clinic's photographs."""
        known = (np.isfinite(places).all((1, 2)) for places in (self.truth, self.truth_mm))
        return self.where(np.logical_and(*known))

    def condition(self, name: str) -> np.ndarray:
        """(N,) one of `CONDITIONS`."""
        return np.asarray(self.conditions[:, CONDITIONS.index(name)])

    @property
    def weak(self) -> np.ndarray:
        """(N,) bool: any palsy."""
        return np.asarray(self.grade > 1)

    def __len__(self) -> int:
        return len(self.grade)


FIELDS = tuple(field.name for field in fields(Pictures))


def column(shard: Any, name: str) -> np.ndarray:
    """One field of an opened shard; those written before a field was known have nothing covered, and narrower
    weights are filled up with NaN."""
    if name == "covered" and name not in shard:
        return np.zeros(shard["zones"].shape, bool)
    values = np.asarray(shard[name])
    if name == "weights" and values.shape[1] < UNITS:
        lacking = ((0, 0), (0, UNITS - values.shape[1]))
        return np.pad(values.astype(np.float32), lacking, constant_values=np.nan)
    return values


def write_shard(path: Path, pictures: dict[str, np.ndarray]) -> None:
    """One part of a data set, by fields."""
    missing = set(FIELDS) ^ set(pictures)
    if missing:
        raise ValueError(f"A shard has other fields than a data set: {', '.join(sorted(missing))}.")
    half = path.with_suffix(".half")
    with half.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **pictures)
    half.rename(path)


def load(folders: list[Path], splits: tuple[str, ...] = ("train", "val", "test")) -> Pictures:
    """All shards of the folders. Raises DataMissing; ValueError if a person is in two splits."""
    columns: dict[str, list[np.ndarray]] = {name: [] for name in FIELDS}
    for folder in folders:
        for path in sorted(folder.glob("part-*.npz")):
            with np.load(path) as shard:
                chosen = np.isin(shard["split"], splits)
                if chosen.any():
                    for name in FIELDS:
                        columns[name].append(column(shard, name)[chosen])
    if not columns["crops"]:
        raise DataMissing(
            f"No pictures in {', '.join(map(str, folders))}: run `python -m ml_training.simulate`."
        )
    pictures = Pictures(*(np.concatenate(columns[name]) for name in FIELDS))
    check_disjoint(pictures.person, pictures.split)
    return pictures


def rests(pictures: Pictures) -> dict[str, np.ndarray]:
    """Visit -> rows of its photos at rest; visits without one, and pictures without a visit, are left out."""
    rows = np.flatnonzero((pictures.view == VIEWS.index(Exercise.REST)) & (pictures.visit != ""))
    rows = rows[np.argsort(pictures.visit[rows], kind="stable")]
    if not len(rows):
        return {}
    names, starts = np.unique(pictures.visit[rows], return_index=True)
    return dict(zip(names.tolist(), np.split(rows, starts[1:]), strict=True))


def references(pictures: Pictures) -> np.ndarray:
    """(N,) the row of the photo at rest beside which the product would judge each picture: the last of its visit; -1
    where there is none, and for a photo at rest."""
    known = rests(pictures)
    found = [known[visit][-1] if visit in known else -1 for visit in pictures.visit.tolist()]
    return np.where(pictures.view == VIEWS.index(Exercise.REST), -1, np.array(found, int).reshape(-1))


def manifest(folder: Path) -> dict[str, Any]:
    """What a data set says of itself, empty while it is being made."""
    file = folder / "manifest.json"
    return dict(json.loads(file.read_text())) if file.is_file() else {}


def check_disjoint(person: np.ndarray, split: np.ndarray) -> None:
    """Raise ValueError if anyone is in more than one split."""
    splits: dict[str, set[str]] = {}
    for who, where in zip(person.tolist(), split.tolist(), strict=True):
        splits.setdefault(who, set()).add(where)
    mixed = [who for who, where in splits.items() if len(where) > 1]
    if mixed:
        raise ValueError(f"{len(mixed)} people are in more than one split, {mixed[0]} among them.")
