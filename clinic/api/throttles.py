"""Limits beyond the general ones."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from rest_framework.throttling import ScopedRateThrottle, SimpleRateThrottle

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


class ByAddress(ScopedRateThrottle):
    """Attempts at a token from one address, whoever they are for."""


class ByAccount(SimpleRateThrottle):
    """Attempts at one account's token, from wherever they come."""

    scope = "token_account"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        data = request.data if isinstance(request.data, dict) else {}
        email = str(data.get("email", "")).strip().lower()
        if not email:
            return None
        # The cache holds no addresses of people.
        return self.cache_format % {"scope": self.scope, "ident": hashlib.sha256(email.encode()).hexdigest()}
