"""How many visits are named mirrored, of mirrored and of true ones: on the demo's photos, each visit from grade III on.

    python -m tests.visits.mirrored_visits [VISITS]

Each photo is analysed as it is and as a mirror shows it; a visit is 6 to 12 views drawn at random from one of the
demo's. Prints the shares; docs/photo-quality.md holds the last ones.
"""

from __future__ import annotations

import io
import json
import random
import sys
from collections.abc import Iterable
from typing import Any

from PIL import Image, ImageOps

from inference.pipeline import Analyser
from inference.pipeline.release import active_folder, load_release
from inference.pipeline.visit import combine
from tests.faults.house import ROOT

PHOTOS = ROOT / "clinic" / "demo" / "photos"
ARTIFACTS = ROOT / "inference" / "artifacts"
FEWEST, SEED = 6, 20261129


def mirror_image(content: bytes) -> bytes:
    """The JPEG as a mirror shows it."""
    stream = io.BytesIO()
    ImageOps.mirror(Image.open(io.BytesIO(content)).convert("RGB")).save(stream, "JPEG", quality=95)
    return stream.getvalue()


def visits(*, least_grade: int = 3) -> list[tuple[str, list[dict[str, Any]]]]:
    """Of each visit of the demo with a weak side from that grade on: the side, and the manifest's photos."""
    manifest = json.loads((PHOTOS / "manifest.json").read_text())
    return [
        (patient["weak_side"], visit["photos"])
        for patient in manifest["patients"]
        for visit in patient["visits"]
        if patient["weak_side"] and visit["clinician_grade"] >= least_grade
    ]


def analysed(analyser: Analyser, photos: Iterable[dict[str, Any]], *, mirrored: bool) -> list[dict[str, Any]]:
    """What the release finds in those photos, or in their mirror images, as `combine` wants it."""
    rows = []
    for photo in photos:
        content = (PHOTOS / photo["file"]).read_bytes()
        found = analyser.analyse(mirror_image(content) if mirrored else content)
        rows.append({**found.as_dict(), "exercise": photo["exercise"]})
    return rows


def is_named(photos: list[dict[str, Any]], side: str) -> bool:
    """Whether these photos together contradict the record's side, by the rule of `clinic.visits.mirroring`."""
    from clinic.visits.mirroring import OTHER, contradicts

    return contradicts(combine(photos, load_release(active_folder(ARTIFACTS)).visit), OTHER[side])


def main(wanted: int) -> None:
    """Draw that many mirrored visits and as many true ones, and print how many of each are named."""
    import django

    django.setup()
    analyser = Analyser(ARTIFACTS)
    known = [
        (side, analysed(analyser, photos, mirrored=False), analysed(analyser, photos, mirrored=True))
        for side, photos in visits()
    ]
    draw = random.Random(SEED)
    named = {"mirrored": 0, "true": 0}
    for number in range(wanted):
        side, true, turned = known[number % len(known)]
        places = draw.sample(range(len(true)), draw.randint(FEWEST, len(true)))
        named["true"] += is_named([true[place] for place in places], side)
        named["mirrored"] += is_named([turned[place] for place in places], side)
    sys.stdout.write(
        f"named of {wanted} mirrored visits: {named['mirrored']}, of {wanted} true ones: {named['true']}\n"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
