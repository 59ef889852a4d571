"""Guessing is slow, for whoever guesses; the owner, and the clinic around them, goes on."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from clinic.accounts import lockout
from clinic.accounts.models import Failures

from .. import factories
from .conftest import CODE, code_of, kinds, post_login, with_app

TOKENS = "/api/v1/tokens/"


def guess(email: str, times: int, *, address: str = "10.0.0.1", client: Client | None = None) -> Any:
    client = client or Client()
    answer = None
    for _ in range(times):
        answer = post_login(client, email, "wrong", REMOTE_ADDR=address)
    return answer


@pytest.mark.parametrize("email", ["sari@example.org", "nobody@example.org"])
def test_the_sixth_attempt_waits_and_says_how_long_for_anybody(colleague, email: str) -> None:
    assert guess(email, 5).status_code == 200
    refused = post_login(Client(), email, REMOTE_ADDR="10.0.0.1")
    assert refused.status_code == 429
    assert 1 <= int(refused["Retry-After"]) <= 61
    page = refused.content.decode()
    assert "Please wait a minute and try again." in page
    assert "go together" not in page


def test_a_known_and_an_unknown_name_read_the_same_when_locked(colleague) -> None:
    pages = []
    for email in (colleague.email, "none@example.org"):
        guess(email, 5)
        page = post_login(Client(), email, REMOTE_ADDR="10.0.0.1").content.decode()
        pages.append(
            page[page.index('<div class="alert') : page.index("</div>", page.index('<div class="alert'))]
        )
    assert pages[0] == pages[1]


def test_after_the_wait_the_right_password_opens_and_the_failures_are_forgotten(colleague) -> None:
    guess(colleague.email, 5)
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=62)):
        assert post_login(Client(), colleague.email, REMOTE_ADDR="10.0.0.1").status_code == 302
        assert guess(colleague.email, 4).status_code == 200
        assert post_login(Client(), colleague.email, REMOTE_ADDR="10.0.0.1").status_code == 302


def test_the_wait_doubles_up_to_an_hour() -> None:
    waits = [lockout.PAIR.wait_after(failures) for failures in (4, 5, 6, 7, 10, 11, 12, 5000)]
    assert waits[0] is None
    assert [wait.total_seconds() / 60 for wait in waits[1:] if wait] == [1, 2, 4, 32, 60, 60, 60]


def test_waiting_is_not_held_against_anybody(colleague) -> None:
    guess(colleague.email, 5)
    guess(colleague.email, 50)
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=62)):
        assert post_login(Client(), colleague.email, REMOTE_ADDR="10.0.0.1").status_code == 302


def test_a_clinic_behind_one_address_goes_on(colleague, clinic) -> None:
    guess(colleague.email, 9)
    other = factories.member(clinic)
    assert post_login(Client(), other.email, REMOTE_ADDR="10.0.0.1").status_code == 302


def test_a_guess_spread_over_many_addresses_is_slowed_to_one_a_minute(colleague) -> None:
    for number in range(20):
        guess(colleague.email, 1, address=f"10.0.1.{number}")
    refused = post_login(Client(), colleague.email, REMOTE_ADDR="10.0.9.9")
    assert refused.status_code == 429 and int(refused["Retry-After"]) <= 61
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=62)):
        assert guess(colleague.email, 1, address="10.0.9.9").status_code == 200
        assert guess(colleague.email, 1, address="10.0.9.10").status_code == 429


def test_the_owners_own_browser_is_never_locked_by_strangers(colleague) -> None:
    own = Client()
    assert post_login(own, colleague.email, REMOTE_ADDR="10.0.0.1").status_code == 302
    own.post(reverse("accounts:logout"))
    for number in range(25):
        guess(colleague.email, 1, address=f"10.0.1.{number}")
    guess(colleague.email, 9, address="10.0.0.1")
    assert post_login(Client(), colleague.email, REMOTE_ADDR="10.0.0.1").status_code == 429
    assert post_login(own, colleague.email, REMOTE_ADDR="10.0.0.1").status_code == 302


def test_that_browser_can_be_locked_by_itself_and_knows_its_own_accounts_alone(colleague, clinic) -> None:
    own = Client()
    post_login(own, colleague.email)
    own.post(reverse("accounts:logout"))
    guess(colleague.email, 5, client=own)
    assert post_login(own, colleague.email).status_code == 429
    other = factories.member(clinic)
    guess(other.email, 5)
    assert post_login(own, other.email, REMOTE_ADDR="10.0.0.1").status_code == 429


def test_a_forged_device_is_a_stranger(colleague) -> None:
    forged = Client()
    forged.cookies[settings.DEVICE_COOKIE_NAME] = "eyJpZCI6IngifQ:1abcde:nonsense"
    guess(colleague.email, 5, client=forged)
    assert post_login(Client(), colleague.email, REMOTE_ADDR="10.0.0.1").status_code == 429


def test_one_guess_at_each_of_many_accounts_is_slowed_too(colleague) -> None:
    for number in range(60):
        guess(f"guess{number}@example.org", 1)
    assert post_login(Client(), colleague.email, REMOTE_ADDR="10.0.0.1").status_code == 429
    assert post_login(Client(), colleague.email, REMOTE_ADDR="10.0.0.2").status_code == 302


@pytest.mark.parametrize("proxies", [0, 1])
def test_a_forged_header_makes_nobody_somebody_else(colleague, settings: Any, proxies: int) -> None:
    settings.PROXIES = proxies
    for number in range(5):
        forged = f"203.0.113.{number}" + (", 10.0.0.1" if proxies else "")
        post_login(Client(), colleague.email, "wrong", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forged)
    forged = "203.0.113.99" + (", 10.0.0.1" if proxies else "")
    refused = post_login(Client(), colleague.email, REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forged)
    assert refused.status_code == 429


def test_codes_are_counted_by_themselves(colleague) -> None:
    secret = with_app(colleague)
    client = Client()
    post_login(client, colleague.email)
    for _ in range(5):
        assert client.post(CODE, {"code": "000000"}).status_code == 200
    refused = client.post(CODE, {"code": code_of(secret)})
    assert refused.status_code == 429 and "Please wait a minute" in refused.content.decode()
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=62)):
        assert client.post(CODE, {"code": code_of(secret)}).status_code == 302


def test_the_api_counts_in_the_same_book(colleague) -> None:
    guess(colleague.email, 3)
    for _ in range(2):
        Client(REMOTE_ADDR="10.0.0.1").post(
            TOKENS, {"email": colleague.email, "password": "wrong"}, content_type="application/json"
        )
    refused = Client(REMOTE_ADDR="10.0.0.1").post(
        TOKENS, {"email": colleague.email, "password": factories.PASSWORD}, content_type="application/json"
    )
    assert refused.status_code == 429
    assert refused.json()["code"] == "throttled" and int(refused["Retry-After"]) >= 1
    assert post_login(Client(), colleague.email, REMOTE_ADDR="10.0.0.1").status_code == 429


def test_no_name_is_stored_and_old_failures_go(colleague) -> None:
    guess("Typed.Secret@example.org", 1)
    rows = list(Failures.objects.values_list("key", flat=True))
    assert len(rows) == 3 and not any("typed" in key.lower() for key in rows)
    with time_machine.travel(timezone.now() + dt.timedelta(days=3)):
        guess("another@example.org", 1, address="10.0.0.2")
        assert not Failures.objects.filter(key__in=rows).exists()


def test_failures_and_locks_are_in_the_log_without_what_was_typed(colleague) -> None:
    guess(colleague.email, 5)
    guess("typo@example.org", 1)
    assert kinds(colleague) == ["login_failed"] * 5 + ["locked_out"]
    from clinic.audit.models import AuditEvent

    unknown = AuditEvent.objects.get(user=None, kind="login_failed")
    assert unknown.address == "10.0.0.1" and "typo" not in str(unknown.detail)


@pytest.mark.django_db(transaction=True)
def test_twelve_guesses_at_the_same_moment_are_no_more_than_five() -> None:
    def attempt(_number: int) -> bool:
        try:
            lockout.begin(RequestFactory().post("/"), account="sari@example.org")
        except lockout.Locked:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, range(12))) == 5
