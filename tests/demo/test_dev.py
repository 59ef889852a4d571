"""`make dev`: settings that nothing but it can load, whole lines, and processes that are all gone at its end."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from django.test import RequestFactory

from clinic.start import dev, dev_logs
from tests.servers import free_port, listens
from tests.story.processes import alive, descendants, running, until

ROOT = Path(__file__).resolve().parents[2]
CLINICS_OWN = {
    "RISORIUS_DATABASE_URL": "postgres://clinic@127.0.0.1/records",
    "RISORIUS_BROKER_URL": "redis://127.0.0.1:6379/0",
    "RISORIUS_ALLOWED_HOSTS": "palsy.example.org",
    "RISORIUS_TRUSTED_ORIGINS": "https://palsy.example.org",
    "RISORIUS_PROXIES": "1",
    "RISORIUS_S3_BUCKET": "photos",
    "RISORIUS_KEYS_DIR": "/srv/keys",
}


def bare() -> dict[str, str]:
    """This environment without anything that would set Risorius or Django."""
    return {name: text for name, text in os.environ.items() if not name.startswith(("RISORIUS_", "DJANGO_"))}


def check(folder: Path, **given: str) -> subprocess.CompletedProcess[str]:
    env = {**bare(), "RISORIUS_VAR_DIR": str(folder), "RISORIUS_SECRET_KEY": "x" * 50, **given}
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={**env, "DJANGO_SETTINGS_MODULE": "clinic.config.settings.dev"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_its_settings_load_for_make_dev_alone(tmp_path):
    refused = check(tmp_path)
    assert refused.returncode != 0 and "belongs to `make dev`" in refused.stderr
    assert check(tmp_path, RISORIUS_DEVELOPMENT="yes").returncode == 0


@pytest.mark.parametrize("name", CLINICS_OWN)
def test_its_settings_refuse_what_is_a_clinics_own(tmp_path, name):
    refused = check(tmp_path, RISORIUS_DEVELOPMENT="yes", **{name: CLINICS_OWN[name]})
    assert refused.returncode != 0
    assert f"{name} is a clinic's own" in refused.stderr


def test_no_image_holds_them():
    assert "clinic/config/settings/dev.py" in (ROOT / ".dockerignore").read_text().splitlines()


def test_its_lines_are_whole():
    try:
        raise ValueError("row of Sari Wulandari")
    except ValueError:
        record = logging.LogRecord("clinic.visits", 40, __file__, 1, "Of %s", ("Sari",), sys.exc_info())
    record.ms = 12
    record.request = RequestFactory().get("/patients/?q=Sari")
    line, *places = dev_logs.Whole().format(record).splitlines()
    assert line == "error   clinic.visits: Of Sari ms=12 /patients/?q=Sari"
    assert places[-1] == "ValueError: row of Sari Wulandari"


def test_each_line_names_its_process(capfd):
    said: list[str] = []
    with dev.prefixed("beat") as stream:
        os.write(stream, b"one\ntwo\n")
    until(lambda: "two" in (said.append(capfd.readouterr().out) or "".join(said)), 10, "two lines")
    assert "".join(said) == "beat   | one\nbeat   | two\n"


@pytest.mark.servers
def test_it_shows_a_page_with_the_toolbar_and_leaves_nothing_behind(tmp_path):
    port, log = free_port(), tmp_path / "dev.log"
    env = {**bare(), "RISORIUS_VAR_DIR": str(tmp_path / "var")}

    def page() -> str:
        try:
            address = f"http://127.0.0.1:{port}/account/login/"
            with urllib.request.urlopen(address, timeout=20) as answer:
                return answer.read().decode()
        except (urllib.error.URLError, ConnectionError):
            assert process.poll() is None, log.read_text()
            return ""

    with running([sys.executable, "-m", "clinic.start.dev", str(port)], env=env, log=log) as process:
        shown = until(page, 120, "the first page")
        assert 'id="djDebug"' in shown
        until(lambda: "celery" in log.read_text(), 120, "the worker")
        started = descendants(process.pid)
        assert len(started) >= 7, "server and its child, watchfiles and Celery twice"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
    assert [pid for pid in started if alive(pid)] == []
    assert not listens(port)
    said = log.read_text()
    assert "web    | " in said and "worker | " in said and "beat   | " in said
