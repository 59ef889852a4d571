"""A patient practises at home: by a link, without an account, and sends photos back."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from clinic.home import services
from clinic.home.models import HomePractice
from clinic.patients.models import PatientLink
from clinic.patients.rules import clinic_today
from clinic.visits.models import Photo, Visit
from inference.models import Analysis
from tests import factories
from tests.visits.pictures import encoded, picture, upload

from .scenes import programme_of, typed

pytestmark = pytest.mark.django_db
TODAY = reverse("practising:today")


def shot(shade: int = 0):  # type: ignore[no-untyped-def]
    return upload(encoded(image=picture(shade=shade)))


@pytest.fixture
def episode(patient):
    return factories.EpisodeFactory(patient=patient)


@pytest.fixture
def programme(clinician, episode):
    return programme_of(episode, clinician, message="Slowly, please.")


def opened(clinician, episode, *, proven: bool = True) -> Client:
    """A telephone on which the patient opened the link."""
    _link, secret = services.send_link(user=clinician, episode=episode)
    phone = Client()
    assert phone.post(reverse("answering:open"), {"secret": secret}).url == TODAY
    born = episode.patient.birth_date
    if proven and born is not None:
        sent = {"day": born.day, "month": born.month, "year": born.year}
        assert phone.post(TODAY, sent).url == TODAY
    return phone


def test_the_link_opens_today_s_exercises_with_their_doses_and_nothing_of_the_record(
    clinician, episode, programme
):
    page = opened(clinician, episode).get(TODAY).content.decode()
    for words in ("Pucker", "Sneer, left", "3 times a day: 10 repetitions", "Slowly, please.", "done 0 of 3"):
        assert words in page
    patient = episode.patient
    for secret in (
        patient.name,
        patient.record_number,
        episode.get_cause_display(),
        str(patient.pk),
        "grade",
    ):
        assert secret not in page


def test_the_birth_date_comes_first(clinician, episode, programme):
    page = opened(clinician, episode, proven=False).get(TODAY).content.decode()
    assert "When were you born?" in page and "Pucker" not in page


def test_the_birth_date_is_given_once_on_a_telephone_and_a_slip_now_and_then_closes_nothing(
    clinician, episode, programme
):
    _link, secret = services.send_link(user=clinician, episode=episode)
    born = episode.patient.birth_date
    right = {"day": born.day, "month": born.month, "year": born.year}
    for _week in range(3):
        phone = Client()
        phone.post(reverse("answering:open"), {"secret": secret})
        for _slip in range(3):
            assert phone.post(TODAY, {**right, "year": born.year + 1}).status_code == 422
        assert phone.post(TODAY, right).url == TODAY
        assert "Pucker" in phone.get(TODAY).content.decode()
        phone.post(reverse("answering:open"), {"secret": secret})
        assert "Pucker" in phone.get(TODAY).content.decode(), "opened again from the message, it asks no more"


def test_each_tap_counts_once_and_one_too_many_is_taken_back(clinician, episode, programme):
    phone = opened(clinician, episode)
    day = clinic_today(episode.patient).isoformat()
    note = reverse("practising:note")
    for times in (1, 2, 2):
        assert phone.post(note, {"day": day, "step": "pucker", "times": times}).url == TODAY
    [row] = HomePractice.objects.all()
    assert row.times == 2, "a tap that was sent twice is one"
    phone.post(note, {"day": day, "step": "pucker", "times": "1"})
    row.refresh_from_db()
    assert row.times == 1
    assert "done 1 of 3" in phone.get(TODAY).content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"day": "2020-01-01", "step": "pucker", "times": "1"},
        {"day": "someday", "step": "pucker", "times": "1"},
        {"day": "", "step": "", "times": ""},
        {"step": "brow_raise", "times": "1"},
        {"step": "pucker", "times": "9" * 4000},
    ],
)
def test_what_makes_no_sense_leads_back_and_stores_nothing_wrong(clinician, episode, programme, wrong):
    phone = opened(clinician, episode)
    sent = {"day": clinic_today(episode.patient).isoformat(), **wrong}
    assert phone.post(reverse("practising:note"), sent).url == TODAY
    assert all(row.times <= 3 for row in HomePractice.objects.all())


def test_photos_come_into_one_visit_of_the_day_marked_and_waiting_for_a_look(
    clinician, as_clinician, episode, programme
):
    phone = opened(clinician, episode)
    send = reverse("practising:photo")
    for shade, step in enumerate(("rest", "pucker", "sneer:left")):
        answer = phone.post(send, {"photo": shot(shade), "exercise": step})
        assert answer.status_code == 201, answer.content
    [visit] = Visit.objects.filter(origin="home")
    found = set(visit.photos.values_list("exercise", "side"))
    assert found == {("rest", ""), ("pucker", ""), ("sneer", "left")}
    assert Analysis.objects.filter(photo__visit=visit).count() == 3, "they are analysed as any other"
    assert "sent from home" in as_clinician.get(reverse("visits:detail", args=[visit.pk])).content.decode()
    assert "visit sent from home" in as_clinician.get(reverse("today")).content.decode()
    queue = as_clinician.get(reverse("home:queue")).content.decode()
    assert visit.patient.name in queue
    as_clinician.post(reverse("home:seen", args=[visit.pk]))
    assert visit.patient.name not in as_clinician.get(reverse("home:queue")).content.decode()


def test_a_photo_that_nobody_asked_for_is_refused_and_so_is_any_once_the_programme_asks_for_none(
    clinician, episode, programme
):
    phone = opened(clinician, episode)
    send = reverse("practising:photo")
    answer = phone.post(send, {"photo": shot(), "exercise": "brow_raise"})
    assert answer.status_code == 422 and "doesn't ask" in answer.json()["detail"]
    services.update_programme(user=clinician, programme=programme, wants_photos=False)
    assert phone.post(send, {"photo": shot(), "exercise": "pucker"}).status_code == 422
    assert "camera" not in phone.get(TODAY).content.decode()
    assert not Photo.objects.exists()


def test_without_an_open_link_nothing_is_read_or_stored(clinician, episode, programme):
    for phone in (Client(), opened(clinician, episode, proven=False)):
        answer = phone.post(reverse("practising:photo"), {"photo": shot(), "exercise": "pucker"})
        assert answer.status_code == 403
        phone.post(reverse("practising:note"), {"step": "pucker", "times": "1"})
    assert PatientLink.objects.get().failures == 0, "nobody tried a birth date"
    assert not Photo.objects.exists() and not HomePractice.objects.exists()


def test_a_new_link_ends_the_one_before_and_an_ended_programme_closes_the_page(
    clinician, as_clinician, episode, programme
):
    first = opened(clinician, episode)
    second = opened(clinician, episode)
    assert first.get(TODAY).status_code == 302 and "Pucker" in second.get(TODAY).content.decode()
    as_clinician.post(reverse("home:end", args=[programme.pk]))
    assert "No programme runs" in second.get(TODAY).content.decode()
    sent = typed(starts_on=clinic_today(episode.patient).isoformat())
    as_clinician.post(reverse("home:start", args=[episode.pk]), sent)
    assert "Pucker" in second.get(TODAY).content.decode(), "the link stays the same"


def test_what_was_done_stands_on_the_clinician_s_page(clinician, as_clinician, episode, programme):
    phone = opened(clinician, episode)
    day = clinic_today(episode.patient).isoformat()
    for step in ("pucker", "sneer:left"):
        phone.post(reverse("practising:note"), {"day": day, "step": step, "times": "2"})
    page = as_clinician.get(reverse("home:programmes", args=[episode.pk])).content.decode()
    assert "4 of 20" in page, "four days of the second week, five sets a day"
