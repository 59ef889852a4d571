"""A visit: starting it, its page, the clinician's own impression, the camera."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clinic.audit.models import Access
from clinic.audit.services import record_read
from clinic.common import undo
from clinic.common.forms import submit
from clinic.common.http import next_url, require, visible_or_404
from clinic.common.versions import Basis
from clinic.patients.forms import ConsentForm
from clinic.patients.models import ConsentUse, Patient, RedFlags
from clinic.patients.selectors import current_episode, episodes_of
from clinic.patients.uses import record_consent

from .. import exercises, intake, policies, protocols, rules, selectors, sentences, services
from ..filing import proposal
from ..forms import ImpressionForm, VisitForm, VisitStatementForm, WhenForm
from ..mirroring import mirrored_in
from ..models import SkipReason
from ..photo_dates import photo_dates
from ..reviewing import VisitReview, visit_review
from ..series import lacking, series_of

if TYPE_CHECKING:
    from django.http import HttpResponse

    from clinic.accounts.requests import ClinicRequest

    from ..models import Visit


PARTS = {"summary": "visits/_summary.html", "word": "visits/_confirmation.html"}
"""What of an open page is looked at again by itself; without a name the board."""


def visible_visit(request: ClinicRequest, pk: uuid.UUID) -> Visit:
    """The visit if the user may see it, or 404."""
    visit: Visit = visible_or_404(selectors.visible_visits(user=request.user), request.user, pk)
    return visit


@login_required
def new(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Start a visit: date and time are filled in, so that it is one click."""
    patient = visible_or_404(Patient.objects.select_related("clinic"), request.user, pk)
    require(policies.can_create_visit(request.user, patient))
    episode = current_episode(patient=patient)
    episodes = episodes_of(patient=patient)
    initial = {
        "at": timezone.localtime(),
        "episode": episode.pk if episode else None,
        "protocol": protocols.of_clinic(patient.clinic).key,
    }
    form = VisitForm(request.POST or None, episodes=episodes, initial=initial)
    typed = form.cleaned_data if episodes and form.is_bound and form.is_valid() else {}
    if typed and (there := rules.visit_at(patient=patient, at=typed["at"])):
        messages.info(request, _("This patient has a visit at this very time already. This is it."))
        return redirect("visits:detail", pk=there.pk)
    if typed and (visit := submit(form, services.create_visit, user=request.user, patient=patient, **typed)):
        page = reverse("visits:capture" if "capture" in request.POST else "visits:detail", args=[visit.pk])
        if visit.episode.red_flags == RedFlags.UNASKED:
            asked = reverse("examination:red_flags", args=[visit.episode_id])
            return redirect(f"{asked}?{urlencode({'next': page})}")
        return redirect(page)
    record_read(request=request, patient=patient, access=Access.RECORD)
    context = {"patient": patient, "episode": episode, "episodes": episodes, "form": form}
    return render(request, "visits/new.html", context, status=422 if form.errors else 200)


