"""What is read about patients: the list with its filters, and one patient's episodes and consents."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import (
    Count,
    F,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    TextChoices,
)
from django.db.models.expressions import OrderBy
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.audit.selectors import Change, changes
from clinic.common.folding import fold
from clinic.examination.selectors import due as task_due
from clinic.recovery import rules as recovery_rules

from . import lookup
from .models import Cause, Consent, ConsentUse, Episode, Patient, Treatment, WeakSide

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.accounts.models import Clinic, User

__all__ = [
    "SIDES",
    "SORTS",
    "Change",
    "ConsentState",
    "Facets",
    "LastVisit",
    "changes",
    "consent_states",
    "current_episode",
    "episodes_of",
    "facets",
    "likely_duplicates",
    "needs_attention",
    "needs_somebody",
    "search",
]

# The empty one: an episode in which no weak side was found.
SIDES = (WeakSide.LEFT.value, WeakSide.RIGHT.value, WeakSide.BOTH.value, "")
WEEK, MONTH = dt.timedelta(days=7), dt.timedelta(days=30)


class LastVisit(TextChoices):
    WEEK = "week", _("In the last 7 days")
    MONTH = "month", _("In the last 30 days")
    LAPSED = "lapsed", _("Over six weeks ago")
    NEVER = "never", _("No visit yet")


# Patients without a visit or an episode come last, whichever way the list runs.
SORTS: dict[str, tuple[str | OrderBy, ...]] = {
    "name": ("sort_name", "name", "pk"),
    "-name": ("-sort_name", "-name", "-pk"),
    "visit": (F("summary__last_visit_at").asc(nulls_last=True), "sort_name", "pk"),
    "-visit": (F("summary__last_visit_at").desc(nulls_last=True), "sort_name", "pk"),
    "onset": (F("current_onset").asc(nulls_last=True), "sort_name", "pk"),
    "-onset": (F("current_onset").desc(nulls_last=True), "sort_name", "pk"),
}


def _with_current_episode(patients: QuerySet[Patient]) -> QuerySet[Patient]:
    """With cause, side and onset of the newest episode. The summary has them; only of a patient whose summary has none
    the episodes are asked, which the database then does for that row alone."""
    newest = Episode.objects.filter(patient=OuterRef("pk")).order_by("-onset_date", "-created_at")

    def current(name: str) -> Coalesce:
        return Coalesce(F(f"summary__{name}"), Subquery(newest.values(name)[:1]))

    return patients.annotate(
        current_cause=current("cause"),
        current_side=current("weak_side"),
        current_onset=current("onset_date"),
        current_onset_precision=current("onset_precision"),
    )


def needs_attention(*, now: dt.datetime | None = None) -> Q:
    """Patients to follow up, who can't wait: a task that is due, worse, a photo to retake, a failed analysis, or not
    seen for six weeks."""
    return (
        Q(task_due())
        | Q(summary__worse=True)
        | Q(summary__to_retake__gt=0)
        | Q(summary__failed__gt=0)
        | lapsed(now=now)
    )


def lapsed(*, now: dt.datetime | None = None) -> Q:
    """Patients who were not seen for six weeks and have not recovered."""
    before = (now or timezone.now()) - recovery_rules.LAPSED_AFTER
    return Q(summary__last_visit_at__lt=before) & (
        Q(summary__clinician_grade__isnull=True)
        | Q(summary__clinician_grade__gt=recovery_rules.RECOVERED_GRADE)
    )


def needs_somebody(*, now: dt.datetime | None = None) -> Q:
    """Patients of whom there is anything to do: who need attention, or have a visit to confirm, which waits without
    harm."""
    return needs_attention(now=now) | Q(summary__to_confirm__gt=0)


def _last_visit(kind: str, now: dt.datetime) -> Q:
    at = "summary__last_visit_at"
    return {
        LastVisit.WEEK: Q(**{f"{at}__gte": now - WEEK}),
        LastVisit.MONTH: Q(**{f"{at}__gte": now - MONTH}),
        LastVisit.LAPSED: Q(**{f"{at}__lt": now - recovery_rules.LAPSED_AFTER}),
        LastVisit.NEVER: Q(**{f"{at}__isnull": True}),
    }[LastVisit(kind)]


def _matching(text: str) -> Q:
    """Each word is found in name, number or telephone, or is a cause or side; or all of it is a date or a number."""
    words = text.split()[:8]
    if not words:
        return Q()
    found = Q()
    for word in words:
        one = lookup.word_matches(word)
        if len(word) > 2:
            low = fold(word)
            one |= Q(current_cause__in=[c for c, label in Cause.choices if low and low in fold(str(label))])
            one |= Q(current_side__in=[s for s, label in WeakSide.choices if s and low == fold(str(label))])
        found &= one
    return found | lookup.text_matches(text)


def _found(user: User | AnonymousUser, clinic: Clinic, text: str, archived: bool) -> QuerySet[Patient]:
    patients = Patient.objects.visible_to(user).filter(clinic=clinic, archived_at__isnull=not archived)
    return _with_current_episode(patients).filter(_matching(text))


def search(
    *,
    user: User | AnonymousUser,
    clinic: Clinic,
    text: str = "",
    causes: Iterable[str] = (),
    weak_sides: Iterable[str] = (),
    attention: bool = False,
    last_visit: str = "",
    archived: bool = False,
    sort: str = "name",
) -> QuerySet[Patient]:
    """The clinic's patients that match, each with summary, whether a task is due, and current cause, side and
    onset."""
    now = timezone.now()
    found = _found(user, clinic, text, archived)
    if causes:
        found = found.filter(current_cause__in=list(causes))
    if weak_sides:
        found = found.filter(current_side__in=list(weak_sides))
    if attention:
        found = found.filter(needs_attention(now=now))
    if last_visit:
        found = found.filter(_last_visit(last_visit, now))
    found = found.annotate(has_task=task_due())
    return found.select_related("summary").order_by(*SORTS.get(sort, SORTS["name"]))


def page_of(*, found: QuerySet[Patient], start: int, end: int, total: int) -> list[Patient]:
    """The patients from `start` to before `end` of a list of so many. Which they are is read from an index, from
    whichever end of the list is nearer; only they are read whole."""
    end = min(end, total)
    keys = found.select_related(None).values_list("pk", flat=True)
    if start > total - end:
        wanted = list(keys.reverse()[total - end : total - start])[::-1]
    else:
        wanted = list(keys[start:end])
    shown = {patient.pk: patient for patient in found.order_by().filter(pk__in=wanted)}
    return [shown[pk] for pk in wanted if pk in shown]


@dataclass(frozen=True, slots=True)
class Facets:
    """How many patients each filter would leave, the other filters as they are."""

    causes: dict[str, int]
    weak_sides: dict[str, int]
    last_visits: dict[str, int]
    attention: int
    total: int
    archived: int = 0


@dataclass(slots=True)
class _Group:
    cause: str | None
    side: str | None
    seen: str
    attention: bool
    n: int
    misses: set[str] = field(default_factory=set)


_SEEN = {"week": {"week", "month"}, "month": {"month"}, "lapsed": {"lapsed"}, "never": {"never"}, "": set()}


def facets(
    *,
    user: User | AnonymousUser,
    clinic: Clinic,
    text: str = "",
    causes: Iterable[str] = (),
    weak_sides: Iterable[str] = (),
    attention: bool = False,
    last_visit: str = "",
    archived: bool = False,
) -> Facets:
    """The counts beside the list's filters, in one query for all and one for the archive."""
    wanted = (set(causes), set(weak_sides), last_visit, attention)
    groups = [_missing(group, wanted) for group in _grouped(_found(user, clinic, text, archived))]

    def count(dimension: str, test: Any) -> int:
        return sum(group.n for group in groups if group.misses <= {dimension} and test(group))

    other = Patient.objects.visible_to(user).filter(clinic=clinic, archived_at__isnull=False).count()
    return Facets(
        causes={c: count("cause", lambda g, c=c: g.cause == c) for c in Cause.values},
        weak_sides={s: count("side", lambda g, s=s: g.side == s) for s in SIDES},
        last_visits={v: count("seen", lambda g, v=v: v in _SEEN[g.seen]) for v in LastVisit.values},
        attention=count("attention", lambda g: g.attention),
        total=count("", lambda g: True),
        archived=other,
    )


