"""No way of writing about accounts, clinics, tokens, consents and confirmations leaves no line in the log.

Pages and API: `tests/matrix/test_matrix.py` sends every address there is and looks for the line. Here: every command,
and every table, so that none that is added later is forgotten.
"""

from __future__ import annotations

import getpass
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command, get_commands
from django.core.management.base import CommandError
from django.db import connection

from clinic.accounts.models import Role, User
from clinic.audit import statements
from clinic.audit.models import AuditEvent, Event
from clinic.audit.records import kept

from .. import factories
from ..accounts.conftest import with_app

WATCHED = ("accounts_", "knox_", "mfa_", "patients_", "visits_", "examination_", "auth_")


@contextmanager
def written() -> Iterator[set[str]]:
    """The tables with people, credentials and records that are written to meanwhile."""
    found: set[str] = set()

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        words = sql.split(maxsplit=3)
        if words[0] in ("INSERT", "UPDATE", "DELETE"):
            table = words[1 if words[0] == "UPDATE" else 2].strip('"')
            if table.startswith(WATCHED):
                found.add(table)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield found


@pytest.fixture
def person(clinic) -> User:
    factories.member(clinic, Role.ADMINISTRATOR)
    return factories.member(clinic, email="sari@example.org")


def setup_clinic(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RISORIUS_ADMIN_PASSWORD", factories.PASSWORD)
    given = {"clinic": "New", "email": "new@example.org", "full_name": "Somebody New", "no_input": True}
    call_command("setup_clinic", **given, stdout=io.StringIO())


def changepassword(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getpass", lambda **_: "another horse battery staple")
    call_command("changepassword", person.email, stdout=io.StringIO())


def reset_second_factor(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    with_app(person)
    call_command("reset_second_factor", person.email, stdout=io.StringIO())


def account(**options: Any) -> Callable[[User, pytest.MonkeyPatch], None]:
    def run(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
        call_command("account", person.email, **options, stdout=io.StringIO())

    return run


def reopen(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)
    call_command("account", person.email, open=True, stdout=io.StringIO())


WAYS: dict[str, tuple[Callable[[User, pytest.MonkeyPatch], None], str]] = {
    "setup_clinic": (setup_clinic, Event.CLINIC_CHANGED),
    "changepassword": (changepassword, Event.PASSWORD_CHANGED),
    "reset_second_factor": (reset_second_factor, Event.FACTOR_REMOVED),
    "account --close": (account(close=True), Event.ACCOUNT_CHANGED),
    "account --open": (reopen, Event.ACCOUNT_CHANGED),
    "account --address": (account(address="other@example.org"), Event.ACCOUNT_CHANGED),
}
# The other commands: what their lines are looked for by, or why there is none.
OTHERS = {
    "createsuperuser": "refuses",
    "audit": "the log itself",
    "database_roles": "rights in the database, of nobody",
    "migrate": "before anybody works",
    "doctor": "looks",
    "fsck": "looks; what it repairs is derived",
    "alert_rules": "prints",
    "rebuild_summaries": "figures made of records",
    "backup": "tests/operations/test_backup.py",
    "restore": "tests/operations/test_backup.py",
    "retention": "tests/rights/test_erasure.py",
    "keys": "tests/rights/test_keys.py",
    "export_training_set": "tests/visits/test_training_set.py",
    "load_demo": "people who don't exist, by the services",
    "demo_reset": "people who don't exist",
    "analyse_photos": "files, and no record",
    "validate_release": "a folder of its own, and no record",
    "score_scale": "answers from a file, and no record",
    "move_photos": "where files lie; what they are stays, by their checksums",
    "model": "its rows of changes are a log that is only added to",
    "reanalyse": "its rows of changes are a log that is only added to; each result has its line",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_command_that_writes_about_people_writes_a_line(person, monkeypatch, way: str) -> None:
    run, kind = WAYS[way]
    newest = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    with written() as tables:
        run(person, monkeypatch)
    assert tables, "it wrote nothing, and proves nothing"
    assert AuditEvent.objects.filter(pk__gt=newest, kind=kind).exists()


def test_no_command_is_left_out() -> None:
    houses = ("clinic.", "inference", "django.contrib.auth")
    ours = {name for name, app in get_commands().items() if app.startswith(houses)}
    assert ours == {way.split()[0] for way in WAYS} | set(OTHERS), (
        "say here how the log hears of what it writes"
    )
    assert get_commands()["changepassword"] == get_commands()["createsuperuser"] == "clinic.accounts"


def test_there_are_no_superusers_to_make(db) -> None:
    with pytest.raises(CommandError, match="setup_clinic"):
        call_command("createsuperuser", "--noinput", "--email", "x@example.org")
    assert not User.objects.filter(email="x@example.org").exists()


def test_a_clinic_keeps_an_open_administrator(clinic, administrator) -> None:
    with pytest.raises(CommandError):
        call_command("account", administrator.email, close=True)
    administrator.refresh_from_db()
    assert administrator.is_active


# Why the tables of these applications that have no history, and are no statements, can't be written unseen.
LOGGED_BY_SERVICES = {
    "accounts.User",
    "accounts.Clinic",
    "accounts.Membership",
    "accounts.ApiToken",
    "accounts.Invitation",
    "knox.AuthToken",
    "mfa.Authenticator",
    "patients.Correction",
    "patients.Restriction",
    "patients.LegalHold",
}
NOT_LOGGED = {
    "accounts.Failures": "counts of wrong passwords; each is a line already",
    "accounts.TokenUse": "when and whence a token was used last; what it did is a line",
    "accounts.Notice": "what the log says, told to the person",
    "account.EmailAddress": "never written: there is no mail",
    "account.EmailConfirmation": "never written: there is no mail",
    "usersessions.UserSession": "sessions; their beginning and end are lines",
}
APPS = ("accounts", "knox", "mfa", "account", "usersessions", "patients", "visits", "examination")


def test_no_table_is_left_out() -> None:
    histories = {model._meta.label for model in kept().values()}
    tracked = {model._meta.label for model in apps.get_models() if hasattr(model, "history")}
    said = {one.table._meta.label for one in statements.STATEMENTS}
    known = histories | tracked | said | LOGGED_BY_SERVICES | set(NOT_LOGGED)
    there = {
        model._meta.label
        for app in APPS
        for model in apps.get_app_config(app).get_models()
        if not model._meta.proxy
    }
    assert there - known == set(), "say here how the log hears of what is written there"
