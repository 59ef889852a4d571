"""What an outsider's tour of the running system found, and what keeps it from coming back (docs/security-review.md)."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from knox.models import AuthToken
from kombu import Connection, Consumer, Producer, Queue

from clinic.accounts import services
from clinic.accounts.models import Role
from clinic.api.pagination import MAX_PAGE_SIZE
from clinic.audit.models import Access, ReadEvent
from clinic.config import redis_broker
from clinic.visits.services import confirm
from inference.models import Analysis
from tests import factories
from tests.accounts.conftest import kinds
from tests.running.shipped import DOCKER

from . import doors

pytestmark = pytest.mark.django_db
PASSWORD, SEARCH, TOKEN = reverse("accounts:password"), reverse("api:patient-search"), reverse("api:token")


def later(minutes: int) -> Any:
    return time_machine.travel(timezone.now() + dt.timedelta(minutes=minutes))


@pytest.mark.parametrize("size", ["000000200999999999", "000000001" + "0" * 3000, "0" * 9 + "1"])
def test_a_page_is_no_larger_for_a_number_that_begins_small(as_clinician: Client, size: str) -> None:
    answer = as_clinician.get(reverse("api:patient-list"), {"page_size": size})
    assert (answer.status_code, answer.json()["code"]) == (400, "validation_failed")
    allowed = as_clinician.get(reverse("api:patient-list"), {"page_size": MAX_PAGE_SIZE})
    assert allowed.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000 + b"]" * 100_000,
        b'{"text":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001,
        rb'{"\ud800": "x"}',
        rb'{"text": {"\udfff": 1}}',
        rb'{"text": "\ud800"}',
    ],
    ids=["lists", "objects", "half a character as a name", "within", "as a value"],
)
@pytest.mark.parametrize("url", [SEARCH, TOKEN])
def test_a_body_that_python_reads_and_nothing_can_use(as_clinician: Client, url: str, body: bytes) -> None:
    as_clinician.raise_request_exception = False
    answer = as_clinician.post(url, body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


def test_whole_characters_beyond_the_first_plane_are_read(as_clinician: Client) -> None:
    body = rb'{"text": "\ud83d\ude00 \u00e9"}'
    assert as_clinician.post(SEARCH, body, content_type="application/json").status_code == 200


def test_a_file_of_figures_asks_again_over_the_api_too(as_clinician: Client, episode: Any) -> None:
    url = reverse("api:episode-history", args=[episode.pk])
    with later(16):
        answer = as_clinician.get(url, headers={"accept": "text/csv"})
        assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
        assert not ReadEvent.objects.filter(kind=Access.EXPORT).exists()
        assert as_clinician.get(url).status_code == 200, "reading needs no second proof"
    assert as_clinician.get(url, headers={"accept": "text/csv"}).status_code == 200


def test_a_token_takes_the_file_along(clinician: Any, episode: Any) -> None:
    _label, text = services.create_token(user=clinician, name="Script", days=1)
    with later(16):
        answer = Client().get(
            reverse("api:episode-history", args=[episode.pk]),
            headers={"accept": "text/csv", "authorization": f"Bearer {text}"},
        )
    assert answer.status_code == 200 and answer["Content-Type"].startswith("text/csv")


def test_the_old_password_is_not_to_be_guessed_at_an_open_session(
    as_clinician: Client, clinician: Any
) -> None:
    new = {"new_password1": "a-long-way-to-the-sea-71", "new_password2": "a-long-way-to-the-sea-71"}
    tries = [as_clinician.post(PASSWORD, {"old_password": f"guess {n}", **new}) for n in range(6)]
    assert [answer.status_code for answer in tries] == [200] * 5 + [429]
    assert int(tries[-1]["Retry-After"]) > 30
    assert kinds(clinician).count("step_up_failed") == 5 and "locked_out" in kinds(clinician)
    # Not even the right one before its time; then it is taken.
    right = {"old_password": factories.PASSWORD, **new}
    assert as_clinician.post(PASSWORD, right).status_code == 429
    with later(2):
        assert as_clinician.post(PASSWORD, right).status_code == 302


def test_a_token_of_an_integration_never_speaks_for_a_person(administrator: Any, clinic: Any) -> None:
    person = factories.member(clinic, Role.CLINICIAN).memberships.get()
    system = factories.member(clinic, Role.INTEGRATION).memberships.get()
    for membership, role in ((person, Role.INTEGRATION), (system, Role.CLINICIAN)):
        with pytest.raises(ValidationError):
            services.change_role(membership=membership, role=role)
    _label, made = services.create_token(user=system.user, name="By the administrator", days=1)
    services.set_member_active(membership=system, active=False)
    with pytest.raises(ValidationError):
        services.add_member(clinic=clinic, email=system.user.email, full_name="x y", role=Role.CLINICIAN)
    answer = Client().get(reverse("api:patient-list"), headers={"authorization": f"Bearer {made}"})
    assert answer.status_code == 401 and not AuthToken.objects.filter(user=system.user).exists()


def test_no_browser_keeps_a_page(as_clinician: Client, patient: Any, visit: Any) -> None:
    for name, args in (("today", []), ("patients:list", []), ("patients:record", [patient.pk])):
        assert as_clinician.get(reverse(name, args=args))["Cache-Control"] == "private, no-store", name
    for url in (reverse("visits:detail", args=[visit.pk]), reverse("visits:review"), "/nothing/here/"):
        assert "no-store" in as_clinician.get(url)["Cache-Control"], url


def test_the_proxy_writes_no_key_into_its_log() -> None:
    text = (DOCKER / "nginx" / "nginx.conf.template").read_text()
    line = re.search(r"log_format line[^;]*;", text)
    masked = re.search(r"map \$uri \$logged_path \{([^}]*)\}", text)
    assert line and masked and "$uri" not in line[0] and "$request_uri" not in line[0]
    pattern = re.search(r"~(\^\S+)", masked[1])
    link = reverse("accounts:set_password", args=["NQ", "abc-0123456789"])
    assert pattern and re.match(pattern[1], link)


def test_a_photo_is_logged_however_it_is_asked_for(as_clinician: Client, visit: Any) -> None:
    """HEAD, ranges and conditions are no way around the log."""
    photo = factories.PhotoFactory(visit=visit)
    asked: list[tuple[str, dict[str, str]]] = [
        ("get", {}),
        ("head", {}),
        ("get", {"range": "bytes=0-1"}),
        ("get", {"if-none-match": "*"}),
        ("get", {"if-modified-since": "Sat, 21 Nov 2099 00:00:00 GMT"}),
    ]
    for place in ("visits:file", "api:photo-image"):
        for method, headers in asked:
            before = ReadEvent.objects.filter(photo=photo).count()
            getattr(as_clinician, method)(reverse(place, args=[photo.pk]), headers=headers)
            assert ReadEvent.objects.filter(photo=photo).count() == before + 1, (place, method, headers)


@pytest.mark.parametrize("closed", ["photo", "visit", "patient", "restricted"])
def test_a_word_on_what_was_closed_meanwhile_is_refused(visit: Any, clinician: Any, closed: str) -> None:
    """The page was shown, the record closed, and the form sent: the view's own look is older than that."""
    analysis = factories.AnalysisFactory(photo=factories.PhotoFactory(visit=visit))
    given = Analysis.objects.select_related("photo__visit__patient").get(pk=analysis.pk)
    record = {"photo": analysis.photo, "visit": visit}.get(closed, visit.patient)
    column = "restricted_at" if closed == "restricted" else "archived_at"
    type(record)._default_manager.filter(pk=record.pk).update(**{column: timezone.now()})
    with pytest.raises(ValidationError) as refused:
        confirm(user=clinician, analysis=given, exercise="smile", palsy=False)
    assert refused.value.code == ("restricted" if closed == "restricted" else "archived")
    assert not analysis.confirmations.exists()


