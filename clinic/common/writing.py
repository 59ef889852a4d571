"""The way in which services put a record away: checked in full, and signed in its history."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models

if TYPE_CHECKING:
    from clinic.accounts.models import User

Errors = dict[str, list[ValidationError]]


def assign(record: models.Model, fields: dict[str, object], allowed: frozenset[str]) -> None:
    """Set the fields that a caller may set, the blanks in texts tidied; TypeError for other fields."""
    for name, value in fields.items():
        if name not in allowed:
            raise TypeError(f"{name} can't be set here")
        field = record._meta.get_field(name)
        if isinstance(field, models.CharField) and isinstance(value, str):
            value = " ".join(value.split())
        elif isinstance(field, models.TextField) and isinstance(value, str):
            value = value.strip()
        setattr(record, name, value)


def errors_of(record: models.Model, *more: Errors, exclude: Iterable[str] = ()) -> Errors:
    """All errors of a record by field: its own fields' and constraints', then those of the rules."""
    found: Errors = {}
    for errors in more:
        for name, messages in errors.items():
            found.setdefault(name, []).extend(messages)
    try:
        # A rule has already said in better words what is wrong with its field.
        record.full_clean(exclude={*exclude, *found})
    except ValidationError as error:
        for name, messages in error.error_dict.items():
            found.setdefault(name, []).extend(messages)
    return found


def save(record: models.Model, *, user: User) -> None:
    """Save a checked record; its history names the user, also where no request is at hand."""
    record._history_user = user  # type: ignore[attr-defined]
    record.save()


def raise_if(errors: Errors) -> None:
    """Raise all of them at once, so that a form shows every mistake and not the first."""
    if errors:
        raise ValidationError(errors)


__all__ = ["NON_FIELD_ERRORS", "Errors", "assign", "errors_of", "raise_if", "save"]
