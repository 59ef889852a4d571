"""The ways between the states, in the code and in the database."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from inference.jobs import job as jobs
from inference.jobs.states import FINAL, TRANSITIONS, Status, may_move, sources
from inference.models import Analysis, BackgroundAnalysis, Purpose
from tests import factories


def test_every_state_has_its_ways_and_final_ones_lead_back_to_the_queue_at_most():
    assert set(TRANSITIONS) == set(Status)
    for status in FINAL:
        assert TRANSITIONS[status] <= {Status.QUEUED}
    assert TRANSITIONS[Status.SUCCEEDED] == TRANSITIONS[Status.REJECTED] == frozenset()


def test_sources_are_the_transitions_backwards():
    for after in Status:
        assert sources(after) == {before for before in Status if may_move(before, after)}
    assert sources(Status.SUCCEEDED) == {Status.RUNNING}


@pytest.mark.parametrize(
    "values",
    [
        {"status": "thinking"},
        {"status": Status.RUNNING, "attempt": 1, "lease_until": None},
        {"status": Status.RUNNING, "attempt": 0, "lease_until": timezone.now()},
        {"status": Status.SUCCEEDED, "finished_at": timezone.now()},
        {"status": Status.REJECTED, "finished_at": timezone.now(), "error_code": ""},
        {"status": Status.FAILED, "error_code": "internal", "finished_at": None},
        {"status": Status.QUEUED, "palsy_probability": 0.5},
        {"status": Status.REJECTED, "finished_at": timezone.now(), "error_code": "blurred", "grade": 3},
    ],
)
def test_the_database_refuses_what_the_states_rule_out(queued, values):
    with pytest.raises(IntegrityError), transaction.atomic():
        Analysis.objects.filter(pk=queued.pk).update(**values)


def test_one_analysis_for_a_photo_and_a_release(queued):
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.AnalysisFactory(photo=queued.photo, release=queued.release, queued=True)


ROOT = Path(__file__).resolve().parents[2]
WRITERS = {"update", "aupdate", "update_or_create", "bulk_update"}


def writes_of_status(path: Path) -> list[int]:
    """Lines that write the state of a job: an update with `status`, or an assignment to it."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITERS:
            found += [node.lineno for option in node.keywords if option.arg == "status"]
        targets = node.targets if isinstance(node, ast.Assign) else []
        found += [one.lineno for one in targets if isinstance(one, ast.Attribute) and one.attr == "status"]
    return found


def test_one_module_moves_a_job_from_state_to_state():
    places = [*(ROOT / "inference").rglob("*.py"), *(ROOT / "clinic").rglob("*.py")]
    found = {
        str(path.relative_to(ROOT)): lines
        for path in places
        if "migrations" not in path.parts
        and "Status" in path.read_text()
        and (lines := writes_of_status(path))
    }
    assert set(found) == {"inference/jobs/job.py"}


@pytest.mark.django_db
@pytest.mark.parametrize("after", list(Status))
@pytest.mark.parametrize("before", list(Status))
def test_a_job_goes_where_it_may_and_nowhere_else(before, after):
    photo = factories.PhotoFactory()
    job = BackgroundAnalysis.objects.create(
        photo=photo,
        release="2027.1",
        purpose=Purpose.SHADOW,
        status=before,
        attempt=1,
        lease_until=timezone.now() if before == Status.RUNNING else None,
    )
    more = {"lease_until": timezone.now()} if after == Status.RUNNING else {}
    moved = jobs.move(BackgroundAnalysis.objects.filter(pk=job.pk), after, **more)
    job.refresh_from_db()
    assert moved == int(may_move(before, after))
    assert job.status == (after if moved else before)
    if moved:
        assert (job.lease_until is not None) == (after == Status.RUNNING), "who ends a job holds it no longer"
        assert (job.finished_at is not None) == (after in FINAL)
