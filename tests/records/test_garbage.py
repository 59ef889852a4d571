"""Python looks for rubbish seldom where pages and photos make objects by the hundred thousand."""

from __future__ import annotations

import gc
import runpy
import weakref
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from celery.signals import task_prerun
from django.conf import settings
from django.core.signals import request_started

from clinic.common import garbage
from inference.jobs import worker


@pytest.fixture
def as_shipped() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.unfreeze()
    gc.set_threshold(*before)
    for begins in (request_started, task_prerun):
        begins.disconnect(dispatch_uid="clinic.common.garbage")


@pytest.mark.usefixtures("as_shipped")
def test_a_web_process_settles_once_it_has_loaded(monkeypatch):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "somewhere")
    served = runpy.run_path(str(settings.BASE_DIR / "docker" / "gunicorn.conf.py"))
    served["post_worker_init"](SimpleNamespace())
    assert gc.get_threshold()[0] == garbage.MOST and gc.get_freeze_count()


@pytest.mark.django_db
@pytest.mark.usefixtures("as_shipped")
def test_a_worker_settles_once_it_has_loaded_its_models(monkeypatch):
    monkeypatch.setattr(worker, "analyser", lambda name: None)
    monkeypatch.setattr(worker, "limit_memory", lambda: None)
    worker.load_models()
    assert gc.get_threshold()[0] == garbage.MOST and gc.get_freeze_count()


class Held:
    """Two of them that hold each other, and nobody else does."""

    def __init__(self) -> None:
        self.other: Held | None = None


def left_behind(pairs: int) -> list[weakref.ref[Held]]:
    found = []
    for _ in range(pairs):
        one, other = Held(), Held()
        one.other, other.other = other, one
        found.append(weakref.ref(one))
    return found


@pytest.mark.django_db
@pytest.mark.usefixtures("as_shipped")
def test_rubbish_is_looked_for_between_pages_and_not_while_one_is_made():
    garbage.settle(request_started)
    looks: list[str] = []
    gc.callbacks.append(lambda phase, _info: looks.append(phase))
    try:
        page = [[number] for number in range(garbage.MORE * 3)]
        rubbish = left_behind(garbage.MORE)
        assert looks == [] and all(one() is not None for one in rubbish)
        request_started.send(sender=None)
        assert looks and all(one() is None for one in rubbish) and len(page) == garbage.MORE * 3
        looks.clear()
        request_started.send(sender=None)
        assert looks == [], "A page that leaves little costs no look."
    finally:
        gc.callbacks.pop()


@pytest.mark.usefixtures("as_shipped")
def test_what_outlived_some_looks_is_found_as_well():
    """Pages that are made at the same time move each other's objects among the old ones."""
    garbage.settle(request_started)
    held = [Held(), Held()]
    held[0].other, held[1].other = held[1], held[0]
    seen = weakref.ref(held[0])
    for turn in range(garbage.FULL + 3):
        left_behind(garbage.MORE)
        if turn == 2:
            held.clear()
        garbage.tidy()
    assert seen() is None
