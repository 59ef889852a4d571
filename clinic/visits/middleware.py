"""What a request is answered where a photo's file can't be opened: a named reason, never a broken page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from clinic.store.keyring import DecryptionError, FileAltered
from clinic.store.stores import StoreAway

from .refusals import RETRY_AFTER

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = logging.getLogger(__name__)


class SealedFilesMiddleware:
    """Answers 503 with the reason where a key is missing, a file is not the stored one, or the store is away."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DecryptionError | StoreAway):
            return None
        logger.error("%s: %s", exception.code, exception)
        title = _("The photo can't be shown")
        if isinstance(exception, StoreAway):
            title = _("The store of photos does not answer")
            sentence = _(
                "The store of photos does not answer just now. Nothing is lost; try again in a minute."
            )
        elif isinstance(exception, FileAltered):
            sentence = _("The photo's file is not the one that was stored, so it is not shown.")
        else:
            sentence = _("The key of this clinic is not there, so its photos can't be shown.")
        if request.accepts("text/html") and "image/" not in request.headers.get("accept", ""):
            response = render(
                request, "visits/sealed.html", {"title": title, "sentence": sentence}, status=503
            )
        else:
            response = HttpResponse(sentence, status=503, content_type="text/plain; charset=utf-8")
            response["Cache-Control"] = "private, no-store"
        if exception.code in RETRY_AFTER:
            response["Retry-After"] = str(RETRY_AFTER[exception.code])
        return response
