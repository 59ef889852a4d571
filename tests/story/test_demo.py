"""`make run` on SQLite and a queue of files: it starts, the first result appears, Ctrl-C ends all of it."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from clinic.demo import people
from tests.servers import free_port, listens

from .processes import alive, descendants, running, until

pytestmark = [pytest.mark.browser, pytest.mark.servers]


def test_the_demo_shows_its_first_result_and_stops_at_ctrl_c(
    page: Page, tmp_path: Path, complaints: list[str]
) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}/"
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("RISORIUS_", "DJANGO_"))
    }
    env = {**kept, "RISORIUS_VAR_DIR": str(tmp_path / "var")}
    log = tmp_path / "run.log"
    with running([sys.executable, "-m", "clinic.start.serve", str(port)], env=env, log=log) as demo:
        logins = [login.email for login in people.LOGINS]
        until(lambda: logins[-1] in log.read_text() or demo.poll() is not None, 300, "the logins")
        printed = log.read_text()
        assert f"Risorius is running at {address}" in printed
        assert [email for email in logins if email not in printed] == []
        watch_the_first_result(page, address)
        started = descendants(demo.pid)
        assert len(started) >= 6, "web and its worker, Celery and its two children, beat"
        demo.send_signal(signal.SIGINT)
        assert demo.wait(timeout=90) == 0
    assert [pid for pid in started if alive(pid)] == []
    assert not listens(port)
    assert "Stopped." in log.read_text()
    assert complaints == []


def watch_the_first_result(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("E-mail").fill(people.LOGINS[0].email)
    page.get_by_label("Password", exact=True).fill(people.PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.goto(f"{address}patients/")
    page.get_by_role("link", name="Hana Morita").first.click()
    page.get_by_role("link", name="Visits", exact=True).click()
    page.locator("main a[href^='/visits/']").last.click()
    expect(page.locator(".finding.model-value").first).to_be_visible(timeout=180_000)
