"""Two addresses for whoever looks after processes: is it alive, and should it get requests? No login, no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from . import readiness

if TYPE_CHECKING:
    from django.http import HttpRequest

PLAIN = "text/plain; charset=utf-8"


@require_safe
@never_cache
def livez(request: HttpRequest) -> HttpResponse:
    """The process answers. It asks nobody else: a restart would not bring back a database."""
    return HttpResponse("alive\n", content_type=PLAIN)


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether to send requests here: 200 when ready or degraded, 503 when not, one line for each need."""
    found = readiness.check_needs()
    lines = [
        f"{line.state:<8}  {line.name:<10}  {1000 * line.seconds:5.0f} ms  {line.sentence}".rstrip()
        for line in found.lines
    ]
    body = "\n".join([found.state, *lines, ""])
    return HttpResponse(body, status=503 if found.state == "unready" else 200, content_type=PLAIN)
