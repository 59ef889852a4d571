"""What a patient answers by a link, without an account."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.audit.holdings import BY_MODEL
from clinic.examination import services_questionnaires as services
from clinic.examination import services_scales
from clinic.examination.models import Assessment
from clinic.patients.models import LinkState, PatientLink
from clinic.patients.services_links import revoke_link
from clinic.recovery import selectors
from tests import factories

from .asking import SAQ, WHOLE, fields, opened, proven, seen_long_ago, sent
from .wordings import pasted

pytestmark = pytest.mark.django_db


@pytest.fixture
def episode(patient):
    return seen_long_ago(patient)


@pytest.fixture
def wording(administrator, clinic):
    return pasted(administrator, clinic)


def test_only_a_hash_of_the_secret_is_stored_and_no_log_holds_it(clinician, episode, wording, caplog):
    link, secret = sent(clinician, episode, wording)
    proven(secret)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            assert not any(secret in str(value) for row in cursor.fetchall() for value in row), table
    assert secret not in caplog.text and len(secret) == 26
    assert link.secret_hash != secret


def test_a_patient_answers_by_a_link_and_the_total_stands_on_the_time_axis(clinician, episode, wording):
    link, secret = sent(clinician, episode, wording)
    stranger = proven(secret)
    page = stranger.get(reverse("answering:questions"))
    text = page.content.decode()
    assert all(f"Question {item.code}?" in text for item in SAQ.items)
    assert episode.patient.name not in text and episode.patient.record_number not in text
    assert "no-store" in page["Cache-Control"]
    # Each answer is kept as it is tapped, and is there after a reload.
    part = {"item-smile_eye": "4", "part": "1"}
    assert stranger.post(reverse("answering:questions"), part).status_code == 204
    assert Assessment.objects.get().answers == {"smile_eye": 4}
    assert re.search(r'value="4"\s+checked', stranger.get(reverse("answering:questions")).content.decode())
    done = stranger.post(reverse("answering:questions"), fields(WHOLE), follow=True)
    assert "Thank you" in done.content.decode()
    made = Assessment.objects.get()
    assert (made.way, made.total, made.wording, made.link) == ("link", 60, wording, link)
    assert made.visit is None and made.episode == episode and made.is_finished and made.by == clinician
    assert made.history.first().history_user is None
    (score,) = selectors.course(episode=episode).scores
    assert (score.total, score.way, score.language, score.by_patient) == (60, "link", "en", True)
    link.refresh_from_db()
    assert link.state == LinkState.USED
    again = Client().post(reverse("answering:open"), {"secret": secret})
    assert again.status_code == 422


def test_on_the_day_of_a_visit_the_answers_belong_to_it(clinician, episode, wording):
    today = factories.VisitFactory(episode=episode, at=timezone.now())
    _link, secret = sent(clinician, episode, wording)
    proven(secret).post(reverse("answering:questions"), fields(WHOLE))
    assert Assessment.objects.get().visit == today
    # A second one of that day doesn't overwrite the first.
    _link, secret = sent(clinician, episode, wording)
    proven(secret).post(reverse("answering:questions"), fields(WHOLE | {"smile_eye": 1}))
    assert Assessment.objects.filter(visit=today).get().answers == WHOLE
    assert Assessment.objects.get(episode=episode).answers["smile_eye"] == 1


def test_what_is_left_out_is_asked_about_once_and_leaves_the_total_empty(clinician, episode, wording):
    _link, secret = sent(clinician, episode, wording)
    stranger = proven(secret)
    some = {code: value for code, value in WHOLE.items() if code != "eating_tears"}
    asked = stranger.post(reverse("answering:questions"), fields(some))
    assert asked.status_code == 422 and "is-left-out" in asked.content.decode()
    assert not Assessment.objects.get().is_finished
    stranger.post(reverse("answering:questions"), {**fields(some), "anyway": "1"})
    made = Assessment.objects.get()
    assert made.is_finished and made.total is None and made.missing == ["eating_tears"]
    assert made.answers == some


def test_links_that_dont_work_are_answered_alike(clinician, episode, wording):
    made = [sent(clinician, episode, wording) for _number in range(4)]
    revoke_link(user=clinician, link=made[0][0])
    PatientLink.objects.filter(pk=made[1][0].pk).update(expires_at=timezone.now())
    PatientLink.objects.filter(pk=made[2][0].pk).update(failures=PatientLink.MOST_FAILURES)
    pages = {
        mask(Client().post(reverse("answering:open"), {"secret": secret}))
        for secret in (*(secret for _link, secret in made[:3]), "A" * 26, "", "x")
    }
    assert len(pages) == 1
    type(episode.patient).objects.filter(pk=episode.patient_id).update(restricted_at=timezone.now())
    assert mask(Client().post(reverse("answering:open"), {"secret": made[3][1]})) in pages


def mask(answer):
    return answer.status_code, re.sub(r'(value|content)="[A-Za-z0-9]{64}"', "", answer.content.decode())


def test_a_link_is_worth_nothing_without_the_birth_date_and_closes_after_a_few_wrong_ones(
    clinician, episode, wording
):
    link, secret = sent(clinician, episode, wording)
    stranger = opened(secret)
    assert "Question smile_eye?" not in stranger.get(reverse("answering:questions")).content.decode()
    part = stranger.post(reverse("answering:questions"), {"item-smile_eye": "4", "part": "1"})
    assert part.status_code == 422 and not Assessment.objects.exists()
    for number in range(PatientLink.MOST_FAILURES - 1):
        stranger.post(reverse("answering:questions"), {"day": "6", "month": "3", "year": str(1960 + number)})
    link.refresh_from_db()
    assert link.state == LinkState.CLOSED
    right = stranger.post(reverse("answering:questions"), {"day": "5", "month": "3", "year": "1970"})
    assert right.status_code == 422 and not Assessment.objects.exists()


@pytest.mark.parametrize(
    ("known", "precision", "given_", "opens"),
    [
        (dt.date(1970, 1, 1), "year", {"year": "1970"}, True),
        (dt.date(1970, 1, 1), "year", {"year": "1971"}, False),
        (dt.date(1970, 3, 5), "day", {"day": "05", "month": "03", "year": "1970"}, True),
        (dt.date(1970, 3, 5), "day", {"day": "31", "month": "2", "year": "1970"}, False),
        (dt.date(1970, 3, 5), "day", {"day": "\u0665", "month": "3", "year": "1970"}, False),
        (None, "day", None, True),
    ],
)
def test_the_birth_date_is_asked_as_far_as_it_is_known(
    clinician, episode, wording, known, precision, given_, opens
):
    type(episode.patient).objects.filter(pk=episode.patient_id).update(
        birth_date=known, birth_precision=precision
    )
    _link, secret = sent(clinician, episode, wording)
    stranger = opened(secret)
    if given_ is not None:
        stranger.post(reverse("answering:questions"), given_)
    assert ("Question smile_eye?" in stranger.get(reverse("answering:questions")).content.decode()) == opens


def test_a_link_is_shown_once_with_its_secret_behind_the_hash_sign(as_clinician, episode, wording):
    made = as_clinician.post(
        reverse("examination:questionnaire_send", args=[episode.pk]),
        {"wording": str(wording.pk), "days": "3"},
    )
    page = made.content.decode()
    (secret,) = re.findall(r"/answer/#([A-Z2-7]{26})", page)
    assert "link-qr-dark" in page and PatientLink.objects.get().secret_hash
    assert (
        secret
        not in as_clinician.get(reverse("examination:questionnaires", args=[episode.pk])).content.decode()
    )
    refused = as_clinician.post(
        reverse("examination:questionnaire_send", args=[episode.pk]),
        {"wording": str(wording.pk), "days": "99"},
    )
    assert refused.status_code == 422 and PatientLink.objects.count() == 1


def test_a_link_is_taken_back(as_clinician, clinician, episode, wording):
    link, secret = sent(clinician, episode, wording)
    stranger = proven(secret)
    stranger.post(reverse("answering:questions"), {"item-smile_eye": "4", "part": "1"})
    as_clinician.post(reverse("patients:link_revoke", args=[link.pk]))
    late = stranger.post(reverse("answering:questions"), fields(WHOLE))
    assert late.status_code == 422
    assert Assessment.objects.get().answers == {"smile_eye": 4}, "what was answered stays"


def test_nobody_is_asked_before_the_red_flags_are(clinician, episode, wording):
    type(episode).objects.filter(pk=episode.pk).update(red_flags="unasked")
    episode.refresh_from_db()
    for ask in (services.hand_over, services.send_questionnaire):
        with pytest.raises(ValidationError) as refused:
            ask(user=clinician, episode=episode, wording=wording)
        assert refused.value.code == "red_flags"


def test_what_a_patient_answered_is_nobody_elses_to_change(as_clinician, clinician, episode, wording):
    today = factories.VisitFactory(episode=episode, at=timezone.now())
    _link, secret = sent(clinician, episode, wording)
    proven(secret).post(reverse("answering:questions"), fields(WHOLE))
    made = Assessment.objects.get()
    for act in (
        lambda: services_scales.answer(user=clinician, visit=today, scale=SAQ, answers={"smile_eye": 1}),
        lambda: services_scales.reopen(user=clinician, assessment=made),
    ):
        with pytest.raises(ValidationError) as refused:
            act()
        assert refused.value.code == "patients_own"
    page = as_clinician.get(reverse("examination:scale", args=[today.pk, "saq"])).content.decode()
    assert "Correct it" not in page and 'form="scale-form"\n' not in page


def test_links_and_answers_are_in_the_patients_copy_and_go_with_the_record(clinician, episode, wording):
    link, secret = sent(clinician, episode, wording)
    proven(secret).post(reverse("answering:questions"), fields(WHOLE))
    patient = episode.patient_id
    assert [row.pk for row in BY_MODEL["patients.PatientLink"].rows(patient)] == [link.pk]
    assert BY_MODEL["examination.Assessment"].rows(patient).count() == 1
    assert BY_MODEL["examination.HistoricalAssessment"].rows(patient).count() >= 2
    assert BY_MODEL["patients.PatientLink"].without == ("secret_hash",)
    other = factories.PatientFactory().pk
    assert not BY_MODEL["examination.Assessment"].rows(other).exists()
