"""The compose file as somebody who installs it starts it: secrets, certificate, podman-compose, the first day."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clinic.start.install import StartProblem
from tests.running import shipped
from tests.running.conftest import EMAIL, FIRST_DAY, PASSWORD, SECRET
from tests.running.installation import write_certificate
from tests.running.visitor import Visitor
from tests.servers import free_port

from .engine import Engine, run

STAYING = ("database", "broker", "web", "worker", "beat", "proxy")
"""The services that go on running."""
# Podman answers names at a network's own address, docker always at 127.0.0.11.
OVERRIDE = """networks:
  pages: {{ internal: true, ipam: {{ config: [{{ subnet: {net}.0/24, gateway: {net}.1 }}] }} }}
services:
  proxy:
    environment: {{ NGINX_RESOLVER: {net}.1 }}
"""
NET = "10.199.77"
ASK = 'PGPASSWORD=$(cat /run/secrets/database_password) exec psql -h 127.0.0.1 -U risorius -At -F "|" -c "$1"'


def until(condition: Callable[[], Any], seconds: float, what: str) -> float:
    """Seconds until the condition was true; Problem if it never was."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > seconds:
            raise StartProblem(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.25)
    return time.monotonic() - start


class Site:
    """Use as a context manager: its containers, volumes and networks are gone afterwards."""

    def __init__(self, engine: Engine, *files: str) -> None:
        """files: compose files after compose.yml."""
        self.engine, self.files = engine, files
        self.folder = engine.folder / "site"
        self.docker = self.folder / "docker"
        self.kept: dict[str, str] = {}
        self.ports = {"http": free_port(), "https": free_port()}

    def __enter__(self) -> Site:
        shutil.rmtree(self.folder, ignore_errors=True)
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(StartProblem, subprocess.TimeoutExpired):
            self.compose("down", "--volumes", "--timeout", "5")
        self.engine.podman("volume", "rm", "--force", "--all", check=False)

    # What a visitor of tests.running asks of an installation.

    @property
    def url(self) -> str:
        return f"https://{shipped.SITE}:{self.ports['https']}"

    @property
    def certificate(self) -> Path:
        return self.docker / "secrets" / "tls_certificate.pem"

    def said(self) -> str:
        """The end of each container's log."""
        podman = self.engine.podman
        return "\n".join(
            f"== {name}\n{podman('logs', '--tail', '30', name, check=False)}"
            for name in self.all_containers()
        )

    def keep_log(self, container: str) -> None:
        """What a container said, for when it is gone."""
        self.kept[container] = self.engine.podman("logs", container, check=False)

    def troubles(self) -> str:
        """The lines of refused requests and of errors."""
        for name in (*self.containers("proxy"), *self.containers("web")):
            self.keep_log(name)
        pattern = re.compile(r'"status":5|"level": "(error|critical)"|Traceback')
        return "".join(
            f"{name}: {line}\n"
            for name, said in self.kept.items()
            for line in said.splitlines()
            if pattern.search(line)
        )

    # Files and secrets.

    def check_out(self, tree: Path, version: str) -> None:
        """docker/ of a version, over what is there; and that version's number in the settings."""
        shutil.copytree(
            tree / "docker", self.docker, dirs_exist_ok=True, ignore=shutil.ignore_patterns("secrets")
        )
        (self.folder / "override.yml").write_text(OVERRIDE.format(net=NET))
        keys = self.folder / "keys"
        keys.mkdir(exist_ok=True)
        shutil.chown(keys, 10001, 10001)
        settings = {
            "RISORIUS_SITE": shipped.SITE,
            "RISORIUS_VERSION": version,
            "RISORIUS_HTTP_PORT": self.ports["http"],
            "RISORIUS_HTTPS_PORT": self.ports["https"],
            "RISORIUS_KEYS_BACKUP_DIR": keys,
        }
        (self.docker / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))

    def make_secrets(self, *more: str) -> None:
        run(["sh", self.docker / "secrets.sh", *more])
        folder = self.docker / "secrets"
        write_certificate(folder / "tls_certificate.pem", folder / "tls_key.pem")
        for file in folder.iterdir():
            file.chmod(0o444)

    # Containers.

    def compose(self, *words: str, timeout: float = 300) -> str:
        """podman-compose with this site's files."""
        files = [self.docker / name for name in ("compose.yml", *self.files)]
        command: list[str | Path] = ["podman-compose"]
        for file in (*files, self.folder / "override.yml"):
            command += ["-f", file]
        program = shutil.which("podman-compose", path=self.engine.env["PATH"])
        command[0] = str(program)
        return run(
            [*command, "--env-file", self.docker / ".env", *words], env=self.engine.env, timeout=timeout
        )

    def all_containers(self) -> list[str]:
        return self.engine.podman("ps", "-a", "--format", "{{.Names}}").split()

    def containers(self, service: str) -> list[str]:
        """Those of a service that run."""
        label = f"label=com.docker.compose.service={service}"
        return self.engine.podman("ps", "--filter", label, "--format", "{{.Names}}").split()

    def container(self, service: str) -> str:
        names = self.containers(service)
        if not names:
            raise StartProblem(f"{service} doesn't run:\n{self.said()[-3000:]}")
        return names[0]

    def is_well(self, container: str) -> bool:
        """What its health check says now; this podman has no timer of its own without systemd."""
        command = [str(self.engine.folder / "bin" / "podman"), "healthcheck", "run", container]
        return subprocess.run(command, env=self.engine.env, capture_output=True, check=False).returncode == 0

    def until_well(self, *services: str, seconds: float = 120) -> float:
        """Seconds until each container of these services says that it is well."""
        start = time.monotonic()
        for service in services:
            until(
                lambda service=service: (names := self.containers(service)) and all(map(self.is_well, names)),  # type: ignore[misc]
                seconds,
                f"{service} is well\n{self.said()[-3000:]}",
            )
        return time.monotonic() - start

    def start(self) -> float:
        """Everything, in the order of `depends_on`, which this podman can't wait for; seconds until all are well."""
        start = time.monotonic()
        self.up("database", "broker")
        self.until_well("database", "broker")
        self.prepare()
        self.up("web", "worker", "beat")
        self.until_well("web", "worker", "beat")
        self.up("proxy")
        self.until_well("proxy")
        return time.monotonic() - start

    def up(self, *words: str) -> None:
        self.compose("up", "-d", "--no-build", "--no-deps", *words)

    def prepare(self) -> None:
        """Migrations, roles and static files."""
        self.compose("run", "-T", "--rm", "--no-deps", "prepare")

    def execute(self, service: str, *command: str, check: bool = True, **env: str) -> str:
        """Run a command inside of a service's container."""
        given = [word for name in env for word in ("--env", name)]
        return self.engine.podman("exec", *given, self.container(service), *command, check=check, **env)

    def query(self, sql: str) -> list[list[str]]:
        """Rows as PostgreSQL's own client prints them."""
        said = self.execute("database", "sh", "-c", ASK, "sh", sql)
        return [line.split("|") for line in said.splitlines()]

    def volume(self, name: str) -> Path:
        """Where a volume lies on this machine."""
        found = self.engine.podman("volume", "inspect", "--format", "{{.Mountpoint}}", f"risorius_{name}")
        return Path(found.strip())

    def first_day(self) -> Visitor:
        """A clinic, a clinician with a second factor, who is logged in."""
        code = FIRST_DAY.format(email=EMAIL, secret=SECRET)
        # Compose's internal networks have no TLS, which the check for deployment says of each.
        code = re.sub(r"call_command\(\"check\".*\n", "", code)
        self.execute(
            "web", "python", "manage.py", "shell", "--command", code, RISORIUS_ADMIN_PASSWORD=PASSWORD
        )
        visitor = Visitor(self)
        answer = visitor.log_in(EMAIL, PASSWORD, SECRET)
        if visitor.get("/api/v1/clinics/").status_code != 200:
            raise StartProblem(f"no login: {answer.status_code} {answer.url}\n{self.said()[-3000:]}")
        return visitor
