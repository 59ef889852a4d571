"""A patient asks to be forgotten. Copies go at once; the record is closed, and goes when its retention is over.

Care records must be kept (in Indonesia 25 years from the last visit: Permenkes 24/2022); the right to erasure yields
to that duty and to nothing else. So: what is no part of the record is destroyed now, the record itself is restricted,
and `destroy_due` (by night, or `manage.py retention`) destroys it when its day has come. A legal hold stops both.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Max, Min
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.audit import guards
from clinic.audit.holdings import HOLDINGS, Holding
from clinic.audit.models import Event
from clinic.audit.selectors import reads_of_patient
from clinic.audit.services import log_event
from clinic.audit.statements import hash_detail_of
from clinic.common.dates import day_in, today_in
from clinic.common.summaries import summaries
from clinic.feed import services as feed
from clinic.patients.models import Consent, Erasure, Patient, RestrictionGround
from clinic.store import files
from clinic.validation import tallies
from clinic.visits.consenting import revoke_consent
from clinic.visits.models import Photo
from clinic.visits.training_set import PAGE as TRAINING_SET
from inference.jobs.states import Status
from inference.models import BackgroundAnalysis

from . import services

if TYPE_CHECKING:
    from clinic.accounts.models import User

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TrainingExport:
    """An export in which photos of the patient left the store. Its folder is known to whoever made it."""

    name: str
    on: dt.datetime
    photos: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What erasure would do, before it is done."""

    thumbnails: int
    shadow_results: int
    waiting: int
    consents: int
    exports: list[TrainingExport] = field(default_factory=list)
    visits: int = 0
    photos: int = 0
    keep_until: dt.date = dt.date.min
    last_visit: dt.date | None = None
    held: bool = False
    years: int = 25

    @property
    def is_over(self) -> bool:
        """Whether the record's retention is over already: then it goes in the next night."""
        return self.keep_until <= timezone.localdate()


def keep_until(patient: Patient) -> tuple[dt.date, dt.date | None]:
    """The day until which the record must be kept, and the last visit, from which that is counted."""
    last = patient.visits.aggregate(at=Max("at"))["at"]
    zone = patient.clinic.time_zone
    start = day_in(last or patient.created_at, zone)
    year = start.year + settings.RETENTION_YEARS
    try:
        end = start.replace(year=year)
    except ValueError:  # the 29th of February
        end = start.replace(year=year, month=3, day=1)
    return end, day_in(last, zone) if last else None


def preview(*, patient: Patient) -> Preview:
    """What would be destroyed now, what stays, and until when."""
    end, last = keep_until(patient)
    photos = Photo.objects.filter(visit__patient=patient)
    background = BackgroundAnalysis.objects.filter(photo__visit__patient=patient)
    return Preview(
        thumbnails=photos.exclude(thumbnail="").count(),
        shadow_results=background.exclude(status=Status.QUEUED).count(),
        waiting=background.filter(status=Status.QUEUED).count()
        + photos.filter(analyses__status=Status.QUEUED).count(),
        consents=Consent.objects.in_force().filter(patient=patient).count(),
        exports=_exports(patient),
        visits=patient.visits.count(),
        photos=photos.count(),
        keep_until=end,
        last_visit=last,
        held=patient.holds.filter(lifted_at__isnull=True).exists(),
        years=settings.RETENTION_YEARS,
    )


def _exports(patient: Patient) -> list[TrainingExport]:
    reads = reads_of_patient(patient=patient).filter(page__startswith=f"{TRAINING_SET}:").order_by()
    rows = reads.values("page").annotate(on=Min("at"), photos=Count("photo", distinct=True))
    found = [TrainingExport(row["page"].partition(":")[2], row["on"], row["photos"]) for row in rows]
    return sorted(found, key=lambda export: export.on)


