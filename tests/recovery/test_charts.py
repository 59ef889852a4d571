"""What the drawn charts say: near the first visit, in time that fits, with gaps where nothing was measured."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from django.urls import reverse

from clinic.common.spans import Onset, age_text
from clinic.recovery import charts, thinning
from clinic.recovery.selectors import history
from clinic.recovery.timeline import timeline

from . import scenes
from .test_movement import photographed, symmetry

pytestmark = pytest.mark.django_db


def panel(episode, key):  # type: ignore[no-untyped-def]
    return next(one for one in charts.panels(history(episode=episode)) if one.key == key)


def test_a_visit_without_the_photo_breaks_the_line(episode):
    for day in (3, 10):
        scenes.measured(episode, day)
    scenes.analysed(scenes.visit(episode, 17), "pucker")
    for day in (24, 31):
        scenes.measured(episode, day)

    (line,) = panel(episode, "mouth").lines

    assert len(line.marks) == 4
    assert [len(run.split()) for run in line.runs] == [2, 2]


def test_another_release_breaks_the_line(episode):
    scenes.measured(episode, 3, release="2026.11.1")
    scenes.measured(episode, 10, release="2027.2")

    (line,) = panel(episode, "mouth").lines

    assert (len(line.marks), line.runs) == (2, ())


def test_all_regions_have_one_range(episode):
    scenes.measured(episode, 3)

    assert len({panel(episode, region).y_ticks for region in ("mouth", "eye", "brow")}) == 1


@pytest.mark.parametrize(
    ("onset_days_before", "span", "title", "first_tick"),
    [
        (2, 10, "Days since onset", "0"),
        (3, 84, "Weeks since onset", "0"),
        (30, 700, "Weeks since onset", "0"),
        (30, 1500, "Months since onset", "0"),
        (30, 4000, "Years since onset", "0"),
        (200, 84, "Weeks since onset", "30"),
    ],
)
def test_the_axis_counts_in_what_fits(episode, onset_days_before, span, title, first_tick):
    scenes.visit(episode, onset_days_before, grade=4)
    scenes.visit(episode, onset_days_before + span, grade=2)

    found = timeline(history(episode=episode))

    assert (found.title, found.ticks[0][1]) == (title, first_tick)
    assert 2 <= len(found.ticks) <= 12


def test_of_an_onset_long_ago_the_axis_starts_at_the_first_visit_and_tells_years(episode):
    type(episode).objects.filter(pk=episode.pk).update(onset_date=dt.date(2012, 3, 5))
    episode.refresh_from_db()
    for day in (3, 24, 87):
        scenes.visit(episode, day, grade=3)

    found = timeline(history(episode=episode))

    assert found.start == scenes.on(3).date()
    assert found.title == "Date; it starts 14 years 5 months after onset"
    assert next(label for _day, label in found.ticks) == "Oct 2026"
    marks = next(line for line in panel(episode, "grade").lines if line.marks).marks
    assert marks[-1].x - marks[0].x > 200, "three visits are not one dot"


@pytest.mark.parametrize(
    ("precision", "text", "since"),
    [
        ("day", "5 March 2012", "14 years 6 months"),
        ("month", "March 2012", "about 14 years 6 months"),
        ("year", "2012", "about 14 years"),
        ("unknown", "not known", ""),
    ],
)
def test_an_onset_is_told_as_exactly_as_it_is_known(precision, text, since):
    onset = Onset(dt.date(2012, 3, 5), precision)

    assert (onset.text, onset.since(dt.date(2026, 9, 10))) == (text, since)


@pytest.mark.parametrize(
    ("born", "text"),
    [
        (dt.date(2026, 9, 4), "6 days"), (dt.date(2026, 8, 10), "4 weeks"), (dt.date(2026, 3, 1), "6 months"),
        (dt.date(2024, 11, 1), "22 months"), (dt.date(2023, 9, 10), "3 years"),
    ],
)  # fmt: skip
def test_an_infants_age_is_told_in_days_weeks_and_months(born, text):
    assert age_text(born, dt.date(2026, 9, 10)) == text
    assert age_text(dt.date(1979, 1, 1), dt.date(2026, 9, 10), "year") == "about 47 years"


def test_an_unknown_onset_counts_no_weeks_anywhere(as_clinician, patient, episode):
    type(episode).objects.filter(pk=episode.pk).update(onset_precision="unknown")
    scenes.measured(episode, 30)

    page = as_clinician.get(reverse("patients:detail", args=[patient.pk])).content.decode()

    assert "Date; onset not known" in page
    assert ">week " not in page and "(week" not in page


def test_a_patient_of_an_unknown_onset_and_a_birth_year_can_be_logged(as_clinician, clinic):
    from clinic.patients.models import Episode

    sent = {
        "record_number": "U-1", "name": "Unknown Onset", "birth_date": "1979-06-01", "birth_precision": "year",
        "cause": "congenital", "weak_side": "left", "onset_date": "", "onset_precision": "day", "sex": "unknown",
    }  # fmt: skip
    answer = as_clinician.post(reverse("patients:new"), sent)

    assert answer.status_code == 302, answer.content.decode()
    episode = Episode.objects.get(patient__record_number="U-1")
    assert (episode.onset_date, episode.onset_precision) == (dt.date(1979, 1, 1), "year")
    page = as_clinician.get(reverse("patients:record", args=[episode.patient_id])).content.decode()
    assert "Congenital" in page and "1979" in page and "1 January 1979" not in page


def test_an_onset_is_asked_for_unless_nobody_knows_it(as_clinician, patient):
    sent = {"cause": "bells_palsy", "weak_side": "left", "onset_date": "", "onset_precision": "day"}
    url = reverse("patients:episode_new", args=[patient.pk])

    assert "This field is required." in as_clinician.post(url, sent).content.decode()
    assert as_clinician.post(url, sent | {"onset_precision": "unknown"}).status_code == 302


@pytest.mark.parametrize("seed", range(5))
def test_a_thinned_series_keeps_its_ends_its_extremes_and_what_is_pointed_at(seed):
    rng = random.Random(seed)
    days = sorted(rng.sample(range(3000), 500))
    points = [(float(day), round(rng.gauss(0, 1), 2)) for day in days]
    noted = rng.sample(range(500), 3)

    shown = thinning.thinned(points, noted=noted)

    assert len(shown) <= 2 * (thinning.STRETCHES + 1) + 2 + len(noted)
    assert {0, 499, *noted} <= shown
    drawn = [points[place] for place in sorted(shown)]
    # Wherever one looks, by a stretch and what is beside it, the highest and the lowest are drawn.
    width = (days[-1] - days[0]) / thinning.STRETCHES
    for stretch in range(thinning.STRETCHES):
        low, high = days[0] + stretch * width, days[0] + (stretch + 1) * width
        there = [y for x, y in points if low <= x < high]
        seen = [y for x, y in drawn if low <= x < high]
        assert not there or (min(seen), max(seen)) == (min(there), max(there))


def test_a_short_series_is_drawn_whole():
    points = [(float(day), 0.5) for day in range(thinning.MOST_POINTS)]
    assert thinning.thinned(points) == set(range(thinning.MOST_POINTS))


def test_a_chart_of_one_visit_says_so_in_words(episode):
    scenes.measured(episode, 3, mouth=0.91)
    said = panel(episode, "mouth").summary
    assert said.endswith("0.91 on 4 September 2026, the only visit with a figure.") and "visits" not in said
    one = episode.visits.get()
    one.grade = 4
    one.save()
    assert panel(episode, "grade").summary == "Clinician's grade IV, the only one."
    scenes.measured(episode, 10, mouth=0.8)
    assert panel(episode, "mouth").summary.endswith("2 visits.")


def test_each_chart_of_movement_says_what_is_healthy_and_whose_the_band_is(episode, as_clinician):
    for day, left in ((3, 10.0), (24, 4.0)):
        visit = scenes.visit(episode, day)
        photographed(visit, "rest", symmetry("palpebral_fissure", 10.0, 10.0))
        photographed(visit, "gentle_eye_closure", symmetry("palpebral_fissure", left, 0.0))

    eye = panel(episode, "eye")
    bands = {band.kind: band for band in eye.bands}

    assert bands["healthy"].label == "healthy: from 0.88" and "the best" in bands["error"].label
    page = as_clinician.get(reverse("patients:detail", args=[episode.patient_id])).content.decode()
    for band in eye.bands:
        assert page.count(band.label) == 1
    assert "nine in ten of 15 simulated healthy people" in page
