"""Whoever asks too often waits, and is told how long; nobody else does, and a broken cache closes no door."""

from __future__ import annotations

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, reverse

from clinic.common import limits
from clinic.config.settings import base
from tests import factories
from tests.conftest import logged_in
from tests.logged import lines

pytestmark = pytest.mark.django_db
DEAD = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://127.0.0.1:1/0",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
}


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    cache.clear()
    monkeypatch.setattr(limits, "_pause_until", 0.0)


def try_login(address: str = "10.0.0.1", **headers):  # type: ignore[no-untyped-def]
    answer = Client(REMOTE_ADDR=address, **headers).post(
        reverse("accounts:login"), {"username": "nobody@example.org", "password": "wrong"}
    )
    return answer


def throttled(answer, most: int = 61) -> str:  # type: ignore[no-untyped-def]
    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= most
    assert answer["Cache-Control"] == "no-store"
    return answer.content.decode()


def test_logins_of_one_address(settings):
    settings.RATES = {"login": "2/min"}
    assert [try_login().status_code for _ in range(2)] == [200, 200]
    page = throttled(try_login())
    assert "try again in" in page.lower() and "second" in page
    assert try_login("10.0.0.2").status_code == 200
    assert Client(REMOTE_ADDR="10.0.0.1").get(reverse("accounts:login")).status_code == 200


def test_a_forged_address_does_not_help_and_our_proxys_word_counts(settings):
    settings.RATES = {"login": "1/min"}
    try_login(HTTP_X_FORWARDED_FOR="1.1.1.1")
    throttled(try_login(HTTP_X_FORWARDED_FOR="2.2.2.2"))
    cache.clear()
    settings.PROXIES = 1
    assert try_login(HTTP_X_FORWARDED_FOR="9.9.9.9, 1.1.1.1").status_code == 200
    assert try_login(HTTP_X_FORWARDED_FOR="9.9.9.9, 2.2.2.2").status_code == 200
    throttled(try_login(HTTP_X_FORWARDED_FOR="8.8.8.8, 1.1.1.1"))


def test_uploads_and_exports_of_one_user_are_no_matter_of_the_next(
    settings, clinic, clinician, visit, patient
):
    settings.RATES = {"upload": "1/min", "export": "1/min"}
    one, other = logged_in(clinician), logged_in(factories.member(clinic))
    ways = [
        lambda client: client.post(
            reverse("visits:upload", args=[visit.pk]), headers={"accept": "application/json"}
        ),
        lambda client: client.get(reverse("recovery:csv", args=[patient.pk])),
    ]
    for way in ways:
        assert way(one).status_code in (200, 302, 422)
        throttled(way(one))
        assert way(other).status_code in (200, 302, 422)
    answer = ways[0](one)
    assert answer.json()["code"] == "throttled" and answer.json()["wait"] == int(answer["Retry-After"])


def test_the_api_counts_uploads_exports_and_everything(settings, clinician, visit):
    settings.RATES = {"export": "1/min", "upload": "1/min", "api": "5/min"}
    client = logged_in(clinician)
    history = reverse("api:episode-history", args=[visit.episode_id])
    as_csv = {"accept": "text/csv"}
    assert client.get(history, headers=as_csv).status_code == 200
    answer = client.get(history, headers=as_csv)
    throttled(answer)
    assert answer["Content-Type"] == "application/problem+json"
    assert client.get(history).status_code == 200
    assert client.post(reverse("api:photo-list")).status_code == 400
    throttled(client.post(reverse("api:photo-list")))
    throttled(client.get(history))


def test_pages_and_api_share_a_count(settings, clinician, visit, patient):
    settings.RATES = {"export": "1/min"}
    client = logged_in(clinician)
    client.get(reverse("recovery:csv", args=[patient.pk]))
    throttled(
        client.get(reverse("api:episode-history", args=[visit.episode_id]), headers={"accept": "text/csv"})
    )


def test_the_wait_ends_when_it_says(settings):
    settings.RATES = {"export": "2/hour"}
    now = 1_000_000.0
    ask = lambda later: limits.take(scope="export", caller="user 1", now=now + later)  # noqa: E731
    assert [ask(0), ask(10), ask(20)] == [None, None, 3580]
    cache.clear()
    assert ask(3601) is None


def test_a_scope_may_have_a_limit_for_the_minute_and_one_for_the_day(settings):
    settings.RATES = {"upload": "2/min 3/day"}
    ask = lambda: limits.take(scope="upload", caller="user 1")  # noqa: E731
    with time_machine.travel(1_000_000.0, tick=False) as clock:
        assert [ask(), ask(), ask()] == [None, None, 60]
        clock.shift(61)
        assert ask() is None, "what the minute refused was no photo of the day"
        assert ask() in (86400 - 61, 86400 - 60)
        assert limits.take(scope="upload", caller="user 2") is None
        clock.shift(86400)
        assert ask() is None


def test_one_user_fills_no_disk_within_a_day():
    photos, seconds = limits.parse(base.RATES["upload"])[-1]
    assert seconds == 86400 and photos <= 5000


def test_without_the_cache_nothing_is_limited_and_nothing_breaks(settings, clinician, patient):
    settings.CACHES = DEAD
    settings.RATES = dict.fromkeys(base.RATES, "1/min")
    client = logged_in(clinician)
    with lines() as said:
        for _ in range(3):
            assert try_login().status_code == 200
            assert client.get(reverse("api:clinic-list")).status_code == 200
            assert client.get(reverse("recovery:csv", args=[patient.pk])).status_code in (200, 302)
    told = [event for event in said.events if event["logger"] == "clinic.common.limits"]
    assert len(told) == 1, "said once, and not tried again for each request"
    assert told[0]["level"] == "error" and told[0]["error"]["type"].endswith("ConnectionError")


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "1 second"), (59, "59 seconds"), (130, "3 minutes"), (7300, "3 hours")]
)
def test_the_time_is_said_in_words(seconds, words):
    assert words in limits.in_words(seconds)


def test_every_limited_page_is_there_and_every_rate_can_be_read():
    for name, (scope, _methods) in base.LIMITED_PAGES.items():
        assert scope in base.RATES
        with_arguments = [[], ["00000000-0000-0000-0000-000000000000"], ["a", "b"]]
        assert any(resolves(name, arguments) for arguments in with_arguments), name
    assert all(allowed >= 10 for rate in base.RATES.values() for allowed, _seconds in limits.parse(rate))


def resolves(name: str, arguments: list[str]) -> bool:
    try:
        return bool(reverse(name, args=arguments))
    except NoReverseMatch:
        return False
