"""A second clinician reads a visit blind: until that is kept, no address tells them anything of the patient."""

from __future__ import annotations

import copy
import re

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from sklearn.metrics import cohen_kappa_score

from clinic.accounts.services import create_token
from clinic.examination import services_second as second_services
from clinic.examination.models import BlindReading, SecondReading
from clinic.examination.scales import BY_CODE
from clinic.examination.services import raise_task
from clinic.examination.services_scales import answer, finish
from clinic.validation.clinicians import agreement_between
from tests import factories
from tests.conftest import logged_in
from tests.matrix.asking import address
from tests.matrix.conftest import *  # noqa: F403  the two clinics
from tests.matrix.table import ROWS
from tests.matrix.world import WHO, World

pytestmark = pytest.mark.django_db
SCALE = BY_CODE["sunnybrook"]


def whole(last: bool = False) -> dict[str, object]:
    return {item.code: item.choices[-1 if last else 0].value for item in SCALE.items}


@pytest.fixture
def colleague(clinic):  # type: ignore[no-untyped-def]
    return factories.member(clinic, full_name="Second Reader")


@pytest.fixture
def graded(visit):  # type: ignore[no-untyped-def]
    type(visit).objects.filter(pk=visit.pk).update(grade=5, impression="Hardly any movement")
    visit.refresh_from_db()
    factories.AnalysisFactory(photo__visit=visit)
    return visit


@pytest.fixture
def second(graded, clinician):  # type: ignore[no-untyped-def]
    return second_services.ask_for_second_reading(user=clinician, visit=graded)


def test_from_asking_to_both_readings(as_clinician, clinician, colleague, graded):
    first = answer(user=clinician, visit=graded, scale=SCALE, answers=whole(last=True))
    finish(user=clinician, assessment=first)
    as_clinician.post(reverse("examination:second_ask", args=[graded.pk]))
    second = SecondReading.objects.get()
    other = logged_in(colleague)
    waiting = other.get(reverse("examination:second_list")).content.decode()
    assert "1 photo" in waiting and graded.patient.name not in waiting
    assert graded.patient.record_number not in waiting and "V" not in re.findall(r"grade ([IVX]+)", waiting)

    other.post(reverse("examination:second_take", args=[second.pk]))
    page = other.get(reverse("examination:second_read", args=[second.pk]))
    text = page.content.decode()
    assert page.status_code == 200 and "Hardly any movement" not in text
    for hidden in (
        graded.patient.name,
        graded.patient.record_number,
        clinician.full_name,
        str(graded.pk),
        "mm<",
    ):
        assert hidden not in text
    assert other.get(reverse("examination:second_photo", args=[second.pk, 1])).status_code == 200
    assert other.get(reverse("examination:second_photo", args=[second.pk, 2])).status_code == 404
    assert other.get(reverse("visits:detail", args=[graded.pk])).status_code == 404

    told = {f"item-{code}": str(value) for code, value in whole().items()}
    partly = dict(list(told.items())[:3])
    assert (
        other.post(reverse("examination:second_read", args=[second.pk]), {"grade": "4", **partly}).status_code
        == 422
    )
    assert other.post(reverse("examination:second_read", args=[second.pk]), {"grade": ""}).status_code == 422
    saved = other.post(reverse("examination:second_read", args=[second.pk]), {"grade": "4", **told})
    assert saved.status_code == 302
    reading = BlindReading.objects.get()
    assert (reading.grade, reading.first_grade) == (4, 5)
    assert reading.first_total is not None and reading.total is not None
    shown = other.get(reverse("visits:detail", args=[graded.pk])).content.decode()
    assert "Read blind by Second Reader: grade IV" in shown and "grade V." in shown


@pytest.mark.parametrize(
    "how", ["asked", "saw the patient", "had a word", "answered a scale", "looked since"]
)
def test_nobody_reads_blind_who_may_know(second, graded, clinician, colleague, how):
    assert second_services.may_read_blind(user=colleague, second=second)
    if how == "asked":
        SecondReading.objects.update(asked_by=colleague)
    elif how == "saw the patient":
        type(graded).objects.update(clinician=colleague)
    elif how == "had a word":
        factories.VisitConfirmationFactory(visit=graded, by=colleague)
    elif how == "answered a scale":
        answer(user=colleague, visit=graded, scale=SCALE, answers=whole())
    else:
        type(graded).objects.filter(pk=graded.pk).update(at="2026-01-01T00:00Z")
        logged_in(colleague).get(reverse("patients:detail", args=[graded.patient_id]))
    fresh = SecondReading.objects.select_related("visit__patient").get()
    with pytest.raises(ValidationError):
        second_services.take_second_reading(user=colleague, second=fresh)


def test_given_back_the_record_is_open_again_and_the_visit_waits(second, graded, colleague):
    second_services.take_second_reading(user=colleague, second=second)
    other = logged_in(colleague)
    assert other.get(reverse("patients:detail", args=[graded.patient_id])).status_code == 404
    other.post(reverse("examination:second_give_back", args=[second.pk]))
    assert other.get(reverse("patients:detail", args=[graded.patient_id])).status_code == 200
    assert SecondReading.objects.waiting().count() == 1
    assert other.get(reverse("examination:second_read", args=[second.pk])).status_code == 404


