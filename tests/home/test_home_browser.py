"""A patient practises on a telephone held upright: taps what was done, and sends photos from the camera."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from clinic.home.models import HomePractice
from clinic.home.services import send_link
from clinic.visits.models import Photo, Visit
from tests import factories
from tests.visits.test_browser import WAIT, browser

from .scenes import programme_of

__all__ = ["browser"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def episode(transactional_db):
    clinician = factories.member(factories.ClinicFactory())
    patient = factories.PatientFactory(clinic=clinician.memberships.get().clinic, birth_date=None)
    factories.ConsentFactory(patient=patient, recorded_by=clinician)
    episode = factories.EpisodeFactory(patient=patient)
    programme_of(episode, clinician, message="Slowly, please.")
    episode.prescriber = clinician
    return episode


@pytest.fixture
def phone(browser, live_server, episode):
    """The patient's telephone, on which the link was just opened."""
    context = browser.new_context(
        viewport=PHONE, reduced_motion="reduce", has_touch=True, permissions=["camera"]
    )
    context.set_default_timeout(WAIT)
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    _link, secret = send_link(user=episode.prescriber, episode=episode)
    page.goto(f"{live_server.url}{reverse('answering:open')}#{secret}")
    page.get_by_role("heading", name="Your exercises").wait_for()
    yield page
    context.close()
    assert errors == []


def is_clean(page: Page, *controls: str) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    small = "all => all.map(one => one.getBoundingClientRect()).filter(box => box.height && box.height < 43.5).length"
    assert page.locator(", ".join(("button", ".btn", "summary", *controls))).evaluate_all(small) == 0


def test_what_was_done_is_tapped_and_taken_back(phone: Any, episode: Any):
    is_clean(phone)
    pucker = phone.locator(".practice-exercise", has_text="Pucker").first
    for number in (1, 2):
        pucker.get_by_role("button", name="Done once").tap()
        expect(pucker).to_contain_text(f"done {number} of 3", timeout=WAIT)
    pucker.get_by_role("button", name="One less").tap()
    expect(pucker).to_contain_text("done 1 of 3", timeout=WAIT)
    is_clean(phone)
    phone.reload()
    expect(pucker).to_contain_text("done 1 of 3", timeout=WAIT)
    assert HomePractice.objects.get(step="pucker").times == 1


def test_a_photo_from_the_camera_reaches_the_clinic_s_queue(phone: Any, episode: Any):
    phone.get_by_role("link", name="Practise before the camera").tap()
    expect(phone.locator(".capture-name")).to_have_text("Rest 1 of 3", timeout=WAIT)
    expect(phone.locator("video")).to_have_class(re.compile("is-mirrored"), timeout=WAIT)
    is_clean(phone)
    shutter = phone.get_by_role("button", name=re.compile("Take the photo"))
    expect(shutter).to_be_visible(timeout=WAIT)
    phone.get_by_role("button", name="Skip").tap()
    expect(phone.locator(".capture-name")).to_have_text("Pucker 2 of 3", timeout=WAIT)
    shutter.tap()
    phone.get_by_role("button", name="Keep", exact=True).tap()
    expect(phone.locator(".capture-name")).to_have_text("Sneer, left 3 of 3", timeout=WAIT)
    expect(phone.locator('.capture-step[data-step="pucker"].is-taken')).to_be_visible(timeout=WAIT)
    photo = Photo.objects.get()
    assert photo.exercise == "pucker" and photo.visit.is_from_home and photo.visit.seen_at is None
    assert Visit.objects.filter(origin="home").count() == 1
    phone.get_by_role("link", name="Back to your exercises").tap()
    phone.get_by_role("heading", name="Your exercises").wait_for()
