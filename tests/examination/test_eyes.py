"""An eye that does not close raises a task, which a model can raise and only a person can close."""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic.audit.alterations import rewritten
from clinic.audit.models import AuditEvent
from clinic.examination import closure, sentences, services
from clinic.examination.models import Task
from clinic.examination.selectors import changes_of
from clinic.overview.selectors import attention, needs_attention
from clinic.patients.models import Patient
from clinic.recovery.services import refresh_summary
from clinic.visits import services as visits
from inference import services as inference
from inference.models import Analysis
from inference.pipeline import active_folder
from tests import factories
from tests.inference.conftest import make_findings
from tests.recovery import scenes

from .conftest import at_rest, closed

pytestmark = pytest.mark.django_db


def refresh(episode):  # type: ignore[no-untyped-def]
    refresh_summary(patient_id=episode.patient_id)
    return Task.objects.filter(episode=episode).first()


def open_visit(episode, day=0, gap=7.8, **options):  # type: ignore[no-untyped-def]
    visit = scenes.visit(episode, day)
    at_rest(visit)
    closed(visit, 0.1, gap, **options)
    return visit


def test_an_eye_that_stays_open_raises_a_task_with_its_figures(episode):
    visit = open_visit(episode, 63)
    task = refresh(episode)
    assert (task.kind, task.patient, task.release, task.is_open) == (
        "eye_closure",
        episode.patient,
        active_folder().name,
        True,
    )
    assert task.raised_by is None and task.analysis.photo.exercise == "tight_eye_closure"
    [row] = task.figures["openings"]
    assert (row["visit"], row["side"], row["mm"]) == (str(visit.pk), "right", 7.8)
    assert "7.8\u00a0mm on tight closure, week 9" in sentences.sentence(task)


@pytest.mark.parametrize(
    ("exercise", "gap", "raises"),
    [
        ("tight_eye_closure", 0.4, False),
        ("tight_eye_closure", 1.8, False),  # healthy reading, and the error of one reading
        ("tight_eye_closure", 1.95, True),
        ("gentle_eye_closure", 3.2, False),
        ("gentle_eye_closure", 3.4, True),
        ("smile", 9.0, False),
        ("rest", 9.0, False),
    ],
)
def test_only_a_gap_beyond_the_error_of_a_closure_raises_one(episode, exercise, gap, raises):
    visit = scenes.visit(episode, 0)
    at_rest(visit)
    closed(visit, 0.1, gap, exercise)
    assert (refresh(episode) is not None) == raises


@pytest.mark.parametrize(
    "options",
    [
        {"verdict": "uncertain"},
        {"found": "smile"},
        {"archived_at": timezone.now()},
    ],
)
def test_uncertain_misfiled_and_removed_photos_do_not_count(episode, options):
    open_visit(episode, **options)
    assert refresh(episode) is None


def test_a_rejected_photo_does_not_count(episode):
    visit = scenes.visit(episode, 0)
    at_rest(visit)
    factories.rejected(factories.PhotoFactory(visit=visit, exercise="tight_eye_closure"))
    assert refresh(episode) is None


def test_a_face_that_hardly_moves_and_looks_at_rest_counts(episode):
    open_visit(episode, found="rest")
    assert refresh(episode) is not None


def test_eyes_that_nobody_closed_raise_none_unless_both_sides_are_weak(episode):
    visit = scenes.visit(episode, 0)
    at_rest(visit, 9.0, 10.0)
    closed(visit, 8.5, 9.5)
    assert refresh(episode) is None
    episode.weak_side = "both"
    episode.save()
    assert {row["side"] for row in refresh(episode).figures["openings"]} == {"left", "right"}


def test_a_clinicians_word_on_the_exercise_goes_before_what_was_asked(episode, clinician):
    visit = scenes.visit(episode, 0)
    at_rest(visit)
    analysis = closed(visit, 0.1, 7.8, "smile", found="tight_eye_closure", verdict="uncertain")
    assert refresh(episode) is None
    visits.confirm(
        user=clinician,
        analysis=analysis,
        exercise="tight_eye_closure",
        palsy=True,
        weak_side="right",
        grade=5,
    )
    assert Task.objects.get(episode=episode).is_open


