"""No process outlives the demo's supervisor, whichever way it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from clinic.start.supervisor import Died, Stopped, Supervisor

SLEEP = [sys.executable, "-c", "import time; time.sleep(120)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, 1); print('up', flush=True); time.sleep(120)",
]


def alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits to be collected doesn't."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def eventually(condition, seconds: float = 15) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def test_leaving_stops_every_child():
    with Supervisor() as supervisor:
        pids = [supervisor.start(name, SLEEP, env=os.environ).process.pid for name in ("one", "two")]
        assert all(alive(pid) for pid in pids)
    assert not any(alive(pid) for pid in pids)


def test_an_error_stops_every_child_too():
    with pytest.raises(ValueError, match="elsewhere"), Supervisor() as supervisor:
        pid = supervisor.start("one", SLEEP, env=os.environ).process.pid
        raise ValueError("elsewhere")
    assert not alive(pid)


def test_a_child_that_will_not_go_is_ended(tmp_path):
    log = tmp_path / "log"
    with Supervisor(grace=0.5) as supervisor:
        pid = supervisor.start("stubborn", STUBBORN, env=os.environ, log=log).process.pid
        assert supervisor.until(lambda: log.read_text().startswith("up"), timeout=10)
    assert not alive(pid)


def test_a_dead_childs_own_children_go_with_it(tmp_path):
    log = tmp_path / "log"
    parent = f"import os, subprocess; print(subprocess.Popen({SLEEP!r}).pid, flush=True); os._exit(3)"
    with pytest.raises(Died) as death, Supervisor() as supervisor:
        supervisor.start("parent", [sys.executable, "-c", parent], env=os.environ, log=log)
        supervisor.wait()
    assert str(death.value) == "parent stopped by itself (exit status 3)"
    assert eventually(lambda: not alive(int(log.read_text())))


def test_a_request_to_stop_is_heard_and_the_old_handler_comes_back():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Stopped), Supervisor() as supervisor:
        pid = supervisor.start("one", SLEEP, env=os.environ).process.pid
        os.kill(os.getpid(), signal.SIGTERM)
        supervisor.wait()
    assert not alive(pid)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_call_answers_with_its_status_and_notices_a_death_meanwhile():
    with pytest.raises(Died), Supervisor() as supervisor:
        assert supervisor.call("task", [sys.executable, "-c", "raise SystemExit(4)"], env=os.environ) == 4
        supervisor.start("short", [sys.executable, "-c", "pass"], env=os.environ)
        supervisor.call("task", SLEEP, env=os.environ)


def test_nothing_is_waited_for_longer_than_asked():
    with Supervisor() as supervisor:
        assert supervisor.until(lambda: False, timeout=0.2) is False


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_children_end_with_a_supervisor_that_is_ended(how):
    script = textwrap.dedent(f"""
        import os
        from clinic.start.supervisor import Stopped, Supervisor
        try:
            with Supervisor() as supervisor:
                print(supervisor.start("one", {SLEEP!r}, env=os.environ).process.pid, flush=True)
                supervisor.wait()
        except Stopped:
            pass
    """)
    supervisor = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout
    pid = int(supervisor.stdout.readline())
    assert alive(pid)
    supervisor.send_signal(how)
    assert supervisor.wait(timeout=30) == (-9 if how == signal.SIGKILL else 0)
    assert eventually(lambda: not alive(pid))
