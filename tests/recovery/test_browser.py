"""What only a browser can show: charts read with keys, the slider, figures that arrive, and no script at all."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from inference import services
from inference.models import Analysis
from inference.pipeline.findings import Findings
from tests import factories

from ..shell.conftest import cookies_of
from . import scenes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WAIT = 30_000


@pytest.fixture
def clinician(transactional_db: None) -> Any:
    return factories.member(factories.ClinicFactory())


@pytest.fixture
def episode(clinician: Any) -> Any:
    clinic = clinician.memberships.get().clinic
    return factories.EpisodeFactory(patient__clinic=clinic, onset_date=scenes.ONSET)


def opened(browser: Any, live_server: Any, clinician: Any, **options: Any) -> Page:
    context = browser.new_context(base_url=live_server.url, locale="en-GB", **options)
    context.set_default_timeout(WAIT)
    context.add_cookies(cookies_of(clinician, live_server.url))
    return context.new_page()


def test_the_chart_is_read_and_opened_with_keys(browser, live_server, clinician, episode):
    first = scenes.measured(episode, 3, mouth=0.44, grade=5)
    scenes.measured(episode, 24, mouth=0.71, grade=3)
    page = opened(browser, live_server, clinician)
    page.goto(reverse("patients:detail", args=[episode.patient_id]))
    points = page.locator("#chart-mouth .chart-point")

    points.nth(1).focus()
    expect(points.nth(1)).to_have_attribute(
        "aria-label", re.compile("week 3: mouth 0.71, ratio of distances")
    )
    page.keyboard.press("ArrowLeft")
    expect(points.nth(0)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{reverse('visits:detail', args=[first.pk])}")
    page.context.close()


def test_figures_arrive_on_the_open_page(browser, live_server, clinician, episode):
    visit = scenes.measured(episode, 3)
    waiting = factories.AnalysisFactory(photo=scenes.photo(visit, "open_mouth"), queued=True)
    page = opened(browser, live_server, clinician)
    page.goto(reverse("patients:detail", args=[episode.patient_id]))
    expect(page.locator(".course-waiting")).to_be_visible()
    expect(page.locator("#analysis-status progress")).to_be_visible(timeout=WAIT)

    data = factories.findings(exercise="open_mouth")
    found = Findings(**{**data, "landmarks": factories.landmarks()})
    services.finish(claim=services.claim(analysis_id=waiting.pk), findings=found)

    expect(page.get_by_role("rowheader", name=re.compile("Open mouth"))).to_be_visible(timeout=WAIT)
    expect(page.locator(".course-waiting")).to_have_count(0)
    assert Analysis.objects.get(pk=waiting.pk).status == "succeeded"
    page.context.close()


def test_the_slider_moves_with_the_arrow_keys(browser, live_server, clinician, episode):
    for day in (3, 24):
        scenes.measured(episode, day)
    page = opened(browser, live_server, clinician)
    page.goto(reverse("recovery:compare", args=[episode.patient_id]))

    page.get_by_role("button", name="Slider").click()
    page.get_by_label("How much of A is shown").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")

    expect(page.locator(".compare-stage")).to_have_attribute("style", re.compile(r"--cut: ?53%"))
    assert page.evaluate("[...document.querySelectorAll('.compare-frame img')].every(i => i.naturalWidth)")
    page.context.close()


def test_without_scripts_figures_photos_and_file_are_there(
    browser,
    live_server,
    clinician,
    episode,
):
    for day in (3, 24):
        scenes.measured(episode, day, mouth=0.44)
    page = opened(browser, live_server, clinician, java_script_enabled=False)
    page.goto(reverse("patients:detail", args=[episode.patient_id]))

    expect(page.locator("#recovery-table")).to_contain_text("0.44")
    expect(page.locator("#chart-mouth .chart-point")).to_have_count(2)
    page.locator("summary", has_text="Export").click()
    expect(page.get_by_role("link", name="Download the CSV")).to_be_visible()

    page.goto(reverse("recovery:compare", args=[episode.patient_id]))
    expect(page.locator(".compare-frame img")).to_have_count(2)
    expect(page.get_by_role("button", name="Show")).to_be_visible()
    page.context.close()
