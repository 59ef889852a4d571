"""Who may open and change what: the same table for every page of a patient."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic.accounts.models import Role
from clinic.patients.models import Patient

from .. import factories
from ..conftest import logged_in

READ = ["detail", "visits", "photos", "record", "log"]
WRITE = ["edit", "episode_new", "episode_edit", "treatment_new", "treatment_edit"]
POST_ONLY = ["archive", "restore", "consent_give", "consent_revoke", "treatment_archive"]
OF = {
    "episode_edit": "episode",
    "treatment_new": "episode",
    "treatment_edit": "treatment",
    "treatment_archive": "treatment",
    "consent_revoke": "consent",
}


@pytest.fixture
def records(patient: Any, episode: Any) -> dict[str, Any]:
    return {
        "patient": patient,
        "episode": episode,
        "treatment": factories.TreatmentFactory(episode=episode),
        "consent": factories.ConsentFactory(patient=patient),
    }


def statuses(client: Client, records: dict[str, Any]) -> dict[str, int]:
    """What each address of the patient answers: the first two kinds to GET, the last to POST."""
    found = {}
    for name in READ + WRITE + POST_ONLY:
        address = reverse(f"patients:{name}", args=[records[OF.get(name, "patient")].pk])
        found[name] = (client.post if name in POST_ONLY else client.get)(address).status_code
    return found


def test_a_stranger_finds_nothing(as_stranger: Client, records: dict[str, Any]) -> None:
    assert set(statuses(as_stranger, records).values()) == {404}
    consent = records["consent"]
    consent.refresh_from_db()
    records["patient"].refresh_from_db()
    assert consent.revoked_at is None and records["patient"].archived_at is None


def test_a_stranger_learns_nothing_from_the_answer(as_stranger: Client, patient: Patient) -> None:
    there = as_stranger.get(reverse("patients:record", args=[patient.pk]))
    assert patient.name not in there.content.decode()


def test_a_former_member_is_a_stranger(clinic: Any, clinician: Any, records: dict[str, Any]) -> None:
    clinician.memberships.update(is_active=False)
    factories.MembershipFactory(user=clinician)
    assert set(statuses(logged_in(clinician), records).values()) == {404}


def test_a_reviewer_reads_and_changes_nothing(as_reviewer: Client, records: dict[str, Any]) -> None:
    found = statuses(as_reviewer, records)
    assert {name: found[name] for name in READ} == dict.fromkeys(READ, 200)
    assert {name: found[name] for name in WRITE + POST_ONLY} == dict.fromkeys(WRITE + POST_ONLY, 403)
    assert as_reviewer.get(reverse("patients:new")).status_code == 403
    page = as_reviewer.get(reverse("patients:record", args=[records["patient"].pk])).content.decode()
    for name in WRITE + POST_ONLY:
        assert reverse(f"patients:{name}", args=[records[OF.get(name, "patient")].pk]) not in page


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.ADMINISTRATOR])
def test_clinicians_and_administrators_do_both(clinic: Any, role: str, records: dict[str, Any]) -> None:
    found = statuses(logged_in(factories.member(clinic, role)), records)
    assert set(found.values()) <= {200, 302}
    assert not [name for name in READ + WRITE if found[name] != 200]


def test_an_integration_sees_no_pages(integration: Any, records: dict[str, Any]) -> None:
    client = logged_in(integration)
    assert set(statuses(client, records).values()) == {403}
    page = client.get(reverse("patients:list"))
    assert page.status_code == 403 and "This account is for another system" in page.content.decode()


def test_someone_without_a_clinic_is_told_so(db: None) -> None:
    page = logged_in(factories.UserFactory()).get(reverse("patients:list"))
    assert page.status_code == 403 and "You belong to no clinic yet" in page.content.decode()


def test_nobody_gets_in_without_logging_in(client: Client, records: dict[str, Any]) -> None:
    for name in READ + WRITE:
        address = reverse(f"patients:{name}", args=[records[OF.get(name, "patient")].pk])
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer.url == f"{reverse('accounts:login')}?next={address}"
    assert set(statuses(client, records).values()) == {302}


def test_a_forged_post_is_refused(clinician: Any, patient: Patient) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(clinician)
    assert client.post(reverse("patients:archive", args=[patient.pk])).status_code == 403
    patient.refresh_from_db()
    assert patient.archived_at is None


def test_a_writer_here_who_reviews_there_may_not_write_there(clinic: Any, clinician: Any) -> None:
    there = factories.MembershipFactory(user=clinician, role=Role.REVIEWER).clinic
    patient = factories.PatientFactory(clinic=there)
    client = logged_in(clinician)
    client.post(reverse("accounts:switch_clinic"), {"clinic": str(clinic.pk)})
    assert client.get(reverse("patients:record", args=[patient.pk])).status_code == 200
    assert client.get(reverse("patients:edit", args=[patient.pk])).status_code == 403
    client.post(reverse("accounts:switch_clinic"), {"clinic": str(there.pk)})
    assert client.get(reverse("patients:new")).status_code == 403


def test_a_patient_of_ones_other_clinic_is_marked_as_theirs(clinic: Any, clinician: Any) -> None:
    """Whoever works in two clinics must not take one's patient for the other's."""
    there = factories.MembershipFactory(user=clinician, clinic__name="Klinik Kenanga").clinic
    patient = factories.PatientFactory(clinic=there)
    client, address = logged_in(clinician), reverse("patients:record", args=[patient.pk])
    client.post(reverse("accounts:switch_clinic"), {"clinic": str(clinic.pk)})
    page = client.get(address).content.decode()
    assert "Klinik Kenanga" in page[page.index("banner-identity") : page.index("banner-number")]
    client.post(reverse("accounts:switch_clinic"), {"clinic": str(there.pk)})
    page = client.get(address).content.decode()
    assert "Klinik Kenanga" not in page[page.index("banner-identity") : page.index("banner-number")]
