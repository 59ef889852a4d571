"""Analyses of photos, the model releases that make them, and the sign of life of each queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.common.fields import OrjsonField
from clinic.common.models import Record
from clinic.patients.visibility import seen_by

from .fields import LandmarksField
from .jobs.states import FINAL, OPEN, Status

if TYPE_CHECKING:
    from clinic.accounts.models import User


class AnalysisQuerySet(models.QuerySet["Analysis"]):
    def visible_to(self, user: User) -> AnalysisQuerySet:
        return self.filter(seen_by(user, "photo__visit__patient__"))

    def open(self) -> AnalysisQuerySet:
        """Those that wait or run. Said so, and not as all but the final ones: few rows of an index, not every row."""
        return self.filter(status__in=OPEN)


class ShownAnalyses(models.Manager.from_queryset(AnalysisQuerySet)):
    """All but the withheld ones: whoever reads what a model found starts here, and can't forget to ask."""

    def get_queryset(self) -> AnalysisQuerySet:
        found: AnalysisQuerySet = super().get_queryset()
        return found.filter(~Exists(WithheldAnalysis.objects.filter(analysis=OuterRef("pk"))))


class Job(Record):
    """A release's look at a photo: what is kept of its way through the queue. `inference.jobs.job` moves it."""

    photo: models.ForeignKey
    release = models.CharField(max_length=64)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    queued_at = models.DateTimeField(default=timezone.now)
    published_at = models.DateTimeField(
        null=True, blank=True, help_text="when its message last went to the broker"
    )
    started_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    holder = models.CharField(
        max_length=48, blank=True, default="", db_default="", help_text="which process took the last attempt"
    )
    finished_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=40, blank=True, help_text="a code of inference.errors")

    class Meta:
        abstract = True


class Analysis(Job):
    """One model release's look at one photo. Once final, its result never changes; another release adds a row, and so
    does another face at rest to judge it beside."""

    photo = models.ForeignKey("visits.Photo", on_delete=models.PROTECT, related_name="analyses")
    reference = models.ForeignKey(
        "visits.Photo",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="the face at rest that the photo was judged beside",
    )
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.QUEUED, db_index=True)
    tries_from = models.PositiveSmallIntegerField(
        default=0, help_text="attempts before the last “try again”; the limit counts from here"
    )
    priority = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="of its message, 0 before all; see inference.jobs.turns"
    )

    # The findings. Columns for what is searched and charted, `findings` for the whole.
    exercise = models.CharField(max_length=32, blank=True)
    exercise_probability = models.FloatField(null=True, blank=True)
    palsy_probability = models.FloatField(null=True, blank=True)
    weak_side = models.CharField(max_length=8, blank=True)
    grade = models.PositiveSmallIntegerField(null=True, blank=True)
    brow_ratio = models.FloatField(null=True, blank=True)
    eye_ratio = models.FloatField(null=True, blank=True)
    mouth_ratio = models.FloatField(null=True, blank=True)
    findings = OrjsonField(null=True, blank=True)
    landmarks = LandmarksField(null=True, blank=True)

    correction: LandmarkCorrection | None = None
    """The newest correction of its points, where `selectors_corrections.add_corrections` has looked for it."""

    objects = ShownAnalyses()
    everything = AnalysisQuerySet.as_manager()
    """Withheld ones too: for the queue, the log and the sums of an installation, which show nobody a finding."""

    class Meta:
        ordering = ["-queued_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["photo", "release"],
                condition=Q(status__in=[Status.QUEUED, Status.RUNNING]),
                name="one_open_analysis_per_photo_and_release",
            ),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="analysis_status_known"),
            models.CheckConstraint(
                condition=~Q(status=Status.RUNNING) | Q(lease_until__isnull=False, attempt__gte=1),
                name="running_has_a_lease",
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.SUCCEEDED)
                | Q(findings__isnull=False, finished_at__isnull=False)
                & (Q(palsy_probability__isnull=False) | Q(exercise="")),
                name="succeeded_has_a_result",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[Status.REJECTED, Status.FAILED])
                | (~Q(error_code="") & Q(finished_at__isnull=False)),
                name="rejected_or_failed_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(status=Status.SUCCEEDED) | Q(palsy_probability__isnull=True, grade__isnull=True),
                name="no_numbers_without_success",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "queued_at"]),
            models.Index(fields=["status", "lease_until"]),
            models.Index(fields=["finished_at"], name="analyses_by_end"),
        ]

    def __str__(self) -> str:
        return f"Analysis {self.pk}"

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def waited_seconds(self) -> float | None:
        """From the upload, or the last "try again", to the start of the last attempt."""
        return (self.started_at - self.queued_at).total_seconds() if self.started_at else None

    @property
    def took_seconds(self) -> float | None:
        """Of the last attempt."""
        if not (self.started_at and self.finished_at):
            return None
        return (self.finished_at - self.started_at).total_seconds()


