"""Visits, their photos, and what the clinician confirmed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.audit.history import History
from clinic.common.models import Record, Versioned
from clinic.patients.models import Episode, Patient
from clinic.patients.visibility import seen_by
from clinic.store import places

from .models_of_series import SkippedExercise as SkippedExercise
from .models_of_series import SkipReason as SkipReason
from .models_of_series import validate_exercise as validate_exercise

if TYPE_CHECKING:
    from clinic.accounts.models import User

GRADES = [(1, "I"), (2, "II"), (3, "III"), (4, "IV"), (5, "V"), (6, "VI")]
WEAK_SIDES = [("left", _("Left")), ("right", _("Right")), ("both", _("Both"))]


def photo_storage() -> Storage:
    return storages["photos"]


def random_path(instance: models.Model, filename: str) -> str:
    """A path that tells nothing: neither the uploader's file name nor the patient."""
    return places.new_name()


class VisitQuerySet(models.QuerySet["Visit"]):
    def visible_to(self, user: User) -> VisitQuerySet:
        return self.filter(seen_by(user, "patient__"))

    def current(self) -> VisitQuerySet:
        return self.filter(archived_at__isnull=True)


class Origin(models.TextChoices):
    """Where a visit's photos were taken."""

    CLINIC = "clinic", _("In the clinic")
    HOME = "home", _("Sent from home")


class Visit(Record, Versioned):
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="visits")
    episode = models.ForeignKey(Episode, on_delete=models.PROTECT, related_name="visits")
    at = models.DateTimeField(_("date and time"), default=timezone.now)
    clinician = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="visits",
        verbose_name=_("seen by"),
    )
    impression = models.TextField(_("impression"), blank=True)
    grade = models.PositiveSmallIntegerField(
        _("House-Brackmann grade"),
        choices=GRADES,
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(6)],
    )
    protocol = models.CharField(
        max_length=24,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text="with which it was begun; empty: from before protocols could be chosen",
    )
    origin = models.CharField(
        max_length=8, choices=Origin.choices, default=Origin.CLINIC, db_default=Origin.CLINIC, editable=False
    )
    seen_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="of one from home: when somebody looked at it"
    )
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    history = History(excluded_fields=["created_at"])

    objects = VisitQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-created_at"]
        indexes = [
            models.Index(fields=["patient", "-at"]),
            models.Index(fields=["-at"]),
            models.Index(
                fields=["at"],
                condition=models.Q(origin="home", seen_at__isnull=True, archived_at__isnull=True),
                name="unseen_visits_from_home",
            ),
        ]

    def __str__(self) -> str:
        return f"Visit {self.pk}"

    @property
    def is_from_home(self) -> bool:
        return self.origin == Origin.HOME


class PhotoQuerySet(models.QuerySet["Photo"]):
    def visible_to(self, user: User) -> PhotoQuerySet:
        return self.filter(seen_by(user, "visit__patient__"))

    def current(self) -> PhotoQuerySet:
        return self.filter(archived_at__isnull=True, visit__archived_at__isnull=True)


class ExerciseSide(models.TextChoices):
    """The patient's own side."""

    LEFT = "left", _("Left")
    RIGHT = "right", _("Right")


class TakenFrom(models.TextChoices):
    """Where a photo's date and time come from. Empty for photos from before this was kept."""

    FILE = "file", _("the file")
    GIVEN = "given", _("entered by a person or a program")
    VISIT = "visit", _("the visit")
    REFUSED = "refused", _("the visit, since the file's date can't be true")


class Photo(Record, Versioned):
    """A photo of one exercise, upright, without metadata; the original is known by its hash alone."""

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="photos")
    exercise = models.CharField(_("exercise asked for"), max_length=32, validators=[validate_exercise])
    side = models.CharField(_("side"), max_length=8, choices=ExerciseSide.choices, blank=True)
    exercise_named = models.BooleanField(
        default=True,
        db_default=True,
        editable=False,
        help_text="somebody, or the file's name, said which exercise it shows; else its place among the files did",
    )
    taken_at = models.DateTimeField(_("taken at"))
    taken_from = models.CharField(
        max_length=8, choices=TakenFrom.choices, blank=True, default="", db_default="", editable=False
    )
    image = models.ImageField(
        upload_to=random_path,
        storage=photo_storage,
        width_field="width",
        height_field="height",
        max_length=80,
    )
    thumbnail = models.FileField(
        upload_to=random_path, storage=photo_storage, max_length=80, blank=True, help_text="none once erased"
    )
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField(help_text="bytes as stored")
    sha256 = models.CharField(max_length=64, help_text="of the stored file")
    original_sha256 = models.CharField(max_length=64, help_text="of the file as it was uploaded")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    turned_from = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        related_name="turned_to",
        null=True,
        blank=True,
        editable=False,
        help_text="the photo whose mirror image this is",
    )
    history = History(
        excluded_fields=["created_at", "image", "thumbnail", "width", "height"],
        # The log tells what became of a photo; that it was taken its visit says.
        indexes=[
            models.Index(fields=["visit"], condition=~models.Q(history_type="+"), name="photos_changed_since")
        ],
    )

    objects = PhotoQuerySet.as_manager()

    class Meta:
        ordering = ["taken_at", "created_at"]
        indexes = [
            # Whose is this file? Asked of every file in the store.
            models.Index(fields=["image"], name="photo_by_image"),
            models.Index(fields=["thumbnail"], name="photo_by_thumbnail"),
            models.Index(fields=["uploaded_by", "-created_at"], name="photos_of_an_uploader"),
            models.Index(fields=["created_at"], name="photos_by_day"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["visit", "original_sha256"],
                condition=models.Q(archived_at__isnull=True),
                name="same_photo_once_per_visit",
            ),
            models.CheckConstraint(
                condition=models.Q(side__in=["", "left", "right"]),
                name="photo_side_known",
            ),
        ]

    def __str__(self) -> str:
        return f"Photo {self.pk}"


