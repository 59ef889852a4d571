"""A person at a real browser: an app's code, a passkey, the countdown, and what they typed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, expect

from clinic.accounts.models import Clinic, Role

from .. import factories
from .conftest import code_of, with_app

pytestmark = pytest.mark.browser

LOGIN, NEW = reverse("accounts:login"), reverse("patients:new")
NAME = "Ratna Typed Before"


@pytest.fixture
def people(transactional_db: None) -> tuple[Any, Any]:
    clinic = factories.ClinicFactory(name="Alpha")
    first = factories.member(clinic, Role.CLINICIAN, email="first@example.org", language="en")
    return first, factories.member(clinic, Role.CLINICIAN, email="second@example.org", language="en")


@pytest.fixture
def base(live_server: Any) -> str:
    """By name: a passkey belongs to a name, and an address has none."""
    return str(live_server.url).replace("127.0.0.1", "localhost")


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(60_000)
    yield context
    context.close()


def log_in(page: Page, email: str) -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(factories.PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()


def test_login_by_app_then_countdown_then_what_was_typed(
    context: BrowserContext, base: str, people: Any
) -> None:
    first, second = people
    secret = with_app(first)
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(base + NEW)
    log_in(page, first.email)
    page.get_by_label("Code").fill(code_of(secret, -1))
    page.keyboard.press("Enter")
    page.wait_for_url(base + NEW)
    Clinic.objects.update(idle_minutes=10)
    page.reload()
    bar = page.locator("#session-countdown")
    expect(bar).to_be_hidden()
    page.get_by_label("Name", exact=True).fill(NAME)
    stored = kept(page, lambda text: "risorius.draft:" in text)
    assert NAME not in stored and "Ratna" not in stored, "sealed, not plain"
    # The page hears from its server that nobody was there for nearly ten minutes.
    age_sessions(minutes=9)
    announce(page)
    expect(bar).to_be_visible()
    assert "0:" in bar.inner_text()
    bar.get_by_role("button", name="Stay logged in").click()
    expect(bar).to_be_hidden()
    # Nobody stays: the page is locked, and says what becomes of the typing.
    age_sessions(minutes=11)
    announce(page)
    page.wait_for_url(f"{base}{LOGIN}?next=*")
    expect(page.get_by_text("Nobody was there for a while")).to_be_visible()
    expect(page.get_by_text("What you typed in this window comes back")).to_be_visible()
    log_in(page, first.email)
    page.get_by_label("Code").fill(code_of(secret))
    page.keyboard.press("Enter")
    page.wait_for_url(base + NEW)
    expect(page.get_by_label("Name", exact=True)).to_have_value(NAME)
    expect(page.get_by_text("What you had typed before")).to_be_visible()
    # It ends again, and somebody else sits down at the same window.
    age_sessions(minutes=11)
    announce(page)
    page.wait_for_url(f"{base}{LOGIN}?next=*")
    log_in(page, second.email)
    page.wait_for_url(base + NEW)
    expect(page.get_by_label("Name", exact=True)).to_have_value("")
    kept(page, lambda text: "risorius." not in text)
    assert [fault for fault in faults if "401" not in fault] == []


def kept(page: Page, fits: Callable[[str], bool]) -> str:
    """What the tab keeps, once it fits; the page's policy forbids to wait within it."""
    text = ""
    for _ in range(50):
        text = page.evaluate("JSON.stringify(sessionStorage)")
        if fits(text):
            return text
        page.wait_for_timeout(100)
    raise AssertionError(f"the tab keeps {text[:200]}")


def age_sessions(*, minutes: float) -> None:
    """Make the last sign of life of every session so old."""
    import time

    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session

    for row in Session.objects.all():
        store = SessionStore(row.session_key)
        if "seen" in store:
            store["seen"] = int(time.time() - minutes * 60)
            store.save()


def announce(page: Page) -> None:
    """As a neighbouring tab does whose session is near its end: this one asks the server how long it has."""
    page.evaluate("new BroadcastChannel('risorius.session').postMessage({ ended: true })")


def test_a_passkey_is_added_and_opens_the_door_alone(context: BrowserContext, base: str, people: Any) -> None:
    first, _second = people
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.goto(base + LOGIN)
    log_in(page, first.email)
    page.goto(base + reverse("mfa_add_webauthn"))
    page.get_by_label("Name", exact=True).fill("My laptop")
    page.get_by_role("button", name="Add the passkey").click()
    page.wait_for_url(base + reverse("mfa_view_recovery_codes"))
    page.goto(base + reverse("mfa_index"))
    expect(page.get_by_text("My laptop").first).to_be_visible()
    context.clear_cookies()
    page.goto(base + LOGIN + "?next=" + NEW)
    page.get_by_role("button", name="Log in with a passkey").click()
    page.wait_for_url(base + NEW)
    context.clear_cookies()
    # After the password the passkey is asked for too.
    page.goto(base + LOGIN)
    log_in(page, first.email)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(base + "/")


def test_a_password_can_be_looked_at_is_weighed_and_is_kept_nowhere(
    context: BrowserContext, base: str, people: Any
) -> None:
    first, _second = people
    page = context.new_page()
    page.goto(base + reverse("accounts:password"))
    log_in(page, first.email)
    new = page.get_by_label("New password", exact=True)
    shows = page.get_by_role("button", name="Show the password")
    expect(shows).to_have_count(3)
    strength = page.locator(".password-strength [role=status]")
    for typed, said in (
        ("short", "Too short"),
        ("aaaaaaaaaaaaaaaa", "Easy to guess"),
        ("four plain words here", "Hard to guess"),
    ):
        new.fill(typed)
        expect(strength).to_have_text(said)
    shows.nth(1).click()
    assert new.get_attribute("type") == "text"
    new.fill("something to be looked at")
    page.wait_for_timeout(1200)
    assert "risorius.draft:" not in page.evaluate("JSON.stringify(Object.assign({}, sessionStorage))")
    page.get_by_role("button", name="Hide the password").click()
    assert new.get_attribute("type") == "password"
    # A password manager and the clipboard are let in.
    assert new.get_attribute("autocomplete") == "new-password"
    assert page.locator("input[type=password][onpaste], input[type=password][autocomplete=off]").count() == 0
