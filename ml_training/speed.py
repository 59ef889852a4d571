"""How fast the pipeline would be with plain Keras in place of LiteRT: `python -m ml_training.speed PHOTO...`.

The same steps on the same photos, with a network of the active release's own shape run by `model.predict`. Its weights
are random, which changes no time. Prints one line of JSON; run it by itself.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from inference.pipeline.align import crop_face
from inference.pipeline.decode import decode
from inference.pipeline.gauge import Gauge
from inference.pipeline.landmarks import FaceMesh
from inference.pipeline.measure import measure
from inference.pipeline.quality import judge
from inference.pipeline.release import Release, verify_release
from inference.pipeline.shape import features
from ml_training import sources
from ml_training.models import build

WARM_UP = 3
WHAT = "1 process with all cores, a network of the same shape (random weights), one photo at a time"


def network_of(release: Release) -> keras.Model:
    """A network of the shape that the release's card tells. SystemExit where the card tells none."""
    [row] = [row for row in release.card.get("models", []) if row.get("kind") == "network"] or [None]
    if row is None:
        raise SystemExit(f"Release {release.name} was made before there was one network for all answers.")
    return build(int(row["input_px"]), str(row["trunk"]), float(row["alpha"]))


def analyse(file: Path, mesh: FaceMesh, gauge: Gauge, network: keras.Model, size: int) -> Any:
    """All steps of serving on one photo; the network's answer, or None where there is no face."""
    image = decode(file)
    faces = mesh.find(image)
    judge(image, faces)
    if not faces:
        return None
    given = {
        "crop": crop_face(image, faces[0], size).astype(np.float32),
        "shape": features(faces[0]),
        "gauge": gauge.even(faces[0]),
    }
    said = network.predict({name: value[None] for name, value in given.items()}, verbose=0)
    measure(faces[0])
    return said


def main() -> None:
    files = [Path(name) for name in sys.argv[1:]]
    absent = [str(file) for file in files if not file.is_file()]
    if absent or not files:
        raise SystemExit(
            f"No photo at {absent[0]}." if absent else "Name the photos: python -m ml_training.speed PHOTO..."
        )
    network, mesh, gauge = network_of(verify_release()), FaceMesh(), Gauge()
    size = int(network.get_layer("crop").output.shape[1])
    for file in files[:WARM_UP]:
        analyse(file, mesh, gauge, network, size)
    started = time.perf_counter()
    for file in files:
        analyse(file, mesh, gauge, network, size)
    rate = len(files) / (time.perf_counter() - started)
    print(json.dumps({"photos_per_second": round(rate, 2), "what": WHAT}))


if __name__ == "__main__":
    sources.told(main)
