"""Photos that a camera mirrored, and suggestions that a person turns down."""

from __future__ import annotations

import io
import random

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.urls import reverse
from PIL import Image

from clinic.audit.models import AuditEvent
from clinic.common import broker
from clinic.store import files
from clinic.visits import selectors, services, services_filing, services_mirroring
from clinic.visits.contradictions import contradictions
from clinic.visits.mirroring import mirrored_in
from clinic.visits.models import Photo
from clinic.visits.reviewing import visit_review
from inference.finding import Finding, Verdict
from inference.jobs.states import Status
from inference.models import Analysis
from inference.pipeline import Analyser, active_folder
from tests import factories

from . import mirrored_visits

pytestmark = pytest.mark.django_db
RELEASE = active_folder().name
VIEWS = ("brow_raise", "tight_eye_closure", "smile_with_teeth", "show_teeth", "pucker", "nose_wrinkle")


@pytest.fixture(autouse=True)
def no_broker(monkeypatch):  # type: ignore[no-untyped-def]
    monkeypatch.setattr(broker, "send", lambda *_, **__: True)


@pytest.fixture
def episode(patient):  # type: ignore[no-untyped-def]
    return factories.EpisodeFactory(patient=patient, weak_side="right")


@pytest.fixture
def visit(episode, clinician):  # type: ignore[no-untyped-def]
    return factories.VisitFactory(episode=episode, clinician=clinician)


def half_red() -> bytes:
    """A picture whose left half is red and whose right half is blue."""
    picture = Image.new("RGB", (64, 80), (20, 20, 220))
    picture.paste((220, 20, 20), (0, 0, 32, 80))
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=95)
    return stream.getvalue()


def shows(visit, exercise, side, *, sure=0.99, grade=5, **found):  # type: ignore[no-untyped-def]
    """A photo in which the release sees a severe weakness of that side."""
    data = factories.findings(exercise=found.pop("seen", exercise), weak_side=side, grade=grade)
    other = {"left": "right", "right": "left"}[side]
    data |= {"palsy_verdict": "weak", "weak_side_probabilities": {side: sure, other: 1 - sure}}
    photo = factories.PhotoFactory(
        visit=visit, exercise=exercise, image=ContentFile(half_red(), "x.jpg"), **found
    )
    return factories.AnalysisFactory(photo=photo, release=RELEASE, data=data).photo


def looked_at(visit):  # type: ignore[no-untyped-def]
    return mirrored_in(cards=selectors.photos_of_visit(visit=visit), weak_side=visit.episode.weak_side)


def colour_at(photo: Photo, x: int) -> str:
    with Image.open(io.BytesIO(files.read(photo))) as picture:
        red, _green, blue = picture.convert("RGB").getpixel((x, 40))
    return "red" if red > blue else "blue"


def test_a_series_against_the_record_is_named(visit):
    for view in VIEWS:
        shows(visit, view, "left")
    [found] = looked_at(visit)
    assert found.whole and len(found.photos) == len(VIEWS)
    assert found.sentence == "These photos look mirrored: weakness on the left, the record says right."


@pytest.mark.parametrize(
    ("recorded", "shown"), [("right", "right"), ("left", "left"), ("both", "left"), ("", "left")]
)
def test_nothing_is_said_where_the_record_agrees_or_names_no_side(visit, recorded, shown):
    visit.episode.weak_side = recorded
    for view in VIEWS:
        shows(visit, view, shown)
    assert looked_at(visit) == []


def test_what_looks_mirrored_is_named_before_a_visit_is_signed(visit):
    """Whichever side is signed: on such photos every side may be the wrong one. Once it was turned down, no more."""
    for view in VIEWS[:-1]:
        shows(visit, view, "right")
    odd = shows(visit, VIEWS[-1], "left")
    weak = Finding("", Verdict.WEAK, "right", 5)

    def named():  # type: ignore[no-untyped-def]
        review = visit_review(visit=visit)
        return [one for one in contradictions(review.case(weak)) if one.code == "mirrored"]

    [found] = named()
    assert found.photos == (odd.pk,)
    services_mirroring.dismiss_suggestion(
        user=visit.clinician, visit=visit, photo=odd, suggestion="mirrored", value="left"
    )
    assert named() == []


def test_one_photo_against_all_others_is_named_alone(visit):
    for view in VIEWS[:-1]:
        shows(visit, view, "right")
    odd = shows(visit, VIEWS[-1], "left")
    [found] = looked_at(visit)
    assert (found.whole, found.photos, found.found) == (False, (odd.pk,), "left")


@pytest.mark.parametrize("view", ["sneer", "rest"])
def test_a_sneer_and_a_face_at_rest_tell_no_odd_one(visit, view):
    for other in VIEWS:
        shows(visit, other, "right")
    shows(visit, view, "left")
    assert looked_at(visit) == []


def test_turning_over_keeps_both_versions_and_is_undone_by_doing_it_again(visit, clinician):
    photos = [shows(visit, view, "left") for view in VIEWS[:2]]
    first = photos[0]
    turned = services_mirroring.turn_over(user=clinician, visit=visit, photos=photos)
    assert [photo.turned_from_id for photo in turned] == [photo.pk for photo in photos]
    assert (colour_at(first, 8), colour_at(turned[0], 8)) == ("red", "blue")
    assert set(visit.photos.filter(archived_at=None)) == set(turned)
    assert Analysis.objects.filter(photo__in=turned, status=Status.QUEUED).count() == 2
    # What was found in the first version stands.
    assert Analysis.objects.get(photo=first).status == Status.SUCCEEDED
    again = services_mirroring.turn_over(user=clinician, visit=visit, photos=turned)
    assert again == photos and colour_at(again[0], 8) == "red"
    assert Photo.objects.count() == 4
    third = services_mirroring.turn_over(user=clinician, visit=visit, photos=again)
    assert third == turned and Photo.objects.count() == 4
    events = AuditEvent.objects.filter(user=clinician, detail__record="visit", detail__how="turned_over")
    assert events.count() == 3


