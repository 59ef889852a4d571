"""Copies of template rows, made inside the database by statements that follow from the models.

`seed_copies` lists the copies: number `k`, template, clinic, clinician (`person`), how far back the dates move
(`shift`), and what names the patient. Identifiers of copies follow from the template's and the copy's number.
"""

from __future__ import annotations

from typing import Any, Final

from django.apps import apps
from django.db import connection, models

from clinic.accounts.models import Clinic, User
from clinic.audit.records import kept
from clinic.patients.models import Patient
from clinic.visits.models import Photo, VisitConfirmation

_ALWAYS_THERE: Final = {("examination.Assessment", "visit")}
"""Links that may be empty, and aren't in the templates."""


def tables() -> list[type[models.Model]]:
    """The models of records, each after those that its path to the patient leads over."""
    found: list[type[models.Model]] = []
    for model in apps.get_models():
        if model._meta.proxy or model in kept().values() or model._meta.app_label in ("audit", "feed"):
            continue
        if path_to_patient(model) is not None:
            found.append(model)
    return sorted(found, key=lambda model: (len(path_to_patient(model) or ()), model._meta.db_table))


def path_to_patient(
    model: type[models.Model], seen: tuple[type[models.Model], ...] = ()
) -> tuple[models.Field[Any, Any], ...] | None:
    """The shortest way of links that lead from a row to its patient, all of them always there."""
    if model is Patient:
        return ()
    ways = []
    for field in model._meta.concrete_fields:
        other = field.remote_field.model if field.remote_field else None
        missing = field.null and (model._meta.label, field.name) not in _ALWAYS_THERE
        if other is None or missing or other in seen or not isinstance(other, type):
            continue
        way = path_to_patient(other, (*seen, model))
        if way is not None:
            ways.append((field, *way))
    return min(ways, key=len, default=None)


def multiply(model: type[models.Model], *, photos_of_one_in: int = 1) -> int:
    """Copy the templates' rows of that table for every copy; how many rows came of it.

    photos_of_one_in: what hangs on photos comes along for one in so many copies only.
    """
    columns = {
        field.column: _value(model, field)
        for field in model._meta.concrete_fields
        if not isinstance(field, models.AutoField)
    }
    joins, at = [], "t"
    way = path_to_patient(model) or ()
    thinned = Photo in {model, *(link.remote_field.model for link in way)}
    only = f" AND c.k % {photos_of_one_in} = 0" if thinned and photos_of_one_in > 1 else ""
    for number, link in enumerate(way):
        table = link.remote_field.model._meta
        joins.append(
            f'JOIN "{table.db_table}" j{number} ON j{number}.{table.pk.column} = {at}."{link.column}"'
        )
        at = f"j{number}"
    names = ", ".join(f'"{name}"' for name in columns)
    return execute(
        f'INSERT INTO "{model._meta.db_table}" ({names}) SELECT {", ".join(columns.values())} '
        f'FROM "{model._meta.db_table}" t {" ".join(joins)} JOIN seed_copies c ON c.template = {at}.id{only}'
    )


def _value(model: type[models.Model], field: models.Field[Any, Any]) -> str:
    """What a copy has in that column, in SQL: `t` is the template's row and `c` the copy."""
    column = f't."{field.column}"'
    named = _NAMED.get((model, field.name))
    if named:
        return named
    other = field.remote_field.model if field.remote_field else None
    if other is Clinic:
        return "c.clinic"
    if other is User:
        return f"CASE WHEN {column} IS NULL THEN NULL ELSE c.person END"
    if field.primary_key or (other is not None and (other is Patient or path_to_patient(other) is not None)):
        return _renumbered(column)
    if isinstance(field, models.DateTimeField):
        return f"{column} + c.shift"
    if isinstance(field, models.DateField) and field.name != "birth_date":
        return f"({column} + c.shift)::date"
    return column


def _renumbered(column: str) -> str:
    return f"md5({column}::text || c.k)::uuid"


def _file(column: str) -> str:
    name = f"md5({column} || c.k)"
    return f"substr({name}, 1, 2) || '/' || {name} || '.jpg'"


_NAMED: Final = {
    (Patient, "record_number"): "c.record_number",
    (Patient, "name"): "c.name",
    (Patient, "sort_name"): "c.sort_name",
    (Patient, "search_text"): "c.search_text",
    (Patient, "phone"): "c.phone",
    (Patient, "archived_at"): "CASE WHEN c.archived THEN now() + c.shift END",
    (Photo, "image"): _file("t.image"),
    (Photo, "thumbnail"): _file("t.thumbnail"),
    (Photo, "original_sha256"): "md5(t.original_sha256 || c.k) || md5(c.k || t.original_sha256)",
    (VisitConfirmation, "analyses"): "coalesce((SELECT jsonb_agg(md5(one || c.k)::uuid) "
    "FROM jsonb_array_elements_text(t.analyses) one), '[]')",
}


def execute(statement: str) -> int:
    """Run a statement; how many rows it was about."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.rowcount)
