"""The counts beside the list's filters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Case, Count, Q, QuerySet, Value, When
from django.utils import timezone

from clinic.accounts.memberships import clinics_of
from clinic.patients.models import Cause, Patient, WeakSide
from clinic.patients.visibility import opened_by
from clinic.recovery import rules, standing
from clinic.recovery.models import Shelf

from . import listed
from .listed import LastVisit

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.accounts.models import Clinic, User

# The empty one: an episode in which no weak side was found.
SIDES = (WeakSide.LEFT.value, WeakSide.RIGHT.value, WeakSide.BOTH.value, "")


@dataclass(frozen=True, slots=True)
class Facets:
    """How many patients each filter would leave, the other filters as they are. kept: see `listed.is_kept`."""

    causes: dict[str, int]
    weak_sides: dict[str, int]
    last_visits: dict[str, int]
    attention: int
    total: int
    archived: int = 0
    kept: bool = False


@dataclass(slots=True)
class _Group:
    cause: str | None
    side: str | None
    seen: str
    attention: bool
    n: int
    misses: set[str] = field(default_factory=set)


_SEEN = {"week": {"week", "month"}, "month": {"month"}, "lapsed": {"lapsed"}, "never": {"never"}, "": set()}
_BY = ("summary__cause", "summary__weak_side", "summary__seen")


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
    """The counts beside the list's filters, from the clinic's sums; of a search, from those that it finds."""
    wanted = (set(causes), set(weak_sides), last_visit, attention)
    sums = standing.alike(clinic_id=clinic.pk) if clinic.pk in clinics_of(user) else None
    found, other = _groups(user, clinic, text, archived, sums)
    groups = [_missing(group, wanted) for group in found]

    def count(dimension: str, test: Any) -> int:
        return sum(group.n for group in groups if group.misses <= {dimension} and test(group))

    return Facets(
        causes={c: count("cause", lambda g, c=c: g.cause == c) for c in Cause.values},
        weak_sides={s: count("side", lambda g, s=s: g.side == s) for s in SIDES},
        last_visits={v: count("seen", lambda g, v=v: v in _SEEN[g.seen]) for v in LastVisit.values},
        attention=count("attention", lambda g: g.attention),
        total=count("", lambda g: True),
        archived=other,
        kept=sums is not None and not opened_by(user),
    )


def _groups(
    user: User | AnonymousUser,
    clinic: Clinic,
    text: str,
    archived: bool,
    sums: dict[standing.PatientKind, standing.Sums] | None,
) -> tuple[list[_Group], int]:
    """The patients on that shelf whom the text finds, counted by what they are filtered by; how many are archived."""
    archive = Patient.objects.visible_to(user).filter(clinic=clinic, archived_at__isnull=False)
    if sums is None:
        whole = listed.on_shelf(user=user, clinic=clinic, text=text, archived=archived, kept=False)
        return _grouped(whole), archive.count()
    opened = opened_by(user)
    other = sum(n.patients for kind, n in sums.items() if kind.shelf == Shelf.ARCHIVE)
    closed: list[_Group] = []
    if opened:
        rows = listed.on_shelf(user=user, clinic=clinic, text=text, archived=archived, kept=False)
        closed = _grouped(rows.filter(pk__in=opened, restricted_at__isnull=False))
        other += archive.filter(pk__in=opened, restricted_at__isnull=False).count()
    if text:
        rows = listed.on_shelf(user=user, clinic=clinic, text=text, archived=archived, kept=True)
        return closed + _grouped_as_kept(rows), other
    shelf = Shelf.ARCHIVE if archived else Shelf.LISTS
    kept = [
        _Group(
            kind.cause or None, kind.weak_side if kind.cause else None, kind.seen, kind.attention, n.patients
        )
        for kind, n in sums.items()
        if kind.shelf == shelf and n.patients
    ]
    return closed + kept, other


def _grouped_as_kept(patients: QuerySet[Patient]) -> list[_Group]:
    asks = Case(When(listed.to_follow_up(), then=Value(True)), default=Value(False))
    rows = patients.order_by().annotate(asks=asks).values_list(*_BY, "asks").annotate(n=Count("pk"))
    return [
        _Group(cause or None, side if cause else None, seen, bool(asks), n)
        for cause, side, seen, asks, n in rows
    ]


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
    at, asks = "summary__last_visit_at", listed.needs_attention(now=now)
    seen = {kind: listed.seen(kind, now) for kind in LastVisit.values}
    # Who was seen within the week is not counted again within the month.
    seen[LastVisit.MONTH] &= Q(**{f"{at}__lt": now - rules.WEEK})
    seen[""] = Q(**{f"{at}__lt": now - rules.MONTH, f"{at}__gte": now - rules.LAPSED_AFTER})
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
