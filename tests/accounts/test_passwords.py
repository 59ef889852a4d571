"""What a password may be: of every letter there is, long, and stored so that nobody reads it again."""

from __future__ import annotations

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.urls import reverse

pytestmark = pytest.mark.django_db


def refusals(password: str) -> list[str]:
    try:
        validate_password(password)
    except ValidationError as error:
        return [one.code for one in error.error_list]
    return []


@pytest.mark.parametrize(
    "password",
    [
        "twelve words in a row and none of them is a number",
        "x" * 64 + " y",
        "z" * 60 + "ab " * 22 + "cd",
        "sandi rahasia 🙂🙃 ねこ",
        "  blank before and after it  ",
        "111222 444555 777",
    ],
)
def test_long_ones_of_any_letters_are_taken_whole(password, clinician, client):
    assert refusals(password) == []
    clinician.set_password(password)
    clinician.save()
    assert clinician.check_password(password)
    assert not clinician.check_password(password[:-1]), "nothing is cut off"
    fields = {"username": clinician.email, "password": password}
    assert client.post(reverse("accounts:login"), fields).status_code == 302


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("eleven char", "password_too_short"),
        ("ab" + " " * 30 + "cd", "password_too_short"),
        ("m9" * 65, "password_too_long"),
        ("startfinding", "password_too_common"),
    ],
)
def test_short_endless_and_well_known_ones_are_refused(password, code):
    assert code in refusals(password)


def test_they_are_hashed_with_argon2_at_the_cost_that_is_advised():
    """At least 15 MiB and two rounds, each with a salt of its own."""
    hasher = Argon2PasswordHasher()
    assert hasher.memory_cost >= 15 * 1024 and hasher.time_cost >= 2 and hasher.parallelism >= 1
    one, other = (hasher.encode("the same pass phrase", hasher.salt()) for _ in range(2))
    assert one != other and "argon2id" in one
    assert hasher.decode(one)["salt"] != hasher.decode(other)["salt"]
