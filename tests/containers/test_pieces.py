"""The parts of the drill that need no container."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from clinic.start.install import StartProblem
from tests.visits import costly

from . import bases, drill, engine, people
from .__main__ import arguments
from .table import Table


def test_a_machine_without_podman_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(
        shutil, "which", lambda name: None if name in ("podman", "debootstrap") else f"/usr/bin/{name}"
    )
    said = engine.missing()
    assert (
        "podman, debootstrap" in said and f"apt-get install --no-install-recommends {engine.PACKAGES}" in said
    )
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "sudo" in engine.missing()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    assert engine.missing() == ""


def test_every_foreign_image_has_a_stand_in() -> None:
    names = bases.foreign()
    assert {name.partition(":")[0] for name in names} == {"python", "postgres", "redis", "nginx"}
    for name in names:
        assert (bases.STANDINS / f"{name.partition(':')[0]}.Dockerfile").exists(), name


def test_the_packages_come_from_where_this_machine_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = "https://a.example/x jammy main Ubuntu\nhttps://b.example/d bookworm contrib Debian\n"
    monkeypatch.setattr(bases, "run", lambda command: f"{listed}https://b.example/d bookworm main Debian\n")
    assert bases.mirror() == "https://b.example/d"
    monkeypatch.setattr(bases, "run", lambda command: listed)
    with pytest.raises(StartProblem, match="--registry"):
        bases.mirror()


def test_podmans_stand_in_for_dockers_options(tmp_path: Path) -> None:
    """What the compose file says of tmpfs in docker's words, for a podman that doesn't know them all."""
    shim = tmp_path / "podman"
    shim.write_text(engine.SHIM.replace("PODMAN", "printf '%s\\n'"))
    tmpfs = "/tmp:size=768m,mode=0700,uid=10001,gid=10001"
    given = ["create", "--name", "a b", "--tmpfs", tmpfs, "image", "sh", "-c", "echo 'x'  y"]
    told = subprocess.run(
        ["sh", shim, *given], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert told[:4] == ["create", "--read-only-tmpfs=false", "--name", "a b"]
    assert told[5] == "/tmp:size=768m,mode=1777" and told[-1] == "echo 'x'  y"
    told = subprocess.run(
        ["sh", shim, "ps", "-a"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert told == ["ps", "-a"]


def test_photos_are_files_of_their_own() -> None:
    made = [people.numbered(number) for number in (0, 1, 2, 10_000, 10_001)]
    assert len(set(made)) == len(made)
    assert {Image.open(io.BytesIO(one)).size for one in made} == {(480, 600)}
    for data in (costly.encoded(), costly.wide_png(30, 20)):
        copies = [drill.marked(data, number) for number in range(8)]
        assert len(set(copies)) == 8
        for copy in copies:
            Image.open(io.BytesIO(copy)).load()


def test_what_is_said_of_expensive_files_is_what_they_are() -> None:
    files = drill.files()
    assert files["JPEG of 900 scans"][0]().count(b"\xff\xda") > 900
    with Image.open(io.BytesIO(files["RGBA PNG, 50 MP"][0]())) as image:
        assert image.mode == "RGBA" and image.width * image.height == 50_000_000


def test_one_missed_line_is_counted_and_shown() -> None:
    table = Table()
    table.most("a number", 3.4, 3.5, "MB")
    table.none("mishaps", 1, "20")
    assert table.missed == 1
    text = str(table).splitlines()
    assert text[1].endswith("ok") and "3 MB" in text[1] and "at most 4" in text[1]
    assert text[2].endswith("MISSED") and "1 of 20" in text[2]
    assert max(map(len, text)) < 140 and text[-1] == "2 checks, 1 missed"


def test_faults_of_a_process_are_seen() -> None:
    """This one runs as whoever runs the tests, on a file system that it may write to."""
    assert drill.faults(os.getpid(), "12345:12345")


def test_arguments() -> None:
    assert arguments([]).parts == ["upgrade", "costly", "kills", "sealed"]
    assert arguments(["kills", "--before", "v1"]).before == "v1"
    with pytest.raises(SystemExit):
        arguments(["everything"])


@pytest.mark.parametrize("path", sorted(bases.STANDINS.glob("*.Dockerfile")), ids=lambda path: path.stem)
def test_stand_ins_name_no_registry(path: Path) -> None:
    [base] = [line.split()[1] for line in path.read_text().splitlines() if line.startswith("FROM")]
    assert base == bases.DEBIAN
    assert "://" not in path.read_text() + (bases.STANDINS / "docker-entrypoint.sh").read_text()
