"""Two people change one record: what only one of them touched merges, what both did is lost on neither side."""

from __future__ import annotations

import threading
from itertools import count

import pytest
from django.db import connection

from clinic.accounts import services as accounts
from clinic.common.merging import both
from clinic.common.versions import Basis, Conflict
from clinic.common.writing import save
from clinic.patients import services as patients
from clinic.patients.models import Patient
from clinic.visits import services as visits
from clinic.visits.models import Visit

from .. import factories


@pytest.fixture
def other(clinic):
    return factories.member(clinic, full_name="Dr Other")


def test_each_save_raises_the_version_and_the_history_knows_it(clinician, patient):
    for number in range(2, 5):
        patients.update_patient(user=clinician, patient=patient, phone=str(number))
        assert patient.version == number
    lines = patient.history.order_by("history_id").values_list("version", "phone")
    assert list(lines) == [(1, ""), (2, "2"), (3, "3"), (4, "4")]


def test_a_save_that_changes_nothing_is_no_version(clinician, patient):
    patients.update_patient(user=clinician, patient=patient, phone="1")
    patients.update_patient(user=clinician, patient=patient, phone=" 1 ")
    assert (patient.version, patient.history.count()) == (2, 2)


def test_fields_that_only_one_side_touched_merge(clinician, other, patient):
    started = Basis(patient.version)
    first = {"record_number": patient.record_number, "name": patient.name, "phone": "", "email": ""}
    patients.update_patient(
        user=clinician, patient=Patient.objects.get(), based_on=started, **{**first, "phone": "1"}
    )
    stale = Patient.objects.get()
    patients.update_patient(
        user=other, patient=stale, based_on=started, **{**first, "email": "a@example.org"}
    )
    patient.refresh_from_db()
    assert (patient.phone, patient.email, patient.version) == ("1", "a@example.org", 3)


def test_the_same_field_on_both_sides_is_a_conflict_that_names_both(clinician, other, visit):
    started = Basis(visit.version)
    visits.update_visit(user=other, visit=visit, based_on=started, impression="theirs", grade=2)
    with pytest.raises(Conflict) as refused:
        visits.update_visit(user=clinician, visit=visit, based_on=started, impression="mine", grade=2)
    (field,) = refused.value.fields
    assert (field.name, field.mine, field.theirs) == ("impression", "mine", "theirs")
    assert (field.who, refused.value.version) == ("Dr Other", visit.version)
    visit.refresh_from_db()
    assert (visit.impression, visit.grade, visit.version) == ("theirs", 2, 2)


def test_both_sides_saying_the_same_is_no_conflict(clinician, other, visit):
    started = Basis(visit.version)
    visits.update_visit(user=other, visit=visit, based_on=started, impression="the same")
    visits.update_visit(user=clinician, visit=visit, based_on=started, impression="the same\r\n")
    assert visit.version == 2


def test_a_version_that_nobody_saved_merges_nothing(clinician, visit):
    visits.update_visit(user=clinician, visit=visit, impression="theirs")
    with pytest.raises(Conflict):
        visits.update_visit(user=clinician, visit=visit, based_on=Basis(99), impression="mine")


def test_the_very_version_is_refused_whatever_was_changed(clinician, visit):
    visits.update_visit(user=clinician, visit=visit, grade=3)
    for write in (
        lambda basis: visits.update_visit(user=clinician, visit=visit, based_on=basis, impression="mine"),
        lambda basis: visits.archive_visit(user=clinician, visit=visit, based_on=basis),
    ):
        with pytest.raises(Conflict):
            write(Basis(1, exact=True))
    visits.archive_visit(user=clinician, visit=visit, based_on=Basis(2, exact=True))
    assert Visit.objects.get().archived_at is not None


def test_a_record_without_history_merges_by_what_the_form_brought_along(administrator, clinic):
    before = {"name": clinic.name, "language": "en", "idle_minutes": 30}
    started = Basis(clinic.version, originals=before)
    accounts.update_clinic(clinic=clinic, based_on=started, **{**before, "name": "Renamed"})
    accounts.update_clinic(clinic=clinic, based_on=started, **{**before, "idle_minutes": 60})
    assert (clinic.name, clinic.idle_minutes) == ("Renamed", 60)
    with pytest.raises(Conflict):
        accounts.update_clinic(clinic=clinic, based_on=started, **{**before, "name": "Otherwise"})


def test_whoever_saves_an_outdated_instance_is_told_and_overwrites_nothing(clinician, patient):
    one, two = Patient.objects.get(), Patient.objects.get()
    one.phone, two.phone = "1", "2"
    save(one, user=clinician)
    with pytest.raises(Conflict):
        save(two, user=clinician)
    assert (Patient.objects.get().phone, two.version) == ("1", 1)


def test_whoever_goes_on_from_their_own_save_is_in_no_conflict_with_it(clinician, other, visit):
    """The answer to a save got lost, and the page sends what was typed since from the version before."""
    started = Basis(visit.version, by=clinician)
    for text in ("Eye", "Eye closes", "Eye hardly closes"):
        visits.update_visit(user=clinician, visit=visit, based_on=started, impression=text)
    with pytest.raises(Conflict):
        visits.update_visit(user=clinician, visit=visit, based_on=started, impression="Mouth")
    visits.update_visit(user=other, visit=visit, impression="Eye hardly closes. Mouth weak")
    with pytest.raises(Conflict):
        visits.update_visit(
            user=clinician, visit=visit, based_on=started, impression="Eye hardly closes. Mouth not weak"
        )


@pytest.mark.django_db(transaction=True)
def test_of_racing_saves_none_is_lost(clinician, visit):
    """Eight people write at once from the same version: each line is in the record, or its writer knows."""
    start, refused, numbers = threading.Barrier(8), [], count()

    def write() -> None:
        number = next(numbers)
        try:
            start.wait(timeout=30)
            visits.update_visit(
                user=clinician, visit=Visit.objects.get(), based_on=Basis(1), impression=f"line {number}"
            )
        except Conflict:
            refused.append(number)
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = Visit.objects.get()
    assert len(refused) == 7
    assert int(kept.impression.removeprefix("line ")) not in refused
    assert kept.version == 2


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "merged"),
    [
        ("", "mine", "theirs", "theirs\nmine"),
        ("a", "a\nmine", "a\ntheirs", "a\ntheirs\nmine"),
        ("The ey", "The eye closes", "The ey\nMouth weak", "The eye closes\nMouth weak"),
        ("one\ntwo", "one\nTWO", "ONE\ntwo", "ONE\nTWO"),
        ("one\ntwo", "one", "one\ntwo\nthree", "one\ntwo\nthree"),
        ("same", "new", "new", "new"),
        ("old", "mine", "theirs", "theirs\nmine"),
    ],
)
def test_keeping_both_says_nothing_twice_and_loses_nothing(base, mine, theirs, merged):
    assert both(base, mine, theirs) == merged
