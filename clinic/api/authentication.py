"""Who calls: a token in the Authorization header, or the session of the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from knox import auth
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied

from clinic.common.bodies import headers_of

if TYPE_CHECKING:
    from rest_framework.request import Request


class TokenAuthentication(auth.TokenAuthentication):
    """Knox's tokens; a header with bytes that no token has is a wrong token, not a broken server."""

    def authenticate_credentials(self, token: bytes) -> tuple[Any, Any]:
        """The user and the token, or 401."""
        if not token.isalnum():
            raise AuthenticationFailed(_("Invalid token."))
        found: tuple[Any, Any] = super().authenticate_credentials(token)
        return found


class _ByHeader(authentication.CSRFCheck):
    def _check_token(self, request: Any) -> None:
        super()._check_token(headers_of(request))  # type: ignore[misc]


class SessionAuthentication(authentication.SessionAuthentication):
    """The session of the pages, whose scripts put the CSRF token in a header: no body is read to know who calls."""

    def enforce_csrf(self, request: Request) -> None:
        """403 unless the header's token is the cookie's."""
        check = _ByHeader(lambda _request: None)
        check.process_request(request)
        if reason := check.process_view(request, None, (), {}):
            raise PermissionDenied(f"CSRF Failed: {reason}")
