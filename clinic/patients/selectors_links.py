"""What is read about links sent to patients."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from .models import Episode, Patient
from .models_of_links import LinkState, PatientLink, PatientLinkQuerySet, hash_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.accounts.models import User


def visible_links(*, user: User | AnonymousUser) -> PatientLinkQuerySet:
    """Links that the user may see, with what every page of theirs needs."""
    found = PatientLink.objects.visible_to(user)  # type: ignore[arg-type]  # nobody sees nothing
    return found.select_related("episode__patient__clinic", "made_by")


def links_of(*, episode: Episode, purpose: str) -> list[PatientLink]:
    """The episode's links of that purpose, newest first."""
    return list(PatientLink.objects.filter(episode=episode, purpose=purpose).select_related("made_by"))


def open_link(*, secret: str) -> PatientLink | None:
    """The link of that secret, as long as it works; of whatever else nothing is told apart."""
    return _working(PatientLink.objects.filter(secret_hash=hash_of(secret)))


def working_link(*, pk: uuid.UUID, purpose: str) -> PatientLink | None:
    """That link, as long as it works."""
    return _working(PatientLink.objects.filter(pk=pk, purpose=purpose))


def _working(found: PatientLinkQuerySet) -> PatientLink | None:
    link = found.select_related("episode__patient__clinic", "made_by").first()
    if link is None or link.state != LinkState.OPEN:
        return None
    patient = link.episode.patient
    return None if patient.is_closed or patient.restricted_at is not None else link


def asks_for(patient: Patient) -> str:
    """What a patient is asked for beside the link: `day`, `year`, or nothing where no birth date is on record."""
    if patient.birth_date is None:
        return ""
    return "day" if patient.birth_precision == "day" else "year"
