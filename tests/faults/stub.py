"""Loaded into the drills' workers in place of the models: takes its time, and some photos are poison.

What a photo does is read from its colour, since that is all that intake leaves of a file.
"""

from __future__ import annotations

import ctypes
import io
import os
import random
import time
from pathlib import Path

from PIL import Image

from inference.jobs import worker
from inference.pipeline.findings import Findings
from inference.pipeline.release import verify_release
from tests import factories
from tests.faults.poisons import COLOURS

FOLDER = Path(os.environ["STUB_FOLDER"])
SECONDS = float(os.environ.get("STUB_SECONDS", "0.1"))
HOLD = FOLDER / "hold"


class Stub:
    uses_reference = False

    def __init__(self, name: str) -> None:
        self.release = verify_release(FOLDER / "models", name)

    def analyse(self, photo: bytes) -> Findings:
        kind = poison(photo)
        if kind:
            {"hang": hang, "memory": take_all, "crash": crash}[kind]()
        time.sleep(random.uniform(0.5, 1.5) * SECONDS)
        held = FOLDER / f"held-{os.getpid()}"
        while HOLD.exists():
            held.touch()
            time.sleep(0.02)
        held.unlink(missing_ok=True)
        found = {**factories.findings(), "release": self.release.name}
        return Findings(**found, landmarks=factories.landmarks())


def poison(photo: bytes) -> str:
    """The kind of poison that the photo's middle has the colour of; nothing for an ordinary one."""
    with Image.open(io.BytesIO(photo)) as image:
        pixel = image.convert("RGB").getpixel((image.width // 2, image.height // 2))
    for kind, colour in COLOURS.items():
        if all(abs(a - b) < 25 for a, b in zip(pixel, colour, strict=True)):  # type: ignore[arg-type]
            return kind
    return ""


def hang() -> None:
    """Native code that does not come back and never lets another thread run."""
    ctypes.PyDLL(None).sleep(100_000)


def take_all() -> None:
    """Memory that is really written to, without end."""
    hoard = []
    while True:
        hoard.append(b"\xff" * 16 * 1024**2)


def crash() -> None:
    """A read from nowhere, as a fault in native code does."""
    ctypes.string_at(0)


worker.analyser = Stub  # type: ignore[assignment]
