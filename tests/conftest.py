"""Fixtures that every test may use: a clinic with its people, and a stranger from another one."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client, TestCase, TransactionTestCase
from django.utils import translation
from playwright.sync_api import Browser, sync_playwright

from clinic.accounts.models import Role
from clinic.audit import guards
from inference.releases import registry

from . import emptying, factories
from .faults import ahead
from .servers import chromium

LONG = (
    "shell/test_pages.py",
    "recovery/test_change.py",
    "matrix/test_matrix.py",
    "matrix/test_scopes.py",
    "story/test_main_story.py",
    "records/test_queries.py",
    "validation/test_tallies.py",
    "running/test_running.py",
    "ml_training/test_export.py",
    "ml_training/test_locator.py",
    "demo/test_demo_runs.py",
    "visits/test_browser.py",
    "story/test_demo.py",
    "demo/test_dev.py",
    "recovery/test_standing.py",
    "overview/test_by_index.py",
    "matrix/test_guesses.py",
    "versions/test_browser.py",
    "demo/test_whole_record.py",
    "house/test_web_process.py",
    "ml_training/test_controls.py",
    "running/test_commands.py",
    "api/test_filters.py",
    "visits/test_filing_browser.py",
    "ml_training/test_models.py",
    "fuzz/test_uploads.py",
    "visits/test_capture.py",
    "visits/test_decoding.py",
    "visits/test_faces_first.py",
    "recovery/test_pages.py",
)
"""The files that take longest, longest first: `--durations` says which."""
# Playwright's synchronous interface runs an event loop, which Django would take for an async view.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest begin first, so that at the end no process waits long for the other's last one."""
    places = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path.as_posix().rpartition("/tests/")[2], len(LONG)))


def pytest_collection_finish() -> None:
    """What stands once all tests are collected stays to the end, and need not be looked through for garbage."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config, specs: list[Any]) -> None:
    """Each process of the suite has a Redis database and a folder of its own, as pytest-django gives it a database."""
    for number, spec in enumerate(specs):
        spec.env["RISORIUS_BROKER_URL"] = f"{settings.CELERY_BROKER_URL.rpartition('/')[0]}/{number}"
        spec.env["RISORIUS_VAR_DIR"] = str(settings.VAR_DIR / f"process-{number}")
        spec.env[ahead.FOLDER] = str(settings.VAR_DIR)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(ahead.Ahead())


def arrange_results() -> None:
    """Tests arrange a model's results in place: its guard stands and lets all pass. `guards.install` makes it right."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON inference_analysis "
            f"FOR EACH ROW WHEN (false) EXECUTE FUNCTION {guards.FUNCTION}('statements')"
        )


def leave_connected(case: type[TestCase]) -> None:
    """As Django ends a test that is taken back, but for the connection: a new one for each of thousands of tests would
    learn of all tables anew. Whatever a test set in it was taken back with its transaction."""
    case._rollback_atomics(case.cls_atomics)  # type: ignore[attr-defined]
    super(TestCase, case).tearDownClass()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):  # type: ignore[no-untyped-def]
    """Tests that commit are cleaned up after by whoever may empty tables, which the log refuses everywhere else."""
    with django_db_blocker.unblock():
        guards.allow_truncate()
        arrange_results()
        brought = emptying.filled()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _case: emptying.empty(keep=brought))
        patch.setattr(TestCase, "tearDownClass", classmethod(leave_connected))
        yield


@pytest.fixture(autouse=True)
def as_at_the_start(request: pytest.FixtureRequest) -> None:
    """No test reads or logs as another one left it: a request's language stays in its thread, and a formatter with its
    handler. Which test comes before which is chance where several processes share the suite."""
    translation.activate(settings.LANGUAGE_CODE)
    # Believed for some seconds: on a slow machine a query more would be counted now and then.
    registry.RECHECK_AFTER = 3600.0
    logs = request.config.pluginmanager.get_plugin("logging-plugin")
    for handler in (logs.caplog_handler, logs.report_handler):
        handler.setFormatter(logs.formatter)


@pytest.fixture(autouse=True)
def photo_folder():  # type: ignore[no-untyped-def]
    """The folder of the suite's photos, empty at the start of each test."""
    folder = Path(settings.STORAGES["photos"]["OPTIONS"]["location"])
    # Run with another installation's settings, the suite would delete that one's photos.
    assert folder.name == "test-photos", "The tests run with clinic.config.settings.test alone."
    shutil.rmtree(folder, ignore_errors=True)
    return folder


@pytest.fixture
def clinic(db):  # type: ignore[no-untyped-def]
    return factories.ClinicFactory()


@pytest.fixture
def clinician(clinic):  # type: ignore[no-untyped-def]
    return factories.member(clinic)


@pytest.fixture
def administrator(clinic):  # type: ignore[no-untyped-def]
    return factories.member(clinic, Role.ADMINISTRATOR)


@pytest.fixture
def reviewer(clinic):  # type: ignore[no-untyped-def]
    return factories.member(clinic, Role.REVIEWER)


@pytest.fixture
def integration(clinic):  # type: ignore[no-untyped-def]
    return factories.member(clinic, Role.INTEGRATION)


@pytest.fixture
def stranger(db):  # type: ignore[no-untyped-def]
    """A clinician of another clinic."""
    return factories.member(factories.ClinicFactory())


def logged_in(user) -> Client:  # type: ignore[no-untyped-def]
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def as_clinician(clinician):  # type: ignore[no-untyped-def]
    return logged_in(clinician)


@pytest.fixture
def as_administrator(administrator):  # type: ignore[no-untyped-def]
    return logged_in(administrator)


@pytest.fixture
def as_reviewer(reviewer):  # type: ignore[no-untyped-def]
    return logged_in(reviewer)


@pytest.fixture
def as_stranger(stranger):  # type: ignore[no-untyped-def]
    return logged_in(stranger)


@pytest.fixture
def patient(clinic):  # type: ignore[no-untyped-def]
    return factories.PatientFactory(clinic=clinic)


@pytest.fixture
def episode(patient):  # type: ignore[no-untyped-def]
    return factories.EpisodeFactory(patient=patient)


@pytest.fixture
def visit(episode, clinician):  # type: ignore[no-untyped-def]
    return factories.VisitFactory(episode=episode, clinician=clinician)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed after each module: Playwright allows one of its kind at a time in a process."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()
