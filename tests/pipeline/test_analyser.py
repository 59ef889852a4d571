"""One photo through the whole pipeline, with the models in use."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.pipeline import Analyser, locate
from inference.pipeline.align import crop_face
from inference.pipeline.classify import OUTPUTS, columns, palsy_verdict
from inference.pipeline.codes import EXERCISES, GRADES, SIDES, VIEWS, ZONES, same_exercise
from inference.pipeline.decode import decode
from inference.pipeline.errors import ModelAltered, UnreadableImage
from inference.pipeline.measure.frame import COMMISSURES
from inference.pipeline.places import FACE

from .conftest import PEOPLE

WEAK = PEOPLE / "t1-left-palsy-show-teeth.jpg"


@pytest.fixture(scope="module")
def found(analyser):
    return analyser.analyse(WEAK)


def test_findings_are_complete(found, analyser):
    assert found.state == "succeeded"
    assert found.reason is None
    assert set(found.exercise_probabilities) == set(VIEWS)
    assert set(found.zones) == set(ZONES)
    assert all(0 <= share <= 1 for zone in found.zones.values() for share in zone.values())
    assert found.palsy_verdict in ("weak", "normal", "uncertain")
    assert set(found.grade_probabilities) == {str(grade) for grade in GRADES}
    assert set(found.weak_side_probabilities) == set(SIDES)
    for shares in (found.exercise_probabilities, found.grade_probabilities, found.weak_side_probabilities):
        assert sum(shares.values()) == pytest.approx(1, abs=1e-3)
    assert found.palsy_probability == pytest.approx(1 - found.grade_probabilities["1"], abs=1e-3)
    assert len(found.landmarks) == 478
    assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in found.landmarks)
    assert found.image_size == [480, 600]
    assert set(found.milliseconds) == {"decode", "landmarks", "quality", "classify", "measure", "total"}
    assert found.release == analyser.release.name
    json.dumps(found.as_dict())


def test_a_severe_palsy_of_the_left_is_seen(found):
    assert found.exercise == "show_teeth"
    assert found.weak_side == "left"
    assert found.grade >= 3
    assert found.symmetry["mouth"]["ratio"] < 0.95


def test_a_mirrored_photo_gives_the_other_side(found, analyser):
    mirrored = analyser.analyse(np.ascontiguousarray(decode(WEAK)[:, ::-1]))
    assert mirrored.weak_side == "right"
    assert mirrored.weak_side_probabilities["right"] == pytest.approx(
        found.weak_side_probabilities["left"], abs=0.1
    )
    assert mirrored.palsy_probability == pytest.approx(found.palsy_probability, abs=0.1)
    assert mirrored.symmetry["mouth"]["left"] == pytest.approx(found.symmetry["mouth"]["right"], rel=0.06)


def test_the_models_lean_to_neither_side(analyser, person, points):
    """What is seen straight and what is seen in the mirror change places in a mirrored photo: the judgement turns the
    side over and says the same of all else, alone and beside a face at rest."""
    classifier = analyser._engine._classifier
    crop = crop_face(person, points, classifier.size)
    still = points.copy()
    still[:, :2] += np.random.default_rng(0).normal(0, 1.5, (len(points), 2))
    seen, rest = classifier.see(crop, points), classifier.see(crop, still)
    said = [classifier.logits(seen, one) for one in (None, rest)]
    back = [classifier.logits(seen[::-1], one) for one in (None, rest[::-1])]
    assert np.abs(said[0] - said[1]).max() > 0.05, "the reference says something"
    for one, other in zip(said, back, strict=True):
        assert one.shape == (OUTPUTS,)
        for head in ("side", "done_side"):
            assert other[columns(head)] == pytest.approx(-one[columns(head)], abs=5e-3)
        for head in ("view", "steps"):
            assert other[columns(head)] == pytest.approx(one[columns(head)], abs=5e-3)
        turned = other[columns("zones")].reshape(4, 2)[:, ::-1]
        assert turned == pytest.approx(one[columns("zones")].reshape(4, 2), abs=5e-3)


def test_a_face_is_judged_beside_itself_at_rest(analyser, found):
    assert analyser.uses_reference and found.reference is None
    beside = analyser.analyse(WEAK, PEOPLE / "t2.jpg")
    assert beside.reference in ("used", "unusable")
    alone = analyser.analyse(WEAK, WEAK)
    assert alone.reference == "unusable", "shown teeth are no rest"
    assert alone.exercise_probabilities == found.exercise_probabilities
    assert analyser.analyse(WEAK, b"words").reference == "unusable"


def test_only_what_is_called_weak_has_a_side(analyser):
    found = analyser.analyse(PEOPLE / "t2.jpg")
    assert found.weak_side is None or found.palsy_verdict == "weak"
    assert (found.grade is None) == (found.palsy_verdict == "uncertain")
    assert (found.grade == 1) == (found.palsy_verdict == "normal")
    thresholds = analyser.release.thresholds
    assert palsy_verdict(thresholds["palsy_high"], thresholds) == "weak"
    assert palsy_verdict(thresholds["palsy_low"] - 1e-6, thresholds) == "normal"
    assert palsy_verdict((thresholds["palsy_low"] + thresholds["palsy_high"]) / 2, thresholds) == "uncertain"


def test_measures_follow_the_landmarks_that_the_locator_finds(found, analyser, monkeypatch):
    locator = analyser._engine._locator
    find, corner = locator.find, FACE.tolist().index(COMMISSURES["left"])

    def lower(crop):
        places = find(crop)
        places[corner, 1] += 0.05
        return places

    with monkeypatch.context() as patch:
        patch.setattr(locator, "find", lower)
        other = analyser.analyse(WEAK)
    drop = [one.symmetry["measures"]["commissure_height"]["value"] for one in (found, other)]
    assert (
        other.landmarks[COMMISSURES["left"]][1] - found.landmarks[COMMISSURES["left"]][1] > 0.005
    )  # what is drawn
    assert 1 < drop[1] - drop[0] < 5  # about 3 mm of the eyes' 63, less what the correction makes of it
    assert other.grade_probabilities == found.grade_probabilities


def test_a_correction_that_reads_more_than_the_release_finds_is_refused(analyser, monkeypatch):
    monkeypatch.setattr(locate, "of_release", lambda release, threads: None)
    with pytest.raises(ModelAltered, match="no locator"):
        Analyser()


def test_a_rejected_photo_has_a_reason_and_no_probability(analyser):
    found = analyser.analyse(np.full((300, 300, 3), 90, np.uint8))
    assert (found.state, found.reason) == ("rejected", "no_face")
    assert found.exercise is None
    assert found.exercise_probabilities == {}
    assert found.palsy_probability is None
    assert found.grade is None


def test_the_same_photo_gives_the_same_findings(found, analyser):
    again = analyser.analyse(WEAK.read_bytes())
    assert again.landmarks == found.landmarks
    assert again.exercise_probabilities == found.exercise_probabilities
    assert again.grade_probabilities == found.grade_probabilities


def test_what_is_no_photo_raises_by_name(analyser):
    with pytest.raises(UnreadableImage) as caught:
        analyser.analyse(b"words")
    assert caught.value.code == "unreadable_image"


def test_most_exercises_of_the_test_person_are_recognised(analyser):
    shown = sorted(PEOPLE.glob("t1-left-palsy-*.jpg"))
    right = 0
    for file in shown:
        asked = file.stem.removeprefix("t1-left-palsy-").replace("-", "_")
        assert asked in EXERCISES
        right += same_exercise(asked, analyser.analyse(file).exercise)
    assert right >= len(shown) * 2 / 3


def test_importing_the_package_loads_no_native_library():
    """The web process imports the codes and the checks; it must stay light."""
    code = (
        "import sys, inference.pipeline as p; p.verify_release();"
        "print([m for m in ('cv2', 'mediapipe', 'ai_edge_litert', 'tensorflow', 'numpy') if m in sys.modules])"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_pipeline_runs_without_tensorflow_and_jax():
    code = (
        "import sys; from inference.pipeline import Analyser;"
        f"print(Analyser().analyse({str(WEAK)!r}).state,"
        " [m for m in ('tensorflow', 'jax', 'django') if sys.modules.get(m)])"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "succeeded []"


@pytest.mark.parametrize("mirror", [False, True])
def test_no_way_of_holding_the_picture_gives_a_side_that_upright_does_not(found, analyser, mirror):
    upright = decode(WEAK)
    wanted = found.weak_side
    if mirror:
        upright = np.ascontiguousarray(upright[:, ::-1])
        wanted = {"left": "right", "right": "left"}[wanted]
    height, width = upright.shape[:2]
    sides = {}
    for degrees in range(0, 360, 30):
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
        turn[:, 2] += [(900 - width) / 2, (900 - height) / 2]
        held = cv2.warpAffine(
            upright, turn, (900, 900), borderMode=cv2.BORDER_CONSTANT, borderValue=(150, 150, 150)
        )
        said = analyser.analyse(held)
        assert said.state == "succeeded" or said.reason == "tilted"
        if said.state == "succeeded":
            sides[degrees] = said.weak_side
    assert {0, 90, 180, 270} <= set(sides)
    assert set(sides.values()) <= {wanted, None}
    assert all(sides[degrees] == wanted for degrees in (90, 180, 270))
