"""What the demo clinic has in it, and that loading it again changes nothing."""

from __future__ import annotations

import datetime as dt
import io
import json

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.utils import timezone

from clinic.accounts.models import Clinic, Membership, Role, User
from clinic.common import broker
from clinic.demo import loader, people
from clinic.examination.models import BlindReading, SecondReading
from clinic.patients.models import Consent, Patient, Treatment
from clinic.patients.treatment_details import canonical, check_details
from clinic.visits.models import Confirmation, Photo, Visit, VisitConfirmation
from inference import services
from inference.jobs.states import Status
from inference.models import Analysis, LandmarkCorrection
from inference.pipeline.codes import VIEWS
from tests import factories
from tests.inference.conftest import make_findings, make_rejection

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def demo(settings, monkeypatch):
    settings.DEMO = True
    monkeypatch.setattr(broker, "send", lambda *_, **__: True)


def analyse_all(**findings: object) -> None:
    for analysis in Analysis.objects.filter(status=Status.QUEUED):
        claim = services.claim(analysis_id=analysis.pk)
        services.finish(claim=claim, findings=make_findings(**findings))


def counts() -> tuple[int, ...]:
    models = (
        *(Clinic, User, Membership, Patient, Visit, Photo, Analysis, Consent, Treatment),
        *(Confirmation, VisitConfirmation),
    )
    return tuple(model.objects.count() for model in models)


def test_the_whole_demo_is_there(manifest):
    """Six patients over twelve weeks, every picture named in the manifest and small enough for a repository."""
    assert len(manifest["patients"]) == 6
    files = []
    for patient in manifest["patients"]:
        weeks = [visit["week"] for visit in patient["visits"]]
        assert weeks == sorted(set(weeks)) and weeks[-1] == loader.WEEKS
        for visit in patient["visits"]:
            assert [photo["exercise"] for photo in visit["photos"]] == list(VIEWS)
            assert visit["clinician_grade"] in people.IMPRESSIONS
            files += [photo["file"] for photo in visit["photos"]]
    assert len(files) == len(set(files)) >= 400
    assert sum((loader.PHOTOS / name).stat().st_size for name in files) < 11_000_000
    assert len({patient["cause"] for patient in manifest["patients"]}) >= 2
    assert {patient["key"] for patient in manifest["patients"]} == set(people.LAST_SEEN)


@pytest.mark.parametrize(
    "kind, note, details",
    [
        (kind, note, details)
        for told in (*people.TREATMENTS.values(), *people.MORE_TREATMENTS.values())
        for _day, kind, note, details in told
    ],
)
def test_each_treatment_of_the_demo_is_one_that_could_be_typed(kind, note, details):
    treatment = Treatment(kind=kind, note=note, **details)
    assert check_details(treatment) == {}
    assert canonical(treatment.injections) == canonical(list(reversed(treatment.injections)))


def test_it_is_refused_outside_the_demo_settings(settings, small):
    settings.DEMO = False
    with pytest.raises(ImproperlyConfigured):
        loader.load(folder=small)
    with pytest.raises(CommandError, match="setup_clinic"):
        call_command("load_demo", photos=small)
    assert counts() == (0,) * 11


def test_patients_have_all_that_a_clinic_records(small):
    assert loader.load(folder=small) == 14
    melati = Patient.objects.filter(clinic_id=people.CLINIC_ID).order_by("record_number")
    assert [p.name for p in melati] == ["Hana Morita", "Daniel Okoro", "Nora Whitfield"]
    hana = melati[0]
    episode = hana.episodes.get()
    assert (episode.cause, episode.weak_side) == ("bells_palsy", "left")
    told = {t.kind: (t.drug, t.dose_mg, t.per_week) for t in episode.treatments.all()}
    assert told == {"steroids": ("Prednisolone", 60.0, None), "therapy_start": ("", None, 2)}
    assert {c.use for c in hana.consents.all()} == {"record", "teaching", "model_training"}
    visits = hana.visits.order_by("at")
    assert [(v.grade, v.photos.count()) for v in visits] == [(None, 2), (None, 2)], "nothing is judged yet"
    assert (visits[1].at - visits[0].at).days in (20, 21) and visits[1].at <= timezone.now()
    assert all(v.impression for v in visits)
    assert melati[2].episodes.get().weak_side == ""
    analyse_all()
    loader.confirm_earlier(folder=small)
    assert [v.grade for v in hana.visits.order_by("at")] == [2, None], "the last visit waits for its grade"


def test_there_is_one_login_a_role_and_a_neighbour_who_sees_nothing_of_it(small, client):
    loader.load(folder=small)
    roles = Membership.objects.filter(clinic_id=people.CLINIC_ID).values_list("role", flat=True)
    assert sorted(roles) == sorted(Role.values)
    for login in people.ACCOUNTS:
        told = client.login(username=login.email, password=people.PASSWORD)
        # A program comes in with a token that an administrator makes for it.
        assert told == (login.role != Role.INTEGRATION), login.email
    maria = User.objects.get(email="clinician@kenanga.example")
    assert {p.name for p in Patient.objects.visible_to(maria)} == {people.NEIGHBOUR}


