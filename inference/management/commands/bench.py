"""Measures the way from upload to result beside the bare pipeline, in an installation of its own that it removes."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic.start.serve import environment
from clinic.start.supervisor import Died, Stopped, Supervisor
from inference import benchmark
from inference.benchmark import Latency
from inference.pipeline.errors import PipelineError
from inference.pipeline.release import verify_release

if TYPE_CHECKING:
    from clinic.visits.models import Photo

MEGAPIXELS = (3000, 4000)
QUALITY = 90
POLL = 0.005
PATIENCE = 120.0
KERAS_PHOTOS = 30


class Command(BaseCommand):
    help = (
        "Measure upload to result, and the worker's photos per second beside the bare pipeline's, with the "
        "demo's settings, photos and a worker of its own. Nothing of it stays, and no database of yours is touched."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--count", type=int, default=40, help="photos for upload to result (40)")
        parser.add_argument("--large", type=int, default=12, help="the same with 12 megapixels (12)")
        parser.add_argument("--children", type=int, default=2, help="processes of the worker (2)")
        parser.add_argument("--inside", action="store_true", help="for its own use")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            release = verify_release(settings.MODEL_ARTIFACTS_DIR)
        except PipelineError as error:
            raise CommandError(f"Nothing to measure: {error} (make doctor says more.)") from error
        if options["inside"]:
            self._measure(release.name, options)
            return
        folder = Path(tempfile.mkdtemp(prefix="risorius-bench-"))
        try:
            self._in_a_house_of_its_own(folder, options)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _in_a_house_of_its_own(self, folder: Path, options: dict[str, Any]) -> None:
        env = environment(folder) | {
            "RISORIUS_SECRET_KEY": "only-for-a-measurement-0123456789-0123456789-0123456789",
            "RISORIUS_ALLOWED_HOSTS": "testserver",
            "RISORIUS_MODELS_DIR": str(settings.MODEL_ARTIFACTS_DIR),
            # LiteRT's native code talks to stderr.
            "TF_CPP_MIN_LOG_LEVEL": "2",
        }
        (folder / "static").mkdir()  # WhiteNoise would complain
        manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
        numbers = [f"--{name}={options[name]}" for name in ("count", "large", "children")]
        try:
            with Supervisor() as supervisor:
                migrate = [*manage, "migrate", "--skip-checks", "--verbosity", "0"]
                if supervisor.call("migrate", migrate, env=env) or supervisor.call(
                    "bench", [*manage, "bench", "--inside", *numbers], env=env
                ):
                    raise CommandError("The measurement stopped; the reason stands above.")
        except Stopped:
            raise CommandError("Stopped; nothing was left behind.") from None

    def _measure(self, release: str, options: dict[str, Any]) -> None:
        children = options["children"]
        self.stdout.write(
            f"Release {release}, {os.cpu_count()} cores, worker with {children} "
            f"process{'es' if children > 1 else ''}, SQLite and a broker of files"
        )
        try:
            small = list(_load_demo())
            upload = _Upload()
            with Supervisor() as supervisor:
                _start_worker(supervisor, children)
                rates = {"the demo's photos, 480 x 600": (_drain(supervisor, small), small)}
                self._latency(supervisor, upload, options)
            large = [upload.store(photo) for photo in _photos(MEGAPIXELS, 3 * options["large"], skip=1)]
            with Supervisor() as supervisor:
                _start_worker(supervisor, children)
                if large:
                    rates["12-megapixel JPEGs"] = (_drain(supervisor, large), large)
        except Died as death:
            last = death.child.log.read_text().splitlines()[-5:] if death.child.log else []
            raise CommandError("\n".join([f"{death}.", *last])) from None
        self._sealing([Path(photo.image.path).read_bytes() for photo in large or small])
        for name, (worker, photos) in rates.items():
            self._rates(name, worker, [Path(photo.image.path) for photo in photos], children)

    def _rates(self, name: str, worker: float, files: list[Path], children: int) -> None:
        bare = benchmark.bare_rate(files, processes=children, models=settings.MODEL_ARTIFACTS_DIR)
        self.stdout.write(f"Photos a second, {len(files)} of them waiting: {name}")
        self._line(
            "worker",
            f"{worker:6.1f}",
            f"{worker / bare:.2f} of the bare pipeline (aim: 0.85)" if bare else "too few photos",
        )
        self._line("bare pipeline", f"{bare:6.1f}", f"{children} x 1 thread, no queue, no database")
        self._keras(files[:KERAS_PHOTOS])

    def _latency(self, supervisor: Supervisor, upload: _Upload, options: dict[str, Any]) -> None:
        self.stdout.write("Upload to result, one photo at a time: from the request to the stored result")
        for size, count in ((None, options["count"]), (MEGAPIXELS, options["large"])):
            if count < 1:
                continue
            seen = Latency(tuple(upload.result_of(photo, supervisor) for photo in _photos(size, count)))
            name = "12-megapixel JPEG" if size else "demo's photos, 480 x 600"
            self._line(
                name, f"{seen.median:6.2f} s median", f"{seen.p95:.2f} s 95th percentile, {count} photos"
            )

    def _sealing(self, photos: list[bytes]) -> None:
        """What encryption at rest costs: the same photos written and read plain, and under a key."""
        self.stdout.write(
            f"Photos at rest, {len(photos)} of {sum(map(len, photos)) // len(photos) // 1000} kB"
        )
        for what, (before, after) in _at_rest(photos).items():
            each = 1000 / len(photos)
            self._line(
                f"{what}, encrypted",
                f"{after * each:6.2f} ms",
                f"{after / before:.2f} times the plain file's {before * each:.2f} ms",
            )

    def _keras(self, files: list[Path]) -> None:
        """In a process of its own, since TensorFlow belongs to training alone."""
        command = [sys.executable, "-m", "ml_training.speed", *map(str, files)]
        ended = subprocess.run(
            command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False, timeout=600
        )
        if ended.returncode == 0:
            said = json.loads(ended.stdout.splitlines()[-1])
            self._line("with Keras' predict", f"{said['photos_per_second']:6.1f}", said["what"])
        elif "No module named" in ended.stderr:
            self._line("with Keras' predict", "     –", "TensorFlow is not installed: make train-setup")
        else:
            self._line("with Keras' predict", "     –", ended.stderr.strip().splitlines()[-1])

    def _line(self, name: str, value: str, note: str) -> None:
        self.stdout.write(f"  {name:<26} {value:<16} {note}")
        self.stdout.flush()


def _load_demo() -> Iterator[Photo]:
    """Store and queue the demo's photos."""
    from clinic.demo import loader
    from clinic.visits.models import Photo

    loader.load()
    yield from Photo.objects.all()


