"""/livez and /readyz: no login, no secret, a line for each need, each with its own limit."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import DatabaseError, connection, connections
from django.test import Client

from clinic.operations import readiness
from inference.releases import registry


@pytest.fixture(autouse=True)
def looks_anew():
    readiness.forget()
    yield
    readiness.forget()


def states(body: bytes) -> dict[str, str]:
    """Each need and its state, from the answer's lines."""
    return {line.split()[1]: line.split()[0] for line in body.decode().splitlines()[1:]}


def with_need(monkeypatch, name: str, look, limit: float = 0.3) -> None:
    """Put another look in the place of that need's."""
    needs = [
        readiness.Need(need.name, look, limit, need.vital) if need.name == name else need
        for need in readiness.NEEDS
    ]
    monkeypatch.setattr(readiness, "NEEDS", tuple(needs))


def test_alive_asks_nobody(monkeypatch):
    monkeypatch.setattr(readiness, "check_needs", lambda: pytest.fail("it asked"))
    answer = Client().get("/livez", headers={"host": "10.1.2.3"})
    assert (answer.status_code, answer.content) == (200, b"alive\n")
    assert "no-store" in answer["Cache-Control"]
    assert Client().post("/livez").status_code == 405


@pytest.mark.django_db(transaction=True)
def test_ready_with_a_line_for_each_need():
    answer = Client().get("/readyz", headers={"host": "10.1.2.3"})
    assert answer.status_code == 200, answer.content
    assert answer.content.startswith(b"ready\n")
    assert states(answer.content) == dict.fromkeys(
        ("database", "migrations", "broker", "models", "files"), "ok"
    )


@pytest.mark.django_db(transaction=True)
def test_without_its_broker_it_still_takes_photos(settings, monkeypatch):
    from clinic.config.celery import app

    monkeypatch.setattr(app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
    started = time.monotonic()
    answer = Client().get("/readyz")
    assert time.monotonic() - started < 5
    assert (answer.status_code, states(answer.content)["broker"]) == (200, "degraded")
    assert answer.content.startswith(b"degraded\n")
    assert b"photos are stored" in answer.content


@pytest.mark.django_db(transaction=True)
def test_without_its_models_it_still_shows_records(settings, tmp_path):
    settings.MODEL_ARTIFACTS_DIR = tmp_path
    registry.forget()
    try:
        answer = Client().get("/readyz")
    finally:
        registry.forget()
    assert (answer.status_code, states(answer.content)["models"]) == (200, "degraded")


@pytest.mark.django_db(transaction=True)
def test_a_change_of_the_database_that_was_not_applied():
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'operations' RETURNING app, name, applied")
        rows = cursor.fetchall()
    try:
        answer = Client().get("/readyz")
    finally:
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", rows)
    assert (answer.status_code, states(answer.content)["migrations"]) == (503, "failed")
    assert b"manage.py migrate" in answer.content


@pytest.mark.django_db(transaction=True)
def test_a_newer_version_s_change_does_no_harm():
    """While an upgrade is under way, the old processes go on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('operations', '9999_later', now())"
        )
    try:
        assert Client().get("/readyz").status_code == 200
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE name = '9999_later'")


@pytest.mark.django_db(transaction=True)
def test_without_a_database_it_gets_no_requests(monkeypatch):
    def away(*_args, **_kwargs):
        raise DatabaseError("connection to server at 10.0.0.5 failed: password hunter2")

    monkeypatch.setattr(type(connections["default"]), "connect", away)
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.content.startswith(b"unready\n")
    assert states(answer.content)["database"] == "failed"
    # Anybody may read this.
    assert b"hunter2" not in answer.content
    assert b"10.0.0.5" not in answer.content


@pytest.mark.django_db(transaction=True)
def test_a_need_that_hangs_costs_its_limit_and_one_thread(monkeypatch):
    release = threading.Event()
    with_need(monkeypatch, "database", lambda: release.wait(20) and None)
    try:
        started = time.monotonic()
        answer = Client().get("/readyz")
        assert time.monotonic() - started < 4
        assert answer.status_code == 503
        assert b"No answer within 0.3 seconds." in answer.content
        readiness.forget()
        assert b"No answer since the last look." in Client().get("/readyz").content
        hanging = [thread for thread in threading.enumerate() if thread.name == "readyz-database"]
        assert len(hanging) == 1
    finally:
        release.set()
        for thread in threading.enumerate():
            if thread.name == "readyz-database":
                thread.join(5)


@pytest.mark.django_db(transaction=True)
def test_an_error_nobody_thought_of_is_no_trace(monkeypatch):
    with_need(monkeypatch, "files", lambda: 1 / 0)
    answer = Client().get("/readyz")
    assert (answer.status_code, states(answer.content)["files"]) == (200, "degraded")
    assert b"ZeroDivision" not in answer.content


@pytest.mark.django_db(transaction=True)
def test_asking_often_looks_once(monkeypatch):
    looks = []
    with_need(monkeypatch, "files", lambda: looks.append(1))
    for _ in range(5):
        Client().get("/readyz")
    assert len(looks) == 1
