"""The photo's page and card in each state of the analysis, and what is done to a photo."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from clinic.visits import selectors, services
from clinic.visits.models import Photo
from inference import errors
from inference.jobs.states import Status
from inference.models import Analysis

from .. import factories
from ..conftest import logged_in
from ..forms import edited
from .scenes import in_each_state

HTMX = {"hx-request": "true"}


def page(client, photo, name="photo", **options) -> str:
    answer = client.get(reverse(f"visits:{name}", args=[photo.pk]), **options)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def photos(visit):
    return in_each_state(visit)


def test_a_result_is_a_sentence_first_and_marked_as_the_model_s(as_clinician, photos):
    text = page(as_clinician, photos["succeeded"])
    assert re.search(r'finding-sentence model-value">\s*Smile\. Weakness on the left\.', text)
    assert "preliminary until confirmed" in text and "mark-model" in text
    assert "grade III" not in text, "a photo has no grade"
    for part in ("Measures", "All figures", "test-release", "waited", "Attempts"):
        assert part in text


def test_no_weakness_is_never_worded_as_health(as_clinician, photos):
    text = page(as_clinician, photos["without weakness"])
    assert "No asymmetry detected by the model in this photo." in text
    assert text.count("This does not exclude a stroke.") == 1
    assert "No palsy" not in text
    assert "ormal face" not in text


def test_the_exercise_asked_for_and_the_one_seen(as_clinician, photos):
    assert "and the model sees the same" in page(as_clinician, photos["succeeded"])
    assert "but the model sees: Smile" in page(as_clinician, photos["other exercise"])


def test_the_landmarks_come_with_the_page_as_data(as_clinician, photos):
    assert 'id="overlay-data"' in page(as_clinician, photos["succeeded"])
    assert 'id="overlay-data"' not in page(as_clinician, photos["queued"])


@pytest.mark.parametrize("state", ["queued", "running"])
@pytest.mark.parametrize("name", ["photo", "photo_result", "photo_card"])
def test_a_page_that_waits_asks_again(as_clinician, photos, state, name):
    assert re.search(r'hx-trigger="load delay:\d+s"', page(as_clinician, photos[state], name))


@pytest.mark.parametrize("state", ["succeeded", "rejected", "failed", "cancelled", "confirmed"])
@pytest.mark.parametrize("name", ["photo_result", "photo_card"])
def test_a_page_whose_result_is_final_asks_no_more(as_clinician, photos, state, name):
    assert 'hx-trigger="load' not in page(as_clinician, photos[state], name)


def test_the_page_asks_at_longer_and_longer_times(as_clinician, photos):
    address = reverse("visits:photo_card", args=[photos["queued"].pk])
    waits = []
    for look in range(8):
        text = as_clinician.get(address, {"look": look}).content.decode()
        waits.append(int(re.search(r"delay:(\d+)s", text)[1]))
        assert f"look={look + 1}" in text
    assert waits == [1, 1, 3, 3, 3, 10, 10, 10]
    assert "delay:1s" in as_clinician.get(address, {"look": "soon"}).content.decode()


def test_a_card_that_is_settled_tells_the_summary(as_clinician, photos):
    address = reverse("visits:photo_card", args=[photos["succeeded"].pk])
    assert as_clinician.get(address).headers["HX-Trigger"] == "photo-settled"
    waiting = reverse("visits:photo_card", args=[photos["queued"].pk])
    assert "HX-Trigger" not in as_clinician.get(waiting).headers


@pytest.mark.parametrize("code", [entry.code for entry in errors.TABLE])
def test_each_reason_is_told_with_what_to_do(as_clinician, visit, code):
    from django.utils.html import escape

    photo = factories.PhotoFactory(visit=visit)
    entry = errors.explain(code)
    make = factories.rejected if entry.kind == "rejected" else factories.failed
    make(photo, code)
    text = page(as_clinician, photo)
    assert escape(str(entry.sentence)) in text
    assert escape(str(entry.action)) in text
    assert reverse("visits:capture", args=[visit.pk]) in text
    offers_retry = reverse("visits:photo_retry", args=[photo.pk]) in text
    assert offers_retry == (entry.kind == "failed" and entry.retry)
    assert ("The photo itself is stored and safe." in text) == (entry.kind == "failed")


def test_trying_again_queues_a_failed_photo(as_clinician, photos):
    photo = photos["failed"]
    answer = as_clinician.post(reverse("visits:photo_retry", args=[photo.pk]))
    assert answer.status_code == 302
    assert Analysis.objects.get(photo=photo).status == Status.QUEUED


def test_trying_again_leaves_a_result_alone(as_clinician, photos):
    as_clinician.post(reverse("visits:photo_retry", args=[photos["succeeded"].pk]))
    assert Analysis.objects.get(photo=photos["succeeded"]).status == Status.SUCCEEDED
    as_clinician.post(reverse("visits:photo_retry", args=[photos["never analysed"].pk]))


# --- which exercise it shows ---


def refile(client, photo, value, **options):
    return client.post(
        reverse("visits:photo_exercise", args=[photo.pk]), edited(photo, exercise=value), **options
    )


def test_a_photo_is_filed_under_another_exercise_and_its_past_is_kept(as_clinician, clinician, photos):
    photo = photos["succeeded"]
    answer = refile(as_clinician, photo, "sneer:right", headers=HTMX)
    assert answer.status_code == 200
    assert answer.headers["HX-Trigger"] == "board-changed"
    assert "Sneer, right" in answer.content.decode()
    photo.refresh_from_db()
    assert (photo.exercise, photo.side) == ("sneer", "right")
    newest = photo.history.first()
    assert (newest.exercise, newest.side, newest.history_user) == ("sneer", "right", clinician)
    assert newest.prev_record.exercise == "smile"


def test_the_same_exercise_again_writes_nothing(as_clinician, photos):
    before = photos["succeeded"].history.count()
    refile(as_clinician, photos["succeeded"], "smile")
    assert photos["succeeded"].history.count() == before


def test_an_exercise_that_does_not_exist(as_clinician, photos):
    assert refile(as_clinician, photos["succeeded"], "juggle", headers=HTMX).status_code == 422
    answer = as_clinician.post(
        reverse("visits:photo_exercise", args=[photos["succeeded"].pk]), {"exercise": "juggle"}, follow=True
    )
    assert "Choose which exercise the photo shows." in answer.content.decode()
    assert Photo.objects.get(pk=photos["succeeded"].pk).exercise == "smile"


def test_what_the_model_sees_instead_is_one_tap_away(as_clinician, photos):
    text = page(as_clinician, photos["other exercise"], "photo_card")
    assert "Filed as Show teeth; the model sees Smile." in text
    for kind, name in (("closed_smile", "Closed-mouth smile"), ("smile_with_teeth", "Smile with teeth")):
        assert re.search(rf'<button[^>]*name="exercise" value="{kind}">\s*Change to {name}\s*</button>', text)
    sideless = page(as_clinician, photos["rejected"], "photo_card")
    assert "Which side moved?" in sideless
    assert re.search(r'value="sneer:left">\s*Left\s*</button>', sideless)


# --- taking it out, bringing it back ---


def test_a_removed_photo_leaves_the_visit_and_can_come_back(as_clinician, photos, visit):
    photo = photos["queued"]
    as_clinician.post(reverse("visits:photo_archive", args=[photo.pk]))
    assert photo.pk not in {card.photo.pk for card in selectors.photos_of_visit(visit=visit)}
    assert Analysis.objects.get(photo=photo).status == Status.CANCELLED
    as_clinician.post(reverse("visits:photo_restore", args=[photo.pk]))
    assert photo.pk in {card.photo.pk for card in selectors.photos_of_visit(visit=visit)}
    assert Analysis.objects.filter(photo=photo, status=Status.QUEUED).exists()


def test_a_photo_that_was_uploaded_again_is_not_brought_back_twice(as_clinician, photos, visit):
    photo = photos["succeeded"]
    services.archive_photo(user=visit.clinician, photo=photo)
    factories.PhotoFactory(visit=visit, original_sha256=photo.original_sha256)
    answer = as_clinician.post(reverse("visits:photo_restore", args=[photo.pk]), follow=True)
    assert "This photo is already in this visit." in answer.content.decode()


@pytest.mark.parametrize("name", ["photo_exercise", "photo_archive", "photo_restore", "photo_retry"])
@pytest.mark.parametrize(("role", "status"), [("reviewer", 403), ("integration", 403), ("stranger", 404)])
def test_who_may_not_change_a_photo(name, role, status, photos, request):
    client = logged_in(request.getfixturevalue(role))
    answer = client.post(reverse(f"visits:{name}", args=[photos["failed"].pk]), {"exercise": "rest"})
    assert answer.status_code == status
    assert client.get(reverse(f"visits:{name}", args=[photos["failed"].pk])).status_code in (403, 405)
