"""The state of the analysis in the frame, and the Models pages."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json

import pytest
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from inference.jobs.states import Status
from inference.models import Analysis, Canary
from inference.releases import registry
from tests import factories
from tests.inference.conftest import write_release

pytestmark = pytest.mark.django_db
STATUS = reverse("inference:status")
MODELS = reverse("inference:models")


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (30, 20)).save(out, "PNG")
    return out.getvalue()


def card(**changes: object) -> dict[str, object]:
    rate = {"value": 0.9, "low": 0.85, "high": 0.94, "pictures": 100}
    return {
        "name": "test-release",
        "made_on": "2026-11-20",
        "note": "A release for the tests.",
        "intended_use": "Supports clinicians.",
        "not_for": ["diagnosis"],
        "known_failures": ["Weakness of both sides."],
        "sources": [
            {"name": "Faces", "licence": "MIT", "url": "https://example.org/faces", "use": "textures"},
            {"name": "Bad link", "licence": "MIT", "url": "javascript:alert(1)", "use": "none"},
        ],
        "models": [
            {"kind": "palsy", "network": "MobileNetV2", "input_px": 160, "parameters": 2257984, "epochs": 6}
        ],
        "data": {"kind": "simulated photos", "splits": {"train": {"people": 20, "pictures": 1200}}},
        "figures": [
            {"key": "exercise_accuracy", "name": "x", "value": 0.961, "low": 0.94, "high": 0.97, "people": 9},
            {"key": "palsy_auc", "name": "x", "value": 0.874, "low": 0.85, "high": 0.9, "pictures": 1234},
            {"key": "of_tomorrow", "name": "A figure of tomorrow", "value": 0.5},
            {"key": "broken", "value": None},
        ],
        "tables": {
            "by_grade": [{"grade": 4, "called_weak": rate}],
            "by_exercise": [{"exercise": "show_teeth", "side": rate}],
        },
        "thresholds": {"palsy": 0.42},
        "calibration": {"temperatures": {"grade": 1.3}},
        "plots": [
            {"file": "grades.png", "title": "Grades", "text": "Simulated and suggested."},
            {"file": "gone.png", "title": "Gone", "text": ""},
        ],
        **changes,
    }


@pytest.fixture
def carded(release, settings):
    """The active release with a card, a model file and a plot."""
    weights = b"weights"
    (release / "palsy.tflite").write_bytes(weights)
    described = json.loads((release / "release.json").read_text())
    described["files"] = {"palsy.tflite": hashlib.sha256(weights).hexdigest()}
    (release / "release.json").write_text(json.dumps(described))
    (release / "card.json").write_text(json.dumps(card()))
    (release / "grades.png").write_bytes(png())
    registry.forget()
    return release


def text(response) -> str:
    assert response.status_code == 200
    return " ".join(response.content.decode().replace("\N{NO-BREAK SPACE}", " ").split())


# The frame


@pytest.mark.parametrize("url", [STATUS, MODELS, reverse("inference:release", args=["x"])])
def test_nobody_sees_it_without_a_login(client, url):
    assert client.get(url).status_code == 302


def test_nothing_shows_while_nothing_is_in_hand(as_clinician):
    page = text(as_clinician.get(STATUS))
    assert "alert" not in page and "progress" not in page and "every 20s" in page


def test_work_in_hand_shows_as_a_bar_of_the_clinics_own_photos(as_clinician, queued):
    factories.AnalysisFactory(photo=factories.PhotoFactory(visit=queued.photo.visit))
    factories.AnalysisFactory(queued=True)  # of another clinic
    page = text(as_clinician.get(STATUS))
    assert "1 of 2 photos analysed" in page and "every 2s" in page


def test_what_did_not_change_is_not_swapped(as_clinician, queued):
    page = text(as_clinician.get(STATUS))
    was = page.split("?was=")[1].split('"')[0]
    assert as_clinician.get(f"{STATUS}?was={was}").status_code == 204
    Analysis.objects.filter(pk=queued.pk).update(status=Status.CANCELLED)
    assert as_clinician.get(f"{STATUS}?was={was}").status_code == 200


def test_a_delay_shows_with_the_promise_that_the_photos_are_safe(as_clinician):
    Canary.objects.create(queue="analysis", sent_at=timezone.now() - dt.timedelta(minutes=3))
    page = text(as_clinician.get(STATUS))
    assert "Analysis is delayed." in page and "Your photos are safe." in page


def test_models_that_can_not_be_used_show_on_every_page(as_clinician, release):
    (release.parent / "ACTIVE").unlink()
    registry.forget()
    assert "The analysis models are not installed." in text(as_clinician.get(STATUS))
    page = text(as_clinician.get(MODELS))
    assert "The analysis models are not installed." in page and "make doctor" in page


# The model card


def test_the_release_in_use_says_what_it_is_for_how_good_it_is_and_where_it_fails(as_reviewer, carded):
    page = text(as_reviewer.get(MODELS))
    for words in ("Release test-release", "In use", "Supports clinicians.", "96 %", "94 to 97 %"):
        assert words in page, words
    assert "Weakness of both sides." in page and "judged no photo of this clinic yet" in page


def test_the_whole_card(as_clinician, carded, photo):
    factories.AnalysisFactory(photo=photo)
    factories.count_releases()
    page = text(as_clinician.get(reverse("inference:release", args=["test-release"])))
    for words in (
        "A release for the tests.",
        "judged 1 photo of this clinic",
        "Exercise recognised",
        "0.87",
        "1,234 pictures",
        "A figure of tomorrow",
        "Show teeth",
        "85 to 94 %",
        "2,257,984",
        "1,200 pictures of 20 people",
        'href="https://example.org/faces"',
        "0.42",
        hashlib.sha256(b"weights").hexdigest(),
        "as released",
        "Simulated and suggested.",
        'width="30" height="20"',
    ):
        assert words in page, words
    assert "javascript:" not in page and "gone.png" not in page


def test_an_altered_file_is_named(as_clinician, carded):
    (carded / "palsy.tflite").write_bytes(b"tampered")
    registry.forget()
    page = text(as_clinician.get(reverse("inference:release", args=["test-release"])))
    assert "altered" in page and "not the ones that were released" in page


def test_a_release_without_a_card_says_that_nothing_is_known_of_it(as_clinician):
    page = text(as_clinician.get(reverse("inference:release", args=["test-release"])))
    assert "This release has no model card." in page


@pytest.mark.parametrize(
    "damage",
    [
        {"figures": "none"},
        {"figures": [1]},
        {"data": []},
        {"tables": {"by_grade": {}}},
        {"made_on": 7},
        {"plots": None},
    ],
)
def test_a_card_of_another_shape_breaks_no_page(as_clinician, carded, damage):
    (carded / "card.json").write_text(json.dumps(card(**damage)))
    registry.forget()
    text(as_clinician.get(MODELS))
    text(as_clinician.get(reverse("inference:release", args=["test-release"])))


def test_a_card_that_is_no_object_breaks_no_page(as_clinician, carded):
    (carded / "card.json").write_text("[]")
    registry.forget()
    assert "has no model card" in text(as_clinician.get(reverse("inference:release", args=["test-release"])))


def test_other_releases_stay_listed_also_when_they_are_gone(as_clinician, as_stranger, carded, photo):
    write_release(carded.parent, "2025.1")
    (carded.parent / "ACTIVE").write_text("test-release")
    registry.forget()
    factories.AnalysisFactory(photo=photo, release="2024.9")
    factories.count_releases()
    page = text(as_clinician.get(MODELS))
    assert "2025.1" in page and "Not in use" in page
    assert "2024.9" in page and "No longer installed" in page
    gone = reverse("inference:release", args=["2024.9"])
    assert "This release is no longer installed" in text(as_clinician.get(gone))
    assert as_stranger.get(gone).status_code == 404
    assert as_clinician.get(reverse("inference:release", args=["never"])).status_code == 404


def test_a_plot_of_the_card_is_served_as_a_picture(as_clinician, client, carded):
    url = reverse("inference:figure", args=["test-release", "grades.png"])
    response = as_clinician.get(url)
    assert b"".join(response.streaming_content) == png()
    assert response["Content-Type"] == "image/png" and response["X-Content-Type-Options"] == "nosniff"
    assert client.get(url).status_code == 302


def test_nothing_else_of_the_folder_is_served(as_clinician, carded):
    (carded / "unlisted.png").write_bytes(png())
    (carded / "fake.png").write_text("<script>")
    (carded / "linked.png").symlink_to(carded / "grades.png")
    listed = [{"file": name} for name in ("fake.png", "linked.png", "palsy.tflite", "release.json", "..")]
    (carded / "card.json").write_text(json.dumps(card(plots=listed)))
    registry.forget()
    for file in (
        "unlisted.png",
        "fake.png",
        "linked.png",
        "palsy.tflite",
        "release.json",
        "..",
        "nothing.png",
    ):
        url = f"/models/test-release/figures/{file}"
        assert as_clinician.get(url).status_code == 404, file
