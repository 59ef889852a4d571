"""One record, several people: each save says which version it started from, and nobody's words are lost.

A service that changes a record takes `based_on` and hands it to `assign`:

    @transaction.atomic
    def update_patient(*, user: User, patient: Patient, based_on: Basis | None = None, **fields: object) -> Patient:
        lock(patient, based_on)  # as it is now, and nobody else's to change until this is done
        rules.not_archived(patient)
        assign(patient, fields, PATIENT_FIELDS, based_on=based_on)
        raise_if(errors_of(patient))
        save(patient, user=user)  # raises the version, or Conflict where somebody was faster
        return patient

Fields that only one side touched since that version merge. Where both did, `Conflict` is raised, with what each side
wrote, and nothing is saved. A form on a page mixes in `clinic.common.forms.EditForm`, which carries the version and
shows a conflict; a form without fields (one button) carries `{% version_of record %}`, read by `shown_basis`. The API
asks for the very version (`Basis(version, exact=True)`).

The model inherits `clinic.common.models.Versioned`. What a version held is read from the record's history; a record
without one needs its form to bring along what the fields held (`Basis.originals`; `EditForm` does).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from .merging import both, continues

if TYPE_CHECKING:
    from clinic.accounts.models import User

CHANGED = "changed_meanwhile"
"""The code of the errors of a conflict."""
UNKNOWN = 0
"""The version of a page that doesn't say any: whatever it changes is a conflict."""


@dataclass(frozen=True, slots=True)
class Basis:
    """The version from which somebody started, and what they have seen since."""

    version: int
    exact: bool = False
    """Whether any other version is a conflict, be it about other fields."""
    originals: Mapping[str, Any] | None = None
    """What the fields held in that version, for records whose history doesn't know."""
    by: User | None = None
    """Who started there: what they saved themselves since, and now go on from, is no other side."""
    settled: Mapping[str, Any] = field(default_factory=dict)
    """The other side's values that the person was shown, and decided on, by field."""


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """A field that two sides changed to different values; `base` is what it held before, None if nobody knows."""

    name: str
    label: str
    base: Any
    mine: Any
    theirs: Any
    who: str = ""
    at: dt.datetime | None = None
    is_text: bool = False

    @property
    def both(self) -> str:
        """Both texts in one, for a field that takes one."""
        return both(self.base or "", self.mine, self.theirs)


class Conflict(ValidationError):
    """Somebody else saved the record meanwhile; nothing of this save is written.

    fields: what both sides changed, each with both values. Empty where the whole record is the matter: another
    version was asked for by name, or somebody was faster by a moment.
    """

    def __init__(self, record: Any, fields: Iterable[FieldConflict] = ()) -> None:
        self.record, self.version = record, record.version
        self.fields = tuple(fields)
        errors = {one.name: [ValidationError(said(one), code=CHANGED)] for one in self.fields}
        whole = ValidationError(
            _("Somebody else changed this record meanwhile. Nothing was saved: look at it again."),
            code=CHANGED,
        )
        super().__init__(errors or whole)


def said(conflict: FieldConflict) -> str:
    """What happened to the field, in a sentence."""
    if conflict.who:
        return _("%(who)s saved something else here meanwhile. Yours isn't saved yet.") % {
            "who": conflict.who
        }
    return _("Somebody saved something else here meanwhile. Yours isn't saved yet.")


def lock(record: Any, based_on: Basis | None = None) -> None:
    """Bring the record up to date and keep it from others' changes until the transaction ends.

    What the caller had set on the instance is forgotten; related records that it holds stay where they still fit.
    Conflict where `based_on` asks for one very version, and the record has another.
    """
    rows: Any = record.__class__._base_manager.select_for_update(of=("self",))
    now = rows.get(pk=record.pk)
    for column in record._meta.concrete_fields:
        value = getattr(now, column.attname)
        if column.attname not in record.__dict__ or getattr(record, column.attname) != value:
            setattr(record, column.attname, value)
    if based_on is not None and based_on.exact and based_on.version != record.version:
        raise Conflict(record)


def tidy(column: Any, value: Any) -> Any:
    """A text as it is stored: lines end alike, and no blanks stand around it, or twice in one line of text."""
    if isinstance(value, str):
        if isinstance(column, models.CharField):
            return " ".join(value.split())
        if isinstance(column, models.TextField):
            return value.replace("\r\n", "\n").replace("\r", "\n").strip()
    return value


