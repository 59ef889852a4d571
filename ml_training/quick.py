"""From portraits to a registered release with one command, to see the whole way once.

    python -m ml_training.quick --portraits DIR [DIR ...] --face DIR [--weights FILE] [--name NAME]

Draws a few dozen simulated patients, takes their portraits as they are, trains the network for a short while, exports,
calibrates and evaluates it, and registers the release with this installation. It stays unused until somebody activates
it, which nobody should: so few pictures make a network that knows little, and its card says how little. A run that was
cut off goes on with the same command; what is done is not done again.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from clinic.start import serve
from inference.pipeline.release import ARTIFACTS_DIR
from ml_training import datasets, sources
from ml_training.datasets import DataMissing

ROOT: Final = Path(__file__).resolve().parent.parent
NOTE: Final = "A quick try of the training, learnt from very few pictures. Not for use."
FEWEST: Final = 30
"""People, under which validation or test may be left without healthy or weak ones."""


@dataclass(frozen=True)
class Program:
    """One program of the way. done: whether its result is there already; clear: takes away what was left half done."""

    name: str
    command: list[str]
    done: Callable[[], bool]
    clear: Callable[[], None] = lambda: None


def training_config(args: argparse.Namespace) -> Path:
    """The config of the short training, written into the folder of the try."""
    config = {
        "data": [str(args.out / "simulated"), str(args.out / "unmoved")],
        "out": str(args.out / "run"),
        "weights": str(args.weights) if args.weights else None,
        "epochs": args.epochs,
        "batch": 32,
        "rate": 1e-3,
        "untouched": 0.2,
        "checkpoint_steps": 20,
    }
    path = Path(args.out / "config.json")
    path.write_text(json.dumps(config, indent=1) + "\n")
    return path


def steps(args: argparse.Namespace) -> list[Program]:
    """The programs in their order."""
    simulated, unmoved, run = (args.out / name for name in ("simulated", "unmoved", "run"))
    release, folders = args.artifacts / args.name, [str(folder) for folder in args.portraits]
    card = release / "card.json"

    def exported() -> bool:
        return card.is_file() and bool(json.loads(card.read_text()))

    def clear() -> None:
        shutil.rmtree(release, ignore_errors=True)  # of an export that was cut off: it has no card yet

    def module(name: str, *rest: str) -> list[str]:
        return [sys.executable, "-m", f"ml_training.{name}", *rest]

    return [
        Program(
            "simulated patients",
            module(
                "simulate", "--portraits", *folders, "--face", str(args.face), "--out", str(simulated),
                "--limit", str(args.people), "--visits", "2", "--repeats", "0", "--portraits-per-shard", "4",
                "--workers", str(os.cpu_count() or 1),
            ),
            lambda: (simulated / "manifest.json").is_file(),
        ),
        Program(
            "portraits as they are",
            module("unmoved", "--portraits", *folders, "--by-gauge", "--each", "1", "--out", str(unmoved)),
            lambda: (unmoved / "manifest.json").is_file(),
        ),
        Program("training", module("train", str(args.out / "config.json")), lambda: (run / "model.keras").is_file()),
        Program(
            "export, calibration and evaluation",
            module(
                "export", str(run), "--steady", "--data", str(simulated), "--untouched", str(unmoved), "--name",
                args.name, "--note", NOTE, "--out", str(args.artifacts), "--most-changed", "1",
            ),
            exported,
            clear,
        ),
    ]  # fmt: skip


def check_people(folder: Path) -> None:
    """Raise DataMissing where the simulated patients are too few to calibrate and to test on."""
    held = datasets.load([folder], ("val", "test"))
    for split in ("val", "test"):
        part = held.of(split)
        if part.weak.all() or not part.weak.any():
            raise DataMissing(
                f"The {split} people in {folder} are all weak or all healthy: delete that folder and name more "
                "--people, or portraits of more people."
            )


def register(name: str, artifacts: Path) -> None:
    """Prepare this installation's database, if it isn't, and let the release in. SystemExit where that is refused."""

    def manage(*words: str, capture: bool = False) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "manage.py"), *words]
        env = os.environ | {"RISORIUS_MODELS_DIR": str(artifacts)}
        return subprocess.run(command, cwd=ROOT, env=env, check=False, capture_output=capture, text=True)

    if (
        not (var := Path(os.environ.get("RISORIUS_VAR_DIR", ROOT / "var")).absolute())
        .joinpath("secret_key")
        .exists()
    ):
        serve.prepare(var).close()  # as the first `make run` does
    prepared = manage("migrate", "--noinput", "--verbosity", "0").returncode
    if prepared == 0 and name in manage("model", "list", capture=True).stdout.split():
        print(f"{name} is registered already.")
    elif prepared or manage("model", "register", name).returncode:
        raise SystemExit("The release is made but not registered; the reason stands above.")


def run(args: argparse.Namespace) -> None:
    """Everything that isn't done yet, with the time that each step took."""
    sources.face_folder(args.face)
    for folder in args.portraits:
        sources.portrait_files(folder)
    if args.weights:
        sources.weights_file(args.weights)
    args.out.mkdir(parents=True, exist_ok=True)
    training_config(args)
    todo, started = steps(args), time.monotonic()
    for number, step in enumerate(todo, 1):
        title = f"{number} of {len(todo) + 1}: {step.name}"
        if step.done():
            print(f"{title}: there already.", flush=True)
            continue
        print(f"{title} ...", flush=True)
        step.clear()
        before = time.monotonic()
        code = subprocess.run(step.command, cwd=ROOT, check=False).returncode
        if code:
            raise SystemExit(
                f"{title} ended with {code}; its reason stands above. The same command goes on from here."
            )
        print(f"{title}: {time.monotonic() - before:.0f} s.", flush=True)
        if number == 1:
            check_people(args.out / "simulated")
    print(f"{len(todo) + 1} of {len(todo) + 1}: registering", flush=True)
    register(args.name, args.artifacts)
    print(f"Done in {(time.monotonic() - started) / 60:.1f} minutes.")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--portraits", type=Path, nargs="+", required=True, help="folders of frontal portraits (*.jpg)"
    )
    parser.add_argument("--face", type=Path, required=True, help="folder of the ICT face model")
    parser.add_argument(
        "--weights", type=Path, help="ImageNet weights of the trunk; without them it starts from random ones"
    )
    parser.add_argument("--people", type=int, default=60, help=f"to be simulated, {FEWEST} at least")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--name", default=f"{datetime.now(UTC):%Y.%m.%d}-try", help="of the release")
    parser.add_argument(
        "--out", type=Path, default=Path("ml_training/runs/quick"), help="where the work lies"
    )
    parser.add_argument(
        "--artifacts", type=Path, default=ARTIFACTS_DIR, help="where the product looks for releases"
    )
    args = parser.parse_args()
    if args.people < FEWEST:
        parser.error(f"--people must be {FEWEST} at least")
    for name in ("out", "face", "artifacts"):
        setattr(args, name, getattr(args, name).resolve())
    args.portraits = [folder.resolve() for folder in args.portraits]
    args.weights = args.weights.resolve() if args.weights else None
    run(args)


if __name__ == "__main__":
    sources.told(main)
