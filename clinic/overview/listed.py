"""The list of patients: who is on it under which filters, in which order, a page at a time.

Where the summaries say where each patient stands (`clinic.recovery.standing`), lists are read from the index that is
in their order, or from the one of what they are filtered by. Only while that is not known of all patients of a clinic,
which after an upgrade takes a moment, the records themselves are asked.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, TextChoices
from django.db.models.expressions import OrderBy
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.common.folding import fold
from clinic.examination.selectors import due as task_due
from clinic.patients import lookup
from clinic.patients.models import Cause, Episode, Patient, WeakSide
from clinic.patients.visibility import opened_by
from clinic.recovery import rules, standing
from clinic.recovery.models import Shelf

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.accounts.models import Clinic, User


class LastVisit(TextChoices):
    WEEK = "week", _("In the last 7 days")
    MONTH = "month", _("In the last 30 days")
    LAPSED = "lapsed", _("Over six weeks ago")
    NEVER = "never", _("No visit yet")


DATED: Final = {"visit": "last_visit_at", "onset": "current_onset"}
"""What the list is sorted by that some patients lack. They come last, whichever way the list runs; whoever shares a
day with others stands in an order that never changes and means nothing."""


def _order(sort: str) -> tuple[str | OrderBy, ...]:
    name, descending = sort.removeprefix("-"), sort.startswith("-")
    if name not in DATED:
        return ("-sort_name", "-name", "-pk") if descending else ("sort_name", "name", "pk")
    by = F(_column(name))
    return (by.desc(nulls_last=True), "-pk") if descending else (by.asc(nulls_last=True), "pk")


def _column(name: str) -> str:
    return "summary__last_visit_at" if name == "visit" else DATED[name]


SORTS: dict[str, tuple[str | OrderBy, ...]] = {
    sort: _order(sort) for sort in ("name", "-name", "visit", "-visit", "onset", "-onset")
}


def needs_attention(*, now: dt.datetime | None = None) -> Q:
    """Patients to follow up, who can't wait: a task or a milestone that is due, worse, a photo to retake, a failed
    analysis, or not seen for six weeks."""
    return (
        Q(task_due())
        | Q(summary__milestones__gt=0)
        | Q(summary__worse=True)
        | Q(summary__to_retake__gt=0)
        | Q(summary__failed__gt=0)
        | lapsed(now=now)
    )


def lapsed(*, now: dt.datetime | None = None) -> Q:
    """Patients who were not seen for six weeks and have not recovered."""
    before = (now or timezone.now()) - rules.LAPSED_AFTER
    return Q(summary__last_visit_at__lt=before) & (
        Q(summary__clinician_grade__isnull=True) | Q(summary__clinician_grade__gt=rules.RECOVERED_GRADE)
    )


def needs_somebody(*, now: dt.datetime | None = None) -> Q:
    """Patients of whom there is anything to do: who need attention, or have a visit to confirm, which waits without
    harm."""
    return needs_attention(now=now) | Q(summary__to_confirm__gt=0)


def to_follow_up() -> Q:
    """Those who need attention, as their summaries say."""
    return Q(summary__urgency__lte=standing.FOLLOWED_UP)


def seen(kind: str, now: dt.datetime) -> Q:
    """Patients who were last seen then."""
    at = "summary__last_visit_at"
    return {
        LastVisit.WEEK: Q(**{f"{at}__gte": now - rules.WEEK}),
        LastVisit.MONTH: Q(**{f"{at}__gte": now - rules.MONTH}),
        LastVisit.LAPSED: Q(**{f"{at}__lt": now - rules.LAPSED_AFTER}),
        LastVisit.NEVER: Q(**{f"{at}__isnull": True}),
    }[LastVisit(kind)]


def is_kept(*, user: User | AnonymousUser, clinic: Clinic) -> bool:
    """Whether the summaries tell all that this user's list of the clinic shows. Not of closed records that the user
    has opened, which lie on no shelf."""
    return not opened_by(user) and standing.is_known(clinic_id=clinic.pk)


def on_shelf(
    *, user: User | AnonymousUser, clinic: Clinic, text: str = "", archived: bool = False, kept: bool
) -> QuerySet[Patient]:
    """The clinic's patients, or those of its archive, whom the text finds, with the newest episode's cause, side and
    onset. kept: whether the summaries say where each patient stands."""
    patients = Patient.objects.visible_to(user).filter(clinic=clinic, archived_at__isnull=not archived)
    return _with_current_episode(patients, kept).filter(_matching(text))


def _with_current_episode(patients: QuerySet[Patient], kept: bool) -> QuerySet[Patient]:
    """With cause, side and onset of the newest episode. The summary has them; only of a patient whose summary has none
    the episodes are asked, which the database then does for that row alone."""
    newest = Episode.objects.filter(patient=OuterRef("pk")).order_by("-onset_date", "-created_at")

    def current(name: str) -> Any:
        own = F(f"summary__{name}")
        return own if kept else Coalesce(own, Subquery(newest.values(name)[:1]))

    return patients.annotate(
        current_cause=current("cause"),
        current_side=current("weak_side"),
        current_onset=current("onset_date"),
        current_onset_precision=current("onset_precision"),
    )


def _matching(text: str) -> Q:
    """Each word is found in name, number or telephone, or is a cause or side; or all of it is a date or a number."""
    words = text.split()[: lookup.MOST_WORDS]
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
    kept: bool | None = None,
) -> QuerySet[Patient]:
    """The clinic's patients that match, each with summary, whether a task is due, and current cause, side and
    onset. kept: as `is_kept` has it, where that is known."""
    now = timezone.now()
    kept = is_kept(user=user, clinic=clinic) if kept is None else kept
    found = on_shelf(user=user, clinic=clinic, text=text, archived=archived, kept=kept)
    if kept and (sort.removeprefix("-") in DATED or any((causes, weak_sides, attention, last_visit))):
        # What the patient's own row says already, said of the summary, whose indexes begin with it.
        shelf = Shelf.ARCHIVE if archived else Shelf.LISTS
        found = found.filter(summary__clinic=clinic, summary__shelf=shelf)
    if causes:
        found = found.filter(current_cause__in=list(causes))
    if weak_sides:
        found = found.filter(current_side__in=list(weak_sides))
    if attention:
        found = found.filter(to_follow_up() if kept else needs_attention(now=now))
    if last_visit:
        found = found.filter(seen(last_visit, now))
    return _as_shown(found).order_by(*SORTS.get(sort, SORTS["name"]))


def _as_shown(patients: QuerySet[Patient]) -> QuerySet[Patient]:
    """With all that a line of the list says."""
    return patients.annotate(has_task=task_due()).select_related("summary")


# --- a page ---


@dataclass(frozen=True, slots=True)
class Ends:
    """Between which patients a page lies: after the last one of the page before, or before the first of the next."""

    after: uuid.UUID | None = None
    before: uuid.UUID | None = None


def page_of(
    *,
    found: QuerySet[Patient],
    start: int,
    end: int,
    total: int,
    sort: str = "name",
    ends: Ends | None = None,
) -> list[Patient]:
    """The patients from `start` to before `end` of a list of so many. Which they are is read from an index: from the
    page's neighbour where the reader came from it, else from whichever end of the list is nearer; only they are read
    whole."""
    end = min(end, total)
    wanted = _beside(found, sort, ends, end - start) if ends else None
    if wanted is None:
        wanted = _counted_off(found, sort, start, end, total)
    # By their keys alone, which `found` has told: the database might go the longer way round by the filters.
    rows = _with_current_episode(Patient.objects.filter(pk__in=wanted), kept=False)
    shown = {patient.pk: patient for patient in _as_shown(rows)}
    return [shown[pk] for pk in wanted if pk in shown]


def _parts(found: QuerySet[Patient], sort: str, *, backwards: bool = False) -> list[QuerySet[Patient]]:
    """The list in parts, each in the order of one index: those with a date, then those without."""
    found = found.select_related(None)
    name, descending = sort.removeprefix("-"), sort.startswith("-") != backwards
    if name not in DATED:
        return [found.order_by(*_order("-name" if descending else "name"))]
    column, sign = _column(name), "-" if descending else ""
    dated = found.filter(**{f"{column}__isnull": False}).order_by(f"{sign}{column}", f"{sign}pk")
    without = found.filter(**{f"{column}__isnull": True}).order_by(
        "-pk" if sort.startswith("-") != backwards else "pk"
    )
    return [without, dated] if backwards else [dated, without]


def _counted_off(found: QuerySet[Patient], sort: str, start: int, end: int, total: int) -> list[uuid.UUID]:
    backwards = start > total - end
    skip, number = (total - end, end - start) if backwards else (start, end - start)
    wanted: list[uuid.UUID] = []
    for part in _parts(found, sort, backwards=backwards):
        keys = part.values_list("pk", flat=True)
        wanted += keys[skip : skip + number - len(wanted)]
        if len(wanted) == number:
            break
        skip = 0 if wanted else max(0, skip - part.count())
    return wanted[::-1] if backwards else wanted


def _beside(found: QuerySet[Patient], sort: str, ends: Ends, number: int) -> list[uuid.UUID] | None:
    """The keys beside a patient of the list; None where there is no such patient."""
    backwards = ends.after is None
    name = sort.removeprefix("-")
    column = _column(name) if name in DATED else None
    names = ("pk", column) if column else ("pk", "sort_name", "name")
    neighbours = found.model._default_manager.filter(pk=ends.before if backwards else ends.after)
    if column == "current_onset":
        neighbours = neighbours.annotate(current_onset=F("summary__onset_date"))
    neighbour = neighbours.values_list(*names).first()
    if neighbour is None:
        return None
    wanted: list[uuid.UUID] = []
    over = "lt" if sort.startswith("-") != backwards else "gt"
    parts = _parts(found, sort, backwards=backwards)
    pk, *values = cast("tuple[Any, ...]", neighbour)
    if column and (values[0] is None) != backwards:
        parts = parts[1:]
    for place, part in enumerate(parts):
        if place == 0:
            fields = [column] if column and values[0] is not None else [] if column else ["sort_name", "name"]
            part = part.filter(_past(fields, values, pk, over))
        wanted += part.values_list("pk", flat=True)[: number - len(wanted)]
    return wanted[::-1] if backwards else wanted


def _past(fields: list[str], values: list[Any], pk: uuid.UUID, over: str) -> Q:
    """Whatever comes past those values in the order of the fields; the first field's bound is the index's."""
    found, equal = Q(), Q()
    for field, value in [*zip(fields, values, strict=False), ("pk", pk)]:
        found |= equal & Q(**{f"{field}__{over}": value})
        equal &= Q(**{field: value})
    return found & Q(**{f"{fields[0]}__{over}e": values[0]}) if fields else found
