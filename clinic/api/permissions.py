"""What a token's scopes open: asked in one place, before any address is looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from rest_framework.permissions import BasePermission

from clinic.accounts.scopes import of_token

from .authentication import TokenAuthentication
from .catalogue import Problem

if TYPE_CHECKING:
    from rest_framework.request import Request

    from .views.base import Strict

FREE = ""
"""Of an address that every token opens: nothing of a patient is there."""


class InScope(BasePermission):
    """A session may do what its user may do; a token, of that, what its scopes name."""

    def has_permission(self, request: Request, view: Strict) -> bool:  # type: ignore[override]  # our views alone have it
        """True, or the problem that names the scope."""
        require_scope(request, view.scope())
        return True


def opens(request: Request, scope: str) -> bool:
    """Whether the request may do what that scope names: a session may, a token if it was made for it."""
    if scope == FREE or not isinstance(request.successful_authenticator, TokenAuthentication):
        return True
    return scope in of_token(request.auth)


def require_scope(request: Request, scope: str) -> None:
    """403 for a token without that scope."""
    if not opens(request, scope):
        raise Problem(
            "out_of_scope",
            _("This token was not made for that: it lacks the scope %(scope)s.") % {"scope": scope},
            headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
            scope=scope,
        )
