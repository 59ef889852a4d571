"""The list and the record by mouse, by keyboard, and with JavaScript off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from clinic.patients.models import Consent, Patient
from tests.overview.test_list import make

from .. import factories
from ..shell.conftest import Window, cookies_of, person  # noqa: F401

pytestmark = pytest.mark.browser
LIST = reverse("patients:list")


@pytest.fixture
def patients(person: Any) -> list[Patient]:  # noqa: F811
    return [
        make(person.home, "Ayu Lestari", cause="stroke", weak_side="right", days=2),
        make(person.home, "Budi Santoso", cause="bells_palsy", weak_side="left", days=9),
        make(person.home, "Citra Ayuningtyas", cause="bells_palsy", weak_side="left", days=60),
    ]


@pytest.fixture
def page(browser: Any, live_server: Any, person: Any, patients: Any) -> Iterator[Page]:  # noqa: F811
    context = browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    context.add_cookies(cookies_of(person, live_server.url))
    window = Window(context, live_server.url)
    window.open(LIST)
    yield window.page
    assert window.complaints == []
    context.close()


def rows(page: Page) -> list[str]:
    return page.locator(".patient-who a").all_inner_texts()


def test_typing_finds_patients_without_a_reload(page: Page) -> None:
    page.evaluate("window.sameDocument = true")
    page.keyboard.press("/")
    page.keyboard.type("ayu")
    expect(page.locator(".results-count")).to_contain_text("2 patients match")
    assert page.locator("[role=status]#results-said").inner_text() == "2 patients match"
    assert rows(page) == ["Ayu Lestari", "Citra Ayuningtyas"]
    assert page.evaluate("window.sameDocument && document.activeElement.id") == "search"
    assert "search=" in page.url and "ayu" not in page.url
    page.reload()
    assert rows(page) == ["Ayu Lestari", "Citra Ayuningtyas"]


def test_filters_are_reached_by_keyboard_and_kept_while_typing(page: Page) -> None:
    page.locator("summary", has_text="Cause").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert rows(page) == ["Budi Santoso", "Citra Ayuningtyas"]
    page.locator("#search").press_sequentially("budi")
    expect(page.locator(".results-count")).to_contain_text("1 patient matches")
    assert "cause=bells_palsy" in page.url and "search=" in page.url and "budi" not in page.url


def test_escape_closes_an_open_filter(page: Page) -> None:
    summary = page.locator("summary", has_text="Last visit")
    summary.click()
    expect(page.locator(".filter-menu[open]")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".filter-menu[open]")).to_have_count(0)


def test_a_whole_card_opens_its_patient(page: Page, patients: list[Patient]) -> None:
    box = page.locator(".patient-row").first.bounding_box()
    assert box
    with page.expect_navigation():
        page.mouse.click(box["x"] + box["width"] - 20, box["y"] + box["height"] - 10)
    assert page.url.endswith(reverse("patients:detail", args=[patients[0].pk]))


def test_without_scripts_a_patient_is_found_consents_and_is_archived(
    browser: Any,
    live_server: Any,
    person: Any,  # noqa: F811
    patients: list[Patient],
) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    context.add_cookies(cookies_of(person, live_server.url))
    page = context.new_page()
    page.goto(live_server.url + LIST)
    page.locator("#search").fill("budi")
    page.get_by_role("button", name="Search", exact=True).click()
    assert rows(page) == ["Budi Santoso"]
    page.goto(live_server.url + reverse("patients:record", args=[patients[1].pk]))
    teaching = page.locator("#consent-teaching")
    teaching.locator("summary").click()
    teaching.get_by_role("button", name="Record the consent").click()
    assert Consent.objects.get().use == "teaching"
    page.locator("#consent-teaching details.ask > summary").click()
    page.get_by_role("button", name="Revoke the consent").click()
    assert not Consent.objects.in_force().exists()
    page.locator("details.ask > summary", has_text="Archive the record").click()
    page.get_by_role("button", name="Archive the record").click()
    assert "is archived" in page.locator(".messages").inner_text()
    page.get_by_role("button", name="Restore the record").click()
    assert Patient.objects.get(pk=patients[1].pk).archived_at is None
    context.close()


def test_a_new_patient_by_keyboard_alone(page: Page, live_server: Any, person: Any) -> None:  # noqa: F811
    page.goto(live_server.url + reverse("patients:new"))
    page.locator("[name=name]").focus()
    page.keyboard.type("Dewi Anggraini")
    page.keyboard.press("Tab")
    page.keyboard.type("M-1")
    page.locator("[name=onset_date]").fill("2026-01-02")
    page.locator("[name=cause][value=stroke]").press("Space")
    page.locator("[name=weak_side]").first.press("ArrowRight")
    with page.expect_navigation():
        page.locator("[name=name]").press("Enter")
    patient = Patient.objects.get(record_number="M-1")
    assert page.url.endswith(reverse("patients:record", args=[patient.pk]))
    episode = patient.episodes.get()
    assert (episode.cause, episode.weak_side) == ("stroke", "right")


def test_a_name_of_sixty_letters_fits(page: Page, live_server: Any, person: Any) -> None:  # noqa: F811
    long = factories.PatientFactory(clinic=person.home, name="Kusumawardhani" * 4 + "wati")
    factories.EpisodeFactory(patient=long, notes="Donaudampfschifffahrt" * 6)
    for address in (LIST, *(reverse(f"patients:{tab}", args=[long.pk]) for tab in ("record", "log", "edit"))):
        page.goto(live_server.url + address)
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, address
