"""Links that were sent to a patient are taken back here, whatever they open."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.common.http import next_url, require, visible_or_404

from .. import policies
from ..selectors_links import visible_links
from ..services_links import revoke_link

if TYPE_CHECKING:
    from django.http import HttpResponse

    from clinic.accounts.requests import ClinicRequest

    from ..models import PatientLink


@login_required
@require_POST
def revoke(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Let a link work no more."""
    link: PatientLink = visible_or_404(visible_links(user=request.user), request.user, pk)
    patient = link.episode.patient
    require(policies.can_take_link_back(request.user, patient))
    revoke_link(user=request.user, link=link)
    messages.success(request, _("The link no longer works."))
    return redirect(next_url(request, "patients:record", pk=patient.pk))
