"""The counts behind the ledger: true after whatever happens to photos, results, words and records."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command

from clinic.operations.fsck import records, repairs, run
from clinic.operations.models import CheckKind
from clinic.patients import services as patients
from clinic.patients.models import Patient
from clinic.recovery.services import count_waiting, refresh_summary
from clinic.rights import erasure
from clinic.rights import services as rights
from clinic.validation import ledger, tallies
from clinic.validation.agreement import ReadingPair, agreement
from clinic.visits import moving
from clinic.visits import services as visits
from clinic.visits.models import Confirmation, Photo, Visit
from inference import finding, services
from inference.jobs import background
from inference.jobs.states import Status
from inference.models import Analysis, BackgroundAnalysis, ClinicTally, Purpose, VisitTally
from tests import factories
from tests.inference.conftest import make_findings, make_rejection

pytestmark = pytest.mark.django_db
RELEASES = ("test-release", "2027.1")
SHADOW = "shadow-2099"


def looked_through(clinic, release: str) -> list[ReadingPair]:
    """What the ledger is about, photo by photo and visit by visit, without any count that is kept."""
    on_record = Photo.objects.current().filter(
        visit__patient__clinic=clinic,
        visit__patient__archived_at=None,
        visit__patient__restricted_at=None,
    )
    pairs = []
    for photo in on_record.select_related("visit"):
        word = photo.confirmations.order_by("created_at").last()
        result = photo.analyses.filter(release=release, status=Status.SUCCEEDED).order_by("created_at").last()
        if word and result:
            columns = (result.exercise, result.findings["palsy_verdict"], result.weak_side, result.grade)
            exercise = word.exercise if word.names_exercise else ""
            said = finding.from_clinician(exercise, word.palsy, word.weak_side, word.grade)
            pairs.append(ReadingPair(photo.visit.patient_id, said, finding.from_columns(*columns)))
    seen = Visit.objects.current().filter(
        patient__clinic=clinic, patient__archived_at=None, patient__restricted_at=None
    )
    for visit in seen:
        word = visit.confirmations.order_by("created_at").last()
        if word and word.release == release and word.palsy is not None and word.model_verdict:
            columns = [getattr(word, name) for name in finding.VISIT_COLUMNS]
            pairs.append(
                ReadingPair(visit.patient_id, *finding.from_visit_columns(*columns), whole_visit=True)
            )
    return pairs


def in_band(pairs: list[ReadingPair], band: tuple[int, int]) -> list[ReadingPair]:
    return [pair for pair in pairs if pair.reference.grade and band[0] <= pair.reference.grade <= band[1]]


def agree_with_the_records(clinic) -> None:
    for release in RELEASES:
        found, pairs = ledger.ledger(clinic_id=clinic.pk, release=release), looked_through(clinic, release)
        assert found.overall == agreement(pairs)
        assert [part for _, part in found.bands] == [
            agreement(in_band(pairs, band)) for band, _ in found.bands
        ]
        judged = Photo.objects.filter(
            visit__patient__clinic=clinic,
            analyses__release=release,
            analyses__status__in=["succeeded", "rejected"],
        )
        assert ledger.uses(clinic_id=clinic.pk).get(release, 0) == judged.distinct().count()
    analyses = Analysis.objects.filter(photo__visit__patient__clinic=clinic)
    assert tallies.ended(clinic_id=clinic.pk) == {
        status.value: analyses.filter(status=status).count() for status in tallies.ENDED
    }
    assert not tallies.difference(clinic_id=clinic.pk)
    assert not [one.pk for one in Patient.objects.filter(clinic=clinic) if not records.summary_agrees(one.pk)]


@pytest.fixture(autouse=True)
def nothing_is_put_off(monkeypatch):
    """While a patient's photos wait, figures are made once in a while, and by the last one: here none is last."""
    monkeypatch.setattr(services, "SUMMARY_EVERY", dt.timedelta(0))


