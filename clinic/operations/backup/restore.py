"""Brings a backup back, into an empty database and an empty folder and nowhere else.

Everything that can be known beforehand is asked beforehand: the passphrase, the whole archive against its manifest,
the versions, the emptiness. Then files first and the database's last piece at the very end, so that a restore that
stops leaves an empty database and, where the disk allows it, an empty folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tarfile import TarInfo
from typing import IO, Any, Final

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from clinic.audit import statements
from clinic.store import files, keyring
from clinic.store.stores import photo_store
from inference.pipeline.release import sha256_of
from inference.releases import registry

from . import database, manifest
from .envelope import Archive
from .make import MASTER
from .problems import BackupProblem, from_os

LARGEST: Final = 512 << 20
"""Bytes of one member; pieces of the dump and photos are far smaller."""


@dataclass(slots=True)
class RestorePlan:
    """A restore that may begin: everything was asked, nothing was touched."""

    archive: Archive
    manifest: dict[str, Any]
    keys: Archive | None
    behind: list[tuple[str, str]]
    """Changes of the database that this version has and the backup does not."""
    knows_log_keys: bool = True
    """Whether the lines of the log can be checked here."""


def plan(
    *,
    path: Path,
    passphrase: str,
    keys: Path | None = None,
    keys_passphrase: str = "",
    lost_secret_key: bool = False,
) -> RestorePlan:
    """Look whether the backup can be restored here. Raises BackupProblem with what to do.

    lost_secret_key: go on although the secret key is not the one under which the backup was made.
    """
    for file in filter(None, (path, keys)):
        if not file.is_file():
            raise BackupProblem("no_file", f"There is no file {file}.")
    _check_empty()
    archive = Archive(path, passphrase)
    told = manifest.verified(archive)
    _check_vendor(told)
    behind = _check_versions(told)
    _check_models(told)
    opened = None
    if keys is not None:
        opened = Archive(keys, keys_passphrase or passphrase)
        _check_keys(manifest.verified(opened), opened)
    elif told["settings"]["photos_sealed"] and not _has_keys():
        raise BackupProblem(
            "no_keys",
            "The photos of this backup are sealed, and their keys are not here.",
            "Name the archive of keys with --keys, or put the folder of keys where RISORIUS_KEYS_DIR says.",
        )
    knows = knows_log_keys(told)
    if not (knows or lost_secret_key):
        raise BackupProblem(
            "other_secret_key",
            "The secret key here is not the one of the installation that made this backup: its log could not be "
            "checked, and nobody's second factor opened. Nothing was touched.",
            "Name a file that holds that key with --secret-key-file, or set RISORIUS_SECRET_KEY, "
            "RISORIUS_OLD_SECRET_KEYS or RISORIUS_AUDIT_KEYS as they were there. If it is lost, add --lost-secret-key.",
        )
    return RestorePlan(archive, told, opened, behind, knows)


def knows_log_keys(told: dict[str, Any]) -> bool:
    """Whether the key that sealed the backup's newest lines is here; archives of earlier versions don't tell."""
    wanted, known = told["settings"].get("log_keys", []), statements.keys()
    return not wanted or wanted[0] in known


def _check_empty() -> None:
    if not database.is_empty():
        raise BackupProblem(
            "not_empty",
            "The database is not empty; nothing was touched.",
            "Restore into a new one: createdb, and RISORIUS_DATABASE_URL with its name (for the demo, another "
            "RISORIUS_VAR_DIR).",
        )
    _check_store()


def _check_store() -> None:
    store = photo_store()
    try:
        empty = store.is_empty()
    except OSError as error:
        raise from_os(error) from error
    if empty:
        return
    if store.folder is None:
        raise BackupProblem(
            "not_empty",
            "The bucket of photos is not empty; nothing was touched.",
            "Set RISORIUS_S3_BUCKET to a new bucket.",
        )
    raise BackupProblem(
        "not_empty",
        f"The photos' folder is not empty; nothing was touched: {store.folder}.",
        "Move it aside, or set RISORIUS_VAR_DIR to a new folder.",
    )


def _check_vendor(told: dict[str, Any]) -> None:
    if told.get("form") != manifest.FORM or "database" not in told:
        raise BackupProblem("not_a_backup", "This is no backup of records: is it the archive of keys?")
    if told["database"]["vendor"] != connection.vendor:
        raise BackupProblem(
            "other_database",
            f"The backup is of {told['database']['vendor']}, this installation uses {connection.vendor}.",
            "Restore with the settings that the backup was made under.",
        )


def _check_versions(told: dict[str, Any]) -> list[tuple[str, str]]:
    known = MigrationLoader(None).disk_migrations
    replaced = {name for migration in known.values() for name in migration.replaces}
    applied = {(app, name) for app, name in told["database"]["migrations"]}
    if newer := applied - set(known) - replaced:
        raise BackupProblem(
            "newer",
            f"The backup was made by version {told['version']}, which knows {len(newer)} changes more.",
            f"Install version {told['version']} or a later one, then restore.",
        )
    return sorted(set(known) - applied)


def _check_models(told: dict[str, Any]) -> None:
    root = registry.artifacts_dir()
    for name, listed in told["models"]["releases"].items():
        for file, checksum in listed.items():
            there = root / name / file
            if there.is_file() and sha256_of(there) != checksum and file in _weighty(root / name):
                raise BackupProblem(
                    "other_models",
                    f"The model release {name} that is installed here is not the one in the backup ({file}).",
                    "Move its folder aside; the restore brings the right one.",
                )


def _weighty(folder: Path) -> set[str]:
    """Files that decide a result; a card's wording may have been mended since."""
    return {path.name for path in folder.iterdir() if path.suffix not in (".png", ".md")} - {"card.json"}


