"""What a report says, and what it must not."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.urls import reverse

from clinic.audit.models import AuditEvent
from clinic.examination import red_flags
from clinic.examination.models import Assessment, Task
from clinic.examination.scales import BY_CODE
from clinic.examination.services_red_flags import answer_red_flags
from clinic.examination.services_scales import answer, finish
from clinic.patients.models import RedFlags
from clinic.recovery.services import refresh_summary
from clinic.report.audience import LANGUAGES, Audience, language_of
from clinic.visits.models import Visit
from inference import withholding
from tests import factories
from tests.recovery import scenes

from .conftest import made

pytestmark = pytest.mark.django_db
NO = {one.code: "no" for one in red_flags.questions(cause="bells_palsy")}


def words(report) -> str:  # type: ignore[no-untyped-def]
    """The document as it is read, its pictures' texts included."""
    drawn = [one.content.decode() for one in report.document.pictures.values() if "svg" in one.media_type]
    text = re.sub(r"<[^>]+>", " ", report.document.html) + " ".join(
        re.findall(r'alt="([^"]*)"', report.document.html)
    )
    return re.sub(r"\s+", " ", text + " ".join(re.sub(r"<[^>]+>", " ", one) for one in drawn))


def confirmed(visit: Visit, by, grade: int) -> None:  # type: ignore[no-untyped-def]
    factories.VisitConfirmationFactory(visit=visit, by=by, grade=grade, palsy=True, weak_side="left")


def course(episode, clinician):  # type: ignore[no-untyped-def]
    """Two visits that a clinician confirmed, and a third that nobody has looked at."""
    first = scenes.measured(episode, 3, mouth=0.515, grade=5)
    second = scenes.measured(episode, 24, mouth=0.735, grade=3)
    third = scenes.measured(episode, 45, mouth=0.931, grade=2)
    confirmed(first, clinician, 4)
    confirmed(second, clinician, 3)
    return first, second, third


def test_a_letter_rests_on_what_a_clinician_confirmed(episode, clinician):
    course(episode, clinician)
    said = words(made(episode, clinician))
    assert "House-Brackmann grade III (moderate) on 25 September 2026; grade IV on 4 September 2026" in said
    assert "0.74" in said and "0.52" in said, "what was confirmed is told"
    assert "0.93" not in said, "what nobody confirmed is not"
    assert "Left out: what a model measured at 1 visit" in said
    assert "release 2026.11.1" in said and "not yet validated in this clinic" in said
    assert "Not for diagnosis, not for excluding a stroke" in said


def test_a_photo_that_was_confirmed_alone_counts_alone(episode, clinician):
    visit = scenes.visit(episode, 3)
    smile = scenes.analysed(visit, "smile", mouth=0.515, eye=0.444)
    scenes.analysed(visit, "rest", eye=0.777, brow=0.666)
    factories.ConfirmationFactory(analysis=smile, by=clinician)
    said = words(made(episode, clinician))
    assert "0.52" in said
    assert "0.78" not in said and "0.67" not in said


@pytest.mark.parametrize("audience", Audience.values)
@pytest.mark.parametrize("state", ["unasked", "stroke"])
def test_without_cleared_red_flags_it_is_as_if_no_model_had_looked(episode, clinician, audience, state):
    course(episode, clinician)
    if state == "stroke":
        answer_red_flags(user=clinician, episode=episode, answers=NO | {"other_neurology": "yes"})
    else:
        type(episode).objects.filter(pk=episode.pk).update(red_flags=RedFlags.UNASKED)
        withholding.follow_red_flags(visits=[one.pk for one in episode.visits.all()])
        refresh_summary(patient_id=episode.patient_id)
    said = words(made(episode, clinician, audience))
    for figure in ("0.52", "0.74", "0.93", "2026.11.1", "Measured in your photos"):
        assert figure not in said
    assert "III" in said, "what a clinician wrote stays"


def test_the_red_flags_outcome_is_told(episode, clinician):
    assert "Not asked on record" in words(made(episode, clinician))
    answer_red_flags(user=clinician, episode=episode, answers=NO)
    assert "None of the answers sends the patient elsewhere" in words(made(episode, clinician))
    answer_red_flags(user=clinician, episode=episode, answers=NO | {"eye": "yes"}, note="Red since Monday")
    said = words(made(episode, clinician))
    assert "To an eye doctor, today" in said and "Red since Monday" in said


def test_scales_are_told_with_their_parts_and_errors(episode, clinician):
    visit = scenes.visit(episode, 3)
    scale = BY_CODE["face"]
    answer(
        user=clinician,
        visit=visit,
        scale=scale,
        answers={item.code: item.choices[0].value for item in scale.items},
    )
    assert "FaCE" not in words(made(episode, clinician)), "what isn't finished is not told"
    [assessment] = Assessment.objects.all()
    finish(user=clinician, assessment=assessment)
    said = words(made(episode, clinician))
    assert "FaCE" in said and "a change of less than 17.6 may be chance" in said


