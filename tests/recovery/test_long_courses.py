"""Long courses: what is thinned, paged and read from what is kept says the same as the whole."""

from __future__ import annotations

import csv
import html
import io
import os
import random
import re
import shutil
from types import SimpleNamespace

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.accounts.models import Clinic, User
from clinic.api.views.courses import VISITS_A_PAGE
from clinic.common import sheets
from clinic.overview.selectors import attention
from clinic.patients.models import Episode
from clinic.recovery import change, charts, keeping
from clinic.recovery.change import CourseChanges
from clinic.recovery.comparing import compare
from clinic.recovery.data import as_data
from clinic.recovery.export import history_csv
from clinic.recovery.measures import MeasuredVisit
from clinic.recovery.models import PatientSummary, VisitSummary
from clinic.recovery.selectors import course, history, photos_in_file, visits_of
from clinic.recovery.services import fall_of, rebuild_summaries, refresh_summary
from clinic.recovery.thinning import MOST_POINTS
from clinic.visits.models import Photo
from inference.models import Analysis
from inference.releases import registry
from tests import factories

from ..records.baseline import NOW_AND_THEN
from . import scenes, simulated

pytestmark = pytest.mark.django_db
VISITS = 60


@pytest.fixture(scope="module")
def made(django_db_setup, django_db_blocker):
    """A clinic with long courses, made once for all tests here; what a test changes is taken back to this."""
    with django_db_blocker.unblock(), transaction.atomic():
        clinic = factories.ClinicFactory()
        clinician = factories.member(clinic)
        yield SimpleNamespace(clinic=clinic, clinician=clinician, courses=long_courses(clinic, clinician))
        transaction.set_rollback(True)


@pytest.fixture
def clinic(made, db):
    return Clinic.objects.get(pk=made.clinic.pk)


@pytest.fixture
def clinician(made, db):
    return User.objects.get(pk=made.clinician.pk)


@pytest.fixture
def episodes(made, db):
    found = Episode.objects.select_related("patient__clinic").in_bulk([one.pk for one in made.courses])
    return [found[one.pk] for one in made.courses]


