"""Points moved by mouse, finger and keys, in a real browser."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.files.base import ContentFile
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect, sync_playwright

from inference.models import LandmarkCorrection
from tests import faces, factories

from ..servers import chromium
from ..shell.conftest import cookies_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WAIT = 30_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def analysis(transactional_db):
    clinician = factories.member(factories.ClinicFactory())
    clinic = clinician.memberships.get().clinic
    visit = factories.VisitFactory(episode__patient__clinic=clinic, clinician=clinician)
    photo = factories.PhotoFactory(
        visit=visit, exercise="rest", image=ContentFile(factories.jpeg(*faces.SIZE), "x.jpg")
    )
    return faces.analysis_of(photo)


@pytest.fixture
def open_page(browser, live_server, analysis) -> Iterator[Any]:
    contexts, errors = [], []

    def open_page(**options: Any) -> Page:
        given = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce", **options}
        context = browser.new_context(**given)
        contexts.append(context)
        context.set_default_timeout(WAIT)
        context.add_cookies(cookies_of(analysis.photo.visit.clinician, live_server.url))
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(live_server.url + reverse("visits:photo_landmarks", args=[analysis.photo_id]))
        page.locator("[data-points] [data-index]").first.wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def moved(page: Page) -> dict[str, list[float]]:
    return json.loads(page.locator("[name=points]").input_value())


def middle_of(page: Page, index: int) -> tuple[float, float]:
    box = page.locator(f'[data-index="{index}"] .placing-dot').bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def measured_after(page: Page, act: Any) -> float:
    """Milliseconds until the measures stand there."""
    with page.expect_response(lambda answer: answer.url.endswith("/measure/")) as answer:
        begin = time.monotonic()
        act()
    assert answer.value.ok
    return 1000 * (time.monotonic() - begin)


def test_a_point_is_dragged_by_mouse_and_the_measures_follow(open_page, analysis):
    page = open_page()
    page.get_by_role("button", name="Left eye", exact=True).click()
    x, y = middle_of(page, 386)
    page.mouse.move(x, y)
    page.mouse.down()
    expect(page.locator("[data-loupe]")).to_be_visible()
    page.mouse.move(x + 4, y + 30, steps=4)
    expect(page.locator("[data-chosen]")).to_contain_text("Left eye: upper lid, middle")
    measured_after(page, page.mouse.up)
    expect(page.locator("[data-loupe]")).to_be_hidden()
    assert set(moved(page)) == {"386"}
    expect(page.locator("[data-measures] .model-beside").first).to_be_visible()
    page.get_by_role("button", name="Save the points").click()
    page.wait_for_url(f"**{reverse('visits:photo', args=[analysis.photo_id])}")
    row = LandmarkCorrection.objects.get()
    assert row.moved[386][1] > analysis.landmarks[386][1]
    expect(page.get_by_text("1 point put right by").first).to_be_visible()


def test_keys_move_undo_and_put_back(open_page, analysis):
    page = open_page()
    page.get_by_role("button", name="Left eye", exact=True).click()
    page.locator('[data-index="386"]').focus()
    measured_after(page, lambda: page.keyboard.press("ArrowDown"))
    width, height = faces.SIZE
    first = moved(page)["386"]
    assert first[1] - analysis.landmarks[386][1] == pytest.approx(1 / height, abs=2e-5)
    page.keyboard.press("Shift+ArrowRight")
    assert moved(page)["386"][0] - analysis.landmarks[386][0] == pytest.approx(10 / width, abs=2e-5)
    page.keyboard.press("Control+z")
    assert moved(page) == {}
    page.keyboard.press("Control+y")
    assert moved(page)["386"][0] > first[0]
    page.keyboard.press("Delete")
    assert moved(page) == {}
    page.get_by_role("button", name="Undo").click()
    assert set(moved(page)) == {"386"}
    page.get_by_role("button", name="All back to the model's").click()
    assert moved(page) == {}
    expect(page.locator("[data-state]")).to_have_text("As saved.")
    page.locator('[data-index="473"]').focus()
    page.keyboard.press("ArrowUp")
    assert set(moved(page)) == {"473", "474", "476"}, "the iris goes along with its pupil"


def test_a_finger_moves_a_point_without_lying_on_it(open_page, analysis):
    page = open_page(viewport={"width": 390, "height": 780}, has_touch=True, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Left eye", exact=True).tap()
    page.locator("[data-stage]").scroll_into_view_if_needed()
    x, y = middle_of(page, 386)
    touch = page.context.new_cdp_session(page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        spots = [{"x": a, "y": b} for a, b in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": spots})

    send("touchStart", (x, y))
    send("touchEnd")
    assert moved(page) == {}, "a tap chooses"
    far = (x - 90, y + 60)
    send("touchStart", far)
    send("touchMove", (far[0], far[1] + 25))
    expect(page.locator("[data-loupe]")).to_be_visible()
    assert abs(middle_of(page, 386)[1] - (y + 25)) < 2, "it follows the finger"
    loupe = page.locator("[data-loupe]").bounding_box()
    assert not (loupe["x"] < far[0] < loupe["x"] + loupe["width"]), "and the finger hides neither"
    measured_after(page, lambda: send("touchEnd"))
    assert set(moved(page)) == {"386"}
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for button in page.locator(".placing button:visible").all():
        assert button.bounding_box()["height"] >= 43.5


def test_leaving_asks_while_something_is_not_saved(open_page, analysis):
    page = open_page()
    page.locator("[data-points] [data-index]").first.focus()
    page.keyboard.press("ArrowDown")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_role("link", name="Cancel").click()
    page.wait_for_url(f"**{reverse('visits:photo', args=[analysis.photo_id])}")
    assert asked == ["beforeunload"] and not LandmarkCorrection.objects.exists()


def test_nothing_is_in_the_way_of_whoever_sees_or_steers_otherwise(open_page):
    page = open_page()
    for name in ("Left eye", "Mouth"):
        page.get_by_role("button", name=name, exact=True).click()
        page.locator("[data-points] [data-index]").first.focus()
        page.keyboard.press("ArrowDown")
        for theme in ("light", "dark"):
            page.evaluate("name => document.documentElement.setAttribute('data-bs-theme', name)", theme)
            found = Axe().run(page).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found] == []
