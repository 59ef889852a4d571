"""How long a session lives, what keeps it alive, and how it is ended from elsewhere."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from clinic.accounts import sessions

from .. import factories
from .conftest import kinds, post_login

LOGIN, PATIENTS = reverse("accounts:login"), reverse("patients:list")
LEFT, STAY, LOCKED = reverse("accounts:session"), reverse("accounts:session_stay"), reverse("accounts:locked")
LIST = reverse("accounts:sessions")
START = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)


def at(minutes: float) -> Any:
    return time_machine.travel(START + dt.timedelta(minutes=minutes), tick=False)


@pytest.fixture
def own(colleague: Any) -> Client:
    """The colleague, logged in at eight."""
    client = Client()
    with at(0):
        post_login(client, colleague.email)
    return client


def test_half_an_hour_without_anybody_ends_it_and_the_login_says_so(own, colleague) -> None:
    with at(29):
        assert own.get(PATIENTS).status_code == 200
    with at(58):
        assert own.get(PATIENTS).status_code == 200, "a page that was opened counts"
    with at(89):
        answer = own.get(PATIENTS)
        assert answer.url == f"{LOGIN}?next={PATIENTS}"
        assert answer["Clear-Site-Data"] == '"cache"'
        page = own.get(answer.url).content.decode()
        assert "Nobody was there for a while" in page
        assert post_login(own, colleague.email, HTTP_REFERER="x").status_code == 302
    assert kinds(colleague) == ["login", "session_ended", "login"]


def test_the_clinic_chooses_how_long(own, colleague, clinic) -> None:
    type(clinic).objects.filter(pk=clinic.pk).update(idle_minutes=10)
    with at(9):
        assert own.get(PATIENTS).status_code == 200
    with at(20):
        assert own.get(PATIENTS).status_code == 302


def test_no_clinic_waits_longer_than_half_an_hour(own, as_administrator, clinic) -> None:
    type(clinic).objects.filter(pk=clinic.pk).update(idle_minutes=60)
    offered = as_administrator.get(reverse("accounts:clinic")).context["form"]
    assert max(minutes for minutes, _words in offered.fields["idle_minutes"].choices) == 30
    assert offered["idle_minutes"].value() == 30
    with at(31):
        assert own.get(PATIENTS).status_code == 302


def test_twelve_hours_are_the_most_whatever_is_done(own) -> None:
    for minutes in range(20, 12 * 60, 20):
        with at(minutes):
            assert own.get(LEFT).status_code == 200
            own.post(STAY)
    with at(12 * 60 - 1):
        assert own.get(PATIENTS).status_code == 200
    with at(12 * 60 + 1):
        answer = own.get(PATIENTS)
        assert answer.status_code == 302
        assert "a whole working day" in own.get(answer.url).content.decode()


@pytest.mark.parametrize(
    "headers",
    [
        {"HX-Request": "true"},
        {"HX-Request": "true", "X-Person": "away"},
        {"Sec-Fetch-Mode": "cors", "Accept": "application/json"},
        {"Sec-Fetch-Mode": "no-cors"},
    ],
)
def test_what_a_page_asks_by_itself_keeps_nothing_alive(own, headers: dict[str, str]) -> None:
    for minutes in range(1, 30, 4):
        with at(minutes):
            assert own.get(reverse("inference:status"), headers=headers).status_code == 200
            assert own.get(LEFT).json()["idle"] == (30 - minutes) * 60
    with at(31):
        assert own.get(PATIENTS, headers={"Sec-Fetch-Mode": "navigate"}).status_code == 302


@pytest.mark.parametrize(
    "headers", [{"HX-Request": "true", "X-Person": "here"}, {"Sec-Fetch-Mode": "navigate"}]
)
def test_somebody_at_the_keys_keeps_it_alive(own, headers: dict[str, str]) -> None:
    with at(25):
        own.get(PATIENTS, headers=headers)
    with at(50):
        assert own.get(PATIENTS).status_code == 200


def test_the_clock_is_told_and_asking_it_winds_nothing_up(own) -> None:
    with at(10):
        assert own.get(LEFT, headers={"Sec-Fetch-Mode": "cors"}).json() == {"idle": 1200, "absolute": 42600}
    with at(20):
        assert own.get(LEFT, headers={"Sec-Fetch-Mode": "cors"}).json()["idle"] == 600
        assert own.post(STAY).json() == {"idle": 1800, "absolute": 42000}
    with at(51):
        ended = own.get(LEFT)
        assert ended.status_code == 401 and ended.json()["code"] == "session_ended"
        assert own.post(STAY).status_code == 401


def test_a_fragment_or_script_is_told_that_the_session_ended(own, patient) -> None:
    here = "http://testserver" + reverse("patients:detail", args=[patient.pk])
    with at(31):
        answer = own.get(PATIENTS, headers={"HX-Request": "true", "HX-Current-URL": here})
        assert answer["HX-Redirect"].startswith(f"{LOGIN}?next=%2Fpatients%2F{patient.pk}")
        assert b"<form" not in answer.content
        answer = own.get(PATIENTS, headers={"Accept": "application/json"})
        assert answer.status_code == 401 and answer.json()["code"] == "login_required"
    evil = {"HX-Request": "true", "HX-Current-URL": "https://evil.example/"}
    assert own.get(PATIENTS, headers=evil)["HX-Redirect"] == LOGIN


def test_the_locked_page_ends_what_is_over_and_nothing_else(own, colleague) -> None:
    with at(20):
        assert own.get(LOCKED + f"?next={PATIENTS}").url == PATIENTS
        assert own.get(PATIENTS).status_code == 200
    with at(49.9):
        answer = own.get(LOCKED + f"?next={PATIENTS}")
        assert answer.url == f"{LOGIN}?next=%2Fpatients%2F"
        assert own.get(PATIENTS).status_code == 302
    assert own.get(LOCKED + "?next=https://evil.example/").url == f"{LOGIN}?next=%2F"


def test_ones_sessions_are_listed_in_words(colleague) -> None:
    here, there = Client(), Client()
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
    post_login(here, colleague.email)
    post_login(there, colleague.email, REMOTE_ADDR="10.9.8.7", HTTP_USER_AGENT=agent)
    page = here.get(LIST).content.decode()
    assert "Firefox on Windows" in page and "10.9.8.7" in page and "this one" in page


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (
            "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("curl/8", "An unknown browser"),
    ],
)
def test_a_browser_in_words(agent: str, words: str) -> None:
    assert sessions.device(agent) == words


def test_one_session_is_ended_from_another(colleague) -> None:
    here, there, third = Client(), Client(), Client()
    for client in (here, there, third):
        post_login(client, colleague.email)
    key = there.session.session_key
    here.post(LIST, {"which": str(UserSession.objects.get(session_key=key).pk)})
    assert [client.get(PATIENTS).status_code for client in (here, there, third)] == [200, 302, 200]
    here.post(LIST, {"which": "others"})
    assert [client.get(PATIENTS).status_code for client in (here, third)] == [200, 302]
    assert kinds(colleague).count("session_ended") == 2


def test_nobody_ends_anothers_session(colleague, stranger) -> None:
    theirs, mine = Client(), Client()
    post_login(theirs, colleague.email)
    post_login(mine, stranger.email)
    row = UserSession.objects.get(user=colleague)
    for which in (str(row.pk), "nonsense", "", "-1", "9" * 40):
        assert mine.post(LIST, {"which": which}).status_code == 302
    assert theirs.get(PATIENTS).status_code == 200


def test_a_changed_password_leaves_one_session_in_the_list(colleague) -> None:
    here, there = Client(), Client()
    for client in (here, there):
        post_login(client, colleague.email)
    new = "another long pass phrase"
    typed = {"old_password": factories.PASSWORD, "new_password1": new, "new_password2": new}
    here.post(reverse("accounts:password"), typed)
    assert [client.get(PATIENTS).status_code for client in (here, there)] == [200, 302]
    assert UserSession.objects.filter(user=colleague).count() == 1
    assert "password_changed" in kinds(colleague)


def test_logging_out_is_logged_and_takes_the_session_out_of_the_list(colleague) -> None:
    client = Client()
    post_login(client, colleague.email)
    client.post(reverse("accounts:logout"))
    assert kinds(colleague) == ["login", "logout"]
    assert not UserSession.objects.filter(user=colleague).exists()


def test_no_session_survives_the_login_under_its_old_key(colleague) -> None:
    client = Client()
    client.get(PATIENTS)
    session = client.session
    session["planted"] = "1"
    session.save()
    before = client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    post_login(client, colleague.email)
    after = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert after != before
    fixed = Client()
    fixed.cookies[settings.SESSION_COOKIE_NAME] = before
    assert fixed.get(PATIENTS).status_code == 302


def test_the_key_of_drafts_is_the_persons_own_and_outlives_the_session(colleague, clinic) -> None:
    other = factories.member(clinic)
    assert sessions.draft_key(colleague) != sessions.draft_key(other)
    keys = []
    for _ in range(2):
        client = Client()
        post_login(client, colleague.email)
        page = client.get(PATIENTS).content.decode()
        keys.append(page.split('data-draft-key="')[1].split('"')[0])
    assert keys[0] == keys[1] == sessions.draft_key(colleague) and len(keys[0]) == 64
    assert "data-draft-key" not in Client().get(LOGIN).content.decode()


def test_what_is_left_of_ended_sessions_goes_at_night_and_those_alive_stay(own, clinician) -> None:
    other = Client()
    with at(600):
        post_login(other, clinician.email)
        sessions.forget_ended()
        assert UserSession.objects.count() == 2, "twelve hours are not over for either"
    with at(721):
        sessions.forget_ended()
        keys = {row.session_key for row in UserSession.objects.all()}
        assert keys == {other.session.session_key} == {row.session_key for row in Session.objects.all()}
