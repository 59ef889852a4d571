"""Apps, passkeys and recovery codes; who must have one, and what that closes."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from cryptography.fernet import InvalidToken
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.accounts import factors, services
from clinic.accounts.models import Role
from clinic.audit.models import AuditEvent

from .. import factories
from ..conftest import logged_in
from ..forms import edited
from .conftest import CODE, code_of, kinds, post_login, recovery_codes, with_app

OVERVIEW, ADD_APP, CODES = (
    reverse("mfa_index"),
    reverse("mfa_activate_totp"),
    reverse("mfa_view_recovery_codes"),
)
TODAY, PATIENTS, TOKENS = reverse("today"), reverse("patients:list"), "/api/v1/tokens/"


def set_up_app(client: Client) -> str:
    """As a person does: read the secret off the page, type the app's code."""
    secret = client.get(ADD_APP).context["form"].secret
    assert client.post(ADD_APP, {"code": code_of(secret)}).url == CODES
    return str(secret)


def ask_token(user: Any, **more: str) -> Any:
    body = {"email": user.email, "password": factories.PASSWORD, **more}
    return Client().post(TOKENS, body, content_type="application/json")


def test_an_app_is_set_up_and_asked_for_at_the_next_login(as_clinician, clinician) -> None:
    secret = set_up_app(as_clinician)
    client = Client()
    assert post_login(client, clinician.email).url == CODE
    assert client.get(PATIENTS).status_code == 302, "the password alone opens nothing"
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=30)):
        assert client.post(CODE, {"code": code_of(secret)}).url == TODAY
        assert client.get(PATIENTS).status_code == 200
    assert AuditEvent.objects.filter(user=clinician, kind="login", detail__how="password+totp").exists()


def test_a_wrong_first_code_sets_nothing_up(as_clinician, clinician) -> None:
    as_clinician.get(ADD_APP)
    page = as_clinician.post(ADD_APP, {"code": "000000"}).content.decode()
    assert "not the app" in page
    assert not factors.has_factor(user=clinician)


def test_no_code_is_good_twice(colleague) -> None:
    secret = with_app(colleague)
    now = code_of(secret)
    for expected in (302, 200):
        client = Client()
        post_login(client, colleague.email)
        assert client.post(CODE, {"code": now}).status_code == expected
    client = Client()
    post_login(client, colleague.email)
    assert client.post(CODE, {"code": code_of(secret, -1)}).status_code == 200, "nor an older one after it"
    assert kinds(colleague).count("factor_failed") == 2


def test_a_recovery_code_opens_once_and_the_pages_warn_when_few_are_left(colleague) -> None:
    with_app(colleague)
    row = Authenticator.objects.get(user=colleague, type="recovery_codes")
    row.data["used_mask"] = 0b11111
    row.save()
    codes = recovery_codes(colleague)
    for code, warns in ((codes[0], False), (codes[1], True)):
        client = Client()
        post_login(client, colleague.email)
        answer = client.post(CODE, {"code": f"{code[:4]} {code[4:]}"}, follow=True)
        assert ("You have 3 recovery codes left" in answer.content.decode()) is warns
    client = Client()
    post_login(client, colleague.email)
    assert client.post(CODE, {"code": codes[0]}).status_code == 200


def test_recovery_codes_are_shown_once(as_clinician) -> None:
    set_up_app(as_clinician)
    shown = as_clinician.get(CODES)
    assert len(shown.context["codes"]) == 10 and "no-store" in shown["Cache-Control"]
    assert as_clinician.get(CODES).url == OVERVIEW
    as_clinician.post(reverse("mfa_generate_recovery_codes"))
    again = as_clinician.get(CODES)
    assert not set(again.context["codes"]) & set(shown.context["codes"])


def test_the_secret_in_the_database_is_sealed(as_clinician, clinician) -> None:
    secret = set_up_app(as_clinician)
    assert secret not in str(list(Authenticator.objects.values_list("data", flat=True)))


