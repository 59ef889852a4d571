"""Logging a new patient with what brought them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.patients.models import Episode, Patient

from .. import factories

NEW = reverse("patients:new")


def test_one_form_logs_the_patient_and_the_first_episode(as_clinician, clinic, new_patient) -> None:
    answer = as_clinician.post(NEW, new_patient)
    patient = Patient.objects.get()
    assert answer.status_code == 302
    assert answer.url == reverse("patients:record", args=[patient.pk])
    assert (patient.clinic, patient.name, patient.record_number) == (clinic, "Sri Wahyuni", "M-0417")
    assert (patient.phone, patient.languages) == ("+62 811 000 111", "Javanese")
    episode = patient.episodes.get()
    assert (episode.cause, episode.weak_side, episode.notes) == ("bells_palsy", "left", "Woke up with it.")
    listed = as_clinician.get(reverse("patients:list")).content.decode()
    assert "Sri Wahyuni" in listed and "M-0417" in listed


def test_the_second_button_goes_on_to_a_visit(as_clinician, new_patient) -> None:
    answer = as_clinician.post(NEW, {**new_patient, "visit": "1"})
    assert answer.url == reverse("visits:new", args=[Patient.objects.get().pk])


def test_no_weak_side_is_an_answer_and_silence_is_not(as_clinician, new_patient) -> None:
    silent = {key: value for key, value in new_patient.items() if key != "weak_side"}
    assert as_clinician.post(NEW, silent).status_code == 200
    assert not Patient.objects.exists()
    as_clinician.post(NEW, {**new_patient, "weak_side": "none"})
    assert Episode.objects.get().weak_side == ""


def _in(days: int) -> str:
    return (timezone.localdate() + dt.timedelta(days=days)).isoformat()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": ""}, "This field is required."),
        ({"record_number": "  "}, "This field is required."),
        ({"birth_date": _in(3)}, "The birth date lies in the future."),
        ({"birth_date": "1871-02-09"}, "The birth date lies before 1900."),
        ({"birth_date": "yesterday"}, "Enter a valid date."),
        ({"onset_date": _in(3)}, "The onset lies in the future."),
        ({"onset_date": "1960-01-01"}, "The onset lies before the patient&#x27;s birth on 9 February 1971."),
        ({"onset_date": ""}, "This field is required."),
        ({"email": "sri at home"}, "Enter a valid email address."),
        ({"cause": "bad luck"}, "Select a valid choice."),
    ],
)
def test_what_is_refused_keeps_what_was_typed(
    as_clinician, new_patient: dict[str, Any], change: dict[str, str], sentence: str
) -> None:
    answer = as_clinician.post(NEW, {**new_patient, **change})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert sentence in page
    assert "Woke up with it." in page and "+62 811 000 111" in page
    assert not Patient.objects.exists() and not Episode.objects.exists()


def test_all_mistakes_are_told_at_once(as_clinician, clinic, new_patient) -> None:
    factories.PatientFactory(clinic=clinic, record_number="M-0417")
    page = as_clinician.post(
        NEW, {**new_patient, "birth_date": _in(3), "onset_date": _in(9)}
    ).content.decode()
    for sentence in ("record number is taken", "birth date lies in the future", "onset lies in the future"):
        assert sentence in page


@pytest.mark.parametrize("number", ["M-0417", "m-0417", " M-0417 "])
def test_a_record_number_is_one_patients_within_the_clinic(as_clinician, clinic, new_patient, number) -> None:
    factories.PatientFactory(clinic=clinic, record_number="M-0417", name="Somebody Else")
    page = as_clinician.post(NEW, {**new_patient, "record_number": number}).content.decode()
    assert "This record number is taken by another patient of the clinic." in page
    assert "Sri Wahyuni" in page
    assert Patient.objects.count() == 1


def test_another_clinic_may_use_the_same_record_number(as_clinician, new_patient) -> None:
    factories.PatientFactory(record_number="M-0417", name="A Stranger")
    assert as_clinician.post(NEW, new_patient).status_code == 302
    assert Patient.objects.filter(record_number="M-0417").count() == 2


@pytest.mark.parametrize(
    ("known", "warned"),
    [
        ({"name": "SRI WAHYUNI", "birth_date": dt.date(1971, 2, 9)}, True),
        ({"name": "Sri Wahyuni", "birth_date": None}, True),
        ({"name": "Sri Wahyuni", "birth_date": dt.date(1971, 2, 9), "archived_at": timezone.now()}, True),
        ({"name": "Sri Wahyuni", "birth_date": dt.date(1990, 1, 1)}, False),
        ({"name": "Sri Wahyuningsih", "birth_date": dt.date(1971, 2, 9)}, False),
    ],
)
def test_a_likely_duplicate_is_asked_about_once(as_clinician, clinic, new_patient, known, warned) -> None:
    there = factories.PatientFactory(clinic=clinic, **known)
    answer = as_clinician.post(NEW, new_patient)
    if not warned:
        assert answer.status_code == 302
        return
    page = answer.content.decode()
    assert "Is this patient here already?" in page
    assert reverse("patients:record", args=[there.pk]) in page
    assert "Woke up with it." in page
    assert Patient.objects.count() == 1
    said = {"not_the_same": answer.context["form"].person}
    other = as_clinician.post(NEW, {**new_patient, "name": there.name, "birth_date": "", **said})
    assert other.status_code == 200, "the answer was about somebody else"
    assert as_clinician.post(NEW, {**new_patient, **said}).status_code == 302
    assert Patient.objects.count() == 2


def test_a_namesake_in_another_clinic_is_not_told(as_clinician, new_patient) -> None:
    factories.PatientFactory(name="Sri Wahyuni", birth_date=dt.date(1971, 2, 9))
    assert as_clinician.post(NEW, new_patient).status_code == 302


def test_markup_in_a_name_stays_text(as_clinician, new_patient) -> None:
    as_clinician.post(NEW, {**new_patient, "name": "<b>Sri</b> & O'Neil"})
    page = as_clinician.get(reverse("patients:record", args=[Patient.objects.get().pk])).content.decode()
    assert "<b>Sri</b>" not in page
    assert "&lt;b&gt;Sri&lt;/b&gt; &amp; O&#x27;Neil" in page


def test_a_name_of_a_hundred_and_twenty_letters_is_kept_and_a_longer_one_refused(
    as_clinician, new_patient
) -> None:
    assert as_clinician.post(NEW, {**new_patient, "name": "K" * 121}).status_code == 200
    assert as_clinician.post(NEW, {**new_patient, "name": "K" * 120}).status_code == 302
    assert Patient.objects.get().name == "K" * 120


def test_two_desks_with_the_same_number_at_the_same_moment(clinic, clinician) -> None:
    """The check passes for both; the database lets one through, and the other gets the same sentence."""
    from unittest import mock

    from django.core.exceptions import ValidationError

    from clinic.patients import rules, services

    factories.PatientFactory(clinic=clinic, record_number="M-1")
    with (
        mock.patch.object(rules, "_number_taken", return_value=False),
        mock.patch.object(Patient, "validate_constraints"),
        pytest.raises(ValidationError) as refused,
    ):
        services.create_patient(user=clinician, clinic=clinic, record_number="M-1", name="Late")
    assert "taken" in str(refused.value.message_dict["record_number"])
