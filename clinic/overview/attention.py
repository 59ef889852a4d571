"""Who needs attention, or has visits to confirm, why, and the one action that settles it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
    UUIDField,
    When,
)
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.accounts import policies
from clinic.common.dates import local_day, today
from clinic.examination import milestone_sentences
from clinic.examination import sentences as task_sentences
from clinic.examination.milestones import Milestone
from clinic.examination.models import Task, TaskKind
from clinic.examination.selectors import due, due_tasks
from clinic.examination.selectors_milestones import milestones_of
from clinic.patients.models import Episode, Patient
from clinic.patients.visibility import opened_by
from clinic.recovery import rules, standing
from clinic.recovery.course import fall_sentence
from clinic.recovery.models import PatientSummary, Shelf
from clinic.visits.models import Visit
from inference.jobs.states import Status
from inference.models import Analysis

from .listed import is_kept, lapsed, needs_attention

if TYPE_CHECKING:
    from clinic.accounts.models import Clinic, User

Kind = Literal["eye", "task", "milestone", "worse", "retake", "failed", "lapsed", "confirm"]
KINDS: Final[tuple[Kind, ...]] = (
    "eye", "task", "milestone", "worse", "retake", "failed", "lapsed", "confirm",
)  # fmt: skip
"""In the order of urgency: an eye in danger first, then what somebody or a milestone set for today, then a relapse;
results to confirm, which wait without harm, last."""

PAGE: Final = 60
"""How many patients Today names; the list of patients has the rest."""


@dataclass(frozen=True, slots=True)
class AttentionItem:
    """One reason to look after one patient, and the action that settles it."""

    kind: Kind
    patient: Patient
    sentence: str
    action_url: str
    action_label: str
    by_model: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is to do: patients who need attention, visits to confirm, failed analyses."""

    urgent: int
    to_confirm: int
    failed: int


def counts(*, user: User, clinic: Clinic) -> Counts:
    """How much there is to do in the clinic, from its sums."""
    mine = Patient.objects.visible_to(user).filter(clinic=clinic, archived_at__isnull=True)
    sums = standing.alike(clinic_id=clinic.pk) if policies.role_in(user, clinic.pk) else None
    if sums is None:
        return _counted(mine)
    listed = [(kind, n) for kind, n in sums.items() if kind.shelf == Shelf.LISTS]
    kept = Counts(
        urgent=sum(n.patients for kind, n in listed if kind.attention),
        to_confirm=sum(n.to_confirm for _, n in listed),
        failed=sum(n.failed for _, n in listed),
    )
    if opened := opened_by(user):
        closed = _counted(mine.filter(pk__in=opened, restricted_at__isnull=False))
        return Counts(*(one + other for one, other in zip(astuple(kept), astuple(closed), strict=True)))
    return kept


def _counted(patients: QuerySet[Patient]) -> Counts:
    found = patients.aggregate(
        urgent=Count("pk", filter=needs_attention()),
        to_confirm=Sum("summary__to_confirm", default=0),
        failed=Sum("summary__failed", default=0),
    )
    return Counts(**found)


def attention(
    *, user: User, clinic: Clinic, limit: int = PAGE, kept: bool | None = None
) -> list[AttentionItem]:
    """Why which patients of the clinic need attention, most urgent first, then who has visits to confirm; at most that
    many patients. kept: as `is_kept` has it, where that is known."""
    of_clinic = Patient.objects.visible_to(user).filter(clinic=clinic, archived_at__isnull=True)
    kept = is_kept(user=user, clinic=clinic) if kept is None else kept
    first = _first_as_kept(clinic, limit) if kept else _first(of_clinic, limit)
    ranked = (
        of_clinic.filter(pk__in=first)
        .select_related("summary")
        .prefetch_related(Prefetch("tasks", due_tasks(), to_attr="due_tasks"))
        .annotate(
            # Looked for where there is one: among all failed analyses it is a needle.
            newest_visit=_where(Q(summary__to_retake__gt=0), _visits().values("pk")),
            failed_photo=_where(Q(summary__failed__gt=0), _failed_photos().values("photo_id")),
            weak_side=Subquery(
                Episode.objects.filter(patient=OuterRef("pk"))
                .order_by("-onset_date", "-created_at")
                .values("weak_side")[:1]
            ),
        )
        .order_by(*(_URGENCY_AS_KEPT if kept else _urgency()))
    )
    may_write = policies.can_write_records(user, clinic.pk)
    may_confirm = policies.can_confirm(user, clinic.pk)
    patients = list(ranked[:limit])
    # Of all who are named, so that Today costs the same whoever they are.
    milestones = milestones_of(patient_ids=[one.pk for one in patients])
    items = [
        item
        for patient in patients
        for item in (
            *_milestones(patient, milestones.get(patient.pk, ()), may_confirm),
            *_items(patient, may_write=may_write, may_confirm=may_confirm),
        )
    ]
    return sorted(items, key=lambda item: KINDS.index(item.kind))


