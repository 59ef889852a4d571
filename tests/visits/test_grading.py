"""A visit has one House-Brackmann grade: the clinician's, else the model's from enough views, else none."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from clinic.audit.models import AuditEvent
from clinic.common.templatetags.risorius import roman
from clinic.recovery.export import history_csv
from clinic.recovery.selectors import history
from clinic.recovery.services import refresh_summary
from clinic.validation import ledger
from clinic.visits import confirming, grading, reviewing, services
from clinic.visits.models import VisitConfirmation
from clinic.visits.together import missing_for_grade

from .. import factories
from ..conftest import logged_in
from .scenes import COMBINES, analysed


def address(visit):
    return reverse("visits:visit_confirm", args=[visit.pk])


def on_screen(visit, **fields):
    """What a page of the visit sends; every contradiction that there could be has been named."""
    review = reviewing.visit_review(visit=visit)
    named = ["model", "photos_confirmed", "photos_side", "photos_weak", "measures_unlike", "episode_side"]
    return {"shown": review.shown, "after": review.newest_confirmation, "named": named, **fields}


def grades_everywhere(client, visit):
    """The visit's grade as each place tells it, by the name of the place."""
    text = client.get(reverse("visits:detail", args=[visit.pk])).content.decode()
    shown = re.search(r'class="visit-grade [^>]*>\s*<abbr[^>]*>HB</abbr>\s+([IV]+)<', text)
    course = history(episode=visit.episode)
    [point] = [one for one in course.visits if one.visit_id == visit.pk]
    table = client.get(reverse("patients:detail", args=[visit.patient_id])).content.decode()
    rows = csv.DictReader(io.StringIO(history_csv(history=course, record_number="R").removeprefix("\ufeff")))
    [row] = [row for row in rows if row["record"] == "visit" and row["visit_id"] == str(visit.pk)]
    answer = client.get(reverse("api:visit-findings", args=[visit.pk])).json()
    episode = client.get(reverse("api:episode-history", args=[visit.episode_id])).json()
    [told] = [one for one in episode["visits"] if one["visit"] == str(visit.pk)]
    grade = point.grade
    assert grade is None or f">{roman(grade)}<" in table
    return {
        "page": shown[1] if shown else "",
        "history": roman(grade) if grade else "",
        "csv": roman(int(row["visit_grade"])) if row["visit_grade"] else "",
        "api": roman(answer["visit_grade"]) if answer["visit_grade"] else "",
        "api history": roman(told["grade"]) if told["grade"] else "",
    }


def test_the_clinician_s_grade_is_the_visit_s_everywhere(as_clinician, clinician, visit, whole_visits):
    whole_visits(visit, grade=4)
    # What was once said of single photos is no grade of the visit.
    factories.ConfirmationFactory(
        analysis=visit.photos.first().analyses.get(), by=clinician, grade=1, palsy=False, weak_side=""
    )
    model = grading.visit_finding(visit=visit)
    assert model.source == "model"
    assert set(grades_everywhere(as_clinician, visit).values()) == {roman(model.grade)}
    summary = refresh_summary(patient_id=visit.patient_id)
    assert (summary.model_grade, summary.clinician_grade, summary.to_confirm) == (model.grade, None, 1)
    confirming.confirm_visit(user=clinician, visit=visit, palsy=True, weak_side="left", grade=2)
    visit.refresh_from_db()
    assert set(grades_everywhere(as_clinician, visit).values()) == {"II"}
    summary = refresh_summary(patient_id=visit.patient_id)
    assert (summary.model_grade, summary.clinician_grade, summary.to_confirm) == (model.grade, 2, 0)


def test_too_few_views_give_no_grade_and_say_which_are_missing(as_clinician, visit, whole_visits):
    whole_visits(visit, views=("brow_raise", "smile_with_teeth"), grade=6)
    known = grading.visit_finding(visit=visit)
    assert (known.grade, known.source, known.missing) == (None, "", ("rest", "gentle_eye_closure"))
    assert set(grades_everywhere(as_clinician, visit).values()) == {""}
    text = as_clinician.get(reverse("visits:detail", args=[visit.pk])).content.decode()
    assert "Too few views for a grade: Rest, Gentle eye closure missing." in text
    assert "Confirm grade" not in text


def test_too_few_views_of_a_healthy_face_are_no_grade_either(visit, whole_visits):
    healthy = {"1": 0.97, "2": 0.03}
    whole_visits(visit, views=("rest",), verdict="normal", palsy=0.03, weak_side=None, grade=1)
    for analysis in visit.photos.get().analyses.all():
        analysis.findings["grade_probabilities"] = healthy
        analysis.save()
    assert grading.visit_finding(visit=visit).grade is None


@pytest.mark.parametrize("closure", ["gentle_eye_closure", "tight_eye_closure"])
@pytest.mark.parametrize("smile", ["smile", "closed_smile", "smile_with_teeth", "show_teeth"])
def test_any_closure_and_any_smile_will_do(closure, smile):
    assert missing_for_grade(["rest", "brow_raise", closure, smile]) == ()


