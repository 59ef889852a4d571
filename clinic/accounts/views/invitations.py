"""What somebody sees whom another clinic invites: the link's page, where they accept or decline."""

from __future__ import annotations

import uuid

from allauth.account.authentication import get_authentication_records
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from .. import forms, selectors, services_invitations, sessions, stepup
from ..links import invitation_links
from ..middleware import SESSION_KEY
from ..models import Membership, User

SECRETS = "invitation_secrets"
KEPT = 5
"""So many links that were opened, the newest, a session remembers."""


@never_cache
@require_safe
def invitation_link(request: HttpRequest, pk: uuid.UUID, secret: str) -> HttpResponse:
    """Keep the link's secret in the session, out of the address bar, and go on to the login or the page.

    A made-up one is kept nowhere: sessions are rows, and strangers would make as many as they like.
    """
    if selectors.is_invitation(pk=pk, secret=secret):
        known = {**request.session.get(SECRETS, {}), str(pk): secret}
        request.session[SECRETS] = dict(list(known.items())[-KEPT:])
    return redirect("accounts:invitation", pk=pk)


def _invitation(request: HttpRequest, pk: uuid.UUID) -> Membership:
    return get_object_or_404(selectors.invitations_of(user=request.user), pk=pk)


@never_cache
@login_required
@stepup.required
def invitation(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Accept an invitation, with a new password and with the secret of the link that the administrator handed over."""
    user = request.user
    assert isinstance(user, User)
    membership = _invitation(request, pk)
    secret = request.session.get(SECRETS, {}).get(str(pk), "")
    valid = invitation_links.opens(membership, secret)
    form = forms.AcceptForm(user, request.POST or None)
    if request.method == "POST":
        if not valid:
            raise PermissionDenied
        if form.is_valid():
            services_invitations.accept_invitation(
                membership=membership,
                user=user,
                secret=secret,
                password=form.cleaned_data["new_password1"],
                keep=[record["id"] for record in get_authentication_records(request, user) if "id" in record],
            )
            return _welcome(request, user, membership)
    context = {"membership": membership, "valid": valid, "form": form}
    return render(request, "accounts/invitation.html", context)


def _welcome(request: HttpRequest, user: User, membership: Membership) -> HttpResponse:
    # Every session of the account has ended; this one, which proved both, goes on.
    update_session_auth_hash(request, user)
    sessions.register(request)
    request.session[SESSION_KEY] = str(membership.clinic_id)
    request.session.pop(SECRETS, None)
    messages.success(
        request,
        _("You now work in %(clinic)s. Log in with your new password from now on.")
        % {"clinic": membership.clinic.name},
    )
    return redirect("accounts:profile")


@require_POST
@login_required
def invitation_decline(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Let an invitation go; for that nobody needs its link."""
    user = request.user
    assert isinstance(user, User)
    services_invitations.decline_invitation(membership=_invitation(request, pk), user=user)
    messages.success(request, _("The invitation is declined."))
    return redirect("accounts:profile")
