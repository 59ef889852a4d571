"""The main story with a client that is made from the document, as integrators make theirs."""

from __future__ import annotations

import datetime as dt
import importlib
import io
import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from django.test import Client

from clinic.patients import services as patients
from clinic.patients.models import Patient
from clinic.rights import services as rights
from inference import services as inference
from inference.models import Analysis
from tests import factories

from ..inference.conftest import make_findings
from .contract import SNAPSHOT

PACKAGE = "risorius_generated"
# Pictures come as bytes, tables as text; the generator knows no names for them.
CONFIG = """
content_type_overrides:
  application/pdf: application/octet-stream
  image/jpeg: application/octet-stream
  text/csv: text/plain
  application/problem+json: application/json
literal_enums: true
post_hooks: []
"""


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """The client's package, freshly made; a warning of the generator is a fault of the document."""
    folder = tmp_path_factory.mktemp("generated")
    (folder / "config.yml").write_text(CONFIG, encoding="utf-8")
    told = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "openapi_python_client",
                "generate",
                "--meta",
                "none",
                "--fail-on-warning",
            ),
            *(
                "--path",
                str(SNAPSHOT),
                "--output-path",
                str(folder / PACKAGE),
                "--config",
                str(folder / "config.yml"),
            ),
        ],
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert told.returncode == 0, told.stdout + told.stderr
    sys.path.insert(0, str(folder))
    yield importlib.import_module(PACKAGE)
    sys.path.remove(str(folder))


