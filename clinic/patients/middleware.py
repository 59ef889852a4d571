"""Restricted records that an administrator opened with a reason, for a while, in this session alone."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

from django.http import HttpResponse
from django.shortcuts import render

from clinic.accounts import policies
from clinic.common.http import RecordRestricted

from .models import Patient

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest

    from clinic.accounts.requests import PageRequest

SESSION_KEY: Final = "opened_records"
OPEN_FOR: Final = 30 * 60
"""Seconds until the reason is asked for again."""


def open_record(session: SessionBase, patient: Patient, reason: str) -> None:
    """Let this session see a restricted record for half an hour, under this restriction and no later one.

    The caller has asked the policy and logged it.
    """
    opened = session.get(SESSION_KEY, {})
    opened[str(patient.pk)] = {
        "until": time.time() + OPEN_FOR,
        "since": _since(patient.restricted_at),
        "reason": reason,
    }
    session[SESSION_KEY] = opened


def close_record(session: SessionBase, patient: Patient) -> None:
    """Forget that this session opened the record."""
    opened = session.get(SESSION_KEY, {})
    if opened.pop(str(patient.pk), None):
        session[SESSION_KEY] = opened


def _since(restricted_at: dt.datetime | None) -> str:
    return restricted_at.isoformat() if restricted_at else ""


def _in_force(session: SessionBase) -> dict[str, dict[str, Any]]:
    """What the session opened, as far as its time isn't over and the restriction is still the one of then."""
    kept, now = session.get(SESSION_KEY) or {}, time.time()
    opened = {pk: how for pk, how in kept.items() if how["until"] > now}
    if not opened:
        return {}
    rows = Patient.objects.filter(pk__in=opened).values_list("pk", "restricted_at")
    since = {str(pk): _since(restricted_at) for pk, restricted_at in rows}
    return {pk: how for pk, how in opened.items() if how.get("since") == since.get(pk)}


class OpenedRecordsMiddleware:
    """Tells the user's queries which restricted records they opened, and answers for those they didn't."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if (opened := _in_force(request.session)) and request.user.is_authenticated:
            request.user._opened_records = frozenset(map(uuid.UUID, opened))
            # The log's lines of the record, its visits and photos bear the reason for which it was opened.
            cast("PageRequest", request).opened_records = opened
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, RecordRestricted):
            return None
        clinic = getattr(request, "clinic", None)
        may_open = clinic is not None and policies.can_administer(request.user, clinic.pk)
        context = {"pk": exception.patient_id, "may_open": may_open}
        return render(request, "patients/locked.html", context, status=403)
