"""What has to be looked after in a patient, a task with an owner; the red flags that were asked about; and how a
clinical scale was answered in a visit."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.audit.history import History
from clinic.common.models import Record, Versioned
from clinic.patients.models import Episode, Patient, PatientLink, Treatment
from clinic.patients.visibility import seen_by
from clinic.visits.models import Visit

from . import closure
from .models_of_wordings import QuestionnaireWording
from .models_second import BlindReading as BlindReading
from .models_second import SecondReading as SecondReading
from .red_flags import STROKE
from .scales import BY_CODE, Scale

if TYPE_CHECKING:
    from clinic.accounts.models import User


class TaskKind(models.TextChoices):
    EYE_CLOSURE = "eye_closure", _("Incomplete eye closure")
    FOLLOW_UP = "follow_up", _("Follow-up")


class Outcome(models.TextChoices):
    """Why a person closed a task."""

    SETTLED = "settled", _("Settled: it needs nothing more")
    TREATED = "treated", _("Treated")
    HANDED_OVER = "handed_over", _("Handed over to a colleague elsewhere")
    MISTAKEN = "mistaken", _("Raised by mistake: photo or measure is wrong")


class TaskQuerySet(models.QuerySet["Task"]):
    def visible_to(self, user: User) -> TaskQuerySet:
        return self.filter(seen_by(user, "patient__"))

    def open(self) -> TaskQuerySet:
        return self.filter(closed_at__isnull=True)


class Task(Record, Versioned):
    """Something to be looked after, with who does it and when it is looked at next.

    Raised by a person, or from an analysis by a model release; a model raises and never closes. One that recurs after
    it was closed is opened again, so that its history tells both. Each line of its history is only ever added.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="tasks")
    episode = models.ForeignKey(Episode, on_delete=models.PROTECT, related_name="tasks")
    kind = models.CharField(_("what it is about"), max_length=16, choices=TaskKind.choices)
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    analysis = models.ForeignKey(
        "inference.Analysis", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    release = models.CharField(max_length=64, blank=True, help_text="the model release that raised it")
    figures = models.JSONField(
        default=dict, blank=True, help_text="what it rests on: see `clinic.examination.closure`"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="tasks",
        null=True,
        blank=True,
        verbose_name=_("who looks after it"),
    )
    plan = models.TextField(_("plan"), blank=True)
    next_check = models.DateField(_("next check"), null=True, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    outcome = models.CharField(_("why it is closed"), max_length=12, choices=Outcome.choices, blank=True)
    reason = models.TextField(_("in words"), blank=True)
    milestone = models.CharField(
        max_length=16,
        blank=True,
        default="",
        db_default="",
        help_text="code of the milestone that it took up: see `clinic.examination.milestones`",
    )
    treatment = models.ForeignKey(
        Treatment,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
        help_text="whose recall it took up",
    )
    settled_until = models.DateTimeField(
        null=True, blank=True, help_text="the newest visit of the episode when it was closed"
    )
    times_reopened = models.PositiveSmallIntegerField(default=0)
    history = History(excluded_fields=["created_at"], kept={"figures": closure.of_newest_visit})

    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at", "-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=TaskKind.values), name="task_kind_known"),
            models.CheckConstraint(
                condition=Q(raised_by__isnull=False, analysis__isnull=True)
                | (Q(raised_by__isnull=True, analysis__isnull=False) & ~Q(release="")),
                name="task_raised_by_a_person_or_a_release",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True, outcome="")
                | (Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(outcome="")),
                name="task_closed_by_a_person_with_a_reason",
            ),
            models.UniqueConstraint(
                fields=["episode"],
                condition=Q(kind=TaskKind.EYE_CLOSURE, closed_at__isnull=True),
                name="one_open_eye_task_an_episode",
            ),
        ]
        indexes = [
            models.Index(
                fields=["patient"], condition=Q(closed_at__isnull=True), name="open_tasks_of_patient"
            )
        ]

    def __str__(self) -> str:
        return f"Task {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class RedFlagScreeningQuerySet(models.QuerySet["RedFlagScreening"]):
    def visible_to(self, user: User) -> RedFlagScreeningQuerySet:
        return self.filter(seen_by(user, "episode__patient__"))


class RedFlagScreening(Record):
    """How an episode's red flags were answered, by whom and when. Never changed: asked anew is a second row, and the
    newest counts. See `clinic.examination.red_flags`."""

    episode = models.ForeignKey(Episode, on_delete=models.PROTECT, related_name="red_flag_screenings")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    cause = models.CharField(max_length=24, help_text="the episode's when it was asked")
    questions_version = models.CharField(max_length=8)
    answers = models.JSONField(help_text="question to yes, no or unknown")
    sent_to = models.JSONField(
        default=list, blank=True, help_text="codes of where the answers send the patient"
    )
    note = models.TextField(_("note"), blank=True)

    objects = RedFlagScreeningQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"Red-flag screening {self.pk}"

    @property
    def points_to_stroke(self) -> bool:
        return STROKE in self.sent_to


