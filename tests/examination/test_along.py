"""What moves along in paired views: both sides since rest of the same visit, told only beside a clinician's answer."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from clinic.examination import along
from clinic.examination.along import HEALTHY_MM, Along, along_of
from clinic.recovery.export import history_csv
from clinic.recovery.selectors import history
from clinic.recovery.services import refresh_summary
from clinic.visits.selectors import photos_of_visit
from inference.pipeline.measure.movement import MeasuredFace
from inference.pipeline.measure.synkinesis import ALONG, PARTS, MovedAlong, moved_along
from inference.releases import registry
from inference.releases.since import MEASURED

from .. import factories

STUDY = Path(__file__).parents[2] / "ml_training" / "measurement" / "synkinesis.json"
RELEASE = "2026.11.1"
LENGTHS = st.floats(2, 40)


def symmetry(**measures: tuple[float, float]) -> dict[str, object]:
    """A release's measures of one photo: name to left and right, mm."""
    return {
        "unit": "mm",
        "mm_per_px": 0.4,
        "eyes_px": 150.0,
        "eyes_mm": 60.0,
        "scale_from": "iris",
        "measures": {name: {"left": left, "right": right} for name, (left, right) in measures.items()},
    }


def mirrored(found: dict[str, object]) -> dict[str, object]:
    turned = copy.deepcopy(found)
    for sides in turned["measures"].values():  # type: ignore[attr-defined]
        sides["left"], sides["right"] = sides["right"], sides["left"]
    return turned


EYES = {"palpebral_fissure": (10.0, 10.0), "corner_drop": (20.0, 20.0), "lower_lip_drop": (25.0, 25.0)}


@given(
    pairs=st.fixed_dictionaries({rule.measure: st.tuples(LENGTHS, LENGTHS) for rule in PARTS.values()}),
    at_rest=st.fixed_dictionaries({rule.measure: st.tuples(LENGTHS, LENGTHS) for rule in PARTS.values()}),
    exercise=st.sampled_from(sorted(ALONG)),
    pitch=st.floats(-10, 10),
)
def test_a_mirrored_visit_swaps_the_sides_and_nothing_else(pairs, at_rest, exercise, pitch):
    now, rest = symmetry(**pairs), symmetry(**at_rest)
    plain = moved_along(exercise, MeasuredFace(now, pitch), MeasuredFace(rest))
    turned = moved_along(exercise, MeasuredFace(mirrored(now), pitch), MeasuredFace(mirrored(rest)))
    assert [one.part for one in plain] == list(ALONG[exercise]) == [one.part for one in turned]
    for one, other in zip(plain, turned, strict=True):
        assert (one.left, one.right) == (other.right, other.left)
        assert (one.share("left"), one.share("right")) == (other.share("right"), other.share("left"))
        assert one.more_on("left") == other.more_on("right")


@given(
    pairs=st.fixed_dictionaries({rule.measure: LENGTHS for rule in PARTS.values()}), pitch=st.floats(-10, 10)
)
def test_a_face_whose_sides_are_alike_moves_no_more_on_one_of_them(pairs, pitch):
    now = symmetry(**{name: (value, value) for name, value in pairs.items()})
    for exercise in ALONG:
        for one in moved_along(exercise, MeasuredFace(now, pitch), MeasuredFace(symmetry(**EYES))):
            assert one.more_on("left") == 0
            assert Along(one, "2026.11.7", "").more == ""


def test_lengths_are_in_the_scale_of_the_photo_at_rest():
    nearer = symmetry(**{name: (2 * left, 2 * right) for name, (left, right) in EYES.items()})
    nearer["eyes_px"] = 300.0
    nearer["eyes_mm"] = 120.0  # the same head from half the distance, its irises misread
    found = moved_along("pucker", MeasuredFace(nearer), MeasuredFace(symmetry(**EYES)))
    assert [(one.left, one.right) for one in found] == [(0.0, 0.0)]


def test_no_figure_without_a_photo_at_rest_of_the_same_release_and_visit():
    assert moved_along("pucker", MeasuredFace(symmetry(**EYES)), None) == ()
    assert moved_along("sneer", MeasuredFace(symmetry(**EYES)), MeasuredFace(symmetry(**EYES))) == ()


@pytest.fixture
def stated(monkeypatch):
    """A release whose errors are known, and healthy faces that differ less."""
    known = {
        "along.eye.smile_with_teeth": 0.8 * math.sqrt(2),
        "along.eye.smile_with_teeth_difference": 0.9 * math.sqrt(2),
    }
    monkeypatch.setattr(registry, "repeatability", lambda name: known if name == RELEASE else {})
    monkeypatch.setattr(along, "HEALTHY_MM", {("eye", "smile_with_teeth"): 1.0})


@pytest.fixture
def clinician(db):
    return factories.member(factories.ClinicFactory())


