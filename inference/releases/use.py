"""Whether a clinic uses the model: in use, unseen, or off. Each change is logged with who made it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinic.accounts.models import Clinic, ModelUse
from clinic.audit.models import Event
from clinic.audit.services import log_event
from clinic.common.writing import save
from inference import services
from inference.jobs import backlog
from inference.models import Analysis

if TYPE_CHECKING:
    from clinic.accounts.models import User

logger = logging.getLogger(__name__)


@transaction.atomic
def set_model_use(*, user: User, clinic: Clinic, use: str, address: str | None = None) -> Clinic:
    """Let a clinic use the model, have it run unseen, or switch it off; empty: as the installation has it.

    What waits is taken off the queue where its result would not be shown; what was found before stays on record. None
    of it depends on which release is in use: retiring one brings no analysis back to a clinic that uses no model.
    """
    if use not in ("", *ModelUse.values):
        raise ValidationError({"model_use": [ValidationError(_("Choose one of these."), code="unknown")]})
    clinic = Clinic.objects.select_for_update().get(pk=clinic.pk)
    before = clinic.model_use
    if before == use:
        return clinic
    clinic.model_use = use
    save(clinic, user=user, only=["model_use"])
    log_event(
        kind=Event.MODEL_USE,
        user=user,
        clinic=clinic,
        address=address,
        page="inference:use",
        detail={"before": before or "default", "after": use or "default"},
    )
    if not clinic.shows_results:
        _take_off_the_queue(clinic)
    logger.info("The use of the model in clinic %s: %s", clinic.pk, use or "default")
    return clinic


def _take_off_the_queue(clinic: Clinic) -> None:
    services.cancel_waiting(analyses=Analysis.everything.filter(photo__visit__patient__clinic=clinic))
    if clinic.effective_model_use == ModelUse.OFF:
        backlog.cancel_of_clinic(clinic_id=clinic.pk)
