"""What was said for ever: rewritten, removed or slipped in by somebody who may do everything, it shows."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from clinic.audit import alterations, chain, statements
from clinic.audit.models import AuditEvent, Event
from clinic.audit.services import log_result
from clinic.examination import services_second
from clinic.examination.red_flags import questions
from clinic.examination.services_red_flags import answer_red_flags
from clinic.operations.fsck import records, repairs
from clinic.operations.fsck.batch import Batch
from clinic.operations.fsck.codes import Fault
from clinic.operations.models import IntegrityCheck
from clinic.recovery.services import refresh_summary
from clinic.rights import erasure
from clinic.rights import services as rights
from clinic.visits import confirming, consenting, services_mirroring
from clinic.visits import services as visits
from clinic.visits.models import VisitConfirmation
from inference.models import Analysis
from inference.services_corrections import correct_landmarks

from .. import factories
from ..shared import taken_back
from .test_chain import verify


@contextmanager
def as_superuser_past_the_guards() -> Iterator[None]:
    """The triggers stand, and are passed."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


@dataclass
class World:
    clinician: Any
    visit: Any
    said: dict[str, Any]
    """One statement of each kind, made by the product."""


@pytest.fixture(scope="module")
def shared(django_db_setup, django_db_blocker) -> Iterator[World]:
    with django_db_blocker.unblock(), taken_back():
        clinic = factories.ClinicFactory()
        clinician = factories.member(clinic)
        episode = factories.EpisodeFactory(patient__clinic=clinic)
        visit = factories.VisitFactory(episode=episode, clinician=clinician)
        yield World(clinician, visit, statements_of(visit.patient, visit, clinician))


@pytest.fixture
def world(shared) -> World:
    return deepcopy(shared)


@pytest.fixture
def db(shared) -> Iterator[None]:
    with taken_back():
        yield


@pytest.fixture
def said(world, db) -> dict[str, Any]:
    return world.said


@pytest.fixture
def visit(world, db):
    return world.visit


@pytest.fixture
def patient(visit):
    return visit.patient


@pytest.fixture
def clinician(world, db):
    return world.clinician


def read_blind(patient: Any, clinician: Any) -> Any:
    """A visit of the patient's that a colleague graded, as the clinician reads it."""
    colleague = factories.member(patient.clinic)
    episode = factories.EpisodeFactory(patient=patient)
    visit = factories.VisitFactory(episode=episode, clinician=colleague, grade=3)
    factories.PhotoFactory(visit=visit)
    second = services_second.ask_for_second_reading(user=colleague, visit=visit)
    services_second.take_second_reading(user=clinician, second=second)
    return services_second.keep_reading(user=clinician, second=second, grade=4)


def statements_of(patient: Any, visit: Any, clinician: Any) -> dict[str, Any]:
    photo = factories.PhotoFactory(visit=visit)
    analysis = factories.AnalysisFactory(photo=photo)
    log_result(record=analysis, patient_id=patient.pk, clinic_id=patient.clinic_id)
    given = {"user": clinician, "given_on": timezone.localdate()}
    taken_back = consenting.give_consent(patient=patient, use="teaching", **given)
    consenting.revoke_consent(user=clinician, consent=taken_back)
    rows = {
        "analysis": analysis,
        "confirmation": visits.confirm(user=clinician, analysis=analysis, exercise="smile", palsy=False),
        "visitconfirmation": confirming.confirm_visit(
            user=clinician, visit=visit, palsy=True, weak_side="left", grade=3, comment="Seen"
        ),
        "dismissal": services_mirroring.dismiss_suggestion(
            user=clinician, visit=visit, suggestion="mirrored", value="left"
        ),
        "landmarkcorrection": correct_landmarks(user=clinician, analysis=analysis, points={374: [0.5, 0.5]}),
        "consent": consenting.give_consent(patient=patient, use="record", **given),
        "blindreading": read_blind(patient, clinician),
        "redflagscreening": answer_red_flags(
            user=clinician,
            episode=visit.episode,
            answers=dict.fromkeys((one.code for one in questions(cause=visit.episode.cause)), "no"),
        ),
    }
    reason = {"user": clinician, "reason": "Asked for"}
    for way in (rights.hold, rights.lift_hold, rights.hold):
        rows["legalhold"] = way(patient=patient, **reason)
    other = factories.PatientFactory(clinic=patient.clinic)
    rights.restrict(patient=other, ground="disputed", **reason)
    rights.lift_restriction(patient=other, **reason)
    rows["erasure"] = erasure.erase(patient=other, **reason)
    rows["restriction"] = other.restrictions.get(lifted_at=None)
    assert verify()[0] == 0, verify()
    return rows


