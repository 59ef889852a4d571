"""What a patient answers on a tablet that a clinician hands over: nothing else of it opens."""

from __future__ import annotations

import re

import pytest
from django.urls import get_resolver, reverse

from clinic.examination.models import Assessment
from tests import factories
from tests.factories import PASSWORD
from tests.house.walk import templates

from .asking import WHOLE, fields, proven, seen_long_ago, sent
from .wordings import given, pasted

pytestmark = pytest.mark.django_db
PROBES = ("/metrics", "/livez", "/readyz")


@pytest.fixture
def episode(patient):
    return seen_long_ago(patient)


@pytest.fixture
def wording(administrator, clinic):
    return pasted(administrator, clinic)


@pytest.fixture
def tablet(as_clinician, episode, wording):
    """A clinician's session that was handed over."""
    address = reverse("examination:hand_over", args=[episode.pk])
    handed = as_clinician.post(address, {"wording": str(wording.pk)})
    assert handed.status_code == 302 and handed["Clear-Site-Data"] == '"cache"'
    return as_clinician


def test_handed_over_no_other_address_answers(tablet, episode, visit):
    patient = episode.patient_id
    for name, args in (
        ("today", []),
        ("patients:detail", [patient]),
        ("visits:detail", [visit.pk]),
        ("accounts:profile", []),
        ("accounts:login", []),
        ("accounts:language", []),
        ("answering:open", []),
        ("recovery:csv", [patient]),
    ):
        answer = tablet.get(reverse(name, args=args))
        assert (answer.status_code, answer.get("Location")) == (302, "/handed-over/"), name
    for path in ("/api/v1/patients/", "/api/v1/changes/", "/api/schema/"):
        assert tablet.get(path).status_code == 403
    assert tablet.post(reverse("accounts:logout")).status_code == 403
    assert tablet.post(reverse("visits:new", args=[patient])).status_code == 403


def test_handed_over_every_address_of_the_product_is_closed(tablet):
    """Not those of a list: those that exist, with whatever they take."""

    some = "00000000-0000-4000-8000-000000000000"
    closed = 0
    for template, names in set(templates(get_resolver())):
        path = "/" + template % dict.fromkeys(names, some)
        # What operators ask has no session, and its own door.
        if path.startswith("/handed-over/") or path in PROBES:
            continue
        assert tablet.get(path).status_code in (302, 403), path
        assert tablet.post(path).status_code == 403, path
        closed += 1
    assert closed > 100


def test_the_patient_answers_and_the_clinician_takes_the_tablet_back(tablet, clinician, episode, wording):
    page = tablet.get("/handed-over/").content.decode()
    assert "Question smile_eye?" in page and episode.patient.name not in page
    assert clinician.full_name not in page
    tablet.post("/handed-over/", {"item-smile_eye": "4", "part": "1"})
    assert re.search(r'value="4"\s+checked', tablet.get("/handed-over/").content.decode())
    thanks = tablet.post("/handed-over/", fields(WHOLE), follow=True).content.decode()
    assert "Thank you" in thanks and "Question" not in thanks.replace("Questionnaire", "")
    assert tablet.get(reverse("patients:detail", args=[episode.patient_id])).status_code == 302
    wrong = tablet.post("/handed-over/unlock/", {"proof": "not it"})
    assert wrong.status_code == 422
    assert tablet.get(reverse("today")).status_code == 302
    right = tablet.post("/handed-over/unlock/", {"proof": PASSWORD})
    assert right["Location"] == reverse("examination:questionnaires", args=[episode.pk])
    assert tablet.get(reverse("patients:detail", args=[episode.patient_id])).status_code == 200
    made = Assessment.objects.get()
    assert (made.way, made.total, made.is_finished, made.by) == ("tablet", 60, True, clinician)


def test_another_persons_password_unlocks_nothing(tablet, administrator):
    administrator.set_password("another-long-password-9")
    administrator.save()
    assert tablet.post("/handed-over/unlock/", {"proof": "another-long-password-9"}).status_code == 422
    assert tablet.get(reverse("today")).status_code == 302


def test_guessing_at_the_lock_is_slowed_down(tablet):
    for _number in range(5):
        tablet.post("/handed-over/unlock/", {"proof": "guess"})
    answer = tablet.post("/handed-over/unlock/", {"proof": PASSWORD})
    assert answer.status_code == 422 and "Too many tries" in answer.content.decode()


def test_handed_over_again_it_goes_on_where_the_patient_stopped(tablet, episode, wording):
    tablet.post("/handed-over/", {"item-smile_eye": "4", "part": "1"})
    tablet.post("/handed-over/unlock/", {"proof": PASSWORD})
    tablet.post(reverse("examination:hand_over", args=[episode.pk]), {"wording": str(wording.pk)})
    assert re.search(r'value="4"\s+checked', tablet.get("/handed-over/").content.decode())
    assert Assessment.objects.count() == 1


def test_another_clinics_text_is_not_found(as_clinician, episode):
    elsewhere = factories.ClinicFactory()
    foreign = pasted(factories.member(elsewhere, role="administrator"), elsewhere)
    for name in ("hand_over", "questionnaire_send"):
        address = reverse(f"examination:{name}", args=[episode.pk])
        assert as_clinician.post(address, {"wording": str(foreign.pk)}).status_code == 404


def test_the_language_of_the_text_is_the_language_of_the_page(administrator, clinic, clinician, episode):
    indonesian = pasted(administrator, clinic, language="id")
    _link, secret = sent(clinician, episode, indonesian)
    page = proven(secret).get(reverse("answering:questions")).content.decode()
    assert '<html lang="id"' in page and "Kirim" in page
    assert given("saq")["title"] in page
