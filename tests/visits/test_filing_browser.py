"""Photos dropped together, in a browser with and without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from clinic.visits.models import Photo
from inference.models import Analysis
from inference.pipeline.codes import VIEWS
from inference.states import Status

from .. import factories
from .pictures import encoded, picture
from .test_browser import WAIT, browser, clinician, open_page, sees, visit

__all__ = ["browser", "clinician", "open_page", "visit"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def results_come(views: dict[str, str]) -> None:
    """Every waiting photo is analysed: by the exercise that it lies under, the view that it shows."""
    for analysis in Analysis.objects.filter(status=Status.QUEUED).select_related("photo"):
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
    expect(form).to_contain_text("3 photos belong elsewhere", timeout=WAIT)
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
