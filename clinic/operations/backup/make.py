"""Makes a backup.

The order makes it one moment. First a snapshot of the database; from that same snapshot the dump and the list of
photos; then the photos' files. A file is written once and never changed under its name, save that a key rotation seals
the same picture anew, so whatever lies under a name later is what the snapshot's row means. Only an erasure takes a
file away: a photo that was erased while the backup ran is missing from it, is listed as erased, and is to be erased
again after a restore (its row is still in the dump); copies of what was erased must not outlive it for long, and this
one never comes to be. A file that is gone though a row still names it is a loss: the backup is kept, and says so.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import platform
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from clinic.audit import statements
from clinic.audit.models import Event
from clinic.audit.services import log_event
from clinic.operations import services
from clinic.operations.models import Backup
from clinic.store import files, keyring
from clinic.visits.models import Photo
from inference.pipeline.errors import PipelineError
from inference.pipeline.release import load_release, sha256_of
from inference.releases import registry

from . import database, envelope, manifest
from .envelope import Archive
from .manifest import Members
from .problems import BackupProblem, from_os

SUFFIX: Final = ".backup.tar"
KEYS_SUFFIX: Final = ".keys.tar"
PATTERN: Final = f"risorius-????????T??????Z{SUFFIX}"
MASTER: Final = "master"
SHORTEST_PASSPHRASE: Final = 12
NAMED: Final = 1000
"""Photos without files that the manifest names one by one."""


@dataclass(frozen=True, slots=True)
class BackupArchive:
    """A backup that was made."""

    path: Path
    record: Backup
    manifest: dict[str, Any]
    keys: Path | None
    removed: int


def make(
    *,
    folder: Path,
    passphrase: str,
    keys_folder: Path | None = None,
    keys_passphrase: str = "",
    keep: int = 14,
    verify: bool = True,
) -> BackupArchive:
    """Write a backup into the folder, read it back, and let the oldest beyond `keep` go. Raises BackupProblem."""
    started = timezone.now()
    try:
        with _alone(folder):
            path = folder / f"risorius-{started:%Y%m%dT%H%M%SZ}{SUFFIX}"
            told = _write(path, passphrase)
            keys = _write_keys(path, keys_folder, keys_passphrase or passphrase)
            checksum = sha256_of(path)
            record = services.note_backup(
                started_at=started,
                name=path.name,
                size=path.stat().st_size,
                sha256=checksum,
                photos=told["photos"]["rows"],
                rows=sum(told["database"]["tables"].values()),
                missing=told["photos"]["missing"],
                keys=keys is not None,
            )
            if verify:
                manifest.verified(Archive(path, passphrase))
                services.backup_verified(name=path.name, sha256=checksum)
                record.refresh_from_db()
            removed = _retire(folder, keys_folder, keep)
    except BackupProblem as problem:
        services.note_backup(started_at=started, error_code=problem.code)
        raise
    except OSError as error:
        services.note_backup(started_at=started, error_code=from_os(error).code)
        raise from_os(error) from error
    detail: dict[str, str | int] = {"rows": record.rows, "photos": record.photos, "bytes": record.size}
    log_event(kind=Event.BACKUP, user=None, page="backup", detail=detail)
    return BackupArchive(path, record, told, keys, removed)


def check_passphrase(passphrase: str) -> str:
    """The passphrase, if it is one that protects anything."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise BackupProblem(
            "weak_passphrase",
            f"The passphrase is shorter than {SHORTEST_PASSPHRASE} characters.",
            "Take six random words, and keep them where the backups are not.",
        )
    return passphrase


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One backup at a time in a folder; what a killed one left there goes."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (folder / ".lock").open("a")
    except OSError as error:
        raise from_os(error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BackupProblem(
                "running", "Another backup into this folder is under way.", "Wait for its end."
            ) from error
        for left in folder.glob(f".risorius-*{envelope.PART}"):
            left.unlink(missing_ok=True)
        yield


def _write(path: Path, passphrase: str) -> dict[str, Any]:
    with envelope.writing(path, passphrase) as content, database.snapshot() as moment:
        members = Members(content)
        facts = {**_facts(), "database": database.facts(moment)}
        for number, piece in enumerate(moment.dump()):
            members.add(f"database/{number:06d}.part", piece)
        facts["photos"] = _photos(members, moment)
        facts["models"] = _models(members)
        return members.close(facts)


def _facts() -> dict[str, Any]:
    """What a restore must know of this installation. No secret, and nobody's name."""
    return {
        "product": "risorius",
        "version": settings.VERSION,
        "made_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "settings": {
            "demo": settings.DEMO,
            "time_zone": settings.TIME_ZONE,
            "language": settings.LANGUAGE_CODE,
            "photos_sealed": keyring.is_on(),
            # The names of the keys that seal the log: a restore asks for them before it begins.
            "log_keys": list(statements.keys()),
            "analysis_hard_limit": settings.ANALYSIS_HARD_LIMIT,
        },
    }


