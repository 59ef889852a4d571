"""No line of any log names a patient: whatever is sent through whichever logger, whichever way."""

from __future__ import annotations

import datetime as dt
import io
import json
import logging
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DataError, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from clinic.common import logs, scrub
from clinic.config import tracing
from tests import factories
from tests.conftest import logged_in
from tests.logged import all_loggers, lines

from .person import Person, say

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def person() -> Person:
    return Person()


@pytest.mark.parametrize("shape", [logs.Json, logs.Readable])
def test_nothing_of_a_person_passes_any_logger_in_any_way(person, shape):
    loggers = [
        logging.getLogger(name)
        for name in ("clinic.visits", "inference.tasks", "django.request", "django.db.backends")
    ]
    others = ["celery.task", "celery.redirected", "kombu", "gunicorn.error", "gunicorn.access", "py.warnings"]
    with lines(shape()) as said:
        for log in [*loggers, *map(logging.getLogger, others), logging.getLogger()]:
            for secret in person.secrets:
                say(log, secret)
    assert said.getvalue().count("It failed") > 500
    assert person.found_in(said.getvalue()) == []


def test_every_logger_there_is_goes_through_the_pipe(settings):
    """No handler but ours: a formatter of somebody else's would print what it is given."""
    from clinic.config.settings import base

    handlers = base.LOGGING["handlers"].values()
    assert {handler["formatter"] for handler in handlers} == {"line"}
    kinds = {spec["()"] for spec in base.LOGGING["formatters"].values()}
    assert kinds == {"clinic.common.logs.Json", "clinic.common.logs.Readable"}
    # Tests bring a library that writes by itself.
    strangers = {
        (log.name, type(handler).__name__)
        for log in [*all_loggers(), logging.getLogger()]
        for handler in log.handlers
        if log.name != "lark"
        and not isinstance(handler.formatter, logs.Formatter)
        and not type(handler).__module__.startswith("_pytest")
        and not isinstance(handler, logging.NullHandler)
    }
    assert strangers == set()


def test_the_codes_own_words_pass(caplog):
    number = uuid.uuid4()
    with lines() as said:
        log = logging.getLogger("inference.services")
        log.error("Analysis %s failed after attempt %s: %s", number, 3, "timed_out")
        log.error("%s was not published: %s", "inference.tasks.analyse", OSError.__name__)
        log.warning("%s %s", "GET", "Not Found")
    events = [event["event"] for event in said.events]
    assert events == [
        f"Analysis {number} failed after attempt 3: timed_out",
        "inference.tasks.analyse was not published: OSError",
        "GET Not Found",
    ]
    assert all(event["at"].startswith("tests/security/test_logs.py:") for event in said.events)


def test_an_error_is_told_by_type_place_and_what_the_code_itself_says():
    with lines() as said:
        try:
            try:
                raise KeyError(str(uuid.uuid4()))
            except KeyError as error:
                raise RuntimeError("The door is shut") from error
        except RuntimeError:
            logging.getLogger("clinic.visits").exception("Broken")
    (event,) = said.events
    assert event["error"]["type"] == "RuntimeError"
    assert event["error"]["message"] == "The door is shut"
    assert event["error"]["after"]["type"] == "KeyError"
    assert event["error"]["after"]["message"] == scrub.WITHHELD
    assert "test_an_error_is_told_by_type_place" in event["error"]["at"][0]


@pytest.mark.django_db(transaction=True)
def test_a_database_error_that_quotes_the_row_tells_table_and_constraint_alone(person, clinic):
    factories.PatientFactory(clinic=clinic, record_number=person.number)
    log = logging.getLogger("clinic.patients")
    with lines() as said:
        try:
            with transaction.atomic():
                factories.PatientFactory(clinic=clinic, name=person.name, record_number=person.number)
        except IntegrityError as error:
            assert person.number in str(error), "PostgreSQL quotes the row: this is what must not get out"
            log.exception("Not stored")
            log.error("Not stored: %s", error)
            log.error(str(error))
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT %s::date", [person.name])
        except DataError as error:
            assert person.name in str(error)
            log.exception("Not a date")
    assert person.found_in(said.getvalue()) == []
    told = said.events[0]["error"]
    assert (told["type"], told["after"]["table_name"]) == (
        "django.db.utils.IntegrityError",
        "patients_patient",
    )
    assert told["after"]["sqlstate"] == "23505" and told["after"]["constraint_name"]


