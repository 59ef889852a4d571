"""What no patient waits for: a shadow beside the release in use, and releases over old photos."""

from __future__ import annotations

import datetime as dt
import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from clinic.common import broker
from clinic.patients.models import Consent
from clinic.validation import ledger
from clinic.visits.models import Photo
from inference import selectors, services
from inference.jobs import background, backlog, publish, watchdog
from inference.jobs.publish import ANALYSE, BACKGROUND
from inference.jobs.states import Status
from inference.models import Analysis, BackgroundAnalysis, ModelRelease, Purpose, ReleaseChange
from inference.releases import registry
from inference.releases import services as releases
from tests import factories

from .conftest import make_findings, make_rejection
from .test_releases import write

pytestmark = pytest.mark.django_db
MARK = "shadow-2099"


@pytest.fixture
def shadow(release, django_capture_on_commit_callbacks):
    """A release that runs beside the one in use."""
    folder = write(release.parent, MARK)
    with django_capture_on_commit_callbacks(execute=True):
        releases.register(folder=folder, by="Ani")
        releases.shadow(name=MARK, by="Ani")
    return MARK


@pytest.fixture
def upload(visit, sent, django_capture_on_commit_callbacks):
    """Stores a photo and queues it as an upload does."""

    def upload(**fields) -> Photo:
        photo = factories.PhotoFactory(visit=visit, **fields)
        with django_capture_on_commit_callbacks(execute=True):
            services.queue_analysis(photo=photo)
        return photo

    return upload


def work(job: BackgroundAnalysis, findings=None, write=None) -> bool:
    """Do a job as the worker does."""
    claim = background.claim(analysis_id=job.pk)
    assert claim
    return (write or background.finish)(claim=claim, findings=findings or make_findings())


# Shadow


def test_a_new_photo_is_queued_for_the_shadow_after_the_release_in_use(shadow, upload, sent):
    photo = upload()
    [job] = BackgroundAnalysis.objects.all()
    assert (job.photo, job.release, job.purpose, job.status) == (photo, shadow, Purpose.SHADOW, Status.QUEUED)
    assert sent == [(ANALYSE, str(photo.analyses.get().pk)), (BACKGROUND, str(job.pk))]
    services.queue_analysis(photo=photo)
    assert BackgroundAnalysis.objects.count() == 1


def test_without_a_shadow_nothing_is_queued_beside(upload):
    upload()
    assert not BackgroundAnalysis.objects.exists()


def test_a_shadow_that_is_retired_stops_at_once(shadow, upload):
    upload()
    releases.retire(name=shadow, by="Ani")
    assert BackgroundAnalysis.objects.get().status == Status.CANCELLED
    registry.forget()
    upload()
    assert BackgroundAnalysis.objects.count() == 1


def test_a_shadows_message_has_the_lowest_priority(monkeypatch, shadow, photo):
    seen = {}
    monkeypatch.setattr(broker.current_app, "send_task", lambda name, **options: seen.update(options))
    job = BackgroundAnalysis.objects.create(photo=photo, release=shadow, purpose=Purpose.SHADOW)
    publish.background_now(job_id=job.pk)
    assert seen["priority"] == 9 and seen["args"] == (str(job.pk),)


def test_a_few_jobs_at_a_time_are_in_the_queue(photo, sent):
    photos = [factories.PhotoFactory(visit=photo.visit) for _ in range(20)]
    backlog.add(photo_ids=[one.pk for one in photos], release="test-release", purpose=Purpose.SHADOW)
    assert backlog.feed() == backlog.AT_ONCE and backlog.feed() == 0
    job = BackgroundAnalysis.objects.exclude(published_at=None).first()
    work(job)
    assert backlog.feed() == 1
    # What the broker lost comes back, and what died in work too.
    BackgroundAnalysis.objects.exclude(published_at=None).update(
        published_at=timezone.now() - dt.timedelta(hours=1)
    )
    sent.clear()
    watchdog.run()
    assert sum(name == BACKGROUND for name, _ in sent) == backlog.AT_ONCE


