"""Erasure: copies now, the record after its retention, a legal hold before both; and a log that names nobody."""

from __future__ import annotations

import datetime as dt
import io

import pytest
import time_machine
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import models
from django.urls import reverse
from django.utils import timezone

from clinic.audit.holdings import BY_MODEL, HOLDINGS
from clinic.audit.models import AuditEvent
from clinic.patients import services
from clinic.patients.models import Consent, Erasure, Patient
from clinic.recovery.models import PatientSummary
from clinic.rights import erasure
from clinic.rights import services as rights
from clinic.store import files
from clinic.visits import consenting, training_set
from clinic.visits.models import Photo, Visit
from clinic.visits.services_series import skip_exercise
from inference.models import BackgroundAnalysis, Purpose

from .. import factories
from ..conftest import logged_in
from .test_rights import opened, url

TODAY = timezone.localdate()


@pytest.fixture
def full(patient, episode, visit, clinician, administrator, tmp_path):
    """A patient of whom something lies in every table and folder."""
    for use in ("record", "model_training"):
        consenting.give_consent(user=clinician, patient=patient, use=use, given_on=TODAY)
    services.add_treatment(user=clinician, episode=episode, kind="steroids", date=TODAY, note="60 mg")
    services.update_patient(user=clinician, patient=patient, phone="+62 811 000 111")
    for exercise in ("smile", "rest"):
        photo = factories.PhotoFactory(visit=visit, exercise=exercise)
        analysis = factories.AnalysisFactory(photo=photo)
        factories.ConfirmationFactory(analysis=analysis, by=clinician, comment="As last time")
        BackgroundAnalysis.objects.create(photo=photo, release="next", purpose=Purpose.SHADOW)
    skip_exercise(user=clinician, visit=visit, exercise="pucker", reason="pain")
    rights.ask_correction(user=clinician, patient=patient, received_on=TODAY, disputed="My name")
    rights.hold(user=administrator, patient=patient, reason="A dispute")
    rights.lift_hold(user=administrator, patient=patient, reason="Settled")
    training_set.export(user=administrator, clinic=patient.clinic, folder=tmp_path / "set")
    patient.refresh_from_db()
    return patient


def paths_to_patient() -> set[str]:
    """Every model from which a way of foreign keys, a history's, or an identifier leads to a patient."""
    found = {"patients.Patient"}
    known = {model._meta.label: model for model in apps.get_models() if not model._meta.proxy}
    grew = True
    while grew:
        grew = False
        for label, model in known.items():
            targets = {
                field.related_model._meta.concrete_model._meta.label
                for field in model._meta.concrete_fields
                if isinstance(field, models.ForeignKey | models.OneToOneField)
            }
            history_of = getattr(model, "instance_type", None)
            if history_of is not None:
                targets.add(history_of._meta.label)
            # The identifier alone leads there too, where a row has to outlive the record.
            named = any(
                isinstance(field, models.UUIDField) and field.name == "patient"
                for field in model._meta.concrete_fields
            )
            if label not in found and (named or targets & found):
                found.add(label)
                grew = True
    return found


def test_every_table_that_leads_to_a_patient_is_a_holding():
    """A new table is copied for the patient and destroyed with the record, or says why not."""
    assert paths_to_patient() == set(BY_MODEL)
    for holding in HOLDINGS:
        assert bool(holding.section) != bool(holding.not_copied), holding.model
        assert len({one.section for one in HOLDINGS if one.section}) == len(
            [o for o in HOLDINGS if o.section]
        )


def test_what_would_happen_is_said_before_it_is_done(full, as_administrator):
    page = as_administrator.get(url("erase", full))
    plan = page.context["plan"]
    assert (plan.thumbnails, plan.shadow_results + plan.waiting, plan.consents) == (2, 2, 2)
    assert [export.photos for export in plan.exports] == [2]
    assert (plan.photos, plan.visits) == (2, 1)
    assert plan.keep_until.year == TODAY.year + 25
    assert plan.exports[0].name in page.content.decode()
    assert Photo.objects.exclude(thumbnail="").count() == 2, "and nothing is done by looking"


