"""The machines' own short way: what starts, balances and watches processes asks without knowing the site's name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from . import probes, views

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class ProbesMiddleware:
    """Answers `/livez`, `/readyz` and `/metrics` before anything else is asked for: host name, TLS, session, language.

    A kubelet or a load balancer calls a process by its address over plain HTTP; a redirect to HTTPS or “unknown host”
    would look to it like a dead process. None of the three says anything that depends on a session; the last asks for
    its token.
    """

    WAYS = {"/livez": probes.livez, "/readyz": probes.readyz, "/metrics": views.metrics}

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        way = self.WAYS.get(request.path_info)
        return way(request) if way else self.get_response(request)
