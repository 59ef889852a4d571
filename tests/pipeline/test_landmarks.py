"""The face mesh and the gauge of expressions, beside what MediaPipe's own runner says with the same networks."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.pipeline import bundle
from inference.pipeline.decode import decode
from inference.pipeline.errors import LandmarksFailed, ModelAltered, ModelMissing
from inference.pipeline.gauge import MIRRORED, NAMES, READ, Gauge
from inference.pipeline.landmarks import FaceMesh
from inference.pipeline.measure import EYE_CORNERS
from inference.pipeline.shape import MIRROR

from .conftest import PEOPLE, scaled, tilted

# Written once with MediaPipe 0.10.21's FaceLandmarker (Python API, image mode) and the same bundle.
MEDIAPIPE = np.load(Path(__file__).with_name("face_landmarker.npz"))
SHOWN = sorted({key.split(".")[0] for key in MEDIAPIPE.files})


@pytest.fixture(scope="module")
def gauge():
    return Gauge()


def apart(points) -> float:
    """The distance between the eyes' centres, px."""
    right, left = (points[list(EYE_CORNERS[side]), :2].mean(0) for side in ("right", "left"))
    return float(np.linalg.norm(left - right))


def said(coefficients) -> dict[str, float]:
    return dict(zip(NAMES, coefficients.tolist(), strict=True))


@pytest.mark.parametrize("name", SHOWN)
def test_the_mesh_is_the_one_that_mediapipe_makes(mesh, name):
    [found] = mesh.find(decode(PEOPLE / f"{name}.jpg"))
    wanted = MEDIAPIPE[f"{name}.points"]
    assert found.dtype == np.float32
    off = np.linalg.norm(found - wanted, axis=1) / apart(wanted)
    assert off.mean() < 0.001
    assert off.max() < 0.005


@pytest.mark.parametrize("name", SHOWN)
def test_the_gauge_is_the_one_that_mediapipe_reads(gauge, name):
    found = gauge.blendshapes(MEDIAPIPE[f"{name}.points"])
    assert found == pytest.approx(MEDIAPIPE[f"{name}.blendshapes"], abs=0.003)


def test_the_largest_face_comes_first(mesh, person):
    small = scaled(person, 0.6)
    room = np.full((person.shape[0], person.shape[1] + small.shape[1] + 40, 3), 160, np.uint8)
    room[: small.shape[0], : small.shape[1]] = small
    room[:, -person.shape[1] :] = person
    faces = mesh.faces(room)
    assert len(faces) == 2
    assert faces[0].width > 1.3 * faces[1].width
    assert faces[0].points[:, 0].mean() > faces[1].points[:, 0].mean()
    assert len(FaceMesh(max_faces=1).find(room)) == 1


@pytest.mark.parametrize("degrees", [-25, 0, 25])
def test_the_detector_says_how_the_head_is_held(mesh, person, degrees):
    [face] = mesh.faces(tilted(person, degrees))
    assert face.detection.roll_deg == pytest.approx(-degrees, abs=6)


def test_a_face_that_fills_wide_and_tall_pictures_is_found_where_it_is(mesh, person, points):
    for top, left in ((0, 300), (400, 0)):
        placed = cv2.copyMakeBorder(person, top, 0, left, 0, cv2.BORDER_CONSTANT, value=(90, 90, 90))
        [found] = mesh.find(placed)
        off = np.linalg.norm(found[:, :2] - [left, top] - points[:, :2], axis=1)
        assert off.max() < 0.06 * apart(points)


def test_a_picture_without_a_face_has_none(mesh):
    assert mesh.find(np.random.default_rng(0).integers(0, 255, (300, 400, 3), dtype=np.uint8)) == []


def test_the_gauge_sees_what_a_face_does(mesh, gauge):
    rest, smile, wide = (
        said(gauge.blendshapes(mesh.find(decode(PEOPLE / f"{name}.jpg"))[0]))
        for name in ("t1", "t1-left-palsy-smile", "t1-left-palsy-open-mouth")
    )
    assert smile["mouthSmileRight"] > rest["mouthSmileRight"] + 0.3
    assert smile["mouthSmileRight"] > smile["mouthSmileLeft"] + 0.1  # the left is weak
    assert wide["jawOpen"] > rest["jawOpen"] + 0.15


