"""Lists, searches, review and Today are read from indexes: what they cost is what they show, not what there is."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic.overview import attention, listed, queue, selectors
from clinic.patients import lookup, services
from clinic.patients.models import Episode, Patient
from clinic.recovery import standing
from clinic.recovery.models import PatientSummary, VisitSummary
from clinic.recovery.services import refresh_summary
from clinic.visits import grading
from clinic.visits.models import Visit
from inference.models import Analysis
from tests import factories, plans

pytestmark = pytest.mark.django_db
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="another way of reading")


def found(clinician, clinic, **wanted):
    return selectors.search(user=clinician, clinic=clinic, **wanted)


def keys(rows):
    return rows.select_related(None).values_list("pk", flat=True)


def analysed(*tables: str) -> None:
    """With the statistics of what is there: by which index a table is read must not hang on an earlier test."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(tables)}")


@on_postgresql
def test_a_page_of_names_is_read_from_the_index_in_its_order(clinician, clinic):
    others = factories.ClinicFactory()
    Patient.objects.bulk_create(factories.PatientFactory.build_batch(1500, clinic=others))
    Patient.objects.bulk_create(factories.PatientFactory.build_batch(150, clinic=clinic))
    analysed("patients_patient", "recovery_patientsummary")
    for rows in (found(clinician, clinic), found(clinician, clinic, sort="-name")):
        page = keys(rows)[:25]
        assert plans.indexes(page, ordered=True) == {"patients_on_the_lists"} and not plans.sorts(page)


@on_postgresql
@pytest.mark.parametrize("word", ["lest", "M-0001", "0812345678", "anne-marie"])
def test_part_of_a_name_or_number_is_found_by_an_index(word):
    asked = Patient.objects.filter(lookup.word_matches(word))
    assert plans.indexes(keys(asked)) == {"patients_by_part_of_text"}


@on_postgresql
def test_the_queue_of_review_is_read_from_the_index_of_what_waits(clinician, clinic):
    first = queue.review_queue(user=clinician, clinic=clinic)[:10]
    assert "visits_that_wait" in plans.indexes(first.values("pk"), ordered=True)
    waiting = VisitSummary.objects.filter(clinic=clinic, waiting=True)
    assert plans.indexes(waiting.values("pk")) == {"visits_that_wait"}


@pytest.mark.parametrize("sort", list(selectors.SORTS))
def test_pages_are_the_list_cut_up_from_either_end(clinician, clinic, sort):
    draw = random.Random(sort)
    for number in range(53):
        patient = factories.PatientFactory(clinic=clinic, name=draw.choice(("Ayu", "Budi", "Sari")))
        if number % 7:
            onset = timezone.localdate() - dt.timedelta(days=draw.randint(0, 9))
            factories.EpisodeFactory(patient=patient, onset_date=onset)
        if number % 5:
            seen = timezone.now() - dt.timedelta(days=draw.randint(0, 9))
            PatientSummary.objects.create(patient=patient, last_visit_at=seen)
    rows = found(clinician, clinic, sort=sort)
    whole = [patient.pk for patient in rows]
    cut = [
        patient.pk
        for start in range(0, 60, 10)
        for patient in selectors.page_of(found=rows, start=start, end=start + 10, total=53, sort=sort)
    ]
    assert cut == whole and len(whole) == 53


