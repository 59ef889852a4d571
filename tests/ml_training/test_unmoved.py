"""Portraits as they are: whose they are, what they show, and which of them is whose reference at rest."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.pipeline.codes import VIEWS
from ml_training import unmoved
from ml_training.datasets import load

from .test_gauge import Told, mesh

CODES = {
    "a": {"mouthSmile": 0.01},
    "b": {"mouthSmile": 0.7},
    "c": {"mouthSmile": 0.7},
    "d": {"eyeBlink": 0.7},
}


class Finder:
    """A face mesh that tells a portrait by how light it is."""

    def __init__(self, **_: object) -> None: ...

    def find(self, image: np.ndarray) -> list[np.ndarray]:
        return [mesh(**CODES[_name(image)])]


def _name(image: np.ndarray) -> str:
    nearest = int(np.clip(round(float(np.median(image)) / 50), 1, 4))
    return "abcd"[nearest - 1]


@pytest.fixture
def portraits(tmp_path: Path) -> Path:
    """Two of one person, at rest and smiling, and two of others, one of whom nobody looked at."""
    rng, folder = np.random.default_rng(0), tmp_path / "portraits"
    folder.mkdir()
    for n, name in enumerate("abcd"):
        noise = rng.integers(-9, 9, (200, 200, 3))
        cv2.imwrite(str(folder / f"{name}.jpg"), np.clip(50 * (n + 1) + noise, 0, 255).astype(np.uint8))
    (folder / "index.csv").write_text(
        "file,label,person\na.jpg,rest,7\nb.jpg,closed_smile,7\nc.jpg,,\nd.jpg,other,\n"
    )
    return folder


@pytest.fixture
def made(portraits, tmp_path, monkeypatch):
    monkeypatch.setattr(unmoved, "FaceMesh", Finder)
    monkeypatch.setattr(unmoved, "Gauge", Told)
    monkeypatch.setattr(unmoved, "photograph", lambda image, *_: image)

    def make(*options: str):
        out = tmp_path / "out"
        command = ["unmoved", "--portraits", str(portraits), "--out", str(out), "--each", "1", *options]
        monkeypatch.setattr(sys, "argv", command)
        unmoved.main()
        return load([out]), json.loads((out / "manifest.json").read_text())

    return make


def test_the_pictures_of_one_person_are_one_visit_with_its_rest(made):
    found, _ = made()
    rest, smile = (found.where(found.view == VIEWS.index(view)) for view in ("rest", "closed_smile"))
    assert rest.visit.tolist() == smile.visit.tolist()
    assert rest.person.tolist() == smile.person.tolist()
    others = found.where(found.view == -1)
    assert len(set(others.visit.tolist()) | set(rest.visit.tolist())) == 3


def test_the_gauge_names_only_what_nobody_looked_at(made):
    plain, _ = made()
    assert sorted(plain.view.tolist()) == sorted([-1, -1, VIEWS.index("rest"), VIEWS.index("closed_smile")])
    named, manifest = made("--by-gauge")
    assert sorted(named.view.tolist()) == sorted(
        [-1, VIEWS.index("rest")] + 2 * [VIEWS.index("closed_smile")]
    )
    assert manifest["portraits_by_view"] == {
        "closed_smile by eye": 1, "closed_smile by gauge": 1, "no view": 1, "rest by eye": 1,
    }  # fmt: skip


def test_a_folder_can_be_kept_for_measuring(made):
    found, manifest = made("--split", "val")
    assert set(found.split.tolist()) == {"val"}
    assert {row["split"] for row in manifest["portraits"]} == {"val"}


def test_all_are_healthy_and_nothing_is_covered(made):
    found, _ = made()
    assert set(found.source.tolist()) == {"unmoved"}
    assert (found.grade == 1).all()
    assert not found.covered.any()
