"""Starting a visit, the clinician's own impression, changing, archiving."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from clinic.audit.selectors import ONE_GO
from clinic.rights.changes import changes
from clinic.visits import exercises, selectors, services
from clinic.visits.models import Visit

from .. import factories
from ..conftest import logged_in
from ..forms import edited

HTMX = {"hx-request": "true"}


def edit(client, visit, **fields):
    headers = HTMX if fields.pop("live", False) else {}
    return client.post(reverse("visits:edit", args=[visit.pk]), edited(visit, fields), headers=headers)


def start(client, patient, **fields):
    return client.post(reverse("visits:new", args=[patient.pk]), fields)


def now_as_typed(**shift) -> str:
    return (timezone.localtime() + dt.timedelta(**shift)).strftime("%Y-%m-%dT%H:%M")


@pytest.mark.parametrize(("button", "leads_to"), [("capture", "visits:capture"), ("open", "visits:detail")])
def test_a_visit_is_started_in_the_patient_s_episode(
    as_clinician, clinician, patient, episode, button, leads_to
):
    answer = start(as_clinician, patient, at=now_as_typed(), episode=str(episode.pk), **{button: "1"})
    visit = Visit.objects.get()
    assert (visit.patient, visit.episode, visit.clinician) == (patient, episode, clinician)
    assert answer.url == reverse(leads_to, args=[visit.pk])


def test_the_page_fills_in_the_newest_of_several_episodes(as_clinician, patient, episode):
    newer = factories.EpisodeFactory(patient=patient, onset_date=timezone.localdate(), cause="trauma")
    text = as_clinician.get(reverse("visits:new", args=[patient.pk])).content.decode()
    assert f'<option value="{newer.pk}" selected>' in text
    assert str(episode.pk) in text


def test_a_visit_is_not_in_the_future(as_clinician, patient, episode):
    answer = start(as_clinician, patient, at=now_as_typed(days=2), episode=str(episode.pk))
    assert answer.status_code == 422
    assert "A visit can&#x27;t be in the future." in answer.content.decode()


def test_another_patient_s_episode_is_no_choice(as_clinician, clinician, patient, episode, clinic):
    other = factories.EpisodeFactory(patient__clinic=clinic)
    assert start(as_clinician, patient, at=now_as_typed(), episode=str(other.pk)).status_code == 422
    with pytest.raises(ValidationError):
        services.create_visit(user=clinician, patient=patient, episode=other)


def test_a_patient_without_episode_gets_no_visit(as_clinician, clinician, patient):
    assert start(as_clinician, patient, at=now_as_typed()).status_code == 422
    assert not Visit.objects.exists()
    with pytest.raises(ValidationError):
        services.create_visit(user=clinician, patient=patient)


@pytest.mark.parametrize(("role", "status"), [("reviewer", 403), ("integration", 403), ("stranger", 404)])
def test_who_may_not_write(role, status, visit, request):
    client = logged_in(request.getfixturevalue(role))
    for name in ("edit", "archive", "restore"):
        assert client.post(reverse(f"visits:{name}", args=[visit.pk])).status_code == status
    assert client.get(reverse("visits:new", args=[visit.patient_id])).status_code == status
    assert client.get(reverse("visits:capture", args=[visit.pk])).status_code == status


# --- the impression ---


def test_the_impression_is_saved_as_it_is_typed(as_clinician, visit):
    answer = edit(as_clinician, visit, live=True, impression="Eye closes", grade="3")
    assert answer.status_code == 200
    assert "Saved" in answer.content.decode()
    assert "<html" not in answer.content.decode()
    visit.refresh_from_db()
    assert (visit.impression, visit.grade) == ("Eye closes", 3)


def test_the_impression_is_saved_by_a_button_too(as_clinician, visit):
    answer = edit(as_clinician, visit, impression="Eye closes", grade="")
    assert answer.url == reverse("visits:detail", args=[visit.pk])
    visit.refresh_from_db()
    assert (visit.impression, visit.grade) == ("Eye closes", None)


@pytest.mark.parametrize(("live", "status"), [(True, 200), (False, 422)])
def test_a_grade_that_does_not_exist_is_told(as_clinician, visit, live, status):
    answer = edit(as_clinician, visit, live=live, impression="Eye closes", grade="9")
    assert answer.status_code == status
    assert "Select a valid choice" in answer.content.decode()
    visit.refresh_from_db()
    assert visit.impression == ""


def test_what_is_typed_in_one_go_is_kept_and_shown_as_one_change(as_clinician, visit):
    for text in ("E", "Eye", "Eye closes"):
        edit(as_clinician, visit, live=True, impression=text)
    kept = visit.history.filter(history_type="~").order_by("history_id")
    assert [change.impression for change in kept] == ["E", "Eye", "Eye closes"]
    assert shown(visit) == [("", "Eye closes")]


def test_what_was_once_saved_is_in_the_log_though_the_same_person_wrote_over_it(as_clinician, visit):
    for text in ("Eye", "Eye closes", "Mouth weak", "Mouth very weak"):
        edit(as_clinician, visit, live=True, impression=text)
    for grade in ("2", "4"):
        edit(as_clinician, visit, live=True, grade=grade)
    assert shown(visit) == [
        ("II", "IV"),
        ("Eye closes", "Mouth very weak"),
        ("", "II"),
        ("", "Eye closes"),
    ]


def test_another_person_s_or_a_later_change_is_a_change_of_its_own(as_clinician, as_administrator, visit):
    edit(as_clinician, visit, live=True, impression="Eye closes")
    edit(as_administrator, visit, live=True, impression="Eye closes with effort")
    edit(as_administrator, visit, live=True, impression="Eye closes with effort")
    assert visit.history.filter(history_type="~").count() == 2
    with time_machine.travel(timezone.now() + ONE_GO + dt.timedelta(seconds=1)):
        edit(as_administrator, visit, live=True, impression="Eye closes, little effort")
    assert shown(visit) == [
        ("Eye closes with effort", "Eye closes, little effort"),
        ("Eye closes", "Eye closes with effort"),
        ("", "Eye closes"),
    ]


def shown(visit):
    """The changes of a visit in the patient's log, newest first."""
    return [(c.before, c.after) for c in changes(patient=visit.patient) if c.action == "changed"]


