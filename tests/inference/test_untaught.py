"""Views of which no network has seen any: who looks at them, what is said of them, and what filing otherwise does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clinic.visits import selectors, sentences, services_filing
from clinic.visits.checking import check_of
from clinic.visits.reading import photo_details
from clinic.visits.together import together
from inference import services, tasks
from inference.finding import Verdict, from_analysis
from inference.jobs import worker
from inference.jobs.states import Status
from inference.models import Analysis
from inference.pipeline.codes import UNTAUGHT
from inference.releases import registry
from tests import factories

from .conftest import make_findings

pytestmark = pytest.mark.django_db


class Seeing:
    """Stands in for the models: keeps as what it was shown each photo."""

    uses_reference = False

    def __init__(self) -> None:
        self.views: list[str] = []
        self.release = registry.active()

    def analyse(self, photo: bytes, reference: bytes | None = None, view: str = ""):
        self.views.append(view)
        if not view:
            return make_findings()
        return replace(
            make_findings(),
            view=view,
            exercise=None,
            exercise_probabilities={},
            palsy_probability=None,
            palsy_verdict="uncertain",
            weak_side=None,
            weak_side_probabilities={},
            grade=None,
            grade_probabilities={},
            zones={},
        )


@pytest.fixture
def analyser(release, monkeypatch):
    seeing = Seeing()
    monkeypatch.setattr(worker, "analyser", lambda name: seeing)
    return seeing


def photo_of(exercise, visit=None):
    visit = visit or factories.VisitFactory()
    photo = factories.PhotoFactory(visit=visit, exercise=exercise)
    services.queue_analysis(photo=photo)
    return photo


def work():
    for pk in Analysis.objects.filter(status=Status.QUEUED).values_list("pk", flat=True):
        tasks.analyse(str(pk))


@pytest.mark.parametrize("exercise", sorted(UNTAUGHT))
def test_the_model_is_told_so_and_says_nothing(analyser, exercise):
    photo = photo_of(exercise)
    work()
    assert analyser.views == [exercise]
    card = selectors.card_of(photo=photo)
    assert card.succeeded and card.found is None and card.other_exercise is None
    assert check_of(card).state == "good"
    details = photo_details(card=card)
    assert (details.weakness, details.zones, details.exercises) == ([], [], [])
    assert "odel" in sentences.untaught_view(exercise)


def test_all_other_views_are_told_to_nobody(analyser):
    photo_of("pucker")
    work()
    assert analyser.views == [""]


def test_what_was_found_before_it_was_filed_there_is_not_shown_any_more(analyser, clinician):
    photo = photo_of("show_teeth")
    work()
    assert selectors.card_of(photo=photo).found is not None
    services_filing.change_exercise(user=clinician, photo=photo, exercise="lower_teeth")
    assert selectors.card_of(photo=photo).found is None, "not even before it is looked at anew"
    found = from_analysis(Analysis.objects.get(status=Status.SUCCEEDED), asked="lower_teeth")
    assert (found.verdict, found.grade, found.weak_side) == (Verdict.UNCERTAIN, None, "")
    work()
    assert analyser.views == ["", "lower_teeth"]


def test_filed_back_the_network_is_asked_again_even_where_the_photo_was_refused(analyser, clinician):
    photo = photo_of("nasal_base")
    work()
    services_filing.change_exercise(user=clinician, photo=photo, exercise="rest")
    work()
    assert analyser.views == ["nasal_base", ""]
    assert selectors.card_of(photo=photo).found is not None
    newest = Analysis.objects.filter(photo=photo).latest("created_at")
    refused = photo_of("nasal_base", photo.visit)
    job = services.claim(analysis_id=Analysis.objects.get(photo=refused).pk)
    services.reject(
        claim=job, findings=replace(make_findings(), state="rejected", reason="blurred", view="nasal_base")
    )
    services_filing.change_exercise(user=clinician, photo=refused, exercise="rest")
    assert Analysis.objects.filter(photo=refused, status=Status.QUEUED).exists()
    assert newest.status == Status.SUCCEEDED


def test_filed_otherwise_while_a_worker_has_it_it_is_looked_at_once_more(analyser, clinician):
    photo = photo_of("show_teeth")
    claim = services.claim(analysis_id=Analysis.objects.get(photo=photo).pk)
    services_filing.change_exercise(user=clinician, photo=photo, exercise="lower_teeth")
    assert services.finish(claim=claim, findings=make_findings())
    assert Analysis.objects.filter(photo=photo, status=Status.QUEUED).count() == 1
    work()
    assert analyser.views == ["lower_teeth"]


def test_it_counts_in_no_finding_of_the_visit(analyser, clinician):
    visit = factories.VisitFactory()
    for exercise in sorted(UNTAUGHT):
        photo_of(exercise, visit)
    work()
    cards = selectors.photos_of_visit(visit=visit)
    assert together(cards=cards) is None
    assert sentences.visit_summary(cards).model == ""
