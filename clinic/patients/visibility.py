"""Whose records a person may see: those of their clinics, but for records whose processing is restricted.

A restricted record is closed to everybody. An administrator may open one for a while, and says why: the reason goes
into the log, and the opening into the session. Every query that shows something starts here, so that pages, photos,
files and API close and open together; an API token opens nothing.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db.models import Q

from clinic.accounts.memberships import clinics_of
from clinic.accounts.models import Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.accounts.models import User


def seen_by(user: User | AnonymousUser, path: str = "") -> Q:
    """What the user may see. path: from the record to its patient, with its underscores ("visit__patient__")."""
    mine = Q(**{f"{path}clinic_id__in": clinics_of(user).keys()})
    free = Q(**{f"{path}restricted_at__isnull": True})
    if opened := opened_by(user):
        # The role may have been taken since the record was opened.
        decided = [pk for pk, role in clinics_of(user).items() if role == Role.ADMINISTRATOR]
        return mine & (free | Q(**{f"{path}pk__in": opened, f"{path}clinic_id__in": decided}))
    return mine & free


def opened_by(user: User | AnonymousUser) -> frozenset[uuid.UUID]:
    """The restricted records that this request's user has opened; see `clinic.patients.middleware`."""
    return getattr(user, "_opened_records", frozenset())
