"""What a patient does with a thumb: the tablet that a clinician hands over, and the link on a telephone."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from clinic.examination import services_questionnaires as services
from clinic.examination.models import Assessment
from clinic.examination.scales import BY_CODE
from tests import factories
from tests.factories import PASSWORD
from tests.shell.conftest import cookies_of

from .wordings import pasted

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WAIT = 20_000
PHONE, TABLET = {"width": 390, "height": 844}, {"width": 820, "height": 1180}
ITEMS = BY_CODE["saq"].items


@pytest.fixture
def clinician(transactional_db):
    return factories.member(factories.ClinicFactory())


@pytest.fixture
def episode(clinician):
    clinic = clinician.memberships.get().clinic
    born = {"birth_date": dt.date(1970, 3, 5), "birth_precision": "day"}
    return factories.EpisodeFactory(patient=factories.PatientFactory(clinic=clinic, **born))


@pytest.fixture
def wording(clinician, episode):
    return pasted(clinician, episode.patient.clinic)


@pytest.fixture
def context_of(browser):
    contexts = []

    def context_of(size):
        context = browser.new_context(viewport=size, reduced_motion="reduce", has_touch=True)
        contexts.append(context)
        return context

    yield context_of
    for context in contexts:
        context.close()


def is_clean(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    for height in page.locator(".answering-answer, .btn").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().height)"
    ):
        assert height >= 44


def test_a_link_on_a_telephone(context_of, live_server, clinician, episode, wording):
    _link, secret = services.send_questionnaire(user=clinician, episode=episode, wording=wording)
    page = context_of(PHONE).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.extend([request.url, request.headers.get("referer", "")]))
    page.goto(f"{live_server.url}{reverse('answering:open')}#{secret}")
    expect(page.get_by_label("Year")).to_be_visible(timeout=WAIT)
    assert secret not in page.url
    is_clean(page)
    for label, value in (("Day", "5"), ("Month", "3"), ("Year", "1970")):
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name="Go on").tap()
    page.get_by_text("Answer 4").first.tap()
    expect(page.locator("[data-state]")).to_have_text("Saved.", timeout=WAIT)
    is_clean(page)
    page.reload()
    expect(page.locator("input:checked")).to_have_count(1, timeout=WAIT)
    for item in ITEMS:
        page.locator(f"#item-{item.code}").get_by_text("Answer 3").tap()
    page.get_by_role("button", name="Send").tap()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible(timeout=WAIT)
    is_clean(page)
    made = Assessment.objects.get()
    assert made.is_finished and made.total == 60 and made.way == "link"
    assert not any(secret in url for url in asked), "no address, and no referrer, holds the secret"
    page.go_back()
    assert "Answer 3" not in page.content()


def test_a_tablet_that_is_handed_over_shows_nothing_else(
    context_of, live_server, clinician, episode, wording
):
    context = context_of(TABLET)
    context.add_cookies(cookies_of(clinician, live_server.url))
    page = context.new_page()
    record = live_server.url + reverse("patients:detail", args=[episode.patient_id])
    page.goto(record)
    expect(page.get_by_text(episode.patient.name).first).to_be_visible(timeout=WAIT)
    page.goto(live_server.url + reverse("examination:questionnaires", args=[episode.pk]))
    page.get_by_role("button", name=re.compile("Hand over")).tap()
    expect(page.get_by_text("Question smile_eye?")).to_be_visible(timeout=WAIT)
    is_clean(page)
    # The back button, the address bar, and another tab of the same session.
    page.go_back()
    expect(page.get_by_text("Question smile_eye?")).to_be_visible(timeout=WAIT)
    assert episode.patient.name not in page.content()
    page.goto(record)
    expect(page.get_by_text("Question smile_eye?")).to_be_visible(timeout=WAIT)
    second = context.new_page()
    second.goto(live_server.url + "/")
    expect(second.get_by_text("Question smile_eye?")).to_be_visible(timeout=WAIT)
    answered = second.evaluate("fetch('/api/v1/patients/').then(one => one.status)")
    assert answered == 403
    second.close()
    for item in ITEMS:
        page.locator(f"#item-{item.code}").get_by_text("Answer 2").tap()
    page.get_by_role("button", name="Send").tap()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible(timeout=WAIT)
    is_clean(page)
    page.get_by_role("link", name=re.compile("take the tablet back")).tap()
    expect(page.get_by_label(re.compile("Your password"))).to_be_visible(timeout=WAIT)
    is_clean(page)
    page.get_by_label(re.compile("Your password")).fill(PASSWORD)
    page.get_by_role("button", name="Unlock").tap()
    page.wait_for_url(f"**{reverse('examination:questionnaires', args=[episode.pk])}", timeout=WAIT)
    assert Assessment.objects.get().total == 40
    page.goto(record)
    expect(page.get_by_text(episode.patient.name).first).to_be_visible(timeout=WAIT)
