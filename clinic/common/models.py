"""What every clinical record has."""

import uuid
from collections.abc import Collection
from typing import Final

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

LONGEST_TEXT: Final = 20_000
"""Characters of a field of several lines: some ten pages. Each change of one is kept whole in the history."""


class Record(models.Model):
    """A row with a random identifier, safe to show in a URL, and the time at which it was made."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        abstract = True

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """Django's own checks, and that no text is endless."""
        errors: dict[str, list[ValidationError]] = {}
        try:
            super().clean_fields(exclude=exclude)
        except ValidationError as error:
            errors = error.error_dict
        for field in self._meta.concrete_fields:
            if not isinstance(field, models.TextField) or not field.editable or field.name in (exclude or ()):
                continue
            if len(getattr(self, field.attname) or "") > LONGEST_TEXT:
                said = _("This text is too long. It may have %(count)s characters at most.")
                error = ValidationError(said % {"count": f"{LONGEST_TEXT:,}"}, code="max_length")
                errors.setdefault(field.name, []).append(error)
        if errors:
            raise ValidationError(errors)


class Versioned(models.Model):
    """A row that several people may edit: each save raises its version by one; see `clinic.common.versions`."""

    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)

    class Meta:
        abstract = True
