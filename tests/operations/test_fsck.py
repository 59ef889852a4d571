"""`manage.py fsck`: everything that can be wrong is found, named without names, and put right where that is safe."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import time
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from clinic.audit.services import log_change, log_result
from clinic.operations import thresholds
from clinic.operations.fsck import codes, records, run
from clinic.operations.fsck import files as stage
from clinic.operations.models import CheckKind, CheckState, IntegrityCheck
from clinic.recovery.models import PatientSummary
from clinic.recovery.services import refresh_summary
from clinic.store import files
from clinic.visits.models import Photo
from inference.models import Analysis
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def shot(visit):
    """A photo with its result, stored as the product stores it, and its patient's figures."""
    return stored(visit)


def stored(visit, **fields):
    content = factories.jpeg(90, 120)
    clinic = visit.patient.clinic
    photo = factories.PhotoFactory(
        visit=visit,
        image=files.write(content, clinic=clinic),
        thumbnail=files.write(factories.jpeg(30, 40), clinic=clinic),
        sha256=hashlib.sha256(content).hexdigest(),
        **fields,
    )
    analysis = factories.AnalysisFactory(photo=photo)
    log_result(record=analysis, patient_id=visit.patient_id, clinic_id=visit.patient.clinic_id)
    refresh_summary(patient_id=visit.patient_id)
    return photo


def found(check: IntegrityCheck) -> dict[str, list[str]]:
    """What a check found: the identifiers of each code."""
    answer: dict[str, list[str]] = {}
    for finding in check.findings.all():
        answer.setdefault(finding.code, []).append(finding.subject)
    return answer


def look(**options) -> IntegrityCheck:
    check = run.start(kind=options.pop("kind", CheckKind.WHOLE), **options)
    assert run.work(check=check)
    assert check.state == CheckState.DONE
    return check


def path_of(name: str) -> Path:
    return Path(Photo._meta.get_field("image").storage.path(name))


def aged(path: Path, **age: float) -> Path:
    then = time.time() - dt.timedelta(**age).total_seconds()
    os.utime(path, (then, then))
    return path


def anyhow(model, pk, **values) -> None:
    """Write what the constraints forbid, as a fault or another program might."""
    columns = ", ".join(f"{name} = %s" for name in values)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for constraint in model._meta.constraints:
            cursor.execute(f"ALTER TABLE {model._meta.db_table} DROP CONSTRAINT IF EXISTS {constraint.name}")
        cursor.execute(f"UPDATE {model._meta.db_table} SET {columns} WHERE id = %s", [*values.values(), pk])


def test_all_is_well(shot):
    check = look()
    assert found(check) == {}
    assert (check.photos, check.files, check.found) == (1, 2, 0)


def test_a_photo_that_is_gone_changed_or_unreadable(visit):
    gone, changed, cut = stored(visit), stored(visit), stored(visit)
    path_of(gone.image.name).unlink()
    path_of(changed.image.name).write_bytes(factories.jpeg(90, 120, (1, 2, 3)))
    path = path_of(cut.image.name)
    path.write_bytes(path.read_bytes()[:-7])
    assert found(look()) == {
        "photo_missing": [str(gone.pk)],
        "photo_altered": sorted([str(changed.pk), str(cut.pk)]),
    }


def test_a_small_picture_is_made_anew(visit):
    gone, broken = stored(visit), stored(visit)
    path_of(gone.thumbnail.name).unlink()
    path_of(broken.thumbnail.name).write_bytes(b"\xff\xd8\xff nothing")
    assert set(found(look())) == {"thumbnail_missing", "thumbnail_unreadable"}
    repaired = look(repairs=True)
    assert (repaired.found, repaired.repaired) == (2, 2)
    assert found(look()) == {}
    assert files.read(gone, thumbnail=True).startswith(b"\xff\xd8")