class AssessmentQuerySet(models.QuerySet["Assessment"]):
    def visible_to(self, user: User) -> AssessmentQuerySet:
        return self.filter(seen_by(user, "visit__patient__") | seen_by(user, "episode__patient__"))

    def of_episode(self, episode: Episode) -> AssessmentQuerySet:
        """Those of its visits that are not archived, and those between visits."""
        visits = Visit.objects.filter(episode=episode, archived_at__isnull=True)
        return self.filter(Q(visit__in=visits) | Q(episode=episode))


class AnswerWay(models.TextChoices):
    """How a patient's answers came in."""

    PAPER = "paper", _("on paper")
    TABLET = "tablet", _("on a tablet")
    LINK = "link", _("by a link")


class Assessment(Record, Versioned):
    """A clinical scale as it was answered, in one version of the scale: in a visit, or between visits by the patient,
    in an episode on a day of its own.

    Answers are kept as they are given, item by item. Sub-scores and total are what they come to, None where an item is
    missing: never zero, never pro-rated. Finished is said by a person; one that is corrected is opened again, and its
    history keeps what it said before.
    """

    visit = models.ForeignKey(
        Visit, on_delete=models.PROTECT, related_name="assessments", null=True, blank=True
    )
    episode = models.ForeignKey(
        Episode,
        on_delete=models.PROTECT,
        related_name="own_assessments",
        null=True,
        blank=True,
        db_index=False,
        help_text="of one between visits alone",
    )
    begun_at = models.DateTimeField(null=True, blank=True, help_text="of one between visits alone")
    scale = models.CharField(max_length=32, help_text="code of the scale")
    scale_version = models.CharField(max_length=32)
    answers = models.JSONField(default=dict, blank=True, help_text="item to answer; only what is answered")
    sub_scores = models.JSONField(default=dict, blank=True, help_text="code to figure, null where incomplete")
    total = models.FloatField(null=True, blank=True)
    missing = models.JSONField(default=list, blank=True, help_text="items without an answer")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="who answered last; of a patient's own answers, who handed the questions over",
    )
    way = models.CharField(
        max_length=8,
        choices=AnswerWay.choices,
        blank=True,
        default="",
        db_default="",
        help_text="empty: a clinician's own",
    )
    wording = models.ForeignKey(
        QuestionnaireWording,
        on_delete=models.PROTECT,
        related_name="assessments",
        null=True,
        blank=True,
        db_index=False,
        help_text="by which the patient was asked",
    )
    link = models.ForeignKey(
        PatientLink,
        on_delete=models.PROTECT,
        related_name="assessments",
        null=True,
        blank=True,
        db_index=False,
    )
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)
    history = History(excluded_fields=["created_at"])

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["visit", "scale", "scale_version"], name="one_assessment_a_scale_and_visit"
            ),
        ]
        indexes = [
            models.Index(
                fields=["episode"], condition=Q(episode__isnull=False), name="assessments_between_visits"
            ),
            models.Index(fields=["link"], condition=Q(link__isnull=False), name="assessments_by_link"),
        ]

    def __str__(self) -> str:
        return f"Assessment {self.pk}"

    @property
    def is_finished(self) -> bool:
        return self.finished_at is not None

    @property
    def at(self) -> dt.datetime:
        """The moment of the face or the feelings that it tells of."""
        return self.visit.at if self.visit is not None else self.begun_at or self.created_at

    @property
    def of_episode(self) -> Episode:
        """The episode that it belongs to, by its visit or by itself."""
        found = self.visit.episode if self.visit is not None else self.episode
        assert found is not None
        return found

    @property
    def patient(self) -> Patient:
        """Whose it is."""
        found: Patient = self.visit.patient if self.visit is not None else self.of_episode.patient
        return found

    @property
    def is_patients_own(self) -> bool:
        """Whether the patient answered without a clinician in between: nobody else changes that."""
        return self.way in (AnswerWay.TABLET, AnswerWay.LINK)

    @property
    def is_archived(self) -> bool:
        """Whether its visit is."""
        return self.visit is not None and self.visit.archived_at is not None

    @property
    def definition(self) -> Scale | None:
        """The scale in the very version in which it was answered; None if this software has another."""
        found = BY_CODE.get(self.scale)
        return found if found is not None and found.version == self.scale_version else None
