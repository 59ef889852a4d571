"""The database's own refusal to change or remove a line of the log, of a history, or a statement: triggers, on both
databases.

They are put in place after each `migrate`, since SQLite drops a table's triggers whenever a migration remakes it.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from django.db import connection, models, transaction

from . import statements
from .holdings import HOLDINGS
from .models import AuditEvent, Reason, Seal
from .records import kept

FUNCTION = "risorius_append_only"
DESTROY = "risorius_destroy"
ERASING = "risorius.erasing"
# A record destroyed after its retention takes its history and its statements along, by the hand of the tables' owner
# alone; of the log nothing is ever removed.
_FUNCTION = f"""
CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  closing text[] := CASE WHEN TG_NARGS > 1 THEN string_to_array(TG_ARGV[1], ',') ELSE '{{}}' END;
BEGIN
  IF TG_OP = 'DELETE' AND TG_ARGV[0] <> 'log' AND current_setting('{ERASING}', true) = 'on'
    AND pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'MEMBER') THEN
    RETURN OLD;
  END IF;
  IF TG_OP = 'UPDATE' AND cardinality(closing) > 0 THEN
    IF to_jsonb(OLD) ->> closing[1] IS NULL AND to_jsonb(OLD) - closing = to_jsonb(NEW) - closing THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'Rows of % are only ever added', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""
# The application's role may remove nothing from guarded tables. What retention takes goes by this function, which runs
# as the tables' owner, and only for a record whose erasure is on file and that no legal hold keeps.
_DESTROY = """
CREATE OR REPLACE FUNCTION {function}(place text, wanted uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE gone bigint := 0;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM patients_erasure e WHERE e.patient_id = wanted AND e.destroyed_at IS NULL)
    OR EXISTS (SELECT 1 FROM patients_legalhold h WHERE h.patient_id = wanted AND h.lifted_at IS NULL) THEN
    RAISE EXCEPTION 'This record may not be destroyed' USING ERRCODE = 'restrict_violation';
  END IF;
  PERFORM set_config('{erasing}', 'on', true);
  CASE place
{cases}
  END CASE;
  GET DIAGNOSTICS gone = ROW_COUNT;
  PERFORM set_config('{erasing}', 'off', true);
  RETURN gone;
END $$
"""


@dataclass(frozen=True, slots=True)
class Guard:
    """What a guarded table holds (log, history, statements or reasons), and where its rows may still be closed."""

    holds: str
    closing: tuple[str, ...] = ()
    final: tuple[str, ...] = ()


def tables() -> dict[str, Guard]:
    """The guarded tables."""
    log = dict.fromkeys((AuditEvent._meta.db_table, Seal._meta.db_table), Guard("log"))
    histories = {model._meta.db_table: Guard("history") for model in kept().values()}
    said = {
        one.table._meta.db_table: Guard("statements", one.closing, one.final) for one in statements.STATEMENTS
    }
    return {**log, **histories, **said, Reason._meta.db_table: Guard("reasons")}


def install() -> None:
    """Guard every table that is there; what does not stand as it should is put up anew.

    A trigger waits for whoever writes to its table, and an upgrade comes while people write. So each table is taken by
    itself, and none that is guarded already.
    """
    is_postgresql = connection.vendor == "postgresql"
    # SQLite has one writer at a time, and another must see all guards or none.
    with nullcontext() if is_postgresql else transaction.atomic():
        with transaction.atomic(), connection.cursor() as cursor:
            there = set(connection.introspection.table_names(cursor))
            if is_postgresql:
                cursor.execute(_FUNCTION)
                if set(tables()) <= there:
                    _install_destroy(cursor)
        for table, guard in tables().items():
            if table in there:
                _guard(table, _statements(table, guard))


def _guard(table: str, statements: list[str]) -> None:
    """Run the statements, unless on PostgreSQL what they put up still stands unchanged."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            for statement in statements:
                cursor.execute(statement)
            return
        meant = hashlib.sha256("\n".join(statements).encode()).hexdigest()
        if _standing(cursor, table) == f"{meant} {_put_up(cursor, table)}":
            return
        for statement in statements:
            cursor.execute(statement)
        name = connection.ops.quote_name(table)
        cursor.execute(f"COMMENT ON TRIGGER append_only ON {name} IS '{meant} {_put_up(cursor, table)}'")


def _standing(cursor: Any, table: str) -> str:
    """What was noted of a table's guard when it was put up: a hash of what was meant, and one of what came of it."""
    cursor.execute(
        "SELECT coalesce(obj_description(oid, 'pg_trigger'), '') FROM pg_trigger "
        "WHERE tgrelid = to_regclass(%s) AND tgname = 'append_only'",
        [connection.ops.quote_name(table)],
    )
    row = cursor.fetchone()
    return str(row[0]) if row else ""


