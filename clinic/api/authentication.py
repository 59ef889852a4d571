"""Who calls: a token in the Authorization header, or the session of the pages."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from knox import auth
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied

from clinic.accounts import memberships
from clinic.accounts.models import ApiToken, Membership
from clinic.accounts.services_tokens import note_use
from clinic.common.bodies import headers_of
from clinic.common.http import client_address

from .catalogue import Problem

if TYPE_CHECKING:
    from rest_framework.request import Request

    from clinic.accounts.models import User


class TokenAuthentication(auth.TokenAuthentication):
    """Knox's tokens, each for one clinic; a header with bytes that no token has is a wrong token, no broken server."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """The user, a member of the token's clinic alone, and the token; 401, or 403 where its proof is too weak."""
        found: tuple[Any, Any] | None = super().authenticate(request)
        if found is not None:
            user, token = found
            token.label = admit(user, token)
            note_use(label=token.label, address=client_address(request._request))
        return found

    def authenticate_credentials(self, token: bytes) -> tuple[Any, Any]:
        """The user and the token, or 401."""
        if not token.isalnum():
            raise AuthenticationFailed(_("Invalid token."))
        found: tuple[Any, Any] = super().authenticate_credentials(token)
        return found


class _ByHeader(authentication.CSRFCheck):
    def _check_token(self, request: Any) -> None:
        super()._check_token(headers_of(request))


class SessionAuthentication(authentication.SessionAuthentication):
    """The session of the pages, whose scripts put the CSRF token in a header: no body is read to know who calls."""

    def enforce_csrf(self, request: Request) -> None:
        """403 unless the header's token is the cookie's."""
        check: Any = _ByHeader(lambda _request: HttpResponse())
        check.process_request(request)
        if reason := check.process_view(request, None, (), {}):
            raise PermissionDenied(f"CSRF Failed: {reason}")


def admit(user: User, token: Any) -> ApiToken:
    """Let the user speak for the token's clinic and no other, if that still is theirs."""
    label = ApiToken.objects.filter(token=token).select_related("use").first()
    mine = Membership.objects.in_force().filter(user_id=user.pk)
    columns = ("clinic_id", "role", "clinic__require_second_factor", "blind_patient")
    rows: list[tuple[uuid.UUID, str, bool, uuid.UUID | None]]
    rows = list(memberships.with_blind(mine).values_list(*columns))
    roles = {clinic: (role, required) for clinic, role, required, _blind in rows}
    if label is None or label.clinic_id not in roles:
        raise AuthenticationFailed(_("Invalid token."))
    required = settings.REQUIRE_SECOND_FACTOR or any(required for _role, required in roles.values())
    if required and not label.is_strong:
        said = _(
            "This token was made with a password alone, and the clinic asks for a second factor. Make another."
        )
        raise Problem("second_factor_required", said)
    blind = [patient for _clinic, _role, _required, patient in rows if patient is not None]
    memberships.speak_for(user, label.clinic_id, roles[label.clinic_id][0], blind=blind)
    return label
