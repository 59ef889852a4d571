"""Queries that are asked thousands of times in one shape, and put into SQL once.

What Django needs to turn a query with subqueries into SQL is many times what the database needs to answer it; where a
process asks the same one for every photo, that is most of what it does beside its work.
"""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

_PROBES: Final[Mapping[type[models.Field[Any, Any]], tuple[Any, Any]]] = {
    models.UUIDField: (uuid.UUID(int=1), uuid.UUID(int=2)),
    models.DateTimeField: (dt.datetime(2001, 1, 1, tzinfo=dt.UTC), dt.datetime(2002, 2, 2, tzinfo=dt.UTC)),
}
"""Two values of each kind of argument: where they make a difference is where the argument stands."""


class CompiledQuery:
    """A query of tuples whose SQL is kept for each connection. Call it with its arguments: a list of tuples.

    build: makes the query (`values_list`) from its arguments. settings: names of those that it looks at.
    arguments: the kind of each, a UUIDField or a DateTimeField. An argument may only be compared with: one whose value
    changes the SQL itself, such as None or a list, can't be one.
    """

    def __init__(
        self,
        build: Callable[..., models.QuerySet[Any, Any]],
        *,
        settings: tuple[str, ...] = (),
        **arguments: models.Field[Any, Any],
    ) -> None:
        self._build, self._settings, self._arguments = build, settings, arguments
        # As Django's connections, and gone with their thread.
        self._kept = threading.local()

    def __call__(self, **values: Any) -> list[tuple[Any, ...]]:
        """The rows. TypeError where an argument is missing or not one of its own."""
        if values.keys() != self._arguments.keys():
            raise TypeError(f"The query takes {', '.join(self._arguments)}.")
        database = connections[DEFAULT_DB_ALIAS]
        looked_at = (id(database), *(getattr(settings, name) for name in self._settings))
        kept: dict[Any, _Compiled] = self._kept.__dict__
        if looked_at not in kept:
            kept[looked_at] = self._compile(database)
        return kept[looked_at].rows(
            {name: field.get_db_prep_value(values[name], database) for name, field in self._arguments.items()}
        )

    def _compile(self, database: BaseDatabaseWrapper) -> _Compiled:
        first = {name: _PROBES[type(field)][0] for name, field in self._arguments.items()}
        compiler = self._build(**first).query.get_compiler(connection=database)
        sql, parameters = compiler.as_sql()
        places: dict[int, str] = {}
        for name, field in self._arguments.items():
            other = self._build(**first | {name: _PROBES[type(field)][1]}).query.get_compiler(
                connection=database
            )
            both = zip(parameters, other.as_sql()[1], strict=True)
            found = {place: name for place, (one, another) in enumerate(both) if one != another}
            if not found:
                raise TypeError(f"The query makes no use of {name}.")
            places |= found
        return _Compiled(compiler, sql, tuple(parameters), places)


class _Compiled:
    """The statement of one connection, with the places of the arguments among its parameters."""

    def __init__(
        self, compiler: Any, sql: str, parameters: tuple[Any, ...], places: Mapping[int, str]
    ) -> None:
        self.compiler, self.sql, self.parameters, self.places = compiler, sql, parameters, places

    def rows(self, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        filled = [
            values[self.places[n]] if n in self.places else one for n, one in enumerate(self.parameters)
        ]
        with self.compiler.connection.cursor() as cursor:
            cursor.execute(self.sql, filled)
            found = cursor.fetchall()
        return list(self.compiler.results_iter([found], tuple_expected=True))
