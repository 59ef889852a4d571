"""A clinic with one record of everything, and clients of the API for its people."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from clinic.examination.scales import BY_CODE
from clinic.examination.services import raise_task
from clinic.examination.services_questionnaires import send_questionnaire
from clinic.examination.services_scales import answer
from tests import factories
from tests.examination.answers import answers_for
from tests.examination.wordings import pasted
from tests.home.scenes import programme_of

from .contract import Client


def client_of(user, **options) -> Client:  # type: ignore[no-untyped-def]
    """A client with that user's session."""
    client = Client(**options)
    client.force_login(user)
    return client


@pytest.fixture
def api(clinician):  # type: ignore[no-untyped-def]
    return client_of(clinician)


@pytest.fixture
def api_reviewer(reviewer):  # type: ignore[no-untyped-def]
    return client_of(reviewer)


@pytest.fixture
def api_integration(integration):  # type: ignore[no-untyped-def]
    return client_of(integration)


@pytest.fixture
def api_stranger(stranger):  # type: ignore[no-untyped-def]
    return client_of(stranger)


def everything(visit, clinician) -> SimpleNamespace:  # type: ignore[no-untyped-def]
    """One record of each resource, by the resource's name in the API."""
    photo = factories.PhotoFactory(visit=visit)
    analysis = factories.AnalysisFactory(photo=photo)
    return SimpleNamespace(
        clinic=visit.patient.clinic,
        patient=visit.patient,
        episode=visit.episode,
        treatment=factories.TreatmentFactory(episode=visit.episode),
        consent=factories.ConsentFactory(patient=visit.patient, recorded_by=clinician),
        visit=visit,
        photo=photo,
        analysis=analysis,
        confirmation=factories.ConfirmationFactory(analysis=analysis, by=clinician),
        task=raise_task(user=clinician, episode=visit.episode, kind="follow_up", plan="Look again"),
        assessment=answer(
            user=clinician, visit=visit, scale=BY_CODE["fngs"], answers=answers_for(BY_CODE["fngs"])
        ),
        home_programme=programme_of(visit.episode, clinician),
        patient_link=send_questionnaire(
            user=clinician, episode=visit.episode, wording=pasted(clinician, visit.patient.clinic)
        )[0],
    )


@pytest.fixture
def records(visit, clinician):  # type: ignore[no-untyped-def]
    return everything(visit, clinician)


@pytest.fixture
def upload():  # type: ignore[no-untyped-def]
    """Makes a file for an upload: a JPEG that intake takes, unless another content or name is given."""

    def make(content: bytes | None = None, name: str = "photo.jpg", **kwargs: object) -> SimpleUploadedFile:
        if content is None:
            content = factories.jpeg(320, 400, **kwargs)
        return SimpleUploadedFile(name, content, content_type="image/jpeg")

    return make
