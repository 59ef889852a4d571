"""What a newcomer reads when something is in the way: one sentence, and status 1."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from clinic.start import install, reset, serve

ROOT = Path(__file__).resolve().parents[2]
MAKE = shutil.which("make")
Usage = namedtuple("Usage", "total used free")


def start(*arguments: str, var: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "clinic.start.serve", *arguments],
        env={**os.environ, "RISORIUS_VAR_DIR": str(var)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def one_sentence(run: subprocess.CompletedProcess[str]) -> str:
    assert run.returncode == 1
    assert len(run.stderr.strip().splitlines()) == 1, run.stderr
    return run.stderr.strip()


def make(*arguments: str, path: Path) -> subprocess.CompletedProcess[str]:
    assert MAKE
    env = {"PATH": f"{path}:/usr/bin:/bin", "HOME": str(path)}
    return subprocess.run(
        [MAKE, "-C", str(ROOT), "--no-print-directory", *arguments],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_taken_port_is_said(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = one_sentence(start(str(port), var=tmp_path))
    assert said == f"Port {port} is taken by another program: use `make run PORT=9000`."


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", ""])
def test_a_port_that_is_none_is_said(tmp_path, port):
    assert "PORT must be a number from 1 to 65535" in one_sentence(start(port, var=tmp_path))


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    assert one_sentence(start(str(free_port()), var=tmp_path / "file" / "var")).startswith("Can't write in ")


def test_a_full_disk_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(serve.shutil, "disk_usage", lambda _folder: Usage(10**9, 10**9, 1000))
    monkeypatch.setenv("RISORIUS_VAR_DIR", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["serve", str(free_port())])
    assert serve.main() == 1
    assert capsys.readouterr().err.startswith("The disk is full: free some space in ")


def test_a_disk_that_fills_up_is_said(tmp_path):
    assert "The disk is full" in install.sentence(OSError(errno.ENOSPC, "No space left on device"), tmp_path)


def test_two_demos_in_one_folder_are_refused(tmp_path):
    with serve.prepare(tmp_path):
        assert "running already" in one_sentence(start(str(free_port()), var=tmp_path))


def test_a_demo_is_known_to_run_as_long_as_it_does(tmp_path):
    assert not serve.is_running(tmp_path)
    with serve.prepare(tmp_path):
        assert serve.is_running(tmp_path)
    assert not serve.is_running(tmp_path)


def test_the_secret_key_is_made_once_and_is_nobody_elses(tmp_path):
    serve.prepare(tmp_path).close()
    key = tmp_path / "secret_key"
    first = key.read_text()
    serve.prepare(tmp_path).close()
    assert len(first) > 60
    assert key.read_text() == first
    assert key.stat().st_mode & 0o777 == 0o600
    assert tmp_path.stat().st_mode & 0o777 in (0o700, 0o755)


def test_reset_forgets_the_records_and_keeps_the_key(tmp_path, monkeypatch, capsys):
    serve.prepare(tmp_path).close()
    (tmp_path / "risorius.sqlite3").write_text("records")
    (tmp_path / "photos" / "one").write_text("photo")
    monkeypatch.setenv("RISORIUS_VAR_DIR", str(tmp_path))
    assert reset.main() == 0
    assert not (tmp_path / "risorius.sqlite3").exists()
    assert not (tmp_path / "photos").exists()
    assert (tmp_path / "secret_key").exists()
    assert "empty" in capsys.readouterr().out


def test_reset_spares_a_demo_that_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RISORIUS_VAR_DIR", str(tmp_path))
    with serve.prepare(tmp_path):
        (tmp_path / "risorius.sqlite3").write_text("records")
        assert reset.main() == 1
    assert (tmp_path / "risorius.sqlite3").exists()
    assert "running already" in capsys.readouterr().err


def fake_python(folder: Path, body: str) -> None:
    for name in ("python", "python3", "python3.11", "python3.12", "python3.13"):
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)


def test_no_python_is_said(tmp_path):
    fake_python(tmp_path, "exit 127")
    said = make("run", f"VENV={tmp_path / 'venv'}", path=tmp_path).stderr
    assert said.startswith("Risorius needs Python 3.11 to 3.13 and found none: type sudo apt-get install")
    assert "Traceback" not in said


def test_a_python_named_by_hand_is_tried_first(tmp_path):
    fake_python(tmp_path, "exit 1")
    (tmp_path / "mine").write_text('#!/bin/sh\n[ "$1" = -c ] || echo "mine: $@"\nexit 0\n')
    (tmp_path / "mine").chmod(0o755)
    run = make("lint", f"VENV={tmp_path / 'venv'}", f"PYTHON={tmp_path / 'mine'}", path=tmp_path)
    assert f"mine: clinic/start/install.py {tmp_path / 'venv'} lint" in run.stdout


def test_a_python_named_by_hand_that_is_none_is_said(tmp_path):
    run = make("run", f"VENV={tmp_path / 'venv'}", "PYTHON=/no/such/python", path=tmp_path)
    assert run.stderr.startswith("PYTHON=/no/such/python is no Python 3.11 to 3.13.")
    assert run.stdout == ""


@pytest.mark.parametrize("version", [(3, 9), (3, 10), (3, 14)])
def test_another_python_is_said(monkeypatch, capsys, version):
    monkeypatch.setattr(sys, "argv", ["install", "venv", "run"])
    monkeypatch.setattr(install.sys, "version_info", version)
    assert install.main() == 1
    assert capsys.readouterr().err.startswith("Risorius needs Python 3.11 to 3.13; ")


def test_the_environment_is_left_alone_while_its_lock_is_the_same(tmp_path, monkeypatch):
    installed = []
    monkeypatch.setattr(install, "make_venv", lambda venv: venv.mkdir(exist_ok=True))
    monkeypatch.setattr(install, "install_lock", lambda _python, lock: installed.append(lock.name))
    monkeypatch.setattr(install, "ROOT", tmp_path)
    for lock, _size, _includes in install.LOCKS.values():
        (tmp_path / lock).parent.mkdir(exist_ok=True)
        (tmp_path / lock).write_text(lock)
    for purpose in ("test", "test", "run", "train", "lint", "dev"):
        install.install(tmp_path / "venv", purpose)
    assert len(installed) == 1, "the tests' environment holds the others"
    (tmp_path / "requirements.txt").write_text("another")
    install.install(tmp_path / "venv", "run")
    assert len(installed) == 2


def test_a_download_that_would_not_fit_is_said_before_it_starts(tmp_path, monkeypatch):
    monkeypatch.setattr(install.shutil, "disk_usage", lambda _folder: Usage(10**10, 10**10, 10**8))
    with pytest.raises(install.StartProblem, match=r"needs 1\.5 GB of free disk"):
        install.install(tmp_path / "venv", "run")


def test_a_missing_venv_module_is_said_with_its_package(tmp_path, monkeypatch):
    monkeypatch.setattr(install.importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(install.os, "geteuid", lambda: 1000)
    with pytest.raises(install.StartProblem, match=r"sudo apt-get install python3\.1[12]-venv"):
        install.make_venv(tmp_path / "venv")


def test_pips_own_reason_is_passed_on(tmp_path, monkeypatch):
    pip = tmp_path / "python"
    pip.write_text("#!/bin/sh\necho 'Collecting x'\necho 'ERROR: no such thing'\nexit 1\n")
    pip.chmod(0o755)
    lock = tmp_path / "lock.txt"
    lock.write_text("x==1\n")
    monkeypatch.setattr(install, "ROOT", tmp_path)
    with pytest.raises(install.StartProblem, match="ERROR: no such thing"):
        install.install_lock(pip, lock)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
