"""What the photos may be used for, asked at each use and not only when they were stored.

| Use | Asked where | Consent | While restricted |
|---|---|---|---|
| a photo is taken in | `visits.services.store_photo` | to the record: not taken back | no |
| an analysis begins | `inference.services.claim` | to the record: not taken back | no |
| another release over old photos | `inference.jobs.background.usable` | to the record: in force | no |
| a release that runs beside, unseen | `inference.jobs.background.usable` | to the record: not taken back | no |
| model training | `visits.training_set.willing`, and again at its end | to training: in force | no |
| teaching, publication | nothing here does either; pages show the consent | in force | no |
| a copy for the patient | `patients.dossier` | none: it is their right | yes |

An analysis begins, and its result is shown, only where the red flags of its episode were answered and don't point to a
stroke: `inference.services.queue_analysis`, `claim` and `inference.withholding`.

A clinic may insist (REQUIRE_RECORD_CONSENT): then "not taken back" reads "in force".
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from .models import Consent, ConsentUse, Patient


def in_force(patient: str, use: str) -> Exists:
    """Whether the patient's consent to the use is in force. patient: the query's way to the patient."""
    return Exists(Consent.objects.in_force().filter(patient=OuterRef(patient), use=use).order_by())


def for_record(patient: str) -> Q:
    """Those whose photos may be taken in and analysed: not restricted, and the consent not taken back."""
    ever = Exists(Consent.objects.filter(patient=OuterRef(patient), use=ConsentUse.RECORD))
    restricted = "restricted_at" if patient == "pk" else f"{patient}__restricted_at"
    allowed = Q(in_force(patient, ConsentUse.RECORD))
    if not settings.REQUIRE_RECORD_CONSENT:
        allowed |= ~Q(ever)
    return Q(**{f"{restricted}__isnull": True}) & allowed


def check_record(patient: Patient) -> None:
    """ValidationError where no photo of the patient may be taken in or analysed at this moment."""
    # Asked of the database: the caller's patient may have been read before somebody restricted it.
    if Patient.objects.filter(for_record("pk"), pk=patient.pk).exists():
        return
    if Patient.objects.filter(pk=patient.pk, restricted_at__isnull=False).exists():
        raise ValidationError(
            _("The record is restricted: it is kept, but neither changed nor used."), "restricted"
        )
    raise ValidationError(
        _("There is no consent to the clinical record: no photo may be taken in or analysed."), "no_consent"
    )


@dataclass(frozen=True, slots=True)
class RecordConsent:
    """Where the consent to the clinical record stands. in_force: it is. may_go_on: photos are taken in without it."""

    in_force: bool
    may_go_on: bool


def record_consent(patient: Patient) -> RecordConsent:
    """Where the patient's consent to the clinical record stands: asked for when the first photo is taken."""
    known = list(
        Consent.objects.filter(patient=patient, use=ConsentUse.RECORD).values_list("revoked_at", flat=True)
    )
    return RecordConsent(
        in_force=any(revoked is None for revoked in known),
        may_go_on=not known and not settings.REQUIRE_RECORD_CONSENT,
    )
