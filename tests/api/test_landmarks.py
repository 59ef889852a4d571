"""Points of a face over the API: read, put right, and not past a colleague."""

from __future__ import annotations

import pytest
from django.urls import reverse

from inference.models import LandmarkCorrection
from tests import faces, factories

pytestmark = pytest.mark.django_db
ONE = {"points": [{"index": 386, "x": faces.at(30, -3)[0], "y": faces.at(30, -3)[1]}]}


@pytest.fixture
def analysis(visit):
    return faces.analysis_of(factories.PhotoFactory(visit=visit, exercise="rest"))


@pytest.fixture
def url(analysis):
    return reverse("api:analysis-points", args=[analysis.pk])


def test_each_point_is_told_by_name_side_and_place(api, url, analysis):
    answer = api.get(url)
    assert answer.status_code == 200 and answer["ETag"] == f'"{analysis.pk}.0"'
    found = {one["index"]: one for one in answer.json()["points"]}
    assert len(found) == 65 and answer.json()["correction"] is None
    assert (found[386]["name"], found[386]["side"], found[386]["moved"]) == (
        "upper_lid_middle",
        "left",
        False,
    )
    assert found[0]["side"] is None
    assert found[386]["model"] == {"x": analysis.landmarks[386][0], "y": analysis.landmarks[386][1]}


def test_a_correction_says_on_top_of_which_points(api, url, analysis):
    assert api.post(url, ONE, format="json", HTTP_IF_MATCH="").status_code == 428
    tag = api.get(url)["ETag"]
    made = api.post(url, ONE, format="json", HTTP_IF_MATCH=tag)
    assert made.status_code == 201 and made["ETag"] == f'"{analysis.pk}.1"'
    assert made.json()["symmetry"]["eye"]["left"] < analysis.findings["symmetry"]["eye"]["left"]
    late = api.post(url, {"points": []}, format="json", HTTP_IF_MATCH=tag)
    assert late.status_code == 412 and late["ETag"] == made["ETag"]
    assert LandmarkCorrection.objects.count() == 1
    back = api.post(url, {"points": []}, format="json", HTTP_IF_MATCH=made["ETag"])
    assert (back.status_code, back.json()["points"]) == (201, {})


def test_the_analysis_tells_the_correction_beside_its_own_result(api, url, analysis):
    made = api.post(url, ONE, format="json", HTTP_IF_MATCH="*").json()
    detail = api.get(reverse("api:analysis-detail", args=[analysis.pk])).json()
    assert detail["correction"] == made
    assert detail["result"]["symmetry"]["eye"]["left"] == analysis.findings["symmetry"]["eye"]["left"]
    [listed] = api.get(reverse("api:analysis-list")).json()["results"]
    photo = api.get(reverse("api:photo-detail", args=[analysis.photo_id])).json()
    assert listed["correction"] == photo["analysis"]["correction"] == made


def test_the_history_says_what_was_put_right(api, url, analysis):
    api.post(url, ONE, format="json", HTTP_IF_MATCH="*")
    history = reverse("api:episode-history", args=[analysis.photo.visit.episode_id])
    [visit] = api.get(history).json()["visits"]
    [result] = visit["photos"][0]["results"]
    assert result["corrected"] is True
    assert result["eye"] == LandmarkCorrection.objects.get().symmetry["eye"]["ratio"]


def test_a_repeated_request_corrects_once(api, url):
    sent = {"format": "json", "HTTP_IDEMPOTENCY_KEY": "landmarks-1", "HTTP_IF_MATCH": "*"}
    first, again = api.post(url, ONE, **sent), api.post(url, ONE, **sent)
    assert first.json() == again.json() and again["Idempotency-Replayed"] == "true"
    assert LandmarkCorrection.objects.count() == 1


@pytest.mark.parametrize(
    "points",
    [[{"index": 5, "x": 0.5, "y": 0.5}], [{"index": 386, "x": 1.5, "y": 0.5}], [{"index": 386, "x": 0.5}]],
)
def test_what_is_no_point_is_a_problem(api, url, points):
    answer = api.post(url, {"points": points}, format="json", HTTP_IF_MATCH="*")
    assert answer.status_code in (400, 422) and not LandmarkCorrection.objects.exists()