def test_every_file_that_is_taken_along_has_a_limit(settings: Any) -> None:
    taken = [route for route, _ in doors.patterns() if re.search(r"(\.csv|/copy/|/print/)$", route)]
    assert len(taken) >= 4
    limited = {
        route
        for route, pattern in doors.patterns()
        for name, (rate, _methods) in settings.LIMITED_PAGES.items()
        if rate == "export" and pattern.name == name.rpartition(":")[2]
    }
    assert set(taken) <= limited, set(taken) - limited


def test_what_is_no_message_ends_no_worker(settings: Any) -> None:
    """Put into the queue by somebody who has the broker's password: thrown away, and the next one is read."""
    if not settings.CELERY_BROKER_URL.startswith("redis"):
        pytest.skip("needs Redis")
    heard: list[Any] = []
    name = f"tour-{secrets.token_hex(4)}"
    with Connection(settings.CELERY_BROKER_URL, transport=redis_broker.RedisTransport) as broker:
        channel = broker.channel()
        queue = Queue(name, exchange="", routing_key=name, channel=channel, auto_delete=True)
        queue.declare()
        for rubbish in (b"not json", b"\xff\xfe", b"5", b"{}", b'{"properties": {}}', b"[" * 100_000):
            channel.client.lpush(name, rubbish)
        Producer(channel, routing_key=name).publish({"fine": True})
        with Consumer(
            channel, [queue], callbacks=[lambda body, message: (heard.append(body), message.ack())]
        ):
            broker.drain_events(timeout=20)
        queue.delete()
    assert heard == [{"fine": True}]
