"""A record that was rewritten, slipped in or removed behind its history's back shows, whichever column it was."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, models
from django.utils import timezone

from clinic.audit import alterations, chain
from clinic.audit.records import kept
from clinic.examination import services as examination
from clinic.examination import services_scales
from clinic.examination.scales import BY_CODE
from clinic.examination.services_questionnaires import send_questionnaire
from clinic.operations.fsck import audit as fsck
from clinic.operations.models import IntegrityCheck
from clinic.visits.services_series import skip_exercise

from .. import factories
from ..examination.wordings import pasted
from ..home.scenes import programme_of
from ..shared import taken_back
from .test_chain import verify
from .test_statements import as_superuser_past_the_guards

HISTORIES = sorted(kept())
# A record may be said anew, at another number, without a word of it being another.
NOT_SAID = {"id", "version"}


@pytest.fixture(scope="module")
def shared(django_db_setup, django_db_blocker) -> Iterator[dict[str, Any]]:
    """One record of each table whose history is kept."""
    with django_db_blocker.unblock(), taken_back():
        clinic = factories.ClinicFactory()
        clinician = factories.member(clinic)
        episode = factories.EpisodeFactory(patient__clinic=clinic)
        visit = factories.VisitFactory(episode=episode, clinician=clinician)
        yield records_of(visit.patient, visit, clinician)


@pytest.fixture
def records(shared) -> Iterator[dict[str, Any]]:
    with taken_back():
        yield deepcopy(shared)


def records_of(patient: Any, visit: Any, clinician: Any) -> dict[str, Any]:
    photo = factories.PhotoFactory(visit=visit)
    treatment = factories.TreatmentFactory(episode=visit.episode)
    task = examination.raise_task(user=clinician, episode=visit.episode, kind="follow_up", plan="call")
    found = {"patient": patient, "episode": visit.episode, "treatment": treatment}
    scale = BY_CODE["yanagihara"]
    assessment = services_scales.answer(user=clinician, visit=visit, scale=scale, answers={"rest": 2})
    services_scales.answer(user=clinician, visit=visit, scale=scale, answers=dict.fromkeys(scale.by_code, 2))
    skipped = skip_exercise(user=clinician, visit=visit, exercise="pucker", reason="pain")
    found |= {
        "visit": visit,
        "photo": photo,
        "task": task,
        "assessment": assessment,
        "skippedexercise": skipped,
        "secondreading": factories.SecondReadingFactory(visit=visit, asked_by=clinician),
    }
    link, _secret = send_questionnaire(
        user=clinician, episode=visit.episode, wording=pasted(clinician, patient.clinic)
    )
    found |= {"patientlink": link, "homeprogramme": programme_of(visit.episode, clinician)}
    assert sorted(found) == HISTORIES, "a table whose history is kept isn't tried"
    chain.seal_all()
    assert verify()[0] == 0, verify()
    return found


def tracked() -> list[tuple[str, str]]:
    return [
        (name, field.attname)
        for name, history in sorted(kept().items())
        for field in history.tracked_fields
        if field.name not in NOT_SAID
    ]


def another(field: models.Field[Any, Any], value: Any) -> Any:
    """A value of the field's kind that isn't the one it has."""
    if isinstance(field, models.ForeignKey):
        if issubclass(field.related_model, get_user_model()):
            return factories.UserFactory().pk
        return uuid.uuid4()
    if isinstance(field, models.DateTimeField):
        return (value or timezone.now()) + dt.timedelta(days=1)
    if isinstance(field, models.DateField):
        return (value or timezone.localdate()) + dt.timedelta(days=1)
    if isinstance(field, models.BooleanField):
        return not value
    if isinstance(field, models.IntegerField | models.FloatField):
        return (value or 0) + 1
    return f"{value}x"[-(field.max_length or 200) :] if value else "x"


@pytest.mark.parametrize(("name", "column"), tracked())
def test_a_record_that_was_rewritten_shows(records, name: str, column: str) -> None:
    record = records[name]
    field = next(field for field in record._meta.concrete_fields if field.attname == column)
    with as_superuser_past_the_guards(), connection.cursor() as cursor:
        value = field.get_db_prep_save(another(field, getattr(record, column)), connection)
        drop_checks(cursor, record._meta.db_table)
        table, key = record._meta.db_table, record._meta.pk.get_db_prep_value(record.pk, connection)
        cursor.execute(f'UPDATE "{table}" SET "{field.column}" = %s WHERE id = %s', [value, key])
        assert cursor.rowcount == 1
    assert alterations.rewritten(name=name, pks=[record.pk]) == [record.pk]
    status, told = verify()
    assert status == 1 and f"{name} {record.pk}: it is not what its history says" in told
    assert ("record_altered", str(record.pk)) in found_by_the_check()


def drop_checks(cursor: Any, table: str) -> None:
    """Whoever owns the tables is stopped by no constraint either."""
    cursor.execute(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = %s::regclass", [table]
    )
    for (constraint,) in cursor.fetchall():
        cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{constraint}"')


def found_by_the_check() -> set[tuple[str, str]]:
    check, cursor, found = IntegrityCheck(share=100), "", set()
    while True:
        batch = fsck.histories(check, cursor)
        found |= {(one.code, one.subject) for one in batch.found}
        if not (cursor := batch.cursor):
            return found


@pytest.mark.parametrize("name", HISTORIES)
def test_a_record_that_was_slipped_in_shows(records, name: str) -> None:
    made = records[name]
    history = kept()[name]
    copy = type(made)._base_manager.get(pk=made.pk)
    copy.pk = copy.id = uuid.uuid4()
    for column, value in (
        ("record_number", "slipped"),
        ("public_id", "slipped"),
        ("original_sha256", "0" * 64),
        ("scale_version", "slipped"),
        ("exercise", "rest"),
        ("secret_hash", "slipped"),
    ):
        if hasattr(copy, column):
            setattr(copy, column, value)
    for column in ("closed_at", "ended_at"):
        # One of a visit or an episode is open at a time.
        if name in ("secondreading", "homeprogramme") and hasattr(copy, column):
            setattr(copy, column, timezone.now())
    with as_superuser_past_the_guards():
        type(made)._base_manager.bulk_create([copy])
    assert f"{name} {copy.pk}: it is not what its history says" in verify()[1]
    # A line of its history that was slipped in beside it helps nobody: the log tells of none.
    line = history.objects.filter(id=made.pk).latest("history_id")
    line.pk, line.id = None, copy.pk
    for field in history.tracked_fields:
        setattr(line, field.attname, getattr(copy, field.attname))
    line.save(force_insert=True)
    status, told = verify()
    assert status == 1 and "is not what" not in told
    assert f"{name} {copy.pk}: no line of the log tells of a line of its history" in told


@pytest.mark.parametrize("name", HISTORIES)
def test_a_rewriting_with_its_own_line_of_history_shows(records, name: str) -> None:
    made, history = records[name], kept()[name]
    texts = [f for f in history.tracked_fields if isinstance(f, models.CharField | models.TextField)]
    moments = [f for f in history.tracked_fields if isinstance(f, models.DateTimeField)]
    field = next(f for f in (*texts, *moments) if not f.choices)
    said = {field.attname: another(field, getattr(made, field.attname))}
    with as_superuser_past_the_guards():
        type(made)._base_manager.filter(pk=made.pk).update(**said)
    line = history.objects.filter(id=made.pk).latest("history_id")
    line.pk, line.history_date = None, timezone.now()
    setattr(line, field.attname, said[field.attname])
    line.save(force_insert=True)
    assert verify()[0] == 1


@pytest.mark.parametrize("name", HISTORIES)
def test_a_record_that_was_removed_shows(records, name: str) -> None:
    made = records[name]
    with as_superuser_past_the_guards(), connection.cursor() as cursor:
        cursor.execute(f'DELETE FROM "{made._meta.db_table}" WHERE id = %s', [made.pk])
    status, told = verify()
    assert status == 1 and f"{name} {made.pk}: it is gone, and its history is there" in told
