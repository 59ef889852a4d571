"""A series of photos on a telephone: interrupted and gone on with, exercises left out, and a photo that waits."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from clinic.visits.models import Photo

from .. import factories
from .test_browser import WAIT, browser, clinician, open_page, visit

__all__ = ["browser", "clinician", "open_page", "visit"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def begin_series(visit, protocol="ten-1"):
    visit.protocol = protocol
    visit.save()
    for code in ("rest", "brow_raise"):
        factories.PhotoFactory(visit=visit, exercise=code)


def test_a_series_goes_on_where_it_was_left_and_does_without_what_cannot_be_taken(open_page: Any, visit: Any):
    begin_series(visit)
    phone = {"viewport": {"width": 390, "height": 844}, "permissions": ["camera"]}
    page = open_page("visits:detail", visit.pk, viewport=phone["viewport"])
    page.get_by_role("link", name="Go on with 3 of 10").wait_for()
    page = open_page("visits:capture", visit.pk, **phone)
    expect(page.locator(".capture-name")).to_have_text("Gentle eye closure 3 of 10")
    expect(page.locator("[data-status]")).to_have_text(
        "2 of 10 done. It goes on with: Gentle eye closure.", timeout=WAIT
    )
    expect(page.get_by_role("button", name=re.compile("Take the photo"))).to_be_visible(timeout=WAIT)
    page.get_by_role("button", name="Skip").click()
    reasons = page.locator("[data-skip-panel]")
    expect(reasons).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for button in reasons.get_by_role("button").all():
        assert button.bounding_box()["height"] >= 44
    reasons.get_by_role("button", name="Eye protected").click()
    expect(page.locator(".capture-name")).to_have_text("Tight eye closure 4 of 10", timeout=WAIT)
    expect(page.locator("[data-status]")).to_have_text("Gentle eye closure: not taken: Eye protected")
    page.get_by_role("button", name="Skip").click()
    page.get_by_label("Another reason").fill("Will be taken at home")
    page.get_by_role("button", name="Note").click()
    expect(page.locator(".capture-name")).to_have_text("Closed-mouth smile 5 of 10", timeout=WAIT)
    # The telephone rings; the same series on another device.
    page = open_page("visits:capture", visit.pk, **phone)
    expect(page.locator(".capture-name")).to_have_text("Closed-mouth smile 5 of 10")
    expect(page.locator("[data-status]")).to_contain_text("4 of 10 done.", timeout=WAIT)
    page = open_page("visits:detail", visit.pk, viewport=phone["viewport"])
    expect(page.locator("#visit-board")).to_contain_text(
        "2 of 10 not taken: Gentle eye closure (Eye protected), Tight eye closure (Will be taken at home)."
    )
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.locator(".skipped-one", has_text="Tight eye closure").get_by_role("button").click()
    expect(page.locator(".skipped-one")).to_have_count(1, timeout=WAIT)
    line = page.locator(".missing-one", has=page.get_by_role("heading", name="Pucker"))
    line.get_by_text("Not taken …").click()
    for button in line.locator(".skip .btn").all():
        assert button.bounding_box()["height"] >= 44
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    line.get_by_label("Another reason").fill("Lips are sore")
    page.keyboard.press("Enter")
    expect(page.locator(".skipped-one", has_text="Lips are sore")).to_be_visible(timeout=WAIT)


def test_a_photo_that_could_not_be_stored_is_sent_again_whole(open_page, visit):
    page = open_page("visits:capture", visit.pk, "?exercise=rest", permissions=["camera"])
    expect(page.get_by_role("button", name=re.compile("Take the photo"))).to_be_visible(timeout=WAIT)
    address = "**" + reverse("visits:upload", args=[visit.pk])
    page.route(address, lambda route: route.abort())
    page.get_by_role("button", name=re.compile("Take the photo")).click()
    page.get_by_role("button", name="Keep", exact=True).click()
    again = page.locator("[data-resend]")
    expect(again).to_be_visible(timeout=WAIT)
    assert not Photo.objects.exists()
    page.unroute(address)
    again.click()
    expect(page.locator('.capture-step[data-step="rest"].is-taken:not(.is-sending)')).to_be_visible(
        timeout=WAIT
    )
    expect(again).to_be_hidden(timeout=WAIT)
    assert Photo.objects.get().exercise == "rest"
