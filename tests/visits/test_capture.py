"""Capture says whether a photo is any good before the next countdown, before a camera that shows a face of the demo."""

from __future__ import annotations

import io
import re
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.urls import reverse
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from clinic.common import broker
from clinic.store import files
from clinic.visits.models import Photo
from inference import services
from inference.jobs import publish
from inference.models import Analysis
from inference.pipeline import Analyser

from .. import factories
from ..servers import chromium
from ..shell.conftest import cookies_of
from .mirrored_visits import ARTIFACTS, PHOTOS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WAIT = 30_000
ANSWERED = 2_500
"""Milliseconds until the word on a photo is there: what the page waits for at most."""


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return Analyser(ARTIFACTS)


@pytest.fixture(autouse=True)
def worker(monkeypatch: pytest.MonkeyPatch, analyser: Analyser) -> None:
    """A worker in a thread of its own, with the release in use."""

    def work(pk: uuid.UUID) -> None:
        try:
            claim = services.claim(analysis_id=pk)
            if claim is not None:
                found = analyser.analyse(files.read_named(claim.image))
                (services.reject if found.state == "rejected" else services.finish)(
                    claim=claim, findings=found
                )
        finally:
            connection.close()

    def send(name: str, *arguments: str, **_: Any) -> bool:
        if name == publish.ANALYSE:
            threading.Thread(target=work, args=[uuid.UUID(arguments[0])]).start()
        return True

    monkeypatch.setattr(broker, "send", send)


@pytest.fixture
def clinician(transactional_db):
    return factories.member(factories.ClinicFactory())


@pytest.fixture
def visit(clinician):
    clinic = clinician.memberships.get().clinic
    episode = factories.EpisodeFactory(patient__clinic=clinic, weak_side="")
    factories.ConsentFactory(patient=episode.patient, recorded_by=clinician)
    return factories.VisitFactory(episode=episode, clinician=clinician)


def film(folder: Path, picture: Image.Image) -> Path:
    """A camera's stream of that picture: frames of JPEG, one behind the other, no two alike."""
    path = folder / "camera.mjpeg"
    with path.open("wb") as stream:
        for shade in range(24):
            frame = picture.convert("RGB").resize((512, 640))
            frame.paste((shade * 8, 90, 90), (0, 0, 24, 24))
            frame.save(stream, "JPEG", quality=95)
    return path


@pytest.fixture
def camera(tmp_path, live_server, clinician) -> Iterator[Any]:
    """Opens the page of capture before a camera that shows the picture."""
    with sync_playwright() as playwright:
        opened: list[Any] = []

        def open_page(picture: Image.Image, visit: Any, query: str) -> Page:
            browser = playwright.chromium.launch(
                executable_path=chromium(),
                args=[
                    "--no-sandbox",
                    "--use-fake-device-for-media-stream",
                    "--use-fake-ui-for-media-stream",
                    f"--use-file-for-fake-video-capture={film(tmp_path, picture)}",
                ],
            )
            opened.append(browser)
            context = browser.new_context(viewport={"width": 1280, "height": 800}, permissions=["camera"])
            context.set_default_timeout(WAIT)
            context.add_cookies(cookies_of(clinician, live_server.url))
            page = context.new_page()
            page.goto(live_server.url + reverse("visits:capture", args=[visit.pk]) + query)
            return page

        yield open_page
        for browser in opened:
            browser.close()


def demo_photo(name: str) -> Image.Image:
    return Image.open(PHOTOS / f"{name}.jpg")


def shoot(page: Page) -> None:
    """Count down, take and keep one photo."""
    page.get_by_role("button", name=re.compile("Take the photo")).click()
    page.get_by_role("button", name="Keep", exact=True).click()


def judged() -> Analysis:
    return Analysis.objects.exclude(photo__archived_at__isnull=False).latest("created_at")


def test_a_good_photo_is_said_to_be_good_before_the_next_exercise(camera, visit):
    page = camera(demo_photo("p6-v1-rest"), visit, "?exercise=rest")
    expect(page.locator("[data-mirror-hint]")).to_be_visible(timeout=WAIT)
    shoot(page)
    expect(page.locator("[data-status].is-good")).to_contain_text("Rest", timeout=ANSWERED + 1000)
    expect(page.locator(".capture-name")).to_have_text("Brow raise 2 of 13")
    assert judged().status == "succeeded"


def test_what_the_camera_sees_is_stored_as_others_see_it_though_the_screen_mirrors(camera, visit):
    shown = demo_photo("p4-v1-smile-with-teeth")
    page = camera(shown, visit, "?exercise=smile_with_teeth")
    expect(page.locator("video.is-mirrored")).to_be_visible(timeout=WAIT)
    shoot(page)
    expect(page.locator(".capture-name")).not_to_contain_text("Smile with teeth", timeout=WAIT)
    stored = Image.open(io.BytesIO(files.read(Photo.objects.get())))
    small = np.asarray(stored.convert("L").resize((32, 40)), float)
    truth = np.asarray(shown.convert("L").resize((32, 40)), float)
    assert np.abs(small - truth).mean() < np.abs(small - truth[:, ::-1]).mean() / 1.5


def test_a_photo_without_a_face_is_taken_again_at_once_and_the_new_one_counts(camera, visit):
    page = camera(Image.effect_noise((512, 640), 60), visit, "?exercise=rest")
    shoot(page)
    expect(page.locator("[data-status].is-bad")).to_contain_text("No face was found", timeout=ANSWERED + 1000)
    # Still at this exercise, and not ticked.
    again = page.get_by_role("button", name="Take again")
    expect(again).to_be_focused()
    again.click()
    expect(page.locator(".capture-name")).to_have_text("Rest 1 of 13")
    first = Photo.objects.get()
    shoot(page)
    expect(again).to_be_visible(timeout=WAIT)
    first.refresh_from_db()
    assert first.archived_at is not None and visit.photos.filter(archived_at=None).count() == 1
    page.get_by_role("button", name="Go on all the same").click()
    expect(page.locator(".capture-name")).to_have_text("Brow raise 2 of 13")


def test_a_photo_of_another_exercise_is_told(camera, visit):
    page = camera(demo_photo("p6-v1-open-mouth"), visit, "?exercise=brow_raise")
    shoot(page)
    expect(page.locator("[data-status].is-bad")).to_contain_text(
        "Asked for: Brow raise. It looks like: Open mouth.", timeout=ANSWERED + 1000
    )
    expect(page.get_by_role("button", name="Take again")).to_be_visible()


def test_the_last_visits_photo_lies_over_the_live_one_when_it_is_wanted(camera, visit, clinician):
    before = factories.VisitFactory(
        episode=visit.episode, clinician=clinician, at=visit.at.replace(year=visit.at.year - 1)
    )
    seen = factories.AnalysisFactory(photo__visit=before, photo__exercise="rest").photo
    page = camera(demo_photo("p6-v1-rest"), visit, "?exercise=rest")
    ghost = page.locator("[data-ghost-image]")
    toggle = page.get_by_role("button", name="Last visit")
    expect(toggle).to_be_visible(timeout=WAIT)
    expect(ghost).to_be_hidden()
    toggle.click()
    expect(ghost).to_be_visible()
    assert ghost.get_attribute("src") == reverse("visits:file", args=[seen.pk])
    page.get_by_role("button", name="Skip").click()
    page.get_by_role("button", name="Later").click()  # nobody photographed that one before
    expect(ghost).to_be_hidden()
