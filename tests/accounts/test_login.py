"""The way in and out."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from .. import factories
from ..conftest import logged_in

LOGIN = reverse("accounts:login")


def post(client: Client, **typed: str) -> Any:
    return client.post(LOGIN, {"password": factories.PASSWORD, **typed})


@pytest.mark.parametrize("spelling", ["sari@example.org", "Sari@Example.ORG", " sari@example.org "])
def test_an_address_and_a_password_open_the_door(client, clinic, spelling: str) -> None:
    factories.member(clinic, email="sari@example.org")
    answer = post(client, username=spelling)
    assert answer.status_code == 302 and answer.url == reverse("today")


@pytest.mark.parametrize(
    "typed",
    [
        {"username": "sari@example.org", "password": "wrong"},
        {"username": "nobody@example.org"},
        {"username": "left@example.org"},
    ],
)
def test_a_refusal_does_not_say_which_of_the_two_was_wrong(client, clinic, typed: dict[str, str]) -> None:
    factories.member(clinic, email="sari@example.org")
    factories.member(clinic, email="left@example.org", is_active=False)
    answer = post(client, **typed)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "go together" in page
    assert typed["username"] in page, "the address stays in its field"
    assert "wrong" not in page


def test_the_page_asked_for_opens_after_the_login(client, clinician) -> None:
    wanted = reverse("patients:list") + "?cause=stroke"
    asked = client.get(wanted)
    assert asked.url == f"{LOGIN}?next=/patients/%3Fcause%3Dstroke"
    form = client.get(asked.url).content.decode()
    assert 'name="next" value="/patients/?cause=stroke"' in form
    assert post(client, username=clinician.email, next=wanted).url == wanted


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "http:evil.example",
        "javascript:alert(1)",
        "\thttps://evil.example",
    ],
)
def test_no_door_leads_out_of_the_house(client, clinician, target: str) -> None:
    assert post(client, username=clinician.email, next=target).url == reverse("today")
    answer = client.post(reverse("accounts:language"), {"language": "id", "next": target})
    assert answer.url == reverse("today")


def test_someone_who_is_in_is_not_asked_again(as_clinician) -> None:
    assert as_clinician.get(LOGIN).url == reverse("today")


def test_logging_out_is_a_post_and_ends_the_session(as_clinician) -> None:
    assert as_clinician.get(reverse("accounts:logout")).status_code == 405
    answer = as_clinician.post(reverse("accounts:logout"))
    assert answer.url == LOGIN
    assert answer.headers["Clear-Site-Data"] == '"cache"', "Back must not show a patient to the next person"
    assert as_clinician.get(reverse("patients:list")).status_code == 302


def test_a_form_without_its_token_is_refused(clinician) -> None:
    client = Client(enforce_csrf_checks=True)
    assert post(client, username=clinician.email).status_code == 403


def test_logging_in_changes_the_session_key(client, clinician) -> None:
    client.get(LOGIN)
    client.cookies[settings.SESSION_COOKIE_NAME] = "fixed-by-somebody-else"
    post(client, username=clinician.email)
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != "fixed-by-somebody-else"


def test_a_deactivated_user_is_out_at_once(as_clinician, clinician) -> None:
    type(clinician).objects.filter(pk=clinician.pk).update(is_active=False)
    assert as_clinician.get(reverse("patients:list")).status_code == 302


def test_a_fragment_asked_for_after_the_session_ended_sends_the_whole_page_away(client, db) -> None:
    answer = client.get(reverse("patients:list"), headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == LOGIN
    answer = client.get(reverse("patients:list"), headers={"Accept": "application/json"})
    assert answer.status_code == 401 and answer.json()["code"] == "login_required"


@pytest.mark.parametrize("code", ["en", "id"])
def test_the_page_speaks_the_persons_language(clinic, code: str) -> None:
    user = factories.member(clinic, language=code)
    page = logged_in(user).get(reverse("patients:list")).content.decode()
    assert f'<html lang="{code}"' in page


def test_the_clinics_language_is_read_by_those_who_chose_none(clinic) -> None:
    type(clinic).objects.filter(pk=clinic.pk).update(language="id")
    page = logged_in(factories.member(clinic)).get(reverse("patients:list")).content.decode()
    assert '<html lang="id"' in page


def test_the_language_can_be_chosen_before_and_after_the_login(client, clinician) -> None:
    client.post(reverse("accounts:language"), {"language": "id", "next": LOGIN})
    assert '<html lang="id"' in client.get(LOGIN).content.decode()
    client.force_login(clinician)
    client.post(reverse("accounts:language"), {"language": "id"})
    clinician.refresh_from_db()
    assert clinician.language == "id"
    client.post(reverse("accounts:language"), {"language": "klingon"})
    clinician.refresh_from_db()
    assert clinician.language == "id"


def test_the_next_person_at_this_computer_reads_their_own_language(client, clinic) -> None:
    client.post(reverse("accounts:language"), {"language": "id"})
    post(client, username=factories.member(clinic, language="en").email)
    assert '<html lang="en"' in client.get(reverse("patients:list")).content.decode()