def long_courses(clinic: Clinic, clinician: User) -> list[Episode]:
    """Courses that wander, with falls; some photos are missing, and some were seen by another release."""
    rng = random.Random(20261130)
    states = []
    for _ in range(6):
        level, course = rng.uniform(0.2, 0.8), []
        for _ in range(VISITS):
            level = min(1.0, max(0.0, level + rng.gauss(0, 0.12)))
            course.append(simulated.even(level))
        if len(states) % 2:
            course[20:24], course[-1] = [simulated.even(1.0)] * 4, simulated.even(0.0)
        states.append(course)
    made = simulated.courses(clinic, clinician, states, seed=7)
    analyses = list(Analysis.objects.filter(photo__visit__episode__in=made).select_related("photo"))
    last = {one.visits.latest("at").pk for one in made}
    analyses = [one for one in analyses if one.photo.visit_id not in last]
    gone = rng.sample(analyses, len(analyses) // 8)
    Analysis.objects.filter(pk__in=[one.pk for one in gone]).delete()
    other = rng.sample([one.pk for one in analyses if one not in gone], len(analyses) // 10)
    Analysis.objects.filter(pk__in=other).update(release="2026.11.4")
    rebuild_summaries(patient_ids=[one.patient_id for one in made])
    return made


def by_every_pair(visits: list[tuple[object, MeasuredVisit]]) -> CourseChanges:
    """The changes by holding the last visit against each earlier one in turn: slow, and plain to read."""
    measured = [(date, one.compared) for date, one in visits if one.counted]
    *earlier, (_, now) = measured
    by_figure: dict[tuple[str, str], list[change.RegionChange]] = {}
    for date, before in earlier:
        for one in change._of_visit(before, now, date, len(earlier)):  # type: ignore[arg-type]
            by_figure.setdefault((one.after.kind, one.region), []).append(one)

    def deepest(every: list[change.RegionChange]) -> change.RegionChange:
        return min(reversed(every), key=lambda one: one.by / one.limit if one.limit else one.by)

    return CourseChanges(
        tuple(every[-1] for every in by_figure.values()),
        tuple(every[0] for every in by_figure.values()),
        tuple(deepest(every) for every in by_figure.values()),
    )


def test_headline_badges_and_today_are_those_of_the_whole(episodes, clinic, clinician):
    worse = set()
    for episode in episodes:
        short, whole = course(episode=episode), history(episode=episode)
        assert all(visit.known is None for visit in short.visits), "read from what is kept"
        expected = by_every_pair([(visit.date, visit.measured) for visit in whole.visits])
        assert short.course.changes == whole.course.changes == expected
        assert (short.course.sentence, short.course.mark, short.course.caveat) == (
            whole.course.sentence, whole.course.mark, whole.course.caveat,
        )  # fmt: skip
        summary = PatientSummary.objects.get(patient=episode.patient_id)
        assert (summary.worse, summary.fall) == (expected.worse, fall_of(found=expected))
        worse |= {episode.patient_id} if expected.worse else set()
    with time_machine.travel(scenes.on(7 * VISITS), tick=False):
        listed = {one.patient.pk for one in attention(user=clinician, clinic=clinic) if one.kind == "worse"}
    assert listed == worse and len(worse) > 0


def test_every_visit_of_a_page_is_that_of_the_whole(episodes):
    for episode in episodes[:2]:
        short, whole = course(episode=episode), history(episode=episode)
        some = [*short.visits[7:19], short.visits[0], short.visits[-1]]
        known = {one.visit_id: one for one in whole.visits}
        for one in visits_of(history=short, episode=episode, wanted=some):
            other = known[one.visit_id]
            assert one.measured.photos == other.measured.photos
            assert (one.readings, one.resting, one.grade) == (other.readings, other.resting, other.grade)


def by_parts(episode, **others):  # type: ignore[no-untyped-def]
    """The file of the course, whose photos are asked for some visits at a time."""
    short = course(episode=episode)
    return history_csv(
        history=short,
        record_number="R",
        photos=lambda some: photos_in_file(history=short, episode=episode, wanted=some),
        **others,
    )


@pytest.mark.parametrize("dialect", [sheets.PROGRAMS, sheets.Dialect(";", ",", True)], ids=str)
def test_the_file_of_what_is_kept_is_the_whole_file(episodes, clinician, dialect):
    episode = episodes[0]
    for analysis in Analysis.objects.filter(photo__visit__episode=episode)[:9]:
        factories.ConfirmationFactory(analysis=analysis, by=clinician, agrees=False)
    refresh_summary(patient_id=episode.patient_id)
    clinician.full_name = "Dr Renamed; since"
    clinician.save()
    with CaptureQueriesContext(connection) as asked:
        kept = by_parts(episode, dialect=dialect)
    assert not [one for one in asked if '"findings"' in one["sql"]], "no photo's result is read"
    assert kept == history_csv(history=history(episode=episode), record_number="R", dialect=dialect)
    assert kept.count("Dr Renamed; since") > VISITS
    rows = list(csv.DictReader(io.StringIO(kept[1:]), delimiter=dialect.separator))
    measures = [row for row in rows if row["record"] == "measure"]
    lefts = "".join(row["model_measure_left"] for row in measures)
    assert len(measures) > VISITS and set(lefts) - set("-0123456789") == {dialect.decimal}


def test_the_file_tells_what_changed_since_it_was_kept(episodes):
    episode = episodes[0]
    visit = episode.visits.order_by("at")[7]
    gone = visit.photos.exclude(analyses=None)[0]
    gone.analyses.all().delete()
    keeping.outdate(visits=[visit.pk])
    assert by_parts(episode) == history_csv(history=history(episode=episode), record_number="R")


def test_what_is_drawn_is_told_with_how_much_there_is(episodes, monkeypatch):
    monkeypatch.setattr("clinic.recovery.thinning.MOST_POINTS", 20)
    monkeypatch.setattr("clinic.recovery.thinning.thinned.__kwdefaults__", {"noted": (), "stretches": 8})
    short = course(episode=episodes[0])
    told = as_data(short, charts.drawn(short))
    assert told["shown"] == {"visits": len(told["visits"]), "of": VISITS}
    assert len(told["visits"]) < VISITS <= MOST_POINTS
    days = [one["date"] for one in told["visits"]]
    assert days[0] == short.visits[0].date.isoformat() and days[-1] == short.visits[-1].date.isoformat()
    since = {one.since.isoformat() for one in short.course.changes.best if one.since}
    assert since <= set(days), "a fall's two ends are drawn"
    notes = [note for panel in charts.panels(short) for note in panel.notes]
    assert any(note.endswith("points drawn: of each stretch the highest and the lowest") for note in notes)


@pytest.mark.parametrize(
    "name", ["patients:detail", "patients:visits", "patients:photos", "recovery:data", "api:patient-history"]
)
def test_queries_do_not_grow_with_the_visits(episodes, as_clinician, name):
    long, short = episodes[:2]
    short.visits.filter(pk__in=[one.pk for one in short.visits.order_by("at")[: VISITS - 30]]).update(
        archived_at=scenes.on(500)
    )
    rebuild_summaries(patient_ids=[short.patient_id])
    counts, rows = [], []
    for episode in (long, short):
        address = reverse(name, args=[episode.patient_id])
        as_clinician.get(address)
        with CaptureQueriesContext(connection) as asked:
            assert as_clinician.get(address).status_code == 200
        counts.append(sum(not NOW_AND_THEN.search(one["sql"]) for one in asked))
        rows.append([one["sql"] for one in asked if '"findings"' in one["sql"]])
    assert counts[0] == counts[1]
    if name in ("patients:detail", "recovery:data"):
        assert rows == [[], []], "no photo's result is read"


def test_the_table_the_visits_and_the_photos_come_in_pages(episodes, as_clinician):
    episode = episodes[0]
    visits = list(episode.visits.order_by("-at"))
    for name, size in (("patients:detail", 25), ("patients:visits", 20), ("patients:photos", 12)):
        address, seen = reverse(name, args=[episode.patient_id]), []
        while address:
            response = as_clinician.get(address)
            page = response.context.get("table") or response.context
            shown = page["rows"] if "rows" in page else page["visits"]
            seen += [
                one["visit"].pk if isinstance(one, dict) else getattr(one, "visit_id", None) or one.pk
                for one in shown
            ]
            assert len(shown) <= size
            earlier = page["earlier"]
            address = f"{reverse(name, args=[episode.patient_id])}?before={earlier}" if earlier else ""
        assert seen == [visit.pk for visit in visits], name
        for wrong in ("nothing", "5e9f0f3e-0000-4000-8000-000000000000"):
            url = reverse(name, args=[episode.patient_id])
            assert as_clinician.get(f"{url}?before={wrong}").status_code == 404
    whole = as_clinician.get(reverse("patients:detail", args=[episode.patient_id]) + "?rows=all")
    assert len(whole.context["table"]["rows"]) == VISITS


def test_what_is_kept_in_an_older_form_is_read_from_the_photos_until_it_is_kept_anew(episodes):
    from clinic.recovery.services import keep_courses

    episode = episodes[0]
    before = course(episode=episode).course
    VisitSummary.objects.filter(patient=episode.patient_id).update(form=0, figures={}, compared=[])
    assert course(episode=episode).course == before
    assert keep_courses() == 1 and keep_courses() == 0
    assert course(episode=episode).course == before


def test_a_release_that_is_installed_anew_leaves_what_is_kept_and_another_paper_does_not(
    episodes, settings, tmp_path
):
    """A new image, a new checkout: the same files with other times. Every course would be read from its photos."""
    before, copy = settings.MODEL_ARTIFACTS_DIR, tmp_path / "artifacts"
    shutil.copytree(before, copy, ignore=shutil.ignore_patterns("*.tflite", "*.bin"))
    settings.MODEL_ARTIFACTS_DIR = copy
    papers = list(copy.glob("*/release.json"))

    def is_kept():
        registry.forget()
        return {one.is_kept for one in course(episode=episodes[0]).visits}

    for paper in papers:
        os.utime(paper, (1, 1))
    assert is_kept() == {True}
    for paper in papers:
        paper.write_text(paper.read_text() + "\n")
    assert is_kept() == {False}
    registry.forget()


def test_the_api_hands_a_long_course_out_in_parts(episodes, as_clinician):
    episode = episodes[0]
    visits = [str(pk) for pk in episode.visits.order_by("at").values_list("pk", flat=True)]
    address, seen = reverse("api:episode-history", args=[episode.pk]), []
    course = as_clinician.get(address).json()["course"]
    while address:
        answer = as_clinician.get(address).json()
        assert len(answer["visits"]) <= VISITS_A_PAGE and answer["course"] == course
        seen = [one["visit"] for one in answer["visits"]] + seen
        address = answer["earlier"]
    assert seen == visits
    for wrong in ("x", str(episodes[1].visits.first().pk), str(episode.pk)):
        refused = as_clinician.get(reverse("api:episode-history", args=[episode.pk]), {"before": wrong})
        assert refused.status_code == 400 and refused.json()["errors"][0]["field"] == "before"
    both = as_clinician.get(reverse("api:patient-history", args=[episode.patient_id])).json()
    assert [len(one["visits"]) for one in both["episodes"]] == [VISITS_A_PAGE]


def test_of_a_long_course_some_photos_at_a_time_are_offered_to_be_compared(
    episodes, as_clinician, monkeypatch
):
    monkeypatch.setattr("clinic.recovery.comparing.SHOTS_AT_ONCE", 7)
    episode = episodes[0]
    whole = compare(history=history(episode=episode), exercise="rest")
    address = reverse("recovery:compare", args=[episode.patient_id])
    query, seen = "?exercise=rest", []
    while query:
        response = as_clinician.get(address + query)
        found = response.context["comparison"]
        assert (found.a.photo_id, found.b.photo_id) == (whole.a.photo_id, whole.b.photo_id)
        offered = [shot.photo_id for shot in found.options]
        assert {found.a.photo_id, found.b.photo_id} <= set(offered) and len(set(offered)) == len(offered) <= 9
        seen = [shot.photo_id for shot in found.strip] + seen
        links = re.findall(r'rel="next"\s+href="([^"]+)"', response.content.decode())
        query = html.unescape(links[0]).split("#")[0] if links else ""
    taken = Photo.objects.filter(visit__episode=episode, exercise="rest").order_by("visit__at")
    assert seen == list(taken.values_list("pk", flat=True)) and len(seen) > 5 * 7
