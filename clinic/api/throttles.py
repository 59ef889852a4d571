"""The API's limits: counted as the pages' are, answered as problems."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rest_framework.throttling import BaseThrottle

from clinic.common import limits

from .renderers import CsvRenderer, PdfRenderer

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


class Limit(BaseThrottle):
    """One count; `scope` names its rate in `settings.RATES`."""

    scope: ClassVar[str] = ""
    _wait: int | None = None

    def caller(self, request: Request, view: APIView) -> str | None:
        """Who is counted; None to count nobody."""
        return limits.by_user(request)

    def scope_of(self, view: APIView) -> str | None:
        return self.scope

    def allow_request(self, request: Request, view: APIView) -> bool:
        scope, caller = self.scope_of(view), self.caller(request, view)
        self._wait = limits.take(scope=scope, caller=caller) if scope and caller else None
        return self._wait is None

    def wait(self) -> float | None:
        return self._wait


class Everything(Limit):
    """All requests of one caller."""

    scope = "api"


class NamedThrottle(Limit):
    """What the view names in its `throttle_scope`; and whatever is asked for as a file to keep is an export."""

    def scope_of(self, view: APIView) -> str | None:
        renderer = getattr(view.request, "accepted_renderer", None)
        if getattr(renderer, "format", "") in (CsvRenderer.format, PdfRenderer.format):
            return "export"
        return getattr(view, "throttle_scope", None)


class ByAddress(Limit):
    """Attempts at a token from one address, whoever they are for."""

    scope = "token"

    def caller(self, request: Request, view: APIView) -> str | None:
        return limits.by_address(request)


class ByAccount(Limit):
    """Attempts at one account's token, from wherever they come."""

    scope = "token_account"

    def caller(self, request: Request, view: APIView) -> str | None:
        data = request.data if isinstance(request.data, dict) else {}
        email = str(data.get("email", "")).strip().lower()
        return f"account {email}" if email else None
