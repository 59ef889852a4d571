"""A visit's series: protocols as data, exercises left out with a reason, and what a photo that comes later does."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from clinic.feed.models import Change
from clinic.visits import exercises, filing, protocols, selectors, services, services_filing, services_series
from clinic.visits.models import SkippedExercise, SkipReason, Visit
from clinic.visits.series import lacking, series_of
from inference.pipeline.codes import UNTAUGHT, VIEWS

from .. import factories
from .pictures import encoded, picture, upload


@pytest.fixture
def clinician(db):
    return factories.member(factories.ClinicFactory())


@pytest.fixture
def patient(clinician):
    patient = factories.PatientFactory(clinic=clinician.memberships.get().clinic)
    factories.EpisodeFactory(patient=patient)
    factories.ConsentFactory(patient=patient, recorded_by=clinician)
    return patient


@pytest.fixture
def visit(clinician, patient):
    return services.create_visit(user=clinician, patient=patient, protocol="ten-1")


def series(visit):
    visit = Visit.objects.get(pk=visit.pk)
    return series_of(visit=visit, cards=selectors.photos_of_visit(visit=visit))


def skip(visit, clinician, exercise="pucker", reason="pain", note=""):
    return services_series.skip_exercise(
        user=clinician, visit=visit, exercise=exercise, reason=reason, note=note
    )


def test_the_ten_standard_views_are_those_of_the_society():
    assert set(protocols.BY_KEY["ten-1"].exercises) == {
        "rest", "closed_smile", "smile_with_teeth", "brow_raise", "gentle_eye_closure", "tight_eye_closure", "pucker",
        "lower_teeth", "nose_wrinkle", "nasal_base",
    }  # fmt: skip
    assert set(protocols.BY_KEY["twelve-1"].exercises) - set(protocols.BY_KEY["ten-1"].exercises) == {
        "puff_cheek", "open_mouth",
    }  # fmt: skip


@pytest.mark.parametrize("protocol", protocols.PROTOCOLS, ids=lambda one: one.key)
def test_each_protocol_names_known_exercises_once_and_begins_at_rest(protocol):
    assert protocol.exercises[0] == "rest"
    assert len(set(protocol.exercises)) == len(protocol.exercises)
    known = {one.code for one in exercises.PROTOCOL}
    assert set(protocol.exercises) | {one.code for one in protocol.others} == known
    assert set(protocol.taught) == set(VIEWS)
    assert len(protocol.key) <= Visit._meta.get_field("protocol").max_length


def test_a_visit_keeps_the_protocol_that_it_was_begun_with(clinician, patient):
    clinic = patient.clinic
    first = services.create_visit(user=clinician, patient=patient)
    assert series(first).protocol == protocols.DEFAULT
    services_series.choose_protocol(user=clinician, clinic=clinic, protocol="sunnybrook-1")
    patient.refresh_from_db()
    second = services.create_visit(user=clinician, patient=patient)
    assert (series(first).of, series(second).of) == (12, 6)
    with pytest.raises(ValidationError):
        services_series.choose_protocol(user=clinician, clinic=clinic, protocol="mine-1")
    with pytest.raises(ValidationError):
        services.create_visit(user=clinician, patient=patient, protocol="mine-1")


def test_visits_from_before_protocols_stay_as_complete_as_they_were(clinician):
    visit = factories.VisitFactory()
    assert visit.protocol == ""
    for code in protocols.FIRST.exercises:
        factories.PhotoFactory(visit=visit, exercise=code)
    assert (series(visit).taken, series(visit).of, series(visit).missing) == (12, 12, [])


def test_what_is_left_out_is_not_missing_and_never_a_figure(visit, clinician):
    before = series(visit)
    skip(visit, clinician)
    skip(visit, clinician, "nasal_base", "other", "Neck is stiff")
    found = series(visit)
    assert len(before.missing) - len(found.missing) == 2
    assert (found.taken, found.done, found.of) == (0, 2, 10)
    assert found.skipped_sentence == ("2 of 10 not taken: Pucker (Pain), Nasal base (Neck is stiff).")
    assert lacking(["rest", "pucker", "show_teeth"], found) == ["Rest"]


def test_another_reason_waits_until_the_first_is_taken_back_and_all_of_it_is_on_record(visit, clinician):
    skip(visit, clinician)
    skip(visit, clinician)
    with pytest.raises(ValidationError, match="already: Pain"):
        skip(visit, clinician, reason="declined")
    services_series.take_skip_back(user=clinician, visit=visit, exercise="pucker")
    skip(visit, clinician, reason="time")
    row = SkippedExercise.objects.get()
    assert (row.reason, row.lifted_at, row.version) == ("time", None, 3)
    told = [(line.reason, line.lifted_at is None) for line in row.history.order_by("history_id")]
    assert told == [("pain", True), ("pain", False), ("time", True)]
    assert Change.objects.filter(kind="visit", record=visit.pk, what="changed").count() == 3


@pytest.mark.parametrize(
    ("exercise", "reason", "note"),
    [("juggle", "pain", ""), ("smile", "pain", ""), ("pucker", "bored", ""), ("pucker", "other", "  ")],
)
def test_nothing_is_left_out_without_an_exercise_and_a_reason(visit, clinician, exercise, reason, note):
    with pytest.raises(ValidationError):
        skip(visit, clinician, exercise, reason, note)
    assert not SkippedExercise.objects.exists()


def test_an_exercise_with_a_photo_cannot_be_left_out(visit, clinician):
    factories.PhotoFactory(visit=visit, exercise="smile")
    with pytest.raises(ValidationError):
        skip(visit, clinician, "closed_smile")


def test_a_photo_that_comes_later_takes_the_reason_back_however_it_comes(visit, clinician, patient):
    skip(visit, clinician)
    photo = services.store_photo(
        user=clinician, visit=visit, upload=upload(encoded(image=picture())), exercise="pucker"
    )
    assert series(visit).skipped == [], "uploaded"
    services.archive_photo(user=clinician, photo=photo)
    assert "pucker" in {one.code for one in series(visit).missing}
    skip(visit, clinician)
    services.restore_photo(user=clinician, photo=photo)
    assert series(visit).skipped == [], "brought back"
    services_filing.change_exercise(user=clinician, photo=photo, exercise="rest")
    skip(visit, clinician)
    services_filing.change_exercise(user=clinician, photo=photo, exercise="pucker")
    assert series(visit).skipped == [], "filed otherwise"


def test_files_without_a_name_never_go_under_a_view_that_no_model_knows(visit, clinician):
    filed = []
    for _number in range(len(VIEWS)):
        place = filing.place_of(visit=visit, name="IMG_1.jpg")
        factories.PhotoFactory(visit=visit, exercise=place.exercise, exercise_named=False)
        filed.append(place.exercise)
    assert set(filed) == set(VIEWS) and not UNTAUGHT & set(filed)
    assert filed[:8] == [code for code in protocols.BY_KEY["ten-1"].exercises if code not in UNTAUGHT]


@pytest.mark.parametrize(
    ("name", "exercise"),
    [
        ("bottom teeth.jpg", "lower_teeth"),
        ("Gigi_bawah.jpg", "lower_teeth"),
        ("nasal-base.png", "nasal_base"),
        ("dasar hidung.jpg", "nasal_base"),
        ("NoseWrinkle.jpg", "nose_wrinkle"),
        ("smile teeth.jpg", "smile_with_teeth"),
    ],
)
def test_names_of_files_name_the_new_views(visit, name, exercise):
    assert filing.place_of(visit=visit, name=name).exercise == exercise


def test_the_board_shows_the_series_and_its_reasons_can_be_undone(client, visit, clinician):
    client.force_login(clinician)
    page = reverse("visits:detail", args=[visit.pk])
    answer = client.post(
        reverse("visits:skip", args=[visit.pk]), {"exercise": "pucker", "reason": "pain"}, follow=True
    )
    shown = answer.content.decode()
    assert "Pucker is noted as not taken." in shown and "Undo" in shown
    board = client.get(page).content.decode()
    assert "1 of 10 not taken: Pucker (Pain)." in board and "Go on with 1 of 10" in board
    for name in ("Patient unable", "Patient declined", "Eye protected", "No time"):
        assert name in board
    client.post(reverse("visits:unskip", args=[visit.pk]), {"exercise": "pucker"})
    assert "not taken: Pucker" not in client.get(page).content.decode()
    client.post(reverse("visits:skip", args=[visit.pk]), {"exercise": "pucker", "reason": "other"})
    assert "Say in a few words why." in client.get(page).content.decode()


def test_the_administrator_chooses_with_what_visits_begin(client, patient):
    head = factories.member(patient.clinic, role="administrator")
    client.force_login(head)
    address = reverse("visits:protocols")
    page = client.get(address).content.decode()
    for protocol in protocols.PROTOCOLS:
        assert str(protocol.name) in page
    version = str(patient.clinic.version)
    answer = client.post(address, {"protocol": "ten-1", "version": version})
    patient.clinic.refresh_from_db()
    assert (answer.status_code, patient.clinic.protocol) == (302, "ten-1")
    new = client.get(reverse("visits:new", args=[patient.pk])).content.decode()
    assert '<option value="ten-1" selected' in new


def test_the_reasons_are_those_that_were_asked_for():
    assert set(SkipReason.values) == {"unable", "declined", "pain", "eye_protected", "time", "other"}
