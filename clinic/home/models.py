"""What a patient is asked to do at home, and what they say that they did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.audit.history import History
from clinic.common.models import Record, Versioned
from clinic.patients.models import Episode
from clinic.patients.visibility import seen_by

if TYPE_CHECKING:
    from clinic.accounts.models import User


class HomeProgrammeQuerySet(models.QuerySet["HomeProgramme"]):
    def visible_to(self, user: User) -> HomeProgrammeQuerySet:
        return self.filter(seen_by(user, "episode__patient__"))

    def running(self) -> HomeProgrammeQuerySet:
        return self.filter(ended_at__isnull=True)


class HomeProgramme(Record, Versioned):
    """Exercises with their doses, from a day on. What is asked never changes: another dose is another programme, so
    that what was done is held against what was asked then. An episode has one that runs."""

    episode = models.ForeignKey(Episode, on_delete=models.PROTECT, related_name="home_programmes")
    starts_on = models.DateField(_("first day"))
    per_week = models.PositiveSmallIntegerField(
        _("days a week"), default=7, validators=[MinValueValidator(1), MaxValueValidator(7)]
    )
    doses = models.JSONField(_("exercises"), default=list, help_text="as `clinic.home.doses` writes them")
    message = models.CharField(_("message to the patient"), max_length=500, blank=True)
    mirrored = models.BooleanField(_("live picture as in a mirror"), default=True)
    wants_photos = models.BooleanField(_("asks for photos"), default=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    history = History(excluded_fields=["created_at"])

    objects = HomeProgrammeQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["episode"],
                condition=Q(ended_at__isnull=True),
                name="one_running_home_programme_an_episode",
            ),
        ]

    def __str__(self) -> str:
        return f"Home programme {self.pk}"

    @property
    def is_running(self) -> bool:
        return self.ended_at is None


class HomePracticeQuerySet(models.QuerySet["HomePractice"]):
    def visible_to(self, user: User) -> HomePracticeQuerySet:
        return self.filter(seen_by(user, "programme__episode__patient__"))


class HomePractice(Record):
    """How often a patient says that they did one exercise on one day. times: at most what the programme asks for."""

    programme = models.ForeignKey(HomeProgramme, on_delete=models.PROTECT, related_name="practice")
    day = models.DateField()
    step = models.CharField(max_length=40, help_text="the exercise, with its side")
    times = models.PositiveSmallIntegerField(default=0)
    changed_at = models.DateTimeField(auto_now=True)

    objects = HomePracticeQuerySet.as_manager()

    class Meta:
        ordering = ["day", "step"]
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "day", "step"], name="one_home_practice_a_day_and_step"
            ),
        ]

    def __str__(self) -> str:
        return f"Home practice {self.pk}"
