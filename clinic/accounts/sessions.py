"""How long a session lives, and who of the browsers that are logged in is which.

Two limits: so many minutes without anybody there (the clinic's choice), and a whole working day at most. Somebody is
there when a page is opened, a form sent, or a script says that a key was pressed or the screen touched lately. What a
page asks by itself, over and over, counts for nothing, or an open page would keep an empty desk logged in.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from clinic.common.http import client_address

if TYPE_CHECKING:
    from django.http import HttpRequest

    from .models import User

STARTED, SEEN, ENDED = "started", "seen", "ended"
IDLE, ABSOLUTE = "idle", "absolute"
LONGEST_IDLE = 30 * 60
"""Seconds. Clinics once could choose up to an hour; what they chose counts as this."""
# By so much a page's clock may be ahead of ours.
GRACE = 15
PK = re.compile(r"\d{1,18}")
# So often the moment of the last sign of life is written at most.
WRITE_EVERY = 30


@dataclass(frozen=True, slots=True)
class Left:
    """Seconds until each of the two limits."""

    idle: int
    absolute: int

    @property
    def seconds(self) -> int:
        return min(self.idle, self.absolute)

    @property
    def ended(self) -> str:
        """Which limit is over, or nothing."""
        return ABSOLUTE if self.absolute <= 0 else IDLE if self.idle <= 0 else ""


def start(request: HttpRequest) -> None:
    """Note the moment of the login; both limits count from it."""
    now = int(time.time())
    request.session[STARTED], request.session[SEEN] = now, now


def started(request: HttpRequest) -> float:
    """When the session began; one that was made without our login began at the user's last one."""
    found = request.session.get(STARTED)
    if found is None:
        last: dt.datetime | None = getattr(request.user, "last_login", None)
        found = last.timestamp() if last else 0
    return float(found)


def idle_limit(request: HttpRequest) -> int:
    """The active clinic's limit in seconds, or the installation's for who has no clinic; half an hour at most."""
    clinic = getattr(request, "clinic", None)
    chosen = clinic.idle_minutes * 60 if clinic is not None else settings.SESSION_IDLE_SECONDS
    return min(int(chosen), LONGEST_IDLE)


def left(request: HttpRequest) -> Left:
    now = time.time()
    begun = started(request)
    seen = request.session.get(SEEN, begun)
    return Left(int(seen + idle_limit(request) - now), int(begun + settings.SESSION_ABSOLUTE_SECONDS - now))


def is_activity(request: HttpRequest) -> bool:
    """Whether a person is behind this request, and not a page that asks by itself."""
    if request.headers.get("X-Person") == "here":
        return True
    # Whoever asks for the time, or knocks because it is over, is the page itself.
    if request.path in (reverse("accounts:session"), reverse("accounts:locked")):
        return False
    if request.method != "GET":
        return request.headers.get("X-Person") != "away"
    mode = request.headers.get("Sec-Fetch-Mode")
    if mode is not None:
        return mode == "navigate"
    return "HX-Request" not in request.headers


def touch(request: HttpRequest, *, at_once: bool = False) -> None:
    """Note that somebody is there."""
    now = int(time.time())
    if not at_once and now - request.session.get(SEEN, started(request)) < WRITE_EVERY:
        return
    request.session[SEEN] = now
    # The address and browser belong to the row, so that a stolen cookie shows.
    UserSession.objects.filter(session_key=request.session.session_key).update(
        last_seen_at=timezone.now(), ip=client_address(request) or "127.0.0.1"
    )


def register(request: HttpRequest) -> None:
    """Have a row for this session in the list of sessions."""
    if not UserSession.objects.filter(session_key=request.session.session_key).exists():
        UserSession.objects.create_from_request(request)


def forget(request: HttpRequest) -> None:
    """Take this session out of the list; ending it is the caller's."""
    UserSession.objects.filter(session_key=request.session.session_key).delete()


def end(request: HttpRequest, *, why: str) -> None:
    """Log out because a limit is over; the login page will say which."""
    forget(request)
    logout(request)
    request.session[ENDED] = why


def forget_ended() -> None:
    """Take sessions that are over, and their rows in the lists, out of the database: nobody comes back to them."""
    SessionStore.clear_expired()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()


def draft_key(user: User) -> str:
    """The key by which this person's browser seals what they type, so that nobody else's login opens it.

    Bound to the person, not to the session: the next session of the same person has to open it.
    """
    return salted_hmac("clinic.accounts.draft", str(user.pk), algorithm="sha256").digest().hex()


def of_user(*, user: User) -> list[dict[str, Any]]:
    """The browsers in which a person is logged in, the one used last first."""
    rows = UserSession.objects.purge_and_list(user)
    return [
        {
            "pk": row.pk,
            "device": device(row.user_agent),
            "address": row.ip,
            "since": row.created_at,
            "seen": row.last_seen_at,
            "key": row.session_key,
        }
        for row in sorted(rows, key=lambda row: row.last_seen_at, reverse=True)
    ]


def end_one(*, user: User, pk: str) -> bool:
    """End one of this person's own sessions."""
    row = UserSession.objects.filter(user=user, pk=int(pk)).first() if PK.fullmatch(pk) else None
    if row is None:
        return False
    row.end()
    return True


def end_all(*, user: User, keep: str | None = None) -> int:
    """End all sessions of a person, but for the one whose key is given."""
    rows: QuerySet[UserSession] = UserSession.objects.filter(user=user).exclude(session_key=keep or "")
    for row in rows:
        row.end()
    return len(rows)


# The first word that fits counts: Edge and Opera call themselves Chrome too, Chrome calls itself Safari.
BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
    ("CrOS", "ChromeOS"), ("Mac OS", "Mac"), ("Linux", "Linux"),
)  # fmt: skip


def device(agent: str) -> str:
    """A browser in words that its owner knows it by."""
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("An unknown browser")
