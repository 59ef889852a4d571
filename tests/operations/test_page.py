"""The operations page: for administrators, in sentences first, with nobody's name and nobody else's photos."""

from __future__ import annotations

import datetime as dt
import shutil
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from clinic.accounts.models import Role
from clinic.operations import rules, selectors, thresholds
from clinic.operations.figures import Queue, ServiceFigures, Sign
from clinic.operations.models import (
    Backup,
    BackupState,
    CheckKind,
    CheckState,
    Heartbeat,
    IntegrityCheck,
    IntegrityFinding,
)
from inference.models import Canary
from tests import factories

pytestmark = pytest.mark.django_db
PAGE = "/operations/"
NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


def text(client: Client) -> str:
    answer = client.get(PAGE)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


@pytest.fixture
def well(monkeypatch):
    """An installation in which everything does its work, on a disk with room, whatever the machine's own has."""
    disk = SimpleNamespace(total=10**12, used=10**11, free=9 * 10**11)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: disk)
    now = timezone.now()
    Heartbeat.objects.create(name="beat", at=now)
    for queue in ("analysis", "housekeeping"):
        Canary.objects.create(queue=queue, sent_at=now, seen_at=now)
    Backup.objects.create(
        state=BackupState.DONE,
        started_at=now,
        finished_at=now,
        name="b",
        size=3_000_000,
        photos=12,
        verified_at=now,
    )
    return IntegrityCheck.objects.create(
        kind=CheckKind.WHOLE, state=CheckState.DONE, finished_at=now, photos=12
    )


def test_all_is_well(as_administrator, well):
    said = text(as_administrator)
    assert "All is well." in said
    assert "all is well, 12 photos read" in said
    assert "12 photos, read back and whole" in said
    assert selectors.figures().backup_age < 60


def test_a_new_installation_says_what_to_do_first(as_administrator):
    said = text(as_administrator)
    assert "There is no backup yet." in said
    assert "Beat was never seen at work." in said
    assert "no sign of life was sent yet" in said
    assert "Nothing was checked yet." in said
    assert "All is well." not in said


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.REVIEWER])
def test_others_are_refused(clinic, role):
    client = Client()
    client.force_login(factories.member(clinic, role))
    assert client.get(PAGE).status_code == 403
    assert "Operations" not in client.get("/").content.decode()


def test_nobody_without_a_login_or_a_clinic(db):
    assert Client().get(PAGE).status_code == 302
    client = Client()
    client.force_login(factories.UserFactory())
    assert client.get(PAGE).status_code == 404


def test_the_rail_leads_there(as_administrator):
    assert f'href="{PAGE}"' in as_administrator.get("/").content.decode()


def test_it_refreshes_its_part_alone(as_administrator):
    part = as_administrator.get(PAGE, headers={"hx-request": "true"}).content.decode()
    assert "<html" not in part
    assert "ops-figures" in part


def test_errors_with_their_meaning_and_the_clinic_s_own_photos(as_administrator, visit, well):
    own = factories.failed(factories.PhotoFactory(visit=visit), "out_of_memory")
    factories.rejected(factories.PhotoFactory(visit=visit), "blurred")
    foreign = factories.failed(factories.PhotoFactory(), "timed_out")
    said = text(as_administrator)
    assert "The computer ran out of memory during the analysis." in said
    assert "The photo is blurred." in said
    assert f"/photos/{own.photo_id}/" in said
    assert str(foreign.photo_id) not in said
    assert "The analysis took too long" not in said
    for word in (visit.patient.name, visit.patient.record_number):
        assert word not in said


def test_findings_lead_to_the_clinic_s_own_photos(as_administrator, visit, well):
    own, foreign = factories.PhotoFactory(visit=visit), factories.PhotoFactory()
    for photo in (own, foreign):
        IntegrityFinding.objects.create(check_run=well, code="photo_missing", subject=str(photo.pk))
    IntegrityCheck.objects.update(found=2)
    said = text(as_administrator)
    assert "The last check found 2 things that are not as they must be." in said
    assert "× 2" in said
    assert f"/photos/{own.pk}/" in said
    assert str(foreign.pk) not in said


