"""Each refusal, on a face that was moved, darkened, blurred or covered."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inference.pipeline.codes import RejectionReason
from inference.pipeline.quality import judge

from .conftest import PEOPLE, exposed, scaled, shaken, tilted


@pytest.fixture
def reason_of(mesh):
    return lambda image: judge(image, mesh.find(image))[0]


@pytest.fixture
def warnings_of(mesh):
    def of(image):
        reason, numbers = judge(image, mesh.find(image))
        assert reason is None
        return numbers["warnings"]

    return of


def painted(image, points, indices, colour, grow=1.0):
    """The convex hull of some landmarks, grown about its middle, in one colour."""
    hull = cv2.convexHull(points[indices, :2].astype(np.float32))[:, 0]
    hull = hull.mean(0) + grow * (hull - hull.mean(0))
    image = image.copy()
    cv2.fillConvexPoly(image, np.round(hull).astype(np.int32), colour)
    return image


def test_a_good_photo_passes_without_a_warning(mesh, person):
    reason, numbers = judge(person, mesh.find(person))
    assert reason is None
    assert numbers["warnings"] == []
    assert numbers["faces"] == 1
    assert abs(numbers["yaw_deg"]) < 10
    assert abs(numbers["roll_deg"]) < 5


def test_no_face(reason_of):
    assert reason_of(np.full((300, 400, 3), 120, np.uint8)) == RejectionReason.NO_FACE


def test_several_faces(reason_of, person):
    assert reason_of(np.hstack([person, person])) == RejectionReason.SEVERAL_FACES


def test_a_small_picture_on_the_wall_is_no_second_face(reason_of, person):
    room = cv2.copyMakeBorder(person, 0, 0, 0, 200, cv2.BORDER_CONSTANT, value=(180, 180, 180))
    small = scaled(person, 0.2)
    room[40 : 40 + small.shape[0], -small.shape[1] - 30 : -30] = small
    assert reason_of(room) is None


def test_face_too_small(reason_of, person):
    assert reason_of(scaled(person, 0.12)) in (RejectionReason.FACE_TOO_SMALL, RejectionReason.NO_FACE)
    assert reason_of(scaled(person, 0.16)) == RejectionReason.FACE_TOO_SMALL


def test_a_small_face_is_warned_of(warnings_of, person):
    assert "face_small" in warnings_of(scaled(person, 0.28))


@pytest.mark.parametrize("gain", [0.15, 0.08])
def test_too_dark(reason_of, person, gain):
    assert reason_of(exposed(person, gain)) == RejectionReason.TOO_DARK


def test_too_bright(reason_of, person):
    assert reason_of(exposed(person, 2.2)) == RejectionReason.TOO_BRIGHT


def test_out_of_focus(reason_of, person):
    assert reason_of(cv2.GaussianBlur(person, (0, 0), 8)) == RejectionReason.BLURRED


def test_shaken(reason_of, person):
    assert reason_of(shaken(person, 31)) == RejectionReason.BLURRED


def test_noise_does_not_pass_for_sharpness(reason_of, person):
    noise = np.random.default_rng(0).normal(0, 4, person.shape)
    blurred = cv2.GaussianBlur(person, (0, 0), 8) + noise
    assert reason_of(np.clip(blurred, 0, 255).astype(np.uint8)) == RejectionReason.BLURRED


@pytest.mark.parametrize("degrees", [-40, 40])
def test_tilted(reason_of, person, degrees):
    assert reason_of(tilted(person, degrees)) == RejectionReason.TILTED


@pytest.mark.parametrize("degrees", [-18, 18])
def test_a_slight_tilt_is_warned_of(warnings_of, person, degrees):
    assert "slightly_tilted" in warnings_of(tilted(person, degrees))


@pytest.mark.parametrize(("axis", "degrees"), [(1, 42), (1, -42), (0, 40), (0, -40)])
def test_turned(person, points, axis, degrees):
    """The mesh itself is turned, since no photo of a turned head is at hand."""
    turn, _ = cv2.Rodrigues(np.eye(3)[axis] * np.radians(degrees))
    middle = points.mean(0)
    turned = ((points - middle) @ turn.T + middle).astype(np.float32)
    assert judge(person, [turned])[0] == RejectionReason.TURNED


@pytest.mark.parametrize("colour", [(25, 25, 28), (200, 160, 140)])
def test_eyes_covered(person, points, colour):
    band = painted(person, points, [70, 300, 116, 345, 127, 356, 46, 276], colour, grow=1.1)
    assert judge(band, [points])[0] == RejectionReason.EYES_COVERED


def taped(image, points, side, colour=None):
    """Tape from one corner of an eye to the other, in the skin's own colour if none is given."""
    outer, inner = {"right": (33, 133), "left": (263, 362)}[side]
    a, b = points[outer, :2].astype(float), points[inner, :2].astype(float)
    along, middle = a - b, (a + b) / 2
    down = np.array([-along[1], along[0]])
    box = [middle + x * 0.75 * along + y * 0.28 * down for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    x, y = points[205 if side == "right" else 425, :2].astype(int)
    skin = image[y - 3 : y + 4, x - 3 : x + 4].reshape(-1, 3).mean(0)
    image = image.copy()
    cv2.fillConvexPoly(
        image,
        np.round(box).astype(np.int32),
        [float(v) for v in (skin * 1.08 + 8 if colour is None else colour)],
    )
    return image


def padded(image, points, side, colour):
    """A round pad before one eye."""
    ends = points[[33, 133] if side == "right" else [263, 362], :2]
    image = image.copy()
    middle, radius = ends.mean(0), 1.0 * np.linalg.norm(ends[0] - ends[1])
    cv2.circle(image, tuple(int(v) for v in middle), int(radius), colour, -1, cv2.LINE_AA)
    return image


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("cover", ["skin tape", "white pad", "black pad"])
@pytest.mark.parametrize("name", ["t1", "t2", "t1-left-palsy-smile"])
def test_one_covered_eye_tells_no_side(analyser, mesh, name, cover, side):
    """Tape before the weak eye looks like a weakness of the other side."""
    from inference.pipeline.decode import decode

    image = decode(PEOPLE / f"{name}.jpg")
    [points] = mesh.find(image)
    assert "eye_covered" not in analyser.analyse(image).quality["warnings"]
    if cover == "skin tape":
        shown = taped(image, points, side)
    else:
        shown = padded(image, points, side, (238, 232, 222) if cover == "white pad" else (18, 18, 20))
    found = analyser.analyse(shown)
    assert found.state == "succeeded", found.reason
    assert "eye_covered" in found.quality["warnings"]
    assert found.palsy_verdict == "uncertain"
    assert found.weak_side is None
    assert found.weak_side_probabilities == {}


def masked(image, points, cloth):
    """Cloth (h, w, 3) from the root of the nose to the chin."""
    ring = [127, 116, 117, 118, 119, 6, 348, 347, 346, 345, 356, 361, 397, 379, 152, 150, 172, 132]
    inside = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(inside, [np.round(points[ring, :2]).astype(np.int32)], (1,))
    return np.where(inside[..., None].astype(bool), cloth, image)


@pytest.mark.parametrize("name", ["t1", "t2", "t1-left-palsy-smile"])
@pytest.mark.parametrize("pattern", ["stripes", "upright stripes", "patches"])
def test_cloth_with_a_pattern_covers_the_mouth_too(mesh, name, pattern):
    from inference.pipeline.decode import decode

    image = decode(PEOPLE / f"{name}.jpg")
    [points] = mesh.find(image)
    down, right = np.mgrid[: image.shape[0], : image.shape[1]]
    if pattern == "patches":
        small = np.random.default_rng(3).integers(30, 230, (50, 40, 3), dtype=np.uint8)
        cloth = cv2.resize(small, image.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    else:
        bands = ((down if pattern == "stripes" else right) // 14 % 2)[..., None].astype(bool)
        cloth = np.where(bands, (200, 60, 60), (245, 245, 240)).astype(np.uint8)
    shown = masked(image, points, cloth)
    assert judge(shown, [points])[0] == RejectionReason.MOUTH_COVERED


@pytest.mark.parametrize("colour", [(120, 160, 200), (235, 235, 235), (30, 30, 30)])
def test_mouth_covered(person, points, colour):
    mask = painted(person, points, [5, 227, 132, 136, 152, 365, 361, 447], colour)
    assert judge(mask, [points])[0] == RejectionReason.MOUTH_COVERED


def test_light_from_one_side_is_warned_of(warnings_of, person):
    ramp = np.linspace(0.05, 1.5, person.shape[1], dtype=np.float32)[None, :, None]
    assert "uneven_light" in warnings_of(np.clip(person * ramp, 0, 255).astype(np.uint8))


def test_every_number_can_be_written_as_json(mesh, person):
    import json

    json.dumps(judge(person, mesh.find(person))[1])


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_picture_on_its_side_is_read_with_the_head_up(mesh, person, points, quarters):
    lying = np.ascontiguousarray(np.rot90(person, quarters))
    [found] = mesh.find(lying)
    reason, numbers = judge(lying, [found])
    assert reason is None
    assert numbers["quarter_turns"] == -quarters % 4
    assert "turned_upright" in numbers["warnings"]
    upright = judge(person, [points])[1]
    for key in (
        "face_width_px",
        "eyes_apart_px",
        "yaw_deg",
        "roll_deg",
        "light",
        "eye_detail",
        "mouth_detail",
    ):
        assert numbers[key] == pytest.approx(upright[key], rel=0.05, abs=2 if key.endswith("deg") else 0.02)


@pytest.mark.parametrize("degrees", [50, 130, -130])
def test_a_head_between_two_sides_of_the_picture_is_tilted(reason_of, person, degrees):
    room = cv2.copyMakeBorder(person, 200, 200, 200, 200, cv2.BORDER_CONSTANT, value=(150, 150, 150))
    assert reason_of(tilted(room, degrees)) == RejectionReason.TILTED


@pytest.mark.parametrize("quarters", [0, 1, 2])
def test_a_face_far_away_is_asked_to_come_closer(analyser, person, quarters):
    room = np.full((960, 1280, 3), (150, 155, 150), np.uint8)
    small = np.rot90(scaled(person, 96 / person.shape[0]), quarters)
    room[400 : 400 + small.shape[0], 700 : 700 + small.shape[1]] = small
    found = analyser.analyse(room)
    assert (found.state, found.reason) == ("rejected", "face_too_small")


def test_an_empty_room_has_no_face_at_a_second_look_either(reason_of):
    rng = np.random.default_rng(3)
    rough = cv2.resize(
        rng.integers(0, 255, (40, 53, 3), dtype=np.uint8), (1280, 960), interpolation=cv2.INTER_CUBIC
    )
    assert reason_of(rough) == RejectionReason.NO_FACE