def test_a_changed_factor_ends_the_other_sessions_and_is_logged(clinician) -> None:
    here, there = Client(), Client()
    for client in (here, there):
        post_login(client, clinician.email)
    set_up_app(here)
    assert here.get(PATIENTS).status_code == 200
    assert there.get(PATIENTS).status_code == 302
    here.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.filter(user=clinician).exists(), (
        "codes without a factor are worth nothing"
    )
    assert [kind for kind in kinds(clinician) if "factor" in kind] == ["factor_added", "factor_removed"]


@pytest.fixture(params=["clinic", "installation"])
def asked_for(request: Any, clinic: Any, settings: Any) -> str:
    """A second factor is asked of everybody here, by the clinic or by the installation."""
    if request.param == "clinic":
        clinic.require_second_factor = True
        clinic.save()
    else:
        settings.REQUIRE_SECOND_FACTOR = True
    return str(request.param)


def test_without_one_no_page_and_no_data_opens(asked_for, clinician, patient, visit) -> None:
    client = logged_in(clinician)
    photo = factories.PhotoFactory(visit=visit)
    pages = [
        TODAY,
        PATIENTS,
        reverse("patients:detail", args=[patient.pk]),
        reverse("visits:detail", args=[visit.pk]),
        reverse("visits:file", args=[photo.pk]),
        reverse("recovery:csv", args=[patient.pk]),
        reverse("accounts:tokens"),
        reverse("accounts:members"),
        reverse("accounts:clinic"),
        reverse("accounts:profile"),
    ]
    for page in pages:
        answer = client.get(page)
        assert (answer.status_code, answer.url) == (302, OVERVIEW), page
    api = client.get("/api/v1/patients/")
    assert api.status_code == 403 and api.json()["code"] == "second_factor_required"
    assert client.get(PATIENTS, headers={"HX-Request": "true"})["HX-Redirect"] == OVERVIEW
    assert "Your clinic asks for a second factor." in client.get(OVERVIEW).content.decode()


def test_with_one_they_open_at_once(asked_for, clinician) -> None:
    client = logged_in(clinician)
    set_up_app(client)
    assert client.get(PATIENTS).status_code == 200
    assert client.get("/api/v1/patients/").status_code == 200


def test_the_last_one_stays_where_one_is_asked_for(asked_for, clinician) -> None:
    client = logged_in(clinician)
    set_up_app(client)
    page = client.post(reverse("mfa_deactivate_totp")).content.decode()
    assert "this is your only one" in page
    assert factors.has_factor(user=clinician)


def test_a_clinic_that_asks_for_none_is_left_alone(clinic, stranger) -> None:
    clinic.require_second_factor = True
    clinic.save()
    assert logged_in(stranger).get(PATIENTS).status_code == 200


def test_the_token_endpoint_is_no_way_around(asked_for, clinician, integration) -> None:
    refused = ask_token(clinician)
    assert refused.status_code == 403 and refused.json()["code"] == "second_factor_required"
    secret = with_app(clinician)
    assert ask_token(clinician).json()["code"] == "code_required"
    assert ask_token(clinician, code="000000").json()["code"] == "wrong_code"
    now = code_of(secret)
    answer = ask_token(clinician, code=now)
    assert answer.status_code == 201
    assert ask_token(clinician, code=now).json()["code"] == "wrong_code", "each is good once"
    api = Client(headers={"Authorization": f"Bearer {answer.json()['token']}"})
    assert api.get("/api/v1/patients/").status_code == 200


def test_someone_who_has_a_factor_by_choice_is_asked_by_the_api_too(clinician) -> None:
    with_app(clinician)
    assert ask_token(clinician).json()["code"] == "code_required"
    assert ask_token(clinician, code=recovery_codes(clinician)[0]).status_code == 201


def test_a_wrong_password_says_nothing_of_the_factor(clinician) -> None:
    with_app(clinician)
    body = {"email": clinician.email, "password": "wrong"}
    assert Client().post(TOKENS, body, content_type="application/json").json()["code"] == "wrong_credentials"


