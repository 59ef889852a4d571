"""A photo of a view that no network has seen, on every page that shows a photo, and over the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from .. import factories

NOTHING: dict[str, Any] = {
    "exercise": "",
    "exercise_probabilities": {},
    "palsy_probability": None,
    "palsy_verdict": "uncertain",
    "weak_side": None,
    "weak_side_probabilities": {},
    "grade": None,
    "grade_probabilities": {},
    "zones": {},
    "symmetry": {},
}
RATIOS: dict[str, Any] = {f"{one}_ratio": None for one in ("brow", "eye", "mouth")}


@pytest.fixture
def analysis(visit):
    data = factories.findings() | NOTHING | {"view": "nasal_base"}
    data["quality"]["warnings"] = ["view_untaught"]
    photo = factories.PhotoFactory(visit=visit, exercise="nasal_base")
    return factories.AnalysisFactory(photo=photo, data=data, exercise="", landmarks=None, **RATIOS)


@pytest.mark.parametrize("name", ["photo", "photo_result", "photo_card"])
def test_pages_say_that_it_is_for_the_eye(as_clinician, analysis, name):
    page = as_clinician.get(reverse(f"visits:{name}", args=[analysis.photo_id])).content.decode()
    assert "Taken from below: no model looks at it and nothing is measured." in page
    assert "Uncertain" not in page and "No asymmetry" not in page and "Nothing could be measured" not in page


def test_the_camera_is_told_that_it_is_good(as_clinician, analysis):
    told = as_clinician.get(reverse("visits:photo_check", args=[analysis.photo_id])).json()
    assert told == {"state": "good", "sentence": "Nasal base is good.", "again": False}


def test_a_photo_without_points_offers_none_to_move(as_clinician, analysis):
    assert as_clinician.get(reverse("visits:photo_landmarks", args=[analysis.photo_id])).status_code == 404


def test_the_api_has_neither_exercise_nor_probability(as_clinician, analysis):
    result = as_clinician.get(reverse("api:analysis-detail", args=[analysis.pk])).json()["result"]
    said = (
        "exercise",
        "exercise_as_asked",
        "palsy_probability",
        "palsy_verdict",
        "weak_side",
        "grade",
        "zones",
    )
    assert {name: result[name] for name in said} == dict.fromkeys(said)
    assert result["exercise_probabilities"] == result["grade_probabilities"] == {}
    assert [one["code"] for one in result["cautions"]] == ["view_untaught"]


@pytest.mark.parametrize("name", ["visits:detail", "patients:detail", "patients:photos", "patients:visits"])
def test_the_records_pages_bear_it(as_clinician, analysis, name):
    visit = analysis.photo.visit
    pk = visit.pk if name.startswith("visits:") else visit.patient_id
    assert as_clinician.get(reverse(name, args=[pk])).status_code == 200
