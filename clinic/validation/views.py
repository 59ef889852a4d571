"""The state of the analysis in the page's frame, and the Models pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.accounts import policies, stepup
from clinic.accounts.models import ModelUse
from clinic.common.forms import submit
from clinic.common.http import client_address, require
from inference import selectors
from inference.errors import explain
from inference.releases import cards, registry
from inference.releases.use import set_model_use

from . import ledger, ledger_page
from .clinicians import agreement_between
from .forms import ModelUseForm

if TYPE_CHECKING:
    from clinic.accounts.requests import ClinicRequest

POLL_BUSY = 2
POLL_IDLE = 20


@login_required
@never_cache
@require_safe
def status(request: ClinicRequest) -> HttpResponse:
    """The clinic's work in hand, and a banner where it is delayed."""
    clinic = request.clinic
    progress = selectors.progress(clinic_id=clinic.pk)
    # Nobody waits for a result that is not shown.
    shown = clinic.shows_results
    problems = registry.active().problems if shown else ()
    context: dict[str, Any] = {
        "progress": progress,
        "problem": explain(problems[0].code) if problems else None,
        "delayed": shown and selectors.analysis_delayed(clinic_id=clinic.pk),
        "seconds": POLL_BUSY if progress.open else POLL_IDLE,
    }
    context["signature"] = _signature(context)
    if request.GET.get("was") == context["signature"]:
        # Nothing to swap, so that a screen reader hears each message once.
        return HttpResponse(status=204)
    return render(request, "validation/_status.html", context)


def _signature(context: dict[str, Any]) -> str:
    progress, problem = context["progress"], context["problem"]
    work = f"{progress.done}-{progress.total}" if progress.open else "0"
    return f"{problem.code if problem else ''}.{int(context['delayed'])}.{work}"


@login_required
@require_safe
def models(request: ClinicRequest) -> HttpResponse:
    """The release in use, and the others that made results here or could."""
    active = registry.active()
    uses = ledger.uses(clinic_id=request.clinic.pk)
    others = [cards.describe(release) for release in registry.releases() if release.name != active.name]
    known = {active.name, registry.NO_RELEASE, *(card.name for card in others)}
    others += [cards.not_installed(name) for name in uses if name not in known]
    states = selectors.states()
    context = {
        "active": cards.describe(active),
        "problems": [explain(problem.code) for problem in active.problems],
        "active_uses": uses.get(active.name, 0),
        "others": [(card, uses.get(card.name, 0), states.get(card.name, "")) for card in others],
        "shadow": _shadow(request, active.name),
        "between": agreement_between(clinic_id=request.clinic.pk),
    }
    return render(request, "validation/models.html", context)


def _shadow(request: ClinicRequest, active: str) -> dict[str, Any] | None:
    """For administrators: how far the shadow release agrees with the one in use, and with the clinicians. Where the
    clinic's model runs unseen, that is the release in use itself."""
    unseen = request.clinic.effective_model_use == ModelUse.SHADOW
    name = active if unseen else registry.shadow_name()
    clinic_id = request.clinic.pk
    if not name or not policies.can_administer(request.user, clinic_id):
        return None
    beside = ledger.shadow_agreement(clinic_id=clinic_id, release=active, shadow=name)
    words = ledger.shadow_ledger(clinic_id=clinic_id, shadow=name)
    return {
        "name": name,
        "unseen": unseen,
        "counts": ledger.shadow_counts(clinic_id=clinic_id, shadow=name),
        "agreement": beside,
        "words": words,
        "rows": ledger_page.rows([beside, words]),
        "columns": ledger_page.shadow_titles(),
    }


@login_required
@require_safe
def release(request: ClinicRequest, name: str) -> HttpResponse:
    """One release: what it is for, how good it is, where it fails."""
    found = registry.by_name(name)
    uses = ledger.uses(clinic_id=request.clinic.pk).get(name, 0)
    if found is None and not uses:
        raise Http404
    active = registry.active()
    is_active = found is not None and found.name == active.name
    clinic_id = request.clinic.pk
    kept = ledger.ledger(clinic_id=clinic_id, release=name)
    context = {
        "card": cards.describe(found) if found else cards.not_installed(name),
        "is_active": is_active,
        "state": selectors.states().get(name, ""),
        "problems": [explain(problem.code) for problem in active.problems] if is_active else [],
        "uses": uses,
        "ledger": kept,
        "ledger_rows": ledger_page.rows(ledger_page.columns_of(kept), banded=True),
        "ledger_columns": ledger_page.column_titles(),
        **ledger_page.bar(),
        "verdicts": ledger_page.verdicts(kept),
        "changes": selectors.changes(name=name) if policies.can_administer(request.user, clinic_id) else [],
    }
    return render(request, "validation/release.html", context)


@login_required
@require_safe
def figure(request: ClinicRequest, name: str, file: str) -> FileResponse:
    """A plot of a release's card; nothing else of its folder."""
    found = registry.by_name(name)
    path = cards.figure_path(found, file) if found else None
    if path is None:
        raise Http404
    response = FileResponse(path.open("rb"), content_type="image/png")
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=86400"
    return response


@never_cache
@login_required
@stepup.required
def use(request: ClinicRequest) -> HttpResponse:
    """Whether the clinic uses the model: for its administrators."""
    clinic = request.clinic
    if clinic is None:
        raise Http404
    require(policies.can_administer(request.user, clinic.pk))
    form = ModelUseForm(request.POST or None, initial={"model_use": clinic.model_use})
    if request.method == "POST":
        given = {"use": form.cleaned_data["model_use"]} if form.is_valid() else {}
        address = client_address(request)
        if submit(form, set_model_use, user=request.user, clinic=clinic, address=address, **given):
            messages.success(request, _("The use of the model is changed."))
            return redirect("inference:use")
    return render(request, "validation/use.html", {"form": form, "tab": "model"})
