"""A scale that is answered in a visit: kept item by item, finished by a person, corrected with its history."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from clinic.audit.holdings import BY_MODEL
from clinic.audit.models import AuditEvent
from clinic.common.versions import CHANGED, Basis, Conflict
from clinic.examination import policies, selectors_scales
from clinic.examination.models import Assessment
from clinic.examination.scales import BY_CODE
from clinic.examination.services_scales import answer, finish, reopen
from clinic.feed.models import Change
from clinic.rights import dossier
from clinic.visits import services as visits
from tests import factories

pytestmark = pytest.mark.django_db
FNGS, FDI = BY_CODE["fngs"], BY_CODE["fdi"]
WHOLE = {"brow": 3, "eye": 2, "fold": 3, "oral": 3, "secondary": 1}


def keep(user: Any, visit: Any, answers: dict[str, Any], **more: Any) -> Assessment:
    return answer(user=user, visit=visit, scale=FNGS, answers=answers, **more)


def test_answers_are_kept_as_they_are_given(visit, clinician):
    made = keep(clinician, visit, {"brow": 3})
    assert (made.total, made.missing) == (None, ["eye", "fold", "oral", "secondary"])
    assert made.sub_scores == {"regions": None, "secondary": None}
    for code in ("eye", "fold", "oral", "secondary"):
        made = keep(clinician, visit, {code: WHOLE[code]})
    made.refresh_from_db()
    assert made.answers == WHOLE and made.total == 12 and made.missing == []
    assert Assessment.objects.count() == 1 and not made.is_finished
    assert made.scale_version == "2.0"


def test_an_answer_can_be_taken_back_and_the_total_goes_with_it(visit, clinician):
    keep(clinician, visit, WHOLE)
    made = keep(clinician, visit, {"eye": None})
    assert "eye" not in made.answers and made.total is None and made.missing == ["eye"]


def test_the_same_answer_again_writes_nothing(visit, clinician):
    made = keep(clinician, visit, WHOLE)
    lines = made.history.count()
    again = keep(clinician, visit, {"brow": 3})
    assert again.history.count() == lines and again.version == made.version


@pytest.mark.parametrize(
    "answers", [{"brow": 7}, {"brow": "3"}, {"ear": 1}, {"brow": True}, {"brow": 2, "eye": 0}]
)
def test_what_the_scale_does_not_know_is_refused_whole(visit, clinician, answers):
    with pytest.raises(ValidationError):
        keep(clinician, visit, answers)
    assert not Assessment.objects.exists()


def test_finished_is_said_by_a_person_and_only_of_a_whole_one(visit, clinician):
    part = keep(clinician, visit, {"brow": 3})
    with pytest.raises(ValidationError) as refused:
        finish(user=clinician, assessment=part)
    assert refused.value.code == "incomplete" and part.answers == {"brow": 3}
    whole = finish(user=clinician, assessment=keep(clinician, visit, WHOLE))
    assert whole.is_finished and whole.by == clinician
    with pytest.raises(ValidationError) as refused:
        keep(clinician, visit, {"brow": 1})
    assert refused.value.code == "finished"


def test_a_scale_without_a_total_can_be_finished(visit, clinician):
    answers = {item.code: item.choices[0].value for item in FDI.items}
    made = answer(user=clinician, visit=visit, scale=FDI, answers=answers)
    assert finish(user=clinician, assessment=made).total is None


def test_a_correction_keeps_what_was_said_in_the_history(visit, clinician, administrator):
    first = finish(user=clinician, assessment=keep(clinician, visit, WHOLE))
    reopen(user=administrator, assessment=first)
    corrected = finish(user=administrator, assessment=keep(administrator, visit, {"oral": 4}))
    assert corrected.pk == first.pk and corrected.total == 13 and corrected.by == administrator
    finished = [row for row in corrected.history.all() if row.finished_at is not None]
    assert [(row.total, row.history_user) for row in finished] == [(13, administrator), (12, clinician)]


def test_two_people_answer_different_items_of_one_page_and_both_are_kept(visit, clinician, administrator):
    made = keep(clinician, visit, {"brow": 3})
    keep(administrator, visit, {"eye": 2}, based_on=Basis(made.version))
    both = keep(clinician, visit, {"brow": 3, "oral": 3}, based_on=Basis(made.version))
    assert both.answers == {"brow": 3, "eye": 2, "oral": 3}


def test_an_outdated_page_overwrites_no_answer(visit, clinician, administrator):
    made = keep(clinician, visit, {"brow": 3})
    keep(administrator, visit, {"brow": 5}, based_on=Basis(made.version))
    with pytest.raises(ValidationError) as refused:
        keep(clinician, visit, {"brow": 2, "eye": 2}, based_on=Basis(made.version))
    assert refused.value.code == CHANGED
    # What the page merely showed is no wish.
    kept = keep(clinician, visit, {"brow": 3, "eye": 2}, based_on=Basis(made.version))
    assert kept.answers == {"brow": 5, "eye": 2}
    with pytest.raises(Conflict):
        finish(user=clinician, assessment=kept, based_on=Basis(1, exact=True))


def test_nothing_is_answered_in_what_is_archived(visit, clinician):
    made = keep(clinician, visit, WHOLE)
    visits.archive_visit(user=clinician, visit=visit)
    for act in (
        lambda: keep(clinician, visit, {"brow": 1}),
        lambda: finish(user=clinician, assessment=Assessment.objects.get(pk=made.pk)),
    ):
        with pytest.raises(ValidationError):
            act()
    assert not policies.can_assess(clinician, visit)


def test_an_assessment_of_another_version_of_its_scale_stays_as_it_is(visit, clinician):
    made = finish(user=clinician, assessment=keep(clinician, visit, WHOLE))
    Assessment.objects.filter(pk=made.pk).update(scale_version="1.0")
    old = Assessment.objects.get(pk=made.pk)
    assert old.definition is None
    with pytest.raises(ValidationError):
        reopen(user=clinician, assessment=old)
    assert keep(clinician, visit, {"brow": 1}).pk != old.pk
    assert len(selectors_scales.assessments_of(visit=visit)) == 2


def test_each_change_is_in_the_log_and_in_the_feed(visit, clinician):
    made = keep(clinician, visit, {"brow": 3})
    finish(user=clinician, assessment=keep(clinician, visit, WHOLE))
    logged = AuditEvent.objects.filter(patient=visit.patient, detail__record="assessment")
    assert sorted(logged.values_list("detail__how", flat=True)) == ["changed", "changed", "created"]
    told = Change.objects.filter(kind="assessment", record=made.pk).order_by("pk")
    assert list(told.values_list("what", flat=True)) == ["created", "changed", "changed"]
    assert set(told.values_list("patient", flat=True)) == {visit.patient_id}


def test_a_patient_s_copy_tells_it_in_words(visit, clinician):
    finish(user=clinician, assessment=keep(clinician, visit, WHOLE))
    page = dossier._page(visit.patient, {}, timezone.now())
    assert "FNGS 2.0 2.0: 12, grade III" in " ".join(page.split())


def test_it_is_held_of_the_patient(visit, clinician):
    made = keep(clinician, visit, {"brow": 3})
    for name in ("examination.Assessment", "examination.HistoricalAssessment"):
        rows = BY_MODEL[name].rows(visit.patient_id)
        assert [row.id for row in rows] == [made.pk] and BY_MODEL[name].section
    assert not BY_MODEL["examination.Assessment"].rows(factories.PatientFactory().pk).exists()


@pytest.mark.parametrize(
    ("role", "reads", "answers"),
    [
        ("clinician", True, True),
        ("administrator", True, True),
        ("reviewer", True, False),
        ("integration", True, False),
    ],
)
def test_who_may_answer_and_who_may_read(visit, clinician, role, reads, answers):
    made = keep(clinician, visit, {"brow": 3})
    member = factories.member(visit.patient.clinic, role)
    assert policies.can_assess(member, visit) is answers
    assert selectors_scales.visible_assessments(user=member).filter(pk=made.pk).exists() is reads
    stranger = factories.member(factories.ClinicFactory(), role)
    assert not policies.can_assess(stranger, visit)
    assert not selectors_scales.visible_assessments(user=stranger).exists()
