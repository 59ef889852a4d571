"""The list of patients: who is found, in which order, and what each row says."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from clinic.patients.models import Patient
from clinic.recovery import standing
from clinic.recovery.models import PatientSummary
from clinic.recovery.services import refresh_summary
from tests import factories
from tests.conftest import logged_in

LIST = reverse("patients:list")


def make(clinic: Any, name: str, **fields: Any) -> Patient:
    """A patient with an episode and, if `days` is given, a last visit so many days ago."""
    number, days = fields.pop("number", None), fields.pop("days", None)
    figures = {"worse", "to_retake", "to_confirm", "failed", "clinician_grade", "model_grade", "symmetry"}
    summary = {key: fields.pop(key) for key in tuple(fields) if key in figures}
    archived = fields.pop("archived", False)
    patient = factories.PatientFactory(
        clinic=clinic,
        name=name,
        archived_at=timezone.now() if archived else None,
        **({"record_number": number} if number else {}),
    )
    episode = factories.EpisodeFactory(patient=patient, **fields)
    at = timezone.now() - dt.timedelta(days=days) if days is not None else None
    newest = {name: getattr(episode, name) for name in ("cause", "weak_side", "onset_date")}
    PatientSummary.objects.create(patient=patient, last_visit_at=at, **newest, **summary)
    standing.place(patient_id=patient.pk)
    return patient


def look(client: Any, query: str = "", **more: Any) -> Any:
    """The list under an address's filters; the words for `q` are typed into the search."""
    asked = QueryDict(query.removeprefix("?"))
    if "q" not in asked:
        return client.get(LIST + query, **more)
    return client.post(reverse("patients:search"), asked, follow=True, **more)


def names(client: Any, query: str = "") -> list[str]:
    """The names in the list, in their order."""
    answer = look(client, query)
    assert answer.status_code == 200
    return re.findall(r'class="stretched-link"[^>]*>([^<]*)<', answer.content.decode())


@pytest.fixture
def four(clinic: Any) -> None:
    make(clinic, "Ayu Lestari", number="M-0001", cause="stroke", weak_side="right", days=2)
    make(clinic, "Budi Santoso", number="M-0002", cause="bells_palsy", weak_side="left", days=20, worse=True)
    make(clinic, "Citra Ayuningtyas", number="X-0003", cause="bells_palsy", weak_side="", days=60)
    make(clinic, "Dewi Anggraini", number="X-0104", cause="ramsay_hunt", weak_side="both", to_confirm=2)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "Ayu Budi Citra Dewi"),
        ("?q=ayu", "Ayu Citra"),
        ("?q=LESTARI+ayu", "Ayu"),
        ("?q=m-00", "Ayu Budi"),
        ("?q=0104", "Dewi"),
        ("?q=%20%20budi%20", "Budi"),
        ("?q=stroke", "Ayu"),
        ("?q=nobody", ""),
        ("?q=%25", ""),
        ("?q=%00ayu", "Ayu Citra"),
        ("?cause=bells_palsy", "Budi Citra"),
        ("?cause=bells_palsy&cause=stroke", "Ayu Budi Citra"),
        ("?cause=bells_palsy&q=ayu", "Citra"),
        ("?side=left", "Budi"),
        ("?side=both", "Dewi"),
        ("?side=none", "Citra"),
        ("?seen=week", "Ayu"),
        ("?seen=month", "Ayu Budi"),
        ("?seen=lapsed", "Citra"),
        ("?seen=never", "Dewi"),
        ("?attention=1", "Budi Citra"),
        ("?attention=on", "Budi Citra"),
        ("?attention=1&cause=bells_palsy&side=left", "Budi"),
        ("?page=x", "Ayu Budi Citra Dewi"),
        ("?page=99", "Ayu Budi Citra Dewi"),
        ("?sort=-name", "Dewi Citra Budi Ayu"),
        ("?sort=-visit", "Ayu Budi Citra Dewi"),
        ("?sort=visit", "Citra Budi Ayu Dewi"),
    ],
)
def test_search_filter_and_sort(as_clinician, four: None, query: str, found: str) -> None:
    assert [name.split()[0] for name in names(as_clinician, query)] == found.split()


