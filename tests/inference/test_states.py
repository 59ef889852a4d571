"""The ways between the states, in the code and in the database."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from inference.models import Analysis
from inference.states import FINAL, TRANSITIONS, Status, may_move, sources
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