@login_required
@require_safe
def detail(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """The visit's page: the exercises as cards, the upload, the clinician's impression."""
    visit = visible_visit(request, pk)
    record_read(request=request, patient=visit.patient, access=Access.RECORD)
    return render(request, "visits/detail.html", page(request, visit))


@login_required
@require_safe
def board(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """The exercises' cards and the summary alone, for a page that is already open."""
    visit = visible_visit(request, pk)
    context = board_context(request, visit)
    part = PARTS.get(request.GET.get("part", ""), "visits/_board.html")
    return render(request, part, context)


def board_context(request: ClinicRequest, visit: Visit) -> dict[str, Any]:
    """The cards of a visit, the exercises without a photo, and the summary."""
    cards = selectors.photos_of_visit(visit=visit)
    review = visit_review(visit=visit, photos=cards)
    series = series_of(visit=visit, cards=cards)
    found = review.known.together
    return {
        "visit": visit,
        "cards": cards,
        "summary": sentences.visit_summary(cards, series=series),
        "review": review,
        "known": review.known,
        "together": found,
        "lacking": lacking(found.findings.views_missing, series) if found is not None else [],
        "contradicting": review.contradictions,
        "statement": _statement(review),
        "can_confirm": policies.can_confirm_visit(request.user, visit),
        "mirrored": mirrored_in(cards=cards, weak_side=visit.episode.weak_side),
        "turned": [card for card in cards if card.photo.turned_from_id is not None],
        "filing": proposal(visit=visit, cards=cards),
        "dates": photo_dates(visit=visit, cards=cards),
        "series": series,
        "missing": series.missing,
        "skip_reasons": SkipReason.choices,
        "can_upload": policies.can_upload(request.user, visit),
        "can_edit": policies.can_edit_visit(request.user, visit),
    }


def consent_context(visit: Visit) -> dict[str, Any]:
    """Whether the consent to the record has to be asked for, and the form that records it."""
    return {
        "consent": record_consent(visit.patient),
        "consent_form": ConsentForm.blank(ConsentUse.RECORD),
    }


def _statement(review: VisitReview) -> VisitStatementForm:
    """The form with what is known best: the clinician's last word, else what the model decided."""
    found, initial = review.known.counts, {}
    if found is not None and not found.uncertain:
        initial = {
            "palsy": "yes" if found.palsy else "no",
            "weak_side": found.weak_side,
            "grade": review.known.grade,
        }
    return VisitStatementForm(initial=initial, auto_id="statement-%s")


def page(
    request: ClinicRequest, visit: Visit, *, refused: list[tuple[str, str]] | None = None
) -> dict[str, Any]:
    """All that the visit's page shows; `refused` are files of a plain upload with why they were refused."""
    earlier, later = selectors.neighbours(visit=visit)
    return {
        **board_context(request, visit),
        "patient": visit.patient,
        "episode": visit.episode,
        "form": ImpressionForm(instance=visit),
        "when_form": WhenForm(record=visit),
        "earlier": earlier,
        "later": later,
        "refused": refused or [],
        "removed": selectors.removed_photos(visit=visit),
        "accept": intake.ACCEPT,
        **consent_context(visit),
        "can_archive": policies.can_archive_visit(request.user, visit),
    }


@login_required
@require_POST
def edit(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Save impression and grade: as they are typed with htmx, by a button without."""
    visit = visible_visit(request, pk)
    require(policies.can_edit_visit(request.user, visit))
    if "at" in request.POST:
        return _edit_when(request, visit)
    form = ImpressionForm(request.POST, instance=visit)
    typed = dict(form.cleaned_data) if form.is_valid() else {}
    saved = submit(form, services.update_visit, user=request.user, visit=visit, **typed)
    if saved is None and "closing" in request.POST:
        saved = _keep_both(request, visit, form, typed)
    if request.htmx:
        # htmx swaps no 4xx answer; the sentence must be seen all the same.
        return render(request, "visits/_saved.html", _typing(form, visit, is_saved=saved is not None))
    if saved is None:
        return render(request, "visits/detail.html", {**page(request, visit), "form": form}, status=422)
    messages.success(request, _("Impression saved."))
    return redirect("visits:detail", pk=visit.pk)


def _typing(form: ImpressionForm, visit: Visit, *, is_saved: bool) -> dict[str, Any]:
    """What a page that saves as one types is told: the record's version, what others changed, what is wrong."""
    if is_saved:
        return {"saved_at": timezone.localtime(), "version": visit.version, "others": form.others(visit)}
    conflicts = [field.conflict for field in form.fields.values() if hasattr(field, "conflict")]
    if not conflicts:
        return {"errors": form.errors}
    others = [other for other in form.others(visit) if other.name not in form.data]
    return {"errors": form.errors, "conflicts": conflicts, "seen": visit.version, "others": others}


def _keep_both(
    request: ClinicRequest, visit: Visit, form: ImpressionForm, typed: dict[str, Any]
) -> Visit | None:
    """The page is closing, so nobody can be asked any more: of a text that two changed both are kept."""
    texts = {
        name: conflict.options["both"].raw
        for name, field in form.fields.items()
        if (conflict := getattr(field, "conflict", None)) and "both" in conflict.options
    }
    if not texts:
        return None
    values = {name: value for name, value in typed.items() if not hasattr(form.fields[name], "conflict")}
    # Based on the record as it is: the texts hold what the others wrote.
    return services.update_visit(
        user=request.user,
        visit=visit,
        based_on=Basis(visit.version),
        **{**values, **texts},
    )


def _edit_when(request: ClinicRequest, visit: Visit) -> HttpResponse:
    form, before = WhenForm(request.POST, record=visit), visit.at
    typed = dict(form.cleaned_data) if form.is_valid() else {}
    if submit(form, services.update_visit, user=request.user, visit=visit, **typed) is None:
        context = {**page(request, visit), "when_form": form}
        return render(request, "visits/detail.html", context, status=422)
    was = timezone.localtime(before).strftime("%Y-%m-%dT%H:%M")
    address = reverse("visits:edit", args=[visit.pk])
    undo.offer(request, _("Date and time changed."), address, at=was, version=str(visit.version))
    return redirect("visits:detail", pk=visit.pk)


@login_required
@require_POST
def archive(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Archive a visit."""
    visit = visible_visit(request, pk)
    require(policies.can_archive_visit(request.user, visit))
    services.archive_visit(user=request.user, visit=visit)
    said = _("The visit is archived: it no longer counts in lists and charts.")
    undo.offer(request, said, reverse("visits:restore", args=[visit.pk]))
    return redirect(next_url(request, "visits:detail", pk=visit.pk))


@login_required
@require_POST
def restore(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Bring an archived visit back."""
    visit = visible_visit(request, pk)
    require(policies.can_archive_visit(request.user, visit))
    services.restore_visit(user=request.user, visit=visit)
    messages.success(request, _("The visit is back."))
    return redirect("visits:detail", pk=visit.pk)


@login_required
@require_safe
def capture(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Take the photos with this computer's or phone's camera, one exercise after the other."""
    visit = visible_visit(request, pk)
    require(policies.can_upload(request.user, visit))
    record_read(request=request, patient=visit.patient, access=Access.RECORD)
    cards = selectors.photos_of_visit(visit=visit)
    taken = {(card.photo.exercise, card.photo.side) for card in cards}
    ghosts = selectors.ghosts_for(visit=visit)
    series = series_of(visit=visit, cards=cards)
    steps = [
        {
            "step": step,
            "place": place,
            "taken": (step.exercise.code, step.side) in taken or (place.taken and not step.side),
            "ghost": ghosts.get((step.exercise.code, step.side)),
        }
        for place in (*series.places, *series.besides)
        for step in exercises.steps_of([place.exercise])
    ]
    wanted = request.GET.get("exercise", "")
    context = {
        "visit": visit,
        "patient": visit.patient,
        "episode": visit.episode,
        "steps": steps,
        "upload": reverse("visits:upload", args=[visit.pk]),
        "skip_address": reverse("visits:skip", args=[visit.pk]),
        "skip_reasons": SkipReason.choices,
        "start": exercises.asked_now(wanted),
        "accept": intake.ACCEPT,
        **consent_context(visit),
        "back": reverse("visits:detail", args=[visit.pk]),
        "back_label": _("Back to the visit"),
    }
    return render(request, "visits/capture.html", context)
