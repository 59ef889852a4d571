"""What is called a change: rarely where nothing changes, always where a face falls by more than the error explains."""

from __future__ import annotations

import random
import uuid
from collections import defaultdict

import pytest
import time_machine

from clinic.overview.selectors import attention
from clinic.recovery import change, rules
from clinic.recovery.change import CourseChanges, RegionChange, change_limit, judged, limit_of
from clinic.recovery.measures import Reading
from clinic.recovery.reading import measured_visits
from clinic.recovery.selectors import history
from clinic.recovery.services import rebuild_summaries, refresh_summary
from clinic.visits.models import Visit
from tests import factories

from . import scenes, simulated

COURSES, VISITS, RELAPSES, ON_TODAY = 1000, 6, 200, 200


def worse_at_any_visit(episodes) -> set[uuid.UUID]:  # type: ignore[no-untyped-def]
    """The patients whose course was called worse at some visit, as their page would have said on that day."""
    found = set()
    for some in (episodes[start : start + 100] for start in range(0, len(episodes), 100)):
        rows = Visit.objects.filter(episode__in=some).order_by("at").values_list("patient_id", "pk", "at")
        # Each visit has its own photo at rest, so that those of many courses can be read at once.
        measured = measured_visits(course=list, wanted=[pk for _, pk, _ in rows], weak_side="left")
        courses = defaultdict(list)
        for patient, pk, at in rows:
            courses[patient].append((at.date(), measured[pk]))
        found |= {
            patient
            for patient, visits in courses.items()
            if any(change.changes(visits[:count]).worse for count in range(2, len(visits) + 1))
        }
    return found


@pytest.mark.django_db
def test_of_a_thousand_courses_without_change_at_most_25_are_ever_called_worse(clinic, clinician):
    rng = random.Random(20261129)
    states = [[simulated.even(rng.uniform(0.0, 1.0))] * VISITS for _ in range(COURSES)]

    episodes = simulated.courses(clinic, clinician, states, seed=1)
    worse = worse_at_any_visit(episodes)
    # All that were ever called worse, and some of the others.
    seen = sorted((episode.patient_id for episode in episodes), key=lambda pk: pk not in worse)[:ON_TODAY]
    rebuild_summaries(patient_ids=seen)
    with time_machine.travel(scenes.on(7 * VISITS), tick=False):
        listed = {
            one.patient.pk
            for one in attention(user=clinician, clinic=clinic, limit=COURSES)
            if one.kind == "worse"
        }

    assert len(worse) <= rules.FALSE_ALARMS
    assert listed <= worse & set(seen)


def fallen(region: str, kind: str, errors: float) -> tuple[simulated.State, simulated.State]:
    """A face at its best, and the same with one figure of one region lower by that many measurement errors."""
    best = simulated.even(1.0)
    by = errors * simulated.deviation(kind, region) * 1.96 * 2**0.5
    lower = dict(getattr(best, kind)) | {region: getattr(best, kind)[region] - by}
    return best, simulated.State(**{"share": best.share, "ratio": best.ratio, kind: lower})


@pytest.mark.django_db
def test_of_two_hundred_relapses_beyond_the_error_every_one_is_told_and_on_today(clinic, clinician):
    # Three and a half errors: twice the limit of six visits and eight figures, less what the errors themselves take.
    falls = [("mouth", "ratio"), ("brow", "ratio")]
    states = []
    for number in range(RELAPSES):
        best, after = fallen(*falls[number % len(falls)], errors=3.5)
        states.append([simulated.even(0.3), simulated.even(0.6), best, best, best, after])

    episodes = simulated.courses(clinic, clinician, states, seed=2)
    rebuild_summaries(patient_ids=[episode.patient_id for episode in episodes])
    with time_machine.travel(scenes.on(7 * VISITS), tick=False):
        listed = {
            one.patient.pk
            for one in attention(user=clinician, clinic=clinic, limit=RELAPSES)
            if one.kind == "worse"
        }
        told = [history(episode=episode).course for episode in episodes]

    assert listed == {episode.patient_id for episode in episodes}
    assert all(course.worse and "fell from" in course.sentence and course.mark for course in told)


