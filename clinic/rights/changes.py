"""Who changed what of one patient, from what to what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from clinic.audit.selectors import ONE_GO
from clinic.common.merging import continues
from clinic.patients.models import Consent, ConsentUse, Episode, Patient, Treatment
from clinic.patients.treatment_words import injection_words
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
    """Every change of the patient's records, newest first: one entry a field."""
    found = _consent_changes(patient)
    for part in _parts(patient):
        found += part.changes(part.told().values("id"))
    return _sorted(found)


def changes_page(
    *, patient: Patient, before: dt.datetime | None, size: int
) -> tuple[list[RecordChange], dt.datetime | None]:
    """So many changes, newest first, from before that moment on, and the moment from which on the next ones go, where
    there are more. What was changed at one moment stays together, so that there may be a few more.

    Of each kind of record the newest lines of the history are looked for, and only the records that they belong to are
    read: a line says what it was before.
    """
    parts, consents, most = _parts(patient), _consent_changes(patient), size + 1
    while True:
        found, since = list(consents), None
        for part in parts:
            told = part.told() if before is None else part.told().filter(history_date__lt=before)
            newest = list(told.values_list("id", "history_date")[:most])
            found += part.changes({pk for pk, _at in newest})
            if len(newest) == most:
                # Of what was at that very moment not all may be there.
                since = max(filter(None, (since, newest[-1][1])))
        shown = [
            one
            for one in _sorted(found)
            if (before is None or one.at < before) and (since is None or one.at > since)
        ]
        if since is None or len(shown) > size:
            break
        most *= 4
    end = next((n for n in range(size, len(shown)) if shown[n].at != shown[n - 1].at), len(shown))
    more = end < len(shown) or since is not None
    return shown[:end], shown[end - 1].at if more else None


def _sorted(found: Iterable[RecordChange]) -> list[RecordChange]:
    return sorted(found, key=lambda change: change.at, reverse=True)


@dataclass(frozen=True, slots=True)
class _Part:
    """One kind of the patient's records. filters: by which their history is found."""

    model: Any
    name: str
    filters: dict[str, Any]

    def told(self) -> QuerySet[Any]:
        """The lines of their history that may tell a change, newest first."""
        found = self.model.history.filter(**self.filters).order_by("-history_date", "-history_id")
        # A visit's photos are told by the visit; only what happens to them later is worth a line each.
        return found.exclude(history_type="+") if self.model is Photo else found

    def changes(self, records: Any) -> list[RecordChange]:
        """Every change of those records."""
        if not records and isinstance(records, set):
            return []
        history = self.model.history.filter(**self.filters, id__in=records).select_related("history_user")
        rows: dict[Any, list[Any]] = {}
        for row in history.order_by("history_date", "history_id"):
            rows.setdefault(row.id, []).append(row)
        found: list[RecordChange] = []
        for lines in rows.values():
            if self.model is Visit:
                lines = _in_one_go(lines)
            for previous, row in zip([None, *lines], lines, strict=False):
                found += _steps(self.model, self.name, previous, row)
        return found


def _parts(patient: Patient) -> list[_Part]:
    return [
        _Part(Patient, _("Patient"), {"id": patient.pk}),
        _Part(Episode, _("Episode"), {"patient_id": patient.pk}),
        _Part(Treatment, _("Treatment"), {"episode__patient_id": patient.pk}),
        _Part(Visit, _("Visit"), {"patient_id": patient.pk}),
        _Part(Photo, _("Photo"), {"visit__patient_id": patient.pk}),
    ]


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
    if field.name == "injections":
        return "; ".join(injection_words(value or []))
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
