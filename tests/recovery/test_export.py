"""The CSV: the page's own figures, with units and dates that any program reads, and nothing that runs."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.urls import reverse

from clinic.common import sheets
from clinic.recovery import export
from clinic.recovery.course import number
from clinic.recovery.selectors import history
from inference.pipeline.measure import MEASURES
from tests import factories

from . import scenes

pytestmark = pytest.mark.django_db


def whole(response) -> bytes:  # type: ignore[no-untyped-def]
    """A file that is sent as it grows."""
    return b"".join(response.streaming_content)


def table(client, patient, **query):  # type: ignore[no-untyped-def]
    response = client.get(reverse("recovery:csv", args=[patient.pk]), query)
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(whole(response).decode("utf-8-sig"))))


def rich(episode):  # type: ignore[no-untyped-def]
    first = scenes.measured(episode, 3, mouth=0.515, grade=4, release="2026.11.1")
    second = scenes.measured(episode, 24, mouth=0.735, grade=3, release="2027.2")
    visit = scenes.visit(episode, 30, grade=2)
    analysis = scenes.analysed(visit, "smile", mouth=0.812, grade=3, release="2027.2")
    type(analysis.photo).objects.filter(pk=analysis.photo_id).update(exercise="show_teeth")
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
        for place, region in ((2, "mouth"), (3, "eye"), (4, "brow")):
            cell = re.sub(r"<[^>]+>", " ", cells[place]).split()
            value = row[f"model_{region}_movement"] or row[f"model_{region}_symmetry"]
            reading = visit["model"][region]
            assert cell[0] == (number(float(value)) if value else "–")
            assert (reading["text"] if reading else "–") == cell[0]
        grade = visit["model"]["grade_text"]
        assert re.sub(r"<[^>]+>", " ", cells[1]).split()[0] == (grade or "–")
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
    assert corrected["model_grade"] == "", "a photo has no grade"
    assert (corrected["clinician_palsy"], corrected["model_preliminary"]) == ("yes", "no")
    assert (corrected["model_mouth_left_mm"], corrected["model_mouth_right_mm"]) == ("25.984", "32")
    assert rejected["event"] == "blurred"
    assert {name: value for name, value in rejected.items() if name.startswith("model_") and value} == {}


def test_columns_name_who_said_it(as_clinician, patient, episode):
    whose = ("weak_side", "visit_grade", "visit_grade_source")
    said = [
        name
        for name in export.COLUMNS
        if re.search(r"grade|weak_side|palsy|symmetry|movement|measure|_mm|release", name)
        and name not in whose
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

    assert whole(response).decode("utf-8-sig").strip().split(",") == list(export.COLUMNS)


def test_the_file_is_named_for_its_patient_and_the_export_is_recorded(
    as_clinician, clinician, patient, episode
):
    from clinic.audit.models import Access, ReadEvent

    response = as_clinician.get(reverse("recovery:csv", args=[patient.pk]))

    name = rf'attachment; filename="recovery-{patient.record_number}-\d{{4}}-\d\d-\d\d\.csv"'
    assert re.fullmatch(name, response["Content-Disposition"])
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


def emotrics(exercise: str, **found: object) -> dict[str, object]:
    """Findings that hold every measure of the registry, as the pipeline gives them."""
    data = factories.findings(exercise=exercise)
    measures = {
        one.name: {"left": 3.0, "right": 5.0, "difference": -2.0, "ratio": 0.6}
        if one.sided
        else {"value": -1.25}
        for one in MEASURES
    }
    scale = {"scale_from": "iris", "eyes_px": 155.0, "eyes_mm": 62.0, "measures": measures}
    data["symmetry"] = {**data["symmetry"], **scale, **found}  # type: ignore[dict-item]
    return data


def test_every_measure_of_a_photo_is_there_with_sign_unit_error_and_scale(as_clinician, patient, episode):
    visit = scenes.visit(episode, 5)
    for exercise in ("rest", "smile_with_teeth"):
        factories.AnalysisFactory(
            photo=scenes.photo(visit, exercise), release="2026.11.5", data=emotrics(exercise)
        )

    rows = [row for row in table(as_clinician, patient) if row["record"] == "measure"]

    assert {row["model_measure"] for row in rows} == {one.name for one in MEASURES}
    brow = next(row for row in rows if row["model_measure"] == "brow_height")
    assert (brow["model_measure_left"], brow["model_measure_right"], brow["model_measure_difference"]) == (
        "3",
        "5",
        "-2",
    )
    assert (brow["model_measure_unit"], brow["model_measure_error"], brow["model_scale_from"]) == (
        "mm",
        "2.3637",
        "iris",
    )
    corner = next(row for row in rows if row["model_measure"] == "commissure_height")
    assert (corner["model_measure_value"], corner["model_measure_left"]) == ("-1.25", "")
    angle = next(row for row in rows if row["model_measure"] == "smile_angle")
    assert (angle["model_measure_unit"], angle["model_scale_from"]) == ("deg", "")


def test_closed_eyes_are_scaled_alike_in_page_file_and_api(as_clinician, clinician, patient, episode):
    """The mesh makes up irises behind shut lids, 9 % smaller than they are: nobody may show that scale."""
    visit = scenes.visit(episode, 5)
    factories.AnalysisFactory(photo=scenes.photo(visit, "rest"), release="2026.11.5", data=emotrics("rest"))
    eyes = {"eye": {"left": 6.9, "right": 0.0, "ratio": 0.0}, "mm_per_px": 0.4, "eyes_px": 136.6}
    closed = emotrics("tight_eye_closure", **eyes)
    factories.AnalysisFactory(
        photo=scenes.photo(visit, "tight_eye_closure"), release="2026.11.5", data=closed
    )

    (photo,) = [
        row for row in table(as_clinician, patient) if row["record"] == "photo" and row["exercise"] != "rest"
    ]
    found = as_clinician.get(reverse("api:episode-history", args=[episode.pk])).json()
    (shown,) = [one for one in found["visits"][0]["photos"] if one["exercise"] == "tight_eye_closure"]
    fissure = next(one for one in shown["measures"] if one["name"] == "palpebral_fissure")

    assert (photo["model_eye_left_mm"], photo["model_scale_from"]) == ("7.83", "rest_photo")
    assert (fissure["left"], fissure["scale_from"]) == (3.4, "rest_photo")


@pytest.mark.parametrize(
    ("language", "first", "number"),
    [("en", "record,record_number,", "0.55"), ("id", "record;record_number;", "0,55")],
)
def test_a_file_for_people_opens_in_the_excel_of_their_language(
    as_clinician, patient, episode, language, first, number
):
    scenes.measured(episode, 5, mouth=0.55)
    as_clinician.cookies["django_language"] = language

    content = whole(as_clinician.get(reverse("recovery:csv", args=[patient.pk]))).decode()

    assert content.startswith(f"\ufeff{first}")
    assert number in content


@pytest.mark.parametrize("number", ["00123", "1E5", "3-4", "12/2024", "123456789012345678"])
def test_a_record_number_stays_what_it_is_in_excel_and_in_programs(as_clinician, patient, episode, number):
    type(patient).objects.filter(pk=patient.pk).update(record_number=number)
    scenes.visit(episode, 5)

    (row,) = table(as_clinician, patient)
    exact = export.history_csv(history=history(episode=episode), record_number=number)

    assert row["record_number"] == f'="{number}"'
    assert next(csv.DictReader(io.StringIO(exact[1:])))["record_number"] == number


@pytest.mark.parametrize("number", ["R-00012", "M-0105", "A 7"])
def test_a_record_number_that_excel_leaves_alone_is_left_alone(as_clinician, patient, episode, number):
    type(patient).objects.filter(pk=patient.pk).update(record_number=number)
    scenes.visit(episode, 5)

    assert table(as_clinician, patient)[0]["record_number"] == number


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("M-0105", "recovery-M-0105-"),
        ("7/24 a", "recovery-7_24_a-"),
        ("../x", "recovery-x-"),
        ("№ 5", "recovery-5-"),
    ],
)
def test_a_files_name_holds_nothing_that_a_disk_refuses(number, name):
    assert sheets.file_name("recovery", number, scenes.ONSET) == f"{name}2026-09-01.csv"


@pytest.mark.parametrize("dialect", [sheets.Dialect(",", ".", True), sheets.Dialect(";", ",", True)], ids=str)
@pytest.mark.parametrize("start", sheets.FORMULA)
@pytest.mark.parametrize(
    "before", ["", " ", "\u00a0", "a,", "a;", "a; ", "a|", "a\t", "a\n", "a\r\n", 'a,"', "a;'", 'a;" ']
)
def test_no_spreadsheet_of_any_language_finds_a_formula_in_a_text(dialect, start: str, before: str) -> None:
    text = f"{before}{start}1+1,b;c|d"
    written = sheets.line(["2026-11-30", sheets.cell(text, dialect), "end"], dialect)
    for separator in ",;|\t":
        for piece in re.split(rf"[{separator}\r\n]", written):
            assert not piece.strip('" \t\u00a0').startswith(tuple("=+-@＝＋－＠")), (separator, written)


def test_a_number_in_a_file_for_people_stays_one() -> None:
    assert sheets.cell(-0.25, sheets.Dialect(";", ",", True)) == "-0,25"
    assert sheets.cell("left, 60 mg; from day 3", sheets.Dialect(";", ",", True)) == "left, 60 mg; from day 3"
    assert sheets.cell("a, -b") == "a, -b", "a program reads what was typed"


def test_a_long_file_is_sent_as_it_grows_and_is_the_same(as_clinician, patient, episode, monkeypatch):
    for day in range(3):
        scenes.measured(episode, day)
    content = export.history_csv(history=history(episode=episode), record_number=patient.record_number)
    monkeypatch.setattr(export, "PIECES_AT_ONCE", 2)
    response = as_clinician.get(reverse("recovery:csv", args=[patient.pk]))
    parts = list(response.streaming_content)
    assert response.streaming and len(parts) > 4
    read = csv.DictReader(io.StringIO(b"".join(parts).decode("utf-8-sig")))
    assert len(list(read)) == len(list(csv.DictReader(io.StringIO(content.removeprefix("\ufeff")))))
