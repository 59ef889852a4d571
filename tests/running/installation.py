"""The services of docker/compose.yml as plain processes: their commands, users, settings, limits and health checks.

What differs from containers: paths lie below one folder, names of hosts are ports of this machine, and PostgreSQL's
data folder is made by initdb itself, with the arguments that the image would give it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.servers import POSTGRES_USER, free_port, postgres_folder
from tests.story.processes import running

from . import sandbox, shipped

INSIDE = re.compile(
    r"(?<![\w.])(/var/lib/(?:risorius|postgresql)|/run/(?:secrets|postgresql)|/etc/risorius|/tmp|/venv)\b"
)
HOSTS = re.compile(r"\b(database:5432|broker:6379|web:8000)\b")
ORDER = ("database", "broker", "prepare", "web", "worker", "beat", "proxy")


class Installation:
    """Use as a context manager; `services` run inside, and nothing of them is left behind."""

    def __init__(self, **settings: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="risorius-running-"))
        self.folder.chmod(0o755)
        self.settings = settings
        self.level = sandbox.level()
        self.services = shipped.services()
        self.ports = {name: free_port() for name in ("database", "broker", "web", "http", "https")}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Installation:
        self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        try:
            self._make_secrets()
            for name in self.services:
                self._make_folders(name)
            self._make_cluster()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for name in ("proxy", "beat", "worker", "web"):
            self.ask_to_stop(name)
        self._stack.close()

    def ask_to_stop(self, name: str) -> None:
        """The signal that the container would be sent."""
        word = self.services[name].get("stop_signal", "SIGTERM")
        if name in self.processes:
            self.processes[name].send_signal(getattr(signal, word))

    @property
    def url(self) -> str:
        return f"https://{shipped.SITE}:{self.ports['https']}"

    @property
    def certificate(self) -> Path:
        return self.secret("tls_certificate")

    def secret(self, name: str) -> Path:
        return self.folder / "run" / "secrets" / name

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def said(self) -> str:
        """All logs."""
        logs = sorted(self.folder.glob("*.log"))
        return "\n".join(f"== {path.stem}\n{path.read_text(errors='replace')[-4000:]}" for path in logs)

    # What a container would be given.

    def environment(self, name: str) -> dict[str, str]:
        """The image's variables, then the compose file's; then the ports of this machine."""
        service = self.services[name]
        image = shipped.DOCKERFILES.get(shipped.image_name(service))
        given = {**(shipped.image_environment(image) if image else {}), **service.get("environment", {})}
        given = {key: self.outside(name, str(value)) for key, value in given.items()}
        given |= {"HOME": "/nonexistent", "TMPDIR": str(self.tmp(name))}
        given.setdefault("PATH", os.defpath.lstrip(":"))
        given["PATH"] += ":/usr/sbin:/usr/local/bin"
        own = {
            "web": {"RISORIUS_BIND": f"127.0.0.1:{self.ports['web']}"},
            "broker": {"REDIS_PORT": str(self.ports["broker"]), "REDIS_BIND": "127.0.0.1"},
            "proxy": {
                "NGINX_HTTP_PORT": str(self.ports["http"]),
                "NGINX_HTTPS_PORT": str(self.ports["https"]),
            },
        }
        ours = self.settings if image else {}
        return {**given, **own.get(name, {}), **ours}

    def outside(self, name: str, text: str) -> str:
        """A path or a host's name as it is called on this machine."""

        def place(found: re.Match[str]) -> str:
            inside = found[1]
            if inside == "/venv":
                return sys.prefix
            if inside == "/tmp":
                return str(self.tmp(name))
            if inside == "/etc/risorius":
                return str(shipped.DOCKER / {"proxy": "nginx", "broker": "redis"}[name])
            return f"{self.folder}{inside}"

        text = INSIDE.sub(place, text)
        return HOSTS.sub(lambda host: f"127.0.0.1:{self.ports[host[1].partition(':')[0]]}", text)

    def user(self, name: str) -> str:
        if name == "database":
            # initdb wants a user that this machine knows.
            found = pwd.getpwnam(POSTGRES_USER)
            return f"{found.pw_uid}:{found.pw_gid}"
        return str(self.services[name]["user"])

    def tmp(self, name: str) -> Path:
        return self.folder / "tmp" / name

    def writable(self, name: str) -> list[Path]:
        """Where the container may write: its tmpfs, and its volumes that are not read-only."""
        places = [self.tmp(name)]
        for volume in self.services[name].get("volumes", []):
            source, target, *how = volume.split(":")
            if not source.startswith(".") and how != ["ro"]:
                places.append(Path(self.outside(name, target)))
        return places

    def confine(self, name: str, command: Sequence[str]) -> list[str]:
        return sandbox.confine(command, user=self.user(name), writable=self.writable(name), level=self.level)

    def command(self, name: str) -> list[str]:
        """The container's command with this machine's paths."""
        words = [self.outside(name, word) for word in shipped.command_of(self.services[name])]
        if name == "database":
            programs, data = postgres_folder(), self.outside(name, "/var/lib/postgresql/data")
            here = [
                "-D",
                data,
                "-p",
                str(self.ports["database"]),
                "-h",
                "127.0.0.1",
                "-k",
                "",
                "-c",
                "fsync=off",
            ]
            words = [str(programs / words[0]), *words[1:], *here]  # type: ignore[operator]
        return words

    # What the container engine would do.

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """Start the service and leave it running."""
        log = self.log(name)
        log.touch()
        log.chmod(0o666)
        started = running(self.confine(name, self.command(name)), env=self.environment(name), log=log)
        self.processes[name] = self._stack.enter_context(started)
        return self.processes[name]

    def run(self, name: str, command: Sequence[str] = (), **more: str) -> str:
        """Run the service, or another command in its place, to its end; what it said."""
        words = [self.outside(name, word) for word in command] or self.command(name)
        done = subprocess.run(
            self.confine(name, words),
            env={**self.environment(name), **more},
            cwd=shipped.ROOT,
            capture_output=True,
            text=True,
            timeout=300,  # three programs start in a row, beside whatever else the machine does
            check=False,
        )
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
        return done.stdout

    def is_well(self, name: str) -> bool:
        """What the container's health check says."""
        kind, *words = self.services[name]["healthcheck"]["test"]
        if kind == "CMD-SHELL":
            words = ["sh", "-c", *words]
        if words[0] == "pg_isready":
            words = [str(postgres_folder() / words[0]), *words[1:], "-p", str(self.ports["database"])]  # type: ignore[operator]
        done = subprocess.run(
            self.confine(name, words),
            env=self.environment(name),
            cwd=shipped.ROOT,
            capture_output=True,
            check=False,
        )
        return done.returncode == 0

    def until_well(self, name: str, seconds: float = 120) -> None:
        """Wait for the health check, as `depends_on` does."""
        ended = self.processes[name].poll
        end = time.monotonic() + seconds
        while ended() is None and not self.is_well(name):
            assert time.monotonic() < end, f"{name} is not well: {self.said()}"
            time.sleep(0.5)
        assert ended() is None, self.said()

    def up(self) -> None:
        """Everything, in the order that the compose file asks for."""
        for name in ("database", "broker"):
            self.start(name)
        for name in ("database", "broker"):
            self.until_well(name)
        self._make_database()
        self.run("prepare", PGOPTIONS=self.environment("prepare")["PGOPTIONS"])
        for name in ("web", "worker", "beat", "proxy"):
            self.start(name)
        for name in ("web", "worker", "beat", "proxy"):
            self.until_well(name)

    # What the person who installs it does.

    def _make_secrets(self) -> None:
        folder = self.secret("")
        folder.mkdir(parents=True)
        for name in (
            "secret_key",
            "database_password",
            "database_application_password",
            "broker_password",
            "backup_passphrase",
            "metrics_token",
        ):
            self.secret(name).write_text(secrets.token_hex(48) + "\n")
        write_certificate(self.secret("tls_certificate"), self.secret("tls_key"))
        for file in folder.iterdir():
            file.chmod(0o444)

    def _make_folders(self, name: str) -> None:
        uid, gid = map(int, self.user(name).split(":"))
        for place in self.writable(name):
            place.mkdir(parents=True, exist_ok=True)
            place.chmod(0o700)
            if self.level:
                os.chown(place, uid, gid)

    def _make_cluster(self) -> None:
        """What the image of PostgreSQL does on an empty volume."""
        given = self.services["database"]["environment"]
        command = [str(postgres_folder() / "initdb"), "--pgdata", "/var/lib/postgresql/data", "--no-sync"]  # type: ignore[operator]
        command += ["--username", given["POSTGRES_USER"], "--pwfile", given["POSTGRES_PASSWORD_FILE"]]
        self.run("database", [*command, *given["POSTGRES_INITDB_ARGS"].split()])

    def _make_database(self) -> None:
        psql = ["psql", self.database_url("postgres"), "--quiet", "--command", "CREATE DATABASE risorius"]
        subprocess.run(psql, check=True, capture_output=True)

    def database_url(self, name: str = "risorius") -> str:
        password = self.secret("database_password").read_text().strip()
        return f"postgresql://risorius:{password}@127.0.0.1:{self.ports['database']}/{name}"


def write_certificate(certificate: Path, key_file: Path) -> None:
    """A certificate for the site, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, shipped.SITE)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(shipped.SITE)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
