"""Photos of views that no network has seen: judged by their quality, measured from the front, told nothing else of."""

from __future__ import annotations

import numpy as np
import pytest

from inference.pipeline.codes import UNTAUGHT, VIEWS, RejectionReason
from inference.pipeline.measure import BY_NAME
from inference.pipeline.quality import EYES_APART_PX, judge

from .conftest import PEOPLE, exposed, scaled

SHOWN = PEOPLE / "t1-left-palsy-show-teeth.jpg"


def bent_back(points: np.ndarray, degrees: float = 40) -> np.ndarray:
    """The same mesh with the head tilted back."""
    angle = np.radians(degrees)
    middle = points.mean(0)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    return (points - middle) @ turn.T + middle


def test_no_output_of_a_network_stands_for_them():
    assert not UNTAUGHT & set(VIEWS) and len(VIEWS) == 12


def test_bottom_teeth_are_measured_and_nothing_is_said_of_them(analyser):
    found = analyser.analyse(SHOWN, view="lower_teeth")
    assert (found.state, found.view, found.palsy_verdict) == ("succeeded", "lower_teeth", "uncertain")
    nothing = (found.exercise, found.palsy_probability, found.weak_side, found.grade)
    assert nothing == (None, None, None, None)
    assert not (found.exercise_probabilities or found.zones or found.grade_probabilities)
    assert "view_untaught" in found.quality["warnings"]
    plain = analyser.analyse(SHOWN)
    assert found.symmetry == plain.symmetry, "the lengths are those of any other photo"
    assert found.symmetry["measures"]["lower_lip_drop"]["left"] > 0
    assert "lower_teeth" in BY_NAME["lower_lip_drop"].views


def test_from_below_a_bent_head_is_what_was_asked_for(mesh, person):
    faces = [bent_back(mesh.find(person)[0])]
    assert judge(person, faces)[0] == RejectionReason.TURNED
    reason, numbers = judge(person, faces, view="nasal_base")
    assert reason is None and abs(numbers["pitch_deg"]) > 25
    assert "slightly_turned" not in numbers["warnings"]


def test_from_below_the_mesh_may_find_no_face(analyser):
    blank = np.full((400, 320, 3), 120, np.uint8)
    found = analyser.analyse(blank, view="nasal_base")
    assert (found.state, found.symmetry, found.landmarks) == ("succeeded", {}, [])
    assert analyser.analyse(blank, view="lower_teeth").reason == "no_face"


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda image: exposed(image, 0.1), RejectionReason.TOO_DARK),
        (lambda image: np.hstack([image, image]), RejectionReason.SEVERAL_FACES),
        (lambda image: scaled(image, 0.12), RejectionReason.FACE_TOO_SMALL),
    ],
)
def test_from_below_light_size_and_company_are_asked_as_ever(mesh, person, spoil, reason):
    image = spoil(person)
    faces = mesh.find(image)
    if not faces:
        pytest.skip("no face was found at all")
    assert judge(image, faces, view="nasal_base")[0] == reason
    assert EYES_APART_PX.stop > 0


def test_of_a_face_from_below_nothing_is_measured(analyser):
    found = analyser.analyse(SHOWN, view="nasal_base")
    assert (found.state, found.symmetry, found.landmarks) == ("succeeded", {}, [])