OTHERWISE = {
    "analysis": {"grade": 1},
    "confirmation": {"comment": "Never said"},
    "visitconfirmation": {"grade": 2},
    "dismissal": {"value": "right"},
    "consent": {"given_on": "2001-01-01"},
    "blindreading": {"grade": 1},
    "redflagscreening": {"answers": {"other_neurology": "yes"}},
    "landmarkcorrection": {"points": {"386": [0.4, 0.4]}},
    "restriction": {"ground": "claim"},
    "legalhold": {"reason": "Never said"},
    "erasure": {"keep_until": "2001-01-01"},
}
SEALED = pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "not yet sealed"])


def test_every_kind_of_statement_is_tried() -> None:
    assert OTHERWISE.keys() == {one.name for one in statements.STATEMENTS if one.logged}


@SEALED
@pytest.mark.parametrize("name", OTHERWISE)
def test_one_that_was_rewritten_shows(said, name: str, sealed: bool) -> None:
    if sealed:
        chain.seal_all()
    with as_superuser_past_the_guards():
        type(said[name])._base_manager.filter(pk=said[name].pk).update(**OTHERWISE[name])
    status, told = verify()
    assert status == 1 and f"the {name} that it tells of was rewritten" in told


@SEALED
@pytest.mark.parametrize("name", OTHERWISE)
def test_one_that_was_removed_shows(said, name: str, sealed: bool) -> None:
    if sealed:
        chain.seal_all()
    with as_superuser_past_the_guards(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {said[name]._meta.db_table} WHERE id = %s", [said[name].pk])
    status, told = verify()
    assert status == 1 and f"the {name} that it tells of is gone" in told


@pytest.mark.parametrize("name", OTHERWISE)
def test_one_that_was_slipped_in_shows(said, name: str) -> None:
    row = type(said[name])._base_manager.get(pk=said[name].pk)
    row.pk = None
    row._state.adding = True
    otherwise = {"use": "publication", "release": "another", "lifted_at": timezone.now(), "number": 9}
    if name == "erasure":
        otherwise["patient_id"] = factories.PatientFactory(clinic=row.clinic).pk
    if name == "blindreading":
        otherwise["second_id"] = factories.SecondReadingFactory(
            visit=row.second.visit, closed_at=timezone.now()
        ).pk
    for field, value in {**OTHERWISE[name], **otherwise}.items():
        if hasattr(row, field):
            setattr(row, field, value)
    row.id = type(row)._meta.pk.get_default()
    row.save(force_insert=True)
    status, told = verify()
    assert status == 1 and f"{name} {row.pk}: no line of the log tells of it" in told


def test_a_revocation_that_nobody_made_shows(said, patient) -> None:
    assert not alterations.altered(patient_id=patient.pk)
    with connection.cursor() as cursor:
        # Which even the application's role may do, once.
        cursor.execute("UPDATE patients_consent SET revoked_at = now() WHERE revoked_at IS NULL")
    assert "no line of the log tells of it, or of its end" in verify()[1]
    assert alterations.altered(patient_id=patient.pk)


def test_a_revocation_that_was_taken_back_shows(said, patient) -> None:
    chain.seal_all()
    with as_superuser_past_the_guards():
        patient.consents.exclude(revoked_at=None).update(revoked_at=None, revoked_by=None)
    assert "the consent that it tells of was rewritten" in verify()[1]


def test_a_hold_that_was_lifted_or_taken_back_up_shows(said, patient) -> None:
    chain.seal_all()
    with as_superuser_past_the_guards():
        patient.holds.filter(lifted_at=None).update(lifted_at=timezone.now())
    # The line of a hold in force doesn't cover how it ends; that it ended is what no line tells.
    assert "no line of the log tells of it, or of its end" in verify()[1]
    assert alterations.altered(patient_id=patient.pk)
    with as_superuser_past_the_guards():
        first = patient.holds.order_by("created_at")[:1].values("pk")
        patient.holds.filter(pk__in=first).update(lifted_at=None, lifted_by=None, lifted_reason="")
    assert "the legalhold that it tells of was rewritten" in verify()[1]


def test_a_line_that_was_removed_before_its_seal_leaves_a_number_that_is_missed(said) -> None:
    chain.seal_all()
    for kind in (Event.LOGIN, Event.LOGIN, Event.LOGOUT):
        AuditEvent.objects.create(kind=kind)
    gone = AuditEvent.objects.filter(kind=Event.LOGIN).latest("pk").pk
    with as_superuser_past_the_guards():
        AuditEvent.objects.filter(pk=gone).delete()
    chain.seal_all()
    status, told = verify()
    assert status == 1 and f"no line has number {gone}" in told


def test_the_newest_line_that_was_removed_is_missed_too(said) -> None:
    gone = AuditEvent.objects.create(kind=Event.LOGIN).pk
    with as_superuser_past_the_guards():
        AuditEvent.objects.filter(pk=gone).delete()
    assert f"no line has number {gone}" in verify()[1]


def test_numbers_that_were_given_back_are_noted_and_then_no_fault(said, monkeypatch, caplog) -> None:
    import datetime as dt

    from django.db import transaction

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        AuditEvent.objects.create(kind=Event.LOGIN)
        raise ZeroDivisionError
    AuditEvent.objects.create(kind=Event.LOGOUT)
    assert verify()[0] == 1, "a moment later nobody knows which of the two it was"
    assert chain.note_gaps() == 0, "a transaction may be under way"
    monkeypatch.setattr(chain, "SETTLED", dt.timedelta(0))
    assert chain.note_gaps() == 1 and chain.note_gaps() == 0
    assert "has no lines" in caplog.text
    status, told = verify()
    assert status == 0 and "1 numbers have no line" in told


def test_no_summary_is_made_of_a_forgery(said, patient, visit) -> None:
    refresh_summary(patient_id=patient.pk)
    check = IntegrityCheck(share=100, repairs=True)

    def found() -> list[str]:
        return [one.code for one in records.summaries(check, "").found]

    assert found() == []
    with as_superuser_past_the_guards():
        VisitConfirmation.objects.update(grade=6)
        Analysis.objects.update(eye_ratio=0.1, mouth_ratio=0.1, grade=6)
        type(visit).objects.filter(pk=visit.pk).update(grade=6)
    assert found() == ["summary_of_altered"]
    assert not repairs.repair(Fault("summary_of_altered", str(patient.pk)))
    assert not repairs.repair(Fault("summary_differs", str(patient.pk))), "nor by its old name"
    assert isinstance(records.summaries(check, ""), Batch)


def test_a_visit_that_is_not_what_its_history_says_is_no_ground_for_a_summary(said, patient, visit) -> None:
    with as_superuser_past_the_guards():
        type(visit).objects.filter(pk=visit.pk).update(grade=6)
    assert not repairs.repair(Fault("summary_differs", str(patient.pk)))


def test_the_command_says_it_in_sentences(said) -> None:
    out = io.StringIO()
    call_command("audit", "verify", stdout=out)
    assert "The log is whole" in out.getvalue()
