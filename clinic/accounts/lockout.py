"""Guessing made slow: failed attempts are counted, and beyond a few of them the next one has to wait.

Three counts, each behind a keyed hash, so that neither an address nor what somebody typed lies in the table:

- the pair of account and address: five failures, then a minute's wait that doubles up to an hour;
- the account, wherever the attempts come from: a guess spread over many addresses is slowed to one a minute;
- the address, whoever the attempts are for: one guess at each of many accounts is slowed too.

A browser in which this account has logged in before carries a signed cookie and is counted alone, by itself: no
stranger can lock the owner out there, and a clinic behind one proxy goes on working while somebody guesses beside it.
A name that nobody has is counted like any other, so that waiting tells nothing either.
"""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.common.http import client_address

from .models import Failures

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
DEVICE_SALT = "clinic.accounts.device"
DEVICE_AGE = 180 * DAY
# A shared computer remembers this many accounts.
DEVICE_ACCOUNTS = 20


@dataclass(frozen=True, slots=True)
class LockoutRule:
    """So many failures within that time are allowed; then comes a wait, which may double up to the longest."""

    name: str
    allowed: int
    within: dt.timedelta
    wait: dt.timedelta
    longest: dt.timedelta

    def wait_after(self, failures: int) -> dt.timedelta | None:
        if failures < self.allowed:
            return None
        doublings: int = min(failures - self.allowed, 16)
        return min(self.wait * 2**doublings, self.longest)


PASSWORD, CODE = "password", "code"
PAIR = LockoutRule("pair", 5, DAY, MINUTE, HOUR)
ADDRESS = LockoutRule("address", 60, 10 * MINUTE, 5 * MINUTE, 5 * MINUTE)
ACCOUNT = {
    PASSWORD: LockoutRule("account", 20, HOUR, MINUTE, MINUTE),
    # Whoever guesses codes has the password already, and a code has six digits: a hundred tries a day at most.
    CODE: LockoutRule("account", 10, DAY, 15 * MINUTE, 15 * MINUTE),
}


class Locked(Exception):
    """This attempt was not looked at: it came before its time."""

    def __init__(self, until: dt.datetime) -> None:
        super().__init__("locked")
        self.until = until

    @property
    def seconds(self) -> int:
        return max(1, int((self.until - timezone.now()).total_seconds()) + 1)

    @property
    def sentence(self) -> str:
        """The same for every account, known or not."""
        minutes = -(-self.seconds // 60)
        if minutes <= 1:
            return _("Too many failed attempts. Please wait a minute and try again.")
        return ngettext(
            "Too many failed attempts. Please try again in %(minutes)s minute.",
            "Too many failed attempts. Please try again in %(minutes)s minutes.",
            minutes,
        ) % {"minutes": minutes}


@dataclass(slots=True)
class Attempt:
    """One attempt, already counted as failed: two at the same moment can't both slip through under the limit."""

    keys: list[tuple[str, LockoutRule]]
    locks: bool = field(default=False)

    def succeeded(self) -> None:
        """Take the count back, and forget the failures of this pair."""
        pair, *others = self.keys
        Failures.objects.filter(key=pair[0]).delete()
        for key, rule in others:
            with transaction.atomic():
                row = Failures.objects.select_for_update().filter(key=key).first()
                if row is None:
                    continue
                row.count = max(0, row.count - 1)
                if row.count < rule.allowed:
                    row.locked_until = None
                row.save(update_fields=["count", "locked_until"])


def begin(request: HttpRequest, *, account: str, kind: str = PASSWORD) -> Attempt:
    """Count an attempt at this account, before anything is compared, or raise Locked."""
    name = tag(account)
    now = timezone.now()
    keys = _keys(request, name, kind)
    attempt = Attempt(keys)
    with transaction.atomic():
        # Always in the same order, or two attempts could wait for each other.
        rows = {key: _row(key, now) for key, _rule in sorted(keys, key=lambda one: one[0])}
        waits = [row.locked_until for row in rows.values() if row.locked_until and row.locked_until > now]
        if waits:
            raise Locked(max(waits))
        for key, rule in keys:
            row = rows[key]
            row.count = 1 if now - row.last_at > rule.within else row.count + 1
            row.last_at = now
            wait = rule.wait_after(row.count)
            row.locked_until = now + wait if wait else None
            attempt.locks = attempt.locks or wait is not None
            row.save()
    return attempt


def _keys(request: HttpRequest, name: str, kind: str) -> list[tuple[str, LockoutRule]]:
    device = _device(request)
    if name in device.get("accounts", []):
        return [(_hash(kind, name, "device", device["id"]), PAIR)]
    address = client_address(request) or "none"
    return [
        (_hash(kind, name, "address", address), PAIR),
        (_hash(kind, name), ACCOUNT[kind]),
        (_hash(kind, "", address), ADDRESS),
    ]


def _row(key: str, now: dt.datetime) -> Failures:
    row, created = Failures.objects.select_for_update().get_or_create(key=key, defaults={"last_at": now})
    if created:
        # What nobody asks about any more goes when something new comes.
        Failures.objects.filter(last_at__lt=now - 2 * DAY).delete()
    return row


def tag(account: str) -> str:
    """An account's name as it may be kept."""
    return salted_hmac("clinic.accounts.lockout", account.strip().lower(), algorithm="sha256").hexdigest()[
        :32
    ]


def _hash(*parts: str) -> str:
    return salted_hmac("clinic.accounts.failures", "\0".join(parts), algorithm="sha256").hexdigest()


def _device(request: HttpRequest) -> dict[str, Any]:
    try:
        found = signing.loads(
            request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""), salt=DEVICE_SALT, max_age=DEVICE_AGE
        )
    except signing.BadSignature:
        return {}
    return found if isinstance(found, dict) else {}


def remember_device(request: HttpRequest, response: HttpResponse, *, account: str) -> None:
    """Let this browser be counted by itself from now on: this account has logged in here."""
    device = _device(request) or {"id": secrets.token_urlsafe(12), "accounts": []}
    name = tag(account)
    accounts = [name, *(one for one in device["accounts"] if one != name)][:DEVICE_ACCOUNTS]
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps({"id": device["id"], "accounts": accounts}, salt=DEVICE_SALT, compress=True),
        max_age=DEVICE_AGE,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Strict",
    )


def slow_down(response: HttpResponse, locked: Locked | None) -> HttpResponse:
    """An answer that says by its status too when to come again."""
    if locked is not None:
        response.status_code = 429
        response["Retry-After"] = str(locked.seconds)
    return response