def test_a_shadows_result_is_nowhere_in_the_clinic(
    shadow, upload, as_clinician, as_administrator, patient, time_machine
):
    """Every page, list, file and answer is the same to the letter with the shadow's result as without."""
    from clinic.recovery.services import refresh_summary

    photo = upload(exercise="smile")
    time_machine.move_to(timezone.now() + dt.timedelta(minutes=1), tick=False)
    analysis = photo.analyses.get()
    claim = services.claim(analysis_id=analysis.pk)
    services.finish(claim=claim, findings=make_findings(grade=2))
    person, record = [patient.pk], f"/api/v1/patients/{patient.pk}"
    pages = (
        reverse("today"),
        reverse("patients:list"),
        reverse("patients:list") + "?attention=true",
        reverse("patients:detail", args=person),
        reverse("recovery:compare", args=person),
        reverse("recovery:csv", args=person),
        reverse("recovery:data", args=person),
        reverse("visits:detail", args=[photo.visit_id]),
        reverse("visits:photo", args=[photo.pk]),
        reverse("visits:review"),
        reverse("inference:status"),
        reverse("inference:release", args=["test-release"]),
        "/api/v1/analyses/",
        "/api/v1/photos/",
        "/api/v1/visits/",
        f"{record}/",
    )

    def look() -> dict[str, str]:
        refresh_summary(patient_id=patient.pk)
        found = {}
        for page in pages:
            answer = as_clinician.get(page)
            assert answer.status_code == 200, page
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            found[page] = "\n".join(
                line for line in body.decode().splitlines() if "csrf" not in line and "nonce" not in line
            )
        return found

    before = look()
    strange = make_findings(
        grade=6, weak_side="right", exercise="sneer", palsy_probability=0.987654, release=shadow
    )
    assert work(BackgroundAnalysis.objects.get(), strange)
    after = look()
    assert {page: after[page] == before[page] for page in before} == dict.fromkeys(before, True)
    assert not any(MARK in text or "987654" in text for text in after.values())
    assert photo.analyses.count() == 1 and ledger.uses(clinic_id=patient.clinic_id) == {"test-release": 1}
    # Only the administrator sees how far both agree, and never one result.
    models = as_administrator.get(reverse("inference:models")).content.decode()
    assert "runs beside, unseen" in models and "1 judged" in models and "987654" not in models
    assert "1 judged" not in as_clinician.get(reverse("inference:models")).content.decode()


def test_the_shadows_rows_are_in_no_table_that_the_clinic_reads(shadow, upload):
    upload()
    work(BackgroundAnalysis.objects.get(), make_findings(palsy_probability=0.987654))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM inference_analysis WHERE palsy_probability = 0.987654")
        assert cursor.fetchone() == (0,)
    # No other model leads to them: no page can join its way there.
    assert not any(
        field.related_model is BackgroundAnalysis
        for field in Photo._meta.get_fields()
        if field.is_relation and not field.hidden
    )


def test_administrators_see_how_far_both_agree(shadow, upload, as_administrator, clinician):
    for number in range(4):
        photo = upload()
        claim = services.claim(analysis_id=photo.analyses.get().pk)
        services.finish(claim=claim, findings=make_findings(grade=3))
        found = make_findings(grade=3 + number, weak_side="left" if number else "right")
        work(BackgroundAnalysis.objects.get(photo=photo), found)
        factories.ConfirmationFactory(analysis=photo.analyses.get(), by=clinician, grade=4)
    text = " ".join(as_administrator.get(reverse("inference:models")).content.decode().split())
    text = text.replace("\N{NO-BREAK SPACE}", " ")
    assert "4 judged, 0 not fit" in text
    # Side 3 of 4; grade within one of the release in use 2 of 4, of the clinicians (IV) 3 of 4.
    assert '<strong class="tabular">75 %</strong>' in text and '<strong class="tabular">50 %</strong>' in text
    assert "30 to 95 %" in text, "Wilson's interval of 3 of 4"


def test_a_lost_shadow_job_ends_after_the_same_number_of_tries(shadow, photo, settings, sent):
    job = BackgroundAnalysis.objects.create(photo=photo, release=shadow, purpose=Purpose.SHADOW)
    for _ in range(settings.ANALYSIS_MAX_ATTEMPTS):
        assert background.claim(analysis_id=job.pk)
        BackgroundAnalysis.objects.update(lease_until=timezone.now() - dt.timedelta(seconds=1))
        background.watch()
    job.refresh_from_db()
    assert (job.status, job.error_code) == (Status.FAILED, "worker_lost")


# Reanalysis


@pytest.fixture
def reanalyse(django_capture_on_commit_callbacks):
    def reanalyse(*arguments: str) -> str:
        out = io.StringIO()
        with django_capture_on_commit_callbacks(execute=True):
            call_command("reanalyse", *arguments, "--no-wait", "--by", "Ani", stdout=out)
        return out.getvalue()

    return reanalyse


@pytest.fixture
def new(release, django_capture_on_commit_callbacks, sent):
    """A release that has just come into use."""
    with django_capture_on_commit_callbacks(execute=True):
        releases.register(folder=write(release.parent, "2027.1"), by="Ani")
        releases.activate(name="2027.1", by="Ani")
    return "2027.1"


