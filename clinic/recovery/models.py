"""The read model of recovery: what the lists and Today show of each patient, kept current by the services."""

from __future__ import annotations

from django.db import models

from clinic.common.fields import OrjsonField


class Shelf(models.TextChoices):
    """Where a patient's record lies: on the lists, in the archive, or closed, where nobody sees it."""

    LISTS = "lists"
    ARCHIVE = "archive"
    CLOSED = "closed"


class PatientSummary(models.Model):
    """Figures of one patient that lists sort and filter by. Derived: can be made anew from the records."""

    patient = models.OneToOneField(
        "patients.Patient", on_delete=models.CASCADE, related_name="summary", primary_key=True
    )
    last_visit_at = models.DateTimeField(null=True, blank=True, db_index=True)
    visits = models.PositiveIntegerField(default=0)
    # One composite figure (-1 to 1, or null) a visit, oldest first; the newest twenty.
    symmetry = OrjsonField(default=list)
    model_grade = models.PositiveSmallIntegerField(null=True, blank=True)
    clinician_grade = models.PositiveSmallIntegerField(null=True, blank=True)
    to_retake = models.PositiveIntegerField(default=0)
    to_confirm = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    # Mean change of the regions measured alike at the last two measured visits; negative where it fell.
    change = models.FloatField(null=True, blank=True)
    worse = models.BooleanField(default=False)
    # The fall behind `worse` (see `services.fall_of`); null where there is none.
    fall = OrjsonField(null=True, blank=True)
    # The newest episode, by which lists filter and sort. cause: empty without one, null where that is not known.
    cause = models.CharField(max_length=24, null=True, blank=True)
    weak_side = models.CharField(max_length=8, null=True, blank=True)
    onset_date = models.DateField(null=True, blank=True)
    onset_precision = models.CharField(max_length=8, null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)
    counted = models.BooleanField(
        default=False, db_default=False, help_text="the visits are in the clinic's counts of releases"
    )

    # Where the patient stands on the lists: see `standing`. shelf: null where that was not noted yet.
    clinic = models.ForeignKey(
        "accounts.Clinic", on_delete=models.CASCADE, related_name="+", null=True, blank=True, db_index=False
    )
    shelf = models.CharField(max_length=8, null=True, blank=True)
    seen = models.CharField(
        max_length=8, blank=True, default="", db_default="", help_text="lately, long ago or never"
    )
    urgency = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="the place in Today's order: the smaller, the sooner"
    )
    milestones = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="how many are due: see `clinic.examination.milestones`"
    )
    moves_at = models.DateTimeField(null=True, blank=True, help_text="when time alone changes that next")

    class Meta:
        indexes = [
            models.Index(fields=["patient"], condition=models.Q(counted=False), name="summaries_not_counted"),
            models.Index(fields=["patient"], condition=models.Q(shelf=None), name="summaries_not_placed"),
            models.Index(fields=["moves_at"], name="summaries_that_move"),
            models.Index(
                fields=["clinic", "shelf", "urgency", "last_visit_at", "patient"],
                name="summaries_by_urgency",
            ),
            models.Index(
                fields=["clinic", "shelf", "last_visit_at", "patient"], name="summaries_by_last_visit"
            ),
            models.Index(fields=["clinic", "shelf", "onset_date", "patient"], name="summaries_by_onset"),
            models.Index(fields=["clinic", "shelf", "cause", "weak_side"], name="summaries_by_cause"),
            models.Index(
                fields=["patient"],
                condition=models.Q(worse=True) | models.Q(to_retake__gt=0) | models.Q(failed__gt=0),
                name="summaries_that_ask",
            ),
        ]

    def __str__(self) -> str:
        return f"Summary {self.patient_id}"


class PatientTally(models.Model):
    """Patients of a clinic who stand alike on its lists. Rows of one kind add up: each write adds what it changed, and
    takes out what it no longer is, so that no write waits for another; now and then they are folded into one."""

    clinic = models.ForeignKey("accounts.Clinic", on_delete=models.CASCADE, related_name="+")
    shelf = models.CharField(max_length=8)
    cause = models.CharField(max_length=24, blank=True)
    weak_side = models.CharField(max_length=8, blank=True)
    seen = models.CharField(max_length=8, blank=True)
    attention = models.BooleanField()
    patients = models.IntegerField()
    to_confirm = models.IntegerField()
    failed = models.IntegerField()

    def __str__(self) -> str:
        return f"Tally {self.pk} of clinic {self.clinic_id}"


class VisitSummary(models.Model):
    """Whether a visit waits for a clinician's word, and what it gives to the course (see `clinic.recovery.kept`) and to
    its file (`kept_photos`).
    Derived: can be made anew from the records."""

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
    found = OrjsonField(default=dict, db_default={}, help_text="what the model found in it")
    form = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text="what the following means; 0 where the visit has changed since, or nothing is kept",
    )
    figures = OrjsonField(default=dict, db_default={}, help_text="its figures in the course")
    compared = OrjsonField(default=list, db_default=[], help_text="by what it is held against other visits")
    photos = OrjsonField(
        default=dict, db_default={}, help_text="what its photos give to the file of the course"
    )
    eyes = OrjsonField(default=list, db_default=[], help_text="the photos that tell how far the eyes close")
    has_rest = models.BooleanField(default=False, db_default=False, help_text="other visits may borrow it")
    to_retake = models.PositiveSmallIntegerField(default=0, db_default=0)
    failed = models.PositiveSmallIntegerField(default=0, db_default=0)
    clinician_grade = models.PositiveSmallIntegerField(null=True, blank=True)
    model_grade = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["clinic", "at"], condition=models.Q(waiting=True), name="visits_that_wait"),
            models.Index(fields=["form"], name="visits_by_form"),
        ]

    def __str__(self) -> str:
        return f"Summary of visit {self.visit_id}"
