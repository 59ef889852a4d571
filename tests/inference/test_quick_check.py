"""One photo looked at without a patient, by a real worker: the answer comes, and nothing of it is kept."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse

from clinic.audit.models import AuditEvent
from clinic.common import broker
from clinic.store import files
from clinic.visits import quick, tasks
from inference.jobs import worker
from inference.pipeline.errors import ERRORS
from inference.pipeline.findings import Findings
from inference.releases.use import set_model_use
from tests import factories
from tests.conftest import logged_in
from tests.visits.pictures import encoded, picture

PAGE = "visits:quick_check"


def photo(name="photo.jpg", content=None):  # type: ignore[no-untyped-def]
    return SimpleUploadedFile(name, content or encoded("JPEG", picture()), "image/jpeg")


def ask(client, upload=None, **headers):  # type: ignore[no-untyped-def]
    return client.post(reverse(PAGE), {"photo": upload or photo()}, headers=headers)


def rows() -> dict[str, int]:
    """How many rows each table holds, but for sessions."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if "session" not in table:
                cursor.execute(f'SELECT count(*) FROM "{table}"')
                found[table] = cursor.fetchone()[0]
    return found


def stored(folder):  # type: ignore[no-untyped-def]
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def inline(monkeypatch):  # type: ignore[no-untyped-def]
    """A worker in this process, that finds what it is told to; also what the store held while it looked."""

    class Inline:
        found: object = None
        seen: list[bytes] = []

        def analyse(self, content):  # type: ignore[no-untyped-def]
            self.seen.append(content)
            if isinstance(self.found, Exception):
                raise self.found
            return self.found

    stub = Inline()
    stub.seen = []
    stub.found = Findings(**factories.findings(), landmarks=factories.landmarks())
    monkeypatch.setattr(worker, "analyser", lambda name: stub)

    def send(name, *arguments, **_):  # type: ignore[no-untyped-def]
        if name == quick.TASK:
            tasks.quick_check.run(*arguments)
        return True

    monkeypatch.setattr(broker, "send", send)
    return stub


def test_a_real_worker_answers_and_nothing_is_left(worker, transactional_db, settings, photo_folder):  # type: ignore[no-untyped-def]
    settings.QUICK_CHECK_WAIT = 20.0
    clinic = factories.ClinicFactory()
    client = logged_in(factories.member(clinic))
    client.get(reverse(PAGE))  # what a first visit writes down is no part of the check
    before = rows()
    answer = ask(client)
    assert answer.status_code == 200
    assert "Weakness on the left" in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    # One line that counts it, and nothing else: no row, no file.
    after = rows()
    changed = {table: after[table] - count for table, count in before.items() if after[table] != count}
    assert changed == {"audit_auditevent": 1}
    event = AuditEvent.objects.get(kind="quick_check")
    assert (event.detail, event.patient, event.photo, event.clinic) == (
        {"state": "succeeded"},
        None,
        None,
        clinic,
    )
    assert stored(photo_folder) == []


@pytest.mark.django_db
def test_what_passes_through_the_store_is_sealed_and_gone_before_it_is_looked_at(
    as_clinician, inline, photo_folder, monkeypatch
):
    passed = []
    put = files.put
    monkeypatch.setattr(files, "put", lambda name, content: passed.append(content) or put(name, content))
    held = []
    inline.found = Findings(**factories.findings(), landmarks=factories.landmarks())
    analyse = type(inline).analyse
    monkeypatch.setattr(
        type(inline), "analyse", lambda self, c: held.append(stored(photo_folder)) or analyse(self, c)
    )
    assert ask(as_clinician).status_code == 200
    assert len(passed) == 2 and held == [[]]
    assert inline.seen[0].startswith(b"\xff\xd8")
    for content in passed:
        assert b"\xff\xd8\xff" not in content and b"palsy" not in content
    assert stored(photo_folder) == []


@pytest.mark.django_db
def test_nobody_answers_in_time_and_a_late_worker_finds_nothing(as_clinician, monkeypatch, photo_folder):
    names = []
    monkeypatch.setattr(broker, "send", lambda _name, *arguments, **_: names.append(arguments[0]) or True)
    answer = ask(as_clinician)
    assert answer.status_code == 503 and "took too long" in answer.content.decode()
    assert stored(photo_folder) == [] and quick.take(name=names[0]) is None
    tasks.quick_check.run(names[0])
    assert stored(photo_folder) == []
    assert not AuditEvent.objects.filter(kind="quick_check").exists()


@pytest.mark.django_db
def test_a_photo_that_can_not_be_judged_says_what_to_do(as_clinician, inline):
    inline.found = Findings(state="rejected", reason="no_face", release="2026.11.5")
    text = ask(as_clinician).content.decode()
    assert "No face was found in the photo." in text and "Retake it from the front" in text
    assert AuditEvent.objects.get(kind="quick_check").detail == {"state": "rejected"}


@pytest.mark.django_db
@pytest.mark.parametrize("error", [ERRORS["landmarks_failed"], RuntimeError("broken"), MemoryError()])
def test_an_error_is_told_and_leaves_nothing(as_clinician, inline, photo_folder, error):
    inline.found = error
    answer = ask(as_clinician)
    assert answer.status_code == 503 and "Nothing was kept." in answer.content.decode()
    assert stored(photo_folder) == []


@pytest.mark.django_db
def test_what_is_no_photo_is_refused_like_any_upload(as_clinician, inline):
    answer = ask(as_clinician, photo(content=b"text"))
    assert answer.status_code == 422 and "not a photo" in answer.content.decode()
    assert inline.seen == []
    assert as_clinician.post(reverse(PAGE), {}).status_code == 422


@pytest.mark.django_db
def test_where_analysis_is_off_nothing_is_checked(as_clinician, clinic, administrator, inline):
    set_model_use(user=administrator, clinic=clinic, use="off")
    assert "Analysis is off" in as_clinician.get(reverse(PAGE)).content.decode()
    assert ask(as_clinician).status_code == 422 and inline.seen == []


@pytest.mark.django_db
def test_it_is_limited_and_needs_a_login(client, as_clinician, inline, settings):
    assert client.get(reverse(PAGE)).status_code == 302
    settings.RATES = {**settings.RATES, "quick_check": "2/min"}
    statuses = [ask(as_clinician).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]


@pytest.mark.django_db
def test_the_page_says_what_it_is_and_what_it_is_not(as_clinician):
    text = as_clinician.get(reverse(PAGE)).content.decode()
    assert "Nothing is kept: neither the photo nor the result." in text
    assert "It is no diagnosis and excludes no stroke." in text


@pytest.mark.django_db
def test_a_script_gets_the_answer_alone(as_clinician, inline):
    answer = ask(as_clinician, **{"hx-request": "true"})
    text = answer.content.decode()
    assert answer.status_code == 200 and text.lstrip().startswith("<div") and "<html" not in text