@pytest.mark.parametrize("sort", list(selectors.SORTS))
def test_the_next_page_goes_on_from_the_last_patient_and_back_again(as_clinician, clinic, sort):
    """No page but one that is typed counts its way through the list."""
    draw = random.Random(sort)
    for number in range(90):
        patient = factories.PatientFactory(clinic=clinic, name=draw.choice(("Ayu", "Budi", "Sari")))
        ill = {"cause": "stroke", "weak_side": draw.choice(("left", "left", "right"))}
        PatientSummary.objects.create(
            patient=patient,
            last_visit_at=timezone.now() - dt.timedelta(days=draw.randint(0, 9)) if number % 5 else None,
            worse=number % 3 > 0,
            **(ill | {"onset_date": dt.date(2026, 1, draw.randint(1, 9))} if number % 7 else {"cause": ""}),
        )
    standing.move_on(seconds=10)
    for query in ("", "attention=1&", "cause=stroke&side=left&"):
        address = f"{reverse('patients:list')}?{query}sort={sort}"
        page = as_clinician.get(address)
        wanted = page.context["filters"].wanted
        whole = [one.pk for one in found(page.wsgi_request.user, clinic, sort=sort, **wanted)]
        pages, back, asked = [pks(page)], [], []
        while link := page.context["pages"].get("next"):
            with CaptureQueriesContext(connection) as captured:
                page = as_clinician.get(reverse("patients:list") + link)
            asked += [one["sql"] for one in captured.captured_queries]
            pages.append(pks(page))
        assert [pk for rows in pages for pk in rows] == whole and len(pages) > 1
        while link := page.context["pages"].get("previous"):
            page = as_clinician.get(reverse("patients:list") + link)
            back.insert(0, pks(page))
        assert back == pages[:-1]
        assert not [sql for sql in asked if " OFFSET " in sql]


def crowd(clinic, number: int) -> None:
    """So many patients that it pays to read fewer than all."""
    now, today = timezone.now(), timezone.localdate()
    patients = [Patient(clinic=clinic, record_number=f"C-{n}", name=f"Ayu {n}") for n in range(number)]
    Patient.objects.bulk_create(patients)
    PatientSummary.objects.bulk_create(
        PatientSummary(
            patient=patient,
            last_visit_at=now - dt.timedelta(days=n % 400) if n % 9 else None,
            onset_date=today - dt.timedelta(days=n % 700) if n % 7 else None,
            cause=("stroke", "trauma", "other")[n % 3] if n % 7 else "",
            weak_side=("left", "right")[n % 2] if n % 7 else None,
        )
        for n, patient in enumerate(patients)
    )
    standing.move_on(seconds=30)
    analysed("patients_patient", "recovery_patientsummary")


def pks(page) -> list:
    return [one.pk for one in page.context["page"].object_list]


OVER_ALL_CLINICS = ("patients_by_sort_name", "recovery_patientsummary_last_visit_at_1747ce14")


@on_postgresql
@pytest.mark.parametrize(
    ("sort", "index"),
    [
        *(("name", "patients_on_the_lists"), ("-name", "patients_on_the_lists")),
        *(("visit", "summaries_by_last_visit"), ("-visit", "summaries_by_last_visit")),
        *(("onset", "summaries_by_onset"), ("-onset", "summaries_by_onset")),
    ],
)
def test_every_order_is_that_of_an_index(clinician, clinic, sort, index):
    crowd(clinic, 800)
    rows = selectors.search(user=clinician, clinic=clinic, sort=sort, kept=True)
    dated, *without = [part.values_list("pk", flat=True)[:25] for part in listed._parts(rows, sort)]
    # Over all clinics there is an index in this order too; with few rows one costs as much as the other.
    assert {index, *OVER_ALL_CLINICS} & plans.indexes(dated, ordered=True)
    assert not [page for page in (dated, *without) if plans.sorts(page)]
    filters = {"causes": ["stroke"], "weak_sides": ["left"], "attention": True, "last_visit": "lapsed"}
    for archived in (False, True):
        asked = selectors.search(
            user=clinician, clinic=clinic, sort=sort, kept=True, archived=archived, **filters
        )
        assert not plans.scanned(asked.values_list("pk", flat=True))


