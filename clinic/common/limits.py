"""How often somebody may ask for what is costly or tempting: counted in the cache, for pages and API alike.

Each scope has a rate in `settings.RATES`, or a shorter and a longer one. A count begins with the first request and
ends after its time, so that the answer can say exactly how long to wait. Who is logged in is counted by himself,
whoever else sits behind the same address. Without the cache nothing is limited: a clinic goes on working, and the log
says so.
"""

from __future__ import annotations

import hashlib
import logging
import time
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.core.cache import caches
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .http import client_address

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = logging.getLogger(__name__)
SECONDS: Final = {"second": 1, "min": 60, "hour": 3600, "day": 86400}
PAUSE: Final = 10.0
"""Seconds without another try after the cache kept a request waiting."""
_pause_until = 0.0


def parse(rate: str) -> list[tuple[int, int]]:
    """“600/min 5000/day” as how many within how many seconds, each of them."""
    parts = [part.partition("/") for part in rate.split()]
    return [(int(count), SECONDS[unit]) for count, _slash, unit in parts]


def by_user(request: HttpRequest) -> str:
    """Who is counted: the user, or the address of somebody who is not logged in."""
    user = getattr(request, "user", None)
    return f"user {user.pk}" if user is not None and user.is_authenticated else by_address(request)


def by_address(request: HttpRequest) -> str:
    """Who is counted where nobody has logged in yet."""
    return f"address {client_address(request)}"


def take(*, scope: str, caller: str, now: float | None = None) -> int | None:
    """Count one more of that caller; the seconds to wait where it is too many, else None."""
    now = time.time() if now is None else now
    for allowed, seconds in parse(settings.RATES.get(scope) or ""):
        count, ends = _count(scope, caller, seconds, now)
        if count <= allowed:
            continue
        wait = max(1, round(ends - now + 0.5))
        if count == allowed + 1:
            # Once for each time that it begins, not for each request of a flood.
            logger.warning("Too many requests", extra={"scope": scope, "wait": wait})
        # What the shorter time refused is not counted in the longer one, which comes after it.
        return wait
    return None


def _count(scope: str, caller: str, seconds: int, now: float) -> tuple[int, float]:
    global _pause_until
    if time.monotonic() < _pause_until:
        return 0, now
    # The cache holds no address and no name.
    ident = hashlib.sha256(caller.encode()).hexdigest()[:32]
    try:
        cache = caches["default"]
        began: float = cache.get_or_set(f"limit:{scope}:{seconds}:{ident}", now, timeout=seconds) or now
        # Of its own beginning: a count that outlives its time belongs to nobody.
        key = f"limit:{scope}:{seconds}:{ident}:{began}"
        cache.add(key, 0, timeout=seconds + 60)
        return cache.incr(key), began + seconds
    except Exception:
        # Whatever ails the cache: a limit that can't be counted must not close the clinic.
        _pause_until = time.monotonic() + PAUSE
        logger.exception("The cache does not answer: nothing is limited for the moment")
        return 0, now


def in_words(seconds: int) -> str:
    """What somebody who asked too often is told."""
    if seconds < 100:
        wait = ngettext("%(count)s second", "%(count)s seconds", seconds) % {"count": seconds}
    elif seconds < 7200:
        minutes = -(-seconds // 60)
        wait = ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
    else:
        hours = -(-seconds // 3600)
        wait = ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours}
    return _("That was more often than is allowed. Nothing is lost: try again in %(wait)s.") % {"wait": wait}
