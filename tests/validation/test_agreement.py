"""Wilson's interval and kappa beside others' arithmetic, and the ledger's counting by hand."""

from __future__ import annotations

import random

import pytest

from clinic.validation import ledger
from clinic.validation.agreement import (
    ReadingPair,
    Share,
    agreement,
    agreement_of,
    of_patient,
    quadratic_kappa,
    tally,
    wilson,
)
from inference.finding import Finding, Verdict
from tests import factories


def said(grade: int | None, side: str = "left", exercise: str = "smile", verdict: str = "") -> Finding:
    weak = grade is None or grade > 1
    return Finding(exercise, Verdict(verdict or ("weak" if weak else "normal")), side if weak else "", grade)


def pair(reference: Finding, other: Finding, patient: object = 1) -> ReadingPair:
    return ReadingPair(patient, reference, other)


@pytest.mark.parametrize(
    ("hits", "count"), [(0, 5), (1, 10), (28, 30), (29, 30), (16, 16), (81, 263), (263, 263)]
)
def test_wilson_is_scipys(hits, count):
    stats = pytest.importorskip("scipy.stats")
    interval = stats.binomtest(hits, count).proportion_ci(method="wilson")
    assert wilson(hits, count) == pytest.approx((interval.low, interval.high), abs=1e-9)


def test_wilson_is_the_published_one():
    # 81 of 263: 0.2553 to 0.3662 (Newcombe, Stat Med 17, 1998, table I, method 3).
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    # 28 of 30 misses a lower bound of 0.80, 29 passes it, and 16 of 16 is the smallest full score that does.
    assert wilson(28, 30)[0] < 0.80 < wilson(29, 30)[0]
    assert wilson(15, 15)[0] < 0.80 < wilson(16, 16)[0]
    assert wilson(0, 0) == (0.0, 1.0) and Share(0, 0).value is None


def test_kappa_is_scikit_learns():
    metrics = pytest.importorskip("sklearn.metrics")
    draw = random.Random(7)
    for _ in range(20):
        rows = [(draw.randint(1, 6), draw.randint(1, 6)) for _ in range(draw.randint(5, 60))]
        rows += [(grade, max(1, grade - draw.randint(0, 1))) for grade, _ in rows]
        expected = metrics.cohen_kappa_score(
            *zip(*rows, strict=True), labels=range(1, 7), weights="quadratic"
        )
        assert quadratic_kappa(rows) == pytest.approx(expected, abs=1e-12)


def test_kappa_by_hand():
    # Grades 1 1 2 3 against 1 2 2 3: squared distances sum to 1, so 0.25 a photo; two independent draws differ by
    # 15/4 + 18/4 - 2 (7/4)(8/4) = 1.25 on average: kappa is 1 - 0.25/1.25.
    assert quadratic_kappa([(1, 1), (1, 2), (2, 2), (3, 3)]) == pytest.approx(0.8)
    assert quadratic_kappa([]) is None and quadratic_kappa([(2, 2), (2, 2)]) is None
    assert quadratic_kappa([(1, 6), (6, 1)]) == pytest.approx(-1)


def test_each_measure_counts_what_it_is_about():
    pairs = [
        pair(said(3, "left"), said(3, "left"), "a"),
        pair(said(4, "left"), said(3, "right"), "a"),
        pair(said(5, "right", "open_mouth"), said(2, "right", "rest"), "b"),
        pair(said(1), said(1), "b"),
        pair(said(1), said(2), "c"),
        pair(said(6, "both"), said(None, "left", verdict="uncertain"), "d"),
        pair(said(None, "left"), said(4, "left"), "d"),
    ]
    found = agreement(pairs)
    assert (found.photos, found.patients, found.uncertain) == (7, 4, 1)
    assert found.exercise == Share(6, 7)
    assert found.palsy == Share(5, 6), "the uncertain one is in no share of it"
    # Both named a side in four: left left, left right, right right, left left.
    assert found.side == Share(3, 4)
    # Both gave a grade in five: 3-3, 4-3, 5-2, 1-1, 1-2.
    assert found.grade_exact == Share(2, 5) and found.grade_within_one == Share(4, 5)
    assert found.kappa.count == 5
    counts = of_patient(tally(pairs))
    assert [agreement_of(counts, band).photos for band in ("1-2", "3-4", "5-6")] == [2, 2, 2]


def test_either_smile_answers_a_smile():
    one, other = said(2, exercise="smile"), said(2, exercise="closed_smile")
    assert agreement([pair(one, other)]).exercise == Share(1, 1)
    teeth = said(2, exercise="smile_with_teeth")
    assert agreement([pair(teeth, other)]).exercise == Share(0, 1)


