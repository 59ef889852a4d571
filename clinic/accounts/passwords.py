"""How long a password may be. What it is made of is its owner's business."""

from __future__ import annotations

import re
from typing import Any, Final

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

SHORTEST: Final = 12
LONGEST: Final = 128


class LengthValidator(MinimumLengthValidator):
    """Twelve characters to 128. Blanks in a row count as one, so that nobody gets there by leaning on a key."""

    def __init__(self) -> None:
        super().__init__(SHORTEST)

    def validate(self, password: str, user: Any = None) -> None:
        """Nothing, or a ValidationError."""
        super().validate(re.sub(r"\s+", " ", password), user)
        if len(password) > LONGEST:
            said = _("This password is too long. It may have %(count)s characters at most.")
            raise ValidationError(said % {"count": LONGEST}, code="password_too_long")
