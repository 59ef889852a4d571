"""What the lists count is what a full count finds: after whatever is written, and as time goes by."""

from __future__ import annotations

import datetime as dt
import random
import re
from dataclasses import replace

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic.examination import services as tasks
from clinic.examination.models import Task
from clinic.examination.red_flags import questions
from clinic.examination.services_red_flags import answer_red_flags
from clinic.overview import attention, board, selectors
from clinic.overview.listed import needs_attention, to_follow_up
from clinic.patients import services as patients
from clinic.patients.models import Episode, Patient
from clinic.recovery import standing
from clinic.recovery.models import PatientSummary, PatientTally, Shelf
from clinic.recovery.services import refresh_summary
from clinic.rights import erasure
from clinic.visits import services as visits
from inference import services
from inference.jobs import watchdog
from tests import factories, plans
from tests.validation.test_tallies import Clinic

pytestmark = pytest.mark.django_db
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="another way of reading")
FILTERS = (
    {},
    {"archived": True},
    {"attention": True},
    {"causes": ["stroke", "trauma"], "weak_sides": ["left"]},
    {"last_visit": "lapsed"},
    {"last_visit": "month", "attention": True},
)


class Busy(Clinic):
    """And whatever moves a patient on the lists."""

    def __init__(self, clinic, clinician, administrator, seed: int) -> None:
        super().__init__(clinic, clinician, administrator, seed)
        for pk in Patient.objects.filter(clinic=clinic).values_list("pk", flat=True):
            refresh_summary(patient_id=pk)

    def one_of(self, rows):
        found = list(rows)
        return self.draw.choice(found) if found else None

    def newcomer(self) -> None:
        number = f"N-{Patient.objects.count()}-{self.draw.random()}"
        day = timezone.localdate() - dt.timedelta(days=self.draw.randint(0, 90))
        illness = {"cause": self.draw.choice(("stroke", "trauma")), "weak_side": "left", "onset_date": day}
        patients.register(
            user=self.clinician, clinic=self.clinic, patient={"record_number": number, "name": "Ayu"},
            episode=illness,
        )  # fmt: skip

    def without_an_episode(self) -> None:
        number = f"E-{Patient.objects.count()}-{self.draw.random()}"
        patients.create_patient(user=self.clinician, clinic=self.clinic, record_number=number, name="Budi")

    def other_cause(self) -> None:
        if episode := self.one_of(Episode.objects.all()):
            cause = self.draw.choice(("stroke", "congenital"))
            patients.update_episode(user=self.clinician, episode=episode, cause=cause)

    def red_flags(self) -> None:
        if episode := self.one_of(Episode.objects.filter(patient__restricted_at=None)):
            answers = dict.fromkeys((one.code for one in questions(cause=episode.cause)), "no")
            answers["worsening"] = self.draw.choice(("no", "no", "yes"))
            answer_red_flags(user=self.clinician, episode=episode, answers=answers)

    def another_visit(self) -> None:
        if episode := self.one_of(Episode.objects.all()):
            at = timezone.now() - dt.timedelta(days=self.draw.choice((0, 8, 31, 50)))
            visits.create_visit(user=self.clinician, patient=episode.patient, episode=episode, at=at)

    def task(self) -> None:
        if episode := self.one_of(Episode.objects.all()):
            day = self.draw.choice((None, 0, 3, 20))
            check = timezone.localdate() + dt.timedelta(days=day) if day is not None else None
            tasks.raise_task(
                user=self.clinician, episode=episode, kind="follow_up", plan="Call", next_check=check
            )

    def task_put_off(self) -> None:
        if task := self.one_of(Task.objects.open()):
            day = timezone.localdate() + dt.timedelta(days=self.draw.choice((0, 5)))
            tasks.plan_task(user=self.clinician, task=task, next_check=day)

    def task_closed_or_opened(self) -> None:
        task = self.one_of(Task.objects.all())
        if task and task.is_open:
            tasks.close_task(user=self.clinician, task=task, outcome="treated")
        elif task:
            tasks.reopen_task(user=self.clinician, task=task)

    def forgotten(self) -> None:
        if patient := self.one_of(Patient.objects.filter(erasures=None)):
            erasure.erase(user=self.administrator, patient=patient, reason="Asked for it")

    def step(self) -> str:
        more = [
            *(self.newcomer, self.newcomer, self.without_an_episode, self.other_cause, self.another_visit),
            *(
                self.red_flags,
                self.red_flags,
                self.another_visit,
                self.task,
                self.task,
                self.task_put_off,
                self.task_closed_or_opened,
            ),
        ]
        if self.draw.random() < 0.45:
            return super().step()
        chosen = self.forgotten if self.draw.random() < 0.04 else self.draw.choice(more)
        try:
            with transaction.atomic():
                chosen()
        except ValidationError:
            return f"{chosen.__name__} refused"
        return chosen.__name__


@pytest.fixture(autouse=True)
def nothing_is_put_off(monkeypatch):
    monkeypatch.setattr(services, "SUMMARY_EVERY", dt.timedelta(0))


