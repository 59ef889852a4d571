"""What a request is answered where a photo's file can't be opened: a named reason, never a broken page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from .keyring import FileAltered, SealError

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = logging.getLogger(__name__)


class SealedFilesMiddleware:
    """Answers 503 with the reason where the clinic's key is missing or a file is not the one that was stored."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, SealError):
            return None
        logger.error("%s: %s", exception.code, exception)
        altered = isinstance(exception, FileAltered)
        if altered:
            sentence = _("The photo's file is not the one that was stored, so it is not shown.")
        else:
            sentence = _("The key of this clinic is not there, so its photos can't be shown.")
        if request.accepts("text/html") and "image/" not in request.headers.get("accept", ""):
            return render(request, "visits/sealed.html", {"sentence": sentence}, status=503)
        response = HttpResponse(sentence, status=503, content_type="text/plain; charset=utf-8")
        response["Cache-Control"] = "private, no-store"
        return response
