"""The reader's language, as the browser keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.conf import settings

if TYPE_CHECKING:
    from django.http import HttpResponse


def remember_language(response: HttpResponse, language: str) -> None:
    """Let the browser know the reader's language, for the pages before and after the login too."""
    if language:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=365 * 24 * 3600,
            samesite=cast(Any, settings.LANGUAGE_COOKIE_SAMESITE),
            httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
            secure=settings.SESSION_COOKIE_SECURE,
        )
    else:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
