"""How far a network's scores differ between two photographs of one unmoved face."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from inference.pipeline.codes import GRADES, VIEWS, ZONES
from ml_training.datasets import Pictures
from ml_training.evaluate.answers import Answers
from ml_training.measurement.repeatability import repeatability, repeats


def detectable(
    answers: Answers, pictures: Pictures, views: Mapping[str, Any]
) -> dict[str, dict[str, float | int]]:
    """Smallest detectable change of each score, as `repeatability` returns it.

    score.palsy_probability; score.grade: the mean of the six grades, each by its probability; score.movement.ZONE: the
    movement left, of either side, in the views that show the zone. views: zone -> names of these.
    """
    pose = repeats(pictures)
    whole = {
        "score.palsy_probability": answers.palsy,
        "score.grade": answers.grades @ np.array(GRADES, float),
    }
    found = repeatability(whole, pose)
    sides = np.concatenate([pose, pose + len(pictures)])
    for number, zone in enumerate(ZONES):
        shown = np.isin(np.array(VIEWS)[pictures.view], list(views.get(zone, ())))
        moved = np.where(shown[:, None], answers.zones[:, number], np.nan)
        found |= repeatability({f"score.movement.{zone}": moved.T.ravel()}, sides)
    return found
