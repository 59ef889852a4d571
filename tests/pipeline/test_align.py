"""The crop: the same face, however the photo was held."""

from __future__ import annotations

import numpy as np
import pytest

from inference.pipeline.align import DROP, HALF_WIDTH, crop_face, in_crop
from inference.pipeline.measure import EYE_CORNERS

from .conftest import scaled, tilted


def eyes_in_crop(mesh, crop):
    """Where the mesh finds both eyes in a crop shown larger on a plain wall."""
    [face] = mesh.find(crop)
    return [face[list(EYE_CORNERS[side]), :2].mean(0) for side in ("right", "left")]


def test_the_eyes_lie_where_the_models_expect_them(mesh, person, points):
    size = 320
    right, left = eyes_in_crop(mesh, crop_face(person, points, size))
    apart = size / (2 * HALF_WIDTH)
    assert left[0] - right[0] == pytest.approx(apart, rel=0.04)
    assert right[1] == pytest.approx(left[1], abs=4)
    assert (right + left)[1] / 2 == pytest.approx(size / 2 - DROP * apart, abs=6)


@pytest.mark.parametrize("degrees", [-15, 12])
def test_a_tilted_head_comes_out_upright(mesh, person, points, degrees):
    turned = tilted(person, degrees)
    [face] = mesh.find(turned)
    straight, other = crop_face(person, points, 96), crop_face(turned, face, 96)
    assert np.abs(straight.astype(float) - other).mean() < 12


def test_a_larger_photo_gives_the_same_crop(mesh, person, points):
    half = scaled(person, 0.5)
    [face] = mesh.find(half)
    difference = np.abs(crop_face(person, points, 64).astype(float) - crop_face(half, face, 64))
    assert difference.mean() < 6


def test_what_lies_outside_is_mirrored_not_black(person, points):
    top = int(points[10, 1])
    moved = points.copy()
    moved[:, 1] -= top
    assert crop_face(np.ascontiguousarray(person[top:]), moved, 64)[0].min() > 0


def test_the_mirrored_photo_gives_the_mirrored_crop(person, points):
    flipped = np.ascontiguousarray(person[:, ::-1])
    other = points.copy()
    other[:, 0] = person.shape[1] - 1 - points[:, 0]
    swap = np.arange(len(points))
    for a, b in zip(EYE_CORNERS["right"], EYE_CORNERS["left"][::-1], strict=True):
        swap[[a, b]] = b, a
    crop = crop_face(flipped, other[swap], 96)
    assert np.abs(crop[:, ::-1].astype(float) - crop_face(person, points, 96)).mean() < 2


def test_it_is_known_where_a_place_of_the_photo_lies_in_the_crop(person, points):
    size, mark = 200, np.zeros_like(person)
    mouth = points[61, :2]
    x, y = np.round(mouth).astype(int)
    mark[y - 4 : y + 5, x - 4 : x + 5] = 255
    lit = np.argwhere(crop_face(mark, points, size).sum(-1) > 380).mean(0)[::-1]
    [[place]] = in_crop(mouth[None, None], points[None], size)
    assert np.abs(lit - place).max() < 1
