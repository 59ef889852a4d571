"""A real clinic's settings: complete migrations, no default secret, nothing that Django's deployment check minds."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "clinic.config.settings.production",
    "RISORIUS_SECRET_KEY": "k7!vq2#m" * 8,
    "RISORIUS_ALLOWED_HOSTS": "clinic.example.org",
    "RISORIUS_TRUSTED_ORIGINS": "https://clinic.example.org",
    "RISORIUS_DATABASE_URL": os.environ.get("RISORIUS_DATABASE_URL", "postgres://127.0.0.1/none"),
    "RISORIUS_BROKER_URL": os.environ.get("RISORIUS_BROKER_URL", "redis://127.0.0.1/0"),
}


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("RISORIUS_", "DJANGO_"))
    }
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env={**kept, **variables},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_model_has_its_migration(tmp_path):
    run = manage(
        "makemigrations", "--check", "--dry-run", RISORIUS_SECRET_KEY="x", RISORIUS_VAR_DIR=str(tmp_path)
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_deployment_check_finds_nothing(tmp_path):
    run = manage(
        "check",
        "--deploy",
        "--tag",
        "security",
        "--fail-level",
        "WARNING",
        **PRODUCTION,
        RISORIUS_VAR_DIR=str(tmp_path),
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(
    "missing",
    ["RISORIUS_SECRET_KEY", "RISORIUS_ALLOWED_HOSTS", "RISORIUS_DATABASE_URL", "RISORIUS_BROKER_URL"],
)
def test_a_clinic_does_not_start_without(missing, tmp_path):
    without = {name: value for name, value in PRODUCTION.items() if name != missing}
    run = manage("check", **without, RISORIUS_VAR_DIR=str(tmp_path))
    assert run.returncode != 0
    assert missing in run.stderr


def test_the_demo_has_no_secret_of_its_own(tmp_path):
    run = manage(
        "check", RISORIUS_VAR_DIR=str(tmp_path), DJANGO_SETTINGS_MODULE="clinic.config.settings.demo"
    )
    assert run.returncode != 0
    assert "SECRET_KEY" in run.stderr


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """The folder of static files as production serves them."""
    folder = tmp_path_factory.mktemp("static")
    run = manage("collectstatic", "--noinput", **{**PRODUCTION, "RISORIUS_VAR_DIR": str(folder)})
    assert run.returncode == 0, run.stderr
    return folder / "static"


def test_every_static_file_that_another_one_names_is_there(collected):
    """Production gives each file a name with its hash, and stops at one that names a file which isn't there."""
    assert (collected / "staticfiles.json").is_file()


def test_modules_name_each_other_by_their_hashed_names(collected):
    """A browser keeps each file for ever: a module that named another plainly would get an older release's."""
    names = json.loads((collected / "staticfiles.json").read_text())["paths"]
    named = [
        (script, module)
        for script in names
        if script.startswith("js/")
        for module in re.findall(
            r"""(?:from|import)\s*\(?["']([^"']+)""", (collected / names[script]).read_text()
        )
    ]
    assert len(named) > 10
    served = {f"./{PurePosixPath(name).name}" for plain, name in names.items() if plain.startswith("js/")}
    assert not [(script, module) for script, module in named if module not in served]
