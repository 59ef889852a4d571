"""One's own profile, password and tokens, and the choice of clinic and language."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from clinic.common.forms import submit
from clinic.common.http import next_url

from .. import events, factors, forms, lockout, notices, policies, selectors, services, sessions, stepup
from ..forms_login import locked_by
from ..language import remember_language
from ..middleware import SESSION_KEY
from ..models import User
from ..requests import UserRequest


@require_POST
@login_required
def switch_clinic(request: UserRequest) -> HttpResponse:
    """Work in another of the user's clinics from now on."""
    chosen = get_object_or_404(
        selectors.page_clinics(user=request.user), pk=_uuid(request.POST.get("clinic"))
    )
    request.session[SESSION_KEY] = str(chosen.pk)
    messages.success(request, _("You are now in %(clinic)s.") % {"clinic": chosen.name})
    return redirect("today")


def _uuid(text: str | None) -> str | None:
    try:
        return str(uuid.UUID(text or ""))
    except ValueError:
        return None


@require_POST
def language(request: UserRequest) -> HttpResponse:
    """Read in another language from now on; someone who is logged in, also on other computers."""
    wanted = request.POST.get("language", "")
    response = redirect(next_url(request, "today" if request.user.is_authenticated else "accounts:login"))
    if wanted in dict(settings.LANGUAGES):
        if isinstance(request.user, User):
            services.set_language(user=request.user, language=wanted)
        remember_language(response, wanted)
    return response


@login_required
def profile(request: UserRequest) -> HttpResponse:
    """One's own name, language and password."""
    user = request.user
    form = forms.ProfileForm(request.POST or None, instance=User.objects.get(pk=user.pk))
    data = form.cleaned_data if form.is_valid() else {}
    if request.method == "POST" and submit(form, services.update_profile, user=user, **data):
        with override(user.language or None):
            messages.success(request, _("Your profile is saved."))
        response = redirect("accounts:profile")
        remember_language(response, user.language)
        return response
    context = {
        "form": form,
        "memberships": selectors.memberships_of(user=user),
        "invitations": selectors.invitations_of(user=user),
        "notices": notices.recent(user=user),
        "tab": "profile",
    }
    return render(request, "accounts/profile.html", context)


@never_cache
@login_required
def password(request: UserRequest) -> HttpResponse:
    """Change one's own password; other devices are logged out by it."""
    form = forms.PasswordForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        update_session_auth_hash(request, form.user)
        # Their session hashes no longer fit anyway; this takes them out of the list too.
        sessions.end_all(user=form.user, keep=request.session.session_key)
        sessions.register(request)
        events.note(request, events.Event.PASSWORD_CHANGED, form.user, how="page")
        notices.tell(user=form.user, kind=notices.NoticeKind.PASSWORD_CHANGED)
        messages.success(request, _("Your password is changed. Other devices have been logged out."))
        return redirect("accounts:profile")
    page = render(request, "accounts/password.html", {"form": form, "tab": "profile"})
    return lockout.slow_down(page, locked_by(form))


def _holders(request: UserRequest) -> Any:
    """For whom this person makes tokens: themselves, and an administrator for the clinic's integrations."""
    me = User.objects.filter(pk=request.user.pk)
    clinic = request.clinic
    if clinic is None or not policies.can_administer(request.user, clinic.pk):
        return me
    ids = [request.user.pk, *selectors.integrations(clinic_id=clinic.pk).values_list("pk", flat=True)]
    return User.objects.filter(pk__in=ids).order_by("full_name")


@never_cache
@login_required
@stepup.required
def tokens(request: UserRequest) -> HttpResponse:
    """The API tokens of oneself and of the clinics that one administers; a new one is shown once, when it is made."""
    user, clinic = request.user, request.clinic
    holders = _holders(request)
    form = forms.TokenForm(request.POST or None, holders=holders, initial={"user": user.pk})
    made = None
    if request.method == "POST" and clinic is not None:
        data = form.cleaned_data if form.is_valid() else {}
        made = submit(
            form,
            services.create_token,
            **{**data, "user": data.get("user") or user},
            clinic=clinic,
            strength=stepup.methods_of(request),
            by=user,
        )
        if made:
            form = forms.TokenForm(holders=holders, initial={"user": user.pk})
    visible = list(selectors.tokens_visible_to(user=user))
    context = {
        "form": form if clinic is not None else None,
        "made": made,
        "mine": [token for token in visible if token.user_id == user.pk],
        "others": [token for token in visible if token.user_id != user.pk],
        "factor_required": factors.is_required(user=user),
        "tab": "tokens",
    }
    return render(request, "accounts/tokens.html", context)


@require_POST
@login_required
@stepup.required
def token_revoke(request: UserRequest, key: str) -> HttpResponse:
    """End a token at once: one's own, or one for a clinic that one administers."""
    token = get_object_or_404(selectors.tokens_visible_to(user=request.user), token_key=key)
    services.revoke_token(token=token, by=request.user)
    messages.success(request, _("The token is revoked. What used it can no longer reach the records."))
    return redirect("accounts:tokens")
