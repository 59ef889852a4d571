"""Every page of the product: reachable, readable, operable, in both languages, themes and widths."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from .conftest import Window
from .places import Place

pytestmark = pytest.mark.browser

AXE = Axe().axe_script
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ALL_RULES = {"type": "tag", "values": TAGS}
CONTRAST = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
DESKTOP, TABLET, PHONE = (
    {"width": 1280, "height": 800},
    {"width": 768, "height": 1024},
    {"width": 390, "height": 844},
)
RUN_AXE = """async rules => (await axe.run({ runOnly: rules, resultTypes: ['violations'] })).violations.flatMap(
  one => one.nodes.slice(0, 4).map(
    node => `${one.id}: ${node.html.slice(0, 160)} [${node.target[0]}] ${node.failureSummary.slice(0, 240)}`))"""

# Controls that are no link within a sentence: a thumb has to hit them.
SMALL_TARGETS = """() => {
  const wanted = 'button, select, summary, .btn, .nav-link, .main-nav a, input:not([type=hidden]), textarea';
  const small = [];
  for (const element of document.querySelectorAll(wanted)) {
    if (!element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue;
    let box = element.getBoundingClientRect();
    if (box.width < 2 || box.height < 2 || element.closest('.swagger-ui')) continue;
    if (element.matches('[type=checkbox], [type=radio]')) {
      const label = element.closest('label') || element.labels[0];
      if (label) box = label.getBoundingClientRect();
    }
    if (box.height < 43.5 || box.width < 43.5) {
      small.push(`small target: ${element.tagName.toLowerCase()}.${element.className} `
        + `"${element.textContent.trim().slice(0, 30)}" ${Math.round(box.width)}x${Math.round(box.height)}`);
    }
  }
  return small;
}"""

# Whoever works by keyboard reaches each control and sees where they are. A ring may be drawn on the label.
WITHOUT_RING = """() => {
  const wanted = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]';
  const lost = [];
  for (const element of document.querySelectorAll(wanted)) {
    if (element.disabled || !element.checkVisibility({ checkVisibilityCSS: true })) continue;
    const box = element.getBoundingClientRect();
    if (box.width < 2 || box.height < 2 || element.id === 'main') continue;
    const name = `${element.tagName.toLowerCase()}.${element.className} "${element.textContent.trim().slice(0, 30)}"`;
    if (element.tabIndex > 0) lost.push(`out of order: ${name}`);
    element.focus();
    const drawn = [element, ...(element.labels || [])];
    for (let one = element.parentElement; one && drawn.length < 7; one = one.parentElement) drawn.push(one);
    const ringed = drawn.some(one => one && getComputedStyle(one).outlineStyle !== 'none'
      && parseFloat(getComputedStyle(one).outlineWidth) >= 2);
    if (document.activeElement !== element) lost.push(`takes no focus: ${name}`);
    else if (!ringed) lost.push(`no visible focus: ${name}`);
  }
  return lost;
}"""

SETTLED = """async () => {
  const end = Date.now() + 5000;
  do await new Promise(done => setTimeout(done, 25));
  while (document.querySelector('.htmx-request') && Date.now() < end);
}"""

MOVING = """() => document.getAnimations()
  .filter(one => one.playState === 'running' && one.effect.getComputedTiming().activeDuration > 50)
  .map(one => `moves in spite of prefers-reduced-motion: ${one.effect.target.className}`)"""


# Transitions, media queries and charts follow within two frames.
FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 20))))"


def axe(window: Window, rules: dict[str, Any]) -> list[str]:
    return list(window.page.evaluate(RUN_AXE, rules))


def theme(window: Window, name: str) -> None:
    window.page.evaluate("name => document.documentElement.setAttribute('data-bs-theme', name)", name)
    window.page.evaluate(FRAMES)


def too_wide(window: Window, *sizes: dict[str, int]) -> list[str]:
    """At each size, the first of which the window may have already."""
    found = []
    for size in sizes:
        if window.page.viewport_size != size:
            window.page.set_viewport_size(size)  # type: ignore[arg-type]
            window.page.evaluate(FRAMES)
        if (by := window.wide()) > 0:
            found.append(f"{by} px too wide for {size['width']}")
    return found


def settle(window: Window) -> None:
    """Until the page has what it asks for by itself once it stands."""
    window.page.evaluate(SETTLED)


def look(window: Window, place: Place) -> list[str]:
    """What is wrong with a page in English."""
    window.page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    window.open(place.path)
    settle(window)
    window.page.evaluate(AXE)
    found = [f"light: {line}" for line in axe(window, ALL_RULES)]
    theme(window, "dark")
    found += [f"dark: {line}" for line in axe(window, CONTRAST)]
    window.page.keyboard.press("Tab")
    found += window.page.evaluate(WITHOUT_RING)
    found += too_wide(window, DESKTOP, PHONE)
    return found + window.page.evaluate(SMALL_TARGETS) + window.page.evaluate(MOVING) + window.complaints


@contextmanager
def opening(window: Window, place: Place) -> Iterator[None]:
    """The page is loaded while something else is looked at."""
    window.page.set_viewport_size(TABLET)  # type: ignore[arg-type]
    window.complaints.clear()
    with window.page.expect_navigation():
        window.page.evaluate("path => { location.href = path }", window.base + place.path)
        yield


def look_in_indonesian(window: Window) -> list[str]:
    """Its words are longer, and some stay whole."""
    settle(window)
    found = [] if window.page.locator("html").get_attribute("lang") == "id" else ["isn't in Indonesian"]
    return found + too_wide(window, TABLET, PHONE) + window.complaints


def test_pages_are_accessible_and_fit(window: Window, indonesian: Window, pages: list[Place]) -> None:
    """Nothing for axe, light or dark; a ring on all that takes the focus; nothing wide, moving, complaining."""
    names = {place.name for place in pages}
    assert {"today", "patients:list", "patients:detail", "visits:detail", "visits:photo"} <= names
    faults: dict[str, list[str]] = {}
    for place in pages:
        with opening(indonesian, place):
            found = look(window, place)
        assert indonesian.page.url.startswith(indonesian.base + place.path.partition("?")[0]), (
            indonesian.page.url
        )
        faults[f"{place.name} {place.path}"] = found + [
            f"id: {line}" for line in look_in_indonesian(indonesian)
        ]
    lines = [f"\n{place}\n  " + "\n  ".join(found) for place, found in faults.items() if found]
    assert not lines, "".join(lines)


@pytest.mark.parametrize("path", ["/account/login/"])
def test_pages_before_login(browser: Any, live_server: Any, path: str) -> None:
    """The way in is as accessible as the rest."""
    context = browser.new_context(viewport=PHONE, reduced_motion="reduce")
    window = Window(context, live_server.url)
    window.open(path)
    window.page.evaluate(AXE)
    found = axe(window, ALL_RULES)
    theme(window, "dark")
    found += axe(window, CONTRAST) + window.complaints + window.page.evaluate(SMALL_TARGETS)
    found += too_wide(window, PHONE)
    context.close()
    assert found == []