class ConfirmationQuerySet(models.QuerySet["Confirmation"]):
    def visible_to(self, user: User) -> ConfirmationQuerySet:
        return self.filter(seen_by(user, "photo__visit__patient__"))


class Confirmation(Record):
    """A clinician's word on one analysis. Never changed: a second thought is a second row, the newest counts."""

    photo = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="confirmations")
    analysis = models.ForeignKey("inference.Analysis", on_delete=models.PROTECT, related_name="confirmations")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    exercise = models.CharField(_("exercise shown"), max_length=32, validators=[validate_exercise])
    palsy = models.BooleanField(_("palsy"))
    weak_side = models.CharField(
        _("weak side"),
        max_length=8,
        choices=WEAK_SIDES,
        blank=True,
    )
    grade = models.PositiveSmallIntegerField(
        _("House-Brackmann grade"), choices=GRADES, null=True, blank=True
    )
    comment = models.TextField(_("comment"), blank=True)
    agrees = models.BooleanField(editable=False, help_text="the clinician found what the model found")
    names_exercise = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="the clinician said which exercise it shows",
    )

    objects = ConfirmationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(grade__isnull=True) | models.Q(grade__range=(1, 6)),
                name="confirmation_grade_range",
            ),
            models.CheckConstraint(
                condition=models.Q(palsy=True) | models.Q(weak_side=""),
                name="confirmation_side_only_with_palsy",
            ),
        ]

    def __str__(self) -> str:
        return f"Confirmation {self.pk}"


class Suggestion(models.TextChoices):
    """What the model suggests about photos and a person may turn down."""

    EXERCISE = "exercise", _("another exercise")
    MIRRORED = "mirrored", _("mirrored photos")
    DATE = "date", _("another date of the visit")


class DismissalQuerySet(models.QuerySet["Dismissal"]):
    def visible_to(self, user: User) -> DismissalQuerySet:
        return self.filter(seen_by(user, "visit__patient__"))


class Dismissal(Record):
    """A person's word that a suggestion of the model does not apply, so that it is not made again. Never changed.

    photo: the one that it is about; none where it is about all of the visit. value: what was suggested, an exercise's
    code or a side.
    """

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="dismissals")
    photo = models.ForeignKey(
        Photo, on_delete=models.PROTECT, related_name="dismissals", null=True, blank=True
    )
    suggestion = models.CharField(max_length=12, choices=Suggestion.choices)
    value = models.CharField(max_length=32)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = DismissalQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["visit", "photo", "suggestion", "value"],
                name="suggestion_dismissed_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"Dismissal {self.pk}"


class VisitConfirmationQuerySet(models.QuerySet["VisitConfirmation"]):
    def visible_to(self, user: User) -> VisitConfirmationQuerySet:
        return self.filter(seen_by(user, "visit__patient__"))


class VisitConfirmation(Record):
    """A clinician's word on a whole visit: weakness, side and the one House-Brackmann grade.

    Never changed: a second thought is a second row, the newest counts. `palsy` is null where nothing was said, as
    when a grade is taken back. What the model had found at that moment stands beside it, for the ledger.
    """

    created_at = models.DateTimeField(default=timezone.now, db_index=True, editable=False)
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="confirmations")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    palsy = models.BooleanField(_("palsy"), null=True)
    weak_side = models.CharField(_("weak side"), max_length=8, choices=WEAK_SIDES, blank=True)
    grade = models.PositiveSmallIntegerField(
        _("House-Brackmann grade"), choices=GRADES, null=True, blank=True
    )
    comment = models.TextField(_("comment"), blank=True)
    analyses = models.JSONField(
        default=list, blank=True, help_text="identifiers of the analyses that stood behind it"
    )
    release = models.CharField(max_length=64, blank=True, help_text="which combined the views")
    model_verdict = models.CharField(max_length=10, blank=True)
    model_side = models.CharField(max_length=8, blank=True)
    model_grade = models.PositiveSmallIntegerField(null=True, blank=True)
    agrees = models.BooleanField(default=False, help_text="the clinician found what the model found")
    contradictions = models.JSONField(
        default=list, blank=True, help_text="codes of what was named before it was given, and stands"
    )

    objects = VisitConfirmationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(grade__isnull=True)
                | models.Q(grade=1, palsy=False)
                | models.Q(grade__range=(2, 6), palsy=True),
                name="visit_grade_one_without_palsy",
            ),
            models.CheckConstraint(
                condition=models.Q(palsy=True) | models.Q(weak_side=""),
                name="visit_side_only_with_palsy",
            ),
        ]

    def __str__(self) -> str:
        return f"Visit confirmation {self.pk}"
