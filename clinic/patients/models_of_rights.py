"""What patients ask for and what is ordered about their records: corrections, restrictions, holds, erasure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.accounts.models import Clinic
from clinic.common.models import Record, Versioned

from .visibility import seen_by

if TYPE_CHECKING:
    from clinic.accounts.models import User


class OfPatientQuerySet(models.QuerySet["models.Model"]):
    """Rows that belong to a patient, and the rule of who sees them."""

    def visible_to(self, user: User) -> OfPatientQuerySet:
        return self.filter(seen_by(user, "patient__"))


class CorrectionState(models.TextChoices):
    OPEN = "open", _("To be decided")
    CORRECTED = "corrected", _("Corrected")
    STATEMENT = "statement", _("Not changed; the patient's statement is attached")


class Correction(Record, Versioned):
    """What a patient disputes in their record, and what became of it. What was changed stands in the history."""

    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="corrections")
    received_on = models.DateField(_("received on"))
    disputed = models.TextField(_("what the patient disputes"))
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=CorrectionState.choices, default=CorrectionState.OPEN)
    answer = models.TextField(_("what was decided, and why"), blank=True)
    statement = models.TextField(_("the patient's statement"), blank=True)
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )

    objects = OfPatientQuerySet.as_manager()

    class Meta:
        ordering = ["-received_on", "-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state=CorrectionState.OPEN, decided_at__isnull=True)
                | (~models.Q(state=CorrectionState.OPEN) & models.Q(decided_at__isnull=False)),
                name="correction_decided_has_a_day",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=CorrectionState.STATEMENT) | ~models.Q(statement=""),
                name="correction_statement_is_there",
            ),
        ]

    def __str__(self) -> str:
        return f"Correction {self.pk}"


class RestrictionGround(models.TextChoices):
    DISPUTED = "disputed", _("The patient disputes that the record is right")
    UNLAWFUL = "unlawful", _("The record was made wrongly, and the patient wants it kept")
    CLAIM = "claim", _("The patient needs the record for a legal claim")
    OBJECTION = "objection", _("The patient objects, and the objection is being looked at")
    ERASURE = "erasure", _("The patient asked for erasure; the record is kept for its retention")


class Ended(Record):
    """Something that holds from one day to another, each with who said so and why."""

    reason = models.CharField(_("reason"), max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True, editable=False)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    lifted_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        abstract = True
        ordering = ["-created_at"]


class Restriction(Ended):
    """The record is kept, and closed to everybody who does not have to see it."""

    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="restrictions")
    ground = models.CharField(_("ground"), max_length=12, choices=RestrictionGround.choices)

    objects = OfPatientQuerySet.as_manager()

    class Meta(Ended.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["patient"],
                condition=models.Q(lifted_at__isnull=True),
                name="one_restriction_in_force",
            ),
        ]

    def __str__(self) -> str:
        return f"Restriction {self.pk}"


class LegalHold(Ended):
    """While it is in force nothing of the patient may be erased or destroyed."""

    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="holds")

    objects = OfPatientQuerySet.as_manager()

    class Meta(Ended.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["patient"], condition=models.Q(lifted_at__isnull=True), name="one_legal_hold_in_force"
            ),
        ]

    def __str__(self) -> str:
        return f"Legal hold {self.pk}"


class Erasure(Record):
    """A patient asked to be forgotten: copies went at once, the record goes when its retention is over.

    The row outlives the patient, and then tells no more than that a record was destroyed, when, and how much of it.
    """

    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.DO_NOTHING, related_name="erasures", db_constraint=False
    )
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    keep_until = models.DateField(
        help_text="the record's retention, as it was known when erasure was asked for"
    )
    copies = models.JSONField(
        default=dict, help_text="what was destroyed at once: counts, and names of exports"
    )
    destroyed_at = models.DateTimeField(null=True, blank=True, editable=False)
    destroyed = models.JSONField(default=dict, blank=True, help_text="how many rows and files of each kind")

    objects = OfPatientQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["patient"], name="erased_once")]

    def __str__(self) -> str:
        return f"Erasure {self.pk}"
