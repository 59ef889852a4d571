"""Somebody with an account joins another clinic: by their own word, and without what others made for the account."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.accounts import notices, services
from clinic.accounts.models import Membership, Notice, Role, User
from clinic.audit.models import AuditEvent

from .. import factories
from ..conftest import logged_in
from .conftest import CODE, code_of, post_login, with_app

LIST, PROFILE = "/api/v1/patients/", reverse("accounts:profile")
NEW = "four words in a row"


@pytest.fixture
def other(db: Any) -> Any:
    """The clinic that invites, with a patient."""
    clinic = factories.ClinicFactory(name="Klinik Kenanga")
    factories.PatientFactory(clinic=clinic, record_number="OTHER")
    return clinic


@pytest.fixture
def head(other: Any) -> Client:
    return logged_in(factories.member(other, Role.ADMINISTRATOR))


@pytest.fixture
def invited(clinician: Any, other: Any, head: Client) -> Membership:
    form = {"email": clinician.email, "full_name": "Whoever", "role": "clinician"}
    head.post(reverse("accounts:members"), form)
    return Membership.objects.get(user=clinician, clinic=other)


def link_of(head: Client, invited: Membership) -> str:
    address = reverse("accounts:member_link", args=[invited.pk])
    return str(head.post(address).context["link"]).removeprefix("http://testserver")


def with_session(user: Any, password: str = factories.PASSWORD) -> Client:
    client = Client()
    post_login(client, user.email, password)
    return client


def accept(client: Client, link: str, password: str = NEW) -> Any:
    page = client.get(link, follow=True).redirect_chain[-1][0]
    return client.post(page, {"new_password1": password, "new_password2": password})


def numbers(client: Client) -> set[str]:
    return {row["record_number"] for row in client.get(LIST).json()["results"]}


def test_nothing_is_read_until_the_holder_accepts(
    clinician: Any, patient: Any, invited: Any, head: Client
) -> None:
    client, link = with_session(clinician), link_of(head, invited)
    assert numbers(client) == {patient.record_number}
    assert (
        client.post(reverse("accounts:switch_clinic"), {"clinic": str(invited.clinic_id)}).status_code == 404
    )
    assert "Klinik Kenanga" in client.get(PROFILE).content.decode(), "they are told of the invitation"
    answer = accept(client, link)
    assert answer.url == PROFILE
    assert numbers(client) == {patient.record_number, "OTHER"}
    assert client.get(reverse("today")).wsgi_request.clinic == invited.clinic
    assert not accept_again(link, clinician)
    event = AuditEvent.objects.filter(kind="member_changed", detail__what="accepted").get()
    assert (event.user, event.clinic) == (clinician, invited.clinic)


def accept_again(link: str, user: Any) -> bool:
    client = with_session(user, NEW)
    return client.get(link, follow=True).status_code == 200


def test_what_others_could_have_made_ends_with_it(
    clinician: Any, clinic: Any, invited: Any, head: Client
) -> None:
    """The first clinic's administrator has a session, a token, a passkey, a link and the password of the account."""
    theirs = with_session(clinician)
    _label, text = services.create_token(user=clinician, name="theirs", days=30, clinic=clinic)
    mine = factories.member(clinic, Role.ADMINISTRATOR)
    address = reverse("accounts:member_link", args=[clinician.memberships.get(clinic=clinic).pk])
    password_link = logged_in(mine).post(address).context["link"]
    holder = with_session(clinician)
    Authenticator.objects.create(user=clinician, type="webauthn", data={"name": "theirs"})
    RecoveryCodes.activate(clinician)
    accept(holder, link_of(head, invited))
    assert numbers(holder) >= {"OTHER"}
    assert theirs.get(LIST).status_code in (401, 403)
    assert Client(headers={"authorization": f"Bearer {text}"}).get(LIST).status_code == 401
    assert not Authenticator.objects.filter(user=clinician).exists()
    assert "no longer works" in Client().get(password_link, follow=True).content.decode()
    assert "_auth_user_id" not in with_session(clinician).session, "the old password is worth nothing"
    assert "_auth_user_id" in with_session(clinician, NEW).session


