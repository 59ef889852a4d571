"""What a visit's series of photos lacks, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.audit.history import History
from clinic.common.models import Record, Versioned
from clinic.patients.visibility import seen_by

from . import exercises

if TYPE_CHECKING:
    from clinic.accounts.models import User


def validate_exercise(code: str) -> None:
    if code not in exercises.BY_CODE:
        raise ValidationError(_("“%(code)s” is not an exercise of the protocol."), params={"code": code})


class SkipReason(models.TextChoices):
    """Why an exercise was not taken."""

    UNABLE = "unable", _("Patient unable")
    DECLINED = "declined", _("Patient declined")
    PAIN = "pain", _("Pain")
    EYE_PROTECTED = "eye_protected", _("Eye protected")
    TIME = "time", _("No time")
    OTHER = "other", _("Other reason")


class SkippedExerciseQuerySet(models.QuerySet["SkippedExercise"]):
    def visible_to(self, user: User) -> SkippedExerciseQuerySet:
        return self.filter(seen_by(user, "visit__patient__"))

    def standing(self) -> SkippedExerciseQuerySet:
        """Those that hold: neither taken back nor followed by a photo."""
        return self.filter(lifted_at__isnull=True)


class SkippedExercise(Record, Versioned):
    """An exercise that a visit does without, and why. It is no missing photo, and counts as no figure.

    lifted_at: when it was taken back, or a photo came after all; skipped once more, the same row holds again.
    """

    visit = models.ForeignKey("visits.Visit", on_delete=models.PROTECT, related_name="skipped")
    exercise = models.CharField(_("exercise"), max_length=32, validators=[validate_exercise])
    reason = models.CharField(_("reason"), max_length=16, choices=SkipReason.choices)
    note = models.CharField(_("in words"), max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True, editable=False)
    history = History(excluded_fields=["created_at"])

    objects = SkippedExerciseQuerySet.as_manager()

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(fields=["visit", "exercise"], name="one_skip_of_an_exercise"),
            models.CheckConstraint(
                condition=models.Q(reason__in=SkipReason.values), name="skip_reason_known"
            ),
        ]

    def __str__(self) -> str:
        return f"Skipped exercise {self.pk}"

    @property
    def in_words(self) -> str:
        """The reason as a person reads it."""
        return self.note if self.reason == SkipReason.OTHER and self.note else self.get_reason_display()
