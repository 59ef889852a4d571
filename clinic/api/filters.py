"""What each list can be narrowed by. No filter takes a name or other free text: filters end up in logs."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, ClassVar

import django_filters as filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from clinic.accounts.memberships import clinics_of
from clinic.examination.models import TaskKind
from clinic.examination.scales import BY_CODE as SCALES
from clinic.overview.listed import needs_attention, to_follow_up
from clinic.patients.models import Cause, ConsentUse, Episode
from clinic.patients.treatments import TreatmentKind
from clinic.recovery import standing
from clinic.visits.exercises import all_choices as exercise_choices
from clinic.visits.models import Confirmation, Photo
from inference.jobs.states import Status
from inference.models import Analysis

from . import moments
from .serializers.records import WEAK_SIDES

WITH_PHOTO = ("photo__archived_at", "photo__visit__archived_at")


class MomentFilterField(forms.Field):
    """A moment, written with its offset from UTC; read as UTC."""

    def to_python(self, value: Any) -> dt.datetime | None:
        try:
            return moments.read(value) if value else None
        except ValueError as error:
            raise ValidationError(moments.SENTENCE, code="invalid") from error


class Moment(filters.IsoDateTimeFilter):
    field_class = MomentFilterField


class TruthField(forms.Field):
    """`true` or `false`, and no other spelling: one that is only nearly understood must not answer with everybody."""

    widget = forms.TextInput
    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": _("Give `true` or `false`.")}

    def to_python(self, value: Any) -> bool | None:
        if value in (None, ""):
            return None
        if value not in ("true", "false"):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return bool(value == "true")

    def validate(self, value: Any) -> None:
        """Whatever `to_python` lets through is fine."""


class Truth(filters.BooleanFilter):
    field_class = TruthField


class ReleaseField(forms.CharField):
    """A release's name as it stands: blanks around it make another one, which no result has."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, **kwargs)


class ReleaseName(filters.CharFilter):
    field_class = ReleaseField


class Archived(filters.ChoiceFilter):
    """Current records only, unless archived ones or both are asked for."""

    def __init__(self, *columns: str, **kwargs: Any) -> None:
        self.columns = columns or ("archived_at",)
        kwargs.setdefault("help_text", _("`false` (the default), `true`, or `any` for both."))
        super().__init__(choices=[("false", "false"), ("true", "true"), ("any", "any")], **kwargs)

    def filter(self, qs: QuerySet[Any], value: str | None) -> QuerySet[Any]:
        if value == "any":
            return qs
        current = Q(**{f"{column}__isnull": True for column in self.columns})
        return qs.exclude(current) if value == "true" else qs.filter(current)


class ArchivedWith(Archived):
    """Of records that are not archived by themselves: what they belong to is. Both, unless one is asked for."""

    def __init__(self, *columns: str) -> None:
        super().__init__(
            *columns,
            help_text=_(
                "Of the record, or of what it belongs to: `false`, `true`, or `any` for both (the default)."
            ),
        )

    def filter(self, qs: QuerySet[Any], value: str | None) -> QuerySet[Any]:
        return super().filter(qs, value or "any")


class Created(filters.FilterSet):
    created_since = Moment(field_name="created_at", lookup_expr="gte")


class Updated(Created):
    updated_since = Moment(
        method="changed",
        help_text=_("Made or changed since then; add `archived=any` to learn of archived ones."),
    )

    def changed(self, queryset: QuerySet[Any], name: str, value: dt.datetime) -> QuerySet[Any]:
        """Records with an entry in their history since then."""
        history = queryset.model.history.filter(id=OuterRef("pk"), history_date__gte=value)
        return queryset.filter(Exists(history))


