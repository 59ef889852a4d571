"""Today: who needs attention, why, and the one action that settles it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.examination import services as tasks
from clinic.examination.models import TaskKind
from clinic.overview.selectors import attention, needs_attention, needs_somebody, today_board, work
from clinic.overview.templatetags.overview import states
from clinic.patients.models import Patient
from clinic.recovery import rules, standing
from clinic.recovery.models import PatientSummary
from clinic.recovery.services import rebuild_summaries
from tests import factories
from tests.conftest import logged_in
from tests.recovery import scenes


@pytest.fixture
def episode(patient):  # type: ignore[no-untyped-def]
    return factories.EpisodeFactory(patient=patient, onset_date=scenes.ONSET)


pytestmark = pytest.mark.django_db
NOW = {"last_visit_at": timezone.now()}


def someone(clinic, *, name="Someone", **summary):  # type: ignore[no-untyped-def]
    patient = factories.PatientFactory(clinic=clinic, name=name)
    if summary:
        PatientSummary.objects.create(patient=patient, **({"last_visit_at": timezone.now()} | summary))
        standing.place(patient_id=patient.pk)
    return patient


def kinds(user, clinic):  # type: ignore[no-untyped-def]
    return [(item.patient.name, item.kind) for item in attention(user=user, clinic=clinic)]


LONG_AGO = timezone.now() - rules.LAPSED_AFTER - dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        ({}, []),
        ({"visits": 3}, []),
        ({"worse": True, "change": -0.2}, ["worse"]),
        ({"to_confirm": 4}, ["confirm"]),
        ({"last_visit_at": LONG_AGO}, ["lapsed"]),
        ({"last_visit_at": LONG_AGO, "clinician_grade": 2}, ["lapsed"]),
        ({"last_visit_at": LONG_AGO, "clinician_grade": 1}, []),
        ({"last_visit_at": LONG_AGO, "clinician_grade": None, "model_grade": 1}, ["lapsed"]),
    ],
)
def test_the_reasons(clinician, clinic, summary, expected):
    someone(clinic, **summary)

    assert [kind for _, kind in kinds(clinician, clinic)] == expected


def test_a_relapse_comes_first_and_results_to_confirm_last(clinician, clinic):
    someone(clinic, name="Confirm", to_confirm=1)
    someone(clinic, name="Lapsed", last_visit_at=LONG_AGO)
    someone(clinic, name="Worse", worse=True, change=-0.1, to_confirm=2)

    assert kinds(clinician, clinic) == [
        ("Worse", "worse"),
        ("Lapsed", "lapsed"),
        ("Worse", "confirm"),
        ("Confirm", "confirm"),
    ]


def test_archived_patients_and_other_clinics_are_left_alone(clinician, stranger, clinic):
    someone(clinic, worse=True)
    Patient.objects.update(archived_at=timezone.now())
    someone(factories.ClinicFactory(), worse=True)
    own = someone(clinic, name="Own", worse=True)

    assert [item.patient for item in attention(user=clinician, clinic=clinic)] == [own]
    assert attention(user=stranger, clinic=clinic) == []
    assert work(user=stranger, clinic=clinic).counts.urgent == 0


def test_each_action_leads_to_where_it_is_settled(
    as_clinician, clinician, clinic, patient, episode, monkeypatch
):
    monkeypatch.setattr(rules, "MEASUREMENT_ERROR", 0.1)
    scenes.measured(episode, 3, mouth=0.5)
    before = scenes.measured(episode, 5, mouth=0.9)
    visit = scenes.measured(episode, 12, mouth=0.3)
    fell = [one.photos.get(exercise="smile").pk for one in (before, visit)]
    factories.rejected(scenes.photo(visit, "open_mouth"))
    broken = scenes.photo(visit, "show_teeth")
    factories.failed(broken)
    rebuild_summaries()

    found = {item.kind: item for item in attention(user=clinician, clinic=clinic)}

    assert found["worse"].action_url.startswith(reverse("recovery:compare", args=[patient.pk]))
    compared = as_clinician.get(found["worse"].action_url).context["comparison"]
    assert [compared.exercise, compared.a.photo_id, compared.b.photo_id] == ["smile", *fell]
    assert found["retake"].action_url == reverse("visits:detail", args=[visit.pk])
    assert found["failed"].action_url == reverse("visits:photo", args=[broken.pk])
    assert found["confirm"].action_url.startswith(reverse("visits:review"))
    for item in found.values():
        assert as_clinician.get(item.action_url).status_code == 200


def test_a_reviewer_is_led_to_the_record_and_not_told_to_confirm(reviewer, clinic, patient):
    PatientSummary.objects.create(patient=patient, to_confirm=2, last_visit_at=LONG_AGO)

    found = attention(user=reviewer, clinic=clinic)

    record = reverse("patients:detail", args=[patient.pk])
    assert [(item.action_url, item.action_label) for item in found] == [(record, "Open the record")]


def test_the_list_of_patients_and_today_mean_one_thing_by_attention(as_clinician, clinician, clinic):
    """Whom Today has to follow up the list's filter finds, in the same number and word, each with a reason."""
    for number, summary in enumerate(
        [
            *({"worse": True}, {"to_retake": 1}, {"failed": 1}, {"to_confirm": 1}, {"visits": 2}),
            *({"last_visit_at": LONG_AGO}, {"last_visit_at": LONG_AGO, "clinician_grade": 1}),
        ]
    ):
        someone(clinic, name=str(number), **summary)
    someone(clinic, name="no summary")
    told = someone(clinic, name="a task", visits=1)
    episode = factories.EpisodeFactory(patient=told)
    tasks.raise_task(user=clinician, episode=episode, kind=TaskKind.EYE_CLOSURE, plan="Tape at night")

    listed = set(Patient.objects.filter(needs_attention()).values_list("name", flat=True))
    assert listed == {"0", "1", "2", "5", "a task"}
    assert set(Patient.objects.filter(needs_somebody()).values_list("name", flat=True)) == listed | {"3"}
    board = today_board(user=clinician, clinic=clinic)
    page = as_clinician.get(reverse("patients:list"), {"attention": "on"})
    shown = list(page.context["page"].object_list)
    assert {patient.name for patient in shown} == listed
    assert all(states(patient) for patient in shown)
    assert page.context["facets"].attention == board.work.counts.urgent == 5
    assert "To follow up" in page.content.decode()


