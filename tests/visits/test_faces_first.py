"""On a visit's page the faces begin within the first 500 px, whatever else there is to say and to ask."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile
from playwright.sync_api import expect

from clinic.examination import services as tasks
from clinic.examination.models import TaskKind
from clinic.visits.confirming import confirm_visit
from clinic.visits.models import TakenFrom
from inference.pipeline import active_folder
from inference.pipeline.codes import VIEWS

from .. import factories
from ..shell.test_pages import FRAMES
from .test_browser import PEOPLE, browser, clinician, open_page, sees, visit

__all__ = ["browser", "clinician", "open_page", "visit"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SIZES = [(1280, 900), (768, 1024), (390, 844)]
FAR = 500


def photos(visit: Any, side: str = "left", *, mixed_up: bool = False, **fields: Any) -> None:
    """Six photos that show a severe weakness of that side. mixed_up: nobody filed them, and each shows another view."""
    views = VIEWS[:6]
    for n, view in enumerate(views):
        seen = views[n - 1] if mixed_up else view
        other = {"left": "right", "right": "left"}[side]
        data = factories.findings(exercise=seen, weak_side=side, grade=5)
        data |= {"doubt": 3.0, "palsy_verdict": "weak", "weak_side_probabilities": {side: 0.99, other: 0.01}}
        data["exercise_probabilities"] = {seen: 0.9, **{one: 0.01 for one in VIEWS if one != seen}}
        photo = factories.PhotoFactory(visit=visit, exercise=view, exercise_named=not mixed_up, **fields)
        factories.AnalysisFactory(photo=photo, release=active_folder().name, data=data)


def a_grade_and_an_eye(visit: Any) -> None:
    photos(visit)
    confirm_visit(user=visit.clinician, visit=visit, palsy=True, weak_side="left", grade=5)
    tasks.raise_task(user=visit.clinician, episode=visit.episode, kind=TaskKind.EYE_CLOSURE, plan="Tape")


def a_grade_that_asks_for_an_eye(visit: Any) -> None:
    photos(visit)
    confirm_visit(user=visit.clinician, visit=visit, palsy=True, weak_side="left", grade=5)


def nothing_to_say(visit: Any) -> None:
    factories.PhotoFactory(visit=visit, exercise="rest")


def contradictions(visit: Any) -> None:
    photos(visit)
    confirm_visit(user=visit.clinician, visit=visit, palsy=True, weak_side="right", grade=2)


def a_filing(visit: Any) -> None:
    photos(visit, mixed_up=True)


def mirrored(visit: Any) -> None:
    photos(visit, "right")


def dates(visit: Any) -> None:
    for days, taken_from in ((9, TakenFrom.FILE), (20, TakenFrom.FILE), (0, TakenFrom.REFUSED)):
        taken = visit.at - dt.timedelta(days=days)
        factories.PhotoFactory(visit=visit, exercise="pucker", taken_at=taken, taken_from=taken_from)


def everything(visit: Any) -> None:
    """More than one visit is likely to have at once."""
    photos(visit, "right", mixed_up=True)
    dates(visit)
    tasks.raise_task(user=visit.clinician, episode=visit.episode, kind=TaskKind.EYE_CLOSURE, plan="Tape")
    for plan in ("Ask about the pain behind the ear, which was worse in the evening. " * 4, "Call"):
        tasks.raise_task(user=visit.clinician, episode=visit.episode, kind=TaskKind.FOLLOW_UP, plan=plan)


def archived(visit: Any) -> None:
    a_grade_and_an_eye(visit)
    type(visit).objects.filter(pk=visit.pk).update(archived_at=visit.at)


STATES: list[Callable[[Any], None]] = [
    nothing_to_say, a_grade_and_an_eye, a_grade_that_asks_for_an_eye, contradictions, a_filing, mirrored, dates,
    everything, archived,
]  # fmt: skip


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_the_faces_come_first(open_page, visit, state):
    visit.episode.weak_side = "left"
    visit.episode.save()
    # Of usual length: the suite's own people get longer names the more of them there were.
    type(visit.patient).objects.update(name="Kartika Wijayakusuma", record_number="RM-2026-01486")
    type(visit.clinician).objects.update(full_name="Dr. Bambang Hartono")
    state(visit)
    page = open_page("visits:detail", visit.pk)
    found = {}
    for language in ("en", "id"):
        page.context.add_cookies([{"name": "django_language", "value": language, "url": page.url}])
        page.reload()
        expect(page.locator(".visit-card").first).to_be_visible()
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate(FRAMES)
            first = page.locator(".visit-card img").first.bounding_box()
            assert page.evaluate("document.documentElement.scrollWidth") == width
            found[language, width] = first["y"]
    assert max(found.values()) < FAR, found


def test_an_open_question_leaves_the_faces_where_they_are(open_page, visit):
    everything(visit)
    page = open_page("visits:detail", visit.pk, viewport={"width": 390, "height": 844})
    chips = page.locator(".visit-summary .state-chip[popovertarget]")
    sees(chips, 4)
    for chip in chips.all():
        chip.click()
        ask = page.locator(".visit-ask:popover-open")
        sees(ask, 1)
        assert page.locator(".visit-card img").first.bounding_box()["y"] < FAR
        box = ask.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["y"] + box["height"] <= 844
        close = ask.get_by_role("button", name="Not now")
        if close.count():
            close.click()
        else:
            page.keyboard.press("Escape")
        sees(ask, 0)


def test_without_scripts_the_faces_come_first_and_each_question_opens(open_page, visit):
    everything(visit)
    page = open_page(
        "visits:detail", visit.pk, java_script_enabled=False, viewport={"width": 390, "height": 844}
    )
    assert page.locator(".visit-card img").first.bounding_box()["y"] < FAR
    page.locator('.state-chip[popovertarget="filing"]').click()
    sees(page.get_by_role("button", name="File them so"), 1)


def test_picture_and_measures_of_a_photo_stand_side_by_side(open_page, visit):
    photos(visit, image=ContentFile((PEOPLE / "t1.jpg").read_bytes(), "x.jpg"))
    page = open_page(
        "visits:photo", visit.photos.get(exercise=VIEWS[2]).pk, viewport={"width": 1280, "height": 900}
    )
    picture = page.locator(".viewer img").bounding_box()
    measures = page.get_by_role("heading", name="Measures").bounding_box()
    assert measures["x"] > picture["x"] + picture["width"]
    assert picture["y"] < measures["y"] < picture["y"] + picture["height"]
    ends = [page.locator(side).bounding_box() for side in (".photo-left", ".photo-right")]
    assert abs(ends[0]["y"] + ends[0]["height"] - ends[1]["y"] - ends[1]["height"]) < 2
