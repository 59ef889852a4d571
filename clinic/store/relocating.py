"""Moves the photos' files to where they belong: into folders of two levels, or from the folders into the bucket.

No row changes: a row's name leads to both places (`places`). Meanwhile people go on working, and a run that was
stopped is done by running it again: what is left to do is what still lies at the place of before.
"""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import files, places

if TYPE_CHECKING:
    from .bucket import PhotoBucket
    from .folders import PhotoFolders

logger = logging.getLogger(__name__)

PAUSE = 2.0
"""Seconds for which a file lies at both places: the proxy opens it where it was told a moment ago."""
Report = Callable[["Relocation"], None]


@dataclass(slots=True)
class Relocation:
    """What a run did so far. already: lay at their place, since a run was stopped or the file was stored anew."""

    moved: int = 0
    already: int = 0


def to_two_levels(
    *,
    folders: PhotoFolders,
    batch: int = 1000,
    report: Report = lambda _moved: None,
    wait: Callable[[float], None] = time.sleep,
) -> Relocation:
    """Move what lies in folders of one level, batch by batch."""
    done = Relocation()
    remaining = (place for place in _photos(folders) if not places.is_right(place))
    while some := list(itertools.islice(remaining, batch)):
        done.moved += sum(folders.move_up(place) for place in some)
        wait(PAUSE)
        for place in some:
            folders.leave(place)
        report(done)
    logger.info("Photos' files moved into two levels: %s", done.moved)
    return done


def to_bucket(
    *,
    bucket: PhotoBucket,
    folders: PhotoFolders,
    batch: int = 1000,
    report: Report = lambda _moved: None,
) -> Relocation:
    """Move what lies in this machine's folders into the bucket. Raises StoreAway; the file in hand stays where it is.

    A file is deleted here once the store has confirmed that it has it whole.
    """
    done = Relocation()
    remaining = _photos(folders)
    with ThreadPoolExecutor(files.AHEAD) as pool:
        while some := list(itertools.islice(remaining, batch)):
            # What is under way when one of them fails is finished first: nothing is cut off.
            for moved in pool.map(lambda place: _one(bucket, folders, place), some):
                done.moved += moved is True
                done.already += moved is False
            report(done)
    logger.info("Photos' files moved into the bucket: %s, there already: %s", done.moved, done.already)
    return done


def _one(bucket: PhotoBucket, folders: PhotoFolders, place: str) -> bool | None:
    """Whether the file was moved, rather than in the bucket already; None if it is gone."""
    wanted = places.of(place)[0]
    try:
        content = folders.fetch(place)
    except FileNotFoundError:
        return None  # erased, or stored anew in the bucket meanwhile
    moved = bucket.send_new(wanted, content)
    if not moved and bucket.get(wanted) != content:
        folders.set_aside(place)  # an older version: what was stored anew lies in the bucket
    else:
        folders.discard(place)
    return moved


def _photos(folders: PhotoFolders) -> Iterator[str]:
    for top in folders.tops()[0]:
        for lying in folders.lying(top):
            if places.is_photo(lying.place):
                yield lying.place