def test_the_factor_that_was_just_proved_stays(clinician: Any, invited: Any, head: Client) -> None:
    secret, client = with_app(clinician), Client()
    Authenticator.objects.create(user=clinician, type="webauthn", data={"name": "another"})
    post_login(client, clinician.email)
    client.post(CODE, {"code": code_of(secret)})
    accept(client, link_of(head, invited))
    left = Authenticator.objects.filter(user=clinician).values_list("type", flat=True)
    assert list(left) == ["totp"]


def test_the_same_password_is_no_new_one(clinician: Any, invited: Any, head: Client) -> None:
    client = with_session(clinician)
    page = accept(client, link_of(head, invited), factories.PASSWORD)
    assert "Choose another password" in page.content.decode()
    invited.refresh_from_db()
    assert invited.accepted_at is None


def test_a_session_without_the_link_accepts_nothing(clinician: Any, invited: Any) -> None:
    """Whoever set the password can log in, and still doesn't have what the other clinic handed over."""
    client, page = with_session(clinician), reverse("accounts:invitation", args=[invited.pk])
    for secret in ("", "d1-nonsense"):
        if secret:
            client.get(reverse("accounts:invitation_link", args=[invited.pk, secret]))
        assert client.post(page, {"new_password1": NEW, "new_password2": NEW}).status_code == 403
    invited.refresh_from_db()
    assert invited.accepted_at is None


def test_the_link_without_the_session_accepts_nothing(
    clinician: Any, invited: Any, head: Client, other: Any
) -> None:
    """Whoever invites has the link, and is not who was invited."""
    link = link_of(head, invited)
    assert head.get(link, follow=True).status_code == 404
    assert reverse("accounts:login") in Client().get(link, follow=True).redirect_chain[-1][0]
    assert other.name not in Client().get(link, follow=True).content.decode()


def test_a_link_ends_after_three_days_with_the_invitation_and_with_a_change(
    clinician: Any, invited: Any, head: Client
) -> None:
    page = reverse("accounts:invitation", args=[invited.pk])
    link = link_of(head, invited)
    with time_machine.travel(timezone.now() + dt.timedelta(days=3, minutes=5)):
        late = with_session(clinician)
        late.get(link, follow=True)
        assert late.post(page, {"new_password1": NEW, "new_password2": NEW}).status_code == 403
    services.change_role(membership=invited, role=Role.REVIEWER)
    client = with_session(User.objects.get(pk=clinician.pk))
    client.get(link, follow=True)
    assert client.post(page, {"new_password1": NEW, "new_password2": NEW}).status_code == 403
    services.set_member_active(membership=Membership.objects.get(pk=invited.pk), active=False)
    assert client.get(page).status_code == 404


def test_an_invitation_is_declined_and_may_come_again(clinician: Any, invited: Any, head: Client) -> None:
    client = with_session(clinician)
    client.post(reverse("accounts:invitation_decline", args=[invited.pk]))
    invited.refresh_from_db()
    assert not invited.is_active
    assert (
        reverse("accounts:invitation_decline", args=[invited.pk]) not in client.get(PROFILE).content.decode()
    )
    head.post(reverse("accounts:member_active", args=[invited.pk]), {"active": "yes"})
    invited.refresh_from_db()
    assert invited.is_active and invited.accepted_at is None


def test_nobody_declines_for_another(invited: Any, head: Client, as_stranger: Client) -> None:
    for client in (head, as_stranger):
        assert client.post(reverse("accounts:invitation_decline", args=[invited.pk])).status_code == 404


def test_an_invitation_opens_no_password_link(clinician: Any, invited: Any, head: Client) -> None:
    link = link_of(head, invited)
    assert "/password/set/" not in link
    page = head.get(reverse("accounts:member", args=[invited.pk])).content.decode()
    assert clinician.full_name not in page and "Take the second factor away" not in page
    assert head.post(reverse("accounts:member_factor", args=[invited.pk])).status_code == 403


