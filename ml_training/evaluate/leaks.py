"""The leak hunt: ways in which a test could be easier than the clinic, and what each look found."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ml_training import datasets
from ml_training.datasets import Pictures
from ml_training.evaluate.controls import Control
from ml_training.portraits import SAME_PERSON_CORRELATION

SIGNATURE_SIDE = 40
CONTROLS_OF_LEAKS = (
    "face_masked", "labels_shuffled", "probe_on_shuffled", "background_swapped", "background_probe",
    "portrait_probe", "conditions_probe", "same_pixels",
)  # fmt: skip


def signatures(crops: np.ndarray) -> np.ndarray:
    """(N, 1600) aligned grey faces of crops (N, s, s, 3), each of zero mean and unit length."""
    rows = []
    for crop in crops:
        size = crop.shape[0]
        grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)[size // 6 :, size // 8 : -(size // 8)]
        face = cv2.resize(grey, (SIGNATURE_SIDE, SIGNATURE_SIDE), interpolation=cv2.INTER_AREA)
        flat = face.astype(np.float32).ravel()
        flat -= flat.mean()
        rows.append(flat / (np.linalg.norm(flat) + 1e-6))
    return np.array(rows, np.float32).reshape(len(crops), -1)


def portraits_of(pictures: Pictures) -> Pictures:
    """One healthy picture of each person, the plainest of light; people never healthy give none."""
    light = np.abs(pictures.condition("side_light")) + np.abs(pictures.condition("yaw_deg")) / 20
    chosen = []
    for who in np.unique(pictures.person):
        rows = np.flatnonzero((pictures.person == who) & (pictures.grade == 1) & (pictures.view == 0))
        if len(rows):
            chosen.append(rows[np.argmin(light[rows])])
    return pictures.where(np.array(chosen, int))


def near_duplicates(train: Pictures, test: Pictures) -> Control:
    """Does anyone of the test look like someone of the training?"""
    ours, theirs = portraits_of(train), portraits_of(test)
    expected = f"no pair of people correlates by {SAME_PERSON_CORRELATION} or more"
    name = "Near-duplicate people across splits"
    if not len(ours) or not len(theirs):
        return Control("near_duplicates", name, expected, None, note="no healthy resting pictures")
    alike = signatures(theirs.crops) @ signatures(ours.crops).T
    best = alike.max(1)
    pairs = int((alike >= SAME_PERSON_CORRELATION).sum())
    shared = set(train.person.tolist()) & set(test.person.tolist())
    figures = {
        "people compared": [len(ours), len(theirs)],
        "people in both": len(shared),
        "largest correlation": round(float(best.max()), 4),
        "median of the nearest": round(float(np.median(best)), 4),
        "pairs at or above": pairs,
    }
    return Control("near_duplicates", name, expected, not pairs and not shared, figures)


def same_files(folders: list[Path]) -> Control:
    """Is the very same portrait file in two splits, or one person?"""
    rows = [row for folder in folders for row in datasets.manifest(folder).get("portraits", [])]
    by_file: dict[str, set[str]] = {}
    by_person: dict[str, set[str]] = {}
    for row in rows:
        by_file.setdefault(row["sha256"], set()).add(row["split"])
        by_person.setdefault(row["person"], set()).add(row["split"])
    mixed = [len([key for key, splits in table.items() if len(splits) > 1]) for table in (by_file, by_person)]
    figures = {
        "portraits": len(by_file),
        "people": len(by_person),
        "files in two": mixed[0],
        "people in two": mixed[1],
    }
    held = None if not rows else not any(mixed)
    note = "" if rows else "the data set has no manifest yet"
    return Control(
        "same_files", "The same portrait in two splits", "none, by SHA-256 and by person", held, figures, note
    )


def labels_by_person(pictures: Pictures) -> Control:
    """Is everyone seen healthy and weak, so that who it is says nothing?"""
    both = 0
    people = np.unique(pictures.person)
    for who in people:
        grades = pictures.grade[pictures.person == who]
        both += bool((grades == 1).any() and (grades > 1).any())
    share = both / max(1, len(people))
    return Control(
        "labels_by_person", "Everyone is seen healthy and weak", "most people have visits of both kinds",
        share >= 0.7 if len(people) else None, {"people": len(people), "share with both": round(share, 4)},
    )  # fmt: skip


def report(controls: list[Control]) -> list[dict[str, Any]]:
    """The card's leak hunt: what was tried and what it showed, in plain sentences."""
    wanted = (*CONTROLS_OF_LEAKS, "near_duplicates", "same_files", "labels_by_person")
    rows = []
    for control in controls:
        if control.key in wanted:
            row = control.row()
            rows.append({"tried": row["name"], "expected": row["expected"], "showed": sentence(control),
                         "verdict": row["verdict"]})  # fmt: skip
    return rows


def sentence(control: Control) -> str:
    """The figures of a control as words."""
    parts = []
    for key, value in control.figures.items():
        name = key.replace("_", " ")
        if isinstance(value, dict) and "value" in value:
            if value["value"] is None:
                continue
            interval = "" if value["low"] is None else f" ({value['low']:.2f} to {value['high']:.2f})"
            parts.append(f"{name} {value['value']:.2f}{interval}")
        elif isinstance(value, dict):
            parts += [f"{name} of {inner} {number:g}" for inner, number in value.items()]
        elif isinstance(value, list):
            parts.append(f"{name} {' and '.join(map(str, value))}")
        else:
            parts.append(f"{name} {value:g}" if isinstance(value, int | float) else f"{name} {value}")
    return "; ".join([*parts, *([control.note] if control.note else [])])