def test_one_word_confirms_the_visit(as_clinician, clinician, visit, whole_visits):
    whole_visits(visit, grade=3)
    text = as_clinician.get(reverse("visits:detail", args=[visit.pk])).content.decode()
    assert "btn-primary" in text.partition('class="confirm"')[2].partition("</form>")[0]
    as_clinician.post(address(visit), on_screen(visit, agree="1"))
    word = VisitConfirmation.objects.get()
    assert (word.by, word.palsy, word.weak_side, word.agrees, word.release) == (
        clinician,
        True,
        "left",
        True,
        COMBINES,
    )
    assert sorted(word.analyses) == sorted(str(photo.analyses.get().pk) for photo in visit.photos.all())
    visit.refresh_from_db()
    assert visit.grade == word.grade == word.model_grade
    assert AuditEvent.objects.filter(detail__record="visitconfirmation", user=clinician).exists()


def test_a_second_thought_is_a_second_row(as_clinician, visit, whole_visits):
    whole_visits(visit)
    as_clinician.post(address(visit), on_screen(visit, palsy="yes", weak_side="left", grade="4"))
    as_clinician.post(address(visit), on_screen(visit, palsy="no", comment="Not at all."))
    assert [row.grade for row in VisitConfirmation.objects.all()] == [1, 4]
    known = grading.visit_finding(visit=visit)
    assert (known.grade, known.comment, known.clinician.palsy) == (1, "Not at all.", False)


def test_what_arrived_meanwhile_is_not_confirmed_unseen(as_clinician, visit, whole_visits):
    whole_visits(visit)
    before = on_screen(visit, palsy="yes", weak_side="left", grade="3")
    analysed(visit, "pucker")
    as_clinician.post(address(visit), before)
    assert not VisitConfirmation.objects.exists()
    before = on_screen(visit, palsy="yes", weak_side="left", grade="3")
    as_clinician.post(address(visit), on_screen(visit, palsy="yes", weak_side="left", grade="5"))
    as_clinician.post(address(visit), before)
    assert VisitConfirmation.objects.get().grade == 5, "a colleague's word is never overruled unseen"


def test_a_contradiction_is_named_and_confirm_is_not_the_main_button(as_clinician, visit, whole_visits):
    type(visit.episode).objects.filter(pk=visit.episode_id).update(weak_side="right")
    whole_visits(visit)
    text = as_clinician.get(reverse("visits:detail", args=[visit.pk])).content.decode()
    assert "Weak side here: left. Weak side of the care episode: right." in text
    confirm = text.partition('class="confirm"')[2].partition('class="correct"')[0]
    assert "Confirm all the same" in confirm and "btn-primary" not in confirm
    answer = as_clinician.post(address(visit), {**on_screen(visit, agree="1"), "named": []})
    assert answer.status_code == 422 and not VisitConfirmation.objects.exists()
    as_clinician.post(address(visit), on_screen(visit, agree="1"))
    assert VisitConfirmation.objects.get().contradictions == ["episode_side"]


@pytest.mark.parametrize(
    "values",
    [
        {"palsy": True},
        {"palsy": True, "weak_side": "left", "grade": 1},
        {"palsy": False, "weak_side": "left"},
        {"palsy": False, "grade": 3},
    ],
)
def test_the_service_refuses_what_makes_no_sense(clinician, visit, values):
    with pytest.raises(ValidationError):
        confirming.confirm_visit(user=clinician, visit=visit, **values)
    assert not VisitConfirmation.objects.exists()


@pytest.mark.parametrize(
    "values", [{"grade": 1}, {"palsy": False, "grade": 2, "weak_side": ""}, {"palsy": False}]
)
def test_the_database_refuses_it_as_well(visit, values):
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.VisitConfirmationFactory(visit=visit, **values)


@pytest.mark.parametrize(
    ("role", "status"),
    [("clinician", 302), ("administrator", 302), ("reviewer", 403), ("integration", 403), ("stranger", 404)],
)
def test_who_may_confirm(role, status, visit, whole_visits, request):
    whole_visits(visit)
    client = logged_in(request.getfixturevalue(role))
    assert client.post(address(visit), on_screen(visit, agree="1")).status_code == status
    assert VisitConfirmation.objects.count() == (1 if status == 302 else 0)


def test_a_grade_that_is_typed_says_who_gave_it(clinician, visit):
    services.update_visit(user=clinician, visit=visit, grade=4)
    known = grading.visit_finding(visit=visit)
    assert (known.grade, known.by, known.confirmation.by) == (4, clinician.full_name, clinician)
    services.update_visit(user=clinician, visit=visit, grade=None)
    assert grading.visit_finding(visit=visit).clinician is None
    assert VisitConfirmation.objects.count() == 2


def test_words_on_visits_count_in_the_ledger(clinician, visit, whole_visits):
    whole_visits(visit, grade=3)
    confirming.confirm_visit(user=clinician, visit=visit, palsy=True, weak_side="left", grade=2)
    found = ledger.ledger(clinic_id=visit.patient.clinic_id, release=COMBINES).overall
    assert (found.visits, found.photos, found.palsy.hits, found.grade_within_one.count) == (1, 0, 1, 1)
