"""A browser, somebody logged in, and a clinic with records in all their states."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext

from clinic.accounts.models import Role

from .. import factories
from .places import Place, World, make_world, places


@pytest.fixture
def person(transactional_db: None) -> Any:
    """An administrator of two clinics, so that every part of the frame is there."""
    clinic = factories.ClinicFactory(name="Alpha")
    person = factories.member(clinic, Role.ADMINISTRATOR, full_name="Dewi Lestari")
    factories.MembershipFactory(user=person, clinic=factories.ClinicFactory(name="Beta"), role=Role.CLINICIAN)
    person.home = clinic
    return person


@pytest.fixture
def world(person: Any) -> World:
    return make_world(person.home, person)


def cookies_of(person: Any, url: str) -> list[Any]:
    client = Client()
    client.force_login(person)
    return [{"name": settings.SESSION_COOKIE_NAME, "value": client.session.session_key, "url": url}]


class Window:
    """A browser's window that keeps what the pages complained about."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.context, self.base = context, base
        self.complaints: list[str] = []
        self.page = context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)

    def _console(self, message: Any) -> None:
        # The browser repeats a failed answer here, which `_answered` tells better.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(f"console: {message.text}")

    def _failed(self, request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"not loaded: {request.url} {request.failure}")

    def _answered(self, response: Any) -> None:
        if response.status >= 400 and not response.request.is_navigation_request():
            self.complaints.append(f"{response.status}: {response.url}")

    def open(self, path: str) -> Any:
        self.complaints.clear()
        return self.page.goto(self.base + path)

    def wide(self) -> int:
        """By how many pixels the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


@contextmanager
def open_window(browser: Browser, person: Any, url: str, *more: Any) -> Iterator[Window]:
    """A window of that person, with more cookies than the session's."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, color_scheme="light", reduced_motion="reduce", locale="en-GB"
    )
    # Patience of a busy machine: what is tested is the page, never its speed.
    context.set_default_timeout(60_000)
    context.add_cookies([*cookies_of(person, url), *more])
    yield Window(context, url)
    context.close()


@pytest.fixture
def window(browser: Browser, live_server: Any, person: Any) -> Iterator[Window]:
    with open_window(browser, person, live_server.url) as window:
        yield window


@pytest.fixture
def indonesian(browser: Browser, live_server: Any, person: Any) -> Iterator[Window]:
    """A window whose person has chosen Indonesian."""
    language = {"name": settings.LANGUAGE_COOKIE_NAME, "value": "id", "url": live_server.url}
    with open_window(browser, person, live_server.url, language) as window:
        yield window


@pytest.fixture
def pages(world: World, person: Any) -> list[Place]:
    """The places that answer with a whole HTML page to somebody logged in; of each refusal, one."""
    from inference.releases import registry

    client = Client()
    client.force_login(person)
    found, refusals = [], set()
    for place in places(world, {"name": registry.active().name, "file": "none"}):
        answer = client.get(place.path)
        kind = answer.headers.get("Content-Type", "")
        if not kind.startswith("text/html") or answer.streaming or b"<html" not in answer.content:
            continue
        assert answer.status_code < 500, f"{place.name} {place.path}: {answer.status_code}"
        if answer.status_code >= 400 and answer.status_code in refusals:
            continue
        refusals.add(answer.status_code)
        found.append(place)
    return found