class Clinic:
    """Everything that can happen in a clinic, each thing through its service."""

    def __init__(self, clinic, clinician, administrator, seed: int) -> None:
        self.draw, self.clinic = random.Random(seed), clinic
        self.clinician, self.administrator = clinician, administrator
        for _ in range(4):
            episode = factories.EpisodeFactory(patient=factories.PatientFactory(clinic=clinic))
            factories.ConsentFactory(patient=episode.patient)
            for _ in range(2):
                visit = factories.VisitFactory(episode=episode, clinician=clinician)
                for _ in range(2):
                    self.photo(visit)

    def photo(self, visit=None) -> None:
        visit = visit or self.draw.choice(list(Visit.objects.current().filter(patient__restricted_at=None)))
        photo = factories.PhotoFactory(visit=visit, exercise=self.draw.choice(("smile", "rest")))
        analysis = services.queue_analysis(photo=photo)
        # Nothing is analysed where nobody asked red flags, or they point to a stroke.
        claim = services.claim(analysis_id=analysis.pk) if analysis is not None else None
        if claim is not None:
            self._end(services, claim, RELEASES[0])

    def _end(self, book, claim, release: str) -> None:
        if self.draw.random() < 0.1:
            book.fail(claim=claim, code="internal")
            return
        if self.draw.random() < 0.15:
            book.reject(claim=claim, findings=make_rejection())
            return
        grade = self.draw.randint(1, 6)
        verdict = self.draw.choice(("weak", "weak", "uncertain", "")) if grade > 1 else "normal"
        weak = None if grade == 1 else self.draw.choice(("left", "right"))
        made = factories.findings(grade=grade, weak_side=weak, exercise=self.draw.choice(("smile", "rest")))
        found = make_findings(**made)
        object.__setattr__(found, "release", release)
        object.__setattr__(found, "palsy_verdict", verdict or None)
        book.finish(claim=claim, findings=found)

    def another_release(self) -> None:
        self._background(RELEASES[1], Purpose.REANALYSIS)

    def shadow(self) -> None:
        self._background(SHADOW, Purpose.SHADOW)

    def _background(self, release: str, purpose: str) -> None:
        photo = self.draw.choice(list(Photo.objects.all()))
        if BackgroundAnalysis.objects.filter(photo=photo, release=release, purpose=purpose).exists():
            return
        job = BackgroundAnalysis.objects.create(photo=photo, release=release, purpose=purpose)
        claim = background.claim(analysis_id=job.pk)
        if claim is not None:
            self._end(background, claim, release)

    def try_again(self) -> None:
        failed = list(Analysis.objects.filter(status=Status.FAILED))
        if failed:
            analysis = services.retry(analysis=self.draw.choice(failed))
            claim = services.claim(analysis_id=analysis.pk)
            if claim is not None:
                self._end(services, claim, analysis.release)

    def word(self) -> None:
        analysis = self.draw.choice(list(Analysis.objects.filter(status=Status.SUCCEEDED)))
        palsy = self.draw.random() < 0.8
        visits.confirm(
            user=self.clinician,
            analysis=analysis,
            palsy=palsy,
            weak_side=self.draw.choice(("left", "right")) if palsy else "",
            grade=self.draw.choice((None, 2, 3, 4, 5, 6)) if palsy else 1,
            exercise=self.draw.choice(("", "smile", "rest")),
        )

    def word_on_a_visit(self) -> None:
        visit = self.draw.choice(list(Visit.objects.all()))
        grade = self.draw.randint(1, 6)
        factories.VisitConfirmationFactory(
            visit=visit,
            palsy=grade > 1,
            weak_side="left" if grade > 1 else "",
            grade=grade,
            release=self.draw.choice(RELEASES),
            model_verdict="weak",
            model_side="left",
            model_grade=self.draw.randint(2, 6),
        )
        refresh_summary(patient_id=visit.patient_id)

    def grade(self) -> None:
        visit = self.draw.choice(list(Visit.objects.current()))
        visits.update_visit(user=self.clinician, visit=visit, grade=self.draw.choice((None, 2, 4)))

    def photo_off_or_on_record(self) -> None:
        photo = self.draw.choice(list(Photo.objects.all()))
        (visits.restore_photo if photo.archived_at else visits.archive_photo)(
            user=self.clinician, photo=photo
        )

    def visit_off_or_on_record(self) -> None:
        visit = self.draw.choice(list(Visit.objects.all()))
        (visits.restore_visit if visit.archived_at else visits.archive_visit)(
            user=self.clinician, visit=visit
        )

    def photo_elsewhere(self) -> None:
        photo = self.draw.choice(list(Photo.objects.all()))
        target = self.draw.choice(list(Visit.objects.filter(patient__clinic=self.clinic)))
        moving.move_photo(user=self.clinician, photo=photo, visit=target)

    def visit_elsewhere(self) -> None:
        visit = self.draw.choice(list(Visit.objects.all()))
        target = self.draw.choice(list(Patient.objects.filter(clinic=self.clinic, episodes__isnull=False)))
        moving.move_visit(user=self.clinician, visit=visit, episode=target.episodes.first())

    def patient_off_or_on_the_lists(self) -> None:
        patient = self.draw.choice(list(Patient.objects.all()))
        (patients.restore_patient if patient.archived_at else patients.archive_patient)(
            user=self.clinician, patient=patient
        )

    def restriction(self) -> None:
        patient = self.draw.choice(list(Patient.objects.all()))
        if patient.restricted_at is None:
            rights.restrict(user=self.administrator, patient=patient, ground="accuracy", reason="Disputed")
        else:
            rights.lift_restriction(user=self.administrator, patient=patient, reason="Settled")

    def step(self) -> str:
        often = [self.photo, self.word, self.word, self.word_on_a_visit, self.another_release, self.shadow]
        now_and_then = [
            self.grade,
            self.try_again,
            self.photo_off_or_on_record,
            self.visit_off_or_on_record,
            self.photo_elsewhere,
            self.visit_elsewhere,
            self.patient_off_or_on_the_lists,
            self.restriction,
        ]
        chosen = self.draw.choice(often + now_and_then)
        try:
            chosen()
        except ValidationError:
            return f"{chosen.__name__} refused"
        return chosen.__name__


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_counts_are_the_records_whatever_happens(seed, clinic, clinician, administrator):
    life = Clinic(clinic, clinician, administrator, seed)
    done: dict[str, int] = defaultdict(int)
    for number in range(70):
        done[life.step()] += 1
        if number % 10 == 9:
            agree_with_the_records(clinic)
    assert len([name for name in done if not name.endswith("refused")]) > 8, dict(done)
    tallies.fold(clinic_id=clinic.pk)
    agree_with_the_records(clinic)
    for patient in Patient.objects.filter(clinic=clinic, erasures=None):
        erasure.erase(user=administrator, patient=patient, reason="Asked for")
        agree_with_the_records(clinic)
    assert ledger.ledger(clinic_id=clinic.pk, release=RELEASES[0]).is_empty