class WithheldAnalysis(models.Model):
    """An analysis that nobody is shown, since its episode's red flags point to a stroke or weren't asked. A final
    analysis never changes, so that is said beside it; see `inference.withholding`."""

    analysis = models.OneToOneField(
        Analysis, on_delete=models.CASCADE, primary_key=True, related_name="withheld"
    )

    def __str__(self) -> str:
        return f"Withheld analysis {self.pk}"


class LandmarkCorrectionQuerySet(models.QuerySet["LandmarkCorrection"]):
    def visible_to(self, user: User) -> LandmarkCorrectionQuerySet:
        return self.filter(seen_by(user, "analysis__photo__visit__patient__"))


class ShownCorrections(models.Manager.from_queryset(LandmarkCorrectionQuerySet)):
    """All but those of withheld analyses."""

    def get_queryset(self) -> LandmarkCorrectionQuerySet:
        found: LandmarkCorrectionQuerySet = super().get_queryset()
        withheld = WithheldAnalysis.objects.filter(analysis=OuterRef("analysis"))
        return found.filter(~Exists(withheld))


class LandmarkCorrection(Record):
    """Where a clinician put points of an analysis, and the measures that follow. Never changed: a second thought is a
    second row, and the newest counts; one without points says that the model's hold again."""

    analysis = models.ForeignKey(Analysis, on_delete=models.PROTECT, related_name="corrections")
    number = models.PositiveIntegerField(help_text="1 for the first of its analysis")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    points = models.JSONField(
        default=dict, blank=True, help_text="index in the face mesh to shares of the photo's width and height"
    )
    symmetry = models.JSONField(
        default=dict, blank=True, help_text="all measures with these points; empty without any"
    )

    objects = ShownCorrections()
    everything = LandmarkCorrectionQuerySet.as_manager()
    """Those of withheld analyses too: for the log and the checks."""

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["analysis", "number"], name="corrections_counted_by_analysis"),
            models.CheckConstraint(condition=Q(number__gte=1), name="corrections_counted_from_one"),
        ]

    def __str__(self) -> str:
        return f"Landmark correction {self.pk}"

    @property
    def moved(self) -> dict[int, list[float]]:
        """The points by their index in the mesh."""
        return {int(index): place for index, place in self.points.items()}


class Canary(models.Model):
    """A message that beat sends through a queue; when it came out last tells whether the queue lives."""

    queue = models.CharField(max_length=40, primary_key=True)
    sent_at = models.DateTimeField(null=True, blank=True, help_text="the oldest that has not come out")
    seen_at = models.DateTimeField(null=True, blank=True)
    passed_at = models.DateTimeField(
        null=True, blank=True, help_text="when the newest that came out had been sent"
    )

    def __str__(self) -> str:
        return self.queue


class ReleaseState(models.TextChoices):
    REGISTERED = "registered", _("Installed")
    ACTIVE = "active", _("In use")
    SHADOW = "shadow", _("Runs beside, unseen")
    RETIRED = "retired", _("Retired")


