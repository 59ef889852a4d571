"""Files that no row names: what a process left that was killed between writing a file and its row.

They are put aside first and deleted a week later, so that a mistake here, or a database that does not belong to the
folder, costs nobody a photo.
"""

from __future__ import annotations

import datetime as dt
import itertools
import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils import timezone

from clinic.store import places
from clinic.store.places import ASIDE, INCOMING
from clinic.store.stores import PhotoStore, photo_store

from .models import Photo

logger = logging.getLogger(__name__)

YOUNG = dt.timedelta(hours=1)
"""Uploads that are on their way have files without rows too, but not for an hour."""
RECENT = dt.timedelta(days=2)
"""How far back an hourly round looks."""
KEPT = dt.timedelta(days=7)
TOO_MANY = 20
SURE = 10_000
"""Files after which a whole store of somebody else's has shown itself."""
AT_ONCE = 1000
FOLDER = re.compile("[0-9a-f]{2}")
ROUNDS = 24
"""Hourly rounds in which each folder of a bucket has its turn: its lists are paid for, and know no order of time."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What a round did."""

    looked_at: int = 0
    put_aside: int = 0
    deleted: int = 0
    refused: bool = False


def sweep(*, whole: bool = False) -> Swept:
    """Put aside files of more than an hour ago that no row names, and delete what has lain aside for a week.

    whole: look at all files, not only at those of the last days.
    """
    store, now = photo_store(), timezone.now()
    looked_at, lost = 0, list[str]()
    remaining = _written(store, since=None if whole else now - RECENT, until=now - YOUNG, turn=now.hour)
    while some := list(itertools.islice(remaining, AT_ONCE)):
        looked_at += len(some)
        lost += unnamed(names=some)
        if looked_at >= SURE and len(lost) > looked_at // 2:
            break
    if len(lost) > max(TOO_MANY, looked_at // 2):
        logger.error(
            "%s of %s files are named by no row: is this store another database's?", len(lost), looked_at
        )
        return Swept(looked_at=looked_at, refused=True)
    for place in lost:
        store.set_aside(place)
    deleted = store.purge(ASIDE, now - KEPT) + store.purge(INCOMING, now - YOUNG)
    if lost or deleted:
        logger.warning("Sweep: %s files without a row put aside, %s old ones deleted", len(lost), deleted)
    return Swept(looked_at=looked_at, put_aside=len(lost), deleted=deleted)


def unnamed(*, names: Iterable[str]) -> list[str]:
    """Those of the files that no photo's row names; a row may name a file as it was called before it was moved."""
    found: list[str] = []
    remaining = iter(names)
    while some := list(itertools.islice(remaining, AT_ONCE)):
        named = {places.of(name)[0] for name in rows_of(some)}
        found += sorted(place for place in some if places.of(place)[0] not in named)
    return found


def rows_of(some: Iterable[str]) -> Iterator[str]:
    """Each name under which a row knows one of these files, as often as one does. By the index on the names."""
    names = [name for place in some for name in places.of(place)]
    for field in ("image", "thumbnail"):
        yield from Photo.objects.filter(**{f"{field}__in": names}).order_by().values_list(field, flat=True)


def _written(store: PhotoStore, *, since: dt.datetime | None, until: dt.datetime, turn: int) -> Iterator[str]:
    """Photos' files that were written in that time."""
    for top in store.tops()[0]:
        if not FOLDER.fullmatch(top):
            continue
        if since is None or store.folder is not None or int(top, 16) % ROUNDS == turn:
            for lying in store.lying(top, since=since):
                if lying.written < until and places.is_photo(lying.place):
                    yield lying.place
