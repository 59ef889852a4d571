"""The CSV: the page's own figures, with units and dates that any program reads, and nothing that runs."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.urls import reverse

from clinic.recovery import export
from clinic.recovery.course import number
from clinic.recovery.selectors import history
from tests import factories

from . import scenes

pytestmark = pytest.mark.django_db


def table(client, patient, **query):  # type: ignore[no-untyped-def]
    response = client.get(reverse("recovery:csv", args=[patient.pk]), query)
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))


def rich(episode):  # type: ignore[no-untyped-def]
    first = scenes.measured(episode, 3, mouth=0.515, grade=4, release="2026.11.1")
    second = scenes.measured(episode, 24, mouth=0.735, grade=3, release="2027.2")
    visit = scenes.visit(episode, 30, grade=2)
    analysis = scenes.analysed(visit, "smile", mouth=0.812, grade=3, release="2027.2")
    factories.ConfirmationFactory(analysis=analysis, exercise="show_teeth", grade=2, agrees=False)
    factories.rejected(scenes.photo(visit, "rest"))
    factories.TreatmentFactory(episode=episode, date=scenes.on(2).date(), note="=HYPERLINK(1)")
    return first, second, visit


def test_the_page_the_json_and_the_csv_say_the_same(as_clinician, patient, episode):
    rich(episode)
    rows = [row for row in table(as_clinician, patient) if row["record"] == "visit"]
    page = as_clinician.get(reverse("patients:detail", args=[patient.pk])).content.decode()
    data = as_clinician.get(reverse("recovery:data", args=[patient.pk])).json()

    body = page.split('id="recovery-table"')[1].split("</tbody>")[0].split("<tbody")[1]
    shown = [re.findall(r"<td.*?</td>", row, re.S) for row in body.split("</tr>") if "<td" in row][::-1]
    assert len(rows) == len(shown) == len(data["visits"]) == 3
    for row, cells, visit in zip(rows, shown, data["visits"], strict=True):
        assert row["date"] == visit["date"]
        assert int(row["day_since_onset"]) == visit["day"]
        for place, region in ((3, "mouth"), (4, "eye"), (5, "brow")):
            cell = re.sub(r"<[^>]+>", " ", cells[place]).split()
            value = row[f"model_{region}_symmetry"]
            reading = visit["model"][region]
            assert cell[0] == (number(float(value)) if value else "–")
            assert (reading["text"] if reading else "–") == cell[0]
        grade = visit["model"]["grade_text"]
        assert re.sub(r"<[^>]+>", " ", cells[2]).split()[0] == (grade or "–")
        assert row["model_grade"] == (str(visit["model"]["grade"]) if grade else "")
        assert row["model_preliminary"] == ("yes" if visit["model"]["preliminary"] else "no")


def test_every_row_knows_its_patient_its_day_and_its_kind(as_clinician, patient, episode):
    rich(episode)

    rows = table(as_clinician, patient)

    assert [row["record"] for row in rows] == [
        *("treatment", "visit", "photo", "photo"),
        *("model_change", "visit", "photo", "photo"),
        *("visit", "photo", "photo"),
    ]
    assert {row["record_number"] for row in rows} == {patient.record_number}
    assert {row["onset_date"] for row in rows} == {"2026-09-01"}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", row["date"]) for row in rows)
    assert rows[4]["event"] == "2026.11.1 > 2027.2"


def test_model_and_clinician_stand_in_columns_of_their_own(as_clinician, patient, episode):
    rich(episode)

    corrected, rejected = [row for row in table(as_clinician, patient) if row["record"] == "photo"][-2:]

    assert (corrected["exercise"], corrected["model_exercise"]) == ("show_teeth", "smile")
    assert (corrected["clinician_confirmed_grade"], corrected["model_grade"]) == ("2", "3")
    assert (corrected["clinician_palsy"], corrected["model_preliminary"]) == ("yes", "no")
    assert (corrected["model_mouth_left_mm"], corrected["model_mouth_right_mm"]) == ("25.984", "32")
    assert rejected["event"] == "blurred"
    assert {name: value for name, value in rejected.items() if name.startswith("model_") and value} == {}


def test_columns_name_who_said_it(as_clinician, patient, episode):
    said = [
        name
        for name in export.COLUMNS
        if re.search(r"grade|weak_side|palsy|symmetry|_mm|release", name) and name != "weak_side"
    ]

    assert said and all(name.startswith(("clinician_", "model_")) for name in said)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "  =1", "＝1", "\r=1"])
def test_words_that_a_spreadsheet_would_run_are_kept_from_it(patient, episode, text):
    factories.TreatmentFactory(episode=episode, date=scenes.ONSET, note=text)

    content = export.history_csv(history=history(episode=episode), record_number="=R-1")
    (row,) = csv.DictReader(io.StringIO(content[1:], newline=""))

    assert (row["note"], row["record_number"]) == (f"'{text}", "'=R-1")


def test_numbers_stay_numbers_below_zero(patient, episode):
    scenes.visit(episode, -8)

    content = export.history_csv(history=history(episode=episode), record_number="R")
    (row,) = csv.DictReader(io.StringIO(content[1:]))

    assert (row["day_since_onset"], row["week_since_onset"]) == ("-8", "-2")


def test_an_earlier_episode_can_be_exported(as_clinician, patient, episode):
    earlier = factories.EpisodeFactory(patient=patient, onset_date=scenes.on(-900).date())
    scenes.measured(earlier, -880)
    scenes.measured(episode, 5)

    assert len(table(as_clinician, patient, episode=str(earlier.pk))) == 3
    assert table(as_clinician, patient, episode=str(earlier.pk))[0]["onset_date"] == "2024-03-15"


def test_without_an_episode_the_file_has_its_columns_alone(as_clinician, patient):
    response = as_clinician.get(reverse("recovery:csv", args=[patient.pk]))

    assert response.content.decode("utf-8-sig").strip().split(",") == list(export.COLUMNS)


def test_the_files_name_tells_nothing_and_the_export_is_recorded(as_clinician, clinician, patient, episode):
    from clinic.audit.models import Access, ReadEvent

    response = as_clinician.get(reverse("recovery:csv", args=[patient.pk]))

    assert re.fullmatch(
        r'attachment; filename="recovery-\d{4}-\d\d-\d\d\.csv"', response["Content-Disposition"]
    )
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]
    read = ReadEvent.objects.get()
    assert (read.access, read.page, read.patient, read.user) == (
        Access.EXPORT,
        "recovery:csv",
        patient,
        clinician,
    )


def test_the_csv_says_where_the_model_is_uncertain_and_which_exercise_gave_a_figure(
    as_clinician, patient, episode
):
    visit = scenes.visit(episode, 5)
    scenes.analysed(visit, "brow_raise", brow=0.5)
    analysis = scenes.analysed(visit, "rest", grade=2)
    analysis.findings["palsy_verdict"] = "uncertain"
    analysis.save()

    rows = table(as_clinician, patient)

    (whole,) = [row for row in rows if row["record"] == "visit"]
    assert (whole["model_brow_exercise"], whole["model_eye_exercise"]) == ("brow_raise", "rest")
    (uncertain,) = [row for row in rows if row["exercise"] == "rest"]
    assert (uncertain["model_palsy_verdict"], uncertain["model_grade"], uncertain["model_weak_side"]) == (
        "uncertain", "", "",
    )  # fmt: skip
