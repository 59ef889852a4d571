"""Every page that shows something of a patient leaves a line: who, when, what, from where."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic.audit import services
from clinic.audit.models import Access, ReadEvent

from .. import factories
from ..conftest import logged_in

PAGES = ["detail", "visits", "photos", "record", "log", "edit", "episode_new"]


@pytest.mark.parametrize("page", PAGES)
def test_each_page_of_a_patient_is_logged_once(as_clinician, clinician, patient, page: str) -> None:
    as_clinician.get(reverse(f"patients:{page}", args=[patient.pk]), REMOTE_ADDR="192.0.2.7")
    read = ReadEvent.objects.get()
    assert (read.user, read.patient, read.clinic) == (clinician, patient, patient.clinic)
    assert (read.access, read.page, read.address) == (Access.RECORD, f"patients:{page}", "192.0.2.7")


def test_pages_of_an_episode_are_logged(as_clinician, episode) -> None:
    treatment = factories.TreatmentFactory(episode=episode)
    for page, record in (
        ("episode_edit", episode),
        ("treatment_new", episode),
        ("treatment_edit", treatment),
    ):
        as_clinician.get(reverse(f"patients:{page}", args=[record.pk]))
    assert list(ReadEvent.objects.order_by("at").values_list("page", flat=True)) == [
        "patients:episode_edit",
        "patients:treatment_new",
        "patients:treatment_edit",
    ]
    assert set(ReadEvent.objects.values_list("patient", flat=True)) == {episode.patient_id}


def test_a_visit_is_logged(as_clinician, visit) -> None:
    as_clinician.get(reverse("visits:detail", args=[visit.pk]))
    assert ReadEvent.objects.get().patient == visit.patient


def test_a_photo_file_is_logged_as_a_photo(as_clinician, visit) -> None:
    photo = factories.PhotoFactory(visit=visit)
    assert b"".join(as_clinician.get(reverse("visits:file", args=[photo.pk])))
    read = ReadEvent.objects.get(kind=Access.PHOTO)
    assert (read.photo, read.patient) == (photo, visit.patient)
    page = as_clinician.get(reverse("patients:log", args=[visit.patient_id]) + "?show=reads").content.decode()
    assert "Saw a photo" in page and ">Smile</a>" in page


def test_an_export_is_logged_as_an_export(as_clinician, visit) -> None:
    assert as_clinician.get(reverse("recovery:csv", args=[visit.patient_id])).status_code == 200
    assert ReadEvent.objects.get().access == Access.EXPORT


def test_what_was_refused_is_not_a_read(as_stranger, client, patient) -> None:
    for one in (as_stranger, client):
        one.get(reverse("patients:record", args=[patient.pk]))
    assert not ReadEvent.objects.exists()


def test_a_reviewer_who_may_not_write_has_read_nothing_there(as_reviewer, patient) -> None:
    assert as_reviewer.get(reverse("patients:edit", args=[patient.pk])).status_code == 403
    assert not ReadEvent.objects.exists()


def test_the_log_tells_who_read_when_and_where(as_clinician, clinic, patient) -> None:
    reader = factories.member(clinic, full_name="Rani Reader")
    logged_in(reader).get(reverse("patients:record", args=[patient.pk]), REMOTE_ADDR="192.0.2.9")
    page = as_clinician.get(reverse("patients:log", args=[patient.pk]) + "?show=reads").content.decode()
    assert "Rani Reader" in page and "Opened the record" in page and "192.0.2.9" in page


def test_a_log_tells_of_its_own_patient_only(as_clinician, clinic, patient) -> None:
    other = factories.PatientFactory(clinic=clinic)
    reader = factories.member(clinic, full_name="Rani Reader")
    logged_in(reader).get(reverse("patients:record", args=[other.pk]))
    page = as_clinician.get(reverse("patients:log", args=[patient.pk]) + "?show=reads").content.decode()
    assert "Rani Reader" not in page


def test_many_reads_go_over_pages(as_clinician, clinician, patient) -> None:
    for _ in range(61):
        services.log_read(
            user=clinician,
            clinic=patient.clinic,
            patient=patient,
            access=Access.RECORD,
            page="patients:record",
            address=None,
        )
    address, seen = reverse("patients:log", args=[patient.pk]), []
    query = "?show=reads"
    while query:
        page = as_clinician.get(address + query).content.decode()
        seen.append(page.count("Opened the record"))
        query = html.unescape("".join(re.findall(r'rel="next" href="([^"]+)"', page)))
    assert seen == [50, 12], "the first page of the log is a read as well"


@pytest.mark.parametrize("address", ["", "unix:", "not an address", None])
def test_a_reader_without_an_address_is_logged_all_the_same(clinician, patient, address: Any) -> None:
    read = services.log_read(
        user=clinician,
        clinic=patient.clinic,
        patient=patient,
        access="record",
        page="x" * 99,
        address=address,
    )
    read.refresh_from_db()
    assert read.address is None and len(read.page) == 64


def test_reads_are_kept_when_somebody_leaves(as_clinician: Client, clinician: Any, patient: Any) -> None:
    as_clinician.get(reverse("patients:record", args=[patient.pk]))
    from django.db.models import ProtectedError

    with pytest.raises(ProtectedError):
        clinician.delete()


def test_a_list_that_names_patients_is_a_read_of_each(as_clinician, clinician, clinic) -> None:
    named = [factories.PatientFactory(clinic=clinic) for _ in range(2)]
    factories.PatientFactory()  # of another clinic
    as_clinician.get(reverse("patients:list"), REMOTE_ADDR="192.0.2.7")
    reads = ReadEvent.objects.all()
    assert {read.patient for read in reads} == set(named)
    assert {(read.user, read.access, read.page, read.address) for read in reads} == {
        (clinician, Access.LISTED, "patients:list", "192.0.2.7")
    }


def test_today_is_a_read_of_whom_it_names(as_clinician, visit) -> None:
    assert visit.patient.name in as_clinician.get(reverse("today")).content.decode()
    read = ReadEvent.objects.get()
    assert (read.patient, read.access, read.page) == (visit.patient, Access.LISTED, "today")


def test_a_name_seen_again_within_ten_minutes_is_no_new_read(as_clinician, patient, time_machine) -> None:
    time_machine.move_to("2026-11-20 09:00:00+00:00", tick=False)
    as_clinician.get(reverse("patients:record", args=[patient.pk]))
    for minutes, reads in ((5, 1), (11, 2), (12, 2), (22, 3)):
        time_machine.move_to(f"2026-11-20 09:{minutes:02}:00+00:00", tick=False)
        as_clinician.get(reverse("patients:list"))
        assert ReadEvent.objects.count() == reads, minutes


def test_only_the_page_shown_is_read(as_clinician, clinic, monkeypatch) -> None:
    monkeypatch.setattr("clinic.overview.views.PATIENTS_A_PAGE", 2)
    factories.PatientFactory.create_batch(3, clinic=clinic)
    as_clinician.get(reverse("patients:list"))
    assert ReadEvent.objects.count() == 2
    as_clinician.get(reverse("patients:list") + "?page=2")
    assert ReadEvent.objects.values("patient").distinct().count() == 3
