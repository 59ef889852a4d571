"""A token is for one clinic, tells with what it was made and when it was used, and ends with what it was made under."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from knox.models import AuthToken

from clinic.accounts import services
from clinic.accounts.models import ApiToken, Notice, Role, User
from clinic.audit.models import AuditEvent

from .. import factories
from ..conftest import logged_in
from .conftest import CODE, code_of, post_login, with_app

TOKENS, LIST = reverse("accounts:tokens"), "/api/v1/patients/"
READ = ["patients.read", "results.read"]


def bearing(text: str, **more: Any) -> Client:
    return Client(headers={"authorization": f"Bearer {text}"}, **more)


def made(user: Any, **more: Any) -> tuple[ApiToken, str]:
    return services.create_token(**{"user": user, "name": "Script", "days": 30, **more})


@pytest.fixture
def second(clinician: Any) -> Any:
    """Another clinic of the clinician, with a patient."""
    membership = factories.MembershipFactory(user=clinician)
    factories.PatientFactory(clinic=membership.clinic, record_number="SECOND")
    return membership.clinic


def numbers(client: Client) -> set[str]:
    return {row["record_number"] for row in client.get(LIST).json()["results"]}


def test_a_token_speaks_for_its_one_clinic(clinician: Any, clinic: Any, second: Any, patient: Any) -> None:
    for place, number in ((clinic, patient.record_number), (second, "SECOND")):
        program = bearing(made(clinician, clinic=place)[1])
        assert numbers(program) == {number}
        assert [row["id"] for row in program.get("/api/v1/clinics/").json()["results"]] == [str(place.pk)]
        elsewhere = second if place == clinic else clinic
        body = {"clinic": str(elsewhere.pk), "record_number": "N-9", "name": "New"}
        answer = program.post(LIST, body, content_type="application/json")
        assert answer.status_code in (400, 404), "it can't write there either"


def test_whoever_works_in_several_says_for_which(clinician: Any, second: Any, stranger: Any) -> None:
    with pytest.raises(ValidationError):
        made(clinician)
    body = {"email": clinician.email, "password": factories.PASSWORD}
    asked = {**body, "clinic": str(second.pk)}
    answer = Client().post("/api/v1/tokens/", asked, content_type="application/json")
    assert answer.status_code == 201 and answer.json()["clinic"] == str(second.pk)
    assert answer.json()["strength"] == ["password"]
    for wrong in (body, {**body, "clinic": str(stranger.memberships.get().clinic_id)}):
        answer = Client().post("/api/v1/tokens/", wrong, content_type="application/json")
        assert answer.status_code == 400 and answer.json()["errors"][0]["field"] == "clinic"


def test_on_the_page_it_is_for_the_clinic_in_which_one_works(
    as_clinician: Client, clinic: Any, second: Any
) -> None:
    for place in (second, clinic):
        as_clinician.post(reverse("accounts:switch_clinic"), {"clinic": str(place.pk)})
        page = as_clinician.post(TOKENS, {"name": "x", "days": "30", "scopes": READ})
        assert page.context["made"][0].clinic == place
        assert place.name in page.content.decode()


def test_a_token_ends_with_the_membership_and_does_not_come_back(
    clinician: Any, clinic: Any, second: Any
) -> None:
    here, there = made(clinician, clinic=clinic)[1], made(clinician, clinic=second)[1]
    membership = clinician.memberships.get(clinic=clinic)
    services.set_member_active(membership=membership, active=False)
    membership.refresh_from_db()
    services.set_member_active(membership=membership, active=True)
    membership.accepted_at = timezone.now()
    membership.save()
    assert bearing(here).get(LIST).status_code == 401
    assert bearing(there).get(LIST).status_code == 200, "the other clinic's is not this one's to end"


def test_even_a_row_that_was_left_opens_nothing(clinician: Any, clinic: Any) -> None:
    """Whatever took the membership away."""
    text = made(clinician)[1]
    clinician.memberships.update(is_active=False)
    assert bearing(text).get(LIST).status_code == 401
    clinician.memberships.update(is_active=True, accepted_at=None)
    assert bearing(text).get(LIST).status_code == 401
    clinician.memberships.update(accepted_at=timezone.now())
    ApiToken.objects.update(clinic=None)
    assert bearing(text).get(LIST).status_code == 401
    ApiToken.objects.all().delete()
    assert bearing(text).get(LIST).status_code == 401


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.REVIEWER])
def test_a_change_of_role_ends_the_tokens(clinician: Any, clinic: Any, role: str) -> None:
    text = made(clinician)[1]
    services.change_role(membership=clinician.memberships.get(), role=role)
    assert bearing(text).get(LIST).status_code == 401
    assert Notice.objects.filter(user=clinician, kind="tokens_ended", clinic=clinic).exists()


def test_a_password_alone_is_not_enough_where_a_second_factor_is_required(
    clinician: Any, clinic: Any
) -> None:
    weak, strong = (
        made(clinician, strength=["password"])[1],
        made(clinician, strength=["password", "totp"])[1],
    )
    unknown = made(clinician)[1]
    type(clinic).objects.filter(pk=clinic.pk).update(require_second_factor=True)
    for text in (weak, unknown):
        answer = bearing(text).get(LIST)
        assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_required")
        assert "password alone" in answer.json()["detail"]
    assert bearing(strong).get(LIST).status_code == 200


def test_so_it_is_where_the_installation_requires_it(clinician: Any, clinic: Any, settings: Any) -> None:
    text = made(clinician, strength=["password"])[1]
    settings.REQUIRE_SECOND_FACTOR = True
    assert bearing(text).get(LIST).status_code == 403


def test_an_integrations_token_is_as_strong_as_its_makers_login(clinic: Any, integration: Any) -> None:
    head = factories.member(clinic, Role.ADMINISTRATOR)
    secret, client = with_app(head), Client()
    post_login(client, head.email)
    client.post(CODE, {"code": code_of(secret)})
    form = {"name": "x", "days": "30", "scopes": READ, "user": str(integration.pk)}
    label, text = client.post(TOKENS, form).context["made"]
    assert (label.strength, label.made_by) == ("password totp", head)
    type(clinic).objects.filter(pk=clinic.pk).update(require_second_factor=True)
    assert bearing(text).get(LIST).status_code == 200
    weak = made(integration, strength=["password"], by=head)[1]
    assert bearing(weak).get(LIST).status_code == 403


def test_the_last_use_and_its_address_are_kept(clinician: Any, as_clinician: Client, clinic: Any) -> None:
    label, text = made(clinician)
    assert "never used" in as_clinician.get(TOKENS).content.decode()
    bearing(text, REMOTE_ADDR="203.0.113.7").get(LIST)
    first = ApiToken.objects.get(pk=label.pk).use
    assert first.address == "203.0.113.7" and timezone.now() - first.at < dt.timedelta(minutes=1)
    assert "203.0.113.7" in as_clinician.get(TOKENS).content.decode()
    bearing(text, REMOTE_ADDR="203.0.113.7").get(LIST)
    assert ApiToken.objects.get(pk=label.pk).use.at == first.at, "not written with every request"
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=2)):
        bearing(text, REMOTE_ADDR="203.0.113.7").get(LIST)
    assert ApiToken.objects.get(pk=label.pk).use.at > first.at
    bearing(text, REMOTE_ADDR="203.0.113.8").get(LIST)
    assert ApiToken.objects.get(pk=label.pk).use.address == "203.0.113.8"


def test_an_administrator_sees_and_revokes_the_tokens_of_the_clinic(
    clinician: Any, clinic: Any, second: Any, as_administrator: Client, administrator: Any
) -> None:
    label, text = made(clinician, clinic=clinic, name="For here")
    other, elsewhere = made(clinician, clinic=second, name="For there")
    page = as_administrator.get(TOKENS).content.decode()
    assert "For here" in page and clinician.full_name in page and "For there" not in page
    as_administrator.post(reverse("accounts:token_revoke", args=[label.token.token_key]))
    assert bearing(text).get(LIST).status_code == 401
    address = reverse("accounts:token_revoke", args=[other.token.token_key])
    assert as_administrator.post(address).status_code == 404
    assert bearing(elsewhere).get(LIST).status_code == 200
    assert Notice.objects.filter(user=clinician, kind="token_revoked", clinic=clinic).exists()
    event = AuditEvent.objects.filter(kind="token_revoked").latest("pk")
    assert (event.user, event.clinic, event.detail["token"]) == (administrator, clinic, str(label.pk))


def test_the_log_names_the_token_that_read_and_wrote(clinician: Any, clinic: Any, patient: Any) -> None:
    label, text = made(clinician)
    program, last = bearing(text), AuditEvent.objects.latest("pk").pk
    program.get(f"{LIST}{patient.pk}/")
    program.patch(
        f"{LIST}{patient.pk}/", {"phone": "1"}, content_type="application/json", headers={"if-match": "*"}
    )
    program.get(LIST)
    lines = AuditEvent.objects.filter(pk__gt=last)
    assert {line.kind for line in lines} >= {"record", "change"}
    assert {line.detail.get("token") for line in lines} == {str(label.pk)}
    last = lines.latest("pk").pk
    logged_in(clinician).get(reverse("patients:record", args=[patient.pk]))
    assert not any("token" in line.detail for line in AuditEvent.objects.filter(pk__gt=last))


def test_the_api_lists_and_revokes(clinician: Any, administrator: Any, clinic: Any, second: Any) -> None:
    mine, text = made(clinician, clinic=clinic)
    made(clinician, clinic=second)
    assert [row["id"] for row in bearing(text).get("/api/v1/tokens/").json()] == [str(mine.pk)], (
        "itself alone"
    )
    listed = logged_in(clinician).get("/api/v1/tokens/").json()
    assert {row["clinic"] for row in listed} == {str(clinic.pk), str(second.pk)}
    head = logged_in(administrator)
    (row,) = head.get("/api/v1/tokens/").json()
    assert row["id"] == str(mine.pk) and row["owner"]["name"] == clinician.full_name
    assert row["last_used_from"] == "127.0.0.1" and "token" not in row
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=20)):
        assert head.delete(f"/api/v1/tokens/{mine.pk}/").json()["code"] == "step_up_required"
    assert head.delete(f"/api/v1/tokens/{mine.pk}/").status_code == 204
    assert bearing(text).get(LIST).status_code == 401
    other = made(clinician, clinic=clinic)
    assert bearing(other[1]).delete(f"/api/v1/tokens/{AuthToken.objects.first().label.pk}/").status_code in (
        404,
        204,
    )


def test_an_integration_has_no_password_that_counts(
    integration: Any, clinic: Any, administrator: Any
) -> None:
    client = Client()
    post_login(client, integration.email)
    assert "_auth_user_id" not in client.session, "whoever set it, from whenever it is"
    body = {"email": integration.email, "password": factories.PASSWORD}
    answer = Client().post("/api/v1/tokens/", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_credentials")
    address = reverse("accounts:member_link", args=[integration.memberships.get().pk])
    assert logged_in(administrator).post(address).status_code == 403


def test_an_integration_belongs_to_one_clinic_and_never_becomes_a_person(
    integration: Any, clinic: Any
) -> None:
    membership, elsewhere = integration.memberships.get(), factories.ClinicFactory()
    for role in Role.values:
        with pytest.raises(ValidationError):
            services.add_member(clinic=elsewhere, email=integration.email, full_name="x", role=role)
    services.set_member_active(membership=membership, active=False)
    for role in (Role.CLINICIAN, Role.REVIEWER, Role.ADMINISTRATOR):
        with pytest.raises(ValidationError):
            services.add_member(clinic=clinic, email=integration.email, full_name="x", role=role)
    services.add_member(clinic=clinic, email=integration.email, full_name="x", role=Role.INTEGRATION)
    assert User.objects.get(pk=integration.pk).memberships.get().role == Role.INTEGRATION


def test_a_person_never_becomes_an_integration(clinician: Any, stranger: Any, clinic: Any) -> None:
    for person in (stranger, factories.UserFactory()):
        with pytest.raises(ValidationError):
            services.add_member(clinic=clinic, email=person.email, full_name="x", role=Role.INTEGRATION)
    with pytest.raises(ValidationError):
        services.change_role(membership=clinician.memberships.get(), role=Role.INTEGRATION)
