"""Who uses the site meanwhile: somebody who sends photos, each one until it is taken, and somebody who reads pages."""

from __future__ import annotations

import hashlib
import io
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import requests
from PIL import Image

from tests.running import shipped
from tests.running.visitor import Visitor

from .site import Site, until

PHOTO = shipped.ROOT / "tests" / "people" / "t1-left-palsy-smile.jpg"
PATIENCE = 150.0
"""Seconds for which a photo that was not taken is sent again, as the upload page does."""
LATER = (0, 429, 500, 502, 503, 504)
"""Answers after which it is sent again; 0 is none."""
OPEN = "SELECT count(*) FROM inference_analysis WHERE status IN ('queued', 'running')"
KEPT = (
    "SELECT p.original_sha256, count(DISTINCT p.id), count(a.id), count(a.id) FILTER (WHERE a.status IN "
    "('succeeded', 'rejected')) FROM visits_photo p LEFT JOIN inference_analysis a ON a.photo_id = p.id GROUP BY 1"
)


def numbered(number: int) -> bytes:
    """The same face, in a file of its own for each number."""
    with Image.open(PHOTO) as image:
        image = image.convert("RGB").resize((480, 600))
    for bit in range(24):
        image.paste((255 * (number >> bit & 1),) * 3, (16 * bit, 0, 16 * bit + 16, 16))
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=88)
    return stream.getvalue()


@dataclass
class Person:
    """A clinician's session, to be used by several threads at once."""

    site: Site
    cookies: dict[str, str]
    headers: dict[str, str]
    verify: str
    patient: str
    episode: str
    taken: dict[str, float] = field(default_factory=dict)
    """By the hash of each photo that the site said it has: seconds from its first sending."""

    @classmethod
    def of(cls, site: Site, visitor: Visitor) -> Person:
        """With a patient of their own."""
        patient = visitor.made("patients", record_number="C-1", name="Budi Contoh", birth_date="1979-04-02")[
            "id"
        ]
        episode = visitor.made(
            "episodes", patient=patient, cause="bells_palsy", weak_side="left", onset_date="2026-01-12"
        )["id"]
        visitor.ask_red_flags(episode)
        visitor.made("consents", patient=patient, use="record", given_on="2026-01-14")
        cookies = {str(cookie.name): str(cookie.value) for cookie in visitor.cookies}
        return cls(site, cookies, visitor.csrf(), str(visitor.verify), patient, episode)

    def ask(self, method: str, path: str, **how: Any) -> requests.Response | None:
        """One request on a connection of its own; nothing where no answer came."""
        headers = {**self.headers, **how.pop("headers", {})}
        try:
            return requests.request(
                method, self.site.url + path, cookies=self.cookies, headers=headers, verify=self.verify,
                timeout=120, allow_redirects=False, **how,
            )  # fmt: skip
        except requests.RequestException:
            return None

    def made(self, path: str, **values: Any) -> dict[str, Any]:
        """What the API made of it."""
        answer = self.ask("POST", f"/api/v1/{path}/", json=values)
        assert answer is not None and answer.status_code == 201, answer and answer.text
        return dict(answer.json())

    def visit(self) -> str:
        return str(self.made("visits", patient=self.patient, episode=self.episode)["id"])

    def send(self, visit: str, content: bytes, *, patience: float = PATIENCE) -> tuple[int, Counter[int]]:
        """Send a photo until it is taken or refused; the last status, and how often each came."""
        start, answers = time.monotonic(), Counter[int]()
        kind = (
            ("photo.jpg", content, "image/jpeg")
            if content[:2] == b"\xff\xd8"
            else ("p.png", content, "image/png")
        )
        while True:
            answer = self.ask(
                "POST", f"/visits/{visit}/photos/", files={"photo": kind}, data={"exercise": "smile"},
                headers={"Accept": "application/json"},
            )  # fmt: skip
            status = answer.status_code if answer is not None else 0
            if (
                answer is not None
                and status == 422
                and answers
                and answer.json().get("code") == "same_in_visit"
            ):
                status = 201  # it was in, and the answer to it got lost
            answers[status] += 1
            if status == 201:
                self.taken[hashlib.sha256(content).hexdigest()] = time.monotonic() - start
            if status not in LATER or time.monotonic() - start > patience:
                return status, answers
            time.sleep(0.5)


class Load:
    """Use as a context manager: photos are sent and pages are read all the time that it lasts."""

    def __init__(self, person: Person, *, first: int, senders: int = 3, patience: float = PATIENCE) -> None:
        """first: the number of the first photo. patience: 0 takes every answer as it is."""
        self.person, self.patience, self.next = person, patience, first
        self.photos: Counter[int] = Counter()
        self.pages: Counter[int] = Counter()
        self.slowest = 0.0
        self.done, self.lock = threading.Event(), threading.Lock()
        self.threads = [threading.Thread(target=self._send, daemon=True) for _ in range(senders)]
        self.threads += [threading.Thread(target=self._read, daemon=True)]

    def __enter__(self) -> Load:
        self.visits = [self.person.visit() for _ in self.threads]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        for thread in self.threads:
            thread.join()

    def _send(self) -> None:
        while not self.done.is_set():
            with self.lock:
                number, self.next = self.next, self.next + 1
            visit = self.visits[number % len(self.visits)]
            status, _answers = self.person.send(visit, numbered(number), patience=self.patience)
            self.photos[status] += 1
            self.done.wait(0.3)

    def _read(self) -> None:
        paths = ("/patients/", "/", f"/patients/{self.person.patient}/", "/livez")
        while not self.done.is_set():
            for path in paths:
                start = time.monotonic()
                answer = self.person.ask("GET", path)
                self.slowest = max(self.slowest, time.monotonic() - start)
                self.pages[answer.status_code if answer is not None else 0] += 1
                self.done.wait(0.1)


def settled(site: Site, seconds: float = 240) -> float:
    """Seconds until no photo waits for its result."""
    return until(lambda: site.query(OPEN) == [["0"]], seconds, f"results\n{site.query(OPEN)}")


def losses(site: Site, person: Person) -> tuple[int, int, int]:
    """Of the photos that the site took: how many lack file, row or result; how many are there twice; and all."""
    kept = {sha: tuple(map(int, rest)) for sha, *rest in site.query(KEPT)}
    lost = sum(kept.get(sha, (0, 0, 0))[2] == 0 for sha in person.taken)
    doubled = sum(photos > 1 or analyses > 1 for photos, analyses, _results in kept.values())
    return lost, doubled, len(person.taken)