def test_what_is_destroyed_counts_no_more(clinic, administrator, clinician, settings):
    settings.RETENTION_YEARS = 0
    life = Clinic(clinic, clinician, administrator, 5)
    for _ in range(10):
        life.word()
    patient = Patient.objects.filter(clinic=clinic).first()
    before = ledger.uses(clinic_id=clinic.pk)[RELEASES[0]]
    mine = Photo.objects.filter(
        visit__patient=patient, analyses__status__in=["succeeded", "rejected"]
    ).count()
    found = erasure.erase(user=administrator, patient=patient, reason="Asked for")
    assert erasure.destroy(erasure=found) and not Patient.objects.filter(pk=patient.pk).exists()
    assert ledger.uses(clinic_id=clinic.pk)[RELEASES[0]] == before - mine
    agree_with_the_records(clinic)


def test_the_shadows_counts_follow_it(clinic, clinician, administrator):
    life = Clinic(clinic, clinician, administrator, 7)
    for _ in range(40):
        life.shadow()
    counts = ledger.shadow_counts(clinic_id=clinic.pk, shadow=SHADOW)
    jobs = BackgroundAnalysis.objects.filter(release=SHADOW)
    assert counts["judged"] == jobs.filter(status=Status.SUCCEEDED).count() > 0
    assert counts["rejected"] == jobs.filter(status=Status.REJECTED).count() > 0
    both = Photo.objects.filter(
        analyses__status=Status.SUCCEEDED, pk__in=jobs.filter(status="succeeded").values("photo")
    )
    beside = ledger.shadow_agreement(clinic_id=clinic.pk, release=RELEASES[0], shadow=SHADOW)
    assert beside.photos == both.count() > 0
    life.word()
    word = Confirmation.objects.get()
    told = ledger.shadow_ledger(clinic_id=clinic.pk, shadow=SHADOW)
    assert told.photos == jobs.filter(photo=word.photo, status=Status.SUCCEEDED).count()


