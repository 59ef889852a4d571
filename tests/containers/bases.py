"""The images that ours begin with and stand beside: Debian's packages in place of those that a registry would give."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from clinic.start.install import StartProblem
from tests.running import shipped

from .engine import Engine, run

STANDINS = Path(__file__).parent / "standins"
DEBIAN = "localhost/risorius-debian:bookworm"
SUITE = "bookworm"
# As the official images have it: no documentation, no translations, and no package kept after it is unpacked.
LEFT_OUT = ("usr/share/man", "usr/share/info", "usr/share/locale", "var/cache/apt", "var/lib/apt/lists")
DPKG = """path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
"""
APT = """Binary::apt::APT::Keep-Downloaded-Packages "false";
APT::Keep-Downloaded-Packages "false";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Acquire::Languages "none";
"""


def foreign() -> list[str]:
    """Each image that docker/ names and that isn't ours, as name:tag."""
    found = {str(service["image"]).partition("@")[0] for service in shipped.services().values()}
    for path in shipped.DOCKERFILES.values():
        found |= {
            rest.split()[0].partition("@")[0] for word, rest in shipped.dockerfile(path) if word == "FROM"
        }
    return sorted(name for name in found if not name.startswith("risorius-"))


def pull(engine: Engine) -> None:
    """Those images themselves, from the registries that this machine's podman is set to ask."""
    for name in foreign():
        engine.podman("pull", "--quiet", name, timeout=1800)


def make(engine: Engine) -> None:
    """A stand-in for each, unless it is there from a run before."""
    there = set(engine.podman("images", "--format", "{{.Repository}}:{{.Tag}}").split())
    if DEBIAN not in there:
        _debian(engine)
    for name in foreign():
        if f"localhost/{name}" in there:
            continue
        dockerfile = STANDINS / f"{name.partition(':')[0]}.Dockerfile"
        if not dockerfile.exists():
            raise StartProblem(f"docker/ names {name}, for which {STANDINS} has no stand-in.")
        engine.build(dockerfile, f"localhost/{name}", STANDINS)


def mirror() -> str:
    """Where this machine's apt has Debian's packages from; no address stands in this repository."""
    listed = run(
        [
            "apt-get",
            "indextargets",
            "--format",
            "$(REPO_URI) $(CODENAME) $(COMPONENT) $(ORIGIN)",
            "Created-By: Packages",
        ]
    )
    for line in listed.splitlines():
        address, codename, component, origin = (*line.split(), "", "", "", "")[:4]
        if (codename, component, origin) == (SUITE, "main", "Debian"):
            return address
    raise StartProblem(f"This machine's apt has no Debian {SUITE}: stand-ins can't be made; try --registry.")


def _debian(engine: Engine) -> None:
    """Debian's smallest system with Python, as an image."""
    root = engine.folder / "debian"
    shutil.rmtree(root, ignore_errors=True)
    command = ["nice", "debootstrap", "--variant=minbase", "--include=python3,python3-venv,ca-certificates"]
    run([*command, SUITE, root, mirror()], timeout=1800)
    for name in LEFT_OUT:
        for path in (root / name).iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in (root / "usr" / "share" / "doc").rglob("*"):
        if path.is_symlink() or (path.is_file() and path.name != "copyright"):
            path.unlink()
    # Each build is shown this machine's own.
    (root / "etc" / "apt" / "sources.list").write_text("")
    (root / "etc" / "dpkg" / "dpkg.cfg.d" / "images").write_text(DPKG)
    (root / "etc" / "apt" / "apt.conf.d" / "images").write_text(APT)
    packed = subprocess.Popen(["tar", "-C", root, "-c", "."], stdout=subprocess.PIPE)
    subprocess.run(
        ["podman", "import", "--quiet", "-", DEBIAN],
        stdin=packed.stdout,
        env=engine.env,
        check=True,
        capture_output=True,
    )
    packed.wait()
    shutil.rmtree(root)
