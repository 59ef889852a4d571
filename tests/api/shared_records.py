"""The fixtures of a module all of whose tests ask about the same records: made once, and as they were for each test."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from types import SimpleNamespace
from typing import Any

import pytest

from tests import factories

from ..shared import taken_back
from .conftest import everything

__all__ = ["clinic", "clinician", "db", "made", "patient", "records", "visit"]


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any) -> Iterator[SimpleNamespace]:
    """One record of each resource, and the clinician who made them."""
    with django_db_blocker.unblock(), taken_back():
        clinic = factories.ClinicFactory()
        clinician = factories.member(clinic)
        episode = factories.EpisodeFactory(patient=factories.PatientFactory(clinic=clinic))
        visit = factories.VisitFactory(episode=episode, clinician=clinician)
        yield SimpleNamespace(records=everything(visit, clinician), clinician=clinician)


@pytest.fixture
def db(made: SimpleNamespace) -> Iterator[SimpleNamespace]:
    with taken_back():
        yield deepcopy(made)


@pytest.fixture
def records(db: SimpleNamespace) -> Any:
    return db.records


@pytest.fixture
def clinician(db: SimpleNamespace) -> Any:
    return db.clinician


@pytest.fixture
def clinic(records: Any) -> Any:
    return records.clinic


@pytest.fixture
def patient(records: Any) -> Any:
    return records.patient


@pytest.fixture
def visit(records: Any) -> Any:
    return records.visit