def test_files_of_nobody_are_put_aside(shot, photo_folder):
    orphan = path_of(files.write(factories.jpeg(), clinic=shot.visit.patient.clinic))
    young = path_of(files.write(factories.jpeg(), clinic=shot.visit.patient.clinic))
    aged(orphan, hours=2)
    part = photo_folder / "incoming" / "half.part"
    part.parent.mkdir(exist_ok=True)
    part.write_bytes(b"half")
    aged(part, hours=30)
    name = orphan.relative_to(photo_folder).as_posix()
    assert found(look()) == {"orphan_file": [name], "leftover_part": ["incoming/half.part"]}
    content = orphan.read_bytes()
    assert look(repairs=True).left == 0
    assert not orphan.exists()
    assert not part.exists()
    assert young.exists()
    assert (photo_folder / "orphans" / orphan.name).read_bytes() == content
    assert found(look()) == {}


def test_a_store_of_another_database_is_left_alone(shot, photo_folder):
    folder = photo_folder / "zz"
    folder.mkdir()
    for number in range(30):
        (folder / f"{number:032x}.jpg").write_bytes(b"x")
        aged(folder / f"{number:032x}.jpg", hours=2)
    check = look(repairs=True)
    assert (check.found, check.repaired) == (30, 0)
    assert len(list(folder.iterdir())) == 30


def test_two_rows_with_one_file(visit):
    first, second = stored(visit), stored(visit)
    name, spare = first.image.name, second.image.name
    Photo.objects.filter(pk=second.pk).update(image=name)
    path_of(spare).unlink()
    assert found(look()) == {"file_of_two": [name]}


def test_a_photo_erased_meanwhile_is_no_finding(visit, monkeypatch):
    photo = stored(visit)
    read = files.read

    def read_too_late(asked, thumbnail=False):
        Analysis.objects.filter(photo=asked).delete()
        Photo.objects.filter(pk=asked.pk)._raw_delete("default")
        files.remove(asked.image.name, asked.thumbnail.name)
        return read(asked, thumbnail)

    monkeypatch.setattr(files, "read", read_too_late)
    assert list(stage.codes_of(photo)) == []


IMPOSSIBLE = {
    "running_without_lease": {"status": "running", "lease_until": None, "attempt": 1},
    "lease_overdue": {"status": "running", "lease_until": "2026-01-01T00:00Z", "attempt": 1},
    "waiting_for_days": {"status": "queued", "queued_at": "2026-01-01T00:00Z"},
    "succeeded_without_findings": {"findings": None},
    "ended_without_reason": {"status": "failed", "error_code": ""},
    "reason_unknown": {"status": "failed", "error_code": "gremlins"},
    "numbers_without_success": {"status": "failed", "error_code": "internal"},
    "ended_before_it_began": {"finished_at": "2026-01-01T00:00Z"},
    "attempts_disorderly": {"attempt": 9},
}


@pytest.mark.parametrize("code", IMPOSSIBLE)
def test_states_that_can_not_be(shot, code):
    analysis = shot.analyses.get()
    anyhow(Analysis, analysis.pk, **IMPOSSIBLE[code])
    PatientSummary.objects.all().delete()
    refresh_summary(patient_id=shot.visit.patient_id)
    assert found(look()).get(code) == [str(analysis.pk)]


def test_a_removed_photo_that_waits(shot):
    analysis = factories.AnalysisFactory(photo=shot, queued=True, release="another")
    shot.archived_at = timezone.now()
    shot.save()
    refresh_summary(patient_id=shot.visit.patient_id)
    assert found(look())["open_of_archived"] == [str(analysis.pk)]
    assert look(repairs=True).left == 0
    analysis.refresh_from_db()
    assert analysis.status == "cancelled"


