"""One's own name, language, password, tokens, and the choice of clinic."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from knox.models import AuthToken

from clinic.accounts import services
from clinic.accounts.models import Role

from .. import factories
from ..conftest import logged_in
from ..forms import edited

PROFILE, PASSWORD = reverse("accounts:profile"), reverse("accounts:password")
TOKENS = reverse("accounts:tokens")
API = "/api/v1/patients/"
READ = ["patients.read", "results.read"]


def test_name_and_language_are_saved(as_clinician, clinician) -> None:
    answer = as_clinician.post(
        PROFILE, edited(clinician, full_name="  Dr  Sari ", language="id"), follow=True
    )
    clinician.refresh_from_db()
    assert (clinician.full_name, clinician.language) == ("Dr Sari", "id")
    assert '<html lang="id"' in answer.content.decode()
    as_clinician.post(PROFILE, edited(clinician, full_name="Dr Sari", language="clinic"))
    clinician.refresh_from_db()
    assert clinician.language == ""


def test_a_person_has_a_name(as_clinician, clinician) -> None:
    before = clinician.full_name
    page = as_clinician.post(PROFILE, edited(clinician, full_name=" ", language="en")).content.decode()
    assert "This field is required." in page
    clinician.refresh_from_db()
    assert clinician.full_name == before


def test_a_profile_changes_nothing_but_name_and_language(as_clinician, clinician) -> None:
    as_clinician.post(
        PROFILE, {"full_name": "X", "language": "en", "is_staff": "on", "email": "x@example.org"}
    )
    before = clinician.email
    clinician.refresh_from_db()
    assert clinician.email == before and not clinician.is_staff


def change(client: Client, **typed: str) -> Any:
    new = "another long pass phrase"
    fields = {"old_password": factories.PASSWORD, "new_password1": new, "new_password2": new}
    return client.post(PASSWORD, {**fields, **typed})


def test_a_changed_password_keeps_this_session_and_ends_the_others(as_clinician, clinician) -> None:
    other = logged_in(clinician)
    assert change(as_clinician).status_code == 302
    clinician.refresh_from_db()
    assert clinician.check_password("another long pass phrase")
    assert as_clinician.get(PROFILE).status_code == 200
    assert other.get(PROFILE).status_code == 302


@pytest.mark.parametrize(
    "typed",
    [
        {"old_password": "not it"},
        {"new_password2": "something else"},
        {"new_password1": "short", "new_password2": "short"},
        {"new_password1": "passwordpassword", "new_password2": "not the same"},
    ],
)
def test_a_weak_or_mistyped_password_is_refused(as_clinician, clinician, typed: dict[str, str]) -> None:
    assert change(as_clinician, **typed).status_code == 200
    clinician.refresh_from_db()
    assert clinician.check_password(factories.PASSWORD)


def make_token(client: Client, **typed: str) -> str:
    """The text of a new token, as the page shows it."""
    answer = client.post(TOKENS, {"name": "Appointments", "days": "90", "scopes": READ, **typed})
    assert answer.context["made"], answer.context["form"].errors
    return str(answer.context["made"][1])


def test_a_token_is_shown_once_works_and_is_revoked(as_clinician, clinician) -> None:
    text = make_token(as_clinician)
    again = as_clinician.get(TOKENS).content.decode()
    assert text not in again
    assert "Appointments" in again
    api = Client(headers={"Authorization": f"Bearer {text}"})
    assert api.get(API).status_code == 200
    token = AuthToken.objects.get()
    assert token.digest != text, "the text itself is stored nowhere"
    as_clinician.post(reverse("accounts:token_revoke", args=[token.token_key]))
    assert api.get(API).status_code == 401
    assert "No token yet" in as_clinician.get(TOKENS).content.decode()


def test_the_page_says_what_each_token_may_be_used_for(as_administrator, integration) -> None:
    make_token(as_administrator, user=str(integration.pk), scopes=["patients.read", "photos.write"])
    listed = (
        as_administrator.get(TOKENS)
        .content.decode()
        .partition('class="token-scopes"')[2]
        .partition("</ul>")[0]
    )
    assert listed.count("<li>") == 2 and "Upload photos" in listed
    typed = {"name": "X", "days": "30", "user": str(integration.pk), "scopes": ["results.confirm"]}
    refused = as_administrator.post(TOKENS, typed)
    assert refused.context["made"] is None
    assert "a clinician&#x27;s act" in refused.content.decode()


def test_a_token_page_is_not_kept_by_the_browser(as_clinician) -> None:
    assert "no-store" in as_clinician.get(TOKENS).headers["Cache-Control"]


@pytest.mark.parametrize("days", [1, 30, 365])
def test_a_token_ends_when_it_was_said_to(as_clinician, days: int) -> None:
    make_token(as_clinician, days=str(days))
    expiry = AuthToken.objects.get().expiry
    assert abs(expiry - timezone.now() - dt.timedelta(days=days)) < dt.timedelta(minutes=1)


@pytest.mark.parametrize("days", ["0", "366", "31"])
def test_every_token_ends_within_what_the_installation_allows(as_clinician, settings, days: str) -> None:
    settings.TOKEN_DAYS = 30
    page = as_clinician.post(TOKENS, {"name": "X", "days": days, "scopes": READ})
    assert page.context["made"] is None and not AuthToken.objects.exists()
    assert {value for value, _words in page.context["form"].fields["days"].choices} == {"1", "30"}


@pytest.mark.parametrize(
    "typed", [{"name": ""}, {"name": "x" * 61}, {"days": "9999"}, {"scopes": []}, {"scopes": ["everything"]}]
)
def test_a_token_needs_a_name_a_known_span_and_known_scopes(as_clinician, typed: dict[str, Any]) -> None:
    page = as_clinician.post(TOKENS, {"name": "Kept", "days": "90", "scopes": READ, **typed})
    assert page.context["made"] is None
    assert not AuthToken.objects.exists()


def test_nobody_sees_or_revokes_anothers_token(as_clinician, clinic) -> None:
    other = factories.member(clinic)
    label, _text = services.create_token(user=other, name="Not yours", days=30)
    assert "Not yours" not in as_clinician.get(TOKENS).content.decode()
    address = reverse("accounts:token_revoke", args=[label.token.token_key])
    assert as_clinician.post(address).status_code == 404
    assert AuthToken.objects.exists()


def test_an_administrator_makes_tokens_for_the_clinics_integration(
    as_administrator, as_clinician, integration
) -> None:
    text = make_token(as_administrator, user=str(integration.pk))
    assert AuthToken.objects.get().user == integration
    assert Client(headers={"Authorization": f"Bearer {text}"}).get(API).status_code == 200
    # A clinician's form has no such choice, whatever it sends.
    make_token(as_clinician, user=str(integration.pk), name="Mine")
    assert AuthToken.objects.filter(user=integration).count() == 1


def test_no_token_in_the_name_of_a_person_or_of_anothers_integration(
    as_administrator, clinician, clinic
) -> None:
    elsewhere = factories.member(factories.ClinicFactory(), Role.INTEGRATION)
    factories.member(clinic, Role.INTEGRATION)
    for user in (clinician, elsewhere):
        answer = as_administrator.post(
            TOKENS, {"name": "X", "days": "30", "scopes": READ, "user": str(user.pk)}
        )
        assert answer.context["made"] is None
    assert not AuthToken.objects.exists()


def test_the_clinic_is_chosen_among_ones_own(clinician, clinic) -> None:
    second = factories.MembershipFactory(user=clinician, clinic__name="ZZZ Second").clinic
    client, switch = logged_in(clinician), reverse("accounts:switch_clinic")
    page = client.post(switch, {"clinic": str(second.pk)}, follow=True).content.decode()
    assert "You are now in ZZZ Second." in page
    for wrong in (str(factories.ClinicFactory().pk), "nonsense", ""):
        assert client.post(switch, {"clinic": wrong}).status_code == 404
    assert client.get(switch).status_code == 405
    assert client.get(reverse("today")).wsgi_request.clinic == second


def test_a_clinic_that_was_taken_away_is_left_at_once(clinician, clinic) -> None:
    membership = factories.MembershipFactory(user=clinician, clinic__name="ZZZ Second")
    client = logged_in(clinician)
    client.post(reverse("accounts:switch_clinic"), {"clinic": str(membership.clinic_id)})
    membership.is_active = False
    membership.save()
    assert client.get(reverse("today")).wsgi_request.clinic == clinic


def test_days_are_counted_in_the_clinics_time_zone(clinician, clinic) -> None:
    import time_machine

    type(clinic).objects.filter(pk=clinic.pk).update(time_zone="Asia/Jayapura")
    episode = factories.EpisodeFactory(patient__clinic=clinic, onset_date=dt.date(2026, 3, 1))
    # 16:00 UTC on the 7th is already the 8th in Papua: the second week has begun.
    with time_machine.travel(dt.datetime(2026, 3, 7, 16, tzinfo=dt.UTC), tick=False):
        page = (
            logged_in(clinician).get(reverse("patients:record", args=[episode.patient_id])).content.decode()
        )
    assert "week 1" in page


@pytest.mark.parametrize("page", ["profile", "password", "tokens", "clinic", "members"])
def test_ones_own_pages_need_a_login(client, db, page: str) -> None:
    address = reverse(f"accounts:{page}")
    assert client.get(address).url == f"{reverse('accounts:login')}?next={address}"


def test_an_integration_reaches_its_own_tokens(integration) -> None:
    client = logged_in(integration)
    assert client.get(TOKENS).status_code == 200
    assert client.get(PROFILE).status_code == 200
