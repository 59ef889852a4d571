"""What every answer carries in production, whoever asks for whatever; what the cookies are; who may post."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from clinic.accounts.models import Role
from clinic.common.middleware import permissions_policy
from tests import factories
from tests.api.conftest import everything

from . import doors

pytestmark = pytest.mark.django_db
INLINE = re.compile(
    r"<script(?![^>]*(?:\bsrc=|type=[\"']application/json))[^>]*>|<style|\sstyle=[\"']|\son[a-z]+=[\"']|javascript:",
    re.I,
)


@pytest.fixture
def house(settings, monkeypatch):
    for name, value in doors.production_settings(monkeypatch).items():
        setattr(settings, name, value)
    settings.RATES = {}
    settings.REQUIRE_SECOND_FACTOR = False
    settings.STEP_UP_SECONDS = 10**9


@pytest.fixture
def records(house, clinic, visit, clinician):
    found = vars(everything(visit, clinician))
    return {**found, "membership": factories.MembershipFactory(clinic=clinic)}


def client(user=None, **options) -> Client:  # type: ignore[no-untyped-def]
    made = Client(SERVER_NAME=doors.HOST, raise_request_exception=False, **options)
    if user is not None:
        made.force_login(user)
    return made


@pytest.fixture
def everyone(records, clinic):
    operator = factories.member(clinic, Role.ADMINISTRATOR, is_staff=True, is_superuser=True)
    return {"operator": client(operator), "nobody": client()}


def guarded(answer, where: str) -> None:  # type: ignore[no-untyped-def]
    """The headers without which no answer leaves."""
    headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy and "default-src 'none'" in policy, where
    assert "frame-ancestors 'none'" in policy, where
    sources = {word for part in policy.split(";") for word in part.split()[1:]}
    assert sources <= {"'none'", "'self'", "data:", "blob:"}, where
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload", where
    assert headers["X-Content-Type-Options"] == "nosniff", where
    assert headers["X-Frame-Options"] == "DENY", where
    assert headers["Referrer-Policy"] == "same-origin", where
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin", where
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin", where
    assert headers["Permissions-Policy"] == permissions_policy(), where
    assert (
        "camera=(self)" in headers["Permissions-Policy"] and "geolocation=()" in headers["Permissions-Policy"]
    )
    assert headers["X-Request-ID"], where
    assert "Server" not in headers and "X-Powered-By" not in headers, where
    assert headers.get("Access-Control-Allow-Origin") is None, where


def test_every_answer_of_every_address_is_guarded(everyone, records, clinic):
    seen = set()
    for route, _pattern in doors.patterns():
        path = doors.path_of(route, records)
        for who, browser in everyone.items():
            for method in ("get", "post") if who == "nobody" else ("get",):
                answer = getattr(browser, method)(path, secure=True)
                guarded(answer, f"{who} {method} {path} {answer.status_code}")
                seen.add(answer.status_code)
                assert answer.status_code != 500, f"{who} {method} {path}"
                if answer.streaming or answer.content:
                    kind = answer.headers["Content-Type"]
                    assert not kind.startswith("text/") or "charset=utf-8" in kind.lower(), f"{path}: {kind}"
                if path.startswith("/api/") and "json" in answer.get("Content-Type", ""):
                    assert answer["Content-Disposition"] == 'attachment; filename="api.json"', path
                if answer.get("Content-Type", "").startswith("text/html") and not answer.streaming:
                    found = INLINE.search(answer.content.decode())
                    assert found is None, f"{path}: {found.group()}"
    assert seen >= {200, 302, 401, 404, 405}
    refused = client(factories.member(clinic, Role.REVIEWER)).get(reverse("accounts:members"), secure=True)
    assert refused.status_code == 403
    guarded(refused, "403")


def test_answers_that_never_reach_a_view_are_guarded(house, tmp_path, monkeypatch):
    browser = client()
    answers = {
        301: browser.get("/patients/"),
        400: browser.get("/", secure=True, headers={"host": "evil.example"}),
        404: browser.get("/nothing/here", secure=True),
        200: browser.get("/static/css/risorius.css", secure=True),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        guarded(answer, str(status))
    monkeypatch.setattr("clinic.common.pages.HttpResponse", None)
    broken = browser.get("/robots.txt", secure=True)
    assert broken.status_code == 500
    guarded(broken, "500")
    assert "Traceback" not in broken.content.decode() and "TypeError" not in broken.content.decode()


@pytest.mark.parametrize(
    "host", ["evil.example", f"{doors.HOST}.evil.example", f"x@{doors.HOST}", "", "[::1"]
)
def test_a_host_that_is_not_ours_gets_nothing(house, host):
    answer = client().get("/", secure=True, headers={"host": host})
    assert answer.status_code == 400
    if host:
        assert host not in answer.content.decode()


def test_what_a_visitor_says_of_the_host_is_not_believed(house, visit, clinician):
    headers = {"x-forwarded-host": "evil.example", "forwarded": "host=evil.example", "x-host": "evil.example"}
    answer = client(clinician).get("/api/v1/visits/", secure=True, headers=headers)
    assert answer.json()["results"][0]["url"].startswith(f"https://{doors.HOST}/")


def test_cookies_are_bound_to_this_host_and_hidden_from_scripts(house, clinician):
    clinician.set_password("a long pass phrase 1")
    clinician.save()
    browser = client()
    browser.get(reverse("accounts:login"), secure=True)
    fields = {"username": clinician.email, "password": "a long pass phrase 1"}
    assert browser.post(reverse("accounts:login"), fields, secure=True).status_code == 302
    browser.post(reverse("accounts:language"), {"language": "id"}, secure=True)
    assert {"__Host-sessionid", "__Host-csrftoken", "__Host-language"} <= set(browser.cookies)
    for name, cookie in browser.cookies.items():
        assert name.startswith("__Host-"), name
        assert cookie["secure"] and cookie["httponly"], name
        assert cookie["samesite"] in ("Lax", "Strict"), name
        assert cookie["path"] == "/" and not cookie["domain"], name


def test_no_form_and_no_script_of_another_site_changes_anything(everyone, records, clinic):
    """With a session, every address refuses what comes without its token; a wrong method or address is no change."""
    operator = factories.member(clinic, Role.ADMINISTRATOR, is_staff=True, is_superuser=True)
    browser = client(operator, enforce_csrf_checks=True)
    open_to_strangers = {reverse("api:token")}
    for route, _pattern in doors.patterns():
        path = doors.path_of(route, records)
        for method in ("post", "patch", "delete") if "/<uuid:" in route else ("post",):
            answer = getattr(browser, method)(path, secure=True)
            if path in open_to_strangers and method == "post":
                assert answer.status_code in (400, 415), "it takes a password, and no session"
                continue
            assert answer.status_code in (403, 404, 405, 415), f"{method} {path}: {answer.status_code}"
            if answer.status_code == 415:
                assert path.startswith("/api/")


def test_there_is_no_back_room(house, clinic):
    """What Django's own administration did is done by pages and commands, which write into the log."""
    operator = factories.member(clinic, Role.ADMINISTRATOR, is_staff=True, is_superuser=True)
    for path in ("/admin/", "/admin/login/", "/admin/accounts/user/"):
        assert client(operator).get(path, secure=True).status_code == 404