def test_an_administrator_takes_a_lost_factor_away(as_administrator, administrator, clinician) -> None:
    with_app(clinician)
    theirs = Client()
    post_login(theirs, clinician.email)
    theirs.post(CODE, {"code": recovery_codes(clinician)[0]})
    assert theirs.get(PATIENTS).status_code == 200
    _label, token = services.create_token(user=clinician, name="Program", days=30)
    membership = clinician.memberships.get()
    page = as_administrator.get(reverse("accounts:member", args=[membership.pk])).content.decode()
    assert "Take the second factor away" in page
    as_administrator.post(reverse("accounts:member_factor", args=[membership.pk]))
    assert not Authenticator.objects.filter(user=clinician).exists()
    assert theirs.get(PATIENTS).status_code == 302, "their sessions end"
    assert Client().get("/api/v1/patients/", headers={"authorization": f"Bearer {token}"}).status_code == 401
    event = AuditEvent.objects.filter(user=administrator, kind="factor_removed").get()
    assert event.detail["member"] == str(membership.pk)


@pytest.mark.parametrize("who", ["oneself", "elsewhere", "staff", "stranger"])
def test_but_not_of_whoever_reaches_further(as_administrator, administrator, clinic, who: str) -> None:
    user = administrator if who == "oneself" else factories.member(clinic, is_staff=who == "staff")
    membership = user.memberships.get()
    if who == "elsewhere":
        factories.MembershipFactory(user=user)
    if who == "stranger":
        user = factories.member(factories.ClinicFactory())
        membership = user.memberships.get()
    with_app(user)
    answer = as_administrator.post(reverse("accounts:member_factor", args=[membership.pk]))
    assert answer.status_code == (404 if who == "stranger" else 403)
    assert factors.has_factor(user=user)


def test_only_administrators_do(clinic, clinician) -> None:
    for role in (Role.CLINICIAN, Role.REVIEWER):
        client = logged_in(factories.member(clinic, role))
        address = reverse("accounts:member_factor", args=[clinician.memberships.get().pk])
        assert client.post(address).status_code == 403


def test_the_server_helps_where_no_administrator_may(clinician, capsys) -> None:
    with_app(clinician)
    client = Client()
    post_login(client, clinician.email)
    client.post(CODE, {"code": recovery_codes(clinician)[0]})
    call_command("reset_second_factor", clinician.email.upper())
    assert not factors.has_factor(user=clinician)
    assert not UserSession.objects.filter(user=clinician).exists()
    assert kinds(clinician)[-1] == "factor_removed"


def test_the_clinics_switch_is_the_administrators(as_administrator, clinic) -> None:
    typed = {"name": clinic.name, "time_zone": clinic.time_zone, "language": "en", "idle_minutes": "15"}
    as_administrator.post(reverse("accounts:clinic"), edited(clinic, typed, require_second_factor="on"))
    clinic.refresh_from_db()
    assert clinic.require_second_factor and clinic.idle_minutes == 15
    assert as_administrator.get(TODAY).url == OVERVIEW, "the administrator too"


def test_production_asks_for_one_by_default() -> None:
    from pathlib import Path

    text = (Path(__file__).parents[2] / "clinic/config/settings/production.py").read_text()
    assert 'env.bool("RISORIUS_REQUIRE_SECOND_FACTOR", default=True)' in text


def test_nobody_signs_up_and_no_mail_page_is_there(client, db) -> None:
    for path in ("signup/", "email/", "password/reset/", "social/", "confirm-email/"):
        assert client.get(f"/account/{path}").status_code == 404


def test_a_new_secret_key_keeps_factors_readable_while_the_old_one_is_named(settings: Any) -> None:
    sealed = factors.seal("JBSWY3DPEHPK3PXP")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another " * 8, [settings.SECRET_KEY]
    assert factors.unseal(sealed) == "JBSWY3DPEHPK3PXP"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(InvalidToken):
        factors.unseal(sealed)