def test_the_interval_is_students_in_small_samples():
    stats = pytest.importorskip("scipy.stats")
    from clinic.validation.agreement import _t95

    for freedom, within in ((1, 0.12), (2, 0.01), (5, 0.001), (40, 0.0001)):
        assert _t95(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=within)


def test_kappas_interval_holds_the_truth_as_often_as_it_says_and_is_a_bootstraps():
    draw = random.Random(3)

    def clinic(patients: int) -> list[ReadingPair]:
        pairs = []
        for patient in range(patients):
            bias = draw.choice((-1, 0, 0, 0, 1))  # one patient's photos resemble each other
            for _ in range(draw.randint(1, 6)):
                grade = draw.randint(2, 6)
                other = min(6, max(2, grade + bias + draw.choice((-1, 0, 0, 1))))
                pairs.append(pair(said(grade), said(other), patient))
        return pairs

    truth = agreement(clinic(6_000)).kappa.value
    kappas = [agreement(clinic(40)).kappa for _ in range(200)]
    held = sum(kappa.low <= truth <= kappa.high for kappa in kappas)
    assert 0.9 * 200 <= held <= 0.995 * 200
    one = clinic(60)
    by_patient: dict[object, list[tuple[int, int]]] = {}
    for row in one:
        by_patient.setdefault(row.patient, []).append((row.reference.grade, row.other.grade))
    drawn = sorted(
        quadratic_kappa(
            [grades for rows in draw.choices(list(by_patient.values()), k=len(by_patient)) for grades in rows]
        )
        for _ in range(400)
    )
    kappa = agreement(one).kappa
    assert kappa.high - kappa.low == pytest.approx(drawn[390] - drawn[9], rel=0.2)


def test_kappas_interval_draws_patients_and_not_photos():
    rows = [(1, 1), (2, 3), (3, 3), (5, 4), (6, 6), (4, 2)]
    alone = [pair(said(a), said(b), number) for number, (a, b) in enumerate(rows * 10)]
    together = [pair(said(a), said(b), number % 6) for number, (a, b) in enumerate(rows * 10)]
    by_photo, by_patient = agreement(alone).kappa, agreement(together).kappa
    assert by_photo.value == pytest.approx(by_patient.value)
    assert by_photo.low < by_photo.value < by_photo.high
    assert by_patient.high - by_patient.low > 1.5 * (by_photo.high - by_photo.low)
    assert agreement(together[:1]).kappa.low is None


# The ledger


@pytest.fixture
def confirmed(clinic, clinician):
    """Confirms photos of new patients: `confirmed(patients, photos_each, word, finding)`."""

    def make(patients, photos, *, grade, found=None, side="left", found_side=None, release="test-release"):
        for _ in range(patients):
            episode = factories.EpisodeFactory(patient=factories.PatientFactory(clinic=clinic))
            visit = factories.VisitFactory(episode=episode, clinician=clinician)
            for _ in range(photos):
                model = grade if found is None else found
                weak = None if model == 1 else found_side or side
                analysis = factories.AnalysisFactory(
                    photo=factories.PhotoFactory(visit=visit),
                    release=release,
                    data=factories.findings(grade=model, weak_side=weak, palsy=0.1 if model == 1 else 0.9),
                )
                factories.ConfirmationFactory(
                    analysis=analysis,
                    by=clinician,
                    palsy=grade > 1,
                    weak_side="" if grade == 1 else side,
                    grade=grade,
                )

    return make


@pytest.fixture
def counted(clinic):
    def count(release="test-release"):
        factories.count_releases()
        return ledger.ledger(clinic_id=clinic.pk, release=release)

    return count


pytestmark = pytest.mark.django_db


def lacks(found) -> dict[str, tuple[str, ...]]:
    return {standing.score: standing.lacks for standing in found.standings}


def test_the_bar_is_passed_by_enough_photos_of_enough_patients_in_each_band(confirmed, counted):
    confirmed(4, 3, grade=2)
    confirmed(3, 4, grade=4)
    confirmed(3, 4, grade=5)
    found = counted()
    assert (found.overall.photos, found.overall.patients) == (36, 10)
    assert found.validated and set(lacks(found).values()) == {()}
    assert found.overall.grade_exact == Share(36, 36) and found.overall.kappa.value == pytest.approx(1)
    assert [part.photos for _, part in found.bands] == [12, 12, 12]


