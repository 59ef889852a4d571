"""The queue of findings on which nobody has had a word."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.visits import selectors, services
from inference import ledger

from .. import factories
from .scenes import in_each_state


def finding(visit, **fields):
    return factories.AnalysisFactory(photo=factories.PhotoFactory(visit=visit, **fields)).photo


@pytest.fixture
def earlier(episode, clinician):
    return factories.VisitFactory(
        episode=episode, clinician=clinician, at=timezone.now() - dt.timedelta(days=7)
    )


def queue(user, clinic):
    return list(selectors.review_queue(user=user, clinic=clinic))


def shown(client, **query):
    return client.get(reverse("visits:review"), query).context["photo"]


def test_only_results_without_a_word_wait(clinician, clinic, visit):
    photos = in_each_state(visit)
    waiting = {photos[state].pk for state in ("succeeded", "without weakness", "other exercise")}
    assert {photo.pk for photo in queue(clinician, clinic)} == waiting


def test_nothing_archived_waits(clinician, clinic, visit, earlier):
    finding(visit, archived_at=timezone.now())
    finding(earlier)
    services.archive_visit(user=clinician, visit=earlier)
    patient = factories.PatientFactory(clinic=clinic, archived_at=timezone.now())
    finding(factories.VisitFactory(episode__patient=patient, clinician=clinician))
    assert queue(clinician, clinic) == []


def test_the_queue_is_that_of_one_clinic(clinician, clinic, visit, stranger):
    photo = finding(visit)
    other = factories.ClinicFactory()
    assert queue(clinician, clinic) == [photo]
    assert queue(clinician, other) == []
    assert queue(stranger, clinic) == []


def test_the_oldest_comes_first_and_the_next_follows_by_itself(as_clinician, visit, earlier):
    minutes = [dt.timedelta(minutes=number) for number in range(3)]
    second = finding(visit, taken_at=visit.at + minutes[1])
    third = finding(visit, taken_at=visit.at + minutes[2])
    first = finding(earlier)
    assert shown(as_clinician) == first
    assert shown(as_clinician, after=first.pk) == second
    assert shown(as_clinician, after=second.pk) == third
    assert shown(as_clinician, after=third.pk) == first
    assert shown(as_clinician, after="nonsense") == first


def test_confirming_leads_to_the_next_one(as_clinician, visit, earlier):
    first, second = finding(earlier), finding(visit)
    page = as_clinician.get(reverse("visits:review")).content.decode()
    onward = f"{reverse('visits:review')}?after={first.pk}"
    assert f'name="next" value="{onward}"' in page
    for key in "cen":
        assert f'data-key="{key}"' in page
    answer = as_clinician.post(
        reverse("visits:confirm", args=[first.pk]),
        {"analysis": str(first.analyses.get().pk), "agree": "1", "next": onward},
        follow=True,
    )
    assert answer.context["photo"] == second
    assert "1 finding to confirm." in answer.content.decode()


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
    found = ledger.ledger(clinic_id=clinic.pk, release="test-release").overall.palsy
    assert (found.count, found.hits) == (2, 1)
    nobody = ledger.ledger(clinic_id=factories.ClinicFactory().pk, release="test-release").overall.palsy
    assert nobody.value is None


def test_a_reviewer_looks_and_does_not_confirm(as_reviewer, visit):
    finding(visit)
    page = as_reviewer.get(reverse("visits:review")).content.decode()
    assert "Confirming is for clinicians." in page
    assert 'data-key="c"' not in page
