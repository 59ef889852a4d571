"""Patients, their care episodes, treatments and consents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.accounts.models import Clinic
from clinic.accounts.policies import clinics_of
from clinic.audit.history import History
from clinic.common.models import Record

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.accounts.models import User


class Sex(models.TextChoices):
    FEMALE = "female", _("Female")
    MALE = "male", _("Male")
    OTHER = "other", _("Other")
    UNKNOWN = "unknown", _("Not recorded")


class Cause(models.TextChoices):
    BELLS_PALSY = "bells_palsy", _("Bell's palsy")
    STROKE = "stroke", _("Stroke")
    RAMSAY_HUNT = "ramsay_hunt", _("Ramsay Hunt syndrome")
    TRAUMA = "trauma", _("Trauma")
    TUMOUR_OR_SURGERY = "tumour_or_surgery", _("Tumour or surgery")
    OTHER = "other", _("Other")


class WeakSide(models.TextChoices):
    """The patient's own left and right, never the viewer's."""

    LEFT = "left", _("Left")
    RIGHT = "right", _("Right")
    BOTH = "both", _("Both")
    __empty__ = _("None found")


class PatientQuerySet(models.QuerySet["Patient"]):
    def visible_to(self, user: User | AnonymousUser) -> PatientQuerySet:
        """Patients of the user's own clinics; everything shown starts here."""
        return self.filter(clinic_id__in=clinics_of(user).keys())

    def current(self) -> PatientQuerySet:
        return self.filter(archived_at__isnull=True)


class Patient(Record):
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="patients")
    record_number = models.CharField(_("record number"), max_length=32)
    name = models.CharField(_("name"), max_length=120)
    birth_date = models.DateField(_("birth date"), null=True, blank=True)
    sex = models.CharField(_("sex"), max_length=8, choices=Sex.choices, default=Sex.UNKNOWN)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail address"), blank=True)
    languages = models.CharField(
        _("languages"), max_length=120, blank=True, help_text=_("Separated by commas.")
    )
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    history = History(excluded_fields=["created_at"])

    objects = PatientQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "record_number"],
                name="record_number_unique_in_clinic",
                violation_error_message=_("This record number is taken by another patient of the clinic."),
            ),
        ]
        indexes = [models.Index(fields=["clinic", "name"]), models.Index(fields=["clinic", "archived_at"])]

    def __str__(self) -> str:
        # Goes into logs and error pages; the name does not.
        return f"Patient {self.pk}"


class EpisodeQuerySet(models.QuerySet["Episode"]):
    def visible_to(self, user: User) -> EpisodeQuerySet:
        return self.filter(patient__clinic_id__in=clinics_of(user).keys())


class Episode(Record):
    """One illness of the face: its cause, side and onset, from which recovery is counted."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="episodes")
    cause = models.CharField(_("cause"), max_length=24, choices=Cause.choices)
    weak_side = models.CharField(_("weak side"), max_length=8, choices=WeakSide.choices, blank=True)
    onset_date = models.DateField(_("onset date"))
    notes = models.TextField(_("notes"), blank=True)
    history = History(excluded_fields=["created_at"])

    objects = EpisodeQuerySet.as_manager()

    class Meta:
        ordering = ["-onset_date", "-created_at"]
        constraints = [
            models.CheckConstraint(condition=models.Q(cause__in=Cause.values), name="episode_cause_known"),
            models.CheckConstraint(
                condition=models.Q(weak_side__in=["", "left", "right", "both"]),
                name="episode_weak_side_known",
            ),
        ]

    def __str__(self) -> str:
        return f"Episode {self.pk}"


class TreatmentKind(models.TextChoices):
    STEROIDS = "steroids", _("Steroids")
    SURGERY = "surgery", _("Surgery")
    BOTULINUM_TOXIN = "botulinum_toxin", _("Botulinum toxin")
    THERAPY_START = "therapy_start", _("Start of therapy")
    OTHER = "other", _("Other")


class TreatmentQuerySet(models.QuerySet["Treatment"]):
    def visible_to(self, user: User) -> TreatmentQuerySet:
        return self.filter(episode__patient__clinic_id__in=clinics_of(user).keys())


class Treatment(Record):
    episode = models.ForeignKey(Episode, on_delete=models.PROTECT, related_name="treatments")
    kind = models.CharField(_("treatment"), max_length=24, choices=TreatmentKind.choices)
    date = models.DateField(_("date"))
    note = models.CharField(_("note"), max_length=200, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    history = History(excluded_fields=["created_at"])

    objects = TreatmentQuerySet.as_manager()

    class Meta:
        ordering = ["date", "created_at"]

    def __str__(self) -> str:
        return f"Treatment {self.pk}"


class ConsentUse(models.TextChoices):
    RECORD = "record", _("Clinical record")
    TEACHING = "teaching", _("Teaching")
    PUBLICATION = "publication", _("Publication")
    MODEL_TRAINING = "model_training", _("Model training")


class ConsentQuerySet(models.QuerySet["Consent"]):
    def visible_to(self, user: User) -> ConsentQuerySet:
        return self.filter(patient__clinic_id__in=clinics_of(user).keys())

    def in_force(self) -> ConsentQuerySet:
        """Those not revoked, in the order in which the uses are always named."""
        uses = [models.When(use=use, then=place) for place, use in enumerate(ConsentUse.values)]
        return self.filter(revoked_at__isnull=True).order_by(
            models.Case(*uses, output_field=models.SmallIntegerField())
        )


class Consent(Record):
    """Consent to one use of the photos. Rows never change but for being revoked: they are the history."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="consents")
    use = models.CharField(_("use"), max_length=16, choices=ConsentUse.choices)
    given_on = models.DateField(_("given on"))
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )

    objects = ConsentQuerySet.as_manager()

    class Meta:
        ordering = ["-given_on", "-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "use"],
                condition=models.Q(revoked_at__isnull=True),
                name="one_consent_in_force_per_use",
            ),
        ]

    def __str__(self) -> str:
        return f"Consent {self.pk}"
