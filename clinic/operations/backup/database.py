"""The database at one moment, out and in again: pg_dump from an exported snapshot, or SQLite's own copy."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final, Protocol, cast

from django.conf import settings
from django.db import connection, connections

from .problems import BackupProblem

CHUNK: Final = 8 << 20
SSL: Final = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}


class Snapshot(Protocol):
    """One moment of the database. All of its answers are of that moment."""

    def query(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """The rows, a few at a time."""

    def dump(self) -> Iterator[bytes]:
        """The whole database, in pieces."""


@contextlib.contextmanager
def snapshot() -> Iterator[Snapshot]:
    """The database as it is now, however much is written meanwhile."""
    if connection.vendor == "sqlite":
        with _copied() as path:
            yield SqliteSnapshot(path)
    else:
        with _exported() as found:
            yield found


def facts(found: Snapshot) -> dict[str, Any]:
    """What the manifest says of it: rows of each table, and the changes that were applied."""
    with connection.cursor() as cursor:
        names = sorted(connection.introspection.table_names(cursor))
    quote = connection.ops.quote_name
    tables = {name: next(found.query(f"SELECT count(*) FROM {quote(name)}"))[0] for name in names}
    applied = [list(row) for row in found.query("SELECT app, name FROM django_migrations ORDER BY app, name")]
    return {"vendor": connection.vendor, "server": _version(), "tables": tables, "migrations": applied}


def _version() -> str:
    if connection.vendor == "sqlite":
        return sqlite3.sqlite_version
    return str(cast(Any, connection).pg_version)


class PostgresSnapshot:
    """An exported snapshot, alive as long as its transaction."""

    def __init__(self, held: Any, name: str) -> None:
        self._held, self._name = held, name

    def query(self, sql: str) -> Iterator[tuple[Any, ...]]:
        # A named cursor stays at the server: a hundred thousand photos come a few thousand at a time.
        with self._held.cursor(name="risorius_backup") as cursor:
            cursor.itersize = 5000
            cursor.execute(sql)
            yield from cursor

    def dump(self) -> Iterator[bytes]:
        with _client("pg_dump") as (program, env), tempfile.TemporaryFile() as said:
            options = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={self._name}"]
            process = subprocess.Popen(
                [program, *options], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said
            )
            stdout = cast("IO[bytes]", process.stdout)
            try:
                yield from _pieces(stdout)
                if process.wait() != 0:
                    raise _refused("pg_dump", said)
            finally:
                if process.poll() is None:
                    process.kill()
                stdout.close()
                process.wait()


class SqliteSnapshot:
    """A copy in a file of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def query(self, sql: str) -> Iterator[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(self._path)) as copy:
            yield from copy.execute(sql)

    def dump(self) -> Iterator[bytes]:
        with self._path.open("rb") as stream:
            yield from _pieces(stream)


def _pieces(stream: Any) -> Iterator[bytes]:
    while piece := stream.read(CHUNK):
        yield piece


@contextlib.contextmanager
def _exported() -> Iterator[PostgresSnapshot]:
    held = connections.create_connection("default")
    held.connect()
    try:
        raw = held.connection
        raw.set_session(isolation_level="REPEATABLE READ", readonly=True, autocommit=False)
        with raw.cursor() as cursor:
            cursor.execute("SELECT pg_export_snapshot()")
            name = cursor.fetchone()[0]
        yield PostgresSnapshot(raw, name)
    finally:
        held.close()


