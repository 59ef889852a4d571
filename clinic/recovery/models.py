"""The read model of recovery: what the lists and Today show of each patient, kept current by the services."""

from __future__ import annotations

from django.db import models


class PatientSummary(models.Model):
    """Figures of one patient that lists sort and filter by. Derived: can be made anew from the records."""

    patient = models.OneToOneField(
        "patients.Patient", on_delete=models.CASCADE, related_name="summary", primary_key=True
    )
    last_visit_at = models.DateTimeField(null=True, blank=True, db_index=True)
    visits = models.PositiveIntegerField(default=0)
    # One composite figure (-1 to 1, or null) a visit, oldest first; the newest twenty.
    symmetry = models.JSONField(default=list)
    model_grade = models.PositiveSmallIntegerField(null=True, blank=True)
    clinician_grade = models.PositiveSmallIntegerField(null=True, blank=True)
    to_retake = models.PositiveIntegerField(default=0)
    to_confirm = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    # Mean change of the regions measured alike at the last two measured visits; negative where it fell.
    change = models.FloatField(null=True, blank=True)
    worse = models.BooleanField(default=False)
    # The fall behind `worse` (see `services.fall_of`); null where there is none.
    fall = models.JSONField(null=True, blank=True)
    # The newest episode, by which lists filter and sort. cause: empty without one, null where that is not known.
    cause = models.CharField(max_length=24, null=True, blank=True)
    weak_side = models.CharField(max_length=8, null=True, blank=True)
    onset_date = models.DateField(null=True, blank=True)
    onset_precision = models.CharField(max_length=8, null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)
    counted = models.BooleanField(
        default=False, db_default=False, help_text="the visits are in the clinic's counts of releases"
    )

    class Meta:
        indexes = [
            models.Index(fields=["patient"], condition=models.Q(counted=False), name="summaries_not_counted"),
            models.Index(
                fields=["patient"],
                condition=models.Q(worse=True) | models.Q(to_retake__gt=0) | models.Q(failed__gt=0),
                name="summaries_that_ask",
            ),
        ]

    def __str__(self) -> str:
        return f"Summary {self.patient_id}"


class VisitSummary(models.Model):
    """Whether a visit waits for a clinician's word. Derived: can be made anew from the records."""

    visit = models.OneToOneField(
        "visits.Visit", on_delete=models.CASCADE, related_name="summary", primary_key=True
    )
    patient = models.ForeignKey("patients.Patient", on_delete=models.CASCADE, related_name="+")
    clinic = models.ForeignKey("accounts.Clinic", on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    unsaid = models.BooleanField(default=False, help_text="there are results, and no clinician's word")
    waiting = models.BooleanField(default=False, help_text="unsaid, and in the clinic's lists")
    stamp = models.CharField(
        max_length=64, default="", db_default="", help_text="of what `found` was made from"
    )
    found = models.JSONField(default=dict, db_default={}, help_text="what the model found in it")

    class Meta:
        indexes = [
            models.Index(fields=["clinic", "at"], condition=models.Q(waiting=True), name="visits_that_wait")
        ]

    def __str__(self) -> str:
        return f"Summary of visit {self.visit_id}"