def test_figures_from_rows(visit, well):
    now = timezone.now()
    ended = factories.AnalysisFactory(photo__visit=visit)
    type(ended).objects.filter(pk=ended.pk).update(
        queued_at=now - dt.timedelta(seconds=9),
        started_at=now - dt.timedelta(seconds=4),
        finished_at=now - dt.timedelta(seconds=1),
    )
    waiting = factories.AnalysisFactory(photo__visit=visit, queued=True)
    type(waiting).objects.filter(pk=waiting.pk).update(queued_at=now - dt.timedelta(minutes=7))
    Canary.objects.filter(queue="analysis").update(
        sent_at=now - dt.timedelta(minutes=6), seen_at=now - dt.timedelta(minutes=8)
    )
    factories.count_releases()
    found = selectors.figures()
    assert (found.queue.waiting, round(found.queue.oldest / 60)) == (1, 7)
    assert found.states["succeeded"] == 1
    assert (round(found.durations.wait[0]), round(found.durations.work[0])) == (5, 3)
    assert found.canaries[0].age > thresholds.CANARY_AGE
    assert found.database_bytes > 1_000_000
    assert found.disk.total > found.disk.free > 0
    names = [trouble.name for trouble in rules.troubles(found)]
    assert names == ["AnalysisDelayed", "CanaryStale"]


def well_figures(**changes) -> ServiceFigures:
    backup = Backup(state=BackupState.DONE, verified_at=NOW)
    calm = {"beat": 5.0, "backup": backup, "backup_age": 60.0, "check_age": 60.0, "whole_age": 60.0}
    return ServiceFigures(at=NOW, **{**calm, **changes})


WRONG = {
    "AnalysisDelayed": {"queue": Queue(waiting=1, oldest=121.0)},
    "QueueLong": {"queue": Queue(waiting=501)},
    "CanaryStale": {"canaries": (Sign("analysis", seen=300.0, awaited=130.0),)},
    "BeatSilent": {"beat": 181.0},
    "LeasesOverdue": {"queue": Queue(running=1, overdue=1)},
    "ModelsUnusable": {"release_problems": ("model_missing",)},
    "AnalysesFailing": {"ended_day": 60, "failed_day": {"internal": 5}},
    "BackupOld": {"backup_age": 27 * 3600.0},
    "BackupFailed": {"backup_tried": Backup(state=BackupState.FAILED, error_code="disk_full")},
    "BackupUnverified": {"backup": Backup(state=BackupState.DONE)},
    "IntegrityFindings": {"check": IntegrityCheck(found=3, repaired=1)},
    "IntegrityOld": {"check_age": 27 * 3600.0},
    "DiskLow": {"disk": selectors.Disk(free=4 * 1024**3, total=1024**4)},
    "LoginsFailing": {"logins_failed": 31},
    "LogUnsealed": {"unsealed": 601.0},
}


def test_a_well_installation_has_no_trouble():
    assert rules.troubles(well_figures()) == []
    # A handful of failures among few photos is no trend, and a demo needs no backup.
    assert rules.troubles(well_figures(ended_day=4, failed_day={"internal": 4})) == []
    assert rules.troubles(well_figures(backup=None, backup_age=float("inf"), demo=True)) == []


@pytest.mark.parametrize("name", [rule.name for rule in rules.RULES if rule.holds])
def test_each_rule_says_what_is_wrong_and_what_to_do(name):
    found = rules.troubles(well_figures(**WRONG[name]))
    assert [trouble.name for trouble in found] == [name]
    assert found[0].sentence.endswith(".")
    assert "%(" not in found[0].sentence
    assert found[0].action


def test_the_worst_comes_first():
    found = rules.troubles(well_figures(logins_failed=99, beat=9999.0))
    assert [trouble.severity for trouble in found] == ["critical", "warning"]


def test_a_clinic_among_several_sees_its_own_figures_alone(as_administrator, clinic, visit, well):
    def figures():
        return as_administrator.get(PAGE).context["figures"]

    theirs = factories.VisitFactory()
    for one, photos in ((visit, 1), (theirs, 2)):
        for _number in range(photos):
            factories.AnalysisFactory(photo=factories.PhotoFactory(visit=one), queued=True)
    shown = figures()
    assert (shown.queue.waiting, shown.stored_day, sum(shown.states.values())) == (1, 1, 1)
    assert (shown.database_bytes, shown.logins_failed) == (0, 0)
    page = as_administrator.get(PAGE).content.decode()
    for title in ("Free for photos", "Failed logins", "Backups"):
        assert title not in page
    assert "The numbers are of this clinic alone." in page
