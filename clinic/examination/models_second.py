"""A visit that a second clinician reads without knowing what the first one found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from clinic.accounts.models import Membership
from clinic.audit.history import History
from clinic.common.models import Record, Versioned
from clinic.patients.visibility import seen_by
from clinic.visits.models import GRADES, Visit

if TYPE_CHECKING:
    from clinic.accounts.models import User


class SecondReadingQuerySet(models.QuerySet["SecondReading"]):
    def visible_to(self, user: User) -> SecondReadingQuerySet:
        """Those of visits that the user may see: not one's own while it is open, which `of_reader` gives."""
        return self.filter(seen_by(user, "visit__patient__"))

    def of_reader(self, user: User) -> SecondReadingQuerySet:
        """Those that the user reads at the moment."""
        return self.filter(
            reader__user=user,
            reader__is_active=True,
            closed_at__isnull=True,
            visit__patient__restricted_at__isnull=True,
        )

    def waiting(self) -> SecondReadingQuerySet:
        """Those that nobody has taken."""
        return self.filter(reader__isnull=True, closed_at__isnull=True)


class SecondReading(Record, Versioned):
    """A clinician's wish that a colleague read a visit blind. From when one takes it until the reading is kept or given
    back, that colleague sees nothing of the patient but the visit's photos: see `clinic.patients.visibility`."""

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="second_readings")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reader = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="blind_readings", null=True, blank=True
    )
    taken_at = models.DateTimeField(null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    history = History(excluded_fields=["created_at"])

    objects = SecondReadingQuerySet.as_manager()

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["visit"], condition=Q(closed_at__isnull=True), name="one_open_second_reading_a_visit"
            ),
        ]

    def __str__(self) -> str:
        return f"Second reading {self.pk}"


class BlindReadingQuerySet(models.QuerySet["BlindReading"]):
    def visible_to(self, user: User) -> BlindReadingQuerySet:
        return self.filter(seen_by(user, "second__visit__patient__"))


class BlindReading(Record):
    """What a second clinician found, with what the first one had found until then. Never changed: both are compared by
    what each said before knowing of the other."""

    second = models.OneToOneField(SecondReading, on_delete=models.PROTECT, related_name="reading")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    grade = models.PositiveSmallIntegerField(choices=GRADES)
    first_grade = models.PositiveSmallIntegerField(choices=GRADES)
    scale_version = models.CharField(
        max_length=32, blank=True, help_text="of Sunnybrook, where it was answered"
    )
    answers = models.JSONField(default=dict, blank=True, help_text="item to answer")
    total = models.FloatField(null=True, blank=True)
    first_total = models.FloatField(null=True, blank=True, help_text="in the same version")

    objects = BlindReadingQuerySet.as_manager()

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return f"Blind reading {self.pk}"
