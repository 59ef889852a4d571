"""A clinician's word comes from a clinician alone; what another system writes is its own, and marked so."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.accounts.services import create_token
from clinic.patients.models import Consent, Patient
from clinic.visits.models import Confirmation, Photo, Visit

from ..conftest import logged_in
from .contract import Client
from .test_problems import problem

EARLIER = (timezone.now() - dt.timedelta(days=7)).isoformat()


@pytest.fixture
def system(integration, clinic):
    """The client of another system, with its token."""
    integration.full_name = "Appointment Robot"
    integration.save()
    client = Client()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {create_token(user=integration, name='robot', days=1)[1]}")
    return client


def send(client, method: str, name: str, record=None, **body):
    url = reverse(f"api:{name}", args=[record.pk] if record else [])
    return getattr(client, method)(url, body, format="json")


@pytest.mark.parametrize(
    "word",
    [
        {"grade": 1},
        {"grade": None},
        {"impression": "Seen."},
        {"impression": ""},
        {"grade": 2, "impression": "x"},
    ],
)
def test_no_grade_and_no_impression_by_another_system(word, system, records):
    before = Visit.objects.filter(pk=records.visit.pk).values().get()
    found = problem(send(system, "patch", "visit-detail", records.visit, **word), 403, "not_permitted")
    assert {error["field"] for error in found["errors"]} == set(word)
    assert "clinician" in found["detail"]
    assert Visit.objects.filter(pk=records.visit.pk).values().get() == before
    if any(word.values()):
        problem(
            send(system, "post", "visit-list", patient=str(records.patient.pk), **word), 403, "not_permitted"
        )
        assert Visit.objects.count() == 1


def test_a_visit_that_another_system_logs_is_its_own(system, api, records):
    made = send(system, "post", "visit-list", patient=str(records.patient.pk), impression="", grade=None)
    assert made.status_code == 201, made.content
    assert made.json()["clinician"] == {
        "id": made.json()["clinician"]["id"],
        "name": "Appointment Robot",
        "kind": "system",
    }
    visit = Visit.objects.get(pk=made.json()["id"])
    points = api.get(reverse("api:episode-history", args=[records.episode.pk])).json()["visits"]
    kinds = {point["visit"]: point["clinician"]["seen_by_kind"] for point in points}
    assert kinds == {str(visit.pk): "system", str(records.visit.pk): "person"}
    # Its own until a person has had a hand in it; then it is that person who has seen the patient.
    assert send(system, "patch", "visit-detail", visit, at=EARLIER).status_code == 200
    assert send(api, "patch", "visit-detail", visit, impression="Seen.").status_code == 200
    problem(send(system, "patch", "visit-detail", visit, at=EARLIER), 403, "not_permitted")
    problem(send(system, "post", "visit-archive", visit), 403, "not_permitted")
    visit.refresh_from_db()
    assert visit.clinician == records.visit.clinician
    assert api.get(reverse("api:visit-detail", args=[visit.pk])).json()["clinician"]["kind"] == "person"


WRITTEN_BY_A_PERSON = [
    ("patch", "episode-detail", "episode", {"notes": "x"}),
    ("patch", "episode-detail", "episode", {"weak_side": "right"}),
    ("patch", "treatment-detail", "treatment", {"note": "x"}),
    ("post", "treatment-archive", "treatment", {}),
    ("patch", "visit-detail", "visit", {"at": EARLIER}),
    ("post", "visit-archive", "visit", {}),
    ("post", "visit-restore", "visit", {}),
    ("post", "consent-revoke", "consent", {}),
    ("post", "patient-archive", "patient", {}),
    ("post", "patient-restore", "patient", {}),
    ("patch", "photo-detail", "photo", {"exercise": "rest"}),
    ("post", "photo-archive", "photo", {}),
    ("post", "photo-restore", "photo", {}),
    ("post", "confirmation-list", None, {"analysis": "analysis", "exercise": "smile", "palsy": False}),
]


@pytest.mark.parametrize("write", WRITTEN_BY_A_PERSON, ids=lambda write: f"{write[1]}-{'-'.join(write[3])}")
def test_what_a_person_wrote_is_not_another_systems_to_change(write, system, records, clinician):
    method, name, argument, body = write
    filled = {key: str(getattr(records, key).pk) if value == key else value for key, value in body.items()}
    record = getattr(records, argument) if argument else None
    code = "out_of_scope" if name == "confirmation-list" else "not_permitted"
    found = problem(send(system, method, name, record, **filled), 403, code)
    assert len(found["detail"]) > 30
    assert not Consent.objects.filter(revoked_at__isnull=False).exists()
    assert not Patient.objects.filter(archived_at__isnull=False).exists()
    assert not Photo.objects.filter(archived_at__isnull=False).exists()
    assert Confirmation.objects.count() == 1


def test_what_another_system_wrote_it_takes_back_itself(system, records, upload):
    episode = send(
        system,
        "post",
        "episode-list",
        patient=str(records.patient.pk),
        cause="stroke",
        weak_side="left",
        onset_date="2026-01-01",
    ).json()
    assert episode["recorded_by"]["kind"] == "system"
    treatment = send(
        system, "post", "treatment-list", episode=episode["id"], kind="surgery", date="2026-01-02"
    ).json()
    assert treatment["recorded_by"]["name"] == "Appointment Robot"
    consent = send(
        system, "post", "consent-list", patient=str(records.patient.pk), use="teaching", given_on="2026-01-02"
    ).json()
    assert consent["recorded_by"]["kind"] == "system"
    body = {"visit": str(records.visit.pk), "exercise": "rest", "image": upload()}
    photo = system.post(reverse("api:photo-list"), body, format="multipart").json()
    assert system.patch(episode["url"], {"notes": "x"}, format="json").status_code == 200
    assert system.post(treatment["url"] + "archive/").status_code == 200
    assert system.post(consent["url"] + "revoke/").status_code == 200
    assert system.patch(photo["url"], {"exercise": "sneer"}, format="json").status_code == 200
    assert system.post(photo["url"] + "archive/").status_code == 200


def test_the_pages_mark_what_another_system_wrote(system, records, clinician):
    made = send(system, "post", "visit-list", patient=str(records.patient.pk)).json()
    page = logged_in(clinician)
    for address in (
        reverse("visits:detail", args=[made["id"]]),
        reverse("patients:visits", args=[records.patient.pk]),
        reverse("patients:log", args=[records.patient.pk]),
    ):
        assert "another system" in page.get(address).content.decode(), address
    assert (
        "another system" not in page.get(reverse("visits:detail", args=[records.visit.pk])).content.decode()
    )


def test_a_clinicians_token_is_her_own(records, clinician, clinic):
    client = Client()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {create_token(user=clinician, name='own', days=1)[1]}")
    assert send(client, "patch", "visit-detail", records.visit, grade=2).status_code == 200
    narrow = create_token(user=clinician, name="narrow", days=1, scopes=["patients.write", "results.read"])[1]
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {narrow}")
    found = problem(send(client, "patch", "visit-detail", records.visit, grade=3), 403, "out_of_scope")
    assert found["scope"] == "results.confirm"
    assert send(client, "patch", "visit-detail", records.visit, at=EARLIER).status_code == 200


def test_another_systems_token_never_confirms(integration, clinic):
    label, _text = create_token(user=integration, name="robot", days=1)
    assert "results.confirm" not in label.scopes