@pytest.mark.django_db
def test_a_fall_from_the_best_is_told_although_the_last_visit_rose(clinic, clinician):
    """0.3, 0.6, 1.0, then down to 0.1 and up to 0.3: up since the first visit, and still a relapse."""
    course = [simulated.even(level) for level in (0.3, 0.6, 1.0, 0.05, 0.25)]
    (episode,) = simulated.courses(clinic, clinician, [course], seed=3)

    summary = refresh_summary(patient_id=episode.patient_id)
    found = history(episode=episode).course

    assert summary.worse and found.worse
    assert "fell from" in found.sentence and "(week 2)" in found.sentence.replace("\N{NO-BREAK SPACE}", " ")
    assert found.mark.startswith("Worse than on"), "not worse than at the visit before"


@pytest.mark.django_db
def test_a_fall_of_all_regions_is_told_where_no_single_one_is_sure(clinic, clinician):
    """Three falls, each of 1.4 errors, are 2.4 errors of their mean; nobody has to be sure of one of them."""
    best = simulated.even(1.0)
    lower = {
        region: best.ratio[region] - 1.45 * simulated.deviation("ratio", region) * 1.96 * 2**0.5
        for region in best.ratio
    }
    states = [[best, simulated.State(best.share, lower)] for _ in range(60)]
    episodes = simulated.courses(clinic, clinician, states, seed=4)

    worst = [history(episode=episode).course.changes.worst for episode in episodes]

    assert any(one is not None and one.region == change.WHOLE for one in worst)


def test_more_looks_back_ask_for_more():
    assert change_limit(1) > 1.0, "eight figures at twelve visits are more than one look"
    assert change_limit(1) < change_limit(2) < change_limit(5) < change_limit(30) < 2.5
    assert limit_of(0.1, 5) == pytest.approx(0.1 * change_limit(5), abs=1e-4)
    assert limit_of(None, 5) is None


def test_the_chance_behind_the_limit_is_that_of_normal_errors():
    """The integral against two hundred thousand drawn courses."""
    rng, limit, earlier = random.Random(5), 1.5, 4
    hits = sum(max(rng.gauss(0, 1) for _ in range(earlier)) - rng.gauss(0, 1) > limit for _ in range(200_000))
    assert change._chance(limit, earlier) == pytest.approx(hits / 200_000, abs=0.004)


@pytest.mark.parametrize(
    ("by", "limit", "verdict"),
    [
        (0.2, 0.1, "better"),
        (-0.2, 0.1, "worse"),
        (0.1, 0.1, "same"),
        (-0.1, 0.1, "same"),
        (-0.9, None, "unknown"),
    ],
)
def test_a_difference_is_a_change_beyond_its_limit_alone(by, limit, verdict):
    assert judged(by, limit) == verdict


def test_the_fall_that_exceeds_its_limit_by_most_is_the_news():
    def one(region: str, by: float, limit: float) -> RegionChange:
        import uuid

        before, after = (Reading(value, "rest", "r", uuid.uuid4()) for value in (0.9, 0.9 + by))
        return RegionChange(region, before, after, limit / 2, limit)

    found = CourseChanges(
        best=(one("eye", -0.4, 0.3), one("mouth", -0.3, 0.1), one("brow", -0.05, 0.1), one("face", -0.9, 0.1))
    )

    assert found.worst is not None and found.worst.region == "mouth"
    assert not found.worse_than_before


@pytest.mark.django_db
def test_without_a_known_error_nothing_is_called_worse(episode):
    scenes.measured(episode, 5, mouth=0.9, release="2020.1.1")
    scenes.measured(episode, 12, mouth=0.1, release="2020.1.1")
    factories.ClinicFactory()

    found = history(episode=episode).course

    assert not found.worse and found.verdict == "unknown"
    assert "not known" in found.caveat
