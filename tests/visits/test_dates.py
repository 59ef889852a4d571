"""The date of a visit fits the patient's life, the illness and the other visits, and is never read as another hour."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from clinic.common.moments import MomentField
from clinic.visits import services
from clinic.visits.models import Visit

from .. import factories

pytestmark = pytest.mark.django_db
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
NOON = dt.time(12, tzinfo=dt.UTC)


def at(*day: int) -> dt.datetime:
    return dt.datetime.combine(dt.date(*day), NOON)


@pytest.fixture
def patient(clinic) -> Any:
    """Born in 1979; a Bell's palsy in 2020, a stroke in 2025."""
    patient = factories.PatientFactory(clinic=clinic, birth_date=dt.date(1979, 5, 17))
    factories.EpisodeFactory(patient=patient, cause="bells_palsy", onset_date=dt.date(2020, 3, 1))
    factories.EpisodeFactory(patient=patient, cause="stroke", onset_date=dt.date(2025, 6, 1))
    return patient


def codes(error: ValidationError) -> list[str]:
    return [one.code for one in error.error_dict["at"]]


@pytest.mark.parametrize(
    ("day", "code"),
    [((1900, 1, 1), "before_birth"), ((1979, 5, 16), "before_birth"), ((2019, 12, 31), "before_onset")],
)
def test_a_visit_before_birth_or_before_any_illness_is_refused(clinician, patient, day, code):
    with pytest.raises(ValidationError) as caught:
        services.create_visit(user=clinician, patient=patient, at=at(*day))
    assert codes(caught.value) == [code]


@pytest.mark.parametrize(
    ("day", "cause"),
    [((2020, 3, 1), "bells_palsy"), ((2025, 5, 31), "bells_palsy"), ((2025, 6, 1), "stroke")],
)
def test_a_visit_belongs_to_the_illness_that_had_begun(clinician, patient, day, cause):
    visit = services.create_visit(user=clinician, patient=patient, at=at(*day))
    assert visit.episode.cause == cause


def test_a_date_that_fits_another_illness_says_which_one(as_clinician, patient):
    newer = patient.episodes.get(cause="stroke")
    answer = as_clinician.post(
        reverse("visits:new", args=[patient.pk]), {"at": "2021-01-05T10:00", "episode": newer.pk}
    )
    assert answer.status_code == 422
    assert "Bell&#x27;s palsy, onset 1 March 2020" in answer.content.decode()
    assert 'value="2021-01-05T10:00"' in answer.content.decode()
    assert not Visit.objects.exists()


def test_a_visit_can_t_be_moved_before_its_illness(clinician, patient):
    visit = services.create_visit(user=clinician, patient=patient, at=at(2025, 7, 1))
    with pytest.raises(ValidationError) as caught:
        services.update_visit(user=clinician, visit=visit, at=at(2025, 5, 1))
    assert codes(caught.value) == ["other_episode"]


def test_a_visit_that_is_begun_twice_in_a_minute_is_one(as_clinician, patient):
    asked = {"at": "2025-07-01T10:00", "episode": patient.episodes.get(cause="stroke").pk}
    first = as_clinician.post(reverse("visits:new", args=[patient.pk]), asked)
    again = as_clinician.post(reverse("visits:new", args=[patient.pk]), asked, follow=True)
    assert Visit.objects.count() == 1
    assert again.redirect_chain == [(first["Location"], 302)]
    assert "has a visit at this very time already" in again.content.decode()
    as_clinician.post(reverse("visits:new", args=[patient.pk]), {**asked, "at": "2025-07-01T10:01"})
    assert Visit.objects.count() == 2


@pytest.mark.parametrize("shown", [None, 0, 1])
def test_the_hour_that_comes_twice_is_taken(shown):
    field = MomentField()
    typed = dt.datetime(2026, 10, 25, 2, 30)  # noqa: DTZ001  as a browser sends it
    if shown is not None:
        field.shown = typed.replace(tzinfo=BERLIN, fold=shown)
    with timezone.override(BERLIN):
        moment = field.clean("2026-10-25T02:30")
    assert moment.astimezone(dt.UTC).hour == (1 if shown else 0)


def test_the_hour_that_is_left_out_is_refused_in_words():
    with timezone.override(BERLIN), pytest.raises(ValidationError) as caught:
        MomentField().clean("2026-03-29T02:30")
    assert "there was no 02:30" in caught.value.messages[0]


def test_a_visit_in_the_hour_that_comes_twice_keeps_it(client, clinician, clinic):
    clinic.time_zone = "Europe/Berlin"
    clinic.save()
    episode = factories.EpisodeFactory(patient__clinic=clinic, onset_date=dt.date(2025, 1, 1))
    second = dt.datetime(2025, 10, 26, 2, 30, tzinfo=BERLIN, fold=1)
    visit = factories.VisitFactory(episode=episode, clinician=clinician, at=second)
    client.force_login(clinician)
    page = client.get(reverse("visits:detail", args=[visit.pk]))
    assert 'value="2025-10-26T02:30"' in page.content.decode()
    client.post(reverse("visits:edit", args=[visit.pk]), {"at": "2025-10-26T02:30", "version": visit.version})
    visit.refresh_from_db()
    assert visit.at == second.astimezone(dt.UTC)
