"""What must be right before a clinic's door is opened, each with its remedy. Part of the doctor's list.

The settings file is right as it is shipped; these find what an environment, or somebody's own settings on top of it,
made wrong.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from clinic.common.limits import parse

NEAR = frozenset({"", "localhost", "127.0.0.1", "::1"})


def exposure() -> list[CheckMessage]:
    """Names, cookies, headers, addresses and limits are fit for patients' data."""
    if not settings.PRODUCTION:
        return []
    return [*_names(), *_cookies(), *_headers(), *_proxies(), *_servers(), *_ways(), *_limits(), *_files()]


def _names() -> Iterator[CheckMessage]:
    if settings.DEBUG:
        yield Error(
            "Debugging is on: an error would show settings and records to whoever causes it.",
            hint="Remove DEBUG = True from your settings.",
            id="risorius.E020",
        )
    open_hosts = [host for host in settings.ALLOWED_HOSTS if host.strip() in ("*", "")]
    if open_hosts or not settings.ALLOWED_HOSTS:
        yield Error(
            "Any host name is answered, so links could be made to lead elsewhere.",
            hint="Set RISORIUS_ALLOWED_HOSTS to the site's own names, as in clinic.example.org.",
            id="risorius.E021",
        )
    if [
        origin
        for origin in settings.CSRF_TRUSTED_ORIGINS
        if not origin.startswith("https://") or "*" in origin
    ]:
        yield Error(
            "Forms are taken from origins without TLS, or from any name below one.",
            hint="Set RISORIUS_TRUSTED_ORIGINS to https:// and the site's name.",
            id="risorius.E022",
        )
    if len(set(settings.SECRET_KEY)) < 8 or len(settings.SECRET_KEY) < 50:
        yield Error(
            "The secret key can be guessed.",
            hint="Make one of 50 random characters or more: "
            "python -c 'import secrets; print(secrets.token_urlsafe(50))'",
            id="risorius.E023",
        )


def _cookies() -> Iterator[CheckMessage]:
    for name in ("SESSION", "CSRF", "LANGUAGE"):
        cookie = getattr(settings, f"{name}_COOKIE_NAME")
        flags = [getattr(settings, f"{name}_COOKIE_{flag}") for flag in ("SECURE", "HTTPONLY", "SAMESITE")]
        bound = (
            getattr(settings, f"{name}_COOKIE_DOMAIN") is None
            and getattr(settings, f"{name}_COOKIE_PATH") == "/"
        )
        if not (cookie.startswith("__Host-") and all(flags) and flags[2] != "None" and bound):
            yield Error(
                f"The cookie {cookie} could be read by a script, sent in the clear, or set by a neighbouring site.",
                hint=f"Leave {name}_COOKIE_NAME, _SECURE, _HTTPONLY, _SAMESITE, _DOMAIN and _PATH as production.py "
                "has them.",
                id="risorius.E024",
            )


def _headers() -> Iterator[CheckMessage]:
    directives = settings.CONTENT_SECURITY_POLICY.get("DIRECTIVES", {})
    allowed = {str(source) for sources in directives.values() for source in sources}
    if any("unsafe" in source or source in ("*", "http:", "https:") for source in allowed):
        yield Error(
            "The Content-Security-Policy lets scripts or styles in that are not ours.",
            hint="Take “unsafe-…”, * and bare schemes out of CONTENT_SECURITY_POLICY.",
            id="risorius.E025",
        )
    if not settings.SECURE_SSL_REDIRECT or settings.SECURE_HSTS_SECONDS < 180 * 24 * 3600:
        yield Error(
            "Browsers are not told to come by TLS alone.",
            hint="Leave SECURE_SSL_REDIRECT and SECURE_HSTS_SECONDS as production.py has them.",
            id="risorius.E026",
        )
    first = settings.MIDDLEWARE[0]
    if first != "clinic.common.middleware.OutermostMiddleware":
        yield Error(
            "Some answers would go out without security headers and without a line in the log.",
            hint="Put clinic.common.middleware.OutermostMiddleware first in MIDDLEWARE.",
            id="risorius.E027",
        )


def _proxies() -> Iterator[CheckMessage]:
    if settings.SECURE_PROXY_SSL_HEADER and not settings.PROXIES:
        yield Warning(
            "TLS ends at a proxy, but none is counted: everybody would share the proxy's address in log and limits.",
            hint="Set RISORIUS_PROXIES to the number of proxies of your own in front of Risorius, mostly 1.",
            id="risorius.W020",
        )


def _servers() -> Iterator[CheckMessage]:
    if any(spec["ENGINE"].endswith("sqlite3") for spec in settings.DATABASES.values()):
        yield Error(
            "SQLite keeps no log that can only be added to, and serves one writer at a time.",
            hint="Set RISORIUS_DATABASE_URL to a PostgreSQL database.",
            id="risorius.E028",
        )
    parts = urlsplit(settings.CELERY_BROKER_URL)
    if parts.scheme in ("redis", "rediss") and (parts.hostname or "") not in NEAR and not parts.password:
        yield Warning(
            "The broker is on another machine and asks for no password: whoever reaches it can send tasks.",
            hint="Give Redis a password (requirepass) and set RISORIUS_BROKER_PASSWORD_FILE.",
            id="risorius.W021",
        )


def _ways() -> Iterator[CheckMessage]:
    """What crosses a network to database and broker is encrypted, and goes to whom it is meant for."""
    database = settings.DATABASES["default"]
    host = str(database.get("HOST", ""))
    mode = database.get("OPTIONS", {}).get("sslmode", "")
    far = not (database["ENGINE"].endswith("sqlite3") or host in NEAR or host.startswith("/"))
    if far and mode not in ("require", "verify-ca", "verify-full"):
        yield Warning(
            "Records go to the database on another machine or in another container without TLS.",
            hint="Give the database a certificate and set RISORIUS_DATABASE_CA to the file of who signed it.",
            id="risorius.W023",
        )
    urls = [settings.CELERY_BROKER_URL, *(str(one.get("LOCATION", "")) for one in settings.CACHES.values())]
    if any(urlsplit(url).scheme == "redis" and (urlsplit(url).hostname or "") not in NEAR for url in urls):
        yield Warning(
            "Messages go to the broker on another machine or in another container without TLS.",
            hint="Give Redis a certificate, write rediss:// and set RISORIUS_BROKER_CA.",
            id="risorius.W024",
        )


def _limits() -> Iterator[CheckMessage]:

    for scope, rate in settings.RATES.items():
        try:
            fit = all(allowed > 0 for allowed, _seconds in parse(rate))
        except (ValueError, KeyError):
            fit = False
        if not fit:
            yield Error(
                f"The limit of {scope} can't be read.",
                hint="Write RISORIUS_RATES as upload=900/min 9000/day,export=100/hour (second, min, hour, day).",
                id="risorius.E029",
            )


def _files() -> Iterator[CheckMessage]:
    folder = Path(settings.STORAGES["photos"].get("OPTIONS", {}).get("location", settings.VAR_DIR))
    if folder.is_dir() and folder.stat().st_mode & (stat.S_IRWXO):
        yield Error(
            f"Every user of this computer can look into {folder}.",
            hint=f"Close it: chmod 700 {folder}",
            id="risorius.E030",
        )
