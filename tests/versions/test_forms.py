"""Two people have one form open: each page shows what the other saved, and nothing is saved over it in silence."""

from __future__ import annotations

import pytest
from django.urls import reverse

from clinic.accounts.models import Clinic, Membership
from clinic.patients.models import Episode, Patient
from clinic.visits.models import Visit

from .. import factories
from ..conftest import logged_in
from ..forms import form_of, forms_of, send


@pytest.fixture
def other(clinic):
    return logged_in(factories.member(clinic, full_name="Dr Other"))


def edit(patient) -> str:
    return reverse("patients:edit", args=[patient.pk])


def test_what_only_one_of_two_tabs_changed_stays(as_clinician, other, patient):
    mine, theirs = form_of(as_clinician, edit(patient)), form_of(other, edit(patient))
    assert send(other, theirs, phone="0812").status_code == 302
    assert send(as_clinician, mine, email="a@example.org").status_code == 302
    patient.refresh_from_db()
    assert (patient.phone, patient.email) == ("0812", "a@example.org")


def conflict_in(client, page, typed, other, others):
    mine, theirs = form_of(client, page), form_of(other, page)
    assert send(other, theirs, **others).status_code == 302
    answer = send(client, mine, **typed)
    return answer, next(
        form
        for form in forms_of(answer, page)
        if "theirs" in form.controls and form.fields["theirs"] != "null"
    )


def test_a_conflict_shows_both_and_saves_neither_until_one_is_chosen(as_clinician, other, patient):
    answer, again = conflict_in(
        as_clinician, edit(patient), {"phone": "111", "email": "a@example.org"}, other, {"phone": "222"}
    )
    text = answer.content.decode()
    assert "Dr Other saved something else here" in text and "111" in text and "222" in text
    assert Patient.objects.get().email == ""
    # Sent again without a choice: still nothing is overwritten.
    answer = send(as_clinician, again)
    assert "Keep theirs" in answer.content.decode()
    assert Patient.objects.get().phone == "222"


@pytest.mark.parametrize(("keep", "phone"), [("mine", "111"), ("theirs", "222")])
def test_one_choice_settles_a_conflict_and_the_rest_is_saved_too(as_clinician, other, patient, keep, phone):
    typed = {"phone": "111", "email": "a@example.org"}
    _answer, again = conflict_in(
        as_clinician, edit(patient), typed, other, {"phone": "222", "languages": "Sundanese"}
    )
    assert send(as_clinician, again, **{"keep-phone": keep}).status_code == 302
    patient.refresh_from_db()
    assert (patient.phone, patient.email, patient.languages) == (phone, "a@example.org", "Sundanese")


def test_both_texts_can_be_kept(as_clinician, other, episode):
    page = reverse("patients:episode_edit", args=[episode.pk])
    answer, again = conflict_in(as_clinician, page, {"notes": "Mine\r\nSecond"}, other, {"notes": "Theirs"})
    assert "Keep both" in answer.content.decode()
    send(as_clinician, again, **{"keep-notes": "both"})
    assert Episode.objects.get().notes == "Theirs\nMine\nSecond"


def test_what_changes_again_after_it_was_shown_is_shown_again(as_clinician, other, patient):
    _answer, again = conflict_in(as_clinician, edit(patient), {"phone": "111"}, other, {"phone": "222"})
    send(other, form_of(other, edit(patient)), phone="333")
    answer = send(as_clinician, again, **{"keep-phone": "mine"})
    assert "333" in answer.content.decode()
    assert Patient.objects.get().phone == "333"


def test_a_clinic_s_settings_and_a_member_s_role(administrator, as_administrator, clinic, clinician):
    second = logged_in(factories.member(clinic, "administrator"))
    page = reverse("accounts:clinic")
    mine, theirs = form_of(as_administrator, page), form_of(second, page)
    assert send(second, theirs, name="Renamed").status_code == 302
    assert send(as_administrator, mine, idle_minutes="15").status_code == 302
    assert Clinic.objects.filter(name="Renamed", idle_minutes=15).exists()
    page = reverse("accounts:member", args=[Membership.objects.get(user=clinician).pk])
    mine, theirs = form_of(as_administrator, page, having="role"), form_of(second, page, having="role")
    assert send(second, theirs, role="reviewer").status_code == 302
    assert "Two versions" in send(as_administrator, mine, role="administrator").content.decode()
    assert Membership.objects.get(user=clinician).role == "reviewer"


def test_an_impression_that_two_write(as_clinician, other, visit):
    page, action = reverse("visits:detail", args=[visit.pk]), reverse("visits:edit", args=[visit.pk])
    mine, theirs = (form_of(client, page, action, "impression") for client in (as_clinician, other))
    send(other, theirs, impression="Theirs")
    send(as_clinician, mine, grade="3")
    visit.refresh_from_db()
    assert (visit.impression, visit.grade) == ("Theirs", 3)
    answer = send(as_clinician, mine, impression="Mine")
    assert answer.status_code == 422 and "Keep both" in answer.content.decode()
    assert Visit.objects.get().impression == "Theirs"


def live(client, visit, **typed):
    headers = {"hx-request": "true"}
    return client.post(reverse("visits:edit", args=[visit.pk]), typed, headers=headers).content.decode()


def test_a_page_that_saves_as_one_types_is_told_what_others_changed(as_clinician, other, visit):
    live(other, visit, version="1", grade="4")
    answer = live(as_clinician, visit, version="1", impression="Mine")
    assert (
        "Saved" in answer and 'value="3" data-version' in answer and 'value="4" data-field="grade"' in answer
    )
    answer = live(as_clinician, visit, version="3", impression="Mine again")
    assert "data-field" not in answer


def test_a_page_that_saves_as_one_types_never_says_saved_over_another_s_words(as_clinician, other, visit):
    live(other, visit, version="1", impression="Theirs")
    answer = live(as_clinician, visit, version="1", impression="Mine")
    assert "Saved" not in answer and "data-version" in answer
    assert "Theirs" in answer and "Mine" in answer and "Keep both" in answer
    # What else they changed comes into the page all the same, lest it be taken for seen when one has chosen.
    live(other, visit, version="2", grade="4")
    answer = live(as_clinician, visit, version="1", impression="Mine")
    assert 'value="4" data-field="grade"' in answer and 'value="3" data-seen' in answer
    assert Visit.objects.get().impression == "Theirs"


def test_a_page_that_closes_can_ask_nobody_and_keeps_both(as_clinician, other, visit):
    live(other, visit, version="1", impression="Theirs", grade="2")
    action = reverse("visits:edit", args=[visit.pk])
    as_clinician.post(action, {"version": "1", "impression": "Mine", "closing": "1"})
    visit.refresh_from_db()
    assert (visit.impression, visit.grade) == ("Theirs\nMine", 2)


@pytest.mark.parametrize("version", ["", "x", "-1", None])
def test_a_form_that_does_not_say_its_version_saves_nothing(as_clinician, patient, version):
    form = form_of(as_clinician, edit(patient))
    form.fields.pop("version")
    answer = send(as_clinician, form, phone="111", **({} if version is None else {"version": version}))
    assert "which version it shows" in answer.content.decode()
    assert Patient.objects.get().phone == ""


def test_the_time_of_a_visit_that_nobody_touched_is_not_changed_by_being_sent(as_clinician, other, visit):
    page, action = reverse("visits:detail", args=[visit.pk]), reverse("visits:edit", args=[visit.pk])
    form = form_of(as_clinician, page, action, "at")
    send(as_clinician, form)
    assert Visit.objects.get().at == visit.at
    assert Visit.objects.get().version == 1
