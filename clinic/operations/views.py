"""The operations page, for a clinic's administrators, and the metrics, for a machine with a token."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.common.http import require
from inference.errors import explain as explain_error

from . import metrics as prometheus
from . import policies, rules, selectors
from .fsck.codes import explain as explain_finding

if TYPE_CHECKING:
    from django.http import HttpRequest

    from clinic.accounts.requests import ClinicRequest

    from .figures import ServiceFigures

SECONDS = 20
"""Between two refreshes of the page."""


@login_required
@never_cache
@require_safe
def overview(request: ClinicRequest) -> HttpResponse:
    """How the installation is doing, in sentences first."""
    clinic = request.clinic
    if clinic is None:
        raise Http404
    require(policies.can_see_operations(request.user, clinic.pk))
    whole = policies.can_see_installation(request.user, clinic.pk)
    figures = selectors.figures(clinic_id=None if whole else clinic.pk)
    context = {
        "whole": whole,
        "figures": figures,
        "troubles": rules.troubles(figures),
        "seconds": SECONDS,
        "beat_seen": not math.isinf(figures.beat),
        "failures": [
            {**row, "error": explain_error(row["code"])}
            for row in selectors.clinic_failures(user=request.user, clinic_id=clinic.pk)
        ],
        "findings": _findings(request, figures),
        "checks": selectors.recent_checks() if whole else [],
        "backups": selectors.recent_backups() if whole else [],
    }
    part = request.htmx and not request.htmx.boosted
    return render(request, "operations/_figures.html" if part else "operations/overview.html", context)


def _findings(request: ClinicRequest, figures: ServiceFigures) -> list[dict[str, Any]]:
    if figures.check is None:
        return []
    found = selectors.findings_of(
        check=figures.check,
        user=request.user,
        clinic_id=request.clinic.pk,
    )
    return [{**row, "about": explain_finding(row["code"])} for row in found]


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus: counts, ages and codes, and nobody's name. Not there for anybody else."""
    if not prometheus.may_read(request):
        return HttpResponse(
            "There is no such page here.\n", status=404, content_type="text/plain; charset=utf-8"
        )
    return HttpResponse(prometheus.text(), content_type=prometheus.CONTENT_TYPE)