def test_of_two_photos_of_one_exercise_the_last_taken_counts(episode):
    visit = scenes.visit(episode, 0)
    at_rest(visit)
    closed(visit, 0.1, 7.8, taken_at=visit.at)
    closed(visit, 0.1, 0.3, taken_at=visit.at + dt.timedelta(minutes=1))
    assert refresh(episode) is None


def test_the_scale_comes_from_another_visits_rest_where_this_one_has_none(episode):
    first = scenes.visit(episode, 0)
    at_rest(first)
    second = scenes.visit(episode, 7)
    analysis = closed(second, 0.1, 4.0)
    # Shut lids hide the irises: by them the photo would be half its size.
    data = analysis.findings
    data["symmetry"] |= {"scale_from": "iris", "mm_per_px": 0.2}
    Analysis.objects.filter(pk=analysis.pk).update(findings=data)
    [row] = refresh(episode).figures["openings"]
    assert row["mm"] == 8.0


def test_a_worker_that_finishes_raises_it(episode, clinician):
    visit = scenes.visit(episode, 0)
    at_rest(visit)
    photo = factories.PhotoFactory(visit=visit, exercise="tight_eye_closure")
    inference.queue_analysis(photo=photo)
    analysis = Analysis.objects.get(photo=photo)
    claim = inference.claim(analysis_id=analysis.pk)
    gap = closed(scenes.visit(factories.EpisodeFactory(), 0), 0.1, 7.8).findings["symmetry"]
    inference.finish(claim=claim, findings=make_findings(exercise="tight_eye_closure", symmetry=gap))
    task = Task.objects.get(episode=episode)
    assert task.analysis_id == analysis.pk
    event = AuditEvent.objects.filter(patient=episode.patient, detail__record="task").latest("pk")
    assert event.user is None and event.detail["how"] == "created"


def test_a_model_never_clears_a_task(episode):
    visit = open_visit(episode)
    refresh(episode)
    later = scenes.visit(episode, 7)
    at_rest(later)
    closed(later, 0.0, 0.0)
    task = refresh(episode)
    assert task.is_open and "0.0\u00a0mm, tight eye closure: within the error" in sentences.sentence(task)
    for photo in visit.photos.all():
        photo.archived_at = timezone.now()
        photo.save()
    assert refresh(episode).is_open


def test_it_is_opened_again_when_a_later_visit_shows_it_again(episode, clinician):
    open_visit(episode, 0)
    task = services.close_task(user=clinician, task=refresh(episode), outcome="treated", reason="lid weight")
    assert (task.closed_by, task.outcome) == (clinician, "treated")
    # The same visit by another release, or an old visit entered late, says nothing new.
    refresh(episode)
    open_visit(episode, -7)
    assert not refresh(episode).is_open
    open_visit(episode, 14, gap=6.0)
    task = refresh(episode)
    assert Task.objects.filter(episode=episode).count() == 1
    assert task.is_open and task.times_reopened == 1 and task.closed_by is None
    # What was said at the closing stands in its history.
    kept = list(task.history.order_by("history_id").values_list("outcome", "reason", "history_user"))
    assert ("treated", "lid weight", clinician.pk) in kept and kept[-1][0] == ""


def test_a_photo_taken_after_the_closing_opens_it_again(episode, clinician):
    visit = open_visit(episode, 0)
    services.close_task(user=clinician, task=refresh(episode), outcome="mistaken")
    closed(visit, 0.1, 8.0, taken_at=timezone.now() + dt.timedelta(seconds=1))
    assert refresh(episode).is_open


def test_one_refresh_more_changes_nothing(episode):
    open_visit(episode)
    lines = refresh(episode).history.count()
    refresh(episode)
    assert Task.objects.get(episode=episode).history.count() == lines == 1


