"""The page on which integrators read and try the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.views.decorators.http import require_safe

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Nothing on it is about a patient, so that it can be read before anyone has a login."""
    return render(request, "api/docs.html")
