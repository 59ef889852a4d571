"""The page on which points are put right: what it shows, keeps, refuses and merges."""

from __future__ import annotations

import json
import time

import pytest
from django.urls import reverse
from django.utils import translation

from clinic.visits.landmark_names import GROUPS, POINTS, group_of, groups, names
from clinic.visits.landmarks import merged
from inference.models import LandmarkCorrection
from inference.pipeline.measure.places import PLACES
from inference.services_corrections import correct_landmarks
from tests import faces, factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic():
    return factories.ClinicFactory()


@pytest.fixture
def clinician(clinic, client):
    user = factories.member(clinic)
    client.force_login(user)
    return user


@pytest.fixture
def analysis(clinic, clinician):
    visit = factories.VisitFactory(episode__patient__clinic=clinic, clinician=clinician)
    return faces.analysis_of(factories.PhotoFactory(visit=visit, exercise="rest"))


def address(analysis, name="photo_landmarks"):
    return reverse(f"visits:{name}", args=[analysis.photo_id])


def body(analysis, points, based_on=0):
    return {"analysis": str(analysis.pk), "based_on": based_on, "points": json.dumps(points)}


def on_page(answer):
    """The data of the page."""
    return answer.context["page"].data


def test_every_point_has_a_name_with_its_side_in_both_languages():
    found = {}
    for language in ("en", "id"):
        with translation.override(language):
            found[language] = names()
            assert len(set(found[language].values())) == len(PLACES)
            assert {group_of(place) for place in PLACES.values()} == {key for key, _ in groups()}
    assert {place.name for place in PLACES.values()} == set(POINTS)
    assert len(GROUPS) == 7
    same = [index for index in PLACES if found["en"][index] == found["id"][index]]
    assert same == []


def test_the_photos_page_leads_to_it_and_tells_who_put_points_right(client, analysis, clinician):
    url = reverse("visits:photo", args=[analysis.photo_id])
    page = client.get(url).text
    assert address(analysis) in page and "put right by" not in page
    answer = client.post(address(analysis), body(analysis, faces.lids("left", -3, 5)))
    assert (answer.status_code, answer["Location"]) == (302, url)
    page = client.get(url).text
    assert f"put right by {clinician.full_name}" in page
    assert 'class="model-beside"' in page


def test_it_opens_with_the_points_as_they_are_on_record(client, analysis, clinician):
    row = correct_landmarks(user=clinician, analysis=analysis, points={386: faces.at(30, -3)})
    answer = client.get(address(analysis))
    assert (on_page(answer)["kept"], on_page(answer)["moved"]) == (row.points, row.points)
    assert len(on_page(answer)["points"]) == 65
    assert f'name="based_on" value="{row.number}"' in answer.text


def test_the_measures_follow_while_nothing_is_kept(client, analysis):
    answer = client.post(
        address(analysis, "photo_landmarks_measure"), body(analysis, faces.lids("left", -3, 5))
    )
    assert answer.status_code == 200 and 'class="model-beside"' in answer.text
    assert answer["Cache-Control"] == "no-store"
    assert not LandmarkCorrection.objects.exists()


def test_measuring_costs_little_processor_time(client, analysis):
    url, sent = address(analysis, "photo_landmarks_measure"), body(analysis, faces.lids("left", -3, 5))
    client.post(url, sent)
    spent = []
    for _ in range(10):
        begin = time.process_time()
        client.post(url, sent)
        spent.append(time.process_time() - begin)
    assert sorted(spent)[5] < 0.2


@pytest.mark.parametrize(
    "points", ["{", "[1]", '{"x": [1]}', '{"386": 3}', '{"5": [0.5, 0.5]}', '{"386": [9, 9]}']
)
@pytest.mark.parametrize("name", ["photo_landmarks", "photo_landmarks_measure"])
def test_what_is_no_point_is_refused_in_words(client, analysis, name, points):
    answer = client.post(address(analysis, name), body(analysis, {}) | {"points": points})
    assert answer.status_code == 422 and answer.text.strip()
    assert not LandmarkCorrection.objects.exists()


def test_a_colleagues_points_are_kept_and_mine_lie_on_top(client, analysis, clinician):
    first = correct_landmarks(
        user=clinician, analysis=analysis, points={386: faces.at(30, -3), 61: faces.at(-25, 58)}
    )
    client.get(address(analysis))
    colleague = factories.member(clinician.memberships.get().clinic)
    correct_landmarks(
        user=colleague, analysis=analysis, points={386: faces.at(30, -2), 61: faces.at(-25, 58)}, based_on=1
    )
    mine = {"386": first.points["386"], "291": faces.at(24, 58)}
    answer = client.post(address(analysis), body(analysis, mine, based_on=1))
    assert answer.status_code == 409 and colleague.full_name in answer.text
    shown = on_page(answer)["moved"]
    assert shown["386"] == faces.at(30, -2), "theirs, which I did not touch"
    assert shown["291"] == mine["291"], "mine"
    assert "61" not in shown, "I put it back to the model's"
    assert LandmarkCorrection.objects.count() == 2
    again = client.post(address(analysis), body(analysis, shown, based_on=2))
    assert again.status_code == 302 and LandmarkCorrection.objects.count() == 3


def test_merging_keeps_what_one_side_alone_touched():
    before = {1: [0.1, 0.1], 2: [0.2, 0.2], 3: [0.3, 0.3]}
    theirs = {1: [0.9, 0.9], 2: [0.2, 0.2], 4: [0.4, 0.4]}
    mine = {1: [0.1, 0.1], 2: [0.8, 0.8], 3: [0.3, 0.3], 5: [0.5, 0.5]}
    assert merged(mine=mine, before=before, theirs=theirs) == {
        1: [0.9, 0.9],
        2: [0.8, 0.8],
        4: [0.4, 0.4],
        5: [0.5, 0.5],
    }


def test_a_result_that_came_meanwhile_is_shown_first(client, analysis):
    newer = faces.analysis_of(analysis.photo, release="newer-release")
    answer = client.post(address(analysis), body(analysis, faces.lids("left", -3, 5)))
    assert (answer.status_code, answer["Location"]) == (302, address(newer))
    assert not LandmarkCorrection.objects.exists()


def test_points_of_another_result_can_be_taken_over(client, analysis, clinician):
    row = correct_landmarks(user=clinician, analysis=analysis, points={386: faces.at(30, -3)})
    faces.analysis_of(analysis.photo, release="newer-release")
    answer = client.get(address(analysis))
    assert on_page(answer)["earlier"] == [row.points] and "test-release" in answer.text
    assert "can be taken over" in client.get(reverse("visits:photo", args=[analysis.photo_id])).text


def test_without_a_result_there_is_nothing_to_move(client, clinic, clinician):
    photo = factories.PhotoFactory(visit__episode__patient__clinic=clinic)
    assert client.get(reverse("visits:photo_landmarks", args=[photo.pk])).status_code == 404