def test_a_photo_filed_anew_keeps_its_exercise_when_it_is_turned_back(visit, clinician):
    photo = shows(visit, "pucker", "left")
    [turned] = services_mirroring.turn_over(user=clinician, visit=visit, photos=[photo])
    services_filing.change_exercise(user=clinician, photo=turned, exercise="sneer", side="left")
    [back] = services_mirroring.turn_over(user=clinician, visit=visit, photos=[turned])
    back.refresh_from_db()
    assert (back.pk, back.exercise, back.side) == (photo.pk, "sneer", "left")


def test_all_are_turned_or_none(visit, clinician, photo_folder):
    photos = [shows(visit, view, "left") for view in VIEWS[:2]]
    files.remove(photos[1].image.name)
    before = sorted(path for path in photo_folder.rglob("*") if path.is_file())
    with pytest.raises(FileNotFoundError):
        services_mirroring.turn_over(user=clinician, visit=visit, photos=photos)
    assert sorted(path for path in photo_folder.rglob("*") if path.is_file()) == before
    assert visit.photos.filter(archived_at=None).count() == 2 and Photo.objects.count() == 2


def test_photos_that_left_meanwhile_are_refused(visit, clinician):
    photo = shows(visit, "pucker", "left")
    services.archive_photo(user=clinician, photo=photo)
    with pytest.raises(ValidationError, match="changed meanwhile"):
        services_mirroring.turn_over(user=clinician, visit=visit, photos=[photo])


def test_the_page_names_it_turns_it_and_takes_it_back(as_clinician, visit):
    for view in VIEWS[:3]:
        shows(visit, view, "left")
    page = reverse("visits:detail", args=[visit.pk])
    assert "look mirrored" in as_clinician.get(page).content.decode()
    answer = as_clinician.post(reverse("visits:turn_over", args=[visit.pk]), follow=True)
    text = answer.content.decode()
    assert "look mirrored" not in text and "3 photos were turned over" in text
    as_clinician.post(reverse("visits:turn_over", args=[visit.pk]))
    assert "look mirrored" in as_clinician.get(page).content.decode()
    answer = as_clinician.post(
        reverse("visits:keep", args=[visit.pk]), {"suggestion": "mirrored", "value": "left"}, follow=True
    )
    assert "look mirrored" not in answer.content.decode()


def test_mirrored_visits_of_the_demo_are_named_and_true_ones_are_not():
    """Eight views of visits from grade IV on: docs/photo-quality.md has the figures of a hundred from grade III on."""
    analyser = Analyser(mirrored_visits.ARTIFACTS)
    every = mirrored_visits.visits(least_grade=4)
    for side, photos in every[:: len(every) // 3]:
        some = random.Random(1).sample(photos, 8)
        for mirrored in (True, False):
            found = mirrored_visits.analysed(analyser, some, mirrored=mirrored)
            assert mirrored_visits.is_named(found, side) == mirrored


# --- offers to file a photo anew ---


def offers(photo: Photo) -> bool:
    [card] = selectors.cards(photos=[selectors.visible_photos(user=photo.uploaded_by).get(pk=photo.pk)])
    return card.other_exercise is not None


@pytest.mark.parametrize(
    ("recorded", "side", "seen", "offered"),
    [
        ("right", "right", "rest", False),
        ("both", "right", "rest", False),
        ("", "right", "rest", False),
        ("right", "right", "puff_cheek", True),
        ("", None, "rest", True),
    ],
)
def test_rest_is_not_offered_for_a_face_that_is_weak(visit, recorded, side, seen, offered):
    visit.episode.weak_side = recorded
    visit.episode.save()
    photo = shows(visit, "pucker", side or "left", seen=seen)
    if side is None:
        analysis = photo.analyses.get()
        Analysis.objects.filter(pk=analysis.pk).update(
            findings={**analysis.findings, "palsy_verdict": "normal"}, weak_side="", grade=1
        )
    assert offers(photo) == offered


def test_keep_as_filed_is_remembered(as_clinician, visit):
    photo = shows(visit, "pucker", "right", seen="puff_cheek")
    card = reverse("visits:photo_card", args=[photo.pk])
    assert "Keep as filed" in as_clinician.get(card).content.decode()
    body = {"photo": str(photo.pk), "suggestion": "exercise", "value": "puff_cheek"}
    answer = as_clinician.post(reverse("visits:keep", args=[visit.pk]), body, headers={"HX-Request": "true"})
    assert f"card-{photo.pk}" in answer.content.decode() and "Keep as filed" not in answer.content.decode()
    assert not offers(photo)
    photo.refresh_from_db()
    assert photo.exercise == "pucker"


@pytest.mark.parametrize("exercise", ["smile", "sneer"])
def test_a_question_can_be_turned_down_too(as_clinician, visit, exercise):
    photo = shows(visit, exercise, "right")
    card = reverse("visits:photo_card", args=[photo.pk])
    assert "Keep as filed" in as_clinician.get(card).content.decode()
    as_clinician.post(
        reverse("visits:keep", args=[visit.pk]),
        {"photo": str(photo.pk), "suggestion": "exercise", "value": "which"},
    )
    assert "Keep as filed" not in as_clinician.get(card).content.decode()
