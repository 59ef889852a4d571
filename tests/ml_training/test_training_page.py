"""docs/training.md says what can be typed, and repeats what was measured."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ml_training import comparison

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "training.md").read_text()
COMMANDS = re.findall(r"^    python (-m ml_training\.\w+|manage\.py \w+)(.*)$", PAGE, re.MULTILINE)


def source(command: str) -> str:
    """The program behind `-m ml_training.x` or `manage.py x`; of a package, all its modules."""
    name = command.split()[-1].removeprefix("ml_training.")
    if command.startswith("manage.py"):
        [path] = [p for app in ("clinic", "inference") for p in (ROOT / app).rglob(f"commands/{name}.py")]
        return path.read_text()
    module, package = ROOT / "ml_training" / f"{name}.py", ROOT / "ml_training" / name
    files = [module] if module.is_file() else sorted(package.glob("*.py"))
    return "\n".join(path.read_text() for path in files)


@pytest.mark.parametrize(("command", "rest"), COMMANDS)
def test_every_command_takes_what_the_page_gives_it(command, rest):  # type: ignore[no-untyped-def]
    program = source(command)
    assert program
    for flag in re.findall(r"--[\w-]+", rest.partition("#")[0]):
        assert f'"{flag}"' in program or flag == "--help", flag


def test_every_key_of_a_config_is_told():
    config = source("-m ml_training.train").split("class Config")[1].split("SHIFT")[0]
    keys = re.findall(r"^    (\w+): .*= ?", config, re.MULTILINE)
    assert len(keys) > 10
    assert [key for key in keys if f"`{key}`" not in PAGE] == []


def test_the_page_repeats_the_committed_comparison():
    content = json.loads((ROOT / "ml_training" / "results" / "compare.json").read_text())
    assert comparison.table(content) in PAGE
