"""Every page of the product: reachable, readable, operable, in both languages, themes and widths."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings

from .conftest import Window
from .places import Place, routes

pytestmark = pytest.mark.browser

AXE = Axe()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ALL_RULES = {"runOnly": {"type": "tag", "values": TAGS}}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}

# Controls that are no link within a sentence: a thumb has to hit them.
SMALL_TARGETS = """() => {
  const wanted = 'button, select, summary, .btn, .nav-link, .main-nav a, input:not([type=hidden]), textarea';
  const small = [];
  for (const element of document.querySelectorAll(wanted)) {
    if (!element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue;
    let box = element.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) continue;
    if (element.matches('[type=checkbox], [type=radio]')) {
      const label = element.closest('label') || element.labels[0];
      if (label) box = label.getBoundingClientRect();
    }
    if (box.height < 43.5 || box.width < 43.5) {
      small.push(`${element.tagName.toLowerCase()}.${element.className} "${element.textContent.trim().slice(0, 30)}" `
        + `${Math.round(box.width)}x${Math.round(box.height)}`);
    }
  }
  return small;
}"""


def axe(window: Window, options: dict[str, Any]) -> list[str]:
    found = AXE.run(window.page, options=options).response["violations"]
    return [
        f"{violation['id']}: {node['html'][:160]} [{node['target'][0]}] {node['failureSummary'][:240]}"
        for violation in found
        for node in violation["nodes"][:4]
    ]


def theme(window: Window, name: str) -> None:
    window.page.evaluate("name => document.documentElement.setAttribute('data-bs-theme', name)", name)


def report(faults: dict[str, list[str]]) -> None:
    lines = [f"\n{place}\n  " + "\n  ".join(found) for place, found in faults.items() if found]
    assert not lines, "".join(lines)


def test_all_routes_are_looked_at(pages: list[Place]) -> None:
    """The list of pages isn't empty by mistake."""
    assert len(routes()) > 20
    names = {place.name for place in pages}
    assert {
        "today",
        "patients:list",
        "patients:detail",
        "visits:detail",
        "visits:photo",
        "visits:review",
    } <= names


def test_pages_are_accessible_and_fit(window: Window, pages: list[Place]) -> None:
    """No violation for axe, wide or narrow, light or dark; nothing scrolls sideways; nothing complains."""
    faults: dict[str, list[str]] = {}
    for place in pages:
        found = faults.setdefault(f"{place.name} {place.path}", [])
        window.page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
        window.open(place.path)
        window.page.wait_for_load_state("networkidle")
        found += [f"wide, light: {line}" for line in axe(window, ALL_RULES)]
        theme(window, "dark")
        found += [f"wide, dark: {line}" for line in axe(window, CONTRAST)]
        if window.wide() > 0:
            found.append(f"{window.wide()} px too wide for 1280")
        window.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        window.page.wait_for_timeout(120)
        found += [f"narrow, dark: {line}" for line in axe(window, ALL_RULES)]
        theme(window, "light")
        found += [f"narrow, light: {line}" for line in axe(window, CONTRAST)]
        if window.wide() > 0:
            found.append(f"{window.wide()} px too wide for 390")
        found += [f"small target: {line}" for line in window.page.evaluate(SMALL_TARGETS)]
        found += window.complaints
    report(faults)


def test_pages_in_indonesian_fit(window: Window, pages: list[Place]) -> None:
    """Each page answers in Bahasa Indonesia and holds its longer words, on a phone too."""
    window.context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": "id", "url": window.base}])
    faults: dict[str, list[str]] = {}
    for place in pages:
        found = faults.setdefault(f"{place.name} {place.path}", [])
        window.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        answer = window.open(place.path)
        window.page.wait_for_load_state("networkidle")
        if answer.status >= 500:
            found.append(f"answers {answer.status}")
        if window.page.locator("html").get_attribute("lang") != "id":
            found.append("isn't in Indonesian")
        if window.wide() > 0:
            found.append(f"{window.wide()} px too wide for 390")
        window.page.set_viewport_size({"width": 768, "height": 1024})
        if window.wide() > 0:
            found.append(f"{window.wide()} px too wide for 768")
        found += window.complaints
    report(faults)


@pytest.mark.parametrize("path", ["/account/login/"])
def test_pages_before_login(browser: Any, live_server: Any, path: str) -> None:
    """The way in is as accessible as the rest."""
    context = browser.new_context(viewport=PHONE, reduced_motion="reduce")
    window = Window(context, live_server.url)
    window.open(path)
    found = axe(window, ALL_RULES)
    theme(window, "dark")
    found += axe(window, CONTRAST) + window.complaints + window.page.evaluate(SMALL_TARGETS)
    wide = window.wide()
    context.close()
    assert found == []
    assert wide <= 0