@pytest.fixture
def old(visit, patient):
    """Three photos with a result of the release before, of a patient who consents."""
    factories.ConsentFactory(patient=patient)
    days = (timezone.now() - dt.timedelta(days=days) for days in (100, 10, 1))
    photos = [factories.PhotoFactory(visit=visit, taken_at=day) for day in days]
    for photo in photos:
        factories.AnalysisFactory(photo=photo, data=factories.findings(grade=2))
    return photos


def test_old_photos_get_a_result_beside_the_old_one(new, old, reanalyse, as_clinician):
    assert "3 photos queued" in reanalyse("--release", new)
    assert Analysis.objects.filter(release=new).count() == 0, "nothing shows before it is there"
    card = as_clinician.get(reverse("visits:photo", args=[old[0].pk])).content.decode()
    assert "Waiting" not in card
    for job in BackgroundAnalysis.objects.all():
        assert work(job, make_findings(grade=5))
    for photo in old:
        assert list(photo.analyses.order_by("created_at").values_list("release", "grade")) == [
            ("test-release", 2),
            (new, 5),
        ]
    page = as_clinician.get(reverse("visits:photo", args=[old[0].pk])).content.decode()
    assert "/models/test-release/" in page and f"/models/{new}/" in page
    assert not BackgroundAnalysis.objects.exclude(findings=None).exists()
    change = ReleaseChange.objects.exclude(photos=None).get()
    assert (change.photos, change.by, change.after) == (3, "Ani", "active")


def test_a_second_call_goes_on_where_the_first_was_cut_off(new, old, reanalyse):
    assert "1 photos queued" in reanalyse("--release", new, "--limit", "1")
    assert BackgroundAnalysis.objects.get().photo == old[2], "the newest first"
    work(BackgroundAnalysis.objects.get())
    assert "2 photos queued" in reanalyse("--release", new)
    assert "0 photos queued" in reanalyse("--release", new)
    assert BackgroundAnalysis.objects.count() == 3
    backlog.add(photo_ids=[photo.pk for photo in old], release=new, purpose=Purpose.REANALYSIS)
    assert BackgroundAnalysis.objects.count() == 3, "the database keeps one of each"


def test_only_the_photos_asked_for(new, old, reanalyse, clinic):
    other = factories.ClinicFactory()
    assert "0 photos queued" in reanalyse("--release", new, "--clinic", str(other.pk))
    since = (timezone.now() - dt.timedelta(days=30)).date().isoformat()
    assert "2 photos queued" in reanalyse("--release", new, "--clinic", str(clinic.pk), "--since", since)
    with pytest.raises(CommandError, match="There is no clinic"):
        reanalyse("--release", new, "--clinic", "x")


def test_photos_without_consent_are_left_out_and_said(new, old, reanalyse, patient):
    Consent.objects.filter(patient=patient).update(revoked_at=timezone.now())
    said = reanalyse("--release", new)
    assert "0 photos queued" in said and "3 photos are left out" in said and "consent" in said
    assert not BackgroundAnalysis.objects.exists()


def test_consent_is_asked_again_when_the_photo_s_turn_comes(new, old, reanalyse, patient):
    reanalyse("--release", new)
    Consent.objects.filter(patient=patient).update(revoked_at=timezone.now())
    job = BackgroundAnalysis.objects.first()
    assert background.claim(analysis_id=job.pk) is None
    job.refresh_from_db()
    assert job.status == Status.CANCELLED


def test_archived_photos_are_left_alone(new, old, reanalyse):
    Photo.objects.filter(pk=old[0].pk).update(archived_at=timezone.now())
    assert "2 photos queued" in reanalyse("--release", new)


def test_a_photo_that_can_not_be_judged_keeps_its_old_result_as_the_newest(new, old, reanalyse):
    reanalyse("--release", new)
    job = BackgroundAnalysis.objects.first()
    work(job, make_rejection("blurred"), background.reject)
    assert selectors.latest_analyses(photo_ids=[job.photo_id])[job.photo_id].grade == 2


def test_only_the_release_in_use_and_the_shadow_are_sent_over_old_photos(release, old, reanalyse):
    with pytest.raises(CommandError, match="There is no release"):
        reanalyse("--release", "2027.1")
    releases.register(folder=write(release.parent, "2027.1"), by="Ani")
    with pytest.raises(CommandError, match="neither in use nor a shadow"):
        reanalyse("--release", "2027.1")
    releases.shadow(name="2027.1", by="Ani")
    registry.forget()
    reanalyse("--release", "2027.1")
    assert set(BackgroundAnalysis.objects.values_list("purpose", flat=True)) == {Purpose.SHADOW}
    assert json.dumps(list(ModelRelease.objects.values_list("name", "state"))) == '[["2027.1", "shadow"]]'
