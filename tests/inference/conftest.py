"""A model release without models, analyses in each state, and a real worker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clinic.common import broker
from inference.pipeline.codes import EXERCISES
from inference.pipeline.findings import Findings
from inference.pipeline.release import PREPROCESSING_VERSION
from inference.releases import registry
from tests import factories

from .running import Worker


def write_release(root: Path, name: str = "test-release", files: dict[str, str] | None = None) -> Path:
    """A release folder whose checksums hold, and make it the active one."""
    folder = root / name
    folder.mkdir(parents=True)
    release = {
        "name": name,
        "files": files or {},
        "exercises": list(EXERCISES),
        "input_sizes": {},
        "temperatures": {},
        "thresholds": {},
        "preprocessing": PREPROCESSING_VERSION,
    }
    (folder / "release.json").write_text(json.dumps(release))
    (folder / "card.json").write_text(json.dumps({"name": name}))
    (root / "ACTIVE").write_text(name)
    return folder


def make_findings(**changes: object) -> Findings:
    """What the pipeline answers for a weak left side."""
    values = {**factories.findings(), "landmarks": factories.landmarks(), **changes}
    values["symmetry"] = dict(values["symmetry"])
    return Findings(**values)


def make_rejection(reason: str = "blurred") -> Findings:
    return Findings(state="rejected", reason=reason, quality={"sharpness": 3.0}, release="test-release")


@pytest.fixture(autouse=True)
def release(settings, tmp_path_factory):
    """The active release of this test."""
    root = tmp_path_factory.mktemp("models")
    folder = write_release(root)
    settings.MODEL_ARTIFACTS_DIR = root
    registry.forget()
    yield folder
    registry.forget()


@pytest.fixture(autouse=True)
def willing_broker(monkeypatch):
    """No test inherits another's pause after a broker that did not answer."""
    monkeypatch.setattr(broker, "_pause_until", 0.0)
    monkeypatch.setattr(broker, "_suspect", False)


@pytest.fixture
def sent(monkeypatch):
    """What was published, in place of publishing it."""
    messages: list[tuple[str, str]] = []

    def send(name, *arguments, **options):
        messages.append((name, arguments[0] if arguments else ""))
        return True

    monkeypatch.setattr(broker, "send", send)
    return messages


@pytest.fixture
def photo(visit):
    return factories.PhotoFactory(visit=visit)


@pytest.fixture
def queued(photo):
    return factories.AnalysisFactory(photo=photo, queued=True)


@pytest.fixture(scope="module")
def worker_of_module(django_db_setup, tmp_path_factory):
    root = tmp_path_factory.mktemp("worker")
    write_release(root / "models")
    with Worker(root) as running:
        yield running


@pytest.fixture
def worker(worker_of_module, transactional_db):
    """A prefork worker of two children on the suite's database and broker, whose analyser is a stub."""
    yield worker_of_module
    worker_of_module.rest()
