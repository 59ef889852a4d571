"""Images and copied files: named alike everywhere, listed in the lock, and what can't be asked is said."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from . import shipped

DIGEST = "sha256:" + "0123456789abcdef" * 4


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, shipped.DOCKER / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


images, audit = script("images"), script("audit")


def test_each_image_has_one_tag_everywhere_and_stands_in_the_lock() -> None:
    found = images.references()
    by_name: dict[str, set[str]] = {}
    for _path, image in found:
        by_name.setdefault(image.name, set()).add(f"{image.tag} {image.digest}")
    assert {name: tags for name, tags in by_name.items() if len(tags) > 1} == {}
    assert {"nginx", "postgres", "redis", "python"} <= set(by_name)
    assert set(images.locked()) == {str(image) for _path, image in found}
    for _path, image in found:
        assert image.tag != "latest" and image.tag[0].isdigit()
        assert image.digest in ("", images.locked()[str(image)])


def test_every_image_of_the_files_is_seen() -> None:
    """As YAML and Dockerfiles are read elsewhere: no reference escapes the lock."""
    named = {str(one["image"]).partition("@")[0] for one in shipped.services().values()}
    named |= {rest.split()[0].partition("@")[0] for path in shipped.DOCKERFILES.values()
              for word, rest in shipped.dockerfile(path) if word == "FROM"}  # fmt: skip
    assert {name for name in named if not name.startswith("risorius-")} == set(images.locked())


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files that name images, to be written in."""
    (tmp_path / "kubernetes").mkdir()
    for path, _pattern in images.files():
        target = tmp_path / path.relative_to(images.HERE)
        target.write_text(path.read_text())
    (tmp_path / "images.lock").write_text(images.LOCK.read_text())
    monkeypatch.setattr(images, "HERE", tmp_path)
    monkeypatch.setattr(images, "LOCK", tmp_path / "images.lock")
    return tmp_path


def test_the_command_pins_every_tag_by_its_digest(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "ask", lambda name: DIGEST)
    for _again in range(2):
        assert images.main(["--lock"]) == 0
        assert set(images.locked().values()) == {DIGEST}
        assert {image.digest for _path, image in images.references()} == {DIGEST}
    assert f"image: nginx:1.30.5@{DIGEST}" in (copy / "compose.yml").read_text()
    assert (copy / "web.Dockerfile").read_text().count(f"@{DIGEST}") == 2
    assert (copy / "kubernetes" / "kustomization.yaml").read_text().count(f"digest: {DIGEST}") == 2


def test_what_could_not_be_asked_stays_as_it_was(
    copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_text() for path, _pattern in images.files()}
    monkeypatch.setattr(images.shutil, "which", lambda name: None)
    assert images.main(["--lock"]) == 1
    assert {path: path.read_text() for path in before} == before
    assert "nginx:1.30.5 could not be asked for: there is no docker" in capsys.readouterr().err


def test_copied_files_are_of_the_version_that_is_asked_for() -> None:
    found = dict(audit.vendored())
    assert set(found) == {"bootstrap", "htmx.org", "bootstrap-icons"}
    folder = shipped.ROOT / "static" / "vendor"
    assert (
        f"Bootstrap  v{found['bootstrap']}" in (folder / "bootstrap" / "bootstrap.min.css").read_text()[:300]
    )
    assert found["htmx.org"] in (folder / "htmx" / "htmx.min.js").read_text()


class Answer:
    def __init__(self, said: Any) -> None:
        self.said = said

    def __enter__(self) -> Answer:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def read(self, *_: object) -> bytes:
        return json.dumps(self.said).encode()


def run_of(stdout: str, returncode: int = 0, stderr: str = "") -> Any:
    return lambda command, **_: subprocess.CompletedProcess(command, returncode, stdout, stderr)


def test_a_known_hole_fails_the_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    report = audit.Report()
    told = [Answer({"vulns": [{"id": "GHSA-1", "summary": "a hole"}]}), Answer({})]
    monkeypatch.setattr(urllib.request, "urlopen", lambda *given, **how: told.pop(0))
    audit.npm_package(report, "bootstrap", "5.3.8")
    audit.npm_package(report, "htmx.org", "2.0.11")
    monkeypatch.setattr(audit.shutil, "which", lambda name: "/usr/bin/trivy")
    hole = {"VulnerabilityID": "CVE-1", "PkgName": "zlib", "FixedVersion": "2"}
    monkeypatch.setattr(
        audit.subprocess, "run", run_of(json.dumps({"Results": [{"Vulnerabilities": [hole]}]}))
    )
    audit.image(report, "redis:7.2.15")
    monkeypatch.setattr(audit.subprocess, "run", run_of("", 1, "Found 1 known vulnerability in 1 package"))
    audit.python_packages(report, "requirements.txt")
    assert report.clean == ["htmx.org 2.0.11"] and report.unasked == []
    assert report.holes == [
        "bootstrap 5.3.8: GHSA-1 a hole",
        "redis:7.2.15: CVE-1 in zlib, mended in 2",
        "requirements.txt: Found 1 known vulnerability in 1 package",
    ]
    assert report.say() == 1


def test_without_a_network_each_part_is_named_as_unasked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def away(*given: Any, **how: Any) -> None:
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(urllib.request, "urlopen", away)
    monkeypatch.setattr(audit.shutil, "which", lambda name: None)
    monkeypatch.setattr(audit.subprocess, "run", run_of("", 1, "ConnectionError: nobody there"))
    assert audit.main() == 3
    said = capsys.readouterr().out
    for name in (*audit.LOCKS, "bootstrap 5.3.8", "nginx:1.30.5", "postgres:15.20-bookworm"):
        assert f"  {name}" in said
    assert "nobody there" in said and "no network" in said and "Known holes" not in said
