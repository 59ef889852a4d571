"""Photos dropped together, in a browser with and without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from clinic.visits.models import Photo
from inference.jobs.states import Status
from inference.models import Analysis
from inference.pipeline.codes import VIEWS

from .. import factories
from .pictures import encoded, picture
from .test_browser import WAIT, browser, clinician, open_page, sees, visit

__all__ = ["browser", "clinician", "open_page", "visit"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def results_come(views: dict[str, str]) -> None:
    """The waiting photos that lie under these exercises are analysed, and show these views."""
    waiting = Analysis.objects.filter(status=Status.QUEUED, photo__exercise__in=views)
    for analysis in waiting.select_related("photo"):
        view = views[analysis.photo.exercise]
        data = factories.findings(exercise=view)
        data["exercise_probabilities"] = {view: 0.9, **{other: 0.01 for other in VIEWS if other != view}}
        finished = factories.AnalysisFactory.build(photo=analysis.photo, data=data | {"doubt": 3.0})
        values = {
            field.name: getattr(finished, field.name)
            for field in Analysis._meta.concrete_fields
            if field.name not in ("id", "photo", "release", "created_at", "updated_at")
        }
        Analysis.objects.filter(pk=analysis.pk).update(**values)


@pytest.mark.parametrize("script", [True, False])
def test_files_without_names_are_filed_together_by_what_they_show(open_page, visit, script):
    page = open_page("visits:detail", visit.pk, java_script_enabled=script)
    files = [
        {"name": f"IMG_{n}.png", "mimeType": "image/png", "buffer": encoded("PNG", picture(shade=n))}
        for n in range(3)
    ]
    if script:
        page.locator(".upload-zone [data-upload-input]").first.set_input_files(files)
    else:
        page.locator("#upload-files").set_input_files(files)
        page.get_by_role("button", name="Upload").click()
    sees(page.locator(".visit-card"), 3)
    assert not Photo.objects.filter(exercise_named=True).exists()
    results_come({"rest": "pucker", "brow_raise": "rest", "gentle_eye_closure": "open_mouth"})
    if not script:
        page.reload()
    form = page.locator("form.filing")
    page.get_by_role("button", name="3 misfiled?").click(timeout=WAIT)
    expect(form).to_be_visible()
    # One is put right by hand before the rest is taken.
    form.locator("select").last.select_option("puff_cheek")
    with page.expect_navigation():
        form.get_by_role("button", name="File them so").click()
    expect(page.locator("form.filing")).to_have_count(0)
    kept = {"rest", "pucker", "puff_cheek"}
    assert set(Photo.objects.values_list("exercise", flat=True)) == kept
    assert not Photo.objects.filter(exercise_named=False).exists()
    with page.expect_navigation():
        page.locator(".message-undo button").click()
    expect(page.locator("form.filing")).to_have_count(1)
    assert set(Photo.objects.values_list("exercise", flat=True)) == {
        "rest",
        "brow_raise",
        "gentle_eye_closure",
    }


def test_what_was_chosen_stays_while_other_photos_come_and_settle(open_page, visit):
    """Also while the proposal is away, because a photo that belongs to it is not judged yet."""
    page = open_page("visits:detail", visit.pk)

    def add(n: int, name: str) -> None:
        one = {"name": name, "mimeType": "image/png", "buffer": encoded("PNG", picture(shade=n))}
        page.locator("[data-upload-input]").first.set_input_files([one])
        sees(page.locator(".visit-card"), n)

    for n in (1, 2):
        add(n, f"IMG_{n}.png")
    results_come({"rest": "pucker", "brow_raise": "rest"})
    page.get_by_role("button", name="2 misfiled?").click(timeout=WAIT)
    last = page.locator("form.filing select").last
    last.select_option("puff_cheek")
    name = last.get_attribute("name")

    # A photo that was filed by its name settles.
    add(3, "smile.png")
    results_come({"smile": "smile"})
    settled = page.locator(".visit-card", has=page.get_by_role("heading", name="Smile"))
    expect(settled.locator(".finding.model-value")).to_be_visible(timeout=WAIT)
    page.wait_for_timeout(800)  # longer than the summary waits before it looks again
    expect(page.locator("form.filing")).to_be_visible()
    expect(page.locator(f'select[name="{name}"]')).to_have_value("puff_cheek")

    # One that nobody filed takes the proposal away until it is judged too.
    add(4, "IMG_4.png")
    expect(page.locator("form.filing")).to_have_count(0)
    results_come({"gentle_eye_closure": "open_mouth"})
    expect(page.locator("form.filing")).to_be_visible(timeout=WAIT)
    expect(page.locator(f'select[name="{name}"]')).to_have_value("puff_cheek")
    with page.expect_navigation():
        page.get_by_role("button", name="File them so").click()
    assert str(Photo.objects.get(exercise="puff_cheek").pk) in name


def exercises_of(photos: list[Photo]) -> list[str]:
    return [Photo.objects.get(pk=photo.pk).exercise for photo in photos]


def test_photos_are_dragged_where_they_belong_and_taken_back(open_page, visit):
    views = ("rest", "smile_with_teeth", "pucker")
    photos = [factories.PhotoFactory(visit=visit, exercise=view) for view in views]
    page = open_page("visits:detail", visit.pk, viewport={"width": 1280, "height": 1800})
    card = {photo.pk: f"#card-{photo.pk}" for photo in photos}

    # Onto an exercise that is missing.
    with page.expect_navigation():
        page.drag_and_drop(card[photos[1].pk], '.missing-one[data-step="show_teeth"]')
    assert exercises_of(photos) == ["rest", "show_teeth", "pucker"]
    with page.expect_navigation():
        page.locator(".message-undo button").click()
    assert exercises_of(photos) == ["rest", "smile_with_teeth", "pucker"]

    # Onto another photo, which takes its place.
    with page.expect_navigation():
        page.drag_and_drop(card[photos[0].pk], card[photos[2].pk])
    assert exercises_of(photos) == ["pucker", "smile_with_teeth", "rest"]


@pytest.mark.parametrize("script", [True, False])
def test_several_photos_are_chosen_and_filed_by_keyboard(open_page, visit, script):
    photos = [
        factories.PhotoFactory(visit=visit, exercise=view) for view in ("rest", "smile_with_teeth", "pucker")
    ]
    page = open_page("visits:detail", visit.pk, java_script_enabled=script)
    bar = page.locator("form.several")
    expect(bar).to_be_hidden()
    for name in ("Choose Rest", "Choose Pucker"):
        page.get_by_label(name, exact=True).press("Space")
    expect(bar).to_be_visible()
    if script:
        # The board is looked at again meanwhile, and forgets nothing.
        page.evaluate("document.body.dispatchEvent(new CustomEvent('board-changed'))")
        page.wait_for_timeout(800)
        expect(page.locator(".card-pick input:checked")).to_have_count(2)
    bar.get_by_label("The chosen photos show").select_option("open_mouth")
    with page.expect_navigation():
        bar.get_by_role("button", name="File them").click()
    assert exercises_of(photos) == ["open_mouth", "smile_with_teeth", "open_mouth"]
    expect(page.locator(".message-undo button")).to_be_visible()
