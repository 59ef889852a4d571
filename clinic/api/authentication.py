"""Who calls: a token in the Authorization header, or the session of the pages."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from knox import auth
from rest_framework.exceptions import AuthenticationFailed


class TokenAuthentication(auth.TokenAuthentication):
    """Knox's tokens; a header with bytes that no token has is a wrong token, not a broken server."""

    def authenticate_credentials(self, token: bytes) -> tuple[Any, Any]:
        """The user and the token, or 401."""
        if not token.isalnum():
            raise AuthenticationFailed(_("Invalid token."))
        found: tuple[Any, Any] = super().authenticate_credentials(token)
        return found
