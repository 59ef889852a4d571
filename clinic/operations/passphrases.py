"""Where a passphrase comes from: a file or the keyboard. Never an argument or a variable, which others can list."""

from __future__ import annotations

import getpass
import secrets
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandParser

from .backup.problems import BackupProblem


def add_options(parser: CommandParser) -> None:
    """The options of both commands."""
    parser.add_argument(
        "--passphrase-file", type=Path, help="its first line (RISORIUS_BACKUP_PASSPHRASE_FILE)"
    )
    parser.add_argument(
        "--keys-passphrase-file", type=Path, help="where the keys' archive has one of its own"
    )


def passphrase_from(options: dict[str, Any], *, keys: bool = False, twice: bool = False) -> str:
    """The passphrase; of the keys' archive, empty where it has none of its own."""
    if keys:
        file = options.get("keys_passphrase_file")
        return _first_line(file) if file else ""
    file = options.get("passphrase_file") or settings.BACKUP_PASSPHRASE_FILE
    if file:
        return _first_line(Path(file))
    if not sys.stdin.isatty():
        raise BackupProblem(
            "no_passphrase",
            "There is no passphrase.",
            "Name a file with --passphrase-file, or run it at a terminal.",
        )
    given = getpass.getpass("Passphrase: ")
    if twice and getpass.getpass("Once more: ") != given:
        raise BackupProblem("no_passphrase", "The two passphrases differ.", "Start again.")
    return given


def secret_key_from(options: dict[str, Any]) -> str:
    """The secret key of the installation that made the backup, where the settings have none or a file is named.

    Empty where the settings' own will do. Raises BackupProblem where there is none at all, in a sentence.
    """
    if file := options.get("secret_key_file"):
        return _first_line(file)
    if has_secret_key():
        return ""
    if options.get("lost_secret_key"):
        return secrets.token_urlsafe(50)
    missing = BackupProblem(
        "no_secret_key",
        "This installation has no secret key yet, and without the old one the log can't be checked. Nothing was "
        "touched.",
        "Name a file that holds the key of the installation that made the backup with --secret-key-file (of a demo: "
        "its var/secret_key), or set RISORIUS_SECRET_KEY. If it is lost, add --lost-secret-key.",
    )
    if not sys.stdin.isatty():
        raise missing
    given = getpass.getpass("Secret key of the installation that made the backup: ").strip()
    if not given:
        raise missing
    return given


def has_secret_key() -> bool:
    """Whether the settings hold a secret key."""
    try:
        return bool(settings.SECRET_KEY)
    except ImproperlyConfigured:
        return False


def _first_line(file: Path) -> str:
    try:
        return (file.read_text().splitlines() or [""])[0].strip()
    except OSError as error:
        raise BackupProblem(
            "no_passphrase",
            f"The file {file} can't be read: {error.strerror}.",
            "Check its rights.",
        ) from error
