"""Python looks for rubbish seldom where pages and photos make objects by the hundred thousand."""

from __future__ import annotations

import gc
import runpy
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from django.conf import settings

from clinic.common import garbage
from inference.jobs import worker


@pytest.fixture
def as_shipped() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.mark.usefixtures("as_shipped")
def test_a_web_process_settles_once_it_has_loaded(monkeypatch):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "somewhere")
    served = runpy.run_path(str(settings.BASE_DIR / "docker" / "gunicorn.conf.py"))
    served["post_worker_init"](SimpleNamespace())
    assert gc.get_threshold()[0] == garbage.MORE and gc.get_freeze_count()


@pytest.mark.django_db
@pytest.mark.usefixtures("as_shipped")
def test_a_worker_settles_once_it_has_loaded_its_models(monkeypatch):
    monkeypatch.setattr(worker, "analyser", lambda name: None)
    monkeypatch.setattr(worker, "limit_memory", lambda: None)
    worker.load_models()
    assert gc.get_threshold()[0] == garbage.MORE and gc.get_freeze_count()
