"""Who changed what of one patient, from what to what."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from clinic.audit.selectors import ONE_GO
from clinic.common.merging import continues
from clinic.patients.models import Consent, ConsentUse, Episode, Patient, Treatment
from clinic.visits import exercises
from clinic.visits.models import Photo, Visit

if TYPE_CHECKING:
    from clinic.accounts.models import User

# Shown as what was done, not as a change of a field.
_ARCHIVED = "archived_at"
_HIDDEN = frozenset({"id", "created_at", "version", "exercise_named", "taken_from", _ARCHIVED})


@dataclass(frozen=True, slots=True)
class RecordChange:
    """One field of one record that someone changed; without a field, the record as a whole."""

    at: dt.datetime
    who: User | None
    record: str
    action: str
    field: str = ""
    before: Any = None
    after: Any = None


def changes(*, patient: Patient) -> list[RecordChange]:
    """Every change of the patient's records, newest first: one entry a field, in six queries."""
    found: list[RecordChange] = []
    for model, name, filters in (
        (Patient, _("Patient"), {"id": patient.pk}),
        (Episode, _("Episode"), {"patient_id": patient.pk}),
        (Treatment, _("Treatment"), {"episode__patient_id": patient.pk}),
        (Visit, _("Visit"), {"patient_id": patient.pk}),
        (Photo, _("Photo"), {"visit__patient_id": patient.pk}),
    ):
        found += _changes_of(model, name, filters)
    found += _consent_changes(patient)
    return sorted(found, key=lambda change: change.at, reverse=True)


def _changes_of(model: Any, name: str, filters: dict[str, Any]) -> list[RecordChange]:
    history = model.history.filter(**filters).select_related("history_user")
    rows: dict[Any, list[Any]] = {}
    for row in history.order_by("history_date", "history_id"):
        rows.setdefault(row.id, []).append(row)
    found: list[RecordChange] = []
    for lines in rows.values():
        if model is Visit:
            lines = _in_one_go(lines)
        for previous, row in zip([None, *lines], lines, strict=False):
            found += _steps(model, name, previous, row)
    return found


def _in_one_go(rows: list[Any]) -> list[Any]:
    """A record's lines without those that the same person's typing went on from within minutes.

    Whatever a page once called saved is still to be read: a line is left out only if the next one holds all of it.
    """
    shown: list[Any] = []
    for row, later in zip(rows, [*rows[1:], None], strict=True):
        if later is None or not _goes_on(shown[-1] if shown else None, row, later):
            shown.append(row)
    return shown


def _goes_on(before: Any, row: Any, later: Any) -> bool:
    """Whether the later line is the same person's typing a little later, with nothing of this one taken back."""
    in_one_go = (
        row.history_type == later.history_type == "~"
        and row.history_user_id == later.history_user_id
        and later.history_date - row.history_date <= ONE_GO
    )
    return in_one_go and all(
        _stays(field, before, row, later) for field in row.tracked_fields if field.name != "version"
    )


def _stays(field: models.Field[Any, Any], before: Any, row: Any, later: Any) -> bool:
    """Whether a reader of the lines before and later sees the field's value in this one."""
    value, then = getattr(row, field.attname), getattr(later, field.attname)
    if value == then or (before is not None and value == getattr(before, field.attname)):
        return True
    return isinstance(field, models.TextField) and continues(value, then)


def _steps(model: type[models.Model], name: str, previous: Any, row: Any) -> list[RecordChange]:
    """What one row of a history says was done since the row before it."""
    head = {"at": row.history_date, "who": row.history_user, "record": name}
    if row.history_type == "-":
        return [RecordChange(**head, action="deleted")]
    if previous is None:
        # A visit's photos are told by the visit; only what happens to them later is worth a line each.
        return [] if model is Photo else [RecordChange(**head, action="created", after=_label(row))]
    found = []
    if hasattr(row, _ARCHIVED) and (row.archived_at is None) != (previous.archived_at is None):
        found.append(RecordChange(**head, action="restored" if row.archived_at is None else "archived"))
    for field in row.tracked_fields:
        old, new = getattr(previous, field.attname), getattr(row, field.attname)
        if field.name not in _HIDDEN and old != new:
            found.append(
                RecordChange(
                    **head,
                    action="changed",
                    field=capfirst(str(field.verbose_name)),
                    before=_shown(previous, field),
                    after=_shown(row, field),
                )
            )
    return found


def _shown(row: Any, field: models.Field[Any, Any]) -> Any:
    """A field's value as a reader knows it: the label of a choice, a person's name, nothing for an empty one."""
    value = getattr(row, field.attname)
    if field.choices:
        return dict(field.flatchoices).get(value, value or "")
    if field.name == "exercise":
        known = exercises.BY_CODE.get(value)
        return known.name if known else value
    if field.is_relation and value is not None:
        return _related(row, field)
    return "" if value is None else value


def _related(row: Any, field: models.Field[Any, Any]) -> str:
    """Another record in a few words: a person's name, an episode's or a visit's date."""
    try:
        other = getattr(row, field.name)
    except ObjectDoesNotExist:
        return ""
    if isinstance(other, Episode):
        return f"{other.get_cause_display()}, {date_format(other.onset_date)}"
    if isinstance(other, Visit):
        return date_format(timezone.localtime(other.at), "DATETIME_FORMAT")
    return str(other)


def _label(row: Any) -> str | Promise:
    """What the new record was, in a word."""
    for attribute in ("get_cause_display", "get_kind_display"):
        if hasattr(row, attribute):
            return getattr(row, attribute)()
    if isinstance(row, Visit.history.model):
        return date_format(timezone.localtime(row.at), "DATETIME_FORMAT")
    return ""


def _consent_changes(patient: Patient) -> list[RecordChange]:
    found = []
    rows = Consent.objects.filter(patient=patient).select_related("recorded_by", "revoked_by")
    for consent in rows:
        use = ConsentUse(consent.use).label
        found.append(
            RecordChange(
                at=consent.created_at, who=consent.recorded_by, record=_("Consent"), action="given", after=use
            )
        )
        if consent.revoked_at is not None:
            found.append(
                RecordChange(
                    at=consent.revoked_at,
                    who=consent.revoked_by,
                    record=_("Consent"),
                    action="revoked",
                    before=use,
                )
            )
    return found