def test_nothing_confirmed_is_not_validated(counted):
    found = counted()
    assert found.is_empty and not found.validated
    assert lacks(found)["palsy"] == ("labels", "patients", "bands")


def test_too_few_patients_in_a_band(confirmed, counted):
    confirmed(5, 3, grade=2)
    confirmed(5, 3, grade=4)
    confirmed(2, 6, grade=6)
    assert lacks(counted())["exercise"] == ("bands",)


def test_an_agreement_that_could_be_chance_does_not_pass(confirmed, counted):
    confirmed(4, 3, grade=2)
    confirmed(4, 3, grade=4)
    confirmed(3, 2, grade=6)
    confirmed(1, 3, grade=4, found=2)  # two grades off: 30 of 33
    found = counted()
    assert found.overall.grade_within_one == Share(30, 33)
    assert lacks(found)["grade_within_one"] == ("bound",) and lacks(found)["palsy"] == ()
    confirmed(3, 3, grade=6, found=4)
    assert lacks(counted())["grade_within_one"] == ("agreement",)


def test_only_the_newest_word_on_a_photo_counts_whatever_release_it_was_said_on(
    confirmed, counted, clinician
):
    from clinic.visits.models import Photo

    confirmed(1, 1, grade=2, release="2025.1")
    photo = Photo.objects.get()
    factories.AnalysisFactory(photo=photo, data=factories.findings(grade=4))
    assert counted().overall.grade_within_one == Share(0, 1)
    factories.ConfirmationFactory(analysis=photo.analyses.get(release="2025.1"), by=clinician, grade=4)
    assert counted().overall.grade_exact == Share(1, 1)
    assert counted("2025.1").overall.grade_exact == Share(0, 1)


def test_another_clinics_words_and_archived_photos_do_not_count(confirmed, counted, stranger):
    from django.utils import timezone

    from clinic.visits.models import Photo

    confirmed(2, 1, grade=3)
    mine = Photo.objects.first()
    factories.ConfirmationFactory()
    assert counted().overall.photos == 2
    Photo.objects.filter(pk=mine.pk).update(archived_at=timezone.now())
    assert counted().overall.photos == 1


def test_an_uncertain_result_counts_in_no_share_of_palsy_side_or_grade(confirmed, counted):
    from inference.models import Analysis

    confirmed(2, 1, grade=3)
    row = Analysis.objects.first()
    row.findings["palsy_verdict"] = "uncertain"
    Analysis.objects.filter(pk=row.pk).update(findings=row.findings)
    found = counted().overall
    assert (found.palsy, found.side, found.grade_exact, found.uncertain) == (
        Share(1, 1),
        Share(1, 1),
        Share(1, 1),
        1,
    )


def test_scores_are_marked_until_the_clinics_releases_pass(confirmed, clinic, as_clinician):
    from django.urls import reverse

    from clinic.recovery.services import refresh_summary
    from clinic.visits.models import Photo

    confirmed(4, 3, grade=2)
    photo = Photo.objects.first()
    refresh_summary(patient_id=photo.visit.patient_id)
    pages = [reverse("visits:photo", args=[photo.pk]), reverse("visits:detail", args=[photo.visit_id])]
    factories.count_releases()
    for page in pages:
        text = as_clinician.get(page).content.decode()
        assert "not yet validated here" in text and "/models/test-release/#ledger" in text
    confirmed(3, 4, grade=4)
    confirmed(3, 4, grade=5)
    factories.count_releases()
    for page in pages:
        text = as_clinician.get(page).content.decode()
        assert "preliminary until confirmed" in text and "not yet validated here" not in text


def test_the_mark_costs_nothing_more_for_a_long_list(
    confirmed, clinic, rf, clinician, django_assert_max_num_queries
):
    from django.template import engines

    confirmed(2, 2, grade=2)
    factories.count_releases()
    request = rf.get("/")
    request.clinic, request.user, request.page_clinics = clinic, clinician, [clinic]
    template = engines["django"].from_string(
        '{% for _ in many %}{% include "inc/model_mark.html" %}{% endfor %}{% include "inc/footer.html" %}'
    )
    with django_assert_max_num_queries(3):  # the reader's roles, and the clinic's counts
        page = template.render({"many": range(200)}, request)
    assert page.count("not yet validated here") >= 200 and page.count("Not yet validated in this clinic") == 1
    with django_assert_max_num_queries(1):
        request.__dict__.pop("_validation_marks"), request.__dict__.pop("_counted")
        template.render({"many": range(200)}, request)
