"""Treatments on the time axis: what stands at their marks, in the list, the file and the data."""

from __future__ import annotations

import csv
import io
import itertools
import re

import pytest
from django.urls import reverse

from clinic.recovery.geometry import FLAG_TOP, HEIGHT, PlotArea
from clinic.recovery.selectors import course
from clinic.recovery.timeline import timeline

from .. import factories
from . import scenes
from .test_export import whole

pytestmark = pytest.mark.django_db

INJECTIONS = [
    {"muscle": "orbicularis_oculi", "side": "left", "units": 2.5},
    {"muscle": "mentalis", "side": "left", "units": 10.0},
]


def seen(episode, weeks=(0, 4, 8)):  # type: ignore[no-untyped-def]
    for week in weeks:
        scenes.measured(episode, 1 + 7 * week, mouth=0.5, grade=4)


def toxin(episode, day: int = 20, **more):  # type: ignore[no-untyped-def]
    values = {"product": "onabotulinumtoxin_a", "injections": INJECTIONS, **more}
    return factories.TreatmentFactory(
        episode=episode, kind="botulinum_toxin", date=scenes.on(day).date(), **values
    )


def flags(episode):  # type: ignore[no-untyped-def]
    history = course(episode=episode)
    time = timeline(history)
    assert time is not None
    return PlotArea(time, -0.4, 1.0).flags(history)


def test_marks_say_what_was_done_and_when(as_clinician, patient, episode):
    seen(episode)
    toxin(episode, note="Synkinesis")
    page = as_clinician.get(reverse("patients:detail", args=[patient.pk])).content.decode()
    listed = page[page.index('<div class="events">') :].split("</ol>")[0]
    assert "<strong>Botulinum toxin, 12.5\u00a0U</strong>" in listed
    assert "Mentalis, left 10\u00a0U; Synkinesis" in " ".join(re.split(r"[ \n]+", listed))
    assert "21 September 2026" in listed
    assert "<title>Botulinum toxin, 12.5\u00a0U; 21 September 2026</title>" in page


def test_several_of_one_day_share_a_mark_and_none_lies_on_another(episode):
    seen(episode)
    for kind in ("steroids", "antivirals", "surgery"):
        factories.TreatmentFactory(episode=episode, kind=kind, date=scenes.on(20).date())
    for day in range(21, 27):
        toxin(episode, day)
    found = flags(episode)
    assert found[0].numbers == "1, 2, 3" and found[0].words.startswith("Steroids; Antivirals; Surgery; ")
    assert len({one.x for one in found}) == len(found) == 7
    shown = [one for one in found if one.numbers]
    for one, other in itertools.combinations(shown, 2):
        assert one.y != other.y or abs(one.x - other.x) >= one.half + other.half
    assert [number for one in shown for number in one.numbers.split(", ")] == [str(n) for n in range(1, 10)]


def test_where_marks_find_no_room_each_still_says_in_words_what_it_is(episode):
    seen(episode, range(0, 60, 6))
    for day in range(1, 60):
        toxin(episode, day)
    found = flags(episode)
    assert len(found) == 59 and all(one.words.startswith("Botulinum toxin") for one in found)
    assert {one.numbers for one in found} >= {"1", ""}
    assert all(FLAG_TOP <= one.y < HEIGHT for one in found)


def test_the_file_and_the_data_tell_product_units_and_the_rest_apart(as_clinician, patient, episode):
    seen(episode)
    toxin(episode)
    toxin(episode, 21, product="", injections=[])
    factories.TreatmentFactory(
        episode=episode, kind="steroids", drug="Prednisolone", dose_mg=60, days=10, date=scenes.on(2).date()
    )
    answer = as_clinician.get(reverse("recovery:csv", args=[patient.pk]))
    rows = list(csv.DictReader(io.StringIO(whole(answer).decode("utf-8-sig"))))
    told = [row for row in rows if row["record"] == "treatment"]
    columns = ("treatment_product", "treatment_units", "treatment_details")
    assert [tuple(row[name] for name in columns) for row in told] == [
        ("", "", "drug=Prednisolone; dose_mg=60; days=10"),
        (
            "onabotulinumtoxin_a",
            "12.5",
            "product=onabotulinumtoxin_a; orbicularis_oculi left=2.5; mentalis left=10",
        ),
        ("", "", ""),
    ]
    data = as_clinician.get(reverse("recovery:data", args=[patient.pk])).json()
    assert [one["units"] for one in data["treatments"]] == [None, 12.5, None], "what nobody told isn't 0"
    assert [one["title"] for one in data["events"]][:2] == [
        "Steroids, 60 mg a day",
        "Botulinum toxin, 12.5\u00a0U",
    ]


def test_other_columns_of_the_file_stand_where_they_stood(as_clinician, patient, episode):
    seen(episode)
    toxin(episode)
    answer = as_clinician.get(reverse("recovery:csv", args=[patient.pk]))
    header = whole(answer).decode("utf-8-sig").splitlines()[0].split(",")
    at = header.index("event")
    assert header[at - 2 : at + 5] == [
        *("model_rest_date", "model_release", "event", "note"),
        *("treatment_product", "treatment_units", "treatment_details"),
    ], "what is new stands behind them"
