"""No migration stops a clinic: none locks a table in use for long, none breaks the version that still runs beside it.

django-migration-linter reads the SQL; what it doesn't know stands here. `docs/operations.md` says how to write one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from unittest import mock

import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState
from django_migration_linter.sql_analyser import analyse_sql_statements, get_sql_analyser_class

OUR_APPS = ("accounts", "feed", "patients", "visits", "recovery", "audit", "operations", "inference")
LOCKS = re.compile(r'ALTER TABLE "(\w+)" ADD CONSTRAINT .*(?:CHECK|FOREIGN KEY|EXCLUDE)')
TYPE = re.compile(r'ALTER TABLE "(\w+)" ALTER COLUMN "\w+" TYPE')

pytestmark = pytest.mark.django_db


def ours() -> Iterator[tuple[str, Migration]]:
    loader = MigrationLoader(None)
    for (app, name), migration in sorted(loader.disk_migrations.items()):
        if app in OUR_APPS:
            yield f"{app}.{name}", migration


def sql_of(migration: Migration, before: ProjectState) -> list[str]:
    """What PostgreSQL would be told, one statement an item."""
    # Nothing is executed, so that the test's own transaction is no obstacle to what must stand outside of one.
    outside = mock.patch.object(
        connection, "in_atomic_block", connection.in_atomic_block and migration.atomic
    )
    with outside, connection.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
        migration.apply(before.clone(), editor, collect_sql=True)
    statements = [line for line in editor.collected_sql if not line.startswith("--")]
    return ["BEGIN;", *statements, "COMMIT;"] if migration.atomic else statements


def problems(migration: Migration, before: ProjectState) -> list[str]:
    """Why the migration can't be run while people work and the old version answers them."""
    statements = sql_of(migration, before)
    made = {table for line in statements for table in re.findall(r'^CREATE TABLE "(\w+)"', line)}
    errors, _ignored, warnings = analyse_sql_statements(get_sql_analyser_class("postgresql"), statements)
    found = [f"{issue.code}: {issue.message}" for issue in (*errors, *warnings)]
    for line in statements:
        for pattern, why in (
            (LOCKS, "ADD_CONSTRAINT: checks every row under a lock; add it NOT VALID, validate it later"),
            (TYPE, "ALTER_COLUMN_TYPE: may write the whole table anew"),
        ):
            for table in pattern.findall(line):
                if table not in made and "NOT VALID" not in line:
                    found.append(f"{why} ({table})")
    kinds = {isinstance(one, (migrations.RunPython, migrations.RunSQL)) for one in migration.operations}
    if len(kinds) > 1 and any(isinstance(one, migrations.RunPython) for one in migration.operations):
        found.append("RUNPYTHON_WITH_DDL: rows are changed under the lock of the change of the table")
    if any(isinstance(one, migrations.RunPython) and not one.reversible for one in migration.operations):
        found.append("RUNPYTHON_ONE_WAY: give it a way back, if only migrations.RunPython.noop")
    return sorted(set(found))


@pytest.fixture(scope="module")
def linted(django_db_setup, django_db_blocker) -> dict[str, list[str]]:
    with django_db_blocker.unblock():
        loader = MigrationLoader(None)
        return {
            name: problems(
                migration, loader.project_state((migration.app_label, migration.name), at_end=False)
            )
            for name, migration in ours()
        }


def test_migrations_lock_no_table_in_use(linted: dict[str, list[str]]) -> None:
    wrong = {name: found for name, found in linted.items() if found}
    assert wrong == {}, "docs/operations.md, “Writing a migration”, says how to do it in steps"


class Migrations:
    """Changes of a table in use, as somebody might write them."""

    NOTE = models.CharField(max_length=9, default="", db_default="")
    WRONG = {
        "NOT_NULL": [migrations.AddField("visit", "note", models.CharField(max_length=9, default=""))],
        "DROP_COLUMN": [migrations.RemoveField("visit", "impression")],
        "RENAME_COLUMN": [migrations.RenameField("visit", "impression", "look")],
        "CREATE_INDEX": [migrations.AddIndex("visit", models.Index(fields=["grade"], name="by_grade"))],
        "ADD_UNIQUE": [
            migrations.AddConstraint("visit", models.UniqueConstraint(fields=["grade"], name="one_grade"))
        ],
        "ADD_CONSTRAINT": [
            migrations.AddConstraint(
                "visit", models.CheckConstraint(condition=models.Q(grade__lt=9), name="small_grade")
            )
        ],
        "ALTER_COLUMN_TYPE": [migrations.AlterField("visit", "grade", models.BigIntegerField(null=True))],
        "RUNPYTHON_WITH_DDL": [
            migrations.AddField("visit", "note", NOTE),
            migrations.RunPython(migrations.RunPython.noop, migrations.RunPython.noop),
        ],
        "RUNPYTHON_ONE_WAY": [migrations.RunPython(migrations.RunPython.noop)],
    }
    RIGHT = {
        "a column with a default of the database": [migrations.AddField("visit", "note", NOTE)],
        "a column that may be empty": [
            migrations.AddField("visit", "note", models.CharField(max_length=9, null=True))
        ],
        "an index beside the work": [
            AddIndexConcurrently("visit", models.Index(fields=["grade"], name="by_grade"))
        ],
        "a constraint for new rows": [
            AddConstraintNotValid(
                "visit", models.CheckConstraint(condition=models.Q(grade__lt=9), name="small_grade")
            )
        ],
        "a table of its own": [
            migrations.CreateModel(
                "Extra", [("id", models.BigAutoField(primary_key=True)), ("at", models.DateField())]
            )
        ],
        "rows alone": [migrations.RunPython(migrations.RunPython.noop, migrations.RunPython.noop)],
    }


def written(operations: list[migrations.operations.base.Operation]) -> list[str]:
    migration = Migration("9999_tried_out", "visits")
    migration.operations = operations
    migration.atomic = not any(getattr(one, "atomic", True) is False for one in operations)
    return problems(migration, MigrationLoader(None).project_state())


@pytest.mark.parametrize("code", Migrations.WRONG)
def test_a_dangerous_migration_is_found(code: str) -> None:
    assert [found for found in written(Migrations.WRONG[code]) if found.startswith(code)]


@pytest.mark.parametrize("what", Migrations.RIGHT)
def test_a_harmless_migration_is_let_through(what: str) -> None:
    assert written(Migrations.RIGHT[what]) == []
