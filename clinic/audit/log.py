"""The log as it is searched and read: a clinic's a page at a time, and one patient's in the patient's words."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .models import AuditEvent, Event

if TYPE_CHECKING:
    from clinic.accounts.models import Clinic
    from clinic.patients.models import Patient

PAGE = 50
RECORDS = {
    "patient": gettext_lazy("Patient"),
    "episode": gettext_lazy("Episode"),
    "treatment": gettext_lazy("Treatment"),
    "consent": gettext_lazy("Consent"),
    "visit": gettext_lazy("Visit"),
    "photo": gettext_lazy("Photo"),
    "homeprogramme": gettext_lazy("Home programme"),
    "skippedexercise": gettext_lazy("Exercise not taken"),
    "analysis": gettext_lazy("Analysis"),
    "confirmation": gettext_lazy("Finding"),
    "landmarkcorrection": gettext_lazy("Points put right"),
    "redflagscreening": gettext_lazy("Red flags"),
    "blindreading": gettext_lazy("Second reading"),
    "secondreading": gettext_lazy("Second reading"),
    "visitconfirmation": gettext_lazy("Finding of a visit"),
}
# What a patient reads; whatever is not named here is told by the name of its kind.
TOLD: dict[str, str | Promise] = {
    Event.RECORD: gettext_lazy("looked at your record"),
    Event.PHOTO: gettext_lazy("looked at a photo of you"),
    Event.EXPORT: gettext_lazy("took a copy of your data out of the record"),
    Event.CHANGE: gettext_lazy("changed your record"),
    Event.RESULT: gettext_lazy("analysed a photo of you"),
    Event.LOG_READ: gettext_lazy("read the log of your record"),
    Event.CORRECTION: gettext_lazy("dealt with your request for a correction"),
    Event.RESTRICTION: gettext_lazy("restricted the use of your record"),
    Event.RESTRICTION_LIFTED: gettext_lazy("lifted the restriction of your record"),
    Event.ERASURE: gettext_lazy("erased data of yours"),
    Event.LEGAL_HOLD: gettext_lazy("ordered that nothing of your record may be erased"),
    Event.LEGAL_HOLD_LIFTED: gettext_lazy("lifted that order"),
}


@dataclass(frozen=True, slots=True)
class Search:
    """What an administrator looks for."""

    person: int | None = None
    patient: uuid.UUID | None = None
    kind: str = ""
    since: dt.date | None = None
    until: dt.date | None = None
    before: tuple[dt.datetime, int] | None = None
    """The last line already shown: the page goes on behind it."""

    @property
    def is_filtered(self) -> bool:
        return self.filters > 0

    @property
    def filters(self) -> int:
        """How many things the search asks for."""
        return sum(bool(value) for value in (self.person, self.patient, self.kind, self.since, self.until))

    @property
    def query(self) -> str:
        """The search as the query of an address; identifiers and codes alone."""
        values = {
            "person": self.person,
            "patient": self.patient,
            "kind": self.kind,
            "since": self.since,
            "until": self.until,
            "before": write_place(*self.before) if self.before else "",
        }
        return "?" + urlencode({name: value for name, value in values.items() if value})


def write_place(at: dt.datetime, pk: int = 0) -> str:
    """A place in the log, as an address names it."""
    return f"{at.timestamp():.6f}-{pk}"


def read_place(text: str) -> tuple[dt.datetime, int] | None:
    """The place in the log that an address names, or None."""
    moment, _dash, pk = text.partition("-")
    try:
        return dt.datetime.fromtimestamp(float(moment), dt.UTC), int(pk)
    except (ValueError, OverflowError, OSError):
        return None


def events(*, clinic: Clinic, search: Search) -> QuerySet[AuditEvent]:
    """The clinic's events that fit, newest first; each combination runs along an index."""
    found = AuditEvent.objects.filter(clinic=clinic)
    if search.patient:
        found = found.filter(patient_id=search.patient)
    if search.person:
        found = found.filter(user_id=search.person)
    if search.kind:
        found = found.filter(kind=search.kind)
    if search.since:
        found = found.filter(at__gte=_midnight(search.since))
    if search.until:
        found = found.filter(at__lt=_midnight(search.until + dt.timedelta(days=1)))
    if search.before:
        at, pk = search.before
        found = found.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk), at__lte=at)
    return found.order_by("-at", "-pk")


def page(*, clinic: Clinic, search: Search) -> tuple[list[AuditEvent], Search | None]:
    """One page of events, and the search that goes on behind it."""
    rows = list(
        events(clinic=clinic, search=search).select_related("user", "patient", "photo", "typed")[: PAGE + 1]
    )
    if len(rows) <= PAGE:
        return rows, None
    last = rows[PAGE - 1]
    return rows[:PAGE], replace(search, before=(last.at, last.pk))


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


@dataclass(slots=True)
class LogLine:
    """What one person did on one day, as the patient reads it."""

    day: dt.date
    first: dt.datetime
    last: dt.datetime
    who: str
    role: str
    what: str
    reason: str
    times: int = 1


def for_the_patient(*, patient: Patient, roles: dict[int, str]) -> Iterator[LogLine]:
    """The patient's own log, newest first: the same thing done by the same person on one day is one line."""
    rows = AuditEvent.objects.filter(patient=patient).select_related("user", "typed").order_by("-at", "-pk")
    lines: dict[tuple[Any, ...], LogLine] = {}
    for event in rows.iterator(chunk_size=2000):
        day = timezone.localtime(event.at).date()
        if lines and next(iter(lines.values())).day != day:
            yield from lines.values()
            lines = {}
        who = event.user.full_name if event.user else _("The system")
        key = (event.user_id, event.kind, event.detail.get("record", ""), event.reason)
        known = lines.get(key)
        if known:
            known.first, known.times = event.at, known.times + 1
        else:
            role = roles.get(event.user_id or 0, "")
            lines[key] = LogLine(day, event.at, event.at, who, role, words_for_patient(event), event.reason)
    yield from lines.values()


def words_for_patient(event: AuditEvent) -> str:
    """What was done, in words that a patient understands."""
    sentence = str(TOLD.get(event.kind) or event.get_kind_display())
    record = RECORDS.get(str(event.detail.get("record", "")))
    return f"{sentence} ({record})" if record else sentence
