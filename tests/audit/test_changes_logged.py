"""Each change stands in the log beside the reads: who, when, from where; its values stay in the history."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.audit.models import AuditEvent, Event
from clinic.audit.records import kept, patient_of
from clinic.patients import services
from clinic.visits import consenting
from clinic.visits import services as visits

from .. import factories
from ..forms import edited


def told(patient) -> list[tuple[str, str]]:
    events = AuditEvent.objects.filter(kind=Event.CHANGE, patient=patient).order_by("pk")
    return [(event.detail["record"], event.detail["how"]) for event in events]


def test_every_kind_of_change_of_a_patient_is_logged(clinic, clinician) -> None:
    made = services.create_patient(user=clinician, clinic=clinic, record_number="R-1", name="Rina Kusuma")
    episode = services.open_episode(
        user=clinician, patient=made, cause="stroke", weak_side="left", onset_date=timezone.localdate()
    )
    services.add_treatment(user=clinician, episode=episode, kind="steroids", date=timezone.localdate())
    consent = consenting.give_consent(
        user=clinician, patient=made, use="teaching", given_on=timezone.localdate()
    )
    consenting.revoke_consent(user=clinician, consent=consent)
    visit = visits.create_visit(user=clinician, patient=made)
    photo = factories.PhotoFactory(visit=visit)
    analysis = factories.AnalysisFactory(photo=photo)
    visits.confirm(user=clinician, analysis=analysis, exercise="smile", palsy=False)
    services.archive_patient(user=clinician, patient=made)
    assert told(made) == [
        ("patient", "created"),
        ("episode", "created"),
        ("treatment", "created"),
        ("consent", "given"),
        ("consent", "revoked"),
        ("visit", "created"),
        ("photo", "created"),
        ("confirmation", "given"),
        ("patient", "changed"),
    ]
    everything = AuditEvent.objects.filter(patient=made)
    assert set(everything.values_list("clinic", flat=True)) == {clinic.pk}
    assert "Rina" not in json.dumps(list(everything.values_list("detail", flat=True)))


def test_a_change_leads_to_what_stood_before_and_after(clinician, patient) -> None:
    services.update_patient(user=clinician, patient=patient, birth_date=dt.date(1980, 5, 18))
    event = AuditEvent.objects.filter(kind=Event.CHANGE).latest("pk")
    after = kept()["patient"].objects.get(pk=event.detail["version"])
    assert (after.birth_date, after.prev_record.birth_date) == (dt.date(1980, 5, 18), dt.date(1980, 5, 17))
    assert event.user == clinician


def test_a_change_by_a_page_tells_the_page_and_the_address(as_clinician, clinician, visit) -> None:
    as_clinician.post(
        reverse("visits:edit", args=[visit.pk]),
        edited(visit, impression="Closes the eye."),
        REMOTE_ADDR="192.0.2.44",
    )
    event = AuditEvent.objects.filter(kind=Event.CHANGE).latest("pk")
    assert (event.user, event.page, event.address) == (clinician, "visits:edit", "192.0.2.44")


def test_every_history_is_one_that_the_log_hears_of() -> None:
    assert {"patient", "episode", "treatment", "visit", "photo"} <= set(kept())
    plain = [
        str(path)
        for room in ("clinic", "inference")
        for path in Path(room).rglob("*.py")
        if "HistoricalRecords(" in path.read_text() and path != Path("clinic/audit/history.py")
    ]
    assert [path for path in plain if "migrations" not in path] == []


@pytest.mark.parametrize("record", ["episode", "treatment", "visit", "photo"])
def test_each_record_knows_its_patient(visit, record) -> None:
    records = {
        "episode": visit.episode,
        "treatment": factories.TreatmentFactory(episode=visit.episode),
        "visit": visit,
        "photo": factories.PhotoFactory(visit=visit),
    }
    assert patient_of(records[record]) == visit.patient