def test_no_page_counts(clinic, clinician, administrator, as_administrator, django_assert_num_queries):
    """Five times the words, and the same rows are read."""
    life = Clinic(clinic, clinician, administrator, 11)

    def read() -> list[int]:
        rows = []
        for call in (
            lambda: ledger.ledger(clinic_id=clinic.pk, release=RELEASES[0]),
            lambda: ledger.unvalidated_release(counted=tallies.sums(clinic_id=clinic.pk)),
            lambda: ledger.agreement_so_far(clinic_id=clinic.pk),
            lambda: ledger.uses(clinic_id=clinic.pk),
        ):
            with django_assert_num_queries(1):
                call()
        tallies.fold(clinic_id=clinic.pk)
        rows.append(ClinicTally.objects.filter(clinic=clinic).count())
        return rows

    for _ in range(10):
        life.word()
    first = read()
    for _ in range(50):
        life.word()
    assert max(first + read()) < 2 * tallies.MOST_ROWS


def test_sums_are_folded_after_a_commit_and_stay_the_same(
    clinic, clinician, administrator, django_capture_on_commit_callbacks
):
    life = Clinic(clinic, clinician, administrator, 13)
    before = ClinicTally.objects.filter(clinic=clinic).count()
    assert before >= tallies.MOST_ROWS
    kept = tallies.sums(clinic_id=clinic.pk)
    with django_capture_on_commit_callbacks(execute=True):
        life.word()
    after = ClinicTally.objects.filter(clinic=clinic)
    assert after.count() < before and not tallies.difference(clinic_id=clinic.pk)
    kind = tallies.TallyKind("", RELEASES[0])
    assert tallies.sums(clinic_id=clinic.pk)[kind]["judged"] == kept[kind]["judged"]


def test_records_older_than_the_counts_are_counted_in_the_background(clinic, clinician):
    analysis = factories.AnalysisFactory(
        photo=factories.PhotoFactory(
            visit=factories.VisitFactory(
                episode=factories.EpisodeFactory(patient=factories.PatientFactory(clinic=clinic))
            )
        )
    )
    refresh_summary(patient_id=analysis.photo.visit.patient_id)
    VisitTally.objects.all().delete()
    ClinicTally.objects.all().delete()
    from clinic.recovery.models import PatientSummary

    PatientSummary.objects.update(counted=False)
    assert not ledger.uses(clinic_id=clinic.pk)
    assert count_waiting(seconds=1) == 1 and count_waiting() == 0
    assert ledger.uses(clinic_id=clinic.pk) == {"test-release": 1}


def test_a_check_finds_counts_that_differ_and_repairs_them(clinic, clinician, administrator):
    life = Clinic(clinic, clinician, administrator, 17)
    life.word()
    kind = tallies.TallyKind("", RELEASES[0])
    right = tallies.sums(clinic_id=clinic.pk)
    ClinicTally.objects.create(clinic=clinic, release=RELEASES[0], counts={"judged": 5})
    check = run.start(kind=CheckKind.WHOLE)
    batch = records.ledgers(check, "")
    assert ("ledger_differs", str(clinic.pk)) in {(one.code, one.subject) for one in batch.found}
    for one in batch.found:
        assert repairs.repair(one)
    assert tallies.sums(clinic_id=clinic.pk)[kind] == right[kind]
    VisitTally.objects.filter(patient__clinic=clinic).update(counts={"judged": 7})
    patient = VisitTally.objects.first().patient
    assert not records.summary_agrees(patient.pk)
    refresh_summary(patient_id=patient.pk, afresh=True)
    assert records.summary_agrees(patient.pk)


def test_commands_make_it_all_anew(clinic, clinician, administrator):
    life = Clinic(clinic, clinician, administrator, 19)
    life.word()
    VisitTally.objects.all().delete()
    ClinicTally.objects.all().delete()
    call_command("rebuild_summaries", verbosity=0)
    agree_with_the_records(clinic)
