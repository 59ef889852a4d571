"""What a clinic's administrators keep: members, their access, and the clinic's settings."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic.accounts import services
from clinic.accounts.models import Membership, Role, User

from .. import factories
from ..conftest import logged_in
from ..forms import edited

MEMBERS, CLINIC = reverse("accounts:members"), reverse("accounts:clinic")


def url(name: str, membership: Membership) -> str:
    return reverse(f"accounts:{name}", args=[membership.pk])


def of(user: Any, clinic: Any) -> Membership:
    return Membership.objects.get(user=user, clinic=clinic)


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.REVIEWER, Role.INTEGRATION])
def test_only_administrators_keep_members_and_settings(clinic, administrator, role: str) -> None:
    client, membership = logged_in(factories.member(clinic, role)), of(administrator, clinic)
    expected = {404} if role == Role.INTEGRATION else {403}  # whom the pages know no clinic for
    assert {client.get(address).status_code for address in (MEMBERS, CLINIC, url("member", membership))} == (
        expected
    )
    for name in ("member", "member_active", "member_link"):
        assert (
            client.post(url(name, membership), {"role": "reviewer", "active": "no"}).status_code in expected
        )
    membership.refresh_from_db()
    assert membership.is_active and membership.role == Role.ADMINISTRATOR


def test_members_of_another_clinic_are_not_found(as_administrator, stranger) -> None:
    membership = stranger.memberships.get()
    assert stranger.full_name not in as_administrator.get(MEMBERS).content.decode()
    assert as_administrator.get(url("member", membership)).status_code == 404
    for name in ("member", "member_active", "member_link"):
        answer = as_administrator.post(url(name, membership), {"role": "reviewer", "active": "no"})
        assert answer.status_code == 404
    membership.refresh_from_db()
    assert membership.is_active and membership.role == Role.CLINICIAN


def add(client: Client, **typed: str) -> Any:
    fields = {"email": "Wati@Example.org", "full_name": "Wati", "role": "clinician"}
    return client.post(MEMBERS, {**fields, **typed})


def test_a_new_member_sets_a_password_by_a_link_and_logs_in(as_administrator, clinic) -> None:
    add(as_administrator)
    user = User.objects.get(email="wati@example.org")
    membership = of(user, clinic)
    page = as_administrator.get(url("member", membership)).content.decode()
    assert "has no password yet" in page
    link = as_administrator.post(url("member_link", membership)).context["link"]
    guest, new = Client(), "four words in a row"
    form = guest.get(link, follow=True)
    assert user.email in form.content.decode()
    set_url = form.redirect_chain[-1][0]
    assert link.rsplit("/", 2)[1] not in set_url, "the secret leaves the address bar"
    short = guest.post(set_url, {"new_password1": "short", "new_password2": "short"})
    assert short.status_code == 200
    guest.post(set_url, {"new_password1": new, "new_password2": new})
    answer = guest.post(reverse("accounts:login"), {"username": user.email, "password": new})
    assert answer.url == reverse("today")
    again = Client().get(link, follow=True)
    assert "This link no longer works" in again.content.decode()


def test_a_password_set_by_a_link_ends_the_tokens(as_administrator, clinic, clinician) -> None:
    _label, token = services.create_token(user=clinician, name="Program", days=30)
    program = {"authorization": f"Bearer {token}"}
    assert Client().get("/api/v1/patients/", headers=program).status_code == 200
    link = as_administrator.post(url("member_link", of(clinician, clinic))).context["link"]
    guest = Client()
    set_url = guest.get(link, follow=True).redirect_chain[-1][0]
    new = "four words in a row"
    guest.post(set_url, {"new_password1": new, "new_password2": new})
    assert Client().get("/api/v1/patients/", headers=program).status_code == 401


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"email": "nonsense"}, "Enter a valid email address."),
        ({"full_name": ""}, "This field is required."),
        ({"role": "king"}, "Select a valid choice."),
    ],
)
def test_a_member_is_not_added_by_halves(as_administrator, typed: dict[str, str], sentence: str) -> None:
    people = User.objects.count()
    page = add(as_administrator, **typed).content.decode()
    assert sentence in page
    assert ("Wati" in page) is ("full_name" not in typed) or "wati" in page.lower()
    assert User.objects.count() == people


def test_a_member_is_a_member_once(as_administrator, clinician) -> None:
    page = add(as_administrator, email=clinician.email.upper()).content.decode()
    assert "already a member" in page


def test_someone_from_another_clinic_keeps_name_and_password(as_administrator, clinic, stranger) -> None:
    before = (stranger.full_name, stranger.password)
    add(as_administrator, email=stranger.email, full_name="Renamed")
    stranger.refresh_from_db()
    assert (stranger.full_name, stranger.password) == before
    membership = of(stranger, clinic)
    page = as_administrator.get(url("member", membership)).content.decode()
    assert stranger.full_name not in page, "whose address that is, only its holder tells"
    # A link for a password would open the other clinic's records too; this one opens nothing by itself.
    link = as_administrator.post(url("member_link", membership)).context["link"]
    assert f"/account/invitations/{membership.pk}/" in link


def test_a_role_is_changed_and_counts_at_once(as_administrator, clinic, clinician, as_clinician) -> None:
    as_administrator.post(
        url("member", of(clinician, clinic)), edited(of(clinician, clinic), role="reviewer")
    )
    assert as_clinician.get(reverse("patients:new")).status_code == 403
    as_administrator.post(
        url("member", of(clinician, clinic)), edited(of(clinician, clinic), role="clinician")
    )
    assert as_clinician.get(reverse("patients:new")).status_code == 302, "a rise ends the sessions"
    assert logged_in(User.objects.get(pk=clinician.pk)).get(reverse("patients:new")).status_code == 200


def test_access_is_taken_away_at_once_and_given_back(as_administrator, clinic, clinician, patient) -> None:
    client, membership = logged_in(clinician), of(clinician, clinic)
    record = reverse("patients:record", args=[patient.pk])
    assert client.get(record).status_code == 200
    as_administrator.post(url("member_active", membership), {"active": "no"})
    assert client.get(record).status_code == 403
    assert User.objects.filter(pk=clinician.pk).exists()
    as_administrator.post(url("member_active", membership), {"active": "yes"})
    assert client.get(record).status_code == 200


def test_a_clinic_keeps_an_administrator(as_administrator, administrator, clinic) -> None:
    membership = of(administrator, clinic)
    page = as_administrator.post(
        url("member", membership), edited(membership, role="clinician")
    ).content.decode()
    assert "A clinic needs at least one administrator." in page
    page = as_administrator.post(url("member_active", membership), {"active": "no"}, follow=True)
    assert "A clinic needs at least one administrator." in page.content.decode()
    membership.refresh_from_db()
    assert membership.role == Role.ADMINISTRATOR and membership.is_active
    factories.member(clinic, Role.ADMINISTRATOR)
    as_administrator.post(url("member", membership), edited(membership, role="clinician"))
    membership.refresh_from_db()
    assert membership.role == Role.CLINICIAN


def test_a_deactivated_administrator_does_not_count(as_administrator, administrator, clinic) -> None:
    factories.member(clinic, Role.ADMINISTRATOR, is_active=False)
    as_administrator.post(url("member_active", of(administrator, clinic)), {"active": "no"})
    assert of(administrator, clinic).is_active


def test_the_clinics_settings_are_saved(as_administrator, clinic) -> None:
    typed = {"name": "Klinik Melati", "time_zone": "Asia/Makassar", "language": "id", "idle_minutes": "15"}
    as_administrator.post(CLINIC, edited(clinic, typed))
    clinic.refresh_from_db()
    assert (clinic.name, clinic.time_zone, clinic.language) == ("Klinik Melati", "Asia/Makassar", "id")


@pytest.mark.parametrize(
    "typed", [{"name": " "}, {"time_zone": "Mars/Olympus"}, {"language": "tlh"}, {"name": "x" * 121}]
)
def test_wrong_settings_are_refused_and_kept_in_the_form(as_administrator, clinic, typed) -> None:
    good = {"name": "Klinik Melati", "time_zone": "Asia/Makassar", "language": "id", "idle_minutes": "15"}
    answer = as_administrator.post(CLINIC, edited(clinic, {**good, **typed}))
    assert answer.status_code == 200
    before = clinic.name
    clinic.refresh_from_db()
    assert clinic.name == before
    if "name" not in typed:
        assert "Klinik Melati" in answer.content.decode()