_URGENCY_AS_KEPT: Final = ("summary__urgency", "summary__last_visit_at", "pk")


def _first_as_kept(clinic: Clinic, limit: int) -> list[uuid.UUID]:
    """The first so many by urgency, from the index in that order."""
    rows = PatientSummary.objects.filter(
        clinic=clinic, shelf=Shelf.LISTS, urgency__lte=standing.CONFIRMED
    ).order_by("urgency", "last_visit_at", "pk")
    return list(rows.values_list("patient_id", flat=True)[:limit])


def _urgency() -> list[Any]:
    return [
        Case(When(Q(due()) | Q(summary__milestones__gt=0), then=0), default=1),
        F("summary__worse").desc(nulls_last=True),
        F("summary__to_retake").desc(nulls_last=True),
        F("summary__failed").desc(nulls_last=True),
        Case(When(needs_attention(), then=0), default=1),
        "summary__last_visit_at",
        "pk",
    ]


def _first(patients: QuerySet[Patient], limit: int) -> list[uuid.UUID]:
    """The first so many by urgency, and perhaps a few more. Kind after kind, each from an index of its own, so that
    not every patient who was not seen for long is put in order to name sixty."""
    asks = Q(summary__worse=True) | Q(summary__to_retake__gt=0) | Q(summary__failed__gt=0)
    by_last_visit = ("summary__last_visit_at", "pk")
    kinds: list[tuple[QuerySet[Patient], list[Any]]] = [
        (patients.filter(pk__in=due_tasks().order_by().values("patient")), _urgency()),
        (patients.filter(summary__milestones__gt=0), _urgency()),
        (patients.filter(asks), _urgency()),
        (patients.filter(lapsed()).exclude(asks), [*by_last_visit]),
        (patients.filter(summary__to_confirm__gt=0), [*by_last_visit]),
    ]
    found: dict[uuid.UUID, None] = {}
    for kind, order in kinds:
        # Whoever was found already has a more urgent reason.
        rest = kind.exclude(pk__in=list(found)).order_by(*order)
        found |= dict.fromkeys(rest.values_list("pk", flat=True)[:limit])
    return list(found)


def _where(condition: Q, keys: QuerySet[Any]) -> Case:
    """The first of the keys, of patients of whom that holds."""
    # SQLite gives a foreign key's identifier as text where its type isn't named.
    return Case(When(condition, then=Subquery(keys[:1], output_field=UUIDField())), default=None)


def _visits() -> QuerySet[Visit]:
    return Visit.objects.filter(patient=OuterRef("pk"), archived_at__isnull=True).order_by(
        "-at", "-created_at"
    )


def _failed_photos() -> QuerySet[Analysis]:
    """Photos whose newest analysis failed."""
    newer = Analysis.objects.filter(photo=OuterRef("photo"), created_at__gt=OuterRef("created_at"))
    return Analysis.objects.filter(
        ~Exists(newer),
        photo__visit__patient=OuterRef("pk"),
        photo__archived_at__isnull=True,
        photo__visit__archived_at__isnull=True,
        status=Status.FAILED,
    ).order_by("-queued_at")


@dataclass(frozen=True, slots=True)
class _Reason:
    sentence: str
    allowed: bool
    url: str
    label: str


def _items(patient: Patient, *, may_write: bool, may_confirm: bool) -> list[AttentionItem]:
    """The patient's reasons. Who may not act is led to the record instead."""
    tasks = [_task(patient, task) for task in patient.due_tasks]  # type: ignore[attr-defined]  # prefetched or annotated
    reasons: dict[Kind, _Reason | None] = {
        "worse": _worse(patient),
        "retake": _retake(patient, may_write),
        "failed": _failed(patient, may_write),
        "lapsed": _lapse(patient, may_write),
        "confirm": _confirm(patient, may_confirm),
    }
    record = reverse("patients:detail", args=[patient.pk])
    return tasks + [
        AttentionItem(kind, patient, reason.sentence, reason.url, reason.label)
        if reason.allowed
        else AttentionItem(kind, patient, reason.sentence, record, _("Open the record"))
        for kind, reason in reasons.items()
        if reason is not None
    ]


