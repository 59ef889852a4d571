"""The database's own refusal to change or remove a line of the log or of a history: triggers, on both databases.

They are put in place after each `migrate`, since SQLite drops a table's triggers whenever a migration remakes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from .history import kept
from .models import AuditEvent, Seal

FUNCTION = "risorius_append_only"
ERASING = "risorius.erasing"
# A record destroyed after its retention takes its history along; of the log nothing is ever removed.
_FUNCTION = f"""
CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND TG_ARGV[0] = 'history' AND current_setting('{ERASING}', true) = 'on' THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'Rows of % are only ever added', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""


def tables() -> dict[str, str]:
    """The guarded tables, and what each holds: the log or a history."""
    log = dict.fromkeys((AuditEvent._meta.db_table, Seal._meta.db_table), "log")
    return {**log, **{model._meta.db_table: "history" for model in kept().values()}}


def install() -> None:
    """Guard every table that is there; what already stands is put up anew."""
    with transaction.atomic(), connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
        if connection.vendor == "postgresql":
            cursor.execute(_FUNCTION)
        for table, holds in tables().items():
            if table in there:
                for statement in _statements(table, holds):
                    cursor.execute(statement)


def _statements(table: str, holds: str) -> list[str]:
    if connection.vendor == "postgresql":
        return [
            f'CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON "{table}" '
            f"FOR EACH ROW EXECUTE FUNCTION {FUNCTION}('{holds}')",
            f'CREATE OR REPLACE TRIGGER append_only_whole BEFORE TRUNCATE ON "{table}" '
            f"FOR EACH STATEMENT EXECUTE FUNCTION {FUNCTION}('{holds}')",
        ]
    return [
        f'CREATE TRIGGER IF NOT EXISTS "{name}" BEFORE {action} ON "{table}" '
        f"BEGIN SELECT RAISE(ABORT, 'Rows of {table} are only ever added'); END"
        for name, action in _sqlite_names(table)
    ]


def _sqlite_names(table: str) -> list[tuple[str, str]]:
    return [(f"{table}_no_{action.lower()}", action) for action in ("UPDATE", "DELETE")]


def missing() -> list[str]:
    """The tables whose guard is not there, or is switched off."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
                "WHERE t.tgname = 'append_only' AND t.tgenabled <> 'D' AND pg_table_is_visible(c.oid)"
            )
            guarded = {row[0] for row in cursor.fetchall()}
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            names = {row[0] for row in cursor.fetchall()}
            guarded = {t for t in tables() if all(name in names for name, _ in _sqlite_names(t))}
    return sorted(set(tables()) - guarded)


@contextmanager
def erasing() -> Iterator[None]:
    """Let the lines of histories be removed in this transaction: for a record whose retention is over, only."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT set_config(%s, 'on', true)", [ERASING])
            yield
            cursor.execute("SELECT set_config(%s, 'off', true)", [ERASING])
            return
        # SQLite knows no settings of a session, but one writer at a time, and takes back a DROP with the rest.
        for model in kept().values():
            cursor.execute(f'DROP TRIGGER IF EXISTS "{model._meta.db_table}_no_delete"')
        yield
        install()


def allow_truncate() -> None:
    """For the test suite, which empties its tables between tests that commit; never called by the product."""
    for table in tables():
        with connection.cursor() as cursor:
            cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER append_only_whole')