def _has_keys() -> bool:
    return keyring.is_on() and any(Path(settings.KEYS_DIR).glob("*/*.json"))


def _check_keys(told: dict[str, Any], archive: Archive) -> None:
    if "of" not in told:
        raise BackupProblem("not_keys", "What --keys names is no archive of keys.")
    if not keyring.is_on():
        raise BackupProblem("no_keys_dir", "There is no place for the keys.", "Set RISORIUS_KEYS_DIR.")
    if _has_keys():
        raise BackupProblem(
            "not_empty", "The folder of keys is not empty.", "Move it aside, or leave --keys out."
        )
    master = _read_all(archive, lambda name: name == MASTER)[MASTER]
    try:
        same = keyring.master_from(master.decode()) == keyring.master()
    except keyring.KeyMissing:
        same = not settings.MASTER_KEY and bool(settings.MASTER_KEY_FILE) and not _master_there()
    if not same:
        raise BackupProblem(
            "other_master",
            "The master key of this installation is not the one that the backup's keys were wrapped by.",
            "Set RISORIUS_MASTER_KEY_FILE to a file that is not there yet: the restore writes it.",
        )


def _master_there() -> bool:
    return Path(settings.MASTER_KEY_FILE).exists()


def _read_all(archive: Archive, wanted: Callable[[str], bool]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}

    def take(info: TarInfo, stream: IO[bytes]) -> None:
        if wanted(info.name):
            found[info.name] = stream.read(LARGEST)

    archive.members(take)
    return found


def carry_out(planned: RestorePlan) -> dict[str, int]:
    """Put everything in its place; how many files of each kind. Raises BackupProblem, and then nothing is kept."""
    written: list[Path] = []
    done = {"photos": 0, "models": 0, "keys": 0}
    try:
        if planned.keys is not None:
            done["keys"] = _put_keys(planned.keys, written)
        with database.loading() as feed:
            planned.archive.members(lambda info, stream: _put(info, stream, feed, done, written))
    except BaseException as error:
        _take_back(written)
        raise from_os(error) if isinstance(error, OSError) else error from error
    registry.forget()
    _check_counts(planned.manifest)
    return done


def _put(info: TarInfo, stream: IO[bytes], feed: Any, done: dict[str, int], written: list[Path]) -> None:
    kind, _, rest = info.name.partition("/")
    if kind not in ("database", "photos", "models"):
        return
    data = stream.read(LARGEST)
    if len(data) != info.size or not manifest.safe(info.name):
        raise BackupProblem(
            "damaged", "The archive changed while it was read.", "Start again with a good copy."
        )
    if kind == "database":
        feed(data)
    elif kind == "photos":
        files.put(rest, data)
        done["photos"] += 1
    else:
        done["models"] += _put_model(rest, data, written)


def _put_model(name: str, data: bytes, written: list[Path]) -> int:
    """A file of a release that is not installed; what is there was compared before."""
    target = registry.artifacts_dir() / name
    if target.exists():
        return 0
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    written.append(target)
    return 1


def _put_keys(archive: Archive, written: list[Path]) -> int:
    root = Path(settings.KEYS_DIR)
    found = _read_all(archive, lambda name: name.startswith("keys/") or name == MASTER)
    master = found.pop(MASTER)
    targets = {root / name.removeprefix("keys/"): data for name, data in found.items() if manifest.safe(name)}
    if settings.MASTER_KEY_FILE and not _master_there():
        targets[Path(settings.MASTER_KEY_FILE)] = master
    for target, data in targets.items():
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        written.append(target)
    return len(targets)


def _take_back(written: list[Path]) -> None:
    """The store was empty before: so it is again."""
    photo_store().clear()
    for path in written:
        path.unlink(missing_ok=True)


def _check_counts(told: dict[str, Any]) -> None:
    """Every table has as many rows as the backup's moment had."""
    with connection.cursor() as cursor:
        for table, rows in told["database"]["tables"].items():
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")
            found = cursor.fetchone()[0]
            if found != rows:
                raise BackupProblem(
                    "counts_differ",
                    f"{table} has {found} rows, the backup had {rows}.",
                    "Drop the database, empty the folder, and restore once more; keep this archive.",
                )