def _put_up(cursor: Any, table: str) -> str:
    """A hash of the table's guard as PostgreSQL has it now, switched on or off."""
    cursor.execute(
        "SELECT md5(coalesce(string_agg(tgenabled::text || pg_get_triggerdef(oid), ' ' ORDER BY tgname), '')) "
        "FROM pg_trigger WHERE tgrelid = to_regclass(%s) AND tgname LIKE 'append_only%%'",
        [connection.ops.quote_name(table)],
    )
    return str(cursor.fetchone()[0])


def _install_destroy(cursor: Any) -> None:
    cursor.execute("SELECT current_schema()")
    schema = connection.ops.quote_name(cursor.fetchone()[0])
    cases = []
    for table, query in _destroyed().items():
        sql, params = query.query.sql_with_params()
        # Where two ways lead to a patient, it is named twice.
        assert len(set(params)) == 1 and sql.count("%s") == len(params), "one patient, and nothing else"
        rows = sql.replace("%s", "wanted")
        pk = query.model._meta.pk.column
        cases.append(f'    WHEN \'{table}\' THEN DELETE FROM "{table}" WHERE "{pk}" IN ({rows});')
    body = _DESTROY.format(function=DESTROY, schema=schema, erasing=ERASING, cases="\n".join(cases))
    cursor.execute(body)
    cursor.execute(f"REVOKE ALL ON FUNCTION {DESTROY}(text, uuid) FROM PUBLIC")


def _destroyed() -> dict[str, models.QuerySet[Any]]:
    """The guarded tables that go with a patient, and which of their rows."""
    nobody = uuid.UUID(int=0)
    return {
        one.table._meta.db_table: one.rows(nobody).order_by().values_list("pk")
        for one in HOLDINGS
        if one.table._meta.db_table in tables() and not one.not_destroyed
    }


def _statements(table: str, guard: Guard) -> list[str]:
    final = ", ".join(f"'{state}'" for state in guard.final)
    when = f"OLD.status IN ({final})" if final else ""
    if connection.vendor == "postgresql":
        when = f"WHEN ({when}) " if when else ""
        given = f"'{guard.holds}', '{','.join(guard.closing)}'" if guard.closing else f"'{guard.holds}'"
        return [
            f'CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON "{table}" '
            f"FOR EACH ROW {when}EXECUTE FUNCTION {FUNCTION}({given})",
            f'CREATE OR REPLACE TRIGGER append_only_whole BEFORE TRUNCATE ON "{table}" '
            f"FOR EACH STATEMENT EXECUTE FUNCTION {FUNCTION}('{guard.holds}')",
        ]
    made = []
    for name, action in _sqlite_names(table):
        condition = _unclosed(table, guard) if action == "UPDATE" and guard.closing else when
        made += [
            f'DROP TRIGGER IF EXISTS "{name}"',
            f'CREATE TRIGGER "{name}" BEFORE {action} ON "{table}" {f"WHEN {condition} " if condition else ""}'
            f"BEGIN SELECT RAISE(ABORT, 'Rows of {table} are only ever added'); END",
        ]
    return made


def _unclosed(table: str, guard: Guard) -> str:
    """Anything but filling the closing columns of a row that is open."""
    with connection.cursor() as cursor:
        columns = [one.name for one in connection.introspection.get_table_description(cursor, table)]
    same = " AND ".join(f'OLD."{name}" IS NEW."{name}"' for name in columns if name not in guard.closing)
    return f'NOT (OLD."{guard.closing[0]}" IS NULL AND {same})'


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
    """Let lines of histories and statements be removed in this transaction by the tables' owner: for a record whose
    retention is over, only."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT set_config(%s, 'on', true)", [ERASING])
            yield
            cursor.execute("SELECT set_config(%s, 'off', true)", [ERASING])
            return
        # SQLite knows no settings of a session, but one writer at a time, and takes back a DROP with the rest.
        for table, guard in tables().items():
            if guard.holds != "log":
                cursor.execute(f'DROP TRIGGER IF EXISTS "{table}_no_delete"')
        yield
        install()


def destroy(*, table: str, patient_id: uuid.UUID) -> int | None:
    """Remove a patient's rows from a guarded table, within `erasing`; how many. None where the caller may do it itself:
    the table has no guard, or the database no roles."""
    if connection.vendor != "postgresql" or table not in tables():
        return None
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {DESTROY}(%s, %s)", [table, patient_id])
        return int(cursor.fetchone()[0])


def allow_truncate() -> None:
    """For the test suite, which empties its tables between tests that commit; never called by the product."""
    for table in tables():
        with connection.cursor() as cursor:
            cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER append_only_whole')
