"""A clinic with a worker of its own, on the PostgreSQL and Redis that `tests.servers` started."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from clinic.demo import loader
from clinic.visits.models import Photo, Visit
from inference.jobs import publish
from inference.jobs.states import FINAL, OPEN, Status
from inference.models import Analysis
from tests import factories
from tests.inference.running import FLAGS, environment

from .bare import Spent, rate

MEGAPIXELS = (3000, 4000)
QUALITY = 90
PATIENCE = 120.0
_TICK = os.sysconf("SC_CLK_TCK")


class Worker:
    """A worker with so many processes; `cpu` is what all of them have taken."""

    def __init__(self, children: int) -> None:
        log = settings.VAR_DIR / "worker.log"
        env = environment(RISORIUS_MODELS_DIR=str(settings.MODEL_ARTIFACTS_DIR))
        # As in production: the connection is kept from photo to photo.
        env["RISORIUS_DATABASE_URL"] += "?conn_max_age=60"
        command = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "clinic.config",
            "worker",
            "-c",
            str(children),
            *FLAGS,
        ]
        with log.open("w") as out:
            self.process = subprocess.Popen(command, env=env, stdout=out, stderr=subprocess.STDOUT)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)

    @property
    def cpu(self) -> float:
        """Seconds, of the main process and its children."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return sum(map(_cpu, [str(self.process.pid), *children]))

    def check(self) -> None:
        if self.process.poll() is not None:
            last = (settings.VAR_DIR / "worker.log").read_text().splitlines()[-8:]
            raise SystemExit("\n".join(["The worker ended:", *last]))


def _cpu(pid: str) -> float:
    try:
        spent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(spent[11]) + int(spent[12])) / _TICK


class Uploader:
    """A clinician of a clinic of their own, who uploads as the visit's page does."""

    def __init__(self) -> None:
        visit = factories.VisitFactory()
        self.episode, self.user = visit.episode, factories.member(visit.patient.clinic)
        self.client = Client(headers={"accept": "application/json"})
        self.client.force_login(self.user)
        self.stored = 0

    def store(self, photo: bytes) -> Photo:
        """Upload it; a visit has six."""
        if self.stored % 6 == 0:
            self.visit = factories.VisitFactory(episode=self.episode, clinician=self.user)
        self.stored += 1
        file = SimpleUploadedFile("photo.jpg", photo, "image/jpeg")
        answer = self.client.post(
            reverse("visits:upload", args=[self.visit.pk]), {"photo": file, "exercise": "smile"}
        )
        if answer.status_code != 201:
            raise SystemExit(f"An upload was answered {answer.status_code}: {answer.content[:200]!r}")
        return Photo.objects.get(pk=answer.json()["id"])

    def result_of(self, photo: bytes, worker: Worker) -> float:
        """Seconds until the photo's result was stored."""
        begun = time.perf_counter()
        result = Analysis.objects.filter(photo=self.store(photo), status__in=FINAL)
        while not result.exists():
            worker.check()
            if time.perf_counter() - begun > PATIENCE:
                raise SystemExit(f"No result within {PATIENCE:.0f} s.")
            time.sleep(0.005)
        return time.perf_counter() - begun

    def send(self, like: Sequence[Photo], count: int) -> None:
        """An import: so many photos more, a dozen a visit, that lie in the same files as these."""
        visits = [
            Visit(episode=self.episode, patient=self.episode.patient, clinician=self.user)
            for _ in range(count // 12 + 1)
        ]
        Visit.objects.bulk_create(visits)
        photos = [
            Photo(
                visit=visits[number // 12], uploaded_by=self.user, exercise="smile", taken_at=old.taken_at,
                image=old.image.name, thumbnail=old.thumbnail.name, width=old.width, height=old.height,
                size=old.size, sha256=old.sha256, original_sha256=uuid.uuid4().hex * 2,
            )
            for number, old in enumerate(like[n % len(like)] for n in range(count))
        ]  # fmt: skip
        Photo.objects.bulk_create(photos)
        queue(photos)


def queue(photos: Sequence[Photo]) -> list[Analysis]:
    """Have these photos analysed, be it once more."""
    release = (settings.MODEL_ARTIFACTS_DIR / "ACTIVE").read_text().strip()
    rows = Analysis.objects.bulk_create([Analysis(photo=photo, release=release) for photo in photos])
    for row in rows:
        publish.analysis_now(analysis_id=row.pk)
    return rows


def of(photos: Sequence[Photo]) -> list[Analysis]:
    """The analyses that these photos have."""
    return list(Analysis.objects.filter(photo__in=photos))


def drained(rows: Sequence[Analysis], worker: Worker) -> Spent:
    """Wait until they are all judged; how many a second, and the worker's seconds of processor for each."""
    theirs = Analysis.objects.filter(pk__in=[row.pk for row in rows])
    before, moved, last = worker.cpu, time.monotonic(), -1
    while left := theirs.filter(status__in=OPEN).count():
        worker.check()
        if left != last:
            moved, last = time.monotonic(), left
        if time.monotonic() - moved > PATIENCE:
            raise SystemExit(f"The worker has not moved for {PATIENCE:.0f} s.")
        time.sleep(0.3)  # asking costs the machine that is being measured
    if failed := theirs.filter(status=Status.FAILED).first():
        raise SystemExit(f"A photo failed ({failed.error_code}): these would be figures of failures.")
    ends = [at.timestamp() for at in theirs.values_list("finished_at", flat=True) if at]
    return Spent(rate(ends), (worker.cpu - before) / len(rows))


def pictures(size: tuple[int, int] | None, count: int, skip: int = 0) -> Iterator[bytes]:
    """The demo's photos, encoded anew so that none is a repeated upload; large ones on request."""
    names = sorted(loader.PHOTOS.glob("*.jpg"))
    for number in range(count):
        with Image.open(names[(number * 7 + skip) % len(names)]) as image:
            picture: Any = image.resize(size, Image.Resampling.BICUBIC) if size else image
            out = io.BytesIO()
            picture.save(out, "JPEG", quality=QUALITY, comment=f"{number} {skip}".encode())
        yield out.getvalue()
