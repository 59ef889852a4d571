"""What else the log holds: events of the door and of rights, and from where each came."""

from __future__ import annotations

import uuid

import pytest
from django.test import RequestFactory

from clinic.audit.models import AuditEvent, Event, ReadEvent
from clinic.audit.services import log_event
from clinic.common.http import client_address


def test_an_event_without_a_person_a_clinic_or_an_address(db) -> None:
    log_event(kind=Event.LOGIN_FAILED, user=None, address="unix:", detail={"tries": 3, "why": "unknown_user"})
    event = AuditEvent.objects.get()
    assert (event.user, event.clinic, event.patient, event.address) == (None, None, None, None)
    assert event.detail == {"tries": 3, "why": "unknown_user"}
    assert not ReadEvent.objects.exists()


def test_an_event_of_a_patient_is_its_clinics(patient, administrator) -> None:
    event = log_event(kind="restriction", user=administrator, patient=patient, reason=" Asked \n by letter ")
    assert (event.clinic, event.reason) == (patient.clinic, "Asked by letter")


def test_a_kind_that_nobody_knows_is_refused(db) -> None:
    with pytest.raises(ValueError, match="no kind"):
        log_event(kind="opened", user=None)


@pytest.mark.parametrize("typed", ["rina@example.org", "Rina Kusuma", "x" * 65, "=1\n"])
def test_what_a_person_typed_never_goes_into_the_details(db, typed: str) -> None:
    with pytest.raises(ValueError, match="codes and counts"):
        log_event(kind=Event.LOGIN_FAILED, user=None, detail={"name": typed})
    assert not AuditEvent.objects.exists()


def test_codes_numbers_and_identifiers_may(db) -> None:
    detail = {"member": str(uuid.uuid4()), "from": "clinician", "count": 0, "release": "2026.11+1"}
    assert log_event(kind=Event.MEMBER_CHANGED, user=None, detail=detail).detail == detail


@pytest.mark.parametrize(
    ("proxies", "header", "seen"),
    [
        (0, "", "192.0.2.1"),
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.66, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.66, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (1, "2001:db8::5", "2001:db8::5"),
        (1, "203.0.113.9, <script>", None),
    ],
)
def test_an_address_is_believed_as_far_as_our_own_proxies_say_it(settings, proxies, header, seen) -> None:
    settings.PROXIES = proxies
    more = {"HTTP_X_FORWARDED_FOR": header} if header else {}
    assert client_address(RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", **more)) == seen
