"""A clinic works without a model, or with one that nobody sees; its administrators choose, and the log keeps it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from clinic.audit.models import AuditEvent
from clinic.common import broker
from clinic.feed.models import Change
from clinic.recovery.services import refresh_summary
from clinic.visits import services as visits
from clinic.visits.models import Photo
from inference import services
from inference.jobs import background
from inference.jobs.states import Status
from inference.models import Analysis, BackgroundAnalysis, Purpose
from inference.releases import registry
from inference.releases import services as releases
from inference.releases.use import set_model_use
from tests import factories
from tests.conftest import logged_in
from tests.visits.test_upload import send

from .conftest import make_findings

pytestmark = pytest.mark.django_db
OFF = "Analysis is off in this clinic"
PAGES = ("today", "visits:review", "inference:models", "patients:list")


@pytest.fixture(autouse=True)
def sent(monkeypatch):
    """What was put on the queue."""
    messages: list[str] = []
    monkeypatch.setattr(broker, "send", lambda name, *_, **__: bool(messages.append(name)) or True)
    return messages


@pytest.fixture
def visit(patient, clinician):
    episode = factories.EpisodeFactory(patient=patient)
    return factories.VisitFactory(episode=episode, clinician=clinician)


def switch(clinic, administrator, use):
    changed = set_model_use(user=administrator, clinic=clinic, use=use)
    clinic.refresh_from_db()
    return changed


def upload(client, visit, **fields):
    answer = send(client, visit, **fields)
    assert answer.status_code == 201
    return Photo.objects.get(pk=answer.json()["id"])


@pytest.mark.parametrize("installed", [True, False])
def test_off_photos_are_stored_and_nothing_is_queued(
    as_clinician, visit, clinic, administrator, sent, settings, installed
):
    """By the clinic's own choice, or as the installation has it."""
    if installed:
        switch(clinic, administrator, "off")
    else:
        settings.MODEL_USE = "off"
    photo = upload(as_clinician, visit)
    visits.archive_photo(user=administrator, photo=photo)
    visits.restore_photo(user=administrator, photo=Photo.objects.get(pk=photo.pk))
    assert Analysis.objects.count() == BackgroundAnalysis.objects.count() == 0
    assert sent == []


def test_off_everything_else_works_and_no_model_part_is_empty(
    as_clinician, visit, clinic, administrator, patient
):
    switch(clinic, administrator, "off")
    photo = upload(as_clinician, visit, exercise="rest")
    visits.update_visit(user=administrator, visit=visit, grade=4)
    refresh_summary(patient_id=patient.pk)
    found = {
        name: as_clinician.get(reverse(name, args=[pk] if pk else [])).content.decode()
        for name, pk in (
            ("visits:detail", visit.pk),
            ("visits:photo", photo.pk),
            ("visits:capture", visit.pk),
            ("patients:detail", patient.pk),
            *((name, None) for name in PAGES),
        )
    }
    for page in ("visits:detail", "visits:photo", "visits:review", "inference:models"):
        assert OFF in found[page], page
    assert "Model's grade" not in found["patients:detail"].split("<table")[0]
    assert "IV" in found["patients:detail"]
    for words in ("result to review", "results to review", "photos being analysed", "failed analys"):
        assert words not in found["today"]
    assert as_clinician.get(reverse("visits:photo_check", args=[photo.pk])).json()["state"] == "unchecked"
    figures = as_clinician.get(reverse("recovery:data", args=[patient.pk])).json()
    assert figures["visits"][0]["clinician"]["grade"] == 4


def test_off_the_frame_complains_of_no_queue_and_no_model(as_clinician, clinic, administrator, monkeypatch):
    monkeypatch.setattr("inference.selectors.analysis_delayed", lambda **_of: True)
    status = reverse("inference:status")
    assert "Analysis is delayed" in as_clinician.get(status).content.decode()
    switch(clinic, administrator, "off")
    assert "Analysis is delayed" not in as_clinician.get(status).content.decode()


@pytest.mark.parametrize("use", ["off", "shadow"])
def test_retiring_the_release_in_use_brings_nothing_back(
    as_clinician, visit, clinic, administrator, use, monkeypatch
):
    switch(clinic, administrator, use)
    shipped = registry.active().name
    # The shipped one follows a retired one: the clinic uses no model all the same.
    monkeypatch.setattr(releases, "_need_a_default", lambda name: None)
    releases.ModelRelease.objects.create(name="retired-now", fingerprint="x", state="active")
    releases.retire(name="retired-now", by="test")
    registry.forget()
    assert registry.active().name == shipped
    upload(as_clinician, visit)
    assert Analysis.objects.count() == 0