@contextlib.contextmanager
def _copied() -> Iterator[Path]:
    """Beside the database, where the same people can read it, and gone afterwards."""
    source = Path(connection.settings_dict["NAME"])
    if not source.is_file():
        raise BackupProblem("no_database", "There is no database yet.", "Run: python manage.py migrate")
    folder = Path(tempfile.mkdtemp(prefix=".backup-", dir=source.parent))
    try:
        path = folder / "copy.sqlite3"
        with (
            contextlib.closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=20)) as there,
            contextlib.closing(sqlite3.connect(path)) as copy,
        ):
            there.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
        yield path
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _client(name: str) -> Iterator[tuple[str, dict[str, str]]]:
    """PostgreSQL's own program and how it reaches the database; the password goes by a file, never an argument."""
    program = shutil.which(name)
    if program is None:
        raise BackupProblem(
            "no_client",
            f"{name} is not installed.",
            "Install PostgreSQL's client programs, of the server's version or a later one: "
            "apt-get install postgresql-client",
        )
    parts = connection.settings_dict
    env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    wanted = {"PGDATABASE": "NAME", "PGUSER": "USER", "PGHOST": "HOST", "PGPORT": "PORT"}
    env |= {key: str(parts[part]) for key, part in wanted.items() if parts.get(part)}
    options = parts.get("OPTIONS") or {}
    env |= {variable: str(options[name]) for name, variable in SSL.items() if name in options}
    with tempfile.NamedTemporaryFile("w", prefix="risorius-", dir=_private()) as file:
        password = str(parts.get("PASSWORD") or "").replace("\\", "\\\\").replace(":", "\\:")
        file.write(f"*:*:*:*:{password}\n" if password else "")
        file.flush()  # made for its owner alone
        yield program, {**env, "PGPASSFILE": file.name, "PGCONNECT_TIMEOUT": "10"}


def _private() -> str:
    return str(settings.VAR_DIR) if os.access(settings.VAR_DIR, os.W_OK) else tempfile.gettempdir()


def _refused(program: str, said: Any) -> BackupProblem:
    said.seek(0)
    lines = said.read(4000).decode(errors="replace").strip().splitlines() or ["no reason given"]
    return BackupProblem(
        "database",
        f"{program} stopped: {lines[0]}",
        "Is the database running, and this client not older than it?",
    )


def is_empty() -> bool:
    """Whether the database that the settings name holds no table at all."""
    if connection.vendor == "sqlite":
        path = Path(connection.settings_dict["NAME"])
        if not path.exists() or not path.stat().st_size:
            return True
    with connection.cursor() as cursor:
        return not connection.introspection.table_names(cursor)


@contextlib.contextmanager
def loading() -> Iterator[Any]:
    """Something to feed the dump's pieces to. The database is there when the block ends well, and empty when not."""
    connections.close_all()
    way = _into_sqlite if connection.vendor == "sqlite" else _into_postgres
    with way() as feed:
        yield feed
    connections.close_all()


@contextlib.contextmanager
def _into_postgres() -> Iterator[Any]:
    with _client("pg_restore") as (program, env), tempfile.TemporaryFile() as said:
        options = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
        process = subprocess.Popen(
            [program, *options, f"--dbname={env['PGDATABASE']}"], env=env, stdin=subprocess.PIPE, stderr=said
        )
        stdin = cast("IO[bytes]", process.stdin)
        last: list[bytes] = []

        def feed(piece: bytes) -> None:
            # The last piece waits until everything else is in place: without it the transaction can't end.
            if last:
                _write(process, last.pop(), said)
            last.append(piece)

        try:
            yield feed
            for piece in last:
                _write(process, piece, said)
            stdin.close()
            if process.wait() != 0:
                raise _refused("pg_restore", said)
        finally:
            if process.poll() is None:
                process.kill()
            with contextlib.suppress(OSError):
                stdin.close()
            process.wait()


def _write(process: subprocess.Popen[bytes], piece: bytes, said: Any) -> None:
    try:
        stdin = cast("IO[bytes]", process.stdin)
        stdin.write(piece)
        stdin.flush()
    except BrokenPipeError as error:
        process.wait()
        raise _refused("pg_restore", said) from error


@contextlib.contextmanager
def _into_sqlite() -> Iterator[Any]:
    target = Path(connection.settings_dict["NAME"])
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            yield stream.write
            stream.flush()
            os.fsync(stream.fileno())
        for rest in ("-wal", "-shm"):
            target.with_name(target.name + rest).unlink(missing_ok=True)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
