"""Real photographs of healthy people through the whole pipeline: false alarms, by what a folder's labels say."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from inference.pipeline.release import active_folder, load_release

from .people import pictures

PEOPLE = Path(__file__).resolve().parents[1] / "people"


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two people at rest, one of whom nobody labelled, and one smile with teeth."""
    for name in ("t1", "t2", "t1-left-palsy-smile"):
        shutil.copy(PEOPLE / f"{name}.jpg", tmp_path / f"{name}.jpg")
    (tmp_path / "index.csv").write_text("file,label\nt1.jpg,rest\nt1-left-palsy-smile.jpg,smile_with_teeth\n")
    return tmp_path


def test_false_alarms_are_told_of_all_and_by_each_view_that_a_label_names(folder):
    from inference.pipeline.engine import Engine
    from ml_training.evaluate.report import Evaluation, of_photographs
    from ml_training.evaluate.serving import predictor

    release = load_release(active_folder())
    some = pictures(people=8, visits=1)
    even = np.repeat(some.crops[:, :1, :1], 160, 1).repeat(160, 2)
    some = type(some)(**{**{name: getattr(some, name) for name in some.__dataclass_fields__}, "crops": even})
    evaluation = Evaluation(predictor(release, progress=False), some, some, some)
    evaluation.take(release)
    told = of_photographs(evaluation, Engine(release), folder)
    assert told["false_alarms"]["count"] == 3
    assert {row["photographs"]: row["count"] for row in told["by_label"]} == {
        "rest": 1,
        "smile_with_teeth": 1,
    }
    assert {row.key for row in told["controls"]} == {"mirrored_photo", "same_pixels"}
