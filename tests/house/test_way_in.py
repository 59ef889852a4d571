"""The way in for a contributor: a lint that is light, and its tools where there is less."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from clinic.start import install, scripts

ROOT = Path(__file__).resolve().parents[2]
# What a lint must not wait for: it trains, drives a browser, looks into pictures, or sends requests.
HEAVY = {
    *("tensorflow", "keras", "jax", "scipy", "scikit-learn", "matplotlib", "moderngl", "mediapipe"),
    *("playwright", "pytest", "moto", "schemathesis", "boto3", "botocore"),
    *("opencv-python-headless", "ai-edge-litert"),
}


def locked(lock: str) -> dict[str, str]:
    """Each package of a lock with its version."""
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ \\]+)", (ROOT / lock).read_text(), re.MULTILINE))


def tools() -> list[str]:
    """The programs that `make lint` runs, as the Makefile names them."""
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe
    return ["".join(found) for found in re.findall(r"-m ([a-z]+)\b|bin/([a-z-]+)", recipe[1])]


def test_lint_waits_for_nothing_that_it_does_not_need():
    assert HEAVY & set(locked("tests/lint-requirements.txt")) == set()
    assert len(locked("tests/lint-requirements.txt")) < 100


def test_lint_has_its_tools_in_the_light_environment():
    packages = locked("tests/lint-requirements.txt")
    brought_by = {"lint-imports": "import-linter", "clinic": "ruff"}
    assert set(tools()) >= {"ruff", "djlint", "mypy", "lint-imports"}
    assert [tool for tool in tools() if brought_by.get(tool, tool) not in packages] == []


@pytest.mark.parametrize("purpose", ["lint", "dev", "run", "train"])
def test_the_tests_environment_holds_every_other(purpose):
    """So `make test`, which lints first, installs nothing twice."""
    lock, _gigabytes, _includes = install.LOCKS[purpose]
    assert purpose in install.LOCKS["test"][2]
    whole = locked(install.LOCKS["test"][0])
    assert {package for package, version in locked(lock).items() if whole.get(package) != version} == set()


def test_without_npm_the_lint_says_what_it_left_out(monkeypatch, capsys):
    monkeypatch.setattr(scripts.shutil, "which", lambda _name: None)
    assert scripts.main() == 0
    assert capsys.readouterr().out.startswith("static/ was not linted: there is no npm here")


def test_an_npm_that_cannot_install_is_said(tmp_path, monkeypatch, capsys):
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho 'no network' >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setattr(scripts, "MODULES", tmp_path / "node_modules")
    monkeypatch.setattr(scripts.shutil, "which", lambda _name: str(npm))
    assert scripts.main() == 0
    assert capsys.readouterr().out == "static/ was not linted: npm could not install Biome (no network).\n"


def test_a_finding_of_biome_fails_the_lint(tmp_path, monkeypatch):
    npm = tmp_path / "npm"
    biome = tmp_path / "node_modules" / ".bin" / "biome"
    npm.write_text(
        f"#!/bin/sh\nmkdir -p {biome.parent}\nprintf '#!/bin/sh\\nexit 1\\n' >{biome}\nchmod +x {biome}\n"
    )
    npm.chmod(0o755)
    monkeypatch.setattr(scripts, "MODULES", tmp_path / "node_modules")
    monkeypatch.setattr(scripts.shutil, "which", lambda _name: str(npm))
    assert scripts.main() == 1
    npm.write_text("#!/bin/sh\nexit 9\n")
    assert scripts.main() == 1, "npm is asked once, until the lock changes"


def test_the_lock_of_npm_names_no_host():
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()
    assert "omit-lockfile-registry-resolved=true" in (ROOT / ".npmrc").read_text()
    ignored = subprocess.run(["git", "check-ignore", "-q", "node_modules/x"], cwd=ROOT, check=False)
    assert ignored.returncode == 0


def test_the_hooks_of_a_commit_call_what_the_lint_calls():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repo["repo"] for repo in hooks] == ["local"], "nothing is fetched"
    called = {re.sub(r" --force-exclude$", "", hook["entry"]) for hook in hooks[0]["hooks"]}
    python, program = r"\t(?:\$\(PY\)) (.*)", r"\t\$\(VENV\)/bin/(.*)"
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe
    wanted = {f".venv/bin/python {words.removesuffix(' .')}" for words in re.findall(python, recipe[1])}
    wanted |= {f".venv/bin/{words}" for words in re.findall(program, recipe[1])}
    assert called == wanted and len(wanted) == 6


def test_types_are_found_alike_where_more_is_installed():
    """A library that the light environment lacks is unknown to mypy everywhere, or machines would differ."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    skipped = {
        name.removesuffix(".*")
        for override in config["overrides"]
        if override.get("follow_imports") == "skip"
        for name in override["module"]
    }
    light, brought_by = set(locked("tests/lint-requirements.txt")), packages_distributions()
    followed = {
        module
        for module in imported(config["files"])
        for package in brought_by.get(module, ())
        if package.lower().replace("_", "-") not in light and module not in skipped
    }
    assert followed == set()


def imported(folders: list[str]) -> set[str]:
    """The names of all top modules that the code of these folders imports."""
    found = set()
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            found |= {name.split(".")[0] for name in names}
    return found


def test_a_version_has_one_number() -> None:
    number = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    tags = yaml.safe_load((ROOT / "docker/kubernetes/kustomization.yaml").read_text())["images"]
    ours = {one["newTag"] for one in tags if one["name"].startswith("risorius")}
    assert ours == {number} == {settings.VERSION}
    assert f"## {number} (" in (ROOT / "CHANGELOG.md").read_text()
