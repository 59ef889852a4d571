"""One world for a whole module: each request is taken back after it was judged."""

from __future__ import annotations

import pytest
from django.db import transaction

from .world import World, build


@pytest.fixture(autouse=True)
def photo_folder():
    """The photos of a world that is made once stay for all its tests."""


@pytest.fixture(autouse=True)
def _django_db_marker():
    """The mark alone, so that there is a database; a transaction for each test would end the module's own."""


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> World:
    with django_db_blocker.unblock(), transaction.atomic():
        yield build()
        transaction.set_rollback(True)