def test_the_gauge_heeds_the_shape_alone_and_tells_sides(gauge):
    points = MEDIAPIPE["t1-left-palsy-smile.points"]
    seen = gauge.blendshapes(points)
    assert gauge.blendshapes(points[:, :2] * 3 + [400, -20]) == pytest.approx(seen, abs=1e-3)
    mirrored = said(gauge.blendshapes(points[list(MIRROR)] * np.array([-1, 1, 1], np.float32)))
    for name, value in said(seen).items():
        if name.endswith("Left"):
            assert mirrored[name.replace("Left", "Right")] == pytest.approx(value, abs=0.15)


def test_what_the_gauge_reads_of_both_turns_over_exactly_in_a_mirror(gauge):
    points = MEDIAPIPE["t1-left-palsy-smile.points"]
    seen, swapped = said(gauge.even(points)), list(MIRRORED)
    mirrored = gauge.even(points[list(MIRROR)] * np.array([-1, 1, 1], np.float32))
    assert mirrored[swapped] == pytest.approx(gauge.even(points), abs=1e-4)
    assert (
        np.abs(gauge.blendshapes(points) - gauge.even(points)).max() < 0.1
    )  # what one look adds is its own unevenness
    assert seen["mouthSmileRight"] > seen["mouthSmileLeft"] + 0.1  # the left is weak
    for bad in (points[:100], np.full_like(points, np.nan)):
        with pytest.raises(LandmarksFailed):
            gauge.even(bad)


def test_the_gauge_refuses_what_is_no_mesh(gauge):
    points = MEDIAPIPE["t1.points"].copy()
    for bad in (points[:100], np.full_like(points, np.nan)):
        with pytest.raises(LandmarksFailed):
            gauge.blendshapes(bad)
    assert len(READ) == len(set(READ.tolist())) == 146
    assert len(NAMES) == 52


def test_an_altered_or_missing_bundle_is_refused(tmp_path):
    for file in (bundle.FILE, "SHA256SUMS"):
        shutil.copy(bundle.FOLDER / file, tmp_path / file)
    assert bundle.network(bundle.DETECTOR, tmp_path)[4:8] == b"TFL3"
    content = bytearray((tmp_path / bundle.FILE).read_bytes())
    content[1000] ^= 1
    (tmp_path / bundle.FILE).write_bytes(content)
    with pytest.raises(ModelAltered):
        bundle.network(bundle.DETECTOR, tmp_path)
    (tmp_path / bundle.FILE).unlink()
    with pytest.raises(ModelMissing):
        bundle.network(bundle.DETECTOR, tmp_path)


def test_the_mesh_needs_no_mediapipe():
    code = (
        "import sys; sys.modules['mediapipe'] = None\n"
        "from inference.pipeline.decode import decode; from inference.pipeline.landmarks import FaceMesh\n"
        f"print(len(FaceMesh().find(decode({str(PEOPLE / 't1.jpg')!r}))))"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"


@pytest.mark.parametrize("degrees", range(0, 360, 15))
def test_the_mesh_lies_on_the_face_however_the_picture_is_held(mesh, person, points, degrees):
    height, width = person.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1)
    turn[:, 2] += [(900 - width) / 2, (900 - height) / 2]
    held = cv2.warpAffine(
        person, turn, (900, 900), borderMode=cv2.BORDER_CONSTANT, borderValue=(150, 150, 150)
    )
    [face] = mesh.faces(held)
    wanted = points[:, :2] @ turn[:, :2].T + turn[:, 2]
    assert np.linalg.norm(face.points[:, :2] - wanted, axis=1).mean() < 0.04 * apart(points)
    assert abs((face.detection.roll_deg - degrees + 180) % 360 - 180) < 15
