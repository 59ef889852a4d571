"""The clinic's licensed text of a questionnaire, and what is asked by it on paper."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from clinic.audit import guards
from clinic.audit.models import AuditEvent
from clinic.examination import services_questionnaires as services
from clinic.examination.models import Assessment
from clinic.examination.models_of_wordings import QuestionnaireWording
from clinic.examination.selectors_questionnaires import QUESTIONNAIRES, current_wordings
from tests import factories
from tests.conftest import logged_in

from .asking import SAQ, WHOLE, fields, seen_long_ago
from .wordings import pasted

pytestmark = pytest.mark.django_db


@pytest.fixture
def episode(patient):
    return seen_long_ago(patient)


@pytest.fixture
def wording(administrator, clinic):
    return pasted(administrator, clinic)


@pytest.mark.parametrize("scale", QUESTIONNAIRES, ids=lambda one: one.code)
def test_an_administrator_pastes_a_text_and_a_new_one_leaves_earlier_answers_as_they_were_asked(
    as_administrator, clinic, clinician, episode, scale
):
    page = reverse("examination:wording", args=[scale.code, "id"])
    assert as_administrator.get(page).status_code == 200
    body = form_of(scale)
    assert as_administrator.post(page, body).status_code == 302
    first = QuestionnaireWording.objects.get()
    assert first.number == 1 and first.by.email and first.language == "id"
    made = services.hand_over(user=clinician, episode=episode, wording=first)
    assert as_administrator.post(page, {**body, "title": "Another"}).status_code == 302
    made.refresh_from_db()
    assert made.wording == first and first.title == "Pasted"
    (current,) = current_wordings(clinic=clinic)
    assert (current.number, current.title) == (2, "Another")
    listed = as_administrator.get(reverse("examination:wordings")).content.decode()
    assert "Pasted" in listed and "Another" in listed
    lines = AuditEvent.objects.filter(kind="clinic_changed", detail__what="wording")
    assert [one.detail["number"] for one in lines.order_by("pk")] == [1, 2]


def form_of(scale):
    sets = list(dict.fromkeys(item.choices for item in scale.items))
    return {
        "title": "Pasted",
        "instruction": "",
        "translation": "v1",
        "licence": "Contract 7",
        **{f"text-{item.code}": f"About {item.code}?" for item in scale.items},
        **{f"shared-{number}": "\n".join(f"a{one.value}" for one in of) for number, of in enumerate(sets)},
    }


def test_a_question_may_have_answers_of_its_own(as_administrator):
    body = form_of(SAQ) | {"answers-smile_eye": "1\n2\n3\n4\n5"}
    as_administrator.post(reverse("examination:wording", args=["saq", "en"]), body)
    made = QuestionnaireWording.objects.get()
    assert made.answers_of("smile_eye") == ["1", "2", "3", "4", "5"]
    assert made.answers_of("eating_tears") == ["a1", "a2", "a3", "a4", "a5"]


@pytest.mark.parametrize("wrong", [{"text-smile_eye": " "}, {"shared-0": "one\ntwo"}, {"licence": ""}])
def test_a_text_that_lacks_something_is_refused_whole(as_administrator, wrong):
    answer = as_administrator.post(reverse("examination:wording", args=["saq", "en"]), form_of(SAQ) | wrong)
    assert answer.status_code == 422 and not QuestionnaireWording.objects.exists()


def test_a_text_is_never_changed(wording):
    guards.install()
    with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
        QuestionnaireWording.objects.filter(pk=wording.pk).update(title="x")


def test_clinicians_and_neighbours_paste_nothing(as_clinician, wording):
    assert as_clinician.get(reverse("examination:wordings")).status_code == 403
    neighbour = factories.member(factories.ClinicFactory(), role="administrator")
    assert "Made-up" not in logged_in(neighbour).get(reverse("examination:wordings")).content.decode()


def test_without_the_clinics_text_the_page_says_that_a_patient_cant_be_handed_it(as_clinician, episode):
    page = as_clinician.get(reverse("examination:questionnaires", args=[episode.pk])).content.decode()
    assert page.count("A patient can&#x27;t be handed this one yet") + page.count(
        "A patient can't be handed this one yet"
    ) == len(QUESTIONNAIRES)
    assert "Hand over" not in page.replace("Handed over", "")


def test_the_paper_has_every_question_and_answer_and_whose_it_is(as_clinician, episode, wording):
    page = as_clinician.get(reverse("examination:paper", args=[episode.pk, wording.pk])).content.decode()
    for item in SAQ.items:
        assert f"Question {item.code}?" in page
    assert page.count("sheet-box") == sum(len(item.choices) for item in SAQ.items)
    assert episode.patient.record_number in page and episode.patient.name in page


def test_what_was_filled_in_on_paper_is_entered_in_a_visit(as_clinician, clinician, visit, wording):
    page = reverse("examination:scale", args=[visit.pk, "saq"])
    assert f'value="{wording.pk}"' in as_clinician.get(page).content.decode()
    assert as_clinician.post(page, {"item-smile_eye": "3", "part": "1"}).status_code == 200
    done = reverse("examination:scale_finish", args=[visit.pk, "saq"])
    typed = {**fields(WHOLE), "wording": str(wording.pk), "version": "1"}
    assert as_clinician.post(done, typed).status_code == 302
    made = Assessment.objects.get()
    assert (made.way, made.total, made.by, made.wording) == ("paper", 60, clinician, wording)
