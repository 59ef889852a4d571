"""Patients, their care episodes, treatments and consents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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
from .models_of_links import LinkPurpose as LinkPurpose
from .models_of_links import LinkState as LinkState
from .models_of_links import PatientLink as PatientLink
from .models_of_rights import Correction as Correction
from .models_of_rights import CorrectionState as CorrectionState
from .models_of_rights import Ended as Ended
from .models_of_rights import Erasure as Erasure
from .models_of_rights import LegalHold as LegalHold
from .models_of_rights import OfPatientQuerySet as OfPatientQuerySet
from .models_of_rights import Restriction as Restriction
from .models_of_rights import RestrictionGround as RestrictionGround
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


class RedFlags(models.TextChoices):
    """Whether an episode's red flags were asked. A model looks at its photos, and its findings are shown, only where
    they were and don't point to a stroke, or where the episode was opened before anybody was asked."""

    UNASKED = "unasked", _("Not asked yet")
    ANSWERED = "answered", _("Asked")
    STROKE = "stroke", _("Asked: they point to a stroke")
    EARLIER = "earlier", _("Opened before they were asked")


FINDINGS_SHOWN: Final = (RedFlags.ANSWERED, RedFlags.EARLIER)
"""The states of the red flags in which a model's findings are made and shown."""


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
    # A version of the software that knows no red flags opens episodes as it always did, while it is replaced.
    red_flags = models.CharField(
        _("red flags"),
        max_length=8,
        choices=RedFlags.choices,
        default=RedFlags.UNASKED,
        db_default=RedFlags.EARLIER,
        editable=False,
    )
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

    @property
    def shows_findings(self) -> bool:
        """Whether a model may look at the episode's photos, and what it found be shown."""
        return self.red_flags in FINDINGS_SHOWN


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
