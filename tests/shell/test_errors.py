"""The pages for what went wrong: in the reader's language, with a way on, without a word of the machine's."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from .. import factories

LANGUAGES = ("en", "id")
WORDS = {
    400: ("That request could not be understood", "Permintaan itu tidak dapat dipahami"),
    403: ("Your role doesn&#x27;t allow this", "Peran Anda tidak mengizinkan hal ini"),
    404: ("There is no such page here", "Tidak ada halaman seperti itu di sini"),
    500: ("Something went wrong on our side", "Ada yang tidak beres di pihak kami"),
    "csrf": ("This page was open for too long", "Halaman ini terbuka terlalu lama"),
}
# The machine's own words for it, and where it keeps its things.
MACHINE = (
    "Traceback",
    "Exception",
    "Error",
    "sessionid",
    "CSRF",
    "site-packages",
    ".py",
    str(settings.BASE_DIR),
    "psycopg",
)


def shows(answer: Any, status: int, key: int | str, language: str) -> None:
    text = answer.content.decode()
    assert answer.status_code == status
    assert f'<html lang="{language}"' in text
    assert WORDS[key][LANGUAGES.index(language)].replace("&#x27;", "'") in text.replace("&#x27;", "'")
    assert 'class="btn btn-primary" href="/"' in text, "a way on"
    assert text.count("<h1") == 1
    assert not [word for word in MACHINE if word in text]
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_breakdown_without_a_database(language: str) -> None:
    """This test has no database at all, as a clinic has none when it fails."""
    client = Client(raise_request_exception=False, headers={"accept-language": language})
    client.cookies["sessionid"] = "somebody-who-was-logged-in"
    shows(client.get(reverse("today")), 500, 500, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_form_that_is_too_old(language: str) -> None:
    client = Client(enforce_csrf_checks=True, headers={"accept-language": language})
    shows(client.post(reverse("accounts:login"), {"username": "x"}), 403, "csrf", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_request_for_another_host(language: str) -> None:
    client = Client(headers={"accept-language": language, "host": "elsewhere.example"})
    shows(client.get(reverse("accounts:login")), 400, 400, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_role_may_not_do(clinic: Any, reviewer: Any, language: str) -> None:
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    client.force_login(reviewer)
    shows(client.get(reverse("patients:new")), 403, 403, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_there_or_not_theirs(clinic: Any, clinician: Any, language: str) -> None:
    """A page that never was and a stranger's patient look alike."""
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    client.force_login(clinician)
    stranger = factories.PatientFactory(name="Secret Name")
    for path in ("/no-such-page/", reverse("patients:detail", args=[stranger.pk])):
        answer = client.get(path)
        shows(answer, 404, 404, language)
        assert "Secret Name" not in answer.content.decode()
