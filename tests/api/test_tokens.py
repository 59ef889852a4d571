"""The life of a token: asked for with a password, sent with each request, given back, or outlived."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from knox.models import AuthToken

from tests.factories import PASSWORD

from .contract import Client
from .test_problems import problem

URL = "/api/v1/tokens/"


def ask(client: Client, email: str, password: str = PASSWORD, **more: object):
    return client.post(URL, {"email": email, "password": password, **more}, format="json")


def bearing(text: str) -> Client:
    client = Client()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client


def test_a_token_opens_what_its_user_may_see(clinician, patient):
    answer = ask(Client(), clinician.email.upper())
    assert answer.status_code == 201
    body = answer.json()
    expires = dt.datetime.fromisoformat(body["expires_at"])
    assert dt.timedelta(hours=23) < expires - timezone.now() <= dt.timedelta(days=1)
    assert answer["Cache-Control"] == "no-store"
    found = bearing(body["token"]).get(reverse("api:patient-list")).json()["results"]
    assert [row["id"] for row in found] == [str(patient.pk)]


def test_only_a_hash_is_stored(clinician, clinic):
    text = ask(Client(), clinician.email).json()["token"]
    stored = AuthToken.objects.get()
    assert text not in (stored.digest, stored.token_key)
    assert len(stored.token_key) < len(text)


def test_a_token_given_back_is_worth_nothing(clinician, clinic):
    client = bearing(ask(Client(), clinician.email).json()["token"])
    other = bearing(ask(Client(), clinician.email).json()["token"])
    assert client.delete(URL).status_code == 204
    problem(client.get(reverse("api:clinic-list")), 401, "not_authenticated")
    assert other.get(reverse("api:clinic-list")).status_code == 200


def test_a_token_ends_by_itself(clinician, clinic):
    client = bearing(ask(Client(), clinician.email, days=3).json()["token"])
    with time_machine.travel(timezone.now() + dt.timedelta(days=2, hours=23)):
        assert client.get(reverse("api:clinic-list")).status_code == 200
    with time_machine.travel(timezone.now() + dt.timedelta(days=3, minutes=1)):
        problem(client.get(reverse("api:clinic-list")), 401, "not_authenticated")


def test_a_session_has_no_token_to_give_back(api):
    problem(api.delete(URL), 409, "no_token")


def test_nobody_gives_back_a_token_without_one(db):
    problem(Client().delete(URL), 401, "not_authenticated")


@pytest.mark.parametrize("password", ["wrong", "x" * 1000])
def test_a_wrong_password(clinician, password):
    response = ask(Client(), clinician.email, password)
    problem(response, 401, "wrong_credentials")
    assert response["WWW-Authenticate"] == "Bearer"
    assert not AuthToken.objects.exists()


def test_an_unknown_address_and_a_wrong_password_read_the_same(clinician):
    one = ask(Client(), clinician.email, "wrong").json()
    other = ask(Client(), "nobody@example.org", "wrong").json()
    assert one == other


def test_a_deactivated_user(clinician, clinic):
    client = bearing(ask(Client(), clinician.email).json()["token"])
    clinician.is_active = False
    clinician.save()
    problem(ask(Client(), clinician.email), 401, "wrong_credentials")
    problem(client.get(reverse("api:clinic-list")), 401, "not_authenticated")


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer a b", "Bearer nonsense", "Token x", "Bearer \u00e9", "Bearer a\x00"]
)
def test_headers_that_are_no_token(header, db):
    client = Client()
    client.credentials(HTTP_AUTHORIZATION=header)
    problem(client.get(reverse("api:clinic-list")), 401, "not_authenticated")


@pytest.mark.parametrize("days", [0, 91, "many"])
def test_a_token_lives_a_day_to_three_months(clinician, days):
    response = ask(Client(), clinician.email, days=days)
    assert problem(response, 400, "validation_failed")["errors"][0]["field"] == "days"


@pytest.mark.parametrize(("scope", "same"), [("token", "address"), ("token_account", "account")])
def test_guessing_is_slowed_down(scope, same, clinician, settings):
    cache.clear()
    settings.RATES = {scope: "3/min"}
    for number in range(3):
        email = clinician.email if same == "account" else f"guess{number}@example.org"
        address = f"10.0.0.{number}" if same == "account" else "10.0.0.1"
        response = Client(REMOTE_ADDR=address).post(URL, {"email": email, "password": "x"}, format="json")
        assert response.status_code == 401
    address = "10.0.0.9" if same == "account" else "10.0.0.1"
    last = Client(REMOTE_ADDR=address, HTTP_X_FORWARDED_FOR="1.2.3.4")
    response = last.post(URL, {"email": clinician.email, "password": PASSWORD}, format="json")
    problem(response, 429, "throttled")
    assert int(response["Retry-After"]) >= 1


def test_a_session_gets_no_token_without_the_password(api, clinician):
    problem(api.post(URL, {}, format="json"), 400, "validation_failed")
    problem(ask(api, clinician.email, "wrong"), 401, "wrong_credentials")
