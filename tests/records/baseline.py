"""How many queries each page takes in a small clinic: `queries.json` has what is meant, and a test counts again."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client

from tests.demo.record import ARTIFACTS

from . import measure, pages, seed

FILE: Final = Path(__file__).parent / "queries.json"
SOURCES: Final = ("p1",)
"""One of the demo's patients is enough to count by."""
SMALL: Final = seed.Sizes(patients=40, neighbours=1, each=4, visits=8)
MORE: Final = seed.Sizes(patients=80, neighbours=1, each=20)
NOW_AND_THEN: Final = re.compile(
    r'"inference_modelrelease"|^UPDATE "(django_session|usersessions_usersession|accounts_tokenuse)"'
    r"|^(SAVEPOINT|RELEASE)|^SELECT \"visits_visit\".\"id\" AS \"pk\", \"patients_patient\".\"clinic_id\""
    r"|^SELECT .* FROM \"(accounts_tokenuse|usersessions_usersession)\""
)
"""What is asked every few seconds or half a minute, on whichever page that falls; and whose the visits of the running
hour are, where it has any."""
RENEW: Final = "make bench-records ARGS=--baseline"


def fill(sizes: seed.Sizes = SMALL) -> Any:
    """The small clinic."""
    demo, settings.DEMO, settings.MODEL_ARTIFACTS_DIR = settings.DEMO, True, ARTIFACTS
    try:
        return seed.fill(sizes, sources=SOURCES)
    finally:
        settings.DEMO = demo


def counts(
    clients: dict[str, Client] | None = None, *, meant: Mapping[str, int] = MappingProxyType({})
) -> dict[str, int]:
    """The queries of each page, asked for the second time; by these clients, or by new ones. One that takes as many as
    are meant isn't counted again."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    house = seed.house()
    clients = clients or pages.clients(house)
    cache.clear()
    found = {}
    for page in pages.pages():
        client = clients["api" if page.api else page.who]
        path = page.path(client, house)
        measure.ask(client, path, page)
        found[page.label] = _count(client, path, page)
        if found[page.label] != meant.get(page.label):
            # What is looked at anew once in a while falls on some page; twice in a row it falls on none.
            found[page.label] = min(found[page.label], _count(client, path, page))
    return found


def _count(client: Client, path: str, page: pages.Page) -> int:
    asked, wrong = measure.queries_of(client, path, page)
    assert not wrong, f"{page.label}: {wrong}"
    return sum(not NOW_AND_THEN.search(statement) for statement, _ in asked)


def meant() -> dict[str, int]:
    found: dict[str, int] = json.loads(FILE.read_text())
    return found


def renew() -> None:
    """Write what is counted now as what is meant."""
    FILE.write_text(json.dumps(counts(), indent=1) + "\n")
