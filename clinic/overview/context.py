"""What every page's frame shows."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language

from clinic.accounts import policies

if TYPE_CHECKING:
    from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    """The active clinic, the role in it, and the state of the analysis, under one name."""
    user = getattr(request, "user", None)
    clinic = getattr(request, "clinic", None)
    frame: dict[str, Any] = {
        "clinics": [],
        "clinic": clinic,
        "role": "",
        "can_write": False,
        "can_confirm": False,
        "can_administer": False,
        "analysis_open": 0,
        "analysis_delayed": False,
        "integrations": frozenset(),
        "language": get_language() or "en",
    }
    if user is not None and user.is_authenticated and clinic is not None:
        frame.update(
            clinics=getattr(request, "page_clinics", []),
            role=policies.role_in(user, clinic.pk) or "",
            can_write=policies.can_write_records(user, clinic.pk),
            can_confirm=policies.can_confirm(user, clinic.pk),
            can_administer=policies.can_administer(user, clinic.pk),
            # Callables: templates that show neither cost no query.
            analysis_open=_once(lambda: _open_analyses(clinic.pk)),
            analysis_delayed=_once(lambda: _delayed(clinic.pk)),
            integrations=_once(lambda: _integrations(clinic.pk)),
        )
    return {"shell": frame}


def _once(compute: Any) -> Any:
    found: list[Any] = []

    def value() -> Any:
        if not found:
            found.append(compute())
        return found[0]

    return value


def _open_analyses(clinic_id: uuid.UUID) -> int:
    from inference.selectors import open_counts

    counts: Any = open_counts(clinic_id=clinic_id)
    return sum(counts.values()) if isinstance(counts, dict) else int(counts)


def _integrations(clinic_id: uuid.UUID) -> frozenset[int]:
    from clinic.accounts.selectors import integration_ids

    return integration_ids(clinic_ids=[clinic_id])


def _delayed(clinic_id: uuid.UUID) -> bool:
    from inference.selectors import analysis_delayed

    return bool(analysis_delayed(clinic_id=clinic_id))
