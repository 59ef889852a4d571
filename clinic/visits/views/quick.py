"""One photo looked at without a patient; nothing of it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clinic.common.http import client_address, require
from inference import errors

from .. import intake, policies, quick
from ..quick_reading import QuickReading, read
from ..receiving import receives
from ..refusals import RETRY_AFTER, IntakeError, refuse

if TYPE_CHECKING:
    from django.http import HttpResponse

    from clinic.accounts.requests import ClinicRequest


def _may_check(request: ClinicRequest) -> None:
    clinic = request.clinic
    if clinic is None:
        raise Http404
    require(policies.can_check_quickly(request.user, clinic.pk))


@receives(_may_check)
@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def quick_check(request: ClinicRequest) -> HttpResponse:
    """The page of the check, and to a script the answer alone."""
    _may_check(request)
    clinic = request.clinic
    context: dict[str, Any] = {"accept": intake.ACCEPT, "clinic": clinic}
    status = 200
    if request.method == "POST":
        status, more = _answer(request)
        context |= more
    live = bool(request.htmx)
    template = "visits/_quick_result.html" if live else "visits/quick_check.html"
    # htmx swaps no answer of an error; the sentence must be seen all the same.
    return render(request, template, context, status=200 if live else status)


def _answer(request: ClinicRequest) -> tuple[int, dict[str, Any]]:
    clinic = request.clinic
    if not clinic.shows_results:
        return 422, {"refused": _("Analysis is off in this clinic: its people judge the photos.")}
    try:
        upload = request.FILES.get("photo")
        if upload is None:
            raise refuse("no_file")
        found = quick.check(
            upload=upload,
            user=request.user,
            clinic=clinic,
            address=client_address(request),
        )
    except IntakeError as error:
        return 503 if error.code in RETRY_AFTER else 422, {"refused": error.sentence}
    except quick.NoAnswer as error:
        return 503, {"refused": _late(error.code)}
    if code := found.get("error"):
        failed = errors.explain(code)
        return 503, {"refused": f"{failed.sentence} {_('Nothing was kept.')}"}
    reading: QuickReading = read(found)
    return 200, {"reading": reading}


def _late(code: str) -> str:
    if code == "busy":
        return _("Others are checking photos at this moment. Try again in a few seconds. Nothing was kept.")
    return _("The check took too long, and was given up. Try again later. Nothing was kept.")