def _grouped(patients: QuerySet[Patient]) -> list[_Group]:
    """The patients counted by cause, side, last visit and whether they ask for somebody.

    By what the summaries say, in one pass without sorting; only patients whose summary does not know the newest
    episode are counted by the episodes themselves.
    """
    counts = _counts()
    known = patients.order_by().values_list("summary__cause", "summary__weak_side").annotate(**counts)
    rows, unknown = [], False
    for cause, side, *numbers in known:
        if cause is None:
            unknown = True
        else:
            rows.append((cause or None, side, numbers))
    if unknown:
        others = patients.filter(summary__cause__isnull=True).order_by()
        of_episodes = others.values_list("current_cause", "current_side").annotate(**counts)
        rows += [(cause, side, numbers) for cause, side, *numbers in of_episodes]
    return [
        _Group(cause, side if cause else None, seen, asks, number)
        for cause, side, numbers in rows
        for (seen, asks), number in zip(_KINDS, numbers, strict=True)
        if number
    ]


_KINDS = [(seen, asks) for seen in (*LastVisit.values, "") for asks in (True, False)]


def _counts() -> dict[str, Count]:
    """How many there are of each kind of `_KINDS`."""
    now = timezone.now()
    at, asks = "summary__last_visit_at", needs_attention(now=now)
    seen = {kind: _last_visit(kind, now) for kind in LastVisit.values}
    # Who was seen within the week is not counted again within the month.
    seen[LastVisit.MONTH] &= Q(**{f"{at}__lt": now - WEEK})
    seen[""] = Q(**{f"{at}__lt": now - MONTH, f"{at}__gte": now - recovery_rules.LAPSED_AFTER})
    return {
        f"n{number}": Count("pk", filter=seen[kind] & (asks if wanted else ~asks))
        for number, (kind, wanted) in enumerate(_KINDS)
    }


