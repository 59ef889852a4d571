"""What each role may do through the API; the pages ask the same policies."""

from __future__ import annotations

import pytest
from django.urls import reverse

from clinic.accounts.models import Role
from clinic.visits.models import Confirmation
from tests import factories

from .conftest import client_of
from .shared_records import clinic, clinician, db, made, patient, records, visit

__all__ = ["clinic", "clinician", "db", "made", "patient", "records", "visit"]

READS = ["clinic", "patient", "episode", "treatment", "consent", "visit", "photo", "analysis", "confirmation"]
# What writes records, as (method, address, its argument, body); each argument names a record of the fixture.
WRITES = [
    ("post", "patient-list", None, {"record_number": "N-1", "name": "New Person"}),
    ("patch", "patient-detail", "patient", {"phone": "1"}),
    ("post", "patient-archive", "patient", {}),
    ("post", "patient-restore", "patient", {}),
    (
        "post",
        "episode-list",
        None,
        {"patient": "patient", "cause": "stroke", "weak_side": None, "onset_date": "2026-01-01"},
    ),
    ("patch", "episode-detail", "episode", {"notes": "x"}),
    ("post", "treatment-list", None, {"episode": "episode", "kind": "surgery", "date": "2026-01-01"}),
    ("patch", "treatment-detail", "treatment", {"note": "x"}),
    ("post", "treatment-archive", "treatment", {}),
    ("post", "consent-list", None, {"patient": "patient", "use": "teaching", "given_on": "2026-01-01"}),
    ("post", "consent-revoke", "consent", {}),
    ("post", "visit-list", None, {"patient": "patient"}),
    ("patch", "visit-detail", "visit", {"impression": "x"}),
    ("post", "visit-archive", "visit", {}),
    ("post", "visit-restore", "visit", {}),
    ("patch", "photo-detail", "photo", {"exercise": "rest"}),
    ("post", "photo-archive", "photo", {}),
    ("post", "photo-restore", "photo", {}),
]
CONFIRM = ("post", "confirmation-list", None, {"analysis": "analysis", "exercise": "smile", "palsy": False})


def call(client, records, write):
    method, name, argument, body = write
    url = reverse(f"api:{name}", args=[getattr(records, argument).pk] if argument else [])
    filled = {key: str(getattr(records, key).pk) if value == key else value for key, value in body.items()}
    return getattr(client, method)(url, filled, format="json")


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("resource", READS)
def test_every_role_reads(role, resource, records, clinic):
    client = client_of(factories.member(clinic, role))
    assert client.get(reverse(f"api:{resource}-list")).status_code == 200
    url = reverse(f"api:{resource}-detail", args=[getattr(records, resource).pk])
    assert client.get(url).status_code == 200


# What another system may write on records that people made; of the rest see test_integrations.
SYSTEMS = {"patient-list", "patient-detail", "episode-list", "treatment-list", "consent-list", "visit-list"}


@pytest.mark.parametrize("write", WRITES, ids=lambda write: f"{write[0]}-{write[1]}")
def test_another_system_writes_what_is_no_persons_word(write, records, api_integration):
    response = call(api_integration, records, write)
    assert response.status_code in ((200, 201) if write[1] in SYSTEMS else (403,)), response.content


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.ADMINISTRATOR])
@pytest.mark.parametrize("write", WRITES, ids=lambda write: f"{write[0]}-{write[1]}")
def test_writers_write(role, write, records, clinic):
    response = call(client_of(factories.member(clinic, role)), records, write)
    assert response.status_code in (200, 201), response.content


@pytest.mark.parametrize("write", [*WRITES, CONFIRM], ids=lambda write: f"{write[0]}-{write[1]}")
def test_a_reviewer_writes_nothing(write, records, api_reviewer):
    response = call(api_reviewer, records, write)
    assert response.status_code == 403, response.content
    assert response.json()["code"] == "not_permitted"


def test_a_reviewer_uploads_nothing(records, api_reviewer, upload):
    body = {"visit": records.visit.pk, "exercise": "smile", "image": upload()}
    assert api_reviewer.post(reverse("api:photo-list"), body, format="multipart").status_code == 403
    assert records.visit.photos.count() == 1


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.ADMINISTRATOR])
def test_clinicians_confirm(role, records, clinic):
    response = call(client_of(factories.member(clinic, role)), records, CONFIRM)
    assert response.status_code == 201, response.content
    assert Confirmation.objects.count() == 2


def test_an_integration_confirms_nothing(records, api_integration):
    response = call(api_integration, records, CONFIRM)
    assert response.status_code == 403
    assert response.json()["code"] == "not_permitted"
    assert Confirmation.objects.count() == 1


def test_a_reviewer_retries_nothing(visit, api_reviewer, api):
    photo = factories.PhotoFactory(visit=visit)
    factories.failed(photo, "timed_out")
    url = reverse("api:photo-retry", args=[photo.pk])
    assert api_reviewer.post(url).status_code == 403
    assert api.post(url).status_code == 202


def test_nobody_gets_in_without_a_session_or_a_token(records, client):
    for name in ("patient-list", "exercises", "release-list", "visit-list"):
        response = client.get(reverse(f"api:{name}"))
        assert response.status_code == 401, name
        assert response.json()["code"] == "not_authenticated"
        assert response["WWW-Authenticate"] == "Bearer"
    assert client.get(reverse("api:photo-image", args=[records.photo.pk])).status_code == 401


def test_roles_are_those_of_the_records_own_clinic(records, clinician):
    other = factories.ClinicFactory()
    factories.MembershipFactory(user=clinician, clinic=other, role=Role.REVIEWER)
    theirs = factories.PatientFactory(clinic=other)
    client = client_of(clinician)
    url = reverse("api:patient-detail", args=[theirs.pk])
    assert client.get(url).status_code == 200
    assert client.patch(url, {"phone": "1"}, format="json").status_code == 403
    body = {"clinic": str(other.pk), "record_number": "1", "name": "A"}
    assert client.post(reverse("api:patient-list"), body, format="json").status_code == 403
