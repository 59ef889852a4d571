"""What every page's frame shows."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language

from clinic.accounts import policies
from clinic.accounts.selectors import integration_ids
from inference.selectors import analysis_delayed, open_counts

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
            # Callables, asked once: templates that show none of them cost no query.
            analysis_open=functools.cache(lambda: sum(open_counts(clinic_id=clinic.pk).values())),
            analysis_delayed=functools.cache(lambda: analysis_delayed(clinic_id=clinic.pk)),
            integrations=functools.cache(lambda: integration_ids(clinic_ids=[clinic.pk])),
        )
    return {"shell": frame}