def test_the_newest_visits_are_queued_first(small):
    loader.load(folder=small)
    order = Photo.objects.filter(visit__patient__clinic_id=people.CLINIC_ID).order_by("created_at")
    newest = {patient.visits.order_by("-at")[0].pk for patient in Patient.objects.all()}
    assert [photo.visit_id in newest for photo in order] == [True] * 6 + [False] * 6


def test_loading_again_changes_nothing(small):
    loader.load(folder=small)
    before = counts()
    assert loader.load(folder=small) == 0
    assert counts() == before


def test_loading_goes_on_where_it_was_cut_short(small, monkeypatch):
    stored = 0
    store = loader.visits.store_photo

    def cut(**values):
        nonlocal stored
        stored += 1
        if stored == 4:
            raise KeyboardInterrupt
        return store(**values)

    monkeypatch.setattr(loader.visits, "store_photo", cut)
    with pytest.raises(KeyboardInterrupt):
        loader.load(folder=small)
    assert loader.load(folder=small) == 14 - 3
    assert (Visit.objects.count(), Photo.objects.count(), Analysis.objects.count()) == (7, 14, 14)


def test_what_a_visitor_changed_stays(small):
    loader.load(folder=small)
    photo = Photo.objects.first()
    loader.visits.archive_photo(user=photo.uploaded_by, photo=photo)
    extra = factories.PhotoFactory(visit=photo.visit)
    assert loader.load(folder=small) == 0
    photo.refresh_from_db()
    assert photo.archived_at and Photo.objects.filter(pk=extra.pk).exists()


def test_the_past_is_graded_and_the_last_visits_wait_for_review(small):
    loader.load(folder=small)
    assert loader.confirm_earlier(folder=small) == 0, "nothing is analysed yet"
    analyse_all()
    done = loader.confirm_earlier(folder=small)
    newest = [patient.visits.order_by("-at")[0] for patient in Patient.objects.all()]
    assert done == Visit.objects.count() - len(newest)
    assert loader.confirm_earlier(folder=small) == 0
    for word in VisitConfirmation.objects.select_related("visit"):
        assert word.grade == word.visit.grade and word.palsy == (word.grade > 1)
        assert word.created_at - word.visit.at == dt.timedelta(minutes=30)
        assert word.by.email == "clinician@melati.example"
    assert not VisitConfirmation.objects.filter(visit__in=newest).exists()


def test_one_photo_has_points_put_right(small, monkeypatch):
    loader.load(folder=small)
    [first, *_] = json.loads((small / "manifest.json").read_text())["patients"]
    monkeypatch.setattr(loader, "GENTLE", first["visits"][0]["photos"][0]["exercise"])
    assert not loader.put_points_right(folder=small), "nothing is analysed yet"
    analyse_all()
    assert loader.put_points_right(folder=small) and not loader.put_points_right(folder=small)
    row = LandmarkCorrection.objects.get()
    assert (row.by.email, row.analysis.photo.visit.patient.name) == (
        "clinician@melati.example",
        "Hana Morita",
    )
    assert set(row.moved) <= {160, 159, 158}, "the right upper lid, of a left palsy"


def test_first_visits_are_read_a_second_time_and_the_last_patients_waits(small):
    loader.load(folder=small)
    assert loader.read_again(folder=small) == 0, "nothing is graded yet"
    analyse_all()
    loader.confirm_earlier(folder=small)
    patients = Patient.objects.filter(clinic_id=people.CLINIC_ID).count()
    assert loader.read_again(folder=small) == patients - 1 == BlindReading.objects.count()
    assert loader.read_again(folder=small) == 0 and SecondReading.objects.waiting().count() == 1
    for reading in BlindReading.objects.select_related("second__visit"):
        assert reading.first_grade == reading.second.visit.grade
        assert reading.by.email == "administrator@melati.example"


def test_what_could_not_be_judged_is_not_confirmed(small):
    loader.load(folder=small)
    for analysis in Analysis.objects.all():
        services.reject(claim=services.claim(analysis_id=analysis.pk), findings=make_rejection())
    assert loader.confirm_earlier(folder=small) == 0


def test_the_command_prints_the_logins_and_the_progress(small):
    loader.load(folder=small)
    analyse_all()
    out = io.StringIO()
    call_command("load_demo", photos=small, stdout=out)
    assert people.PASSWORD in out.getvalue() and "14 of 14 photos analysed" in out.getvalue()
    for login in people.LOGINS:
        assert login.email in out.getvalue()
    # All but the last visit of each of the clinic's three patients, each graded once.
    assert VisitConfirmation.objects.count() == 3


def test_missing_pictures_are_named(small):
    (small / "p1-v6-rest.jpg").unlink()
    with pytest.raises(CommandError, match=r"p1-v6-rest\.jpg is missing"):
        call_command("load_demo", "--no-wait", photos=small)
