"""People are found, sorted and recognised however their names, numbers and dates are written."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from clinic.common.folding import compact, fold, tidy_number
from clinic.overview import selectors
from clinic.patients import lookup, services
from clinic.patients.models import Patient
from clinic.patients.selectors import likely_duplicates
from tests.overview.test_list import names

from .. import factories

pytestmark = pytest.mark.django_db
BORN = dt.date(1979, 4, 3)


@pytest.fixture
def somebody(clinic) -> Patient:
    return factories.PatientFactory(
        clinic=clinic,
        name="Máire O’Neill-Ødegård José",
        record_number="M-0202",
        phone="+62 (812) 345-6789",
        birth_date=BORN,
    )


def found(user: Any, clinic: Any, text: str) -> list[str]:
    return [patient.record_number for patient in selectors.search(user=user, clinic=clinic, text=text)]


@pytest.mark.parametrize(
    "text",
    [
        "oneill",
        "O'NEILL",
        "o neill",
        "O`Neill",
        "maire",
        "MAIRE jose",
        "Jose\u0301 Ma\u0301ire",
        "neill odegard",
        "oneillodegard",
        "Ｍáire",
        "jo\u200bse",
        "M0202",
        "m-0202",
        "M\u20110202",
        "ｍ０２０２",
        "0202",
        "0812 345 6789",
        "+628123456789",
        "8123456789",
        "1979-04-03",
        "3.4.1979",
        "03/04/1979",
        "4/3/1979",
    ],
)
def test_a_patient_is_found_however_it_is_typed(clinic, clinician, somebody, text):
    other = factories.PatientFactory(
        clinic=clinic, name="Zora Unlike", record_number="Q-9", birth_date=dt.date(1950, 7, 30), phone="555"
    )
    assert found(clinician, clinic, text) == ["M-0202"]
    assert other.record_number in found(clinician, clinic, "")


@pytest.mark.parametrize("text", ["onell", "m-203", "1979-04-04", "999999999", "%", "--", "\u200b", "o'x"])
def test_nobody_is_found_by_what_nobody_is_called(clinic, clinician, somebody, text):
    assert found(clinician, clinic, text) == []


def test_the_list_is_in_the_order_of_a_reader_s_alphabet(as_clinician, clinic):
    for name in ("Zoe", "édith", "Eva", "Ádám", "adam b", "O'Brien", "obrian", "Ole"):
        factories.PatientFactory(clinic=clinic, name=name)
    ordered = ["Ádám", "adam b", "édith", "Eva", "obrian", "O&#x27;Brien", "Ole", "Zoe"]
    assert names(as_clinician) == ordered
    assert names(as_clinician, "?sort=-name") == ordered[::-1]


def test_what_is_searched_for_follows_a_change(clinic, clinician, somebody):
    services.update_patient(user=clinician, patient=somebody, name="Anna Neu", phone="", record_number="N 7")
    assert found(clinician, clinic, "oneill") == []
    assert found(clinician, clinic, "anna") == found(clinician, clinic, "n7") == ["N 7"]


@pytest.mark.parametrize(
    ("name", "born", "same"),
    [
        ("Maire O'Neill Odegard Jose", BORN, True),
        ("JOSE ODEGARD ONEILL MAIRE", BORN, True),
        ("José, Máire O Neill Ødegård", None, True),
        ("Maire ONeill-Odegard Jose", dt.date(1979, 3, 4), True),
        ("Maire O'Neill Odegard Jose", dt.date(1979, 5, 3), False),
        ("Maire O'Neill Jose", BORN, False),
    ],
)
def test_a_likely_duplicate_is_known_however_it_is_written(clinic, clinician, somebody, name, born, same):
    twins = likely_duplicates(user=clinician, clinic=clinic, name=name, birth_date=born)
    assert (somebody in twins) == same


@pytest.mark.parametrize(
    "number",
    [
        "m-0202",
        "M\u20110202",
        "M\u20130202",
        "M\u22120202",
        "Ｍ－０２０２",
        "M-02\u200b02",
        " M-0202 ",
        "M\u00ad0202",
    ],
)
def test_numbers_that_look_alike_are_one(clinic, clinician, somebody, number):
    with pytest.raises(ValidationError, match="taken by another patient"):
        services.create_patient(user=clinician, clinic=clinic, record_number=number, name="Somebody Else")


def test_numbers_that_differ_by_where_a_dash_stands_are_two(clinic, clinician):
    for number in ("1-23", "12-3", "123"):
        services.create_patient(user=clinician, clinic=clinic, record_number=number, name="Somebody")
    assert sorted(Patient.objects.values_list("record_number", flat=True)) == ["1-23", "12-3", "123"]


def test_a_number_is_kept_as_it_is_looked_for(clinic, clinician):
    kept = services.create_patient(
        user=clinician, clinic=clinic, record_number="Ｍ\u20130\u200b7", name="A B"
    )
    assert kept.record_number == "M-07"


def test_a_search_by_number_over_the_api_reads_it_likewise(as_clinician, somebody):
    asked = {"record_number": "m\u20130202"}
    answer = as_clinician.post("/api/v1/patients/search/", asked, content_type="application/json")
    assert [row["record_number"] for row in answer.json()["results"]] == ["M-0202"]


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing_and_compact_has_no_blank(text):
    assert fold(fold(text)) == fold(text)
    assert compact(text) == "".join(fold(text).split())
    assert tidy_number(tidy_number(text)) == tidy_number(text)


@given(st.text(max_size=30), st.text(max_size=12), st.text(max_size=20))
def test_any_name_can_be_made_searchable(name, number, phone):
    assert lookup.search_text_of(name, number, phone) == lookup.search_text_of(name, number, phone).strip()
