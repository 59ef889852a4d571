"""Make the virtual environment and keep it equal to a lock. Needs nothing but Python's own library.

Usage: python install.py VENV run|lint|dev|train|test
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Each environment: its lock, the gigabytes that it takes, and the environments that it includes.
LOCKS: dict[str, tuple[str, float, tuple[str, ...]]] = {
    "run": ("requirements.txt", 1.5, ()),
    "lint": ("tests/lint-requirements.txt", 0.7, ()),
    "dev": ("tests/dev-requirements.txt", 1.5, ("run",)),
    "train": ("ml_training/requirements.txt", 4.0, ("run",)),
    "test": ("tests/requirements.txt", 4.5, ("run", "lint", "dev", "train")),
}
SUPPORTED = ((3, 11), (3, 12), (3, 13))
FULL_DISK = "The disk is full: free some space in {}, then run the same command again."


class StartProblem(Exception):
    """Something only the person at the keyboard can settle, in one sentence."""


def main() -> int:
    """Install what the arguments ask for; 1 and one sentence when that can't be done."""
    venv, purpose = Path(sys.argv[1]).absolute(), sys.argv[2]
    try:
        check_python()
        install(venv, purpose)
    except StartProblem as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as error:
        print(sentence(error, venv.parent), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return 130
    return 0


def sentence(error: OSError, folder: Path) -> str:
    """An error of the file system, said so that a newcomer knows what to do."""
    if error.errno == 28:
        return FULL_DISK.format(folder)
    return f"Can't write in {error.filename or folder}: {error.strerror}. Use a folder that you own."


def check_python() -> None:
    """Refuse a Python that the locked packages have no wheels for."""
    if sys.version_info[:2] not in SUPPORTED:
        raise StartProblem(
            f"Risorius needs Python 3.11 to 3.13; {sys.executable} is {sys.version.split()[0]}. "
            "Name another with `make run PYTHON=/path/to/python3.12`."
        )


def install(venv: Path, purpose: str) -> None:
    """Bring the environment to the lock, unless its stamp says that it is there."""
    lock, gigabytes, includes = LOCKS[purpose]
    digest = hashlib.sha256((ROOT / lock).read_bytes()).hexdigest()
    stamp = venv / f".{purpose}-{digest[:16]}"
    if stamp.is_file():
        return
    python = venv / "bin" / "python"
    fresh = not python.exists() or subprocess.run([python, "-c", ""], capture_output=True).returncode != 0
    if fresh:
        check_room(venv.parent, gigabytes)
        make_venv(venv)
    install_lock(python, ROOT / lock)
    for name in (purpose, *includes):
        for old in venv.glob(f".{name}-*"):
            old.unlink()
        (venv / f".{name}-{hashlib.sha256((ROOT / LOCKS[name][0]).read_bytes()).hexdigest()[:16]}").touch()


def check_room(folder: Path, gigabytes: float) -> None:
    """Say that the disk is too full before a download, not after it."""
    free = shutil.disk_usage(folder).free / 1e9
    if free < gigabytes:
        raise StartProblem(
            f"This needs {gigabytes:.1f} GB of free disk in {folder}, and there are {free:.1f} GB."
        )


def make_venv(venv: Path) -> None:
    """A virtual environment with pip; Debian ships the part that makes one as a package of its own."""
    if importlib.util.find_spec("ensurepip") is None:
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        if not apt_install([package]):
            raise StartProblem(
                f"Python can't make virtual environments here. Type: sudo apt-get install {package}"
            )
    print(f"Making {venv} with Python {sys.version.split()[0]}", flush=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(venv)], capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        lines = (made.stderr or made.stdout).strip().splitlines() or ["no reason given"]
        raise StartProblem(f"Can't make {venv}: {lines[-1]}")


def apt_install(packages: list[str]) -> bool:
    """Install Debian packages where that needs no question: as root, with apt. Otherwise False."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    print("Installing from the distribution: " + " ".join(packages), flush=True)
    env, nothing = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, subprocess.DEVNULL
    subprocess.run(["apt-get", "update", "-qq"], check=False, stdin=nothing, stdout=nothing, env=env)
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    done = subprocess.run(command, check=False, stdin=nothing, stdout=nothing, env=env)
    return done.returncode == 0


def install_lock(python: Path, lock: Path) -> None:
    """Install the locked packages, counting them on one line."""
    total = sum(
        1 for line in lock.read_text().splitlines() if "==" in line and not line.startswith((" ", "#"))
    )
    print(f"Installing {total} packages from {lock.relative_to(ROOT)} (once)", flush=True)
    # An environment that another tool made may have no pip yet.
    if subprocess.run([str(python), "-c", "import pip"], capture_output=True, check=False).returncode:
        subprocess.run([str(python), "-m", "ensurepip"], stdout=subprocess.DEVNULL, check=False)
    command = [
        str(python),
        "-m",
        "pip",
        "install",
        "--no-deps",
        "--require-hashes",
        "--disable-pip-version-check",
        # Byte code is made of what is imported, when it is; that of all packages takes half of the time.
        "--no-compile",
    ]
    pip = subprocess.Popen(
        [*command, "--progress-bar", "off", "-r", str(lock)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PIP_ROOT_USER_ACTION": "ignore"},
    )
    lines: list[str] = []
    counted = 0
    assert pip.stdout
    for line in pip.stdout:
        lines.append(line.rstrip())
        if line.startswith(("Collecting ", "Requirement already satisfied")):
            counted += 1
            show(f"  {counted}/{total} fetched")
        elif line.startswith("Installing collected"):
            show(f"  {total}/{total} fetched, unpacking")
    show("")
    if pip.wait() == 0:
        return
    if any("No space left" in line for line in lines):
        raise StartProblem(FULL_DISK.format(python.parents[1]))
    reasons = [line for line in lines if line.startswith("ERROR")] or lines[-3:]
    raise StartProblem(
        "The packages could not be installed. Is there a network? pip says:\n" + "\n".join(reasons)
    )


def show(text: str) -> None:
    """Overwrite the line on a terminal; stay silent in a log."""
    if sys.stdout.isatty():
        print("\r\033[K" + text, end="", flush=True)


if __name__ == "__main__":
    sys.exit(main())
