"""How answers come: as what, how long, from where, and what OPTIONS tells of an address."""

from __future__ import annotations

import gzip
import json
import re
import uuid

import pytest
import yaml
from django.urls import reverse

from clinic.accounts.services import create_token
from clinic.patients.models import Patient
from tests import factories

from .contract import Client, document
from .test_problems import problem


@pytest.fixture
def stored(records, photo_folder):
    """A photo whose file is there."""
    return factories.PhotoFactory(visit=records.visit, exercise="rest")


@pytest.mark.parametrize("picture", ["photo-image", "photo-thumbnail"])
@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("image/jpeg", 200),
        ("image/*", 200),
        ("*/*", 200),
        ("image/avif,image/webp,image/*;q=0.8,*/*;q=0.5", 200),
        ("application/problem+json, image/jpeg", 200),
        (None, 200),
        ("application/json", 406),
        ("text/html", 406),
        ("image/png", 406),
    ],
)
def test_a_picture_is_a_jpeg_or_is_not_to_be_had(picture, accept, status, api, stored):
    url = reverse(f"api:{picture}", args=[stored.pk])
    answer = api.get(url, **({"HTTP_ACCEPT": accept} if accept else {}))
    assert answer.status_code == status
    if status == 200:
        content = b"".join(answer) if answer.streaming else answer.content
        assert answer["Content-Type"] == "image/jpeg" and content[:3] == b"\xff\xd8\xff"
    else:
        problem(answer, 406, "not_acceptable")


def test_a_picture_that_is_not_there_is_a_problem_whatever_is_accepted(api, records):
    for accept in ("image/jpeg", "*/*"):
        url = reverse("api:photo-image", args=[uuid.uuid4()])
        problem(api.get(url, HTTP_ACCEPT=accept), 404, "not_found")
    assert problem(Client().get(url, HTTP_ACCEPT="image/jpeg"), 401, "not_authenticated")


def bearing(user) -> Client:
    client = Client()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {create_token(user=user, name='n', days=1)[1]}")
    return client


@pytest.fixture
def many(clinic):
    made = Patient.objects.bulk_create(
        Patient(clinic=clinic, record_number=str(number), name=f"Patient {number}") for number in range(60)
    )
    return len(made)


class Plain(Client):
    """Without the check of each answer, which reads no gzip."""

    def request(self, **kwargs):
        return super(Client, self).request(**kwargs)


@pytest.mark.parametrize("coding", ["gzip", "br, gzip;q=0.8", "GZIP", "x-gzip"])
def test_long_json_is_sent_short_to_programs(coding, clinician, many):
    client = Plain()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {create_token(user=clinician, name='n', days=1)[1]}")
    plain = client.get("/api/v1/patients/")
    short = client.get("/api/v1/patients/", HTTP_ACCEPT_ENCODING=coding)
    assert "Content-Encoding" not in plain.headers and short["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in plain["Vary"] and "Accept-Encoding" in short["Vary"]
    assert gzip.decompress(short.content) == plain.content
    assert int(short["Content-Length"]) == len(short.content) < len(plain.content) / 3
    lengths = {len(client.get("/api/v1/patients/", HTTP_ACCEPT_ENCODING="gzip").content) for _ in range(6)}
    assert len(lengths) > 1, "the length tells exactly what is in it"


@pytest.mark.parametrize("coding", ["", "gzip;q=0", "br", "identity"])
def test_whoever_takes_no_gzip_gets_none(coding, clinician, many):
    answer = bearing(clinician).get("/api/v1/patients/", HTTP_ACCEPT_ENCODING=coding)
    assert "Content-Encoding" not in answer.headers


def test_a_session_gets_no_gzip(api, many):
    """A stranger's page can make a browser ask with its cookies, and measure."""
    answer = api.get("/api/v1/patients/", HTTP_ACCEPT_ENCODING="gzip")
    assert "Content-Encoding" not in answer.headers


def test_short_answers_problems_and_pictures_stay_as_they_are(clinician, stored, records):
    client = bearing(clinician)
    for path, status in (
        ("/api/v1/clinics/", 200),
        ("/api/v1/patients/?nonsense=1", 400),
        (reverse("api:photo-image", args=[stored.pk]), 200),
    ):
        answer = client.get(path, HTTP_ACCEPT_ENCODING="gzip")
        assert answer.status_code == status and "Content-Encoding" not in answer.headers


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("patient-list", {"POST": {"clinic", "record_number", "name", "birth_date"}}),
        ("episode-list", {"POST": {"patient", "cause", "weak_side", "onset_date", "notes"}}),
        ("visit-list", {"POST": {"patient", "episode", "at", "impression", "grade"}}),
        ("photo-list", {"POST": {"visit", "exercise", "image"}}),
        ("confirmation-list", {"POST": {"analysis", "exercise", "palsy", "grade"}}),
        ("token", {"POST": {"email", "password", "scopes"}}),
    ],
)
def test_options_tells_what_may_be_sent(name, fields, api, records):
    told = api.options(reverse(f"api:{name}")).json()["actions"]
    assert set(told) == set(fields)
    for method, wanted in fields.items():
        assert wanted <= set(told[method])
        assert not {"id", "url", "created_at", "archived_at"} & set(told[method])
        assert not any(field["read_only"] for field in told[method].values())