def _at_rest(photos: list[bytes]) -> dict[str, tuple[float, float]]:
    """Seconds for writing and for reading these photos, as plain files and under a key; the fastest of three rounds."""
    from clinic.accounts.models import Clinic
    from clinic.demo import people
    from clinic.visits import files, keyring, rekeying

    clinic = Clinic.objects.get(pk=people.CLINIC_ID)
    found: dict[str, list[float]] = {"write": [], "read": []}
    for folder in ("", str(settings.VAR_DIR / "bench-keys")):
        settings.KEYS_DIR, settings.MASTER_KEY = folder, keyring.new_master()
        if folder:
            rekeying.create(clinic=clinic)
        rounds: dict[str, list[float]] = {"write": [], "read": []}
        for _ in range(3):
            start = time.perf_counter()
            names = [files.write(photo, clinic=clinic) for photo in photos]
            rounds["write"].append(time.perf_counter() - start)
            start = time.perf_counter()
            for name in names:
                files.read_named(name, clinic_id=clinic.pk)
            rounds["read"].append(time.perf_counter() - start)
            files.remove(*names)
        for what, seconds in rounds.items():
            found[what].append(min(seconds))
    settings.KEYS_DIR = ""
    return {what: (plain, sealed) for what, (plain, sealed) in found.items()}