def test_nothing_is_made_of_a_word_that_no_line_tells_of(shot):
    word = factories.ConfirmationFactory(analysis=shot.analyses.get())
    PatientSummary.objects.update(to_retake=7)
    patient = str(shot.visit.patient_id)
    wanted = {"summary_of_altered": [patient], "statement_untold": [str(word.pk)]}
    assert found(look()) == wanted and found(look(repairs=True)) == wanted
    assert PatientSummary.objects.get().to_retake == 7


def test_a_photo_nobody_queued(visit):
    photo = stored(visit)
    photo.analyses.all().delete()
    Photo.objects.filter(pk=photo.pk).update(created_at=timezone.now() - dt.timedelta(hours=2))
    refresh_summary(patient_id=visit.patient_id)
    assert found(look()) == {"photo_without_analysis": [str(photo.pk)]}


def test_words_on_nothing_and_on_another_photo(visit):
    first, second = stored(visit), stored(visit)
    lost = factories.ConfirmationFactory(analysis=first.analyses.get())
    crossed = factories.ConfirmationFactory(analysis=second.analyses.get(), photo=first)
    for one in (lost, crossed):
        log_change(record=one, user=one.by, how="given")
    empty = dict.fromkeys(("findings", "palsy_probability", "grade"))
    anyhow(Analysis, first.analyses.get().pk, status="failed", error_code="internal", **empty)
    refresh_summary(patient_id=visit.patient_id)
    assert found(look()) == {
        "confirmation_without_result": [str(lost.pk)],
        "confirmation_of_another_photo": [str(crossed.pk)],
    }


def test_a_visit_in_another_patient_s_episode(visit):
    visit.episode = factories.EpisodeFactory()
    visit.save()
    refresh_summary(patient_id=visit.patient_id)
    assert found(look()) == {"visit_of_another_patient": [str(visit.pk)]}


def test_figures_of_the_lists_are_made_anew(shot):
    PatientSummary.objects.update(to_retake=7)
    patient = str(shot.visit.patient_id)
    assert found(look()) == {"summary_differs": [patient]}
    # Looking alone changes nothing.
    assert PatientSummary.objects.get().to_retake == 7
    assert look(repairs=True).left == 0
    assert PatientSummary.objects.get().to_retake == 0


def test_an_altered_release(shot, settings, tmp_path):
    settings.MODEL_ARTIFACTS_DIR = tmp_path
    from inference.releases import registry

    registry.forget()
    try:
        assert "release_unusable" in found(look())
    finally:
        registry.forget()


def test_an_index_that_is_not_in_force(shot):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'visits_photo_pkey'::regclass"
        )
    assert found(look()) == {"index_invalid": ["visits_photo_pkey"]}


def test_the_tour_of_states_covers_every_code_of_the_table():
    tried = Path(__file__).read_text() + (Path(__file__).parent / "test_fsck_more.py").read_text()
    assert [code.code for code in codes.TABLE if f'"{code.code}"' not in tried] == []
    assert {code for code, _ in records.LOOKS} <= set(codes.BY_CODE)
    assert codes.explain("from_the_future").remedy


def test_it_goes_on_where_it_stopped(visit, monkeypatch):
    photos = [stored(visit) for _ in range(7)]
    for photo in photos:
        path_of(photo.image.name).unlink()
    monkeypatch.setattr(stage, "AT_ONCE", 2)
    check = run.start(kind=CheckKind.WHOLE)
    steps = 0
    while not run.work(check=IntegrityCheck.objects.get(pk=check.pk), seconds=0):
        steps += 1
    check.refresh_from_db()
    assert steps > 10
    assert check.photos == 7
    assert found(check)["photo_missing"] == sorted(str(photo.pk) for photo in photos)


def test_two_at_one_check_count_nothing_twice(shot):
    check = run.start(kind=CheckKind.WHOLE)
    mine, theirs = (IntegrityCheck.objects.get(pk=check.pk) for _ in range(2))
    run.work(check=mine, seconds=0)
    assert run.work(check=theirs)  # it gives way
    check.refresh_from_db()
    assert check.state == CheckState.RUNNING
    run.work(check=mine)
    check.refresh_from_db()
    assert (check.state, check.photos) == (CheckState.DONE, 1)


