"""A scale by keyboard and by thumb, and when the line breaks."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from clinic.examination.models import Assessment
from clinic.examination.scales import BY_CODE
from tests import factories
from tests.shell.conftest import cookies_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WAIT = 20_000
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def clinician(transactional_db):
    return factories.member(factories.ClinicFactory())


@pytest.fixture
def visit(clinician):
    clinic = clinician.memberships.get().clinic
    return factories.VisitFactory(episode__patient__clinic=clinic, clinician=clinician)


@pytest.fixture
def open_scale(browser, live_server, clinician, visit):
    contexts = []

    def open_scale(code: str, **options: Any) -> Page:
        context = browser.new_context(viewport=PHONE, reduced_motion="reduce", **options)
        contexts.append(context)
        context.add_cookies(cookies_of(clinician, live_server.url))
        page = context.new_page()
        page.goto(live_server.url + reverse("examination:scale", args=[visit.pk, code]))
        return page

    yield open_scale
    for context in contexts:
        context.close()


def test_thirteen_items_by_thirteen_keys(open_scale):
    page = open_scale("sunnybrook")
    for _item in BY_CODE["sunnybrook"].items:
        page.keyboard.press("1")
    expect(page.locator(".scale-progress")).to_contain_text("13 of 13", timeout=WAIT)
    # Resting 0; five movements at 1, times 4; five synkineses at 1.
    expect(page.locator(".is-total")).to_contain_text("15", timeout=WAIT)
    page.keyboard.press("Enter")
    page.wait_for_url("**/visits/*/", timeout=WAIT)
    made = Assessment.objects.get()
    assert made.is_finished and made.total == 15


def test_what_is_tapped_while_the_line_is_broken_is_saved_later(open_scale):
    page = open_scale("fngs")
    page.context.set_offline(True)
    page.locator('[data-item="item-brow"] label').nth(2).click()
    page.locator('[data-item="item-eye"] label').nth(1).click()
    expect(page.locator(".save-failed")).to_be_visible(timeout=WAIT)
    assert not Assessment.objects.exists()
    page.context.set_offline(False)
    expect(page.locator(".save-done")).to_be_visible(timeout=WAIT)
    assert Assessment.objects.get().answers == {"brow": 3, "eye": 2}
    page.reload()
    assert page.locator('[data-item="item-brow"] input').nth(2).is_checked()


def test_an_answer_is_taken_back_and_a_line_is_empty_until_it_is_answered(open_scale):
    page = open_scale("eface")
    number = page.locator('[name="item-rest_brow"]')
    assert number.input_value() == "" and not Assessment.objects.exists()
    page.locator('[data-slider="item-rest_brow"]').focus()
    page.keyboard.press("ArrowRight")
    expect(number).to_have_value("101")
    expect(page.locator(".save-done")).to_be_visible(timeout=WAIT)
    assert Assessment.objects.get().answers == {"rest_brow": 101}
    page.locator('[data-item="item-rest_brow"] [data-clear]').click()
    expect(page.locator(".scale-progress")).to_contain_text("0 of 15", timeout=WAIT)
    assert Assessment.objects.get().answers == {}