def test_the_summary_knows_the_newest_episode(clinician, clinic, as_clinician):
    patient = services.create_patient(user=clinician, clinic=clinic, record_number="R-1", name="Ayu")
    summary = PatientSummary.objects.get(patient=patient)
    assert (summary.cause, summary.weak_side, summary.onset_date) == ("", None, None)
    old = services.open_episode(
        user=clinician, patient=patient, cause="stroke", weak_side="left", onset_date=dt.date(2024, 1, 5)
    )
    services.open_episode(
        user=clinician, patient=patient, cause="trauma", weak_side="", onset_date=dt.date(2025, 2, 6)
    )
    facets = selectors.facets(user=clinician, clinic=clinic)
    assert (facets.causes["trauma"], facets.weak_sides[""], facets.causes["stroke"]) == (1, 1, 0)
    services.update_episode(user=clinician, episode=old, onset_date=dt.date(2026, 1, 5))
    summary.refresh_from_db()
    assert (summary.cause, summary.weak_side) == ("stroke", "left")
    [shown] = found(clinician, clinic, causes=["stroke"], weak_sides=["left"])
    assert shown.current_onset == dt.date(2026, 1, 5)


def test_counts_are_the_same_whether_the_summaries_know_or_not(clinician, clinic):
    draw = random.Random(4)
    for number in range(30):
        patient = factories.PatientFactory(clinic=clinic)
        for _ in range(draw.randint(0, 2)):
            episode = factories.EpisodeFactory(
                patient=patient,
                cause=draw.choice(("stroke", "trauma", "other")),
                weak_side=draw.choice(("left", "right", "")),
                onset_date=timezone.localdate() - dt.timedelta(days=draw.randint(1, 400)),
            )
            at = timezone.now() - dt.timedelta(days=draw.choice((1, 20, 35, 90)))
            visit = factories.VisitFactory(episode=episode, at=at, clinician=clinician)
            factories.AnalysisFactory(photo=factories.PhotoFactory(visit=visit))
        if number % 3:
            refresh_summary(patient_id=patient.pk)
        else:
            PatientSummary.objects.create(patient=patient)
    assert not selectors.facets(user=clinician, clinic=clinic).kept
    _counted_as_found(clinician, clinic)
    for summary in PatientSummary.objects.filter(shelf=None):
        refresh_summary(patient_id=summary.pk)
    assert selectors.facets(user=clinician, clinic=clinic).kept
    kept = _counted_as_found(clinician, clinic)
    PatientSummary.objects.update(shelf=None)
    assert [dataclasses.replace(one, kept=True) for one in _counted_as_found(clinician, clinic)] == kept


def _counted_as_found(clinician, clinic) -> list[selectors.Facets]:
    """The counts under some filters, each of which is as many as are found."""
    counts = []
    for wanted in (
        {},
        {"causes": ["stroke"]},
        {"weak_sides": [""], "attention": True},
        {"last_visit": "month"},
    ):
        one = selectors.facets(user=clinician, clinic=clinic, **wanted)
        assert one.total == found(clinician, clinic, **wanted).count()
        for cause, number in one.causes.items():
            assert number == found(clinician, clinic, **{**wanted, "causes": [cause]}).count()
        for side, number in one.weak_sides.items():
            assert number == found(clinician, clinic, **{**wanted, "weak_sides": [side]}).count()
        for seen, number in one.last_visits.items():
            assert number == found(clinician, clinic, **{**wanted, "last_visit": seen}).count()
        assert one.attention == found(clinician, clinic, **{**wanted, "attention": True}).count()
        counts.append(one)
    return counts


