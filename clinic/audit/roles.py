"""Two roles of PostgreSQL: the tables' owner, who applies migrations, and the application, who owns nothing.

Whoever gets hold of the application's password can add to the log and to statements, and neither change nor remove a
line of them: the database asks for rights that this role hasn't, before any trigger. `manage.py database_roles` makes
it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from . import guards

ATTRIBUTES = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT"


class RoleProblem(Exception):
    """The role can't be made so; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What the role may do by which this process came in."""

    role: str
    is_superuser: bool
    owns_log: bool
    changeable: tuple[str, ...]
    """Guarded tables of which it may change or remove any row."""


def is_used() -> bool:
    """Whether the database knows roles at all."""
    return connection.vendor == "postgresql"


def exists(role: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        return cursor.fetchone() is not None


def rights() -> Rights:
    """Of the role that the settings name. PostgreSQL alone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")
        role, is_superuser = cursor.fetchone()
        cursor.execute(
            "SELECT c.relname, pg_has_role(c.relowner, 'MEMBER'), "
            "has_table_privilege(c.oid, 'UPDATE'), has_table_privilege(c.oid, 'DELETE, TRUNCATE') "
            "FROM pg_class c WHERE c.relname = ANY(%s) AND c.relkind = 'r' AND pg_table_is_visible(c.oid)",
            [list(guards.tables())],
        )
        rows = cursor.fetchall()
    tables = guards.tables()
    changeable = [
        name for name, _owns, update, remove in rows if remove or (update and not tables[name].final)
    ]
    return Rights(role, is_superuser, any(owns for _name, owns, *_ in rows), tuple(sorted(changeable)))


def make(*, role: str, password: str = "") -> bool:
    """Make the application's role, or take from it what it should not have; whether it is new. Raises RoleProblem."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        if cursor.fetchone()[0] == role:
            raise RoleProblem(
                f"{role} is the role by which this command came in: the application needs another one than the owner."
            )
        cursor.execute(
            "SELECT 1 FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname = %s LIMIT 1",
            [role],
        )
        if cursor.fetchone():
            raise RoleProblem(
                f"{role} owns tables: the application's role must own nothing. Name another one."
            )
        is_new = not exists(role)
        cursor.execute(f"{'CREATE' if is_new else 'ALTER'} ROLE {_quoted(role)} {ATTRIBUTES}")
        if password:
            cursor.execute(f"ALTER ROLE {_quoted(role)} PASSWORD %s", [password])
    return is_new


def grant(*, role: str) -> None:
    """Give the role what the application needs: all of ordinary tables, and of guarded ones to read and to add."""
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in grants(role):
            cursor.execute(statement)


def grant_if_there() -> bool:
    """The same after each `migrate`, where there are roles and the application's is one; whether it was."""
    role = settings.APPLICATION_ROLE
    if not is_used() or not role or not exists(role):
        return False
    grant(role=role)
    return True


def grants(role: str) -> list[str]:
    """The statements, for the tables' owner to run."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database(), current_schema()")
        database, schema = (_quoted(name) for name in cursor.fetchone())
        there = set(connection.introspection.table_names(cursor))
    to = _quoted(role)
    found = [
        f"GRANT CONNECT ON DATABASE {database} TO {to}",
        f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC",
        f"REVOKE CREATE ON SCHEMA {schema} FROM {to}",
        f"GRANT USAGE ON SCHEMA {schema} TO {to}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {to}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {to}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {to}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE, SELECT ON SEQUENCES TO {to}",
    ]
    if "django_migrations" in there:
        found.append(f"REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {to}")
    for table, guard in guards.tables().items():
        if table not in there:
            continue
        name = _quoted(table)
        found.append(f"REVOKE UPDATE, DELETE, TRUNCATE ON {name} FROM {to}")
        if guard.final:
            # Until a result is final it is written in place; from then on the trigger refuses.
            found.append(f"GRANT UPDATE ON {name} TO {to}")
        elif guard.closing:
            found.append(f"GRANT UPDATE ({', '.join(map(_quoted, guard.closing))}) ON {name} TO {to}")
    if set(guards.tables()) <= there:
        found.append(f"GRANT EXECUTE ON FUNCTION {guards.DESTROY}(text, uuid) TO {to}")
    return found


def advice() -> list[tuple[str, str]]:
    """What is wrong with the role that serves patients, each with its remedy; nothing where there are no roles."""
    if not is_used():
        return []
    found = rights()
    way = (
        "Make a role for the application (manage.py database_roles, as the owner) and put it into "
        "RISORIUS_DATABASE_URL; the owner's is for migrate and restore alone (docs/operations.md)."
    )
    if found.is_superuser:
        return [
            (
                f"The database's role {found.role} is a superuser: whoever gets its password has the database's "
                "machine, and can rewrite the log.",
                way,
            )
        ]
    if found.owns_log:
        return [
            (
                f"The database's role {found.role} owns the tables: whoever gets its password can rewrite the log.",
                way,
            )
        ]
    if found.changeable:
        return [
            (
                f"The database's role {found.role} may change what is only ever added to: "
                f"{', '.join(found.changeable)}.",
                "Run manage.py database_roles as the owner.",
            )
        ]
    return []


def _quoted(name: str) -> str:
    quoted: Any = connection.ops.quote_name(name.replace('"', ""))
    return str(quoted)
