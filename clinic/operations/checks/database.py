"""Whether the application came into the database with more rights than it needs. Part of the doctor's list."""

from __future__ import annotations

from django.conf import settings
from django.core.checks import CheckMessage, Warning
from django.db import DatabaseError

from clinic.audit import roles


def rights() -> list[CheckMessage]:
    """The application's role owns nothing, and can only add to the log."""
    if not settings.PRODUCTION:
        return []
    try:
        found = roles.advice()
    except DatabaseError:
        return []  # the examination of the database says so
    return [Warning(what, hint=remedy, id="risorius.W022") for what, remedy in found]
