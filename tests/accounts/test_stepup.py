"""Exports and administration ask again who sits there, and lead back to what was wanted."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.accounts import services
from clinic.accounts.models import Role

from .. import factories
from ..conftest import logged_in
from .conftest import code_of, kinds, with_app

AGAIN, AGAIN_CODE = reverse("account_reauthenticate"), reverse("mfa_reauthenticate")
MEMBERS, TOKENS = reverse("accounts:members"), reverse("accounts:tokens")


def later(minutes: int = 16) -> Any:
    return time_machine.travel(timezone.now() + dt.timedelta(minutes=minutes))


@pytest.fixture
def places(clinic: Any, patient: Any, clinician: Any) -> list[str]:
    membership = clinician.memberships.get()
    return [
        MEMBERS,
        TOKENS,
        reverse("accounts:clinic"),
        reverse("accounts:member", args=[membership.pk]),
        reverse("recovery:csv", args=[patient.pk]),
    ]


def test_soon_after_the_login_nobody_is_asked(as_administrator, places) -> None:
    assert [as_administrator.get(place).status_code for place in places] == [200] * len(places)


def test_after_a_quarter_of_an_hour_each_of_them_asks(as_administrator, places) -> None:
    with later():
        for place in places:
            answer = as_administrator.get(place)
            assert answer.status_code == 302 and answer.url.startswith(f"{AGAIN}?next="), place
        assert as_administrator.get(reverse("patients:list")).status_code == 200, (
            "records need no second proof"
        )


def test_the_right_password_leads_back_and_lasts(as_administrator, administrator) -> None:
    with later():
        asked = as_administrator.get(MEMBERS)
        wrong = as_administrator.post(asked.url, {"password": "not it"})
        assert "This is not your password." in wrong.content.decode()
        assert as_administrator.get(MEMBERS).status_code == 302
        answer = as_administrator.post(asked.url, {"password": factories.PASSWORD, "next": MEMBERS})
        assert answer.status_code == 302 and answer.url == MEMBERS
        assert as_administrator.get(MEMBERS).status_code == 200
    with later(30):
        assert as_administrator.get(MEMBERS).status_code == 200
    with later(32):
        assert as_administrator.get(MEMBERS).status_code == 302
    assert kinds(administrator)[-2:] == ["step_up_failed", "step_up"]


def test_what_was_sent_is_done_after_the_proof(as_administrator, clinic) -> None:
    with later():
        asked = as_administrator.post(
            MEMBERS, {"email": "new@example.org", "full_name": "New Person", "role": Role.CLINICIAN}
        )
        assert not clinic.memberships.filter(user__email="new@example.org").exists()
        as_administrator.post(asked.url, {"password": factories.PASSWORD, "next": MEMBERS})
        assert clinic.memberships.filter(user__email="new@example.org").exists()


def test_whoever_has_an_app_is_asked_for_its_code_first(as_administrator, administrator) -> None:
    secret = with_app(administrator)
    with later():
        asked = as_administrator.get(TOKENS)
        assert asked.url.startswith(AGAIN_CODE)
        page = as_administrator.get(asked.url).content.decode()
        assert AGAIN in page, "the password is the other way"
        assert as_administrator.post(asked.url, {"code": "000000"}).status_code == 200
        answer = as_administrator.post(asked.url, {"code": code_of(secret), "next": TOKENS})
        assert answer.url == TOKENS
        assert as_administrator.get(TOKENS).status_code == 200


def test_no_way_out_of_the_house(as_administrator) -> None:
    with later():
        answer = as_administrator.post(
            AGAIN, {"password": factories.PASSWORD, "next": "https://evil.example/"}
        )
        assert answer.url == reverse("today")


def test_another_persons_proof_is_none(clinic, administrator) -> None:
    other = factories.member(clinic, Role.ADMINISTRATOR)
    client = logged_in(administrator)
    client.get(MEMBERS)
    with later():
        client.post(AGAIN, {"password": factories.PASSWORD})
        assert client.get(MEMBERS).status_code == 200
        client.post(reverse("accounts:logout"))
        client.force_login(other)
    with later(40):
        assert client.get(MEMBERS).status_code == 302


def test_a_script_is_told_instead_of_led(as_administrator) -> None:
    with later():
        answer = as_administrator.get(MEMBERS, headers={"HX-Request": "true"})
        assert answer["HX-Redirect"].startswith(AGAIN)
        answer = as_administrator.get(MEMBERS, headers={"Accept": "application/json"})
        assert answer.status_code == 403 and answer.json()["code"] == "step_up_required"


def test_a_token_is_not_asked(clinician, patient) -> None:
    _label, text = services.create_token(user=clinician, name="Program", days=30)
    with later(60):
        api = Client(headers={"Authorization": f"Bearer {text}"})
        assert api.get("/api/v1/patients/").status_code == 200
