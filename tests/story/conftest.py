"""A browser, and a house of real processes: web server, worker and beat on the suite's PostgreSQL and Redis."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from clinic.start.serve import services
from tests.inference.running import environment, purge
from tests.servers import free_port, listens

from ..stores.conftest import bucket, new_bucket, s3_server, switch  # noqa: F401
from .processes import running, until

# Pages answer in milliseconds; an analysis on a busy machine may take its time.
expect.set_options(timeout=60_000)


@pytest.fixture
def complaints() -> list[str]:
    """What the browser minded: script errors, refused styles and scripts, answers that failed."""
    return []


@pytest.fixture
def page(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error.stack}"))
    yield page
    context.close()


@dataclass
class House:
    """Where the servers listen and what they said."""

    url: str
    logs: Path

    def is_ready(self, port: int) -> bool:
        return listens(port) and "ready." in (self.logs / "worker.log").read_text()

    def said(self) -> str:
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.logs.glob("*.log")))


@pytest.fixture
def photos_lie_in() -> str:
    """Parametrize it: in "folders" or in a "bucket"."""
    return "folders"


@pytest.fixture
def house(
    transactional_db: None, tmp_path: Path, photos_lie_in: str, request: pytest.FixtureRequest
) -> Iterator[House]:
    """The processes of `make run`, on production's database and broker and with the real models."""
    purge()
    port = free_port()
    more = request.getfixturevalue("bucket").env() if photos_lie_in == "bucket" else {}
    env, processes = environment(**more), []
    with contextlib.ExitStack() as stack:
        for name, command in services(tmp_path, port).items():
            log = tmp_path / f"{name}.log"
            started = running([sys.executable, "-m", *command], env=env, log=log)
            processes.append(stack.enter_context(started))
        house = House(f"http://127.0.0.1:{port}", tmp_path)
        until(
            lambda: house.is_ready(port) or any(one.poll() is not None for one in processes), 180, "the house"
        )
        assert house.is_ready(port), house.said()
        yield house