def _photos(members: Members, moment: database.Snapshot) -> dict[str, Any]:
    """Every file that a row of the snapshot names."""
    table = Photo._meta.db_table
    rows = erased = missing = 0
    lost: list[str] = []

    def wanted() -> Iterator[tuple[Any, str]]:
        nonlocal rows
        for pk, *names in moment.query(f'SELECT id, image, thumbnail FROM "{table}" ORDER BY id'):
            rows += 1
            yield from ((pk, name) for name in names if name)

    for (pk, name), content in files.ahead(wanted(), lambda pair: pair[1]):
        if content is not None:
            members.add(f"photos/{name}", content)
        elif not _still_named(pk, name):
            erased += 1
        else:
            missing += 1
            lost += [str(pk)] if len(lost) < NAMED else []
    return {"rows": rows, "erased_meanwhile": erased, "missing": missing, "lost": lost}


def _still_named(pk: Any, name: str) -> bool:
    identifier = pk if isinstance(pk, uuid.UUID) else uuid.UUID(str(pk))
    row = Photo.objects.filter(pk=identifier).values_list("image", "thumbnail").first()
    return row is not None and name in row


def _models(members: Members) -> dict[str, Any]:
    """The releases that results name or that are in use: their folders, and which one the folder calls active."""
    root = registry.artifacts_dir()
    releases: dict[str, Any] = {}
    for place in sorted(path.parent for path in root.glob("*/release.json")):
        try:
            load_release(place)
        except PipelineError:
            continue  # what can't be used need not be kept; the check of files says so
        releases[place.name] = {
            file.name: members.add(f"models/{place.name}/{file.name}", file.read_bytes())
            for file in sorted(place.iterdir())
            if file.is_file()
        }
    return {"active": registry.active().name, "default": registry.default_name(), "releases": releases}


def _write_keys(path: Path, folder: Path | None, passphrase: str) -> Path | None:
    """The keys of sealed photos, in an archive of their own: who gets one of the two has no photo."""
    if not keyring.is_on() or folder is None:
        return None
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / (path.name.removesuffix(SUFFIX) + KEYS_SUFFIX)
    root = Path(settings.KEYS_DIR)
    with envelope.writing(target, passphrase) as content:
        members = Members(content)
        for file in sorted(root.glob("*/*.json")):
            members.add(f"keys/{file.relative_to(root).as_posix()}", file.read_bytes())
        members.add(MASTER, _master())
        members.close({**_facts(), "of": path.name})
    return target


def _master() -> bytes:
    import base64

    try:
        return base64.b64encode(keyring.master())
    except keyring.KeyMissing as error:
        raise BackupProblem(
            "no_master", str(error), "Without it the keys in the backup would open nothing."
        ) from error


def _retire(folder: Path, keys_folder: Path | None, keep: int) -> int:
    """Let the oldest archives go; names sort by their time. Half-written ones never had such a name."""
    old = sorted(folder.glob(PATTERN), reverse=True)[max(1, keep) :]
    for path in old:
        path.unlink(missing_ok=True)
        if keys_folder is not None:
            (keys_folder / (path.name.removesuffix(SUFFIX) + KEYS_SUFFIX)).unlink(missing_ok=True)
    return len(old)


def room(folder: Path) -> int:
    """Bytes that are free where backups go."""
    there = next((path for path in (folder, *folder.parents) if path.exists()), Path("/"))
    return shutil.disk_usage(there).free
