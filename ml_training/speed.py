"""How fast the pipeline would be with plain Keras in place of LiteRT: `python -m ml_training.speed PHOTO...`.

The same steps on the same photos, with networks of the active release's own shape run by `model.predict`. Their
weights are random, which changes no time. Prints one line of JSON; `manage.py bench` shows it beside its own.
"""

import json
import re
import sys
import time
from pathlib import Path

import numpy as np

from inference.pipeline.classify import STEPS, Classifier
from inference.pipeline.engine import Engine
from inference.pipeline.release import Release, verify_release
from ml_training.models import build

WARM_UP = 3


class KerasClassifier(Classifier):
    """Both networks of a release in Keras; each crop with its mirror image, as in serving."""

    def __init__(self, release: Release) -> None:
        super().__init__(release)
        rows = {row["kind"]: row for row in release.card["models"]}
        self._networks = [
            build(
                kind,
                release.input_sizes[kind],
                float(re.search(r"[\d.]+", rows[kind]["network"][10:])[0]),
                None,
            )
            for kind in ("exercise", "palsy")
        ]

    def logits(self, exercise_crop: np.ndarray, palsy_crop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Classifier.logits`."""
        exercise, palsy = (
            network.predict(np.stack([crop, crop[:, ::-1]]).astype(np.float32), verbose=0).astype(np.float64)
            for network, crop in zip(self._networks, (exercise_crop, palsy_crop), strict=True)
        )
        palsy[1, STEPS] *= -1
        return exercise.mean(0), palsy.mean(0)


def main() -> None:
    files = [Path(name) for name in sys.argv[1:]]
    release = verify_release()
    engine = Engine(release, threads=1)
    engine._classifier = KerasClassifier(release)
    for file in files[:WARM_UP]:
        engine.analyse(file)
    started = time.perf_counter()
    for file in files:
        engine.analyse(file)
    rate = len(files) / (time.perf_counter() - started)
    what = (
        "1 process with all cores, networks of the same shape (random weights), mirrored pairs in one batch"
    )
    print(json.dumps({"photos_per_second": round(rate, 2), "what": what}))


if __name__ == "__main__":
    main()