class ModelRelease(models.Model):
    """A model release that this installation has let in. The folder holds the models; this row holds the decision."""

    name = models.CharField(max_length=64, unique=True)
    fingerprint = models.CharField(
        max_length=64, help_text="SHA-256 over release.json, card.json and all files"
    )
    state = models.CharField(max_length=12, choices=ReleaseState.choices, default=ReleaseState.REGISTERED)
    registered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-registered_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ReleaseState.values), name="release_state_known"),
            models.UniqueConstraint(
                fields=["state"], condition=Q(state=ReleaseState.ACTIVE), name="one_active_release"
            ),
            models.UniqueConstraint(
                fields=["state"], condition=Q(state=ReleaseState.SHADOW), name="one_shadow_release"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ReleaseChange(models.Model):
    """Who did what to a release, when and why. Rows are only ever added."""

    release = models.ForeignKey(ModelRelease, on_delete=models.PROTECT, related_name="changes")
    at = models.DateTimeField(auto_now_add=True)
    before = models.CharField(max_length=12, choices=ReleaseState.choices, blank=True)
    after = models.CharField(max_length=12, choices=ReleaseState.choices)
    photos = models.PositiveIntegerField(null=True, blank=True, help_text="queued for it, by “reanalyse”")
    by = models.CharField(
        max_length=150, help_text="who typed the command: the account on the server, or as given"
    )
    why = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.release_id}: {self.before} to {self.after}"


class Purpose(models.TextChoices):
    SHADOW = "shadow", _("beside the release in use")
    REANALYSIS = "reanalysis", _("over an old photo")


class BackgroundAnalysis(Job):
    """A job that no patient waits for. What a shadow release found stays here, in a table that no clinical page,
    list, file or API reads; what a reanalysis finds becomes an `Analysis` of its own once it is there."""

    photo = models.ForeignKey("visits.Photo", on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    findings = OrjsonField(null=True, blank=True, help_text="a shadow's, without landmarks")

    class Meta:
        ordering = ["-queued_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["photo", "release", "purpose"], name="one_background_job_per_photo_and_release"
            ),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="background_status_known"),
            models.CheckConstraint(condition=Q(purpose__in=Purpose.values), name="background_purpose_known"),
            models.CheckConstraint(
                condition=~Q(status=Status.RUNNING) | Q(lease_until__isnull=False, attempt__gte=1),
                name="background_running_has_a_lease",
            ),
            models.CheckConstraint(
                condition=Q(purpose=Purpose.SHADOW) | Q(findings__isnull=True),
                name="background_keeps_a_shadows_findings_only",
            ),
        ]
        indexes = [models.Index(fields=["status", "published_at", "queued_at"], name="background_by_turn")]

    def __str__(self) -> str:
        return f"Background analysis {self.pk}"


class VisitTally(models.Model):
    """What one visit adds to the clinic's counts of a release; see `clinic.validation.tallies`. Derived: can be made
    anew from the records."""

    patient = models.ForeignKey("patients.Patient", on_delete=models.CASCADE, related_name="+")
    visit = models.ForeignKey("visits.Visit", on_delete=models.CASCADE, related_name="+")
    reference = models.CharField(
        max_length=64, blank=True, help_text="the release that it is held against; empty: the clinicians"
    )
    release = models.CharField(max_length=64)
    unseen = models.BooleanField(default=False, help_text="found by a job whose results no page shows")
    counts = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "visit", "reference", "release", "unseen"], name="one_tally_of_a_visit"
            )
        ]

    def __str__(self) -> str:
        return f"Tally of visit {self.visit_id}"


class ClinicTally(models.Model):
    """What a change of one patient's records added to the clinic's counts of a release; their sum is what holds now.

    Rows are added, so that nobody who confirms waits for somebody else's row, and soon afterwards several are replaced
    by their sum.
    """

    clinic = models.ForeignKey("accounts.Clinic", on_delete=models.CASCADE, related_name="+")
    reference = models.CharField(max_length=64, blank=True)
    release = models.CharField(max_length=64)
    unseen = models.BooleanField(default=False)
    counts = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["clinic", "release"], name="tallies_by_clinic")]

    def __str__(self) -> str:
        return f"Tally of clinic {self.clinic_id}"
