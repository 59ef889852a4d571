"""How the database holds a face's landmarks: they are two thirds of what a result takes."""

from __future__ import annotations

import base64
import sys
from array import array
from typing import Any, Final

from django.db import models

SHARES: Final = 10_000
"""Steps in the photo's width or height: landmarks are rounded to four digits."""
MOST: Final = 32_767


class LandmarksField(models.JSONField):
    """Pairs [x, y] of shares, held as one string: steps of a ten-thousandth, 16 bit each, in base64.

    A quarter of their length as JSON. What is no such list of pairs is held as it is, and so are rows from before.
    """

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(_packed(value))

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        found = super().from_db_value(value, expression, connection)
        return _unpacked(found) if isinstance(found, str) else found


def _packed(value: Any) -> Any:
    if not isinstance(value, list) or not value:
        return value
    try:
        flat = [round(share * SHARES) for x, y in value for share in (x, y)]
    except (TypeError, ValueError):
        return value
    if max(map(abs, flat)) > MOST:
        return value
    return base64.b64encode(_little(array("h", flat)).tobytes()).decode("ascii")


def _unpacked(text: str) -> list[list[float]]:
    steps = array("h")
    steps.frombytes(base64.b64decode(text))
    flat = [step / SHARES for step in _little(steps)]
    return [list(pair) for pair in zip(flat[::2], flat[1::2], strict=True)]


def _little(steps: array[int]) -> array[int]:
    """From or to the byte order in which they are stored."""
    if sys.byteorder == "big":
        steps.byteswap()
    return steps
