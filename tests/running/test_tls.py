"""TLS to database and broker: the shipped scripts and settings, with certificates of an authority of our own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import free_port, listens, make_cluster, postgres_command

from . import shipped

ASK = """
import django
django.setup()
from django.core.cache import cache
from django.db import connection
from redis import Redis
from clinic.config.celery import app
with connection.cursor() as cursor:
    cursor.execute("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    print(*cursor.fetchone())
with app.connection_for_write() as broker:
    broker.ensure_connection(max_retries=1, timeout=5)
    print("broker")
cache._cache.get_client().ping()
print("cache")
"""


@pytest.fixture(scope="module")
def secrets() -> Iterator[Path]:
    """What `secrets.sh tls` makes, for servers that are called localhost."""
    folder = Path(tempfile.mkdtemp(prefix="risorius-tls-"))
    folder.chmod(0o755)
    text = (shipped.DOCKER / "secrets.sh").read_text().replace("DNS:$name", "DNS:localhost")
    (folder / "secrets.sh").write_text(text)
    subprocess.run(["sh", folder / "secrets.sh", "tls"], check=True, capture_output=True)
    (folder / "secrets").chmod(0o755)
    yield folder / "secrets"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def servers(secrets: Path) -> Iterator[dict[str, str]]:
    folder, database, broker = Path(tempfile.mkdtemp(prefix="risorius-tls-")), free_port(), free_port()
    folder.chmod(0o711)
    become = make_cluster(folder)
    key = folder / "postgres" / "key.pem"
    shutil.copy(secrets / "database_key.pem", key)
    shutil.copystat(folder / "postgres" / "PG_VERSION", key)
    owner = (folder / "postgres" / "PG_VERSION").stat()
    os.chown(key, owner.st_uid, owner.st_gid)
    key.chmod(0o600)
    tls = ("fsync=off", "ssl=on", f"ssl_cert_file={secrets}/database_certificate.pem", f"ssl_key_file={key}")
    running = [subprocess.Popen([*become, *postgres_command(folder, database, tls)], cwd="/")]
    given = {
        "REDIS_PORT": str(broker),
        "REDIS_BIND": "127.0.0.1",
        "REDIS_TEMP": str(folder),
        "REDIS_PASSWORD_FILE": str(secrets / "broker_password"),
        "REDIS_TLS_CERTIFICATE": str(secrets / "broker_certificate.pem"),
        "REDIS_TLS_KEY": str(secrets / "broker_key.pem"),
        "REDIS_TLS_AUTHORITY": str(secrets / "authority.pem"),
    }
    start = ["sh", str(shipped.DOCKER / "redis" / "start.sh")]
    running.append(subprocess.Popen(start, env={**os.environ, **given}, stdout=subprocess.DEVNULL))
    end = time.monotonic() + 60
    while not (listens(database) and listens(broker)):
        assert time.monotonic() < end
        time.sleep(0.2)
    yield {
        "DJANGO_SETTINGS_MODULE": "clinic.config.settings.production",
        "RISORIUS_SECRET_KEY": "only-for-this-test-0123456789-abcdefghijklmnopqrstuvwxyz-01",
        "RISORIUS_ALLOWED_HOSTS": "localhost",
        "RISORIUS_DATABASE_URL": f"postgres://risorius@localhost:{database}/postgres",
        "RISORIUS_DATABASE_CA": str(secrets / "authority.pem"),
        "RISORIUS_BROKER_URL": f"rediss://localhost:{broker}/0",
        "RISORIUS_BROKER_PASSWORD_FILE": str(secrets / "broker_password"),
        "RISORIUS_BROKER_CA": str(secrets / "authority.pem"),
        "RISORIUS_VAR_DIR": str(folder / "var"),
    }
    for process in running:
        process.terminate()
        process.wait(20)
    shutil.rmtree(folder, ignore_errors=True)


def ask(servers: dict[str, str], **other: str) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("RISORIUS_", "DJANGO_"))
    }
    env = {**kept, **servers, **other}
    run = [sys.executable, "-c", ASK]
    return subprocess.run(
        run, env=env, cwd=shipped.ROOT, capture_output=True, text=True, timeout=120, check=False
    )


def test_database_broker_and_cache_are_spoken_to_by_tls(servers: dict[str, str]) -> None:
    done = ask(servers)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].startswith("True TLSv1.")
    assert done.stdout.split()[2:] == ["broker", "cache"], "both servers refuse whoever comes without TLS"


@pytest.mark.parametrize("which", ["RISORIUS_DATABASE_CA", "RISORIUS_BROKER_CA"])
def test_a_server_that_another_authority_vouches_for_is_none_of_ours(
    servers: dict[str, str], secrets: Path, tmp_path: Path, which: str
) -> None:
    other = tmp_path / "secrets.sh"
    other.write_text((shipped.DOCKER / "secrets.sh").read_text())
    subprocess.run(["sh", other, "tls"], check=True, capture_output=True)
    done = ask(servers, **{which: str(tmp_path / "secrets" / "authority.pem")})
    assert done.returncode != 0 and "cache" not in done.stdout
