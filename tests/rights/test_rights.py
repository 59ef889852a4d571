"""A patient's rights: correction, restriction, legal hold, and the consent that is asked at each use."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from clinic.accounts.models import Role
from clinic.audit.models import AuditEvent, Event
from clinic.patients import middleware, services, uses
from clinic.patients.models import Correction, Patient
from clinic.rights import services as rights
from clinic.visits import consenting, training_set
from clinic.visits.models import Photo
from clinic.visits.refusals import IntakeError
from inference import services as inference
from inference.jobs import background
from inference.jobs.states import Status
from inference.models import Analysis, BackgroundAnalysis, Purpose
from inference.releases import reanalysis

from .. import factories
from ..conftest import logged_in
from ..visits.pictures import encoded, upload


def url(name: str, record) -> str:
    return reverse(f"patients:{name}", args=[record.pk])


def restrict(patient, user, ground="disputed"):
    rights.restrict(user=user, patient=patient, ground=ground, reason="Letter of today")
    patient.refresh_from_db()


def opened(client, patient, reason="Court asks for it"):
    """The administrator says why, and may look for half an hour."""
    answer = client.post(url("open", patient), {"reason": reason})
    assert answer.status_code == 302, answer.content
    return client


@pytest.fixture
def consented(patient, clinician):
    return consenting.give_consent(
        user=clinician, patient=patient, use="record", given_on=timezone.localdate()
    )


# --- restriction ---


def addresses(patient, visit, photo, analysis) -> list[str]:
    pages = [url(name, patient) for name in ("detail", "visits", "photos", "record", "log", "rights")]
    pages += [reverse(f"visits:{name}", args=[photo.pk]) for name in ("photo", "file", "thumbnail")]
    pages += [reverse("visits:detail", args=[visit.pk])]
    api = (("patient", patient), ("visit", visit), ("photo", photo), ("analysis", analysis))
    return pages + [reverse(f"api:{name}-detail", args=[record.pk]) for name, record in api]


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.ADMINISTRATOR, Role.REVIEWER])
def test_a_restricted_record_is_closed_wherever_it_is_asked_for(
    role, clinic, patient, visit, take, administrator
):
    photo = take()
    analysis = Analysis.objects.get(photo=photo)
    client = logged_in(factories.member(clinic, role))
    places = addresses(patient, visit, photo, analysis)
    if role == Role.REVIEWER:
        places.remove(url("rights", patient))
    assert {client.get(place).status_code for place in places} == {200}
    restrict(patient, administrator)
    for place in places:
        assert client.get(place).status_code in (403, 404), place
    for place in (
        reverse("patients:list"),
        reverse("today"),
        reverse("api:patient-list"),
        reverse("api:photo-list"),
    ):
        answer = client.get(place)
        assert answer.status_code == 200
        assert patient.name not in answer.content.decode() and str(patient.pk) not in answer.content.decode()


def test_it_is_told_apart_from_one_that_is_not_there_but_to_its_own_clinic_alone(
    patient, administrator, as_clinician, as_stranger, as_administrator
):
    restrict(patient, administrator)
    page = as_clinician.get(url("record", patient))
    assert page.status_code == 403 and "This record is restricted" in page.content.decode()
    assert url("open", patient) not in page.content.decode()
    assert url("open", patient) in as_administrator.get(url("record", patient)).content.decode()
    problem = as_clinician.get(reverse("api:patient-detail", args=[patient.pk]))
    assert (problem.status_code, problem.json()["code"]) == (403, "record_restricted")
    assert as_stranger.get(url("record", patient)).status_code == 404
    assert as_stranger.get(reverse("api:patient-detail", args=[patient.pk])).status_code == 404
    assert "1 restricted record is not listed" in as_clinician.get(reverse("patients:list")).content.decode()


def test_an_administrator_opens_it_with_a_reason_that_the_log_keeps(
    patient, administrator, as_administrator, take
):
    photo = take()
    restrict(patient, administrator)
    refused = as_administrator.post(url("open", patient), {"reason": "  "})
    assert refused.status_code == 200
    assert as_administrator.get(url("record", patient)).status_code == 403
    opened(as_administrator, patient)
    page = as_administrator.get(url("record", patient)).content.decode()
    assert "restricted" in page and patient.name in page
    assert as_administrator.get(reverse("visits:file", args=[photo.pk])).status_code == 200
    answer = as_administrator.get(reverse("api:patient-detail", args=[patient.pk])).json()
    assert answer["restricted_at"] is not None
    events = AuditEvent.objects.filter(patient=patient, user=administrator, kind="record")
    assert {event.reason for event in events.filter(page__in=["patients:open", "patients:record"])} == {
        "Court asks for it"
    }


def test_what_was_opened_is_closed_by_a_later_restriction(as_administrator, administrator, patient, take):
    photo = take()
    restrict(patient, administrator)
    opened(as_administrator, patient)
    rights.lift_restriction(user=administrator, patient=patient, reason="Decided")
    restrict(patient, administrator)
    for name, pk in (("record", patient.pk), ("recovery:csv", patient.pk), ("visits:file", photo.pk)):
        address = url(name, patient) if name == "record" else reverse(name, args=[pk])
        assert as_administrator.get(address).status_code in (403, 404), name
    assert as_administrator.get(reverse("api:patient-detail", args=[patient.pk])).status_code == 403
    opened(as_administrator, patient)
    assert as_administrator.get(url("record", patient)).status_code == 200


def test_the_reason_stands_on_visits_photos_and_files_too(as_administrator, administrator, patient, visit):
    photo = factories.PhotoFactory(visit=visit)
    factories.AnalysisFactory(photo=photo)
    rights.restrict(user=administrator, patient=patient, ground="disputed", reason="Asked for")
    opened(as_administrator, patient)
    newest = AuditEvent.objects.latest("pk").pk
    for name, pk in (
        ("visits:detail", visit.pk),
        ("visits:photo", photo.pk),
        ("visits:file", photo.pk),
        ("recovery:data", patient.pk),
        ("recovery:csv", patient.pk),
        ("audit:patient_csv", patient.pk),
    ):
        answer = as_administrator.get(reverse(name, args=[pk]))
        assert answer.status_code == 200, name
    lines = AuditEvent.objects.filter(pk__gt=newest, patient=patient)
    assert {line.reason for line in lines} == {"Court asks for it"} and lines.count() >= 6
    other = factories.PatientFactory(clinic=patient.clinic)
    as_administrator.get(url("record", other))
    assert AuditEvent.objects.filter(patient=other, kind=Event.RECORD).get().reason == ""


def test_an_opened_record_closes_with_the_role(as_administrator, administrator, patient):
    rights.restrict(user=administrator, patient=patient, ground="disputed", reason="Asked for")
    opened(as_administrator, patient)
    assert as_administrator.get(url("record", patient)).status_code == 200
    administrator.memberships.update(role="reviewer")
    assert as_administrator.get(url("record", patient)).status_code == 403


def test_the_opening_ends_by_itself_with_the_session_and_by_hand(
    patient, administrator, as_administrator, monkeypatch
):
    restrict(patient, administrator)
    opened(as_administrator, patient)
    assert as_administrator.post(url("close", patient)).status_code == 302
    assert as_administrator.get(url("record", patient)).status_code == 403
    opened(as_administrator, patient)
    assert logged_in(administrator).get(url("record", patient)).status_code == 403, "another session"
    monkeypatch.setattr(middleware, "OPEN_FOR", -1)  # half an hour later
    opened(as_administrator, patient)
    assert as_administrator.get(url("record", patient)).status_code == 403


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.REVIEWER, Role.INTEGRATION])
def test_nobody_else_opens_it(role, clinic, patient, administrator):
    restrict(patient, administrator)
    client = logged_in(factories.member(clinic, role))
    assert client.post(url("open", patient), {"reason": "Curious"}).status_code == 403
    assert client.get(url("record", patient)).status_code == 403
    assert client.get(reverse("patients:restricted")).status_code == 403


def test_an_administrator_of_another_clinic_finds_nothing(patient, administrator):
    restrict(patient, administrator)
    other = logged_in(factories.member(factories.ClinicFactory(), Role.ADMINISTRATOR))
    assert other.post(url("open", patient), {"reason": "Curious"}).status_code == 404


def test_a_restricted_record_is_not_changed_even_when_open(
    patient, episode, visit, administrator, as_administrator
):
    restrict(patient, administrator)
    opened(as_administrator, patient)
    for name in ("edit", "episode_new", "archive"):
        assert as_administrator.post(url(name, patient), {"name": "Another"}).status_code == 403
    body = {"exercise": "smile", "photo": upload(encoded())}
    assert as_administrator.post(reverse("visits:upload", args=[visit.pk]), body).status_code == 403
    change = as_administrator.patch(
        reverse("api:patient-detail", args=[patient.pk]), {"name": "Another"}, content_type="application/json"
    )
    assert (change.status_code, change.json()["code"]) == (403, "record_restricted")
    with pytest.raises(ValidationError):
        services.update_patient(user=administrator, patient=patient, name="Another")


def test_restricting_takes_photos_off_the_queue_and_lifting_puts_them_back(patient, take, administrator):
    photo = take()
    BackgroundAnalysis.objects.create(photo=photo, release="next", purpose=Purpose.SHADOW)
    restrict(patient, administrator)
    assert Analysis.objects.get(photo=photo).status == Status.CANCELLED
    assert BackgroundAnalysis.objects.get(photo=photo).status == Status.CANCELLED
    rights.lift_restriction(user=administrator, patient=patient, reason="Settled")
    assert Analysis.objects.get(photo=photo).status == Status.QUEUED
    patient.refresh_from_db()
    assert patient.restricted_at is None
    kinds = AuditEvent.objects.filter(patient=patient).values_list("kind", flat=True)
    assert {"restriction", "restriction_lifted"} <= set(kinds)


def test_a_restriction_ends_and_begins_once(patient, administrator):
    with pytest.raises(ValidationError):
        rights.lift_restriction(user=administrator, patient=patient, reason="None there")
    restrict(patient, administrator)
    with pytest.raises(ValidationError):
        restrict(patient, administrator)


def test_a_clinician_restricts_and_the_administrator_alone_lifts(patient, as_clinician, as_administrator):
    answer = as_clinician.post(
        url("restrict", patient), {"ground": "disputed", "reason": "Says it is not hers"}
    )
    assert answer.status_code == 302
    assert Patient.objects.get().restricted_at is not None
    assert as_clinician.post(url("lift", patient), {"reason": "x"}).status_code == 403
    opened(as_administrator, patient)
    assert as_administrator.post(url("lift", patient), {"reason": "Settled"}).status_code == 302
    assert as_clinician.get(url("record", patient)).status_code == 200


@pytest.mark.parametrize("name", ["rights", "restrict", "correction_new", "erase", "hold"])
def test_who_only_reads_carries_out_no_right(name, patient, as_reviewer, as_stranger):
    assert as_reviewer.get(url(name, patient)).status_code == 403
    assert as_stranger.get(url(name, patient)).status_code == 404


@pytest.mark.parametrize("name", ["erase", "hold", "hold_lift", "lift"])
def test_what_the_clinics_head_decides(name, patient, as_clinician):
    assert as_clinician.post(url(name, patient), {"reason": "x", "understood": "on"}).status_code == 403


# --- correction ---


def test_a_correction_keeps_what_stood_there_before(patient, as_clinician, clinician):
    form = {"received_on": timezone.localdate().isoformat(), "disputed": "My birth date is wrong."}
    assert as_clinician.post(url("correction_new", patient), form).status_code == 302
    request = Correction.objects.get()
    services.update_patient(user=clinician, patient=patient, birth_date="1981-05-17")
    decided = {"state": "corrected", "answer": "Birth date changed from the identity card."}
    assert as_clinician.post(url("correction", request), decided).status_code == 302
    page = as_clinician.get(url("log", patient)).content.decode()
    assert "May 17, 1980" in page or "17 May 1980" in page
    assert "1981" in page
    request.refresh_from_db()
    assert (request.state, request.decided_by) == ("corrected", clinician)
    details = [event.detail for event in AuditEvent.objects.filter(kind="correction").order_by("pk")]
    assert [detail["what"] for detail in details] == ["asked", "corrected"]
    with pytest.raises(ValidationError):
        rights.decide_correction(user=clinician, correction=request, **decided)


def test_what_is_not_changed_carries_the_patients_statement(patient, as_clinician, clinician):
    request = rights.ask_correction(
        user=clinician, patient=patient, received_on=timezone.localdate(), disputed="It was no palsy."
    )
    refused = as_clinician.post(url("correction", request), {"state": "statement", "answer": "Seen by two."})
    assert refused.status_code == 200 and "in their words" in refused.content.decode()
    said = "I had nothing but a cold."
    form = {"state": "statement", "answer": "Seen by two.", "statement": said}
    assert as_clinician.post(url("correction", request), form).status_code == 302
    assert said in as_clinician.get(url("record", patient)).content.decode()


def test_a_strangers_request_is_not_there(patient, clinician, as_stranger):
    request = rights.ask_correction(
        user=clinician, patient=patient, received_on=timezone.localdate(), disputed="Wrong."
    )
    assert as_stranger.get(url("correction", request)).status_code == 404


# --- consent, asked at each use ---


def test_an_upload_stops_when_the_consent_is_taken_back(
    consented, patient, take, visit, clinician, as_clinician
):
    take(1)
    consenting.revoke_consent(user=clinician, consent=consented)
    with pytest.raises(IntakeError) as refused:
        take(2)
    assert refused.value.code == "no_consent"
    body = {"visit": visit.pk, "exercise": "smile", "image": upload(encoded())}
    answer = as_clinician.post(reverse("api:photo-list"), body)
    assert (answer.status_code, answer.json()["code"]) == (403, "no_consent")
    assert Photo.objects.count() == 1
    consenting.give_consent(user=clinician, patient=patient, use="record", given_on=timezone.localdate())
    assert take(2)


def test_a_clinic_may_insist_on_the_consent(settings, take, patient, clinician):
    settings.REQUIRE_RECORD_CONSENT = True
    with pytest.raises(IntakeError):
        take()
    consenting.give_consent(user=clinician, patient=patient, use="record", given_on=timezone.localdate())
    assert take()


def test_an_analysis_stops_when_the_consent_is_taken_back_while_it_waits(consented, patient, take, clinician):
    photo = take()
    analysis = Analysis.objects.get(photo=photo)
    consenting.revoke_consent(user=clinician, consent=consented)
    assert inference.claim(analysis_id=analysis.pk, release=analysis.release) is None
    analysis.refresh_from_db()
    assert analysis.status == Status.CANCELLED
    consenting.give_consent(user=clinician, patient=patient, use="record", given_on=timezone.localdate())
    assert inference.claim(analysis_id=analysis.pk, release=analysis.release) is not None


def test_an_analysis_stops_when_the_record_is_restricted_while_it_waits(patient, take):
    analysis = Analysis.objects.get(photo=take())
    Patient.objects.update(restricted_at=timezone.now())
    assert inference.claim(analysis_id=analysis.pk, release=analysis.release) is None


@pytest.mark.parametrize("purpose", Purpose.values)
@pytest.mark.parametrize("end", ["consent", "restriction"])
def test_background_work_stops_too(purpose, end, consented, patient, take, clinician, administrator):
    photo = take()
    job = BackgroundAnalysis.objects.create(photo=photo, release="next", purpose=purpose)
    assert background.usable(BackgroundAnalysis.objects.all()).exists()
    if end == "consent":
        consenting.revoke_consent(user=clinician, consent=consented)
    else:
        Patient.objects.update(restricted_at=timezone.now())
    assert background.claim(analysis_id=job.pk) is None
    assert BackgroundAnalysis.objects.get().status == Status.CANCELLED
    if end == "restriction":
        assert not reanalysis.photos().exists()


@pytest.mark.parametrize("end", ["consent", "restriction"])
def test_a_training_set_leaves_out_who_took_it_back(
    end, patient, take, clinic, clinician, administrator, tmp_path
):
    consent = consenting.give_consent(
        user=clinician, patient=patient, use="model_training", given_on=timezone.localdate()
    )
    photo = take()
    Analysis.objects.filter(photo=photo).delete()
    factories.ConfirmationFactory(analysis=factories.AnalysisFactory(photo=photo), by=clinician)
    manifest = training_set.export(user=administrator, clinic=clinic, folder=tmp_path / "one")
    assert manifest["photos"] == 1
    if end == "consent":
        consenting.revoke_consent(user=clinician, consent=consent)
    else:
        restrict(patient, administrator)
    manifest = training_set.export(user=administrator, clinic=clinic, folder=tmp_path / "two")
    assert manifest["photos"] == 0
    assert not list((tmp_path / "two").rglob("*.jpg"))


def test_each_use_that_the_table_names_is_a_function_that_exists():
    for name in (
        "visits.services.store_photo",
        "inference.services.claim",
        "inference.jobs.background.usable",
    ):
        assert f"`{name}`" in (uses.__doc__ or "")