def test_copies_are_destroyed_now_and_the_record_is_closed(
    full, administrator, as_administrator, photo_folder
):
    photo = Photo.objects.first()
    refused = as_administrator.post(url("erase", full), {"reason": "Asked in writing"})
    assert refused.status_code == 200 and not Erasure.objects.exists(), "not before it was read"
    answer = as_administrator.post(url("erase", full), {"reason": "Asked in writing", "understood": "on"})
    assert answer.status_code == 302
    left = {str(path.relative_to(photo_folder)) for path in photo_folder.rglob("*.jpg")}
    assert left == set(Photo.objects.values_list("image", flat=True)), (
        "the photos of the record, and no thumbnail"
    )
    assert not BackgroundAnalysis.objects.exists()
    assert not PatientSummary.objects.filter(patient=full).exists()
    assert not Consent.objects.in_force().filter(patient=full).exists()
    full.refresh_from_db()
    assert full.restricted_at is not None
    done = Erasure.objects.get()
    assert done.copies["thumbnails"] == 2 and len(done.copies["training_exports"]) == 1
    assert AuditEvent.objects.filter(kind="erasure", patient=full, user=administrator).count() == 1
    assert as_administrator.get(url("record", full)).status_code == 403
    opened(as_administrator, full)
    assert as_administrator.get(reverse("visits:file", args=[photo.pk])).status_code == 200
    small = as_administrator.get(reverse("visits:thumbnail", args=[photo.pk]))
    assert small.status_code == 200, "the photo itself stands in for its small picture"
    page = as_administrator.get(url("rights", full)).content.decode()
    assert done.copies["training_exports"][0] in page


def erased(patient, user) -> Erasure:
    return erasure.erase(user=user, patient=patient, reason="Asked in writing")


def test_nothing_is_erased_twice_and_no_restriction_is_lifted_from_it(full, administrator):
    erased(full, administrator)
    with pytest.raises(ValidationError):
        erased(full, administrator)
    with pytest.raises(ValidationError):
        rights.lift_restriction(user=administrator, patient=full, reason="Changed my mind")


def test_a_legal_hold_stops_erasure(full, administrator, as_administrator):
    rights.hold(user=administrator, patient=full, reason="Claim")
    with pytest.raises(ValidationError):
        erased(full, administrator)
    page = as_administrator.get(url("erase", full)).content.decode()
    assert "under legal hold" in page and '<button class="btn btn-danger"' not in page
    assert Photo.objects.exclude(thumbnail="").count() == 2
    assert Consent.objects.in_force().filter(patient=full).count() == 2


def retention() -> str:
    out = io.StringIO()
    call_command("retention", stdout=out)
    return out.getvalue()


def after(years: int, days: int = 0) -> time_machine.travel:
    return time_machine.travel(timezone.now() + dt.timedelta(days=365.25 * years + days), tick=False)


def test_the_record_is_kept_until_its_last_day(full, administrator):
    erased(full, administrator)
    with after(25, -3):
        assert retention() == ""
    assert Patient.objects.filter(pk=full.pk).exists()


def test_the_last_day_ends_at_the_clinics_midnight_not_at_greenwichs(full, administrator, clinic):
    clinic.time_zone = "America/Los_Angeles"
    clinic.save(update_fields=["time_zone"])
    erased(full, administrator)
    day = Erasure.objects.get().keep_until
    with time_machine.travel(dt.datetime(day.year, day.month, day.day, 2, tzinfo=dt.UTC), tick=False):
        assert retention() == "", "in the clinic it is still the evening before"
    with time_machine.travel(dt.datetime(day.year, day.month, day.day, 9, tzinfo=dt.UTC), tick=False):
        assert "destroyed" in retention()


