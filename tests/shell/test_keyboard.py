"""The frame by keyboard alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from .conftest import Window
from .places import World

pytestmark = pytest.mark.browser


def focused(window: Window) -> str:
    return str(window.page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))


def walk(window: Window, steps: int) -> list[str]:
    """What the Tab key reaches, in order."""
    reached = []
    for _step in range(steps):
        window.page.keyboard.press("Tab")
        reached.append(focused(window))
    return reached


def test_the_first_stop_skips_to_the_content(window: Window, world: World) -> None:
    window.open(reverse("today"))
    window.page.keyboard.press("Tab")
    assert focused(window) == "Skip to the content"
    window.page.keyboard.press("Enter")
    assert focused(window) == "main"


def test_slash_goes_to_the_search_and_a_name_finds_its_patient(window: Window, world: World) -> None:
    window.open(reverse("today"))
    window.page.keyboard.press("/")
    assert focused(window) == "patient-search"
    window.page.keyboard.type("Siti/")
    assert window.page.input_value("#patient-search") == "Siti/", (
        "in a field the key is a letter like any other"
    )
    window.page.keyboard.press("Backspace")
    with window.page.expect_navigation():
        window.page.keyboard.press("Enter")
    main = window.page.locator("main")
    assert "Siti Rahmawati" in main.inner_text()
    assert "No Episode" not in main.inner_text()


def test_the_main_actions_come_early(window: Window, world: World) -> None:
    """Search, the new patient and the places are among the first dozen stops, each with a visible ring."""
    window.open(reverse("today"))
    reached = walk(window, 13)
    assert reached.index("patient-search") < reached.index("New patient") < reached.index("Patients")
    ring = window.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert ring != "none"


def test_menus_open_and_close(window: Window, world: World) -> None:
    window.open(reverse("today"))
    menu = window.page.locator(".user-menu")
    menu.locator("summary").focus()
    window.page.keyboard.press("Enter")
    assert menu.get_by_role("button", name="Log out").is_visible()
    window.page.keyboard.press("Escape")
    assert menu.get_by_role("button", name="Log out").is_hidden()


def test_language_and_colours_stay(window: Window, world: World) -> None:
    """The choice of language and of theme holds on the next page, from the first paint on."""
    window.open(reverse("today"))
    window.page.get_by_role("button", name="Use dark colours").click()
    with window.page.expect_navigation():
        window.page.get_by_role("button", name="Bahasa Indonesia").first.click()
    window.open(reverse("patients:list"))
    html = window.page.locator("html")
    assert html.get_attribute("data-bs-theme") == "dark"
    assert html.get_attribute("lang") == "id"


def test_the_frame_works_without_scripts(browser: Any, live_server: Any, person: Any, world: World) -> None:
    """Menus, search and language need no JavaScript; the button that would need it stays away."""
    from .conftest import cookies_of

    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(cookies_of(person, live_server.url))
    page = context.new_page()
    page.goto(live_server.url + reverse("patients:list"))
    assert page.locator("[data-theme-toggle]").first.is_hidden()
    page.locator(".user-menu summary").click()
    assert page.get_by_role("button", name="Log out").is_visible()
    page.get_by_role("button", name="Bahasa Indonesia").first.click()
    assert page.locator("html").get_attribute("lang") == "id"
    context.close()
