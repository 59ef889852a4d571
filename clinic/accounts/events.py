"""What happens at the door, as the log keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clinic.audit.models import Event
from clinic.audit.services import log_event
from clinic.common.http import client_address

from .models import Membership, User

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["Event", "note"]


def note(request: HttpRequest, kind: str, user: Any, **detail: str | int) -> None:
    """Write one event of this person; their clinic is the active one, or the first that they belong to."""
    person = user if isinstance(user, User) and user.pk else None
    clinic = getattr(request, "clinic", None)
    if person is not None and (clinic is None or getattr(request, "user", None) != person):
        membership = (
            Membership.objects.filter(user=person, is_active=True)
            .select_related("clinic")
            .order_by("created_at")
        ).first()
        clinic = membership.clinic if membership else None
    match = getattr(request, "resolver_match", None)
    log_event(
        kind=kind,
        user=person,
        clinic=clinic if person else None,
        address=client_address(request),
        page=match.view_name if match else "",
        detail=detail,
    )
