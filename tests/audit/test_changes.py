"""The history of a patient: who changed what, when, from what to what."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from clinic.patients import services
from clinic.rights.changes import changes, changes_page
from clinic.visits import consenting
from clinic.visits import services as visits

from .. import factories


def lines(patient: Any) -> list[tuple[str, str, str, Any, Any]]:
    """The log, newest first, as texts."""
    return [
        (str(c.record), c.action, str(c.field), str(c.before or ""), str(c.after or ""))
        for c in changes(patient=patient)
    ]


@pytest.fixture
def made(clinic: Any, clinician: Any) -> Any:
    return services.create_patient(
        user=clinician, clinic=clinic, record_number="R-1", name="Rina", birth_date=dt.date(1980, 1, 2)
    )


def test_a_new_record_is_one_line_by_its_author(made, clinician) -> None:
    assert lines(made) == [("Patient", "created", "", "", "")]
    assert changes(patient=made)[0].who == clinician


def test_each_changed_field_is_a_line_from_what_to_what(made, administrator) -> None:
    services.update_patient(user=administrator, patient=made, name="Rina Kusuma", sex="female", phone="")
    assert sorted(lines(made)[:2]) == [
        ("Patient", "changed", "Name", "Rina", "Rina Kusuma"),
        ("Patient", "changed", "Sex", "Not recorded", "Female"),
    ]
    assert {change.who for change in changes(patient=made)[:2]} == {administrator}
    assert len(lines(made)) == 3, "what stayed as it was is not a change"


def test_saving_without_a_change_is_no_line(made, clinician) -> None:
    services.update_patient(user=clinician, patient=made, name="Rina")
    assert len(lines(made)) == 1


def test_episodes_treatments_and_archiving(made, clinician) -> None:
    episode = services.open_episode(
        user=clinician,
        patient=made,
        cause="stroke",
        weak_side="left",
        onset_date=timezone.localdate() - dt.timedelta(days=30),
    )
    treatment = services.add_treatment(
        user=clinician, episode=episode, kind="botulinum_toxin", date=timezone.localdate()
    )
    services.update_episode(user=clinician, episode=episode, weak_side="")
    services.archive_treatment(user=clinician, treatment=treatment)
    services.archive_patient(user=clinician, patient=made)
    services.restore_patient(user=clinician, patient=made)
    assert lines(made) == [
        ("Patient", "restored", "", "", ""),
        ("Patient", "archived", "", "", ""),
        ("Treatment", "archived", "", "", ""),
        ("Episode", "changed", "Weak side", "Left", ""),
        ("Treatment", "created", "", "", "Botulinum toxin"),
        ("Episode", "created", "", "", "Stroke"),
        ("Patient", "created", "", "", ""),
    ]


def test_consents_are_told_as_given_and_revoked(made, clinician, administrator) -> None:
    consent = consenting.give_consent(
        user=clinician, patient=made, use="teaching", given_on=timezone.localdate()
    )
    consenting.revoke_consent(user=administrator, consent=consent)
    found = changes(patient=made)
    assert [(str(c.record), c.action, c.who) for c in found[:2]] == [
        ("Consent", "revoked", administrator),
        ("Consent", "given", clinician),
    ]


def test_a_visits_words_and_grade_are_told(visit, clinician, administrator) -> None:
    visits.update_visit(user=clinician, visit=visit, impression="Closes the eye.", grade=4)
    visits.update_visit(user=administrator, visit=visit, impression="Closes the eye fully.", grade=3)
    told = lines(visit.patient)
    seen = date_format(timezone.localtime(visit.at), "DATETIME_FORMAT")
    assert ("Visit", "created", "", "", seen) in told
    assert ("Visit", "changed", "House-Brackmann grade", "IV", "III") in told
    assert ("Visit", "changed", "Impression", "Closes the eye.", "Closes the eye fully.") in told


def test_a_photo_filed_under_another_exercise_is_told_in_words(visit, clinician) -> None:
    photo = factories.PhotoFactory(visit=visit, exercise="smile")
    visits.change_exercise(user=clinician, photo=photo, exercise="show_teeth")
    assert ("Photo", "changed", "Exercise asked for", "Smile", "Show teeth") in lines(visit.patient)


def test_no_line_shows_an_identifier(visit, clinician, administrator) -> None:
    """Links to other records are told by what they are, never as numbers."""
    other = factories.EpisodeFactory(patient=visit.patient, cause="trauma", onset_date=dt.date(2026, 1, 5))
    visit.episode, visit.clinician = other, administrator
    visit.save()
    told = lines(visit.patient)
    assert ("Visit", "changed", "Seen by", clinician.full_name, administrator.full_name) in told
    assert any(line[4] == "Trauma, 5 January 2026" for line in told)


def test_another_patients_changes_are_not_told(made, patient, clinician) -> None:
    services.update_patient(user=clinician, patient=patient, name="Somebody Else")
    assert len(lines(made)) == 1


def test_a_long_history_goes_over_pages_and_costs_few_queries(
    as_clinician, clinician, made, django_assert_max_num_queries
) -> None:
    for number in range(65):
        services.update_patient(user=clinician, patient=made, phone=f"08{number}")
    address = reverse("patients:log", args=[made.pk])
    with django_assert_max_num_queries(22):
        page = as_clinician.get(address).content.decode()
    assert "Newest lines" not in page
    assert "<del>0863</del>" in page and "<ins>0864</ins>" in page
    (earlier,) = re.findall(r'rel="next" href="([^"]+)"', page)
    page = as_clinician.get(address + earlier).content.decode()
    assert "<ins>0864</ins>" not in page and "Newest lines" in page and 'rel="next"' not in page
    assert as_clinician.get(address + "?before=yesterday").status_code == 404


@pytest.mark.parametrize("size", [1, 2, 5, 50])
def test_the_pages_of_a_log_are_the_whole_log(made, visit, clinician, administrator, size) -> None:
    """Records of every kind in turns, some changed at one moment, photos that were only taken, and one moved away."""
    services.update_patient(user=clinician, patient=visit.patient, name="Somebody Else")
    patient = visit.patient
    photos = factories.PhotoFactory.create_batch(9, visit=visit, exercise="smile")
    treatment = services.add_treatment(
        user=clinician, episode=visit.episode, kind="botulinum_toxin", date=timezone.localdate()
    )
    consenting.give_consent(user=clinician, patient=patient, use="teaching", given_on=timezone.localdate())
    for number in range(4):
        visits.update_visit(user=clinician, visit=visit, impression="Closes the eye. " * (number + 1))
        visits.update_visit(user=administrator, visit=visit, grade=number + 1)
        visits.change_exercise(user=clinician, photo=photos[number], exercise="show_teeth")
        services.update_patient(user=clinician, patient=patient, phone=f"08{number}", sex="female")
    with time_machine.travel(timezone.now(), tick=False):
        for photo in photos[5:]:
            visits.archive_photo(user=clinician, photo=photo)
        services.archive_treatment(user=clinician, treatment=treatment)
    whole, read, before = changes(patient=patient), [], None
    while True:
        page, before = changes_page(patient=patient, before=before, size=size)
        assert len(page) >= size or before is None
        read += page
        if before is None:
            break
    assert [(c.at, c.record, c.action, c.field, c.after) for c in read] == [
        (c.at, c.record, c.action, c.field, c.after) for c in whole
    ]
    assert len(whole) > 20


def test_a_page_of_the_log_reads_no_photo_that_was_only_taken(visit, clinician) -> None:
    photos = factories.PhotoFactory.create_batch(60, visit=visit, exercise="smile")
    visits.change_exercise(user=clinician, photo=photos[0], exercise="show_teeth")
    with CaptureQueriesContext(connection) as asked:
        page, _ = changes_page(patient=visit.patient, before=None, size=50)
    (read,) = [
        one["sql"] for one in asked if '"visits_historicalphoto"' in one["sql"] and " IN (" in one["sql"]
    ]
    assert photos[0].pk.hex in read.replace("-", "") and photos[1].pk.hex not in read.replace("-", "")
    assert sum(change.record == "Photo" for change in page) == 1


def test_history_is_signed_where_no_request_is_at_hand(made, clinician) -> None:
    assert set(made.history.values_list("history_user", flat=True)) == {clinician.pk}


def test_what_a_later_change_writes_over_stays_in_the_history(made, clinician) -> None:
    for name in ("Rina A", "Rina B", "Rina C"):
        services.update_patient(user=clinician, patient=made, name=name)
    assert [line[3] for line in lines(made) if line[2] == "Name"] == ["Rina B", "Rina A", "Rina"]


def test_markup_in_a_changed_text_stays_text(as_clinician, clinician, episode) -> None:
    services.update_episode(user=clinician, episode=episode, notes="<img src=x onerror=alert(1)>")
    page = as_clinician.get(reverse("patients:log", args=[episode.patient_id])).content.decode()
    assert "<img src=x" not in page and "&lt;img src=x" in page
