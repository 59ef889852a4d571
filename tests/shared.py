"""Records that all tests of a module share: made once, and after each test as they were."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def taken_back() -> Iterator[None]:
    """Whatever is written meanwhile is taken back at the end, and so are the numbers that the log gave meanwhile: one
    that no line has would be missed."""
    with transaction.atomic():
        last = _number_of_log()
        yield
        transaction.set_rollback(True)
    _number_of_log(*last)


def _number_of_log(last: int | None = None, given: bool = True) -> tuple[int, bool]:
    """The last number that the log's sequence gave, and whether it gave it; once it is set to another, if one is
    told."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence('audit_auditevent', 'id')")
        [(sequence,)] = cursor.fetchall()
        if last is not None:
            cursor.execute("SELECT setval(%s, %s, %s)", [sequence, last, given])
        cursor.execute(f"SELECT last_value, is_called FROM {sequence}")
        found: tuple[int, bool] = cursor.fetchone()
        return found