# --- the page ---


def test_a_new_clinic_is_told_the_first_step(as_clinician, reviewer, clinic):
    page = as_clinician.get("/").content.decode()

    assert "Begin with the first patient" in page
    assert reverse("patients:new") in page
    assert reverse("patients:new") not in logged_in(reviewer).get("/").content.decode()


def test_the_board_counts_and_names(as_clinician, clinician, clinic, patient, episode):
    visit = scenes.measured(episode, 3)
    type(visit).objects.update(at=timezone.now())
    factories.AnalysisFactory(photo=scenes.photo(visit, "open_mouth"), queued=True)
    factories.failed(scenes.photo(visit, "show_teeth"))
    rebuild_summaries()

    board = today_board(user=clinician, clinic=clinic)
    page = as_clinician.get("/").content.decode()

    assert (board.work.counts.urgent, board.work.counts.to_confirm, board.work.counts.failed) == (1, 1, 1)
    assert board.work.analysing == 1
    assert [one.patient for one in board.urgent] == [patient] and board.to_confirm == ()
    assert [seen.pk for seen in board.visits] == [visit.pk]
    assert list(board.recent) == [patient]
    assert page.count(patient.name) >= 3 and "photo being analysed" in page


def test_todays_visits_are_those_of_the_clinics_day(clinician, clinic, episode):
    local = timezone.localtime(timezone=scenes.ZONE)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    inside = factories.VisitFactory(episode=episode, at=midnight + dt.timedelta(minutes=1))
    factories.VisitFactory(episode=episode, at=midnight - dt.timedelta(minutes=1))
    factories.VisitFactory(episode=episode, at=midnight, archived_at=timezone.now())

    with timezone.override(scenes.ZONE):
        found = today_board(user=clinician, clinic=clinic).visits

    assert [visit.pk for visit in found] == [inside.pk]


def test_a_busy_clinic_costs_no_more_queries(as_clinician, clinic, django_assert_max_num_queries):
    for number in range(25):
        patient = someone(clinic, name=f"P{number}", worse=True, to_confirm=3, failed=1, to_retake=1)
        factories.VisitFactory(episode=factories.EpisodeFactory(patient=patient))
    # What a process asks once is asked before.
    as_clinician.get("/")

    # Four of them are those of the milestones of all who are named.
    with django_assert_max_num_queries(20):
        as_clinician.get("/")


def test_the_counts_come_alone_and_say_when_the_lists_are_out_of_date(as_clinician, clinic):
    someone(clinic, to_confirm=2)
    headers = {"HX-Request": "true", "HX-Target": "today-work"}

    same = as_clinician.get("/", {"was": "0-2-0-0"}, headers=headers).content.decode()
    other = as_clinician.get("/", {"was": "0-1-0-0"}, headers=headers).content.decode()

    assert "<html" not in same and "visits to review" in same
    assert "#today-lists" not in same and 'hx-select="#today-lists"' in other


def test_the_lists_wait_until_the_last_photo_is_analysed(as_clinician, clinic, episode):
    factories.AnalysisFactory(photo=scenes.photo(scenes.visit(episode, 3)), queued=True)
    rebuild_summaries()
    headers = {"HX-Request": "true", "HX-Target": "today-work"}

    assert "#today-lists" not in as_clinician.get("/", {"was": "x"}, headers=headers).content.decode()