def _task(patient: Patient, task: Task) -> AttentionItem:
    """A task with who looks after it; its page says what may be done."""
    sentence = f"{task_sentences.sentence(task)} ({task_sentences.state(task)})"
    eye = task.kind == TaskKind.EYE_CLOSURE and task_sentences.still_open(task)
    kind: Kind = "eye" if eye else "task"
    url = reverse("examination:task", args=[task.pk])
    return AttentionItem(kind, patient, sentence, url, _("Look after it"), by_model=bool(task.release))


def _milestones(patient: Patient, found: Iterable[Milestone], allowed: bool) -> Iterator[AttentionItem]:
    """The milestones that are due, each with the way to settle it."""
    record = reverse("patients:detail", args=[patient.pk])
    for one in found:
        if one.is_due(today()):
            url, label = (
                (milestone_sentences.address(one), _("Look after it"))
                if allowed
                else (record, _("Open the record"))
            )
            yield AttentionItem("milestone", patient, milestone_sentences.sentence(one), url, label)


def _summary(patient: Patient) -> PatientSummary | None:
    """The patient's summary; none for a patient of whom nothing was recorded yet."""
    return getattr(patient, "summary", None)


def _worse(patient: Patient) -> _Reason | None:
    summary = _summary(patient)
    if summary is None or not summary.worse:
        return None
    sentence = fall_sentence(summary.fall)
    address = reverse("recovery:compare", args=[patient.pk])
    photos = (summary.fall or {}).get("photos")
    return _Reason(sentence, True, f"{address}?{photos}" if photos else address, _("Compare the visits"))


def _retake(patient: Patient, allowed: bool) -> _Reason | None:
    summary = _summary(patient)
    visit: uuid.UUID | None = patient.newest_visit  # type: ignore[attr-defined]  # prefetched or annotated
    if summary is None or not summary.to_retake or visit is None:
        return None
    sentence = ngettext(
        "%(count)d photo of the last visit can't be judged.",
        "%(count)d photos of the last visit can't be judged.",
        summary.to_retake,
    ) % {"count": summary.to_retake}
    return _Reason(sentence, allowed, reverse("visits:detail", args=[visit]), _("Retake the photo"))


def _failed(patient: Patient, allowed: bool) -> _Reason | None:
    summary = _summary(patient)
    photo: uuid.UUID | None = patient.failed_photo  # type: ignore[attr-defined]  # prefetched or annotated
    if summary is None or not summary.failed or photo is None:
        return None
    sentence = ngettext(
        "%(count)d analysis failed. The photo is safe.",
        "%(count)d analyses failed. The photos are safe.",
        summary.failed,
    ) % {"count": summary.failed}
    return _Reason(sentence, allowed, reverse("visits:photo", args=[photo]), _("Try again"))


def _confirm(patient: Patient, allowed: bool) -> _Reason | None:
    summary = _summary(patient)
    # Who may not confirm isn't told to.
    if summary is None or not summary.to_confirm or not allowed:
        return None
    sentence = ngettext(
        "%(count)d visit is not reviewed yet.",
        "%(count)d visits are not reviewed yet.",
        summary.to_confirm,
    ) % {"count": summary.to_confirm}
    return _Reason(sentence, allowed, reverse("visits:review"), _("Review"))


def _lapse(patient: Patient, allowed: bool) -> _Reason | None:
    summary = _summary(patient)
    if summary is None or summary.last_visit_at is None or summary.clinician_grade == rules.RECOVERED_GRADE:
        return None
    if summary.last_visit_at >= timezone.now() - rules.LAPSED_AFTER:
        return None
    weeks = (today() - local_day(summary.last_visit_at)).days // 7
    sentence = ngettext("No visit for %(weeks)d week.", "No visit for %(weeks)d weeks.", weeks)
    url = reverse("visits:new", args=[patient.pk])
    return _Reason(sentence % {"weeks": weeks}, allowed, url, _("New visit"))
