"""Images, compose.yml and an upgrade for real: python -m tests.containers; see `make containers`.

Builds the images of this tree and of a commit before, starts compose.yml with the older ones, upgrades under load,
and does to the containers what befalls them. Prints one table; ends with 1 where something is missed. Needs root,
Debian's podman, half an hour, and 8 GB below FOLDER or /var/tmp.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from clinic.start.install import StartProblem
from tests.running import shipped

from . import bases, drill
from .engine import Engine, missing
from .people import Person
from .site import Site
from .table import Table

PARTS = ("upgrade", "costly", "kills", "sealed")
BEFORE, NOW = "before", "now"
ROOM = 8e9
"""Bytes on the disk."""


def main() -> int:
    """Exit status 1 where something was missed, or could not be done."""
    asked = arguments()
    if sentence := missing():
        print(sentence, file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = asked.keep or Path(tempfile.mkdtemp(prefix="risorius-containers-", dir="/var/tmp"))
    table = Table()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free < ROOM and not asked.keep:
            raise StartProblem(
                f"{folder} has less than {ROOM / 1e9:.0f} GB free; name another place with --keep FOLDER."
            )
        with Engine(folder.resolve(), keep=bool(asked.keep)) as engine:
            tree = build(engine, asked, table)
            whole(engine, asked, table, tree)
    except StartProblem as problem:
        print(problem, file=sys.stderr)
        table.add("the drill itself", "broke off", "its end", good=False)
    print(table)
    return 1 if table.missed else 0


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """What was asked for on the command line, or in `given`."""
    parser = argparse.ArgumentParser(prog="make containers", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all if none is named"
    )
    parser.add_argument("--before", default="HEAD~1", help="the commit that is upgraded from")
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="leave images there, and begin with those"
    )
    parser.add_argument(
        "--registry", action="store_true", help="pull the images that docker/ names; make no stand-ins"
    )
    asked = parser.parse_args(given)
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    asked.parts = asked.parts or list(PARTS)
    return asked


def build(engine: Engine, asked: argparse.Namespace, table: Table) -> Path:
    """All images; the tree of the commit before."""
    start = time.monotonic()
    (bases.pull if asked.registry else bases.make)(engine)
    tree = engine.folder / "before"
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir()
    packed = subprocess.run(
        ["git", "archive", asked.before], cwd=shipped.ROOT, check=False, capture_output=True
    )
    if packed.returncode != 0:
        raise StartProblem(f"{asked.before} is no commit: {packed.stderr.decode()}")
    subprocess.run(["tar", "-x", "-C", tree], input=packed.stdout, check=True)
    versions = [(NOW, shipped.ROOT), *([(BEFORE, tree)] if "upgrade" in asked.parts else [])]
    for version, root in versions:
        for role in drill.LARGEST:
            tag = f"localhost/risorius-{role}:{version}"
            engine.build(root / "docker" / f"{role}.Dockerfile", tag, root)
    drill.images(engine, table, NOW)
    table.add("images made in, s", f"{time.monotonic() - start:.0f}", "said", good=True)
    return tree


def whole(engine: Engine, asked: argparse.Namespace, table: Table, tree: Path) -> None:
    """The parts, one after another, on one site; the sealed one on another."""
    with Site(engine) as site:
        older = "upgrade" in asked.parts
        site.check_out(tree if older else shipped.ROOT, BEFORE if older else NOW)
        site.make_secrets()
        table.most("compose.yml up and all well, s", site.start(), 240)
        person = Person.of(site, site.first_day())
        table.add("login with a second factor", "in", "in", good=True)
        if older:
            drill.upgrade(site, person, table, tree=shipped.ROOT, version=NOW)
        drill.story(site, person, table)
        groups = drill.limits(site, table)
        if "costly" in asked.parts:
            drill.expensive(site, person, table, groups)
            drill.pace(site, person, table)
        if "kills" in asked.parts:
            drill.kills(site, person, table)
        drill.unwell(site, table)
    if "sealed" in asked.parts:
        with Site(engine, "compose.sealed.yml") as site:
            site.check_out(shipped.ROOT, NOW)
            site.make_secrets("sealed")
            site.start()
            visitor = site.first_day()
            site.execute("web", "python", "manage.py", "keys", "create", "--all")
            drill.sealed(site, Person.of(site, visitor), table)


if __name__ == "__main__":
    sys.exit(main())
