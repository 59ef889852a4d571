"""What the models found, with their doubts: of one photo, and of all views of a visit."""

from __future__ import annotations

import pytest
from django.urls import reverse

from clinic.audit.models import ReadEvent

from .. import factories
from ..visits.scenes import COMBINES, analysed, releases_in
from .test_problems import problem

ZONES = {zone: {"left": 0.3, "right": 0.95} for zone in ("brow", "eye", "midface", "mouth")}


@pytest.fixture
def releases(tmp_path, settings):
    settings.MODEL_ARTIFACTS_DIR = releases_in(tmp_path)


def result(api, analysis):
    return api.get(reverse("api:analysis-detail", args=[analysis.pk])).json()["result"]


def whole(api, visit):
    return api.get(reverse("api:visit-findings", args=[visit.pk])).json()


def test_an_uncertain_finding_names_neither_side_nor_grade_and_says_why(api, visit):
    analysis = analysed(visit, "pucker", grade=2)
    analysis.findings["palsy_verdict"] = "uncertain"
    analysis.findings["quality"]["warnings"] = ["palsy_unsure"]
    analysis.save()
    found = result(api, analysis)
    assert (found["palsy_verdict"], found["weak_side"], found["grade"]) == ("uncertain", None, None)
    assert found["sentence"] == "Uncertain whether there is a weakness."
    assert [caution["code"] for caution in found["cautions"]] == ["palsy_unsure"]
    assert found["grade_probabilities"]["2"] == 0.6, "the figures stay"


def test_a_release_without_verdict_and_zones_answers_as_before(api, records):
    found = result(api, records.analysis)
    assert (found["palsy_verdict"], found["zones"], found["grade"]) == (None, None, 3)


def test_the_movement_left_by_zones(api, visit):
    assert result(api, analysed(visit, "brow_raise", zones=ZONES))["zones"] == ZONES


def test_either_smile_answers_what_was_asked(api, visit):
    analysis = analysed(visit, "closed_smile")
    analysis.exercise = "smile"
    analysis.save()
    assert result(api, analysis)["exercise_as_asked"] is True


def test_a_visit_is_read_as_a_whole(api, visit, releases):
    photos = [analysed(visit, view, zones=ZONES).photo_id for view in ("rest", "brow_raise", "closed_smile")]
    found = whole(api, visit)
    assert (found["release"], found["weak_side"], found["source"]) == (COMBINES, "left", "model")
    assert set(found["photos"]) == set(map(str, photos))
    assert found["preliminary"] is True
    assert (found["grade"], found["grade_low"], found["grade_high"]) == (None, None, None)
    assert found["grade_needs"] == ["gentle_eye_closure"], "and no grade without it"
    assert "pucker" in found["views_missing"] and found["views_used"] == [
        "rest",
        "brow_raise",
        "closed_smile",
    ]
    assert found["zones"]["eye"] is None, "no view of this visit shows it"
    assert found["zones"]["brow"]["views"] == ["brow_raise"]
    assert ReadEvent.objects.filter(patient=visit.patient).exists()
    analysed(visit, "gentle_eye_closure", zones=ZONES)
    found = whole(api, visit)
    assert found["grade_low"] <= found["grade"] <= found["grade_high"]
    assert (found["grade_needs"], found["preliminary"]) == ([], True)


def test_a_visit_that_nothing_combines_has_empty_findings(api, records, releases):
    found = whole(api, records.visit)
    assert (found["release"], found["grade"], found["zones"], found["photos"]) == (None, None, None, [])


def test_a_stranger_finds_nothing(api_stranger, visit):
    assert api_stranger.get(reverse("api:visit-findings", args=[visit.pk])).status_code == 404


@pytest.mark.parametrize("exercise", ["smile", "gentle_eye_closure"])
def test_photos_are_filed_under_every_exercise_that_a_record_may_name(api, visit, upload, exercise):
    body = {"visit": visit.pk, "exercise": exercise, "image": upload()}
    assert api.post(reverse("api:photo-list"), body, format="multipart").json()["exercise"] == exercise


def test_a_clinic_reads_how_a_release_agrees_with_its_clinicians(api, api_stranger, records):
    factories.count_releases()
    release = records.analysis.release
    url = reverse("api:release-agreement", args=[release])
    [told] = api.get(url).json()
    assert (told["clinic"], told["release"]) == (str(records.clinic.pk), release)
    assert told["validated"] is False
    assert (told["overall"]["photos"], told["overall"]["patients"]) == (1, 1)
    assert told["overall"]["exercise"]["count"] == 1
    palsy = next(row for row in told["scores"] if row["score"] == "palsy")
    assert not palsy["passes"] and palsy["lacks"][:2] == ["labels", "patients"]
    assert [(band["grade_low"], band["grade_high"]) for band in told["bands"]] == [(1, 2), (3, 4), (5, 6)]
    assert sum(band["agreement"]["photos"] for band in told["bands"]) <= 1
    problem(api_stranger.get(url), 404, "not_found")  # neither installed nor used in their clinic
    problem(api.get(reverse("api:release-agreement", args=["none-such"])), 404, "not_found")
