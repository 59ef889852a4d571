"""Red flags are asked before a model looks at anything, and a stroke switches off what one found."""

from __future__ import annotations

import uuid

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse

from clinic.audit.models import AuditEvent
from clinic.common import broker
from clinic.examination import policies, red_flags
from clinic.examination.models import RedFlagScreening, Task
from clinic.examination.services_red_flags import answer_red_flags
from clinic.patients import services as patients
from clinic.patients.models import Cause, Episode, RedFlags
from clinic.recovery.services import refresh_summary
from clinic.visits import confirming, moving
from inference import services
from inference.jobs import background
from inference.jobs.states import Status
from inference.models import Analysis, BackgroundAnalysis, Purpose, WithheldAnalysis
from tests import factories
from tests.inference.conftest import make_findings
from tests.visits.pictures import encoded, picture
from tests.visits.test_upload import send

from .conftest import at_rest, closed

pytestmark = pytest.mark.django_db

NONE = dict.fromkeys((one.code for one in red_flags.questions(cause="bells_palsy")), "no")


@pytest.fixture(autouse=True)
def sent(monkeypatch):
    """What was put on the queue."""
    messages: list[str] = []
    monkeypatch.setattr(broker, "send", lambda name, *_, **__: bool(messages.append(name)) or True)
    return messages


@pytest.fixture
def unasked(patient):
    return factories.EpisodeFactory(patient=patient, red_flags=RedFlags.UNASKED)


@pytest.fixture
def visit(unasked, clinician):
    return factories.VisitFactory(episode=unasked, clinician=clinician)


def analysed(visit, **fields):
    return factories.AnalysisFactory(photo=factories.PhotoFactory(visit=visit), **fields)


@pytest.mark.parametrize("cause", Cause.values)
def test_each_question_has_an_answer_of_its_own_and_none_is_taken_for_no(cause):
    asked = red_flags.questions(cause=cause)
    given = dict.fromkeys((one.code for one in asked), "no")
    assert red_flags.sent_to(red_flags.check(given, cause=cause), cause=cause) == ()
    for one in asked:
        with pytest.raises(red_flags.Unanswered) as refused:
            red_flags.check({**given, one.code: ""}, cause=cause)
        assert refused.value.codes == [one.code]
        [place] = red_flags.sent_to(red_flags.check({**given, one.code: "yes"}, cause=cause), cause=cause)
        assert place in red_flags.DESTINATIONS
        if one.certain:
            with pytest.raises(red_flags.Unanswered):
                red_flags.check({**given, one.code: "unknown"}, cause=cause)


@pytest.mark.parametrize(
    ("cause", "yes", "stroke"),
    [
        ("bells_palsy", "other_neurology", True),
        ("bells_palsy", "forehead_spared", True),
        ("bells_palsy", "worsening", False),
        ("bells_palsy", "ear", False),
        ("stroke", "worsening", True),
        ("stroke", "eye", False),
    ],
)
def test_what_points_to_a_stroke(cause, yes, stroke):
    given = dict.fromkeys((one.code for one in red_flags.questions(cause=cause)), "no") | {yes: "yes"}
    assert ("stroke" in red_flags.sent_to(given, cause=cause)) is stroke


def test_of_a_known_stroke_what_came_with_it_is_not_asked():
    codes = {one.code for one in red_flags.questions(cause="stroke")}
    assert codes == {"worsening", "eye"}


def test_nothing_is_analysed_before_and_all_of_it_after(as_clinician, visit, unasked, clinician, sent):
    ids = [
        send(as_clinician, visit, encoded(image=picture(shade=shade)), exercise=one).json()["id"]
        for one, shade in (("rest", 0), ("smile", 9))
    ]
    assert len(ids) == 2 and not Analysis.everything.exists() and not BackgroundAnalysis.objects.exists()
    page = as_clinician.get(reverse("visits:detail", args=[visit.pk])).content.decode()
    assert "Red flags have not been asked yet" in page
    answer_red_flags(user=clinician, episode=unasked, answers=NONE)
    unasked.refresh_from_db()
    assert unasked.red_flags == RedFlags.ANSWERED
    assert {str(one.photo_id) for one in Analysis.objects.all()} == set(ids)
    assert (
        "Red flags have not"
        not in as_clinician.get(reverse("visits:detail", args=[visit.pk])).content.decode()
    )


@pytest.mark.django_db(transaction=True)
def test_a_stroke_switches_off_what_was_found_and_what_waits(visit, unasked, clinician):
    answer_red_flags(user=clinician, episode=unasked, answers=NONE)
    done, waiting, running = analysed(visit), analysed(visit, queued=True), analysed(visit, queued=True)
    claim = services.claim(analysis_id=running.pk)
    answer_red_flags(user=clinician, episode=unasked, answers=NONE | {"other_neurology": "yes"})
    unasked.refresh_from_db()
    assert unasked.red_flags == RedFlags.STROKE
    assert not Analysis.objects.exists() and not visit.photos.first().analyses.exists()
    assert Analysis.everything.get(pk=waiting.pk).status == Status.CANCELLED
    # What a worker is at is kept, and shown to nobody.
    assert services.finish(claim=claim, findings=found())
    assert Analysis.everything.get(pk=running.pk).status == Status.SUCCEEDED
    assert not Analysis.objects.exists()
    # A photo that comes now, or an analysis that slips through, is not looked at.
    late = factories.PhotoFactory(visit=visit)
    assert services.queue_analysis(photo=late) is None
    slipped = factories.AnalysisFactory(photo=late, queued=True)
    assert services.claim(analysis_id=slipped.pk) is None
    # Ruled out: it is all there again.
    answer_red_flags(user=clinician, episode=unasked, answers=NONE)
    assert {done.pk, running.pk} <= set(Analysis.objects.values_list("pk", flat=True))
    assert not WithheldAnalysis.objects.exists()
    assert Analysis.objects.filter(photo__in=[waiting.photo, late], status=Status.QUEUED).count() == 2