def counts_agree(user, clinic, said: str) -> None:
    """The counts that pages read, and the lists that they page through, beside counts of all records, after one of the
    watchdog's rounds and at that moment."""
    with time_machine.travel(timezone.now(), tick=False), timezone.override(clinic.time_zone):
        standing.move_on(seconds=10)
        assert standing.alike(clinic_id=clinic.pk) is not None, said
        for wanted in FILTERS:
            kept = selectors.facets(user=user, clinic=clinic, **wanted)
            lists = [
                selectors.search(user=user, clinic=clinic, kept=kept, **wanted).values_list("pk", flat=True)
                for kept in (True, False)
            ]
            assert set(lists[0]) == set(lists[1]) and kept.total == len(lists[1]), (said, wanted)
            whole = _counted_afresh(user, clinic, wanted)
            assert kept == whole, (said, wanted)
        mine = Patient.objects.visible_to(user).filter(clinic=clinic, archived_at=None)
        assert attention.counts(user=user, clinic=clinic) == attention._counted(mine), said
        placed = PatientSummary.objects.filter(clinic=clinic)
        assert set(mine.filter(to_follow_up())) == set(mine.filter(needs_attention())), said
        assert {row.pk for row in placed.filter(shelf=Shelf.LISTS)} == set(mine.values_list("pk", flat=True))
    assert standing.difference(clinic_id=clinic.pk) == {}, said


def _counted_afresh(user, clinic, wanted):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(standing, "alike", lambda *, clinic_id: None)
        whole = selectors.facets(user=user, clinic=clinic, **wanted)
    return replace(whole, kept=True)


@pytest.mark.parametrize("seed", range(2))
def test_the_counts_are_a_full_count_whatever_happens(clinic, clinician, administrator, seed):
    now, days = timezone.now(), 0
    busy = Busy(clinic, clinician, administrator, seed)
    counts_agree(clinician, clinic, "begun")
    for _ in range(12):
        days += busy.draw.choice((1, 1, 3, 6))
        with time_machine.travel(now + dt.timedelta(days=days)):
            counts_agree(clinician, clinic, "a new day")
            for _ in range(6):
                said = busy.step()
                counts_agree(clinician, clinic, said)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(standing, "FOLDED_FROM", 0)
        standing.fold()
    with time_machine.travel(now + dt.timedelta(days=days, minutes=5)):
        counts_agree(clinician, clinic, "folded")


def test_time_alone_moves_a_patient(clinic, clinician):
    zone = dt.UTC
    begin = dt.datetime(2026, 3, 2, 9, tzinfo=zone)
    with time_machine.travel(begin, tick=False):
        visit = factories.VisitFactory(
            episode=factories.EpisodeFactory(
                patient=factories.PatientFactory(clinic=clinic), onset_date=dt.date(2026, 2, 1)
            ),
            clinician=clinician,
            at=begin,
        )
        refresh_summary(patient_id=visit.patient_id)
        tasks.raise_task(
            user=clinician,
            episode=visit.episode,
            kind="follow_up",
            plan="Call her",
            next_check=dt.date(2026, 3, 20),
        )
    found = []
    for days in (6, 8, 17, 19, 29, 31, 41, 43):
        with time_machine.travel(begin + dt.timedelta(days=days), tick=False):
            watchdog.run()
            [(kind, sums)] = standing.alike(clinic_id=clinic.pk).items()
            assert sums.patients == 1
            found.append((days, kind.seen, kind.attention))
    assert found == [
        (6, "week", False),
        (8, "month", False),
        (17, "month", False),
        (19, "month", True),  # the task's day
        (29, "month", True),
        (31, "", True),
        (41, "", True),
        (43, "lapsed", True),
    ]


def test_a_day_begins_where_the_clinic_is(clinician):
    clinic = factories.ClinicFactory(time_zone="Asia/Jakarta")
    patient = factories.PatientFactory(clinic=clinic)
    with time_machine.travel(dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC), tick=False):
        refresh_summary(patient_id=patient.pk)
        episode = factories.EpisodeFactory(patient=patient)
        tasks.raise_task(
            user=clinician, episode=episode, kind="follow_up", plan="-", next_check=dt.date(2026, 3, 4)
        )

    def asks(moment: dt.datetime) -> bool:
        with time_machine.travel(moment, tick=False):
            standing.move_on(seconds=1)
            return PatientSummary.objects.get(patient=patient).urgency <= standing.FOLLOWED_UP

    assert not asks(dt.datetime(2026, 3, 3, 16, 59, tzinfo=dt.UTC))
    assert asks(dt.datetime(2026, 3, 3, 17, 1, tzinfo=dt.UTC))


