"""The database of a trial before the first release: what it calls the log, and how far it must have come."""

from __future__ import annotations

import importlib
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from clinic.audit.models import AuditEvent
from tests import factories

names = importlib.import_module("clinic.audit.migrations.0002_names_of_the_log")
pytestmark = pytest.mark.django_db


def everything_named() -> set[tuple[str, str]]:
    """The log's columns, and all indexes, constraints and sequences."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_name LIKE 'audit%' "
            "UNION SELECT 'relation', relname FROM pg_class UNION SELECT 'constraint', conname FROM pg_constraint"
        )
        return set(cursor.fetchall())


def as_in_a_trial() -> None:
    """Give all of it the names of then."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table, renamed in names.CONSTRAINTS.items():
            for old, new in renamed.items():
                cursor.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {new} TO {old}")
        for old, (new, _columns) in names.INDEXES.items():
            cursor.execute(f"ALTER INDEX {new} RENAME TO {old}")
        for old, new in names.COLUMNS.items():
            cursor.execute(f"ALTER TABLE {names.NEW} RENAME COLUMN {new} TO {old}")
        cursor.execute(f"ALTER SEQUENCE {names.NEW}_id_seq RENAME TO {names.OLD}_id_seq")
        cursor.execute(f"ALTER TABLE {names.NEW} RENAME TO {names.OLD}")


def test_a_trial_s_log_goes_on_under_its_true_names() -> None:
    event = AuditEvent.objects.create(user=factories.UserFactory(), kind="login", page="login")
    before = everything_named()
    as_in_a_trial()
    assert everything_named() != before
    names.rename(None, SimpleNamespace(connection=connection))
    assert everything_named() == before
    assert AuditEvent.objects.get(pk=event.pk).kind == "login"
    names.rename(None, SimpleNamespace(connection=connection))  # where nothing is to be done, nothing is


def test_a_database_that_stopped_on_the_way_is_refused_in_words() -> None:
    first = MigrationLoader(None).disk_migrations[("patients", "0001_first_release")]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'patients'")
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, now())", first.replaces[0]
        )
    with pytest.raises(CommandError, match="trial before the first release"):
        call_command("migrate", verbosity=0)


def test_every_room_has_one_migration_but_where_two_rooms_ask_for_each_other() -> None:
    """So a new installation is made in seconds; what comes after the first release comes on top."""
    made = [app for app, name in MigrationLoader(None).disk_migrations if name == "0001_first_release"]
    assert len(made) == len(set(made)) == 10