def found():
    return make_findings(grade=5, weak_side="right")


def test_a_task_that_a_model_raised_stays_and_its_figures_do_not(as_clinician, visit, unasked, clinician):
    answer_red_flags(user=clinician, episode=unasked, answers=NONE)
    at_rest(visit)
    closed(visit, 0.2, 7.8)
    refresh_summary(patient_id=visit.patient_id)
    task = Task.objects.get(episode=unasked)
    pages = [
        reverse("examination:task", args=[task.pk]),
        reverse("visits:detail", args=[visit.pk]),
        reverse("api:task-detail", args=[task.pk]),
        reverse("today"),
    ]
    assert any("7.8" in as_clinician.get(page).content.decode() for page in pages)
    answer_red_flags(user=clinician, episode=unasked, answers=NONE | {"forehead_spared": "yes"})
    for page in pages:
        assert "7.8" not in as_clinician.get(page).content.decode(), page
    assert Task.objects.get().is_open


def test_no_background_job_of_it_is_begun(visit):
    photo = factories.PhotoFactory(visit=visit)
    factories.ConsentFactory(patient=visit.patient)
    for purpose in Purpose.values:
        BackgroundAnalysis.objects.create(photo=photo, release="x", purpose=purpose)
    assert not background.usable(BackgroundAnalysis.objects.all()).exists()


def test_what_is_moved_into_an_unasked_episode_is_withheld_until_it_is_moved_back(
    patient, clinician, visit, unasked
):
    asked = factories.EpisodeFactory(patient=patient)
    source = factories.VisitFactory(episode=asked, clinician=clinician)
    analysis = analysed(source)
    moving.move_photo(user=clinician, photo=analysis.photo, visit=visit)
    assert not Analysis.objects.exists()
    moving.move_photo(user=clinician, photo=analysis.photo, visit=source)
    assert Analysis.objects.get() == analysis
    moving.move_visit(user=clinician, visit=source, episode=unasked)
    assert not Analysis.objects.exists()


def test_another_cause_is_asked_anew(unasked, clinician):
    answer_red_flags(user=clinician, episode=unasked, answers=NONE)
    unasked.refresh_from_db()
    patients.update_episode(user=clinician, episode=unasked, notes="Seen at home")
    assert unasked.red_flags == RedFlags.ANSWERED
    patients.update_episode(user=clinician, episode=unasked, cause="stroke")
    unasked.refresh_from_db()
    assert unasked.red_flags == RedFlags.UNASKED


def test_nothing_is_signed_before(visit, clinician):
    with pytest.raises(ValidationError) as refused:
        confirming.confirm_visit(user=clinician, visit=visit, palsy=False)
    assert refused.value.code == "red_flags"


def test_answers_are_added_and_logged_and_never_overruled_unseen(unasked, clinician):
    first = answer_red_flags(
        user=clinician, episode=unasked, answers=NONE, note="Seen with her son", after=""
    )
    with pytest.raises(ValidationError) as refused:
        answer_red_flags(user=clinician, episode=unasked, answers=NONE | {"ear": "yes"}, after="")
    assert refused.value.code == "stale"
    second = answer_red_flags(
        user=clinician, episode=unasked, answers=NONE | {"ear": "yes"}, after=str(first.pk)
    )
    assert list(RedFlagScreening.objects.all()) == [second, first] and second.sent_to == ["ear"]
    assert AuditEvent.objects.filter(detail__record="redflagscreening").count() == 2


def test_the_page_asks_each_question_and_keeps_what_was_answered(as_clinician, unasked):
    page = reverse("examination:red_flags", args=[unasked.pk])
    answer = as_clinician.post(page, {"ear": "yes", "note": "Half done", "after": ""})
    text = answer.content.decode()
    assert (
        answer.status_code == 422
        and "Half done" in text
        and text.count("This field is required") == len(NONE) - 1
    )
    assert not RedFlagScreening.objects.exists()
    answer = as_clinician.post(page, {**NONE, "other_neurology": "yes", "after": ""}, follow=True)
    text = answer.content.decode()
    assert "To a hospital that treats strokes" in text or "to a hospital that treats strokes" in text
    assert "Note when the patient was last seen well" in text


def test_a_new_visit_leads_there_first(as_clinician, patient, unasked):
    answer = as_clinician.post(
        reverse("visits:new", args=[patient.pk]),
        {"at": "2026-11-30T08:00", "episode": unasked.pk, "capture": ""},
    )
    assert answer.status_code == 302 and answer["Location"].startswith(
        reverse("examination:red_flags", args=[unasked.pk])
    )
    assert "next=" in answer["Location"]


def test_an_integration_cannot_answer(unasked, clinic):
    assert not policies.can_answer_red_flags(factories.member(clinic, role="integration"), unasked)
    assert not policies.can_answer_red_flags(factories.member(clinic, role="reviewer"), unasked)


def test_an_episode_from_before_red_flags_were_asked_is_shown_as_it_was(unasked):
    """As the database fills it in for rows that were there, and for those of a version that doesn't know it."""
    known = [one.column for one in Episode._meta.concrete_fields if one.name not in ("id", "red_flags")]
    columns, pk = ", ".join(known), uuid.uuid4()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO patients_episode (id, {columns}) SELECT %s, {columns} FROM patients_episode",
            [pk.hex if connection.vendor == "sqlite" else pk],
        )
    assert Episode.objects.get(pk=pk).shows_findings and not unasked.shows_findings
