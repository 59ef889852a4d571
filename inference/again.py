"""Photos are judged beside the patient's face at rest: where another face is the one, they are queued once more.

In the caller's transaction. The results that are there stay until the new ones are.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from clinic.accounts.models import ModelUse

from . import references
from .releases import registry
from .services import judge_if_outdated, look_again_if_refiled

if TYPE_CHECKING:
    from clinic.visits.models import Photo, Visit


def judge_again(*, photo: Photo) -> int:
    """A photo at rest came, went, or is filed otherwise: queue the photos anew that were judged beside another one than
    they would be now; how many."""
    return _judge((photo, *references.photos_compared_with(photo=photo)), photo.visit)


def look_again(*, photo: Photo) -> bool:
    """A photo is filed as a view that networks were not taught, or is none any more: queue it anew if it was looked at
    as the other; whether it was."""
    if photo.visit.patient.clinic.effective_model_use != ModelUse.IN_USE:
        return False
    return look_again_if_refiled(photo=photo, release=registry.active().name)


def judge_visits_again(
    *, visits: Sequence[Visit], episodes: Collection[uuid.UUID], since: dt.datetime
) -> int:
    """Photos were moved, or whole visits: in time, to another episode, away or back. The same for all photos of these
    visits, and of those of the episodes from `since` on that have no photo at rest of their own. visits: one at least,
    of one clinic."""
    photos = {photo.pk: photo for photo in references.photos_without_rest(episodes=episodes, since=since)}
    photos |= {photo.pk: photo for photo in references.photos_in(visits=[visit.pk for visit in visits])}
    return _judge(photos.values(), visits[0])


def _judge(photos: Iterable[Photo], visit: Visit) -> int:
    info = registry.active()
    if not info.uses_reference or visit.patient.clinic.effective_model_use != ModelUse.IN_USE:
        return 0
    return sum(judge_if_outdated(photo=photo, release=info.name) for photo in photos)
