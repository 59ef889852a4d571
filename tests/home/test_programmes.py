"""A clinician prescribes what is done at home."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from clinic.home import selectors, services
from clinic.home.models import HomeProgramme
from clinic.patients.models import RedFlags
from clinic.patients.rules import clinic_today
from tests import factories

from .scenes import DOSES, programme_of, typed

pytestmark = pytest.mark.django_db


@pytest.fixture
def episode(patient):
    return factories.EpisodeFactory(patient=patient)


def test_exercises_are_chosen_with_their_doses_and_stand_on_the_episode_s_page(as_clinician, episode):
    today = clinic_today(episode.patient)
    sent = typed(starts_on=today.isoformat(), message="Slowly, before a mirror.", mirrored="on")
    answer = as_clinician.post(reverse("home:start", args=[episode.pk]), sent, follow=True)
    [made] = HomeProgramme.objects.all()
    assert made.doses == DOSES and made.mirrored and not made.wants_photos
    page = answer.content.decode()
    for words in (
        "Pucker",
        "Sneer, left",
        "3 times a day: 10 repetitions, each held for 5 seconds",
        "before a mirror",
    ):
        assert words in page


def test_another_dose_is_another_programme_and_what_was_done_stays_with_the_one_it_was_asked_by(
    as_clinician, clinician, episode
):
    first = programme_of(episode, clinician)
    today = clinic_today(episode.patient)
    services.note_practice(programme=first, day=today, times={"pucker": 3})
    page = as_clinician.get(reverse("home:start", args=[episode.pk])).content.decode()
    assert 'name="doses-pucker-times"' in page and 'value="10"' in page, (
        "it begins where the one that runs is"
    )
    changed = [{**DOSES[0], "times": 5}]
    as_clinician.post(reverse("home:start", args=[episode.pk]), typed(changed, starts_on=today.isoformat()))
    first.refresh_from_db()
    assert not first.is_running
    running = selectors.running_programme(episode=episode)
    assert running is not None and running.doses == changed
    new, old = selectors.practice_of(programmes=selectors.programmes_of(episode=episode))
    assert sum(week.done for week in old.weeks) == 3 and sum(week.done for week in new.weeks) == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"doses-pucker-times": "0"}, "Pucker, Times a day: a whole number from 1 to 10."),
        ({"doses-pucker-repetitions": ""}, "Pucker, Repetitions: a whole number from 1 to 50."),
        ({"doses-sneer:left-seconds": "five"}, "Sneer, left, Hold, seconds: a whole number from 1 to 60."),
        ({"doses-sneer:left-seconds": "9" * 400}, "Sneer, left, Hold, seconds: a whole number from 1 to 60."),
        ({"per_week": "8"}, "less than or equal to 7"),
        ({"starts_on": "2019-01-01"}, "31 days back at most"),
        ({"message": "x" * 501}, "at most 500 characters"),
    ],
)
def test_what_is_wrong_is_said_beside_it_and_what_was_typed_stays(as_clinician, episode, wrong, said):
    today = clinic_today(episode.patient).isoformat()
    sent = typed(starts_on=today, message="Slowly.") | wrong
    answer = as_clinician.post(reverse("home:start", args=[episode.pk]), sent)
    page = answer.content.decode()
    assert answer.status_code == 422 and said in page
    assert not HomeProgramme.objects.exists()
    assert 'value="8"' in page, "the other exercise's dose is still there"


def test_none_begins_before_the_red_flags_are_answered(as_clinician, episode):
    episode.red_flags = RedFlags.UNASKED
    episode.save()
    sent = typed(starts_on=clinic_today(episode.patient).isoformat())
    answer = as_clinician.post(reverse("home:start", args=[episode.pk]), sent)
    assert answer.status_code == 422 and "red flags" in answer.content.decode()


def test_it_ends_by_one_tap_which_is_taken_back_by_another(as_clinician, clinician, episode):
    programme = programme_of(episode, clinician)
    as_clinician.post(reverse("home:end", args=[programme.pk]))
    programme.refresh_from_db()
    assert not programme.is_running
    as_clinician.post(reverse("home:resume", args=[programme.pk]))
    programme.refresh_from_db()
    assert programme.is_running


def test_a_second_one_that_runs_by_now_is_in_the_way_of_taking_an_end_back(clinician, episode):
    first = programme_of(episode, clinician)
    programme_of(episode, clinician)
    first.refresh_from_db()
    with pytest.raises(ValidationError, match="Another programme"):
        services.resume_programme(user=clinician, programme=first)


def test_days_that_patients_may_say_something_of_are_today_and_yesterday(clinician, episode):
    programme = programme_of(episode, clinician)
    today = clinic_today(episode.patient)
    for day in (today, today - dt.timedelta(1)):
        services.note_practice(programme=programme, day=day, times={"pucker": 99})
    for day in (today + dt.timedelta(1), today - dt.timedelta(2)):
        with pytest.raises(ValidationError, match="today or yesterday"):
            services.note_practice(programme=programme, day=day, times={"pucker": 1})
    assert [row.times for row in programme.practice.all()] == [3, 3], "never more than was asked for"
    with pytest.raises(ValidationError, match="isn't in the programme"):
        services.note_practice(programme=programme, day=today, times={"brow_raise": 1})