def test_which_visits_wait_is_told_alike_with_and_without_their_findings(episode, clinician):
    draw = random.Random(8)
    visits = []
    for _ in range(30):
        visit = factories.VisitFactory(episode=episode, clinician=clinician)
        for _ in range(draw.randint(0, 2)):
            photo = factories.PhotoFactory(visit=visit, archived_at=draw.choice((None, None, timezone.now())))
            for release in ("2026.1", "2026.2"):
                draw.choice(
                    (
                        lambda photo=photo, release=release: factories.AnalysisFactory(
                            photo=photo, release=release
                        ),
                        lambda photo=photo, release=release: factories.AnalysisFactory(
                            photo=photo, release=release, queued=True
                        ),
                        lambda photo=photo: factories.rejected(photo),
                        lambda: None,
                    )
                )()
        said = draw.choice(("nothing", "word", "taken back", "grade alone"))
        if said == "word":
            factories.VisitConfirmationFactory(visit=visit)
        elif said == "taken back":
            factories.VisitConfirmationFactory(visit=visit, palsy=None, weak_side="", grade=None)
        elif said == "grade alone":
            Visit.objects.filter(pk=visit.pk).update(grade=2)
        visits.append(Visit.objects.get(pk=visit.pk))
    whole = {pk for pk, one in grading.visit_findings(visits=visits).items() if one.is_waiting}
    assert grading.unconfirmed_visits(visits=visits) == whole and 3 < len(whole) < 27
    refresh_summary(patient_id=episode.patient_id)
    kept = VisitSummary.objects.filter(patient=episode.patient, waiting=True)
    assert set(kept.values_list("pk", flat=True)) == whole
    assert queue.review_count(clinic=episode.patient.clinic) == len(whole)
    services.archive_patient(user=clinician, patient=episode.patient)
    assert queue.review_count(clinic=episode.patient.clinic) == 0
    services.restore_patient(user=clinician, patient=episode.patient)
    assert queue.review_count(clinic=episode.patient.clinic) == len(whole)


def test_the_first_by_urgency_are_the_first_of_all(clinician, clinic):
    """Kind after kind, and yet in one order."""
    draw = random.Random(15)
    for number in range(60):
        patient = factories.PatientFactory(clinic=clinic)
        if number % 9:
            PatientSummary.objects.create(
                patient=patient,
                last_visit_at=timezone.now() - dt.timedelta(days=draw.choice((2, 50, 80, 90))),
                worse=draw.random() < 0.15,
                to_retake=draw.choice((0, 0, 0, 1, 2)),
                failed=draw.choice((0, 0, 0, 0, 1)),
                to_confirm=draw.choice((0, 1)),
            )
        if number % 11 == 0:
            episode = factories.EpisodeFactory(patient=patient)
            analysis = factories.AnalysisFactory(
                photo=factories.PhotoFactory(visit=factories.VisitFactory(episode=episode))
            )
            from clinic.examination.models import Task

            Task.objects.create(
                patient=patient, episode=episode, kind="eye_closure", analysis=analysis,
                release="2026.1", opened_at=timezone.now(),
            )  # fmt: skip
    everybody = (
        Patient.objects.filter(selectors.needs_somebody(), clinic=clinic)
        .order_by(*attention._urgency())
        .values_list("pk", flat=True)
    )
    of_clinic = Patient.objects.filter(clinic=clinic)
    for limit in (1, 3, 8, 20, 45, 60, 100):
        first = set(list(everybody)[:limit])
        assert first <= set(attention._first(of_clinic, limit)), limit


def test_pages_read_no_more_queries_of_many_patients(as_clinician, clinic, clinician):
    pages = [reverse("patients:list"), reverse("visits:review"), "/"]

    def asked() -> list[int]:
        numbers = []
        for page in pages:
            with CaptureQueriesContext(connection) as captured:
                assert as_clinician.get(page).status_code == 200
            reads = [one for one in captured.captured_queries if one["sql"].startswith("SELECT")]
            numbers.append(len([one for one in reads if "session" not in one["sql"]]))
        return numbers

    def more(number: int) -> None:
        for _ in range(number):
            episode = factories.EpisodeFactory(patient=factories.PatientFactory(clinic=clinic))
            factories.AnalysisFactory(
                photo=factories.PhotoFactory(
                    visit=factories.VisitFactory(episode=episode, clinician=clinician)
                )
            )
            refresh_summary(patient_id=episode.patient_id)

    more(26)
    asked()
    few = [min(pair) for pair in zip(asked(), asked(), strict=True)]
    more(30)
    asked()  # whoever is named is logged, once
    # What is looked at every few seconds may fall into one of the two.
    assert [min(pair) for pair in zip(asked(), asked(), strict=True)] == few
    assert Episode.objects.count() == 56 == Analysis.objects.count()
