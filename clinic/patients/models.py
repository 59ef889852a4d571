"""Patients, their care episodes, treatments and consents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.accounts.memberships import clinics_of
from clinic.accounts.models import Clinic
from clinic.audit.history import History
from clinic.common.fields import DerivedField
from clinic.common.models import Record, Versioned
from clinic.common.spans import Onset, Precision

from .indexes import INDEXES
from .treatment_details import TreatmentDetails
from .treatments import TreatmentKind
from .visibility import seen_by

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
    CONGENITAL = "congenital", _("Congenital")
    OTHER = "other", _("Other")


class BirthPrecision(models.TextChoices):
    """How exactly a birth date is known."""

    DAY = Precision.DAY.value, _("To the day")
    YEAR = Precision.YEAR.value, _("Year alone")


class WeakSide(models.TextChoices):
    """The patient's own left and right, never the viewer's."""

    LEFT = "left", _("Left")
    RIGHT = "right", _("Right")
    BOTH = "both", _("Both")
    __empty__ = _("None found")


class PatientQuerySet(models.QuerySet["Patient"]):
    def visible_to(self, user: User | AnonymousUser) -> PatientQuerySet:
        """Patients of the user's own clinics, but for restricted records; everything shown starts here."""
        return self.filter(seen_by(user))

    def locked_for(self, user: User | AnonymousUser) -> PatientQuerySet:
        """Restricted records of the user's own clinics, of which no more is told than that."""
        return self.filter(clinic_id__in=clinics_of(user).keys(), restricted_at__isnull=False)

    def current(self) -> PatientQuerySet:
        return self.filter(archived_at__isnull=True)


class Patient(Record, Versioned):
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="patients")
    record_number = models.CharField(_("record number"), max_length=32)
    name = models.CharField(_("name"), max_length=120)
    birth_date = models.DateField(_("birth date"), null=True, blank=True)
    birth_precision = models.CharField(
        _("birth date known"), max_length=8, choices=BirthPrecision.choices, default=BirthPrecision.DAY
    )
    sex = models.CharField(_("sex"), max_length=8, choices=Sex.choices, default=Sex.UNKNOWN)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail address"), blank=True)
    languages = models.CharField(
        _("languages"), max_length=120, blank=True, help_text=_("Separated by commas.")
    )
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    restricted_at = models.DateTimeField(
        _("restricted"), null=True, blank=True, editable=False, help_text="kept, but neither shown nor used"
    )
    search_text = DerivedField(
        of=("name", "record_number", "phone"), derive="clinic.patients.lookup.search_text_of"
    )
    sort_name = DerivedField(of=("name",), derive="clinic.common.folding.fold")
    history = History(excluded_fields=["created_at", "search_text", "sort_name"])

    objects = PatientQuerySet.as_manager()

    class Meta:
        ordering = ["sort_name", "name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "record_number"],
                name="record_number_unique_in_clinic",
                violation_error_message=_("This record number is taken by another patient of the clinic."),
            ),
        ]
        indexes = INDEXES

    def __str__(self) -> str:
        # Goes into logs and error pages; the name does not.
        return f"Patient {self.pk}"

    @property
    def is_closed(self) -> bool:
        """Whether the record can be read at most."""
        return self.archived_at is not None or self.restricted_at is not None


class EpisodeQuerySet(models.QuerySet["Episode"]):
    def visible_to(self, user: User) -> EpisodeQuerySet:
        return self.filter(seen_by(user, "patient__"))


class Episode(Record, Versioned):
    """One illness of the face: its cause, side and onset, from which recovery is counted."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="episodes")
    cause = models.CharField(_("cause"), max_length=24, choices=Cause.choices)
    weak_side = models.CharField(_("weak side"), max_length=8, choices=WeakSide.choices, blank=True)
    onset_date = models.DateField(_("onset date"))
    onset_precision = models.CharField(
        _("onset known"), max_length=8, choices=Precision.choices, default=Precision.DAY
    )
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

    @property
    def onset(self) -> Onset:
        """The onset, as exactly as it is known."""
        return Onset(self.onset_date, self.onset_precision)


class TreatmentQuerySet(models.QuerySet["Treatment"]):
    def visible_to(self, user: User) -> TreatmentQuerySet:
        return self.filter(seen_by(user, "episode__patient__"))


class Treatment(TreatmentDetails, Record, Versioned):
    """What was done for the face, on which day. What is told beyond that: see `clinic.patients.treatments`."""

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


class ConsentManner(models.TextChoices):
    """How a consent was given."""

    FORM = "form", _("Signed form")
    SPOKEN = "spoken", _("Spoken, in front of the person who records it")
    GUARDIAN = "guardian", _("By a parent or guardian")


class ConsentQuerySet(models.QuerySet["Consent"]):
    def visible_to(self, user: User) -> ConsentQuerySet:
        return self.filter(seen_by(user, "patient__"))

    def in_force(self) -> ConsentQuerySet:
        """Those not revoked, in the order in which the uses are always named."""
        uses = [models.When(use=use, then=place) for place, use in enumerate(ConsentUse.values)]
        return self.filter(revoked_at__isnull=True).order_by(
            models.Case(*uses, output_field=models.SmallIntegerField())
        )


class Consent(Record, Versioned):
    """Consent to one use of the photos. Rows never change but for being revoked: they are the history."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="consents")
    use = models.CharField(_("use"), max_length=16, choices=ConsentUse.choices)
    given_on = models.DateField(_("given on"))
    manner = models.CharField(
        _("how"), max_length=12, choices=ConsentManner.choices, blank=True, default="", db_default=""
    )
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

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="corrections")
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

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="restrictions")
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

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="holds")

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
        Patient, on_delete=models.DO_NOTHING, related_name="erasures", db_constraint=False
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