def test_a_record_that_nobody_asked_to_forget_is_not_destroyed(full):
    with after(30):
        assert retention() == ""
    assert Patient.objects.filter(pk=full.pk).exists()


def test_after_its_retention_nothing_of_the_patient_is_left(full, administrator, photo_folder):
    erased(full, administrator)
    pk, events = full.pk, AuditEvent.objects.filter(patient=full).count()
    with after(25, 3):
        assert f"record {pk}: 2 files" in retention()
        assert retention() == "", "once"
    assert not list(photo_folder.rglob("*.jpg"))
    left = {holding.model for holding in HOLDINGS if holding.rows(pk).exists()}
    assert left <= {holding.model for holding in HOLDINGS if holding.not_destroyed}
    done = Erasure.objects.get()
    assert done.destroyed_at is not None and done.destroyed["patients.Patient"] == 1
    assert done.destroyed["visits.HistoricalPhoto"] == 2 and done.destroyed["patients.HistoricalPatient"] >= 3
    log = AuditEvent.objects.filter(patient=pk)
    assert log.count() == events + 1, "the log keeps every line"
    assert log.filter(kind="erasure", detail__what="destroyed").exists()
    told = str(list(Erasure.objects.values())) + str(list(log.values()))
    for private in (full.name, full.record_number, "+62 811", "As last time", "60 mg", "My name"):
        assert private not in told


def test_others_are_untouched(full, administrator, clinic, clinician):
    episode = factories.EpisodeFactory(patient=factories.PatientFactory(clinic=clinic))
    other = factories.PhotoFactory(visit=factories.VisitFactory(episode=episode, clinician=clinician))
    factories.AnalysisFactory(photo=other)
    erased(full, administrator)
    with after(25, 3):
        retention()
    assert list(Photo.objects.all()) == [other]
    assert files.read(other) and Visit.objects.count() == 1


def test_a_hold_that_comes_later_stops_the_destruction(full, administrator):
    erased(full, administrator)
    rights.hold(user=administrator, patient=full, reason="Claim")
    with after(26):
        assert retention() == ""
        rights.lift_hold(user=administrator, patient=Patient.objects.get(), reason="Settled")
        assert "destroyed" in retention()


def test_a_visit_entered_later_moves_the_day(full, episode, administrator, clinician):
    erased(full, administrator)
    factories.VisitFactory(episode=episode, clinician=clinician, at=timezone.now() + dt.timedelta(days=400))
    with after(25, 3):
        assert retention() == ""
    with after(27):
        assert "destroyed" in retention()


def test_a_destruction_that_is_killed_is_finished_by_the_next(full, administrator, monkeypatch):
    erased(full, administrator)
    with after(25, 3):
        with monkeypatch.context() as patch:
            patch.setattr(erasure, "_delete_rows", lambda patient: 1 / 0)
            assert retention() == ""
        assert Patient.objects.filter(pk=full.pk).exists(), "rows are all there, or all gone"
        assert "destroyed" in retention()
    assert not Patient.objects.filter(pk=full.pk).exists()


def test_pages_live_on_after_a_record_is_gone(full, administrator, as_administrator):
    erased(full, administrator)
    with after(25, 3):
        retention()
    client = logged_in(administrator)
    assert client.get(reverse("patients:restricted")).status_code == 200
    assert client.get(url("record", full)).status_code == 404
    assert client.get(reverse("patients:list")).status_code == 200


def test_the_retention_is_counted_from_the_last_visit(patient, episode, clinician, settings):
    assert erasure.keep_until(patient)[1] is None
    leap = dt.datetime(2024, 2, 29, 3, tzinfo=dt.UTC)
    factories.VisitFactory(episode=episode, clinician=clinician, at=leap)
    assert erasure.keep_until(patient) == (dt.date(2049, 3, 1), dt.date(2024, 2, 29))
    settings.RETENTION_YEARS = 10
    assert erasure.keep_until(patient)[0] == dt.date(2034, 3, 1)
