"""A cache whose Redis is away: nothing fails, and counts go on in this process."""

from __future__ import annotations

import pytest

from clinic.common import cache as module
from clinic.common.cache import Cache
from tests.servers import free_port


@pytest.fixture
def cache(monkeypatch):
    monkeypatch.setattr(module, "_away", {})
    made = Cache(f"redis://127.0.0.1:{free_port()}/0", {"OPTIONS": {"socket_connect_timeout": 0.5}})
    yield made
    made._memory.clear()


def test_every_operation_works_without_redis(cache):
    assert cache.get("a", "nothing") == "nothing"
    cache.set("a", 1, timeout=60)
    assert cache.add("a", 5) is False and cache.get("a") == 1
    assert cache.incr("a") == 2 and cache.decr("a") == 1
    cache.set_many({"b": 2, "c": 3})
    assert cache.get_many(["b", "c"]) == {"b": 2, "c": 3}
    assert cache.touch("b", 60) and cache.has_key("b")
    cache.delete_many(["b"])
    assert cache.delete("c") and cache.get("b") is None
    assert cache.get_or_set("d", 4) == 4


def test_a_count_that_began_in_redis_goes_on_here(cache):
    assert cache.incr("never seen here") == 1


def test_a_redis_that_is_away_is_asked_once_in_a_while(cache, monkeypatch):
    asked = []

    def refuse(*_args, **_options):
        asked.append(1)
        raise ConnectionError

    monkeypatch.setattr(cache, "_cache", type("Refusing", (), {"get": refuse})())
    for _ in range(5):
        cache.get("a")
    assert len(asked) == 1
    monkeypatch.setattr(module, "_away", dict.fromkeys(module._away, 0.0))
    cache.get("a")
    assert len(asked) == 2
