"""Archives in the tests: another installation beside the suite's, and what is compared."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pyrage
from django.db import connection, connections

ROOT = Path(__file__).resolve().parents[2]
KEYS_PASSPHRASE = "another passphrase for the keys"
PASSPHRASE = "six words that nobody else would choose"


class Quick:
    """Stands for the library's passphrase, which takes a second on purpose: the drill uses the real one."""

    @staticmethod
    def encrypt(data: bytes, passphrase: str) -> bytes:
        return hashlib.sha256(passphrase.encode()).digest() + data

    @staticmethod
    def decrypt(data: bytes, passphrase: str) -> bytes:
        if data[:32] != hashlib.sha256(passphrase.encode()).digest():
            raise pyrage.DecryptError
        return data[32:]


class Target:
    """Another installation, with a command line of its own."""

    def __init__(self, name: str, var: Path) -> None:
        self.name, self.var = name, var
        self.photos = var / "test-photos"
        self.env = {"RISORIUS_DATABASE_URL": self.url, "RISORIUS_VAR_DIR": str(var)}

    @property
    def url(self) -> str:
        parts = connection.settings_dict
        return f"postgres://{parts['USER']}@{parts['HOST']}:{parts['PORT']}/{self.name}"

    def manage(self, *arguments: object, **env: str) -> subprocess.CompletedProcess[str]:
        run = [sys.executable, "manage.py", *map(str, arguments)]
        more = {**os.environ, "DJANGO_SETTINGS_MODULE": "clinic.config.settings.test", **self.env, **env}
        return subprocess.run(
            run, env=more, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False
        )

    def tables(self) -> dict[str, list[str]]:
        return rows_of(self.name)


@contextlib.contextmanager
def elsewhere(target: Target, photo_folder: Path) -> Iterator[Path]:
    """This process as another installation: the new database, and an empty folder in the place of its photos."""
    aside = photo_folder.rename(photo_folder.with_name("their-photos"))
    own = connection.settings_dict["NAME"]
    connections.close_all()
    connection.settings_dict["NAME"] = target.name
    try:
        yield aside
    finally:
        connections.close_all()
        connection.settings_dict["NAME"] = own
        shutil.rmtree(photo_folder, ignore_errors=True)
        aside.rename(photo_folder)


def rows_of(name: str) -> dict[str, list[str]]:
    """Every row of every table, each as the database writes it."""
    parts = connection.settings_dict
    with psycopg2.connect(dbname=name, user=parts["USER"], host=parts["HOST"], port=parts["PORT"]) as held:
        cursor = held.cursor()
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = [row[0] for row in cursor.fetchall()]
        found = {}
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t ORDER BY 1')
            found[table] = [row[0] for row in cursor.fetchall()]
    held.close()
    return found


def bytes_of(folder: Path) -> dict[str, str]:
    """Each file below the folder and its SHA-256."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# What the restored installation writes down of itself: the restore, and the check that follows it.