def test_patients_sort_by_onset_and_those_without_come_last(as_clinician, clinic) -> None:
    make(clinic, "Old", onset_date=dt.date(2020, 1, 1))
    make(clinic, "New", onset_date=dt.date(2026, 1, 1))
    refresh_summary(patient_id=factories.PatientFactory(clinic=clinic, name="None").pk)
    assert names(as_clinician, "?sort=onset") == ["Old", "New", "None"]
    assert names(as_clinician, "?sort=-onset") == ["New", "Old", "None"]


def test_the_newest_episode_is_the_one_that_is_filtered_by(as_clinician, clinic) -> None:
    patient = make(clinic, "Twice Ill", cause="stroke", weak_side="left", onset_date=dt.date(2020, 1, 1))
    factories.EpisodeFactory(
        patient=patient, cause="trauma", weak_side="right", onset_date=dt.date(2025, 1, 1)
    )
    refresh_summary(patient_id=patient.pk)
    assert names(as_clinician, "?cause=trauma&side=right") == ["Twice Ill"]
    assert names(as_clinician, "?cause=stroke") == []


@pytest.mark.parametrize(
    ("summary", "asks"),
    [
        ({"worse": True, "days": 1}, True),
        ({"to_retake": 1, "days": 1}, True),
        ({"to_confirm": 1, "days": 1}, False),
        ({"failed": 1, "days": 1}, True),
        ({"days": 43}, True),
        ({"days": 41}, False),
        ({"days": 43, "clinician_grade": 1}, False),
        ({"days": 43, "clinician_grade": 2}, True),
        ({}, False),
    ],
)
def test_who_needs_attention(as_clinician, clinic, summary: dict[str, Any], asks: bool) -> None:
    make(clinic, "One", **summary)
    assert bool(names(as_clinician, "?attention=1")) is asks


def test_counts_beside_the_filters_are_what_they_leave(as_clinician, four: None) -> None:
    page = look(as_clinician, "?q=ayu").context["facets"]
    assert page.total == 2
    assert page.causes["stroke"] == 1 and page.causes["bells_palsy"] == 1 and page.causes["ramsay_hunt"] == 0
    # Among those of one cause, the other causes' counts stay what they would give.
    page = as_clinician.get(LIST + "?cause=stroke").context["facets"]
    assert (page.total, page.causes["bells_palsy"], page.weak_sides["left"]) == (1, 2, 0)


def test_archived_patients_are_on_a_shelf_of_their_own(as_clinician, clinic) -> None:
    make(clinic, "Present")
    make(clinic, "Gone", archived=True)
    assert names(as_clinician) == ["Present"]
    assert "1 archived patient" in as_clinician.get(LIST).content.decode()
    assert names(as_clinician, "?archived=1") == ["Gone"]


def test_the_list_goes_over_pages_and_keeps_its_filters(as_clinician, clinic) -> None:
    for number in range(27):
        make(clinic, f"P{number:02}", cause="stroke")
    assert len(names(as_clinician, "?cause=stroke")) == 25
    assert names(as_clinician, "?cause=stroke&page=2") == ["P25", "P26"]
    page = as_clinician.get(LIST + "?cause=stroke&sort=-name").content.decode()
    assert "?cause=stroke&amp;sort=-name&amp;page=2" in page
    assert "Page 1 of 2" in page


def test_a_row_tells_the_clinicians_grade_first_and_marks_the_models(as_clinician, clinic) -> None:
    make(clinic, "By Hand", days=1, clinician_grade=3, model_grade=5)
    page = as_clinician.get(LIST).content.decode()
    assert "Grade III" in page and "Grade V" not in page and "mark-model" not in page
    Patient.objects.all()[0].summary.delete()
    PatientSummary.objects.create(
        patient=Patient.objects.get(), model_grade=5, symmetry=[0.5, None, 0.75], last_visit_at=timezone.now()
    )
    page = as_clinician.get(LIST).content.decode()
    assert "Grade V" in page and "mark-model" in page
    assert "Symmetry from 0.50 to 0.75 in 2 visits" in page


