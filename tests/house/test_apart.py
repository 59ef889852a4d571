"""The suite runs in several processes that share nothing but a PostgreSQL and a Redis."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db import connection

from clinic.audit.models import AuditEvent, Event
from clinic.patients.models import Patient
from tests import conftest, emptying, factories
from tests.faults import ahead
from tests.servers import PORTS, free_port
from tests.shared import taken_back

ROOT = Path(__file__).resolve().parents[2]


def test_each_process_has_a_redis_database_and_a_folder_of_its_own(pytestconfig):
    specs = [SimpleNamespace(env={}) for _ in range(3)]
    conftest.pytest_xdist_setupnodes(pytestconfig, specs)
    for name in ("RISORIUS_BROKER_URL", "RISORIUS_VAR_DIR"):
        assert len({spec.env[name] for spec in specs}) == len(specs)


@pytest.mark.django_db
def test_this_process_has_what_it_was_given():
    assert os.environ.get("RISORIUS_BROKER_URL", settings.CELERY_BROKER_URL) == settings.CELERY_BROKER_URL
    assert str(settings.VAR_DIR) == os.environ.get("RISORIUS_VAR_DIR", str(settings.VAR_DIR))
    assert connection.settings_dict["NAME"].endswith(os.environ.get("PYTEST_XDIST_WORKER", ""))


def test_ports_are_none_that_the_system_gives_away():
    given = Path("/proc/sys/net/ipv4/ip_local_port_range")
    first = int(given.read_text().split()[0]) if given.exists() else 49152
    assert max(PORTS) < first and free_port() in PORTS


def test_the_files_that_begin_first_are_there():
    assert [name for name in conftest.LONG if not (ROOT / "tests" / name).is_file()] == []


@pytest.mark.django_db(transaction=True)
def test_what_a_test_committed_is_gone_after_it(monkeypatch):
    brought = emptying.filled()
    factories.VisitFactory()
    assert {"visits_visit", "patients_patient", "accounts_user"} <= emptying.filled() - brought
    # However large a table is.
    monkeypatch.setattr(emptying, "SMALL", 0)
    emptying.empty(keep=brought)
    assert emptying.filled() == brought


@pytest.mark.django_db
def test_what_is_taken_back_leaves_no_row_and_no_number_of_the_log():
    first = AuditEvent.objects.create(kind=Event.LOGIN).pk
    with taken_back():
        factories.PatientFactory()
        assert AuditEvent.objects.create(kind=Event.LOGIN).pk > first
    assert not Patient.objects.exists()
    assert AuditEvent.objects.create(kind=Event.LOGOUT).pk == first + 1


def test_one_process_begins_the_drills_and_only_where_they_are_asked_for(monkeypatch):
    begun = []
    monkeypatch.setattr(ahead.Ahead, "begin", lambda _self: begun.append(worker))
    option = SimpleNamespace(collectonly=False)
    for worker, file in (("gw0", "test_visit.py"), ("gw1", "test_drills.py"), ("gw0", "test_drills.py")):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", worker)
        items = [SimpleNamespace(path=Path(file))]
        ahead.Ahead().pytest_collection_finish(
            SimpleNamespace(items=items, config=SimpleNamespace(option=option))
        )
    assert begun == ["gw0"]
