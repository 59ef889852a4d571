"""What the permission matrix is written with: rows, and the answers that many of them share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace as Records
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from clinic.visits.reviewing import visit_review

from .. import factories

#          anonymous inactive nobody stranger clinician administrator reviewer integration staff
AWAY = "login login 302 302 302 302 302 302 302"
NOT_MINE = "login login 404 404 404 404 404 404 404"
TO_LOGIN = "login login login login login login login login login"
PUBLIC = "ok ok ok ok ok ok ok ok ok"
SELF = "login login ok ok ok ok ok ok ok"
PAGE = "login login 403 404 ok ok ok 403 403"
# Of a visit that one clinician reads blind.
READER = "login login 403 404 ok 404 404 403 403"
WRITE = "login login 403 404 ok ok 403 403 403"
PLACE = "login login 403 ok ok ok ok 403 403"
PLACE_WRITE = "login login 403 ok ok ok 403 403 403"
KEEP = "login login 404 ok 403 ok 403 404 404"
KEEP_ONE = "login login 404 404 403 ok 403 404 404"
API_PLACE = "login login ok ok ok ok ok ok ok"
API = "login login 404 404 ok ok ok ok 404"
API_WRITE = "login login 404 404 ok ok 403 ok 404"
# Of a record that a person wrote: another system can't change it.
API_OWN = "login login 404 404 ok ok 403 403 404"
API_CONFIRM = "login login 404 404 ok ok 403 403 404"
DECIDE = "login login 403 404 403 ok 403 403 403"
HEAD = "login login 403 ok 403 ok 403 403 403"
# A restricted record is closed to everybody, and its own clinic is told so.
CLOSED = "login login 403 404 403 403 403 403 403"
UNSEEN = "login login 403 404 404 404 404 403 403"
API_CLOSED = "login login 404 404 403 403 403 403 404"
NOT_THERE = "404 404 404 404 404 404 404 404 404"


@dataclass(frozen=True)
class Row:
    name: str
    method: str
    answers: str
    on: str = ""
    body: Callable[[Records], dict[str, Any]] = field(default=lambda r: {})
    status: int | None = None
    sees: str | None = None
    args: dict[str, str] = field(default_factory=dict)
    query: str = ""
    json: bool = False
    reads: bool | None = None
    writes: bool = True
    by_role: bool = False
    """Whether a role is turned away before the address is looked up at all."""
    by_scope: bool = False
    """Whether an integration's token is, for want of a scope."""

    def __str__(self) -> str:
        return f"{self.method} {self.name}" + (f" {self.query}" if self.query else "")

    @property
    def expected(self) -> list[str]:
        return self.answers.split()

    @property
    def is_api(self) -> bool:
        return self.name.startswith("api:")

    @property
    def success(self) -> int:
        return self.status or (302 if self.method == "POST" and not self.is_api else 200)


def get(name: str, answers: str, on: str = "", **more: Any) -> Row:
    return Row(name, "GET", answers, on, **more)


def post(name: str, answers: str, on: str = "", body: Any = None, **more: Any) -> Row:
    return Row(name, "POST", answers, on, body or (lambda r: {}), **more)


def patch(name: str, answers: str, on: str, body: Any, **more: Any) -> Row:
    return Row(name, "PATCH", answers, on, body, **more)


def upload(**fields: Any) -> SimpleUploadedFile:
    """A photo that intake takes."""
    return SimpleUploadedFile("photo.jpg", factories.jpeg(320, 400, (90, 140, 120)), "image/jpeg")


def shown(visit: Any) -> list[str]:
    """The analyses that a page of the visit shows."""
    return visit_review(visit=visit).shown


def today() -> str:
    return timezone.localdate().isoformat()


def resource(name: str, *, history: bool = False, archive: bool = False, change: Any = None) -> Iterator[Row]:
    """The rows that most resources of the API share."""
    yield get(f"api:{name}-list", API_PLACE, sees="id")
    yield get(f"api:{name}-detail", API, name, sees="id")
    if change is not None:
        yield patch(f"api:{name}-detail", API_WRITE if name == "patient" else API_OWN, name, lambda r: change)
    if history:
        yield get(f"api:{name}-history", API, name, sees=NOTHING, reads=True)
    if archive:
        yield post(f"api:{name}-archive", API_OWN, name, status=200)


NEW_EPISODE = {"cause": "stroke", "weak_side": "left", "onset_date": "2026-01-05"}
NEW_PATIENT = {"record_number": "N-1", "name": "New Person"}
CORRECTION = {"exercise": "smile", "palsy": "yes", "weak_side": "left"}
STATEMENT = {"palsy": "yes", "weak_side": "left", "grade": "3"}
NAMED = ["episode_side", "visit", "model", "photos_confirmed", "photos_side", "measures_alike"]
ROLE = {"role": "reviewer"}
MY_TOKEN = {"name": "mine", "days": "30", "scopes": ["patients.read"]}
REASON = {"reason": "asked by letter"}
NOTHING = ""  # an allowed answer that shows no record