def test_the_database_refuses_what_no_person_did(episode, clinician):
    open_visit(episode)
    task = refresh(episode)
    with pytest.raises(IntegrityError), transaction.atomic():
        Task.objects.filter(pk=task.pk).update(closed_at=timezone.now(), outcome="settled")
    with pytest.raises(Exception, match="only ever added"), transaction.atomic():
        task.history.update(plan="other")


def test_people_raise_plan_and_close(episode, clinician, stranger):
    task = services.raise_task(
        user=clinician, episode=episode, kind="eye_closure", plan="tape", owner=clinician
    )
    with pytest.raises(ValidationError, match="already"):
        services.raise_task(user=clinician, episode=episode, kind="eye_closure")
    with pytest.raises(ValidationError) as refused:
        services.plan_task(user=clinician, task=task, owner=stranger)
    assert set(refused.value.message_dict) == {"owner"}
    with pytest.raises(ValidationError) as refused:
        services.close_task(user=clinician, task=task, outcome="")
    assert "outcome" in refused.value.message_dict
    services.close_task(user=clinician, task=task, outcome="settled")
    with pytest.raises(ValidationError, match="closed"):
        services.close_task(user=clinician, task=task, outcome="settled")
    with pytest.raises(ValidationError, match="closed"):
        services.plan_task(user=clinician, task=task, plan="other")
    assert services.reopen_task(user=clinician, task=task).is_open


# --- where it is seen ---


def test_today_names_the_eye_first_with_owner_and_state(episode, clinician, clinic):
    open_visit(episode, 0)
    open_visit(episode, 63)
    task = refresh(episode)
    [item, *_others] = attention(user=clinician, clinic=clinic)
    assert item.kind == "eye" and item.action_url == reverse("examination:task", args=[task.pk])
    assert "7.8\u00a0mm on tight closure, weeks 0 to 9" in item.sentence and "nobody looks" in item.sentence
    services.plan_task(user=clinician, task=task, owner=clinician)
    [item, *_others] = attention(user=clinician, clinic=clinic)
    assert clinician.full_name in item.sentence
    assert Patient.objects.filter(needs_attention()).count() == 1
    services.close_task(user=clinician, task=task, outcome="treated")
    assert all(item.kind != "eye" for item in attention(user=clinician, clinic=clinic))


def test_a_follow_up_is_named_from_its_day_on(episode, clinician, clinic):
    soon = timezone.localdate() + dt.timedelta(days=3)
    services.raise_task(user=clinician, episode=episode, kind="follow_up", plan="Call her", next_check=soon)
    assert attention(user=clinician, clinic=clinic) == []
    Task.objects.update(next_check=timezone.localdate())
    [item] = attention(user=clinician, clinic=clinic)
    assert (item.kind, "Call her" in item.sentence) == ("task", True)


@pytest.mark.parametrize("page", ["patients:detail", "visits:detail", "visits:board", "examination:task"])
def test_patient_visit_and_its_own_page_show_it(as_clinician, episode, clinician, page):
    visit = open_visit(episode, 63)
    task = refresh(episode)
    services.plan_task(user=clinician, task=task, owner=clinician)
    of = {"patients:detail": episode.patient_id, "examination:task": task.pk}.get(page, visit.pk)
    text = as_clinician.get(reverse(page, args=[of])).content.decode()
    assert "7.8\u00a0mm on tight closure, week 9" in text and clinician.full_name in text


@pytest.mark.parametrize(("grade", "asks"), [(None, False), (3, False), (4, True), (6, True)])
def test_a_grade_of_four_or_more_asks_for_an_eye_task_until_there_is_one(
    as_clinician, clinician, episode, grade, asks
):
    visit = scenes.visit(episode, 0, grade=grade)
    page = reverse("visits:detail", args=[visit.pk])
    assert ("From grade IV on the eye does not close" in as_clinician.get(page).content.decode()) == asks
    services.raise_task(user=clinician, episode=episode, kind="eye_closure")
    assert "From grade IV on" not in as_clinician.get(page).content.decode()