@pytest.mark.django_db
def test_requests_of_every_kind_leave_no_trace_of_the_person(person, clinic, clinician, visit, monkeypatch):
    client = logged_in(clinician)
    client.raise_request_exception = False
    patient = factories.PatientFactory(clinic=clinic, name=person.name, birth_date=person.born)
    api = {"content_type": "application/json"}
    with lines() as said:
        client.get("/patients/", {"q": person.name})
        client.get(f"/{person.file}/{person.name}/")
        client.get(f"/api/v1/patients/?name={person.name}")
        client.get(f"/api/v1/{person.name}/")
        client.get("/", headers={"host": "zebulonia.example.org"})
        client.get(
            "/", headers={"user-agent": person.name, "referer": person.name, "x-request-id": person.name}
        )
        client.post("/api/v1/patients/", f'{{"name": "{person.name}", "oops', **api)
        client.post("/api/v1/patients/", json.dumps({"name": person.name, "birth_date": person.note}), **api)
        client.post(
            reverse("patients:new"), {"name": person.name, "birth_date": person.note, "cause": person.note}
        )
        for content in (b"", person.note.encode(), factories.jpeg(300, 300)[:900]):
            for kind in ("image/jpeg", person.name):
                file = SimpleUploadedFile(person.file, content, content_type=kind)
                client.post(
                    reverse("visits:upload", args=[visit.pk]), {"photo": file, "exercise": person.note}
                )
        Client(enforce_csrf_checks=True).post(reverse("accounts:login"), {"username": person.mail})
        Client().post(reverse("accounts:login"), {"username": person.mail, "password": person.note})
        Client().post("/api/v1/tokens/", json.dumps({"email": person.mail, "password": person.note}), **api)
        Client().get("/api/v1/patients/", headers={"authorization": f"Bearer {person.note}"})
        client.get(reverse("patients:detail", args=[patient.pk]))
        monkeypatch.setattr("clinic.recovery.views._history", broken(person))
        monkeypatch.setattr("clinic.api.views.records.PatientViewSet.visible", broken(person))
        assert client.get(reverse("patients:detail", args=[patient.pk])).status_code == 500
        assert client.get(f"/api/v1/patients/{patient.pk}/").status_code == 500
    assert person.found_in(said.getvalue()) == []
    answers = [event for event in said.events if event["event"] == "Answered"]
    assert len(answers) > 20 and all(event["request_id"] for event in answers)
    failed = [event for event in said.events if event.get("error", {}).get("type") == "ValueError"]
    assert len(failed) >= 2, "both errors are told"
    assert all("test_logs.py" in " ".join(event["error"]["at"]) for event in failed)
    assert {event["route"] for event in failed} >= {"patients/<uuid:pk>/"}


def broken(person: Person):  # type: ignore[no-untyped-def]
    def fail(*args: object, **kwargs: object) -> None:
        raise ValueError(f"no such patient: {person.name}")

    return fail


@pytest.mark.django_db
def test_a_line_names_who_and_where_by_opaque_identifiers(clinician, clinic):
    given = uuid.uuid4().hex
    with lines() as said:
        answer = logged_in(clinician).get("/patients/?q=x", headers={"x-request-id": given})
    (event,) = [event for event in said.events if event["event"] == "Answered"]
    assert answer["X-Request-ID"] == given
    assert event == {
        **event,
        "level": "info",
        "logger": "clinic.common.middleware",
        "request_id": given,
        "user_id": str(clinician.pk),
        "clinic_id": str(clinic.pk),
        "method": "GET",
        "route": "patients/",
        "status_code": 200,
    }
    assert dt.datetime.fromisoformat(event["time"]).tzinfo is not None


@pytest.mark.parametrize("shape", [logs.Json, logs.Readable])
def test_lines_tell_the_time_in_utc(shape, settings) -> None:
    settings.TIME_ZONE = "Asia/Jakarta"
    with time_machine.travel("2026-11-30T03:04:05+07:00", tick=False), lines(shape()) as said:
        logging.getLogger("clinic.visits").warning("It failed")
    assert "2026-11-29T20:04:05.000Z" in said.getvalue()


@pytest.mark.parametrize("given", ["", "Siti Rahmawati", "1" * 31, "../../etc/passwd", "A" * 32, "1" * 33])
def test_a_number_that_is_none_is_replaced(client, given):
    answer = client.get("/robots.txt", headers={"x-request-id": given})
    assert answer["X-Request-ID"] != given
    assert uuid.UUID(answer["X-Request-ID"])


class Task:
    name = "inference.tasks.analyse"

    def __init__(self, **headers: object) -> None:
        self.request = type("Request", (), headers)()


