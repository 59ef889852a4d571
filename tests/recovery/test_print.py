"""A printed course is a document that a clinic files: who, which clinic, when, and page of pages on each page."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from tests import factories

from . import scenes
from .test_browser import opened

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# Paper, and the page as a narrow window shows it: what is printed is not a phone's page.
PAPERS = [("A4", 390), ("Letter", 1280)]


@pytest.fixture
def clinician(transactional_db: None) -> Any:
    return factories.member(factories.ClinicFactory(name="Clinic of the Hill"))


def pages(pdf: bytes, folder: Path) -> list[str]:
    """The text of each page."""
    file = folder / "course.pdf"
    file.write_bytes(pdf)
    text = subprocess.run(
        ["pdftotext", "-layout", str(file), "-"], capture_output=True, text=True, check=True
    ).stdout
    return text.split("\f")[:-1]


@pytest.mark.parametrize(("paper", "width"), PAPERS)
def test_every_page_says_whose_it_is_and_which_of_how_many(
    browser, live_server, clinician, tmp_path, paper, width
):
    clinic = clinician.memberships.get().clinic
    patient = factories.PatientFactory(clinic=clinic, name="Filed Example", record_number="F-0042")
    episode = factories.EpisodeFactory(patient=patient, onset_date=scenes.ONSET)
    for week in range(8):
        visit = scenes.measured(episode, 7 * week + 1)
        for exercise in (
            "brow_raise",
            "gentle_eye_closure",
            "show_teeth",
            "pucker",
            "puff_cheek",
            "open_mouth",
        ):
            scenes.analysed(visit, exercise)
    page = opened(browser, live_server, clinician, viewport={"width": width, "height": 900})
    page.goto(reverse("patients:detail", args=[patient.pk]))

    found = pages(page.pdf(format=paper), tmp_path)
    page.context.close()

    assert len(found) >= 2
    for number, text in enumerate(found, 1):
        for words in ("Filed Example", "F-0042", "17 May 1980", "Clinic of the Hill", "printed"):
            assert words in text, (number, words)
        assert re.search(rf"Page {number} of {len(found)}\b", text)
    (exercises,) = [text for text in found if "Each exercise" in text]
    assert "Brow raise" in exercises and "Open mouth" in exercises, (
        "a table stands on the page of its heading"
    )
    whole = "\n".join(found)
    assert "preliminary until a clinician" in whole and "Look at both" not in whole
    rows = [line for line in whole.splitlines() if re.search(r"\bweek [0-7]\b", line)]
    assert len(rows) >= 8 and "Release" in whole, "the table is whole, with its last column"
    assert "Menu" not in whole and "New visit" not in whole