def _start_worker(supervisor: Supervisor, children: int) -> None:
    supervisor.start(
        "worker",
        [
            *(sys.executable, "-m", "celery", "-A", "clinic.config", "worker", "-c", str(children)),
            *("--loglevel", "INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"),
        ],
        env=os.environ,
        log=settings.VAR_DIR / "worker.log",
    )


def _drain(supervisor: Supervisor, photos: list[Photo]) -> float:
    """Wait until the worker has emptied the queue; its results a second."""
    from inference.models import Analysis
    from inference.states import FINAL, Status

    theirs = Analysis.objects.filter(photo__in=photos)
    waiting = theirs.exclude(status__in=FINAL)
    moved, before = time.monotonic(), -1
    while (left := waiting.count()) and time.monotonic() - moved < PATIENCE:
        supervisor.check()
        if left != before:
            moved, before = time.monotonic(), left
        time.sleep(0.5)  # asking costs the machine that is being measured
    if left:
        raise CommandError(f"The worker has not moved for {PATIENCE:.0f} s.")
    if failed := theirs.filter(status=Status.FAILED).first():
        raise CommandError(f"A photo failed ({failed.error_code}): the measurement would be of failures.")
    return benchmark.rate([at.timestamp() for at in theirs.values_list("finished_at", flat=True)])


def _photos(size: tuple[int, int] | None, count: int, skip: int = 0) -> Iterator[bytes]:
    """The demo's photos, encoded anew so that none is a repeated upload; large ones on request."""
    from PIL import Image

    from clinic.demo import loader

    names = sorted(loader.PHOTOS.glob("*.jpg"))
    for number in range(count):
        with Image.open(names[(number * 7 + skip) % len(names)]) as image:
            picture = image.resize(size, Image.Resampling.BICUBIC) if size else image
            out = io.BytesIO()
            picture.save(out, "JPEG", quality=QUALITY, comment=f"{number} {skip}".encode())
        yield out.getvalue()


class _Upload:
    """Uploads as the visit's page does, through all of the web stack but the socket."""

    def __init__(self) -> None:
        from django.test import Client
        from django.utils import timezone

        from clinic.accounts.models import Clinic, User
        from clinic.demo import people
        from clinic.patients import services as patients
        from clinic.visits import services as visits

        user = User.objects.get(email=people.LOGINS[0].email)
        clinic = Clinic.objects.get(pk=people.CLINIC_ID)
        patient = patients.create_patient(user=user, clinic=clinic, record_number="BENCH", name="Bench")
        patients.open_episode(
            user=user, patient=patient, cause="other", weak_side="left", onset_date=timezone.localdate()
        )
        self.new_visit = lambda: visits.create_visit(user=user, patient=patient)
        self.client = Client(headers={"accept": "application/json"})
        self.client.force_login(user)
        self.uploaded = 0

    def store(self, photo: bytes) -> Photo:
        """Upload the photo; a visit has six."""
        from django.core.files.uploadedfile import SimpleUploadedFile
        from django.urls import reverse

        from clinic.visits.models import Photo

        if self.uploaded % 6 == 0:
            self.visit = self.new_visit()
        self.uploaded += 1
        file = SimpleUploadedFile("photo.jpg", photo, "image/jpeg")
        answer = self.client.post(
            reverse("visits:upload", args=[self.visit.pk]), {"photo": file, "exercise": "smile"}
        )
        if answer.status_code != 201:
            raise CommandError(f"An upload was answered {answer.status_code}: {answer.content[:200]!r}")
        return Photo.objects.get(pk=answer.json()["id"])

    def result_of(self, photo: bytes, supervisor: Supervisor) -> float:
        """Seconds until the photo's result was stored."""
        from inference.models import Analysis
        from inference.states import FINAL

        started = time.perf_counter()
        result = Analysis.objects.filter(photo=self.store(photo), status__in=FINAL)
        while not result.exists():
            supervisor.check()
            if time.perf_counter() - started > PATIENCE:
                raise CommandError(f"No result within {PATIENCE:.0f} s.")
            time.sleep(POLL)
        return time.perf_counter() - started
