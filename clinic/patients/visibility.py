"""Whose records a person may see: those of their clinics, but for records whose processing is restricted.

A restricted record is closed to everybody. An administrator may open one for a while, and says why: the reason goes
into the log, and the opening into the session. Every query that shows something starts here, so that pages, photos,
files and API close and open together; an API token opens nothing.

Of a patient one of whose visits the user reads as the second reader, nothing is seen until that reading is kept or
given back: `clinic.examination.views_second` shows the visit's photos meanwhile, and nothing else does.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db.models import Q

from clinic.accounts.memberships import blind_to, clinics_of
from clinic.accounts.models import Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.accounts.models import User


def seen_by(user: User | AnonymousUser, path: str = "") -> Q:
    """What the user may see. path: from the record to its patient, with its underscores ("visit__patient__")."""
    mine = Q(**{f"{path}clinic_id__in": clinics_of(user).keys()})
    if blind := blind_to(user):
        mine &= ~Q(**{f"{path}pk__in": blind})
    free = Q(**{f"{path}restricted_at__isnull": True})
    if opened := opened_by(user):
        # The role may have been taken since the record was opened.
        decided = [pk for pk, role in clinics_of(user).items() if role == Role.ADMINISTRATOR]
        return mine & (free | Q(**{f"{path}pk__in": opened, f"{path}clinic_id__in": decided}))
    return mine & free


def opened_by(user: User | AnonymousUser) -> frozenset[uuid.UUID]:
    """The restricted records that this request's user has opened; see `clinic.patients.middleware`."""
    return getattr(user, "_opened_records", frozenset())
