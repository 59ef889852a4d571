"""Nobody is led elsewhere: not by an address to return to, not by a header, not by a path."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from clinic.accounts.models import Role
from tests import factories
from tests.api.conftest import everything
from tests.conftest import logged_in

from . import doors

pytestmark = pytest.mark.django_db
EVIL = [
    "//evil.example",
    "//evil.example/%2e%2e",
    "///evil.example",
    "////evil.example/x",
    "\\\\evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "https://evil.example/patients/",
    "https:evil.example",
    "https:///evil.example",
    "http://testserver@evil.example/",
    "http://testserver.evil.example/",
    "javascript:alert('evil.example')",
    "JaVaScRiPt://testserver/%0aalert('evil.example')",
    "data:text/html,evil.example",
    "vbscript:evil.example",
    "\t//evil.example",
    " https://evil.example",
    "/\t/evil.example",
    "\x00//evil.example",
    "//evil。example",
    "http://evil.example\r\nX-Evil: 1",
    "ftp://evil.example",
]
NAMES = ("next", "back", "return", "url", "redirect", "next_url", "return_to")


def leads_home(answer) -> bool:  # type: ignore[no-untyped-def]
    """Whether a redirect stays with us, as a browser reads it: a backslash is a slash, blanks are dropped."""
    target = answer.headers.get("Location") or answer.headers.get("HX-Redirect") or "/"
    assert "X-Evil" not in answer.headers
    read = target.replace("\\", "/").strip().replace("\t", "")
    parts = urlsplit(read)
    return (
        parts.scheme in ("", "http", "https")
        and parts.netloc in ("", "testserver")
        and not read.startswith("//")
    )


@pytest.mark.parametrize("evil", EVIL)
def test_a_login_leads_to_a_page_of_ours(clinician, evil):
    login = reverse("accounts:login")
    fields = {"username": clinician.email, "password": factories.PASSWORD}
    for client, answer in [
        (None, Client().post(login, {**fields, "next": evil})),
        (None, Client().post(f"{login}?{urlencoded(evil)}", fields)),
    ]:
        assert client is None and answer.status_code in (302, 400), evil
        assert leads_home(answer), answer.headers["Location"]
    assert leads_home(logged_in(clinician).get(login, {"next": evil}))


def urlencoded(evil: str) -> str:
    from urllib.parse import urlencode

    return urlencode({"next": evil})


@pytest.mark.parametrize("evil", EVIL)
def test_language_logout_switch_and_step_up_stay_at_home(clinician, clinic, evil, settings):
    settings.STEP_UP_SECONDS = 0
    client = logged_in(clinician)
    tries = [
        client.post(reverse("accounts:language"), {"language": "id", "next": evil}),
        client.post(reverse("accounts:switch_clinic"), {"clinic": str(clinic.pk), "next": evil}),
        client.post(reverse("account_reauthenticate"), {"password": factories.PASSWORD, "next": evil}),
        client.get(reverse("account_reauthenticate"), {"next": evil}, headers={"hx-current-url": evil[:4]}),
        Client().get(reverse("patients:list"), {"next": evil}),
        client.post(reverse("accounts:logout"), {"next": evil}),
    ]
    for answer in tries:
        assert answer.status_code < 500
        assert leads_home(answer), answer.headers.get("Location")


def test_no_page_repeats_a_foreign_address_as_a_link(clinic, visit, clinician):
    """Each page, asked with foreign addresses under every name that a way back could have."""
    operator = logged_in(factories.member(clinic, Role.ADMINISTRATOR, is_staff=True, is_superuser=True))
    records = vars(everything(visit, clinician))
    asked = 0
    for route, _pattern in doors.patterns():
        path = doors.path_of(route, records)
        query = dict.fromkeys(NAMES, "https://evil.example/")
        answer = operator.get(
            path, query, headers={"referer": "https://evil.example/", "hx-current-url": "//evil.example"}
        )
        asked += 1
        assert leads_home(answer), f"{path} leads to {answer.headers.get('Location')}"
        if answer.get("Content-Type", "").startswith("text/html"):
            page = answer.content.decode()
            for attribute in ("href", "action", "src", "hx-get", "hx-post", "formaction"):
                for quote in "\"'":
                    assert f"{attribute}={quote}https://evil.example" not in page, path
                    assert f"{attribute}={quote}//evil.example" not in page, path
    assert asked > 80


OUTWARD = ["//evil.example", "//evil.example/", "/%5cevil.example", "/.//evil.example/..", "//evil.example/x"]


@pytest.mark.parametrize("path", OUTWARD)
def test_a_path_that_looks_like_a_host_is_no_way_out(path, clinician):
    for client in (Client(), logged_in(clinician)):
        answer = client.get(path)
        assert answer.status_code < 500
        assert leads_home(answer), answer.headers.get("Location")
