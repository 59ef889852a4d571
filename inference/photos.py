"""The photos that are analysed. Their room lies above this one, so their model is found as the relation names it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.apps import apps

if TYPE_CHECKING:
    from clinic.visits.models import PhotoQuerySet


def photos() -> PhotoQuerySet:
    """All photos."""
    model: Any = apps.get_model("visits", "Photo")
    return cast("PhotoQuerySet", model.objects.all())
