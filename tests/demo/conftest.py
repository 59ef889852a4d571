"""A smaller demo: three patients, two visits, two exercises."""

from __future__ import annotations

import json

import pytest

from clinic.demo import loader


@pytest.fixture
def manifest():
    return json.loads((loader.PHOTOS / "manifest.json").read_text())


@pytest.fixture
def small(manifest, tmp_path):
    """A folder as the loader wants it, with 12 photos and a 13th and 14th for the neighbours."""
    manifest["patients"] = [manifest["patients"][number] for number in (0, 1, 5)]
    for patient in manifest["patients"]:
        patient["visits"] = patient["visits"][-2:]
        for visit in patient["visits"]:
            visit["photos"] = visit["photos"][:2]
            for photo in visit["photos"]:
                (tmp_path / photo["file"]).symlink_to(loader.PHOTOS / photo["file"])
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    return tmp_path