def test_a_refused_form_is_shown_again_as_it_was_typed(as_clinician, episode, clinician):
    task = services.raise_task(user=clinician, episode=episode, kind="eye_closure")
    answer = as_clinician.post(reverse("examination:task_close", args=[task.pk]), {"reason": "seen by Dr A"})
    assert answer.status_code == 422 and "seen by Dr A" in answer.content.decode()
    answer = as_clinician.post(
        reverse("examination:task_plan", args=[task.pk]), {"plan": "tape at night", "next_check": "someday"}
    )
    assert answer.status_code == 422 and "tape at night" in answer.content.decode()


def test_the_error_of_one_reading_is_that_of_two_over_the_root_of_two():
    assert closure.error_of({"palpebral_fissure": 1.9243}) == pytest.approx(1.3607, abs=1e-3)
    assert closure.error_of({}) > 1.3  # a release that states none is not taken for exact


def test_a_long_illness_comes_in_pages_and_its_sentence_tells_all_of_it(episode, as_clinician):
    days = [7 * week for week in range(23)]
    made = [open_visit(episode, day) for day in days]
    task = refresh(episode)
    assert "weeks 0 to 22" in sentences.sentence(task)
    address, query, seen = reverse("examination:task", args=[task.pk]), "", []
    while query is not None:
        response = as_clinician.get(address + query)
        rows = response.context["gaps"].rows
        seen = [gap.visit for gap in rows] + seen
        links = re.findall(r'rel="next" href="([^"#]+)', response.content.decode())
        query = links[0] if links else None
        assert len(rows) <= 20
    assert seen == [str(visit.pk) for visit in made]
    assert as_clinician.get(f"{address}?before={task.pk}").status_code == 404


def test_of_what_became_of_a_task_its_page_tells_the_newest(episode, as_clinician, clinician):
    open_visit(episode)
    task = refresh(episode)
    for number in range(31):
        services.plan_task(user=clinician, task=task, plan=f"drops, {number}")
    address = reverse("examination:task", args=[task.pk])
    page = as_clinician.get(address).content.decode()
    assert "drops, 30" in page and "drops, 0," not in page
    assert [one.what for one in changes_of(task=task)] == ["plan"] * 31 + ["raised"]
    whole = as_clinician.get(address + "?changes=all").content.decode()
    link = "?changes=all#changes-title"
    assert "drops, 0," in whole and link in page and link not in whole


def test_eyes_are_read_from_what_is_kept_of_the_visits(episode, clinician):
    visits_ = [open_visit(episode, 7 * week) for week in range(4)]
    before = refresh(episode).figures
    with CaptureQueriesContext(connection) as asked:
        refresh_summary(patient_id=episode.patient_id, visits=[visits_[-1].pk])
    read = [one["sql"] for one in asked if '"findings"' in one["sql"]]
    assert read and not [sql for sql in read if visits_[0].pk.hex in sql.replace("-", "")]
    assert Task.objects.get(episode=episode).figures == before
    refresh_summary(patient_id=episode.patient_id, afresh=True)
    assert Task.objects.get(episode=episode).figures == before
    assert len(before["openings"]) == 4


def test_the_history_keeps_of_each_visit_its_own_gaps_and_tells_an_altered_one_all_the_same(episode):
    for week in range(3):
        open_visit(episode, 7 * week)
        task = refresh(episode)
    lines = list(task.history.order_by("history_id"))
    assert [len(line.figures["openings"]) for line in lines] == [1, 1, 1]
    assert [line.figures["openings"][0]["visit"] for line in lines] == [
        row["visit"] for row in task.figures["openings"]
    ]
    assert not rewritten(name="task", pks=[task.pk])
    task.figures["openings"][0]["mm"] = 0.4
    Task.objects.filter(pk=task.pk).update(figures=task.figures)
    assert rewritten(name="task", pks=[task.pk]) == [task.pk], "an opening of an earlier visit"


def test_a_line_of_before_that_holds_all_figures_is_no_alteration(episode):
    for week in range(2):
        open_visit(episode, 7 * week)
        task = refresh(episode)
    line = task.history.first()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE examination_historicaltask SET figures = %s WHERE history_id = %s",
            [json.dumps(task.figures), line.pk],
        )
    assert not rewritten(name="task", pks=[task.pk])