def test_after_an_upgrade_pages_count_the_records_until_all_are_placed(clinic, clinician, as_clinician):
    for number in range(7):
        episode = factories.EpisodeFactory(patient=factories.PatientFactory(clinic=clinic))
        factories.VisitFactory(
            episode=episode, clinician=clinician, at=timezone.now() - dt.timedelta(days=9 * number)
        )
        refresh_summary(patient_id=episode.patient_id)
    before = selectors.facets(user=clinician, clinic=clinic)
    assert before.kept and before.total == 7
    # As a migration leaves them, and as the version before writes beside this one.
    PatientTally.objects.all().delete()
    PatientSummary.objects.update(shelf=None, clinic=None, urgency=None, moves_at=None)
    live = selectors.facets(user=clinician, clinic=clinic)
    assert live == replace(before, kept=False)
    page = as_clinician.get(reverse("patients:list"))
    assert page.context["facets"].total == 7
    watchdog.run()
    assert selectors.facets(user=clinician, clinic=clinic) == before
    assert standing.difference(clinic_id=clinic.pk) == {}


def test_many_rows_are_folded_into_one_of_each_kind(clinic, clinician, monkeypatch):
    monkeypatch.setattr(standing, "FOLDED_FROM", 10)
    patient = factories.PatientFactory(clinic=clinic)
    for number in range(20):
        episode = factories.EpisodeFactory(
            patient=patient, cause=("stroke", "trauma")[number % 2], onset_date=timezone.localdate()
        )
        if not number:
            refresh_summary(patient_id=patient.pk)
        else:
            Episode.objects.exclude(pk=episode.pk).filter(patient=patient).delete()
            refresh_summary(patient_id=patient.pk)
    before, rows = standing.alike(clinic_id=clinic.pk), PatientTally.objects.count()
    assert rows > standing.FOLDED_FROM
    standing.fold()
    assert standing.alike(clinic_id=clinic.pk) == before and PatientTally.objects.count() < 4
    rows = PatientTally.objects.count()
    standing.fold()
    assert PatientTally.objects.count() == rows


def test_a_page_of_counts_reads_no_patient(clinic, clinician, as_clinician):
    """The list's counts and Today's come from the sums: no query counts patients or their summaries."""
    for _ in range(3):
        refresh_summary(patient_id=factories.PatientFactory(clinic=clinic).pk)
    for page in (reverse("patients:list"), reverse("patients:list") + "?archived=1&cause=stroke", "/"):
        with CaptureQueriesContext(connection) as captured:
            assert as_clinician.get(page).status_code == 200
        counts = [one["sql"] for one in captured.captured_queries if re.search(r"COUNT\(|SUM\(", one["sql"])]
        # Closed records are counted one by one: an index has nothing but them.
        open_ones = [sql for sql in counts if '"restricted_at" IS NOT NULL' not in sql]
        tables = {re.search(r' FROM "(\w+)"', sql)[1] for sql in open_ones}
        assert not tables & {"patients_patient", "recovery_patientsummary"}
        assert any('FROM "recovery_patienttally"' in one["sql"] for one in captured.captured_queries)


@on_postgresql
def test_todays_names_are_read_in_their_order(clinic):
    rows = PatientSummary.objects.filter(
        clinic=clinic, shelf=Shelf.LISTS, urgency__lte=standing.CONFIRMED
    ).order_by("urgency", "last_visit_at", "pk")
    page = rows.values("pk")[:60]
    assert plans.indexes(page, ordered=True) == {"summaries_by_urgency"} and not plans.sorts(page)


def test_two_patients_of_one_clinic_do_not_wait_for_each_other(clinic):
    """Sums are added to, never changed: no row of them is locked or updated by a write."""
    for _ in range(2):
        refresh_summary(patient_id=factories.PatientFactory(clinic=clinic).pk)
    patient = Patient.objects.first()
    with CaptureQueriesContext(connection) as captured:
        patients.archive_patient(user=factories.member(clinic), patient=patient)
    touched = [one["sql"] for one in captured.captured_queries if "recovery_patienttally" in one["sql"]]
    assert len(touched) == 1 and touched[0].startswith("INSERT")


def test_what_comes_first_is_drawn_by_urgency(clinic, clinician):
    draw = random.Random(3)
    for _ in range(40):
        patient = factories.PatientFactory(clinic=clinic)
        PatientSummary.objects.create(
            patient=patient,
            last_visit_at=timezone.now() - dt.timedelta(days=draw.choice((2, 50, 80))),
            worse=draw.random() < 0.2,
            to_retake=draw.choice((0, 0, 1)),
            failed=draw.choice((0, 0, 1)),
            to_confirm=draw.choice((0, 1)),
        )
        if draw.random() < 0.2:
            episode = factories.EpisodeFactory(patient=patient)
            tasks.raise_task(user=clinician, episode=episode, kind="follow_up", plan="Call")
    standing.move_on(seconds=5)
    live = list(
        Patient.objects.filter(selectors.needs_somebody(), clinic=clinic).order_by(*attention._urgency())
    )
    kept = Patient.objects.filter(pk__in=attention._first_as_kept(clinic, 100))
    assert [one.pk for one in kept.order_by(*attention._URGENCY_AS_KEPT)] == [one.pk for one in live]
    assert attention._first_as_kept(clinic, 9) == [one.pk for one in live[:9]]


@on_postgresql
def test_who_was_seen_last_is_read_in_the_order_of_an_index(clinic, clinician):
    rows = board._seen_lately(clinician, clinic, True).values("pk")
    assert not plans.sorts(rows) and not plans.scanned(rows)
