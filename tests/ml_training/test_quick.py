"""One command from portraits to a registered release, which goes on where it was cut off."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from ml_training import datasets, quick, sources

from .made import fields

NAMES = ("simulate", "unmoved", "train", "export")


@pytest.fixture
def tried(tmp_path, monkeypatch):
    """Runs the command with its programs replaced by ones that write what they would; `stop` is where one fails."""
    for name in ("portraits", "face"):
        (tmp_path / name).mkdir()
    (tmp_path / "portraits" / "one.jpg").touch()
    for name in ("ict_face.npz", "vertex_indices.json"):
        (tmp_path / "face" / name).touch()
    out, artifacts = tmp_path / "work", tmp_path / "models"
    told = SimpleNamespace(ran=[], stop="", registered="", weak_people=True, commands=[])

    def write(program: str) -> None:
        if program in ("simulate", "unmoved"):
            folder = out / {"simulate": "simulated"}.get(program, program)
            folder.mkdir()
            for number, split in enumerate(("val", "test")):
                made = fields(6, split=split, seed=number)
                if not told.weak_people:
                    made["grade"][:] = 1
                datasets.write_shard(folder / f"part-{number:03d}.npz", made)
            (folder / "manifest.json").write_text("{}")
        elif program == "train":
            (out / "run").mkdir()
            (out / "run" / "model.keras").touch()
        elif program == "export":
            (artifacts / "try").mkdir(parents=True)
            (artifacts / "try" / "card.json").write_text('{"name": "try"}')

    def run(command: list[str], **_: object) -> SimpleNamespace:
        program = command[2].removeprefix("ml_training.") if command[1] == "-m" else " ".join(command[2:4])
        told.ran.append(program)
        told.commands.append(command)
        if program == told.stop:
            return SimpleNamespace(returncode=3, stdout="")
        write(program)
        if program == "model register":
            told.registered = command[4]
        return SimpleNamespace(returncode=0, stdout=f"{told.registered}  registered")

    monkeypatch.setattr(quick.subprocess, "run", run)
    monkeypatch.setenv("RISORIUS_VAR_DIR", str(tmp_path / "var"))

    def go() -> SimpleNamespace:
        told.ran.clear()
        words = [
            "--portraits",
            str(tmp_path / "portraits"),
            "--face",
            str(tmp_path / "face"),
            "--name",
            "try",
        ]
        monkeypatch.setattr(sys, "argv", ["quick", *words, "--out", str(out), "--artifacts", str(artifacts)])
        quick.main()
        return told

    told.go, told.out, told.artifacts = go, out, artifacts
    return told


def test_it_goes_from_portraits_to_a_registered_release(tried):
    tried.go()
    assert tried.ran == [*NAMES, "migrate --noinput", "model list", "model register"]
    assert tried.registered == "try"
    assert (tried.out.parent / "var" / "secret_key").is_file(), (
        "an installation that nobody has run yet gets its key"
    )
    config = json.loads((tried.out / "config.json").read_text())
    assert config["data"] == [str(tried.out / name) for name in ("simulated", "unmoved")]


def test_every_program_takes_what_it_is_given(tried):
    tried.go()
    for command in tried.commands[: len(NAMES)]:
        help_text = subprocess.list2cmdline(command)
        module = Path(quick.ROOT, *command[2].split("."))
        source = "\n".join(
            file.read_text()
            for file in (module.glob("*.py") if module.is_dir() else [module.with_suffix(".py")])
        )
        for flag in (word for word in command[3:] if word.startswith("--")):
            assert f'"{flag}"' in source, help_text


@pytest.mark.parametrize("stop", NAMES)
def test_what_was_cut_off_goes_on_and_nothing_is_done_twice(tried, stop):
    tried.stop = stop
    with pytest.raises(SystemExit, match="The same command goes on from here"):
        tried.go()
    (tried.artifacts / "try").mkdir(parents=True, exist_ok=True)
    (tried.artifacts / "try" / "card.json").write_text("{}")  # as an export leaves it that was cut off
    tried.stop = ""
    tried.go()
    assert tried.ran[0] == stop
    assert tried.ran[-1] == "model register"
    tried.go()
    assert tried.ran == ["migrate --noinput", "model list"]


def test_people_who_can_not_be_tested_on_end_it_before_anything_is_trained(tried):
    tried.weak_people = False
    with pytest.raises(SystemExit, match="all weak or all healthy"):
        tried.go()
    assert tried.ran == ["simulate"]


def test_it_looks_for_its_raw_material_first(tried, tmp_path):
    (tmp_path / "face" / "ict_face.npz").unlink()
    with pytest.raises(sources.SourceMissing, match="face model"):
        tried.go()
    assert tried.ran == []
