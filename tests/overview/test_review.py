"""The visits on which nobody has had a word."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from clinic.overview import queue as waiting_visits
from clinic.recovery.services import refresh_summary
from clinic.validation import ledger
from clinic.visits import grading, reviewing, services
from clinic.visits.forms import VisitStatementForm
from clinic.visits.models import VisitConfirmation
from clinic.visits.templatetags import visits as visits_tags
from inference import finding as model_finding
from tests import factories
from tests.visits.scenes import in_each_state


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
    return list(waiting_visits.review_queue(user=user, clinic=clinic))


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


def test_the_fields_of_a_blank_statement_are_drawn_once_and_stand_as_if_drawn_each_time(as_clinician, visit):
    finding(visit)
    as_clinician.get(reverse("visits:review"))
    form = VisitStatementForm(auto_id="some-visit-%s")
    for language in ("en", "id"):
        with override(language):
            direct = render_to_string("visits/_statement_fields.html", {"statement": form})
            with CaptureDrawn() as drawn:
                assert visits_tags.statement_fields(form) == direct
                other = visits_tags.statement_fields(VisitStatementForm(auto_id='"><x-%s'))
            assert drawn.count <= 1
            assert 'id="some-visit-comment"' in direct and '"&quot;&gt;&lt;x-comment"' in other
            assert "\N{REPLACEMENT CHARACTER}" not in other
    filled = VisitStatementForm(initial={"comment": "Droops"}, auto_id="s-%s")
    assert "Droops" in visits_tags.statement_fields(filled)
    refused = VisitStatementForm({"palsy": "yes"})
    assert "Choose the weak side." in visits_tags.statement_fields(refused)


class CaptureDrawn:
    """How often the fields are drawn."""

    def __enter__(self):
        self.count, self.patch = 0, pytest.MonkeyPatch()
        draw = visits_tags.render_to_string

        def counted(*args, **kwargs):
            self.count += 1
            return draw(*args, **kwargs)

        self.patch.setattr(visits_tags, "render_to_string", counted)
        return self

    def __exit__(self, *_about):
        self.patch.undo()


def test_what_was_found_in_a_photo_is_read_once(clinician, clinic, visit, earlier, monkeypatch):
    """A page asks two dozen times, and reads the stored findings once; of the visit before a clinician's word alone."""
    for exercise in ("rest", "brow_raise", "closed_smile"):
        finding(visit, exercise=exercise)
        finding(earlier, exercise=exercise)
    read, whole = [], model_finding.from_analysis
    monkeypatch.setattr(
        model_finding,
        "from_analysis",
        lambda analysis, *, asked: read.append(analysis.pk) or whole(analysis, asked=asked),
    )
    with CaptureQueriesContext(connection) as captured:
        [review] = reviewing.visit_reviews(visits=[visit])
    results = [one for one in captured.captured_queries if 'FROM "inference_analysis"' in one["sql"]]
    assert len(results) == 1 and review.known.results == 3
    asked = [card.found for card in review.photos for _ in range(5)]
    assert len(asked) == 15 and len(read) == len(set(read)) == 3