def test_a_task_goes_on_with_the_requests_number(person):
    number, task_id, analysis = (str(uuid.uuid4()) for _ in range(3))
    headers: dict[str, Any] = {}
    logs.bind(request_id=number)
    tracing.send_along(headers=headers)
    logs.clear()
    assert headers == {tracing.HEADER: number}
    with lines() as said:
        tracing.begin(task_id=task_id, task=Task(**headers), args=[analysis])
        logging.getLogger("inference.tasks").info("Analysis %s is not waiting any more", analysis)
        tracing.failed(sender=Task(), exception=ValueError(person.name))
        tracing.end(task_id=task_id, task=Task(), state="FAILURE")
    assert [event["event"] for event in said.events[1:]] == ["Task failed", "Task done"]
    for event in said.events:
        assert (event["request_id"], event["task_id"], event["analysis_id"]) == (number, task_id, analysis)
    assert said.events[2]["state"] == "failure"
    assert person.found_in(said.getvalue()) == []
    assert logs.bound() == {}


def test_what_is_no_identifier_is_not_bound(person):
    logs.clear()
    logs.bind(user_id=person.name, request_id=str(uuid.uuid4()))
    assert set(logs.bound()) == {"request_id"}
    logs.clear()


ALONE = """
import os, sys, threading, warnings, logging
import django
django.setup()
secret = "".join(["Zebu", "lonia"])
warnings.simplefilter("always")
warnings.warn(f"{secret} warned")
logging.getLogger("clinic.x").error("%s %s", secret)
class Leaving:
    def __del__(self):
        raise ValueError(secret)
leaving = Leaving(); del leaving
def work():
    raise ValueError(secret)
thread = threading.Thread(target=work); thread.start(); thread.join()
logging.getLogger("gunicorn.error").error("Error handling request %s", "/" + secret)
raise ValueError(secret)
"""


def test_in_production_pythons_own_reports_go_the_same_way(tmp_path):
    import os

    from tests.house.test_settings import PRODUCTION, ROOT

    env = {name: value for name, value in os.environ.items() if not name.startswith(("RISORIUS_", "DJANGO_"))}
    run = subprocess.run(
        [sys.executable, "-c", ALONE],
        env={**env, **PRODUCTION, "RISORIUS_VAR_DIR": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 1
    events = [json.loads(line) for line in run.stderr.splitlines()]
    assert "zebu" not in (run.stderr + run.stdout).lower()
    assert [event["event"] for event in events] == [
        "UserWarning",
        "%s %s",
        "An error that nobody caught",
        "An error that nobody caught",
        "Error handling request [withheld]",
        "An error that nobody caught",
    ]
    assert events[-1]["error"]["type"] == "ValueError"


def test_gunicorns_own_lines_are_json_and_requests_are_none_of_them(capsys):
    from gunicorn.config import Config

    from clinic.common.logs_gunicorn import Pipe

    config = Config()
    config.set("accesslog", "-")
    log = logging.getLogger("gunicorn.error")
    before = log.handlers[:], log.propagate
    try:
        pipe = Pipe(config)
        stream = io.StringIO()
        own = [handler for handler in log.handlers if getattr(handler, "_gunicorn", False)]
        for handler in own:
            handler.setStream(stream)
        pipe.info("Booting worker with pid: %s", 17)
        pipe.access(None, None, {"QUERY_STRING": "q=Zebulonia"}, None)
        events = [json.loads(line) for line in stream.getvalue().splitlines()]
    finally:
        log.handlers[:], log.propagate = before
    assert [event["event"] for event in events] == ["Booting worker with pid: 17"]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("who", "ask", "status"),
    [
        (None, ("get", "api:patient-list", None), 401),
        ("stranger", ("get", "patients:detail", "patient"), 404),
        ("reviewer", ("post", "patients:edit", "patient"), 403),
        ("clinician", ("get", "api:patient-list", "?nothing=1"), 400),
    ],
)
def test_what_was_refused_has_its_line_with_the_status_and_who_asked(request, patient, who, ask, status):
    method, name, rest = ask
    path = reverse(name, args=[patient.pk] if rest == "patient" else [])
    path += rest if rest and rest.startswith("?") else ""
    user = request.getfixturevalue(who) if who else None
    client = logged_in(user) if user else Client()
    with lines() as said:
        assert getattr(client, method)(path).status_code == status
    (event,) = [event for event in said.events if event["event"] == "Answered"]
    assert event["status_code"] == status and event["route"] and event["request_id"]
    assert event.get("user_id") == (str(user.pk) if user else None)
