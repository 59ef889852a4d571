"""The way in which services put a record away: checked in full, and signed in its history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models, transaction

from .fields import derived_fields
from .models import Versioned
from .versions import Basis, Conflict, lock, merge, tidy

if TYPE_CHECKING:
    from clinic.accounts.models import User

Errors = dict[str, list[ValidationError]]


def assign(
    record: models.Model,
    fields: Mapping[str, object],
    allowed: frozenset[str],
    *,
    based_on: Basis | None = None,
) -> list[str]:
    """Set the fields that a caller may set, texts tidied; the names of those that are changed by it.

    based_on: the version that the caller's values started from: what only others changed since then stays theirs,
    and Conflict is raised where both did. TypeError for a field that is not allowed.
    """
    values = {}
    for name, value in fields.items():
        if name not in allowed:
            raise TypeError(f"{name} can't be set here")
        values[name] = tidy(record._meta.get_field(name), value)
    if based_on is not None:
        values = merge(record, values, based_on)
    changed = [name for name, value in values.items() if getattr(record, name) != value]
    for name, value in values.items():
        setattr(record, name, value)
    return changed


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


def save(record: models.Model, *, user: User | None, only: Iterable[str] | None = None) -> None:
    """Save a checked record; its history names the user, also where no request is at hand.

    A record with versions gets its next one. Conflict if it isn't, any more, what it was when it was read: of two who
    save at once only the first can; `lock` it before it is changed, and that doesn't happen.
    only: the fields that are written, all if left out.
    """
    record._history_user = user  # type: ignore[attr-defined]  # simple-history reads it
    if not isinstance(record, Versioned) or record._state.adding:
        record.save()
        return
    with transaction.atomic():
        read = record.__class__._base_manager.filter(pk=record.pk, version=record.version)
        if not read.update(version=models.F("version") + 1):
            raise Conflict(record)
        record.version += 1
        try:
            record.save(update_fields=None if only is None else [*only, *derived_fields(record), "version"])
        except BaseException:
            record.version -= 1
            raise


def raise_if(errors: Errors) -> None:
    """Raise all of them at once, so that a form shows every mistake and not the first."""
    if errors:
        raise ValidationError(errors)


__all__ = [
    "NON_FIELD_ERRORS",
    "Basis",
    "Conflict",
    "Errors",
    "assign",
    "errors_of",
    "lock",
    "raise_if",
    "save",
]