def test_unseen_the_model_runs_and_only_administrators_learn_how_it_does(
    as_clinician, visit, clinic, administrator, patient
):
    switch(clinic, administrator, "shadow")
    photo = upload(as_clinician, visit, exercise="rest")
    [job] = BackgroundAnalysis.objects.all()
    assert (job.release, job.purpose) == (registry.active().name, Purpose.SHADOW)
    claim = background.claim(analysis_id=job.pk)
    assert background.finish(claim=claim, findings=make_findings(exercise="rest", weak_side="left", grade=5))
    assert Analysis.objects.count() == 0
    for name, pk in (
        ("visits:detail", visit.pk),
        ("visits:photo", photo.pk),
        ("patients:detail", patient.pk),
        ("inference:models", None),
        ("api:photo-detail", photo.pk),
        ("api:visit-findings", visit.pk),
        ("api:analysis-list", None),
    ):
        text = as_clinician.get(reverse(name, args=[pk] if pk else [])).content.decode()
        assert "Weakness on the left" not in text and "runs beside, unseen" not in text, name
    page = logged_in(administrator).get(reverse("inference:models")).content.decode()
    assert "runs beside, unseen" in page and "1 judged" in page
    page = as_clinician.get(reverse("visits:detail", args=[visit.pk])).content.decode()
    assert "results are not shown in this clinic" in page.replace("&#x27;", "'")


@pytest.mark.parametrize("use", ["off", "shadow"])
def test_what_waits_is_taken_off_the_queue_and_what_slips_through_is_not_claimed(
    as_clinician, visit, clinic, administrator, use
):
    upload(as_clinician, visit)
    waiting = Analysis.objects.get()
    told = Change.objects.filter(record=waiting.pk).count()
    switch(clinic, administrator, use)
    waiting.refresh_from_db()
    assert waiting.status == Status.CANCELLED
    assert Change.objects.filter(record=waiting.pk).count() == told + 1, "who keeps a copy hears of it"
    Analysis.objects.update(status=Status.QUEUED)
    assert services.claim(analysis_id=waiting.pk) is None
    waiting.refresh_from_db()
    assert waiting.status == Status.CANCELLED


def test_a_job_of_a_clinic_without_a_model_is_not_begun(visit, clinic, administrator):
    photo = factories.PhotoFactory(visit=visit)
    job = BackgroundAnalysis.objects.create(photo=photo, release="x", purpose=Purpose.SHADOW)
    factories.ConsentFactory(patient=visit.patient)
    again = BackgroundAnalysis.objects.create(photo=photo, release="x", purpose=Purpose.REANALYSIS)
    assert background.usable(BackgroundAnalysis.objects.all()).count() == 2
    switch(clinic, administrator, "shadow")
    assert list(background.usable(BackgroundAnalysis.objects.all())) == [job]
    switch(clinic, administrator, "off")
    assert not background.usable(BackgroundAnalysis.objects.all()).exists()
    job.refresh_from_db()
    again.refresh_from_db()
    assert job.status == again.status == Status.CANCELLED


def test_a_photo_taken_in_meanwhile_is_analysed_when_somebody_asks(
    as_clinician, visit, clinic, administrator
):
    switch(clinic, administrator, "off")
    photo = upload(as_clinician, visit)
    retry = reverse("visits:photo_retry", args=[photo.pk])
    as_clinician.post(retry)
    assert not Analysis.objects.exists()
    switch(clinic, administrator, "in_use")
    assert "Analyse it now" in as_clinician.get(reverse("visits:photo", args=[photo.pk])).content.decode()
    as_clinician.post(retry)
    assert Analysis.objects.get(photo=photo).status == Status.QUEUED


def test_administrators_choose_and_the_log_keeps_it(clinic, administrator, clinician):
    page = reverse("inference:use")
    assert logged_in(clinician).post(page, {"model_use": "off"}).status_code == 403
    clinic.refresh_from_db()
    assert clinic.model_use == "" and clinic.shows_results
    logged_in(administrator).post(page, {"model_use": "off"})
    clinic.refresh_from_db()
    assert clinic.effective_model_use == "off"
    event = AuditEvent.objects.get(kind="model_use")
    assert (event.user, event.clinic) == (administrator, clinic)
    assert event.detail == {"before": "default", "after": "off"}
    # Another clinic goes on as before.
    assert factories.ClinicFactory().shows_results


def test_an_unknown_choice_is_refused(clinic, administrator, settings):
    answer = logged_in(administrator).post(reverse("inference:use"), {"model_use": "sometimes"})
    assert answer.status_code == 200 and not AuditEvent.objects.filter(kind="model_use").exists()
    settings.MODEL_USE = "sometimes"
    from clinic.operations.checks.installation import model_use

    assert [message.id for message in model_use()] == ["risorius.E012"]
