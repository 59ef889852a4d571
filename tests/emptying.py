"""Empties the tables after a test that committed: those that hold something, where Django's `flush` remakes all."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection, transaction

SMALL = 1_000_000
"""Bytes of a table up to which its rows are deleted; a larger one is made anew, so that nobody reads its dead rows."""


def filled() -> set[str]:
    """The tables that hold a row."""
    asked = " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS (SELECT FROM {connection.ops.quote_name(name)})" for name in _tables()
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return {name for (name,) in cursor.fetchall()}


def empty(*, keep: Collection[str]) -> None:
    """Take every row but those that the migrations brought, after whoever is still writing.

    As `flush`, without triggers, and it begins no count of identifiers anew.
    """
    quoted = connection.ops.quote_name
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {', '.join(map(quoted, _tables()))} IN ACCESS EXCLUSIVE MODE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        gone = sorted(filled() - set(keep))
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relname = ANY(%s) AND pg_relation_size(oid) > %s",
            [gone, SMALL],
        )
        large = [name for (name,) in cursor.fetchall()]
        if large:
            cursor.execute(f"TRUNCATE {', '.join(map(quoted, large))} CASCADE")
        for name in gone:
            if name not in large:
                cursor.execute(f"DELETE FROM {quoted(name)}")


def _tables() -> list[str]:
    return connection.introspection.django_table_names(only_existing=True, include_views=False)