class PatientFilter(Updated):
    clinic = filters.UUIDFilter(field_name="clinic_id")
    cause = filters.ChoiceFilter(choices=Cause.choices, method="of_episode", help_text=_("Of any episode."))
    weak_side = filters.ChoiceFilter(choices=WEAK_SIDES, method="of_episode", help_text=_("Of any episode."))
    attention = Truth(
        method="wanting",
        help_text=_("To follow up: a task is due, worse, to retake, failed, or not seen for long."),
    )
    last_visit_since = Moment(field_name="summary__last_visit_at", lookup_expr="gte")
    last_visit_before = Moment(field_name="summary__last_visit_at", lookup_expr="lt")
    archived = Archived()

    def of_episode(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Patients with such an episode."""
        return queryset.filter(Exists(Episode.objects.filter(patient=OuterRef("pk"), **{name: value})))

    def wanting(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        """Patients that need attention, or those that don't."""
        clinics = clinics_of(self.request.user)
        kept = all(standing.is_known(clinic_id=clinic_id) for clinic_id in clinics)
        wanted = to_follow_up() if kept else needs_attention()
        return queryset.filter(wanted) if value else queryset.exclude(wanted)


class EpisodeFilter(Updated):
    patient = filters.UUIDFilter(field_name="patient_id")
    archived = ArchivedWith("patient__archived_at")
    cause = filters.ChoiceFilter(choices=Cause.choices)
    weak_side = filters.ChoiceFilter(choices=WEAK_SIDES)


class TreatmentFilter(Updated):
    patient = filters.UUIDFilter(field_name="episode__patient_id")
    episode = filters.UUIDFilter(field_name="episode_id")
    kind = filters.ChoiceFilter(choices=TreatmentKind.choices)
    archived = Archived()


class ConsentFilter(Created):
    patient = filters.UUIDFilter(field_name="patient_id")
    use = filters.ChoiceFilter(choices=ConsentUse.choices)
    in_force = Truth(field_name="revoked_at", lookup_expr="isnull")
    archived = ArchivedWith("patient__archived_at")
    updated_since = Moment(method="given_or_revoked", help_text=_("Made or taken back since then."))

    def given_or_revoked(self, queryset: QuerySet[Any], name: str, value: dt.datetime) -> QuerySet[Any]:
        """Consents that were recorded or taken back since then."""
        return queryset.filter(Q(created_at__gte=value) | Q(revoked_at__gte=value))


class VisitFilter(Updated):
    patient = filters.UUIDFilter(field_name="patient_id")
    episode = filters.UUIDFilter(field_name="episode_id")
    at_since = Moment(field_name="at", lookup_expr="gte")
    at_before = Moment(field_name="at", lookup_expr="lt")
    archived = Archived()


class PhotoFilter(Updated):
    patient = filters.UUIDFilter(field_name="visit__patient_id")
    episode = filters.UUIDFilter(field_name="visit__episode_id")
    visit = filters.UUIDFilter(field_name="visit_id")
    exercise = filters.ChoiceFilter(choices=exercise_choices)
    archived = Archived("archived_at", "visit__archived_at")
    updated_since = Moment(
        method="changed_or_judged",
        help_text=_("Made or changed since then, or its result or confirmation was."),
    )

    def changed_or_judged(self, queryset: QuerySet[Any], name: str, value: dt.datetime) -> QuerySet[Any]:
        """Photos whose representation is another one: it holds the newest analysis and confirmation."""
        history = Photo.history.filter(id=OuterRef("pk"), history_date__gte=value)
        moved = Q(queued_at__gte=value) | Q(started_at__gte=value) | Q(finished_at__gte=value)
        analyses = Analysis.objects.filter(moved, photo=OuterRef("pk"))
        words = Confirmation.objects.filter(photo=OuterRef("pk"), created_at__gte=value)
        return queryset.filter(Exists(history) | Exists(analyses) | Exists(words))


class TaskFilter(Updated):
    patient = filters.UUIDFilter(field_name="patient_id")
    episode = filters.UUIDFilter(field_name="episode_id")
    kind = filters.ChoiceFilter(choices=TaskKind.choices)
    owner = filters.UUIDFilter(field_name="owner__public_id")
    open = Truth(field_name="closed_at", lookup_expr="isnull")
    archived = ArchivedWith("patient__archived_at")


class AssessmentFilter(Updated):
    patient = filters.UUIDFilter(method="of_patient")
    episode = filters.UUIDFilter(method="in_episode")
    visit = filters.UUIDFilter(field_name="visit_id")
    scale = filters.MultipleChoiceFilter(
        choices=[(code, code) for code in SCALES], help_text=_("May be given more than once.")
    )
    finished = Truth(field_name="finished_at", lookup_expr="isnull", exclude=True)
    archived = ArchivedWith("visit__archived_at")

    def of_patient(self, queryset: QuerySet[Any], name: str, value: uuid.UUID) -> QuerySet[Any]:
        """In their visits and between them."""
        return queryset.filter(Q(visit__patient_id=value) | Q(episode__patient_id=value))

    def in_episode(self, queryset: QuerySet[Any], name: str, value: uuid.UUID) -> QuerySet[Any]:
        """In its visits and between them."""
        return queryset.filter(Q(visit__episode_id=value) | Q(episode_id=value))


class PatientLinkFilter(Updated):
    patient = filters.UUIDFilter(field_name="episode__patient_id")
    episode = filters.UUIDFilter(field_name="episode_id")
    archived = ArchivedWith("episode__patient__archived_at")


class HomeProgrammeFilter(Updated):
    patient = filters.UUIDFilter(field_name="episode__patient_id")
    episode = filters.UUIDFilter(field_name="episode_id")
    running = Truth(field_name="ended_at", lookup_expr="isnull")
    archived = ArchivedWith("episode__patient__archived_at")


class AnalysisFilter(Created):
    patient = filters.UUIDFilter(field_name="photo__visit__patient_id")
    visit = filters.UUIDFilter(field_name="photo__visit_id")
    photo = filters.UUIDFilter(field_name="photo_id")
    status = filters.MultipleChoiceFilter(choices=Status.choices, help_text=_("May be given more than once."))
    release = ReleaseName(field_name="release")
    archived = ArchivedWith(*WITH_PHOTO)
    updated_since = Moment(method="moved", help_text=_("Queued, started or ended since then."))

    def moved(self, queryset: QuerySet[Any], name: str, value: dt.datetime) -> QuerySet[Any]:
        """Analyses that changed their state since then."""
        return queryset.filter(Q(queued_at__gte=value) | Q(started_at__gte=value) | Q(finished_at__gte=value))


class ConfirmationFilter(Created):
    patient = filters.UUIDFilter(field_name="photo__visit__patient_id")
    visit = filters.UUIDFilter(field_name="photo__visit_id")
    photo = filters.UUIDFilter(field_name="photo_id")
    analysis = filters.UUIDFilter(field_name="analysis_id")
    agrees = Truth()
    archived = ArchivedWith(*WITH_PHOTO)
    updated_since = Moment(
        field_name="created_at",
        lookup_expr="gte",
        help_text=_("Made since then; a confirmation never changes."),
    )
