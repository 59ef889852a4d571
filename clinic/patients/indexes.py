"""By what patients are found and listed."""

from __future__ import annotations

from typing import Final

from django.db.models import Index, Q

_BY_NAME: Final = ["clinic", "sort_name", "name", "id"]
INDEXES: Final = [
    Index(fields=["clinic", "name"]),
    Index(fields=["clinic", "sort_name"], name="patients_by_sort_name"),
    Index(fields=["clinic", "archived_at"]),
    Index(fields=["clinic", "birth_date"], name="patients_by_birth_date"),
    Index(
        fields=_BY_NAME,
        condition=Q(archived_at__isnull=True, restricted_at__isnull=True),
        name="patients_on_the_lists",
    ),
    Index(fields=_BY_NAME, condition=Q(archived_at__isnull=False), name="patients_in_the_archive"),
    Index(fields=["clinic"], condition=Q(restricted_at__isnull=False), name="patients_restricted"),
]
