"""The clinic's licensed texts of the questionnaires, kept by its administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.accounts import policies as accounts
from clinic.accounts import stepup
from clinic.common.forms import submit
from clinic.common.http import require

from . import forms_wordings, selectors_questionnaires, services_questionnaires

if TYPE_CHECKING:
    from django.http import HttpResponse

    from clinic.accounts.models import Clinic
    from clinic.accounts.requests import ClinicRequest


def _administered(request: ClinicRequest) -> Clinic:
    clinic: Clinic | None = request.clinic
    if clinic is None:
        raise Http404
    require(accounts.can_administer(request.user, clinic.pk))
    return clinic


@never_cache
@login_required
@require_safe
def wordings(request: ClinicRequest) -> HttpResponse:
    """Each questionnaire and language, with the text in use and the ones before."""
    clinic = _administered(request)
    current = {one.pk for one in selectors_questionnaires.current_wordings(clinic=clinic)}
    every = selectors_questionnaires.visible_wordings(user=request.user).filter(clinic=clinic)
    context = {
        "questionnaires": [
            {
                "code": one.code,
                "name": _(one.name),
                "source": one.source,
                "wordings": [(row, row.pk in current) for row in every if row.scale == one.code],
            }
            for one in selectors_questionnaires.QUESTIONNAIRES
        ],
        "languages": settings.LANGUAGES,
        "tab": "wordings",
    }
    return render(request, "examination/wordings.html", context)


@never_cache
@login_required
@stepup.required
def wording(request: ClinicRequest, code: str, language: str) -> HttpResponse:
    """Paste a text: as a new version, with the newest one filled in."""
    clinic = _administered(request)
    scale = selectors_questionnaires.BY_CODE.get(code)
    if scale is None or language not in dict(settings.LANGUAGES):
        raise Http404
    current = selectors_questionnaires.current_wordings(clinic=clinic)
    newest = next((one for one in current if (one.scale, one.language) == (code, language)), None)
    form = forms_wordings.WordingForm(request.POST or None, scale=scale, newest=newest)
    if request.method == "POST":
        data = form.as_given() if form.is_valid() else {}
        made = submit(
            form,
            services_questionnaires.add_wording,
            user=request.user,
            clinic=clinic,
            scale=scale,
            language=language,
            **data,
        )
        if made:
            messages.success(
                request, _("Version %(number)d is in use from now on.") % {"number": made.number}
            )
            return redirect("examination:wordings")
    context = {
        "form": form,
        "scale_name": _(scale.name),
        "language_name": dict(settings.LANGUAGES)[language],
        "newest": newest,
        "tab": "wordings",
    }
    return render(request, "examination/wording.html", context, status=422 if form.errors else 200)
