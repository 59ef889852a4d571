"""Files that no row names: what a process left that was killed between writing a file and its row.

They are put aside first and deleted a week later, so that a mistake here, or a database that does not belong to the
folder, costs nobody a photo.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db.models import Q
from django.utils import timezone

from .files import INCOMING
from .models import Photo, photo_storage

logger = logging.getLogger(__name__)

ASIDE = "orphans"
YOUNG = dt.timedelta(hours=1)
"""Uploads that are on their way have files without rows too, but not for an hour."""
RECENT = dt.timedelta(days=2)
"""How far back an hourly round looks."""
KEPT = dt.timedelta(days=7)
TOO_MANY = 20
OURS = re.compile(r"[0-9a-f]{2}/[0-9a-f]{32}\.jpg")
AT_ONCE = 1000


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
    root = _root()
    if root is None:
        return (
            Swept()
        )  # an object store puts a whole object or none; what its rows don't name, its owner lists
    now = timezone.now()
    since = None if whole else now - RECENT
    names = list(_between(root, since, now - YOUNG))
    lost = unnamed(names=names)
    if len(lost) > max(TOO_MANY, len(names) // 2):
        logger.error(
            "%s of %s files are named by no row: is this folder another database's?", len(lost), len(names)
        )
        return Swept(looked_at=len(names), refused=True)
    for name in lost:
        _put_aside(root, name)
    deleted = _delete(root / ASIDE, now - KEPT) + _delete(root / INCOMING, now - YOUNG)
    if lost or deleted:
        logger.warning("Sweep: %s files without a row put aside, %s old ones deleted", len(lost), deleted)
    return Swept(looked_at=len(names), put_aside=len(lost), deleted=deleted)


def unnamed(*, names: Iterable[str]) -> list[str]:
    """Those of the files that no photo's row names."""
    found: list[str] = []
    remaining = iter(names)
    while some := set(itertools.islice(remaining, AT_ONCE)):
        rows = Photo.objects.filter(Q(image__in=some) | Q(thumbnail__in=some))
        for row in rows.values_list("image", "thumbnail"):
            some.difference_update(row)
        found += sorted(some)
    return found


def _root() -> Path | None:
    try:
        return Path(photo_storage().path(""))
    except NotImplementedError:
        return None


def _between(root: Path, since: dt.datetime | None, until: dt.datetime) -> Iterator[str]:
    """Names of photos' files that were written in that time."""
    for path in root.glob("??/*.jpg"):
        name = f"{path.parent.name}/{path.name}"
        if not OURS.fullmatch(name):
            continue
        with contextlib.suppress(FileNotFoundError):
            written = path.stat().st_mtime
            if written < until.timestamp() and (since is None or written > since.timestamp()):
                yield name


def _put_aside(root: Path, name: str) -> None:
    aside = root / ASIDE
    aside.mkdir(mode=0o700, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        target = (root / name).rename(aside / Path(name).name)
        target.touch()  # the week begins now


def _delete(folder: Path, before: dt.datetime) -> int:
    deleted = 0
    for path in folder.glob("*.*") if folder.is_dir() else ():
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < before.timestamp():
                path.unlink()
                deleted += 1
    return deleted
