"""Movement since rest: signed, by zone, on the demo's own people and on faces whose movement is known."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import pytest

from clinic.recovery.charts import panels
from clinic.recovery.progress import progress
from clinic.recovery.resting import resting_of
from clinic.recovery.selectors import history
from inference.pipeline.measure.movement import MeasuredFace, Moved, moved, share
from tests import factories

from . import scenes

DEMO = Path(__file__).parents[2] / "clinic" / "demo" / "photos"


def symmetry(name: str, left: float, right: float, **more: object) -> dict[str, object]:
    return {
        "unit": "mm", "mm_per_px": 0.4, "eyes_px": 155.0, "eyes_mm": 62.0, "scale_from": "iris",
        "measures": {name: {"left": left, "right": right}}, **more,
    }  # fmt: skip


def test_movement_is_what_an_exercise_adds_to_the_face_at_rest():
    rest, raised = symmetry("brow_height", 22, 24), symmetry("brow_height", 22.5, 30)

    assert moved("brow_raise", MeasuredFace(raised), MeasuredFace(rest)) == Moved(0.5, 6.0)
    assert share([Moved(0.5, 6.0)], "left") == pytest.approx(0.083)


def test_an_eye_that_closes_moves_by_what_its_opening_loses():
    found = moved(
        "gentle_eye_closure",
        MeasuredFace(symmetry("palpebral_fissure", 7, 0)),
        MeasuredFace(symmetry("palpebral_fissure", 9, 8)),
    )

    assert found == Moved(2.0, 8.0)


def test_a_camera_that_stands_elsewhere_moves_nothing():
    """Twice as many pixels, and irises taken for 8 % larger: the eyes' distance gives the scale."""
    rest = symmetry("commissure_excursion", 27, 27)
    far = symmetry(
        "commissure_excursion", 27 * 0.92, 37 * 0.92, mm_per_px=0.2 * 0.92, eyes_px=310.0, eyes_mm=62 * 0.92
    )

    assert moved("smile_with_teeth", MeasuredFace(far), MeasuredFace(rest)) == Moved(0.0, 10.0)


def test_a_head_bent_forward_raises_no_brow():
    rest, bent = (
        MeasuredFace(symmetry("brow_height", 22, 22)),
        MeasuredFace(symmetry("brow_height", 22 - 3.3, 22 - 3.3), pitch=10),
    )
    found = moved("brow_raise", bent, rest)

    assert found is not None and abs(found.left) < 0.1


@pytest.mark.parametrize(
    ("movements", "side", "value"),
    [
        ([Moved(0, 8)], "left", 0.0),
        ([Moved(8, 8)], "left", 1.0),
        ([Moved(-2, 8)], "left", -0.25),
        ([Moved(9, 6)], "left", 1.0),  # farther than the other side is not more than healthy
        ([Moved(9, 6)], "right", 0.667),
        ([Moved(9, 6)], "", 0.667),
        ([Moved(2, 8), Moved(4, 4)], "left", 0.5),  # added up, so that a small movement's noise weighs little
        ([Moved(1, 1)], "left", None),  # the exercise was hardly done
        ([], "left", None),
    ],
)
def test_the_share_is_signed_and_ends_at_the_other_side(movements, side, value):
    assert share(movements, side) == value


def test_the_demos_paralysed_foreheads_hardly_move_and_its_healthy_ones_do():
    """By the distances in one photo a paralysed forehead is near 0.8, as a healthy one is near 0.9."""
    from inference.pipeline.analyser import Analyser

    analyser, paralysed, healthy = Analyser(), [], []
    for person in json.loads((DEMO / "manifest.json").read_text())["patients"]:
        if person["key"] not in ("p1", "p4", "p5", "p6"):  # of a stroke the forehead is spared
            continue
        for number, visit in enumerate(person["visits"], 1):
            grade = visit["photos"][0]["true_grade"]
            if 1 < grade < 5:
                continue
            faces = [
                analyser.analyse(DEMO / f"{person['key']}-v{number}-{view}.jpg")
                for view in ("rest", "brow-raise")
            ]
            rest, raised = (MeasuredFace(one.symmetry, one.quality["pitch_deg"]) for one in faces)
            way = moved("brow_raise", raised, rest)
            assert way is not None
            value = share([way], person["weak_side"] or "")
            (healthy if grade == 1 else paralysed).append(value)

    assert len(paralysed) >= 6 and len(healthy) >= 7
    assert statistics.median(paralysed) <= 0.2 and max(paralysed) <= 0.3
    assert statistics.median(healthy) >= 0.7 and min(healthy) >= 0.6


def photographed(visit, exercise: str, found: dict[str, object]):  # type: ignore[no-untyped-def]
    data = factories.findings(exercise=exercise)
    data["symmetry"] = {**data["symmetry"], **found}  # type: ignore[dict-item]
    return factories.AnalysisFactory(photo=scenes.photo(visit, exercise), release="2026.11.5", data=data)


@pytest.mark.django_db
def test_a_visit_without_rest_is_measured_from_the_one_before_and_says_so(episode):
    first, second = scenes.visit(episode, 3), scenes.visit(episode, 24)
    photographed(first, "rest", symmetry("brow_height", 22, 22))
    photographed(second, "brow_raise", symmetry("brow_height", 23, 28))

    reading = history(episode=episode).visits[1].brow

    assert (reading.kind, reading.value, reading.left, reading.right) == ("movement", 0.167, 1.0, 6.0)
    assert reading.rest_date == scenes.on(3).date()


@pytest.mark.django_db
def test_without_any_photo_at_rest_the_ratio_of_distances_is_named_as_that(episode, as_clinician, patient):
    photographed(scenes.visit(episode, 3), "brow_raise", symmetry("brow_height", 23, 28))
    found = history(episode=episode)

    assert found.visits[0].brow.kind == "distance"
    assert "ratio of distances" in found.course.sentence
    (panel,) = [one for one in panels(found) if one.key == "brow"]
    assert [line.name for line in panel.lines] == ["ratio of distances"]


@pytest.mark.django_db
def test_a_wide_slack_eye_and_a_narrow_one_are_told_apart(episode):
    for day, left in ((3, 11.0), (60, 7.0)):
        photographed(scenes.visit(episode, day), "rest", symmetry("palpebral_fissure", left, 9.0))

    wide, narrow = [resting_of(visit.measured)[0] for visit in history(episode=episode).visits]

    assert (wide.value, narrow.value) == (2.0, -2.0)
    assert (wide.words, narrow.words) == ("left eye 2.0 mm wider", "left eye 2.0 mm narrower")
    assert wide.error == pytest.approx(1.2848)


@pytest.mark.django_db
def test_each_exercise_has_its_start_its_now_and_what_that_means(episode):
    for day, left in ((3, 10.0), (24, 0.0)):
        visit = scenes.visit(episode, day)
        photographed(visit, "rest", symmetry("palpebral_fissure", 10.0, 10.0))
        photographed(visit, "gentle_eye_closure", symmetry("palpebral_fissure", left, 0.0))
        photographed(visit, "puff_cheek", {})

    found = {one.key: one for one in progress(history(episode=episode))}

    eye = found["gentle_eye_closure"]
    assert (eye.start.text, eye.now.text, eye.by, eye.verdict) == ("0.00", "1.00", 1.0, "better")
    # 10 mm as of a head held level: it is bent forward by two degrees in all of these photos.
    assert eye.now.sides == "R 10.2, L 10.2 mm"
    assert (found["puff_cheek"].now.kind, found["puff_cheek"].words) == ("ratio", "error not known")