def test_no_link_for_whoever_also_works_elsewhere(
    clinician: Any, clinic: Any, administrator: Any, other: Any
) -> None:
    factories.MembershipFactory(user=clinician, clinic=other)
    client = logged_in(administrator)
    address = reverse("accounts:member_link", args=[clinician.memberships.get(clinic=clinic).pk])
    assert client.post(address).status_code == 403


@pytest.mark.parametrize(
    "change", ["access_taken", "access_taken_and_given", "role", "works_elsewhere", "integration"]
)
def test_a_password_link_ends_with_any_change_of_access(
    clinician: Any, clinic: Any, administrator: Any, change: str
) -> None:
    membership = clinician.memberships.get()
    client = logged_in(administrator)
    link = client.post(reverse("accounts:member_link", args=[membership.pk])).context["link"]
    if change == "role":
        services.change_role(membership=membership, role=Role.REVIEWER)
    elif change == "works_elsewhere":
        factories.MembershipFactory(user=clinician)
    elif change == "integration":
        Membership.objects.filter(pk=membership.pk).update(role=Role.INTEGRATION)
    else:
        services.set_member_active(membership=membership, active=False)
        if change == "access_taken_and_given":
            services.set_member_active(membership=membership, active=True)
    assert "no longer works" in Client().get(link, follow=True).content.decode()


def test_a_rise_ends_sessions_and_a_fall_does_not(clinician: Any) -> None:
    client = with_session(clinician)
    services.change_role(membership=clinician.memberships.get(), role=Role.REVIEWER)
    assert client.get(reverse("patients:list")).status_code == 200
    services.change_role(membership=clinician.memberships.get(), role=Role.ADMINISTRATOR)
    assert client.get(reverse("patients:list")).status_code == 302


def test_a_second_factor_is_required_if_any_clinic_requires_it(
    clinician: Any, clinic: Any, invited: Any
) -> None:
    client = with_session(clinician)
    type(clinic).objects.filter(pk=invited.clinic_id).update(require_second_factor=True)
    assert client.get(reverse("patients:list")).status_code == 200, "an invitation asks for nothing yet"
    Membership.objects.filter(pk=invited.pk).update(accepted_at=timezone.now())
    assert client.get(reverse("patients:list")).url == reverse("mfa_index")


def test_holders_are_told(clinician: Any, administrator: Any, clinic: Any, settings: Any) -> None:
    head, membership = logged_in(administrator), clinician.memberships.get()
    services.create_token(user=clinician, name="x", days=1)
    link = head.post(reverse("accounts:member_link", args=[membership.pk])).context["link"]
    guest = Client()
    page = guest.get(link, follow=True).redirect_chain[-1][0]
    guest.post(page, {"new_password1": NEW, "new_password2": NEW})
    client = with_session(clinician, NEW)
    newer = {"old_password": NEW, "new_password1": f"{NEW} {NEW}", "new_password2": f"{NEW} {NEW}"}
    client.post(reverse("accounts:password"), newer)
    with_app(clinician)
    head.post(reverse("accounts:member_factor", args=[membership.pk]))
    services.change_role(membership=Membership.objects.get(pk=membership.pk), role=Role.REVIEWER)
    told = {
        "token_made",
        "link_made",
        "password_set",
        "tokens_ended",
        "password_changed",
        "factors_reset",
        "role_changed",
    }
    assert set(Notice.objects.filter(user=clinician).values_list("kind", flat=True)) == told
    page = with_session(clinician, f"{NEW} {NEW}").get(PROFILE).content.decode()
    for notice in Notice.objects.filter(user=clinician):
        assert str(notice.get_kind_display()) in page
    assert notices.mail_waiting() == 0 and mail.outbox == [], "no mail server, no mail"
    settings.EMAIL_HOST = "mail.example.org"
    assert notices.mail_waiting() == Notice.objects.filter(user=clinician).count()
    assert {tuple(one.to) for one in mail.outbox} == {(clinician.email,)}
    assert any(clinic.name in one.body for one in mail.outbox)
    assert notices.mail_waiting() == 0, "each once"
