"""The form of a treatment in a browser: what is told of the chosen kind alone, and the drawing as it is typed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect, sync_playwright

from clinic.patients.models import Treatment
from clinic.patients.treatments import FIELDS_OF, TreatmentKind

from .. import factories
from ..servers import chromium
from ..shell.conftest import cookies_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def episode(transactional_db):
    return factories.EpisodeFactory()


@pytest.fixture
def open_form(browser, live_server, episode) -> Iterator[Any]:
    contexts, errors = [], []
    clinician = factories.member(episode.patient.clinic)

    def open_form(name: str, record: Any, **options: Any) -> Page:
        context = browser.new_context(**{**PHONE, "reduced_motion": "reduce", "locale": "en-GB", **options})
        contexts.append(context)
        context.set_default_timeout(60_000)
        context.add_cookies(cookies_of(clinician, live_server.url))
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(live_server.url + reverse(f"patients:{name}", args=[record.pk]))
        return page

    yield open_form
    for context in contexts:
        context.close()
    assert errors == []


def kind(page: Page, value: str) -> None:
    page.locator(f".choices label:has([name=kind][value={value}])").click()


def test_each_kind_shows_what_is_told_of_it_and_nothing_else(open_form, episode):
    page = open_form("treatment_new", episode)
    of_any = sorted({name for names in FIELDS_OF.values() for name in names} - {"injections"})
    for name in of_any:
        expect(page.locator(f"[name={name}]")).to_be_hidden()
    for value in TreatmentKind.values:
        kind(page, value)
        for name in of_any:
            control = page.locator(f"[name={name}]")
            if name in FIELDS_OF[value]:
                expect(control).to_be_visible()
            else:
                expect(control).to_be_hidden()
        grid = page.locator(".injections-grid")
        if value == "botulinum_toxin":
            expect(grid).to_be_visible()
        else:
            expect(grid).to_be_hidden()
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, value


def test_the_drawing_and_the_sum_follow_what_is_typed_and_it_is_saved(open_form, episode):
    page = open_form("treatment_new", episode)
    kind(page, "botulinum_toxin")
    page.locator("[name=date]").fill(timezone.localdate().isoformat())
    page.locator("[name=product]").select_option("onabotulinumtoxin_a")
    page.locator("[name=injections-mentalis-left]").fill("2.5")
    page.locator("[name=injections-platysma-right]").fill("10")
    expect(page.locator(".face-point.is-given")).to_have_count(2)
    expect(page.locator("[data-point=mentalis-left] text")).to_have_text("2.5")
    expect(page.locator("[data-total]")).to_have_text("12.5 U")
    page.locator("[name=injections-platysma-right]").fill("")
    expect(page.locator(".face-point.is-given")).to_have_count(1)
    expect(page.locator("[data-total]")).to_have_text("2.5 U")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/record/")
    assert Treatment.objects.get().injections == [{"muscle": "mentalis", "side": "left", "units": 2.5}]


def test_what_was_typed_of_another_kind_is_not_sent_and_comes_back_with_its_kind(open_form, episode):
    page = open_form("treatment_new", episode)
    page.locator("[name=date]").fill(timezone.localdate().isoformat())
    kind(page, "steroids")
    page.locator("[name=dose_mg]").fill("60")
    kind(page, "surgery")
    kind(page, "antivirals")
    expect(page.locator("[name=dose_mg]")).to_have_value("60")
    kind(page, "surgery")
    page.locator("[name=operation]").select_option("tarsorrhaphy")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/record/")
    treatment = Treatment.objects.get()
    assert (treatment.operation, treatment.dose_mg) == ("tarsorrhaphy", None)


def test_without_a_script_every_kind_can_be_told(open_form, episode):
    page = open_form("treatment_new", episode, java_script_enabled=False)
    kind(page, "botulinum_toxin")
    page.locator("[name=date]").fill(timezone.localdate().isoformat())
    page.locator("[name=injections-mentalis-left]").fill("2.5")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/record/")
    assert Treatment.objects.get().units == 2.5
    expect(page.locator(".treatment-told")).to_contain_text("Mentalis, left 2.5 U")


def test_controls_are_as_large_as_a_thumb(open_form, episode):
    page = open_form("treatment_new", episode)
    kind(page, "botulinum_toxin")
    small = page.evaluate(
        """() => [...document.querySelectorAll("main input, main select, main button, main .choices label")]
        .filter((one) => one.offsetParent && one.type !== "radio")
        .filter((one) => one.getBoundingClientRect().height < 43).map((one) => one.name || one.textContent)"""
    )
    assert small == []