@pytest.fixture
def visit(clinician):
    clinic = clinician.memberships.get().clinic
    visit = factories.VisitFactory(episode__patient__clinic=clinic, episode__weak_side="left")
    photographed(visit, "rest", palpebral_fissure=(10.0, 10.0))
    photographed(visit, "smile_with_teeth", palpebral_fissure=(7.9, 9.7))
    refresh_summary(patient_id=visit.patient_id)
    return visit


def photographed(visit, exercise, **measures):
    data = factories.findings(exercise=exercise)
    data["symmetry"] = {**data["symmetry"], **symmetry(**measures)}
    data["quality"]["pitch_deg"] = 0.0
    photo = factories.PhotoFactory(visit=visit, exercise=exercise)
    return factories.AnalysisFactory(photo=photo, data=data, release=RELEASE)


def test_it_is_told_with_its_error_and_beside_the_other_side(stated, visit):
    [one] = along_of(photos_of_visit(visit=visit))
    assert (one.moved.left, one.moved.right, one.moved.more_on("left")) == (2.1, 0.3, 1.8)
    assert (one.side_error, one.error, one.limit, one.more) == (0.8, 0.9, 1.0, "left")
    assert one.sentence.replace("\N{NO-BREAK SPACE}", " ") == (
        "Eye narrows by: left 2.1 ± 0.8 mm (21 %), right 0.3 ± 0.8 mm (3 %). "
        "Left 1.8 ± 0.9 mm more than right; healthy faces and error reach 1.0 mm."
    )


def test_a_difference_within_the_error_is_none(stated, visit):
    photographed(visit, "smile_with_teeth", palpebral_fissure=(9.2, 9.7))
    [one] = along_of(photos_of_visit(visit=visit))
    assert one.more == "" and "No difference of the sides" in one.verdict


def test_nothing_is_called_more_whose_error_nobody_measured(visit):
    [one] = along_of(photos_of_visit(visit=visit))
    assert (one.error, one.more) == (None, "") and "Nobody has measured" in one.verdict


def test_what_was_measured_appears_after_the_clinicians_own_answer(client, stated, visit, clinician):
    client.force_login(clinician)
    page, scale = (
        reverse("visits:detail", args=[visit.pk]),
        reverse("examination:scale", args=[visit.pk, "sunnybrook"]),
    )
    before = client.get(page).content.decode()
    assert "What moves along" in before and "Eye narrows by" not in before
    assert "Eye narrows by" not in client.get(scale).content.decode()
    answer = client.post(scale, {"item-smile_synkinesis": "2", "version": "", "next": page})
    assert answer["Location"] == page
    assert "Eye narrows by: left 2.1" in client.get(page).content.decode()
    assert "left eye 2.1" in client.get(scale).content.decode(), "the scale's page tells the same"


def test_the_course_its_file_and_the_api_tell_it(client, stated, visit, clinician):
    course = history(episode=visit.episode)
    [one] = course.visits[0].along
    assert (one.moved.left, one.more) == (2.1, "left")
    lines = history_csv(history=course, record_number="1").splitlines()
    [row] = [line for line in lines if line.startswith("along")]
    for cell in ("smile_with_teeth", "along_eye", "2.1", "0.3", "1.8"):
        assert f",{cell}," in row
    client.force_login(clinician)
    answer = client.get(reverse("api:episode-history", args=[visit.episode_id])).json()
    [told] = answer["visits"][0]["model"]["along"]
    assert (told["part"], told["left"], told["right"], told["difference"], told["more"]) == (
        "eye", 2.1, 0.3, 1.8, "left",
    )  # fmt: skip
    page = client.get(reverse("patients:detail", args=[visit.patient_id])).content.decode()
    assert "What moves along" in page


def test_what_is_stated_of_the_shipped_releases_is_what_was_measured():
    """And healthy simulated people stay within it, but for one in twenty."""
    study = json.loads(STUDY.read_text())
    [stated] = MEASURED.values()
    for name, value in stated.items():
        assert study["smallest_detectable_change"][name]["sdc95"] == value
    for (part, exercise), value in HEALTHY_MM.items():
        found = study["healthy_along"][f"along.{part}.{exercise}_difference"]
        assert found["nineteen_of_twenty"] == value and found["people"] >= 10
    watched = {(part, view) for view, parts in ALONG.items() if view != "smile" for part in parts}
    assert set(HEALTHY_MM) == watched
    assert {name for name in stated if name.startswith("along.")} == {
        f"along.{part}.{view}{end}" for part, view in watched for end in ("", "_difference")
    }


def test_the_parts_move_in_the_direction_that_is_told():
    for part, rule in PARTS.items():
        shorter = symmetry(**{name: (left - 2, right) for name, (left, right) in EYES.items()})
        [one] = [
            found
            for exercise in ALONG
            for found in moved_along(exercise, MeasuredFace(shorter), MeasuredFace(symmetry(**EYES)))
            if found.part == part
        ][:1]
        assert (one.left, one.right) == (2.0, 0.0), rule
        assert isinstance(one, MovedAlong)