def test_only_what_may_change_changes(clinician, visit):
    with pytest.raises(TypeError):
        services.update_visit(user=clinician, visit=visit, patient=None)


def test_date_and_time_can_be_put_right(as_clinician, visit):
    edit(as_clinician, visit, at=now_as_typed(days=-3))
    visit.refresh_from_db()
    assert (timezone.now() - visit.at).days in (2, 3)
    assert visit.history.filter(history_type="~").count() == 1
    answer = edit(as_clinician, visit, at=now_as_typed(days=3))
    assert answer.status_code == 422
    assert "future" in answer.content.decode()


# --- archive ---


def test_an_archived_visit_leaves_the_lists_and_comes_back(as_clinician, visit):
    as_clinician.post(reverse("visits:archive", args=[visit.pk]))
    assert list(selectors.visits_of_patient(patient=visit.patient)) == []
    assert edit(as_clinician, visit, impression="late").status_code == 403
    as_clinician.post(reverse("visits:restore", args=[visit.pk]))
    assert list(selectors.visits_of_patient(patient=visit.patient)) == [visit]
    assert visit.history.count() == 3


def test_visits_are_listed_newest_first(episode, clinician):
    days = [3, 40, 1]
    visits = {
        day: factories.VisitFactory(
            episode=episode, clinician=clinician, at=timezone.now() - dt.timedelta(days=day)
        )
        for day in days
    }
    assert list(selectors.visits_of_patient(patient=episode.patient)) == [visits[1], visits[3], visits[40]]


def test_each_visit_leads_to_the_one_before_and_after(as_clinician, episode, clinician):
    first, middle, last = (
        factories.VisitFactory(
            episode=episode, clinician=clinician, at=timezone.now() - dt.timedelta(days=day)
        )
        for day in (9, 5, 1)
    )
    assert selectors.neighbours(visit=first) == (None, middle)
    assert selectors.neighbours(visit=middle) == (first, last)
    services.archive_visit(user=clinician, visit=last)
    assert selectors.neighbours(visit=middle) == (first, None)


def test_capture_starts_with_the_exercise_that_was_asked_for(as_clinician, visit):
    factories.PhotoFactory(visit=visit, exercise="rest")
    address = reverse("visits:capture", args=[visit.pk])
    for asked, offered in (("pucker", "pucker"), ("smile", "smile_with_teeth"), ("juggle", "")):
        text = as_clinician.get(address, {"exercise": asked}).content.decode()
        assert f'data-start="{offered}"' in text
    assert text.count('class="capture-step"') == len(exercises.STEPS) - 1
    assert text.count('class="capture-step is-taken"') == 1
    assert 'data-start=""' in as_clinician.get(address, {"exercise": "juggle"}).content.decode()
