"""The feed as one caller reads it: the changes of their clinics behind a cursor."""

from __future__ import annotations

import base64
import binascii
import hashlib
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .models import TOMBSTONES, Change, Feed, What

if TYPE_CHECKING:
    from django.db.models import QuerySet


class CursorUnknown(ValueError):
    """The text is no cursor of ours."""


class CursorExpired(ValueError):
    """The cursor is of another time, or of somebody who read other clinics: what lies between can't be told."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose clinics are read, and which kinds of records."""

    clinics: frozenset[uuid.UUID]
    kinds: frozenset[str]

    @property
    def digest(self) -> str:
        """Changes with what may be read: a cursor that passed over a clinic's changes is none for that clinic."""
        said = " ".join([*sorted(map(str, self.clinics)), *sorted(self.kinds)])
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def written(*, feed: Feed, reader: Reader, position: int) -> str:
    """The cursor of that place, for that reader."""
    text = f"{feed.generation.hex}.{reader.digest}.{position}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read(*, cursor: str, feed: Feed, reader: Reader) -> int:
    """The place of a cursor; CursorUnknown or CursorExpired where there is none."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        generation, digest, number = text.split(".")
        position = int(number)
        if len(number) > 19 or uuid.UUID(generation).hex != generation or position < 0:
            raise CursorUnknown
    except (ValueError, binascii.Error) as error:
        raise CursorUnknown from error
    if generation != feed.generation.hex or digest != reader.digest or position > feed.last:
        raise CursorExpired
    return position


def changes(
    *, reader: Reader, after: int, until: int, kinds: Collection[str], restricted: QuerySet[Any]
) -> QuerySet[Change, Any]:
    """What happened behind that place up to the other, oldest first.

    Of a restricted record no more is told than what its copies must stop; when the restriction is lifted, the holder
    is told to fetch all of it. restricted: the keys of the patients whose records are, in those clinics at least.
    """
    found = Change.objects.filter(
        clinic_id__in=reader.clinics, kind__in=kinds, position__gt=after, position__lte=until
    )
    return found.exclude(patient__in=restricted, what__in=set(What.values) - TOMBSTONES).order_by("position")