class Inside(httpx.BaseTransport):
    """Carries requests to the views of this process, in the test's own transaction."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        told = dict(request.headers)
        kind = told.pop("content-type", "")
        path = request.url.raw_path.decode()
        answer = Client().generic(request.method, path, request.read(), content_type=kind, headers=told)
        content = b"".join(answer) if answer.streaming else answer.content
        return httpx.Response(answer.status_code, headers=list(answer.headers.items()), content=content)


@pytest.fixture
def call(generated, clinician, clinic):
    """Calls an operation of the client as the clinician, by the operation's name."""
    models = importlib.import_module(f"{PACKAGE}.models")
    options: dict[str, Any] = {"base_url": "http://testserver", "httpx_args": {"transport": Inside()}}
    nobody = generated.Client(**options)

    def operation(client: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        group = name.partition("_")[0]
        module = importlib.import_module(f"{PACKAGE}.api.{group}.{name}")
        return module.sync_detailed(*args, client=client, **kwargs)

    token = operation(
        nobody, "tokens_create", body=models.TokenInput(email=clinician.email, password=factories.PASSWORD)
    ).parsed
    client = generated.AuthenticatedClient(token=token.token, **options)
    return SimpleNamespace(
        models=models,
        ask=lambda name, *args, **kwargs: operation(client, name, *args, **kwargs),
        client=client,
    )


def test_the_main_story(call, clinician, photo_folder):
    models, ask = call.models, call.ask
    made = ask("patients_create", body=models.PatientInput(record_number="G-1", name="Budi Contoh"))
    assert made.status_code == 201
    patient = made.parsed
    found = ask("patients_search_create", body=models.PatientSearch(record_number="G-1"))
    assert found.status_code == 200, found.content
    assert [row.id for row in found.parsed.results] == [patient.id]
    found = ask("patients_search_create", body=models.PatientSearch(text="contoh", record_number=""))
    assert [row.id for row in found.parsed.results] == [patient.id]
    episode = ask(
        "episodes_create",
        body=models.EpisodeInput(
            patient=patient.id, cause="bells_palsy", weak_side="left", onset_date=dt.date(2026, 1, 12)
        ),
    ).parsed
    asked = ask("episodes_red_flags_retrieve", episode.id).parsed
    assert asked.shows_findings is False and episode.red_flags == "unasked"
    none = {one.code: "no" for one in asked.questions}
    answered = ask(
        "episodes_red_flags_create",
        episode.id,
        body=models.RedFlagsInput(answers=models.RedFlagsInputAnswers.from_dict(none)),
    )
    assert answered.status_code == 201 and answered.parsed.sent_to == []
    consent = ask(
        "consents_create",
        body=models.ConsentInput(patient=patient.id, use="record", given_on=dt.date(2026, 1, 14)),
    ).parsed
    assert consent.recorded_by.kind == "person" and consent.revoked_at is None
    visit = ask("visits_create", body=models.VisitInput(patient=patient.id, impression="First visit")).parsed
    assert visit.clinician.id == clinician.public_id
    image = importlib.import_module(f"{PACKAGE}.types").File(
        payload=io.BytesIO(factories.jpeg(320, 400)), file_name="photo.jpg", mime_type="image/jpeg"
    )
    upload = ask("photos_create", body=models.PhotoUpload(visit=visit.id, exercise="smile", image=image))
    assert upload.status_code == 202, upload.content
    photo = upload.parsed
    assert photo.analysis.status == "queued" and photo.analysis.result is None
    analysis = Analysis.objects.get(pk=photo.analysis.id)
    inference.finish(claim=inference.claim(analysis_id=analysis.pk), findings=make_findings())
    followed = ask("analyses_retrieve", analysis.pk).parsed
    assert followed.status == "succeeded" and followed.result.preliminary is True
    confirmed = ask(
        "confirmations_create",
        body=models.ConfirmationInput(
            analysis=analysis.pk, exercise="smile", palsy=True, weak_side="left", grade=4
        ),
    )
    assert confirmed.status_code == 201, confirmed.content
    assert confirmed.parsed.by.id == clinician.public_id and confirmed.parsed.grade == 4
    tag = ask("visits_retrieve", visit.id).headers["etag"]
    changed = ask("visits_partial_update", visit.id, body=models.PatchedVisitChange(grade=4), if_match=tag)
    assert changed.status_code == 200 and changed.parsed.grade == 4
    assert ask("visits_findings_retrieve", visit.id).parsed.visit == visit.id
    history = ask("episodes_history_retrieve", episode.id).parsed
    assert history.visits[0].clinician.seen_by_id == clinician.public_id
    assert history.visits[0].photos[0].confirmed.by_id == clinician.public_id
    picture = ask("photos_image_retrieve", photo.id)
    assert picture.parsed.payload.read(3) == b"\xff\xd8\xff"
    listed = ask("visits_list", archived="any", page_size=5).parsed
    assert [row.id for row in listed.results] == [visit.id] and listed.next_ is None
    told = ask("changes_list").parsed
    assert {entry.kind for entry in told.results} >= {
        "patient",
        "episode",
        "consent",
        "visit",
        "photo",
        "analysis",
    }
    assert ask("changes_list", cursor=told.cursor).parsed.results == []
    assert ask("tokens_destroy").status_code == 204


@pytest.mark.parametrize("state", ["current", "archived", "restricted"])
def test_a_number_that_is_taken_leads_to_its_holder(state, call, clinic, clinician, administrator):
    models, ask = call.models, call.ask
    holder = factories.PatientFactory(clinic=clinic, record_number="G-7")
    if state == "archived":
        patients.archive_patient(user=clinician, patient=holder)
    if state == "restricted":
        rights.restrict(user=administrator, patient=holder, ground="disputed", reason="asked")
    for number in ("G-7", " g-7 "):
        refused = ask("patients_create", body=models.PatientInput(record_number=number, name="Another"))
        assert refused.status_code == 409, refused.content
        assert (refused.parsed.code, refused.parsed.patient.state) == ("conflict", state)
        assert refused.parsed.patient.id == holder.pk
        found = ask("patients_search_create", body=models.PatientSearch(record_number=number)).parsed
        if state == "restricted":
            assert (found.results, found.restricted) == ([], 1)
        else:
            assert [row.id for row in found.results] == [holder.pk] and found.restricted == 0
    seen = ask("patients_retrieve", holder.pk)
    assert seen.status_code == (403 if state == "restricted" else 200)
    if state == "restricted":
        assert seen.parsed.code == "record_restricted"
    other = factories.PatientFactory(clinic=clinic)
    tag = ask("patients_retrieve", other.pk).headers["etag"]
    change = models.PatchedPatientChange(record_number="G-7")
    refused = ask("patients_partial_update", other.pk, body=change, if_match=tag)
    assert refused.parsed.patient.id == holder.pk


def test_a_number_taken_elsewhere_is_nobodys_business(call, stranger):
    factories.PatientFactory(clinic=stranger.memberships.get().clinic, record_number="G-8")
    made = call.ask("patients_create", body=call.models.PatientInput(record_number="G-8", name="A"))
    assert made.status_code == 201
    assert (
        call.ask(
            "patients_search_create", body=call.models.PatientSearch(record_number="G-8")
        ).parsed.restricted
        == 0
    )


def test_codes_that_the_client_does_not_know_are_borne(call, clinic):
    """What a later version may say: codes of every sort, and fields that nobody has heard of."""
    patient = factories.PatientFactory(clinic=clinic)
    shown = call.ask("patients_retrieve", patient.pk).parsed.to_dict()
    assert call.models.Patient.from_dict({**shown, "sex": "of_2031", "new": {"a": 1}}).sex == "of_2031"
    entry = {"kind": "referral", "what": "forwarded", "todo": {"code": "phone", "sentence": "Phone."}}
    told = {
        **entry,
        **{name: str(patient.pk) for name in ("id", "patient", "clinic")},
        "url": None,
        "version": None,
        "at": "2031-01-01T00:00:00Z",
        "photo": None,
    }
    assert call.models.Change.from_dict(told).what == "forwarded"
    assert Patient.objects.count() == 1