def _missing(group: _Group, wanted: tuple[set[str], set[str], str, bool]) -> _Group:
    """The group with the filters that would leave it out."""
    causes, sides, last_visit, attention = wanted
    if causes and group.cause not in causes:
        group.misses.add("cause")
    if sides and group.side not in sides:
        group.misses.add("side")
    if last_visit and last_visit not in _SEEN[group.seen]:
        group.misses.add("seen")
    if attention and not group.attention:
        group.misses.add("attention")
    return group


def likely_duplicates(
    *, user: User | AnonymousUser, clinic: Clinic, name: str, birth_date: dt.date | None
) -> list[Patient]:
    """Patients who may be the same person, archived ones too: one name however written, and birth dates that agree."""
    alike = Q()
    for word in name.split():
        alike &= lookup.word_matches(word)
    candidates = Patient.objects.visible_to(user).filter(alike, clinic=clinic)
    return [
        patient
        for patient in candidates.order_by("archived_at", "record_number")
        if lookup.same_name(patient.name, name) and lookup.birth_dates_agree(patient.birth_date, birth_date)
    ][:5]


def restricted(*, user: User | AnonymousUser, clinic: Clinic) -> list[Patient]:
    """The clinic's restricted records, with what an administrator needs to find one, and no more."""
    found = Patient.objects.locked_for(user).filter(clinic=clinic).select_related("clinic")
    return list(found.prefetch_related("restrictions", "erasures", "holds").order_by("-restricted_at"))


def restricted_count(*, user: User | AnonymousUser, clinic: Clinic) -> int:
    """How many of the clinic's records no list shows."""
    return Patient.objects.locked_for(user).filter(clinic=clinic).count()


def locked(*, user: User | AnonymousUser, pk: uuid.UUID) -> Patient:
    """A restricted record of the user's own clinic; Http404 for any other."""
    return get_object_or_404(Patient.objects.locked_for(user).select_related("clinic"), pk=pk)


def current_episode(*, patient: Patient) -> Episode | None:
    """The patient's newest episode, from whose onset the weeks are counted."""
    return patient.episodes.order_by("-onset_date", "-created_at").first()


def episodes_of(*, patient: Patient) -> list[Episode]:
    """The patient's episodes, newest first, each with its treatments in force as `current_treatments`."""
    treatments = Treatment.objects.filter(archived_at__isnull=True).order_by("date", "created_at")
    return list(
        patient.episodes.annotate(
            visit_count=Count("visits", filter=Q(visits__archived_at__isnull=True))
        ).prefetch_related(Prefetch("treatments", treatments, to_attr="current_treatments"))
    )


@dataclass(frozen=True, slots=True)
class ConsentState:
    """One use of the photos: the consent in force, if any, and all that were ever given."""

    use: str
    label: str
    in_force: Consent | None
    past: list[Consent]


def consent_states(*, patient: Patient) -> list[ConsentState]:
    """Where the patient's consent stands for each use, with its history, in one query."""
    rows = list(Consent.objects.filter(patient=patient).select_related("recorded_by", "revoked_by"))
    return [
        ConsentState(
            use=use,
            label=str(label),
            in_force=next((row for row in rows if row.use == use and row.revoked_at is None), None),
            past=[row for row in rows if row.use == use and row.revoked_at is not None],
        )
        for use, label in ConsentUse.choices
    ]
