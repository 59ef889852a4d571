"""What only a browser can show: files dropped, the camera, results by themselves, keys, and no script at all."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect, sync_playwright

from clinic.recovery.services import refresh_summary
from clinic.visits.models import Photo, VisitConfirmation
from inference.jobs.states import Status
from inference.models import Analysis

from .. import factories
from ..servers import chromium
from ..shell.conftest import cookies_of
from .pictures import encoded, picture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PEOPLE = Path(__file__).parents[1] / "people"
WAIT = 30_000
LATE = "Stored; the check takes longer than usual."
CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", *CAMERA])
        yield browser
        browser.close()


@pytest.fixture
def clinician(transactional_db):
    return factories.member(factories.ClinicFactory())


@pytest.fixture
def visit(clinician):
    clinic = clinician.memberships.get().clinic
    episode = factories.EpisodeFactory(patient__clinic=clinic)
    factories.ConsentFactory(patient=episode.patient, recorded_by=clinician)
    return factories.VisitFactory(episode=episode, clinician=clinician)


@pytest.fixture
def open_page(browser, live_server, clinician) -> Iterator[Any]:
    contexts, errors = [], []

    def open_page(name: str, pk: Any = None, query: str = "", **options: Any) -> Page:
        context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce", **options}
        )
        contexts.append(context)
        context.set_default_timeout(WAIT)
        context.add_cookies(cookies_of(clinician, live_server.url))
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(live_server.url + reverse(name, args=[pk] if pk else []) + query)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def sees(locator: Any, count: int) -> None:
    expect(locator).to_have_count(count, timeout=WAIT)


def test_files_are_stored_each_on_its_own_and_results_come_by_themselves(open_page, visit):
    page = open_page("visits:detail", visit.pk)
    files = [
        {
            "name": "smile.jpg",
            "mimeType": "image/jpeg",
            "buffer": (PEOPLE / "t1-left-palsy-smile.jpg").read_bytes(),
        },
        {"name": "open.png", "mimeType": "image/png", "buffer": encoded("PNG", picture(shade=4))},
        {"name": "notes.jpg", "mimeType": "image/jpeg", "buffer": b"text"},
        {"name": "nothing.jpg", "mimeType": "image/jpeg", "buffer": b""},
    ]
    page.locator(".upload-zone [data-upload-input]").first.set_input_files(files)
    sees(page.locator(".visit-card"), 2)
    sees(page.locator(".upload-row.is-refused"), 2)
    expect(page.locator(".upload-list")).to_contain_text("This is not a photo, whatever its name says.")
    expect(page.locator(".upload-list")).to_contain_text("The file is empty (0 bytes).")
    assert set(Photo.objects.values_list("exercise", flat=True)) == {"smile", "open_mouth"}
    # The result arrives while the page is open.
    for analysis in Analysis.objects.all():
        finished = factories.AnalysisFactory.build(photo=analysis.photo)
        values = {
            field.name: getattr(finished, field.name)
            for field in Analysis._meta.concrete_fields
            if field.name not in ("id", "photo", "release", "created_at", "updated_at")
        }
        Analysis.objects.filter(pk=analysis.pk).update(**values)
    sees(page.locator(".visit-card .finding.model-value"), 2)
    expect(page.locator("#visit-summary")).to_contain_text(
        "Weakness on the left. Too few views for a grade", timeout=WAIT
    )
    assert page.locator('[hx-trigger^="load delay"]:is(.visit-card)').count() == 0


def test_a_photo_beyond_the_limit_says_when_to_send_it_again(open_page, visit, settings):
    settings.RATES = {"upload": "1/min"}
    page = open_page("visits:detail", visit.pk)
    files = [
        {"name": "one.png", "mimeType": "image/png", "buffer": encoded("PNG", picture(shade=shade))}
        for shade in (4, 5)
    ]
    page.locator(".upload-zone [data-upload-input]").first.set_input_files(files)
    sees(page.locator(".visit-card"), 1)
    sees(page.locator(".upload-row.is-refused"), 1)
    expect(page.locator(".upload-list")).to_contain_text(re.compile(r"Please wait|try again in", re.I))
    expect(page.locator(".upload-row").get_by_role("button", name="Try again")).to_be_visible()


def test_a_photo_that_finds_no_room_is_sent_again_by_itself(open_page, visit, settings):
    settings.UPLOADS_AT_ONCE = 0
    page = open_page("visits:detail", visit.pk)
    one = {"name": "one.png", "mimeType": "image/png", "buffer": encoded("PNG", picture(shade=7))}
    with page.expect_response(lambda answer: answer.status == 503):
        page.locator(".upload-zone [data-upload-input]").first.set_input_files([one])
    settings.UPLOADS_AT_ONCE = 5
    sees(page.locator(".visit-card"), 1)
    sees(page.locator(".upload-row"), 0)


def test_a_wrong_guess_is_changed_on_the_card(open_page, visit):
    photo = factories.PhotoFactory(visit=visit, exercise="rest")
    page = open_page("visits:detail", visit.pk)
    page.get_by_label("Exercise shown").select_option("sneer:right")
    expect(page.locator(f"#card-{photo.pk} h3")).to_have_text("Sneer, right", timeout=WAIT)
    photo.refresh_from_db()
    assert (photo.exercise, photo.side) == ("sneer", "right")


def test_the_impression_is_saved_while_it_is_typed(open_page, visit):
    page = open_page("visits:detail", visit.pk)
    page.locator("#id_impression").fill("Eye closes with effort")
    expect(page.locator("#saved")).to_contain_text("Saved", timeout=WAIT)
    visit.refresh_from_db()
    assert visit.impression == "Eye closes with effort"


def test_a_photo_stored_while_the_board_is_looked_at_is_shown_too(open_page, visit):
    page = open_page("visits:detail", visit.pk)

    def slowly(route: Any) -> None:
        answer = route.fetch()
        factories.PhotoFactory(visit=visit, exercise="rest")
        time.sleep(0.4)
        route.fulfill(response=answer)

    page.route("**" + reverse("visits:board", args=[visit.pk]), slowly, times=1)
    factories.PhotoFactory(visit=visit, exercise="smile")
    page.evaluate(
        """() => {
          const changed = () => htmx.trigger(document.body, "board-changed");
          changed();
          setTimeout(changed, 200);
        }"""
    )
    sees(page.locator(".visit-card"), 2)


def test_the_camera_by_keyboard_from_the_countdown_to_the_next_exercise(open_page, visit):
    page = open_page("visits:capture", visit.pk, "?exercise=closed_smile", permissions=["camera"])
    expect(page.locator(".capture-name")).to_have_text("Closed-mouth smile 5 of 13")
    shutter = page.get_by_role("button", name=re.compile("Take the photo"))
    expect(shutter).to_be_visible(timeout=WAIT)
    shutter.press("Enter")
    keep = page.get_by_role("button", name="Keep")
    expect(keep).to_be_focused(timeout=WAIT)
    page.keyboard.press("Enter")
    # Nobody analyses it here: the next exercise does not wait for ever.
    expect(page.locator("[data-status]")).to_have_text(LATE, timeout=WAIT)
    expect(page.locator(".capture-name")).to_have_text("Smile with teeth 6 of 13")
    expect(page.get_by_role("button", name=re.compile("Take the photo"))).to_be_focused()
    photo = Photo.objects.get()
    assert photo.exercise == "closed_smile"
    assert photo.width / photo.height == pytest.approx(0.8, abs=0.01)


def test_no_camera_or_no_permission_is_explained_and_a_file_will_do(open_page, visit):
    page = open_page("visits:detail", visit.pk)
    for error, words in (
        ("NotAllowedError", "The camera is blocked"),
        ("NotFoundError", "No camera found"),
        ("NotReadableError", "The camera is in use"),
        ("TypeError", "The camera could not be opened"),
    ):
        page.add_init_script(
            "navigator.mediaDevices.getUserMedia = () => Promise.reject("
            f"Object.assign(new Error(), {{name: '{error}'}}))"
        )
        page.goto(page.url.split("/visits/")[0] + reverse("visits:capture", args=[visit.pk]))
        expect(page.locator("[data-trouble] h2")).to_have_text(words, timeout=WAIT)
    page.locator("[data-file]").set_input_files(PEOPLE / "t1.jpg")
    expect(page.locator("[data-status]")).to_have_text(LATE, timeout=WAIT)
    expect(page.locator("[data-trouble]")).to_be_visible()
    assert Photo.objects.get().exercise == "rest"


def test_the_photo_s_page_shows_lines_and_points_and_enlarges_by_keys(open_page, visit):
    analysis = factories.AnalysisFactory(photo=factories.PhotoFactory(visit=visit))
    page = open_page("visits:photo", analysis.photo_id)
    overlay = page.locator("[data-overlay]")
    sees(overlay.locator(".overlay-points circle"), 478)
    expect(overlay.locator(".overlay-points")).to_be_hidden()
    page.get_by_role("button", name="Points").press("Enter")
    expect(overlay.locator(".overlay-points")).to_be_visible()
    page.locator(".viewer-scroll").press("+")
    expect(page.locator("[data-zoom-value]")).to_have_text("150 %")
    page.locator(".viewer-scroll").press("0")
    expect(page.locator("[data-zoom-value]")).to_have_text("100 %")


def test_the_lids_are_drawn_as_far_apart_as_they_are_measured(open_page, visit):
    landmarks = factories.landmarks()
    landmarks[159] = [
        landmarks[159][0] + 0.04,
        landmarks[159][1],
    ]  # found further along the lid than its twin below
    analysis = factories.AnalysisFactory(photo=factories.PhotoFactory(visit=visit), landmarks=landmarks)
    page = open_page("visits:photo", analysis.photo_id)
    ways = page.locator(".overlay-lines line:not(.halo)").evaluate_all(
        "all => all.map(one => [one.x2, one.y2].map((end, n) => "
        "end.baseVal.value - [one.x1, one.y1][n].baseVal.value))"
    )
    (_, (along, rise), _, (across, down), *_) = ways  # midline, line of the eyes, right brow, right lids
    assert down != 0
    assert abs(along * across + rise * down) < 0.01 * abs(along * down)


def test_the_review_goes_on_by_single_keys(open_page, visit, whole_visits):
    earlier = factories.VisitFactory(
        episode=visit.episode, clinician=visit.clinician, at=visit.at - dt.timedelta(days=7)
    )
    for one in (earlier, visit):
        whole_visits(one)
    refresh_summary(patient_id=visit.patient_id)
    page = open_page("visits:review")
    lead = page.locator(".page-header .lead")
    expect(lead).to_contain_text("2 visits to review.")
    page.keyboard.press("c")
    expect(lead).to_contain_text("1 visit to review.", timeout=WAIT)
    assert VisitConfirmation.objects.get().visit == earlier
    page.keyboard.press("e")
    expect(page.get_by_label("Yes", exact=True)).to_be_focused()
    page.get_by_label("No", exact=True).check()
    expect(page.locator("[data-with-palsy]")).to_be_hidden()


def test_all_of_it_works_without_scripts(open_page, visit):
    page = open_page("visits:detail", visit.pk, java_script_enabled=False)
    page.locator("#upload-files").set_input_files([PEOPLE / "t1.jpg", PEOPLE / "t2.jpg"])
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("#messages")).to_contain_text("2 photos stored.")
    page.locator("#id_impression").fill("Seen without scripts")
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.locator("#messages")).to_contain_text("Impression saved.")
    assert set(Photo.objects.values_list("exercise", flat=True)) == {"rest", "brow_raise"}
    assert Analysis.objects.filter(status=Status.QUEUED).count() == 2


NAMES = {
    "smile.jpg": "smile",
    "IMG 04 closed smile.jpg": "closed_smile",
    "senyum gigi.jpg": "smile_with_teeth",
    "show-teeth.jpg": "show_teeth",
    "Eyes closed gently.jpg": "gentle_eye_closure",
    "mata rapat.jpg": "tight_eye_closure",
    "alis.jpg": "brow_raise",
    "kiss.jpg": "pucker",
    "nose.jpg": "nose_wrinkle",
    "sneer left.jpg": "sneer",
}


def test_a_file_s_name_says_what_it_shows(open_page, visit):
    page = open_page("visits:detail", visit.pk)
    files = [
        {"name": name, "mimeType": "image/jpeg", "buffer": encoded(image=picture(shade=10 * shade))}
        for shade, name in enumerate(NAMES)
    ]
    page.locator(".upload-zone [data-upload-input]").first.set_input_files(files)
    sees(page.locator(".visit-card"), len(NAMES))
    assert sorted(Photo.objects.values_list("exercise", flat=True)) == sorted(NAMES.values())
    assert Photo.objects.get(exercise="sneer").side == "left"


def test_a_name_counts_by_whole_words_alone(open_page, visit):
    """Brown is a surname, Strong too: they name no exercise."""
    page = open_page("visits:detail", visit.pk)
    files = [
        {"name": name, "mimeType": "image/jpeg", "buffer": encoded(image=picture(shade=10 * shade))}
        for shade, name in enumerate(("Brown_01.jpg", "RestrepoNosek.jpg", "EyebrowRaise-Cheeky.jpg"))
    ]
    page.locator(".upload-zone [data-upload-input]").first.set_input_files(files)
    sees(page.locator(".visit-card"), len(files))
    assert set(Photo.objects.values_list("exercise", flat=True)) == {
        "rest",
        "gentle_eye_closure",
        "brow_raise",
    }


def test_a_film_or_a_document_is_refused_before_it_is_asked_what_it_shows(open_page, visit):
    page = open_page("visits:detail", visit.pk)
    page.locator("[data-upload-input]").first.set_input_files(
        [
            {"name": "scan.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 and so on"},
            {"name": "clip.mov", "mimeType": "video/quicktime", "buffer": b"\0\0\0\x14ftypqt  "},
        ]
    )
    rows = page.locator(".upload-row")
    expect(rows).to_have_count(2)
    for row in rows.all():
        expect(row.locator(".upload-state")).to_contain_text("This is not a photo")
    expect(page.locator(".upload-row select")).to_have_count(0)


def test_a_dropped_folder_gives_its_photos(open_page, visit, tmp_path):
    folder = tmp_path / "2026-03"
    (folder / "more").mkdir(parents=True)
    (folder / "IMG_1.jpg").write_bytes(encoded())
    (folder / "more" / "IMG_2.jpg").write_bytes(encoded(image=picture(shade=90)))
    (folder / "._IMG_1.jpg").write_bytes(b"\0\x05\x16\x07 and so on")
    (folder / "notes.txt").write_text("Nothing")
    page = open_page("visits:detail", visit.pk)
    drop(page, folder)
    sees(page.locator(".visit-card"), 2)
    expect(page.locator(".upload-row")).to_have_count(0)
    (tmp_path / "empty").mkdir()
    drop(page, tmp_path / "empty")
    expect(page.locator(".upload-row .upload-state")).to_have_text("There are no photos in that folder.")


def drop(page: Page, path: Path) -> None:
    """As from the computer's own window of files."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 400, "y": 300, "data": data})


def test_a_missing_view_is_taken_or_chosen_from_its_line_at_a_phone_s_width(open_page, visit):
    factories.PhotoFactory(visit=visit, exercise="rest")
    page = open_page("visits:detail", visit.pk, viewport={"width": 390, "height": 844})
    sees(page.locator(".missing .missing-one"), 11)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    line = page.locator(".missing-one", has=page.get_by_role("heading", name="Pucker"))
    line.locator("[data-upload-input]").set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": (PEOPLE / "t1.jpg").read_bytes()}
    )
    sees(page.locator(".missing .missing-one"), 10)
    assert set(Photo.objects.values_list("exercise", flat=True)) == {"rest", "pucker"}
    page.get_by_role("link", name="Take: Open mouth").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".capture-name")).to_have_text("Open mouth 13 of 13", timeout=WAIT)
