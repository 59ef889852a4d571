"""Accounts, memberships and tokens of before credentials belonged to a clinic, as the migration leaves them."""

from __future__ import annotations

import datetime as dt
import importlib
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.hashers import is_password_usable, make_password
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

pytestmark = pytest.mark.django_db
BEFORE = ("accounts", "0008_tokens_invitations_notices")
settle = importlib.import_module("clinic.accounts.migrations.0009_holders_accept").settle


@pytest.fixture
def old() -> SimpleNamespace:
    """Makers of rows by the models of then. The migration changes no column, so the tables are those of then too."""
    loader = MigrationLoader(connection)
    later = {
        name for app, name in loader.disk_migrations if app == "accounts" and name > "0009_holders_accept"
    }
    assert later <= {"0010_more_notices"}, "one that changes a column: migrate back instead"
    apps = loader.project_state([BEFORE, ("knox", "0009_extend_authtoken_field")]).apps
    models = SimpleNamespace(apps=apps, now=timezone.now())
    for name in ("Clinic", "User", "Membership", "ApiToken"):
        setattr(models, name, apps.get_model("accounts", name))
    models.AuthToken = apps.get_model("knox", "AuthToken")
    models.a, models.b = (models.Clinic.objects.create(name=name) for name in ("A", "B"))
    return models


def person(old: Any, name: str) -> Any:
    return old.User.objects.create(
        email=f"{name}@example.org", full_name=name, password=make_password("a-long-way-to-the-sea-71")
    )


def member(old: Any, user: Any, clinic: Any, role: str = "clinician", **fields: Any) -> Any:
    return old.Membership.objects.create(user=user, clinic=clinic, role=role, **fields)


def token(old: Any, user: Any, *, name: str = "old", days: int | None = 30, clinic: Any = None) -> Any:
    digest = f"{old.AuthToken.objects.count():0128d}"
    expiry = None if days is None else old.now + dt.timedelta(days=days)
    made = old.AuthToken.objects.create(digest=digest, token_key=digest[-8:], user=user, expiry=expiry)
    if name:
        old.ApiToken.objects.create(token=made, name=name, scopes="patients.read", clinic=clinic)
    return made


def test_who_was_a_member_has_accepted_when_it_was_made(old) -> None:
    mine = member(old, person(old, "ani"), old.a)
    later = member(old, person(old, "budi"), old.a, accepted_at=old.now)
    settle(old.apps, None)
    mine.refresh_from_db()
    later.refresh_from_db()
    assert mine.accepted_at == mine.created_at and later.accepted_at == old.now


def test_who_was_a_person_and_another_system_stays_a_person_alone(old) -> None:
    both = person(old, "ani")
    system, clinician = member(old, both, old.a, "integration"), member(old, both, old.b)
    settle(old.apps, None)
    system.refresh_from_db()
    clinician.refresh_from_db()
    both.refresh_from_db()
    assert (system.role, system.is_active, system.version) == ("reviewer", False, 2)
    assert (clinician.role, clinician.is_active) == ("clinician", True)
    assert is_password_usable(both.password)


def test_another_system_has_no_password_and_stays_with_its_first_clinic_in_use(old) -> None:
    system, human = person(old, "robot"), person(old, "ani")
    ended = member(old, system, old.a, "integration", is_active=False)
    kept = member(old, system, old.b, "integration")
    member(old, human, old.a)
    third = member(old, system, old.Clinic.objects.create(name="C"), "integration")
    settle(old.apps, None)
    for row in (ended, kept, third, system, human):
        row.refresh_from_db()
    assert not is_password_usable(system.password) and is_password_usable(human.password)
    assert [row.is_active for row in (ended, kept, third)] == [False, True, False]


def test_a_token_speaks_for_its_users_only_clinic_and_ends_within_a_year(old) -> None:
    ani = person(old, "ani")
    member(old, ani, old.a)
    member(old, ani, old.b, is_active=False)
    forever, long, short = (token(old, ani, days=days) for days in (None, 4000, 30))
    settle(old.apps, None)
    year = timezone.now() + dt.timedelta(days=365)
    for row in (forever, long, short):
        row.refresh_from_db()
        assert old.ApiToken.objects.get(token=row).clinic_id == old.a.pk
    assert all(abs(row.expiry - year) < dt.timedelta(minutes=1) for row in (forever, long))
    assert short.expiry == old.now + dt.timedelta(days=30)


def test_a_token_whose_clinic_nobody_can_tell_ends(old) -> None:
    two, none, bare = (person(old, name) for name in ("ani", "budi", "citra"))
    member(old, two, old.a)
    member(old, two, old.b)
    member(old, none, old.a, is_active=False)
    member(old, bare, old.a)
    for user, name in ((two, "of two"), (none, "of none"), (bare, "")):
        token(old, user, name=name)
    settle(old.apps, None)
    assert not old.AuthToken.objects.exists() and not old.ApiToken.objects.exists()


def test_a_second_run_changes_nothing(old) -> None:
    ani, robot = person(old, "ani"), person(old, "robot")
    member(old, ani, old.a)
    member(old, robot, old.a, "integration")
    token(old, ani)
    settle(old.apps, None)

    def rows() -> list[Any]:
        tables = (old.Membership, old.ApiToken)
        ends = old.AuthToken.objects.values_list("digest", "expiry")
        return [sorted(map(str, table.objects.values_list())) for table in tables] + [sorted(ends)]

    before = rows()
    settle(old.apps, None)
    assert rows() == before
