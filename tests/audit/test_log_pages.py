"""The log of a clinic with its filters, and a patient's own to print and to take along."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.audit import log
from clinic.audit.models import AuditEvent, Event
from clinic.audit.services import log_event, log_read
from clinic.common.dates import today_in

from .. import factories
from ..conftest import logged_in

CLINIC = "audit:clinic"


def lines(page: str) -> int:
    return page.count('<li class="log-line">')


@pytest.fixture
def told(clinic, clinician, administrator, patient):
    """Events of two people on two patients over three days."""
    other = factories.PatientFactory(clinic=clinic, record_number="R-77")
    for day in range(3):
        at = timezone.now() - dt.timedelta(days=day)
        for who, whom in ((clinician, patient), (administrator, other)):
            event = AuditEvent(
                at=at, user=who, clinic=clinic, patient=whom, kind=Event.RECORD, page="patients:record"
            )
            event.save()
    log_event(kind=Event.LOGIN, user=clinician, clinic=clinic, address="192.0.2.5")
    return other


def search(client, **fields):
    return client.post(reverse(CLINIC), fields, follow=True).content.decode()


def test_the_administrator_sees_all_of_the_clinic_and_nothing_of_another(
    as_administrator, told, stranger
) -> None:
    theirs = factories.PatientFactory(clinic=stranger.memberships.get().clinic, record_number="Z-1")
    log_event(kind=Event.RESTRICTION, user=stranger, patient=theirs)
    page = as_administrator.get(reverse(CLINIC)).content.decode()
    assert lines(page) == 9 and "R-77" in page and "192.0.2.5" in page and "Logged in" in page
    assert "Z-1" not in page and stranger.full_name not in page


def test_each_filter_narrows_it(as_administrator, told, clinic, clinician) -> None:
    assert lines(search(as_administrator, person=clinician.pk)) == 4
    assert lines(search(as_administrator, kind="login")) == 1
    assert lines(search(as_administrator, record_number="R-77", kind="record")) == 3
    day = today_in(clinic.time_zone) - dt.timedelta(days=1)
    assert lines(search(as_administrator, until=day.isoformat(), kind="record")) == 4
    assert lines(search(as_administrator, person=clinician.pk, record_number="R-77")) == 0


def test_a_search_puts_no_record_number_into_the_address(as_administrator, told) -> None:
    answer = as_administrator.post(reverse(CLINIC), {"record_number": "R-77"})
    assert "R-77" not in answer["Location"] and str(told.pk) in answer["Location"]
    assert 'value="R-77"' in as_administrator.get(answer["Location"]).content.decode()


def test_an_unknown_record_number_and_a_date_that_is_none_are_told(as_administrator, told) -> None:
    assert "No patient of the clinic" in search(as_administrator, record_number="nobody")
    assert as_administrator.post(reverse(CLINIC), {"since": "yesterday"}).status_code == 422


@pytest.mark.parametrize(
    "query",
    [
        "since=x",
        "person=y",
        "patient=z",
        "before=q",
        "kind=nonsense",
        "until=",
        "kind=",
        "patiemt=1",
        "kind=record&kind=photo",
    ],
)
def test_an_address_that_no_filter_understands_shows_nothing(as_administrator, told, query) -> None:
    answer = as_administrator.get(f"{reverse(CLINIC)}?{query}")
    assert answer.status_code == 400
    assert "This address is not understood" in answer.content.decode() and lines(answer.content.decode()) == 0


def test_pages_follow_each_other_without_gap_or_double(as_administrator, clinic, clinician, patient) -> None:
    at = timezone.now()
    for _ in range(2 * log.PAGE + 5):  # all at one moment: the identifier decides
        AuditEvent.objects.create(at=at, user=clinician, clinic=clinic, patient=patient, kind=Event.RECORD)
    seen: list[int] = []
    found: log.Search | None = log.Search()
    while found is not None:
        events, found = log.page(clinic=clinic, search=found)
        seen += [event.pk for event in events]
    assert len(seen) == len(set(seen)) == AuditEvent.objects.filter(clinic=clinic).count()
    page = as_administrator.get(reverse(CLINIC)).content.decode()
    following = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert lines(as_administrator.get(reverse(CLINIC) + following).content.decode()) == log.PAGE


@pytest.mark.parametrize("who", ["as_clinician", "as_reviewer"])
def test_others_of_the_clinic_may_not(who, request, patient) -> None:
    client = request.getfixturevalue(who)
    for address in (
        reverse(CLINIC),
        reverse("audit:patient", args=[patient.pk]),
        reverse("audit:patient_csv", args=[patient.pk]),
    ):
        assert client.get(address).status_code == 403


def test_a_patient_reads_it_in_plain_words(as_administrator, clinic, patient) -> None:
    reader = factories.member(clinic, full_name="Rani Reader")
    client = logged_in(reader)
    for _ in range(3):
        client.get(reverse("patients:record", args=[patient.pk]))
    log_event(kind=Event.RECORD, user=reader, patient=patient, reason="The patient asked by telephone")
    page = as_administrator.get(reverse("audit:patient", args=[patient.pk])).content.decode()
    assert "Rani Reader" in page and "looked at your record" in page and "3 times" in page
    assert "The patient asked by telephone" in page
    assert "Clinician" in page and "192.0.2" not in page, "who it was, not from which computer"


def test_printing_it_is_itself_an_export(as_administrator, administrator, patient) -> None:
    as_administrator.get(reverse("audit:patient", args=[patient.pk]))
    event = AuditEvent.objects.filter(patient=patient).latest("pk")
    assert (event.kind, event.user, event.page) == (Event.EXPORT, administrator, "audit:patient")


def test_the_file_holds_what_the_page_shows_and_no_formula(as_administrator, clinic, patient) -> None:
    reader = factories.member(clinic, full_name="=cmd|' /C calc'!A0")
    log_read(
        user=reader,
        clinic=clinic,
        patient=patient,
        access=Event.PHOTO,
        page="visits:file",
        address=None,
    )
    answer = as_administrator.get(reverse("audit:patient_csv", args=[patient.pk]))
    assert answer["Cache-Control"] == "private, no-store" and patient.name not in str(answer.headers)
    # Whose file it is stands in its name, by the clinic's own number, and nowhere else.
    name = rf'attachment; filename="log-{patient.record_number}-\d{{4}}-\d\d-\d\d\.csv"'
    assert re.fullmatch(name, answer["Content-Disposition"])
    assert str(answer.headers).count(patient.record_number) == 1
    rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    photo = next(row for row in rows if row["what"] == "looked at a photo of you")
    assert photo["who"] == "'=cmd|' /C calc'!A0" and photo["times"] == "1"
    assert {row["record_number"] for row in rows} == {patient.record_number}
