"""Each program of the training says in a sentence what it lacks: data, a run, a release, a config."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = sorted(
    ".".join(file.relative_to(ROOT).with_suffix("").parts)
    for file in (ROOT / "ml_training").rglob("*.py")
    if '__name__ == "__main__"' in file.read_text()
)
NONE = "/nowhere/at/all"
ARGUMENTS = {
    "ceiling": ["--data", NONE],
    "clinic_photos": [NONE, "--out", "OUT"],
    "compare": ["--data", NONE, "--out", "OUT"],
    "demo": ["--portraits", NONE, "--face", NONE, "--out", "OUT"],
    "evaluate.__main__": ["--data", NONE, "--out", "OUT"],
    "evenness": ["--data", NONE, "--untouched", NONE],
    "export": [NONE, "--data", NONE, "--name", "2099.1.1", "--out", "OUT"],
    "measurement.movement": [
        "--portraits",
        NONE,
        "--face",
        NONE,
        "--rows",
        "OUT/rows",
        "--out",
        "OUT/movement",
        "--artifacts",
        NONE,
    ],
    "measurement.refine": ["--data", NONE, "--out", "OUT"],
    "measurement.release": ["--release", NONE, "--data", NONE, "--measured", NONE],
    "measurement.repeatability": ["--data", NONE, "--out", "OUT/repeatability.json"],
    "measurement.study": ["--data", NONE, "--out", "OUT"],
    "pack_face": [NONE, "OUT"],
    "quality_limits": ["--portraits", NONE, "--face", NONE],
    "quick": ["--portraits", NONE, "--face", NONE, "--out", "OUT"],
    "recover": ["2099.1.1", "--data", NONE, "--out", "OUT/model.keras"],
    "redrawn": ["--portraits", NONE, "--face", NONE, "--data", NONE],
    "simulate.__main__": ["--portraits", NONE, "--face", NONE, "--out", "OUT"],
    "simulate.gauge": ["--data", NONE, "--real", NONE],
    "simulate.sheets": ["--data", NONE],
    "speed": [NONE],
    "train": [f"{NONE}.json"],
    "train_locator": [f"{NONE}.json"],
    "unmoved": ["--portraits", NONE, "--out", "OUT"],
    "weakened": ["--portraits", NONE, "--like", NONE, "--out", "OUT"],
}


@pytest.fixture
def program(monkeypatch):
    """Runs a program as `python -m ml_training.NAME` does."""

    def run(name: str) -> None:
        monkeypatch.delitem(
            sys.modules, f"ml_training.{name}", raising=False
        )  # so that it is read as a program
        runpy.run_module(f"ml_training.{name.removesuffix('.__main__')}", run_name="__main__")

    return run


def test_every_program_is_known_here():
    assert [name.removeprefix("ml_training.") for name in PROGRAMS] == sorted(ARGUMENTS)


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_a_program_without_its_data_says_so_in_a_sentence(name, program, tmp_path, monkeypatch):
    given = [word.replace("OUT", str(tmp_path)) for word in ARGUMENTS[name]]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [name, *given])
    with pytest.raises(SystemExit) as refused:
        program(name)
    sentence = str(refused.value.code)
    assert re.search(r"[a-z]{3,} .*[.:]", sentence), sentence
    assert "/nowhere" in sentence or "2099.1.1" in sentence, sentence
    assert not any(tmp_path.rglob("*.npz"))


@pytest.mark.parametrize("name", ["train", "train_locator"])
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "holds no JSON object"),
        ('["data"]', "holds no JSON object"),
        ('{"data": [], "out": "x", "colour": 1}', "doesn't know: colour"),
        ("{}", "lacks a key"),
    ],
)
def test_a_config_that_is_none_is_refused_in_a_sentence(
    name, program, content, sentence, tmp_path, monkeypatch
):
    config = tmp_path / "config.json"
    config.write_text(content)
    monkeypatch.setattr(sys, "argv", [name, str(config)])
    with pytest.raises(SystemExit, match=sentence):
        program(name)


def test_a_release_or_a_face_that_is_not_there_is_a_sentence_too(tmp_path):
    from inference.pipeline.release import release_folder
    from ml_training import sources

    with pytest.raises(SystemExit, match="no folder"):
        sources.told(lambda: release_folder("2099.1.1", tmp_path))
    with pytest.raises(SystemExit, match=r"none\.json: no such file.*docs/training\.md"):
        sources.told(lambda: (tmp_path / "none.json").read_text())
