"""The visits on which nobody has had a word."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.recovery.services import refresh_summary
from clinic.visits import grading, reviewing, services
from clinic.visits.models import VisitConfirmation
from inference import ledger

from .. import factories
from .scenes import in_each_state


def finding(visit, **fields):
    photo = factories.AnalysisFactory(photo=factories.PhotoFactory(visit=visit, **fields)).photo
    refresh_summary(patient_id=visit.patient_id)
    return photo


@pytest.fixture
def earlier(episode, clinician):
    return factories.VisitFactory(
        episode=episode, clinician=clinician, at=timezone.now() - dt.timedelta(days=7)
    )


def queue(user, clinic):
    return list(reviewing.review_queue(user=user, clinic=clinic))


def shown(client, **query):
    answer = client.get(reverse("visits:review"), query)
    return [review.visit for review, _ in answer.context["reviews"]], answer.content.decode()


def test_visits_with_a_result_and_without_a_word_wait(clinician, clinic, visit, earlier):
    in_each_state(visit)
    factories.AnalysisFactory(photo=factories.PhotoFactory(visit=earlier), queued=True)
    refresh_summary(patient_id=visit.patient_id)
    assert queue(clinician, clinic) == [visit]
    assert grading.visit_finding(visit=visit).is_waiting
    assert not grading.visit_finding(visit=earlier).is_waiting


def test_a_visit_leaves_the_queue_with_its_grade_and_comes_back_without(clinician, clinic, visit):
    finding(visit)
    services.update_visit(user=clinician, visit=visit, grade=3)
    assert queue(clinician, clinic) == []
    services.update_visit(user=clinician, visit=visit, grade=None)
    assert queue(clinician, clinic) == [visit]


def test_nothing_archived_waits(clinician, clinic, visit, earlier):
    finding(visit, archived_at=timezone.now())
    finding(earlier)
    services.archive_visit(user=clinician, visit=earlier)
    patient = factories.PatientFactory(clinic=clinic, archived_at=timezone.now())
    finding(factories.VisitFactory(episode__patient=patient, clinician=clinician))
    assert queue(clinician, clinic) == []


def test_the_queue_is_that_of_one_clinic(clinician, clinic, visit, stranger):
    finding(visit)
    other = factories.ClinicFactory()
    assert queue(clinician, clinic) == [visit]
    assert queue(clinician, other) == []
    assert queue(stranger, clinic) == []


def test_the_oldest_comes_first_with_its_faces(as_clinician, visit, earlier):
    first, second = finding(earlier), finding(visit)
    visits, page = shown(as_clinician)
    assert visits == [earlier, visit]
    for photo in (first, second):
        assert reverse("visits:thumbnail", args=[photo.pk]) in page


def test_confirming_once_takes_the_visit_off_the_list(as_clinician, visit, earlier, whole_visits):
    for one in (earlier, visit):
        whole_visits(one)
    refresh_summary(patient_id=visit.patient_id)
    _, page = shown(as_clinician)
    for key in "ce":
        assert f'data-key="{key}"' in page
    part = page.partition(f'id="review-{earlier.pk}"')[2].partition("</form>")[0]
    fields = {
        name: re.findall(rf'name="{name}" value="([^"]*)"', part) for name in ("shown", "named", "after")
    }
    answer = as_clinician.post(
        reverse("visits:visit_confirm", args=[earlier.pk]),
        {**fields, "agree": "1", "next": reverse("visits:review")},
        follow=True,
    )
    assert [review.visit for review, _ in answer.context["reviews"]] == [visit]
    assert "1 visit to review." in answer.content.decode()
    assert VisitConfirmation.objects.get().visit == earlier


def test_the_number_of_queries_does_not_grow_with_the_visits(
    as_clinician, episode, clinician, django_assert_max_num_queries
):
    for week in range(4):
        at = timezone.now() - dt.timedelta(weeks=week)
        finding(factories.VisitFactory(episode=episode, clinician=clinician, at=at))
    with django_assert_max_num_queries(34):
        visits, _ = shown(as_clinician)
    assert len(visits) == 4


def test_agreement_counts_the_newest_word_on_each_photo(clinician, clinic, visit):
    agreed, corrected = finding(visit), finding(visit)
    for photo, words in ((agreed, (False, True)), (corrected, (False,))):
        for palsy in words:
            factories.ConfirmationFactory(
                analysis=photo.analyses.get(),
                by=clinician,
                palsy=palsy,
                weak_side="left" if palsy else "",
                grade=None,
            )
    factories.count_releases()
    found = ledger.ledger(clinic_id=clinic.pk, release="test-release").overall.palsy
    assert (found.count, found.hits) == (2, 1)
    nobody = ledger.ledger(clinic_id=factories.ClinicFactory().pk, release="test-release").overall.palsy
    assert nobody.value is None


def test_a_reviewer_looks_and_does_not_confirm(as_reviewer, visit):
    finding(visit)
    page = as_reviewer.get(reverse("visits:review")).content.decode()
    assert 'data-key="c"' not in page and "/confirm/" not in page
    today = as_reviewer.get(reverse("today")).content.decode()
    assert "to review" not in today, "what one may not do isn't offered"
    assert reverse("visits:review") not in today