def test_empty_states_say_what_to_do(as_clinician, as_reviewer) -> None:
    page = as_clinician.get(LIST).content.decode()
    assert "No patients yet" in page and reverse("patients:new") in page
    assert reverse("patients:new") not in as_reviewer.get(LIST).content.decode()
    page = look(as_clinician, "?q=nobody").content.decode()
    assert "No patient matches" in page and f'href="{LIST}"' in page
    assert "Nobody is archived" in as_clinician.get(LIST + "?archived=1").content.decode()


def test_typing_brings_the_results_alone_and_going_back_the_page(as_clinician, four: None) -> None:
    part = look(as_clinician, "?q=ayu", headers={"HX-Request": "true"})
    assert part.content.decode().lstrip().startswith('<div id="results"')
    assert "HX-Request" in part.headers["Vary"]
    going_back = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    whole = as_clinician.get(part.request["PATH_INFO"], headers=going_back)
    assert "<html" in whole.content.decode()


def test_no_address_holds_the_name_searched_for(as_clinician, as_reviewer, four: None) -> None:
    answer = look(as_clinician, "?q=ayu&cause=bells_palsy")
    address = answer.redirect_chain[-1][0]
    assert "cause=bells_palsy" in address and "search=" in address
    page = answer.content.decode()
    assert 'value="ayu"' in page and not re.search(r"(?i)(href|action|hx-get)=\"[^\"]*ayu", page)
    # The same words keep their address; it means nothing to anybody else, or once it is forgotten.
    assert look(as_clinician, "?q=ayu&cause=bells_palsy").redirect_chain[-1][0] == address
    assert names(as_clinician, address.removeprefix(LIST)) == ["Citra Ayuningtyas"]
    assert_nobody(as_reviewer, address.removeprefix(LIST), "This search is no longer known")
    for number in range(40):
        look(as_clinician, f"?q=nobody{number}")
    assert_nobody(as_clinician, address.removeprefix(LIST), "This search is no longer known")


def assert_nobody(client: Any, query: str, sentence: str) -> None:
    answer = client.get(LIST + query)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert sentence in page and "stretched-link" not in page and f'href="{LIST}"' in page
    assert not any(name in page for name in ("Ayu", "Budi", "Citra", "Dewi"))


@pytest.mark.parametrize(
    "query",
    [
        "?cause=witchcraft",
        "?cause=stroke&cause=witchcraft",
        "?cause=",
        "?side=up",
        "?seen=tomorrow",
        "?seen=week&seen=month",
        "?attention=yes",
        "?archived=maybe",
        "?sort=shoe-size",
        "?cuase=stroke",
        "?page=1&nonsense=1",
    ],
)
def test_an_address_that_no_filter_understands_shows_nobody(as_clinician, four: None, query: str) -> None:
    assert_nobody(as_clinician, query, "This address is not understood")


def test_what_is_searched_for_stays_text(as_clinician) -> None:
    page = look(as_clinician, urlencode({"q": '"><script>alert(1)</script>'})).content.decode()
    assert "&lt;script&gt;alert" in page
    assert "<script>alert" not in page


def test_patients_of_another_clinic_are_in_no_list(as_clinician, stranger, four: None, clinic) -> None:
    other = stranger.memberships.get().clinic
    make(other, "Ayu Elsewhere", number="M-0001")
    assert "Ayu Elsewhere" not in names(as_clinician, "?q=ayu")
    assert names(logged_in(stranger), "?q=ayu") == ["Ayu Elsewhere"]


def test_the_list_shows_the_active_clinic_only(clinic, clinician) -> None:
    second = factories.MembershipFactory(user=clinician, clinic__name="AAA First").clinic
    make(clinic, "Here")
    make(second, "There")
    client = logged_in(clinician)
    assert names(client) == ["There"]
    client.post(reverse("accounts:switch_clinic"), {"clinic": str(clinic.pk)})
    assert names(client) == ["Here"]


def test_the_list_needs_the_same_few_queries_for_one_and_for_many(
    as_clinician, clinic, django_assert_max_num_queries
) -> None:
    for number in range(24):
        make(clinic, f"P{number:02}", days=number, symmetry=[0.5, 0.6], to_confirm=number % 2)
    with django_assert_max_num_queries(12):
        as_clinician.get(LIST)
