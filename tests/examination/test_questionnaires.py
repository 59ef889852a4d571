"""What patients answer themselves: the clinic's text, on paper, on a tablet that is handed over, by a link."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from clinic.audit import guards
from clinic.audit.holdings import BY_MODEL
from clinic.audit.models import AuditEvent
from clinic.examination import services_questionnaires as services
from clinic.examination import services_scales
from clinic.examination.models import Assessment
from clinic.examination.models_of_wordings import QuestionnaireWording
from clinic.examination.scales import BY_CODE
from clinic.examination.selectors_questionnaires import QUESTIONNAIRES, current_wordings
from clinic.patients.models import LinkState, PatientLink
from clinic.patients.services_links import revoke_link
from clinic.recovery import selectors
from tests import factories
from tests.conftest import logged_in
from tests.factories import PASSWORD

from .answers import answers_for
from .wordings import given, pasted

pytestmark = pytest.mark.django_db
SAQ = BY_CODE["saq"]
WHOLE = answers_for(SAQ, 2)
PROBES = ("/metrics", "/livez", "/readyz")


@pytest.fixture
def episode(patient):
    """Of a patient who is known to be born on 5 March 1970; seen long ago."""
    patient.birth_date, patient.birth_precision = dt.date(1970, 3, 5), "day"
    patient.save()
    now = timezone.now()
    found = factories.EpisodeFactory(patient=patient, onset_date=now.date() - dt.timedelta(days=60))
    factories.VisitFactory(episode=found, at=now - dt.timedelta(days=40))
    return found


@pytest.fixture
def wording(administrator, clinic):
    return pasted(administrator, clinic)


def sent(clinician, episode, wording, **more):
    return services.send_questionnaire(user=clinician, episode=episode, wording=wording, **more)


def opened(secret: str) -> Client:
    stranger = Client()
    assert stranger.post(reverse("answering:open"), {"secret": secret}).status_code == 302
    return stranger


def proven(secret: str) -> Client:
    stranger = opened(secret)
    born = {"day": "5", "month": "3", "year": "1970"}
    assert stranger.post(reverse("answering:questions"), born).status_code == 302
    return stranger


def fields(answers):
    return {f"item-{code}": str(value) for code, value in answers.items()}


# --- the clinic's text --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", QUESTIONNAIRES, ids=lambda one: one.code)
def test_an_administrator_pastes_a_text_and_a_new_one_leaves_earlier_answers_as_they_were_asked(
    as_administrator, clinic, clinician, episode, scale
):
    page = reverse("examination:wording", args=[scale.code, "id"])
    assert as_administrator.get(page).status_code == 200
    body = form_of(scale)
    assert as_administrator.post(page, body).status_code == 302
    first = QuestionnaireWording.objects.get()
    assert first.number == 1 and first.by.email and first.language == "id"
    made = services.hand_over(user=clinician, episode=episode, wording=first)
    assert as_administrator.post(page, {**body, "title": "Another"}).status_code == 302
    made.refresh_from_db()
    assert made.wording == first and first.title == "Pasted"
    (current,) = current_wordings(clinic=clinic)
    assert (current.number, current.title) == (2, "Another")
    listed = as_administrator.get(reverse("examination:wordings")).content.decode()
    assert "Pasted" in listed and "Another" in listed
    lines = AuditEvent.objects.filter(kind="clinic_changed", detail__what="wording")
    assert [one.detail["number"] for one in lines.order_by("pk")] == [1, 2]


def form_of(scale):
    sets = list(dict.fromkeys(item.choices for item in scale.items))
    return {
        "title": "Pasted",
        "instruction": "",
        "translation": "v1",
        "licence": "Contract 7",
        **{f"text-{item.code}": f"About {item.code}?" for item in scale.items},
        **{f"shared-{number}": "\n".join(f"a{one.value}" for one in of) for number, of in enumerate(sets)},
    }


def test_a_question_may_have_answers_of_its_own(as_administrator):
    body = form_of(SAQ) | {"answers-smile_eye": "1\n2\n3\n4\n5"}
    as_administrator.post(reverse("examination:wording", args=["saq", "en"]), body)
    made = QuestionnaireWording.objects.get()
    assert made.answers_of("smile_eye") == ["1", "2", "3", "4", "5"]
    assert made.answers_of("eating_tears") == ["a1", "a2", "a3", "a4", "a5"]


@pytest.mark.parametrize("wrong", [{"text-smile_eye": " "}, {"shared-0": "one\ntwo"}, {"licence": ""}])
def test_a_text_that_lacks_something_is_refused_whole(as_administrator, wrong):
    answer = as_administrator.post(reverse("examination:wording", args=["saq", "en"]), form_of(SAQ) | wrong)
    assert answer.status_code == 422 and not QuestionnaireWording.objects.exists()


def test_a_text_is_never_changed(wording):
    guards.install()
    with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
        QuestionnaireWording.objects.filter(pk=wording.pk).update(title="x")


def test_clinicians_and_neighbours_paste_nothing(as_clinician, wording):
    assert as_clinician.get(reverse("examination:wordings")).status_code == 403
    neighbour = factories.member(factories.ClinicFactory(), role="administrator")
    assert "Made-up" not in logged_in(neighbour).get(reverse("examination:wordings")).content.decode()


def test_without_the_clinics_text_the_page_says_that_a_patient_cant_be_handed_it(as_clinician, episode):
    page = as_clinician.get(reverse("examination:questionnaires", args=[episode.pk])).content.decode()
    assert page.count("A patient can&#x27;t be handed this one yet") + page.count(
        "A patient can't be handed this one yet"
    ) == len(QUESTIONNAIRES)
    assert "Hand over" not in page.replace("Handed over", "")


# --- on paper -----------------------------------------------------------------------------------------------------


def test_the_paper_has_every_question_and_answer_and_whose_it_is(as_clinician, episode, wording):
    page = as_clinician.get(reverse("examination:paper", args=[episode.pk, wording.pk])).content.decode()
    for item in SAQ.items:
        assert f"Question {item.code}?" in page
    assert page.count("sheet-box") == sum(len(item.choices) for item in SAQ.items)
    assert episode.patient.record_number in page and episode.patient.name in page


def test_what_was_filled_in_on_paper_is_entered_in_a_visit(as_clinician, clinician, visit, wording):
    page = reverse("examination:scale", args=[visit.pk, "saq"])
    assert f'value="{wording.pk}"' in as_clinician.get(page).content.decode()
    assert as_clinician.post(page, {"item-smile_eye": "3", "part": "1"}).status_code == 200
    done = reverse("examination:scale_finish", args=[visit.pk, "saq"])
    typed = {**fields(WHOLE), "wording": str(wording.pk), "version": "1"}
    assert as_clinician.post(done, typed).status_code == 302
    made = Assessment.objects.get()
    assert (made.way, made.total, made.by, made.wording) == ("paper", 60, clinician, wording)


# --- by a link ----------------------------------------------------------------------------------------------------


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
    return answer.status_code, re.sub(r'value="[A-Za-z0-9]{64}"', "", answer.content.decode())


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
    as_clinician.post(reverse("examination:link_revoke", args=[link.pk]))
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


# --- on a tablet --------------------------------------------------------------------------------------------------


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
    from tests.house.walk import templates

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
