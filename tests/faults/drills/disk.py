"""Drill 5: the disk is full while photos are stored, and processes die between file and row."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from clinic.visits import orphans
from clinic.visits.models import Photo
from tests.faults import records
from tests.faults.house import ROOT, House
from tests.faults.records import Outcome, Ward
from tests.faults.sizes import Size
from tests.faults.visitor import Visitor

ROOM = 1_500_000
# Dies for sure where it hurts most: both files are there, the row is not.
BETWEEN = """
import os, sys, django
django.setup()
from django.core.files.uploadedfile import SimpleUploadedFile
from clinic.accounts.models import User
from clinic.visits import services
from clinic.visits.models import Visit
from tests.faults import records
services._write_row = lambda user, photo: os.kill(os.getpid(), 9)
services.store_photo(user=User.objects.get(pk=sys.argv[1]), visit=Visit.objects.get(pk=sys.argv[2]),
                     upload=SimpleUploadedFile("photo.png", records.jpeg()), exercise="smile")
"""


def run(house: House, ward: Ward, size: Size) -> Outcome:
    """Over HTTP, on a file system of its own that is too small."""
    outcome = Outcome("5 disk")
    house.beat()
    house.worker(seconds=size.photo)
    photos = killed(house, ward, size, outcome)
    photos += full(house, ward, size, outcome)
    outcome.recovered(records.settle(photos, size.allowed))
    records.judge(outcome, photos)
    return outcome


def store() -> Path:
    """The folder of the photos."""
    from clinic.visits.models import photo_storage

    return Path(photo_storage().path(""))


def full(house: House, ward: Ward, size: Size, outcome: Outcome) -> list[uuid.UUID]:
    """Photos are sent until there is no room, and once more when there is."""
    with small_disk(store()) as (what, before, make_room):
        house.web("web-small", before=before)
        visitor = Visitor(ward.user, house.web_port)
        visit = ward.visit()
        stored: list[uuid.UUID] = []
        refused = 0
        for _ in range(60):
            content = records.jpeg(side=700, noise=True)
            answer = visitor.upload(visit.pk, content)
            if answer.status == 201:
                stored.append(uuid.UUID(answer.body["id"]))
                continue
            refused += 1
            told = answer.body.get("detail", "")
            outcome.demand(
                answer.status == 507 and answer.body.get("code") == "disk_full", f"told {answer.status}"
            )
            outcome.demand("not stored" in told and "are safe" in told, f"told “{told}”")
            if refused == 3:
                break
        outcome.demand(refused == 3, "the disk never was full")
        outcome.demand(visitor.page("visits:detail", visit.pk).status == 200, "the visit's page did not open")
        outcome.demand(Photo.objects.filter(visit=visit).count() == len(stored), "a row without an answer")
        outcome.demand(not list((store() / "incoming").glob("*")), "halves were left")
        outcome.demand(not orphans.unnamed(names=names()), "files without a row were left")
        make_room()
        again = visitor.upload(visit.pk, content)
        outcome.demand(again.status == 201, f"with room again told {again.status}")
        stored += [uuid.UUID(again.body["id"])] if again.status == 201 else []
        outcome.faults += refused
        outcome.notes.append(f"{what} took {len(stored) - 1} photos, then said so in words")
        next(one for one in house.processes if one.name == "web-small").stop()
    return stored


def names() -> list[str]:
    """All files under a final name."""
    return [path.relative_to(store()).as_posix() for path in store().glob("??/??/*.jpg")]


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[tuple[str, object, object]]:
    """A real file system with little room over that folder; where one may not mount, a limit to a file's size."""
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder.with_name("photos-of-before")
    mounted = folder.with_name("small")
    mounted.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(mounted)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        yield from limited()
        return
    filler = mounted / "filler"
    try:
        filler.write_bytes(b"\0" * (8 * 1024**2 - ROOM))
        # The photos stored before lie elsewhere; the folder's name now leads to the small disk.
        folder.rename(aside)
        folder.symlink_to(mounted, target_is_directory=True)
        yield "a full tmpfs", None, filler.unlink
    finally:
        if folder.is_symlink():
            folder.unlink()
            for path in mounted.glob("??/??/*.jpg"):
                target = aside / path.relative_to(mounted)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(path.read_bytes())
            aside.rename(folder)
        subprocess.run(["umount", str(mounted)], check=False)


def limited() -> Iterator[tuple[str, object, object]]:
    """Writes fail at a size that the third photo's file exceeds."""

    def before() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))

    yield "a limit to files", before, lambda: None


def killed(house: House, ward: Ward, size: Size, outcome: Outcome) -> list[uuid.UUID]:
    """The web process dies at random moments of uploads, which are then sent again; one dies on purpose."""
    visit = ward.visit()
    dead = subprocess.run(
        [sys.executable, "-c", BETWEEN, str(ward.user.pk), str(visit.pk)],
        cwd=ROOT,
        env=house.env,
        check=False,
    )
    outcome.demand(dead.returncode == -9, "the process between file and row did not die there")
    left = len(orphans.unnamed(names=names()))
    outcome.demand(left == 2, f"{left} files without a row, not 2")
    visitor = Visitor(ward.user, house.web_port)
    answered: list[uuid.UUID] = []
    for number in range(max(2, size.kills // 10)):
        web = house.web()
        content = records.jpeg(side=900, noise=True)
        killer = subprocess.Popen(["sh", "-c", f"sleep {random.uniform(0.02, 0.4):.3f}; kill -9 -{web.pid}"])
        answer = visitor.upload(visit.pk, content)
        killer.wait()
        web.kill()
        house.web()
        if answer.status != 201:
            # What the page says then: “The connection broke off. The photo is still here: try again.”
            answer = visitor.upload(visit.pk, content)
        in_already = answer.body.get("code") == "same_in_visit"
        outcome.demand(
            answer.status == 201 or in_already, f"kill {number}: told {answer.status} {answer.body}"
        )
        web.kill()
        outcome.faults += 1
    answered = list(Photo.objects.filter(visit=visit).values_list("pk", flat=True))
    outcome.demand(len(answered) == max(2, size.kills // 10), f"{len(answered)} photos of the killed uploads")
    sweep(outcome)
    outcome.faults += 1
    return answered


def sweep(outcome: Outcome) -> None:
    """An hour later nothing is left that no row names, and every row has its files."""
    young = orphans.sweep()
    outcome.demand(young.put_aside == 0, "the sweep took files of the last minutes")
    now = time.time()
    for name in names():
        os.utime(store() / name, (now - 7200, now - 7200))
    swept = orphans.sweep()
    outcome.demand(not swept.refused and swept.put_aside >= 2, f"the sweep: {swept}")
    outcome.demand(not orphans.unnamed(names=names()), "files without a row after the sweep")
    outcome.notes.append(f"{swept.put_aside} files without a row swept")
