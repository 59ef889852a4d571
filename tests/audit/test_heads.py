"""The head of the chain leaves the machine by itself, and the log is held against what arrived."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core.management.base import CommandError

from clinic.audit import chain, heads, tasks
from clinic.audit.models import AuditEvent, Event, Seal
from clinic.audit.services import log_event
from clinic.config.celery import beat_schedule

from .. import logged
from .test_chain import unguarded, verify

pytestmark = pytest.mark.django_db


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[dict[str, object]]]]:
    """Another machine that keeps what is sent to it."""
    kept: list[dict[str, object]] = []

    class Keeper(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Keeper)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/heads", kept
    server.shutdown()
    server.server_close()


def test_it_goes_to_a_file_to_an_address_and_into_the_log_of_the_process(
    settings, tmp_path, elsewhere
) -> None:
    url, kept = elsewhere
    settings.CHAIN_HEAD_FILE, settings.CHAIN_HEAD_URL = str(tmp_path / "heads"), url
    with logged.lines() as lines:
        for kind in (Event.LOGIN, Event.LOGOUT):
            log_event(kind=kind, user=None)
            chain.seal_all()
            assert heads.publish() == {"file": True, "url": True}
    found = list(heads.read((tmp_path / "heads").read_text().splitlines()))
    assert len(found) == 2 and found[-1] == chain.state().head
    assert [f"{one['position']}:{one['hash']}" for one in kept] == found
    digest = chain.state().hash
    assert digest[:32] in lines.getvalue() and digest[32:] in lines.getvalue(), "nothing of it is withheld"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/", "ftp://example.org/", "file:///etc/passwd", "no address"]
)
def test_an_address_that_does_not_answer_breaks_nothing(settings, url, caplog) -> None:
    settings.CHAIN_HEAD_URL = url
    assert heads.publish() == {"url": False}
    assert "audit log" in caplog.text or "RISORIUS_CHAIN_HEAD_URL" in caplog.text


def test_nor_does_a_file_that_can_not_be_written(settings, tmp_path) -> None:
    settings.CHAIN_HEAD_FILE = str(tmp_path)
    assert heads.publish() == {"file": False}


def test_beat_asks_for_it_by_itself() -> None:
    assert beat_schedule()["head"]["task"] == tasks.HEAD
    assert beat_schedule()["head"]["schedule"] <= 3600


def test_a_log_that_was_sealed_anew_with_the_right_key_shows_by_its_heads(settings, tmp_path) -> None:
    """Whoever has the database and the secret key can make a chain that is whole; not the one that was told."""
    settings.CHAIN_HEAD_FILE = str(tmp_path / "heads")
    for _ in range(3):
        log_event(kind=Event.LOGIN, user=None)
        chain.seal_all()
        heads.publish()
    assert verify("--heads", str(tmp_path / "heads"))[0] == 0
    with unguarded():
        Seal.objects.all().delete()
        AuditEvent.objects.filter(pk=AuditEvent.objects.earliest("pk").pk).update(page="forged")
        chain.seal_all()
    assert verify()[0] == 0
    status, said = verify("--heads", str(tmp_path / "heads"))
    assert status == 1 and said.count("cut or written anew") == 3


def test_a_file_without_a_head_is_said_to_be_none(tmp_path) -> None:
    (tmp_path / "empty").write_text("nothing here\n")
    for name in ("empty", "missing"):
        with pytest.raises(CommandError):
            verify("--heads", str(tmp_path / name))