def test_withdrawn_it_lets_its_reader_out(second, graded, clinician, colleague):
    second_services.take_second_reading(user=colleague, second=second)
    logged_in(clinician).post(reverse("examination:second_withdraw", args=[second.pk]))
    other = logged_in(colleague)
    assert other.get(reverse("examination:second_read", args=[second.pk])).status_code == 404
    assert other.get(reverse("visits:detail", args=[graded.pk])).status_code == 200


def test_a_visit_without_a_grade_or_asked_twice_is_refused(visit, clinician):
    with pytest.raises(ValidationError):
        second_services.ask_for_second_reading(user=clinician, visit=visit)
    type(visit).objects.update(grade=4)
    visit.refresh_from_db()
    with pytest.raises(ValidationError):
        second_services.ask_for_second_reading(user=clinician, visit=visit)
    factories.PhotoFactory(visit=visit)
    second_services.ask_for_second_reading(user=clinician, visit=visit)
    with pytest.raises(ValidationError):
        second_services.ask_for_second_reading(user=clinician, visit=visit)


def test_a_token_is_as_blind_as_its_user(second, graded, colleague):
    second_services.take_second_reading(user=colleague, second=second)
    _label, text = create_token(user=colleague, name="own", days=30)
    bearer = {"Authorization": f"Bearer {text}"}
    for name, pk in (
        ("patient-detail", graded.patient_id),
        ("visit-detail", graded.pk),
        ("visit-findings", graded.pk),
    ):
        assert Client().get(reverse(f"api:{name}", args=[pk]), headers=bearer).status_code == 404
    assert Client().get(reverse("api:visit-list"), headers=bearer).json()["results"] == []


def test_no_address_tells_a_blind_reader_anything(world: World) -> None:
    place, reader = copy.copy(world.mine), world.users["clinician"]
    visit = place.records.own_second.visit
    patient, episode = visit.patient, visit.episode
    photo = visit.photos.get()
    by = visit.clinician
    analysis = factories.AnalysisFactory(photo=photo)
    assessment = answer(user=by, visit=visit, scale=BY_CODE["fngs"], answers={})
    own = {
        "patient": patient,
        "episode": episode,
        "visit": visit,
        "photo": photo,
        "analysis": analysis,
        "treatment": factories.TreatmentFactory(episode=episode),
        "consent": factories.ConsentFactory(patient=patient),
        "confirmation": factories.ConfirmationFactory(analysis=analysis, by=by),
        "task": raise_task(user=by, episode=episode, kind="follow_up", plan="Look"),
        "assessment": assessment,
    }
    place.records = copy.copy(place.records)
    vars(place.records).update(own)
    client = Client()
    client.force_login(reader)
    asked = 0
    for row in ROWS:
        # Identifiers and codes for programs that keep a copy; what they fetch with them is closed as well.
        if row.name == "api:changes":
            continue
        if row.method != "GET" or row.name.startswith("/") or row.expected[WHO.index("clinician")] != "ok":
            continue
        answered = client.get(address(row, place) + (f"?{row.query}" if row.query else ""))
        body = b"".join(answered.streaming_content) if answered.streaming else answered.content  # type: ignore[attr-defined]
        if row.on in own:
            asked += 1
            assert answered.status_code == 404, f"{row}: {answered.status_code}"
        text = body.decode(errors="replace")
        assert patient.name not in text, row
        # What an address itself says of the record that it names is no news.
        assert row.on in own or str(visit.pk) not in text, row
    assert asked > 30


def test_the_models_page_tells_how_far_clinicians_agree(as_clinician, clinic, clinician):
    assert agreement_between(clinic_id=clinic.pk).same.count == 0
    assert (
        "No visit was read a second time yet"
        in as_clinician.get(reverse("inference:models")).content.decode()
    )
    for first, other in ((1, 1), (2, 3), (4, 4), (5, 4), (6, 6), (3, 3)):
        episode = factories.EpisodeFactory(patient__clinic=clinic)
        visit = factories.VisitFactory(episode=episode, clinician=clinician)
        factories.BlindReadingFactory(second__visit=visit, first_grade=first, grade=other)
    elsewhere = factories.BlindReadingFactory(first_grade=1, grade=6)
    assert elsewhere.second.visit.patient.clinic_id != clinic.pk
    found = agreement_between(clinic_id=clinic.pk)
    assert (found.same.hits, found.within_one.hits, found.same.count) == (4, 6, 6)
    one, other = (1, 2, 4, 5, 6, 3), (1, 3, 4, 4, 6, 3)
    for name, said in (("quadratic", found.quadratic), ("linear", found.linear)):
        assert said.value == pytest.approx(cohen_kappa_score(one, other, weights=name, labels=range(1, 7)))
        assert said.low is not None and said.high is not None and said.low < said.value < said.high
    page = as_clinician.get(reverse("inference:models")).content.decode()
    assert "Agreement between clinicians" in page and "0.94" in page
