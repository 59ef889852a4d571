"""What happens at the door, as the log keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clinic.audit.models import Event
from clinic.audit.services import log_act, log_event
from clinic.common.http import client_address

from .models import Membership, User

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import Model
    from django.http import HttpRequest

    from .models import Clinic

__all__ = ["Event", "changed", "clinic_of", "note", "note_access"]


def changed(
    record: Model,
    fields: Iterable[str],
    *,
    kind: str,
    user: User | None = None,
    clinic: Clinic | None = None,
    page: str = "",
) -> None:
    """Write which fields of an account or a clinic a service changed: names of all, values of switches and counts."""
    names = sorted(fields)
    detail: dict[str, str | int] = {"fields": "+".join(names)[:64], "record": str(record.pk)}
    detail |= {name: value for name in names if isinstance(value := getattr(record, name), int)}
    log_act(kind=kind, user=user, clinic=clinic, page=page, detail=detail)


def clinic_of(user: User) -> Clinic | None:
    """The clinic in whose log a person's own doings stand: the first that they belong to."""
    membership = (
        Membership.objects.in_force().filter(user=user).select_related("clinic").order_by("created_at")
    ).first()
    return membership.clinic if membership else None


def note(request: HttpRequest, kind: str, user: Any, **detail: str | int) -> None:
    """Write one event of this person; their clinic is the active one, or the first that they belong to."""
    person = user if isinstance(user, User) and user.pk else None
    clinic = getattr(request, "clinic", None)
    if person is not None and (clinic is None or getattr(request, "user", None) != person):
        clinic = clinic_of(person)
    match = getattr(request, "resolver_match", None)
    log_event(
        kind=kind,
        user=person,
        clinic=clinic if person else None,
        address=client_address(request),
        page=match.view_name if match else "",
        detail=detail,
    )


def note_access(
    *,
    what: str,
    clinic: Clinic | None,
    by: User | None = None,
    kind: str = Event.MEMBER_CHANGED,
    **detail: str | int,
) -> None:
    """Write what changed about somebody's access. by: who did it; left out, whoever sent the request at hand."""
    log_act(kind=kind, user=by, clinic=clinic, detail={"what": what, **detail})
