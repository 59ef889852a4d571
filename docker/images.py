"""Images by digest: `make images` asks a container engine for that of each tag, and writes it where the tag stands.

Usage: python docker/images.py [--lock]. Without --lock it says what is pinned by digest and what by its tag alone.
A tag can be moved to another image by whoever owns it; a digest can't. docker/images.lock holds what was asked last.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOCK = HERE / "images.lock"
UNASKED = "unasked"
HEAD = """\
# Every image that is run or built upon, and its digest when `make images` last asked a container engine for it.
# "unasked": the tag alone stands in the files, since no engine with a network has been asked yet.
"""
REFERENCE = re.compile(
    r"^(?P<before>\s*(?:image:|FROM)\s+)(?P<name>[a-z][a-z0-9./-]*):(?P<tag>[\w.-]+)(?:@(?P<digest>sha256:[0-9a-f]{64}))?",
    re.MULTILINE,
)
KUSTOMIZED = re.compile(
    r"(?P<before>- name: (?P<name>[\w./-]+)\n\s+newTag: \"?(?P<tag>[\w.-]+)\"?)"
    r"(?:\n\s+digest: (?P<digest>sha256:[0-9a-f]{64}))?"
)
OURS = ("risorius-",)


@dataclass(frozen=True, order=True)
class Image:
    """One reference: a name, a tag, and the digest that stands beside it, if one does."""

    name: str
    tag: str
    digest: str = ""

    def __str__(self) -> str:
        return f"{self.name}:{self.tag}"


def files() -> list[tuple[Path, re.Pattern[str]]]:
    """Where images are named, and how."""
    named = [*sorted(HERE.glob("compose*.yml")), *sorted(HERE.glob("*.Dockerfile"))]
    return [*((path, REFERENCE) for path in named), (HERE / "kubernetes" / "kustomization.yaml", KUSTOMIZED)]


def references() -> list[tuple[Path, Image]]:
    """Each reference to an image of somebody else's, file by file."""
    found = []
    for path, pattern in files():
        for one in pattern.finditer(path.read_text()):
            if not one["name"].startswith(OURS):
                found.append((path, Image(one["name"], one["tag"], one["digest"] or "")))
    return found


def locked() -> dict[str, str]:
    """The lock's digests by name and tag; those that nobody has asked for are UNASKED."""
    lines = LOCK.read_text().splitlines()
    return dict(line.split() for line in lines if line and not line.startswith("#"))


def ask(image: str) -> str:
    """The digest of a tag as its registry says, through docker; RuntimeError where nobody answers."""
    docker = shutil.which("docker")
    if docker is None:
        raise RuntimeError("there is no docker on this machine")
    command = [docker, "buildx", "imagetools", "inspect", image, "--format", "{{json .Manifest.Digest}}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    digest = json.loads(done.stdout) if done.returncode == 0 and done.stdout.strip() else ""
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no digest came")
    return str(digest)


def write(digests: dict[str, str]) -> None:
    """Put the digests into the lock and beside each tag."""
    LOCK.write_text(HEAD + "".join(f"{name} {digest}\n" for name, digest in sorted(digests.items())))
    for path, pattern in files():

        def put(one: re.Match[str], pattern: re.Pattern[str] = pattern) -> str:
            digest = digests.get(f"{one['name']}:{one['tag']}", UNASKED)
            if digest == UNASKED:
                return one[0]
            if pattern is KUSTOMIZED:
                return f"{one['before']}\n    digest: {digest}"
            return f"{one['before']}{one['name']}:{one['tag']}@{digest}"

        path.write_text(pattern.sub(put, path.read_text()))


def main(arguments: list[str]) -> int:
    """1 where an image could not be asked for; what was known of it before stays."""
    names = sorted({str(image) for _path, image in references()})
    known = locked()
    if "--lock" not in arguments:
        for name in names:
            print(f"{name:32} {known.get(name, UNASKED)}")
        return 0
    failed = 0
    for name in names:
        try:
            known[name] = ask(name)
        except (RuntimeError, OSError, ValueError, subprocess.TimeoutExpired) as error:
            failed += 1
            known.setdefault(name, UNASKED)
            print(f"{name} could not be asked for: {error}", file=sys.stderr)
        else:
            print(f"{name} {known[name]}")
    write({name: known[name] for name in names})
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
