"""Two versions at once, as in every upgrade: messages and rows of one are understood by the other, and a worker that
is told to stop finishes what it holds."""

from __future__ import annotations

import importlib.util
import inspect
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from clinic.common import broker
from clinic.config.celery import app
from clinic.visits import services as visits
from inference import services
from inference.jobs.states import Status
from inference.models import Analysis
from tests import factories
from tests.inference.conftest import make_findings, release, write_release  # noqa: F401  a fixture
from tests.inference.running import Worker, purge, queue, result_of, until, waiting_messages

from . import shipped
from .test_migrations import OUR_APPS

MESSAGES: dict[str, list[list[str]]] = json.loads((Path(__file__).parent / "messages.json").read_text())
PHOTO = shipped.ROOT / "tests" / "people" / "t1-left-palsy-smile.jpg"


def our_tasks() -> set[str]:
    for config in apps.get_app_configs():
        if importlib.util.find_spec(f"{config.name}.tasks"):
            importlib.import_module(f"{config.name}.tasks")
    return {name for name in app.tasks if name.startswith(("inference.", "clinic."))}


def test_every_message_that_was_ever_sent_is_understood() -> None:
    """messages.json only grows: a task or an argument goes one version after nobody sends it any more."""
    assert our_tasks()
    for name, forms in MESSAGES.items():
        for arguments in forms:
            inspect.signature(app.tasks[name].run).bind(*arguments)


def test_every_task_stands_in_the_list() -> None:
    assert our_tasks() == set(MESSAGES)


@pytest.mark.django_db
def test_this_version_works_on_the_next_ones_tables(visit, clinician, release, monkeypatch) -> None:  # noqa: F811
    """The next version's migration has run, and this one still takes photos, analyses and confirms."""
    monkeypatch.setattr(broker, "send", lambda *_arguments, **_options: True)
    tables = {model._meta.db_table for label in OUR_APPS for model in apps.get_app_config(label).get_models()}
    assert len(tables) > 15
    with connection.cursor() as cursor:
        # The rows made so far have their deferred checks done, so that tables can be changed.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in sorted(tables):
            cursor.execute(
                f"ALTER TABLE \"{table}\" ADD COLUMN of_the_next_version text NOT NULL DEFAULT 'new'"
            )
    factories.ConsentFactory(patient=visit.patient)
    upload = SimpleUploadedFile("smile.jpg", PHOTO.read_bytes(), "image/jpeg")
    photo = visits.store_photo(user=clinician, visit=visit, upload=upload, exercise="smile", side="")
    analysis = Analysis.objects.get(photo=photo)
    claim = services.claim(analysis_id=analysis.pk)
    assert claim
    services.finish(claim=claim, findings=make_findings(release=analysis.release))
    analysis.refresh_from_db()
    assert analysis.status == Status.SUCCEEDED
    visits.confirm(
        user=clinician, analysis=analysis, exercise="smile", palsy=True, weak_side="left", grade=3, comment=""
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM visits_confirmation WHERE of_the_next_version = 'new'")
        assert cursor.fetchone() == (1,)


@pytest.fixture
def draining(transactional_db, release, tmp_path: Path) -> Iterator[Worker]:  # noqa: F811
    """A worker that holds its analyses until it is told to go on."""
    write_release(tmp_path / "models")
    with Worker(tmp_path) as worker:
        worker.hold()
        yield worker


@pytest.mark.servers
def test_a_worker_that_is_told_to_stop_finishes_what_it_holds(draining: Worker, visit) -> None:
    photos = [
        factories.PhotoFactory(visit=visit, exercise=name) for name in ("smile", "rest", "pucker", "snarl")
    ]
    held = [queue(photo) for photo in photos[:2]]
    until(lambda: len(list(draining.folder.glob("held-*"))) == 2)
    left = [queue(photo) for photo in photos[2:]]
    draining.process.send_signal(signal.SIGTERM)
    until(lambda: draining.said("Warm shutdown"))
    time.sleep(0.5)
    assert draining.process.poll() is None, "it waits for the two"
    draining.release()
    started = time.monotonic()
    assert draining.process.wait(shipped.seconds(shipped.services()["worker"]["stop_grace_period"])) == 0
    assert time.monotonic() - started < 30
    for analysis in held:
        done = result_of(analysis)
        assert (done.status, done.attempt) == (Status.SUCCEEDED, 1), "finished by the first try"
    for analysis in left:
        analysis.refresh_from_db()
        assert (analysis.status, analysis.attempt) == (Status.QUEUED, 0), "not begun, and no try counted"
    assert waiting_messages() >= len(left), "the next worker finds them at once"
    purge()


def test_a_migration_gives_up_rather_than_hold_everybody_up() -> None:
    """What `prepare` runs with: nobody queues for long behind a change that can't get its lock."""
    options = shipped.services()["prepare"]["environment"]["PGOPTIONS"]
    settings = connection.settings_dict
    address = f"postgresql://{settings['USER']}:{settings['PASSWORD']}@{settings['HOST']}:{settings['PORT']}/postgres"
    said = subprocess.run(
        ["psql", address, "--tuples-only", "--command", "SHOW lock_timeout"],
        env={"PATH": "/usr/bin:/bin", "PGOPTIONS": options},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == "5s"