def test_tasks_of_a_person_are_told_and_a_models_own_are_not(episode, clinician):
    visit = scenes.visit(episode, 3)
    analysis = scenes.analysed(visit, "gentle_eye_closure")
    opened = scenes.on(3)
    common = {"patient": episode.patient, "episode": episode, "opened_at": opened}
    Task.objects.create(kind="eye_closure", analysis=analysis, release=analysis.release, **common)
    assert "Incomplete eye closure" not in words(made(episode, clinician))
    Task.objects.update(owner=clinician, plan="Drops by day, ointment at night")
    said = words(made(episode, clinician))
    assert "Incomplete eye closure" in said and "Drops by day" in said
    assert "Drops by day" not in words(made(episode, clinician, Audience.PATIENT)), (
        "the plan is for colleagues"
    )


def test_a_report_at_a_visit_ends_there(episode, clinician):
    _, second, _ = course(episode, clinician)
    factories.TreatmentFactory(episode=episode, date=scenes.on(40).date(), note="Later on")
    said = words(made(episode, clinician, until=second.pk))
    assert "2 visits" in said and "Later on" not in said and "Left out" not in said


def test_photos_need_a_wish_and_the_consent(episode, clinician, patient):
    course(episode, clinician)
    assert not made(episode, clinician).photos
    refused = made(episode, clinician, photos=True)
    assert not refused.photos and "no consent to the clinical record is in force" in words(refused)
    factories.ConsentFactory(patient=patient, use="record", recorded_by=clinician)
    report = made(episode, clinician, photos=True)
    assert (
        len(report.photos) == 2 and len([n for n in report.document.pictures if n.startswith("photo-")]) == 2
    )
    assert not made(episode, clinician, Audience.PATIENT, photos=True).photos


@pytest.mark.parametrize(
    ("spoken", "expected"),
    [
        ("Bahasa Indonesia, English", "id"),
        ("Indonesian", "id"),
        ("Javanese; English", "en"),
        ("", "en"),
        ("Tamil", "en"),
        ("id", "id"),
    ],
)
def test_a_patients_copy_is_in_a_language_that_the_patient_speaks(spoken, expected):
    assert language_of(spoken, otherwise="en") == expected


@pytest.mark.parametrize("audience", Audience.values)
def test_both_languages_say_everything_in_their_own_words(episode, clinician, audience):
    course(episode, clinician)
    english, indonesian = (words(made(episode, clinician, audience, language)) for language in LANGUAGES)
    if LANGUAGES[0] != "en":
        english, indonesian = indonesian, english
    for sentence in ("Record number", "What", "Born", "Supports clinicians", "September 2026; grade"):
        assert sentence not in indonesian
    assert "Nomor rekam medis" in indonesian and "Nomor rekam medis" not in english


def test_nobody_s_text_becomes_markup(episode, clinician, patient):
    type(patient).objects.update(name='<img src="http://127.0.0.1/x"> & Co')
    scenes.visit(episode, 3, impression='<link rel="attachment" href="file:///etc/passwd">')
    html = made(type(episode).objects.get(pk=episode.pk), clinician).document.html
    assert "<img src" not in html and "<link" not in html
    assert "&lt;img" in html and "&lt;link" in html


def test_the_file_and_the_log_name_nobody(as_clinician, episode, patient, clinician):
    course(episode, clinician)
    factories.ConsentFactory(patient=patient, use="record", recorded_by=clinician)
    response = as_clinician.get(reverse("report:pdf", args=[patient.pk]), {"photos": "1"})
    assert response.status_code == 200 and response["Content-Type"] == "application/pdf"
    name = response["Content-Disposition"]
    assert re.fullmatch(r'attachment; filename="report-\d{4}-\d\d-\d\d\.pdf"', name)
    assert "no-store" in response["Cache-Control"] and response["X-Content-Type-Options"] == "nosniff"
    lines = AuditEvent.objects.filter(kind="export", page="report:pdf")
    assert lines.filter(photo__isnull=True).count() == 1 and lines.filter(photo__isnull=False).count() == 2
    assert {line.patient_id for line in lines} == {patient.pk}


def test_without_a_fresh_proof_nobody_takes_one_along(as_clinician, episode, patient, time_machine):
    session = as_clinician.session
    time_machine.move_to(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=20))
    session.save()
    response = as_clinician.get(reverse("report:pdf", args=[patient.pk]))
    assert response.status_code == 302 and "/again/" in response["Location"]
    assert not AuditEvent.objects.filter(kind="export").exists()


@pytest.mark.parametrize("wrong", [{"audience": "press"}, {"language": "xx"}, {"visit": "1"}])
def test_what_is_not_offered_is_refused(as_clinician, episode, patient, wrong):
    assert as_clinician.get(reverse("report:pdf", args=[patient.pk]), wrong).status_code == 404
    answer = as_clinician.get(reverse("api:episode-report", args=[episode.pk]), wrong)
    assert answer.status_code == 400 and answer.json()["errors"][0]["field"] == next(iter(wrong))