def erase(*, user: User, patient: Patient, reason: str, address: str | None = None) -> Erasure:
    """Destroy the copies and close the record; ValidationError under a legal hold, or if it was done before."""
    with transaction.atomic():
        patient = Patient.objects.select_for_update(of=("self",)).select_related("clinic").get(pk=patient.pk)
        plan = preview(patient=patient)
        _refuse(patient, plan)
        for consent in Consent.objects.in_force().filter(patient=patient):
            revoke_consent(user=user, consent=consent)
        if patient.restricted_at is None:
            ground = RestrictionGround.ERASURE
            services.restrict(user=user, patient=patient, ground=ground, reason=reason, address=address)
        shadows, _kinds = BackgroundAnalysis.objects.filter(photo__visit__patient=patient).delete()
        summaries().forget(patient_id=patient.pk)
        photos = Photo.objects.filter(visit__patient=patient).exclude(thumbnail="")
        names = list(photos.values_list("thumbnail", flat=True))
        photos.update(thumbnail="")
        copies = {
            "thumbnails": len(names),
            "background_results": shadows,
            "consents_taken_back": plan.consents,
            "training_exports": [export.name for export in plan.exports],
        }
        erasure = Erasure.objects.create(
            patient=patient, clinic=patient.clinic, by=user, keep_until=plan.keep_until, copies=copies
        )
        log_event(
            kind=Event.ERASURE,
            user=user,
            patient=patient,
            address=address,
            page="patients:erase",
            detail={
                "what": "copies",
                "thumbnails": len(names),
                "background_results": shadows,
                **_told(erasure),
            },
        )
        # Last, and before anybody is told that it is done. Where the store is away nothing is: what went already is
        # made anew of the photo (fsck), and goes with the next try.
        files.destroy(*names)
    return erasure


def _told(erasure: Erasure) -> dict[str, str | int]:
    return {"record": "erasure", **hash_detail_of(erasure)}


def _refuse(patient: Patient, plan: Preview) -> None:
    if plan.held:
        raise ValidationError(
            _("The record is under legal hold: nothing of it may be destroyed until that is lifted."),
            code="held",
        )
    if patient.erasures.exists():
        raise ValidationError(_("The patient's copies are destroyed already."), code="erased")


def due() -> list[Erasure]:
    """Erasures whose record may be destroyed: its retention is over, and no legal hold is in force."""
    today = timezone.localdate()
    waiting = Erasure.objects.filter(destroyed_at__isnull=True, keep_until__lte=today)
    held = Patient.objects.filter(holds__lifted_at__isnull=True, holds__isnull=False)
    return list(waiting.exclude(patient__in=held).order_by("keep_until", "pk"))


def destroy_due() -> list[Erasure]:
    """Destroy every record that is due; one that can't be is logged and tried again the next night."""
    done = []
    for erasure in due():
        try:
            if destroy(erasure=erasure):
                done.append(erasure)
        except Exception:
            logger.exception("The record of erasure %s could not be destroyed", erasure.pk)
    return done


def destroy(*, erasure: Erasure) -> bool:
    """Destroy one record whose day has come: its files first, then every row; False if it may not be.

    A kill in between leaves rows without files, which the next run destroys. The log keeps that it happened, under an
    identifier that then leads to nobody.
    """
    patient = Patient.objects.select_related("clinic").filter(pk=erasure.patient_id).first()
    if patient is None or not _may_be_destroyed(erasure, patient):
        return False
    names = Photo.objects.filter(visit__patient=patient).values_list("image", "thumbnail")
    paths = [name for pair in names for name in pair if name]
    files.destroy(*paths)
    with guards.erasing():
        Patient.objects.select_for_update().get(pk=patient.pk)
        if not _may_be_destroyed(erasure, patient):
            raise ValidationError("A legal hold came in between.")
        tallies.forget(patient_id=patient.pk)
        summaries().forget(patient_id=patient.pk)
        gone = {"files": len(paths), **_delete_rows(patient)}
        feed.forget(patient=patient.pk)
        erasure.destroyed_at, erasure.destroyed = timezone.now(), gone
        erasure.save(update_fields=["destroyed_at", "destroyed"])
        log_event(
            kind=Event.ERASURE,
            user=None,
            patient=patient,
            page="retention",
            detail={"what": "destroyed", "files": len(paths), **_told(erasure)},
        )
    return True


def _delete_rows(patient: Patient) -> dict[str, int]:
    """Every row of the patient, in the order of the holdings; how many of each kind."""
    gone = {}
    for holding in HOLDINGS:
        if not holding.not_destroyed:
            gone[holding.model] = _delete(holding, patient)
    return gone


def _delete(holding: Holding, patient: Patient) -> int:
    by_function = guards.destroy(table=holding.table._meta.db_table, patient_id=patient.pk)
    if by_function is not None:
        return by_function
    keys = list(holding.rows(patient.pk).values_list("pk", flat=True))
    rows = holding.table._base_manager.filter(pk__in=keys)
    # By the database alone: Django would refuse for the log's sake, whose lines outlive the record.
    rows._raw_delete(rows.db)
    return len(keys)


def _may_be_destroyed(erasure: Erasure, patient: Patient) -> bool:
    if patient.holds.filter(lifted_at__isnull=True).exists():
        return False
    end, _last = keep_until(patient)  # counted anew: an old visit may have been entered since
    return max(end, erasure.keep_until) <= today_in(patient.clinic.time_zone)
