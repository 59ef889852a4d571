"""Milestones: counted from the record by plain functions, due as time passes, answered by visits or by people."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone, translation

from clinic.common.spans import Onset, Precision
from clinic.examination import milestone_sentences, services_milestones
from clinic.examination import services as tasks
from clinic.examination.milestones import (
    EFFECT_DAYS,
    CourseFacts,
    MilestoneCode,
    Seen,
    months_after,
    unanswered,
)
from clinic.examination.models import Task
from clinic.examination.selectors_milestones import due_milestones, milestones_of
from clinic.overview import attention, selectors
from clinic.overview.listed import needs_attention
from clinic.overview.templatetags.overview import states
from clinic.patients import services as patients
from clinic.patients.models import Cause, Patient
from clinic.recovery import standing
from clinic.recovery.models import PatientSummary
from clinic.recovery.services import refresh_summary
from clinic.visits import services as visits
from tests import factories
from tests.conftest import logged_in
from tests.forms import form_of, send

ONSET = dt.date(2026, 3, 2)
pytestmark = pytest.mark.usefixtures("where_the_clinic_is")
BELLS = Cause.BELLS_PALSY.value
TREATMENT = uuid.UUID(int=7)
CODE = MilestoneCode


def on(day: int) -> dt.date:
    return ONSET + dt.timedelta(days=day)


def facts(
    *seen: int | tuple[int, int], cause: str = BELLS, precision: str = Precision.DAY, **more
) -> CourseFacts:  # type: ignore[no-untyped-def]
    """seen: days of visits after onset, or such a day with a grade."""
    each = [Seen(on(one[0]), one[1]) if isinstance(one, tuple) else Seen(on(one)) for one in seen]
    return CourseFacts(uuid.UUID(int=1), cause, Onset(ONSET, precision), each, **more)


def due(known: CourseFacts, day: int) -> list[str]:
    """The codes of what is due on that day after onset."""
    return [one.code.value for one in unanswered(known) if one.is_due(on(day))]


@pytest.mark.parametrize(
    ("day", "codes"),
    [
        (10, []),
        (11, ["early_review"]),
        (20, ["early_review"]),
        (21, ["no_movement"]),
        (91, ["no_movement"]),
        (92, ["incomplete"]),
        (121, ["incomplete"]),
        (122, ["incomplete", "synkinesis"]),
        (365, ["incomplete", "synkinesis"]),
        (366, []),
    ],
)
def test_a_bells_palsy_asks_for_each_look_from_its_first_day_until_the_next(day, codes):
    assert due(facts(1), day) == codes


@pytest.mark.parametrize("cause", [one for one in Cause.values if one != BELLS])
def test_no_other_cause_has_milestones_of_bells_palsy(cause):
    assert unanswered(facts(1, (30, 6), cause=cause)) == []


def test_of_what_came_before_the_first_visit_nothing_was_missed():
    assert unanswered(facts()) == []
    assert due(facts(15), 16) == []
    assert due(facts(40), 60) == []
    assert due(facts((40, 6)), 60) == []
    assert due(facts((100, 3)), 110) == []


def test_a_visit_from_its_first_day_on_answers_a_look():
    assert due(facts(1, 10), 12) == ["early_review"]
    assert due(facts(1, 11), 12) == []
    assert due(facts(1, 19), 20) == []
    assert due(facts(1, 130), 131) == []


@pytest.mark.parametrize(
    ("seen", "day", "codes"),
    [
        (((1, 6), (25, 6)), 30, ["no_movement"]),
        (((1, 6), 25), 30, ["no_movement"]),
        (((1, 6), (25, 5)), 30, []),
        (((1, 5),), 30, []),
        ((1, 25), 30, []),
        (((1, 4), (95, 2)), 100, ["incomplete"]),
        (((1, 4), (95, 1)), 100, []),
        (((1, 4), (60, 1)), 100, []),
        (((1, 4), 95), 100, ["incomplete"]),
        (((1, 4), (60, 1)), 130, []),
    ],
)
def test_the_newest_grade_of_a_clinician_answers_what_is_asked(seen, day, codes):
    assert due(facts(*seen), day) == codes


def test_of_a_month_alone_no_day_is_asked_for_and_months_count_from_its_last_day():
    known = facts(10, precision=Precision.MONTH)
    assert [one.code for one in unanswered(known)] == [CODE.INCOMPLETE, CODE.SYNKINESIS]
    assert unanswered(known)[0].begins == dt.date(2026, 6, 30)
    for precision in (Precision.YEAR, Precision.UNKNOWN):
        assert unanswered(facts(10, precision=precision)) == []


def test_months_end_with_the_month():
    assert months_after(dt.date(2025, 11, 30), 3) == dt.date(2026, 2, 28)
    assert months_after(dt.date(2026, 1, 15), -14) == dt.date(2024, 11, 15)


@pytest.mark.parametrize("cause", Cause.values)
def test_toxin_asks_for_a_look_at_two_weeks_until_its_effect_is_over(cause):
    known = facts(cause=cause, toxin=[(TREATMENT, on(400))])
    assert [due(known, 400 + day) for day in (13, 14, 28, EFFECT_DAYS, EFFECT_DAYS + 1)] == [
        [],
        *[["toxin_recall"]] * 3,
        [],
    ]
    (one,) = unanswered(known)
    assert (one.begins, one.until, one.treatment_id) == (on(414), on(428), TREATMENT)
    assert due(facts(413, cause=cause, toxin=[(TREATMENT, on(400))]), 420) == ["toxin_recall"]
    assert due(facts(414, cause=cause, toxin=[(TREATMENT, on(400))]), 420) == []


def test_toxin_that_is_given_again_asks_anew_and_no_more_for_the_last_time():
    again = uuid.UUID(int=8)
    known = facts(toxin=[(TREATMENT, on(400)), (again, on(450))])
    found = unanswered(known)
    assert [(one.treatment_id, one.begins, one.ends) for one in found] == [
        (TREATMENT, on(414), on(449)),
        (again, on(464), on(450 + EFFECT_DAYS)),
    ]
    soon = facts(toxin=[(TREATMENT, on(400)), (again, on(407))])
    assert [one.treatment_id for one in unanswered(soon)] == [again]
    same_day = facts(toxin=[(TREATMENT, on(400)), (again, on(400))])
    assert len(unanswered(same_day)) == 2


def test_what_a_person_settled_is_not_asked_again():
    known = facts(
        1,
        toxin=[(TREATMENT, on(20)), (uuid.UUID(int=8), on(60))],
        settled=frozenset({("toxin_recall", TREATMENT), ("no_movement", None)}),
    )
    assert [one.key for one in unanswered(known)] == [
        ("early_review", None),
        ("toxin_recall", uuid.UUID(int=8)),
        ("incomplete", None),
        ("synkinesis", None),
    ]


# --- on record ---


def ago(**span: int) -> dt.date:
    return timezone.localdate() - dt.timedelta(**span)


@pytest.fixture
def episode(patient):  # type: ignore[no-untyped-def]
    episode = factories.EpisodeFactory(patient=patient, onset_date=ago(days=600), cause="trauma")
    refresh_summary(patient_id=patient.pk)
    return episode


def toxin(user, episode, **span):  # type: ignore[no-untyped-def]
    return patients.add_treatment(
        user=user, episode=episode, kind="botulinum_toxin", date=ago(**(span or {"days": 15}))
    )


def named(user, clinic):  # type: ignore[no-untyped-def]
    return [(item.kind, item.sentence) for item in attention.attention(user=user, clinic=clinic)]


def on_lists(user, clinic, patient) -> bool:  # type: ignore[no-untyped-def]
    """Whether Today, its count and the list agree that the patient is to be followed up, as kept and as asked anew."""
    said = {
        bool(attention.counts(user=user, clinic=clinic).urgent),
        any(item.kind == "milestone" for item in attention.attention(user=user, clinic=clinic)),
        any(item.kind == "milestone" for item in attention.attention(user=user, clinic=clinic, kept=False)),
        selectors.search(user=user, clinic=clinic, attention=True).filter(pk=patient.pk).exists(),
        Patient.objects.current().filter(needs_attention(), pk=patient.pk).exists(),
        selectors.facets(user=user, clinic=clinic).attention == 1,
    }
    assert len(said) == 1, "they disagree"
    return said.pop()


@pytest.mark.django_db
def test_an_injection_comes_on_today_and_the_list_in_time_and_goes_with_a_visit(
    as_clinician, clinician, clinic, patient, episode
):
    treatment = toxin(clinician, episode, days=0)
    assert not on_lists(clinician, clinic, patient)
    with time_machine.travel(timezone.now() + dt.timedelta(days=13), tick=False):
        standing.move_on(seconds=5)
        assert not on_lists(clinician, clinic, patient)
    with time_machine.travel(timezone.now() + dt.timedelta(days=15), tick=False):
        standing.move_on(seconds=5)
        assert on_lists(clinician, clinic, patient)
        (item,) = attention.attention(user=clinician, clinic=clinic)
        assert "look at its effect at 2 to 4 weeks" in item.sentence
        assert item.action_url.endswith(f"/milestones/toxin_recall/?treatment={treatment.pk}")
        assert logged_in(clinician).get(item.action_url).status_code == 200
        shown = selectors.search(user=clinician, clinic=clinic, attention=True).get()
        assert [state.text for state in states(shown)] == ["1 milestone is due"]
        visits.create_visit(user=clinician, patient=patient, episode=episode, at=timezone.now())
        assert not on_lists(clinician, clinic, patient)
        visit = patient.visits.get()
        visits.archive_visit(user=clinician, visit=visit)
        assert on_lists(clinician, clinic, patient)
    with time_machine.travel(timezone.now() + dt.timedelta(days=EFFECT_DAYS + 2), tick=False):
        standing.move_on(seconds=5)
        assert not on_lists(clinician, clinic, patient)


@pytest.mark.django_db
def test_whatever_changes_a_treatment_changes_what_is_due(clinician, clinic, patient, episode):
    treatment = toxin(clinician, episode)
    assert on_lists(clinician, clinic, patient)
    patients.update_treatment(user=clinician, treatment=treatment, date=ago(days=3))
    assert not on_lists(clinician, clinic, patient)
    patients.update_treatment(user=clinician, treatment=treatment, date=ago(days=20))
    assert on_lists(clinician, clinic, patient)
    patients.update_treatment(user=clinician, treatment=treatment, kind="other")
    assert not on_lists(clinician, clinic, patient)
    patients.update_treatment(user=clinician, treatment=treatment, kind="botulinum_toxin")
    patients.archive_treatment(user=clinician, treatment=treatment)
    assert not on_lists(clinician, clinic, patient)
    patients.restore_treatment(user=clinician, treatment=treatment)
    assert on_lists(clinician, clinic, patient)
    patients.archive_patient(user=clinician, patient=patient)
    assert not on_lists(clinician, clinic, patient)


@pytest.mark.django_db
def test_cause_and_grade_change_what_is_due(clinician, clinic, patient, episode):
    patients.update_episode(user=clinician, episode=episode, cause=BELLS, onset_date=ago(days=30))
    visit = visits.create_visit(
        user=clinician, patient=patient, episode=episode, at=timezone.now() - dt.timedelta(days=25), grade=6
    )
    assert [one.code for one in due_milestones(patient=patient)] == [CODE.NO_MOVEMENT]
    assert on_lists(clinician, clinic, patient)
    visits.update_visit(user=clinician, visit=visit, grade=5)
    assert not on_lists(clinician, clinic, patient)
    visits.update_visit(user=clinician, visit=visit, grade=6)
    patients.update_episode(user=clinician, episode=episode, cause="stroke")
    assert not on_lists(clinician, clinic, patient)


@pytest.mark.django_db
def test_a_person_settles_one_with_a_reason_that_is_kept_and_can_be_taken_back(
    as_clinician, clinician, clinic, patient, episode
):
    treatment = toxin(clinician, episode)
    other = toxin(clinician, episode)
    record = as_clinician.get(reverse("patients:record", args=[patient.pk])).content.decode()
    page = f"{reverse('examination:milestone', args=[episode.pk, 'toxin_recall'])}?treatment={treatment.pk}"
    assert page in record
    form = form_of(as_clinician, page, having="outcome")
    refused = send(as_clinician, form)
    assert refused.status_code == 422 and not Task.objects.exists()
    answer = send(as_clinician, form, outcome="handed_over", reason="Seen by her own doctor.")
    assert answer.url == reverse("patients:detail", args=[patient.pk])
    task = Task.objects.get()
    assert (task.milestone, task.treatment, task.is_open, task.closed_by) == (
        "toxin_recall",
        treatment,
        False,
        clinician,
    )
    assert task.reason == "Seen by her own doctor."
    assert [one.treatment_id for one in due_milestones(patient=patient)] == [other.pk]
    back = reverse("examination:task_reopen", args=[task.pk])
    assert back in as_clinician.get(answer.url).content.decode(), "it is offered to be taken back"
    assert as_clinician.get(page).status_code == 404
    as_clinician.post(back)
    assert ("task", milestone_sentences.taken_up(task)) in [
        (kind, said.partition(" (")[0]) for kind, said in named(clinician, clinic)
    ]
    told = [line.reason for line in task.history.order_by("history_id")]
    assert told == ["", "Seen by her own doctor.", ""]


@pytest.mark.django_db
def test_one_that_was_settled_or_answered_meanwhile_is_not_settled_again(clinician, patient, episode):
    treatment = toxin(clinician, episode)

    def settle():  # type: ignore[no-untyped-def]
        return services_milestones.settle_milestone(
            user=clinician,
            episode=episode,
            code="toxin_recall",
            treatment_id=treatment.pk,
            outcome="settled",
        )

    task = settle()
    with pytest.raises(ValidationError, match="meanwhile"):
        settle()
    tasks.reopen_task(user=clinician, task=task)
    with pytest.raises(ValidationError, match="meanwhile"):
        settle()
    assert Task.objects.count() == 1


@pytest.mark.django_db
def test_a_reviewer_sees_what_is_due_and_settles_nothing(clinician, clinic, patient, episode):
    toxin(clinician, episode)
    reviewer = factories.member(clinic, "reviewer")
    client = logged_in(reviewer)
    page = client.get(reverse("patients:detail", args=[patient.pk])).content.decode()
    assert "look at its effect at 2 to 4 weeks" in page and "/milestones/" not in page
    assert client.get(reverse("examination:milestone", args=[episode.pk, "toxin_recall"])).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["sunnybrook", "synkinesis", "toxin_recall"])
def test_what_is_not_open_has_no_page(as_clinician, episode, code):
    assert as_clinician.get(reverse("examination:milestone", args=[episode.pk, code])).status_code == 404


@pytest.mark.django_db
def test_a_clinic_takes_as_many_queries_as_a_patient(clinician, clinic, django_assert_num_queries):
    def ill(number: int) -> None:
        for _ in range(number):
            patient = factories.PatientFactory(clinic=clinic)
            episode = factories.EpisodeFactory(patient=patient, onset_date=ago(days=15))
            at = timezone.now() - dt.timedelta(days=13)
            visits.create_visit(user=clinician, patient=patient, episode=episode, at=at)
            toxin(clinician, episode)

    ill(1)
    with django_assert_num_queries(4):
        assert len(milestones_of(patient_ids=Patient.objects.values_list("pk", flat=True))) == 1
    ill(6)
    with django_assert_num_queries(4):
        found = milestones_of(patient_ids=Patient.objects.values_list("pk", flat=True))
    assert len(found) == 7 and {len(each) for each in found.values()} == {5}
    assert set(PatientSummary.objects.values_list("milestones", flat=True)) == {2}
    assert len(named(clinician, clinic)) == 14


@pytest.mark.django_db
def test_time_alone_counts_right_day_by_day(clinician, clinic, patient):
    """Beside a count made afresh, through a year and a half, with nothing but the watchdog's rounds."""
    episode = factories.EpisodeFactory(patient=patient, onset_date=ago(days=1))
    refresh_summary(patient_id=patient.pk)
    visits.create_visit(user=clinician, patient=patient, episode=episode, at=timezone.now(), grade=6)
    toxin(clinician, episode, days=0)
    for day in range(0, 500, 3):
        with time_machine.travel(timezone.now() + dt.timedelta(days=day), tick=False):
            standing.move_on(seconds=5)
            kept = PatientSummary.objects.get(patient=patient).milestones
            assert kept == len(due_milestones(patient=patient)), day


def test_sentences_are_in_the_reader_s_language():
    found = [
        *unanswered(facts(1)),
        *unanswered(facts((1, 6))),
        *unanswered(facts(toxin=[(TREATMENT, on(9))])),
    ]
    assert {one.code for one in found} == set(MilestoneCode)
    english = [milestone_sentences.sentence(one) for one in found]
    with translation.override("id"):
        assert not set(english) & {milestone_sentences.sentence(one) for one in found}
        assert not {"from", "to"} & set(" ".join(milestone_sentences.window(one) for one in found).split())