def test_a_sample_reads_its_share_and_another_one_each_time(visit, monkeypatch):
    photos = {str(factories.PhotoFactory(visit=visit, image="", thumbnail="").pk) for _ in range(200)}
    monkeypatch.setattr(stage, "codes_of", lambda photo: ["photo_missing"])
    monkeypatch.setattr(run, "STAGES", {"photos": stage.photos})
    seen = [set(found(look(kind=CheckKind.SAMPLE, share=20))["photo_missing"]) for _ in range(2)]
    assert all(15 < len(some) < 75 for some in seen)
    assert seen[0] != seen[1]
    assert set(found(look())["photo_missing"]) == photos


def test_the_night_s_check(shot):
    with time_machine.travel("2026-11-21T01:00Z", tick=False):
        run.tick()
        first = IntegrityCheck.objects.get()
        # Never checked so far, so all of it.
        assert (first.kind, first.share, first.state) == (CheckKind.WHOLE, 100, CheckState.DONE)
        run.tick()
        assert IntegrityCheck.objects.count() == 1
    with time_machine.travel("2026-11-21T03:00Z", tick=False):
        run.tick()
        newest = IntegrityCheck.objects.first()
        assert (newest.kind, newest.share) == (CheckKind.SAMPLE, thresholds.NIGHTLY_SHARE)
        run.tick()
        assert IntegrityCheck.objects.count() == 2
    kinds = []
    for day in range(22, 30):
        with time_machine.travel(f"2026-11-{day}T03:00Z", tick=False):
            run.tick()
            kinds.append(IntegrityCheck.objects.first().kind)
    # The night to Saturday, 28 November.
    assert kinds == ["sample"] * 6 + ["whole"] + ["sample"]


def test_an_abandoned_check_is_closed(shot):
    old = run.start(kind=CheckKind.WHOLE, repairs=True)
    IntegrityCheck.objects.update(updated_at=timezone.now() - dt.timedelta(days=3))
    run.tick()
    old.refresh_from_db()
    assert old.state == CheckState.STOPPED


def test_the_command_says_what_to_do_and_names_nobody(shot, capsys):
    path_of(shot.image.name).unlink()
    with pytest.raises(SystemExit) as end:
        call_command("fsck")
    said = capsys.readouterr().out
    assert end.value.code == 1
    assert str(shot.pk) in said
    assert "Restore it from the last backup" in said
    assert "1 found, 0 repaired." in said
    patient = shot.visit.patient
    for secret in (patient.name, patient.record_number, shot.image.name, shot.uploaded_by.full_name):
        assert secret not in said


def test_the_command_repairs_samples_and_resumes(shot, capsys):
    PatientSummary.objects.update(to_retake=7)
    call_command("fsck", "--repair")
    assert "All is well; 1 repaired." in capsys.readouterr().out
    call_command("fsck", "--sample", "100%")
    assert "All is well." in capsys.readouterr().out
    with pytest.raises(CommandError, match="percentage"):
        call_command("fsck", "--sample", "0%")
    with pytest.raises(CommandError, match="no interrupted check"):
        call_command("fsck", "--resume")
    check = run.start(kind=CheckKind.WHOLE)
    run.work(check=check, seconds=0)
    call_command("fsck", "--resume")
    check.refresh_from_db()
    assert check.state == CheckState.DONE


def test_without_a_database_it_says_so(monkeypatch, capsys):
    from django.db import OperationalError

    def away(**_):
        raise OperationalError("password hunter2")

    monkeypatch.setattr(run, "start", away)
    with pytest.raises(SystemExit) as end:
        call_command("fsck")
    said = capsys.readouterr()
    assert end.value.code == 2
    assert "hunter2" not in said.err + said.out
