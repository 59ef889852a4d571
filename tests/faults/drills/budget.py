"""Drill 8: photos that ask for everything, eight at once. The web process stays small, answers, and is never lost."""

from __future__ import annotations

import os
import sys
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests
from PIL import Image

from tests.faults import records
from tests.faults.house import House, until
from tests.faults.records import Outcome, Ward
from tests.faults.sizes import Size
from tests.faults.visitor import Answer, Visitor
from tests.visits import costly
from tests.visits.pictures import encoded

AT_ONCE = 8
MEMORY = 400 * 1024**2
"""Private bytes that the web process may have."""
PATIENCE = 600.0
"""Seconds in which all of one kind are stored or refused for good."""
MEGABYTE = 1024 * 1024


def run(house: House, ward: Ward, size: Size) -> Outcome:
    """Each kind of file eight times at once, by the page's way, sent again where the answer says so."""
    outcome = Outcome("8 budget")
    house.beat()
    house.worker(seconds=size.photo)
    web = house.web()
    (pid,) = until(web.children, 30, "gunicorn's process")
    photos: list[uuid.UUID] = []
    visitor = Visitor(ward.user, house.web_port)
    visitor.page("today")
    with Watch(house.web_port, pid) as watch:
        time.sleep(5)
        peace = f"in peace {watch.memory / MEGABYTE:.0f} MB, {watch.slowest:.2f} s"
        for name, (make, stored) in (FULL if size.photos >= 100 else SHORT).items():
            photos += flood(visitor, ward, name, make(), stored, outcome, watch)
    outcome.demand(watch.memory < MEMORY, f"the web process had {watch.memory / MEGABYTE:.0f} MB")
    outcome.demand(watch.slowest < size.live, f"/livez answered after {watch.slowest:.2f} s")
    outcome.demand(web.children() == [pid], "the web process was lost")
    outcome.notes.append(
        f"web process {watch.memory / MEGABYTE:.0f} MB at most, /livez {watch.slowest:.2f} s of {watch.asked}; {peace}"
    )
    outcome.recovered(records.settle(photos, size.allowed))
    records.judge(outcome, photos)
    return outcome


# A file, and whether it is a photo that is stored in the end.
SHORT: dict[str, tuple[Callable[[], bytes], bool]] = {
    "900 scans": (lambda: costly.many_scans(900), False),
    "a transparent PNG of 50 megapixels": (lambda: costly.wide_png(8_000, 6_250), False),
    "fill bytes": (lambda: costly.fill_bytes(20 * MEGABYTE), False),
    "20 megapixels": (lambda: costly.photo(5_200, 3_900), True),
}
FULL = SHORT | {
    "700,000 scans": (lambda: costly.many_scans(700_000), False),
    "a PNG of 64 megapixels": (lambda: costly.wide_png(8_000, 8_000, colour=2), True),
    "48 megapixels": (lambda: costly.photo(8_064, 6_048), True),
    "64 megapixels": (lambda: costly.photo(9_248, 6_936), True),
    "64 megapixels, progressive": (lambda: costly.photo(9_248, 6_936, progressive=True, subsampling=0), True),
    "a HEIC of 12 megapixels": (
        lambda: encoded("HEIF", Image.new("RGB", (4_032, 3_024), (190, 150, 120)), quality=20),
        True,
    ),
    "a photo with a film of 24 MB": (lambda: costly.photo(4_000, 3_000) + os.urandom(22 * MEGABYTE), True),
}


class Watch:
    """Asks whether the process lives and what it has, all the while. Use as a context manager."""

    def __init__(self, port: int, pid: int) -> None:
        self.url, self.pid = f"http://127.0.0.1:{port}/livez", pid
        self.slowest, self.memory, self.asked = 0.0, 0, 0
        self._done, self._threads = (
            threading.Event(),
            [
                threading.Thread(target=self._ask, daemon=True),
                threading.Thread(target=self._weigh, daemon=True),
            ],
        )

    def __enter__(self) -> Watch:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join(70)

    def _ask(self) -> None:
        while not self._done.wait(0.2):
            start = time.monotonic()
            try:
                lives = requests.get(self.url, timeout=60).status_code == 200
            except requests.RequestException:
                lives = False
            self.slowest = max(self.slowest, time.monotonic() - start if lives else 60.0)
            self.asked += 1

    def _weigh(self) -> None:
        while not self._done.wait(0.1):
            self.memory = max(self.memory, private_bytes(self.pid))


def private_bytes(pid: int) -> int:
    """What belongs to that process alone; 0 once it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_"))


def flood(
    visitor: Visitor, ward: Ward, name: str, content: bytes, stored: bool, outcome: Outcome, watch: Watch
) -> list[uuid.UUID]:
    """Send it eight times at once, each as a file of its own; what was stored of it."""
    start = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        told = list(pool.map(lambda _: insist(visitor, ward, content, outcome), range(AT_ONCE)))
    statuses = sorted({answer.status for answer in told})
    outcome.faults += AT_ONCE
    outcome.demand(statuses == [201 if stored else 422], f"{name}: answered {statuses}")
    told_of = (
        f"{name} ({len(content) / MEGABYTE:.1f} MB): {statuses} in {time.monotonic() - start:.0f} s, "
        f"then {watch.memory / MEGABYTE:.0f} MB and {watch.slowest:.2f} s"
    )
    outcome.notes.append(told_of)
    sys.stderr.write(f"{told_of}\n")
    return [uuid.UUID(answer.body["id"]) for answer in told if answer.status == 201]


def insist(visitor: Visitor, ward: Ward, content: bytes, outcome: Outcome) -> Answer:
    """Upload until it is answered for good, as the page's script does."""
    visit, mine = ward.visit(), content + os.urandom(16)
    end = time.monotonic() + PATIENCE
    while True:
        answer = visitor.upload(visit.pk, mine)
        if answer.status != 503 or time.monotonic() > end:
            return answer
        outcome.demand(answer.body.get("code") == "busy", f"told {answer.body}")
        time.sleep(1)