def merge(record: Any, fields: Mapping[str, Any], based_on: Basis) -> dict[str, Any]:
    """The fields to be set on a record that is as others left it; Conflict where both sides changed one."""
    base = _Base(record, based_on)
    wanted: dict[str, Any] = {}
    conflicts = []
    for name, value in fields.items():
        column = record._meta.get_field(name)
        mine, theirs = plain(column, value), plain(column, getattr(record, column.attname))
        known, was = base.of(name)
        if mine == theirs or (known and mine == was):
            continue
        if known and (theirs == was or _goes_on(record, column, based_on, theirs, mine)):
            wanted[name] = value
        else:
            conflicts.append(_conflict(record, column, was if known else None, mine, theirs))
    if conflicts:
        raise Conflict(record, conflicts)
    return wanted


def _goes_on(record: Any, column: Any, based_on: Basis, theirs: Any, mine: Any) -> bool:
    """Whether the same person typed on from what they had saved, and only the answer to that save got lost."""
    history = history_of(record)
    if history is None or based_on.by is None or not isinstance(column, models.TextField):
        return False
    others = history.filter(version__gt=based_on.version).exclude(history_user_id=based_on.by.pk)
    return continues(theirs, mine) and not others.exists()


def base_value(record: Any, based_on: Basis, name: str) -> Any:
    """What the field held in the version that somebody started from; None if nobody knows."""
    return _Base(record, Basis(based_on.version, originals=based_on.originals)).of(name)[1]


def plain(column: Any, value: Any) -> Any:
    """A value as it is compared: a text tidied, of another record its key."""
    return value.pk if isinstance(value, models.Model) else tidy(column, value)


class _Base:
    """What the fields held when the other side started; the history is asked once, and only if need be."""

    def __init__(self, record: Any, based_on: Basis) -> None:
        self.record, self.based_on = record, based_on
        self.row: Any = None

    def of(self, name: str) -> tuple[bool, Any]:
        """Whether it is known, and what it is."""
        column = self.record._meta.get_field(name)
        for given in (self.based_on.settled, self.based_on.originals or {}):
            if name in given:
                return True, tidy(column, column.to_python(given[name]))
        if self.based_on.version == self.record.version:
            return True, plain(column, getattr(self.record, column.attname))
        if self.row is None:
            self.row = self._find() or False
        if not self.row or not hasattr(self.row, column.attname):
            return False, None
        return True, plain(column, getattr(self.row, column.attname))

    def _find(self) -> Any:
        history = history_of(self.record)
        if history is None or not UNKNOWN < self.based_on.version <= self.record.version:
            return None
        return history.filter(version__lte=self.based_on.version).order_by("-history_id").first()


def history_of(record: Any) -> Any:
    """The lines of the record's history, or None for a record that keeps none."""
    name = getattr(record._meta, "simple_history_manager_attribute", None)
    return getattr(record, name).select_related("history_user") if name else None


def _conflict(record: Any, column: Any, base: Any, mine: Any, theirs: Any) -> FieldConflict:
    who, at = _who_set(record, column, theirs)
    return FieldConflict(
        name=column.name,
        label=str(column.verbose_name),
        base=base,
        mine=mine,
        theirs=theirs,
        who=who.get_full_name() if who else "",
        at=at,
        is_text=isinstance(column, models.TextField),
    )


def _who_set(record: Any, column: Any, value: Any) -> tuple[User | None, dt.datetime | None]:
    """Who gave the field the value that it has now, and when."""
    history, found = history_of(record), None
    if history is None:
        return None, None
    for row in history.order_by("-history_id").iterator(chunk_size=20):
        if plain(column, getattr(row, column.attname, None)) != value:
            break
        found = row
    return (found.history_user, found.history_date) if found else (None, None)


def shown_basis(data: Mapping[str, Any]) -> Basis:
    """The version that a page was shown for, as its `{% version_of record %}` says; one that doesn't knows nothing."""
    text = str(data.get("version") or "")
    return Basis(int(text) if text.isascii() and text.isdigit() and len(text) < 10 else UNKNOWN)