def test_options_of_a_record_tells_what_may_change(api, records):
    told = api.options(reverse("api:patient-detail", args=[records.patient.pk])).json()["actions"]
    assert set(told) == {"PATCH"} and "record_number" in told["PATCH"] and "clinic" not in told["PATCH"]
    assert "actions" not in api.options(reverse("api:analysis-list")).json()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/api/a%0Ab", "/api/v1/%0A", "/api/v1/patients/%0A/", "/api/%0D%0A/x", "/api/v1/x%E2%80%A8"]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_address_with_a_line_break_is_unknown_like_any_other(path, method, client):
    answer = getattr(client, method)(path)
    problem(answer, 404, "not_found")


def test_the_document_names_its_server(client, db):
    served = yaml.safe_load(client.get(reverse("api:schema")).content)
    assert served["servers"] == document()["servers"] and served["servers"][0]["url"]


def test_people_are_named_by_identifiers_that_tell_nothing(api, records, clinician):
    shown = [
        api.get(reverse("api:visit-detail", args=[records.visit.pk])).json()["clinician"],
        api.get(reverse("api:confirmation-detail", args=[records.confirmation.pk])).json()["by"],
        api.get(reverse("api:consent-detail", args=[records.consent.pk])).json()["recorded_by"],
    ]
    for person in shown:
        assert uuid.UUID(person["id"]) and person["name"] and person["kind"] == "person"
        assert str(clinician.pk) not in (person["id"], person["name"])
    course = api.get(reverse("api:episode-history", args=[records.episode.pk])).json()
    assert course["visits"][0]["clinician"]["seen_by_id"] == shown[0]["id"]
    whole = api.get(reverse("api:patient-history", args=[records.patient.pk])).json()
    assert whole["episodes"][0]["visits"] == course["visits"]


def test_requests_are_closed_and_answers_are_open():
    schemas = document()["components"]["schemas"]
    sent = {
        content["schema"]["$ref"].rpartition("/")[2]
        for methods in document()["paths"].values()
        for operation in methods.values()
        for content in operation.get("requestBody", {}).get("content", {}).values()
    }
    assert len(sent) > 8
    # What is sent within what is sent.
    while (
        more := {
            name for known in sent for name in re.findall(r"schemas/(\w+)\"", json.dumps(schemas[known]))
        }
        - sent
        - {name for name, schema in schemas.items() if "properties" not in schema}
    ):
        sent |= more
    assert all(schemas[name]["additionalProperties"] is False for name in sent)
    answers = {name: schema for name, schema in schemas.items() if "enum" not in schema and name not in sent}
    assert not [name for name, schema in answers.items() if '"enum"' in json.dumps(schema)]
    assert not [
        name
        for name, schema in answers.items()
        for code in ("Sex", "Cause", "TreatmentKind", "ConsentUse", "Side", "WeakSide", "Grade")
        if f'schemas/{code}"' in json.dumps(schema)
    ]
