"""What the frame promises without a browser: partials, error pages, icons, languages."""

from __future__ import annotations

import datetime as dt
import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.utils import formats, translation
from django.views import defaults

from clinic.common.templatetags import risorius
from inference.jobs.states import Status

STATIC = Path(settings.BASE_DIR) / "static"
SPRITE = "img/icons.svg"
OTHER_HOST = re.compile(r"(?:src|href|url\(|import)\s*[=(]?\s*[\"']?(?:https?:)?//(?!www\.w3\.org)")
TEMPLATES = Path(settings.BASE_DIR) / "templates"


@pytest.mark.parametrize("status", Status.values)
def test_each_state_has_an_icon_and_a_colour(status: str) -> None:
    assert status in risorius.STATE_ICONS
    assert f".state-{status}" in (STATIC / "css" / "risorius.css").read_text()


def icons() -> Any:
    """The script that makes the sprite."""
    spec = importlib.util.spec_from_file_location("icons", Path(settings.BASE_DIR) / "docs" / "icons.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_icon_is_in_the_sprite() -> None:
    """A misspelt icon would be an empty square."""
    sprite = set(re.findall(r'<symbol[^>]*\bid="([^"]+)"', (STATIC / SPRITE).read_text()))
    asked = set(risorius.STATE_ICONS.values())
    for path in [*TEMPLATES.rglob("*.html"), *(STATIC / "js").glob("*.js")]:
        text = path.read_text()
        asked |= set(re.findall(r'{% icon "([^"]+)"', text)) | set(
            re.findall(r"icons\.svg['\"]? ?%?}?#([a-z0-9-]+)", text)
        )
        asked |= set(re.findall(r'inc/empty\.html" with [^%]*\bicon="([^"]+)"', text))
    assert sorted(asked - sprite) == [], "python docs/icons.py"
    assert (STATIC / SPRITE).read_text() == icons().sprite(), "python docs/icons.py"


def test_no_page_has_inline_script_or_style() -> None:
    """The content security policy forbids them; the browser would drop them without a word."""
    for path in TEMPLATES.rglob("*.html"):
        text = re.sub(r"{%.*?%}", "", path.read_text())
        assert not re.search(r"\sstyle=", text), path
        assert not re.search(r"<style\b", text), path
        assert not re.search(r"\son[a-z]+=", text), path
        assert not re.search(r"<script(?![^>]*\b(src|type=.application/json)\b)", text), path


def test_no_page_reaches_for_another_host() -> None:
    for path in [*TEMPLATES.rglob("*.html"), *(STATIC / "css").glob("*.css"), *(STATIC / "js").glob("*.js")]:
        assert not re.search(
            r"(?:src|href|url\(|import)\s*[=(]?\s*[\"']?(?:https?:)?//(?!www\.w3\.org)", path.read_text()
        ), path


def test_the_page_for_a_breakdown_needs_nothing() -> None:
    """It is shown when the database or the session is what broke."""
    with translation.override("en"):
        answer = defaults.server_error(RequestFactory().get("/"))
        assert answer.status_code == 500
        assert "went wrong on our side" in answer.content.decode()
        answer = defaults.bad_request(RequestFactory().get("/"), Exception())
    assert "Nothing was changed" in answer.content.decode()


def test_a_missing_page_says_so(client: Client, db: None) -> None:
    answer = client.get("/no-such-page/")
    assert answer.status_code == 404
    assert "There is no such page here" in answer.content.decode()


def test_robots_stay_out(client: Client) -> None:
    assert client.get("/robots.txt").content == b"User-agent: *\nDisallow: /\n"
    assert client.get("/favicon.ico").status_code == 301


@pytest.mark.parametrize(
    ("side", "letter", "words"),
    [
        ("left", "L", "Weak on the left"),
        ("right", "R", "Weak on the right"),
        ("", "", "No weak side recorded"),
    ],
)
def test_the_weak_side_is_drawn_and_written(side: str, letter: str, words: str) -> None:
    html = render_to_string("inc/weak_side.html", {"side": side})
    assert words in html
    assert html.count("weak-half") == bool(side)
    assert not letter or f">{letter}<" in html


def test_left_and_right_have_different_letters_in_each_language() -> None:
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            assert risorius.side_letter("left") != risorius.side_letter("right")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (0.617, "0.62"),
        (0.06, "0.06"),
        (1.04, "1.0"),
        (9.96, "10"),
        (31.7, "32"),
        (-0.11, "−0.11"),
        (-0.001, "0.00"),
    ],
)
def test_numbers_have_two_digits(value: float | None, shown: str) -> None:
    assert risorius.two_digits(value) == shown


def test_a_probability_is_never_a_certainty() -> None:
    assert [risorius.percent(p) for p in (0.0, 0.004, 0.5, 0.999, 1.0)] == [
        "< 1 %",
        "< 1 %",
        "50 %",
        "> 99 %",
        "> 99 %",
    ]


def test_the_bars_face_as_the_photo_does() -> None:
    """The patient's right is on the viewer's left, and the larger side fills its half."""
    bars = risorius.symmetry_bars(8.0, 16.0)
    assert (bars["left"], bars["right"], bars["right_x"]) == ("48.0", "96.0", "4.0")
    assert risorius.symmetry_bars(None, None)["left"] == "0.0"


@pytest.mark.parametrize(("code", "shown"), [("en", "3 October 2026"), ("id", "3 Oktober 2026")])
def test_no_date_can_be_taken_for_another(code: str, shown: str) -> None:
    """The month is a word: 10/03 is March in one clinic and October in the next."""
    with translation.override(code):
        assert formats.date_format(dt.date(2026, 10, 3), "DATE_FORMAT") == shown
        assert "Okt" in formats.date_format(dt.date(2026, 10, 3), "SHORT_DATE_FORMAT") or code == "en"
