"""Training of the models: simulated patients, datasets, training, evaluation, export. TensorFlow lives here only."""

import sys
from importlib.util import find_spec

NEEDED = ("keras", "moderngl", "scipy", "tensorflow", "tqdm")
"""Libraries that the product itself does without."""


def missing() -> str | None:
    """What to do where a library of training isn't installed, in a sentence; None where all are."""
    absent = [name for name in NEEDED if find_spec(name) is None]
    return f"ml_training needs {', '.join(absent)}: run `make train-setup` first." if absent else None


if sys.argv[:1] == ["-m"]:  # so Python calls itself while it looks for the module of `python -m`
    sentence = missing()
    if sentence:
        raise SystemExit(sentence)
