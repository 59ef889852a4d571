"""What a clinic's administrators keep: its members and the clinic itself."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from clinic.common.forms import submit
from clinic.common.http import require

from .. import events, factors, forms, policies, selectors, services, services_invitations, sessions, stepup
from ..models import Clinic, Membership, Role
from ..requests import UserRequest


def _administered(request: UserRequest) -> Clinic:
    clinic: Clinic | None = request.clinic
    if clinic is None:
        raise Http404
    require(policies.can_administer(request.user, clinic.pk))
    return clinic


def _member(request: UserRequest, pk: uuid.UUID) -> Membership:
    return get_object_or_404(selectors.members(clinic_id=_administered(request).pk), pk=pk)


@never_cache
@login_required
@stepup.required
def members(request: UserRequest) -> HttpResponse:
    """Who works in the clinic, and in which role; adds a person."""
    clinic = _administered(request)
    form = forms.MemberForm(request.POST or None)
    if request.method == "POST":
        data = form.cleaned_data if form.is_valid() else {}
        membership = submit(form, services.add_member, clinic=clinic, by=request.user, **data)
        if membership:
            said = _("%(name)s is now a member of the clinic.")
            if membership.accepted_at is None:
                said = _("%(name)s is invited. Hand over a link to accept the invitation.")
            messages.success(request, said % {"name": membership.shown_name})
            return redirect("accounts:member", pk=membership.pk)
    context = {"members": selectors.members(clinic_id=clinic.pk), "form": form, "tab": "members"}
    return render(request, "accounts/members.html", context)


def _member_page(request: UserRequest, membership: Membership, **more: object) -> HttpResponse:
    context = {
        "membership": membership,
        "form": forms.RoleForm(record=membership),
        "may_link": selectors.may_link_password(membership=membership),
        "invited": membership.is_active and membership.accepted_at is None,
        "needs_password": membership.accepted_at is not None
        and not membership.user.has_usable_password()
        and membership.role != Role.INTEGRATION,
        "has_factor": factors.has_factor(user=membership.user),
        "may_reset": selectors.may_link_password(membership=membership) and membership.user != request.user,
        "tab": "members",
        **more,
    }
    return render(request, "accounts/member.html", context)


@never_cache
@login_required
@stepup.required
def member(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """One member: the role, the access, and a link to set a password."""
    membership = _member(request, pk)
    if request.method != "POST":
        return _member_page(request, membership)
    form = forms.RoleForm(request.POST, record=membership)
    role = form.cleaned_data["role"] if form.is_valid() else ""
    if submit(form, services.change_role, membership=membership, role=role, by=request.user) is None:
        membership.refresh_from_db()
        return _member_page(request, membership, form=form)
    messages.success(request, _("The role of %(name)s is changed.") % {"name": membership.shown_name})
    return redirect("accounts:members")


@require_POST
@login_required
@stepup.required
def member_active(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a member's access away, or give it back."""
    membership = _member(request, pk)
    active = request.POST.get("active") == "yes"
    try:
        services.set_member_active(membership=membership, active=active, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("accounts:member", pk=pk)
    said = _("%(name)s has access again.") if active else _("%(name)s no longer has access.")
    if active and membership.accepted_at is None:
        said = _("%(name)s is invited. Hand over a link to accept the invitation.")
    messages.success(request, said % {"name": membership.shown_name})
    return redirect("accounts:members")


@never_cache
@require_POST
@login_required
@stepup.required
def member_link(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Show, this once, a link by which the member sets their own password, or accepts the invitation."""
    membership = _member(request, pk)
    if membership.accepted_at is None:
        secret = services_invitations.invitation_secret(membership=membership, by=request.user)
        path = reverse("accounts:invitation_link", args=[membership.pk, secret])
    else:
        parts = services.password_link_parts(membership=membership, by=request.user)
        path = reverse("accounts:set_password", args=parts)
    return _member_page(request, membership, link=request.build_absolute_uri(path))


@require_POST
@login_required
@stepup.required
def member_factor(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Take away the second factor that a colleague lost; they set up another one at their next login."""
    membership = _member(request, pk)
    user = membership.user
    require(selectors.may_link_password(membership=membership) and user != request.user)
    factors.reset(user=user)
    ended = sessions.end_all(user=user)
    events.note(
        request,
        events.Event.FACTOR_REMOVED,
        request.user,
        what="reset",
        member=str(membership.pk),
        sessions_ended=ended,
    )
    messages.success(request, _("The second factor of %(name)s is taken away.") % {"name": user})
    return redirect("accounts:member", pk=pk)


@login_required
@stepup.required
def settings(request: UserRequest) -> HttpResponse:
    """The clinic's name, time zone and language, and how its members log in."""
    clinic = _administered(request)
    form = forms.ClinicForm(request.POST or None, instance=Clinic.objects.get(pk=clinic.pk))
    if request.method == "POST":
        data = form.cleaned_data if form.is_valid() else {}
        if submit(form, services.update_clinic, user=request.user, clinic=clinic, **data):
            messages.success(request, _("The clinic's settings are saved."))
            return redirect("accounts:clinic")
    return render(request, "accounts/clinic.html", {"form": form, "tab": "clinic"})
