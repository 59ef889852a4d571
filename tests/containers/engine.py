"""podman and buildah with storage, networks and settings of their own below one folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clinic.start.install import StartProblem

PROGRAMS = ("podman", "buildah", "runc", "debootstrap", "catatonit", "iptables")
PACKAGES = "podman buildah runc debootstrap netavark aardvark-dns catatonit iptables"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
COMPOSE = "podman-compose==1.6.0"
STORAGE = """[storage]
driver = "overlay"
graphroot = "{folder}/storage"
runroot = "{folder}/run"
"""
# The limits of a login shell are refused where the machine itself has lower ones, and crun doesn't know mixed cgroups.
CONTAINERS = """[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_config_dir = "{folder}/networks"
"""
# Debian's podman gives a tmpfs no owner, so that it is everybody's; and it makes three folders writable of itself where
# the root file system is read-only, which docker doesn't.
SHIM = r"""#!/bin/sh
for word in "$@"; do
    shift
    case "$word" in
        /*:*uid=*) word=$(echo "$word" | sed -E 's/mode=0?7[0-9]+/mode=1777/; s/,(uid|gid)=[0-9]+//g') ;;
    esac
    set -- "$@" "$word"
    if [ -z "${first:-}" ]; then
        first=no
        case "$word" in create | run) set -- "$@" --read-only-tmpfs=false ;; esac
    fi
done
exec PODMAN "$@"
"""


def missing() -> str:
    """What the machine lacks, in one sentence with the remedy; empty where nothing is."""
    if os.geteuid() != 0:
        return "make containers builds and starts containers as root: run it with sudo."
    lacking = [name for name in PROGRAMS if shutil.which(name) is None]
    if not lacking:
        return ""
    return (
        f"make containers needs {', '.join(lacking)}, which Debian and Ubuntu have: apt-get install "
        f"--no-install-recommends {PACKAGES}"
    )


class Engine:
    """Use as a context manager. keep: leave the folder, so that the next run builds less."""

    def __init__(self, folder: Path, *, keep: bool = False) -> None:
        self.folder, self.keep = folder, keep
        self.env = {
            **os.environ,
            "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
            "CONTAINERS_CONF": str(folder / "containers.conf"),
            "PATH": f"{folder / 'bin'}:{folder / 'venv' / 'bin'}:{os.environ['PATH']}",
        }

    def __enter__(self) -> Engine:
        (self.folder / "bin").mkdir(parents=True, exist_ok=True)
        (self.folder / "storage.conf").write_text(STORAGE.format(folder=self.folder))
        (self.folder / "containers.conf").write_text(CONTAINERS.format(folder=self.folder))
        shim = self.folder / "bin" / "podman"
        shim.write_text(SHIM.replace("PODMAN", str(shutil.which("podman"))))
        shim.chmod(0o755)
        self._install_compose()
        return self

    def __exit__(self, *_: object) -> None:
        for words in (["pod", "rm", "-f", "-a"], ["rm", "-f", "-a", "-v"], ["volume", "rm", "-f", "-a"]):
            self.podman(*words, check=False)
        self.podman("network", "prune", "-f", check=False)
        if not self.keep:
            self.podman("rmi", "-f", "-a", check=False)
            self.podman("system", "reset", "--force", check=False)
            subprocess.run(["umount", "--quiet", self.folder / "storage" / "overlay"], check=False)
            shutil.rmtree(self.folder, ignore_errors=True)

    def _install_compose(self) -> None:
        if shutil.which("podman-compose", path=self.env["PATH"]):
            return
        venv = self.folder / "venv"
        run([sys.executable, "-m", "venv", str(venv)])
        run([str(venv / "bin" / "pip"), "install", "--quiet", COMPOSE])

    def podman(self, *words: str, check: bool = True, timeout: float = 600, **more: str) -> str:
        """What it said on its standard output; Problem where it failed, unless check is false."""
        return run(
            [str(self.folder / "bin" / "podman"), *words],
            env={**self.env, **more},
            check=check,
            timeout=timeout,
        )

    def inspect(self, container: str) -> dict[str, Any]:
        """All that podman knows of a container."""
        [found] = json.loads(self.podman("inspect", "--type", "container", container))
        return dict(found)

    def build(self, dockerfile: Path, tag: str, context: Path) -> None:
        """An image, with the machine's own ways to Debian's and Python's packages while it is built."""
        command = ["nice", "buildah", "bud", "--layers", "--isolation", "chroot", "--network", "host"]
        command += ["--pull=never", "--quiet"]
        for source, target in self._ways_to_packages():
            command += ["--volume", f"{source}:{target}:ro"]
        run([*command, "--file", str(dockerfile), "--tag", tag, str(context)], env=self.env, timeout=1800)

    def size(self, image: str) -> float:
        """Megabytes (10^6 bytes) of all its layers, unpacked."""
        [found] = json.loads(self.podman("image", "inspect", image))
        return float(found["Size"]) / 1e6

    def _ways_to_packages(self) -> list[tuple[str, str]]:
        """What is shown to a build: apt's sources, certificates, and pip's configuration with the folders it names."""
        shown = {path: path for path in ("/etc/apt/sources.list", "/etc/apt/sources.list.d", CERTIFICATES)}
        said = run([sys.executable, "-m", "pip", "config", "list"], check=False)
        settings = re.findall(r"^global\.([\w-]+)='(.*)'$", said, re.MULTILINE)
        if settings:
            file = self.folder / "pip.conf"
            file.write_text("[global]\n" + "".join(f"{name} = {value}\n" for name, value in settings))
            shown[str(file)] = "/etc/pip.conf"
            for _name, value in settings:
                # An index in a folder names files beside it.
                for kind, path in re.findall(r"(^|file://)(/[^\s\\]+)", value):
                    shown.setdefault(*(2 * [str(Path(path).parent) if kind else path]))
        return [(source, target) for source, target in shown.items() if Path(source).exists()]


def run(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    check: bool = True,
    timeout: float = 600,
    cwd: Path | None = None,
) -> str:
    """A command to its end; Problem with the end of what it said where it fails."""
    done = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        env=env,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    if check and done.returncode != 0:
        raise StartProblem(
            f"{' '.join(map(str, command))[:300]} failed:\n{done.stdout[-1500:]}{done.stderr[-2500:]}"
        )
    return done.stdout
