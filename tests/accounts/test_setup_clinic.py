"""`manage.py setup_clinic`: the first clinic and its first administrator."""

from __future__ import annotations

import builtins
import getpass
import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import translation

from clinic.accounts.models import Clinic, Membership, Role, User

from .. import factories

pytestmark = pytest.mark.django_db
SECRET = "four words in a row"
FLAGS = {
    "clinic": "Klinik Melati",
    "time_zone": "Asia/Jakarta",
    "language": "id",
    "email": "Dewi@Example.org",
    "full_name": "Dewi Lestari",
}


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RISORIUS_ADMIN_PASSWORD", SECRET)


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets a test type answers, and passwords, one after the other."""

    def type_(answers: list[str], passwords: list[str] = [SECRET, SECRET]) -> list[str]:  # noqa: B006
        asked: list[str] = []

        def answer(rest: Iterator[str]) -> Any:
            def ask(prompt: str = "") -> str:
                asked.append(prompt)
                try:
                    return next(rest)
                except StopIteration:
                    raise EOFError from None

            return ask

        monkeypatch.setattr(builtins, "input", answer(iter(answers)))
        monkeypatch.setattr(getpass, "getpass", answer(iter(passwords)))
        return asked

    return type_


def run(**options: Any) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("setup_clinic", stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def given(**changes: Any) -> tuple[str, str]:
    return run(no_input=True, **{**FLAGS, **changes})


def nothing_stored() -> bool:
    return not (Clinic.objects.exists() or User.objects.exists() or Membership.objects.exists())


def test_flags_make_a_clinic_and_an_administrator_who_can_log_in(secret, client) -> None:
    out, _err = given()
    assert "Klinik Melati is ready." in out and "dewi@example.org" in out
    membership = Membership.objects.get()
    assert membership.role == Role.ADMINISTRATOR
    clinic, user = membership.clinic, membership.user
    assert (clinic.name, clinic.time_zone, clinic.language) == ("Klinik Melati", "Asia/Jakarta", "id")
    assert (user.email, user.full_name) == ("dewi@example.org", "Dewi Lestari")
    assert not user.is_staff and not user.is_superuser
    assert SECRET not in out
    answer = client.post(reverse("accounts:login"), {"username": user.email, "password": SECRET})
    assert answer.url == reverse("today")
    assert client.get(reverse("accounts:members")).status_code == 200


def test_questions_make_the_same(typing) -> None:
    asked = typing(["Klinik Melati", "Asia/Makassar", "id", "dewi@example.org", "Dewi Lestari"])
    out, _err = run()
    assert "is ready" in out
    assert len(asked) == 7
    assert Clinic.objects.get().time_zone == "Asia/Makassar"
    assert User.objects.get().check_password(SECRET)


def test_an_empty_answer_takes_the_default(typing) -> None:
    typing(["Klinik Melati", "", "", "dewi@example.org", "Dewi"])
    run()
    clinic = Clinic.objects.get()
    assert (clinic.time_zone, clinic.language) == ("Asia/Jakarta", "en")


def test_a_wrong_answer_is_asked_again_with_the_reason(typing) -> None:
    typing(
        ["", "Melati", "Jakarta", "Asia/Jakarta", "klingon", "en", "dewi", "dewi@example.org", " ", "Dewi"],
        ["short", "password1234", SECRET, "mistyped", SECRET, SECRET],
    )
    _out, err = run()
    for sentence in (
        "Please type something.",
        "“Jakarta” is not a time zone.",
        "Please choose one of en, id.",
        "Enter a valid email address.",
        "This password is too short.",
        "The two differ.",
    ):
        assert sentence in err
    assert Clinic.objects.get().name == "Melati"


def test_flags_answer_their_questions(typing) -> None:
    asked = typing([])
    run(**FLAGS)
    assert len(asked) == 2, "the password alone"
    assert User.objects.get().full_name == "Dewi Lestari"


def test_breaking_off_stores_nothing(typing) -> None:
    typing(["Klinik Melati", "Asia/Jakarta"])
    with pytest.raises(CommandError, match="Nothing was stored"):
        run()
    assert nothing_stored()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"time_zone": "Jakarta"}, "Jakarta.* is not a time zone"),
        ({"email": "dewi"}, "valid email address"),
        ({"full_name": ""}, "--full-name"),
        ({"clinic": None}, "--clinic"),
        ({"email": None}, "--email"),
        ({"clinic": "x" * 121}, "at most 120 characters"),
        ({"clinic": "   "}, "cannot be blank"),
    ],
)
def test_wrong_flags_are_one_sentence_and_store_nothing(
    secret, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        given(**changes)
    assert nothing_stored()


def test_without_a_password_nothing_is_stored(monkeypatch) -> None:
    monkeypatch.delenv("RISORIUS_ADMIN_PASSWORD", raising=False)
    with pytest.raises(CommandError, match="RISORIUS_ADMIN_PASSWORD"):
        given()
    assert nothing_stored()


@pytest.mark.parametrize("weak", ["short", "dewi@example.org", "password1234"])
def test_a_weak_password_is_refused(monkeypatch, weak: str) -> None:
    monkeypatch.setenv("RISORIUS_ADMIN_PASSWORD", weak)
    with pytest.raises(CommandError, match="password"):
        given()
    assert nothing_stored()


def test_an_unknown_language_is_refused(secret) -> None:
    with pytest.raises(CommandError, match="language"):
        call_command("setup_clinic", "--no-input", "--language", "tlh")


def test_a_second_clinic_of_a_known_person_keeps_the_password(secret) -> None:
    known = factories.UserFactory(email="dewi@example.org", full_name="Dewi")
    before = known.password
    out, _err = given(full_name=None)
    known.refresh_from_db()
    assert (known.password, known.full_name) == (before, "Dewi")
    membership = known.memberships.get()
    # Their password may be known to another clinic's administrator: the membership begins when they accept it.
    assert (membership.role, membership.accepted_at) == (Role.ADMINISTRATOR, None)
    assert f"/account/invitations/{membership.pk}/" in out


def test_a_known_person_is_not_asked_for_a_name_or_a_password(typing) -> None:
    factories.UserFactory(email="dewi@example.org")
    asked = typing(["Melati", "", "", "DEWI@example.org"], [])
    out, _err = run()
    assert "keeps their password" in out and len(asked) == 4


def test_a_deactivated_person_is_refused(secret) -> None:
    factories.UserFactory(email="dewi@example.org", is_active=False)
    with pytest.raises(CommandError, match="deactivated"):
        given()
    assert not Clinic.objects.exists()
